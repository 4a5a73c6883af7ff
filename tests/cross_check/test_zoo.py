"""`derive` on a zoo of networks as different people write them: each held against the real modules at fresh points."""

from __future__ import annotations

from typing import Any

import pytest

import paramcalc as pc
from tests.cross_check.constructors import Case
from tests.cross_check.held import assert_held, derived
from tests.cross_check.zoo import others, transformers, traps, vision

pytestmark = pytest.mark.framework

MODULES = [*transformers.CASES, *vision.CASES, *others.CASES]


def name_of(value: Any) -> str:
    return str(getattr(getattr(value, "constructor", value), "__name__", ""))


@pytest.mark.parametrize("case", MODULES, ids=name_of)
def test_what_is_derived_is_right_at_fresh_points(case: Case) -> None:
    net = derived(case)
    assert {*net.fixed} == {*case.fixed}
    assert_held(case, net)


def test_nine_in_ten_keep_all_their_arguments() -> None:
    assert len(MODULES) >= 40
    assert sum(not case.fixed for case in MODULES) >= 0.9 * len(MODULES)


@pytest.mark.parametrize("case", traps.CASES, ids=name_of)
def test_a_trap_is_right_or_refused(case: Case) -> None:
    if case.is_refused:
        with pytest.raises(pc.ParamcalcError, match="no form was found") as caught:
            derived(case)
        assert caught.value.code == "not-derivable"
        return
    assert_held(case, derived(case))


@pytest.mark.parametrize(("constructor", "arguments"), traps.REFUSED, ids=name_of)
def test_what_is_no_function_of_its_arguments_is_refused(constructor: Any, arguments: dict[str, Any]) -> None:
    with pytest.raises(pc.ParamcalcError, match="not a function of its arguments") as caught:
        pc.derive(constructor, **arguments)
    assert caught.value.code == "not-derivable"
