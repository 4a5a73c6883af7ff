"""What must hold at any sizes: lengths that a window makes and unmakes, and the form of a Transformer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import paramcalc as pc
from paramcalc.layers.base.windows import output_lengths, transposed_lengths
from tests.sweeps.test_formulas import FORM, SPEC

pytestmark = pytest.mark.sweep

SMALL = st.integers(1, 5)


@given(length=st.integers(1, 50), window=SMALL, stride=SMALL, dilation=SMALL, pad=st.integers(0, 3), data=st.data())
def test_a_transposed_convolution_has_the_lengths_of_a_convolution_backwards(
    length: int, window: int, stride: int, dilation: int, pad: int, data: st.DataObject
) -> None:
    added = data.draw(st.integers(0, stride - 1))
    (long,) = transposed_lengths((length,), (window,), (stride,), (pad,), (dilation,), (added,))
    assert output_lengths((long,), (window,), (stride,), (pad,), (dilation,)) == (length,)


@given(length=st.integers(1, 50), window=SMALL, stride=SMALL, dilation=SMALL, word=st.sampled_from(["valid", "same"]))
def test_so_it_is_where_the_padding_is_a_word(length: int, window: int, stride: int, dilation: int, word: str) -> None:
    (long,) = transposed_lengths((length,), (window,), (stride,), word, (dilation,), None)
    assert output_lengths((long,), (window,), (stride,), word, (dilation,)) == (length,)
    # of all the lengths that a convolution brings back to this one, `same` is the longest
    assert word == "valid" or output_lengths((long + 1,), (window,), (stride,), word, (dilation,)) == (length + 1,)


@given(
    vocabulary=st.integers(1, 10**6),
    head_dim=st.integers(1, 100),
    heads=st.integers(1, 100),
    depth=st.integers(1, 10**30),
)
def test_the_form_at_any_sizes_is_the_count_there(vocabulary: int, head_dim: int, heads: int, depth: int) -> None:
    sizes = {"vocabulary": vocabulary, "width": head_dim * heads, "heads": heads, "depth": depth}
    assert FORM(**sizes) == pc.count(SPEC, dims=sizes).total


@given(st.sets(st.sampled_from(["vocabulary", "width", "depth", "heads", "head_dim", "ff"])))
def test_any_dims_may_be_kept(keep: set[str]) -> None:
    form = pc.formula(SPEC, keep=sorted(keep))
    assert set(form.symbols) <= keep
    assert form() == pc.count(SPEC).total
    # head_dim and ff are derived: what was put in are the dims that stand for themselves
    assert set(form.substituted) == {"vocabulary", "width", "depth", "heads"} - keep
