"""The rules that keep the code small: what may import what, what is loaded when, what is complete."""

import ast
import importlib
import re
from pathlib import Path

import pytest

import paramcalc
from paramcalc.conventions.rows import MODULES
from paramcalc.core.registry import built_in_names, kind
from paramcalc.spec import FRAMEWORKS

PACKAGE = Path(paramcalc.__file__).parent


def test_the_public_names_are_all_there() -> None:
    names = dir(paramcalc)
    assert names == sorted(set(names))
    for name in names:
        assert getattr(paramcalc, name) is not None


def test_type_checkers_see_the_names_that_are_there() -> None:
    tree = ast.parse(Path(paramcalc.__file__).read_text(encoding="utf-8"))
    (block,) = [node for node in tree.body if isinstance(node, ast.If)]
    seen = {alias.name for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert seen == set(dir(paramcalc))


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Dence'"):
        paramcalc.Dence  # noqa: B018


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_convention_has_a_row_for_every_kind(framework: str) -> None:
    for module, names in MODULES.items():
        table = importlib.import_module(f"paramcalc.conventions.{framework}.{module}")
        assert tuple(table.EQUIVALENTS) == names
        for defaults in (getattr(table, "CHOICES", {}), getattr(table, "LAYOUT", {})):
            for name, fields in defaults.items():
                assert set(fields) <= set(kind(name).model_fields)
        for name, rows in table.EQUIVALENTS.items():
            for row in rows:
                assert set(row.fields) <= set(kind(name).model_fields)
    assert {name for names in MODULES.values() for name in names} == {*built_in_names()}


#: What the tests of each folder may be marked with; those that stand in none, the inner loop, bear no mark.
MARKS = {"cross_check": "framework", "fuzz": "fuzz", "pages": "page", "sweeps": "sweep", "targets": "target"}


def test_the_inner_loop_is_all_tests_that_stand_in_no_folder() -> None:
    for path in Path(__file__).parent.rglob("test_*.py"):
        used = re.findall(r"pytest\.mark\.(\w+)", path.read_text(encoding="utf-8"))
        assert {*used} & {*MARKS.values()} <= {MARKS.get(path.parent.name)}, path


def test_the_readme_and_the_metadata_agree_on_the_version() -> None:
    project = (PACKAGE.parent / "pyproject.toml").read_text(encoding="utf-8")
    assert f'version = "{paramcalc.__version__}"' in project
