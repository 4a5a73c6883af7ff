"""Holds the count of a spec against the real model: nothing may differ, and nothing is left out."""

from __future__ import annotations

from collections import Counter
from typing import Any

import paramcalc as pc
from paramcalc.core.algebra import Unknown

from . import reading
from .reading import RealModel, RealTensor

TOTALS = ("total", "trainable", "non_trainable", "buffers")
_SEPARATORS = {"keras": "/", "torch": "."}


def check(spec: pc.Spec, framework: str) -> RealModel:
    """Build the real model of a spec, and compare tensors, shapes and totals."""
    if framework == "keras":
        from .keras_model import build
    else:
        from .torch_model import build
    real = build(spec)
    count = pc.count(spec, framework, expand=True)
    check_tensors(spec, count, real)
    assert {row.name: _sizes(row.output_shape) for row in count.layers} == real.output_shapes
    check_totals(count, real)
    # copies that are alike made one row
    check_totals(pc.count(spec, framework), real)
    return real


def check_tensors(spec: pc.Spec, count: pc.Count, real: RealModel, dims: dict[str, Any] | None = None) -> None:
    """Each tensor by its path; where the framework lacks the kind, the tensors of its parts by their shapes."""
    leaves = {leaf.name: leaf for leaf in reading.leaves(spec, count.convention, dims)}
    rest = dict(real.tensors)
    # a group may own tensors: what is within it comes before it
    for row in sorted(count.layers, key=lambda row: -row.name.count(".")):
        prefix = row.name + _SEPARATORS[count.convention]
        expected = {
            prefix + tensor.name: RealTensor(tensor.shape, tensor.trainable, tensor.dtype)
            for tensor in row.tensors
            if tensor.tied_to is None
        }
        # first the name, then a point: no tensors that are left begin so, but its own
        found = {name: rest.pop(name) for name in [*rest] if name.startswith(prefix)}
        if reading.equivalent(leaves[row.name], count.convention) is None:
            assert Counter(expected.values()) == Counter(found.values()), row.name
        else:
            assert expected == found
    assert not rest


def check_totals(count: pc.Count, real: RealModel) -> None:
    """The sums, as the framework itself adds them up, and their bytes."""
    assert {key: getattr(count, key) for key in TOTALS} == {key: getattr(real, key) for key in TOTALS}
    if real.total_untied is not None:
        assert count.total_untied == real.total_untied
    assert count.bytes == real.bytes


def _sizes(shape: Any) -> tuple[int | None, ...]:
    return tuple(None if isinstance(size, Unknown) else size for size in shape)
