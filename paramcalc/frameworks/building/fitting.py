"""The class of a framework for a layer, with what must be done before and behind it.

Where no class is the layer itself, one may be with less: without padding, which is then added before;
with strides of 1, where every so many places are then taken; with axes of size 1 kept, and then dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from paramcalc import algebra
from paramcalc.algebra import Shape, Unknown
from paramcalc.conventions import Convention, Equivalent, evaluated, field_environment
from paramcalc.errors import ParamcalcError
from paramcalc.expression import Environment
from paramcalc.graph import Leaf
from paramcalc.layer import Layer

#: The kinds that take the largest number of a window: nothing is added to it but what is smaller than all.
MAXIMA = ("MaxPool1D", "MaxPool2D", "MaxPool3D")
#: What is added before and behind each axis.
Pads = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Fit:
    """A class, the layer that it is, and what else makes it the layer that is meant."""

    row: Equivalent
    layer: Layer
    given: Mapping[str, Any]
    #: the shapes that each layer within the layer is given, by its id
    parts: Mapping[int, Sequence[Shape]]
    #: of each axis beside the channels
    pads: Pads | None = None
    #: every so many places of each axis beside the channels
    places: tuple[int, ...] | None = None
    #: whether the axes beside the channels, which have size 1, are dropped behind it
    squeezed: bool = False


def fit(
    convention: Convention,
    leaf: Leaf,
    accepts: Callable[[Layer, Mapping[str, Any]], bool],
    replaced: Mapping[str, Any] | None = None,
) -> Fit | None:
    """The class for a leaf whose constructor accepts the arguments, some of them replaced, or None."""
    layer = leaf.layer
    changes = [*_changes(leaf)]
    for number in range(len(changes) + 1):
        for chosen in combinations(changes, number):
            fields = {name: value for each in chosen for name, value in each[0].items()}
            extra = {name: value for each in chosen for name, value in each[1].items()}
            lesser = layer.model_copy(update=fields) if fields else layer
            row = convention.equivalent(lesser, leaf.input_shapes)
            if row is None:
                continue
            given, parts = arguments(row, lesser, leaf.input_shapes, replaced or {})
            if accepts(lesser, given) and (not chosen or _gives_the_same(leaf, lesser, extra)):
                return Fit(row, lesser, given, parts, **extra)
    return None


def arguments(
    row: Equivalent, layer: Layer, inputs: Sequence[Shape], replaced: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[int, Sequence[Shape]]]:
    """The arguments of a class, and of each layer among them the shapes that it is given."""
    fields = field_environment(layer, inputs)
    found = [*layer.filled(inputs[0] if inputs else None).parts(*inputs)]
    environment = Environment({**fields.values, **{part.name: part.layer for part in found}}, fields.input)
    given = {
        name: replaced[name] if name in replaced else evaluated(text, environment)
        for name, text in row.arguments.items()
    }
    return given, {id(part.layer): part.inputs for part in found}


def _changes(leaf: Leaf) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """What may be taken from a layer: fields with their new values, and what makes up for each."""
    fields = type(leaf.layer).model_fields
    layer: Any = leaf.layer.filled(leaf.input_shapes[0] if leaf.inputs else None)
    slides = "strides" in fields and "padding" in fields and fields["padding"].default == "valid"
    if slides and "output_padding" not in fields and layer.padding != "valid":
        pads = _pads(leaf, layer)
        if pads is not None:
            yield {"padding": "valid"}, {"pads": pads}
    if "dilation_rate" in fields and "strides" in fields and "output_padding" not in fields:
        yield {"strides": (1,) * len(layer.strides)}, {"places": layer.strides}
    if "keepdims" in fields and layer.keepdims is False:
        yield {"keepdims": True}, {"squeezed": True}


def _pads(leaf: Leaf, layer: Any) -> Pads | None:
    """What a padding adds before and behind each axis; None where that depends on a free length."""
    fields = type(layer).model_fields
    window = next((getattr(layer, name) for name in ("kernel_size", "pool_size") if name in fields), None)
    if window is None:
        return None
    if isinstance(layer.padding, tuple):
        return tuple((pad, pad) for pad in layer.padding)
    lengths = spatial(leaf.layer, leaf.input_shapes[0])
    dilation = getattr(layer, "dilation_rate", (1,) * len(window))
    if not len(lengths) == len(window) == len(layer.strides):
        return None
    pads = []
    for length, size, stride, step in zip(lengths, window, layer.strides, dilation, strict=True):
        reach = step * (size - 1)
        if layer.padding == "causal":
            pads.append((reach, 0))
            continue
        if stride > 1:
            if isinstance(length, Unknown):
                return None
            reach = max(0, (algebra.ceil_divide(length, stride) - 1) * stride + reach + 1 - length)
        pads.append((reach // 2, reach - reach // 2))
    return tuple(pads)


def spatial(layer: Layer, shape: Shape) -> Shape:
    """The axes of a shape beside the channels."""
    position = layer.channel_axis - 1 if layer.channel_axis > 0 else len(shape) + layer.channel_axis
    return (*shape[:position], *shape[position + 1 :])


def with_spatial(layer: Layer, shape: Shape, lengths: Shape) -> Shape:
    """A shape with other axes beside the channels."""
    position = layer.channel_axis - 1 if layer.channel_axis > 0 else len(shape) + layer.channel_axis
    return (*lengths[:position], shape[position], *lengths[position:])


def _gives_the_same(leaf: Leaf, lesser: Layer, extra: Mapping[str, Any]) -> bool:
    """Whether the lesser layer, with what makes up for it, has the same tensors and output."""
    shape = leaf.input_shapes[0]
    if pads := extra.get("pads"):
        lengths = [length + sum(pad) for length, pad in zip(spatial(lesser, shape), pads, strict=True)]
        shape = with_spatial(lesser, shape, tuple(lengths))
    try:
        outputs, tensors = lesser.infer(shape, *leaf.input_shapes[1:])
    except ParamcalcError:
        return False
    output = outputs[0]
    if places := extra.get("places"):
        lengths = [algebra.ceil_divide(*each) for each in zip(spatial(lesser, output), places, strict=True)]
        output = with_spatial(lesser, output, tuple(lengths))
    if extra.get("squeezed"):
        output = tuple(size for size in output if size != 1) if 1 not in leaf.output else leaf.output
    owned = [(tensor.name, tensor.shape) for tensor in tensors if algebra.truth(tensor.condition)]
    return owned == [(use.tensor.name, use.tensor.shape) for use in leaf.uses] and len(output) == len(leaf.output)
