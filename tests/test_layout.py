"""The direction of imports, read off the syntax tree: those inside functions and those by text as well."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import paramcalc
from paramcalc.core import registry

PACKAGE = Path(paramcalc.__file__).parent

#: From the bottom up: a module imports only from its own entry and from those before it.
ORDER = [
    "core", "layers", "spec", "conventions", "graph", "results", "exports", "frameworks", "verbs", "cli", "__main__",
]  # fmt: skip
MOST_ENTRIES = 15

#: The one door: what it imports inside its functions may stand above it.
DOOR = "paramcalc.core.display"
#: The one registry: its tables are all imports by text that there are, and each leads to one entry alone.
REGISTRY = "paramcalc.core.registry"
TABLES = {
    # the group of entry points is called as the folder
    "layers": [
        registry.ENTRY_POINTS,
        registry.DECLARATION,
        *(f"paramcalc.layers.{family}" for family in registry.FAMILIES),
    ],
    "conventions": [*registry.CONVENTIONS.values(), registry.CLASS_NAMES],
    "exports": [row.partition(":")[0] for row in registry.LANGUAGES.values()],
    "cli": [row.partition(":")[0] for row in registry.COMMANDS.values()],
}
#: Modules that import by a name that is worked out: the registry, the public names of layers, and what looks up
#: PyTorch's own classes.
DYNAMIC = {REGISTRY, "paramcalc.layers", "paramcalc.conventions", "paramcalc.frameworks.torch.read.modules"}


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")


#: Every module of the package but the package itself, which lists the public names and stands outside.
FILES = {module_name(path): path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py"}


def entry(module: str) -> int:
    return ORDER.index(module.split(".")[1])


def is_for_type_checkers(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node but those that only type checkers see."""
    yield tree
    for child in ast.iter_child_nodes(tree):
        if not is_for_type_checkers(child):
            yield from nodes(child)


def named(node: ast.AST) -> Iterator[str]:
    """The modules that a node names: by an import, or by text."""
    if isinstance(node, ast.ImportFrom):
        assert node.level == 0, "imports are absolute"
        for alias in node.names:
            whole = f"{node.module}.{alias.name}"
            yield whole if whole in FILES else str(node.module)
    elif isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value.partition(":")[0]


@cache
def imports(module: str) -> frozenset[str]:
    """The modules of the package that a module imports anywhere, or names in a text."""
    tree = ast.parse(FILES[module].read_text(encoding="utf-8"))
    found = {name for node in nodes(tree) for name in named(node)}
    return frozenset(found & FILES.keys() - {module})


def test_the_top_level_has_few_entries() -> None:
    entries = {path.name for path in PACKAGE.iterdir() if path.name != "__pycache__"}
    assert len(entries) <= MOST_ENTRIES
    assert {name.removesuffix(".py") for name in entries} == {*ORDER, "__init__", "py.typed"}


def test_a_module_imports_only_from_its_own_entry_and_those_below() -> None:
    for module in FILES.keys() - {DOOR, REGISTRY}:
        above = {each for each in imports(module) if entry(each) > entry(module)}
        assert not above, f"{module} imports {above}"


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


def test_the_door_leads_to_what_is_printed_and_only_inside_functions() -> None:
    assert {each.split(".")[1] for each in imports(DOOR)} == {"exports"}
    tree = ast.parse(FILES[DOOR].read_text(encoding="utf-8"))
    assert not {each for node in tree.body if isinstance(node, ast.ImportFrom) for each in named(node)} & FILES.keys()


def test_each_table_of_the_registry_leads_to_one_entry() -> None:
    for name, rows in TABLES.items():
        assert all(row in FILES and row.split(".")[1] == name for row in rows), name
    rows = {row for each in TABLES.values() for row in each}
    assert {each for each in imports(REGISTRY) if entry(each) > 0} <= rows


def test_no_other_module_imports_by_text() -> None:
    for module, path in FILES.items():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        by_text = {"import_module", "__import__"} & (names | attributes)
        assert not by_text or module in DYNAMIC, module


def test_layer_types_import_no_sibling_and_know_no_framework() -> None:
    for module, path in FILES.items():
        if not module.startswith("paramcalc.layers."):
            continue
        assert all(each.startswith(("paramcalc.core", "paramcalc.layers.base")) for each in imports(module)), module
        roots = {name.split(".")[0] for node in ast.walk(ast.parse(path.read_text())) for name in _imported(node)}
        assert not roots & {"keras", "tensorflow", "torch"}, module


def _imported(node: ast.AST) -> Iterator[str]:
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        yield from named(node)
