"""A closed form as a page: the formula, its symbols, its value at the spec's own sizes."""

from __future__ import annotations

from paramcalc.core import notation
from paramcalc.core.errors import listed, quoted, refuse
from paramcalc.core.lines import one_line
from paramcalc.core.registry import DEFAULT_MEASURE
from paramcalc.exports.columns import KEPT, WIDTH, columns, plain, wrapped
from paramcalc.exports.count_tree import Style
from paramcalc.exports.languages import LANGUAGES, source
from paramcalc.exports.numbers import thousands
from paramcalc.exports.tables import with_values
from paramcalc.results.formula import MOST_SYMBOLS, Formula

_SIGNS = (" + ", " - ")
_FACTORS = ("·(", " · (")
#: what stands before the dims that are fixed
FIXED = "fixed, since the layers themselves depend on it:"


def render(form: Formula, target: str, *, width: int = WIDTH, style: Style | None = None) -> str:
    """Print a form in a notation, `text`, `latex` or `mathml`, or in one of the `LANGUAGES`.

    `width` and `style` are of plain text.

    Raises `unknown-target`, and `not-expressible` for what a language has no exact words for.
    """
    if target == "text":
        return as_text(form, width, style)
    notations = {"latex": as_latex, "mathml": as_mathml}
    if target in notations:
        return notations[target](form)
    if target not in LANGUAGES:
        known = ["text", *notations, *LANGUAGES]
        raise refuse("unknown-target", f"there is no target {quoted(target)}", listed("the targets", known))
    return source(form, target)


def as_text(form: Formula, width: int = WIDTH, style: Style | None = None) -> str:
    """Print the form in plain text of this width, with its symbols, conditions and value."""
    lines, start = [heading(form, width, style), ""], f"  {form.measure.unit} = "
    if len(form.symbols) > MOST_SYMBOLS:
        lines += [f"  {form.measure.unit}, layer by layer ="]
        for number, part in enumerate(form.parts):
            printed = f"{notation.text(part.expr, sizes=form.values)}   ({part.name})"
            lines += equation(f"    {'+' if number else ' '} ", printed, width)
    else:
        lines += equation(start, notation.text(form.expr, sizes=form.values), width)
    value = form.own_value
    if form.symbols and form.values and value is not None and len(form.symbols) <= MOST_SYMBOLS:
        lines += equation(f"{'= ':>{len(start)}}", notation.text(form.expr, form.values, form.values), width)
    if value is not None and form.symbols:
        lines += [f"{'= ':>{len(start)}}{(style or plain)(thousands(value), 'bold')}"]
    return "\n".join([*lines, *_legend(form, width, style or plain), *premises(form, width)])


def as_latex(form: Formula) -> str:
    """Print the form in LaTeX."""
    return notation.latex(form.expr, sizes=form.values)


def title(form: Formula) -> str:
    """Return the name of the form, and whose way of counting it is."""
    of = "" if form.measure.name == DEFAULT_MEASURE else form.measure.name
    return " · ".join(filter(None, (one_line(form.name), form.convention, of)))


def heading(form: Formula, width: int, style: Style | None) -> str:
    """Print the title of a form as a heading."""
    return "\n".join((style or plain)(line, "bold") for line in wrapped(title(form), width))


def equation(start: str, printed: str, width: int = WIDTH) -> list[str]:
    """Break a side of an equation into lines of this width, broken before a sign.

    A term too long for a line begins on one of its own; it is broken before a factor, or else within a sum.
    """
    room = width - len(start)
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
    indent = " " * len(start)
    lines = [part for line in lines if line for part in wrapped(line, room)]
    return [start + lines[0], *(indent + line for line in lines[1:])]


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


def premises(form: Formula, width: int = WIDTH) -> list[str]:
    """Say what was put in, what the form assumes, and what is fixed."""
    lines: list[str] = []
    for what, items in (
        ("with", with_values(form.substituted)),
        ("assumes:", form.conditions),
        (FIXED, fixed_dims(form)),
    ):
        if items:
            written = "; ".join(item.replace(" ", KEPT) for item in items)
            lines += ["", *wrapped(f"{what} {written}", width, "  ", "    ")]
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


def _legend(form: Formula, width: int, style: Style) -> list[str]:
    """List each symbol with its value and its meaning; the symbols of a layer type have no values."""
    if not form.symbols:
        return []
    names = max(map(len, form.symbols))
    values = {name: thousands(form.values[name]) if name in form.values else "unknown" for name in form.symbols}
    longest = max(map(len, values.values()))
    rows = [
        (f"{name:{names}} = {value:>{longest}}" if form.is_of_spec else name, one_line(form.meanings.get(name, "")))
        for name, value in values.items()
    ]
    return ["", style("  where", "bold"), *(line for lines in columns(rows, width, "    ") for line in lines)]
