"""Layers that show their input with other axes, or a part of it, and that join several."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from paramcalc.core import algebra
from paramcalc.measures.saved.run import Run, Shapes, Trained, Values, widest
from paramcalc.measures.saved.values import Value


def reshape(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    """Show the input with other axes, copied where no view does that."""
    return [run.reshaped(inputs[0], shapes[0])]


def flatten(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    """Show several axes as one."""
    # of one axis, the tensor itself
    (x,) = inputs
    return [x] if len(x.shape) == len(shapes[0]) else [run.reshaped(x, shapes[0])]


def part_of_axis(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    """Show a part of an axis."""
    x = inputs[0]
    axis = layer.axis % len(x.shape)
    keeps = algebra.truth(layer.keepdims)
    part = x.part(axis, shapes[0][axis] if keeps else 1, apart=not algebra.same(layer.step, 1))
    # another tensor, even where it shows all
    return [replace(part if keeps else part.without(axis))]


def crop(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    """Show what is left of each axis."""
    x = inputs[0]
    for axis, length in enumerate(shapes[0]):
        x = x.part(axis, length)
    return [replace(x)]


def permute(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    """Show the axes in another order."""
    axes = layer.dims if isinstance(layer.dims, tuple) else (layer.dims,)
    return [replace(inputs[0].permuted((0, *axes)))]


def concatenate(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    """Copy the inputs into one."""
    needs = any(value.needs_gradient for value in inputs)
    return [run.new(shapes[0], widest(inputs), needs)]
