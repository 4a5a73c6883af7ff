"""Where the frameworks' convolutions differ from what one expects, or from each other, one by one."""

from __future__ import annotations

from typing import Any

import pytest

import paramcalc as pc

from . import classes
from .comparison import check
from .native import check_class
from .strategies import Case

pytestmark = pytest.mark.framework

#: Lengths that vary, through every convolution that keeps some.
FREE = """
paramcalc: 1
layers:
  - Input: {shape: [null, 3]}
  - Conv1D: {filters: 4, kernel_size: 3, padding: causal, dilation_rate: 2}
  - DepthwiseConv1D: {kernel_size: 3, strides: 2}
  - SeparableConv1D: {filters: 4, kernel_size: 3, padding: same}
  - Conv1DTranspose: {filters: 4, kernel_size: 3, strides: 2}
  - Input: {shape: [null, null, 3]}
    name: image
  - DepthwiseConv2D: {kernel_size: 3, depth_multiplier: 2}
  - SeparableConv2D: {filters: 4, kernel_size: 3}
  - Conv2DTranspose: {filters: 4, kernel_size: 3, strides: 2, padding: same}
  - Input: {shape: [null, 8, null, 3]}
    name: volume
  - Conv3D: {filters: 4, kernel_size: 3}
  - Conv3DTranspose: {filters: 4, kernel_size: 3, output_padding: 1, strides: 2}
"""

#: Layers that Keras builds, and TensorFlow does not run on a CPU: each a reason that `UNRUN` names.
NOT_RUN = [
    Case(pc.Conv1D(filters=4, kernel_size=3, data_format="channels_first"), ((4, 9),), "keras"),
    Case(pc.Conv2D(filters=4, kernel_size=3, data_format="channels_first"), ((4, 9, 9),), "keras"),
    Case(pc.DepthwiseConv2D(kernel_size=3, strides=(1, 2)), ((9, 9, 4),), "keras"),
    Case(pc.SeparableConv2D(filters=4, kernel_size=3, strides=(1, 2)), ((9, 9, 4),), "keras"),
    Case(pc.Conv1DTranspose(filters=4, kernel_size=3, dilation_rate=2), ((9, 4),), "keras"),
    Case(pc.Conv2DTranspose(filters=4, kernel_size=3, data_format="channels_first"), ((4, 9, 9),), "keras"),
    Case(pc.Conv3DTranspose(filters=4, kernel_size=3, dilation_rate=2), ((9, 9, 9, 4),), "keras"),
    Case(
        pc.Conv2DTranspose(filters=4, kernel_size=4, strides=2, padding="same", output_padding=0), ((5, 5, 4),), "keras"
    ),
]


def test_lengths_that_vary_are_none_in_keras() -> None:
    check(pc.loads(FREE), "keras")


@pytest.mark.parametrize("case", NOT_RUN, ids=lambda case: type(case.layer).__name__)
def test_keras_says_a_shape_that_it_does_not_run(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not classes.runs(case)
    check_class(case, "keras", trainable=True)
    monkeypatch.setattr(classes, "runs", lambda case: True)
    with pytest.raises(Exception, match=rf"calling {type(case.layer).__name__}\.call"):
        check_class(case, "keras", trainable=True)


@pytest.mark.parametrize(("framework", "shape"), [("keras", (3, 3, 5, 8)), ("torch", (8, 5, 3, 3))])
def test_a_transposed_kernel_has_the_output_before_the_input_in_keras_alone(
    framework: str, shape: tuple[int, ...]
) -> None:
    real = _real(framework, "Conv2DTranspose", "ConvTranspose2d", 8, 5)
    count = pc.count(pc.Conv2DTranspose(filters=5, kernel_size=3), framework, input_shape=(9, 9, 8))
    assert real == shape == count.layers[-1].tensors[0].shape


@pytest.mark.parametrize(("framework", "shape"), [("keras", (3, 3, 8, 5)), ("torch", (5, 8, 3, 3))])
def test_the_kernel_of_a_convolution_is_turned_round(framework: str, shape: tuple[int, ...]) -> None:
    real = _real(framework, "Conv2D", "Conv2d", 8, 5)
    count = pc.count(pc.Conv2D(filters=5, kernel_size=3), framework, input_shape=(9, 9, 8))
    assert real == shape == count.layers[-1].tensors[0].shape


def _real(framework: str, keras_class: str, torch_class: str, channels: int, filters: int) -> tuple[int, ...]:
    """The shape of a real kernel with a window of 3 by 3."""
    if framework == "torch":
        import torch

        return tuple(getattr(torch.nn, torch_class)(channels, filters, 3).weight.shape)
    import keras

    layer = getattr(keras.layers, keras_class)(filters, 3)
    layer.build((None, 9, 9, channels))
    return tuple(layer.kernel.shape)


def test_valid_fills_the_last_stride_in_keras_and_no_padding_does_not_in_torch() -> None:
    import keras
    import torch

    fields: dict[str, Any] = {"filters": 4, "kernel_size": 3, "strides": 5}
    filled = keras.layers.Conv1DTranspose(4, 3, strides=5).compute_output_shape((None, 9, 4))
    bare = torch.nn.ConvTranspose1d(4, 4, 3, stride=5)(torch.zeros(1, 4, 9)).shape
    assert filled[1] == 45 == _output("keras", (9, 4), fields)[0]
    assert bare[2] == 43 == _output("torch", (4, 9), fields)[1]


def _output(framework: str, shape: tuple[int, ...], fields: dict[str, Any]) -> Any:
    layers = [pc.Node(pc.Input(shape=shape)), pc.Node(pc.Conv1DTranspose(**fields))]
    return pc.count(pc.Spec(layers, framework=framework)).layers[-1].output_shape


def test_strides_and_dilation_together_are_refused_by_keras_but_of_a_depthwise_convolution() -> None:
    import keras

    with pytest.raises(ValueError, match="not supported in conjunction with"):
        keras.layers.Conv2D(4, 3, strides=2, dilation_rate=2)
    check_class(
        Case(pc.DepthwiseConv2D(kernel_size=3, strides=2, dilation_rate=2), ((9, 9, 4),), "keras"), "keras", True
    )


def test_a_low_rank_update_is_of_full_precision_and_freezes_the_kernel() -> None:
    import keras

    layer = keras.layers.Conv2D(4, 3, lora_rank=2, dtype="float16")
    layer.build((None, 5, 5, 3))
    real = {each.name: (each.trainable, each.dtype) for each in layer.weights}
    nodes = [
        pc.Node(pc.Input(shape=(5, 5, 3))),
        pc.Node(pc.Conv2D(filters=4, kernel_size=3, lora_rank=2), dtype="float16"),
    ]
    ours = pc.count(pc.Spec(nodes)).layers[-1].tensors
    assert {each.name: (each.trainable, each.dtype) for each in ours} == real
    assert real["kernel"] == (False, "float16")
    assert real["lora_kernel_a"] == real["lora_kernel_b"] == (True, "float32")
