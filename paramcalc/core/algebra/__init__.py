"""Arithmetic over whole numbers, arrays of them, symbols, and sizes that are not known.

A size is one of

    int                     a number, of any magnitude
    numpy.ndarray           many numbers at once: of 64 bits as far as they are proved to fit, else Python's; none wraps
    sympy.Expr              a symbol, or what became of one
    Unknown                 an unknown length: `tokens: null`

`+ - *` mean the same for all four. Whatever differs between them stands here, and
no other module asks which of the four it holds. NumPy and SymPy are not imported here:
a value of theirs exists only where its module is loaded already.
"""

from __future__ import annotations

from paramcalc.core.algebra.arithmetic import (
    broadcast,
    broadcast_shapes,
    ceil_divide,
    divide,
    floor_divide,
    largest,
    lesser,
    modulo,
    power_of_two,
    product,
    ratio,
    scaled,
    scaled_by_double,
    smallest,
)
from paramcalc.core.algebra.comparison import (
    asked_from,
    assume,
    assuming,
    at_least,
    choose,
    chosen_at_least,
    compare,
    equal,
    equal_shapes,
    mentions,
    require,
    same,
    same_shapes,
    trying,
)
from paramcalc.core.algebra.repetition import (
    Allowance,
    allowing,
    by_factors,
    by_steps,
    copies,
    copies_and_times,
    number_of_copies,
    substituted,
)
from paramcalc.core.algebra.sizes import (
    Number,
    Shape,
    Undecided,
    Unknown,
    as_factor,
    as_number,
    constant,
    depends,
    distinct_rows,
    is_array,
    is_number,
    is_symbol,
    magnitude,
    needed,
    released,
    total,
    truth,
)
from paramcalc.core.algebra.terms import MOST_TERMS, short, terms_of

__all__ = [
    "MOST_TERMS",
    "Allowance",
    "Number",
    "Shape",
    "Undecided",
    "Unknown",
    "allowing",
    "as_factor",
    "as_number",
    "asked_from",
    "assume",
    "assuming",
    "at_least",
    "broadcast",
    "broadcast_shapes",
    "by_factors",
    "by_steps",
    "ceil_divide",
    "choose",
    "chosen_at_least",
    "compare",
    "constant",
    "copies",
    "copies_and_times",
    "depends",
    "distinct_rows",
    "divide",
    "equal",
    "equal_shapes",
    "floor_divide",
    "is_array",
    "is_number",
    "is_symbol",
    "largest",
    "lesser",
    "magnitude",
    "mentions",
    "modulo",
    "needed",
    "number_of_copies",
    "power_of_two",
    "product",
    "ratio",
    "released",
    "require",
    "same",
    "same_shapes",
    "scaled",
    "scaled_by_double",
    "short",
    "smallest",
    "substituted",
    "terms_of",
    "total",
    "truth",
    "trying",
]
