"""The sums over the parts of a derivation: what each adds, and its share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from paramcalc.core.notation import written_product
from paramcalc.exports.derivations.blocks import Answer, Cell, Maths, Piece, Table
from paramcalc.exports.numbers import summed, thousands
from paramcalc.results.derivation import GroupDerivation, NodeDerivation
from paramcalc.results.formula import Contribution, Formula
from paramcalc.results.paths import is_within

#: The rows of a table that says where the parameters sit; what is smaller shares one.
_MOST_ROWS = 12


def sum_table(parts: Sequence[NodeDerivation], size: str = "") -> Table:
    """List what each part adds, and its share; those that own nothing are left out."""
    total = sum(row.total for part in parts for row in part.rows)
    rows = tuple(_sum_row(part, total) for part in parts if part.one)
    return Table(("part", "parameters", "share", ""), rows, (1, 2), tuple(_totals(parts, size)))


def where_they_sit(
    parts: Sequence[NodeDerivation], form: Formula | None, linked: Callable[[NodeDerivation], Piece]
) -> Table:
    """List the parts, the largest first, with their shares and what they add in the symbols of the form.

    A group that has everything is replaced by what is in it, and copies that differ by each of them. `linked` gives the
    name of a part.
    """
    total = sum(row.total for part in parts for row in part.rows)
    ordered = sorted(_opened(parts), key=lambda part: -part.one * part.times)
    shown = ordered[:_MOST_ROWS] if len(ordered) > _MOST_ROWS + 1 else ordered
    contributions = [] if form is None else [*form.by("group"), *form.parts]
    forms = {id(part): Maths(own.expr, at=form.values) for part in shown if form and (own := _own(part, contributions))}
    rows = [
        (
            (linked(part),),
            (thousands(part.one * part.times),),
            (share_text(part.one * part.times, total),),
            (forms[id(part)],) if id(part) in forms else _copies(part),
        )
        for part in shown
    ]
    rest = ordered[len(shown) :]
    if rest:
        number = sum(part.one * part.times for part in rest)
        rows.append(((f"{thousands(len(rest))} others",), (thousands(number),), (share_text(number, total),), ()))
    return Table(("part", "parameters", "share", "form" if forms else ""), tuple(rows), (1, 2), tuple(_totals(parts)))


def _opened(parts: Sequence[NodeDerivation]) -> list[NodeDerivation]:
    """Return the parts that own anything, as they tell most."""
    owners = [part for part in parts if part.one]
    if len(owners) == 1 and isinstance(owners[0], GroupDerivation):
        return _opened(owners[0].parts)
    return [inner for part in owners for inner in _copies_of(part) if inner.one]


def _copies_of(part: NodeDerivation) -> Sequence[NodeDerivation]:
    """Return the copies that differ of a node, or the node."""
    return part.parts if isinstance(part, GroupDerivation) and part.role == "copies" else [part]


def _own(part: NodeDerivation, contributions: Sequence[Contribution]) -> Contribution | None:
    """Return the part of a closed form that is just this one, and depends on a size; None where there is none."""
    for each in contributions:
        if each.value == part.one * part.times and is_within(part.name, each.name) and each.expr.free_symbols:
            return each
    return None


def _totals(parts: Sequence[NodeDerivation], size: str = "") -> Iterator[tuple[Cell, ...]]:
    rows = [row for part in parts for row in part.rows]
    totals = [
        ("total", sum(row.total for row in rows), size),
        ("trained", sum(row.trainable for row in rows), ""),
        ("not trained", sum(row.non_trainable for row in rows), ""),
        ("buffers, apart", summed(row.buffers for row in rows), ""),
    ]
    for name, number, more in totals if totals[-1][1] else totals[:-1]:
        yield ((name,), (Answer((thousands(number),)),), (), (Answer((more,)),) if more else ())


def _sum_row(part: NodeDerivation, total: int) -> tuple[Cell, ...]:
    whole = part.one * part.times
    return ((part.name,), (Answer((thousands(whole),)),), (Answer((share_text(whole, total),)),), _copies(part))


def _copies(part: NodeDerivation) -> Cell:
    """Write what a part adds as a product, where it stands several times."""
    return () if part.times == 1 else (Answer((Maths(written_product(part.times, part.one), {}),)),)


def share_text(part: int, whole: int) -> str:
    """Write a share in tenths of a per cent, rounded half up."""
    tenths = (2000 * part + whole) // (2 * whole)
    return f"{tenths // 10}.{tenths % 10} %"


def trained_and_not(parts: Sequence[NodeDerivation]) -> str:
    """Write how many parameters are trained, and how many not, over all copies."""
    rows = [row for part in parts for row in part.rows]
    trained, fixed = sum(row.trainable for row in rows), sum(row.non_trainable for row in rows)
    named = [(trained, "trained"), (fixed, "not trained")]
    return ", ".join(f"{thousands(number)} {standing}" for number, standing in named if number)
