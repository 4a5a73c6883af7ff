"""Conformance vectors: sizes, and the exact value of a form at them, or why it has none.

Whoever writes a form in another language tests it on these. They are the same each time: the form's own sizes,
corners, numbers that no double holds, and sizes that break each condition.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import sympy

from paramcalc.core.errors import ParamcalcError
from paramcalc.exports.languages.tree import form_data, number, of_measure
from paramcalc.results.formula import Formula
from paramcalc.results.formula.conditions import meets

#: The version of the object.
VERSION = 1

#: The next double after 2**53 is 2**53 + 2: this one is between them.
_NO_DOUBLE = 2**53 + 1
_CORNERS = (1, 2, 3)
#: What a dim is taken to be for which the spec has no value: the first of these at which the form holds, else the last.
_UNKNOWN = (12, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)
#: A value with more digits is left out: a polynomial of high degree has them.
_MOST_DIGITS = 1000
#: How far around a size those are looked for that break a condition.
_NEAR = 12


def plain(form: Formula) -> dict[str, Any]:
    """Return the object that JSON has of the vectors of a form."""
    data = form_data(form)
    outcomes = ((sizes, _outcome(form, sizes)) for sizes in points(form))
    return {
        "paramcalc_vectors": VERSION,
        "name": form.name,
        "convention": form.convention,
        **of_measure(form.measure),
        "symbols": data["symbols"],
        "vectors": [_vector(sizes, outcome) for sizes, outcome in outcomes if _is_short(outcome)],
    }


def _vector(sizes: dict[str, int], outcome: int | str) -> dict[str, Any]:
    given = {"sizes": {name: number(size) for name, size in sizes.items()}}
    return {**given, ("refused" if isinstance(outcome, str) else "value"): number(outcome)}


def _is_short(outcome: int | str) -> bool:
    return isinstance(outcome, str) or abs(outcome) < 10**_MOST_DIGITS


def _outcome(form: Formula, sizes: dict[str, int]) -> int | str:
    """Return the value of a form at sizes, or the code of its refusal."""
    try:
        return form(**sizes)
    except ParamcalcError as error:
        return error.code


def points(form: Formula) -> list[dict[str, int]]:
    """List the sizes of all vectors of a form, each once."""
    unique = {tuple(point.items()): point for point in _points(form)}
    return list(unique.values())


def _points(form: Formula) -> Iterator[dict[str, int]]:
    own = _own(form)
    # a size in an exponent stays small: the value has as many digits
    raised = {each.name for power in form.expr.atoms(sympy.Pow) for each in power.exp.free_symbols}
    yield own
    for size in _CORNERS:
        yield dict.fromkeys(own, size)
    for factor in (10, _NO_DOUBLE):
        yield {name: size if name in raised else size * factor for name, size in own.items()}
    for name, size in own.items():
        further = [] if name in raised else [10 * size, _NO_DOUBLE]
        for other in (0, *_CORNERS, size + 1, *further):
            yield {**own, name: other}
    yield from _breaking(form, own)


def _own(form: Formula) -> dict[str, int]:
    """Return the sizes of a form's own, with one for each dim that has none."""
    for size in _UNKNOWN:
        own = {name: form.values.get(name, size) for name in form.symbols}
        if isinstance(_outcome(form, own), int):
            break
    return own


def _breaking(form: Formula, own: dict[str, int]) -> Iterator[dict[str, int]]:
    """Yield sizes that break each condition: by the nearest size of each of its symbols that does."""
    for relation, left, right in form.relations:
        for name in sorted(each.name for each in left.free_symbols | right.free_symbols):
            steps = (step * sign for step in range(1, _NEAR + 1) for sign in (1, -1))
            near = ({**own, name: own[name] + step} for step in steps if own[name] + step >= 1)
            yield from islice((point for point in near if not _meets(relation, left, right, point)), 1)


def _meets(relation: str, left: Any, right: Any, point: dict[str, int]) -> bool:
    try:
        return meets(relation, left, right, point)
    except ParamcalcError:
        # a quotient within it leaves a remainder
        return False
