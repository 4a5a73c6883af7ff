"""Receptive fields: as a table, as Markdown, as CSV, as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from textwrap import wrap
from typing import Any

from paramcalc.core.errors import refuse
from paramcalc.core.lines import json_text, one_line
from paramcalc.exports.plain import dims, shape, value, written
from paramcalc.layers.base.axes import shape_text
from paramcalc.results.receptive_field import Field, LayerField, ReceptiveField

#: The version of the object that JSON has of receptive fields.
VERSION = 1
_WIDTH = 80

_HEADINGS = ("layer", "type", "output shape", "input", "field", "stride", "offset")
_LEGEND = (
    "A field has an entry an axis of the input: how many positions an output sees; 'all' the whole axis, 'back' all up"
    " to one of its own, '?' where it cannot be said. The first output's begins at the offset, below 0 in the padding."
)


def render(found: ReceptiveField, notation: str) -> str:
    """Print receptive fields. Raises `unknown-target`."""
    if notation == "table":
        return _table(found)
    if notation == "markdown":
        lines = [_line(_HEADINGS), _line(["---"] * len(_HEADINGS)), *(_line(row) for row in _rows(found))]
        notes = [line for note in found.notes for line in ("", one_line(note))]
        return "\n".join([f"**{_title(found)}**", "", *lines, *notes])
    if notation == "csv":
        import csv
        import io

        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([_HEADINGS, *_rows(found)])
        return text.getvalue().rstrip("\n")
    if notation == "json":
        return json_text(written(plain(found)))
    raise refuse("unknown-target", f"receptive fields are not printed as {notation!r}", "table, markdown, csv or json")


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _title(found: ReceptiveField) -> str:
    return " · ".join(filter(None, (one_line(found.name), found.convention, "receptive field")))


def _table(found: ReceptiveField) -> str:
    rows = [_HEADINGS, *_rows(found)]
    kept = [column for column in range(len(_HEADINGS)) if _HEADINGS[column] != "input" or len(found.inputs) > 1]
    widths = {column: max(len(row[column]) for row in rows) for column in kept}
    lines = ["  ".join(f"{row[column]:{widths[column]}}" for column in kept).rstrip() for row in rows]
    legend = wrap(_LEGEND, _WIDTH, break_on_hyphens=False)
    notes = [line for note in found.notes for line in wrap(one_line(note), _WIDTH, subsequent_indent="  ")]
    head = [_title(found), "", lines[0], "─" * max(map(len, lines)), *lines[1:]]
    return "\n".join([*head, "", *legend, *([""] if notes else []), *notes])


def _rows(found: ReceptiveField) -> Iterator[tuple[str, ...]]:
    """Give a row a layer, and one for each further input of the network that it sees."""
    for layer in found.layers:
        head = (one_line(layer.name), layer.kind, shape_text(layer.output_shape))
        for name in dict.fromkeys(each.place.input for each in layer.fields):
            fields = [each for each in layer.fields if each.place.input == name]
            columns = (map(_size, fields), map(_stride, fields), map(_offset, fields))
            yield (*head, one_line(name), *(" × ".join(column) for column in columns))
            head = ("", "", "")


def _size(each: Field) -> str:
    return {"all": "all", "back": "back", "none": "none", "unknown": "?"}.get(each.sort, str(each.size))


def _stride(each: Field) -> str:
    return "–" if each.stride is None or each.sort == "all" else str(each.stride)


def _offset(each: Field) -> str:
    return "–" if each.offset is None or each.sort == "all" else str(each.offset)


# --- As data ---------------------------------------------------------------------------


def plain(found: ReceptiveField) -> dict[str, Any]:
    """Return the object that JSON has of receptive fields; the keys are stable."""
    return {
        "paramcalc_receptive_field": VERSION,
        "name": found.name,
        "convention": found.convention,
        "dims": dims(found),
        "inputs": {name: shape(each) for name, each in found.inputs.items()},
        "layers": [_plain_layer(layer) for layer in found.layers],
        "notes": [*found.notes],
    }


def _plain_layer(layer: LayerField) -> dict[str, Any]:
    return {
        "name": layer.name,
        "kind": layer.kind,
        "output_shape": shape(layer.output_shape),
        "fields": [
            {
                "input": each.place.input,
                "axis": each.place.axis,
                "sort": each.sort,
                "size": value(each.size),
                "stride": _number(each.stride),
                "offset": each.offset,
            }
            for each in layer.fields
        ],
    }


def _number(stride: Fraction | None) -> int | str | None:
    """Return a stride as a whole number, or as a fraction in a text."""
    return None if stride is None else int(stride) if stride.denominator == 1 else str(stride)
