"""Kinds for what is done between layers: lengths that vary, what they refuse, and how."""

from __future__ import annotations

import pytest

import paramcalc as pc


def output(layer: pc.Layer, *shapes: tuple[int | None, ...]) -> tuple[object, ...]:
    """The shape of the output; a length that varies is None."""
    given = shapes if len(shapes) > 1 else shapes[0]
    found = pc.count(layer, input_shape=given).layers[-1].output_shape
    return tuple(size if isinstance(size, int) else None for size in found)


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
    from paramcalc.frameworks.build import source

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
    from paramcalc.frameworks.build import source

    layers = "paramcalc: 1\nlayers:\n  - Input: {shape: [4]}\n    name: x\n"
    for node, message in (
        ("  - Elementwise: {function: custom:powre}\n    inputs: [x, x]\n", "the function 'custom:powre' is not known"),
        ("  - Elementwise: {function: where}\n    inputs: [x, x]\n", "'where' takes 3 inputs, not 2"),
        ("  - Reduce: {function: median}\n", "no function gives the median along several axes"),
    ):
        with pytest.raises(pc.ParamcalcError) as caught:
            source(pc.loads(layers + node), "torch")
        assert caught.value.code == "cannot-build"
        assert message in str(caught.value)


#: What `transformers.activations.ACT2FN` has in transformers 5.23, and keeps the shape of its input without parameters:
#: each was run. It has `hardswish` beside them, here `hard_swish`; `prelu` has one parameter there, and `xielu` two.
OF_TRANSFORMERS = (
    "gelu", "gelu_10", "gelu_accurate", "gelu_fast", "gelu_new", "gelu_python", "gelu_python_tanh", "gelu_pytorch_tanh",
    "laplace", "leaky_relu", "linear", "mish", "quick_gelu", "relu", "relu2", "relu6", "sigmoid", "silu",
    "sqrtsoftplus", "swish", "tanh",
)  # fmt: skip


@pytest.mark.parametrize("name", OF_TRANSFORMERS)
def test_the_activations_of_transformers_count_nothing(name: str) -> None:
    assert pc.count(pc.Dense(units=3, activation=name), input_shape=(2,)).total == 9
    assert pc.count(pc.Activation(activation=name), input_shape=(2,)).layers[-1].output_shape == (2,)


@pytest.mark.parametrize(
    ("name", "message"), [("prelu", "'prelu' learns its slopes"), ("xielu", "there is no function 'xielu'")]
)
def test_an_activation_that_owns_parameters_is_no_function(name: str, message: str) -> None:
    with pytest.raises(pc.ParamcalcError, match=message):
        pc.count(pc.Dense(units=3, activation=name), input_shape=(2,))
