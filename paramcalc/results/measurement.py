"""A measure of a network, layer by layer and as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic

from typing_extensions import TypeVar

from paramcalc.conventions import Convention
from paramcalc.conventions import convention as named_convention
from paramcalc.core import algebra
from paramcalc.core.algebra import Number
from paramcalc.core.display import Displayed, plain
from paramcalc.core.errors import quoted, refuse
from paramcalc.graph import Branch, Graph, Leaf, Tree, check_states, evaluate, leaves
from paramcalc.measures import Amounts, Measure, NotAlike, Term
from paramcalc.results.rows import Row, Rows, located_in
from paramcalc.spec import Framework, Spec, Value

#: What is measured: whole numbers, or arrays of them where a dim is one.
N = TypeVar("N", default=int)


@dataclass(frozen=True, slots=True)
class MeasuredLayer(Row, Generic[N]):
    """A row of a measurement: a layer, copies of it that are alike, or a group; its total is over the copies."""

    total: N
    #: what one copy of a layer is made of
    terms: tuple[Term, ...]
    #: what all copies together have beside that: the first may be another than the rest
    once: N


@dataclass(frozen=True, slots=True)
class Measurement(Displayed, Generic[N]):
    """What a measure is of a spec: whole numbers, or arrays of them."""

    name: str
    #: the name of the measure, and what a number of it counts
    measure: str
    unit: str
    total: N
    convention: Framework
    dims: dict[str, Value]
    #: of the dims, those that were given beside the spec
    given: dict[str, Value]
    layers: tuple[MeasuredLayer[N], ...]
    #: the measure of each leaf
    amounts: Amounts = field(repr=False, compare=False)
    #: the tree that the rows are the leaves of
    root: Branch = field(repr=False, compare=False)
    #: what is probably not meant as it is written, and what the measure leaves out
    notes: tuple[str, ...] = ()

    def plain(self) -> dict[str, Any]:
        """Return the measurement as JSON has it; the keys are stable."""
        return plain(self)


def measured(
    spec: Spec,
    measure: Measure,
    convention: Framework | None = None,
    *,
    dims: Mapping[str, Value] | None = None,
    expand: bool = False,
    depth: int | None = None,
) -> Measurement[Any]:
    """Return what a measure is of a spec. The other arguments are those of `count`. Raises `ParamcalcError`."""
    target = named_convention(convention or spec.framework)
    with located_in(spec):
        if measure.by_convention:
            check_states(spec, target)
        prepared = measure.prepared(spec)
        try:
            graph, amounts, rows = _rows(prepared, measure, target, dims, not expand, depth)
        except NotAlike:
            # copies that are alike in themselves, and not in what flows through them
            graph, amounts, rows = _rows(prepared, measure, target, dims, False, depth)
    return Measurement(
        name=spec.name,
        measure=measure.name,
        unit=measure.unit,
        total=algebra.total([row.total for row in rows]),
        convention=target.name,
        dims=graph.dims,
        given={name: graph.dims[name] for name in dims or ()},
        layers=tuple(rows),
        amounts=amounts,
        root=graph.root,
        notes=(*graph.remarks, *measure.notes(graph)),
    )


def _rows(
    spec: Spec,
    measure: Measure,
    target: Convention,
    dims: Mapping[str, Value] | None,
    fold: bool,
    depth: int | None,
) -> tuple[Graph, Amounts, list[MeasuredLayer]]:
    graph = evaluate(spec, target.name, dims, fold=fold, by_layers=measure.needs_connections)
    amounts = measure.amounts(graph, measure.context(graph, target))
    _check_active(graph.root, amounts)
    return graph, amounts, [*_Measurer(amounts, depth).rows(graph.root, 1, 1, 0)]


class _Measurer(Rows[MeasuredLayer]):
    """Makes rows of the leaves of a graph."""

    def __init__(self, amounts: Amounts, depth: int | None) -> None:
        super().__init__(amounts.context.convention, depth)
        self.amounts = amounts

    def row(self, leaf: Leaf, times: Number, active: Number, place: dict[str, Any]) -> MeasuredLayer:
        often = active if self.amounts.measure.of_active else times
        once = self.amounts.once(leaf)
        total = self.amounts.each(leaf) * often + once
        total, once = algebra.released(total), algebra.released(once)
        return MeasuredLayer(**place, total=total, terms=self.amounts.terms(leaf), once=once)

    def whole(self, rows: Sequence[MeasuredLayer], place: dict[str, Any]) -> MeasuredLayer:
        return MeasuredLayer(**place, total=algebra.total([row.total for row in rows]), terms=(), once=0)


def _check_active(tree: Tree, amounts: Amounts) -> None:
    """Refuse copies side by side of which some are active, and that differ: `unlike-copies`."""
    if not isinstance(tree, Branch):
        return
    if tree.active is not None and amounts.measure.of_active and not amounts.measure.shares:
        copies = [child for child in tree.children if child.label != "merge"]
        each = [algebra.divide(_of_tree(child, amounts), child.times) for child in copies]
        other = next((one for one in each[1:] if not algebra.same(each[0], one)), None)
        if other is not None:
            unit = amounts.measure.unit
            message = f"one copy of '{tree.name}' has {quoted(each[0])} {unit}, and another {quoted(other)}"
            raise refuse("unlike-copies", message, f"of copies that differ, it is not known how many {unit} are active")
    for child in tree.children:
        _check_active(child, amounts)


def _of_tree(tree: Tree, amounts: Amounts) -> Number:
    return sum((times * amounts.each(leaf) + amounts.once(leaf) for leaf, times in leaves(tree)), start=0)
