"""A count as a table: for a terminal, as Markdown, CSV and JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from textwrap import wrap
from typing import Any, Literal, TypeAlias

from paramcalc.core.algebra import Unknown
from paramcalc.core.lines import json_text, one_line, printable
from paramcalc.exports.count_tree import Style, fitted, flat_lines, is_flat, tree_lines
from paramcalc.exports.numbers import binary_bytes, keras_bytes, prefixed, thousands
from paramcalc.layers.base.axes import shape_text, sizes_text
from paramcalc.layers.base.fields import DEFAULT_DTYPE
from paramcalc.results.count import Count, LayerCount
from paramcalc.results.measurement import MeasuredLayer, Measurement
from paramcalc.spec import Value

#: How a count is printed.
Format: TypeAlias = Literal["table", "json", "csv", "markdown"]
#: What is printed: a count, or another measure.
Counted: TypeAlias = Count | Measurement

_GAP = "  "
_TERM_KEYS = ("layer", "term", "factors", "amount", "times")
#: The headings of columns of numbers.
_NUMBERS = {"trained", "elements", "bytes", "parameters", "trained parameters", "active parameters", "FLOPs"}


def as_json(count: Counted) -> str:
    """Print the count as one JSON object, with stable keys."""
    return _json(count.plain())


def _json(value: Any) -> str:
    import json

    return json_text(json.dumps(value, indent=2, ensure_ascii=False))


def as_csv(count: Counted, tensors: bool = False) -> str:
    """Print the rows of a count as CSV; with `tensors`, a row for each tensor."""
    if tensors:
        headings: Sequence[str] = _TERM_KEYS
        if isinstance(count, Count):
            headings = ("layer", "tensor", "shape", "role", "trainable", "dtype", "elements", "times", "tied_to")
        return _csv(headings, _tensor_values(count))
    totals = ("total", "trainable", "non_trainable", "buffers") if isinstance(count, Count) else ("total",)
    rows = (
        [row.name, row.kind, shape_text(row.output_shape), row.times, *_values(row, totals), " ".join(row.inputs)]
        for row in count.layers
    )
    return _csv(("layer", "kind", "output_shape", "times", *totals, "inputs"), rows)


def _values(counted: Counted | LayerCount | MeasuredLayer, keys: Iterable[str]) -> list[Any]:
    return [getattr(counted, key) for key in keys]


def _tensor_values(count: Counted) -> Iterator[Sequence[Any]]:
    for row in count.layers:
        if isinstance(row, MeasuredLayer):
            for term in row.terms:
                yield (row.name, term.name, sizes_text(term.factors), term.amount, row.times)
            continue
        for tensor in row.tensors:
            trainable = str(tensor.trainable).lower()
            standing = (tensor.role, trainable, tensor.dtype, tensor.elements, row.times, tensor.tied_to or "")
            yield (row.name, tensor.name, sizes_text(tensor.shape), *standing)


def _csv(headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    import csv
    import io

    output = io.StringIO()
    writer = csv.writer(output, lineterminator="\n")
    writer.writerow(headings)
    writer.writerows(rows)
    return output.getvalue().rstrip("\n")


def as_markdown(count: Counted, tensors: bool = False) -> str:
    """Print the count as a Markdown table, its totals below."""
    headings, rows = _cells(count, tensors)
    lines = [*_markdown_table(headings, rows), ""]
    lines += [f"- {label} {value}" for label, value in _totals(count)]
    lines += [f"- {note}" for note in _notes(count)]
    return "\n".join(lines)


def of_several(counts: Sequence[tuple[str, Counted]], format: Format, style: Style | None = None) -> str:
    """Print several counts, each by the path of its spec: a line each, or a list of JSON objects."""
    if format == "json":
        return _json([count.plain() for _, count in counts])
    if format == "csv":
        keys: Sequence[str] = ("total",)
        if isinstance(counts[0][1], Count):
            keys = ("total", "trainable", "non_trainable", "buffers", "active", "bytes")
        numbers = (_values(count, keys) for _, count in counts)
        return _csv(("spec", "convention", *keys), _lines_of_several(counts, numbers))
    numbers = (
        [thousands(count.total), *([thousands(count.trainable), _size(count)] if isinstance(count, Count) else [])]
        for _, count in counts
    )
    more = ("trained", "bytes") if isinstance(counts[0][1], Count) else ()
    headings = ("spec", "convention", counts[0][1].unit, *more)
    rows = list(_lines_of_several(counts, numbers))
    if format == "markdown":
        return "\n".join(_markdown_table(headings, rows))
    widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
    lines = [_line(row, headings, widths) for row in (headings, *rows)]
    style = style or (lambda text, mark: text)
    return "\n".join([style(lines[0], "bold"), style("─" * max(map(len, lines)), "dim"), *lines[1:]])


def _lines_of_several(counts: Sequence[tuple[str, Counted]], numbers: Iterable[list[Any]]) -> Iterator[list[Any]]:
    for (path, count), values in zip(counts, numbers, strict=True):
        yield [printable(path), count.convention, *values]


def _size(count: Count) -> str:
    return binary_bytes(count.bytes) if type(count.bytes) is int else str(count.bytes)


def as_html(count: Counted) -> str:
    """Print the count as a table of a page, its totals below."""
    from html import escape

    headings, rows = _cells(count, False)

    def row(tag: str, cells: Sequence[str]) -> str:
        shown = "".join(
            f'<{tag} style="text-align: {"right" if _is_number(name) else "left"}">{escape(cell)}</{tag}>'
            for name, cell in zip(headings, cells, strict=True)
        )
        return f"<tr>{shown}</tr>\n"

    lines = [f"{label} {value}" for label, value in _totals(count)] + _notes(count)
    return (
        f"<table>\n<thead>{row('th', headings)}</thead>\n<tbody>\n{''.join(row('td', each) for each in rows)}</tbody>\n"
        f"</table>\n<p>{'<br>'.join(map(escape, lines))}</p>"
    )


def as_text(
    count: Counted,
    tensors: bool = False,
    width: int | None = None,
    style: Style | None = None,
    *,
    flat: bool = False,
    trained: bool = False,
) -> str:
    """Print the count for a terminal of this width, or as wide as it gets.

    Groups make a tree; `flat` gives each layer its whole path. `tensors` lists each tensor, and `trained` adds a
    column of what is trained.
    """
    style = style or (lambda text, mark: text)
    of = "" if isinstance(count, Count) else count.measure
    title = " · ".join(filter(None, (one_line(count.name), count.convention, of)))
    table = _tensor_table(count, width, style) if tensors else _layer_table(count, width, style, flat, trained)
    notes = _notes_within(count, width, style)
    return "\n".join([style(title, "bold"), "", *table, *_sums(count, style), *notes, *_in_short(count, style)])


def _layer_table(count: Counted, width: int | None, style: Style, flat: bool, trained: bool) -> list[str]:
    if not flat and not is_flat(count):
        return fitted(tree_lines(count), width, style, count.unit, trained)
    table = fitted(flat_lines(count), width, style, count.unit, trained)
    if flat or width is None or max(map(len, table)) <= width:
        return table
    return fitted(flat_lines(count, whole=False), width, style, count.unit, trained)


def _tensor_table(count: Counted, width: int | None, style: Style) -> list[str]:
    headings, rows = _cells(count, tensors=True)
    widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
    if width is not None:
        widths = _fitted(widths, headings, width)
    rule = style("─" * (sum(widths) + len(_GAP) * (len(widths) - 1)), "dim")
    lines = [_line(row, headings, widths) for row in rows]
    return [style(_line(headings, headings, widths), "bold"), rule, *lines, rule]


def _sums(count: Counted, style: Style) -> list[str]:
    """Return the totals, their numbers one below the other."""
    totals = _totals(count)
    label_width = max(len(label) for label, _ in totals)
    number_width = max(len(value.split(" (")[0]) for _, value in totals)
    lines = []
    for label, value in totals:
        number, _, rest = value.partition(" (")
        aligned = f"{label:{label_width}}  {number:>{number_width}}" + (f" ({rest}" if rest else "")
        lines.append(style(aligned, "bold") if label == totals[0][0] else aligned)
    return lines


def _in_short(count: Counted, style: Style) -> list[str]:
    """Return the answer to the usual question in one line: how many, and how large in which dtypes."""
    if type(count.total) is not int:
        return []
    if isinstance(count, Measurement):
        whole = binary_bytes(count.total) if count.unit == "bytes" else f"{prefixed(count.total)} {count.unit}"
        return [style(whole, "bold")]
    other = "bfloat16" if count.dtype != "bfloat16" else DEFAULT_DTYPE
    sizes = [count.sizes(), count.sizes(other)] if count.total else []
    parts = [f"{prefixed(count.total)} parameters", *(_size_in(size) for size in sizes)]
    return [style(" · ".join(parts), "bold")]


def _size_in(sizes: Mapping[str, int]) -> str:
    return f"{binary_bytes(sum(sizes.values()))} {' and '.join(sizes)}"


def _notes_within(count: Counted, width: int | None, style: Style) -> list[str]:
    """Return the notes, wrapped to a width."""
    notes = _notes(count)
    if width is not None:
        notes = [
            line for note in notes for line in wrap(note, width, subsequent_indent="      ", break_on_hyphens=False)
        ]
    return [style(note, "dim") for note in notes]


def _cells(count: Counted, tensors: bool) -> tuple[Sequence[str], list[list[str]]]:
    if tensors and isinstance(count, Measurement):
        term = count.amounts.measure.term
        return ("layer", term, "sizes", count.unit, ""), [cells for row in count.layers for cells in _term_cells(row)]
    if tensors and isinstance(count, Count):
        headings: Sequence[str] = ("layer", "tensor", "shape", "elements", "dtype", "")
        return headings, [cells for row in count.layers for cells in _tensor_cells(row)]
    headings = ("layer", "type", "output shape", count.unit, "connected to")
    return headings, [_row_cells(row) for row in count.layers]


def _row_cells(row: LayerCount | MeasuredLayer) -> list[str]:
    shape = shape_text(row.output_shape)
    return [row.name, row.kind, shape, thousands(row.total), ", ".join(row.inputs)]


def _tensor_cells(row: LayerCount) -> Iterable[list[str]]:
    copies = "" if row.times == 1 else f" × {thousands(row.times)}"
    cells = [
        [tensor.name, sizes_text(tensor.shape), thousands(tensor.elements) + copies, tensor.dtype, tensor.standing]
        for tensor in row.tensors
    ]
    if not cells:
        cells = [["", "", thousands(row.total), "", ""]]
    for place, rest in enumerate(cells):
        yield [row.name if place == 0 else "", *rest]


def _term_cells(row: MeasuredLayer) -> Iterator[list[str]]:
    """Give the terms of a layer, and what its copies have beside them."""
    copies = "" if row.times == 1 else f" × {thousands(row.times)}"
    cells = [
        [term.name, " · ".join(map(str, term.factors)), thousands(term.amount) + copies, one_line(term.purpose)]
        for term in row.terms
    ]
    if type(row.once) is not int or row.once:
        cells.append(["", "", f"{row.once:+,}" if type(row.once) is int else str(row.once), "once, over all copies"])
    for place, rest in enumerate(cells or [["", "", thousands(row.total), ""]]):
        yield [row.name if place == 0 else "", *rest]


def _totals(count: Counted) -> list[tuple[str, str]]:
    if isinstance(count, Measurement):
        return [("Total:", f"{thousands(count.total)} {count.unit}")]
    size = keras_bytes
    totals = [
        ("Total params:", f"{thousands(count.total)} ({size(count.bytes)})"),
        ("Trainable params:", f"{thousands(count.trainable)} ({size(count.trainable_bytes)})"),
        ("Non-trainable params:", f"{thousands(count.non_trainable)} ({size(count.bytes - count.trainable_bytes)})"),
    ]
    if count.buffers is not None and (type(count.buffers) is not int or count.buffers):
        totals.append(("Buffers:", f"{thousands(count.buffers)}"))
    if type(count.total) is not int or count.total_untied != count.total:
        totals.append(("Counted untied:", thousands(count.total_untied)))
    if type(count.active) is int and count.active != count.total:
        totals.append(("Active params:", thousands(count.active)))
    return totals


def _notes(count: Counted) -> list[str]:
    return [f"Note: {note}" for note in count.notes]


def _is_number(heading: str) -> bool:
    return heading in _NUMBERS


def _markdown_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    rule = ["---:" if _is_number(name) else "---" for name in headings]
    escaped = ([cell.replace("|", "\\|") for cell in row] for row in rows)
    return [_markdown_row(row) for row in (headings, rule, *escaped)]


def _markdown_row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _line(cells: Sequence[str], headings: Sequence[str], widths: Sequence[int]) -> str:
    parts = []
    for cell, heading, width in zip(cells, headings, widths, strict=True):
        text = cell if len(cell) <= width else _cut(cell, width)
        parts.append(f"{text:>{width}}" if _is_number(heading) else f"{text:{width}}")
    return _GAP.join(parts).rstrip()


def _cut(text: str, width: int) -> str:
    """Leave out the middle of a text; names differ at both ends."""
    if width <= 1:
        return text[:width]
    tail = (width - 1) // 2
    return text[: width - 1 - tail] + "…" + (text[-tail:] if tail else "")


def _fitted(widths: list[int], headings: Sequence[str], width: int) -> list[int]:
    """Fit the widths of columns in a terminal: names give way, numbers do not."""
    widths = list(widths)
    excess = sum(widths) + len(_GAP) * (len(widths) - 1) - width
    while excess > 0:
        candidates = [place for place, name in enumerate(headings) if not _is_number(name) and widths[place] > 8]
        if not candidates:
            break
        widest = max(candidates, key=lambda place: widths[place])
        widths[widest] -= 1
        excess -= 1
    return widths


def with_values(values: Mapping[str, Value]) -> list[str]:
    """Write dims with their values."""
    return [f"{name} = {value_text(value)}" for name, value in values.items()]


def value_text(value: object) -> str:
    """Write a value as YAML has it, a number with its thousands apart; not so in a list, whose commas are others."""
    if isinstance(value, (tuple, list)):
        return "[" + ", ".join(str(each) if type(each) is int else value_text(each) for each in value) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return thousands(value)
    if value is None:
        return "null"
    return "unknown" if isinstance(value, Unknown) else one_line(str(value))
