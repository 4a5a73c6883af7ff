"""Norms that are made of several operations."""

from __future__ import annotations

from typing import Any

from paramcalc.core import algebra
from paramcalc.measures.saved.run import Run, Shapes, Trained, Values
from paramcalc.measures.saved.values import Value, width


def rms_norm(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    """Divide by the root of the mean square."""
    (x,) = inputs
    elements, wide = algebra.product(x.shape), dtype_of_sums(x.dtype)
    if x.needs_gradient:
        # numbers of half the width are made wider first
        run.keep(x if wide == x.dtype else run.cast(x, wide))
        run.make("statistics", algebra.divide(elements, run.along_axis(layer)), wide)
    if trained("scale"):
        run.make("normalized", elements, wide)
    return [run.new(x.shape, x.dtype, x.needs_gradient or trained("scale"))]


def dtype_of_sums(dtype: str) -> str:
    """Return the dtype in which sums are taken."""
    return dtype if width(dtype) >= width("float32") else "float32"


def unit_norm(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    """Divide by the length."""
    (x,) = inputs
    if x.needs_gradient:
        run.keep(x)
        # the length, and the length bounded from below
        run.make("lengths", 2 * algebra.divide(algebra.product(x.shape), run.along_axis(layer)), x.dtype)
    return [run.like(x, x.shape, x.needs_gradient)]


def local_response_norm(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    """Divide by a power of a sum over the channels beside."""
    (x,) = inputs
    if x.needs_gradient:
        run.keep(x)
        channels, elements = x.shape[1], algebra.product(x.shape)
        padded = algebra.divide(elements, channels) * (channels + layer.window - 1)
        # the squares with the padding, what is raised to a power, and the power
        run.make("powers", padded + 2 * elements, x.dtype)
    return [run.like(x, x.shape, x.needs_gradient)]
