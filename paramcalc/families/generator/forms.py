"""The tensors of a class of models, each with the condition under which it is there and its sizes as expressions.

Read off the tries: where a condition was asked, what follows on both sides is merged, so that a condition without
effect leaves no trace; one that was seen one way only becomes a requirement.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType

from paramcalc.families.generator.bodies import Body, Entry, Way, both, chosen, guarded, way_text
from paramcalc.families.generator.learning import (
    NUMBER,
    ROOT,
    Asked,
    Branch,
    Child,
    End,
    NotLearnt,
    Own,
    Places,
    Repeat,
    Step,
    Trie,
    Tries,
    repeats,
)
from paramcalc.families.generator.numbering import (
    NUMBER_OF_COPIES,
    Identify,
    always,
    common,
    counted_by,
    has_number,
    numbered,
    only,
    placed,
    way_of,
)
from paramcalc.families.generator.recording import LOST
from paramcalc.families.generator.texts import compared_equal, is_certain, names_in, negated, tidied


def form(tries: Tries, identify: Identify, unknown: Mapping[str, str] = MappingProxyType({})) -> Body:
    """Return the tensors of a class of models. Raises `NotLearnt`.

    `unknown` are fields of which it is not known what they are, each with the reason: what asks for one is left out.
    """
    return numbered(_Reader(tries, identify, unknown).template(ROOT))


#: How many copies of a loop are stated one by one at most.
_ONE_BY_ONE = 20


@dataclass(frozen=True)
class _Group:
    """What may come next in some copies of loops."""

    trie: Trie

    @property
    def places(self) -> frozenset[Places]:
        """The copies of loops in which it comes."""
        return frozenset(place for branch in self.trie.branches.values() for place in branch.places)

    @property
    def runs(self) -> frozenset[int]:
        """The runs in which it comes."""
        return frozenset(run for branch in self.trie.branches.values() for run in branch.runs)


@dataclass
class _Reader:
    tries: Tries
    identify: Identify
    unknown: Mapping[str, str]
    known: dict[str, Body] = field(default_factory=dict)
    #: the template that is read
    key: str = ROOT
    #: how many copies of each loop there are
    extents: dict[str, str] = field(default_factory=dict)
    #: the same of the loops of the template that is read, those further on as well
    lengths: dict[str, str] = field(default_factory=dict)

    def template(self, key: str) -> Body:
        """Return the tensors that a constructor makes."""
        if key not in self.known:
            trie, outer = self.tries.templates[key], (self.key, self.lengths)
            self.key, self.lengths = key, {}
            for step, branch in repeats(trie):
                extent = self.extent(step, branch)
                # where a loop stands twice, it is not known which of the two is meant
                self.lengths[step.site] = extent if self.lengths.get(step.site, extent) == extent else LOST
            self.known[key] = self.rest(trie)
            self.key, self.lengths = outer
        return self.known[key]

    def extent(self, step: Repeat, branch: Branch) -> str:
        """Return how many copies a loop has, as an expression."""
        if LOST not in step.extent:
            return step.extent
        return self.identify(branch.lost[0, 0]) or self.identify(self.everywhere[step.site]) or LOST

    @cached_property
    def everywhere(self) -> Mapping[str, list[tuple[int, int]]]:
        """How many copies the loops had whose number is not known, in all constructors and runs."""
        found: dict[str, list[tuple[int, int]]] = {}
        for trie in self.tries.templates.values():
            for step, branch in repeats(trie):
                found.setdefault(step.site, []).extend(branch.lost.get((0, 0), ()))
        return found

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
            return both(self.step(step, branch), self.rest(branch.next))
        return Body()

    def decided(self, branches: Mapping[Step, Branch], asked: list[Asked]) -> Body:
        """Return what follows a condition; where one side is not known, the other is required."""
        texts = {step.text for step in asked}
        if len(asked) == len(branches) and len(texts) > 1 and _exclude_each_other(asked):
            return self.decided(*_one_by_one(branches, asked))
        if len(asked) < len(branches) or len(texts) > 1:
            return self.apart(branches)
        self.check(asked[0].text)
        sides: dict[bool, Body] = {}
        errors: list[NotLearnt] = []
        # the side first that the model takes by default, or else most models
        for step in sorted(asked, key=lambda each: (min(branches[each].runs), -len(branches[each].runs))):
            try:
                sides[step.outcome] = self.rest(branches[step].next)
            except NotLearnt as error:
                errors.append(error)
        text = asked[0].text
        if not sides or (errors and LOST in text):
            raise errors[0]
        self.leave(errors)
        if LOST in text:
            return self.undecided(text, [*sides.values()])
        if len(sides) == 2:
            try:
                return chosen(text, sides[True], sides[False])
            except NotLearnt as error:
                self.leave([error])
        outcome, body = next(iter(sides.items()))
        if is_certain(tidied(text if outcome else negated(text))):
            return body
        return replace(body, requires=(((), text if outcome else negated(text)), *body.requires))

    def check(self, *texts: str) -> None:
        """Refuse expressions of fields of which it is not known what they are."""
        for name in self.unknown:
            if any(name in names_in(text) for text in texts if name in text):
                raise NotLearnt(self.unknown[name])

    def leave(self, errors: Sequence[NotLearnt]) -> None:
        """Leave out sides of a condition that cannot be learnt, unless it is for the sake of buffers alone."""
        parameters = self.tries.parameters
        for error in errors:
            if parameters is not None and str(error) not in map(str, parameters.left_out):
                raise error
            self.tries.left_out.append(error)

    def undecided(self, text: str, sides: list[Body]) -> Body:
        """Return what follows a condition that the language cannot state: it must not matter."""
        if len(sides) == 2 and sides[0] == sides[1]:
            return sides[0]
        raise NotLearnt(f"a condition that cannot be stated: {text}")

    def apart(self, branches: Mapping[Step, Branch]) -> Body:
        """Return what follows where runs go apart without a condition: the same tensors, or others copy by copy."""
        groups: dict[str, dict[Step, Branch]] = {}
        for step, branch in branches.items():
            groups.setdefault(step.text if isinstance(step, Asked) else repr(step), {})[step] = branch
        found = [_Group(Trie(each)) for each in groups.values()]
        split = self.split(found) or self.asked_where_it_holds(found)
        if split is not None:
            return split
        odd = _odd_runs([each.runs for each in found])
        try:
            bodies = self.alike([each.trie for each in found])
        except NotLearnt as error:
            raise error if error.runs else NotLearnt(str(error), odd) from None
        if all(each.entries == bodies[0].entries for each in bodies):
            requires = dict.fromkeys(each for body in bodies for each in body.requires)
            return Body(bodies[0].entries, tuple(requires))
        by_length = self.by_length(found)
        if by_length is not None:
            return by_length
        names = ", ".join(sorted({_shown(step) for step in branches})[:3])
        raise NotLearnt(f"runs go apart without a condition: {names}", odd)

    def alike(self, tries: Sequence[Trie]) -> list[Body]:
        """Return what follows each way on; of a condition that one alone asks, the side that is as the others are."""
        bodies = [self.rest(each) for each in tries]
        sides = [[step for step in each.branches if isinstance(step, Asked)] for each in tries]
        plain = [body for body, asked in zip(bodies, sides, strict=True) if len(asked) < 2]
        for place, asked in enumerate(sides):
            if plain and len(asked) == 2 and bodies[place].entries != plain[0].entries:
                one_sided = [self.rest(Trie({step: tries[place].branches[step]})) for step in asked]
                bodies[place] = next((each for each in one_sided if each.entries == plain[0].entries), bodies[place])
        return bodies

    def asked_where_it_holds(self, groups: Sequence[_Group]) -> Body | None:
        """Return what follows where one way on begins with a condition that is only asked where it holds.

        So does Python ask of a set whether something is in it: whether it is equal to what has the same hash.
        """
        for group in groups:
            step = next(iter(group.trie.branches))
            if not isinstance(step, Asked) or len(group.trie.branches) > 1 or len(groups) < 2:
                continue
            others = {each: way for other in groups if other is not group for each, way in other.trie.branches.items()}
            sites = {site for places in group.places for site, _, _ in places}
            is_equality = step.outcome and " == " in step.text and LOST not in step.text
            if is_equality and (not sites or names_in(step.text) & sites):
                return chosen(step.text, self.rest(group.trie.branches[step].next), self.rest(Trie(others)))
        return None

    def split(self, groups: Sequence[_Group]) -> Body | None:
        """Return what follows where the copies of a loop go apart; None where no loop tells them apart."""
        places = [each for group in groups for each in group.places]
        sites = [site for site, _, _ in places[0] if all(any(site == one for one, _, _ in each) for each in places)]
        for by in (self.by_copy, self.by_end):
            for site in reversed(sites):
                seen = [
                    {(copy, left) for each in group.places for one, copy, left in each if one == site}
                    for group in groups
                ]
                found = by(site, [*zip(groups, seen, strict=True)])
                if found is not None:
                    return found
        return None

    def by_copy(self, site: str, groups: Sequence[tuple[_Group, set[tuple[int, int]]]]) -> Body | None:
        """Return what follows in the copies of a loop: the first and others, the last and others, or one by one."""
        if len(groups) == 1:
            return self.rest(groups[0][0].trie)
        for condition, own, others in self.ends(site, groups):
            if len(own) == len(others) == 1:
                return chosen(condition, self.rest(own[0].trie), self.rest(others[0].trie))
        by_copy: dict[int, list[_Group]] = {}
        for group, seen in groups:
            for number in {place[0] for place in seen}:
                by_copy.setdefault(number, []).append(group)
        numbers = sorted(by_copy)
        first, last = numbers[0], numbers[-1]
        if any(len(each) > 1 for each in by_copy.values()) or numbers != [*range(first, last + 1)]:
            return None
        bodies = [self.rest(by_copy[copy][0].trie) for copy in numbers]
        for start in (0, 1):
            shared = common(bodies[start:], first + start, site)
            if shared is not None:
                return shared if not start else chosen(f"({site} == {first})", bodies[0], shared)
        extent = self.extents.get(site, LOST)
        if LOST in extent or len(bodies) > _ONE_BY_ONE:
            return None
        found = only(bodies[-1], site, last)
        for number, body in reversed([*zip(numbers[:-1], bodies, strict=False)]):
            found = chosen(f"({site} == {number})", body, found)
        # of copies before and behind those that were seen nothing is known
        unseen = [((), f"({extent} <= {last + 1})"), *([((), f"({site} >= {first})")] if first else [])]
        return replace(found, requires=(*unseen, *found.requires))

    def by_end(self, site: str, groups: Sequence[tuple[_Group, set[tuple[int, int]]]]) -> Body | None:
        """Return what follows in the first copy of a loop, or the last, and in others, where other loops tell more."""
        for condition, own, others in self.ends(site, groups):
            bodies = [self.rest(each[0].trie) if len(each) == 1 else self.split(each) for each in (own, others)]
            if bodies[0] is not None and bodies[1] is not None:
                return chosen(condition, bodies[0], bodies[1])
        return None

    def ends(
        self, site: str, groups: Sequence[tuple[_Group, set[tuple[int, int]]]]
    ) -> Iterator[tuple[str, list[_Group], list[_Group]]]:
        """Yield how the first copy of a loop, or the last, may differ from others: the condition, and what is which."""
        for end, copy in ((0, "0"), (1, f"{self.extents.get(site, LOST)} - 1")):
            own = [pair for pair in groups if all(place[end] == 0 for place in pair[1])]
            others = [pair for pair in groups if all(place[end] > 0 for place in pair[1])]
            several = len({place[end] for _, seen in others for place in seen}) > 1
            moved = end == 0 or len({place[0] for _, seen in own for place in seen}) > 1
            if own and len(own) + len(others) == len(groups) and several and moved and LOST not in copy:
                yield f"({site} == {copy})", [group for group, _ in own], [group for group, _ in others]

    def by_length(self, groups: Sequence[_Group]) -> Body | None:
        """Return what follows where runs go apart by how many copies a loop had before, by a law; None for none."""
        seen = [[each.lengths for branch in group.trie.branches.values() for each in branch.seen] for group in groups]
        chains = set.intersection(*(set(lengths) for group in seen for lengths in group)) if all(seen) else set()
        for chain in sorted(each for each in chains if len(each) == 1):
            lengths = [{each[chain] for each in group} for group in seen]
            extent = self.lengths.get(chain[0], LOST)
            numbers = sorted(set.union(*lengths))
            if LOST in extent or any(len(each) > 1 for each in lengths) or len(numbers) < len(groups):
                continue
            by_number = {each.pop(): self.rest(group.trie) for each, group in zip(lengths, groups, strict=True)}
            for start in (0, 1):
                several = numbers[start:]
                bodies = [by_number[each] for each in several]
                if several == [*range(several[0], several[0] + len(several))] and (
                    found := common(bodies, several[0], NUMBER_OF_COPIES, fewest=2)
                ):
                    found = counted_by(found, extent)
                    return replace(found, requires=(((), f"({extent} >= {several[0]})"), *found.requires))
        return None

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
        way = self.way(step, branch)
        return Body({(*way, *rest): entry for rest, entry in inner.entries.items()}, inner.requires)

    def way(self, step: Child, branch: Branch) -> Way:
        """Return the names that lead to a module: most is known of those of this name wherever they are made."""
        if NUMBER not in step.name:
            return step.name
        everywhere = self.tries.seen.get((self.key, step.name, frozenset(branch.seen[0].copies)), branch.seen)
        return way_of(step, (everywhere, branch.seen), self.identify, self.lengths)

    def own(self, way: Way, own: Own, branch: Branch, place: int) -> tuple[Way, Entry]:
        """Return a tensor of a module itself."""
        sizes = []
        for axis, size in enumerate(own.sizes):
            found = self.identify(branch.lost[place, axis]) if size.startswith(LOST) else size
            if found is None or LOST in found:
                odd = _odd(branch.lost.get((place, axis), ()))
                raise NotLearnt(f"a size of {own.owner.rpartition('.')[2]}.{own.name} is not known", odd)
            sizes.append(found)
        self.check(*sizes)
        return (*way, own.name), Entry(tuple(sizes), own.trainable, own.owner, (), own.state)

    def repeated(self, step: Repeat, branch: Branch) -> Body:
        """Return what a loop makes."""
        if branch.body is None:
            return Body()
        site = step.site
        self.extents[site] = extent = self.extent(step, branch)
        inner = self.rest(branch.body)
        copies = {places[-1][1] for each in branch.body.branches.values() for places in each.places}
        if copies == {0} and any(not has_number(way, site) for way in inner.entries):
            # what names a second copy would have is not known
            inner = replace(only(inner, site, 0), requires=(*inner.requires, ((), f"({extent} <= 1)")))
        if inner.entries and LOST not in extent:
            self.check(extent)
        if inner.entries and LOST in extent:
            odd = _odd(branch.lost.get((0, 0), ()))
            raise NotLearnt(f"how often {way_text(next(iter(inner.entries)))} is made", odd)
        requires, copied = [], dict(inner.entries)
        for guards, text in inner.requires:
            if any(site in names_in(each) for each in (*guards, text)):
                condition = " or ".join(f"({each})" for each in (*map(negated, guards), text))
                copied = copied if always(condition, site, extent) else guarded(copied, condition)
            else:
                requires.append((guards, text))
        entries: dict[Way, Entry] = {}
        for way, entry in copied.items():
            way, entry = placed(way, entry, site, extent)
            if way in entries:
                raise NotLearnt(f"{way_text(way)} is made twice")
            entries[way] = entry
        return Body(entries, tuple(dict.fromkeys(requires)))


def _odd(seen: Sequence[tuple[int, int]]) -> frozenset[int]:
    """Return the runs in which a number is another than in the first."""
    usual = dict(seen).get(min(run for run, _ in seen)) if seen else None
    return frozenset(run for run, number in seen if number != usual)


def _odd_runs(groups: Sequence[frozenset[int]]) -> frozenset[int]:
    """Return the runs that go another way than the first; where that goes all ways, those that go some."""
    runs = frozenset().union(*groups)
    usual = min(groups, key=min)
    some = frozenset().union(*(each for each in groups if each != runs))
    return runs - usual or some


def _exclude_each_other(asked: Sequence[Asked]) -> bool:
    """Whether conditions say that one thing is this constant or that, as a look-up in a mapping asks."""
    things = {compared_equal(step.text) if step.outcome and LOST not in step.text else None for step in asked}
    return len(things) == 1 and None not in things


def _one_by_one(branches: Mapping[Step, Branch], asked: list[Asked]) -> tuple[dict[Step, Branch], list[Asked]]:
    """Return conditions that exclude each other as one after another: each is asked where those before do not hold."""
    first = asked[0]
    others = _Group(Trie({step: branch for step, branch in branches.items() if step != first}))
    opposite = Asked(first.text, not first.outcome)
    rest = Branch(others.trie, runs={*others.runs}, places={*others.places})
    return {first: branches[first], opposite: rest}, [first, opposite]


def _shown(step: Step) -> str:
    if isinstance(step, Child):
        return f"{'.'.join(step.name)} {step.template.rpartition('.')[2][:60]}"
    if isinstance(step, Own):
        return f"{step.name} {list(step.sizes)}"
    return repr(step)[:80]
