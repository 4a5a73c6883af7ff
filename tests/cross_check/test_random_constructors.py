"""`derive` on constructors that are drawn: right or refused; what is known by its values alone, nearly always."""

from __future__ import annotations

import pytest
from hypothesis import event, given, seed, settings

import paramcalc as pc
from tests.cross_check import random_constructors
from tests.cross_check.constructors import Case
from tests.cross_check.held import held
from tests.seed import SEED

pytestmark = pytest.mark.framework

#: The constructors are drawn in so many shares, for processes of their own.
SHARES = 10
#: At how many fresh points each is held.
POINTS = 8
#: What takes longer is refused: those of which nearly nothing is found.
SECONDS = 4


@pytest.mark.parametrize("share", range(SHARES))
def test_a_random_constructor_is_right_or_refused(share: int) -> None:
    """None is wrong whose sizes the constructor itself worked out, and at most one in a hundred of the others."""
    wrong: list[str] = []
    sampled: list[str] = []

    @seed(f"{SEED} {share}")
    @settings(settings.get_profile("constructors"))
    @given(random_constructors.constructors())
    def each(source: str) -> None:
        constructor, arguments = random_constructors.compiled(source)
        try:
            net = pc.derive(constructor, budget=SECONDS, **arguments)
        except pc.ParamcalcError as error:
            if error.code != "not-derivable":
                raise
            event("refused")
            return
        traced = {*net.evidence.values()} == {"traced"}
        event(f"{'traced' if traced else 'sampled'}, {'some fixed' if net.fixed else 'all dims'}")
        if not traced:
            sampled.append(source)
        try:
            held(Case(constructor, arguments), net, POINTS)
        except AssertionError:
            if traced:
                raise
            wrong.append(source)

    each()
    assert len(wrong) <= max(1, len(sampled) // 100), "\n\n".join(wrong)
