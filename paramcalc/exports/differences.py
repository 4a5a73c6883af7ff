"""What differs between two networks: for a terminal, as Markdown, as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

from paramcalc.core.errors import refuse
from paramcalc.core.lines import json_text, one_line
from paramcalc.exports.numbers import binary_bytes, thousands
from paramcalc.exports.plain import value
from paramcalc.exports.tables import value_text
from paramcalc.layers.base.axes import sizes_text
from paramcalc.results.difference import TOTALS, Change, Difference, NodeDifference
from paramcalc.results.measure_difference import MeasureDifference, MeasuredNode

#: What is printed: of two counts, or of another measure of two networks.
AnyDifference: TypeAlias = Difference | MeasureDifference

#: The version of the object that JSON has of a difference.
VERSION = 1

_MARKS = {"added": "+", "removed": "-", "changed": "~"}
_WORDS = {
    "type": "type", "copies": "copies", "output_shape": "output", "tensor": "", "shape": "", "dtype": "dtype",
    "trainable": "trained", "tied_to": "tied to",
}  # fmt: skip
_LABELS = {
    "total": "parameters", "trainable": "trained", "non_trainable": "not trained", "buffers": "buffers",
    "bytes": "bytes",
}  # fmt: skip


def render(difference: AnyDifference, notation: str, names: tuple[str, str] | None = None) -> str:
    """Print what differs; `names` are those of the two networks. Raises `unknown-target`."""
    printers = {"text": as_text, "markdown": as_markdown, "json": as_json}
    if notation not in printers:
        raise refuse("unknown-target", f"a difference is not printed as {notation!r}", "text, markdown or json")
    before, after = names or (difference.before.name or "the first", difference.after.name or "the second")
    return printers[notation](difference, before, after)


# --- For a terminal --------------------------------------------------------------------


def as_text(difference: AnyDifference, before: str, after: str) -> str:
    """Print what differs, a node after the other, and the totals."""
    title = f"{one_line(before)} → {one_line(after)} · {difference.after.convention}{_of_measure(difference, ' · ')}"
    if not difference:
        return f"{title}\n\nnothing differs: {thousands(difference.after.total)} {difference.after.unit}"
    lines = [title, ""]
    for node in difference.nodes:
        lines.append(f"{_MARKS[node.sort]} {node.name}  {_kind(node)}  {_more(node.more)}".rstrip())
        lines += [f"    {text}" for text in map(_change, _changes(node))]
    return "\n".join([*lines, "", *_totals(difference), *_dims(difference), *_symbols(difference)])


def _of_measure(difference: AnyDifference, joint: str) -> str:
    """Name the measure, where it is not the parameters."""
    return "" if isinstance(difference, Difference) else f"{joint}{difference.after.measure}"


def _changes(node: NodeDifference | MeasuredNode) -> Sequence[Change]:
    return node.changes if isinstance(node, NodeDifference) else ()


def _kind(node: NodeDifference | MeasuredNode) -> str:
    row = node.after or node.before
    return row.kind if row else ""


def _more(number: int) -> str:
    return f"{number:+,}" if number else ""


def _change(change: Change) -> str:
    what = " ".join(filter(None, (change.tensor, _WORDS[change.what])))
    if change.what == "tensor":
        return f"{what} {_shown(change.after or change.before)} is {'gone' if change.after is None else 'new'}"
    return f"{what}: {_shown(change.before)} → {_shown(change.after)}"


def _shown(given: Any) -> str:
    if isinstance(given, tuple):
        return ", ".join(map(sizes_text, given)) if given and isinstance(given[0], tuple) else sizes_text(given)
    if given is None:
        return "nothing"
    return ("yes" if given else "no") if isinstance(given, bool) else thousands(given)


def _totals(difference: AnyDifference) -> Iterator[str]:
    """Give the totals that differ, and the number of parameters always."""
    rows = []
    of_counts = isinstance(difference, Difference)
    labels = _LABELS if of_counts else {"total": difference.after.unit}
    for key in labels:
        one, other = getattr(difference.before, key), getattr(difference.after, key)
        if key == "total" or one != other:
            show = binary_bytes if key == "bytes" else thousands
            are_known = one is not None and other is not None
            shown = ("not known" if each is None else show(each) for each in (one, other))
            rows.append((labels[key], *shown, thousands(other - one) if are_known else ""))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for label, one, other, more in rows:
        sign = "" if more.startswith("-") or not more else "+"
        line = f"{label:{widths[0]}}  {one:>{widths[1]}} → {other:>{widths[2]}}  {sign + more:>{widths[3] + 1}}"
        yield line.rstrip()


def _dims(difference: AnyDifference) -> list[str]:
    changed = [f"{name}: {value_text(one)} → {value_text(other)}" for name, (one, other) in difference.dims.items()]
    return [f"dims  {', '.join(changed)}"] if changed else []


def _symbols(difference: AnyDifference) -> list[str]:
    if difference.expr is None:
        return []
    if difference.expr == 0:
        return ["in symbols  the same form, at other sizes" if difference.dims else "in symbols  the same form"]
    expr = _expression(difference) or ""
    return [f"in symbols  {expr if expr.startswith('-') else '+' + expr}"]


def _expression(difference: AnyDifference) -> str | None:
    if difference.expr is None:
        return None
    from paramcalc.core import notation

    return notation.text(difference.expr)


# --- For a pull request ----------------------------------------------------------------


def as_markdown(difference: AnyDifference, before: str, after: str) -> str:
    """Print what differs as Markdown: the totals first, and a table of the nodes."""
    title = f"**{one_line(before)} → {one_line(after)}** ({difference.after.convention}{_of_measure(difference, ', ')})"
    if not difference:
        return f"{title}: nothing differs, {thousands(difference.after.total)} {difference.after.unit}"
    lines = [title, "", *(f"- {line}" for line in map(_single_spaced, _totals(difference)))]
    lines += [f"- {_single_spaced(line)}" for line in (*_dims(difference), *_symbols(difference))]
    lines += ["", f"| | node | type | {difference.after.unit} | what differs |", "| --- | --- | --- | ---: | --- |"]
    for node in difference.nodes:
        changes = "; ".join(map(_change, _changes(node)))
        cells = (node.sort, node.name, _kind(node), _more(node.more), changes)
        lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return "\n".join(lines)


def _single_spaced(line: str) -> str:
    return " ".join(line.split())


# --- As data ---------------------------------------------------------------------------


def as_json(difference: AnyDifference, before: str, after: str) -> str:
    """Print what differs as one JSON object, with stable keys."""
    import json

    return json_text(json.dumps(plain(difference, before, after), indent=2, ensure_ascii=False))


def plain(difference: AnyDifference, before: str, after: str) -> dict[str, Any]:
    """Return the object that JSON has of a difference."""
    of_counts = isinstance(difference, Difference)
    measure = difference.after.measure if isinstance(difference, MeasureDifference) else ""
    return {
        "paramcalc_diff": VERSION,
        "before": before,
        "after": after,
        "convention": difference.after.convention,
        **({"measure": measure, "unit": difference.after.unit} if measure else {}),
        "differs": bool(difference),
        "totals": {
            key: {"before": value(getattr(difference.before, key)), "after": value(getattr(difference.after, key))}
            for key in (TOTALS if of_counts else ("total",))
        },
        "in_symbols": _expression(difference),
        "dims": {name: {"before": value(one), "after": value(other)} for name, (one, other) in difference.dims.items()},
        "nodes": [_plain_node(node) for node in difference.nodes],
    }


def _plain_node(node: NodeDifference | MeasuredNode) -> dict[str, Any]:
    row = node.after or node.before
    assert row is not None
    return {
        "name": node.name,
        "path": list(row.path),
        "kind": row.kind,
        "sort": node.sort,
        "before": node.before and value(node.before.total),
        "after": node.after and value(node.after.total),
        "changes": [
            {"what": each.what, "tensor": each.tensor, "before": value(each.before), "after": value(each.after)}
            for each in _changes(node)
        ],
    }
