"""The sum of a tree in symbols, written as a person would, and the parts that it is made of.

A sum over copies is the number of copies times the sum of one, `depth·(…)`; copies that differ by
their number are summed in closed form. What is written once is multiplied out and collected.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

import sympy

from paramcalc.core import algebra, notation
from paramcalc.core.algebra import MOST_TERMS, Number, Undecided, terms_of
from paramcalc.graph import Branch, CopyRange, Leaf, Tree, leaves
from paramcalc.measures import Amounts
from paramcalc.results.formula.terms import expanded, has_sum, powers_united

#: What the parts of a form are: each tensor, each layer, or each group.
Unit: TypeAlias = Literal["tensor", "layer", "group"]
#: How often something is there: the number of its copies, and what tells them apart if anything does.
Repeat: TypeAlias = tuple[Any, tuple[Number, Number, Number] | None]

#: A size that grows by a higher power of the number of a copy is not summed in closed form.
_HIGHEST_DEGREE = 12


def sum_of(tree: Tree, amounts: Amounts, among: Number | None = None) -> Any:
    """Return what a tree adds to a total with all its copies, or with those `among` them that an example passes."""
    return _repeated(_one_of(tree, amounts), _repeat_of(tree, among))


def total_of(root: Tree, amounts: Amounts) -> Any:
    """Return the total of a whole spec as the shortest of three: in factors, with united copies, multiplied out.

    In the first two, the common factor of what stands once is taken out: width·(vocabulary + 2).
    """
    total = powers_united(sympy.Add(sum_of(root, amounts), *(_once(leaf, amounts) for leaf, _ in leaves(root))))
    parted, total = total, _halves_united(total)
    ways = [_divided(sympy.Add.make_args(total))]
    if terms_of(total) <= MOST_TERMS:
        ways += _united(*ways[0])
    factored = [sympy.Add(_common_factor(sympy.Add(*others)), *products) for products, others in ways]
    if terms_of(total) <= MOST_TERMS:
        factored += [sympy.expand(total), *([] if total is parted else [sympy.factor_terms(total)])]
    return _shortest(factored)


def _halves_united(total: Any) -> Any:
    """Return a total in which one half of the copies and the other, rounded up and down, are all of them."""
    halves = {each: each.args[0] for each in total.atoms(sympy.ceiling) if (2 * each.args[0]).is_integer}
    if not halves or terms_of(total) > MOST_TERMS:
        return total
    united = sympy.expand(total.xreplace({each: 2 * half - sympy.floor(half) for each, half in halves.items()}))
    return total if any(united.has(sympy.floor(half)) for half in halves.values()) else united


class Part(NamedTuple):
    """A part of a total, with all its copies."""

    #: its path without counters where all copies are alike, or are summed by their number
    name: str
    #: the names of the groups around it and its own, with the numbers of copies, those of the first of its copies
    path: tuple[str, ...]
    #: each number of a copy in the path, and the copies that it stands for
    copies: tuple[CopyRange, ...]
    expr: Any


def parts_of(root: Tree, amounts: Amounts, unit: Unit, depth: int) -> Iterator[Part]:
    """Yield the parts of a total, in order of the graph; those without elements are left out."""
    found: dict[str, list[Part]] = {}
    for part in _Parts(amounts, unit, depth).of(root, (), (), 0, None):
        if part.expr != 0:
            found.setdefault(part.name, []).append(part)
    for parts in found.values():
        yield parts[0] if len(parts) == 1 else _one_part(parts)


def _one_part(parts: Sequence[Part]) -> Part:
    """Return copies in a row as one part, from the first of them to the last."""
    total = _factored(sympy.Add(*(part.expr for part in parts)))
    return parts[0]._replace(copies=_from_to(parts[0].copies, parts[-1].copies), expr=total)


def _factored(expr: Any) -> Any:
    """Write a sum in factors, where it is not too long for a search."""
    if terms_of(expr) > MOST_TERMS:
        return expr
    factored = sympy.factor(sympy.expand(expr))
    number, factors = factored.as_coeff_mul()
    turned = next((each for each in factors if each.is_Add and any(map(_is_taken_off, each.args))), None)
    if number < 0 and turned is not None:
        # 3·(depth - first) for -3·(-depth + first)
        return sympy.Mul(-number, -turned, *(each for each in factors if each is not turned))
    return factored


def _is_taken_off(term: Any) -> bool:
    return bool(term.as_coeff_Mul()[0] < 0)


def _from_to(first: Sequence[CopyRange], last: Sequence[CopyRange]) -> tuple[CopyRange, ...]:
    """Return which copies there are from the first of some to the last."""
    return tuple(each._replace(last=end.last) for each, end in zip(first, last, strict=True))


class _Parts:
    """Walks through a tree for its parts."""

    def __init__(self, amounts: Amounts, unit: Unit, depth: int) -> None:
        self.amounts = amounts
        self.unit = unit
        self.depth = depth

    def of(
        self, tree: Tree, path: tuple[str, ...], repeats: tuple[Repeat, ...], level: int, among: Number | None
    ) -> Iterator[Part]:
        """Give the parts; `path` is that of the tree, `repeats` are those of the groups around, the outermost first.

        `among` is how many of its own copies count, if not all.
        """
        repeats = (*repeats, _repeat_of(tree, among))
        if isinstance(tree, Leaf):
            if self.unit == "tensor":
                for name, each, once in self.amounts.by_name(tree):
                    yield _part(tree, path, _over(repeats, expanded(sympy.sympify(each))) + once, name)
            else:
                yield _part(tree, path, self._whole(tree, repeats))
            return
        one_part = _is_one_part(tree)
        if self.unit == "group" and level >= self.depth and (tree.role != "copies" or one_part):
            yield _part(tree, path, self._whole(tree, repeats))
            return
        for child, its_among in self.amounts.children(tree):
            numbered = one_part and child.number is not None
            inner = (*path, child.label) if child.label and not numbered else path
            yield from self.of(child, inner, repeats, level if tree.role == "copies" else level + 1, its_among)

    def _whole(self, tree: Tree, repeats: Sequence[Repeat]) -> Any:
        """Return what a tree adds with all its copies."""
        once = (_once(leaf, self.amounts) for leaf, _ in leaves(tree))
        return sympy.Add(_over(repeats, _one_of(tree, self.amounts)), *once)


def _part(tree: Tree, path: tuple[str, ...], expr: Any, *tensor: str) -> Part:
    names, copies = tree.names, tree.ranges
    if numbered := _copies_in(tree):
        # all copies of a node, which stands around them
        names, copies = numbered[0].names, _from_to(numbered[0].ranges, numbered[-1].ranges)
    return Part(".".join((*path, *tensor)), (*names, *tensor), copies, expr)


def _is_one_part(tree: Branch) -> bool:
    """Return whether the copies of a node are one part: all alike, or summed by their number."""
    if tree.role != "copies":
        return False
    copies = _copies_in(tree)
    return len(copies) == 1 or any(algebra.is_symbol(each.copies) for each in copies)


def _copies_in(tree: Tree) -> list[Tree]:
    """List the copies in the copies of a node, without the layer that joins them."""
    if isinstance(tree, Leaf) or tree.role != "copies":
        return []
    return [child for child in tree.children if child.number is not None]


def _repeat_of(tree: Tree, among: Number | None) -> Repeat:
    if among is not None:
        return among, None
    return tree.times, tree.counter if isinstance(tree, Branch) else None


def _once(leaf: Leaf, amounts: Amounts) -> Any:
    return expanded(sympy.sympify(amounts.once(leaf)))


def _one_of(tree: Tree, amounts: Amounts) -> Any:
    """Return what one copy of a tree adds."""
    if isinstance(tree, Leaf):
        total = sympy.Add(*(term.amount for term in amounts.terms(tree)))
        # positions are sums of their own, such as length - 2
        return _shortest([total, expanded(total)]) if amounts.measure.needs_connections else expanded(total)
    children = [*amounts.children(tree)]
    if tree.role == "copies" and tree.counter is None and all(among is None for _, among in children):
        return _row(tree.children, amounts)
    return _collected(sum_of(child, amounts, among) for child, among in children)


def _row(copies: Sequence[Tree], amounts: Amounts) -> Any:
    """Return the sum of copies in a row, those that add the same made one product."""
    numbers: dict[Any, Any] = {}
    sums = []
    for tree in copies:
        one = _one_of(tree, amounts)
        counter = tree.counter if isinstance(tree, Branch) else None
        if counter is None or not one.has(counter[0]):
            numbers[one] = numbers.get(one, 0) + tree.copies
            continue
        number, first, last = counter
        # the copy before may follow the same rule
        before = expanded(one.xreplace({number: sympy.Integer(first - 1)}))
        if numbers.get(before) == 1:
            del numbers[before]
            first -= 1
        sums.append(_summed(one, (number, first, last)))
    return _collected([*(sympy.Mul(times, one) for one, times in numbers.items()), *sums])


def _over(repeats: Sequence[Repeat], expr: Any) -> Any:
    for repeat in reversed(repeats):
        expr = _repeated(expr, repeat)
    return expr


def _repeated(expr: Any, repeat: Repeat) -> Any:
    times, counter = repeat
    if counter is None:
        return expr if type(times) is int and times == 1 else sympy.Mul(times, expr)
    number, first, last = counter
    return _summed(expr, counter) if expr.has(number) else sympy.Mul(last - first + 1, expr)


def _degree(expr: Any, number: Any) -> int:
    """Return the degree of a polynomial in the number of a copy; 0 for what is none."""
    return int(sympy.degree(expr, number)) if expr.is_polynomial(number) and expr.has(number) else 0


def _summed(expr: Any, counter: tuple[Number, Number, Number]) -> Any:
    """Return the closed form of a sum over the copies of a node, in factors where it has some."""
    number, first, last = counter
    if terms_of(expr) > MOST_TERMS or _degree(expr, number) > _HIGHEST_DEGREE:
        raise Undecided(last)
    total = sympy.summation(sympy.expand(expr), (number, first, last))
    if total.has(sympy.Sum, sympy.Piecewise):
        raise Undecided(last)
    return _factored(powers_united(sympy.expand(total)))


def _collected(terms: Iterable[Any]) -> Any:
    """Return a sum of terms: products with a sum in them as they are, all others multiplied out."""
    products, others = _divided(arg for term in terms for arg in sympy.Add.make_args(term))
    return _shortest(sympy.Add(*rest, *sums) for sums, rest in [(products, others), *_united(products, others)])


def _shortest(ways: Iterable[Any]) -> Any:
    """Return the expression that is the shortest in print, the first of those that are equally short."""
    different = list(dict.fromkeys(ways))
    return different[0] if len(different) == 1 else min(different, key=lambda expr: len(notation.text(expr)))


def _united(products: Sequence[Any], others: Sequence[Any]) -> Iterator[tuple[list[Any], list[Any]]]:
    """Yield the same sum, if it has such products, with depth·X for X + (depth - 1)·X, and for depth·Y + depth·Z."""
    if len(others) > MOST_TERMS:
        return
    parts = [_divided_by_copies(term) for term in (*products, *others)]
    counted = {copies for copies, number, _ in parts if number != 0}
    several = Counter(copies for copies, _, _ in parts if copies is not None)
    counted |= {copies for copies, times in several.items() if times > 1}
    if not counted:
        return
    whole: dict[Any, list[Any]] = {}
    rest: list[Any] = []
    for term, (copies, number, one) in zip((*products, *others), parts, strict=True):
        if copies in counted:
            whole.setdefault(copies, []).append(one)
            rest.append(number * one)
        else:
            rest.append(term)
    united = [sympy.Mul(copies, sympy.Add(*ones)) for copies, ones in whole.items()]
    again = _divided(arg for term in rest for arg in sympy.Add.make_args(expanded(term)))
    more = _divided(arg for term in united for arg in sympy.Add.make_args(term))
    yield more[0] + again[0], [*more[1], *again[1]]


def _divided_by_copies(term: Any) -> tuple[Any, Any, Any]:
    """Split n·X or (n + 1)·X into the number of copies n, the number beside it, and X; X is 0 of any other term."""
    factors = sympy.Mul.make_args(term)
    for factor in factors:
        number, copies = factor.as_coeff_Add()
        if number != 0 and copies.is_Symbol:
            return copies, number, sympy.Mul(*(each for each in factors if each is not factor))
    for factor in factors:
        if factor.is_Symbol and has_sum(term):
            return factor, 0, sympy.Mul(*(each for each in factors if each is not factor))
    return None, 0, 0


def _divided(terms: Iterable[Any]) -> tuple[list[Any], list[Any]]:
    """Return products with a sum in them, and all others."""
    products: list[Any] = []
    others: list[Any] = []
    for term in terms:
        (products if has_sum(term) else others).append(term)
    return products, others


def _common_factor(expr: Any) -> Any:
    """Take a symbol out of a sum that all its terms have: width·(vocabulary + 2)."""
    if not expr.is_Add or len(expr.args) > MOST_TERMS or any(each.could_extract_minus_sign() for each in expr.args):
        return expr
    factored = sympy.factor_terms(expr)
    return factored if factored.is_Mul and factored.as_coeff_Mul()[0] == 1 else expr
