from __future__ import annotations

from typing import Any, get_args

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

import paramcalc as pc

from ..strategies import SMALL, Case, sizes, some
from .spatial import numbers, spatial


@st.composite
def _rescaling(draw: DrawFn, framework: str) -> Case:
    shape = draw(sizes(0, 4))
    channels = shape[-1] if shape else 1
    count = draw(SMALL) if channels == 1 else channels
    per_channel = st.sampled_from([2, 0.5, [0.5] * count, [2]] if shape else [2, 0.5])
    return Case(pc.Rescaling(scale=draw(per_channel), **some(draw, offset=per_channel)), (shape,), framework)


@st.composite
def _sized(draw: DrawFn, name: str, framework: str) -> Case:
    """To a size that may be larger than the image, or smaller."""
    height, width = numbers(draw, 2, 1, 8)
    return spatial(draw, name, framework, {"height": height, "width": width}, numbers(draw, 2, 1, 8))


@st.composite
def _boxes(draw: DrawFn, framework: str) -> Case:
    boxes = draw(SMALL)
    return Case(pc.MaxNumBoundingBoxes(max_number=draw(SMALL)), ((boxes, 4), (boxes,)), framework)


@st.composite
def _augmentation(draw: DrawFn, framework: str) -> Case:
    """An image in colours, and not too small for tiles and perspectives."""
    transform = draw(st.sampled_from(get_args(pc.Augmentation.model_fields["transform"].annotation)))
    height, width = numbers(draw, 2, 4, 9)
    return Case(pc.Augmentation(transform=transform), ((height, width, 3),), framework)


def _in_training(layer: Any, inputs: list[Any]) -> Any:
    return layer(*inputs, training=True)


def _with_image(layer: Any, inputs: list[Any]) -> Any:
    import keras
    import numpy as np

    # it takes images along, and says nothing of them
    symbolic = isinstance(inputs[0], keras.KerasTensor)
    images = keras.Input((8, 8, 3)) if symbolic else np.zeros((len(inputs[0]), 8, 8, 3))
    boxes = {"boxes": inputs[0], "labels": inputs[1]}
    return layer({"images": images, "bounding_boxes": boxes})["bounding_boxes"]


CASES = {
    "Rescaling": _rescaling,
    "Resizing": lambda framework: _sized("Resizing", framework),
    "CenterCrop": lambda framework: _sized("CenterCrop", framework),
    "RandomCrop": lambda framework: _sized("RandomCrop", framework),
    "MaxNumBoundingBoxes": _boxes,
    "Augmentation": _augmentation,
}

CALLS = {
    "keras.layers.MaxNumBoundingBoxes": _with_image,
    "keras.layers.RandomCrop": _in_training,
    **{f"keras.layers.{name}": _in_training for name in get_args(pc.Augmentation.model_fields["transform"].annotation)},
}


def _spreads_one_channel(case: Case) -> bool:
    """A list of scales makes as many channels of one; Keras says that one stays."""
    layer = case.layer
    return isinstance(layer, pc.Rescaling) and case.shapes[0][-1:] == (1,)


MISSTATED = (_spreads_one_channel,)
