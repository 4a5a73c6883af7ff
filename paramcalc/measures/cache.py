"""What is kept while a sequence is generated step by step: keys, values, states."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

from paramcalc.core.algebra import Shape
from paramcalc.graph import Flow, Leaf
from paramcalc.layers.base.fields import DTYPES
from paramcalc.measures.measure import Context, Measure, NotAlike, Term, size_in_bytes


class Cache(Measure):
    """The bytes of keys, values and states, of the whole sequence.

    A layer states what it keeps (`cached`). The sizes are logical: an implementation may allocate more ahead.
    """

    name = "cache"
    unit = "bytes"
    phrase = "the bytes of the cache"
    summary = (
        "What is kept of the whole sequence while it is generated: keys and values of attention that looks back, or at"
        " another sequence, and the states of recurrent layers, at the dtype of the spec."
    )
    questions: ClassVar[Mapping[str, str]] = {
        "Why are keys and values kept, and queries not?": (
            "Each later position compares its query with the keys of all before it, and sums up their values. A query"
            " is of use to its own position alone."
        )
    }
    term = "cached tensor"
    needs_connections = True
    in_order = False
    of_batch = True
    of_active = True

    def terms(self, leaf: Leaf, context: Context, state: Any) -> Iterable[Term]:
        shapes = [*_taken(leaf.inputs)]
        # a layer that takes several, as Add does, may be given the same twice
        cached = leaf.layer.all_cached(*(shapes if leaf.layer.takes(len(shapes)) else leaf.input_shapes))
        if cached and leaf.joins_copies:
            # what is kept of any number of inputs is not what is of two
            raise NotAlike
        for tensor in cached:
            condition = () if tensor.when is True else (tensor.condition,)
            copies = () if type(tensor.copies) is int and tensor.copies == 1 else (tensor.copies,)
            dtype = tensor.dtype or context.dtype
            bits = DTYPES[dtype]
            if bits % 8:
                sizes: Shape = (context.batch, size_in_bytes(tensor.elements, dtype))
            else:
                sizes = (bits // 8, context.batch, *copies, *tensor.shape)
            yield Term(tensor.name, (*condition, *sizes), tensor.purpose)


def _taken(inputs: tuple[Flow, ...]) -> Iterator[Shape]:
    """Yield the shapes that a layer is given, those of its first input but once: attention to oneself is told so."""
    for place, flow in enumerate(inputs):
        if place == 0 or flow.tensor != inputs[0].tensor:
            yield from flow.joined_shapes
