"""The class of a framework for a layer, with what must be done before and behind it.

Where no class is the layer itself, one may be with less: without padding, which is then added before, or,
behind a transposed convolution, cut off; with strides of 1, where every so many places are then taken; with
axes of size 1 kept, and then dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from paramcalc.conventions import Convention, Equivalent, evaluated
from paramcalc.core import algebra
from paramcalc.core.algebra import Shape, Unknown
from paramcalc.core.errors import ParamcalcError
from paramcalc.core.expression import Environment
from paramcalc.core.registry import kind
from paramcalc.frameworks.building.naming import Names
from paramcalc.graph import Leaf
from paramcalc.layers.base.declaration import Layer

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
    #: what is cut off behind it, of each axis beside the channels
    cuts: Pads | None = None
    #: whether the axes beside the channels, which have size 1, are dropped behind it
    squeezed: bool = False
    #: the arguments, with the text of each size that is made of a constant of the source
    texts: Mapping[str, Any] = field(default_factory=dict)


def fit(
    convention: Convention,
    leaf: Leaf,
    accepts: Callable[[Layer, Mapping[str, Any]], bool],
    replaced: Mapping[str, Any] | None = None,
    names: Names | None = None,
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
            given, parts = arguments(convention, row, lesser, leaf.input_shapes, replaced or {})
            if accepts(lesser, given) and (not chosen or _gives_the_same(leaf, lesser, extra)):
                return Fit(
                    row, lesser, given, parts, **extra, texts=_texts(convention, row, leaf, fields, given, names)
                )
    return None


def _texts(
    convention: Convention,
    row: Equivalent,
    leaf: Leaf,
    fields: Mapping[str, Any],
    given: Mapping[str, Any],
    names: Names | None,
) -> Mapping[str, Any]:
    """The arguments again, with the text of each size in them that is made of a constant."""
    if names is None:
        return given

    def argument(name: str) -> Callable[[Leaf], Any]:
        def get(leaf: Leaf) -> Any:
            layer = leaf.layer.model_copy(update=dict(fields))
            environment = convention.environment(layer, leaf.input_shapes)
            return evaluated(row.arguments[name], environment)

        return get

    return {name: names.of(leaf, argument(name)) if _is_plain(value) else value for name, value in given.items()}


def _is_plain(value: Any) -> bool:
    """Whether a value is made of numbers alone."""
    return all(map(_is_plain, value)) if isinstance(value, tuple) else type(value) is int


def arguments(
    convention: Convention, row: Equivalent, layer: Layer, inputs: Sequence[Shape], replaced: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[int, Sequence[Shape]]]:
    """The arguments of a class, and of each layer among them the shapes that it is given."""
    fields = convention.environment(layer, inputs)
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
    if "output_padding" in fields:
        yield from _cut_lengths(layer)
    if "keepdims" in fields and layer.keepdims is False:
        yield {"keepdims": True}, {"squeezed": True}


def _cut_lengths(layer: Any) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """A transposed convolution as one that gives all that its windows reach, or more, and what is cut off that."""
    reached = [step * (size - 1) + 1 for size, step in zip(layer.kernel_size, layer.dilation_rate, strict=True)]
    # of all that the windows reach: how much is cut off before it, and how much longer it is behind that
    pairs = [*zip(reached, layer.strides, strict=True)]
    if layer.padding == "valid" and layer.output_padding is None:
        wanted = [(0, max(0, stride - reach)) for reach, stride in pairs]
    elif layer.padding == "same" and layer.output_padding is None:
        wanted = [(max(0, reach - stride) // 2, stride - reach) for reach, stride in pairs]
    elif isinstance(layer.padding, tuple):
        added = layer.output_padding or (0,) * len(pairs)
        wanted = [(pad, more - 2 * pad) for pad, more in zip(layer.padding, added, strict=True)]
    else:
        return
    # in numbers; where as much goes on both sides, by the class itself
    more = [max(0, before + longer) for before, longer in wanted]
    cuts = [(before, extra - before - longer) for (before, longer), extra in zip(wanted, more, strict=True)]
    even = all(before == behind for before, behind in cuts)
    yield (
        {"padding": tuple(before for before, _ in cuts) if even else (0,) * len(pairs), "output_padding": tuple(more)},
        {} if even else {"cuts": tuple(cuts)},
    )
    # in words: as long as the windows reach, or as the strides
    more = [max(0, stride - reach) for reach, stride in pairs]
    cuts = [(before, extra - before - longer) for (before, longer), extra in zip(wanted, more, strict=True)]
    if all(behind >= 0 for _, behind in cuts):
        yield {"padding": "valid", "output_padding": None}, {"cuts": tuple(cuts)} if any(map(any, cuts)) else {}


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
    if cuts := extra.get("cuts"):
        lengths = [length - sum(cut) for length, cut in zip(spatial(lesser, output), cuts, strict=True)]
        output = with_spatial(lesser, output, tuple(lengths))
    if extra.get("squeezed"):
        output = tuple(size for size in output if size != 1) if 1 not in leaf.output else leaf.output
    owned = [(tensor.name, tensor.shape) for tensor in tensors if algebra.truth(tensor.condition)]
    same = owned == [(use.tensor.name, use.tensor.shape) for use in leaf.uses]
    return same and algebra.equal_shapes(output, leaf.output)


def cut_text(cuts: Pads, channels_first: bool) -> str:
    """The index that cuts off the beginning and the end of each axis beside the channels."""
    ranges = [f"{before or ''}:{-behind or ''}" for before, behind in cuts]
    return "[" + ", ".join([":"] * (2 if channels_first else 1) + ranges) + "]"


def takes_maxima(layer: Layer) -> bool:
    """Whether a layer takes the largest number of a window: nothing is added to it but what is smaller than all."""
    return isinstance(layer, (kind("MaxPool1D"), kind("MaxPool2D"), kind("MaxPool3D")))


def reduced_axes(leaf: Leaf) -> int | tuple[int, ...]:
    """The axes of which a Reduce makes one number."""
    layer: Any = leaf.layer
    every: tuple[int, ...] = tuple(range(1, len(leaf.input_shapes[0]) + 1))
    return every if layer.axis is None else layer.axis


def slice_text(leaf: Leaf) -> str:
    """The index that takes a part of an axis."""
    layer: Any = leaf.layer
    axis = layer.axis if layer.axis > 0 else len(leaf.input_shapes[0]) + 1 + layer.axis
    end = "" if layer.stop is None else str(layer.stop)
    step = "" if layer.step == 1 else f":{layer.step}"
    chosen = f"{layer.start or ''}:{end}{step}" if layer.keepdims else str(layer.start)
    return "[" + ", ".join([*[":"] * axis, chosen]) + "]"
