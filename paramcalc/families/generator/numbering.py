"""Numbers in names: which copy of which loop each is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from paramcalc.families.generator.bodies import Body, Copies, Entry, Way, chosen_entry, renamed, way_text
from paramcalc.families.generator.laws import FEWEST, law
from paramcalc.families.generator.learning import NUMBER, Child, NotLearnt, Numbers
from paramcalc.families.generator.texts import conjunction, is_certain, is_positive, negated, tidied

#: What finds the expression of a size by its values in the runs; None where it does not.
Identify: TypeAlias = Callable[[list[tuple[int, int]]], "str | None"]


def way_of(step: Child, evidence: Sequence[Sequence[Numbers]], identify: Identify) -> Way:
    """Return the names that lead to a module: each number in it is that of a copy, or the same in all runs.

    Of several collections of what was seen, the first counts from which a number can be told.
    """
    way: list[str | Copies] = []
    place = 0
    for part in step.name:
        if part != NUMBER:
            way.append(part)
            continue
        used = {each.site for each in way if isinstance(each, Copies)}
        numbers = (_number(place, seen, used, identify) for seen in evidence)
        found = next((each for each in numbers if each is not None), None)
        if found is None:
            raise NotLearnt(f"the number in {'.'.join(step.name)}")
        way.append(found)
        place += 1
    return tuple(way)


def _number(place: int, observed: Sequence[Numbers], used: set[str], identify: Identify) -> str | Copies | None:
    """Return what a number in a name is: a copy, linear in one, or always the same."""
    seen = [(each.numbers[place], each.copies, each.run) for each in observed]
    sites = sorted(set.intersection(*(set(copies) for _, copies, _ in seen)) - used)
    following = [site for site in sites if all(number == copies[site] for number, copies, _ in seen)]
    varying = [site for site in following if len({copies[site] for _, copies, _ in seen}) > 1]
    numbers = {number for number, _, _ in seen}
    if varying or (following and (numbers == {0} or len(numbers) == 1)):
        return Copies((varying or following)[0])
    if len(numbers) == 1:
        return str(numbers.pop())
    for site in sites:
        points = sorted({(copies[site], number) for number, copies, _ in seen})
        copies_seen = {copy for copy, _ in points}
        if len(copies_seen) < 2:
            continue
        if len(copies_seen) == len(points):
            (first, low), (second, high) = points[:2]
            scale, rest = divmod(high - low, second - first)
            straight = all(number == low + scale * (copy - first) for copy, number in points)
            offset = low - scale * first
            if straight and not rest and offset >= 0 and (scale == 1 or (scale > 1 and len(points) >= FEWEST)):
                return Copies(site, scale=scale, offset=str(offset))
        behind = {(run, number - copies[site]) for number, copies, run in seen}
        if len({run for run, _ in behind}) == len(behind) and (text := identify(sorted(behind))) is not None:
            return Copies(site, offset=text)
    return None


def placed(way: Way, entry: Entry, site: str, extent: str) -> tuple[Way, Entry]:
    """Return a tensor that is made in each copy of a loop, its number being that of the copy itself."""
    place = next((place for place, each in enumerate(way) if isinstance(each, Copies) and each.site == site), None)
    if place is None:
        return _pinned(way, entry, site, extent)
    part = way[place]
    assert isinstance(part, Copies)
    if part.scale == 1 and part.offset == "0":
        return (*way[:place], Copies(site, extent), *way[place + 1 :]), entry
    copy = f"({site} - ({part.offset}))" if part.scale == 1 else f"(({site} - ({part.offset})) // {part.scale})"
    total = f"({extent} + {part.offset})" if part.scale == 1 else f"({part.scale} * ({extent} - 1) + {part.offset} + 1)"
    when = [f"({site} >= {part.offset})"] if part.offset != "0" else []
    when += [f"(({site} - {part.offset}) % {part.scale} == 0)"] if part.scale > 1 else []
    names = {site: copy}
    entry = renamed(entry, names)
    return (
        (*way[:place], Copies(site, total), *_inner(way[place + 1 :], names)),
        replace(entry, when=conjunction(tuple(when), entry.when)),
    )


def _inner(way: Way, names: Mapping[str, str]) -> Way:
    """Return the rest of a way, with other names in the numbers of copies."""
    return tuple(replace(each, extent=tidied(each.extent, names)) if isinstance(each, Copies) else each for each in way)


def _pinned(way: Way, entry: Entry, site: str, extent: str) -> tuple[Way, Entry]:
    """Return a tensor that is made in one copy of a loop alone."""
    for text in entry.when:
        left, _, right = tidied(text).partition(" == ")
        if left == site and right.isdecimal():
            entry = renamed(entry, {site: right})
            when = tuple(each for each in (f"({extent} > {right})", *entry.when) if not is_certain(tidied(each)))
            return _inner(way, {site: right}), replace(entry, when=when)
    raise NotLearnt(f"{way_text(way)} is made in a loop, and has no number of a copy")


def only(body: Body, site: str, copy: int) -> Body:
    """Return tensors of one copy of a loop, those without its number stated to be of that copy."""
    entries = {
        way: entry
        if any(isinstance(each, Copies) and each.site == site for each in way)
        else replace(entry, when=conjunction((f"({site} == {copy})",), entry.when))
        for way, entry in body.entries.items()
    }
    return Body(entries, body.requires)


# --- Laws of copies ---------------------------------------------------------------------


def common(bodies: Sequence[Body], first: int, site: str) -> Body | None:
    """Return what the copies of a loop from a first on have in common, in the number of the copy; None for nothing."""
    if len(bodies) < FEWEST or len({len(each.entries) for each in bodies}) > 1:
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
    found: list[str | Copies] = []
    for parts in zip(*ways, strict=True):
        if len({*parts}) == 1:
            found.append(parts[0])
        elif all(isinstance(part, str) and part.isdecimal() for part in parts):
            start = int(parts[0]) - first
            if start < 0 or any(int(part) != start + first + place for place, part in enumerate(parts)):
                return None
            found.append(Copies(site, offset=str(start)))
        elif (
            all(isinstance(part, Copies) for part in parts)
            and len({(part.site, part.scale, part.offset) for part in parts}) == 1
        ):
            extent = law([part.extent for part in parts], first, site)
            if extent is None:
                return None
            found.append(replace(parts[0], extent=extent))
        else:
            return None
    return tuple(found)


def _common_entry(entries: Sequence[Entry], first: int, site: str) -> Entry | None:
    kinds = {(each.trainable, each.state, each.owner, len(each.sizes), len(each.when)) for each in entries}
    if len(kinds) > 1:
        return None
    sizes = [law(texts, first, site) for texts in zip(*(each.sizes for each in entries), strict=True)]
    when = [law(texts, first, site) for texts in zip(*(each.when for each in entries), strict=True)]
    if any(each is None for each in (*sizes, *when)):
        return None
    return replace(entries[0], sizes=tuple(map(str, sizes)), when=tuple(map(str, when)))


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
    if not loops or len(parts) == 1:
        return dict(entries)
    site = f"{loops[0].site}_all"
    extents = [*dict.fromkeys(each.extent if isinstance(each, Copies) else str(int(each) + 1) for each in parts)]
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
            new = (*way[:depth], Copies(site, total), *way[depth + 1 :])
            entry = replace(entry, when=conjunction((f"({site} == {part})",), entry.when))
        else:
            new = way
        found[new] = _either(found[new], entry, new) if new in found else entry
    return found


def _is_number(part: str | Copies) -> bool:
    return isinstance(part, Copies) or part.isdecimal()


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
