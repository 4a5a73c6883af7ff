"""Random rows in columns: they fit a terminal of at least 60 columns, and nothing of them is lost."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paramcalc.exports.columns import columns, whole_terms

pytestmark = pytest.mark.sweep

#: Names, shapes, sentences and formulas, of parts that fit a line.
PART = st.text("abcdefgh", min_size=1, max_size=12)
NAME = st.lists(PART, min_size=1, max_size=6).map(".".join)
WORDS = st.lists(st.one_of(PART, NAME), max_size=12).map(" ".join)
FORMULA = st.lists(PART, min_size=1, max_size=6).map(" · ".join).map(whole_terms)


@given(st.lists(st.tuples(NAME, FORMULA, st.integers(0, 10**9).map(str), WORDS), min_size=1), st.integers(60, 100))
def test_columns_fit_and_lose_nothing(rows: list[tuple[str, str, str, str]], width: int) -> None:
    for row, lines in zip(rows, columns(rows, width, "  ", numbers=(2,)), strict=True):
        assert all(len(line) <= width for line in lines)
        assert Counter("".join("".join(row).split())) == Counter("".join("".join(lines).split()))
        # a number is never broken
        assert any(row[2] in line for line in lines)
