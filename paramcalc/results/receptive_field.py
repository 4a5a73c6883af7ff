"""Spec to receptive fields: which positions of the network's inputs each layer's output sees, axis by axis."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import inf
from typing import Any, Literal, NamedTuple, TypeAlias

from paramcalc.core.algebra import Number, Shape
from paramcalc.core.display import Displayed, printed
from paramcalc.graph import Flow, Leaf, check_flow, evaluate
from paramcalc.layers.base.reach import ALL, EVERYTHING, NONE, NOT_STATED, NOTHING, Reach, Sight, Span
from paramcalc.results.rows import located_in
from paramcalc.spec import Framework, Spec, Value

#: The whole axis; all positions up to one of the output's own; as many as its `size`; none; not known.
FieldSort: TypeAlias = Literal["all", "back", "some", "none", "unknown"]


class Place(NamedTuple):
    """An axis of an input of the network."""

    #: the name of the input
    input: str
    #: the batch counted as 0
    axis: int


@dataclass(frozen=True, slots=True)
class Field:
    """What an output sees along an axis of an input: positions `offset` to `offset + size - 1`, for the first output.

    With each further output position they move on by `stride`. Positions beside the input are padding. What it is
    along its other axes makes no difference: it is what all outputs at one position see together.
    """

    place: Place
    #: the most positions that an output sees; None where that is all of them, all up to its own, or not known
    size: int | None
    #: how far it moves on; a fraction where outputs are more than the positions; 0 where all see the same, or come
    #: round to it again
    stride: Fraction | None = None
    #: the first position that the first output sees
    offset: int | None = None
    sort: FieldSort = "some"
    #: what each output position sees; None where that is not known
    span: Span | None = field(default=None, repr=False)

    def bounds(self, position: int) -> tuple[float, float] | None:
        """Return the first and the last position that an output position sees, infinite where there is none.

        Of what sees nothing, the first is behind the last. None, where it is not known.
        """
        return None if self.span is None else self.span.bounds(position)


@dataclass(frozen=True, slots=True)
class LayerField:
    """The receptive field of a layer's output."""

    name: str
    kind: str
    #: without the batch
    output_shape: Shape
    #: for each axis of each input of the network
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class ReceptiveField(Displayed):
    """The receptive fields of all layers of a network."""

    name: str
    convention: Framework
    dims: dict[str, Value]
    layers: tuple[LayerField, ...]
    #: the inputs of the network, and the shape of each
    inputs: dict[str, Shape] = field(default_factory=dict)
    #: what cannot be said, and why; what is not counted as elsewhere
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.to("table")

    def to(self, notation: Literal["table", "json", "csv", "markdown"] = "table") -> str:
        """Return a table, or JSON. Raises `unknown-target`."""
        return printed(self, notation)


def receptive_field(
    spec: Spec, convention: Framework | None = None, *, dims: Mapping[str, Value] | None = None
) -> ReceptiveField:
    """Return the receptive field of each layer's output. Raises `ParamcalcError`, among others `no-connections`."""
    with located_in(spec):
        check_flow(spec, "the receptive field")
        # copies that are alike see more with each
        graph = evaluate(spec, convention or spec.framework, dims, fold=False)
        walk = _Walk()
        layers = tuple(walk.layer(leaf) for leaf, _ in graph.leaves())
    return ReceptiveField(spec.name, convention or spec.framework, graph.dims, layers, walk.inputs, tuple(walk.notes))


#: Why a layer's own field is not known where its type would state it.
_UNKNOWN = "what it sees depends on a size that is not known"
#: What is seen of each axis of each input of the network.
Seen = dict[Place, Sight]


class _Walk:
    """A walk through a graph, in its order."""

    def __init__(self) -> None:
        self.seen: dict[tuple[int, int], Seen] = {}
        self.inputs: dict[str, Shape] = {}
        #: each once, in order
        self.notes: dict[str, None] = {}

    def layer(self, leaf: Leaf) -> LayerField:
        """Return what a layer's output sees."""
        if type(leaf.layer).__name__ == "Input":
            self.inputs[leaf.name] = leaf.output
            found = {Place(leaf.name, axis + 1): Sight(axis, Span((0,), (0,))) for axis in range(len(leaf.output))}
        else:
            found = self.through(leaf)
        self.seen[id(leaf), 0] = found
        for place in range(1, len(leaf.outputs)):
            self.seen[id(leaf), place] = dict.fromkeys(found, NOT_STATED)
        fields = (_field(place, sight, self.length(place)) for place, sight in found.items())
        return LayerField(leaf.name, type(leaf.layer).__name__, leaf.output, tuple(fields))

    def length(self, place: Place) -> Number:
        """Return the length of an axis of an input."""
        return self.inputs[place.input][place.axis - 1]

    def through(self, leaf: Leaf) -> Seen:
        """Return what is seen through a layer of all its inputs."""
        reach = leaf.layer.all_reach(*leaf.input_shapes)
        self.note(leaf, reach)
        together: Seen = {}
        for number, flow in enumerate(leaf.inputs):
            before = self.before(flow)
            for place, sight in before.items():
                sees = NOT_STATED if reach is None else _through(reach[number], sight, flow.shape)
                sees = _whole(sees, self.length(place))
                if place in together:
                    known = together[place].span is not None and sees.span is not None
                    together[place] = _joined(together[place], sees)
                    if known and together[place].span is None:
                        self.say(leaf, "what its inputs see does not move on alike")
                else:
                    together[place] = sees
        return together

    def note(self, leaf: Leaf, reach: tuple[Reach, ...] | None) -> None:
        """Note what a layer leaves unsaid."""
        if reach is None:
            self.say(leaf, f"{type(leaf.layer).__name__} does not state it: its class gives 'reach'")
        for sights in reach or ():
            for sight in sights:
                if sight.note or sight.span is None:
                    self.say(leaf, sight.note or _UNKNOWN)

    def say(self, leaf: Leaf, reason: str) -> None:
        """Say something of a layer, once."""
        self.notes[f"{leaf.name} ({type(leaf.layer).__name__}): {reason}"] = None

    def before(self, flow: Flow) -> Seen:
        """Return what is seen of what flows into a layer."""
        if flow.leaf is None:
            return {}
        if flow.place:
            self.say(flow.leaf.standing, "what an output sees is stated of its first one alone")
        return self.seen[id(flow.leaf.standing), flow.place]


def _through(reach: Reach, before: Sight, shape: Shape) -> Sight:
    """Return what is seen through a layer, of what its input sees; `shape` is that of this input."""
    if reach and all(sight == NOTHING for sight in reach):
        return NOTHING
    if before.axis is None:
        return before
    sight = reach[before.axis]
    if before.span is None:
        # seen in no order along that axis: all of it is all
        if sight.span in (ALL, NONE):
            return EVERYTHING if sight.span == ALL else NOTHING
        return Sight(sight.axis, None)
    if sight.span is None:
        return Sight(sight.axis, None)
    length = shape[before.axis]
    if sight.span == ALL and type(length) is int:
        bounds = [before.span.bounds(place) for place in _ends(length, before.span.period)]
        return Sight(None, Span((min(low for low, _ in bounds),), (max(high for _, high in bounds),), 0))
    span = sight.span.of(before.span)
    return EVERYTHING if span == ALL else Sight(sight.axis if span.shift or span.period > 1 else None, span)


def _ends(length: int, period: int) -> Iterator[int]:
    """Yield the positions of an axis within a period of its ends."""
    yield from range(min(length, period))
    yield from range(max(length - period, 0), length)


def _whole(sight: Sight, length: Number) -> Sight:
    """Return `EVERYTHING` where all of an axis is seen, wherever the output is."""
    if sight.axis is None and sight.span is not None and type(length) is int and sight.span != NONE:
        low, high = sight.span.low[0], sight.span.high[0]
        if low <= 0 and high >= length - 1:
            return EVERYTHING
    return sight


def _joined(one: Sight, other: Sight) -> Sight:
    """Return what is seen of the same axis by two ways."""
    if EVERYTHING in (one, other):
        return EVERYTHING
    if NOTHING in (one, other):
        return other if one == NOTHING else one
    if one.axis == other.axis:
        span = None if one.span is None or other.span is None else one.span.joined(other.span)
        return EVERYTHING if span == ALL else Sight(one.axis, span)
    return Sight(one.axis if other.axis is None else other.axis, None) if None in (one.axis, other.axis) else NOT_STATED


def _field(place: Place, sight: Sight, length: Number) -> Field:
    span = sight.span
    if sight == EVERYTHING or (span == Span((0,), (0,), 0) and type(length) is int and length == 1):
        return Field(place, length if type(length) is int else None, Fraction(0), 0, "all", ALL)
    if span is None:
        return Field(place, None, sort="unknown")
    if span == NONE:
        return Field(place, 0, sort="none", span=NONE)
    if -inf in span.low:
        return Field(place, None, Fraction(span.shift, span.period), sort="back", span=span)
    sizes: list[Any] = [high - low + 1 for low, high in zip(span.low, span.high, strict=True) if low <= high]
    offset: Any = next((low for low in span.low if low != inf), None)
    return Field(place, max(sizes), Fraction(span.shift, span.period), offset, span=span)
