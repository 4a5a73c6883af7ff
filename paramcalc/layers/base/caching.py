"""What a layer keeps to generate a sequence step by step: keys, values, states."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from paramcalc.core.algebra import Shape
from paramcalc.layers.base.declaration import Layer, Tensor


def nothing_cached(layer: Layer, *inputs: Any) -> Iterable[Tensor]:
    """State that a layer type keeps nothing itself; layers within it may."""
    return ()


def states_cached(shapes: Sequence[Shape], prefix: str = "", when: Any = True) -> Iterator[Tensor]:
    """Yield the vectors of a state, as a layer keeps them from one step to the next."""
    for number, shape in enumerate(shapes):
        name = f"{prefix}state_{number}" if number else f"{prefix}state"
        yield Tensor(name, shape, "what it carries from one step to the next", "state", when=when)
