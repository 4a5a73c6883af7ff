"""Copies within copies that stand in one list: those within are put into a group of their own.

Where a model calls `heads` layers and two others in each of `depth` blocks, its calls are one list, whose period has
another length for each number of heads. With the heads of each block in a group, the period is three.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple, TypeAlias

from paramcalc.frameworks.deriving.calls import INPUT, Called, Calls, Link
from paramcalc.frameworks.deriving.parts import Path
from paramcalc.frameworks.deriving.repeats import called
from paramcalc.frameworks.deriving.segments import code_of

#: What follows itself: the codes of its parts.
Unit: TypeAlias = "tuple[tuple[str, str, str], ...]"
#: How many parts follow themselves at most, and how many ways to make groups are tried.
_LONGEST_UNIT, _MOST = 8, 6


class Nest(NamedTuple):
    """What is put into groups of its own, and in which groups: what the names of these say."""

    around: Path
    unit: Unit
    #: whether its copies take nothing of one another
    is_parallel: bool = True


def nests(models: Sequence[Calls]) -> list[Nest]:
    """Return what follows itself in a list in which it stands more than once: the shortest first."""
    found: dict[tuple[Path, Unit], list[bool]] = {}
    for model in models:
        for path, around, parts in _lists(model.root, (), ()):
            codes = [*map(code_of, parts)]
            for unit in _units(codes):
                runs = _runs(codes, unit)
                if len(runs) > 1:
                    found.setdefault((around, unit), []).extend(
                        not _is_chained(parts[start:end], path, len(unit)) for start, end in runs
                    )
    ordered = sorted(found, key=lambda key: (len(key[1]), -len(found[key])))
    return [Nest(*key, is_parallel=all(found[key])) for key in ordered[:_MOST]]


def nested(model: Calls, nest: Nest) -> Calls:
    """Return a model with what follows itself in groups of their own, be it there once."""
    nesting = _Nesting(nest)
    root = nesting.grouped(model.root, (), ())
    return Calls(nesting.renamed(root), nesting.links(model.outputs))


def _lists(part: Called, path: Path, around: Path) -> Iterator[tuple[Path, Path, list[Called]]]:
    """Yield the parts of each group, where it stands, and what the names on the way there say."""
    parts = [*map(called, part.parts)]
    yield path, around, parts
    for each in parts:
        if each.parts:
            yield from _lists(each, (*path, each.name), (*around, each.stem))


def _is_chained(parts: Sequence[Called], path: Path, period: int) -> bool:
    """Whether a copy takes what another one gives."""
    copies = [parts[start : start + period] for start in range(0, len(parts), period)]
    inside = [{(*path, part.name) for part in copy} for copy in copies]
    return any(
        _is_in(link, others)
        for place, copy in enumerate(copies)
        for part in copy
        for link in part.links
        for other, others in enumerate(inside)
        if other != place
    )


def _units(codes: Sequence[tuple[str, str, str]]) -> set[Unit]:
    """Return what follows itself, but for what is itself made of copies."""
    found = {
        tuple(codes[start : start + period])
        for period in range(1, _LONGEST_UNIT + 1)
        for start in range(len(codes) - 2 * period + 1)
        if codes[start : start + period] == codes[start + period : start + 2 * period]
    }
    return {unit for unit in found if not any(_is_made_of(unit, other) for other in found)}


def _is_made_of(unit: Unit, other: Unit) -> bool:
    return len(other) < len(unit) and len(unit) % len(other) == 0 and other * (len(unit) // len(other)) == unit


def _runs(codes: Sequence[tuple[str, str, str]], unit: Unit) -> list[tuple[int, int]]:
    """Return where a unit begins to stand, once or as often as it follows itself, and where that ends."""
    found, place, period = [], 0, len(unit)
    while place < len(codes):
        end = place
        while tuple(codes[end : end + period]) == unit:
            end += period
        if end > place:
            found.append((place, end))
        place = max(end, place + 1)
    return found


class _Nesting:
    """Puts into groups what follows itself in one model."""

    def __init__(self, nest: Nest) -> None:
        self.nest = nest
        #: where each part is now that was put into a group
        self.moved: dict[Path, Path] = {}
        #: what the copies in a group give, by what the first of them gives
        self.wholes: dict[Link, tuple[tuple[Link, ...], Link]] = {}

    def grouped(self, part: Called, path: Path, around: Path) -> Called:
        """Return a part with the groups made in it."""
        parts = [
            self.grouped(each, (*path, each.name), (*around, each.stem)) if each.parts else each
            for each in map(called, part.parts)
        ]
        if around == self.nest.around:
            for start, end in reversed(_runs([*map(code_of, parts)], self.nest.unit)):
                parts[start:end] = [self.group(parts[start:end], path)]
        return replace(part, parts=tuple(parts))

    def group(self, parts: Sequence[Called], path: Path) -> Called:
        """Return a group of parts, which takes what the first of them take from outside."""
        first = parts[0]
        name = f"{first.name}…"
        paths = [(*path, part.name) for part in parts]
        self.moved |= {each: (*path, name, each[-1]) for each in paths}
        if self.nest.is_parallel:
            ends = tuple(map(Link, paths[len(self.nest.unit) - 1 :: len(self.nest.unit)]))
            self.wholes[ends[0]] = ends, Link((*path, name), is_whole=True)
        outside = [*dict.fromkeys(link for link in first.links if not _is_in(link, paths))]
        given = {link: Link(None, place) for place, link in enumerate(outside)}
        inner = [replace(each, links=tuple(given.get(link, link) for link in each.links)) for each in parts]
        inner[0] = replace(inner[0], before=INPUT)
        return Called(
            name,
            parts=tuple(inner),
            links=tuple(outside),
            before=first.before,
            word=first.word if len({each.word for each in parts}) == 1 else "",
            is_run=True,
        )

    def renamed(self, part: Called) -> Called:
        """Return a part with all that it names where that is now."""
        return replace(
            part,
            links=self.links(part.links),
            before=self.link(part.before),
            share=self.path(part.share) if part.share is not None else None,
            ties={name: tie._replace(path=self.path(tie.path)) for name, tie in part.ties.items()},
            parts=tuple(map(self.renamed, map(called, part.parts))),
        )

    def links(self, links: Sequence[Link]) -> tuple[Link, ...]:
        """Return what is taken; what all copies in a group give, in their order, as one."""
        found, place = [], 0
        while place < len(links):
            ends, whole = self.wholes.get(links[place], ((), INPUT))
            if ends and tuple(links[place : place + len(ends)]) == ends:
                found.append(whole)
                place += len(ends)
            else:
                found.append(self.link(links[place]))
                place += 1
        return tuple(found)

    def link(self, link: Link) -> Link:
        """Return what is taken from where that is now."""
        return link if link.path is None else link._replace(path=self.path(link.path))

    def path(self, path: Path) -> Path:
        """Return a path with each name on it where that is now."""
        found: Path = ()
        for place in range(1, len(path) + 1):
            here = self.moved.get(path[:place])
            found = (*found, path[place - 1]) if here is None else (*found, *here[place - 1 :])
        return found


def _is_in(link: Link, paths: Collection[Path]) -> bool:
    """Whether something is taken from one of some parts, or from what is in it."""
    return link.path is not None and any(link.path[: len(path)] == path for path in paths)
