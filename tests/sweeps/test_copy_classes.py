"""Copies whose number stays a symbol: summed by classes of what it decides, and a U-Net of any depth."""

import pytest

from tests.test_formulas import CLASS_SPECS, CLASSES, check_classes, check_u_net

pytestmark = pytest.mark.sweep


@pytest.mark.parametrize("condition", CLASSES)
@pytest.mark.parametrize("copies", CLASS_SPECS)
def test_copies_are_summed_by_what_their_number_decides(copies: str, condition: str) -> None:
    check_classes(condition, copies)


@pytest.mark.parametrize(("image", "deepest"), [(256, 9), (224, 6), (96, 6)])
def test_the_depth_of_a_u_net_stays_a_symbol(image: int, deepest: int) -> None:
    check_u_net(image, deepest)
