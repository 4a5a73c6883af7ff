"""Layer types that are alike but for their number of axes: over a sequence, an image, a volume.

What they have in common stands once, in a class of no certain number of axes. `class MaxPool2D(_MaxPool, rank=2)` is
that class over two axes: its fields read as many numbers, its inputs and its example have the axes, and its texts the
words. In a text, `{rank}`, `{input}`, `{position}`, `{positions}` and `{extent}` stand for those of `_WORDS`.
"""

from collections.abc import Iterable, Sequence
from copy import copy
from typing import Annotated, Any, ClassVar, TypeAlias, get_args

from pydantic.fields import FieldInfo

from paramcalc.core.algebra import Shape
from paramcalc.layers.base.axes import Axes
from paramcalc.layers.base.declaration import Example, Layer
from paramcalc.layers.base.fields import (
    Amount1D,
    Amount2D,
    Amount3D,
    CutSides1D,
    CutSides2D,
    CutSides3D,
    FieldType,
    Given,
    OpenWindow1D,
    OpenWindow2D,
    OpenWindow3D,
    OptionalAmount1D,
    OptionalAmount2D,
    OptionalAmount3D,
    OptionalWindow1D,
    OptionalWindow2D,
    OptionalWindow3D,
    Sides1D,
    Sides2D,
    Sides3D,
    Whole,
    Wholes,
    Window1D,
    Window2D,
    Window3D,
)
from paramcalc.layers.base.words import Padding1D, Padding2D, Padding3D

#: By the number of axes of positions: the symbol of each axis, with its meaning.
_POSITIONS: dict[int, dict[str, str]] = {
    1: {"t": "steps of the sequence"},
    2: {"h": "height", "w": "width"},
    3: {"d": "depth", "h": "height", "w": "width"},
}
#: By the same number: the sizes of the axes in examples.
_LENGTHS = {1: (20,), 2: (32, 32), 3: (64, 32, 32)}
#: By the same number: the words of texts.
_WORDS: dict[int, dict[str, str]] = {
    1: {
        "rank": "1",
        "input": "a sequence",
        "inputs": "rows",
        "position": "step",
        "positions": "steps",
        "extent": "length",
        "larger": "longer",
        "sides": "one number, or those before and after",
    },
    2: {
        "rank": "2",
        "input": "an image",
        "inputs": "images",
        "position": "pixel",
        "positions": "pixels",
        "extent": "height and width",
        "larger": "larger",
        "sides": "one number, one for each axis, or two for each axis",
    },
    3: {
        "rank": "3",
        "input": "a volume",
        "inputs": "volumes",
        "position": "voxel",
        "positions": "voxels",
        "extent": "depth, height and width",
        "larger": "larger",
        "sides": "one number, one for each axis, or two for each axis",
    },
}


def positions(rank: int, channels: str = "channels") -> Axes:
    """Give the axes of an input over one, two or three axes of positions, and one of channels."""
    names = _POSITIONS[rank]
    return Axes(" ".join((*names, "c")), False, **names, c=channels)


class ByRank:
    """The types of a field over one, two and three axes."""

    def __init__(self, *aliases: Any) -> None:
        self.types: tuple[FieldType, ...] = tuple(get_args(alias)[1] for alias in aliases)


#: A window over the axes: one number for all, or one each.
Window: TypeAlias = Annotated[Given[Wholes], ByRank(Window1D, Window2D, Window3D)]
OptionalWindow: TypeAlias = Annotated[
    Given[Wholes | None], ByRank(OptionalWindow1D, OptionalWindow2D, OptionalWindow3D)
]
#: The same, but each number may be 0; or there may be none at all.
Amount: TypeAlias = Annotated[Given[Wholes], ByRank(Amount1D, Amount2D, Amount3D)]
OptionalAmount: TypeAlias = Annotated[
    Given[Wholes | None], ByRank(OptionalAmount1D, OptionalAmount2D, OptionalAmount3D)
]
#: `valid`, `same`, or what is added on each side of each axis.
Padding: TypeAlias = Annotated[Given[Wholes], ByRank(Padding1D, Padding2D, Padding3D)]
#: The sizes of an output; null, over several axes, is what the input has.
OpenWindow: TypeAlias = Annotated[
    Given[Whole | Sequence[Whole | None]], ByRank(OpenWindow1D, OpenWindow2D, OpenWindow3D)
]
#: What is cut off on the two sides of each axis, and what is added there.
CutSides: TypeAlias = Annotated[Given[Whole | Sequence[Wholes]], ByRank(CutSides1D, CutSides2D, CutSides3D)]
Sides: TypeAlias = Annotated[Given[Whole | Sequence[Wholes]], ByRank(Sides1D, Sides2D, Sides3D)]


class Ranked(Layer):
    """A layer type over one, two or three axes of positions."""

    #: over how many; none, of the class in which those of one, two and three axes stand once
    rank: ClassVar[int | None] = None

    def __init_subclass__(cls, rank: int | None = None, **settings: Any) -> None:
        super().__init_subclass__(**settings)
        if rank is not None:
            cls.rank = rank
            cls.__doc__ = (cls.__doc__ or cls.__mro__[1].__doc__ or "").format_map(_WORDS[rank])
            cls.source = cls.source.format_map(_WORDS[rank])
            if cls.example is not None:
                cls.example = _example_over(cls.example, cls.inputs, rank)
            cls.inputs = tuple(_axes_over(axes, rank) for axes in cls.inputs)

    def way_out(self, shape: Shape) -> str:
        names = self.inputs[0].names
        if len(shape) == len(names) - 1:
            added = _text((1, *shape) if self.channel_axis == 1 else (*shape, 1))
            return (
                f"an axis of channels is missing: write Reshape: {{target_shape: {added}}} before it, or the Input so"
            )
        if len(shape) < len(names):
            axes = self.inputs[0].symbols_at(len(names), self.channel_axis)
            return f"write Reshape: {{target_shape: {_text(axes)}}} before it, with the positions and channels meant"
        around = f"TimeDistributed: {{layer: {{{type(self).__name__}: …}}}}"
        return f"a spec leaves the batch out of every shape; {around} goes over one axis more"

    def way_out_of_nothing(self, shape: Shape) -> str:
        first = self.channel_axis == 1
        channels, *lengths = shape if first else shape[::-1]
        if all(type(size) is int for size in shape) and min(lengths) <= _FEW_CHANNELS < min(channels, max(lengths)):
            where, framework = ("first", "keras") if first else ("last", "torch")
            back = _text((shape[-1], *shape[:-1]) if first else (*shape[1:], shape[0]))
            return f"channels are the {where} axis here: write the shape as {back}, or framework: {framework}"
        return "too little is left of the input: pad it, as with padding: same, or reduce it less before"

    @classmethod
    def __pydantic_init_subclass__(cls, rank: int | None = None, **settings: Any) -> None:
        """Give the fields the types and the words of this number of axes."""
        super().__pydantic_init_subclass__(**settings)
        if rank is not None:
            for name, info in cls.model_fields.items():
                cls.model_fields[name] = _field_over(info, rank)


#: As many channels as an image has at most; more are not at that axis.
_FEW_CHANNELS = 4


def _text(shape: Iterable[Any]) -> str:
    return "[" + ", ".join(map(str, shape)) + "]"


def _axes_over(axes: Axes, rank: int) -> Axes:
    """Give axes with those of positions in the place of the `...`."""
    return positions(rank, axes.meanings["c"]) if axes.open else axes


def _example_over(example: Example, inputs: tuple[Axes, ...], rank: int) -> Example:
    """Give an example with the sizes of the positions in the place of the `...` of its inputs."""
    shapes = [
        (*_LENGTHS[rank], *shape) if axes.open else shape for axes, shape in zip(inputs, example.inputs, strict=False)
    ]
    return Example(example.fields, shapes)


def _field_over(info: FieldInfo, rank: int) -> FieldInfo:
    """Give a field as a layer type over `rank` axes has it."""
    choice = next((item for item in info.metadata if isinstance(item, ByRank)), None)
    if choice is None:
        return info
    info = copy(info)
    info.description = (info.description or "").format_map(_WORDS[rank])
    field_type = choice.types[rank - 1]
    info.metadata = [field_type]
    if not info.is_required():
        info.default = field_type.read(info.default)
    return info
