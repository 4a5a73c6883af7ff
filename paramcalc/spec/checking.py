"""What can be refused of a whole spec without computing a shape: names, blocks, references."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from paramcalc.core.errors import LIMITS, Path, Problem, listed, suggest
from paramcalc.core.expression import Expression, unknown_dim
from paramcalc.layers.base.declaration import Layer
from paramcalc.spec.dims import nothing_above
from paramcalc.spec.naming import node_names
from paramcalc.spec.values import names_in

if TYPE_CHECKING:
    from paramcalc.core.expression import Expression
    from paramcalc.spec.document import Block, Spec
    from paramcalc.spec.node import Node
    from paramcalc.spec.references import Reference


class Enough(Exception):
    """More problems are found than are reported."""


def problems(spec: Spec, complete: bool = True) -> list[Problem]:
    """Return the problems of a spec; where nodes are missing, references are not looked at."""
    check = _Check(spec, complete)
    with suppress(Enough):
        check.all()
    return check.found


class _Check:
    """Names, blocks, arguments and references of a whole spec."""

    def __init__(self, spec: Spec, complete: bool) -> None:
        self.spec = spec
        self.complete = complete
        self.found: list[Problem] = []
        #: the groups that hold names of groups in them, which add nothing to the path
        self.opened: set[int] = set()

    def all(self) -> None:
        """Look at everything."""
        self._dims()
        self._conditions(self.spec.requires, {*self.spec.dims}, ())
        for name, block in self.spec.blocks.items():
            self._block(block, ("blocks", name))
        self._recursion()
        earlier: set[str] = set()
        inventory = self.spec.connections == "none"
        self._group(self.spec.layers, {*self.spec.dims}, [earlier], False, ("layers",), inventory)
        for index, output in enumerate(self.spec.outputs or ()):
            self._reference(output, [earlier], False, False, ("outputs", index))

    def _add(self, problem: Problem) -> None:
        self.found.append(problem)
        if len(self.found) > LIMITS.problems:
            raise Enough

    def _names(self, names: Iterable[str], known: set[str], path: Path) -> None:
        for name in sorted(names):
            if name not in known:
                problem = unknown_dim(name, known).problems[0]
                self._add(Problem(problem.code, problem.message, problem.hint, path))

    def _dims(self) -> None:
        above: set[str] = set()
        for name, value in self.spec.dims.items():
            for used in sorted(names_in(value)):
                if used in above:
                    continue
                if used in self.spec.dims:
                    message = f"'{name}' uses '{used}', which does not stand above it"
                    self._add(Problem("unknown-dim", message, "a dim uses the dims above it", ("dims", name)))
                else:
                    problem = unknown_dim(used, above).problems[0]
                    hint = problem.hint if above else nothing_above(name)
                    self._add(Problem(problem.code, problem.message, hint, ("dims", name)))
            above.add(name)

    def _block(self, block: Block, path: Path) -> None:
        """Look at the arguments of a block, and at what is in it."""
        known = {*self.spec.dims}
        for argument, value in block.arguments.items():
            here = (*path, "arguments", argument)
            if argument in self.spec.dims:
                message = f"the argument '{argument}' has the name of a dim"
                self._add(Problem("invalid-name", message, "give it another", here, True))
            self._names(names_in(value), known, here)
            known.add(argument)
        self._conditions(block.requires, known, path)
        self._group(block.layers, known, [set()], True, (*path, "layers"))

    def _conditions(self, conditions: Iterable[Expression], known: set[str], path: Path) -> None:
        for place, condition in enumerate(conditions):
            self._names(condition.names, known, (*path, "requires", place))

    def _group(
        self,
        nodes: Sequence[Node],
        known: set[str],
        scopes: list[set[str]],
        nested: bool,
        path: Path,
        inventory: bool = False,
    ) -> None:
        """Look at the nodes of a group.

        `known` are the dims, arguments and counters in sight; `scopes` the names of earlier nodes, the group's
        own last; `nested` says whether there is an `input`, which is none in an inventory, where nothing takes it.
        """
        if len(scopes) > LIMITS.nesting:
            self._add(Problem("limit", f"more than {LIMITS.nesting} groups within one another", "", path))
            raise Enough
        names = node_names(nodes)
        if "." in names:
            self.opened.add(id(scopes[-1]))
        places = {name: place for place, name in enumerate(names)}
        for place, (name, node) in enumerate(zip(names, nodes, strict=True)):
            if name in scopes[-1]:
                message = f"the name '{name}' is in use already in this group"
                code = "duplicate-name" if id(scopes[-1]) in self.opened else "invalid-name"
                self._add(Problem(code, message, "give it another", (*path, place, "name")))
            # its earlier copies are in sight within it
            own = {name} if node.is_repeated else set()
            for within, side in node.sides:
                here = (*path, place, *within)
                inner = self._expressions(side, known, here)
                self._call(side, here)
                if side.name == "input" and not inventory:
                    message = "'input' cannot name a node: it stands for the input of the group"
                    self._add(Problem("invalid-name", message, "", (*here, "name")))
                for where, reference in side.references():
                    # the call of another node is named for it, unless it is given a name
                    itself = side.share is not None and side.name is None
                    later = places.get(reference.first, -1) >= place + itself
                    self._reference(reference, scopes, later, nested, (*here, *where))
                if side.layers is not None:
                    # what stands in a group that adds nothing to the path has a name of the group around it
                    is_open = name == "." and not node.is_repeated
                    inside = scopes if is_open else [*scopes[:-1], scopes[-1] | own, set()]
                    is_list = side.is_inventory(inventory)
                    self._group(side.layers, inner, inside, True, (*here, *side.way_inside), is_list)
            if name != ".":
                scopes[-1].add(name)

    def _expressions(self, node: Node, known: set[str], path: Path) -> set[str]:
        """Look at the names that a node's expressions mention. Returns the names in sight within it."""
        inner = known
        if node.index is not None:
            inner = known | {node.index}
            if node.index in known:
                message = f"the counter '{node.index}' has the name of a dim, an argument or another counter"
                self._add(Problem("invalid-name", message, "give it another", (*path, "index")))
        for name in node.carry:
            if name in inner:
                message = f"the carried value '{name}' has the name of a dim, an argument or a counter"
                self._add(Problem("invalid-name", message, "give it another", (*path, "carry", name), True))
            inner = inner | {name}
        for keys, used in node.expressions():
            if keys == ("with",):
                self._values(node.arguments, inner, (*path, *keys))
            elif node.layer is not None and keys == (type(node.layer).__name__,):
                self._values(node.layer.spelled_values(), inner, (*path, *keys))
            else:
                outside = keys[0] in ("times", "parallel", "active", "carry", "inputs")
                self._names(used, known if outside else inner, (*path, *keys))
        return inner

    def _values(self, value: Any, known: set[str], path: Path) -> None:
        """Look at the names that the expressions in a value mention: fields, arguments."""
        for way, expression in _expressions_in(value):
            for name in sorted(expression.names - known):
                self._add(replace(expression.unknown(name, known).problems[0], path=(*path, *way)))

    def _call(self, node: Node, path: Path) -> None:
        """Look at the call of a block: whether there is one of that name, and the arguments."""
        if node.block is None:
            return
        block = self.spec.blocks.get(node.block)
        if block is None:
            if self.complete:
                blocks = self.spec.blocks
                hint = suggest(node.block, blocks) or listed("the blocks", blocks) or "this spec has no 'blocks'"
                self._add(Problem("unknown-block", f"there is no block '{node.block}'", hint, (*path, "block")))
            return
        for name in node.arguments:
            if name not in block.arguments:
                hint = suggest(name, block.arguments) or listed("its arguments", block.arguments) or "it takes none"
                message = f"the block '{node.block}' has no argument '{name}'"
                self._add(Problem("unknown-key", message, hint, (*path, "with", name), True))
        for name, value in block.arguments.items():
            if value is None and name not in node.arguments:
                message = f"the block '{node.block}' needs its argument '{name}'"
                self._add(Problem("missing-key", message, f"with: {{{name}: …}}", (*path, "block")))

    def _recursion(self) -> None:
        """Look for blocks that call themselves."""
        calls = {name: sorted(_blocks_called(block.layers)) for name, block in self.spec.blocks.items()}
        for circle in _circles(calls):
            message = f"the block '{circle[0]}' calls itself: {' → '.join([*circle, circle[0]])}"
            self._add(Problem("recursive-block", message, "", ("blocks", circle[0]), True))

    def _reference(self, reference: Reference, scopes: list[set[str]], later: bool, nested: bool, path: Path) -> None:
        first = reference.first
        if not self.complete or any(first in scope for scope in scopes) or (first == "input" and nested):
            return
        if later:
            hint = f"'{first}' comes later, or is this node itself: references go to earlier nodes"
        elif first == "input":
            hint = "'input' stands for the input of a group or a block, and this is the top of the spec"
        else:
            names = sorted(set().union(*scopes))
            hint = suggest(first, names) or listed("earlier nodes", names)
        self._add(Problem("unknown-node", f"no earlier node '{first}' is in sight", hint, path))


def _expressions_in(value: Any) -> Iterator[tuple[Path, Expression]]:
    """Yield the expressions in a value, each with the way to it."""
    if isinstance(value, Expression):
        yield (), value
    if isinstance(value, Layer):
        value = {type(value).__name__: value.spelled_values()}
    if isinstance(value, (dict, tuple)):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            for way, expression in _expressions_in(item):
                yield (key, *way), expression


def _circles(calls: Mapping[str, Sequence[str]]) -> Iterator[list[str]]:
    """Yield circles of blocks that call one another, each block the first of one at most."""
    finished: set[str] = set()
    for start in calls:
        if start in finished:
            continue
        # the blocks on the way from the start, each with those that it calls and that are still to be followed
        way = {start: iter(calls[start])}
        while way:
            name = next(reversed(way))
            called = next(way[name], None)
            if called is None:
                finished.add(name)
                del way[name]
            elif called in way and called not in finished:
                names = [*way]
                yield names[names.index(called) :]
                finished.add(called)
            elif called not in finished and called in calls:
                way[called] = iter(calls[called])


def _blocks_called(nodes: Sequence[Node]) -> set[str]:
    called: set[str] = set()
    for node in nodes:
        for _, side in node.sides:
            if side.block is not None:
                called.add(side.block)
            elif side.layers is not None:
                called |= _blocks_called(side.layers)
    return called
