"""What must hold of every layer kind: its page, its form in every notation, its fields on the command line."""

import json
import re
from types import ModuleType
from xml.etree import ElementTree

import jsonschema
import pytest
import sympy
import yaml

import paramcalc as pc
from paramcalc.core import notation
from paramcalc.core.expression import Expression
from paramcalc.exports import kinds
from paramcalc.exports.derivations import render
from tests.helpers import SPECS, run

pytestmark = pytest.mark.sweep


@pytest.mark.parametrize("name", pc.kind_names())
def test_each_kind_has_a_page(name: str, hooks: ModuleType) -> None:
    text = hooks.kind_page(pc.kind(name))
    assert text.startswith(f"# {name}\n")
    for outside in pc.kind(name).spelled_fields():
        assert f"| `{outside}` |" in text
    assert pc.kind(name).summary().split("`")[0][:40] in text
    assert f"· {name}" in text.split("## A worked example")[1]
    assert f"({name}.md)" in hooks.kind_index()


@pytest.mark.parametrize("name", pc.kind_names())
def test_remarks_are_whole_sentences_and_their_conditions_are_expressions(name: str) -> None:
    for remark in pc.kind(name).remarks:
        assert remark.question.endswith("?")
        assert remark.answer.endswith(".")
        assert Expression.parse(remark.when, words=True)


@pytest.mark.parametrize("name", [name for name in pc.kind_names() if not pc.kind(name).open_fields()])
def test_mathml_is_well_formed_and_says_what_the_text_says(name: str) -> None:
    form = pc.formula(pc.kind(name))
    tree = ElementTree.fromstring(form.to("mathml"))
    space = "{http://www.w3.org/1998/Math/MathML}"
    assert tree.tag == f"{space}math"
    tags = {element.tag.removeprefix(space) for element in tree.iter()}
    assert tags <= {"math", "mrow", "mi", "mn", "mo", "msup", "msub", "mfrac"}
    # powers, indices and bars aside, in the same order
    flat = "".join(tree.itertext())
    text = notation.text(form.expr).translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789"))
    plain = re.sub(r"[ ()/]|(?<=\bk)_(?=[hwd]\b)", "", text)
    assert re.sub("[()]", "", flat) == plain


def test_the_schema_takes_every_spec_and_refuses_a_wrong_field() -> None:
    schema = json.loads(run("schema").stdout)
    validator = jsonschema.Draft202012Validator(schema)
    validator.check_schema(schema)
    for path in SPECS:
        validator.validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    assert not validator.is_valid({"paramcalc": 1, "layers": [{"Dense": {"unit": 3}}]})
    assert not validator.is_valid({"paramcalc": 1, "layers": ["Dense"]})
    assert not validator.is_valid({"layers": []})


@pytest.mark.parametrize("name", pc.kind_names())
def test_layers_shows_each_field_of_a_kind(name: str) -> None:
    result = run("layers", name)
    assert result.exit_code == 0
    assert all(field in result.stdout for field in pc.kind(name).spelled_fields())


@pytest.mark.parametrize("width", [60, 80, 100])
def test_the_pages_of_all_kinds_fit_a_terminal_and_nothing_is_cut(width: int) -> None:
    for name in pc.kind_names():
        page = kinds.page(name, width)
        assert [line for line in page.splitlines() if len(line) > width] == [], name
        words = re.sub(r"\s+", "", page)
        cls = pc.kind(name)
        tensors = kinds.tensor_rows(cls) if cls.has_general_form() else []
        assert all(row[0] in words for row in (*kinds.field_rows(cls), *tensors)), name
    assert max(map(len, kinds.overview(width).splitlines())) <= width


@pytest.mark.parametrize("width", [60, 80, 100])
def test_comparisons_of_all_kinds_fit_a_terminal(width: int) -> None:
    for name in pc.kind_names():
        example = pc.kind(name).example
        assert example is not None
        layer, shapes = pc.kind(name)(**example.fields), [*example.inputs] or None
        pages = [render(pc.explain(layer, input_shape=shapes), "text", width=width)]
        pages.append(render(pc.compare(layer, input_shape=shapes), "text", width=width))
        assert [line for page in pages for line in page.splitlines() if len(line) > width] == [], name


@pytest.mark.parametrize("convention", ["keras", "torch"])
@pytest.mark.parametrize("name", [name for name in pc.kind_names() if pc.kind(name).has_general_form()])
def test_the_parts_of_a_form_are_its_sum(name: str, convention: str) -> None:
    form = pc.formula(pc.kind(name), convention)
    assert sympy.expand(sum(part.expr for part in form.parts) - form.expr) == 0


@pytest.mark.parametrize("convention", ["keras", "torch"])
@pytest.mark.parametrize("name", pc.kind_names())
def test_every_answer_about_an_example_has_its_numbers(name: str, convention: str) -> None:
    example = pc.kind(name).example
    assert example is not None
    derivation = pc.explain(pc.kind(name)(**example.fields), convention, input_shape=[*example.inputs] or None)
    for layer in derivation.layers:
        for remark in layer.remarks:
            assert "{" not in remark.answer
