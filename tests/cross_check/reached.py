"""What of a layer's output changes where a part of its input does, held to what the layer type states of that."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from hypothesis import assume

import paramcalc as pc
from paramcalc.conventions import convention
from paramcalc.graph import Leaf
from paramcalc.layers.base.reach import Sight

from . import classes
from .native import made
from .strategies import Case

_BATCH = 24
#: Of whole numbers, few of which there are, most changes make no difference to the largest of a bag.
_OF_NUMBERS = 600
#: The fields that say how many whole numbers an input may have.
_NUMBERS = ("input_dim", "num_tokens", "num_bins")
#: What lays windows out one behind another, so that padding along one axis shows in another.
_FOLDS = ("Fold", "Unfold")


def check_reach(case: Case, framework: str, seed: int) -> int:
    """Change each position of each axis of the inputs, and see what follows. Returns the axes that were compared."""
    leaf = pc.count(case.spec, framework).layers[-1].leaf
    assert leaf is not None
    reach = leaf.layer.all_reach(*leaf.input_shapes)
    assert reach is not None
    kind = type(case.layer).__name__
    # a single key is taken whatever the query is
    assume("Attention" not in kind or all(shape[-2] > 1 for shape in case.shapes))
    # where attention looks is said when it is called, and not to its class; `test_attention` has that
    assume("Attention" not in kind or not any(getattr(case.layer, name, None) for name in ("causal", "window")))
    assume(framework == "torch" or not _begins_elsewhere(case.layer))
    # of a single feature, a norm makes nothing but its shift
    assume(any(case.shapes) and ("Transformer" not in kind or all(shape[-1] > 1 for shape in case.shapes)))
    run, generator = _runner(case, leaf, framework), np.random.default_rng(seed)
    batch = _BATCH if "float" in "".join(case.dtypes) else _OF_NUMBERS
    inputs = [_example(leaf.layer, generator, batch, *each) for each in zip(case.shapes, case.dtypes, strict=True)]
    before = run(inputs)
    assume((before != before[:1]).any() and not np.isnan(before).any())
    compared = 0
    for number, (sights, shape) in enumerate(zip(reach, case.shapes, strict=True)):
        other = _example(leaf.layer, generator, batch, shape, case.dtypes[number])
        if np.array_equal(other, inputs[number]):
            # whole numbers that mean something, and are not drawn
            continue
        for axis, sight in enumerate(sights):
            if sight.span is not None:
                changed = []
                others = [place for place in range(len(shape)) if place != axis]
                beside = kind in _FOLDS and any(case.layer.padding)  # type: ignore[attr-defined]
                beside = beside or any(_is_beside(sights[each], shape[each], before.shape) for each in others)
                for place in range(shape[axis]):
                    given, at = inputs[number].copy(), (slice(None),) * (axis + 1) + (place,)
                    given[at] = other[at]
                    changed.append((run([*inputs[:number], given, *inputs[number + 1 :]]) != before).any(0))
                _check(sight, np.array(changed), beside)
                compared += 1
    return compared


def _begins_elsewhere(layer: Any) -> bool:
    """Whether Keras may begin in the middle, where windows with `same` padding are further apart than they reach.

    It runs volumes and groups through XLA, which takes what is padded for less than nothing there; TensorFlow does not.
    """
    if getattr(layer, "padding", None) != "same" or not hasattr(layer, "kernel_size"):
        return False
    axes = zip(layer.kernel_size, layer.strides, layer.dilation_rate, strict=True)
    return any(stride > dilation * (size - 1) + 1 for size, stride, dilation in axes)


def _check(sight: Sight, changed: Any, beside: bool) -> None:
    """Compare a sight with what changed: by the position that was changed, then by that of the output.

    Where a part of what an output sees lies `beside` the input, along this axis or another, it may see less.
    """
    for place in _places(sight, changed.shape[1:]):
        of_place = changed if sight.axis is None else changed.take(place, axis=1 + sight.axis)
        seen = [int(each) for each in np.flatnonzero(of_place.reshape(len(changed), -1).any(1))]
        low, high = sight.span.bounds(place) if sight.span is not None else (0, 0)
        ends = [max(low, 0), min(high, len(changed) - 1)] if low <= high else []
        if not beside and not _beyond(low, high, len(changed)):
            assert seen[:1] + seen[-1:] == ends, (sight, place, seen)
        elif not sight.note:
            assert all(low <= each <= high for each in seen), (sight, place, seen)


def _places(sight: Sight, shape: tuple[int, ...]) -> range:
    return range(1) if sight.axis is None else range(shape[sight.axis])


def _beyond(low: float, high: float, length: int) -> bool:
    """Whether positions are not all within an axis, and not as many as there are."""
    return (low < 0 and low != -np.inf) or (high >= length and high != np.inf)


def _is_beside(sight: Sight, length: int, output: tuple[int, ...]) -> bool:
    """Whether some output sees positions that lie beside an axis of the input."""
    if sight.span is None:
        return False
    return any(_beyond(*sight.span.bounds(place), length) for place in _places(sight, output[1:]))


def _example(layer: Any, generator: Any, batch: int, shape: tuple[int, ...], dtype: str) -> Any:
    if "float" in dtype:
        return generator.normal(size=(batch, *shape))
    most = next((getattr(layer, name) for name in _NUMBERS if hasattr(layer, name)), 1)
    return generator.integers(0, most, (batch, *shape))


def _runner(case: Case, leaf: Leaf, framework: str) -> Any:
    """Return what runs the framework's own layer on arrays."""
    kind, equivalent = type(case.layer).__name__, convention(framework).equivalent(leaf.layer, leaf.input_shapes)
    assert equivalent is not None
    layer = made(leaf.layer, leaf.input_shapes, equivalent, framework)

    def of_torch(inputs: list[np.ndarray]) -> np.ndarray:
        dtypes = [torch.float64 if "float" in each else getattr(torch, each) for each in case.dtypes]
        tensors = [torch.from_numpy(each).to(dtype) for each, dtype in zip(inputs, dtypes, strict=True)]
        torch.manual_seed(0)
        with torch.no_grad():
            return np.atleast_1d(_first(classes.call(kind, equivalent.name, layer, tensors)))

    def of_keras(inputs: list[np.ndarray]) -> np.ndarray:
        arrays = [each.astype(dtype) for each, dtype in zip(inputs, case.dtypes, strict=True)]
        return np.atleast_1d(_first(classes.call(kind, equivalent.name, layer, arrays)))

    if framework == "keras":
        return of_keras if kind != "STFTSpectrogram" else _trained(layer, of_keras)
    layer.double().eval()
    return of_torch


def _trained(layer: Any, run: Any) -> Any:
    """Give the layer other kernels than those that it begins with, whose windows are 0 at both ends."""

    def with_others(inputs: list[Any]) -> Any:
        run(inputs)
        generator = np.random.default_rng(0)
        layer.set_weights([generator.normal(size=each.shape) for each in layer.get_weights()])
        return run(inputs)

    return with_others


def _first(outputs: Any) -> Any:
    while isinstance(outputs, (list, tuple)):
        outputs = outputs[0]
    return outputs
