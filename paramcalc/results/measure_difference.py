"""What another measure of two networks differs by: by node, in total, and in symbols."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import TypeAlias

from paramcalc.measures import Measure
from paramcalc.results.difference import NetworkPair, NodePair, Sort, by_path, changed_dims, form_of_difference
from paramcalc.results.measurement import MeasuredLayer, Measurement, measured
from paramcalc.spec import Framework, Spec, Value

#: A node that does not come to the same in both networks.
MeasuredNode: TypeAlias = NodePair[MeasuredLayer]


@dataclass(frozen=True, slots=True)
class MeasureDifference(NetworkPair[Measurement, MeasuredNode]):
    """What a measure of two networks differs by. It is false where no node differs."""


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
    expr = form_of_difference((before, after), convention, measure, given)
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
            node = NodePair(row.name, sort, one, other)
            if node.more:
                yield node
