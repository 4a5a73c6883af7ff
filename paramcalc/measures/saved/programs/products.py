"""Products of matrices: along the last axis, and along axes that an equation names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from paramcalc.conventions.torch_saved import OPERATIONS
from paramcalc.core import algebra
from paramcalc.core.algebra import Shape
from paramcalc.core.errors import refuse
from paramcalc.measures.saved.run import Run, Shapes, Trained, Values
from paramcalc.measures.saved.values import Value


def dense(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    """Multiply the last axis by the kernel."""
    return [linear(run, inputs[0], (*inputs[0].shape[:-1], shapes[0][-1]), trained("kernel"), trained("bias"))]


def linear(run: Run, x: Value, shape: Shape, kernel: bool, bias: bool = False) -> Value:
    """Multiply the last axis by a matrix; `kernel` and `bias` say whether they are trained.

    An input of several axes is first shown with two, for which it may have to be copied.
    """
    if kernel:
        positions = algebra.product(x.shape[:-1])
        run.keep(x if len(x.shape) == 2 else run.reshaped(x, (positions, x.shape[-1])))
    return run.new(shape, x.dtype, x.needs_gradient or kernel or bias)


def einsum(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    """Multiply two inputs as matrices, along the axes that they share."""
    given, output = layer.equation.replace(" ", "").split("->")
    labels = given.split(",")
    if len(labels) != 2 or "." in layer.equation:
        raise refuse("not-measurable", "of an Einsum, what is kept is known of two inputs whose axes are all named")
    return [product(run, inputs, (labels[0], labels[1]), output, shapes[0])]


def product(run: Run, inputs: Values, labels: tuple[str, str], output: str, shape: Shape) -> Value:
    """Multiply two inputs whose axes are named, as `torch.einsum` does."""
    left, right = labels
    shared = [each for each in output if each in left and each in right]
    summed = sorted(each for each in {*left} & {*right} if each not in output)
    alone = [
        [each for each in output if each in one and each not in other] for one, other in ((left, right), (right, left))
    ]
    if not summed:
        pair = [_summed(run, value, own, output)[0] for value, own in zip(inputs, labels, strict=True)]
        made = run.operate(OPERATIONS["multiply"], pair, shape)
        return run.new(shape, made.dtype, made.needs_gradient)
    x = _as_matrix(run, inputs[0], left, [shared, alone[0], summed])
    y = _as_matrix(run, inputs[1], right, [shared, summed, alone[1]])
    made = run.operate(OPERATIONS["multiply"], [x, y], (x.shape[0], x.shape[1], y.shape[2]))
    lying = [*shared, *alone[0], *alone[1]]
    order = tuple(output.index(each) for each in lying)
    return run.new(shape, made.dtype, made.needs_gradient, order)


def _as_matrix(run: Run, value: Value, labels: str, groups: Sequence[Sequence[str]]) -> Value:
    """Show an input with three axes, each of several of its own; those that no group names are summed up."""
    named = [each for group in groups for each in group]
    value, labels = _summed(run, value, labels, named)
    value = value.permuted([labels.index(each) for each in named])
    sizes = dict(zip(named, value.shape, strict=True))
    return run.reshaped(value, tuple(algebra.product(sizes[each] for each in group) for group in groups))


def _summed(run: Run, value: Value, labels: str, named: Sequence[str]) -> tuple[Value, str]:
    """Sum up the axes of an input that are not named, where there are such; nothing is kept of that."""
    left = "".join(each for each in labels if each in named)
    if left == labels:
        return value, labels
    shape = tuple(size for size, each in zip(value.shape, labels, strict=True) if each in named)
    return run.new(shape, value.dtype, value.needs_gradient), left
