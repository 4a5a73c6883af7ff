"""Kinds for what is done between layers: their shapes are those of NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

import paramcalc as pc
from tests.test_functions import output

pytestmark = pytest.mark.sweep

SHAPES = st.lists(st.integers(1, 5), min_size=1, max_size=4).map(tuple)


@given(shape=SHAPES, data=st.data())
def test_a_reduction_has_the_shape_that_numpy_gives_it(shape: tuple[int, ...], data: DataObject) -> None:
    axes = data.draw(st.lists(st.sampled_from(range(1, len(shape) + 1)), min_size=1, unique=True))
    signed = [axis - data.draw(st.sampled_from([0, len(shape) + 1])) for axis in axes]
    keepdims = data.draw(st.booleans())
    expected = np.zeros((1, *shape)).sum(tuple(signed), keepdims=keepdims).shape[1:]
    assert output(pc.Reduce(function="sum", axis=signed, keepdims=keepdims), shape) == expected
    assert output(pc.Reduce(function="sum"), shape) == ()


@given(shape=SHAPES, data=st.data())
def test_a_slice_has_as_many_elements_as_numpy_takes(shape: tuple[int, ...], data: DataObject) -> None:
    axis = data.draw(st.integers(1, len(shape)))
    start = data.draw(st.integers(0, shape[axis - 1] - 1))
    stop, step = data.draw(st.integers(start + 1, shape[axis - 1])), data.draw(st.integers(1, 6))
    key = (slice(None),) * axis + (slice(start, stop, step),)
    assert output(pc.Slice(axis=axis, start=start, stop=stop, step=step), shape) == np.zeros((1, *shape))[key].shape[1:]


@given(data=st.data())
def test_an_equation_has_the_shape_that_numpy_gives_it(data: DataObject) -> None:
    sizes = {letter: data.draw(st.integers(1, 4)) for letter in "ijkl"}
    letters = st.lists(st.sampled_from(sorted(sizes)), unique=True, max_size=4).map("".join)
    terms = data.draw(st.lists(letters, min_size=1, max_size=3))
    named = sorted({*"".join(terms)})
    result = "".join(data.draw(st.permutations(named))[: data.draw(st.integers(0, len(named)))])
    shapes = [tuple(sizes[letter] for letter in term) for term in terms]
    equation = ",".join(f"b{term}" for term in terms) + f"->b{result}"
    expected = np.einsum(equation, *(np.zeros((1, *shape)) for shape in shapes)).shape[1:]
    assert output(pc.Einsum(equation=equation), *shapes) == expected


@given(shape=SHAPES, data=st.data())
def test_a_function_of_several_inputs_broadcasts_as_numpy_does(shape: tuple[int, ...], data: DataObject) -> None:
    other = tuple(data.draw(st.sampled_from([1, size])) for size in shape)
    assert output(pc.Elementwise(function="power"), shape, other) == np.broadcast_shapes(shape, other)
