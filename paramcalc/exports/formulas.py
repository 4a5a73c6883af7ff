"""A closed form as a page: the formula, its symbols, its value at the spec's own sizes."""

from __future__ import annotations

import textwrap

from paramcalc.core import notation
from paramcalc.core.errors import listed, quoted, refuse
from paramcalc.core.lines import one_line
from paramcalc.exports.languages import LANGUAGES, source
from paramcalc.exports.numbers import thousands
from paramcalc.exports.tables import with_values
from paramcalc.results.formula import MOST_SYMBOLS, Formula

_WIDTH = 80
_SIGNS = (" + ", " - ")
_FACTORS = ("·(", " · (")
#: what stands before the dims that are fixed
FIXED = "fixed, since the layers themselves depend on it:"
#: a space at which no line is broken
_KEPT = "\u00a0"


def render(form: Formula, target: str) -> str:
    """Print a form in a notation, `text`, `latex` or `mathml`, or in one of the `LANGUAGES`.

    Raises `unknown-target`, and `not-expressible` for what a language has no exact words for.
    """
    notations = {"text": as_text, "latex": as_latex, "mathml": as_mathml}
    if target in notations:
        return notations[target](form)
    if target not in LANGUAGES:
        known = [*notations, *LANGUAGES]
        raise refuse("unknown-target", f"there is no target {quoted(target)}", listed("the targets", known))
    return source(form, target)


def as_text(form: Formula) -> str:
    """Print the form in plain text, readable at 80 columns, with its symbols, conditions and value."""
    lines = [title(form), ""]
    if len(form.symbols) > MOST_SYMBOLS:
        lines += ["  parameters, layer by layer ="]
        for number, part in enumerate(form.parts):
            printed = f"{notation.text(part.expr, sizes=form.values)}   ({part.name})"
            lines += equation(f"    {'+' if number else ' '} ", printed)
    else:
        lines += equation("  parameters = ", notation.text(form.expr, sizes=form.values))
    value = form.own_value
    if form.symbols and form.values and value is not None and len(form.symbols) <= MOST_SYMBOLS:
        lines += equation("             = ", notation.text(form.expr, form.values, form.values))
    if value is not None and form.symbols:
        lines += [f"             = {thousands(value)}"]
    return "\n".join([*lines, *_legend(form), *premises(form)])


def as_latex(form: Formula) -> str:
    """Print the form in LaTeX."""
    return notation.latex(form.expr, sizes=form.values)


def title(form: Formula) -> str:
    """Return the name of the form, and whose way of counting it is."""
    return " · ".join(filter(None, (one_line(form.name), form.convention)))


def equation(start: str, printed: str) -> list[str]:
    """Break a side of an equation into lines of 80 columns, broken before a sign.

    A term too long for a line begins on one of its own; it is broken before a factor, or else within a sum.
    """
    room = _WIDTH - len(start)
    lines = [""]
    for term in terms(printed):
        if len(lines[-1]) + len(term) <= room:
            lines[-1] += term
            continue
        lines.append("")
        for piece in _pieces(term.lstrip(), room):
            if lines[-1] and len(lines[-1]) + len(piece) > room:
                lines.append("")
            lines[-1] += piece if lines[-1] else piece.lstrip()
    first, *others = filter(None, lines)
    return [start + first, *(" " * len(start) + line for line in others)]


def terms(printed: str) -> list[str]:
    """Return the terms of a printed sum, each with its sign."""
    return _split(printed, _SIGNS, within=False)


def _pieces(term: str, room: int) -> list[str]:
    """Return what is not broken of a term, in lines of this length."""
    factors = [term] if len(term) <= room else _split(term, _FACTORS, within=False)
    return [
        piece for factor in factors for piece in ([factor] if len(factor) <= room else _split(factor, _SIGNS, True))
    ]


def _split(printed: str, marks: tuple[str, ...], within: bool) -> list[str]:
    """Cut a printed formula before each mark; those in parentheses too, if asked."""
    parts, depth = [""], 0
    for place, char in enumerate(printed):
        if printed.startswith(marks, place) and place and (within or depth == 0):
            parts.append("")
        depth += (char == "(") - (char == ")")
        parts[-1] += char
    return parts


def premises(form: Formula) -> list[str]:
    """Say what was put in, what the form assumes, and what is fixed."""
    lines: list[str] = []
    for what, items in (
        ("with", with_values(form.substituted)),
        ("assumes:", form.conditions),
        (FIXED, fixed_dims(form)),
    ):
        if items:
            written = "; ".join(item.replace(" ", _KEPT) for item in items)
            wrapped = textwrap.wrap(f"  {what} {written}", _WIDTH, subsequent_indent="    ", break_long_words=False)
            lines += ["", *(line.replace(_KEPT, " ") for line in wrapped)]
    return lines


def fixed_dims(form: Formula) -> list[str]:
    """Write each fixed dim with its value, and with the node and the expression that need it."""
    causes = (cause_of(form, name) for name in form.fixed)
    return [
        f"{written} ({cause})" if cause else written
        for written, cause in zip(with_values(form.fixed), causes, strict=True)
    ]


def cause_of(form: Formula, name: str) -> str:
    """Write the node and the expression that fix a dim; empty where it is not one expression."""
    return ": ".join(filter(None, form.causes.get(name, ())))


def as_mathml(form: Formula) -> str:
    """Print the form in presentation MathML."""
    return notation.mathml(form.expr, form.values)


def _legend(form: Formula) -> list[str]:
    """List each symbol with its value and its meaning; the symbols of a layer type have no values."""
    if not form.symbols:
        return []
    names = max(map(len, form.symbols))
    values = {name: thousands(form.values[name]) if name in form.values else "unknown" for name in form.symbols}
    width = max(map(len, values.values()))
    lines = ["", "  where"]
    for name, value in values.items():
        shown = f" = {value:>{width}}" if form.is_of_spec else ""
        lines.append(f"    {name:{names}}{shown}  {one_line(form.meanings.get(name, ''))}".rstrip())
    return lines
