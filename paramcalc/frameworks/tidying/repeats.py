"""Residuals and repeats among nodes: what is added to its input, and what follows one another alike."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import replace
from itertools import accumulate
from math import inf
from typing import NamedTuple

from paramcalc.core.errors import ParamcalcError
from paramcalc.core.expression import RESERVED
from paramcalc.core.registry import kind
from paramcalc.frameworks.names import free_name
from paramcalc.frameworks.tidying.laws import FEWEST, as_list, free_counter, law, numbers, with_numbers
from paramcalc.frameworks.tidying.naming import is_default, renumbered
from paramcalc.layers.base.declaration import Layer
from paramcalc.spec import Node, node_names

#: How many nodes of a group are looked at; a longer one stays as it is.
MOST_NODES = 2_000
#: How many nodes a repeat has at most.
_LONGEST_RUN = 100
#: How many nodes each list of numbers must save.
_LISTED = 3
#: How many nodes may be looked at again for the runs of a group.
_MOST_STEPS = 500_000


class _Run(NamedTuple):
    """Nodes that follow one another alike: from `start` on, `copies` of `length` nodes."""

    start: int
    length: int
    copies: int
    #: how many nodes need not be written, those in groups as well
    saved: int

    @property
    def stop(self) -> int:
        """The place behind it."""
        return self.start + self.length * self.copies

    def parts(self) -> Iterator[_Run]:
        """Yield it, and what it is without its first copy, its last, and both."""
        for head, tail in ((0, 0), (1, 0), (0, 1), (1, 1)):
            copies = self.copies - head - tail
            saved = self.saved // max(1, self.copies - 1) * (copies - 1)
            yield _Run(self.start + head * self.length, self.length, copies, saved)


def folded(nodes: Sequence[Node], kept: set[str], fixed: set[str], shortens: bool, by_laws: bool = False) -> list[Node]:
    """Nodes with groups for what is added to its input, and one for those that are alike.

    `kept` are names that something outside refers to, `fixed` those of nodes that stay where they are. With
    `shortens`, nodes lose what their names have in common in a group of their own. Nodes are alike `by_laws` as well
    where their numbers follow laws of the number of the copy.
    """
    found = [
        node
        if node.layers is None
        else _merged(replace(node, layers=tuple(folded(node.layers, set(), fixed, shortens, by_laws))), fixed)
        for node in nodes
    ]
    places = _Places(found, kept, fixed, shortens)
    if len(nodes) > MOST_NODES:
        return found
    while spans := places.residuals():
        for start, stop in reversed(spans):
            places = places.with_residual(start, stop)
    while runs := places.runs():
        for run in reversed(runs):
            places = places.with_run(run)
    while by_laws and (lawful := places.lawful_run()) is not None:
        places = places.with_run(*lawful)
    return places.nodes


def _merged(group: Node, fixed: set[str]) -> Node:
    """Write a group that holds nothing but one repeated node as that node, under its own name."""
    (node,) = group.layers if group.layers and len(group.layers) == 1 else (group,)
    plain = group.times is None and not group.residual and group.when is True and node.inputs is None
    if not plain or node.times is None or fixed & {group.name, node.name}:
        return group
    stated = {name: getattr(group, name) for name in ("trainable", "dtype") if getattr(node, name) is None}
    return replace(node, name=group.name, inputs=group.inputs, **stated)


class _Places:
    """The nodes of a group by their places: -1 is the group's own input."""

    def __init__(self, nodes: list[Node], kept: set[str], fixed: set[str], shortens: bool) -> None:
        self.nodes = nodes
        self.kept = kept
        self.fixed = fixed
        self.shortens = shortens
        self.names = node_names(nodes)
        self.place = {name: index for index, name in enumerate(self.names)}
        self.inputs = [self._inputs(index) for index in range(len(nodes))]
        self.shared = {self.place.get(str(node.share).split(".")[0]) for node in nodes if node.share is not None}
        self.takers: dict[int | None, list[int]] = {}
        for index, inputs in enumerate(self.inputs):
            for source in inputs:
                self.takers.setdefault(source, []).append(index)

    def _inputs(self, index: int) -> list[int | None]:
        """Return the places that a node takes its inputs from; None for what is no plain output of this group."""
        node = self.nodes[index]
        if node.inputs is not None:
            return [-1 if name == "input" else self.place.get(name) for name in node.inputs]
        return [] if node.layer is not None and not node.layer.inputs else [index - 1]

    def closed(self, start: int, stop: int) -> bool:
        """Whether nodes take from the node before them and one another alone, and give only by the last."""
        for index in range(start, stop):
            if self.nodes[index].share is not None or index in self.shared or self.names[index] in self.fixed:
                return False
            if not self.inputs[index] or any(
                source is None or not start - 1 <= source < index for source in self.inputs[index]
            ):
                return False
            if index < stop - 1 and (
                self.names[index] in self.kept or any(taker >= stop for taker in self.takers.get(index, ()))
            ):
                return False
        return start < stop

    # --- residuals

    def residuals(self) -> list[tuple[int, int]]:
        """Find the innermost spans of nodes whose output is added to their input, up to the place of the sum."""
        spans: list[tuple[int, int]] = []
        for index, node in enumerate(self.nodes):
            if not isinstance(node.layer, kind("Add")) or len(self.inputs[index]) != 2:
                continue
            if self.names[index] in self.fixed:
                continue
            before, last = sorted(self.inputs[index], key=lambda source: -inf if source is None else source)
            if before is None or last != index - 1 or before == last or self.takers[last] != [index]:
                continue
            # a sum between is the end of a span within, or of one that is no residual
            innermost = not spans or spans[-1][1] <= before
            if innermost and self.closed(before + 1, index) and self.names[index - 1] not in self.kept:
                spans.append((before + 1, index))
        return spans

    def with_residual(self, start: int, stop: int) -> _Places:
        """Put a group in the place of a span and the sum behind it."""
        inside = self._inside(start, stop)
        name = self.names[stop]
        stem = _common_beginning(self.names[start:stop]).rstrip("_.-")
        if name not in self.kept:
            if stop - start == 1:
                name = self.names[start]
            elif self.shortens and re.fullmatch(r"[^\W\d][\w-]*", stem) and self.is_free(stem):
                name = stem
            elif is_default(self.nodes[stop], name):
                name = free_name("group", self.place)
        if len(inside) == 1 and not inside[0].residual:
            # it stays where it is, and takes what it took
            node = replace(self.nodes[start], name=name, residual=True)
        else:
            node = Node(layers=inside, name=name, residual=True)
        return self._replaced(start, stop + 1, node, self.names[stop])

    def is_free(self, name: str) -> bool:
        """Whether a name is no node's, and may be one's."""
        return name not in self.place and name not in RESERVED and len(name) > 2

    # --- runs

    def runs(self) -> list[_Run]:
        """Find the runs that save the most nodes, in their order; none overlaps another."""
        chosen: list[_Run] = []
        taken: set[int] = set()
        steps = 0
        for run in self._found(self._signature):
            if steps > _MOST_STEPS:
                break
            if taken.isdisjoint((run.start, run.stop - 1)):
                steps += run.stop - run.start
                if self._repeats(run):
                    chosen.append(run)
                    taken.update(range(run.start, run.stop))
        return sorted(chosen)

    def _found(self, signature: Callable[[int], Hashable]) -> list[_Run]:
        """Return the runs of nodes with the same signatures; first those that save the most nodes."""
        alike = self._signatures(signature)
        sizes = [0, *accumulate(map(amount, self.nodes))]
        found = []
        for length in range(1, min(_LONGEST_RUN, len(alike) // 2) + 1):
            same = 0
            for index in range(len(alike) - length, -1, -1):
                matches = index + length < len(alike) and alike[index] == alike[index + length] != -1
                same = same + 1 if matches else 0
                copies = same // length + 1
                # a run of several nodes needs a group
                saved = (sizes[index + length] - sizes[index]) * (copies - 1) - (length > 1)
                if saved >= 2:
                    found.append(_Run(index, length, copies, saved))
        return sorted(found, key=lambda run: (-run.saved, run.length, -run.start))

    def lawful_run(self) -> tuple[_Run, tuple[Node, ...], str] | None:
        """Find a run whose numbers follow laws of the number of the copy, with the nodes of a copy, and the counter.

        A list of numbers, of which each copy takes its own, is the last resort.
        """
        runs = self._found(lambda index: (numbers([self.nodes[index]])[0], self._word(index)))
        parts = [part for run in runs for part in run.parts() if part.copies >= FEWEST and self._is_named(part)]
        steps = 0
        for with_lists in (False, True):
            for part in parts:
                steps += part.stop - part.start
                if steps > _MOST_STEPS:
                    return None
                found = self._lawful(part, with_lists) if self._repeats(part) else None
                if found is not None:
                    return part, *found
        return None

    def _is_named(self, run: _Run) -> bool:
        """Whether the paths of copies are those of the nodes: names of PyTorch say which module they are."""
        if self.shortens:
            return True
        names = [re.fullmatch(r"(.*)_(\d+)", name) for name in self.names[run.start : run.stop]]
        numbered = [(each[1], int(each[2])) for each in names if each is not None]
        first = numbered[0] if numbered else ("", 0)
        return run.length == 1 and numbered == [(first[0], first[1] + copy) for copy in range(run.copies)]

    def _lawful(self, run: _Run, with_lists: bool) -> tuple[tuple[Node, ...], str] | None:
        """Return the nodes of a copy in terms of its number, where that is shorter; None where it is not."""
        inside = self._inside(run.start, run.start + run.length)
        counter = free_counter(inside)
        starts = range(run.start, run.stop, run.length)
        copies = [numbers(self.nodes[start : start + run.length])[1] for start in starts]
        columns = [*zip(*copies, strict=True)]
        laws = [law(values, counter) for values in columns]
        lists = laws.count(None)
        if run.saved < _LISTED * lists or (lists and not with_lists) or all(type(each) is int for each in laws):
            return None
        given = [as_list(values, counter) if each is None else each for each, values in zip(laws, columns, strict=True)]
        try:
            return with_numbers(inside, iter(given)), counter
        except ParamcalcError:
            return None  # a field takes numbers alone

    def _repeats(self, run: _Run) -> bool:
        """Whether each copy takes from the one before alone, and only the last gives to what is outside."""
        starts = range(run.start, run.stop, run.length)
        return all(self.closed(start, start + run.length) for start in starts) and all(
            self.names[start - 1] not in self.kept
            and all(taker < start + run.length for taker in self.takers.get(start - 1, ()))
            for start in starts[1:]
        )

    def with_run(self, run: _Run, inside: tuple[Node, ...] | None = None, counter: str | None = None) -> _Places:
        """Put one repeated node in the place of a run; its copies are `inside`, where a counter tells them apart."""
        stop = run.start + run.length * run.copies
        inside = inside or self._inside(run.start, run.start + run.length)
        if self.shortens:
            inside = renumbered(inside)
        last = self.names[stop - 1]
        name = last if last in self.kept else self._common_name(run) or free_name("group", self.place)
        # a copy takes its first input alone from the copy before
        if len(inside) == 1 and inside[0].times is None and inside[0].inputs is None:
            node = replace(inside[0], name=name, times=run.copies, index=counter)
        else:
            node = Node(layers=inside, name=name, times=run.copies, index=counter)
        return self._replaced(run.start, stop, node, last)

    def _common_name(self, run: _Run) -> str | None:
        """Return what the names of a run begin with, if anything; no other node's name."""
        names = self.names[run.start : run.start + run.length * run.copies]
        first, last = (re.fullmatch(r"(.*_)(\d+)", name) for name in (names[0], names[-1]))
        if not self.shortens and run.length == 1 and first and last and int(first[2]) > 0:
            # a part of a list of modules
            return f"{names[0]}_to_{last[2]}"
        stem = re.sub(r"[\W\d_]+$", "", _common_beginning(names))
        return stem if stem and stem not in {*self.names} - {*names} and stem not in RESERVED else None

    def _signatures(self, signature: Callable[[int], Hashable]) -> list[int]:
        """Return a number for each node, the same for those that are alike; -1 for those that are like no other."""
        seen: dict[Hashable, int] = {}
        result = []
        for index, node in enumerate(self.nodes):
            sources = [None if source is None else index - source for source in self.inputs[index]]
            alone = node.share is not None or index in self.shared or None in sources or not sources
            result.append(-1 if alone else seen.setdefault((signature(index), tuple(sources)), len(seen)))
        return result

    def _signature(self, index: int) -> Hashable:
        """Return what makes the node at a place like another, its name as well where that is the name of a module."""
        return _signature(self.nodes[index]), self._word(index)

    def _word(self, index: int) -> Hashable:
        """Return the names of a module and of those in it, without numbers; nothing where names say nothing."""
        return None if self.shortens else _words([replace(self.nodes[index], name=self.names[index])])

    # --- rewriting

    def _inside(self, start: int, stop: int) -> tuple[Node, ...]:
        """Nodes as they stand in a group of their own: the node before them is its input."""
        shortens = self.shortens and stop - start > 1
        prefix = re.sub(r"[^_.-]*$", "", _common_beginning(self.names[start:stop])) if shortens else ""
        short = {self.names[index]: _shortened(self.names[index], prefix) for index in range(start, stop)}
        if len({*short.values()}) < len(short):
            short = {name: name for name in short}
        inner = []
        for index in range(start, stop):
            node, name = self.nodes[index], self.names[index]
            sources = tuple("input" if source < start else short[self.names[source]] for source in self._known(index))
            plain = sources == (("input",) if index == start else (short[self.names[index - 1]],))
            inner.append(replace(node, name=short[name] if node.name else None, inputs=None if plain else sources))
        return tuple(inner)

    def _known(self, index: int) -> list[int]:
        return [source for source in self.inputs[index] if source is not None]

    def _replaced(self, start: int, stop: int, node: Node, last: str) -> _Places:
        """Put one node in the place of a span; what took from its last takes from that one."""
        rest = [
            each
            if each.inputs is None or last not in each.inputs
            else replace(each, inputs=tuple(str(node.name) if name == last else name for name in each.inputs))
            for each in self.nodes[stop:]
        ]
        return _Places([*self.nodes[:start], node, *rest], self.kept, self.fixed, self.shortens)


def amount(node: Node) -> int:
    """How many nodes are written for a node."""
    return 1 + sum(map(amount, node.layers or ()))


def _common_beginning(names: Sequence[str]) -> str:
    """Return what all of some names begin with."""
    first, last = min(names), max(names)
    return next((first[:place] for place, letter in enumerate(first) if last[place : place + 1] != letter), first)


def _shortened(name: str, prefix: str) -> str:
    # what begins with a number ends with it
    rest = re.sub(r"^(\d+)_(\w+)$", r"\2_\1", name.removeprefix(prefix))
    return rest if re.fullmatch(r"[^\W\d][\w-]*", rest) and rest not in RESERVED else name


def _signature(node: Node) -> Hashable:
    """Return what makes two nodes alike: all but their names, and rates that decide no size."""
    if node.layers is None:
        content: Hashable = _layer_signature(node.layer)
    else:
        places: dict[str, int] = {name: place for place, name in enumerate(node_names(node.layers))}
        content = tuple(
            (_signature(child), tuple(str(places.get(name, name)) for name in child.inputs or ()))
            for child in node.layers
        )
        if any(child.share is not None for child in node.layers):
            content = (content, id(node))  # what it shares is its own
    return content, node.times, node.residual, node.trainable, node.dtype, tuple(node.tie.items())


def _words(nodes: Sequence[Node]) -> Hashable:
    """Return the names of nodes, and of those in them, without numbers: a query is no key, `layer_0` is `layer_1`."""
    return tuple((re.sub(r"\d+", "", node.name or ""), _words(node.layers or ())) for node in nodes)


def _layer_signature(layer: Layer | None) -> Hashable:
    fields = layer.stated() if layer is not None else {}
    fields.pop("rate", None)
    return type(layer), repr(fields)
