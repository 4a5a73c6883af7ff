"""The direction of imports, read off the syntax tree: those inside functions and those by text as well."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

import paramcalc
from paramcalc.core import registry

PACKAGE = Path(paramcalc.__file__).parent

#: From the bottom up: a module imports only from its own entry and from those before it.
ORDER = [
    "core", "layers", "spec", "conventions", "graph", "measures", "results", "exports", "frameworks", "families",
    "verbs", "cli", "__main__",
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
    "measures": [row.partition(":")[0] for row in registry.MEASURES.values()],
    "exports": [row.partition(":")[0] for row in registry.LANGUAGES.values()],
    "cli": [row.partition(":")[0] for row in registry.COMMANDS.values()],
}
#: What looks up a row, and the entry that it imports from: whoever asks for it imports from there.
LOOK_UPS = {
    "kind": "layers",
    "convention_module": "conventions",
    "measure": "measures",
    "language": "exports",
    "command": "cli",
}

#: What imports, or runs, by a text, and the modules that have it under any name.
BY_TEXT = {
    "__builtins__", "__import__", "__loader__", "builtins", "eval", "exec", "exec_module", "imp", "import_module",
    "importlib", "load_module", "module_from_spec", "pkgutil", "resolve_name", "run_module", "run_path", "runpy",
    "sys.modules",
}  # fmt: skip
#: What of `importlib` reads files and metadata, and imports nothing.
HARMLESS = ("importlib.metadata.", "importlib.resources.")
#: Who may do so: the registry, the public names of layers, what looks up PyTorch's own classes, what runs the
#: source of a model that it has written, what asks for the names that Python has, what knows arrays from symbols, and
#: what runs someone's constructor.
DYNAMIC = {
    REGISTRY: {"importlib", "import_module"},
    "paramcalc.layers": {"importlib", "import_module"},
    "paramcalc.core.algebra.arithmetic": {"sys.modules"},
    "paramcalc.core.algebra.sizes": {"sys.modules"},
    "paramcalc.families.generator.drawing": {"sys.modules"},
    "paramcalc.families.generator.models": {"importlib", "import_module"},
    "paramcalc.families.generator.scalars": {"builtins"},
    "paramcalc.families.generator.replacing": {"builtins"},
    "paramcalc.families.generator.tracing": {"sys.modules"},
    "paramcalc.frameworks.build": {"exec"},
    "paramcalc.frameworks.building.identifiers": {"builtins"},
    "paramcalc.frameworks.deriving.loading": {"importlib", "import_module"},
    "paramcalc.frameworks.deriving.running": {"sys.modules"},
    "paramcalc.frameworks.torch.read.modules": {"importlib", "import_module"},
}


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")


#: Every module of the package but the package itself, which lists the public names and stands outside.
FILES = {module_name(path): path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py"}


def entry(module: str) -> int:
    return ORDER.index(module.split(".")[1])


def stands_in_an_entry(name: str) -> bool:
    return name.startswith("paramcalc.") and name.split(".")[1] in ORDER


# --- What a module imports -------------------------------------------------------------


def is_for_type_checkers(node: ast.If) -> bool:
    return isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


class Nodes(NamedTuple):
    """The nodes of a module that may name another, or what imports one."""

    every: list[ast.AST]
    #: without those that only type checkers see
    run: list[ast.AST]


_TELLING = (ast.Import, ast.ImportFrom, ast.Name, ast.Attribute, ast.Constant, ast.arg)


def nodes(text: str) -> Nodes:
    found = Nodes([], [])
    waiting: list[tuple[ast.AST, bool]] = [(ast.parse(text), True)]
    while waiting:
        node, runs = waiting.pop()
        if isinstance(node, _TELLING):
            found.every.append(node)
            if runs:
                found.run.append(node)
        if isinstance(node, ast.If) and is_for_type_checkers(node):
            waiting += [(child, False) for child in node.body]
            waiting += [(child, runs) for child in node.orelse]
        elif not isinstance(node, (ast.Name, ast.Constant)):
            waiting += [(child, runs) for child in ast.iter_child_nodes(node)]
    return found


@cache
def nodes_of(module: str) -> Nodes:
    return nodes(FILES[module].read_text(encoding="utf-8"))


def imported(node: ast.AST) -> Iterator[str]:
    """The modules, or names in modules, that a statement imports."""
    if isinstance(node, ast.ImportFrom):
        yield from (f"{'.' * node.level}{node.module or ''}.{alias.name}" for alias in node.names)
    elif isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)


def named(node: ast.AST) -> Iterator[str]:
    """What of the package a node names: by an import, or by a text that begins with it."""
    yield from imported(node)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value.partition(":")[0]


@cache
def imports(module: str) -> frozenset[str]:
    """The modules of the package that a module imports anywhere, or names in a text."""
    found: set[str] = set()
    for node in nodes_of(module).run:
        for name in named(node):
            is_a_name_in_one = isinstance(node, ast.ImportFrom) and name not in FILES
            found.add(name.rpartition(".")[0] if is_a_name_in_one else name)
    return frozenset(found & FILES.keys() - {module})


# --- What is wrong with it -------------------------------------------------------------


def faults(module: str, found: Nodes) -> list[str]:
    """All that a module's text has against the rules, in words."""
    every, run = found
    return [*_wrong_forms(module, every), *_upward(module, run), *_by_text(module, every), *_false_guards(every)]


def _wrong_forms(module: str, every: list[ast.AST]) -> Iterator[str]:
    """A relative import, and one by which the whole package is at hand."""
    is_command_line = module.split(".")[1] in ("cli", "__main__")
    for node in every:
        if isinstance(node, ast.ImportFrom) and node.level:
            yield "a relative import"
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.startswith("paramcalc.") or (alias.name == "paramcalc" and not is_command_line):
                    yield f"import {alias.name}"
        elif isinstance(node, ast.ImportFrom) and node.module == "paramcalc" and not is_command_line:
            yield from (f"paramcalc.{alias.name}" for alias in node.names if alias.name not in ORDER)


def _upward(module: str, run: list[ast.AST]) -> Iterator[str]:
    """What stands above, imported anywhere, named in a text, or looked up in the registry."""
    if module in (DOOR, REGISTRY):
        return
    for node in run:
        for name in named(node):
            if stands_in_an_entry(name) and entry(name) > entry(module):
                yield name
            if name == REGISTRY and isinstance(node, ast.ImportFrom) and any(each.asname for each in node.names):
                yield f"{name} by another name"
            looked_up = LOOK_UPS.get(name.removeprefix(f"{REGISTRY}."))
            if isinstance(node, ast.ImportFrom) and looked_up and ORDER.index(looked_up) > entry(module):
                yield name
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "registry":
            looked_up = LOOK_UPS.get(node.attr)
            if looked_up and ORDER.index(looked_up) > entry(module):
                yield f"registry.{node.attr}"


def _by_text(module: str, every: list[ast.AST]) -> set[str]:
    """What imports by a text, by any name."""
    return ({word for node in every for word in _words(node)} & BY_TEXT) - DYNAMIC.get(module, set())


def _words(node: ast.AST) -> Iterator[str]:
    """The names by which a node may reach what imports."""
    if isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, ast.Attribute):
        yield node.attr
        if isinstance(node.value, ast.Name):
            yield f"{node.value.id}.{node.attr}"
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        if "_" in node.value:  # a plain word, such as a parser's mode, means something else
            yield node.value
    elif isinstance(node, (ast.Import, ast.ImportFrom)):
        for alias, name in zip(node.names, imported(node), strict=True):
            yield from (name, alias.name)
            if name == "sys" and alias.asname:
                yield "sys.modules"
            if not f"{name}.".startswith(HARMLESS):
                yield name.split(".")[0]


def _false_guards(every: list[ast.AST]) -> Iterator[str]:
    """`TYPE_CHECKING` as another than that of `typing`."""
    for node in every:
        if isinstance(node, ast.Name) and node.id == "TYPE_CHECKING" and not isinstance(node.ctx, ast.Load):
            yield "TYPE_CHECKING is set"
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias, name in zip(node.names, imported(node), strict=True):
                if "TYPE_CHECKING" in (alias.asname, alias.name) and (name != "typing.TYPE_CHECKING" or alias.asname):
                    yield f"{name} as TYPE_CHECKING"
        elif isinstance(node, ast.arg) and node.arg == "TYPE_CHECKING":
            yield "TYPE_CHECKING is an argument"


# --- The rules -------------------------------------------------------------------------


def test_the_top_level_has_few_entries() -> None:
    entries = sorted(path.name for path in PACKAGE.iterdir() if path.name != "__pycache__")
    assert len(entries) <= MOST_ENTRIES
    assert sorted(name.removesuffix(".py") for name in entries) == sorted([*ORDER, "__init__", "py.typed"])


def mentions_what_stands_above(module: str) -> bool:
    text = FILES[module].read_text(encoding="utf-8")
    return any(f"paramcalc.{above}" in text or f"paramcalc import {above}" in text for above in above_of(module))


def above_of(module: str) -> list[str]:
    return ORDER[entry(module) + 1 :]


def test_a_module_imports_only_from_its_own_entry_and_those_below() -> None:
    """Those modules that may do otherwise; the sweeps look at all, and at what else they have against the rules."""
    suspects = [module for module in FILES if mentions_what_stands_above(module)]
    assert suspects
    assert {module: found for module in suspects if (found := faults(module, nodes_of(module)))} == {}


#: Ways around: what a module of `core` might do to import `verbs`.
WAYS_AROUND = [
    "from . import errors",
    "from ..verbs import count",
    "from paramcalc import verbs",
    "from paramcalc import count",
    "import paramcalc",
    "import paramcalc as pc",
    "import paramcalc.verbs",
    "import paramcalc.core.errors",
    "from paramcalc.verbs import count",
    "def late():\n    from paramcalc.verbs import count",
    "class Late:\n    async def late(self):\n        from paramcalc.exports.printing import printed",
    "late = lambda: __import__('paramcalc')",
    "try:\n    from paramcalc.verbs import count\nexcept ImportError:\n    pass",
    "from importlib import import_module as load",
    "import importlib as loader",
    "import importlib.util",
    "from importlib import *",
    "getattr(loader, 'import_module')(name)",
    "import builtins",
    "__builtins__['__import__']('paramcalc')",
    "__loader__.load_module(name)",
    "exec('from paramcalc.verbs import count')",
    "from pkgutil import resolve_name as found",
    "import runpy",
    "import sys\nsys.modules['paramcalc'].count",
    "import sys as system",
    "from sys import modules",
    "ROW = 'paramcalc.verbs:count'",
    "ROW = {'count': 'paramcalc.verbs'}",
    "name = f'paramcalc.exports.{name}'",
    "from paramcalc.core.registry import kind",
    "from paramcalc.core.registry import language as found",
    "from paramcalc.core import registry\nregistry.command('count')",
    "from paramcalc.core import registry as tables\ntables.command('count')",
    "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    pass\nelse:\n    from paramcalc.verbs import count",
    "from typing import TYPE_CHECKING\nif not TYPE_CHECKING:\n    from paramcalc.verbs import count",
    "from typing import TYPE_CHECKING\nif TYPE_CHECKING or True:\n    from paramcalc.verbs import count",
    "TYPE_CHECKING = True\nif TYPE_CHECKING:\n    from paramcalc.verbs import count",
    "from sys import path as TYPE_CHECKING\nif TYPE_CHECKING:\n    from paramcalc.verbs import count",
    "def late(TYPE_CHECKING):\n    if TYPE_CHECKING:\n        from paramcalc.verbs import count",
]


@pytest.mark.parametrize("text", WAYS_AROUND)
def test_a_way_around_is_seen(text: str) -> None:
    assert faults("paramcalc.core.errors", nodes(text))


def test_what_is_allowed_is_no_fault() -> None:
    allowed = (
        "import sys\nfrom importlib.resources import files\nfrom typing import TYPE_CHECKING\n"
        "from paramcalc.core import algebra\nfrom paramcalc.core.errors import refuse\n"
        "if TYPE_CHECKING:\n    from paramcalc.verbs import count\n"
    )
    assert faults("paramcalc.core.notation", nodes(allowed)) == []


def test_whoever_may_import_by_text_does() -> None:
    for module, words in DYNAMIC.items():
        assert words <= {word for node in nodes_of(module).every for word in _words(node)}, module


def test_the_door_leads_to_what_is_printed_and_only_inside_functions() -> None:
    assert {each.split(".")[1] for each in imports(DOOR)} == {"exports"}
    parsed = ast.parse(FILES[DOOR].read_text(encoding="utf-8"))
    assert {name for name in _named_at_the_start(parsed) if stands_in_an_entry(name)} == set()


def _named_at_the_start(node: ast.AST) -> Iterator[str]:
    """What is named outside the bodies of functions."""
    yield from named(node)
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            yield from _named_at_the_start(child)


def test_each_table_of_the_registry_leads_to_one_entry() -> None:
    for name, rows in TABLES.items():
        assert all(row in FILES and row.split(".")[1] == name for row in rows), name
    rows = {row for each in TABLES.values() for row in each}
    assert {each for each in imports(REGISTRY) if entry(each) > 0} <= rows


def test_layer_types_import_no_sibling_and_know_no_framework() -> None:
    for module in FILES:
        if not module.startswith("paramcalc.layers."):
            continue
        below = ("paramcalc.core.", "paramcalc.layers.base.")
        assert all(f"{each}.".startswith(below) for each in imports(module)), module
        roots = {name.split(".")[0] for node in nodes_of(module).every for name in imported(node)}
        assert not roots & {"keras", "tensorflow", "torch"}, module
