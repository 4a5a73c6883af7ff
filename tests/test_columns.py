"""Rows in columns: within the width, nothing is lost, and names are broken last of all."""

import pytest

from paramcalc.exports.columns import columns, whole_terms, wrapped


def test_the_last_column_gives_way_first() -> None:
    rows = [("kernel", "(n, u)", "a weight from each input to each output, and more words"), ("bias", "(u)", "one")]
    assert columns(rows, 60, "  ") == [
        ["  kernel  (n, u)  a weight from each input to each output,", "                  and more words"],
        ["  bias    (u)     one"],
    ]


def test_a_long_name_stands_above_its_row_and_a_short_one_in_it() -> None:
    name = "body.0..11.attention.multi_head_attention"
    assert columns([("layer", "type"), ("word", "Embedding"), (name, "MultiHeadAttention")], 50, numbers=(1,)) == [
        ["layer                                         type"],
        ["word                                     Embedding"],
        [name, "                                MultiHeadAttention"],
    ]


def test_names_are_broken_at_their_dots_and_slashes_where_they_must_be() -> None:
    assert wrapped("layers.0.attention/kernel", 12) == ["layers.0.", "attention/", "kernel"]
    assert columns([("abcdefghijkl.mnopqrstuvwx", "12")], 20, numbers=(1,)) == [
        ["abcdefghijkl.", "mnopqrstuvwx", "                  12"]
    ]


@pytest.mark.parametrize("text", ["", "one"])
def test_what_fits_is_one_line(text: str) -> None:
    assert wrapped(text, 10, "  ") == [f"  {text}"] * bool(text)
    assert columns([], 10) == []


def test_a_product_is_broken_last() -> None:
    assert wrapped(whole_terms("4 · 512 · 512 + 4 · 512"), 16) == ["4 · 512 · 512", "+ 4 · 512"]
    assert wrapped(whole_terms("4 · 512 · 512 + 4 · 512"), 10) == ["4 · 512 ·", "512", "+ 4 · 512"]
