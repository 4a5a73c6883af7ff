"""What is printed as JSON of every spec and layer type: its schema takes it, and its formulas have their values."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import paramcalc as pc
from paramcalc.core.errors import LIMITS
from paramcalc.core.registry import built_in_names, kind
from paramcalc.exports import vectors
from paramcalc.exports.languages.tree import parts_data
from paramcalc.spec import FRAMEWORKS
from tests.helpers import ROOT, SPECS, run
from tests.strategies import specs
from tests.sweeps.forms import evaluated
from tests.sweeps.test_data import LSTM, printed, validator, vectors_of, whole
from tests.test_exports import function

pytestmark = pytest.mark.sweep

every_spec = pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)


@every_spec
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_the_rows_of_a_count_have_paths_and_copies(path: Path, framework: str) -> None:
    for options in ([], ["--depth", "1"]):
        for row in printed("count", "count", str(path), "--format", "json", "--as", framework, *options)["layers"]:
            times = 1
            for each in row["copies"]:
                assert row["path"][each["at"]] == str(each["first"])
                times *= each["last"] - each["first"] + 1
            assert row["times"] == times


@every_spec
@pytest.mark.parametrize("unit", ["layer", "group", "tensor"])
def test_the_parts_of_a_form_have_their_values_and_add_up(path: Path, unit: str) -> None:
    document = printed("form", "formula", str(path), "--by", unit, "--to", "json")
    sizes = {each["name"]: each["value"] for each in document["symbols"]}
    assert sum(part["value"] for part in document["parts"]) == document["value"]
    for part in document["parts"]:
        assert evaluated(part["expression"], sizes) == part["value"]
        numerator, denominator = part["share"]
        assert numerator * document["value"] == denominator * part["value"]
    paths = [json.dumps(part["path"]) for part in document["parts"]]
    assert len({*paths}) == len(paths)


@every_spec
def test_the_layers_of_a_form_are_the_rows_of_the_count(path: Path) -> None:
    # each copy of its own
    rows = pc.count(pc.load(path), expand=True).plain()["layers"]
    counted = {tuple(row["path"]): row["total"] for row in rows if row["total"]}
    document = printed("form", "formula", str(path), "--by", "layer", "--to", "json")
    sizes = {each["name"]: each["value"] for each in document["symbols"]}
    for part in document["parts"]:
        assert sum(counted.pop(each) for each in _all_copies(part, sizes)) == part["value"]
    assert counted == {}


def _all_copies(part: Any, sizes: dict[str, int]) -> list[tuple[str, ...]]:
    """The paths of all copies that a part stands for."""
    paths = [tuple(part["path"])]
    for each in part["copies"]:
        numbers = range(each["first"], evaluated(each["last"], sizes) + 1)
        paths = [(*path[: each["at"]], str(n), *path[each["at"] + 1 :]) for path in paths for n in numbers]
    return paths


def _check_derivation(document: Any, total: int) -> None:
    for layer in document["layers"]:
        symbols = {each["name"]: whole(each["value"]) for each in layer["symbols"]}
        assert evaluated(layer["formula"], symbols) == evaluated(layer["substitution"], {}) == layer["value"]
        assert layer["total"] == layer["times"] * layer["value"]
        assert layer["value"] == sum(each["value"] for each in layer["tensors"] if each["counts"])
        for tensor in layer["tensors"]:
            assert [evaluated(size, symbols) for size in tensor["symbolic_shape"]] == tensor["shape"]
            assert evaluated(tensor["formula"], symbols) == evaluated(tensor["substitution"], {}) == tensor["value"]
    for group in filter(None, [*document["groups"], document["model"]]):
        for part in group["parts"]:
            whole_part = document["layers" if part["role"] == "layer" else "groups"][part["index"]]
            assert (whole_part["path"], whole_part["value"]) == (part["path"], part["value"])
            # a group named `.` has the path of the group around it, and is another
            assert whole_part is not group
        assert sum(part["times"] * part["value"] for part in group["parts"]) == group["value"]
        assert group["times"] * group["value"] == group["total"]
    assert sum(layer["total"] for layer in document["layers"]) == total
    # of a layer on its own there is no model
    assert document["model"] is None or document["model"]["total"] == total


@every_spec
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_the_formulas_of_a_derivation_have_its_values(path: Path, framework: str) -> None:
    document = printed("derivation", "explain", str(path), "--format", "json", "--as", framework)
    _check_derivation(document, pc.count(path, framework).total)


@pytest.mark.parametrize("name", built_in_names())
def test_the_derivation_of_every_layer_type_has_its_values(name: str) -> None:
    example = kind(name).example
    assert example is not None
    layer, shapes = kind(name)(**example.fields), list(example.inputs)
    for framework in FRAMEWORKS:
        document = json.loads(json.dumps(pc.explain(layer, framework, input_shape=shapes or None).plain()))
        validator("derivation").validate(document)
        _check_derivation(document, pc.count(layer, framework, input_shape=shapes or None).total)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(specs(), st.sampled_from(["keras", "torch"]))
def test_what_is_data_of_a_random_spec_is_right(spec: pc.Spec, framework: str) -> None:
    count = pc.count(spec, framework)
    validator("count").validate(count.plain())
    derivation = pc.explain(spec, framework).plain()
    validator("derivation").validate(derivation)
    _check_derivation(derivation, count.total)
    form = pc.formula(spec, framework)
    for unit in ("layer", "group", "tensor"):
        validator("form").validate(parts_data(form, unit, 1))
    # at whatever sizes, the vectors have the count of the spec
    document = vectors.plain(form)
    validator("vectors").validate(document)
    for each in document["vectors"][::5]:
        if "value" in each:
            sizes = form.dims_of({name: whole(size) for name, size in each["sizes"].items()})
            try:
                total = pc.count(spec, framework, dims=sizes).total
            except pc.ParamcalcError as error:
                # a size of a layer without parameters is the product of a double, which holds none beyond 2^53;
                # and copies that differ are one sum in the form, while the count goes through them one by one
                largest = {"invalid-value": 2**50, "limit": LIMITS.copies // 100}[error.code]
                assert max(whole(size) for size in each["sizes"].values()) > largest
            else:
                assert total == whole(each["value"])


# --- Layer types -----------------------------------------------------------------------


def _symbols(tree: Any) -> set[str]:
    if isinstance(tree, list):
        return set().union(*map(_symbols, tree[1:]))
    return {tree} if isinstance(tree, str) else set()


@cache
def layer_types() -> dict[str, Any]:
    """All layer types, by their names."""
    return {each["name"]: each for each in printed("layers", "layers", "--format", "json")["layers"]}


@cache
def spec_definitions() -> set[str]:
    """What the schema of a spec defines."""
    return {*json.loads(run("schema").stdout)["$defs"]}


def test_one_list_has_every_layer_type() -> None:
    assert [*layer_types()] == built_in_names()
    for name, layer in [*layer_types().items()][::10]:
        assert printed("layers", "layers", name, "--format", "json")["layers"] == [layer]


@pytest.mark.parametrize("name", built_in_names())
def test_a_layer_type_has_all_that_it_declares(name: str) -> None:
    layer = layer_types()[name]
    cls = kind(name)
    # a reference in the schema of a field is to the schema of a spec
    assert {*re.findall(r'"#/\$defs/(\w+)"', json.dumps(layer["fields"]))} <= spec_definitions()
    assert [each["name"] for each in layer["fields"]] == [*cls.spelled_fields()]
    assert layer["summary"]
    if layer["tensors"] is None:
        assert not cls.has_general_form()
        return
    known = {each["name"]: each["minimum"] for each in layer["symbols"]}
    for tensor in layer["tensors"]:
        for tree in (*tensor["shape"], tensor["elements"], tensor["condition"]):
            assert _symbols(tree) <= {*known}
        # a condition is of flags, which are 1 or 0
        assert all(known[each] == 0 for each in _symbols(tensor["condition"]))
    names = {each["name"] for each in layer["tensors"]}
    for framework in FRAMEWORKS:
        form = layer["forms"][framework]
        assert form == json.loads(pc.formula(cls, framework).to("json"))
        assert _symbols(layer["forms_by_default"][framework]) <= {each["name"] for each in form["symbols"]}
        for row in layer["frameworks"][framework]["classes"]:
            assert {member for tensor in row["tensors"] for member in tensor["members"]} <= names


@pytest.mark.parametrize("name", built_in_names())
def test_the_tensors_of_a_layer_type_add_up_to_its_form(name: str) -> None:
    layer = layer_types()[name]
    # fields that add tensors, such as the rank of an update: these tensors are no part of the form
    absent = [each for each in layer["fields"] if not each["required"] and each["default"] is each["same_as"] is None]
    added = {symbol for each in absent for symbol in each["symbols"]}
    symbols = {each["name"]: 2 * place if each["minimum"] else 1 for place, each in enumerate(layer["symbols"], 1)}
    for form in (layer["forms"] or {}).values():
        defaults = layer["frameworks"][form["convention"]]["defaults"]
        if {*defaults} - {*symbols, "axis", "data_format"}:
            # another form of the layer is the default there: shared slopes of PReLU, PyTorch's GRU
            continue
        sizes = {**symbols, **{name: int(value) for name, value in defaults.items() if name in symbols}}
        counted = [
            each
            for each in layer["tensors"]
            if (form["convention"] == "keras" or each["role"] == "parameter") and not _symbols_of(each) & added
        ]
        total = sum(evaluated(each["elements"], sizes) * evaluated(each["condition"], sizes) for each in counted)
        assert evaluated(form["expression"], sizes) == total, form["convention"]


def _symbols_of(tensor: Any) -> set[str]:
    return set().union(*map(_symbols, (*tensor["shape"], tensor["condition"])))


# --- Vectors ---------------------------------------------------------------------------


@every_spec
def test_python_numpy_and_the_tree_pass_the_conformance_vectors(path: Path) -> None:
    form = pc.formula(pc.load(path))
    python, numpy = (function(form, target) for target in ("python", "numpy"))
    document = json.loads(form.to("json"))
    for sizes, value in vectors_of(str(path)):
        if isinstance(value, int):
            assert python(**sizes) == evaluated(document["expression"], sizes) == value
            assert all(evaluated(each["holds"], sizes) for each in document["conditions"])
        else:
            with pytest.raises(ValueError, match=r"is at least 1|the form holds where"):
                python(**sizes)
            assert 0 in sizes.values() or not all(evaluated(each["holds"], sizes) for each in document["conditions"])
        try:
            assert numpy(**sizes) == value
        except OverflowError:
            assert max(sizes.values()) > 2**31
        except ValueError:
            assert value == "unmet-condition"


# --- Schemas ---------------------------------------------------------------------------

GPT2 = str(ROOT / "specs" / "gpt2.yaml")
SOLVED = ("--total", "125M", "--vary", "width", "--vary", "depth=8,12", "--tolerance", "1%")
#: For each schema, what is printed by these arguments.
PRINTED = {
    "count": ("count", LSTM, "--format", "json"),
    "form": ("formula", LSTM, "--to", "json", "--by", "layer"),
    "layers": ("layers", "LSTM", "--format", "json"),
    "derivation": ("explain", LSTM, "--format", "json"),
    "vectors": ("formula", LSTM, "--vectors"),
    "solve": ("solve", GPT2, *SOLVED, "--format", "json"),
}
#: Keys of objects whose keys are names of a spec or of a framework; what `fields` and `parts` are, depends.
NAMED = {
    "totals",
    "varied",
    "dims",
    "fixed",
    "substituted",
    "meanings",
    "sizes",
    "defaults",
    "arguments",
    "schema",
    "fields",
    "parts",
}


def _objects(document: Any) -> Any:
    """All objects in a document whose keys are those of the format."""
    if isinstance(document, dict):
        yield document
        for key, value in document.items():
            if key not in NAMED or isinstance(value, list):
                yield from _objects(value)
    elif isinstance(document, list):
        for value in document:
            yield from _objects(value)


@pytest.mark.parametrize("what", PRINTED)
def test_each_schema_refuses_a_key_more_and_a_key_less_anywhere(what: str) -> None:
    document = printed(what, *PRINTED[what])
    assert not validator(what).is_valid({**document, f"paramcalc_{what}": 2})
    # one object of each sort
    found = {tuple(each): each for each in _objects(document)}
    assert len(found) >= 2
    for keys, each in found.items():
        before = dict(each)
        each["further"] = 1
        assert not validator(what).is_valid(document), keys
        del each["further"]
        for key in keys:
            del each[key]
            assert not validator(what).is_valid(document), (key, keys)
            each.clear()
            each.update(before)
    assert validator(what).is_valid(document)
