"""Closed forms at sizes of their own and at random ones, and the value of the tree that stands for one in JSON."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

import paramcalc as pc

if TYPE_CHECKING:
    from hypothesis import strategies as st


def sizes_for(form: pc.Formula, data: st.DataObject) -> dict[str, int]:
    """Sizes at which a form holds: random ones, but the form's own for dims that a condition would be broken by."""
    from hypothesis import strategies as st  # for which the inner loop does not wait

    some = st.integers(1, 24) | st.just(48)
    sizes = {name: data.draw(some, label=name) for name in form.symbols}
    try:
        form.check(sizes)
    except pc.ParamcalcError:
        bound = {each.name for _, *sides in form.relations for side in sides for each in side.free_symbols}
        sizes |= {name: form.values[name] for name in bound}
    return sizes


def evaluated(tree: Any, sizes: dict[str, int]) -> Any:
    """The value of an expression tree, by the documented meaning of its operations."""
    if isinstance(tree, dict):
        return int(tree["num"])
    if not isinstance(tree, list):
        return sizes[tree] if isinstance(tree, str) else tree
    name, *operands = [tree[0], *(evaluated(each, sizes) for each in tree[1:])]
    if name in ("Add", "Multiply"):
        return sum(operands) if name == "Add" else np.prod(np.array(operands, dtype=object))
    first, second = [*operands, None][:2]
    return {
        "Power": lambda: first**second,
        "Divide": lambda: Fraction(first) / second,
        "Floor": lambda: first // 1,
        "Mod": lambda: first % second,
        "Scaled": lambda: int(first * second),
        "ScaledUp": lambda: math.ceil(first * second),
        "ScaledNear": lambda: round(first * second),
        "Max": lambda: max(operands),
        "Min": lambda: min(operands),
        "Equal": lambda: first == second,
        "NotEqual": lambda: first != second,
        "GreaterEqual": lambda: first >= second,
    }[name]()
