"""Functions of one input and of several, element by element, and how far two inputs are apart."""

from __future__ import annotations

from typing import Any

from paramcalc.conventions.torch_saved import OPERATIONS, Operation
from paramcalc.core import algebra
from paramcalc.core.algebra import Shape
from paramcalc.core.errors import refuse
from paramcalc.measures.saved.run import Run, Shapes, Trained, Values, activation, function, widest
from paramcalc.measures.saved.values import Value


def activate(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    """Apply a function to the input."""
    return [activated(run, layer.activation, inputs[0], "input" if type(layer).layout is None else _SUM)]


_SUM = "before_activation"


def activated(run: Run, name: str, x: Value, role: str = _SUM) -> Value:
    """Apply a function by its name; `role` says what its input is to the layer."""
    return run.operate(activation(name), [x], x.shape, role)


def rescaling(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    """Multiply by a constant, or by one for each channel."""
    (x,) = inputs
    if isinstance(layer.scale, tuple) and x.needs_gradient:
        # of each channel: a tensor, and no constant
        run.make("scale", len(layer.scale), x.dtype)
    return [run.like(x, x.shape, x.needs_gradient)]


def _aligned(inputs: Values) -> list[Value]:
    """Show inputs with the same number of axes."""
    rank = max(len(value.shape) for value in inputs)
    return [value.with_rank(rank) for value in inputs]


def sum_of_inputs(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    """Add up the inputs."""
    return [together(run, _aligned(inputs), shapes[0])]


def together(run: Run, inputs: Values, shape: Shape) -> Value:
    """Make one tensor of several, of which nothing is kept."""
    needs = any(value.needs_gradient for value in inputs)
    as_large = [value for value in inputs if len(value.shape) == len(shape) and algebra.same_shapes(value.shape, shape)]
    order = as_large[0].order if as_large else ()
    return run.new(shape, widest(inputs), needs, order)


def multiply(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    """Multiply the inputs."""
    return [_in_turn(run, OPERATIONS["multiply"], inputs)]


def compare(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    """Take the largest, or the smallest, of the inputs."""
    return [_in_turn(run, OPERATIONS["compare"], inputs)]


def _in_turn(run: Run, operation: Operation, inputs: Values) -> Value:
    """Take the first two, that and the third, and so on."""
    result, *others = _aligned(inputs)
    for each in others:
        result = run.operate(operation, [result, each], algebra.broadcast_shapes([result.shape, each.shape]))
    return result


def of_several(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    """Apply a function of several inputs."""
    return [run.apply(function(layer.function), layer, _aligned(inputs), trained, shapes[0])]


def cosine(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    """Divide each vector by its length, and multiply."""
    x, y = inputs
    if not algebra.same_shapes(x.shape, y.shape):
        raise refuse("not-measurable", "of a CosineSimilarity, what is kept is known of two inputs of one shape")
    for value, other in ((x, y), (y, x)):
        if value.needs_gradient:
            run.keep(value, "input" if value is x else "second_input")
            run.make("lengths", 2 * algebra.divide(algebra.product(value.shape), run.along_axis(layer)), value.dtype)
            run.make("normalized_other", algebra.product(other.shape), other.dtype)
    return [run.new(shapes[0], x.dtype, x.needs_gradient or y.needs_gradient)]


def distance(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    """Take the length of the difference."""
    output = run.new(shapes[0], widest(inputs), any(value.needs_gradient for value in inputs))
    if output.needs_gradient:
        run.make("difference", algebra.product(algebra.broadcast_shapes([x.shape for x in inputs])), output.dtype)
        run.keep(output, "output")
    return [output]
