"""Numbers in names: which copy of which loop each is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from paramcalc.families.generator.bodies import (
    Body,
    Copies,
    Counted,
    Entry,
    Product,
    Way,
    chosen_entry,
    renamed,
    way_text,
)
from paramcalc.families.generator.counting import counted
from paramcalc.families.generator.laws import FEWEST, law
from paramcalc.families.generator.learning import NUMBER, Branch, Child, NotLearnt, Numbers
from paramcalc.families.generator.texts import added, conjunction, is_certain, is_positive, names_in, negated, tidied

#: What finds the expression of a size by its values in the runs; None where it does not.
Identify: TypeAlias = Callable[[list[tuple[int, int]]], "str | None"]


def way_of(step: Child, branch: Branch, identify: Identify, lengths: Mapping[str, str]) -> Way:
    """Return the names that lead to a module: each number in it is that of a copy, or the same in all runs.

    `lengths` are the expressions of how many copies the loops have.
    """
    way: list[str | Copies | Counted] = []
    place = 0
    for part in step.name:
        if part != NUMBER:
            way.append(part)
            continue
        used = {site for each in way if isinstance(each, Counted) for site in each.sites}
        found = _number(place, branch.seen, used, identify, lengths)
        if found is None:
            raise NotLearnt(f"the number in {'.'.join(step.name)}")
        way.append(found)
        place += 1
    return tuple(way)


def _number(
    place: int, observed: Sequence[Numbers], used: set[str], identify: Identify, lengths: Mapping[str, str]
) -> str | Counted | None:
    """Return what a number in a name is: a copy, linear in one or several, or always the same."""
    seen = [(each.numbers[place], each.copies, each.run) for each in observed]
    sites = sorted(set.intersection(*(set(copies) for _, copies, _ in seen)) - used)
    following = [site for site in sites if all(number == copies[site] for number, copies, _ in seen)]
    varying = [site for site in following if len({copies[site] for _, copies, _ in seen}) > 1]
    numbers = {number for number, _, _ in seen}
    if varying or (following and (numbers == {0} or len(numbers) == 1)):
        return Counted.copy((varying or following)[0])
    if len(numbers) == 1:
        return str(numbers.pop())
    for site in sites:
        found = _linear(site, seen, identify, lengths.get(site, ""))
        if found is not None:
            return found
    return counted(place, observed, lengths, used)


def _linear(
    site: str, seen: Sequence[tuple[int, Mapping[str, int], int]], identify: Identify, length: str
) -> Counted | None:
    """Return a number that is linear in the copy of a loop, as it was seen in copies and runs."""
    points = sorted({(copies[site], number) for number, copies, _ in seen})
    copies_seen = {copy for copy, _ in points}
    if len(copies_seen) < 2:
        return None
    if len(copies_seen) == len(points):
        (first, low), (second, high) = points[:2]
        scale, rest = divmod(high - low, second - first)
        straight = all(number == low + scale * (copy - first) for copy, number in points)
        offset = low - scale * first
        # of a loop that always has as many copies, all may have been seen
        several = len(points) >= FEWEST or length == str(len(points))
        if straight and not rest and offset >= 0 and (scale == 1 or (scale > 1 and several)):
            return Counted.copy(site, scale, str(offset))
    behind = {(run, number - copies[site]) for number, copies, run in seen}
    if len({run for run, _ in behind}) == len(behind) and (text := identify(sorted(behind))) is not None:
        return Counted.copy(site, offset=text)
    return None


def placed(way: Way, entry: Entry, site: str, extent: str) -> tuple[Way, Entry]:
    """Return a tensor that is made in each copy of a loop, its number being that of the copy itself."""
    for place, part in enumerate(way):
        if isinstance(part, Counted) and site in part.sites:
            part = replace(part, ended=((site, extent), *part.ended))
            if len(part.ended) < len(part.sites):
                return (*way[:place], part, *way[place + 1 :]), entry
            return _by_number(way, place, part, entry)
    return _pinned(way, entry, site, extent)


def _by_number(way: Way, place: int, part: Counted, entry: Entry) -> tuple[Way, Entry]:
    """Return a tensor whose number says in which copies of loops it was made, as the copy of one of these loops."""
    number, start = part.ended[0][0], part.start
    if part == replace(Counted.copy(number), ended=part.ended):
        return (*way[:place], Copies(number, part.ended[0][1]), *way[place + 1 :]), entry
    when = [f"({number} >= {start})"] if start != "0" else []
    names: dict[str, str] = {}
    left, total, before = f"({number} - {start})", "", ""
    for site, extent in part.ended:
        step = part.step(site)
        if names_in(extent) & {*part.sites}:
            raise NotLearnt(f"the number in {way_text(way)}: how many copies there are differs")
        span = tidied(f"{step} * {extent}")
        # behind the copies of a loop within, others may follow before the next copy of the loop around it
        when += [f"({left} < {span})"] if before and span != tidied(before) else []
        names[site] = left if step == "1" else f"({left} // {step})"
        left, before = f"({left} % {step})", step
        if site != part.ended[-1][0]:
            total += f"{step} * ({extent} - 1) + "
        else:
            total += f"{extent} + {start}" if step == "1" else f"{step} * ({extent} - 1) + {start} + 1"
    when += [f"({left} == 0)"] if before != "1" else []
    entry = renamed(entry, names)
    return (
        (*way[:place], Copies(number, f"({total})"), *_inner(way[place + 1 :], names)),
        replace(entry, when=conjunction(tuple(when), entry.when)),
    )


def _inner(way: Way, names: Mapping[str, str]) -> Way:
    """Return the rest of a way, with other names in the numbers of copies."""
    return tuple(_renamed(each, names) for each in way)


def _renamed(part: str | Copies | Counted, names: Mapping[str, str]) -> str | Copies | Counted:
    if isinstance(part, Copies):
        return replace(part, extent=tidied(part.extent, names))
    return part.renamed(names) if isinstance(part, Counted) else part


def _pinned(way: Way, entry: Entry, site: str, extent: str) -> tuple[Way, Entry]:
    """Return a tensor that is made in one copy of a loop alone."""
    copy = _only_copy(entry.when, site, extent)
    if copy is None:
        raise NotLearnt(f"{way_text(way)} is made in a loop, and has no number of a copy")
    entry = renamed(entry, {site: copy})
    when = tuple(each for each in (f"({extent} > {copy})", *entry.when) if not is_certain(tidied(each)))
    return _inner(way, {site: copy}), replace(entry, when=when)


def _only_copy(when: Sequence[str], site: str, extent: str) -> str | None:
    """Return the one copy of a loop in which conditions hold; None where there may be others."""
    for text in when:
        left, _, right = tidied(text).partition(" == ")
        if left == site and right.isdecimal():
            return right
    copies = map(str, range(int(extent) if extent.isdecimal() else 0))
    possible = [copy for copy in copies if not any(is_certain(tidied(negated(each), {site: copy})) for each in when)]
    return possible[0] if len(possible) == 1 else None


def has_number(way: Way, site: str) -> bool:
    """Whether a number in a name says in which copy of a loop a tensor is made."""
    return any(isinstance(each, Counted) and site in each.sites for each in way)


def always(condition: str, site: str, extent: str) -> bool:
    """Whether a condition holds in each copy of a loop that always has as many."""
    return extent.isdecimal() and all(is_certain(tidied(condition, {site: str(copy)})) for copy in range(int(extent)))


def only(body: Body, site: str, copy: int) -> Body:
    """Return tensors of one copy of a loop, those without its number stated to be of that copy."""
    entries = {
        way: entry if has_number(way, site) else replace(entry, when=conjunction((f"({site} == {copy})",), entry.when))
        for way, entry in body.entries.items()
    }
    return Body(entries, body.requires)


# --- Laws of copies ---------------------------------------------------------------------


def common(bodies: Sequence[Body], first: int, site: str, fewest: int = FEWEST) -> Body | None:
    """Return what the copies of a loop from a first on have in common, in the number of the copy; None for nothing."""
    if len(bodies) < fewest or len({len(each.entries) for each in bodies}) > 1:
        return None
    entries: dict[Way, Entry] = {}
    for rows in zip(*(each.entries.items() for each in bodies), strict=True):
        way = _common_way([way for way, _ in rows], first, site)
        entry = _common_entry([entry for _, entry in rows], first, site)
        if way is None or entry is None or way in entries:
            return None
        entries[way] = entry
    requires = {each.requires for each in bodies}
    return Body(entries, requires.pop()) if len(requires) == 1 else None


def _common_way(ways: Sequence[Way], first: int, site: str) -> Way | None:
    if len({*map(len, ways)}) > 1:
        return None
    found: list[str | Copies | Counted] = []
    for parts in zip(*ways, strict=True):
        part = parts[0] if len({*parts}) == 1 else _common_part(parts, first, site)
        if part is None:
            return None
        found.append(part)
    return tuple(found)


def _common_part(parts: Sequence[str | Copies | Counted], first: int, site: str) -> str | Copies | Counted | None:
    """Return the number in a name that copies have in common, each with one of its own."""
    if all(isinstance(part, Copies) for part in parts):
        loops = {part.site for part in parts if isinstance(part, Copies)}
        extent = law([part.extent for part in parts if isinstance(part, Copies)], first, site)
        return Copies(loops.pop(), extent) if len(loops) == 1 and extent is not None else None
    numbers = [_as_counted(part) for part in parts]
    known = [each for each in numbers if each is not None]
    if len(known) < max(len(numbers), FEWEST) or len({(each.sites, each.ended) for each in known}) > 1:
        return None
    terms: dict[Product, int] = {}
    for product in dict.fromkeys(product for each in known for product, _ in each.terms):
        values = [dict(each.terms).get(product, 0) for each in known]
        step = values[1] - values[0]
        start = values[0] - step * first
        if start < 0 or step < 0 or any(value != start + step * (first + at) for at, value in enumerate(values)):
            return None
        terms.update({product: start, (site, *product): step})
    return replace(Counted.of(terms, (site, *known[0].sites)), ended=known[0].ended)


def _as_counted(part: str | Copies | Counted) -> Counted | None:
    """Return a number in a name as a sum; None for what is none."""
    if isinstance(part, Counted):
        return part
    return Counted.of({(): int(part)}, []) if isinstance(part, str) and part.isdecimal() else None


def _common_entry(entries: Sequence[Entry], first: int, site: str) -> Entry | None:
    kinds = {(each.trainable, each.state, each.owner, len(each.sizes), len(each.when)) for each in entries}
    if len(kinds) > 1:
        return None
    sizes = [law(texts, first, site) for texts in zip(*(each.sizes for each in entries), strict=True)]
    when = [law(texts, first, site) for texts in zip(*(each.when for each in entries), strict=True)]
    if any(each is None for each in (*sizes, *when)):
        return None
    return replace(entries[0], sizes=tuple(map(str, sizes)), when=tuple(map(str, when)))


#: Stands for how many copies a loop has, where runs differ by that.
NUMBER_OF_COPIES = "L_number"


def counted_by(body: Body, extent: str) -> Body:
    """Return what runs have in common by how many copies a loop has, with the expression of that."""
    names = {NUMBER_OF_COPIES: extent}
    entries = {}
    for way, entry in body.entries.items():
        parts = (
            replace(each, sites=tuple(site for site in each.sites if site != NUMBER_OF_COPIES))
            if isinstance(each, Counted)
            else each
            for each in way
        )
        entries[_inner(tuple(parts), names)] = renamed(entry, names)
    return Body(entries, body.requires)


# --- Several loops that fill one module -------------------------------------------------


def numbered(body: Body) -> Body:
    """Return tensors of which those that several loops number in one module are numbered by one."""
    return Body(_numbered(dict(body.entries), 0), body.requires)


def _numbered(entries: Mapping[Way, Entry], depth: int) -> dict[Way, Entry]:
    """Return tensors whose names are numbered by one loop at a depth, and below."""
    groups: dict[Way, dict[Way, Entry]] = {}
    for way, entry in entries.items():
        groups.setdefault(way[:depth], {})[way] = entry
    found: dict[Way, Entry] = {}
    for group in groups.values():
        deeper = {way: entry for way, entry in _unified(group, depth).items() if len(way) > depth + 1}
        rest = {way: entry for way, entry in _unified(group, depth).items() if len(way) <= depth + 1}
        found.update(rest)
        if deeper:
            found.update(_numbered(deeper, depth + 1))
    return found


def _unified(entries: Mapping[Way, Entry], depth: int) -> dict[Way, Entry]:
    """Return tensors whose names are numbered by one loop at a depth."""
    parts = dict.fromkeys(way[depth] for way in entries if len(way) > depth and _is_number(way[depth]))
    loops = [each for each in parts if isinstance(each, Copies)]
    if not any(isinstance(each, Counted) for each in parts) and (not loops or len(parts) == 1):
        return dict(entries)
    site = f"{loops[0].site}_all" if loops else f"L_{depth}_all"
    extents = [*dict.fromkeys(map(_up_to, parts))]
    if any(map(is_positive, extents)):
        extents = [each for each in extents if each != "1"]
    total = extents[0] if len(extents) == 1 else f"max({', '.join(extents)})"
    found: dict[Way, Entry] = {}
    for way, entry in entries.items():
        part = way[depth] if len(way) > depth else ""
        if isinstance(part, Copies):
            names = {part.site: site}
            new = (*way[:depth], Copies(site, total), *_inner(way[depth + 1 :], names))
            entry = renamed(entry, names)
            within = () if part.extent == total else (f"({site} < {part.extent})",)
            entry = replace(entry, when=conjunction(within, entry.when))
        elif part in parts:
            number = part.start if isinstance(part, Counted) else part
            new = (*way[:depth], Copies(site, total), *way[depth + 1 :])
            entry = replace(entry, when=conjunction((f"({site} == {number})",), entry.when))
        else:
            new = way
        found[new] = _either(found[new], entry, new) if new in found else entry
    return found


def _is_number(part: str | Copies | Counted) -> bool:
    return not isinstance(part, str) or part.isdecimal()


def _up_to(part: str | Copies | Counted) -> str:
    """Return how many numbers there are up to one in a name, or in the copies of a loop."""
    if isinstance(part, Copies):
        return part.extent
    return f"({added([part.start, '1'])})" if isinstance(part, Counted) else str(int(part) + 1)


def _either(first: Entry, second: Entry, way: Way) -> Entry:
    """Return a tensor that is one or another, as the conditions of the first hold."""
    shared = tuple(each for each in first.when if each in second.when)
    mine, other = (tuple(each for each in entry.when if each not in shared) for entry in (first, second))
    if not mine:
        raise NotLearnt(f"{way_text(way)} is made twice")
    text = " and ".join(f"({each})" for each in mine)
    found = chosen_entry(text, replace(first, when=()), replace(second, when=()), way)
    if not other or _is_opposite(mine, other):
        return replace(found, when=shared)
    others = " and ".join(f"({each})" for each in other)
    return replace(found, when=(*shared, f"(({text}) or ({others}))"))


def _is_opposite(first: Sequence[str], second: Sequence[str]) -> bool:
    """Whether of two conditions on a copy always one holds: it is the first, or a later one."""
    if len(first) != 1 or len(second) != 1:
        return False
    one, other = tidied(first[0]), tidied(second[0])
    return other == tidied(negated(one)) or (one.endswith(" == 0") and other == f"{one.removesuffix(' == 0')} >= 1")
