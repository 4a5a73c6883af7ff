"""One tree of several that are connected: what each node takes, in terms that hold at every point.

A node takes what the one before it gives, or names what it takes. The copies of a repeated node take one another's
outputs as the first input of their group; what else they take from outside is a further input of it, unless that
changes from copy to copy: then it is named, by the number of the copy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeAlias

from paramcalc.frameworks.deriving import expressions as ex
from paramcalc.frameworks.deriving.calls import INPUT, Called, Calls, Link
from paramcalc.frameworks.deriving.identifying import Candidates
from paramcalc.frameworks.deriving.merging import Lost, Merged, Merger, Seen, Segment, Source, template_of
from paramcalc.frameworks.deriving.observing import Observation
from paramcalc.frameworks.deriving.parts import Part, Path
from paramcalc.frameworks.names import FreeNames

#: A way to divide the codes of parts into single ones and what follows itself.
Template: TypeAlias = Callable[[str], list[tuple[str, bool]]]
#: How many parts a repeat has at most.
_LONGEST_PERIOD = 40
#: An input of a part in a period: the place of the part, and that of the input.
_Slot = tuple[int, int]


class Connector(Merger):
    """Merges the calls of a model at several points."""

    def __init__(self, candidates: Candidates, calls: Sequence[Calls], template: Template) -> None:
        super().__init__(candidates, [each.root for each in calls])
        self.template = template
        self.outputs = [each.outputs for each in calls]
        #: nodes whose output is that of a part: of a repeated node, its last copy's
        self.ends: dict[tuple[int, Link], list[tuple[Merged, tuple[int, ...]]]] = {}
        #: where each part stands whose parts are merged, by its id
        self.around: dict[int, Path] = {}

    def connected(self) -> tuple[list[Merged], list[Source]]:
        """Return the nodes of the whole, and its outputs where these are not what the last node gives.

        Raises `Lost`.
        """
        nodes = self.merge()
        seen: list[Seen] = [(Observation(point), root) for point, root in enumerate(self.roots)]
        if len({len(each) for each in self.outputs}) > 1:
            raise Lost("it does not always give as many outputs", "", _observed(seen, self.outputs))
        outputs = [self._source(seen, links, "the outputs") for links in zip(*self.outputs, strict=True)]
        _number_names(nodes)
        return nodes, outputs

    # --- one part

    def _part(self, seen: Sequence[Seen], paths: Sequence[Path], where: str) -> Merged:
        node = super()._part(seen, paths, where)
        first = _called(seen[0][1])
        if not paths[0]:
            return node
        own, share = self._inputs(seen, where), self._share(seen, where)
        node.inputs = _composed(node.inputs, own) if node.times is not None else own
        node.share = share or node.share
        node.is_called = True
        if first.is_loose:
            node.name, node.is_made = "", True
        elif node.is_made and first.word:
            node.name, node.is_made = first.word, False
        return node

    def _inputs(self, seen: Sequence[Seen], where: str) -> list[Source] | None:
        """Return what a part takes; None for what the node before it gives, and for nothing."""
        parts = [_called(part) for _, part in seen]
        if all(part.links in ((), (part.before,)) for part in parts) and len({len(part.links) for part in parts}) == 1:
            return None
        if len({len(part.links) for part in parts}) > 1:
            raise Lost("it does not always take as much", where, _observed(seen, [part.links for part in parts]))
        return [self._source(seen, links, where) for links in zip(*(part.links for part in parts), strict=True)]

    def _share(self, seen: Sequence[Seen], where: str) -> Source | None:
        """Return the node that a part is another call of."""
        shares = [_called(part).share for _, part in seen]
        if not any(shares):
            return None
        return self._source(seen, [Link(share or ()) for share in shares], where)

    def _source(self, seen: Sequence[Seen], links: Sequence[Link], where: str) -> Source:
        """Merge what is taken at each observation. Raises `Lost`."""
        if all(link.path is None for link in links) and len({*links}) == 1:
            return Source(None, output=links[0].output)
        options = [self._options(observation, link) for (observation, _), link in zip(seen, links, strict=True)]
        shared = [node for node in options[0] if all(node in each for each in options)]
        for key in shared:
            found = [each[key] for each in options]
            copies = [[*each] for each in zip(*(copies for _, copies in found), strict=True)]
            try:
                merged = [self._number(seen, each, where) for each in copies]
            except Lost:
                continue
            outputs = {link.output for link in links}
            if len(outputs) == 1:
                exprs = tuple(ex.number(each) if type(each) is int else each for each in merged)
                return Source(found[0][0], exprs, outputs.pop())
        raise Lost("what it takes is not said alike at all points", where, _observed(seen, links))

    def _options(self, observation: Observation, link: Link) -> dict[tuple[int, int], tuple[Merged, tuple[int, ...]]]:
        """Return the nodes that give what is taken, each in which copies: a repeated node as a whole, or one copy."""
        options: dict[tuple[int, int], tuple[Merged, tuple[int, ...]]] = {}
        own = self.nodes.get((observation.point, link.path)) if link.path is not None else None
        for node, copies in [*self.ends.get((observation.point, link), ()), *([own] if own is not None else ())]:
            options.setdefault((id(node), len(copies)), (node, copies))
        return options

    # --- parts that are not always there, and copies

    def _counted(self, parts: Sequence[Part]) -> set[str]:
        # calls have numbers where their names would be the same, and no names that count
        return set()

    def _template(self, text: str) -> list[tuple[str, bool]]:
        return self.template(text)

    def _is_plain(self, seen: Sequence[Seen], spans: Sequence[tuple[int, int]], period: int) -> bool:
        """Whether the copies of a repeat are the same, but for their names, and take one another's outputs."""
        paths = [self.around[id(part)] for _, part in seen]
        counts = [(end - start) // period for start, end in spans]
        run = _Run(Segment([start for start, _ in spans], period, counts, True), seen, paths, 0, counts)
        try:
            run.read("")
        except Lost:
            return False
        for place, (_, whole) in enumerate(run.inside()):
            start, end = spans[place]
            copies = [whole.parts[at : at + period] for at in range(start, end, period)]
            alike = [_nameless(copy, paths[place]) for copy in copies]
            if any(each != alike[0] for each in alike):
                return False
        return True

    def _parts(self, node: Merged, seen: Sequence[Seen], paths: Sequence[Path], where: str) -> None:
        self.around |= {id(part): path for (_, part), path in zip(seen, paths, strict=True)}
        super()._parts(node, seen, paths, where)

    def _single(self, node: Merged, segment: Segment, seen: Sequence[Seen], paths: Sequence[Path], where: str) -> None:
        super()._single(node, segment, seen, paths, where)
        for place, count in enumerate(segment.counts):
            if not count:
                before = _before(segment, seen, paths, place, 0)
                self._end(seen[place][0], before, node.parts[-1])

    def _end(self, observation: Observation, link: Link, node: Merged) -> None:
        """Keep that a node's output is this one."""
        copies = tuple(value for _, value in observation.counters)
        self.ends.setdefault((observation.point, link), []).insert(0, (node, copies))

    def _with_ends(
        self, segment: Segment, seen: Sequence[Seen], paths: Sequence[Path], where: str, ends: tuple[int, int]
    ) -> list[Merged]:
        kept = {key: [*each] for key, each in self.ends.items()}
        try:
            return super()._with_ends(segment, seen, paths, where, ends)
        except Lost:
            self.ends = kept
            raise

    def _take_over(self, node: Merged, inner: Merged) -> None:
        super()._take_over(node, inner)
        self.ends = {
            key: [(node if found is inner else found, copies) for found, copies in each]
            for key, each in self.ends.items()
        }

    def _copies(
        self,
        segment: Segment,
        seen: Sequence[Seen],
        paths: Sequence[Path],
        where: str,
        head: int,
        counts: Sequence[int],
    ) -> Merged:
        run = _Run(segment, seen, paths, head, counts)
        run.read(where)
        node = super()._copies(segment, run.inside(), paths, where, head, counts)
        there = [place for place, count in enumerate(counts) if count]
        outer = [seen[place] for place in there]
        befores = [run.befores[place] for place in there]
        taken: list[Source] | None = None
        if len(run.outside) > 1 or [run.outside[0][place] for place in there] != befores:
            taken = [self._source(outer, [links[place] for place in there], where) for links in run.outside]
        node = _with_inputs(node, taken, len(run.outside), segment.period)
        node.is_called = True
        word = run.part(there[0], 0, 0).word if segment.period == 1 else ""
        if word:
            node.name, node.is_made = word, False
        for place, ((observation, _), path) in enumerate(zip(seen, paths, strict=True)):
            link = run.befores[place]
            if counts[place]:
                link = Link((*path, run.part(place, counts[place] - 1, segment.period - 1).name))
            self._end(observation, link, node)
        return node


class _Run:
    """The copies of a repeated node, and what they take."""

    def __init__(
        self, segment: Segment, seen: Sequence[Seen], paths: Sequence[Path], head: int, counts: Sequence[int]
    ) -> None:
        self.segment, self.seen, self.paths, self.head, self.counts = segment, seen, paths, head, counts
        self.befores = [_before(segment, seen, paths, place, head) for place in range(len(seen))]
        #: what the whole takes, at each observation; the first is what flows from copy to copy
        self.outside: list[list[Link]] = []
        #: which input of the group each input of a part is
        self.slots: dict[_Slot, int] = {}

    def part(self, place: int, copy: int, part: int) -> Called:
        """Return one part of a copy at an observation."""
        at = self.segment.starts[place] + (self.head + copy) * self.segment.period + part
        return _called(self.seen[place][1].parts[at])

    def links(self, place: int, copy: int, slot: _Slot) -> Link:
        """Return what a copy takes for an input."""
        return self.part(place, copy, slot[0]).links[slot[1]]

    def read(self, where: str) -> None:
        """Find what flows from copy to copy, and what all copies take from outside. Raises `Lost`."""
        there = [place for place, count in enumerate(self.counts) if count]
        several = [place for place in there if self.counts[place] > 1]
        slots = self._slots(there, where)
        chained = [slot for slot in slots if self._is_chained(slot, several or there, bool(several))]
        if not chained:
            raise Lost("its copies do not take one another's outputs", where, _observed(self.seen, self.counts))
        first = [self.links(place, 0, chained[0]) if place in there else self.befores[place] for place in self._all()]
        if any(self.links(place, 0, slot) != first[place] for slot in chained for place in there):
            raise Lost("its first copy takes something else", where, _observed(self.seen, first))
        self.outside = [first]
        self.slots = dict.fromkeys(chained, 0)
        for slot in slots:
            if slot not in self.slots and self._is_common(slot, there):
                links = [self.links(place, 0, slot) if place in there else INPUT for place in self._all()]
                if links not in self.outside[1:]:
                    self.outside.append(links)
                self.slots[slot] = self.outside.index(links, 1)

    def _all(self) -> range:
        return range(len(self.seen))

    def _slots(self, there: Sequence[int], where: str) -> list[_Slot]:
        found = []
        for part in range(self.segment.period):
            lengths = {len(self.part(place, copy, part).links) for place in there for copy in range(self.counts[place])}
            if len(lengths) > 1:
                raise Lost("its copies do not take as much", where, _observed(self.seen, self.counts))
            found += [(part, slot) for slot in range(lengths.pop() if lengths else 0)]
        return found

    def _is_chained(self, slot: _Slot, places: Sequence[int], is_several: bool) -> bool:
        """Whether each copy takes the output of the one before it."""
        if not is_several:
            return all(self.links(place, 0, slot) == self.befores[place] for place in places)
        last = self.segment.period - 1
        return all(
            self.links(place, copy, slot) == Link((*self.paths[place], self.part(place, copy - 1, last).name))
            for place in places
            for copy in range(1, self.counts[place])
        )

    def _is_common(self, slot: _Slot, there: Sequence[int]) -> bool:
        """Whether all copies take the same from outside."""
        for place in there:
            links = {self.links(place, copy, slot) for copy in range(self.counts[place])}
            own = {
                (*self.paths[place], self.part(place, copy, part).name)
                for copy in range(self.counts[place])
                for part in range(self.segment.period)
            }
            if len(links) > 1 or any(
                link.path is not None and link.path[: len(self.paths[place]) + 1] in own for link in links
            ):
                return False
        return True

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


def _with_inputs(node: Merged, taken: list[Source] | None, count: int, period: int) -> Merged:
    """Give a repeated node what it takes; a layer that takes more than its group's inputs stands in a group."""
    is_alone = period == 1 and not (node.is_made and node.parts and node.parts[0].times is not None and not node.kind)
    if not is_alone or node.inputs is None or node.inputs == [Source(None, output=place) for place in range(count)]:
        node.inputs = taken
        return node
    inner = replace(node, name=".", times=None, counter="", is_made=False)
    for name, value in vars(Merged("", parts=[inner], is_made=True, times=node.times, counter=node.counter)).items():
        setattr(node, name, value)
    node.inputs = taken
    return node


def _composed(inner: list[Source] | None, own: list[Source] | None) -> list[Source] | None:
    """Return what a node takes that stands for a group: its inputs are those of the group. Raises `Lost`."""
    if inner is None or own is None:
        return own if inner is None or inner == [Source(None)] else _lost_inputs()
    return [own[each.output] for each in inner]


def _lost_inputs() -> Any:
    raise Lost("it takes more than is known", "", [])


def _shortest(text: str, group: int = 2, is_early: bool = True) -> list[tuple[str, bool]]:
    """Divide a text into single letters and what follows itself, so that the least is written.

    What follows itself counts as so many letters more as a `group`. Of two that are as short, that with fewer pieces
    is taken; then the one in which it begins earlier, or later.
    """
    #: for the rest of the text from each place on: how long it is, in how many pieces, and the first of these
    best: list[tuple[int, int, int, int]] = [(0, 0, 0, 0)] * (len(text) + 1)
    order = -1 if is_early else 1
    for start in range(len(text) - 1, -1, -1):
        rest = best[start + 1]
        found = (rest[0] + 1, rest[1] + 1, order, 1)
        for period in range(1, min(_LONGEST_PERIOD, (len(text) - start) // 2) + 1):
            copies = 1
            while text.startswith(text[start : start + period], start + copies * period):
                copies += 1
                rest = best[start + copies * period]
                found = min(found, (rest[0] + period + group, rest[1] + 1, order * period, copies))
        best[start] = found
    pieces, place = [], 0
    while place < len(text):
        _, _, period, copies = best[place]
        period = abs(period)
        pieces.append((text[place : place + period], copies > 1))
        place += period * copies
    return pieces


#: The ways to divide what follows itself, in the order in which they are tried.
TEMPLATES: tuple[Template, ...] = (
    _shortest,
    partial(_shortest, is_early=False),
    partial(_shortest, group=0),
    template_of,
)


def _nameless(parts: Iterable[Part], around: Path) -> Any:
    """Return what parts of a group are, but for their names: what they take of one another by its place."""
    calls = [*map(_called, parts)]
    places = {(*around, part.name): str(place) for place, part in enumerate(calls)}
    return [
        replace(
            part,
            name="",
            links=tuple(
                Link((places[link.path],), link.output) if link.path in places else link for link in part.links
            ),
            before=INPUT,
            parts=(),
        )
        for part in calls
    ], [_nameless(part.parts, (*around, part.name)) for part in calls]


def _before(segment: Segment, seen: Sequence[Seen], paths: Sequence[Path], place: int, head: int) -> Link:
    """Return what flows out of the part before a segment."""
    start = segment.starts[place] + head * segment.period
    return Link((*paths[place], seen[place][1].parts[start - 1].name)) if start else INPUT


def _called(part: Any) -> Called:
    assert isinstance(part, Called)
    return part


def _observed(seen: Sequence[Seen], values: Sequence[Any]) -> list[tuple[Observation, Any]]:
    return [(observation, str(value)) for (observation, _), value in zip(seen, values, strict=True)]


def _number_names(nodes: Sequence[Merged]) -> None:
    """Put numbers behind the names that several nodes of a group have."""
    names = FreeNames()
    for node in nodes:
        if not node.is_made and node.name not in (".", "") and not node.name.isdecimal():
            node.name = names.new(node.name)
        _number_names(node.parts)
