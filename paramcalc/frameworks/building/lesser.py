"""What a layer may be with less, and what makes up for that.

Without padding, which is then added before, or, behind a transposed convolution, cut off; with strides of 1,
where every so many positions are then taken; with axes of size 1 kept, and then dropped.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from paramcalc.core import algebra
from paramcalc.core.algebra import Shape, Undecided
from paramcalc.core.errors import ParamcalcError
from paramcalc.core.registry import kind
from paramcalc.frameworks.building.axes import Pairs, spatial, with_spatial
from paramcalc.graph import Leaf
from paramcalc.layers.base.declaration import Layer
from paramcalc.layers.base.windows import padding_amounts


@dataclass(frozen=True, kw_only=True)
class Remedy:
    """What is done before and behind a lesser layer, so that it is the one that is meant."""

    #: what is added before it, of each axis beside the channels
    pads: Pairs | None = None
    #: every so many positions of each axis beside the channels are taken behind it
    places: tuple[int, ...] | None = None
    #: what is cut off behind it, of each axis beside the channels
    cuts: Pairs | None = None
    #: whether the axes beside the channels, which have size 1, are dropped behind it
    squeezed: bool = False


class Change(NamedTuple):
    """What may be taken from a layer: fields with their new values, and the parts of the remedy for that."""

    fields: Mapping[str, Any]
    remedy: Mapping[str, Any]


def lesser_layer(layer: Layer, chosen: Sequence[Change]) -> tuple[Layer, Remedy]:
    """Return a layer with some changes, and what makes up for them."""
    fields = {name: value for change in chosen for name, value in change.fields.items()}
    remedies = {name: value for change in chosen for name, value in change.remedy.items()}
    return layer.model_copy(update=fields) if fields else layer, Remedy(**remedies)


def changes(leaf: Leaf) -> Iterator[Change]:
    """Yield what may be taken from the layer of a leaf."""
    fields = type(leaf.layer).model_fields
    layer: Any = leaf.layer.filled(leaf.input_shapes[0] if leaf.inputs else None)
    is_transposed = "output_padding" in fields
    slides = "strides" in fields and "padding" in fields and fields["padding"].default == "valid"
    if slides and not is_transposed and layer.padding != "valid":
        pads = _pads(leaf, layer)
        alike = pads is not None and all(before == behind for before, behind in pads)
        if pads is not None and alike and "kernel_size" in fields and isinstance(layer.padding, str):
            # as much on both sides: a convolution of PyTorch adds that itself
            yield Change({"padding": tuple(before for before, _ in pads)}, {})
        if pads is not None:
            yield Change({"padding": "valid"}, {"pads": pads} if any(map(any, pads)) else {})
    if "dilation_rate" in fields and "strides" in fields and not is_transposed:
        yield Change({"strides": (1,) * len(layer.strides)}, {"places": layer.strides})
    if is_transposed:
        yield from _transposed(layer)
    if "keepdims" in fields and layer.keepdims is False:
        yield Change({"keepdims": True}, {"squeezed": True})


# --- Padding ------------------------------------------------------------------------------


def _pads(leaf: Leaf, layer: Any) -> Pairs | None:
    """Return what a padding adds before and behind each axis; None where that depends on a free length."""
    fields = type(layer).model_fields
    window = next((getattr(layer, name) for name in ("kernel_size", "pool_size") if name in fields), None)
    if window is None:
        return None
    lengths = spatial(leaf.layer, leaf.input_shapes[0])
    dilations = getattr(layer, "dilation_rate", (1,) * len(window))
    if not len(lengths) == len(window) == len(layer.strides):
        return None
    try:
        return padding_amounts(lengths, window, layer.strides, layer.padding, dilations)
    except Undecided:
        return None


# --- Transposed convolutions ---------------------------------------------------------------


class _End(NamedTuple):
    """Of one axis, what is cut off all that the windows reach; behind, less than nothing where it goes on further."""

    before: int
    behind: int


def _transposed(layer: Any) -> Iterator[Change]:
    """Yield what a transposed convolution may be: one that gives all that its windows reach, or more, which is cut."""
    reached = [dilation * (size - 1) + 1 for size, dilation in zip(layer.kernel_size, layer.dilation_rate, strict=True)]
    windows = [*zip(reached, layer.strides, strict=True)]
    ends = _ends(layer, windows)
    if ends is None:
        return
    # its lengths in numbers, as PyTorch has them; where as much goes on both sides, by the class itself
    further = [max(0, -end.behind) for end in ends]
    cuts = _cuts(ends, further)
    if all(before == behind for before, behind in cuts):
        padding = tuple(before for before, _ in cuts)
        yield Change({"padding": padding, "output_padding": tuple(further)}, {})
    else:
        yield Change({"padding": (0,) * len(cuts), "output_padding": tuple(further)}, {"cuts": cuts})
    # in words, as Keras has them: as long as the windows reach, or as the strides
    cuts = _cuts(ends, [max(0, stride - reach) for reach, stride in windows])
    if all(behind >= 0 for _, behind in cuts):
        yield Change({"padding": "valid", "output_padding": None}, {"cuts": cuts} if any(map(any, cuts)) else {})


def _ends(layer: Any, windows: Sequence[tuple[int, int]]) -> list[_End] | None:
    """Return what a transposed convolution cuts off each axis; `windows` are their reach and stride.

    None for a padding in words together with an output padding.
    """
    if isinstance(layer.padding, tuple):
        added = layer.output_padding or (0,) * len(windows)
        return [_End(pad, pad - more) for pad, more in zip(layer.padding, added, strict=True)]
    if layer.output_padding is not None:
        return None
    if layer.padding == "valid":
        return [_End(0, min(0, reach - stride)) for reach, stride in windows]
    if layer.padding == "same":
        befores = [max(0, reach - stride) // 2 for reach, stride in windows]
        return [_End(before, reach - stride - before) for before, (reach, stride) in zip(befores, windows, strict=True)]
    return None


def _cuts(ends: Sequence[_End], further: Sequence[int]) -> Pairs:
    """Return what is cut off an output that goes on `further` than its windows reach."""
    return tuple((end.before, end.behind + more) for end, more in zip(ends, further, strict=True))


def takes_maxima(layer: Layer) -> bool:
    """Whether a layer takes the largest number of a window: nothing is added to it but what is smaller than all."""
    return isinstance(layer, (kind("MaxPool1D"), kind("MaxPool2D"), kind("MaxPool3D")))


# --- Whether it is the same ------------------------------------------------------------------


def gives_the_same(leaf: Leaf, lesser: Layer, remedy: Remedy) -> bool:
    """Whether a lesser layer, with what makes up for it, has the tensors and the output of a leaf."""
    shape = leaf.input_shapes[0]
    if remedy.pads:
        shape = _longer(lesser, shape, remedy.pads)
    try:
        outputs, tensors = lesser.infer(shape, *leaf.input_shapes[1:])
    except ParamcalcError:
        return False
    output = outputs[0]
    if remedy.places:
        lengths = [algebra.ceil_divide(*each) for each in zip(spatial(lesser, output), remedy.places, strict=True)]
        output = with_spatial(lesser, output, tuple(lengths))
    if remedy.cuts:
        output = _longer(lesser, output, [(-before, -behind) for before, behind in remedy.cuts])
    if remedy.squeezed:
        output = tuple(size for size in output if size != 1) if 1 not in leaf.output else leaf.output
    owned = [(tensor.name, tensor.shape) for tensor in tensors if algebra.truth(tensor.condition)]
    same = owned == [(use.tensor.name, use.tensor.shape) for use in leaf.uses]
    return same and algebra.equal_shapes(output, leaf.output)


def _longer(layer: Layer, shape: Shape, added: Sequence[tuple[int, int]]) -> Shape:
    """Return a shape with something added to each axis beside the channels."""
    lengths = [length + before + behind for length, (before, behind) in zip(spatial(layer, shape), added, strict=True)]
    return with_spatial(layer, shape, tuple(lengths))
