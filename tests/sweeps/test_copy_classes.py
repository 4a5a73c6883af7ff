"""Forms of many copies and of sizes that round: copies that grow or differ by their number, a U-Net of any depth."""

import pytest

from tests.sweeps.test_formula_copies import (
    CLASS_SPECS,
    CLASSES,
    PROGRESSIONS,
    check_classes,
    check_progression,
    check_u_net,
)
from tests.sweeps.test_formulas import STEPS, check_steps

pytestmark = pytest.mark.sweep


@pytest.mark.parametrize("condition", CLASSES)
@pytest.mark.parametrize("copies", CLASS_SPECS)
def test_copies_are_summed_by_what_their_number_decides(copies: str, condition: str) -> None:
    check_classes(condition, copies)


@pytest.mark.parametrize(("image", "deepest"), [(256, 9), (224, 6), (96, 6), (8, 4)])
def test_the_depth_of_a_u_net_stays_a_symbol(image: int, deepest: int) -> None:
    check_u_net(image, deepest)


@pytest.mark.parametrize("name", PROGRESSIONS)
def test_copies_that_grow_are_summed_in_closed_form(name: str) -> None:
    check_progression(name)


@pytest.mark.parametrize("size", STEPS)
def test_a_size_that_rounds_or_chooses_stays_in_the_form(size: str) -> None:
    check_steps(size)
