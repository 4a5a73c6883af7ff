"""The tensors that a constructor makes: each with its sizes, and the condition under which it is there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from paramcalc.families.generator.learning import NUMBER, NotLearnt
from paramcalc.families.generator.models import State
from paramcalc.families.generator.texts import added, choice, conjunction, is_certain, negated, tidied


@dataclass(frozen=True)
class Copies:
    """A number in a name: the copy of a loop."""

    site: str
    extent: str


#: What is multiplied: copies of loops, and expressions of how many there are.
Product: TypeAlias = "tuple[str, ...]"


@dataclass(frozen=True)
class Counted:
    """A number in a name that is made of the copies of loops: a sum of whole multiples of products, linear in each."""

    #: the products, each with its multiple; a constant is that of the product of nothing
    terms: tuple[tuple[Product, int], ...]
    #: the loops whose copies take part
    sites: tuple[str, ...] = ()
    #: of these, those that have ended, the outermost first, each with how many copies it has
    ended: tuple[tuple[str, str], ...] = ()

    @staticmethod
    def of(terms: Mapping[Product, int], sites: Iterable[str]) -> Counted:
        """Return the number of products with their multiples, of which some factors are copies of loops."""
        used = {site for product in terms for site in product} & {*sites}
        return Counted(tuple((each, terms[each]) for each in sorted(terms) if terms[each]), tuple(sorted(used)))

    @staticmethod
    def copy(site: str, scale: int = 1, offset: str = "0") -> Counted:
        """Return the number that is a multiple of the copy of a loop, and a constant or an expression more."""
        more: tuple[Product, int] = ((), int(offset)) if offset.isdecimal() else ((offset,), 1)
        return Counted.of(dict([((site,), scale), more]), [site])

    @property
    def start(self) -> str:
        """What it is in the first copies."""
        return _sum((product, times) for product, times in self.terms if not {*product} & {*self.sites})

    def step(self, site: str) -> str:
        """Return what each copy of a loop adds."""
        return _sum(
            (tuple(each for each in product if each != site), times) for product, times in self.terms if site in product
        )

    def renamed(self, names: Mapping[str, str]) -> Counted:
        """Return it with other names in what its products and loops have."""
        terms = tuple((tuple(tidied(each, names) for each in product), times) for product, times in self.terms)
        ended = tuple((site, tidied(extent, names)) for site, extent in self.ended)
        return replace(self, terms=terms, ended=ended)


def _sum(terms: Iterable[tuple[Product, int]]) -> str:
    """Return a sum of multiples of products as a text."""
    texts = [" * ".join([*([str(times)] if times > 1 or not each else []), *each]) for each, times in terms]
    if len(texts) < 2:
        return f"({texts[0]})" if texts and " " in texts[0] else texts[0] if texts else "0"
    return f"({added(texts)})"


#: The names that lead to a tensor.
Way: TypeAlias = "tuple[str | Copies | Counted, ...]"
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


def both(first: Body, second: Body) -> Body:
    """Return what two parts make together."""
    for way in second.entries:
        if way in first.entries:
            raise NotLearnt(f"{way_text(way)} is made twice")
    return Body({**first.entries, **second.entries}, tuple(dict.fromkeys((*first.requires, *second.requires))))


def chosen(text: str, yes: Body, no: Body) -> Body:
    """Return what is made where a condition holds, and what where it does not, as one."""
    entries: dict[Way, Entry] = {}
    for way in _in_order(yes.entries, no.entries):
        ours, theirs = yes.entries.get(way), no.entries.get(way)
        if ours is None or theirs is None:
            entry, condition = (ours, text) if theirs is None else (theirs, negated(text))
            assert entry is not None
            entries[way] = replace(entry, when=conjunction((condition,), entry.when))
        else:
            entries[way] = chosen_entry(text, ours, theirs, way)
    shared = [each for each in yes.requires if each in no.requires]
    ours_only = [(conjunction((text,), when), each) for when, each in yes.requires if (when, each) not in shared]
    theirs_only = [
        (conjunction((negated(text),), when), each) for when, each in no.requires if (when, each) not in shared
    ]
    return Body(entries, tuple(dict.fromkeys((*shared, *ours_only, *theirs_only))))


def chosen_entry(text: str, ours: Entry, theirs: Entry, way: Way) -> Entry:
    """Return a tensor that is one where a condition holds, and another where it does not."""
    if len(ours.sizes) != len(theirs.sizes) or (ours.trainable, ours.state) != (theirs.trainable, theirs.state):
        raise NotLearnt(f"{way_text(way)} has another number of axes, or another role, as {text} holds")
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


def guarded(entries: Mapping[Way, Entry], condition: str) -> dict[Way, Entry]:
    """Return tensors that cannot be counted where a condition does not hold: a size is none there."""
    if is_certain(tidied(condition)):
        return dict(entries)
    certain = [way for way, entry in entries.items() if not entry.when and entry.sizes]
    ways = sorted(certain, key=lambda way: len(entries[way].sizes[0]))[:1] or [
        way for way, entry in entries.items() if entry.sizes
    ]
    if entries and not ways:
        raise NotLearnt(f"a condition on a copy was seen one way only: {condition}")
    found = dict(entries)
    for way in ways:
        first, *others = found[way].sizes
        found[way] = replace(found[way], sizes=(f"(({first}) if ({condition}) else none)", *others))
    return found


def renamed(entry: Entry, names: Mapping[str, str]) -> Entry:
    """Return a tensor with other names in its sizes and conditions."""
    return replace(
        entry,
        sizes=tuple(tidied(each, names) for each in entry.sizes),
        when=tuple(tidied(each, names) for each in entry.when),
    )


def way_text(way: Way) -> str:
    """Return the names that lead to a tensor as one."""
    return ".".join(part if isinstance(part, str) else NUMBER for part in way)
