"""A closed form as a page: the formula, its symbols, its value at the spec's own sizes."""

from __future__ import annotations

from paramcalc.algebra import Unknown
from paramcalc.errors import ParamcalcError
from paramcalc.exports import notation
from paramcalc.exports.tables import thousands
from paramcalc.formulas import MOST_SYMBOLS, Formula, Part


def render(form: Formula, target: str) -> str:
    """A form in a notation: `text`, `latex` or `mathml`."""
    return {"text": as_text, "latex": as_latex, "mathml": as_mathml}[target](form)


def as_text(form: Formula) -> str:
    """The form in plain text, with its symbols, conditions and value."""
    lines = [" · ".join(filter(None, (form.name, form.convention))), ""]
    if len(form.symbols) > MOST_SYMBOLS:
        lines += ["  parameters, layer by layer ="]
        lines += [f"    {'+ ' if place else '  '}{_part(part)}" for place, part in enumerate(form.parts)]
    else:
        lines += [f"  parameters = {notation.text(form.expr)}"]
    value = _value(form)
    if form.symbols and form.values and value is not None and len(form.symbols) <= MOST_SYMBOLS:
        lines += [f"             = {notation.text(form.expr, form.values)}"]
    if value is not None and form.symbols:
        lines += [f"             = {thousands(value)}"]
    lines += _legend(form)
    if form.conditions:
        lines += ["", "  taken for granted: " + "; ".join(form.conditions)]
    if form.fixed:
        shown = ", ".join(f"{name} = {_shown(value)}" for name, value in form.fixed.items())
        lines += ["", f"  fixed, since the layers themselves depend on it: {shown}"]
    return "\n".join(lines)


def as_latex(form: Formula) -> str:
    """The form in LaTeX."""
    return notation.latex(form.expr)


def as_mathml(form: Formula) -> str:
    """The form in presentation MathML."""
    return notation.mathml(form.expr)


def _legend(form: Formula) -> list[str]:
    """Each symbol with its value and its meaning, in columns; a kind's symbols have no values."""
    if not form.symbols:
        return []
    names = max(map(len, form.symbols))
    values = {name: thousands(form.values[name]) if name in form.values else "free" for name in form.symbols}
    width = max(map(len, values.values()))
    lines = ["", "  where"]
    for name, value in values.items():
        shown = f" = {value:>{width}}" if form.is_of_spec else ""
        lines.append(f"    {name:{names}}{shown}  {form.meanings.get(name, '')}".rstrip())
    return lines


def _part(part: Part) -> str:
    expr = notation.text(part.expr)
    if part.times == 1:
        return f"{expr}   ({part.name})"
    times = notation.text(part.times)
    return f"{times}·({expr})   ({part.name})"


def _value(form: Formula) -> int | None:
    try:
        value: int = form()
    except ParamcalcError:
        return None
    return value


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_shown, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return "free" if isinstance(value, Unknown) else str(value)
