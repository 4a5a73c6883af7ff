"""The dims of a spec as the constants of its source: which of its sizes are one of them, or a number of times one.

A second run of the spec, over symbols in place of its dims, says of every size what it is made of. A dim that
decides more than sizes has no symbol there: what depends on it stays a number, as does any other expression.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from paramcalc.core import algebra
from paramcalc.core.algebra import Undecided
from paramcalc.core.errors import ParamcalcError
from paramcalc.core.expression import Environment, Expression
from paramcalc.frameworks.building.identifiers import identifier, unique
from paramcalc.frameworks.building.writing import Code, literal
from paramcalc.graph import Branch, Graph, Leaf, Tree, evaluate
from paramcalc.spec import Node, Spec, Value, node_names


class Names:
    """The constants of a source, and the texts of sizes that are made of them."""

    def __init__(self, spec: Spec, graph: Graph, framework: str, dims: Mapping[str, Value], taken: set[str]) -> None:
        self.spec = spec
        self.set = dims
        #: the dims that are whole numbers
        self.values = {name: value for name, value in graph.dims.items() if type(value) is int and value > 0}
        #: of each dim, the constant
        self.constants: dict[str, str] = {}
        for name in self.values:
            self.constants[name] = unique(identifier(name), {*taken, "x", "y", *self.constants.values()})
        self.symbols: dict[str, Any] = {}
        #: of a leaf, the same one over symbols
        self.twins: dict[int, Leaf] = {}
        if self.values:
            from paramcalc.results.formula.symbols import symbol

            self.symbols = {name: symbol(name) for name in self.values}
            self._pair(graph, framework)

    def _pair(self, graph: Graph, framework: str) -> None:
        """Find the twin of each leaf, with as many symbols as leave it decided what there is."""
        symbols = dict(self.symbols)
        while symbols:
            try:
                twin = evaluate(self.spec, framework, {**self.set, **self.values, **symbols}, fold=False, symbolic=True)
                decided = {each for tree in _trees(twin.root) for each in _symbols_of(tree)}
            except Undecided as undecided:
                decided = {*undecided.names}
            except ParamcalcError:
                # what holds at the spec's own sizes cannot be said in symbols
                return
            if not decided:
                break
            if not decided & symbols.keys():
                return
            symbols = {name: each for name, each in symbols.items() if name not in decided}
        else:
            return
        pairs = zip(graph.leaves(), twin.leaves(), strict=True)
        self.twins = {id(one): other for (one, _), (other, _) in pairs}

    def of(self, leaf: Leaf, get: Callable[[Leaf], Any]) -> Any:
        """Return what is said of a leaf, with the text of each size in it that is made of a constant."""
        value = get(leaf)
        twin = self.twins.get(id(leaf))
        if twin is None:
            return value
        try:
            return self.text(value, get(twin))
        except (Undecided, ParamcalcError):
            return value

    def text(self, value: Any, twin: Any) -> Any:
        """Return a value with the text of each size that is made of a constant; `twin` is the same over symbols."""
        if isinstance(value, tuple) and isinstance(twin, tuple) and len(value) == len(twin):
            return tuple(map(self.text, value, twin))
        if isinstance(value, Mapping) and isinstance(twin, Mapping):
            return {name: self.text(each, twin.get(name)) for name, each in value.items()}
        if type(value) is not int or not algebra.is_symbol(twin):
            return value
        return self._product(value, twin) or value

    def _product(self, value: int, twin: Any) -> Code | None:
        """Return the text of a constant, or of a whole number of times one; None for what is neither."""
        for name in (each.name for each in twin.free_symbols):
            times, rest = divmod(value, self.values[name])
            if rest == 0 and twin == times * self.symbols[name]:
                return Code(self.constants[name] if times == 1 else f"{times} * {self.constants[name]}")
        return None

    def times(self, path: str, number: int) -> Any:
        """How many copies the repeated node of a path has, as text where it is made of a constant."""
        times = _times(self.spec, path)
        if times is None or not times.names <= self.symbols.keys():
            return number
        try:
            return self.text(number, times.evaluate(Environment(self.symbols)))
        except (Undecided, ParamcalcError):
            return number

    def definitions(self, used: set[str]) -> list[str]:
        """Write a line for each constant that is used, and for those that these are made of."""
        lines: dict[str, str] = {}
        for name, value in reversed(self.values.items()):
            if self.constants[name] in used:
                text = self._defined(name, value)
                used = used | {self.constants[each] for each in self.spec_names(text)}
                lines[name] = f"{self.constants[name]} = {literal(text)}"
        return [*reversed(lines.values())]

    def spec_names(self, text: Any) -> Iterator[str]:
        """Yield the dims whose constants a text mentions."""
        words = text.split() if isinstance(text, Code) else ()
        return (name for name, constant in self.constants.items() if constant in words)

    def _defined(self, name: str, value: int) -> Any:
        """Return the value of a dim, in those above it where that can be written."""
        stated = self.spec.dims[name]
        if name in self.set or not isinstance(stated, Expression) or not stated.names <= self.symbols.keys():
            return value
        try:
            twin = stated.evaluate(Environment(self.symbols))
        except (Undecided, ParamcalcError):
            return value
        above, below = twin.as_numer_denom() if algebra.is_symbol(twin) else (twin, None)
        if below is None or not below.is_Symbol:
            return self.text(value, twin)
        dividend = self._product(value * self.values[below.name], above)
        return Code(f"{dividend} // {self.constants[below.name]}") if dividend else value


def _trees(tree: Tree) -> Iterator[Tree]:
    """Yield a tree and all in it."""
    yield tree
    for child in tree.children if isinstance(tree, Branch) else ():
        yield from _trees(child)


def _symbols_of(tree: Tree) -> set[str]:
    """Return the symbols that decide how many copies of a tree there are."""
    found = tree.copies if isinstance(tree, Branch) else tree.times
    return {each.name for each in found.free_symbols} if algebra.is_symbol(found) else set()


def _times(spec: Spec, path: str) -> Expression | None:
    """Return what a spec states for the copies of a node; None where a name may mean another thing there."""
    nodes: tuple[Node, ...] = tuple(spec.layers)
    hidden: set[str] = set()
    parts = iter(path.split("."))
    for part in parts:
        names = node_names(nodes)
        if part not in names:
            return None
        node = nodes[names.index(part)]
        if node.times is not None and next(parts, None) is None:
            stated = node.times
            return stated if isinstance(stated, Expression) and not stated.names & hidden else None
        hidden |= {node.index} if node.index else set()
        if node.block is not None:
            hidden |= {*spec.blocks[node.block].arguments}
            nodes = tuple(spec.blocks[node.block].layers)
        else:
            nodes = tuple(node.layers or ())
    return None
