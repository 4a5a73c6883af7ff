"""What another measure of two networks differs by: by node, in total, and in symbols."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Literal

from paramcalc.core.display import Displayed, printed
from paramcalc.core.errors import ParamcalcError
from paramcalc.measures import Measure
from paramcalc.results.difference import Sort, by_path, changed_dims
from paramcalc.results.measurement import MeasuredLayer, Measurement, measured
from paramcalc.spec import Framework, Spec, Value


@dataclass(frozen=True, slots=True)
class MeasuredNode:
    """A node that does not come to the same in both networks."""

    #: the path of its row in the network that has it, in the second where both do
    name: str
    sort: Sort
    before: MeasuredLayer | None
    after: MeasuredLayer | None

    @property
    def more(self) -> int:
        """How much more it comes to in the second network."""
        return (self.after.total if self.after else 0) - (self.before.total if self.before else 0)


@dataclass(frozen=True, slots=True)
class MeasureDifference(Displayed):
    """What a measure of two networks differs by. It is false where no node differs."""

    before: Measurement
    after: Measurement
    nodes: tuple[MeasuredNode, ...]
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


def diff_measure(
    before: Spec,
    after: Spec,
    measure: Measure,
    convention: Framework | None = None,
    dims: Mapping[str, Value] | None = None,
) -> MeasureDifference:
    """Return what a measure of two specs differs by; see `paramcalc.diff`."""
    convention = convention or before.framework
    given = [_of(spec, measure, dims or {}) for spec in (before, after)]
    one, other = (
        measured(spec, measure, convention, dims=own) for spec, own in zip((before, after), given, strict=True)
    )
    expr = _form_of_difference((before, after), measure, convention, given)
    return MeasureDifference(one, other, tuple(_nodes(one, other)), changed_dims(one, other), expr)


def _of(spec: Spec, measure: Measure, dims: Mapping[str, Value]) -> dict[str, Value]:
    """Return the values that dims of a spec are given."""
    known = measure.prepared(spec).dims
    return {name: value for name, value in dims.items() if name in known}


def _nodes(before: Measurement, after: Measurement) -> Iterator[MeasuredNode]:
    """Give the nodes that differ, in the order of the second network, those that only the first has before them."""
    theirs, ours = by_path(before.layers), by_path(after.layers)
    for path in {**theirs, **ours}:
        for one, other in zip_longest(theirs.get(path, ()), ours.get(path, ())):
            row = other or one
            assert row is not None
            sort: Sort = "added" if one is None else "removed" if other is None else "changed"
            node = MeasuredNode(row.name, sort, one, other)
            if node.more:
                yield node


def _form_of_difference(
    specs: tuple[Spec, Spec], measure: Measure, convention: Framework, given: list[dict[str, Value]]
) -> Any:
    """Return the closed form of the second minus that of the first; None where one of them has none."""
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
