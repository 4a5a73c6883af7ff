"""The rules that keep the code small: what may import what, what is loaded when, what is complete."""

import ast
import re
from pathlib import Path

import pytest

import paramcalc

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


#: What the tests of each folder may be marked with; those that stand in none, the inner loop, bear no mark.
MARKS = {"cross_check": "framework", "fuzz": "fuzz", "pages": "page", "sweeps": "sweep", "targets": "target"}


def test_the_inner_loop_is_all_tests_that_stand_in_no_folder() -> None:
    for path in Path(__file__).parent.rglob("test_*.py"):
        used = re.findall(r"pytest\.mark\.(\w+)", path.read_text(encoding="utf-8"))
        assert {*used} & {*MARKS.values()} <= {MARKS.get(path.parent.name)}, path


def test_the_readme_and_the_metadata_agree_on_the_version() -> None:
    project = (PACKAGE.parent / "pyproject.toml").read_text(encoding="utf-8")
    assert f'version = "{paramcalc.__version__}"' in project
