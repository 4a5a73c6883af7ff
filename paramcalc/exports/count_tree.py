"""The rows of a count for a terminal: as a tree of groups, or flat, fitted to a width without cutting anything.

In a tree the name of a row is that of its node alone, since the groups around it stand above; a group has the sum of
what is in it, and its share of the total. What a row takes is said where that is not the row before. Where a row is
wider than the terminal, its name has a line of its own, and so has what it takes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from textwrap import wrap

from paramcalc.core.algebra import Number
from paramcalc.exports.numbers import percent, thousands
from paramcalc.graph import Branch, Leaf, Tree
from paramcalc.layers.base.axes import shape_text, sizes_text
from paramcalc.results.count import Count, LayerCount
from paramcalc.results.measurement import MeasuredLayer, Measurement
from paramcalc.results.paths import segments

#: Marks a piece of text, as "bold" or "dim"; a pipe has no marks.
Style = Callable[[str, str], str]

_GAP = "  "
_LONGEST_BAR = 20
#: The least room for a name; longer ones get lines of their own.
_NAME = 8


@dataclass(frozen=True, slots=True)
class Line:
    """A row for a terminal: a layer, or a group."""

    name: str
    number: Number
    trained: Number
    kind: str = ""
    shape: str = ""
    #: what it takes, or whose tensors it has
    takes: tuple[str, ...] = ()
    #: of a group, its share of the total
    share: Fraction | None = None
    #: what stands before the name, and before what goes on below it
    lead: str = ""
    below: str = ""

    @property
    def label(self) -> str:
        """The name, with the lines of the tree that lead to it."""
        return self.lead + self.name


# --- Flat ------------------------------------------------------------------------------


def flat_lines(count: Count | Measurement, whole: bool = True) -> list[Line]:
    """Return the rows of a count one below the other; not `whole`, without the batch and what the row before gives."""
    lines, before, taken = [], "", _taken_from(count)
    for row in count.layers:
        takes = _said(row.inputs) if whole or row.inputs != (before,) else ()
        shape = shape_text(row.output_shape) if whole else sizes_text(row.output_shape)
        lines.append(Line(row.name, row.total, _trained(row), row.kind, shape, takes))
        if row.inputs or row.name in taken:
            before = row.name
    return lines


def _taken_from(count: Count | Measurement) -> set[str]:
    """Return the names of the rows that others take something from.

    What neither takes nor gives, such as a table of a group, is no row before another.
    """
    return {name for row in count.layers for name in row.inputs}


# --- As a tree -------------------------------------------------------------------------


def is_flat(count: Count | Measurement) -> bool:
    """Return whether there is no group in a network."""
    return not any(isinstance(child, Branch) for child in count.root.children)


def tree_lines(count: Count | Measurement) -> list[Line]:
    """Return the rows of a count, each group above what is in it."""
    return _Lines(count).group(count.root, "", is_top=True).lines


@dataclass
class _Group:
    """The rows of a group while they are collected, and their sums."""

    lines: list[Line] = field(default_factory=list)
    number: Number = 0
    trained: Number = 0


class _Lines:
    """Makes the rows of a tree."""

    def __init__(self, count: Count | Measurement) -> None:
        self.total = count.total
        self.rows = {row.name if row.leaf is None else id(row.leaf): row for row in count.layers}
        #: the row before
        self.before = ""
        self.taken_from = _taken_from(count)
        #: the names in each group, by its path
        self.names: dict[tuple[str, ...], set[str]] = {}
        for row in count.layers:
            path = segments(row.name)
            for place, name in enumerate(path):
                self.names.setdefault(tuple(path[:place]), set()).add(name)
        #: of shared tensors, the row of their first place
        self.owners: dict[int, str] = {}

    def group(self, branch: Branch, below: str, is_top: bool = False) -> _Group:
        """Return the rows of what is in a branch, and their sums."""
        found = _Group()
        children = list(_named_children(branch))
        for place, (name, child) in enumerate(children):
            is_last = place == len(children) - 1
            start, on = ("", "") if is_top else ("└ ", "  ") if is_last else ("├ ", "│ ")
            self.add(found, child, name, below + start, below + on)
        return found

    def add(self, found: _Group, tree: Tree, name: str, lead: str, below: str) -> None:
        """Add the rows of a node, and what they count."""
        row = self.rows.get(id(tree) if isinstance(tree, Leaf) else tree.name)
        if isinstance(tree, Branch) and (row is None or row.leaf is not None):
            inside = self.group(tree, below)
            share = Fraction(inside.number, self.total) if type(self.total) is int and self.total else None
            found.lines.append(Line(name, inside.number, inside.trained, share=share, lead=lead, below=below))
            found.lines += inside.lines
            found.number, found.trained = found.number + inside.number, found.trained + inside.trained
            return
        assert row is not None
        shape, takes = sizes_text(row.output_shape), self.taken(row)
        found.lines.append(Line(name, row.total, _trained(row), row.kind, shape, takes, lead=lead, below=below))
        found.number, found.trained = found.number + row.total, found.trained + _trained(row)

    def taken(self, row: LayerCount | MeasuredLayer) -> tuple[str, ...]:
        """Say what a row takes, where that is not the row before, and whose tensors it has."""
        takes = () if row.inputs == (self.before,) else tuple(self.seen_from(row, name) for name in _said(row.inputs))
        if row.inputs or row.name in self.taken_from:
            self.before = row.name
        tensors = row.tensors if isinstance(row, LayerCount) else ()
        ties = (f"{tensor.name} = {self.seen_from(row, tensor.tied_to)}" for tensor in tensors if tensor.tied_to)
        return (*takes, *ties, *self.sharing(row))

    def sharing(self, row: LayerCount | MeasuredLayer) -> Iterator[str]:
        """Say of a layer called again where it is called first."""
        if row.leaf is not None and row.leaf.uses:
            first = self.owners.setdefault(id(row.leaf.uses[0]), row.name)
            if row.leaf.shared:
                yield f"shared with {self.seen_from(row, first)}"

    def seen_from(self, row: LayerCount | MeasuredLayer, name: str) -> str:
        """Return a name as it is known beside a row: without the groups that are around both."""
        here, there = segments(row.name)[:-1], segments(name)
        common = 0
        while common < min(len(here), len(there) - 1) and here[common] == there[common]:
            common += 1
        nearer = (self.names.get(tuple(here[:place]), set()) for place in range(common + 1, len(here) + 1))
        return name if any(there[common] in names for names in nearer) else ".".join(there[common:])


def _said(inputs: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of what a row takes; those of copies that are alike, and share one, once."""
    return tuple(name for place, name in enumerate(inputs) if ".." not in name or name not in inputs[:place])


def _trained(row: LayerCount | MeasuredLayer) -> Number:
    return row.trainable if isinstance(row, LayerCount) else 0


def _named_children(branch: Branch) -> Iterator[tuple[str, Tree]]:
    """Give what is in a branch, each with its short name; a group without a name is replaced by what is in it."""
    for child in branch.children:
        if not child.label and isinstance(child, Branch):
            yield from _named_children(child)
            continue
        name, tree = child.label or "·", child
        if isinstance(child, Branch) and child.role == "copies" and len(child.children) == 1:
            (tree,) = child.children
            name = child.label if _stands_for_several(tree) else f"{child.label}.{tree.label}"
        yield (f"{name} ×{thousands(tree.copies)}" if _stands_for_several(tree) else name), tree


def _stands_for_several(tree: Tree) -> bool:
    return type(tree.copies) is not int or tree.copies > 1


# --- Fitted to a width -----------------------------------------------------------------


def fitted(lines: Sequence[Line], width: int | None, style: Style, unit: str, trained: bool = False) -> list[str]:
    """Print rows under a heading and between rules, in so many columns of a terminal, or in as many as they need.

    `unit` is what their numbers count.
    """
    numbers = [_aligned(unit, [line.number for line in lines])]
    if trained:
        numbers.append(_aligned("trained", [line.trained for line in lines]))
    return _Page(lines, numbers, width, style).text()


def _aligned(head: str, numbers: Sequence[Number]) -> list[str]:
    """Return a column of numbers under its head, all of one width."""
    texts = [head, *map(thousands, numbers)]
    width = max(map(len, texts))
    return [f"{text:>{width}}" for text in texts]


class _Page:
    """Rows with the widths of their columns."""

    def __init__(self, lines: Sequence[Line], numbers: list[list[str]], width: int | None, style: Style) -> None:
        self.lines, self.numbers, self.width, self.style = lines, numbers, width, style
        self.name = _longest("layer", (line.label for line in lines))
        self.kind = _longest("type", (line.kind for line in lines))
        self.shape = _longest("output shape", (line.shape for line in lines))
        #: all but the name, and what is taken
        self.rest = len(_GAP) + self.kind + len(_GAP) + self.shape + sum(len(_GAP + column[0]) for column in numbers)
        takes = [", ".join(line.takes) for line in lines if line.takes]
        taken = len(_GAP) + _longest("connected to", takes) if takes else 0
        #: whether what is taken stands in a column of its own, and not on lines of its own
        self.inline = width is None or self.name + self.rest + taken <= width
        if width is not None and not self.inline:
            self.name = min(self.name, max(width - self.rest, _NAME))
        self.whole = self.name + self.rest + (taken if self.inline else 0)

    def text(self) -> list[str]:
        """Return the heading and the rows, with rules."""
        heads = [f"{'layer':{self.name}}", f"{'type':{self.kind}}", f"{'output shape':{self.shape}}"]
        heads += [column[0] for column in self.numbers]
        if self.inline and any(line.takes for line in self.lines):
            heads.append("connected to")
        rule = self.style("─" * self.whole, "dim")
        rows = [text for place in range(len(self.lines)) for text in self.row(place)]
        return [self.style(_GAP.join(heads), "bold"), rule, *rows, rule]

    def row(self, place: int) -> Iterator[str]:
        """Give the lines of one row."""
        line = self.lines[place]
        mark = (lambda text: self.style(text, "dim")) if type(line.number) is int and not line.number else str
        label = line.label
        if len(label) > self.name:
            yield mark(label)
            label = line.below
        middle = self.bar(line) if line.share is not None else f"{line.kind:{self.kind}}{_GAP}{line.shape:{self.shape}}"
        cells = [f"{label:{self.name}}", middle, *(column[place + 1] for column in self.numbers)]
        takes = ", ".join(line.takes)
        yield mark(_GAP.join([*cells, takes] if self.inline else cells).rstrip())
        if takes and not self.inline:
            start = f"{line.below}  ← "
            room = max((self.width or 0) - len(start), _NAME)
            for number, part in enumerate(wrap(takes, room, break_long_words=False, break_on_hyphens=False)):
                yield self.style((start if number == 0 else " " * len(start)) + part, "dim")

    def bar(self, line: Line) -> str:
        """Show the share of a group where a layer has its type and shape."""
        room = self.kind + len(_GAP) + self.shape
        share = f"{percent(line.share):>7}"
        length = min(_LONGEST_BAR, room - len(share) - 1)
        return f"{share} {'█' * round((line.share or 0) * length)}".ljust(room)


def _longest(head: str, texts: Iterable[str]) -> int:
    return max(map(len, (head, *texts)))
