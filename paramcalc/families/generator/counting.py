"""Numbers in names that several loops make together: whole multiples of copies, of how many there are, and of products.

The third block of each stage is number `1 + (blocks + 2) * stage + 3`, say. What each copy, and each number of copies,
adds is found from what was seen in the runs, where there is one simplest way that fits all of it.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from itertools import combinations

import numpy as np

from paramcalc.families.generator.bodies import Counted, Product
from paramcalc.families.generator.learning import Numbers
from paramcalc.families.generator.recording import LOST
from paramcalc.families.generator.texts import names_in

#: How many products a number is made of at most, beside a constant.
_MOST = 3


def counted(
    place: int, observed: Sequence[Numbers], lengths: Mapping[str, str], used: Container[str] = ()
) -> Counted | None:
    """Return how a number in a name follows from copies and from how many there are; None where several ways fit.

    `lengths` are the expressions of how many copies the loops have; those used are another number in the name.
    """
    numbers = [each.numbers[place] for each in observed]
    columns = {
        product: values
        for product, values in _columns(observed, lengths).items()
        if not any(map(used.__contains__, product))
    }
    for size in range(1, _MOST + 1):
        found = [
            solution
            for chosen in combinations(columns, size)
            if (solution := _solved({each: columns[each] for each in chosen}, numbers)) is not None
        ]
        if found:
            sites = {site for each in observed for site in each.copies}
            return Counted.of(found[0], sites) if len(found) == 1 else None
    return None


def _columns(observed: Sequence[Numbers], lengths: Mapping[str, str]) -> dict[Product, list[int]]:
    """Return what a number may be made of, with its value wherever the number was seen, the shortest first."""
    found: dict[Product, list[int]] = {}
    for product, factors in sorted(_products(observed, lengths).items(), key=lambda pair: (len(pair[0]), pair[0])):
        values = [_value(each, factors) for each in observed]
        known = [each for each in values if each is not None]
        if len(known) == len(values) and len({*known}) > 1 and not any(_alike(known, each) for each in found.values()):
            found[product] = known
    return found


def _products(observed: Sequence[Numbers], lengths: Mapping[str, str]) -> dict[Product, tuple[Factor, ...]]:
    """Return products of how many copies loops have that stand within one another, the first of them perhaps a copy."""
    active = set.intersection(*(set(each.copies) for each in observed))
    found: dict[Product, tuple[Factor, ...]] = {(site,): ((site, True),) for site in active}
    for chain in sorted({chain for each in observed for chain in each.lengths}):
        for first in range(len(chain)):
            factors = [(site, False) for site in chain[first:]]
            if chain[first] in active:
                factors[0] = (chain[first], True)
            texts = [site if is_copy else lengths.get(site, LOST) for site, is_copy in factors]
            known = [each for each in texts if not each.isdecimal()]
            if not any(LOST in each for each in known) and not _mentions(known[1:], lengths):
                found.setdefault(tuple(known), tuple(factors))
    return found


#: A loop, and whether its copy is meant, or how many there are.
Factor = tuple[str, bool]


def _mentions(texts: Iterable[str], sites: Iterable[str]) -> bool:
    return any(names_in(text) & {*sites} for text in texts)


def _value(seen: Numbers, factors: Iterable[Factor]) -> int | None:
    """Return a product where a number was seen; None where it is not known how many copies of a loop there are."""
    values = [seen.copies[site] if is_copy else seen.length(site) for site, is_copy in factors]
    if 0 in values:
        return 0
    return None if None in values else int(np.prod([each for each in values if each is not None]))


def _alike(values: Sequence[int], others: Sequence[int]) -> bool:
    """Whether values are always the same multiple of others."""
    return all(
        one * others[place] == values[place] * other
        for one, other in zip(values, others, strict=True)
        for place in range(len(values))
    )


def _solved(columns: Mapping[Product, Sequence[int]], numbers: Sequence[int]) -> dict[Product, int] | None:
    """Return the whole multiples of products that give numbers, with a constant at (); None where there are none."""
    rows = np.array([*columns.values(), [1] * len(numbers)]).T
    distinct = np.unique(rows, axis=0)
    if len(distinct) < rows.shape[1] + 1 or np.linalg.matrix_rank(distinct) < rows.shape[1]:
        return None
    found = np.rint(np.linalg.lstsq(rows.astype(float), np.array(numbers, dtype=float), rcond=None)[0]).astype(int)
    *multiples, constant = map(int, found)
    if min(multiples) < 1 or constant < 0 or any(rows @ found != np.array(numbers)):
        return None
    return {**dict(zip(columns, multiples, strict=True)), (): constant}
