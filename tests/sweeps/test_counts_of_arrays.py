"""Counts of arrays: each row is that of a count; of many rows the total comes of the closed form."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import paramcalc as pc
from paramcalc.core.registry import MEASURES
from paramcalc.results.sweeps import arrays, measuring
from tests.helpers import ROOT
from tests.strategies import specs

pytestmark = pytest.mark.sweep

GPT2 = ROOT / "specs" / "gpt2.yaml"
VALUES = {"width": [*range(1, 13), 64], "depth": [0, 1, 2, 3], "wide": [1, 12, 20], "model.experts": [1, 2, 3]}


@contextmanager
def by_forms() -> Iterator[None]:
    """Few rows are counted by a form as well, where one holds for all."""
    with mock.patch.object(arrays, "MANY", 1), mock.patch.object(measuring, "FEW", 0):
        yield


def told(spec: Any, dims: Any, **arguments: Any) -> tuple[Any, ...]:
    """The total of a count with the kind of its numbers and its shape, or what it is refused for."""
    try:
        total = pc.count(spec, dims=dims, **arguments).total
    except pc.ParamcalcError as error:
        return (error.code, str(error))
    return (total.dtype, total.shape, total.tolist()) if isinstance(total, np.ndarray) else (total,)


@settings(max_examples=60, deadline=None)
@given(specs(), st.data())
def test_a_form_gives_what_the_graph_gives(spec: pc.Spec, data: st.DataObject) -> None:
    known = [name for name in spec.dims if name in VALUES]
    names = data.draw(st.lists(st.sampled_from(known), min_size=1, max_size=3, unique=True)) if known else []
    length = data.draw(st.integers(2, 6))
    dims = {
        name: np.array(data.draw(st.lists(st.sampled_from(VALUES[name]), min_size=length, max_size=length)))
        for name in names
    }
    with by_forms():
        by_form = told(spec, dims)
    assert by_form == told(spec, dims)


@pytest.mark.parametrize("name", [*MEASURES])
@pytest.mark.parametrize("scale", [1, 10**12])
def test_a_form_gives_what_the_graph_gives_of_every_measure(name: str, scale: int) -> None:
    dims = {"width": scale * np.array([[12, 24], [768, 36]]), "depth": np.array([[1, 2], [12, 3]]), "tokens": 64}
    with by_forms():
        by_form = told(GPT2, dims, of=name)
        assert isinstance(pc.count(GPT2, dims=dims, of=name), (arrays.CountOfArrays, arrays.MeasurementOfArrays))
    assert by_form == told(GPT2, dims, of=name)
    assert by_form[1] == (2, 2)


def test_the_rest_of_a_count_is_worked_out_when_it_is_asked_for() -> None:
    dims = {"width": np.array([768, 1536]), "depth": np.array([12, 3])}
    whole = pc.count(GPT2, dims=dims)
    flops = pc.count(GPT2, dims=dims, of="bytes")
    with by_forms():
        begun, pickled, copied = (pc.count(GPT2, dims=dims) for _ in range(3))
        measured = pc.count(GPT2, dims=dims, of="bytes")
    assert type(begun) is arrays.CountOfArrays
    assert isinstance(begun, pc.Count)
    assert begun.total.tolist() == whole.total.tolist()
    assert [np.asarray(row.total).tolist() for row in begun.layers] == [
        np.asarray(row.total).tolist() for row in whole.layers
    ]
    assert begun.trainable_bytes.tolist() == whole.trainable_bytes.tolist()
    assert str(begun) == str(whole)
    for again in (pickle.loads(pickle.dumps(pickled)), copy.copy(copied)):
        assert type(again) is pc.Count
        assert again.bytes.tolist() == whole.bytes.tolist()
    assert measured.layers[1].total.tolist() == flops.layers[1].total.tolist()
    with pytest.raises(AttributeError):
        begun.nothing  # noqa: B018


def test_what_needs_one_value_is_refused_of_many_rows_as_well() -> None:
    text = "paramcalc: 1\ndims: {n: 4}\nlayers: [Input: {shape: [n]}, {Dense: {units: 3}, when: n > 2}]\n"
    dims = {"n": np.array([3, 4, 5, 1])}
    assert told(pc.loads(text), dims)[0] == "not-one-value"
    expected = told(pc.loads(text), dims)
    with by_forms():
        assert told(pc.loads(text), dims) == expected


def test_where_one_form_does_not_hold_for_all_rows_the_graph_is_evaluated() -> None:
    text = (
        "paramcalc: 1\ndims: {n: 4, m: 4}\nlayers:\n  - Input: {shape: [n]}\n  - Dense: {units: 'max(n, m)'}\n"
        "  - Dense: {units: n // m}\n"
    )
    dims = {"n": np.array([4, 8, 8, 1]), "m": np.array([4, 2, 8, 1])}
    with by_forms():
        found = told(pc.loads(text), dims)
    assert found == told(pc.loads(text), dims)
    assert found[2] == [
        pc.count(pc.loads(text), dims={"n": int(n), "m": int(m)}).total
        for n, m in zip(dims["n"], dims["m"], strict=True)
    ]


def test_a_count_of_arrays_names_the_first_row_that_is_refused() -> None:
    widths = np.arange(12, 12_000_000, 12)
    widths[777_777] += 1
    widths[888_888] += 1
    with pytest.raises(pc.ParamcalcError) as refused:
        pc.count(GPT2, dims={"width": widths, "depth": np.int64(3)})
    assert refused.value.code == "inexact-division"
    assert "9333337 / 12 leaves a remainder, in row 777777: width = 9333337" in str(refused.value)
    text = "paramcalc: 1\ndims: {n: 4, m: 2}\nrequires: [n > m]\nlayers: [Input: {shape: [n]}, Dense: {units: m}]\n"
    with pytest.raises(pc.ParamcalcError, match=r"'n > m' does not hold at m = 3, n = 3, in row 2"):
        pc.count(pc.loads(text), dims={"n": np.array([9, 4, 3]), "m": np.array([3, 3, 3])})
    assert pc.count(pc.loads(text), dims={"n": np.array([9, 4, 3]), "m": np.array([3, 3, 2])}).total.tolist() == [
        30,
        15,
        8,
    ]


def test_counts_of_arrays_are_arrays_of_64_bits_where_they_fit() -> None:
    widths = np.array([768, 12 * 10**4])
    counted_ = pc.count(GPT2, dims={"width": widths})
    assert counted_.total.dtype == counted_.layers[1].total.dtype == pc.formula(GPT2)(width=widths).dtype == np.int64
    assert type(counted_.total) is np.ndarray
    large = pc.count(GPT2, dims={"width": widths * 10**6}).total
    assert large.dtype == object
    assert large.tolist() == [pc.count(GPT2, dims={"width": int(width) * 10**6}).total for width in widths]
