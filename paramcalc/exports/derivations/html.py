"""A sheet in HTML: one file that needs no other, its formulas in MathML."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from html import escape
from urllib.parse import quote

from paramcalc.core import notation
from paramcalc.exports.derivations.blocks import (
    Answer,
    Cell,
    Document,
    Equations,
    Link,
    Maths,
    Section,
    SymbolicShape,
    Table,
)
from paramcalc.exports.derivations.printer import Printer
from paramcalc.results.derivation import Sheet

#: Colours are those of the reader: a page follows the system's light or dark scheme, a notebook its own.
_STYLE = """
.paramcalc { line-height: 1.5; overflow-wrap: break-word;
  --faint: color-mix(in srgb, currentColor 25%, transparent);
  --quiet: color-mix(in srgb, currentColor 75%, transparent) }
.paramcalc details { border-top: 1px solid var(--faint); padding: .6rem 0 }
.paramcalc details details { border-left: 3px solid var(--faint); border-top: 0; margin-top: .6rem;
  padding: 0 0 0 .9rem }
.paramcalc summary { cursor: pointer }
.paramcalc summary > * { display: inline; font-size: 1.1rem; font-weight: 600; margin: 0 }
.paramcalc .shapes { color: var(--quiet); font: .85em ui-monospace, monospace; margin: .2rem 0 }
.paramcalc p { margin: .5rem 0 }
.paramcalc a { color: inherit; text-decoration-color: color-mix(in srgb, currentColor 45%, transparent);
  text-underline-offset: .15em }
.paramcalc a math { border-bottom: 1px solid color-mix(in srgb, currentColor 45%, transparent) }
.paramcalc a:hover { text-decoration-color: currentColor }
.paramcalc .total { font-size: 1.15rem; font-weight: 600 }
.paramcalc .contents ul { columns: 18rem; margin: .4rem 0; padding-left: 1.2rem }
.paramcalc .contents ul ul { columns: auto; margin: 0 }
.paramcalc details:target > summary { background: var(--faint) }
.paramcalc code { font: .9em ui-monospace, monospace }
.paramcalc math { font-size: 1.05em }
.paramcalc table { border-collapse: collapse; margin: .7rem 0 }
.paramcalc.paramcalc.paramcalc tr { background: none }
.paramcalc.paramcalc.paramcalc tr > * { font-weight: 400; line-height: inherit; padding: .2rem 1rem .2rem 0;
  vertical-align: top }
.paramcalc.paramcalc.paramcalc thead tr > * { border-bottom: 1px solid; font-weight: 600 }
.paramcalc.paramcalc.paramcalc tfoot tr:first-child > * { border-top: 1px solid }
.paramcalc.paramcalc.paramcalc tfoot > tr > * { font-weight: 600 }
.paramcalc .number { font-variant-numeric: tabular-nums }
.paramcalc td.number { white-space: nowrap }
.paramcalc .equations { display: grid; gap: .2rem .5rem; grid-template-columns: auto auto minmax(0, 1fr);
  align-items: baseline; margin: .7rem 0 }
.paramcalc .note { color: var(--quiet); margin-left: 1.5rem }
.paramcalc .question { font-weight: 600; margin-bottom: 0 }
.paramcalc .question + p { margin-top: 0 }
.paramcalc .answer { border-bottom: 1px solid }
.paramcalc .answer.lines { border: 0 }
.paramcalc .blank { border-bottom: 1px solid; display: inline-block; height: 1.3em; width: 5.5em }
.paramcalc .blank.long { max-width: 100%; width: 14em }
.paramcalc .blank.lines { display: block; height: 1.9em; width: 100% }
@media (max-width: 40rem) {
  .paramcalc { overflow-wrap: anywhere }
  .paramcalc thead tr > *, .paramcalc tfoot tr > * { overflow-wrap: break-word }
  .paramcalc .wide, .paramcalc .equations > :nth-child(3n) { overflow-x: auto }
  .paramcalc details details { padding-left: .4rem }
  .paramcalc .equations { grid-template-columns: auto minmax(0, 1fr) }
  .paramcalc .equations > :nth-child(3n+1) { grid-column: 1 / -1 }
  .paramcalc .equations > :empty { display: none }
  .paramcalc table.sums, .paramcalc .sums > * { display: block }
  .paramcalc .sums tr { display: grid; grid-template-columns: 1fr 8.5em 4.5em }
  .paramcalc .sums tr > :nth-child(n+4) { grid-column: 1 / -1 }
  .paramcalc .sums tr > :empty, .paramcalc .sums thead tr > :nth-child(n+4) { display: none }
  .paramcalc .words thead { clip-path: inset(50%); height: 1px; overflow: hidden; position: absolute; width: 1px }
  .paramcalc .words tr { display: block; padding: .3rem 0 }
  .paramcalc .words tr > * { display: inline-block }
  .paramcalc.paramcalc.paramcalc tr > * { padding-right: .6rem }
  .paramcalc.paramcalc.paramcalc .sums tr:nth-child(n) > * { border: 0; padding-right: 0 }
  .paramcalc .sums thead { border-bottom: 1px solid }
  .paramcalc .sums tfoot { border-top: 1px solid }
  .paramcalc .contents ul { columns: 1 }
  .paramcalc .note { display: block; margin-left: 0 }
}
@media print {
  .paramcalc details::details-content { content-visibility: visible; height: auto }
  .paramcalc summary { list-style: none }
  .paramcalc .contents { display: none }
  .paramcalc a { text-decoration: none }
  .paramcalc details.layer, .paramcalc .equations, .paramcalc tr { break-inside: avoid }
  .paramcalc summary, .paramcalc .shapes { break-after: avoid }
}
"""
_PAGE_STYLE = """
:root { color-scheme: light dark }
body { font-family: system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 1rem }
@page { margin: 2cm }
@media print { :root { color-scheme: light } body { font-size: 10.5pt; padding: 0 } }
"""
_BLANK = '<span class="blank {room}" role="img" aria-label="blank"></span>'
#: A notebook has its own rules for tables, which are stronger than those of a class: they are met cell by cell.
_LEFT, _RIGHT = ' style="text-align: left"', ' class="number" style="text-align: right"'
#: The longest table of contents that stands open.
_OPEN_CONTENTS = 24


def printed(document: Document) -> str:
    """Print the sheet as a page: what the whole comes to and its contents on top, then the sections."""
    title = escape(document.title)
    printer = HtmlPrinter(document.kind)
    parts = [f"<h1>{title}</h1>", *_total(document, printer), *_contents(document, printer)]
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{_PAGE_STYLE}{_STYLE}</style>\n</head>\n<body>\n"
        f'<main class="paramcalc">\n{_joined([*parts, *map(printer.block, document.blocks)])}\n</main>\n'
        "</body>\n</html>"
    )


def fragment(document: Document) -> str:
    """Print the sheet as a part of a page; its style and its anchors touch nothing else there."""
    plain = _joined(map(HtmlPrinter(document.kind).block, document.blocks))
    # two sheets of one page have anchors of their own
    printer = HtmlPrinter(document.kind, prefix=f"{sha256(plain.encode()).hexdigest()[:8]}-")
    blocks = _joined([*_total(document, printer), *map(printer.block, document.blocks)])
    return f'<div class="paramcalc">\n<style>{_STYLE}</style>\n{blocks}\n</div>'


def _joined(parts: Iterable[str]) -> str:
    return "\n".join(parts)


def _total(document: Document, printer: HtmlPrinter) -> Iterator[str]:
    if document.total:
        yield f'<p class="total">{printer.cell(document.total)}</p>'


def _contents(document: Document, printer: HtmlPrinter) -> Iterator[str]:
    """Give the contents of a page with many sections; a worksheet is for paper."""
    if len(document.sections) > 2 and document.kind == "derivation":
        entries = _joined(_entries(document.sections, printer))
        state = " open" if entries.count("<li>") <= _OPEN_CONTENTS else ""
        yield f'<details{state} class="contents">\n<summary>Contents</summary>\n<nav>\n<ul>\n{entries}\n</ul>\n</nav>'
        yield "</details>"


def _entries(sections: Sequence[Section], printer: HtmlPrinter) -> Iterator[str]:
    for section in sections:
        yield f"<li>{printer.link(Link(section.title, section.anchor))}"
        if section.sections:
            yield from ("<ul>", *_entries(section.sections, printer), "</ul>")
        yield "</li>"


class HtmlPrinter(Printer[str]):
    """Prints blocks as elements; `level` is that of their headings, and `prefix` stands before their anchors."""

    def __init__(self, kind: Sheet, level: int = 2, prefix: str = "") -> None:
        super().__init__(kind)
        self.level = level
        self.prefix = prefix

    def section(self, section: Section) -> str:
        """Print a part that folds."""
        inner = HtmlPrinter(self.kind, self.level + 1, self.prefix)
        tag = f"h{min(self.level, 6)}"
        aside = [f'<p class="shapes">{escape(section.aside)}</p>'] if section.aside else []
        anchor = f' id="{escape(self.prefix + section.anchor)}"' if section.anchor else ""
        head = (
            f'<details open class="{"group" if section.sections else "layer"}"{anchor}>\n'
            f"<summary><{tag}>{escape(section.title)}</{tag}></summary>"
        )
        return _joined([head, *aside, *map(inner.block, section.blocks), "</details>"])

    def paragraph(self, text: str) -> str:
        """Print running text."""
        return f"<p>{text}</p>"

    def table(self, table: Table) -> str:
        """Print a table; the first cell of a row is its heading."""
        sides = [_RIGHT if column in table.numbers else _LEFT for column in range(len(table.headings))]

        def row(cells: Sequence[Cell]) -> str:
            shown = [f"<td{sides[column]}>{self.cell(cell)}</td>" for column, cell in enumerate(cells) if column]
            return f'<tr><th scope="row"{_LEFT}>{self.cell(cells[0])}</th>{"".join(shown)}</tr>\n'

        head = "".join(
            f'<th scope="col"{attribute}>{escape(name)}</th>' if name else f"<td{attribute}></td>"
            for name, attribute in zip(table.headings, sides, strict=True)
        )
        foot = f"<tfoot>\n{''.join(map(row, table.totals))}</tfoot>\n" if table.totals else ""
        # on a telephone, what does not fit goes on below
        stacked = ' class="sums"' if 1 in table.numbers else ' class="words"'
        attribute = "" if len(table.headings) - 1 in table.numbers else stacked
        body = "".join(map(row, table.rows))
        return (
            f'<div class="wide">\n<table{attribute}>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n'
            f"{foot}</table>\n</div>"
        )

    def legend(self, rows: list[tuple[str, str, str]]) -> str:
        """Print symbols as rows of a table without a head."""
        cells = "".join(
            f'<tr><th scope="row"{_LEFT}>{symbols}</th><td{_LEFT}>{"=" if value else ""}</td>'
            f"<td{_RIGHT}>{value}</td>"
            f"<td{_LEFT}>{escape(meaning)}</td></tr>\n"
            for symbols, value, meaning in rows
        )
        return f'<table class="legend">\n<tbody>\n{cells}</tbody>\n</table>'

    def equations(self, block: Equations) -> str:
        """Print equations in three columns: the left side, the sign, a step."""
        return f'<div class="equations">\n{"".join(self._lines(block))}</div>'

    def _lines(self, block: Equations) -> Iterator[str]:
        for equation in block.equations:
            steps = list(map(self.cell, equation.steps))
            lines = steps if block.stepwise else [" = ".join(steps)]
            lines[-1] += f' <span class="note">{self.cell(equation.note)}</span>' if equation.note else ""
            lefts = [self.cell(equation.left), *[""] * (len(lines) - 1)]
            for left, line in zip(lefts, lines, strict=True):
                yield f"<span>{left}</span><span>=</span><span>{line}</span>\n"

    def question(self, question: str, answer: str) -> str:
        """Print a question above its answer."""
        return f'<p class="question">{escape(question)}</p>\n<p>{answer}</p>'

    def name(self, name: str) -> str:
        """Print a name as code."""
        return f"<code>{escape(name)}</code>"

    def maths(self, maths: Maths) -> str:
        """Print a formula. A browser breaks no line within one: each term of a sum is one, and may be a link."""
        shown = []
        for number, (sign, term) in enumerate(notation.terms(maths.expr, maths.at)):
            before = f'<mo form="infix" lspace="0">{sign}</mo>' if number else "<mo>-</mo>" if sign == "-" else ""
            printed = notation.mathml_row(term, maths.values, maths.at)
            named = [name for name in getattr(term, "parts", (term,)) if isinstance(name, str)]
            if maths.links and named:
                printed = self.leading(printed, maths.links[named[0]])
                alone = before.replace("lspace", 'rspace="0" lspace')
                shown.append(f"<math>{alone}</math> {printed}" if before else printed)
            else:
                shown.append(f"<math>{before}{printed}</math>")
        return " ".join(shown)

    def leading(self, printed: str, anchor: str) -> str:
        """Make a term a link to a section."""
        return f'<a href="#{quote(self.prefix + anchor)}"><math>{printed}</math></a>'

    def link(self, link: Link) -> str:
        """Print words that lead to a section."""
        return f'<a href="#{quote(self.prefix + link.to)}">{escape(link.text)}</a>'

    def shape(self, shape: SymbolicShape) -> str:
        """Print a shape in symbols."""
        sizes = "<mo>,</mo>".join(map(notation.mathml_row, shape.sizes))
        return f'<math><mrow><mo stretchy="false">(</mo>{sizes}<mo stretchy="false">)</mo></mrow></math>'

    def answer(self, answer: Answer) -> str:
        """Print what is to be found out: a blank, or marked as the answer, or plain."""
        if self.kind == "blank":
            return self.blank(answer.room) * (3 if answer.room == "lines" else 1)
        content = self.cell(answer.content)
        return f'<span class="answer {answer.room}">{content}</span>' if self.kind == "answers" and content else content

    def blank(self, room: str) -> str:
        """Print room to write in."""
        return _BLANK.format(room=room)

    def words(self, text: str) -> str:
        """Print plain text."""
        return escape(text)
