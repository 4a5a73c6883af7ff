"""Kernels, tables and normalisations: what is counted by hand, and what is refused, word for word."""

from __future__ import annotations

from typing import Any

import pytest

import paramcalc as pc


def sizes(layer: pc.Layer, *shapes: tuple[int, ...], convention: str = "keras") -> dict[str, tuple[int, ...]]:
    """The shape of each tensor of a layer on its own."""
    given = shapes[0] if len(shapes) == 1 else list(shapes)
    return {each.name: each.shape for each in pc.count(layer, convention, input_shape=given).layers[-1].tensors}


# --- Counted by hand -------------------------------------------------------------------


def test_a_low_rank_update_leaves_its_two_factors_and_the_bias_to_train() -> None:
    count = pc.count(pc.Dense(units=4096, lora_rank=8), input_shape=(4096,))
    # Hu et al. 2021: r·(n + u) in place of n·u
    assert count.trainable == 8 * (4096 + 4096) + 4096
    assert count.non_trainable == 4096 * 4096


def test_four_bits_are_two_to_a_byte_with_scales_by_blocks() -> None:
    count = pc.count(pc.Dense(units=11, quantization="int4/4", use_bias=False), input_shape=(10,))
    # 10 rows of 6 bytes; 3 blocks of rows with a scale of 4 bytes and a zero of 1, for each output; 10 indices
    assert (count.total, count.trainable) == (10 * 6 + 2 * 3 * 11 + 10, 0)
    assert count.bytes == 10 * 6 + 3 * 11 * (4 + 1) + 10 * 4


def test_gptq_counts_the_bytes_of_its_weights() -> None:
    assert sizes(pc.Dense(units=11, quantization="gptq/4/4"), (10,))["kernel"] == (6, 10)
    assert sizes(pc.Dense(units=11, quantization="gptq/2/4"), (10,))["kernel"] == (11, 10)


def test_renorm_keeps_three_more_states() -> None:
    count = pc.count(pc.BatchNorm(renorm=True), input_shape=(10,))
    assert (count.total, count.trainable) == (7 * 10, 2 * 10)


def test_the_statistics_of_data_are_two_numbers_a_feature_and_a_count() -> None:
    count = pc.count(pc.Normalization(), input_shape=(5, 10))
    assert (count.total, count.trainable) == (2 * 10 + 1, 0)
    assert pc.count(pc.Normalization(axis=None), input_shape=(5, 10)).total == 3
    assert pc.count(pc.Normalization(axis=[2, 1]), input_shape=(5, 10)).total == 2 * 50 + 1
    assert pc.count(pc.Normalization(adapted=False), input_shape=(5, 10)).total == 0


def test_an_instance_is_a_group_of_one_channel() -> None:
    assert sizes(pc.GroupNorm(groups=-1), (8, 8, 6)) == sizes(pc.InstanceNorm(scale=True, center=True), (8, 8, 6))


def test_the_lengths_of_a_kernel_stand_along_an_axis() -> None:
    # the position embedding of wav2vec 2.0 has a length for each step of its window: dim=2 in PyTorch
    fields = {"filters": 16, "kernel_size": (1, 128), "groups": 4}
    ours = sizes(pc.WeightNorm(layer={"Conv2D": fields}, axis=1), (1, 200, 16))
    assert ours["magnitude"] == (1, 128, 1, 1)
    fields["data_format"] = "channels_first"
    theirs = sizes(pc.WeightNorm(layer={"Conv2D": fields}, axis=1), (16, 1, 200), convention="torch")
    assert theirs["parametrizations.weight.original0"] == (1, 1, 1, 128)


@pytest.mark.parametrize(
    ("kind", "convention"), [("WeightNorm", "torch"), ("SpectralNorm", "torch"), ("SpectralNorm", "keras")]
)
def test_what_no_framework_does_keeps_our_names(kind: str, convention: str) -> None:
    # both look for one tensor, `weight` or `kernel`, and an LSTM has two of other names
    tensors = sizes(pc.kind(kind)(layer=pc.LSTM(units=3)), (5, 4), convention=convention)
    assert tensors["layer_kernel"] == (4, 12)
    assert tensors["layer_recurrent_kernel"] == (3, 12)
    assert not any("lstm" in name or "parametrizations" in name for name in tensors)


def test_singular_vectors_are_as_long_as_the_sides_of_the_matrix() -> None:
    count = pc.count(pc.SpectralNorm(layer=pc.Dense(units=3)), "torch", input_shape=(4,))
    assert (count.total, count.buffers) == (4 * 3 + 3, 3 + 4)
    assert pc.count(pc.SpectralNorm(layer=pc.Dense(units=3)), input_shape=(4,)).total == 4 * 3 + 3 + 3


def test_an_adaptive_softmax_sees_fewer_features_in_each_cluster() -> None:
    ours = pc.AdaptiveLogSoftmaxWithLoss(n_classes=100, cutoffs=[10, 40], div_value=2.5, head_bias=True)
    assert sizes(ours, (50,), (), convention="torch") == {
        "head.weight": (12, 50),
        "head.bias": (12,),
        "tail.0.0.weight": (20, 50),
        "tail.0.1.weight": (30, 20),
        "tail.1.0.weight": (8, 50),
        "tail.1.1.weight": (60, 8),
    }


def test_einsum_dense_of_attention_is_a_dense_with_heads() -> None:
    heads = pc.EinsumDense(equation="abc,cde->abde", output_shape=[None, 8, 64], bias_axes="de")
    assert pc.count(heads, input_shape=(20, 512)).total == pc.count(pc.Dense(units=512), input_shape=(20, 512)).total
    assert pc.count(heads, input_shape=(20, 512)).layers[-1].output_shape == (20, 8, 64)


def test_biases_are_one_along_axes_between() -> None:
    ours = pc.EinsumDense(equation="abc,bde->adec", output_shape=[3, 4, None], bias_axes="d")
    assert sizes(ours, (7, 6))["bias"] == (3, 1, 1)
    ours = pc.EinsumDense(equation="ab...,bc->ac...", output_shape=3, bias_axes="c")
    assert sizes(ours, (4, 5, 6))["bias"] == (3, 1, 1)


def test_what_the_way_back_of_a_table_gives() -> None:
    count = pc.count(pc.ReversibleEmbedding(input_dim=1000, output_dim=32, reverse=True), input_shape=(20, 32))
    assert count.layers[-1].output_shape == (20, 1000)
    assert count.total == 1000 * 32


def test_sizes_along_a_list_of_axes() -> None:
    spec = pc.loads("paramcalc: 1\nlayers:\n  - Input: {shape: [4, 5, 6]}\n  - Dense: {units: 'sum(size([1, -1]))'}\n")
    assert pc.count(spec).layers[-1].output_shape == (4, 5, 10)


# --- Refused ---------------------------------------------------------------------------

EINSUM: dict[str, Any] = {"equation": "abc,cd->abd", "output_shape": [None, 3]}
DENSE = {"Dense": {"units": 3}}


@pytest.mark.parametrize(
    ("kind", "fields", "shapes", "code", "message"),
    [
        pytest.param(
            "EinsumDense", EINSUM | {"equation": "abc cd"}, (4, 5), "invalid-value",
            "'equation' of EinsumDense must be as in ab,bc->ac or ...b,bc->...c or ab...,bc->ac..., not 'abc cd'",
        ),
        pytest.param(
            "EinsumDense", EINSUM | {"equation": "...bc,cd->bd"}, (4, 5), "invalid-value",
            "'equation' of EinsumDense must have '...' on the same side of the input and the output: '...bc,cd->bd'",
        ),
        pytest.param(
            "EinsumDense", EINSUM | {"equation": "abb,bd->abd"}, (4, 5), "invalid-value",
            "'equation' of EinsumDense must not have a letter twice in a term: 'abb,bd->abd'",
        ),
        pytest.param(
            "EinsumDense", EINSUM, (4,), "shape-mismatch",
            "EinsumDense with abc,cd->abd does not take (None, 4) (at 'einsum_dense')",
        ),
        pytest.param(
            "EinsumDense", EINSUM | {"equation": "abc,cd->bad"}, (4, 5), "invalid-value",
            "in abc,cd->bad, the first axis of the input is the batch: it is the first of the output,"
            " and none of the kernel (at 'einsum_dense')",
        ),
        pytest.param(
            "EinsumDense", EINSUM | {"output_shape": 3}, (4, 5), "invalid-value",
            "the output of abc,cd->abd has 2 axes beside the batch and '...', and 'output_shape' has 1"
            " (at 'einsum_dense')",
        ),
        pytest.param(
            "EinsumDense", EINSUM | {"output_shape": [4, None]}, (4, 5), "invalid-value",
            "'output_shape' must state the size of 'd': a tensor has that axis (at 'einsum_dense')",
        ),
        pytest.param(
            "EinsumDense", EINSUM | {"output_shape": [5, 3]}, (4, 5), "shape-mismatch",
            "in abc,cd->abd, 'b' is 4 in the input, and 5 in 'output_shape' (at 'einsum_dense')",
        ),
        pytest.param(
            "EinsumDense", {"equation": "ab,bc->ad", "output_shape": 3}, (4,), "invalid-value",
            "in ab,bc->ad, neither input nor kernel has the axis 'd' (at 'einsum_dense')",
        ),
        pytest.param(
            "EinsumDense", {"equation": "ab,bcd->ac", "output_shape": 3}, (4,), "invalid-value",
            "in ab,bcd->ac, neither input nor output has the axis 'd' (at 'einsum_dense')",
        ),
        pytest.param(
            "EinsumDense", EINSUM | {"bias_axes": "c"}, (4, 5), "invalid-value",
            "'bias_axes' names axes of the output of abc,cd->abd, other than the batch, not 'c' (at 'einsum_dense')",
        ),
        pytest.param(
            "EinsumDense", EINSUM | {"equation": "...c,cd->...d", "output_shape": 3, "quantization": "int8"}, (4, 5),
            "invalid-value",
            "int8 goes with no '...' in the equation (at 'einsum_dense')\n    give each axis a letter of its own",
        ),
        pytest.param(
            "Dense", {"units": 3, "quantization": "int3"}, (4,), "invalid-value",
            "'quantization' of Dense must be int8, int4, int4/BLOCK, float8, gptq/BITS/GROUP or awq/4/GROUP,"
            " not 'int3'",
        ),
        pytest.param(
            "Embedding", {"input_dim": 3, "output_dim": 4, "quantization": "float8"}, (4,), "invalid-value",
            "'quantization' of Embedding must be int8, int4 or int4/BLOCK, not 'float8'",
        ),
        pytest.param(
            "Dense", {"units": 3, "quantization": "float8", "lora_rank": 2}, (4,), "invalid-value",
            "'lora_rank' goes with no quantization, int8 or int4, not with float8 (at 'dense')\n"
            "    Keras has no low-rank update of such weights",
        ),
        pytest.param(
            "Dense", {"units": 3, "lora_rank": 0}, (4,), "invalid-value",
            "'lora_rank' of Dense must be at least 1, not 0",
        ),
        pytest.param(
            "GroupNorm", {}, (48,), "inexact-division",
            "48 / 32 leaves a remainder: the groups must divide the channels (at 'group_norm')",
        ),
        pytest.param(
            "GroupNorm", {"groups": -2}, (48,), "invalid-value",
            "'groups' of GroupNorm must be at least 1, not -2",
        ),
        pytest.param(
            "LocalResponseNorm", {"window": 5}, (48,), "shape-mismatch",
            "LocalResponseNorm takes an input of 2 or more axes beside the batch (… n c), not (None, 48)"
            " (at 'local_response_norm')",
        ),
        pytest.param(
            "UnitNorm", {"axis": [1, 3]}, (4, 5), "invalid-value",
            "there is no axis 3 in a shape of 2 axes beside the batch (at 'unit_norm')\n"
            "    the axes are 1 to 2, or -1 to -2 from the end; 0 is the batch",
        ),
        pytest.param(
            "WeightNorm", {"layer": {"Dropout": {"rate": 0}}}, (4,), "invalid-value",
            "WeightNorm computes the kernel of a layer, and Dropout has none (at 'weight_norm')\n"
            "    'Weights' is the layer type for tensors that no other layer type declares",
        ),
        pytest.param(
            "SpectralNorm", {"layer": {"MultiHeadAttention": {"num_heads": 2, "key_dim": 3}}}, (5, 6), "invalid-value",
            "SpectralNorm computes the kernel of a layer, and MultiHeadAttention has none (at 'spectral_norm')\n"
            "    'Weights' is the layer type for tensors that no other layer type declares",
        ),
        pytest.param(
            "WeightNorm", {"layer": {"Dense": {"units": 3, "quantization": "int8"}}}, (4,), "invalid-value",
            "WeightNorm computes the kernel of a layer, and Dense keeps its own with few bits (at 'weight_norm')\n"
            "    'Weights' is the layer type for tensors that no other layer type declares",
        ),
        pytest.param(
            "SpectralNorm", {"layer": DENSE, "axis": 2}, (4,), "invalid-value",
            "the kernel of Dense has no axis 2 (at 'spectral_norm')\n"
            "    its axes are 0 to 1, or -1 to -2 from the end",
        ),
        pytest.param(
            "Bilinear", {"units": 3}, [(4, 5), (3, 5)], "shape-mismatch",
            "Bilinear: (None, 4, 5) and (None, 3, 5) differ before the last axis (at 'bilinear')",
        ),
        pytest.param(
            "EmbeddingBag", {"input_dim": 9, "output_dim": 4}, (3, 4), "shape-mismatch",
            "EmbeddingBag takes bags of one axis, or with the positions where they begin none, not (None, 3, 4)"
            " (at 'embedding_bag')",
        ),
        pytest.param(
            "ReversibleEmbedding", {"input_dim": 9, "output_dim": 4, "reverse": True}, (3,), "shape-mismatch",
            "ReversibleEmbedding in reverse takes rows of length 4, not (None, 3) (at 'reversible_embedding')",
        ),
        pytest.param(
            "AdaptiveLogSoftmaxWithLoss", {"n_classes": 9, "cutoffs": [3, 9]}, [(4,), ()], "invalid-value",
            "'cutoffs' are one or more classes in ascending order, below the 9 of 'n_classes', not [3, 9]"
            " (at 'adaptive_log_softmax_with_loss')",
        ),
        pytest.param(
            "AdaptiveLogSoftmaxWithLoss", {"n_classes": 9, "cutoffs": []}, [(4,), ()], "invalid-value",
            "'cutoffs' are one or more classes in ascending order, below the 9 of 'n_classes', not []"
            " (at 'adaptive_log_softmax_with_loss')",
        ),
        pytest.param(
            "AdaptiveLogSoftmaxWithLoss", {"n_classes": 9, "cutoffs": [3], "div_value": 0}, [(4,), ()], "invalid-value",
            "'div_value' of AdaptiveLogSoftmaxWithLoss takes a number above 0, not 0",
        ),
        pytest.param(
            "LinearCrossEntropyLoss", {"num_classes": 3, "out_features": [2]}, [(4,), (3,)], "shape-mismatch",
            "the target of LinearCrossEntropyLoss is (None, 2) or (None, 3, 2), not (None, 3)"
            " (at 'linear_cross_entropy_loss')",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and value.isidentifier() else "",
)  # fmt: skip
def test_what_is_refused(kind: str, fields: dict[str, Any], shapes: Any, code: str, message: str) -> None:
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.count(pc.kind(kind)(**fields), input_shape=shapes)
    assert str(caught.value) == f"error[{code}]: {message}"
