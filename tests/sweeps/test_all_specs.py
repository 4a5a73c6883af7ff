"""What must hold of every spec in `specs/`: its form, its derivation and worksheet, what is printed of it."""

import doctest
import itertools
import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

import paramcalc as pc
from paramcalc.core.expression import Environment, Expression
from paramcalc.exports import form_views, formulas
from paramcalc.exports.derivations import NOTATIONS, render
from paramcalc.exports.languages.tree import form_schema
from paramcalc.frameworks.build import source
from paramcalc.results.derivation import GroupDerivation, LayerDerivation, NodeDerivation
from paramcalc.results.formula import name_widths
from tests.helpers import REFUSED, SPECS, run
from tests.readable import assert_readable
from tests.sweeps.forms import evaluated, sizes_for
from tests.test_count_tree import check_groups
from tests.test_loading import check_printed

pytestmark = pytest.mark.sweep


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
@pytest.mark.parametrize("convention", ["keras", "torch"])
def test_every_spec_has_the_count_of_its_form(path: Path, convention: str) -> None:
    spec = pc.load(path)
    form = pc.formula(spec, convention)
    named = spec if spec.dims else name_widths(spec)[0]

    @given(st.data())
    def at_random_sizes(data: st.DataObject) -> None:
        sizes = sizes_for(form, data)
        assert form(**sizes) == pc.count(named, convention, dims=form.dims_of(sizes)).total

    at_random_sizes()


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
@pytest.mark.parametrize("convention", ["keras", "torch"])
def test_the_closed_form_gives_the_count(path: Path, convention: str) -> None:
    spec = pc.load(path)
    assert pc.formula(spec, convention)() == pc.count(spec, convention).total


@cache
def explained(path: Path, convention: str | None = None) -> pc.Derivation:
    return pc.explain(pc.load(path), convention)


def derived(path: Path, convention: str) -> tuple[pc.Derivation, list[LayerDerivation]]:
    derivation = explained(path, convention)
    return derivation, list(derivation.layers)


def groups(parts: tuple[NodeDerivation, ...]) -> list[GroupDerivation]:
    found = [part for part in parts if isinstance(part, GroupDerivation)]
    return found + [inner for group in found for inner in groups(group.parts)]


@pytest.mark.parametrize("convention", ["keras", "torch"])
@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_the_substitution_of_every_layer_gives_its_value(path: Path, convention: str) -> None:
    for layer in derived(path, convention)[1]:
        values = {sympy.Symbol(name, integer=True, positive=True): value for name, value in layer.values.items()}
        for tensor in layer.tensors:
            assert tensor.product.xreplace(values) == tensor.elements
            assert [size.xreplace(values) for size in tensor.symbolic_shape] == list(tensor.shape)
        assert layer.expr.xreplace(values) * layer.row.times == layer.row.total


@pytest.mark.parametrize("convention", ["keras", "torch"])
@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_layers_add_up_to_groups_and_groups_to_the_total(path: Path, convention: str) -> None:
    derivation, layers = derived(path, convention)
    assert sum(layer.one * layer.times for layer in layers) == derivation.count.total
    (model,) = derivation.parts
    assert model.one == derivation.count.total
    for group in groups(derivation.parts):
        assert group.one * group.times == sum(row.total for row in group.rows)
        assert all(part.times % group.times == 0 for part in group.parts)


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_every_equation_of_the_text_is_true(path: Path) -> None:
    """What is printed, read back: each step in numbers has the value of the last one."""
    text = str(explained(path))
    text = re.sub(r"\n +\+ ", " + ", text)  # a sum that goes on in the next line
    equations = re.findall(r"^  \S.*? = .*(?:\n +=.*)*", text, re.MULTILINE)
    checked = 0
    for equation in equations:
        # behind two spaces stands a note
        steps = [re.split(r"  |: it", step)[0] for step in re.split(r"\s+= ", equation)[1:]]
        values = [_value(step) for step in steps if len(steps) > 1 and not re.search("[a-z]", step)]
        assert len(set(values)) <= 1, equation
        checked += len(values) > 1
    assert checked


def _value(step: str) -> int:
    plain = {digit: f"**{place}" for place, digit in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")}
    plain |= {"⌈": "ceil(", "⌉": ")", "⌊": "floor(", "⌋": ")", "·": "*", ",": ""}
    return Expression.parse(step.translate(str.maketrans(plain))).evaluate(Environment({}))


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_each_symbol_is_explained_and_each_tensor_has_a_purpose(path: Path) -> None:
    for layer in derived(path, "keras")[1]:
        names = {size.name for tensor in layer.tensors for size in tensor.product.free_symbols}
        assert names == {each.name for each in layer.symbols}
        assert all(each.meaning for each in layer.symbols)
        assert all(tensor.purpose for tensor in layer.tensors)


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_a_comparison_has_every_tensor_of_both_sides_once(path: Path) -> None:
    comparison = pc.compare(pc.load(path))
    for layer in comparison.layers:
        for derivation, sides in [
            (layer.left, [pair.left for pair in layer.pairs]),
            (layer.right, [pair.right for pair in layer.pairs]),
        ]:
            names = [tensor.name for side in sides for tensor in side]
            assert sorted(names) == sorted(tensor.name for tensor in derivation.tensors)
        for pair in layer.pairs:
            if pair.left and pair.right:
                # the same elements, however each framework cuts them
                assert sum(each.elements for each in pair.left) == sum(each.elements for each in pair.right)


@pytest.mark.parametrize("target", NOTATIONS)
@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_a_worksheet_gives_no_answer_away(path: Path, target: str) -> None:
    derivation = explained(path)
    blank = derivation.to(target, sheet="blank")
    key = derivation.to(target, sheet="answers")
    total = f"{derivation.count.total:,}"
    assert total not in blank
    assert total in key
    first = next(layer for layer in derivation.layers if layer.tensors)
    assert first.name in blank or target == "latex"
    for layer in derivation.layers:
        for tensor in layer.tensors:
            assert tensor.elements < 10_000 or f"{tensor.elements:,}" not in blank
        for remark in layer.remarks:
            assert remark.answer[:30] not in blank


@pytest.mark.parametrize("width", [60, 80, 100])
@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_all_sheets_fit_a_terminal_and_nothing_is_cut(path: Path, width: int) -> None:
    derivation = explained(path)
    sheets = [render(derivation, "text", sheet=sheet, width=width) for sheet in ("derivation", "blank", "answers")]
    sheets += [render(derivation, "text", brief=True, width=width)]
    sheets += [render(pc.compare(pc.load(path)), "text", width=width)]
    for line in "\n".join(sheets).splitlines():
        assert len(line) <= width, line
    joined = [re.sub(r"\s+", "", sheet) for sheet in sheets]
    for layer in derivation.layers:
        assert layer.name in joined[0]
        assert layer.name in joined[3]
        assert all(tensor.name in joined[0] for tensor in layer.tensors)


def test_html_is_one_page_that_needs_nothing_else() -> None:
    for path in SPECS:
        page = explained(path).to("html")
        assert page.startswith('<!DOCTYPE html>\n<html lang="en">')
        for outside in ("http", "<script", "<link", "@import", "url(", "src="):
            assert outside not in page


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
@pytest.mark.parametrize("options", ["", "--expand", "--by layer", "--by group", "--by tensor", "--elasticities"])
def test_every_spec_fits_80_columns(path: Path, options: str) -> None:
    result = run("formula", str(path), *options.split())
    assert result.exit_code == 0
    assert max(map(len, result.stdout.splitlines())) <= 80


@pytest.mark.parametrize("width", [60, 100])
@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_every_form_fits_a_terminal(path: Path, width: int) -> None:
    form = pc.formula(pc.load(path))
    pages = [formulas.render(each, "text", width=width) for each in (form, form.expanded())]
    pages += [form_views.parts(form, "text", unit, width=width) for unit in ("layer", "group", "tensor")]
    pages += [form_views.leading(form, "text", width=width), form_views.elasticities(form, "text", width=width)]
    for line in "\n".join(pages).splitlines():
        assert len(line) <= width, line


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
@pytest.mark.parametrize("command", ["count", "explain", "formula"])
def test_every_spec_can_be_printed(command: str, path: Path) -> None:
    result = run(command, str(path))
    assert result.exit_code == 0, result.stderr
    assert f"{pc.count(pc.load(path)).total:,}" in result.stdout


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_a_derivation_fits_eighty_columns(path: Path) -> None:
    for line in run("explain", str(path)).stdout.splitlines():
        assert len(line) <= 80, line


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
@pytest.mark.parametrize("target", ["python", "numpy"])
def test_the_example_in_the_documentation_of_the_function_is_right(path: Path, target: str) -> None:
    text = pc.formula(pc.load(path)).to(target)
    names: dict[str, Any] = {}
    exec(compile(text, target, "exec"), names)
    documented = next(value.__doc__ for name, value in names.items() if name.endswith("_parameters"))
    (test,) = [doctest.DocTestParser().get_doctest(documented, names, path.stem, None, 0)]
    assert test.examples
    assert doctest.DocTestRunner().run(test).failed == 0


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_the_tree_of_a_spec_is_evaluated_by_a_few_lines(path: Path) -> None:
    spec = pc.load(path)
    document = json.loads(pc.formula(spec).to("json"))
    jsonschema.validate(document, form_schema())
    sizes = {each["name"]: each["value"] for each in document["symbols"]}
    assert evaluated(document["expression"], sizes) == document["value"] == pc.count(spec).total
    assert all(evaluated(each["holds"], sizes) for each in document["conditions"])


def chained() -> pc.Spec:
    """Layers of another dtype, frozen, or both, whose lines end on either side of the longest."""
    ways = itertools.product(range(1, 60, 3), ("float32", "bfloat16"), (True, False))
    layers: list[Any] = [pc.Input(shape=(48000,))]
    for length, dtype, trainable in ways:
        name = f"{'n' * length}_{dtype}_{trainable}"
        dense = pc.Dense(units=32000, use_bias=False)
        layers.append(pc.Node(layer=dense, name=name, dtype=dtype, trainable=trainable))
    return pc.Spec(layers=layers, framework="torch")


def test_the_source_of_every_spec_is_formatted_as_ruff_formats_it(tmp_path: Path) -> None:
    for framework in ("keras", "torch"):
        for path in SPECS:
            if (path.stem, framework) in REFUSED:
                continue
            text = source(pc.load(path), framework)
            assert max(map(len, text.splitlines())) <= 100
            (tmp_path / f"{path.stem}_{framework}.py").write_text(text)
    (tmp_path / "chained.py").write_text(source(chained(), "torch"))
    command = [sys.executable, "-m", "ruff", "format", "--isolated", "--line-length", "100", "--diff", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("", 0)


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_specs_that_are_printed_and_read_back(path: Path) -> None:
    check_printed(path)


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_every_spec_is_readable_at_80_columns(path: Path) -> None:
    assert_readable(pc.count(path))


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_groups_add_up_to_the_total(path: Path) -> None:
    check_groups(path)
