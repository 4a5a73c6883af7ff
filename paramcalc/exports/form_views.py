"""Other views of a closed form: its parts and their shares, its leading terms, how it moves with each dim."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from paramcalc.core import notation
from paramcalc.exports.formulas import equation, premises, terms, title
from paramcalc.exports.numbers import decimal, percent, thousands
from paramcalc.results.formula import Elasticity, Formula, Target, Unit

_WIDTH = 80


# --- The parts and their shares --------------------------------------------------------


def parts(form: Formula, target: Target, unit: Unit, depth: int = 1) -> str:
    """Print the parts of a form, by layer, group or tensor, as `text`, `latex` or `json`."""
    return {"text": _parts_text, "latex": _parts_latex, "json": _parts_json}[target](form, unit, depth)


def _parts_text(form: Formula, unit: Unit, depth: int) -> str:
    """Print the parts of a form with their shares, in plain text."""
    rows = [
        (part.name, _number(part.value), percent(part.share), notation.text(part.expr, sizes=form.values))
        for part in form.by(unit, depth)
    ]
    heads = (unit, "parameters", "share", "form")
    total = ("total", *_total(form))
    widths = [max(len(row[column]) for row in [heads, total, *rows]) for column in range(3)]
    lines = [title(form), ""]
    room = _WIDTH - sum(widths) - 8
    # where a term does not fit beside the numbers, the forms stand below them
    beside = all(len(term) <= room for *_, expr in rows for term in terms(expr))
    for name, value, share, expr in [heads, *rows]:
        start = f"  {name:{widths[0]}}  {value:>{widths[1]}}  {share:>{widths[2]}}"
        if beside:
            lines += equation(f"{start}  ", expr)
        else:
            lines += [start, *(equation("    ", expr) if expr != "form" else ())]
    lines.append("  " + "─" * (sum(widths) + 4))
    lines.append(f"  {total[0]:{widths[0]}}  {total[1]:>{widths[1]}}  {total[2]:>{widths[2]}}".rstrip())
    return "\n".join([*lines, *premises(form)])


def _parts_latex(form: Formula, unit: Unit, depth: int) -> str:
    """Print the same as a LaTeX table."""
    rows = [
        (
            notation.latex_text(part.name),
            f"${notation.latex(part.expr, sizes=form.values)}$",
            _number(part.value),
            percent(part.share).replace("%", r"\%"),
        )
        for part in form.by(unit, depth)
    ]
    return _latex_table("llrr", [(unit, "form", "parameters", "share"), *rows])


def _parts_json(form: Formula, unit: Unit, depth: int) -> str:
    """Print the form and its parts as an object of JSON."""
    from paramcalc.exports.languages.tree import parts_data, written

    return written(parts_data(form, unit, depth))


def _total(form: Formula) -> tuple[str, str]:
    share = form.share(form.expr)
    return (_number(None) if share is None else thousands(form()), percent(share))


# --- The leading term ------------------------------------------------------------------


def leading(form: Formula, target: Target) -> str:
    """Print the leading terms of a form: as `text`, with what they cover; alone in any notation of a form."""
    if target != "text":
        return replace(form, expr=form.asymptotic.expr).to(target)
    leading = form.asymptotic
    lines = [title(form), "", *equation("  parameters ≈ ", notation.text(leading.expr, sizes=form.values))]
    if leading.share is not None:
        if leading.expr.free_symbols:
            lines += equation("             = ", notation.text(leading.expr, form.values, form.values))
        lines += [
            f"             = {_decimal(form.exactly(leading.expr))}",
            "",
            f"  {percent(leading.share)} of the {thousands(form())} at these sizes",
        ]
    return "\n".join([*lines, *premises(form)])


# --- How it moves ----------------------------------------------------------------------


def elasticities(form: Formula, target: Target) -> str:
    """Print how a form moves with each of its dims, as `text` or `latex`."""
    return {"text": _elasticities_text, "latex": _elasticities_latex}[target](form)


def _elasticities_text(form: Formula) -> str:
    """Print how a form moves with each of its dims, in plain text."""
    rows = form.elasticities()
    lines = [title(form), "", f"  {thousands(form())} parameters"]
    if not rows:
        return "\n".join([*lines, *premises(form)])
    cells = [("dim", "size", "elasticity", "next size", "adds"), *map(_cells, rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(5)]
    lines += [""]
    for name, *numbers in cells:
        shown = "  ".join(f"{number:>{width}}" for number, width in zip(numbers, widths[1:], strict=True))
        lines.append(f"  {name:{widths[0]}}  {shown}".rstrip())
    lines += ["", *textwrap.wrap(_said(rows[0]), _WIDTH, initial_indent="  ", subsequent_indent="  ")]
    return "\n".join([*lines, *premises(form)])


def _said(row: Elasticity) -> str:
    """Say what an elasticity means, in a sentence."""
    if row.elasticity is None:
        return f"The form rounds or chooses by {row.dim}: it has no slope, and no elasticity."
    more = "more" if row.elasticity >= 0 else "fewer"
    size = _decimal(abs(row.elasticity), 2, fixed=True)
    return f"1 % more {row.dim}, the others as they are: about {size} % {more} parameters."


def _elasticities_latex(form: Formula) -> str:
    """Print the same as a LaTeX table."""
    heads = ("dim", "size", "elasticity", "next size", "adds")
    rows = [(f"${notation.latex_name(row.dim)}$", *_cells(row)[1:]) for row in form.elasticities()]
    return _latex_table("lrrrr", [heads, *rows])


def _cells(row: Elasticity) -> tuple[str, str, str, str, str]:
    return (
        row.dim,
        thousands(row.size),
        "–" if row.elasticity is None else _decimal(row.elasticity, 2, fixed=True),
        _number(row.following),
        "–" if row.increase is None else f"{row.increase:+,}" if row.increase else "0",
    )


# --- Numbers ---------------------------------------------------------------------------


def _number(value: int | None) -> str:
    return "–" if value is None else thousands(value)


def _decimal(value: Any, decimals: int = 1, fixed: bool = False) -> str:
    """Print an exact number rounded to a number of decimals; a whole one without any, unless they are `fixed`."""
    if not isinstance(value, Fraction):
        value = Fraction(str(value.evalf(30)))
    return decimal(value, decimals, fixed)


def _latex_table(columns: str, rows: Sequence[Sequence[str]]) -> str:
    """Print rows as a LaTeX table, the first its head."""
    head, *body = (" & ".join(row) + r" \\" for row in rows)
    return "\n".join([rf"\begin{{tabular}}{{{columns}}}", head, r"\hline", *body, r"\end{tabular}"])
