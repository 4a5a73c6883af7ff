"""`derive` on constructors that are drawn: right or refused; what is known by its values alone, nearly always."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from functools import cache

import pytest
from hypothesis import given, seed, settings

import paramcalc as pc
from tests.cross_check import random_constructors
from tests.cross_check.constructors import Case
from tests.cross_check.held import held
from tests.seed import SEED

pytestmark = pytest.mark.framework

#: The constructors are drawn in so many shares, for processes of their own; each has so many that differ.
SHARES = 5
EACH = 100 if "CI" in os.environ else 6
#: At how many fresh points each is held.
POINTS = 8
#: What takes longer is refused: those of which nearly nothing is found.
SECONDS = 4


@cache
def outcome(source: str) -> str:
    """What becomes of a constructor: refused, or right or wrong at fresh points, and how its tensors are known."""
    constructor, arguments = random_constructors.compiled(source)
    try:
        net = pc.derive(constructor, budget=SECONDS, **arguments)
    except pc.ParamcalcError as error:
        if error.code != "not-derivable":
            raise
        return "refused"
    known = "traced" if {*net.evidence.values()} == {"traced"} else "sampled"
    try:
        held(Case(constructor, arguments), net, POINTS)
    except AssertionError:
        return f"{known}, wrong"
    return f"{known}, right"


@pytest.mark.parametrize("share", range(SHARES))
def test_a_random_constructor_is_right_or_refused(share: int, record_property: Callable[[str, object], None]) -> None:
    """None is wrong whose sizes the constructor itself worked out, and at most one in a hundred of the others."""
    found: dict[str, str] = {}

    @seed(f"{SEED} {share}")
    @settings(settings.get_profile("constructors"))
    @given(random_constructors.constructors())
    def each(source: str) -> None:
        # many are drawn more than once
        if source in found or len(found) < EACH:
            found[source] = outcome(source)
            assert found[source] != "traced, wrong"

    each()
    counts = Counter(found.values())
    record_property("outcomes", dict(counts))
    assert len(found) == EACH
    assert counts["sampled, wrong"] <= EACH // 100, [source for source in found if found[source] == "sampled, wrong"]
