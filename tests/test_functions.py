"""Kinds for what is done between layers: their shapes are those of NumPy; what they refuse, and how."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

import paramcalc as pc

SHAPES = st.lists(st.integers(1, 5), min_size=1, max_size=4).map(tuple)


def output(layer: pc.Layer, *shapes: tuple[int | None, ...]) -> tuple[object, ...]:
    """The shape of the output; a length that varies is None."""
    given = shapes if len(shapes) > 1 else shapes[0]
    found = pc.count(layer, input_shape=given).layers[-1].output_shape
    return tuple(size if isinstance(size, int) else None for size in found)


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


def test_lengths_that_vary() -> None:
    assert output(pc.Reduce(function="mean", axis=1), (None, 3)) == (3,)
    assert output(pc.Reduce(function="max", axis=-1, keepdims=True), (None, 3)) == (None, 1)
    assert output(pc.Einsum(equation="bij,bkj->bik"), (None, 3), (4, 3)) == (None, 4)
    assert output(pc.Slice(axis=2, step=2), (None, 5)) == (None, 3)


REFUSED = {
    "an equation of other axes": (
        lambda: output(pc.Einsum(equation="bij->bi"), (3,)),
        "error[shape-mismatch]: Einsum with bij->bi does not take (None, 3)",
    ),
    "an equation of other inputs": (
        lambda: output(pc.Einsum(equation="bi->b"), (3,), (3,)),
        "error[shape-mismatch]: Einsum with bi->b does not take (None, 3), (None, 3)",
    ),
    "sizes that differ": (
        lambda: output(pc.Einsum(equation="bi,bi->b"), (3,), (4,)),
        "error[shape-mismatch]: in bi,bi->b, 'i' is 3 in one input, and 4 in another",
    ),
    "inputs of other ranks": (
        lambda: output(pc.Elementwise(function="power"), (4, 3), (3,)),
        "error[shape-mismatch]: Elementwise takes inputs with the same number of axes, not (None, 4, 3), (None, 3)",
    ),
    "no batch": (
        lambda: pc.Einsum(equation="bi,ci->bc"),
        "must be as in abc,adc->abd, the batch the first letter of each term",
    ),
    "a diagonal": (lambda: pc.Einsum(equation="bii->b"), "must have a letter once in a term"),
    "an axis from nowhere": (lambda: pc.Einsum(equation="bi->bj"), "those of the output in an input: 'bi->bj'"),
    "the batch": (lambda: output(pc.Reduce(function="sum", axis=0), (3,)), "there is no axis 0"),
    "an axis twice": (
        lambda: output(pc.Reduce(function="sum", axis=[1, -2]), (3,)),
        "error[invalid-value]: there is no axis -2",
    ),
    "an axis in two ways": (
        lambda: output(pc.Reduce(function="sum", axis=[1, -1]), (3,)),
        "error[invalid-value]: 'axis' of Reduce is one or more axes, each named once, not [-1, 1]",
    ),
    "no such function": (lambda: pc.Reduce(function="total"), "'function' of Reduce"),
    "a step of nothing": (lambda: pc.Slice(step=0), "'step' of Slice"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_and_how(name: str) -> None:
    made, message = REFUSED[name]
    with pytest.raises(pc.ParamcalcError) as caught:
        made()
    assert message in str(caught.value)


def test_they_are_built() -> None:
    """As source, in both frameworks; the cross-check runs it."""
    spec = pc.loads(
        "paramcalc: 1\nlayers:\n  - Input: {shape: [4, 6]}\n    name: x\n"
        "  - Reduce: {function: max, axis: 2}\n    name: m\n"
        "  - Slice: {axis: 2, step: 2}\n    name: s\n    inputs: x\n  - Einsum: {equation: 'bi,bij->bj'}\n"
        "    name: e\n    inputs: [m, s]\n  - Elementwise: {function: greater}\n    inputs: [e, e]\n"
    )
    from paramcalc.frameworks.building import source

    keras, torch = source(spec, "keras"), source(spec, "torch")
    assert (
        "    x = keras.ops.max(x_2, axis=2, keepdims=False)\n"
        "    y = x_2[:, :, ::2]\n"
        '    x = keras.ops.einsum("bi,bij->bj", x, y)\n'
        "    x = keras.ops.greater(x, x)\n"
    ) in keras
    assert (
        "        m = torch.amax(x, dim=2, keepdim=False)\n"
        "        x = x[:, :, ::2]\n"
        '        x = torch.einsum("bi,bij->bj", m, x)\n'
        "        return torch.gt(x, x)\n"
    ) in torch


def test_a_function_that_no_framework_has_is_not_built() -> None:
    from paramcalc.frameworks.building import source

    layers = "paramcalc: 1\nlayers:\n  - Input: {shape: [4]}\n    name: x\n"
    for node, message in (
        ("  - Elementwise: {function: powre}\n    inputs: [x, x]\n", "the function 'powre' is not known"),
        ("  - Elementwise: {function: where}\n    inputs: [x, x]\n", "'where' takes 3 inputs, not 2"),
        ("  - Reduce: {function: median}\n", "no function gives the median along several axes"),
    ):
        with pytest.raises(pc.ParamcalcError) as caught:
            source(pc.loads(layers + node), "torch")
        assert caught.value.code == "cannot-build"
        assert message in str(caught.value)
