"""Copies within copies that stand in one list: those within are put into a group of their own.

Where a model calls `heads` layers and two others in each of `depth` blocks, its calls are one list, whose period has
another length for each number of heads. With the heads of each block in a group, the period is three. A sum begins
with a head of its own, and the group has the others, each with what adds it: of a sum of one, none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, TypeAlias

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
    #: whether its copies stand behind a part like the first of them, as in a sum: where that is alone, there are none
    is_led: bool
    #: whether its copies take nothing of one another
    is_parallel: bool


def nests(models: Sequence[Calls]) -> list[Nest]:
    """Return what follows itself in a list in which it stands more than once: the shortest first."""
    found: dict[tuple[Path, Unit, bool], list[bool]] = {}
    for model in models:
        for path, around, parts in _lists(model.root, (), ()):
            codes = [*map(code_of, parts)]
            for unit in _units(codes):
                for is_led in (True, False):
                    runs = _runs(codes, unit, is_led)
                    if len(runs) > 1:
                        found.setdefault((around, unit, is_led), []).extend(
                            not _is_chained(parts[start:end], path, len(unit)) for start, end in runs
                        )
    ordered = sorted(found, key=lambda key: (len(key[1]), not key[2], -len(found[key])))
    made = [Nest(*key, is_parallel=all(found[key])) for key in ordered]
    return [each for each in made if not (each.is_led and each.is_parallel)][:_MOST]


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


def _units(codes: Sequence[tuple[str, str, str]]) -> list[Unit]:
    """Return what follows itself, but for what is itself made of copies."""
    found = {
        tuple(codes[start : start + period])
        for period in range(1, _LONGEST_UNIT + 1)
        for start in range(len(codes) - 2 * period + 1)
        if codes[start : start + period] == codes[start + period : start + 2 * period]
    }
    return sorted(unit for unit in found if not any(_is_made_of(unit, other) for other in found))


def _is_made_of(unit: Unit, other: Unit) -> bool:
    return len(other) < len(unit) and len(unit) % len(other) == 0 and other * (len(unit) // len(other)) == unit


def _runs(codes: Sequence[tuple[str, str, str]], unit: Unit, is_led: bool) -> list[tuple[int, int]]:
    """Return where a unit begins to stand, once or as often as it follows itself, and where that ends.

    If it is led, that is behind a part like its first; a unit of one part has none.
    """
    found, place, period = [], 0, len(unit)
    while place < len(codes):
        end = place
        while tuple(codes[end : end + period]) == unit:
            end += period
        if end > place and (not is_led or (period > 1 and place > 0 and codes[place - 1] == unit[0])):
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
        #: the groups whose copies stand behind one another, by the part whose output they give
        self.ends: dict[Path, Path] = {}

    def grouped(self, part: Called, path: Path, around: Path) -> Called:
        """Return a part with the groups made in it."""
        parts = [
            self.grouped(each, (*path, each.name), (*around, each.stem)) if each.parts else each
            for each in map(called, part.parts)
        ]
        if around == self.nest.around:
            codes = [*map(code_of, parts)]
            runs = _runs(codes, self.nest.unit, self.nest.is_led)
            for start, end in sorted([*runs, *(self.alone(codes, runs) if self.nest.is_led else ())], reverse=True):
                copies = parts[start:end]
                parts[start:end] = [self.group(copies, path) if copies else self.no_copies(parts[start - 1], path)]
        return replace(part, parts=tuple(parts))

    def alone(self, codes: Sequence[Any], runs: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
        """Yield the places behind what leads copies elsewhere and stands alone here."""
        inside = {place for start, end in runs for place in range(start - 1, end)}
        for place, code in enumerate(codes):
            if code == self.nest.unit[0] and place not in inside:
                yield place + 1, place + 1

    def group(self, parts: Sequence[Called], path: Path) -> Called:
        """Return a group of parts, which takes what the first of them take from outside."""
        first = parts[0]
        name = f"{first.name}…"
        paths = [(*path, part.name) for part in parts]
        self.moved |= {each: (*path, name, each[-1]) for each in paths}
        if self.nest.is_parallel:
            ends = tuple(map(Link, paths[len(self.nest.unit) - 1 :: len(self.nest.unit)]))
            self.wholes[ends[0]] = ends, Link((*path, name), is_whole=True)
        else:
            self.ends[paths[-1]] = (*path, name)
        outside = [*dict.fromkeys(link for link in first.links if not _is_in(link, paths))]
        given = {link: Link(None, place) for place, link in enumerate(outside)}
        inner = [replace(each, links=tuple(given.get(link, link) for link in each.links)) for each in parts]
        inner[0] = replace(inner[0], before=INPUT)
        return Called(
            name,
            parts=tuple(inner),
            links=tuple(outside),
            before=first.before,
            word=self.word,
            is_run=True,
        )

    def no_copies(self, lead: Called, path: Path) -> Called:
        """Return a group without copies behind a part: it takes what this takes, and gives what this gives."""
        here, name = (*path, lead.name), f"{lead.name}…"
        self.ends[here] = (*path, name)
        return Called(name, links=lead.links, before=Link(here), word=self.word, is_run=True)

    @property
    def word(self) -> str:
        """What all names of the parts in a group say."""
        words = {stem for stem, _, _ in self.nest.unit}
        return words.pop() if len(words) == 1 else ""

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
        return link if link.path is None else link._replace(path=self.path(self.ends.get(link.path, link.path)))

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
