"""Convolutions and poolings, as far as they are more than one operation."""

from __future__ import annotations

from typing import Any

from paramcalc.core import algebra
from paramcalc.core.algebra import Number, Undecided
from paramcalc.layers.base.windows import padding_amounts
from paramcalc.measures.saved.run import Run, Shapes, Trained, Values
from paramcalc.measures.saved.values import Value


def pad(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    """Add what the layer behind does not add itself: it adds as much on both sides of an axis."""
    (x,) = inputs
    layer = layer.filled(run.stated[0])
    is_convolution = "kernel_size" in type(layer).model_fields
    window = layer.kernel_size if is_convolution else layer.pool_size
    strides, dilation = layer.strides, getattr(layer, "dilation_rate", ())
    amounts = padding_amounts(x.shape[2:], window, strides, layer.padding, dilation)
    if is_convolution:
        alike = all(_is_zero(behind - before) for before, behind in amounts)
        if alike and (layer.padding != "causal"):
            return [x]
        if layer.padding == "same" and all(_is_zero(stride - 1) for stride in strides):
            amounts = tuple((0, behind - before) for before, behind in amounts)
    elif isinstance(layer.padding, tuple) and all(
        algebra.truth(2 * pad <= size) for pad, size in zip(layer.padding, window, strict=True)
    ):
        return [x]
    if all(_is_zero(each) for amount in amounts for each in amount):
        return [x]
    lengths = (size + before + behind for size, (before, behind) in zip(x.shape[2:], amounts, strict=True))
    return [run.placed(x, (*x.shape[:2], *lengths), x.needs_gradient, (4, 5))]


def _is_zero(number: Number) -> bool:
    """Whether a number is 0. Raises `Undecided` for a symbol."""
    return algebra.truth(number == 0) if not algebra.is_symbol(number) or number.is_Integer else _undecided(number)


def _undecided(number: Number) -> bool:
    raise Undecided(number)


def cut(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    """Cut off of a transposed convolution what its windows reach further on one side than on the other."""
    (x,) = inputs
    if layer.padding != "same":
        return [x]
    axes = zip(layer.kernel_size, layer.dilation_rate, layer.strides, strict=True)
    further = [dilation * (size - 1) + 1 - stride for size, dilation, stride in axes]
    beyond = [algebra.largest((0, each)) for each in further]
    if all(_is_zero(each % 2) for each in beyond):
        return [x]
    lengths = (size + each for size, each in zip(x.shape[2:], beyond, strict=True))
    whole = run.placed(x, (*x.shape[:2], *lengths), x.needs_gradient, (4,))
    for axis, size in enumerate(x.shape):
        whole = whole.part(axis, size)
    return [whole]


def means(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    """Take means of parts of the input; of the whole nothing is kept."""
    (x,) = inputs
    if x.needs_gradient and not all(algebra.same(size, 1) for size in shapes[0][2:]):
        run.keep(x)
    return [run.placed(x, shapes[0], x.needs_gradient, (3, 4))]


def power_pool(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    """Take the root of the sum of the powers of each window."""
    (x,) = inputs
    if x.needs_gradient:
        run.keep(x)
        dtype, output = x.dtype, algebra.product(shapes[0])
        # the power is kept by the pooling; then sign, absolute value, its rectified copy, and their scaled product
        run.make("powers", algebra.product(x.shape), dtype)
        run.make("sums", 4 * output, dtype)
    return [run.placed(x, shapes[0], x.needs_gradient, (3, 4))]


def unpool(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    """Put numbers back where they stood."""
    x, indices = inputs
    if x.needs_gradient:
        run.keep(indices, "second_input")
    return [run.new(shapes[0], x.dtype, x.needs_gradient)]
