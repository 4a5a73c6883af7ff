"""The direction of imports, in every module."""

import pytest

from tests.test_layout import DOOR, FILES, REGISTRY, faults, imports, nodes_of

pytestmark = pytest.mark.sweep


def test_a_module_imports_only_from_its_own_entry_and_those_below() -> None:
    assert {module: found for module in FILES if (found := faults(module, nodes_of(module)))} == {}


def test_no_modules_import_one_another_in_a_circle() -> None:
    finished: set[str] = set()

    def visit(module: str, way: tuple[str, ...]) -> None:
        assert module not in way, " → ".join((*way, module))
        if module in finished:
            return
        for each in () if module in (DOOR, REGISTRY) else sorted(imports(module)):
            visit(each, (*way, module))
        finished.add(module)

    for module in FILES:
        visit(module, ())
