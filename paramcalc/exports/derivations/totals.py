"""The sum over the parts of a derivation: what each adds, and its share."""

from __future__ import annotations

from collections.abc import Sequence

from paramcalc.core.notation import written_product
from paramcalc.exports.derivations.blocks import Answer, Cell, Maths, Table
from paramcalc.exports.numbers import thousands
from paramcalc.results.derivation import NodeDerivation


def sum_table(parts: Sequence[NodeDerivation], size: str = "") -> Table:
    """List what each part adds, and its share; those that own nothing are left out."""
    rows = [row for part in parts for row in part.rows]
    total = sum(row.total for row in rows)
    totals = [
        ("total", total, size),
        ("trained", sum(row.trainable for row in rows), ""),
        ("not trained", sum(row.non_trainable for row in rows), ""),
    ]
    buffers = sum(row.buffers for row in rows)
    return Table(
        ("part", "parameters", "share", ""),
        tuple(_sum_row(part, total) for part in parts if part.one),
        (1, 2),
        tuple(
            ((name,), (Answer((thousands(number),)),), (), (Answer((more,)),) if more else ())
            for name, number, more in [*totals, *([("buffers, apart", buffers, "")] if buffers else [])]
        ),
    )


def _sum_row(part: NodeDerivation, total: int) -> tuple[Cell, ...]:
    whole = part.one * part.times
    copies = () if part.times == 1 else (Answer((Maths(written_product(part.times, part.one), {}),)),)
    return ((part.name,), (Answer((thousands(whole),)),), (Answer((_share(whole, total),)),), copies)


def _share(part: int, whole: int) -> str:
    """Write a share in tenths of a per cent, rounded half up."""
    tenths = (2000 * part + whole) // (2 * whole)
    return f"{tenths // 10}.{tenths % 10} %"


def trained_and_not(parts: Sequence[NodeDerivation]) -> str:
    """Write how many parameters are trained, and how many not, over all copies."""
    rows = [row for part in parts for row in part.rows]
    trained, fixed = sum(row.trainable for row in rows), sum(row.non_trainable for row in rows)
    named = [(trained, "trained"), (fixed, "not trained")]
    return ", ".join(f"{thousands(number)} {standing}" for number, standing in named if number)
