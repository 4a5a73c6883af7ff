"""What the tests of the spec language need: a spec of a text without its head, and what becomes of it."""

from textwrap import dedent
from typing import Any

import pytest

import paramcalc as pc


def load(text: str) -> pc.Spec:
    """The spec of an indented text, which leaves the version out."""
    return pc.loads("paramcalc: 1\n" + dedent(text))


def counted(text: str, **dims: Any) -> pc.Count:
    """Its count at these dims."""
    return pc.count(load(text), dims=dims or None)


def form_of(dims: str, layers: str) -> pc.Formula:
    """The closed form of layers, in a list, behind an input of four features."""
    return pc.formula(pc.loads(f"paramcalc: 1\ndims: {{{dims}}}\nlayers:\n  - Input: {{shape: [4]}}\n{layers}"))


def total(text: str, **dims: Any) -> int:
    """Its parameters at these dims."""
    return counted(text, **dims).total


def names(text: str, **dims: Any) -> list[str]:
    """The names of the rows of its count."""
    return [row.name for row in counted(text, **dims).layers]


def refusal(text: str, **dims: Any) -> pc.Problem:
    """The first problem for which it is refused."""
    with pytest.raises(pc.ParamcalcError) as caught:
        counted(text, **dims)
    return caught.value.problems[0]
