"""A layer with symbols in the place of its sizes, for the derivation of its tensors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from itertools import count as numbers
from typing import Any

from paramcalc.core.algebra import Number, Shape
from paramcalc.layers.base.axes import Axes
from paramcalc.layers.base.declaration import Layer
from paramcalc.results.formula import symbol


@dataclass(frozen=True)
class SymbolMeaning:
    """A symbol of a derivation, its value and what it stands for."""

    name: str
    value: int
    meaning: str


class LayerSymbols:
    """Puts a symbol in the place of each size that a layer states, and of each axis of its inputs."""

    def __init__(self) -> None:
        self.meanings: dict[str, SymbolMeaning] = {}

    def shape(self, axes: Axes, shape: Shape, channel_axis: int) -> Shape:
        """Return the shape of an input in symbols."""
        # a declaration sees the channels last, wherever they are
        names = axes.symbols_at(len(shape), channel_axis)
        return tuple(
            self.stand_in(name, size, axes.meanings.get(name, f"size of axis {axis} of the input"))
            for axis, (name, size) in enumerate(zip(names, shape, strict=True), start=1)
        )

    def layer(self, layer: Layer) -> Layer:
        """Return a layer, and the layers in it, with symbols in the place of its sizes."""
        cls = type(layer)
        values = {
            name: self.field(layer, name, letter)
            for name, letter in cls.lettered_fields().items()
            if getattr(layer, name) not in (None, cls.model_fields[name].default)
        }
        for name in cls.nested_fields():
            inner = getattr(layer, name)
            if isinstance(inner, tuple):
                values[name] = tuple(map(self.layer, inner))
            elif inner is not None:
                values[name] = self.layer(inner)
        return layer.model_copy(update=values)

    def field(self, layer: Layer, name: str, letter: str) -> Any:
        """Return the value of a field in symbols: one, or one a side of a window."""
        cls, value = type(layer), getattr(layer, name)
        sizes = value if isinstance(value, tuple) else (value,)
        # what stands for it where it is absent, is of no interest here
        meaning = str(cls.model_fields[name].description).split(";")[0]
        names = cls.symbol_names(name, letter, len(sizes))
        made = tuple(self.stand_in(each, size, meaning) for each, size in zip(names, sizes, strict=True))
        return made if isinstance(value, tuple) else made[0]

    def stand_in(self, name: str, size: Number, meaning: str) -> Number:
        """Return the symbol of a size under this name; what is no number stays as it is."""
        if type(size) is not int:
            return size
        # a layer within the layer may have the same letter for another size
        for candidate in chain([name], (f"{name}_{number}" for number in numbers(2))):
            known = self.meanings.setdefault(candidate, SymbolMeaning(candidate, size, meaning))
            if (known.value, known.meaning) == (size, meaning):
                return symbol(candidate)
        raise AssertionError("there is always another name")


def in_symbols(layer: Layer, inputs: Sequence[Shape]) -> tuple[Layer, list[Shape], list[SymbolMeaning]]:
    """Return the layer and the shapes of its inputs in symbols, and what each symbol stands for."""
    symbols, declared = LayerSymbols(), type(layer).inputs
    # all further inputs are as the last one declared
    axes = [declared[min(place, len(declared) - 1)] for place in range(len(inputs))]
    shapes = [symbols.shape(each, shape, layer.channel_axis) for each, shape in zip(axes, inputs, strict=True)]
    return symbols.layer(layer), shapes, list(symbols.meanings.values())
