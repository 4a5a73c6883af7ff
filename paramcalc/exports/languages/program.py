"""What every language is given: a form over whole numbers, its names made safe, its checks made plain."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import sympy

from paramcalc.core import notation
from paramcalc.core.lines import one_line
from paramcalc.core.symbols import Scaled
from paramcalc.exports.languages.base import Language
from paramcalc.exports.languages.bounds import bounds
from paramcalc.exports.languages.lines import wrapped
from paramcalc.exports.numbers import thousands
from paramcalc.exports.tables import with_values
from paramcalc.results.formula import Formula
from paramcalc.results.formula.conditions import in_words
from paramcalc.results.formula.whole import DoubleProduct, FloorQuotient, Quotient, Remainder, whole


@dataclass(frozen=True)
class Size:
    """A parameter of the exported function, or a cell or a column of its name."""

    #: as the language has it
    name: str
    #: as the spec has it
    dim: str
    symbol: Any
    #: the spec's own value, where it has one
    value: int | None
    #: 1, or 0 for a flag
    least: int
    meaning: str

    @property
    def about(self) -> str:
        """What it stands for, and the dim that it is, where that has another name; nothing, where neither is known."""
        dim = f"the dim '{self.dim}'" if self.name != self.dim else ""
        return ", ".join(filter(None, (self.meaning, dim)))


@dataclass(frozen=True)
class Check:
    """A condition under which the form holds: `divides`, `≥`, `=` or `≠`, and how it reads."""

    relation: str
    left: Any
    right: Any
    words: str


@dataclass(frozen=True)
class Program:
    """A form, ready to be printed in a language."""

    form: Formula
    #: of the function
    name: str
    #: what it is the form of
    heading: str
    sizes: tuple[Size, ...]
    result: Any
    checks: tuple[Check, ...]
    #: no intermediate result is larger, without its sign, than the largest of these
    bounds: tuple[Any, ...]
    #: at the spec's own sizes, where they are all stated
    value: int | None
    #: what a reader is told: the formula, its symbols, its conditions
    explanation: tuple[str, ...]

    @property
    def double_products(self) -> set[Any]:
        """The products of a double in the result and the checks."""
        sides = [side for check in self.checks for side in (check.left, check.right)]
        return set().union(*(expr.atoms(DoubleProduct) for expr in (self.result, *sides)))

    @property
    def quantity(self) -> str:
        """What its result is called: the name of the measure."""
        return self.form.measure.name

    @property
    def names(self) -> list[str]:
        """The names of the sizes, as the language has them."""
        return [size.name for size in self.sizes]

    def told(self, about: Iterable[str]) -> list[str]:
        """Return the lines of its documentation: what it is, the form, and what is to be said about the source."""
        return [self.heading, "", *self.explanation, "", *about]


def program(form: Formula, language: Language) -> Program:
    """Make a form what this language is given."""
    name = _function_name(form)
    names = language.safe_names(form.symbols, used=[name, form.measure.name])
    renamed = {symbol: symbol.func(names[dim], **symbol.assumptions0) for dim, symbol in form.symbols.items()}
    sizes = tuple(_size(form, dim, renamed[symbol]) for dim, symbol in form.symbols.items())
    expr = form.expr.xreplace(renamed)
    result = whole(expr)
    relations = [
        (relation, left.xreplace(renamed), right.xreplace(renamed)) for relation, left, right in form.relations
    ]
    scaled = set().union(*(side.atoms(Scaled) for side in (expr, *(s for each in relations for s in each[1:]))))
    checks = (*_exact(scaled), *_checks(relations, result, sizes))
    sides = [side for check in checks for side in (check.left, check.right)]
    formula = notation.text(expr)
    conditions = [in_words(relation) for relation in relations]
    value = form.own_value if form.symbols.keys() <= form.values.keys() else None
    return Program(
        form,
        name,
        _heading(form),
        sizes,
        result,
        checks,
        bounds([result, *sides], (size.symbol for size in sizes)),
        value,
        tuple(_explanation(form, value, formula, sizes, conditions)),
    )


def _function_name(form: Formula) -> str:
    decomposed = unicodedata.normalize("NFKD", one_line(form.name, 40))
    words = re.findall(r"[a-zA-Z0-9]+", decomposed.encode("ascii", "ignore").decode())
    start = "_".join(words).lower()
    if not start:
        return form.measure.name
    return f"{start if start[0].isalpha() else f'model_{start}'}_{form.measure.name}"


def _heading(form: Formula) -> str:
    whose = f" of {one_line(form.name, 80)}" if form.name else ""
    phrase = form.measure.phrase
    counted = f", as {form.convention} counts them" if form.measure.by_convention else ""
    return f"{phrase[0].upper()}{phrase[1:]}{whose}{counted}."


def _size(form: Formula, dim: str, symbol: Any) -> Size:
    least = 1 if symbol.is_positive else 0
    return Size(symbol.name, dim, symbol, form.values.get(dim), least, one_line(form.meanings.get(dim, "")))


# --- Checks ----------------------------------------------------------------------------


def _checks(relations: list[tuple[str, Any, Any]], result: Any, sizes: tuple[Size, ...]) -> list[Check]:
    """Return the conditions beyond the least value of each size; no divisor is 0."""
    checks = [
        Check(relation, whole(left), whole(right), in_words((relation, left, right)))
        for relation, left, right in relations
        if not _is_least(relation, left, right)
    ]
    checks += [Check("≥", sympy.Integer(1), size.symbol, f"{size.name} ≤ 1") for size in sizes if size.least == 0]
    not_zero = [
        Check("≠", divisor, sympy.Integer(0), f"{notation.text(divisor)} is not 0")
        for divisor in dict.fromkeys(_divisors(result, checks))
        if not divisor.is_positive
    ]
    return [*reversed(not_zero), *checks]


def _exact(scaled: Iterable[Any]) -> Iterator[Check]:
    """Yield the conditions under which doubles hold a size, and its product, exactly; what is within others first."""
    for each in sorted(scaled, key=lambda each: (int(each.count_ops()), str(each))):
        size, largest = whole(each.args[0]), sympy.Integer(whole(each).largest)
        words = notation.text(each.args[0])
        yield Check("≥", largest, size, f"{words} ≤ {notation.text(largest)}")
        if not size.is_nonnegative:
            yield Check("≥", size, -largest, f"{words} ≥ {notation.text(-largest)}")


def _divisors(result: Any, checks: list[Check]) -> Iterator[Any]:
    """Give all that is divided by, in the result and in the checks."""
    for expr in (result, *(side for check in checks for side in (check.left, check.right))):
        yield from sorted((each.args[1] for each in expr.atoms(Quotient, FloorQuotient, Remainder)), key=str)
    yield from (check.left for check in checks if check.relation == "divides")


def _is_least(relation: str, left: Any, right: Any) -> bool:
    """Return whether a condition says no more than that a size is at least 1."""
    return bool(relation == "≥" and left.is_Symbol and left.is_positive and right.is_Integer and right <= 1)


# --- Words -----------------------------------------------------------------------------


def _explanation(
    form: Formula, value: int | None, formula: str, sizes: tuple[Size, ...], conditions: list[str]
) -> Iterator[str]:
    yield from wrapped(f"{form.measure.name} = {formula}")
    width = max((len(size.name) for size in sizes), default=0)
    for size in sizes:
        stated = thousands(size.value) if size.value is not None else "any"
        yield f"  {size.name:{width}} = {stated}" + (f"  {size.about}" if size.about else "")
    if conditions:
        yield f"It holds where {'; '.join(conditions)}."
    if form.fixed:
        yield f"Fixed, since the layers themselves depend on it: {', '.join(with_values(form.fixed))}."
    if value is not None:
        yield f"At {'these sizes' if sizes else 'any size'} it is {thousands(value)}."
