"""A count as a table: for a terminal, as Markdown, CSV and JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from paramcalc.core.algebra import Shape, Unknown
from paramcalc.exports.numbers import keras_bytes, thousands
from paramcalc.layers.base.axes import shape_text
from paramcalc.results.count import Count, LayerCount
from paramcalc.spec import Value

HEADINGS = ("layer", "type", "output shape", "parameters", "connected to")
_GAP = "  "

#: Marks a piece of text, as "bold" or "dim"; a pipe has no marks.
Style = Callable[[str, str], str]


def as_json(count: Count) -> str:
    """Print the count as one JSON object, with stable keys."""
    import json

    return json.dumps(count.plain(), indent=2, ensure_ascii=False)


def as_csv(count: Count, tensors: bool = False) -> str:
    """Print the rows of a count as CSV; with `tensors`, a row for each tensor."""
    import csv
    import io

    output = io.StringIO()
    writer = csv.writer(output, lineterminator="\n")
    if tensors:
        writer.writerow(("layer", "tensor", "shape", "role", "trainable", "dtype", "elements", "times", "tied_to"))
        for row in count.layers:
            for tensor in row.tensors:
                trainable = str(tensor.trainable).lower()
                shape = sizes_text(tensor.shape)
                elements = (tensor.elements, row.times, tensor.tied_to or "")
                writer.writerow((row.name, tensor.name, shape, tensor.role, trainable, tensor.dtype, *elements))
    else:
        totals = ("total", "trainable", "non_trainable", "buffers")
        writer.writerow(("layer", "kind", "output_shape", "times", *totals, "inputs"))
        for row in count.layers:
            values = [getattr(row, key) for key in totals]
            shape = shape_text(row.output_shape)
            writer.writerow((row.name, row.kind, shape, row.times, *values, " ".join(row.inputs)))
    return output.getvalue().rstrip("\n")


def as_markdown(count: Count, tensors: bool = False) -> str:
    """Print the count as a Markdown table, its totals below."""
    headings, rows = _cells(count, tensors)
    lines = [_markdown_row(headings), _markdown_row(["---:" if _is_number(name) else "---" for name in headings])]
    lines += [_markdown_row([cell.replace("|", "\\|") for cell in row]) for row in rows]
    lines.append("")
    lines += [f"- {label} {value}" for label, value in _totals(count)]
    lines += [f"- {note}" for note in _notes(count)]
    return "\n".join(lines)


def as_html(count: Count) -> str:
    """Print the count as a table of a page, its totals below."""
    from html import escape

    def row(tag: str, cells: Sequence[str]) -> str:
        shown = "".join(
            f'<{tag} style="text-align: {"right" if _is_number(name) else "left"}">{escape(cell)}</{tag}>'
            for name, cell in zip(HEADINGS, cells, strict=True)
        )
        return f"<tr>{shown}</tr>\n"

    headings, rows = _cells(count, False)
    lines = [f"{label} {value}" for label, value in _totals(count)] + _notes(count)
    return (
        f"<table>\n<thead>{row('th', headings)}</thead>\n<tbody>\n{''.join(row('td', each) for each in rows)}</tbody>\n"
        f"</table>\n<p>{'<br>'.join(map(escape, lines))}</p>"
    )


def as_text(count: Count, tensors: bool = False, width: int | None = None, style: Style | None = None) -> str:
    """Print the count as a table for a terminal of this width; without one, nothing is cut."""
    style = style or (lambda text, mark: text)
    headings, rows = _cells(count, tensors)
    widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
    if width is not None:
        widths = _fitted(widths, headings, width)
    title = " · ".join(filter(None, (count.name, count.convention)))
    rule = style("─" * (sum(widths) + len(_GAP) * (len(widths) - 1)), "dim")
    lines = [style(title, "bold"), "", style(_line(headings, headings, widths), "bold"), rule]
    lines += [_line(row, headings, widths) for row in rows]
    lines.append(rule)
    totals = _totals(count)
    label_width = max(len(label) for label, _ in totals)
    number_width = max(len(value.split(" (")[0]) for _, value in totals)
    for label, value in totals:
        number, _, rest = value.partition(" (")
        aligned = f"{label:{label_width}}  {number:>{number_width}}" + (f" ({rest}" if rest else "")
        lines.append(style(aligned, "bold") if label == totals[0][0] else aligned)
    lines += [style(note, "dim") for note in _notes(count)]
    return "\n".join(lines)


def _cells(count: Count, tensors: bool) -> tuple[Sequence[str], list[list[str]]]:
    if tensors:
        headings: Sequence[str] = ("layer", "tensor", "shape", "elements", "dtype", "")
        return headings, [cells for row in count.layers for cells in _tensor_cells(row)]
    return HEADINGS, [_row_cells(row) for row in count.layers]


def _row_cells(row: LayerCount) -> list[str]:
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


def _totals(count: Count) -> list[tuple[str, str]]:
    size = keras_bytes
    totals = [
        ("Total params:", f"{thousands(count.total)} ({size(count.bytes)})"),
        ("Trainable params:", f"{thousands(count.trainable)} ({size(count.trainable_bytes)})"),
        ("Non-trainable params:", f"{thousands(count.non_trainable)} ({size(count.bytes - count.trainable_bytes)})"),
    ]
    if type(count.buffers) is not int or count.buffers:
        totals.append(("Buffers:", f"{thousands(count.buffers)}"))
    if type(count.total) is not int or count.total_untied != count.total:
        totals.append(("Counted untied:", thousands(count.total_untied)))
    if type(count.active) is int and count.active != count.total:
        totals.append(("Active params:", thousands(count.active)))
    return totals


def _notes(count: Count) -> list[str]:
    return [f"Note: {note}" for note in count.notes]


def sizes_text(shape: Shape) -> str:
    """Write the shape of a tensor."""
    return "(" + ", ".join(str(size) for size in shape) + ")"


def _is_number(heading: str) -> bool:
    return heading in ("parameters", "elements")


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
    return "unknown" if isinstance(value, Unknown) else str(value)
