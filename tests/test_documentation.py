"""The documentation says what the program does: its examples run, and its lists are complete."""

import re
from types import ModuleType

import pytest

import paramcalc
import paramcalc.layers
from paramcalc.core.errors import CODES, LIMITS
from paramcalc.core.expression import FUNCTIONS
from paramcalc.core.registry import COMMANDS, command, kind_names
from paramcalc.exports import kinds
from tests.refresh_documentation import ROOT, executed, pages
from tests.sized_layers import KERAS, TORCH, WITHOUT_ARGUMENTS, classes
from tests.test_layout import ORDER

DOCS = ROOT / "docs"


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


# --- Examples --------------------------------------------------------------------------


def test_an_example_that_prints_something_else_is_noticed() -> None:
    wrong = "```python\n>>> 1 + 1\n3\n```"
    assert executed(wrong) == "```python\n>>> 1 + 1\n2\n```"
    wrong = "```console\n$ paramcalc --version\nparamcalc, version 0\n```"
    assert executed(wrong) == f"```console\n$ paramcalc --version\nparamcalc, version {paramcalc.__version__}\n```"


def test_a_command_that_is_not_understood_is_an_error() -> None:
    with pytest.raises(ValueError, match="not understood: ls"):
        executed("```console\n$ ls\n```")


def test_every_block_has_a_language_that_is_known() -> None:
    known = {"bash", "console", "csv", "json", "latex", "python", "sh", "text", "toml", "yaml"}
    for path in pages():
        opened = re.findall(r"^```(.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)[::2]
        assert set(opened) <= known, path.name


# --- Lists that must be complete -------------------------------------------------------


def test_the_page_of_single_layers_has_every_class_of_both_tables() -> None:
    text = page("derived-layers.md")
    for framework, rows in (("torch", TORCH), ("keras", KERAS)):
        sized, others = classes(framework)
        assert {*sized} == {row.name for row in rows} | {
            name for name in WITHOUT_ARGUMENTS if name.startswith(framework)
        }
        assert all(f"| `{name}` |" in text for name in sized)
        assert all(f"`{name}`" in text for name in others)


def first_cells(markdown: str) -> list[str]:
    return re.findall(r"^\| `([\w-]+)` \|", markdown, re.MULTILINE)


def test_the_page_of_errors_lists_exactly_the_codes(hooks: ModuleType) -> None:
    assert first_cells(hooks.filled(page("errors.md"))) == [*CODES]


def test_the_page_of_limits_lists_exactly_the_limits(hooks: ModuleType) -> None:
    assert first_cells(hooks.filled(page("limits.md"))) == [*LIMITS._fields]
    assert all(hooks.limit_meanings().values())


def test_every_public_name_is_on_the_page_of_python_or_of_a_kind() -> None:
    mentioned = {*re.findall(r"\w+", page("python.md")), *kind_names()}
    assert {*dir(paramcalc)} <= mentioned


def test_every_name_to_declare_a_layer_type_with_is_on_its_page() -> None:
    table = page("own-layers.md").split("All that a declaration needs")[1].split("\n## ")[0]
    first = [name for cell in re.findall(r"^\| (.*?) \|", table, re.MULTILINE) for name in re.findall(r"`(\w+)`", cell)]
    assert sorted(first) == sorted(paramcalc.layers.__all__)


def test_every_key_of_a_spec_and_every_function_is_on_the_page_of_the_spec_file() -> None:
    from paramcalc.exports.schema import spec_schema

    schema = spec_schema()
    places = [schema["$defs"][f"{content}_place"]["properties"] for content in ("layer", "group", "call", "share")]
    keys = {*schema["properties"], *(key for place in places for key in place), "layers", "block", "share"}
    text = page("spec-file.md")
    assert {key for key in keys if f"`{key}`" not in text} == set()
    assert {name for name in FUNCTIONS if f"`{name}(" not in text} == set()


def test_every_command_and_option_is_on_the_page_of_the_command_line() -> None:
    text = page("command-line.md")
    for name in COMMANDS:
        assert f"## {name}\n" in text
        for parameter in command(name).params:
            for option in parameter.opts if parameter.param_type_name == "option" else ():
                assert f"`{option}" in text, f"{name} {option}"


def test_the_modules_stand_in_their_order_on_the_page_of_development() -> None:
    table = page("development.md").split("## The order of the modules")[1]
    named = re.findall(r"^\| `(\w+)(?:\.py|/)` \|", table, re.MULTILINE)
    assert named == [name for name in ORDER if name != "__main__"]


# --- Pages made from the registry ------------------------------------------------------


def test_tensors_of_layers_that_are_alike_stand_in_one_row() -> None:
    rows = [
        ("l_0_a", "(n)"),
        ("l_0_b", "(n)"),
        ("l_1_a", "(n)"),
        ("l_1_b", "(m)"),
        ("l_3_c_1", "(n)"),
        ("l_4_c_2", "(n)"),
    ]
    assert kinds.folded(rows) == [("l_0..1_a", "(n)"), ("l_0_b", "(n)"), ("l_1_b", "(m)"), *rows[-2:]]
    pairs = [(f"norm_{each}", f"norm{each}.weight", "(3, 3)") for each in (1, 2, 3)]
    assert kinds.folded(pairs, names=2) == [("norm_1..3", "norm1..3.weight", "(3, 3)")]
    assert kinds.folded([("a_1", "(3)"), ("a_2", "(4)")]) == [("a_1", "(3)"), ("a_2", "(4)")]


def test_every_table_that_a_page_asks_for_is_made(hooks: ModuleType) -> None:
    asked = {
        name for path in DOCS.glob("*.md") for name in re.findall(r"<!-- generated: ([\w-]+) -->", path.read_text())
    }
    assert asked == {*hooks.TABLES}


def test_every_page_is_in_the_navigation() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert {path.name for path in DOCS.glob("*.md") if f": {path.name}" not in navigation} == set()
