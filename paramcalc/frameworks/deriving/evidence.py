"""How each tensor of a derived spec is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from paramcalc.frameworks.deriving.derived import Evidence
from paramcalc.frameworks.deriving.expressions import Expr
from paramcalc.frameworks.deriving.merging import Merged
from paramcalc.frameworks.deriving.search import Derivation, Solution
from paramcalc.frameworks.deriving.writing import expressions
from paramcalc.results.count import count


def evidence_of(derivation: Derivation, solution: Solution) -> dict[str, Evidence]:
    """Return how each tensor is known, by its path without the numbers of copies.

    It is traced where all sizes, and the numbers of the copies around it, are numbers, dims, or expressions that the
    constructor itself worked out, of dims that never left it as plain numbers.
    """
    known = {"/".join(path): _is_traced(derivation, exprs) for path, exprs in _nodes(solution.nodes, (), ())}
    found: dict[str, Evidence] = {}
    for row in count(solution.spec, solution.spec.framework).layers:
        numbers = {copies.at for copies in row.copies}
        path = [name for place, name in enumerate(row.path) if place not in numbers]
        for tensor in row.tensors:
            found[".".join([*path, tensor.name])] = "traced" if known.get("/".join(path), False) else "sampled"
    return found


def _nodes(
    nodes: Sequence[Merged], before: tuple[str, ...], around: tuple[Expr, ...]
) -> Iterator[tuple[tuple[str, ...], tuple[Expr, ...]]]:
    """Yield the path of each node, and the expressions on which its tensors depend."""
    for node in nodes:
        here = before if node.name == "." else (*before, node.name)
        outside = (*around, *(each for each in (node.times, node.when) if each is not None))
        own = Merged(node.name, node.kind, node.fields, node.of, tensors=node.tensors)
        yield here, (*outside, *expressions([own]))
        yield from _nodes(node.parts, here, outside)
        yield from _nodes([node.otherwise] if node.otherwise is not None else [], before, outside)


def _is_traced(derivation: Derivation, exprs: Sequence[Expr]) -> bool:
    return derivation.is_traced and all(_is_known(derivation, each) for each in exprs)


def _is_known(derivation: Derivation, expr: Expr) -> bool:
    """Whether an expression is a number, a dim, or was worked out of dims that never left as plain numbers."""
    escaped = frozenset().union(*(each.names for each in derivation.log.left.values()))
    plain = Expr(expr.op, expr.of, expr.size, expr.names)
    worked_out = {str(each).replace(" // ", " / ") for each in derivation.log.expressions}
    named = expr.op in ("name", "number") or str(plain).replace(" // ", " / ") in worked_out
    return named and not expr.names & escaped


def sampled_dims(derivation: Derivation, solution: Solution) -> list[str]:
    """Return the dims of the expressions that are known by their values alone."""
    names = {
        name
        for _, exprs in _nodes(solution.nodes, (), ())
        for expr in exprs
        if not derivation.is_traced or not _is_known(derivation, expr)
        for name in expr.names
    }
    return [name for name in solution.spec.dims if name in names]
