"""What differs between two networks: by node, by tensor, in the totals, and in symbols."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Generic, Literal, TypeAlias, TypeVar

from paramcalc.core.display import Displayed, printed
from paramcalc.core.errors import ParamcalcError
from paramcalc.measures import Measure
from paramcalc.results.count import Count, LayerCount, TensorCount, count
from paramcalc.results.measurement import MeasuredLayer, Measurement
from paramcalc.spec import Framework, Spec, Value

#: How a node differs: only the second network has it, only the first has it, or both have it and it is another.
Sort: TypeAlias = Literal["added", "removed", "changed"]
#: The totals that are compared.
TOTALS = ("total", "trainable", "non_trainable", "buffers", "bytes")

#: The rows of a network, the network itself, and a node of two.
R = TypeVar("R", LayerCount, MeasuredLayer)
W = TypeVar("W", Count, Measurement)
P = TypeVar("P", bound="NodePair[Any]")


@dataclass(frozen=True, slots=True)
class Change:
    """What differs in a node: of a tensor, or of the node itself where no tensor is named."""

    what: Literal["type", "copies", "output_shape", "tensor", "shape", "dtype", "trainable", "tied_to"]
    tensor: str | None
    #: the value in each of the two; None where there is none
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class NodePair(Generic[R]):
    """A node of two networks that is not the same in both, or that one of them alone has."""

    #: the path of its row in the network that has it, in the second where both do
    name: str
    sort: Sort
    before: R | None
    after: R | None

    @property
    def more(self) -> int:
        """How much more it comes to in the second network."""
        return (self.after.total if self.after else 0) - (self.before.total if self.before else 0)


@dataclass(frozen=True, slots=True)
class NetworkPair(Displayed, Generic[W, P]):
    """What differs between two networks. It is false where no node does."""

    before: W
    after: W
    nodes: tuple[P, ...]
    #: the dims that both have, and that have other values: the value in each
    dims: dict[str, tuple[Value, Value]]
    #: the closed form of the second minus that of the first, a SymPy expression; None where one of them has no form
    expr: Any

    def __bool__(self) -> bool:
        return bool(self.nodes)

    def __str__(self) -> str:
        return self.to("text")

    def to(self, notation: Literal["text", "markdown", "json"] = "text", **options: Any) -> str:
        """Return the difference as text, as Markdown for a pull request, or as JSON. Raises `unknown-target`."""
        return printed(self, notation, **options)


@dataclass(frozen=True, slots=True)
class NodeDifference(NodePair[LayerCount]):
    """A node that does not have the same tensors in both networks; `more` are the parameters that it has more."""

    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference(NetworkPair[Count, NodeDifference]):
    """What differs between two networks under one convention. It is false where nothing does."""


def diff(before: Spec, after: Spec, convention: Framework | None = None) -> Difference:
    """Return what differs between two specs; see `paramcalc.diff`."""
    convention = convention or before.framework
    counts = count(before, convention), count(after, convention)
    return Difference(
        *counts, tuple(_nodes(*counts)), changed_dims(*counts), form_of_difference((before, after), convention)
    )


def changed_dims(before: Count | Measurement, after: Count | Measurement) -> dict[str, tuple[Value, Value]]:
    """Return the dims that both have, and that have other values."""
    both = [name for name in before.dims if name in after.dims]
    pairs = {name: (before.dims[name], after.dims[name]) for name in both}
    return {name: (one, other) for name, (one, other) in pairs.items() if one != other}


def form_of_difference(
    specs: tuple[Spec, Spec],
    convention: Framework,
    measure: Measure | None = None,
    given: Sequence[Mapping[str, Value]] = ({}, {}),
) -> Any:
    """Return the closed form of the second minus that of the first; None where one of them has none.

    It is that of the parameters, or of another measure; `given` are the values that dims of each are given.
    """
    if not all(spec.dims for spec in specs):
        # the symbols of each would be named for its own layers
        return None
    # SymPy takes longer to load than two networks to compare
    from paramcalc.results.formula import formula
    from paramcalc.results.formula.terms import expanded

    try:
        first, second = (
            formula(spec, convention, dims=own, measure=measure) for spec, own in zip(specs, given, strict=True)
        )
    except ParamcalcError:
        return None
    return expanded(second.expr - first.expr)


# --- Nodes -----------------------------------------------------------------------------


def _nodes(before: Count, after: Count) -> Iterator[NodeDifference]:
    """Give the nodes that differ, in the order of the second network, those that only the first has before them."""
    theirs, ours = by_path(before.layers), by_path(after.layers)
    for path in theirs:
        if path not in ours:
            yield from (NodeDifference(row.name, "removed", row, None) for row in theirs[path])
    for path, rows in ours.items():
        for one, other in zip_longest(theirs.get(path, ()), rows):
            if one is None or other is None:
                row = one or other
                yield NodeDifference(row.name, "added" if one is None else "removed", one, other)
            elif changes := tuple(_changes(one, other)):
                yield NodeDifference(other.name, "changed", one, other, changes)


def by_path(rows: Iterable[R]) -> dict[tuple[str, ...], list[R]]:
    """Return rows by their paths without the numbers of copies; copies that differ have one path."""
    found: dict[tuple[str, ...], list[R]] = {}
    for row in rows:
        numbers = {each.at for each in row.copies}
        path = tuple(name for place, name in enumerate(row.path) if place not in numbers)
        found.setdefault(path, []).append(row)
    return found


def _changes(before: LayerCount, after: LayerCount) -> Iterator[Change]:
    """Give what differs between two rows of the same path."""
    own: tuple[tuple[Literal["type", "copies", "output_shape"], Any, Any], ...] = (
        ("type", before.kind, after.kind),
        ("copies", before.times, after.times),
        ("output_shape", _outputs(before), _outputs(after)),
    )
    for what, one, other in own:
        if one != other:
            yield Change(what, None, one, other)
    theirs, ours = _by_name(before.tensors), _by_name(after.tensors)
    for name in (*(name for name in theirs if name not in ours), *ours):
        yield from _tensor_changes(name, theirs.get(name), ours.get(name))


def _outputs(row: LayerCount) -> tuple[Any, ...]:
    return (row.output_shape, *row.further_output_shapes)


def _by_name(tensors: Sequence[TensorCount]) -> Mapping[str, TensorCount]:
    return {tensor.name: tensor for tensor in tensors}


def _tensor_changes(name: str, before: TensorCount | None, after: TensorCount | None) -> Iterator[Change]:
    if before is None or after is None:
        yield Change("tensor", name, before and before.shape, after and after.shape)
        return
    for what in ("shape", "dtype", "trainable", "tied_to"):
        one, other = getattr(before, what), getattr(after, what)
        if one != other:
            yield Change(what, name, one, other)
