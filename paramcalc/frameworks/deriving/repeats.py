"""What the copies of a repeated part take: of one another, or side by side of what is outside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, TypeAlias

from paramcalc.frameworks.deriving.calls import INPUT, Called, Link
from paramcalc.frameworks.deriving.observing import Observation
from paramcalc.frameworks.deriving.parts import Path
from paramcalc.frameworks.deriving.reasons import Lost
from paramcalc.frameworks.deriving.segments import Seen, Segment

#: An input of a part in a period: the place of the part, and that of the input.
_Slot: TypeAlias = tuple[int, int]


class Repeat:
    """The copies of a repeated part, and what they take."""

    def __init__(
        self, segment: Segment, seen: Sequence[Seen], paths: Sequence[Path], head: int, counts: Sequence[int]
    ) -> None:
        self.segment, self.seen, self.paths, self.head, self.counts = segment, seen, paths, head, counts
        self.befores = [before(segment, seen, paths, place, head) for place in range(len(seen))]
        #: whether they stand side by side, and not behind one another
        self.is_parallel = False
        #: what the whole takes, at each observation; of copies behind one another, first what flows on between them
        self.outside: list[list[Link]] = []
        #: which input of the group each input of a part is
        self.slots: dict[_Slot, int] = {}

    def part(self, place: int, copy: int, part: int) -> Called:
        """Return one part of a copy at an observation."""
        at = self.segment.starts[place] + (self.head + copy) * self.segment.period + part
        return called(self.seen[place][1].parts[at])

    def links(self, place: int, copy: int, slot: _Slot) -> Link:
        """Return what a copy takes for an input."""
        return self.part(place, copy, slot[0]).links[slot[1]]

    def read(self, where: str) -> None:
        """Find what flows from copy to copy, and what all copies take from outside. Raises `Lost`."""
        there = [place for place, count in enumerate(self.counts) if count]
        several = [place for place in there if self.counts[place] > 1]
        slots = self._slots(there, where)
        chained = [slot for slot in slots if self._is_chained(slot, several or there, bool(several))]
        if chained:
            self._flow_on(chained, there, where)
        elif several and slots and not any(self._crosses(slot, several) for slot in slots):
            self.is_parallel = True
        else:
            raise Lost("its copies stand neither behind one another nor side by side", *self._lost(where))
        for slot in slots:
            if slot not in self.slots and self._is_common(slot, there):
                links = self._at_first(slot, INPUT)
                if links not in self.outside[len(chained[:1]) :]:
                    self.outside.append(links)
                self.slots[slot] = self.outside.index(links, len(chained[:1]))
        if not self.outside:
            # a group has an input, if only one that no part in it takes
            self.outside = [self._at_first(slots[0], INPUT)]

    def _flow_on(self, chained: Sequence[_Slot], there: Sequence[int], where: str) -> None:
        """Keep what flows from copy to copy. Raises `Lost` where it is not one thing in the first copy."""
        first = self._at_first(chained[0], None)
        if any(self.links(place, 0, slot) != first[place] for slot in chained for place in there):
            texts = [f"it takes {link_text(link)}" for link in first]
            raise Lost(
                "its first copy does not take in the same places", self.path(where), self._observed(first), texts
            )
        self.outside = [first]
        self.slots = dict.fromkeys(chained, 0)

    def _at_first(self, slot: _Slot, otherwise: Link | None) -> list[Link]:
        """Return what the first copy takes at each observation; where there is none, what is given, or flows there."""
        return [
            self.links(place, 0, slot) if count else otherwise or self.befores[place]
            for place, count in enumerate(self.counts)
        ]

    def _slots(self, there: Sequence[int], where: str) -> list[_Slot]:
        found = []
        for part in range(self.segment.period):
            taken = [
                [len(self.part(place, copy, part).links) for copy in range(count)]
                for place, count in enumerate(self.counts)
            ]
            lengths = {length for place in there for length in taken[place]}
            if len(lengths) > 1:
                name = self.part(there[0], 0, part).name
                texts = [f"inputs of each: {', '.join(map(str, each)) or 'no copies'}" for each in taken]
                raise Lost("its copies do not take as much", f"{where}.{name}".strip("."), self._observed(taken), texts)
            found += [(part, slot) for slot in range(lengths.pop() if lengths else 0)]
        return found

    def _lost(self, where: str) -> tuple[str, list[tuple[Observation, Any]], list[str]]:
        """Return what is said of copies that are lost: where, and what they take."""
        taken = [
            [link for copy in range(count) for link in self.part(place, copy, 0).links]
            for place, count in enumerate(self.counts)
        ]
        texts = [f"they take {', '.join(map(link_text, links)) or 'nothing'}" for links in taken]
        return self.path(where), self._observed(self.counts), texts

    def path(self, where: str) -> str:
        """Return the path of the first part of the copies, for a reason."""
        place = next(place for place, count in enumerate(self.counts) if count)
        return f"{where}.{self.part(place, 0, 0).name}".strip(".")

    def _observed(self, values: Sequence[Any]) -> list[tuple[Observation, Any]]:
        return observed(self.seen, values)

    def _is_chained(self, slot: _Slot, places: Sequence[int], is_several: bool) -> bool:
        """Whether each copy takes the output of the one before it."""
        if not is_several:
            return all(self.links(place, 0, slot) == self.befores[place] for place in places)
        return all(
            self.links(place, copy, slot) == end
            for place in places
            for copy, end in enumerate(self.ends(place)[:-1], start=1)
        )

    def _is_common(self, slot: _Slot, there: Sequence[int]) -> bool:
        """Whether all copies take the same from outside."""
        for place in there:
            links = {self.links(place, copy, slot) for copy in range(self.counts[place])}
            if len(links) > 1 or any(self._copy_of(place, link) is not None for link in links):
                return False
        return True

    def _crosses(self, slot: _Slot, there: Sequence[int]) -> bool:
        """Whether a copy takes what another one gives."""
        return any(
            self._copy_of(place, self.links(place, copy, slot)) not in (None, copy)
            for place in there
            for copy in range(self.counts[place])
        )

    def _copy_of(self, place: int, link: Link) -> int | None:
        """Return the copy that something is taken from; None for what is outside."""
        path = self.paths[place]
        if link.path is None or len(link.path) == len(path) or link.path[: len(path)] != path:
            return None
        return self._copies[place].get(link.path[len(path)])

    @cached_property
    def _copies(self) -> list[dict[str, int]]:
        """In which copy the part of each name stands, at each observation."""
        return [
            {self.part(place, copy, part).name: copy for copy in range(count) for part in range(self.segment.period)}
            for place, count in enumerate(self.counts)
        ]

    def ends(self, place: int) -> list[Link]:
        """Return what each copy gives at an observation."""
        last = self.segment.period - 1
        return [Link((*self.paths[place], self.part(place, copy, last).name)) for copy in range(self.counts[place])]

    def inside(self) -> list[Seen]:
        """Return what was seen, with the copies' inputs as those of the group that they stand in."""
        found: list[Seen] = []
        for place, (observation, whole) in enumerate(self.seen):
            parts = [*whole.parts]
            for copy in range(self.counts[place]):
                for part in range(self.segment.period):
                    here = self.part(place, copy, part)
                    links = tuple(
                        Link(None, self.slots[part, slot]) if (part, slot) in self.slots else link
                        for slot, link in enumerate(here.links)
                    )
                    before = here.before if part else INPUT
                    at = self.segment.starts[place] + (self.head + copy) * self.segment.period + part
                    parts[at] = replace(here, links=links, before=before)
            found.append((observation, replace(whole, parts=tuple(parts))))
        return found


def before(segment: Segment, seen: Sequence[Seen], paths: Sequence[Path], place: int, head: int) -> Link:
    """Return what flows out of the part before a segment."""
    start = segment.starts[place] + head * segment.period
    return Link((*paths[place], seen[place][1].parts[start - 1].name)) if start else INPUT


def called(part: Any) -> Called:
    """Return a part as one at its place among calls."""
    assert isinstance(part, Called)
    return part


def link_text(link: Link) -> str:
    """Say what is taken."""
    if link.path is None:
        return f"input {link.output} of the group"
    return ".".join(link.path) + (f" (output {link.output})" if link.output else "")


def observed(seen: Sequence[Seen], values: Sequence[Any]) -> list[tuple[Observation, Any]]:
    """Return values where they are observed, as texts."""
    return [(observation, str(value)) for (observation, _), value in zip(seen, values, strict=True)]
