"""Other views of a closed form: its parts and their shares, its leading terms, how it moves with each dim."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from paramcalc.core import notation
from paramcalc.exports.columns import WIDTH, columns, plain, wrapped
from paramcalc.exports.count_tree import Style
from paramcalc.exports.formulas import equation, heading, premises, terms
from paramcalc.exports.numbers import decimal, percent, thousands
from paramcalc.results.formula import Elasticity, Formula, Target, Unit

# --- The parts and their shares --------------------------------------------------------


def parts(
    form: Formula, target: Target, unit: Unit, depth: int = 1, width: int = WIDTH, style: Style | None = None
) -> str:
    """Print the parts of a form, by layer, group or tensor, as `text` of this width, `latex` or `json`."""
    if target == "text":
        return _parts_text(form, unit, depth, width, style or plain)
    return {"latex": _parts_latex, "json": _parts_json}[target](form, unit, depth)


def _parts_text(form: Formula, unit: Unit, depth: int, width: int, style: Style) -> str:
    """Print the parts of a form with their shares, in plain text."""
    rows = [
        (part.name, _number(part.value), percent(part.share), notation.text(part.expr, sizes=form.values))
        for part in form.by(unit, depth)
    ]
    heads = (unit, form.measure.unit, "share", "form")
    total = ("total", *_total(form))
    numbers = [row[:3] for row in (heads, *rows, total)]
    head, *starts, end = columns(numbers, width, "  ", (1, 2))
    longest = max(len(line) for lines in (head, *starts, end) for line in lines)
    room = width - longest - 2
    # where a term does not fit beside the numbers, the forms stand below them
    beside = all(len(term) <= room for *_, expr in rows for term in terms(expr)) and all(
        len(start) == 1 for start in starts
    )
    lines = [heading(form, width, style), ""]
    lines += [style(f"{head[0]}  form", "bold")] if beside else [style(line, "bold") for line in head]
    for start, (*_, expr) in zip(starts, rows, strict=True):
        lines += equation(f"{start[0]}  ", expr, width) if beside else [*start, *equation("    ", expr, width)]
    rule = style("  " + "─" * (longest - 2), "dim")
    return "\n".join([*lines, rule, *end, *premises(form, width)])


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
    return _latex_table("llrr", [(unit, "form", form.measure.unit, "share"), *rows])


def _parts_json(form: Formula, unit: Unit, depth: int) -> str:
    """Print the form and its parts as an object of JSON."""
    from paramcalc.exports.languages.tree import parts_data, written

    return written(parts_data(form, unit, depth))


def _total(form: Formula) -> tuple[str, str]:
    share = form.share(form.expr)
    return (_number(None) if share is None else thousands(form()), percent(share))


# --- The leading term ------------------------------------------------------------------


def leading(form: Formula, target: Target, width: int = WIDTH, style: Style | None = None) -> str:
    """Print the leading terms of a form: as `text`, with what they cover; alone in any notation of a form."""
    if target != "text":
        return replace(form, expr=form.asymptotic.expr).to(target)
    leading = form.asymptotic
    start = f"  {form.measure.unit} ≈ "
    about = equation(start, notation.text(leading.expr, sizes=form.values), width)
    lines = [heading(form, width, style), "", *about]
    if leading.share is not None:
        if leading.expr.free_symbols:
            lines += equation(f"{'= ':>{len(start)}}", notation.text(leading.expr, form.values, form.values), width)
        lines += [
            f"{'= ':>{len(start)}}{_decimal(form.exactly(leading.expr))}",
            "",
            f"  {percent(leading.share)} of the {thousands(form())} at these sizes",
        ]
    return "\n".join([*lines, *premises(form, width)])


# --- How it moves ----------------------------------------------------------------------


def elasticities(form: Formula, target: Target, width: int = WIDTH, style: Style | None = None) -> str:
    """Print how a form moves with each of its dims, as `text` of this width or `latex`."""
    return _elasticities_latex(form) if target == "latex" else _elasticities_text(form, width, style or plain)


def _elasticities_text(form: Formula, width: int, style: Style) -> str:
    """Print how a form moves with each of its dims, in plain text."""
    rows = form.elasticities()
    lines = [heading(form, width, style), "", f"  {thousands(form())} {form.measure.unit}"]
    if rows:
        cells = [("dim", "size", "elasticity", "next size", "adds"), *map(_cells, rows)]
        head, *body = columns(cells, width, "  ", (1, 2, 3, 4))
        lines += ["", *(style(line, "bold") for line in head), *(line for row in body for line in row)]
        lines += ["", *wrapped(_said(rows[0], form.measure.unit), width, "  ", "  ")]
    return "\n".join([*lines, *premises(form, width)])


def _said(row: Elasticity, unit: str) -> str:
    """Say what an elasticity means, in a sentence."""
    if row.elasticity is None:
        return f"The form rounds or chooses by {row.dim}: it has no slope, and no elasticity."
    more = "more" if row.elasticity >= 0 else "fewer"
    size = _decimal(abs(row.elasticity), 2, fixed=True)
    return f"1 % more {row.dim}, the others as they are: about {size} % {more} {unit}."


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
