"""One tree of several that are connected: what each node takes, in terms that hold at every point.

A node takes what the one before it gives, or names what it takes. The copies of a repeated node take one another's
outputs as the first input of their group; what else they take from outside is a further input of it, unless that
changes from copy to copy: then it is named, by the number of the copy. Copies that take nothing of one another stand
side by side, and what takes the outputs of all of them names their node.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from paramcalc.frameworks.deriving import expressions as ex
from paramcalc.frameworks.deriving.calls import INPUT, Calls, Link
from paramcalc.frameworks.deriving.dividing import Template
from paramcalc.frameworks.deriving.identifying import Candidates
from paramcalc.frameworks.deriving.merging import Merger
from paramcalc.frameworks.deriving.nodes import Merged, Source
from paramcalc.frameworks.deriving.observing import Observation
from paramcalc.frameworks.deriving.parts import Part, Path
from paramcalc.frameworks.deriving.reasons import Lost
from paramcalc.frameworks.deriving.repeats import Repeat, before, called, link_text, observed
from paramcalc.frameworks.deriving.segments import Seen, Segment
from paramcalc.frameworks.names import FreeNames


class Bundle(NamedTuple):
    """What all copies give that stand side by side, in their order."""

    links: tuple[Link, ...]


class Connector(Merger):
    """Merges the calls of a model at several points."""

    def __init__(self, candidates: Candidates, calls: Sequence[Calls], template: Template) -> None:
        super().__init__(candidates, [each.root for each in calls])
        self.template = template
        self.outputs = [each.outputs for each in calls]
        #: nodes whose output is that of a part: of a repeated node, its last copy's, or those of all side by side
        self.ends: dict[tuple[int, Link | Bundle], list[tuple[Merged, tuple[int, ...]]]] = {}
        #: what copies side by side give, by what the first and the last of them give
        self.bundles: dict[tuple[int, Link], list[Bundle]] = {}
        self.last_of_bundles: set[tuple[int, Link]] = set()
        #: the name of the last part of each part
        self.lasts = [
            {path: part.parts[-1].name if part.parts else "" for path, part in root.paths()} for root in self.roots
        ]
        #: where each part stands whose parts are merged, by its id
        self.around: dict[int, Path] = {}

    def connected(self) -> tuple[list[Merged], list[Source]]:
        """Return the nodes of the whole, and its outputs where these are not what the last node gives.

        Raises `Lost`.
        """
        nodes = self.merge()
        seen: list[Seen] = [(Observation(point), root) for point, root in enumerate(self.roots)]
        outputs = self._sources(seen, self._outputs(), "the outputs")
        _number_names(nodes)
        return nodes, outputs

    def _outputs(self) -> list[tuple[Link, ...]]:
        """Return what is given at each point; what the last part gives is said where it is not that everywhere."""
        if not any(self.outputs):
            return self.outputs
        return [given or (Link((root.parts[-1].name,)),) for given, root in zip(self.outputs, self.roots, strict=True)]

    # --- one part

    def _part(self, seen: Sequence[Seen], paths: Sequence[Path], where: str) -> Merged:
        node = super()._part(seen, paths, where)
        first = called(seen[0][1])
        if not paths[0]:
            return node
        if first.is_run:
            self._dissolve(node, first.word)
        where = f"{where}.{first.name}".strip(".")
        own, share = self._inputs(seen, where), self._share(seen, where)
        node.inputs = _composed(node.inputs, own, where) if node.times is not None else own
        node.share = share or node.share
        node.is_called = True
        if first.is_loose:
            node.name, node.is_made = "", True
        elif node.is_made and first.word:
            node.name, node.is_made = first.word, False
        return node

    def _dissolve(self, node: Merged, word: str) -> None:
        """Make a group that was made for copies the node of these."""
        node.name, node.is_made = word, not word
        if len(node.parts) == 1 and node.parts[0].times is not None:
            self._take_over(node, node.parts[0])
        else:
            node.name, node.is_made = "", True

    def _inputs(self, seen: Sequence[Seen], where: str) -> list[Source] | None:
        """Return what a part takes; None for what the node before it gives, and for nothing."""
        parts = [called(part) for _, part in seen]
        if len({len(part.links) for part in parts}) == 1 and all(
            part.links in ((), (part.before,)) and not self._ends_bundle(observation, part.before)
            for (observation, _), part in zip(seen, parts, strict=True)
        ):
            return None
        return self._sources(seen, [part.links for part in parts], where)

    def _sources(self, seen: Sequence[Seen], taken: Sequence[tuple[Link, ...]], where: str) -> list[Source]:
        """Merge all that is taken at each observation; copies side by side are taken as one. Raises `Lost`."""
        found = [self._bundled(observation.point, links) for (observation, _), links in zip(seen, taken, strict=True)]
        most = max(found, key=len)
        found = [_with_none(each, most) for each in found]
        if len({*map(len, found)}) > 1:
            texts = [f"it takes {', '.join(map(link_text, links)) or 'nothing'}" for links in taken]
            raise Lost("it does not always take as much", where, observed(seen, taken), texts)
        return [self._source(seen, each, where) for each in zip(*found, strict=True)]

    def _bundled(self, point: int, links: Sequence[Link]) -> list[Link | Bundle]:
        """Return what is taken at a point, with what copies side by side give as one."""
        found: list[Link | Bundle] = []
        deepest = [self._deepest(point, link) for link in links]
        place = 0
        while place < len(links):
            fitting = [
                each
                for each in self.bundles.get((point, deepest[place]), ())
                if [*each.links] == deepest[place : place + len(each.links)] and not links[place].is_whole
            ]
            bundle = max(fitting, key=lambda each: len(each.links), default=None)
            found.append(bundle or links[place])
            place += len(bundle.links) if bundle is not None else 1
        return found

    def _deepest(self, point: int, link: Link) -> Link:
        """Return an output as that of the part that gives it: of a group, its last part's."""
        path = link.path
        while path is not None and self.lasts[point].get(path):
            path = (*path, self.lasts[point][path])
        return Link(path, link.output)

    def _ends_bundle(self, observation: Observation, link: Link) -> bool:
        """Whether an output is the last of copies side by side."""
        return (observation.point, self._deepest(observation.point, link)) in self.last_of_bundles

    def _share(self, seen: Sequence[Seen], where: str) -> Source | None:
        """Return the node that a part is another call of."""
        shares = [called(part).share for _, part in seen]
        if not any(shares):
            return None
        return self._source(seen, [Link(share or ()) for share in shares], where)

    def _source(self, seen: Sequence[Seen], links: Sequence[Link | Bundle], where: str) -> Source:
        """Merge what is taken at each observation. Raises `Lost`."""
        if not all(isinstance(link, Bundle) for link in links):
            # of a single copy, what it gives
            links = [link.links[0] if isinstance(link, Bundle) and len(link.links) == 1 else link for link in links]
        first = links[0]
        if len({*links}) == 1 and isinstance(first, Link) and first.path is None:
            return Source(None, output=first.output)
        options = [self._options(observation, link) for (observation, _), link in zip(seen, links, strict=True)]
        shared = [node for node in options[0] if all(node in each for each in options)]
        # where what is taken is of another node than at first
        other = next((place for place, each in enumerate(options) if not each.keys() & options[0].keys()), None)
        for key in shared:
            found = [each[key] for each in options]
            copies = [[*each] for each in zip(*(copies for _, copies in found), strict=True)]
            try:
                merged = [self._number(seen, each, where) for each in copies]
            except Lost:
                continue
            outputs = {link.output if isinstance(link, Link) else 0 for link in links}
            if len(outputs) == 1:
                exprs = tuple(ex.number(each) if type(each) is int else each for each in merged)
                return Source(found[0][0], exprs, outputs.pop())
        texts = [f"it takes {_text(link)}" for link in links]
        pair = (0, other) if other is not None else None
        raise Lost("what it takes is not said alike at all points", where, observed(seen, links), texts, pair=pair)

    def _options(
        self, observation: Observation, link: Link | Bundle
    ) -> dict[tuple[int, int], tuple[Merged, tuple[int, ...]]]:
        """Return the nodes that give what is taken, each in which copies: a repeated node as a whole, or one copy."""
        options: dict[tuple[int, int], tuple[Merged, tuple[int, ...]]] = {}
        path = link.path if isinstance(link, Link) else None
        own = self.nodes.get((observation.point, path)) if path is not None else None
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
        run = Repeat(Segment([start for start, _ in spans], period, counts, True), seen, paths, 0, counts)
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
                self._end(seen[place][0], before(segment, seen, paths, place, 0), node.parts[-1])

    def _end(self, observation: Observation, link: Link | Bundle, node: Merged) -> None:
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
        run = Repeat(segment, seen, paths, head, counts)
        run.read(where)
        node = super()._copies(segment, run.inside(), paths, where, head, counts)
        there = [place for place, count in enumerate(counts) if count]
        outer = [seen[place] for place in there]
        befores = [run.befores[place] for place in there]
        taken: list[Source] | None = None
        is_next = [run.outside[0][place] for place in there] == befores and not any(
            self._ends_bundle(seen[place][0], run.befores[place]) for place in there
        )
        if len(run.outside) > 1 or not is_next:
            taken = [self._source(outer, [links[place] for place in there], run.path(where)) for links in run.outside]
        node = _with_inputs(node, taken, len(run.outside), segment.period)
        node.is_called, node.is_parallel = True, run.is_parallel
        word = run.part(there[0], 0, 0).word if segment.period == 1 else ""
        if word:
            node.name, node.is_made = word, False
        for place, (observation, _) in enumerate(seen):
            ends = run.ends(place)
            if run.is_parallel:
                self._end_bundle(observation, ends, node)
            else:
                self._end(observation, ends[-1] if ends else run.befores[place], node)
        return node

    def _end_bundle(self, observation: Observation, links: Sequence[Link], node: Merged) -> None:
        """Keep that a node's outputs are these, side by side."""
        point = observation.point
        bundle = Bundle(tuple(self._deepest(point, link) for link in links))
        self._end(observation, bundle, node)
        if links:
            self.bundles.setdefault((point, bundle.links[0]), []).append(bundle)
            self.last_of_bundles.add((point, bundle.links[-1]))


def _text(link: Link | Bundle) -> str:
    """Say what is taken."""
    return link_text(link) if isinstance(link, Link) else ", ".join(map(link_text, link.links)) or "nothing"


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


def _with_none(taken: list[Link | Bundle], most: Sequence[Link | Bundle]) -> list[Link | Bundle]:
    """Return what is taken where there are no copies side by side, with what they give elsewhere as nothing."""
    places = [place for place, each in enumerate(most) if isinstance(each, Bundle)]
    if len(taken) + len(places) != len(most):
        return taken
    found = [*taken]
    for place in places:
        found.insert(place, Bundle(()))
    return found


def _composed(inner: list[Source] | None, own: list[Source] | None, where: str) -> list[Source] | None:
    """Return what a node takes that stands for a group: its inputs are those of the group. Raises `Lost`."""
    if inner is None or (own is None and inner == [Source(None)]):
        return own
    if own is None:
        raise Lost("its copies take more than the one input that it is given", where, [])
    return [own[each.output] if each.node is None else each for each in inner]


def _nameless(parts: Iterable[Part], around: Path) -> Any:
    """Return what parts of a group are, but for their names: what they take of one another by its place."""
    calls = [*map(called, parts)]
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


def _number_names(nodes: Sequence[Merged]) -> None:
    """Put numbers behind the names that several nodes of a group have."""
    names = FreeNames()
    for node in nodes:
        if not node.is_made and node.name not in (".", "") and not node.name.isdecimal():
            node.name = names.new(node.name)
        _number_names(node.parts)
