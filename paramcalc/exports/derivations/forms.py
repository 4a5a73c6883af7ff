"""A closed form as blocks of a sheet."""

from __future__ import annotations

from collections.abc import Iterator

from paramcalc.exports.derivations.blocks import Block, Cell, Equation, Equations, Legend, Maths, Paragraph
from paramcalc.exports.derivations.steps import answers, without_repetitions
from paramcalc.exports.tables import thousands
from paramcalc.results.formula import Formula


def form_blocks(form: Formula, value: int | None) -> Iterator[Block]:
    """Make the blocks of a closed form: its symbols, the formula, the numbers put in, the value, its conditions."""
    if form.symbols:
        yield Legend(tuple(_size(form, name) for name in form.symbols))
    known = value is not None and set(form.symbols) <= set(form.values)
    substituted = [Maths(form.expr, form.values, form.values), Maths(value)] if known else []
    steps = without_repetitions(Maths(form.expr, at=form.values), *substituted)
    yield Equations((Equation(("parameters",), answers(steps)),))
    if form.conditions:
        yield Paragraph((f"where {'; '.join(form.conditions)}",))


def _size(form: Formula, name: str) -> tuple[Cell, Cell, str]:
    value = thousands(form.values[name]) if name in form.values else "any" if form.is_of_spec else ""
    return (Maths(form.symbols[name]),), (value,) if value else (), form.meanings.get(name, "")
