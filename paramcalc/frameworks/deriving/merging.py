"""One tree of several: the parts of a model at several points, with expressions in place of the numbers that move.

Parts that follow one another alike under names that are numbers become one node with `times`. Where the first or the
last of them does not follow the law of the others, it stands for itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from paramcalc.core.registry import kind
from paramcalc.frameworks.deriving import expressions as ex
from paramcalc.frameworks.deriving.expressions import Expr
from paramcalc.frameworks.deriving.identifying import Candidates
from paramcalc.frameworks.deriving.nodes import CONTENTS, Merged, within
from paramcalc.frameworks.deriving.observing import Observation
from paramcalc.frameworks.deriving.parts import Part, Path, Tie
from paramcalc.frameworks.deriving.reasons import Lost
from paramcalc.frameworks.deriving.segments import (
    Seen,
    Segment,
    code_of,
    counted_names,
    group,
    layout,
    nameless,
    sequence,
    template_of,
    union,
    without_number,
)
from paramcalc.layers.base.declaration import default_name

_COUNTERS = "ijklmnpq"
#: That a field has its default.
_DEFAULT: Any = object()


class Merger:
    """Merges the parts of a model at several points."""

    def __init__(self, candidates: Candidates, roots: Sequence[Part]) -> None:
        self.candidates = candidates
        self.roots = roots
        taken = {*candidates.values, *(word for name in candidates.values for word in name.split("."))}
        self.counters = [name for name in _COUNTERS if name not in taken]
        #: the node of each part by its path, and the copies in which it stands, at each point
        self.nodes: dict[tuple[int, Path], tuple[Merged, tuple[int, ...]]] = {}

    def merge(self) -> list[Merged]:
        """Return the nodes of the whole. Raises `Lost`."""
        seen = [(Observation(point), root) for point, root in enumerate(self.roots)]
        root = self._part(seen, [() for _ in seen], "")
        if root.kind:
            root.name, root.is_made = default_name(root.kind), True
            return [root]
        if root.tensors and not root.parts:
            root.name, root.is_made = "", True
            return [root]
        if root.tensors:
            # tensors of the model itself: a group whose name is a dot adds nothing to their paths
            root.name, parts, root.parts = ".", root.parts, []
            # but for one that others are tied to, which has to be named by them
            if any(owner is root for node in within(parts) for owner, _, _ in node.ties.values()):
                root.name, root.is_made = "", True
            return [root, *parts]
        return root.parts

    def _part(self, seen: Sequence[Seen], paths: Sequence[Path], where: str) -> Merged:
        """Merge one part with all in it; `paths` are where it stands at each observation."""
        first = seen[0][1]
        names = {part.name for _, part in seen}
        node = Merged(first.name, first.kind, trainable=first.trainable, dtype=first.dtype)
        if len(names) > 1:
            stems = {*map(without_number, names)}
            node.name = stems.pop().rstrip("_") if len(stems) == 1 else ""
            node.is_made = not node.name
        where = f"{where}.{first.name}".strip(".")
        self._check_often(seen, where)
        if node.kind:
            node.fields = self._fields(seen, where)
            node.of = self._number(seen, [part.of for _, part in seen], where)
        node.tensors = self._number(seen, [part.tensors for _, part in seen], where)
        for (observation, _), path in zip(seen, paths, strict=True):
            self.nodes[observation.point, path] = node, tuple(value for _, value in observation.counters)
        if any(part.ties.keys() != first.ties.keys() for _, part in seen):
            observed = [(observation, " ".join(sorted(part.ties))) for observation, part in seen]
            texts = [f"tied: {', '.join(sorted(part.ties)) or 'none'}" for _, part in seen]
            raise Lost("not always the same tensors of it are tied", where, observed, texts)
        for tensor in first.ties:
            node.ties[tensor] = self._tie(seen, [part.ties.get(tensor) for _, part in seen], where)
        self._parts(node, seen, paths, where)
        return node

    def _check_often(self, seen: Sequence[Seen], where: str) -> None:
        """Check that a part is there at enough points for its numbers to be known. Raises `Lost`."""
        points = {observation.point for observation, _ in seen}
        if len(points) < len(self.roots) and not self.candidates.is_enough(points):
            raise Lost("it is rarely there", where, [(observation, "there") for observation, _ in seen])

    def _fields(self, seen: Sequence[Seen], where: str) -> dict[str, Any]:
        """Merge the fields of a layer; one that is not stated everywhere has its default elsewhere."""
        stated = dict.fromkeys(name for _, part in seen for name in part.fields)
        defaults = kind(seen[0][1].kind).model_fields
        found = {}
        for name in stated:
            values = [part.fields.get(name, _DEFAULT) for _, part in seen]
            if _DEFAULT in values:
                default = defaults[name].default if name in defaults else None
                if isinstance(default, tuple) and len({*default}) == 1:
                    # along all axes alike, as one number says it
                    default = default[0]
                values = [default if value is _DEFAULT else value for value in values]
            if any(isinstance(value, list) for value in values) and not all(isinstance(each, list) for each in values):
                length = next(len(value) for value in values if isinstance(value, list))
                values = [value if isinstance(value, list) else [value] * length for value in values]
            found[name] = self._number(seen, values, f"{where}.{name}")
        return found

    def _number(self, seen: Sequence[Seen], values: Sequence[Any], where: str) -> Any:
        """Merge what may be, or hold, numbers. Raises `Lost`."""
        first = values[0]
        if all(type(value) is type(first) and value == first for value in values):
            return first
        if all(type(value) is int for value in values):
            observations = [observation for observation, _ in seen]
            self._check_often(seen, where)
            found = self.candidates.expression(observations, values)
            if found is None:
                raise Lost(
                    "no expression was found that has its values", where, [*zip(observations, values, strict=True)]
                )
            return found
        if all(isinstance(value, dict) and value.keys() == first.keys() for value in values):
            return {key: self._number(seen, [value[key] for value in values], where) for key in first}
        if all(isinstance(value, list) and len(value) == len(first) for value in values):
            return [self._number(seen, list(each), where) for each in zip(*values, strict=True)]
        raise Lost(
            "it is not always the same, and no number", where, [*zip((each for each, _ in seen), values, strict=True)]
        )

    def _tie(self, seen: Sequence[Seen], ties: Sequence[Tie | None], where: str) -> tuple[Merged, str, list[Expr]]:
        """Merge whose numbers a tensor holds. Raises `Lost`."""
        owners = [
            self.nodes.get((observation.point, tie.path)) if tie is not None else None
            for (observation, _), tie in zip(seen, ties, strict=True)
        ]
        tensors = {tie.tensor for tie in ties if tie is not None}
        observed = [*zip((each for each, _ in seen), ties, strict=True)]
        if None in owners or len(tensors) != 1 or len({id(owner[0]) for owner in owners if owner}) != 1:
            texts = ["not tied" if tie is None else f"tied to {'.'.join((*tie.path, tie.tensor))}" for tie in ties]
            raise Lost("it is not always tied to the same tensor", where, observed, texts)
        known = [owner for owner in owners if owner is not None]
        copies = [self._number(seen, list(each), where) for each in zip(*(place for _, place in known), strict=True)]
        return known[0][0], tensors.pop(), [ex.number(each) if type(each) is int else each for each in copies]

    # --- the parts of a part

    def _parts(self, node: Merged, seen: Sequence[Seen], paths: Sequence[Path], where: str) -> None:
        """Merge the parts of a part into its node; one that holds nothing but copies is itself repeated."""
        if not any(part.parts for _, part in seen):
            return
        segments = self._segments(seen, where)
        whole = len(segments) == 1 and segments[0].repeats and segments[0].period == 1 and not node.tensors
        for segment in segments:
            if segment.repeats:
                node.parts += self._repeat(segment, seen, paths, where)
            else:
                self._single(node, segment, seen, paths, where)
        if whole and len(node.parts) == 1 and node.parts[0].times is not None and node.parts[0].is_made:
            (inner,) = node.parts
            self._take_over(node, inner)

    def _single(self, node: Merged, segment: Segment, seen: Sequence[Seen], paths: Sequence[Path], where: str) -> None:
        """Merge a part that is there once, or that is there under a condition."""
        there = [place for place, count in enumerate(segment.counts) if count]
        found = self._part(
            *segment.of(there).copy([seen[each] for each in there], [paths[each] for each in there], 0, 0), where
        )
        absent = [seen[place][0] for place, count in enumerate(segment.counts) if not count]
        number = self._number_or_none(found, absent) if absent else None
        if number is not None:
            found.times = number
        elif absent:
            observations = [observation for observation, _ in seen]
            presence = [bool(count) for count in segment.counts]
            found.when = self.candidates.condition(observations, presence)
            if found.when is None:
                observed = [*zip(observations, map(str, presence), strict=True)]
                texts = ["there" if each else "not there" for each in presence]
                reason = "it is not always there, and no condition was found that says when"
                raise Lost(reason, f"{where}.{found.name}".strip("."), observed, texts)
            other = next((each for each in node.parts if each.name == found.name and each.when is not None), None)
            if other is not None and not found.is_made:
                if other.otherwise is not None:
                    observed = [*zip(observations, map(str, presence), strict=True)]
                    texts = ["this one" if each else "another" for each in presence]
                    path = f"{where}.{found.name}".strip(".")
                    raise Lost("one of three or more parts stands in its place", path, observed, texts)
                other.otherwise, found.when = found, None
                return
        node.parts.append(found)

    def _number_or_none(self, node: Merged, absent: Sequence[Observation]) -> Expr | None:
        """Return a number of copies that is 0 wherever a node is absent; None where its own says nothing of that."""
        if node.times is None:
            return None
        values = [node.times.value(each) for each in self.candidates.environments(absent)]
        known = [each for each in values if each is not None]
        if len(known) < len(values) or max(known) > 0:
            return None
        return ex.made("max", node.times, ex.number(0)) if min(known) < 0 else node.times

    def _take_over(self, node: Merged, inner: Merged) -> None:
        """Make a node the repeated one that is all it holds, under its own name."""
        for name in CONTENTS:
            setattr(node, name, getattr(inner, name))
        self.nodes = {key: (node if found is inner else found, copies) for key, (found, copies) in self.nodes.items()}

    def _segments(self, seen: Sequence[Seen], where: str) -> list[Segment]:
        """Divide the parts into single ones and repeats, the same at all points. Raises `Lost`."""
        codes: dict[tuple[str, str, str], str] = {}
        counted = self._counted([part for _, part in seen])
        texts = [
            "".join(codes.setdefault(code_of(each, counted), chr(0xE000 + len(codes))) for each in part.parts)
            for _, part in seen
        ]
        named = {letter for code, letter in codes.items() if code[0] and code[0] not in counted}
        template = self._template(union(sorted(dict.fromkeys(texts), key=len, reverse=True), named))
        always = {letter for letter in codes.values() if all(letter in text for text in texts)}
        pattern = re.compile("".join(group(code, repeats, code in always) for code, repeats in template))
        matches = [pattern.fullmatch(text) for text in texts]
        if None in matches:
            observed = [(observation, layout(part)) for observation, part in seen]
            texts = [sequence(part) for _, part in seen]
            fitting = next((place for place, match in enumerate(matches) if match is not None), None)
            pair = (fitting, matches.index(None)) if fitting is not None else None
            raise Lost("its parts do not follow one pattern", where, observed, texts, pair=pair)
        found = []
        for place, (code, repeats) in enumerate(template, start=1):
            spans = [match.span(place) for match in matches if match is not None]
            counts = [(end - start) // len(code) for start, end in spans]
            if repeats and len({*counts}) == 1 and not self._is_plain(seen, spans, len(code)):
                # always as many, and not all alike: each for itself
                found += [
                    Segment([start + shift for start, _ in spans], 1, [1] * len(spans), False)
                    for shift in range(counts[0] * len(code))
                ]
            else:
                found.append(Segment([start for start, _ in spans], len(code), counts, repeats))
        return found

    def _counted(self, parts: Sequence[Part]) -> set[str]:
        """Return the names that count, without their numbers."""
        return counted_names(parts)

    def _template(self, text: str) -> list[tuple[str, bool]]:
        """Divide the codes of parts into single ones and what follows itself."""
        return template_of(text)

    def _is_plain(self, seen: Sequence[Seen], spans: Sequence[tuple[int, int]], period: int) -> bool:
        """Whether the copies of a repeat are the same, but for their names, at every observation."""
        for (_, part), (start, end) in zip(seen, spans, strict=True):
            parts = [nameless(each) for each in part.parts[start:end]]
            if any(parts[place] != parts[place % period] for place in range(len(parts))):
                return False
        return True

    def _repeat(self, segment: Segment, seen: Sequence[Seen], paths: Sequence[Path], where: str) -> list[Merged]:
        """Merge a repeat; its first or last copy for itself, where the others follow a law that it does not."""
        problems = []
        chooses = self.candidates.chooses
        for choices in dict.fromkeys((False, chooses)):
            for head, tail in ((0, 0), (1, 0), (0, 1), (1, 1)):
                if head + tail and min(segment.counts) < head + tail:
                    continue
                kept = dict(self.nodes)
                self.candidates.chooses = choices
                try:
                    return self._with_ends(segment, seen, paths, where, (head, tail))
                except Lost as lost:
                    self.nodes = kept
                    # not its traceback, which keeps all that was merged for the search for garbage
                    problems.append(lost.with_traceback(None))
                finally:
                    self.candidates.chooses = chooses
        problems[0].others = (*problems[0].others, *problems[1:])
        raise problems.pop(0)

    def _with_ends(
        self, segment: Segment, seen: Sequence[Seen], paths: Sequence[Path], where: str, ends: tuple[int, int]
    ) -> list[Merged]:
        head, tail = ends
        found = []
        if head:
            found += [self._part(*segment.copy(seen, paths, 0, part), where) for part in range(segment.period)]
        counts = [count - head - tail for count in segment.counts]
        if any(counts):
            found.append(self._copies(segment, seen, paths, where, head, counts))
        if tail:
            found += [self._part(*segment.copy(seen, paths, -1, part), where) for part in range(segment.period)]
        return found

    def _copies(
        self,
        segment: Segment,
        seen: Sequence[Seen],
        paths: Sequence[Path],
        where: str,
        head: int,
        counts: Sequence[int],
    ) -> Merged:
        """Merge the copies of a repeat into one node."""
        times = self._number(seen, counts, f"{where}: the number of copies")
        depth = len(seen[0][0].counters)
        counter = self.counters[depth] if depth < len(self.counters) else f"index_{depth}"
        parts = []
        for part in range(segment.period):
            inside: list[Seen] = []
            within: list[Path] = []
            for place, ((observation, whole), path) in enumerate(zip(seen, paths, strict=True)):
                for copy in range(counts[place]):
                    child = whole.parts[segment.starts[place] + (head + copy) * segment.period + part]
                    inside.append((observation.inside(counter, copy), child))
                    within.append((*path, child.name))
            parts.append(self._part(inside, within, where))
        if len(parts) == 1 and parts[0].times is None:
            (node,) = parts
        else:
            node = Merged("", parts=parts, is_made=True)
        node.times = ex.number(times) if type(times) is int else times
        node.counter = counter
        if node.name.isdecimal() or node.is_made:
            node.name, node.is_made = "", True
        return node
