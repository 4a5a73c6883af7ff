"""The axes of a shape beside the channels, and the indices that take a part of them."""

from __future__ import annotations

from typing import Any, TypeAlias

from paramcalc.core.algebra import Shape
from paramcalc.graph import Leaf
from paramcalc.layers.base.declaration import Layer

#: Two numbers for each axis beside the channels: what is added, or cut off, before and behind.
Pairs: TypeAlias = tuple[tuple[int, int], ...]


def spatial(layer: Layer, shape: Shape) -> Shape:
    """Return the axes of a shape beside the channels."""
    position = _channels(layer, shape)
    return (*shape[:position], *shape[position + 1 :])


def with_spatial(layer: Layer, shape: Shape, lengths: Shape) -> Shape:
    """Return a shape with other axes beside the channels."""
    position = _channels(layer, shape)
    return (*lengths[:position], shape[position], *lengths[position:])


def _channels(layer: Layer, shape: Shape) -> int:
    """Return the position of the channels in a shape without the batch."""
    return layer.channel_axis - 1 if layer.channel_axis > 0 else len(shape) + layer.channel_axis


def cut_text(cuts: Pairs, channels_first: bool) -> str:
    """Write the index that cuts off the beginning and the end of each axis beside the channels."""
    ranges = [f"{before or ''}:{-behind or ''}" for before, behind in cuts]
    return "[" + ", ".join([":"] * (2 if channels_first else 1) + ranges) + "]"


def reduced_axes(leaf: Leaf) -> int | tuple[int, ...]:
    """Return the axes of which a Reduce makes one number."""
    layer: Any = leaf.layer
    every: tuple[int, ...] = tuple(range(1, len(leaf.input_shapes[0]) + 1))
    return every if layer.axis is None else layer.axis


def slice_text(leaf: Leaf) -> str:
    """Write the index that takes a part of an axis."""
    layer: Any = leaf.layer
    axis = layer.axis if layer.axis > 0 else len(leaf.input_shapes[0]) + 1 + layer.axis
    end = "" if layer.stop is None else str(layer.stop)
    step = "" if layer.step == 1 else f":{layer.step}"
    chosen = f"{layer.start or ''}:{end}{step}" if layer.keepdims else str(layer.start)
    return "[" + ", ".join([*[":"] * axis, chosen]) + "]"
