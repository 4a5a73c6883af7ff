"""What stands at the beginning: inputs, and tensors that are an output."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from paramcalc.core.algebra import Shape
from paramcalc.core.errors import refuse
from paramcalc.layers.base.fields import DTYPES
from paramcalc.measures.saved.programs.products import product
from paramcalc.measures.saved.run import Run, Shapes, Trained, Values
from paramcalc.measures.saved.values import Value


def network_input(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    """Make what the network is given."""
    dtype = layer.dtype if "dtype" in layer.model_fields_set else run.dtype
    if dtype not in DTYPES:
        raise refuse("not-measurable", f"PyTorch has no tensors of {dtype}")
    return [run.new(shapes[0], dtype, False)]


def weights(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    """Multiply the input, show a tensor that is an output, or hand on the input."""
    if layer.equation is not None:
        return [_multiplied(run, layer, inputs[0], trained, shapes[0])]
    if layer.output is None:
        return list(inputs[:1])
    # the same for each example: shown again, and not copied
    shown = run.parameter(shapes[0], run.dtype, trained(layer.output))
    cuts = frozenset([1] if len(shown.shape) > 1 else [])
    return [replace(shown, cuts=cuts, scattered=not cuts)]


def _multiplied(run: Run, layer: Any, x: Value, trained: Trained, shape: Shape) -> Value:
    """Multiply by the first tensor along the axes of an equation, and add the others."""
    first, *others = layer.tensors()
    if first.active is not None:
        raise refuse("not-measurable", "of weights of which a part is multiplied, nothing says which")
    left, kernel, output = layer.terms()
    before = "".join(map(str, range(len(x.shape) - len(left))))
    weight = run.parameter(first.shape, run.dtype, trained(first.name))
    made = product(run, [x, weight], (before + left, kernel), before + output, shape)
    return replace(made, needs_gradient=made.needs_gradient or any(trained(each.name) for each in others))
