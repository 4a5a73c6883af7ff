"""A layer's FLOPs as its framework's own class has them, under the arbiter, against ours."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import torch
from hypothesis import assume
from torch.utils._python_dispatch import _disable_current_modes

import paramcalc as pc
from paramcalc.conventions import convention
from paramcalc.graph import Leaf
from paramcalc.measures import measure
from paramcalc.measures.flops import State

from . import classes
from .flop_counter import Counted, counted, examples
from .native import BATCH, made
from .strategies import Case

#: The kinds whose products Keras writes as sums over axes by name.
BY_NAMES = ("Einsum", "EinsumDense", "MultiHeadAttention", "Attention", "AdditiveAttention")


def check_flops(case: Case, framework: str, trainable: bool, gradient: bool) -> None:
    """Hold the FLOPs of a layer, forwards and backwards, to those counted of the framework's class.

    With `gradient`, its inputs need a gradient, as those within a network do.
    """
    leaf, ours = _ours(case, framework, trainable, gradient)
    if framework == "keras":
        _as_products(leaf, gradient)
    equivalent = convention(framework).equivalent(leaf.layer, leaf.input_shapes)
    assert equivalent is not None
    kind, inputs = type(case.layer).__name__, examples(case.shapes, case.dtypes, BATCH, gradient)
    with of_products_alone():
        layer = made(leaf.layer, leaf.input_shapes, equivalent, framework)
        if framework == "keras":
            classes.call(kind, equivalent.name, layer, [each.detach() for each in inputs])
            layer.trainable = trainable
        else:
            layer.train().requires_grad_(trainable)
        # without mkldnn, a convolution may have no backward pass
        real = counted(lambda: classes.call(kind, equivalent.name, layer, inputs), fused=framework == "keras")
    assert ours == real


def _ours(case: Case, framework: str, trainable: bool, gradient: bool) -> tuple[Leaf, Counted]:
    counted_forward = pc.count(case.spec_with(trainable), framework, of="flops", dims={"batch": BATCH})
    leaf = counted_forward.layers[-1].leaf
    assert leaf is not None
    state = State(tuple(gradient and dtype.startswith("float") for dtype in case.dtypes), again=0, is_used=True)
    terms = measure("training_flops").terms(leaf, counted_forward.amounts.context, state)
    training = sum(term.amount for term in terms)
    if not gradient:
        # what a network of this layer alone comes to: its inputs need none
        alone = pc.count(case.spec_with(trainable), framework, of="training_flops", dims={"batch": BATCH})
        assert alone.total == training
    return leaf, Counted(counted_forward.total, training)


def _as_products(leaf: Leaf, gradient: bool) -> None:
    """Leave out what the counter takes for no product, and what Keras does not run on PyTorch.

    A sum by names over an axis of size 1 is taken element by element. Of kernels with whole numbers of few bits, Keras
    computes no gradient of the input there, nor sums over what the kernel does not have.
    """
    layers = [leaf.layer, *(part.layer for part in leaf.layer.parts(*leaf.input_shapes))]
    by_names: list[Any] = [layer for layer in layers if type(layer).__name__ in BY_NAMES]
    if not by_names:
        return
    sizes = [size for product in leaf.layer.owned_products(*leaf.input_shapes) for size in product.sizes]
    assume(all(size > 1 for size in sizes))
    assume(all(size > 1 for shape in leaf.input_shapes for size in shape))
    for layer in by_names:
        if getattr(layer, "quantization", None) not in (None, "float8"):
            x, kernel, output = re.split(",|->", layer.equation.replace("...", ""))
            assume(not gradient and {*x} <= {*kernel, *output})


@contextmanager
def of_products_alone() -> Iterator[None]:
    """Have what the counter does not count, or counts beside a layer's products, computed in other ways.

    Bilinear layers by brute force: the products of features, and a matrix. Loops of Keras on PyTorch without the steps
    that they run before the first: one to learn the shape of an output (`keras/src/backend/torch/rnn.py`), and one of
    stacked cells for the sake of masks (`keras/src/layers/rnn/rnn.py`).
    """

    def bilinear(x: torch.Tensor, y: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
        products = (x.unsqueeze(-1) * y.unsqueeze(-2)).flatten(-2)
        return torch.nn.functional.linear(products, weight.flatten(1), bias)

    with patch("torch.nn.functional.bilinear", bilinear), _loops_of_keras():
        yield


@contextmanager
def _loops_of_keras() -> Iterator[None]:
    backend = sys.modules.get("keras.src.backend")
    if backend is None or backend.backend() != "torch":
        yield
        return
    import keras

    loop, masks = backend.rnn, "_maybe_config_dropout_masks"
    prepare = getattr(keras.layers.RNN, masks)

    def rnn(step: Any, *arguments: Any, unroll: bool = False, **named: Any) -> Any:
        probing = not unroll

        def counted_step(*given: Any) -> Any:
            nonlocal probing
            if not probing:
                return step(*given)
            probing = False
            with _disable_current_modes():
                return step(*given)

        return loop(counted_step, *arguments, unroll=unroll, **named)

    def prepared(*arguments: Any) -> Any:
        with _disable_current_modes():
            return prepare(*arguments)

    with patch.object(backend, "rnn", rnn), patch.object(keras.layers.RNN, masks, prepared):
        yield
