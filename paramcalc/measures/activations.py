"""The numbers that flow between layers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from paramcalc.graph import Leaf
from paramcalc.measures.measure import Context, Measure, Term


class Activations(Measure):
    """The elements of what each layer computes.

    What a layer hands on without computing anything is left out: the network's inputs, tensors that are an output, and
    views, such as those of Flatten, Slice and Identity.
    """

    name = "activations"
    unit = "elements"
    phrase = "the elements of the activations"
    summary = "The elements of all outputs of all layers; inputs of the network, and views of an input, are left out."
    questions: ClassVar[Mapping[str, str]] = {
        "Is that what training keeps?": (
            "No: of some outputs nothing is kept for the backward pass, and of some operations more than their output."
            " The measure 'saved' tells what PyTorch keeps, in bytes."
        )
    }
    term = "output"
    needs_connections = True
    of_values = True
    in_order = False
    of_batch = True
    of_active = True

    def terms(self, leaf: Leaf, context: Context, state: Any) -> Iterable[Term]:
        if leaf.layer.is_view:
            return
        for place, shape in enumerate(leaf.outputs):
            yield Term("output" if len(leaf.outputs) == 1 else f"output_{place}", (*context.examples, *shape))
