"""The functions that a spec may name, each run in the framework that has it."""

from __future__ import annotations

import inspect
from ast import literal_eval
from typing import Any

import numpy as np
import pytest

from paramcalc.core import functions

SHAPE = (2, 3, 4)
#: The arguments of functions that need more than their input.
ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "cast": ("float32",),
    "clip": (0, 1),
    "cumprod": (0,),
    "cumsum": (0,),
    "logcumsumexp": (0,),
    "roll": (1,),
    "softmax2d": (),
    "threshold": (0.5, 0.0),
}
#: The numbers of a function's inputs, where these are not two.
INPUTS = {"where": 3}
NAMES = (*functions.ACTIVATIONS, *functions.OF_NUMBERS)


def _values(*shape: int) -> Any:
    return np.random.default_rng(0).uniform(0.1, 0.9, shape).astype("float32")


@pytest.mark.parametrize("name", NAMES)
def test_a_function_keeps_the_shape_in_each_framework_that_has_it(name: str) -> None:
    import keras
    import torch

    function = functions.ACTIVATIONS.get(name, functions.Function())
    further = ARGUMENTS.get(name, ())
    found = []
    for place in (keras.activations, keras.ops):
        if hasattr(place, name):
            assert tuple(getattr(place, name)(_values(*SHAPE), *further).shape) == SHAPE
            found.append(place)
    if function.torch:
        path, *others = function.torch.split(" ")
        module, _, called = path.partition(".")
        owner = {"functional": torch.nn.functional, "torch": torch}[module]
        assert getattr(owner, called)(torch.tensor(_values(*SHAPE)), *map(literal_eval, others)).shape == SHAPE
        found.append(torch)
    if function.module:
        along = {"dim": -1} if name in functions.ALONG_AN_AXIS else {}
        module = getattr(torch.nn, function.module)(*further, **along)
        assert module(torch.tensor(_values(*SHAPE))).shape == SHAPE
        found.append(torch)
    if not found and hasattr(torch, name):
        assert getattr(torch, name)(torch.tensor(_values(*SHAPE)), *further).shape == SHAPE
        found.append(torch)
    assert found, name


@pytest.mark.parametrize("name", functions.ACTIVATIONS)
def test_keras_has_an_activation_where_the_table_says_so(name: str) -> None:
    import keras

    function = getattr(keras.activations, name, None)
    alone = function is not None and all(
        each.default is not each.empty for each in [*inspect.signature(function).parameters.values()][1:]
    )
    assert alone == functions.ACTIVATIONS[name].keras


def test_every_activation_of_keras_that_keeps_the_shape_is_known() -> None:
    from keras.src.activations import ALL_OBJECTS_DICT

    assert {name for name in ALL_OBJECTS_DICT if name} - {*functions.ACTIVATIONS} == {"glu"}


@pytest.mark.parametrize("name", functions.OF_SEVERAL)
def test_a_function_of_several_inputs_repeats_their_axes_of_one(name: str) -> None:
    import keras
    import torch

    if name == "squared_difference":
        # of the backend alone, in files that older versions wrote
        assert not hasattr(keras.ops, name)
        return
    large, small = SHAPE, (2, 1, 4)
    for dtype in ("float32", "bool", "int32"):
        inputs = [_values(*(large if place != 1 else small)) > 0.5 for place in range(INPUTS.get(name, 2))]
        inputs = [
            each if dtype == "bool" or (name == "where" and not place) else each.astype(dtype)
            for place, each in enumerate(inputs)
        ]
        try:
            ours = tuple(getattr(keras.ops, name)(*inputs).shape)
            theirs = functions.OF_SEVERAL[name]
            other = tuple(getattr(torch, theirs)(*map(torch.tensor, inputs)).shape) if theirs else ours
        except Exception:  # not of this dtype
            continue
        assert ours == other == SHAPE
        return
    raise AssertionError(f"{name} takes none of the dtypes")
