"""The tensors of a class of models, each with the condition under which it is there and its sizes as expressions.

Read off the tries: where a condition was asked, what follows on both sides is merged, so that a condition without
effect leaves no trace; one that was seen one way only becomes a requirement.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from paramcalc.families.generator.learning import (
    NUMBER,
    ROOT,
    Asked,
    Branch,
    Child,
    End,
    NotLearnt,
    Own,
    Repeat,
    Step,
    Trie,
    Tries,
)
from paramcalc.families.generator.models import State
from paramcalc.families.generator.recording import LOST
from paramcalc.families.generator.texts import choice, conjunction, is_certain, names_in, negated, tidied


@dataclass(frozen=True)
class Copies:
    """A number in a name: the copy of a loop."""

    site: str
    extent: str = ""


#: The names that lead to a tensor.
Way: TypeAlias = "tuple[str | Copies, ...]"
#: Conditions that must all hold.
Conditions: TypeAlias = "tuple[str, ...]"


@dataclass(frozen=True)
class Entry:
    """A tensor."""

    sizes: tuple[str, ...]
    trainable: bool
    #: the class of the module that has it
    owner: str
    when: Conditions = ()
    #: of a buffer
    state: State | None = None


@dataclass(frozen=True)
class Body:
    """Tensors by their ways, and conditions that were never seen to fail, each with those under which it is asked."""

    entries: Mapping[Way, Entry] = field(default_factory=dict)
    requires: tuple[tuple[Conditions, str], ...] = ()


#: What finds the expression of a size by its values in the runs; None where it does not.
Identify: TypeAlias = Callable[[list[tuple[int, int]]], "str | None"]


def form(tries: Tries, identify: Identify) -> Body:
    """Return the tensors of a class of models. Raises `NotLearnt`."""
    return _Reader(tries, identify).template(ROOT)


@dataclass
class _Reader:
    tries: Tries
    identify: Identify
    known: dict[str, Body] = field(default_factory=dict)
    has_tensors: dict[str, bool] = field(default_factory=dict)

    def template(self, key: str) -> Body:
        """Return the tensors that a constructor makes."""
        if key not in self.known:
            self.known[key] = self.rest(self.tries.templates[key])
        return self.known[key]

    def rest(self, trie: Trie) -> Body:
        """Return what comes from a place in a trie on."""
        branches = trie.branches
        asked = [step for step in branches if isinstance(step, Asked)]
        if asked:
            return self.decided(branches, asked)
        if len(branches) > 1:
            return self.apart(branches)
        for step, branch in branches.items():
            if isinstance(step, End):
                break
            return _both(self.step(step, branch), self.rest(branch.next))
        return Body()

    def decided(self, branches: Mapping[Step, Branch], asked: list[Asked]) -> Body:
        """Return what follows a condition."""
        texts = {step.text for step in asked}
        if len(asked) < len(branches) or len(texts) > 1:
            return self.apart(branches)
        sides = {step.outcome: self.rest(branches[step].next) for step in asked}
        text = asked[0].text
        if text.startswith(LOST) or LOST in text:
            return self.undecided(text, [*sides.values()])
        if len(sides) == 2:
            return _chosen(text, sides[True], sides[False])
        outcome, body = next(iter(sides.items()))
        if is_certain(tidied(text if outcome else negated(text))):
            return body
        return replace(body, requires=(((), text if outcome else negated(text)), *body.requires))

    def undecided(self, text: str, sides: list[Body]) -> Body:
        """Return what follows a condition that the language cannot state: it must not matter."""
        if len(sides) == 2 and sides[0] == sides[1]:
            return sides[0]
        raise NotLearnt(f"a condition that cannot be stated: {text}")

    def apart(self, branches: Mapping[Step, Branch]) -> Body:
        """Return what follows where runs go apart without a condition: the same tensors, or it is not known."""
        groups: dict[str, dict[Step, Branch]] = {}
        for step, branch in branches.items():
            groups.setdefault(step.text if isinstance(step, Asked) else repr(step), {})[step] = branch
        bodies = [self.rest(Trie(each)) for each in groups.values()]
        if all(each.entries == bodies[0].entries for each in bodies):
            requires = dict.fromkeys(each for body in bodies for each in body.requires)
            return Body(bodies[0].entries, tuple(requires))
        names = ", ".join(sorted({_shown(step) for step in branches})[:3])
        raise NotLearnt(f"runs go apart without a condition: {names}")

    def step(self, step: Step, branch: Branch) -> Body:
        """Return what a step makes."""
        if isinstance(step, Own):
            return Body(dict([self.own((), step, branch, 0)]))
        if isinstance(step, Repeat):
            return self.repeated(step, branch)
        assert isinstance(step, Child)
        inner = self.template(step.template) if step.template else Body()
        if step.own:
            inner = Body(dict(self.own((), each, branch, place) for place, each in enumerate(step.own)))
        if not inner.entries:
            return inner
        if step.others:
            raise NotLearnt(f"a module with several names: {'.'.join(step.name)}, {'.'.join(step.others[0])}")
        way = _way(step, branch)
        return Body({(*way, *rest): entry for rest, entry in inner.entries.items()}, inner.requires)

    def own(self, way: Way, own: Own, branch: Branch, place: int) -> tuple[Way, Entry]:
        """Return a tensor of a module itself."""
        sizes = []
        for axis, size in enumerate(own.sizes):
            found = self.identify(branch.lost[place, axis]) if size.startswith(LOST) else size
            if found is None or LOST in found:
                raise NotLearnt(f"a size of {own.owner.rpartition('.')[2]}.{own.name} is not known")
            sizes.append(found)
        return (*way, own.name), Entry(tuple(sizes), own.trainable, own.owner, (), own.state)

    def repeated(self, step: Repeat, branch: Branch) -> Body:
        """Return what a loop makes."""
        if branch.body is None:
            return Body()
        inner = self.rest(branch.body)
        entries: dict[Way, Entry] = {}
        for way, entry in inner.entries.items():
            if Copies(step.site) not in way:
                raise NotLearnt(f"{_text(way)} is made in a loop, and has no number of a copy")
            if LOST in step.extent:
                raise NotLearnt(f"how often {_text(way)} is made")
            entries[tuple(Copies(step.site, step.extent) if each == Copies(step.site) else each for each in way)] = (
                entry
            )
        requires = []
        for guards, text in inner.requires:
            if step.site in names_in(text):
                if not inner.entries:
                    continue
                raise NotLearnt(f"a condition on a copy was seen one way only: {text}")
            requires.append((tuple(each for each in guards if step.site not in names_in(each)), text))
        return Body(entries, tuple(dict.fromkeys(requires)))


def _way(step: Child, branch: Branch) -> Way:
    """Return the names that lead to a module: each number in it is that of a copy, or the same in all runs."""
    way: list[str | Copies] = []
    place = 0
    for part in step.name:
        if part != NUMBER:
            way.append(part)
            continue
        seen = [(each.numbers[place], each.copies) for each in branch.seen]
        sites = set.intersection(*(set(copies) for _, copies in seen))
        used = {part.site for part in way if isinstance(part, Copies)}
        place += 1
        following = [site for site in sorted(sites - used) if all(number == copies[site] for number, copies in seen)]
        varying = [site for site in following if len({copies[site] for _, copies in seen}) > 1]
        numbers = {number for number, _ in seen}
        if varying or (following and numbers == {0}):
            way.append(Copies((varying or following)[0]))
        elif len(numbers) == 1 and not following:
            way.append(str(numbers.pop()))
        else:
            raise NotLearnt(f"the number in {'.'.join(step.name)}")
    return tuple(way)


def _both(first: Body, second: Body) -> Body:
    """Return what two parts make together."""
    for way in second.entries:
        if way in first.entries:
            raise NotLearnt(f"{_text(way)} is made twice")
    return Body({**first.entries, **second.entries}, tuple(dict.fromkeys((*first.requires, *second.requires))))


def _chosen(text: str, yes: Body, no: Body) -> Body:
    """Return what is made where a condition holds, and what where it does not, as one."""
    entries: dict[Way, Entry] = {}
    for way in _in_order(yes.entries, no.entries):
        ours, theirs = yes.entries.get(way), no.entries.get(way)
        if ours is None or theirs is None:
            entry, condition = (ours, text) if theirs is None else (theirs, negated(text))
            assert entry is not None
            entries[way] = replace(entry, when=conjunction((condition,), entry.when))
        else:
            entries[way] = _chosen_entry(text, ours, theirs, way)
    shared = [each for each in yes.requires if each in no.requires]
    ours_only = [(conjunction((text,), when), each) for when, each in yes.requires if (when, each) not in shared]
    theirs_only = [
        (conjunction((negated(text),), when), each) for when, each in no.requires if (when, each) not in shared
    ]
    return Body(entries, tuple(dict.fromkeys((*shared, *ours_only, *theirs_only))))


def _chosen_entry(text: str, ours: Entry, theirs: Entry, way: Way) -> Entry:
    if len(ours.sizes) != len(theirs.sizes) or (ours.trainable, ours.state) != (theirs.trainable, theirs.state):
        raise NotLearnt(f"{_text(way)} has another number of axes, or another role, as {text} holds")
    sizes = tuple(choice(text, one, other) for one, other in zip(ours.sizes, theirs.sizes, strict=True))
    shared = tuple(each for each in ours.when if each in theirs.when)
    mine = tuple(each for each in ours.when if each not in shared)
    other = tuple(each for each in theirs.when if each not in shared)
    when = shared
    if mine or other:
        when = (
            *shared,
            choice(
                text,
                " and ".join(f"({each})" for each in mine) or "true",
                " and ".join(f"({each})" for each in other) or "true",
            ),
        )
    owner = ours.owner if ours.owner == theirs.owner else ""
    return Entry(sizes, ours.trainable, owner, when, ours.state)


def _in_order(first: Iterable[Way], second: Iterable[Way]) -> list[Way]:
    """Return the ways of two parts, each before those that follow it in either."""
    ours, theirs = [*first], [*second]
    found: list[Way] = []
    taken: set[Way] = set()
    places = {way: place for place, way in enumerate(theirs)}
    start = 0
    for way in ours:
        if way in places:
            for other in theirs[start : places[way]]:
                if other not in taken and other not in ours:
                    found.append(other)
                    taken.add(other)
            start = max(start, places[way] + 1)
        found.append(way)
        taken.add(way)
    return found + [way for way in theirs if way not in taken]


def _shown(step: Step) -> str:
    if isinstance(step, Child):
        return f"{'.'.join(step.name)} {step.template.rpartition('.')[2][:60]}"
    if isinstance(step, Own):
        return f"{step.name} {list(step.sizes)}"
    return repr(step)[:80]


def _text(way: Way) -> str:
    return ".".join(part if isinstance(part, str) else NUMBER for part in way)
