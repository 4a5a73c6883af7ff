"""What joins copies that are alike, of every layer type that can, and every measure."""

import pytest

from tests import test_joined_copies as joined
from tests.test_joined_copies import JOINING, OF

pytestmark = pytest.mark.sweep


@pytest.mark.parametrize("of", OF)
@pytest.mark.parametrize("merge", JOINING)
def test_copies_that_are_joined_cost_what_the_same_written_out_does(merge: str, of: str) -> None:
    joined.test_copies_that_are_joined_cost_what_the_same_written_out_does(merge, of)


@pytest.mark.parametrize("of", [name for name in OF if name != "saved"])
@pytest.mark.parametrize("merge", JOINING)
def test_their_form_keeps_how_many_there_are(merge: str, of: str) -> None:
    joined.test_their_form_keeps_how_many_there_are(merge, of)


@pytest.mark.parametrize("merge", JOINING)
def test_their_derivation_comes_to_their_number(merge: str) -> None:
    joined.test_their_derivation_comes_to_their_number(merge)
