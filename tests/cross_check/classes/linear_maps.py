from __future__ import annotations

import re
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

import paramcalc as pc

from ..strategies import ACTIVATIONS, FLAG, SMALL, Case, sizes, some
from .quantised import KERNELS, KERNELS_OF_ANY_RANK, call_calibrated, takes_low_rank


@st.composite
def _einsum_dense(draw: DrawFn, framework: str) -> Case:
    """Axes of the input that stay, with or without the kernel, that are summed, that go; and axes that are new."""
    stays, with_kernel, summed, goes, new = (
        draw(st.lists(SMALL, max_size=2)),
        draw(st.lists(SMALL, max_size=1)),
        draw(st.lists(SMALL, max_size=2)),
        draw(st.lists(SMALL, max_size=1)),
        draw(st.lists(SMALL, max_size=2)),
    )
    if not with_kernel and not summed and not new:
        new = [draw(SMALL)]
    letters = iter("bcdefghijklmn")
    groups = [{next(letters): size for size in group} for group in (stays, with_kernel, summed, goes, new)]
    stays, with_kernel, summed, goes, new = groups
    known = {letter: size for group in groups for letter, size in group.items()}

    def term(*parts: dict[str, int]) -> str:
        return "".join(draw(st.permutations([letter for part in parts for letter in part])))

    x, kernel, output = (
        term(stays, with_kernel, summed, goes),
        term(with_kernel, summed, new),
        term(stays, with_kernel, new),
    )
    sides = ["none", *(["left"] if x and output else []), *(["right"] if x else [])]
    side, more = draw(st.sampled_from(sides)), draw(sizes(0, 2))
    shape = tuple(known[letter] for letter in x)
    if side == "left":
        equation, shape = f"...{x},{kernel}->...{output}", (*more, *shape)
    elif side == "right":
        equation, shape = f"a{x}...,{kernel}->a{output}...", (*shape, *more)
    else:
        equation = f"a{x},{kernel}->a{output}"
    bias = draw(st.lists(st.sampled_from(output), unique=True, max_size=3)) if output else []
    fields: dict[str, Any] = some(draw, activation=ACTIVATIONS)
    fields |= {"bias_axes": "".join(bias)} if bias else {}
    if "." in equation:
        # Keras builds no other: test_equations_that_keras_does_not_quantise
        fields |= some(draw, quantization=st.just("float8"))
    else:
        fields |= some(draw, quantization=KERNELS if len(kernel) in (2, 3) else KERNELS_OF_ANY_RANK)
    if takes_low_rank(fields):
        fields |= some(draw, lora_rank=SMALL)
    # where it cannot be run, what Keras says of the output must do
    run = fields.get("quantization") != "int8" and "lora_rank" not in fields
    open_axes = {letter for letter in stays if letter not in bias and run and draw(FLAG)}
    stated = [None if letter in open_axes else known[letter] for letter in output]
    written = stated[0] if len(stated) == 1 and stated[0] and draw(FLAG) else stated
    return Case(pc.EinsumDense(equation=equation, output_shape=written, **fields), (shape,), framework)


@st.composite
def _bilinear(draw: DrawFn, framework: str) -> Case:
    leading = draw(sizes(0, 3))
    return Case(
        pc.Bilinear(units=draw(SMALL), **some(draw, use_bias=FLAG)),
        ((*leading, draw(SMALL)), (*leading, draw(SMALL))),
        framework,
    )


def _said_otherwise(case: Case) -> bool:
    """Keras says None for a size that it takes from the input, and turns round the axes under a `...` at the left."""
    if not isinstance(case.layer, pc.EinsumDense):
        return False
    x = case.layer.equation.split(",")[0]
    more = case.shapes[0][: len(case.shapes[0]) - len(x) + 3] if x.startswith("...") else ()
    return None in case.layer.output_sizes or more != more[::-1]


def _updated_elsewhere(case: Case) -> bool:
    """Keras builds a low-rank update beside few bits, and runs it only along a last axis that the kernel brings."""
    layer = case.layer
    if not isinstance(layer, pc.EinsumDense) or layer.lora_rank is None or layer.quantization is None:
        return False
    x, kernel, output = re.split(",|->", layer.equation)
    return kernel[-1] in x or kernel[-1] != output[-1]


def _scaled_elsewhere(case: Case) -> bool:
    """Keras builds inputs of 8 bits, and runs them only if the kernel brings as many axes as are summed."""
    layer = case.layer
    if not isinstance(layer, pc.EinsumDense) or layer.quantization != "int8":
        return False
    x, _, output = re.split(",|->", layer.equation)
    return len({*x} - {*output}) > len({*output} - {*x})


CASES = {"EinsumDense": _einsum_dense, "Bilinear": _bilinear}
CALLS = {"keras.layers.EinsumDense": call_calibrated}
CONTRADICTIONS = [_said_otherwise]
UNRUN = [_updated_elsewhere, _scaled_elsewhere]
