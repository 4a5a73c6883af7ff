"""What is odd about the frameworks' kernels, tables and normalisations, one by one, and still so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import paramcalc as pc

pytestmark = pytest.mark.framework

EINSUM = "abc,cd->abd"


def keras_layers() -> Any:
    import keras

    return keras.layers


def variables(layer: Any, *shape: int) -> dict[str, tuple[tuple[int, ...], str]]:
    """The variables of a layer of Keras that is built for this shape."""
    layer.build((None, *shape))
    return {each.name: (tuple(each.shape), each.dtype) for each in layer.weights}


def counted(layer: pc.Layer, *shape: int, dtype: str = "float32") -> dict[str, tuple[tuple[int, ...], str]]:
    """The tensors that we count."""
    nodes = (pc.Node(pc.Input(shape=shape)), pc.Node(layer, dtype=dtype))
    return {each.name: (each.shape, each.dtype) for each in pc.count(pc.Spec(nodes)).layers[-1].tensors}


def test_keras_says_none_for_a_size_that_einsum_dense_takes_from_the_input() -> None:
    import keras

    layer = keras_layers().EinsumDense(EINSUM, (None, 3))
    assert layer(keras.Input((4, 5))).shape == (None, None, 3)
    assert layer(np.zeros((2, 4, 5))).shape == (2, 4, 3)


def test_keras_turns_round_the_axes_that_einsum_dense_leaves_open() -> None:
    import keras

    layer = keras_layers().EinsumDense("...x,xy->...y", 3)
    assert layer(keras.Input((4, 6, 5))).shape == (None, 6, 4, 3)
    assert layer(np.zeros((2, 4, 6, 5))).shape == (2, 4, 6, 3)


def test_rms_normalization_scales_the_last_axis_whatever_axis_is_named() -> None:
    layer = keras_layers().RMSNormalization(axis=1)
    assert variables(layer, 4, 5) == {"scale": ((4,), "float32")}
    with pytest.raises(Exception, match="ncompatible shapes"):
        layer(np.zeros((2, 4, 5), "float32"))


def test_a_quantization_config_says_no_more_than_a_dtype_policy() -> None:
    import keras

    config = keras.quantizers.Int4QuantizationConfig(block_size=2)
    dense = keras_layers().Dense
    assert variables(dense(5, quantization_config=config), 3) == variables(dense(5), 3)
    policy = variables(dense(5, dtype="int4/2_from_float32"), 3)
    assert variables(dense(5, dtype="int4_from_float32", quantization_config=config), 3) == policy
    assert counted(pc.Dense(units=5, quantization="int4/2"), 3) == policy


@pytest.mark.parametrize("quantization", ["int8", "int4/2", "gptq/4/2", "awq/4/2"])
@pytest.mark.parametrize("equation", ["...b,bc->...c", "ab...,bc->ac..."])
def test_equations_that_keras_does_not_quantise(quantization: str, equation: str) -> None:
    layer = keras_layers().EinsumDense(equation, 3, dtype=f"{quantization}_from_float32")
    with pytest.raises(TypeError, match="has no len"):
        layer.build((None, 4, 5))
    with pytest.raises(pc.ParamcalcError, match=f"{quantization} goes with no '...'"):
        counted(pc.EinsumDense(equation=equation, output_shape=3, quantization=quantization), 4, 5)


@pytest.mark.parametrize("quantization", ["gptq/4/2", "awq/4/2"])
@pytest.mark.parametrize(("equation", "sizes"), [("ab,c->abc", (4, 3)), ("ab,bcde->acde", (2, 2, 2))])
def test_kernels_that_keras_makes_no_matrix_of(quantization: str, equation: str, sizes: tuple[int, ...]) -> None:
    layer = keras_layers().EinsumDense(equation, sizes, dtype=f"{quantization}_from_float32")
    with pytest.raises((UnboundLocalError, ValueError)):
        layer.build((None, 4))
    with pytest.raises(pc.ParamcalcError, match="2 or 3 axes"):
        counted(pc.EinsumDense(equation=equation, output_shape=sizes, quantization=quantization), 4)


def test_keras_guesses_the_matrix_of_a_kernel_from_its_largest_axis() -> None:
    for shape, sizes in (((2, 9), (2, 4, 3)), ((2, 3), (2, 4, 9))):
        layer = keras_layers().EinsumDense("abc,cde->abde", sizes, dtype="gptq/8/-1_from_float32")
        ours = pc.EinsumDense(equation="abc,cde->abde", output_shape=sizes, quantization="gptq/8/-1")
        assert counted(ours, *shape) == variables(layer, *shape)
    # three inputs of four times nine outputs: as if there were twelve of nine
    assert counted(ours, 2, 3)["kernel"] == ((9, 12), "uint8")


@pytest.mark.parametrize(
    ("quantization", "problem"),
    [("float8", NotImplementedError), ("gptq/4/2", NotImplementedError), ("awq/4/2", AttributeError)],
)
def test_weights_that_keras_gives_no_low_rank_update(quantization: str, problem: type[Exception]) -> None:
    layer = keras_layers().Dense(5, lora_rank=2, dtype=f"{quantization}_from_float32")
    with pytest.raises(problem):
        layer(np.zeros((2, 3), "float32"))
    with pytest.raises(pc.ParamcalcError, match="'lora_rank' goes with"):
        counted(pc.Dense(units=5, lora_rank=2, quantization=quantization), 3)


@pytest.mark.parametrize("quantization", ["gptq/4/2", "awq/4/2"])
def test_a_kernel_to_be_read_from_a_file_is_not_there_before(quantization: str) -> None:
    fresh, built = (keras_layers().Dense(5, dtype=f"{quantization}_from_float32") for _ in range(2))
    with pytest.raises(AttributeError, match="_kernel"):
        fresh(np.zeros((2, 3), "float32"))
    assert counted(pc.Dense(units=5, quantization=quantization), 3) == variables(built, 3)


def test_keras_runs_a_low_rank_update_beside_few_bits_only_along_a_last_axis_of_the_kernel() -> None:
    layer = keras_layers().EinsumDense("ab,bc->acb", (3, 4), lora_rank=2, dtype="int8_from_float32")
    layer.build((None, 4))
    with pytest.raises(Exception, match="when calling EinsumDense"):
        layer(np.zeros((2, 4), "float32"))


def test_a_low_rank_update_is_float32_whatever_the_layer() -> None:
    layer = keras_layers().Dense(5, lora_rank=2, dtype="float16")
    assert counted(pc.Dense(units=5, lora_rank=2), 3, dtype="float16") == variables(layer, 3)
    assert counted(pc.Dense(units=5, lora_rank=2), 3, dtype="float16")["lora_kernel_a"] == ((3, 2), "float32")


def test_keras_builds_no_low_rank_update_beside_a_table_of_its_own_for_the_way_back() -> None:
    layer = keras_layers().ReversibleEmbedding(7, 5, tie_weights=False, lora_rank=2)
    with pytest.raises(ValueError, match="None"):
        layer.build()
    ours = pc.count(pc.ReversibleEmbedding(input_dim=7, output_dim=5, tie_weights=False, lora_rank=2), input_shape=())
    assert ours.notes[0].startswith("reversible_embedding: keras has no ReversibleEmbedding with these fields;")


def test_a_row_for_padding_counts() -> None:
    import torch

    ours = pc.count(pc.Embedding(input_dim=7, output_dim=3), "torch", input_shape=(4,)).total
    for module in (torch.nn.Embedding(7, 3, padding_idx=1), torch.nn.EmbeddingBag(7, 3, padding_idx=1)):
        assert sum(each.numel() for each in module.parameters()) == 21 == ours
    assert keras_layers().Embedding(7, 3, mask_zero=True, weights=np.zeros((7, 3))).count_params() == 21


def test_weight_norm_of_the_last_axis_in_torch_is_one_length_for_all() -> None:
    import torch
    from torch.nn.utils.parametrizations import weight_norm

    def length(dim: int | None) -> tuple[int, ...]:
        return tuple(weight_norm(torch.nn.Linear(4, 3), dim=dim).parametrizations.weight.original0.shape)

    assert (length(0), length(1), length(-1), length(None)) == ((3, 1), (1, 4), (), ())


def test_spectral_norm_of_a_table_in_keras_gives_whole_numbers() -> None:
    layer = keras_layers().SpectralNormalization(keras_layers().Embedding(7, 3))
    assert layer(np.zeros((2, 4), "int32")).dtype == "int32"


def test_spectral_norm_in_keras_does_not_go_with_few_bits() -> None:
    dense = keras_layers().Dense(3, dtype="int8_from_float32")
    with pytest.raises(TypeError, match="int8"):
        keras_layers().SpectralNormalization(dense).build((None, 4))
    with pytest.raises(pc.ParamcalcError, match="few bits"):
        counted(pc.SpectralNorm(layer=pc.Dense(units=3, quantization="int8")), 4)


@pytest.mark.filterwarnings("ignore:Initializing zero-element tensors is a no-op:UserWarning")
def test_the_last_clusters_of_an_adaptive_softmax_may_see_nothing() -> None:
    import torch

    real = torch.nn.AdaptiveLogSoftmaxWithLoss(8, 1000, [10, 100])
    assert tuple(real.tail[1][0].weight.shape) == (0, 8)
    ours = pc.AdaptiveLogSoftmaxWithLoss(n_classes=1000, cutoffs=[10, 100])
    count = pc.count(ours, "torch", input_shape=[(8,), ()])
    # to 10 classes and 2 clusters; to 2 features, and to the 90 classes of the first cluster
    assert count.total == sum(each.numel() for each in real.parameters()) == 8 * 12 + 8 * 2 + 2 * 90


def test_a_loss_keeps_the_weights_of_its_classes() -> None:
    import torch

    real = torch.nn.LinearCrossEntropyLoss(4, 3, weight=torch.ones(3))
    count = pc.count(pc.LinearCrossEntropyLoss(num_classes=3, class_weights=True), "torch", input_shape=[(4,), ()])
    assert (count.total, count.buffers) == (12, 3)
    assert {name: each.numel() for name, each in real.state_dict().items()} == {"weight": 3, "linear.weight": 12}


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_norm_without_running_statistics_keeps_no_state(number: int) -> None:
    import torch

    made: Callable[..., Any] = getattr(torch.nn, f"BatchNorm{number}d")
    assert not [*made(4, track_running_stats=False).buffers()]
    shape = (4, 3, 3, 3)[: number + (number > 1)] if number > 1 else (4,)
    count = pc.count(pc.BatchNorm(axis=1, track_running_stats=False), "torch", input_shape=shape)
    assert (count.total, count.buffers) == (8, 0)


def test_a_recurrent_layer_has_no_kernel_for_keras_or_torch_to_compute() -> None:
    import torch
    from torch.nn.utils.parametrizations import spectral_norm, weight_norm

    with pytest.raises(ValueError, match="LSTM object has no attribute 'kernel' nor 'embeddings'"):
        keras_layers().SpectralNormalization(keras_layers().LSTM(3)).build((None, 5, 4))
    for norm in (weight_norm, spectral_norm):
        with pytest.raises(ValueError, match="with name 'weight'"):
            norm(torch.nn.LSTM(4, 3))
    for kind in (pc.WeightNorm, pc.SpectralNorm):
        spec = pc.Spec(layers=[pc.Input(shape=(5, 4)), kind(layer=pc.LSTM(units=3))], framework="torch")
        with pytest.raises(pc.ParamcalcError) as caught:
            pc.build(spec, framework="torch")
        assert caught.value.code == "cannot-build"
