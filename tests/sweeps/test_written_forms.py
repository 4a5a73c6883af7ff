"""What is written in each language has the value of the form."""

import pytest

from paramcalc.exports.languages import LANGUAGES
from tests.test_exports import POWERS, WRITTEN, check_written

pytestmark = pytest.mark.sweep


@pytest.mark.parametrize("case", [*WRITTEN, *POWERS])
def test_what_is_written_has_the_value_of_the_form(case: str) -> None:
    check_written(case, LANGUAGES)
