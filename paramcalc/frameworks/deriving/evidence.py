"""How each tensor of a derived spec is known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from paramcalc.frameworks.deriving import expressions as ex
from paramcalc.frameworks.deriving.derived import Evidence
from paramcalc.frameworks.deriving.expressions import Expr
from paramcalc.frameworks.deriving.literals import integers
from paramcalc.frameworks.deriving.nodes import Merged
from paramcalc.frameworks.deriving.parts import common
from paramcalc.frameworks.deriving.search import Derivation, Solution
from paramcalc.frameworks.deriving.writing import expressions
from paramcalc.results.count import count


def evidence_of(derivation: Derivation, solution: Solution) -> dict[str, Evidence]:
    """Return how each tensor is known, by its path without the numbers of copies.

    It is traced where all sizes, and the numbers of the copies around it, are dims, expressions that the constructor
    itself worked out, of dims that never left it as plain numbers, or numbers that stand in its code: one
    that was merely the same at all points may be the smaller of two sizes.
    """
    known_exprs = _Known(derivation)
    known = {path: all(map(known_exprs.holds, exprs)) for path, exprs in _nodes(solution.nodes, (), ())}
    return {
        ".".join([*path, tensor]): "traced" if known.get(path, False) else "sampled"
        for path, tensor in _tensors(solution)
    }


def evidence_carried(solution: Solution, before: Solution, evidence: Mapping[str, Evidence]) -> dict[str, Evidence]:
    """Return how each tensor of a connected spec is known: as it was known of the inventory `before`.

    A tensor is the one of its name, without numbers. Of several of that name it is traced if all of them are; if there
    is none of that name, as in Keras, where layers have numbers for their names, if all tensors are.
    """
    known: dict[str, bool] = {}
    for path, tensor in _tensors(before):
        key = _key([*path, tensor], before)
        known[key] = known.get(key, True) and evidence[".".join([*path, tensor])] == "traced"
    every = all(known.values())
    return {
        ".".join([*path, tensor]): "traced" if known.get(_key([*path, tensor], solution), every) else "sampled"
        for path, tensor in _tensors(solution)
    }


def _key(path: Sequence[str], solution: Solution) -> str:
    return "".join(common(".".join(name for name in path if name not in solution.made)))


def _tensors(solution: Solution) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the tensors of a spec: the path of each without the numbers of copies, and its name."""
    for row in count(solution.spec, solution.spec.framework).layers:
        numbers = {copies.at for copies in row.copies}
        path = tuple(name for place, name in enumerate(row.path) if place not in numbers)
        yield from ((path, tensor.name) for tensor in row.tensors)


def _nodes(
    nodes: Sequence[Merged], before: tuple[str, ...], around: tuple[Expr, ...]
) -> Iterator[tuple[tuple[str, ...], tuple[Expr, ...]]]:
    """Yield the path of each node, and the expressions on which its tensors depend."""
    for node in nodes:
        here = before if node.name == "." else (*before, node.name)
        outside = (*around, *(each for each in (node.times, node.when) if each is not None))
        own = Merged(node.name, node.kind, node.fields, node.of, tensors=node.tensors)
        shapes = [each.get("shape") for each in node.tensors.values()]
        constants = map(ex.number, integers([node.fields, node.of, shapes]))
        yield here, (*outside, *expressions([own]), *constants)
        yield from _nodes(node.parts, here, outside)
        yield from _nodes([node.otherwise] if node.otherwise is not None else [], before, outside)


class _Known:
    """What is known of expressions: of a run that was traced."""

    def __init__(self, derivation: Derivation) -> None:
        self.derivation, self.log = derivation, derivation.log
        #: the dims that left it as plain numbers
        self.escaped = frozenset().union(*(each.names for each in self.log.left.values()))
        self._found: dict[Expr, bool] = {}

    def holds(self, expr: Expr) -> bool:
        """Whether it is a number of the code, a dim, or was worked out of dims that never left it as plain numbers."""
        if expr not in self._found:
            self._found[expr] = self.derivation.is_traced and self._is_known(expr)
        return self._found[expr]

    def _is_known(self, expr: Expr) -> bool:
        if ex.is_number(expr):
            number, log = expr.of[0], self.log
            has_left = number in log.left and log.left[number].names
            return number in log.written and not has_left and not self._is_bound(expr)
        plain = Expr(expr.op, expr.of, expr.size, expr.names)
        named = expr.op == "name" or _quotients_alike(plain) in self._worked_out
        return named and not expr.names & self.escaped

    @cached_property
    def _worked_out(self) -> set[str]:
        return {*map(_quotients_alike, self.log.expressions)}

    def _is_bound(self, number: Expr) -> bool:
        """Whether a number was compared with a size that was always on one side of it: it may be a `max` of the two."""
        runs = [run.values for run in self.derivation.constructor.runs.values() if run is not None]
        return any(
            number in (each.left, each.right) and not each.is_equality and all(each.holds(values) for values in runs)
            for each in self.log.conditions.values()
        )


def _quotients_alike(expr: Expr) -> str:
    """Write an expression, quotients that are exact as others."""
    return str(expr).replace(" // ", " / ")


def sampled_dims(derivation: Derivation, solution: Solution) -> list[str]:
    """Return the dims of the expressions that are known by their values alone."""
    known = _Known(derivation)
    names = {
        name
        for _, exprs in _nodes(solution.nodes, (), ())
        for expr in exprs
        if not known.holds(expr)
        for name in expr.names
    }
    return [name for name in solution.spec.dims if name in names]
