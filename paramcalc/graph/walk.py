"""What one walk through a spec keeps: what it may still cost, where it is, and what went wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from itertools import count
from typing import Any

from paramcalc.conventions import Convention, convention
from paramcalc.core import algebra
from paramcalc.core.algebra import Number, Undecided
from paramcalc.core.errors import LIMITS, ParamcalcError, Path, Problem, quoted, refuse
from paramcalc.core.expression import Budget, Environment, Expression, bounded
from paramcalc.graph.scope import Copy, Entry, Scope, Values
from paramcalc.graph.tree import Flow
from paramcalc.graph.values import undecided_problem
from paramcalc.layers.base.declaration import Layer
from paramcalc.layers.base.fields import sizes_from
from paramcalc.layers.base.values import expressions, has_expression
from paramcalc.spec import Node, Spec, names_in, node_names

#: The keys that say how many copies a node has.
COPIES_KEYS = ("times", "parallel")


class Stop(ParamcalcError):
    """A refusal that ends the walk: a limit, or more problems than are reported."""


class Walk:
    """One walk through a spec.

    With `fold`, copies that are alike are evaluated once: alike in shapes and tensors, and `by_layers` in all that
    their layers state and in what these take as well. In a `symbolic` walk a condition on a symbol raises
    `Undecided`, for the caller to decide.
    """

    def __init__(
        self, spec: Spec, target: Convention, fold: bool, symbolic: bool, by_layers: bool, in_order: bool
    ) -> None:
        own = convention(spec.framework)
        self.spec = spec
        #: what a framework gives the fields of a layer type that do not state it
        self.defaults = cache(lambda kind_name: {**own.layout(kind_name), **target.choices(kind_name)})
        self.fold = fold
        self.symbolic = symbolic
        self.by_layers = by_layers
        #: whether by layers copies stand one behind another as they are, and not those that are alike together
        self.in_order = in_order
        self.channel_axis = own.channel_axis
        written = _count_nodes(spec.layers) + sum(_count_nodes(block.layers) for block in spec.blocks.values())
        self.allowance = algebra.Allowance(written + LIMITS.copies)
        self.budget = Budget(LIMITS.steps + 20 * written)
        #: the names on the way to the node at hand, for messages
        self.trail: list[str] = []
        self.order = count()
        #: what is probably not meant as it is written
        self.remarks: list[str] = []
        #: the groups whose inputs have been looked at, by their nodes
        self.remarked: set[int] = set()
        self.problems: dict[tuple[str, Path, str], Problem] = {}
        self._names: dict[int, list[str]] = {}
        self._mentioned: dict[int, frozenset[str]] = {}
        self._gone_into: frozenset[str] | None = None

    # --- what it costs, and what went wrong

    def spend(self, path: Path, evaluations: int = 1) -> None:
        """Take some of the evaluations that a spec may cost. Raises `Stop` where none are left."""
        self.allowance.copies -= evaluations
        if self.allowance.copies < 0:
            problem = Problem(
                "limit",
                f"more than {LIMITS.copies:,} copies of nodes to evaluate beyond the nodes written",
                "copies that are alike cost nothing: these differ, by their counter or their input",
                path,
                node=".".join(self.trail),
            )
            raise Stop([*self.problems.values(), problem])

    def report(self, error: ParamcalcError) -> None:
        """Keep the problems of a node, to go on with the others. Raises `Stop` for too many."""
        for problem in error.problems:
            self.problems.setdefault(
                (problem.code, problem.path, problem.message),
                replace(problem, node=problem.node or ".".join(filter(None, self.trail))),
            )
        if len(self.problems) > LIMITS.problems:
            raise Stop(self.problems.values())

    @contextmanager
    def asking(self, *keys: str | int, at_key: bool = False) -> Iterator[None]:
        """Say of a refusal which key of the node it is about."""
        try:
            yield
        except ParamcalcError as error:
            raise ParamcalcError(
                replace(problem.within(*keys), at_key=at_key or problem.at_key) for problem in error.problems
            ) from None
        except Undecided as undecided:
            if self.symbolic:
                raise
            raise undecided_problem(undecided).within(*keys) from None

    # --- what is known of nodes

    def names_of(self, nodes: Sequence[Node]) -> list[str]:
        """Return the names of the nodes of a group, worked out once."""
        if id(nodes) not in self._names:
            self._names[id(nodes)] = node_names(nodes)
        return self._names[id(nodes)]

    def mentions(self, node: Node) -> frozenset[str]:
        """Return the names that a node and all in it mention."""
        found = self._mentioned.get(id(node))
        if found is None:
            found = frozenset()
            for _, side in node.sides:
                found = found.union(*(names for path, names in side.expressions() if path[0] not in COPIES_KEYS))
                for child in side.layers or ():
                    found |= self.mentions(child) | names_in(child.times) | names_in(child.parallel)
            self._mentioned[id(node)] = found
        return found

    def is_gone_into(self, name: str) -> bool:
        """Return whether a path of the spec may go into a node of this name, or any is called again whole."""
        if self._gone_into is None:
            self._gone_into = frozenset(_gone_into(self.spec))
        return name in self._gone_into or _ANY in self._gone_into

    # --- the values of keys

    def choose(self, copy: Copy) -> bool:
        """Decide what a copy is: its node, or what stands in its place otherwise. Returns whether it is there."""
        for path, side in copy.entry.node.sides:
            if self.condition(copy, side.when, (*path, "when")):
                copy.node, copy.side = side, path
                return True
        return False

    def number(self, entry: Entry, key: str, inputs: tuple[Flow, ...]) -> Number:
        """Return how many copies a node has: the value of `times` or `parallel`."""
        number = self._number(entry, key, inputs)
        if not algebra.at_least(number, 0):
            raise refuse("invalid-value", f"'{key}' must be at least 0, not {quoted(number)}", path=(key,))
        return number

    def size(self, entry: Entry, key: str, inputs: tuple[Flow, ...]) -> Number:
        """Return the value of a key that is a size of at least 1."""
        size = self._number(entry, key, inputs)
        if not algebra.at_least(size, 1):
            raise refuse("invalid-value", f"'{key}' must be at least 1, not {quoted(size)}")
        return size

    def _number(self, entry: Entry, key: str, inputs: tuple[Flow, ...]) -> Number:
        value = getattr(entry.node, key)
        if not isinstance(value, Expression):
            return value
        with self.asking(key):
            value = bounded(value.evaluate(self.environment(entry.scope.values, inputs, entry.scope)))
            if not algebra.is_number(value):
                raise refuse("wrong-type", f"'{key}' takes a whole number, not {quoted(value)}")
        return value

    def resolved_layer(self, layer: Layer, values: Values, inputs: tuple[Flow, ...], scope: Scope) -> Layer:
        """Return a layer with the value of each expression in its fields, and those that its framework gives others."""
        return self._evaluated(layer, values, inputs, scope).with_defaults(self.defaults, self.channel_axis)

    def _evaluated(self, layer: Layer, values: Values, inputs: tuple[Flow, ...], scope: Scope) -> Layer:
        if layer.is_resolved:
            return layer
        environment = self.environment(values, inputs, scope)
        with sizes_from(self.spec.least_size):
            resolved = layer.resolved(lambda expression: bounded(expression.evaluate(environment)))
        if resolved.is_resolved:
            return resolved
        for name, value in resolved.spelled_values().items():
            # a text that is read again where a size is expected is an expression once more
            if has_expression(value):
                text = next(expressions(value)).text
                raise refuse("wrong-type", f"'{name}' takes a number, and {text!r} is a text", path=(name,))
        return resolved

    def environment(self, values: Values, inputs: tuple[Flow, ...], scope: Scope | None) -> Environment:
        """Return what the expressions of a node may ask for: names, its first input, and the nodes in sight."""
        first = inputs[0].shape if inputs and not inputs[0].broken else None
        shape_of = scope.shape_of if scope is not None else None
        return Environment(values, first, self.channel_axis, self.budget, shape_of)

    def truth(self, copy: Copy, key: str) -> bool:
        """Return the value of a key of a node that is a condition."""
        return self.condition(copy, getattr(copy.node or copy.entry.node, key), (key,))

    def condition(self, copy: Copy, value: Any, path: Path) -> bool:
        """Return the value of a condition that a key of a node is."""
        if value is True or value is False:
            return value
        if not isinstance(value, Expression):
            return algebra.truth(value)
        expression = value
        with self.asking(*path):
            value = expression.evaluate(self.environment(copy.values, copy.inputs, copy.entry.scope))
            if not (isinstance(value, bool) or algebra.is_symbol(value) or algebra.is_array(value)):
                raise refuse("wrong-type", f"'{path[-1]}' takes true or false, not {quoted(value)}")
            return _truth_of(expression, value)


#: Stands for all names.
_ANY = "*"


def _gone_into(spec: Spec) -> Iterator[str]:
    """Yield the names behind which a path of a spec goes on; `_ANY` where a node is called again."""
    texts: list[str] = [*(spec.outputs or ()), *(each.text for each in spec.expressions() if "size(" in each.text)]
    nodes = [*spec.layers, *(node for block in spec.blocks.values() for node in block.layers)]
    while nodes:
        for _, side in nodes.pop().sides:
            texts += (reference for _, reference in side.references())
            nodes += side.layers or ()
            if side.share is not None:
                yield _ANY
    for text in texts:
        yield from re.findall(r"([\w-]+)[.\[]", text)


def _truth_of(expression: Expression, value: Any) -> bool:
    """Return the one truth of an expression's value. Raises `Undecided`, which then says whose truth it is."""
    try:
        return algebra.truth(value)
    except Undecided as undecided:
        undecided.expression = undecided.expression or expression.text
        raise


def _count_nodes(nodes: Sequence[Node]) -> int:
    sides = (side for node in nodes for _, side in node.sides)
    return sum(1 + (_count_nodes(side.layers) if side.layers else 0) for side in sides)
