"""What stands at the beginning: inputs, and tensors that are an output."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from paramcalc.core.errors import refuse
from paramcalc.layers.base.fields import DTYPES
from paramcalc.measures.saved.run import Run, Shapes, Trained, Values
from paramcalc.measures.saved.values import Value


def network_input(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    """Make what the network is given."""
    dtype = layer.dtype if "dtype" in layer.model_fields_set else run.dtype
    if dtype not in DTYPES:
        raise refuse("not-measurable", f"PyTorch has no tensors of {dtype}")
    return [run.new(shapes[0], dtype, False)]


def weights(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    """Show a tensor that is an output, or hand on the input."""
    if layer.output is None:
        return list(inputs[:1])
    # the same for each example: shown again, and not copied
    shown = run.parameter(shapes[0], run.dtype, trained(layer.output))
    cuts = frozenset([1] if len(shown.shape) > 1 else [])
    return [replace(shown, cuts=cuts, scattered=not cuts)]
