"""The rows of a sweep as text: a table of the first, or all of them as CSV or JSON."""

from __future__ import annotations

import io
import json
from typing import Any

from paramcalc.core.errors import refuse
from paramcalc.exports.numbers import thousands
from paramcalc.results.sweeps import Sweep
from paramcalc.results.sweeps.files import plain, write_csv, write_json

#: A table has no more rows than this; all are in a file.
MOST_ROWS = 20


def render(sweep: Sweep, target: str = "text", **_: Any) -> str:
    """Write a sweep as `text`, `csv` or `json`. Raises `unknown-target`."""
    if target == "text":
        return table(sweep)
    writers = {"csv": write_csv, "json": write_json}
    if target not in writers:
        raise refuse("unknown-target", f"a sweep is printed as text, csv or json, not {target!r}")
    text = io.StringIO()
    writers[target](sweep, [sweep.run()], text)
    return text.getvalue().rstrip("\n")


def table(sweep: Sweep, most: int = MOST_ROWS) -> str:
    """Write the first rows as a table, and how many there are."""
    beginning = sweep.beginning(most)
    columns = {name: [_cell(value) for value in column] for name, column in beginning.columns.items()}
    widths = {name: max(len(name), *map(len, cells), 1) for name, cells in columns.items()}
    lines = [f"{sweep.name} · {sweep.convention}" if sweep.name else sweep.convention, ""]
    lines.append("  ".join(name.rjust(widths[name]) for name in columns))
    lines.append("─" * (sum(widths.values()) + 2 * (len(widths) - 1)))
    lines += [
        "  ".join(cell.rjust(widths[name]) for name, cell in zip(columns, row, strict=True))
        for row in zip(*columns.values(), strict=True)
    ]
    left = beginning.rows - most
    if left > 0:
        lines.append(f"… and {left:,} more rows")
    return "\n".join([*lines, "", told(sweep.points, beginning.skipped)])


def told(points: int, skipped: int) -> str:
    """Say how many points there are, and how many of them were left out."""
    broken = f"; {skipped:,} break{'s' if skipped == 1 else ''} a condition" if skipped else ""
    return f"{points:,} point{'s' if points != 1 else ''}{broken}"


def _cell(value: Any) -> str:
    value = plain(value.item() if hasattr(value, "item") else value)
    if value is None or isinstance(value, (bool, list)):
        return "none" if value is None else json.dumps(value)
    return thousands(value) if isinstance(value, int) else str(value)
