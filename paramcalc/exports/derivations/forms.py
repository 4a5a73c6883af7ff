"""A closed form as blocks of a sheet."""

from __future__ import annotations

from collections.abc import Iterator

from paramcalc.core.lines import one_line
from paramcalc.exports.derivations.blocks import Block, Cell, Equation, Equations, Legend, Maths, Paragraph
from paramcalc.exports.derivations.steps import answers, without_repetitions
from paramcalc.exports.formulas import FIXED, fixed_dims
from paramcalc.exports.numbers import thousands
from paramcalc.results.formula import Formula


def form_blocks(form: Formula, value: int | None) -> Iterator[Block]:
    """Make the blocks of a closed form: the formula, the numbers put in, the value; its symbols; what it assumes.

    Without symbols there is no formula; what is fixed, and by what, is said all the same.
    """
    if form.symbols:
        yield _equations(form, value)
        yield Legend(tuple(_size(form, name) for name in form.symbols))
    if form.conditions:
        yield Paragraph((f"assumes: {'; '.join(form.conditions)}",))
    if form.fixed:
        yield Paragraph((f"{FIXED} {'; '.join(fixed_dims(form))}",))


def _equations(form: Formula, value: int | None) -> Equations:
    known = value is not None and form.is_known
    substituted = [Maths(form.expr, form.values, form.values), Maths(value)] if known else []
    steps = without_repetitions(Maths(form.expr, at=form.values), *substituted)
    return Equations((Equation((form.measure.unit,), answers(steps)),))


def _size(form: Formula, name: str) -> tuple[Cell, Cell, str]:
    value = thousands(form.values[name]) if name in form.values else "any" if form.is_of_spec else ""
    return (Maths(form.symbols[name]),), (value,) if value else (), one_line(form.meanings.get(name, ""))
