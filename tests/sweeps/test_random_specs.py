"""What must hold of any spec: folding, arrays, closed forms, exports and what is printed, over random networks."""

import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import jsonschema
import numpy as np
import pytest
import sympy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import paramcalc as pc
from paramcalc.exports.languages.tree import form_schema
from paramcalc.exports.schema import spec_schema
from paramcalc.spec.given import read_setting
from tests.strategies import OTHER_VALUES, specs
from tests.sweeps.forms import evaluated, sizes_for
from tests.test_exports import function

pytestmark = pytest.mark.sweep

SCHEMA = jsonschema.Draft202012Validator(spec_schema())
TOTALS = ("total", "trainable", "non_trainable", "buffers", "total_untied", "active", "bytes")


@given(specs(), st.sampled_from(["keras", "torch"]), st.data())
def test_a_random_spec_has_the_count_of_its_form(spec: pc.Spec, convention: str, data: st.DataObject) -> None:
    form = pc.formula(spec, convention)
    sizes = sizes_for(form, data)
    total = pc.count(spec, convention, dims=form.dims_of(sizes)).total
    assert form(**sizes) == form(**form.dims_of(sizes)) == total
    assert form.expanded()(**sizes) == total


@given(specs(), st.data())
def test_where_a_form_has_a_value_the_count_has_the_same(spec: pc.Spec, data: st.DataObject) -> None:
    form = pc.formula(spec)
    sizes = {name: data.draw(st.integers(1, 12), label=name) for name in form.symbols}
    try:
        value = form(**sizes)
    except pc.ParamcalcError as error:
        assert error.code == "unmet-condition"  # noqa: PT017
        return
    assert pc.count(spec, dims=form.dims_of(sizes)).total == value
    arrays = {name: np.array([size, size]) for name, size in sizes.items()}
    assert np.broadcast_to(form(**arrays), 2).tolist() == [value, value]


@given(specs(), st.sampled_from(["layer", "group", "tensor"]), st.integers(1, 3))
def test_the_parts_of_a_random_spec_add_up(spec: pc.Spec, unit: Any, depth: int) -> None:
    form = pc.formula(spec)
    parts = form.by(unit, depth)
    assert sum(part.value for part in parts) == pc.count(spec).total
    assert sum(part.share for part in parts) == (1 if parts else 0)
    assert sympy.expand(sympy.Add(*(part.expr for part in parts)) - form.expr) == 0
    assert [part.value for part in parts] == sorted((part.value for part in parts), reverse=True)


def value_at(form: pc.Formula, sizes: dict[str, int]) -> int | None:
    """The value of a form; None where a size is an exponent that is so large that nothing computes the power."""
    try:
        return int(form(**sizes))
    except pc.ParamcalcError as error:
        assert error.code == "limit"  # noqa: PT017
        assert any(power.exp.free_symbols for power in form.expr.atoms(sympy.Pow))
        return None


@given(spec=specs(), factor=st.sampled_from([1, 2, 10**3, 10**25]))
def test_python_and_numpy_give_the_count(spec: pc.Spec, factor: int) -> None:
    form = pc.formula(spec)
    sizes = {name: value * factor for name, value in form.values.items()}
    expected = value_at(form, sizes)
    if expected is None:
        return
    # a name in Python has no dots
    sizes = {name.replace(".", "_"): value for name, value in sizes.items()}
    assert function(form, "python")(**sizes) == expected
    assert factor > 1 or expected == pc.count(spec).total
    if expected >= 2**63:
        with pytest.raises(OverflowError, match="might not fit in 64 bits"):
            function(form, "numpy")(**sizes)
    elif factor < 10**25:
        assert function(form, "numpy")(**sizes) == expected


@given(spec=specs(), factor=st.sampled_from([1, 7, 10**20]))
def test_the_tree_of_any_spec_is_the_form(spec: pc.Spec, factor: int) -> None:
    form = pc.formula(spec)
    document = json.loads(form.to("json"))
    jsonschema.validate(document, form_schema())
    sizes = {name: value * factor for name, value in form.values.items()}
    expected = value_at(form, sizes)
    assert expected is None or evaluated(document["expression"], sizes) == expected


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(specs(), st.sampled_from(["keras", "torch"]))
def test_folded_and_expanded_counts_agree(spec: pc.Spec, convention: str) -> None:
    folded = pc.count(spec, convention)
    expanded = pc.count(spec, convention, expand=True)
    grouped = pc.count(spec, convention, depth=1)
    for key in TOTALS:
        assert getattr(folded, key) == getattr(expanded, key) == getattr(grouped, key)
        if key != "active":
            assert getattr(folded, key) == sum(getattr(row, key) for row in folded.layers)
    assert sum(row.times for row in folded.layers) == len(expanded.layers)
    assert all(row.times == 1 for row in expanded.layers)
    assert folded.total == folded.trainable + folded.non_trainable <= folded.total_untied
    for row in expanded.layers:
        assert row.total == row.trainable + row.non_trainable


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(specs(), st.lists(st.integers(2, 12), min_size=1, max_size=4, unique=True))
def test_arrays_give_the_counts_one_by_one(spec: pc.Spec, widths: list[int]) -> None:
    try:
        together = pc.count(spec, dims={"width": np.array(widths)})
        alone = [pc.count(spec, dims={"width": width}) for width in widths]
    except pc.ParamcalcError as error:
        # a condition may hold for one width alone, and a residual fit one alone
        assert error.code in ("not-one-value", "shape-mismatch", "tie-mismatch", "share-mismatch")  # noqa: PT017
        return
    for key in TOTALS:
        assert np.broadcast_to(getattr(together, key), len(widths)).tolist() == [getattr(each, key) for each in alone]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(specs(), st.sampled_from(["keras", "torch"]))
def test_any_spec_that_is_printed_and_read_back(spec: pc.Spec, convention: str) -> None:
    text = pc.dumps(spec)
    assert pc.loads(text) == spec
    assert pc.loads(json.dumps(spec.plain())) == spec
    assert pc.count(pc.loads(text), convention).plain() == pc.count(spec, convention).plain()


@given(specs())
def test_the_schema_accepts_any_spec(spec: pc.Spec) -> None:
    SCHEMA.validate(spec.plain())


@given(specs(), st.sampled_from(["keras", "torch"]), st.data())
def test_a_dim_that_is_set_counts_as_one_that_the_file_states(
    spec: pc.Spec, convention: str, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(sorted(OTHER_VALUES)))
    value = data.draw(st.sampled_from(OTHER_VALUES[name]))
    edited = spec.plain()
    stated = edited["dims"][name]
    if isinstance(stated, dict):
        (sort,) = stated.keys() & {"value", "text", "texts", "number"}
        edited["dims"][name] = {**stated, sort: value}
    else:
        edited["dims"][name] = value
    counts = (
        lambda: pc.count(spec, convention, dims={name: value}),
        lambda: pc.count(spec, convention, dims=dict([read_setting(f"{name}={_written(value)}")])),
        lambda: pc.count(pc.loads(json.dumps(edited)), convention),
    )
    given, set_to, stated = map(_outcome, counts)
    assert given == set_to
    if isinstance(given, dict):
        assert given.pop("set").keys() == {name}
    assert given == stated


def _written(value: Any) -> str:
    """A value as `--set` has it: a text without quotes."""
    return value if isinstance(value, str) else json.dumps(value)


def _outcome(count: Callable[[], pc.Count]) -> Any:
    """What a count says, or the code of its refusal."""
    try:
        return json.loads(json.dumps(count().plain()))
    except pc.ParamcalcError as error:
        return error.code


@given(specs(), st.data())
def test_a_spec_in_several_files_is_the_one_in_a_single_one(spec: pc.Spec, data: st.DataObject) -> None:
    top = spec.plain()
    with TemporaryDirectory() as folder:
        # dims go to the first file, in their order, as far as a number; the rest stays
        dims, at = list(top.pop("dims").items()), data.draw(st.integers(1, len(spec.dims)))
        blocks = {"blocks": top.pop("blocks"), "include": "../dims.yaml"}
        conditions = {"requires": top.pop("requires")} if data.draw(st.booleans()) and spec.requires else {}
        top |= {"include": ["blocks/mlp.yaml", "dims.yaml"], "dims": dict(dims[at:])}
        (Path(folder) / "blocks").mkdir()
        for name, part in (
            ("dims", {"dims": dict(dims[:at]), **conditions}),
            ("blocks/mlp", blocks),
            ("top", {key: value for key, value in top.items() if value != {}}),
        ):
            (Path(folder) / f"{name}.yaml").write_text(json.dumps(part), encoding="utf-8")
        assert pc.load(Path(folder) / "top.yaml") == spec
