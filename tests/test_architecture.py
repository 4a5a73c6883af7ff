"""The rules that keep the code small: what may import what, what is loaded when, what is complete."""

import ast
import importlib
import inspect
import re
from pathlib import Path

import pytest

import paramcalc
from paramcalc.core.registry import FAMILIES, kind, kind_names
from paramcalc.layers.base.declaration import Layer

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


def test_the_table_of_families_is_what_the_modules_declare() -> None:
    for family, names in FAMILIES.items():
        module = importlib.import_module(f"paramcalc.layers.{family}")
        declared = [
            name
            for name, value in vars(module).items()
            if inspect.isclass(value) and issubclass(value, Layer) and value.__module__ == module.__name__
        ]
        assert tuple(name for name in declared if not name.startswith("_")) == names


def test_a_kind_says_all_that_its_page_needs() -> None:
    for name in kind_names():
        _check_declaration(kind(name))


def _check_declaration(cls: type[Layer]) -> None:
    assert cls.summary().endswith(".")
    assert cls.source
    for field, info in cls.model_fields.items():
        assert info.description, field
    form_symbols = [letter for field in cls.model_fields if (letter := cls.lettered_fields().get(field))]
    axes = [name for each in cls.inputs for name in each.names]
    assert len(form_symbols) == len(set(form_symbols)), "two fields have one symbol"
    assert not set(form_symbols) & set(axes), "a field and an axis have one symbol"
    for each in cls.inputs:
        assert set(each.meanings) == set(each.names), "each axis has a meaning"


def test_no_kind_takes_a_function_that_changes_its_shape() -> None:
    for name in kind_names():
        with pytest.raises(paramcalc.ParamcalcError) as caught:
            kind(name)(activation="glu", no_such_field=1)
        stated = [each.message for each in caught.value.problems if each.code == "invalid-value"]
        assert any("'glu'" in message for message in stated) == ("activation" in kind(name).model_fields), name


#: What the tests of each folder may be marked with; those that stand in none, the inner loop, bear no mark.
MARKS = {"cross_check": "framework", "fuzz": "fuzz", "pages": "page", "sweeps": "sweep", "targets": "target"}


def test_the_inner_loop_is_all_tests_that_stand_in_no_folder() -> None:
    for path in Path(__file__).parent.rglob("test_*.py"):
        used = re.findall(r"pytest\.mark\.(\w+)", path.read_text(encoding="utf-8"))
        assert {*used} & {*MARKS.values()} <= {MARKS.get(path.parent.name)}, path


def test_the_readme_and_the_metadata_agree_on_the_version() -> None:
    project = (PACKAGE.parent / "pyproject.toml").read_text(encoding="utf-8")
    assert f'version = "{paramcalc.__version__}"' in project
