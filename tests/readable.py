"""Whether a count can be read in a terminal of 80 columns."""

import paramcalc as pc
from paramcalc.exports.count_tree import Line, is_flat, tree_lines
from paramcalc.exports.tables import as_text
from paramcalc.layers.base.axes import sizes_text


def shown(count: pc.Count, width: int | None = 80, **options: bool) -> list[str]:
    """The lines that a terminal of this width shows."""
    return as_text(count, width=width, **options).splitlines()


def paths(lines: list[Line]) -> list[tuple[str, ...]]:
    """The path of each row, as a reader has it from the rows above."""
    found: list[tuple[str, ...]] = []
    around: list[str] = []
    for line in lines:
        around[len(line.lead) // 2 :] = [line.name]
        found.append(tuple(around))
    return found


def assert_readable(count: pc.Count) -> None:
    """Nothing is wider than 80 columns or cut, and no two rows have the same path."""
    text = shown(count)
    assert max(map(len, text)) <= 80
    assert "…" not in "\n".join(text)
    for row in count.layers:
        assert any(sizes_text(row.output_shape).strip("()") in line for line in text)
    if is_flat(count):
        return
    found = paths(tree_lines(count))
    assert len(found) == len(set(found))
