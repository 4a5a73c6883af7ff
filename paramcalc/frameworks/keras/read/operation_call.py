"""An operation of keras.ops in a description, and what it is called with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from paramcalc.core.errors import LIMITS, ParamcalcError, quoted, refuse
from paramcalc.core.registry import kind
from paramcalc.frameworks.keras.read.description import StatedShape
from paramcalc.layers.base.declaration import Layer


@dataclass
class OperationCall:
    """An operation, and what it is called with."""

    name: str
    #: the name in the model
    label: str
    config: Mapping[str, Any]
    #: what else than outputs it is called with
    constants: list[Any]
    #: the shapes of the outputs that it is called with, the batch first, where they are stated
    shapes: Sequence[StatedShape | None]

    @property
    def shape(self) -> StatedShape:
        """The shape of its first input."""
        return self.stated[0]

    @property
    def stated(self) -> list[StatedShape]:
        """The shapes of all its inputs. Raises `unknown-kind` where one is not stated."""
        stated = [shape for shape in self.shapes if shape is not None]
        if not stated or len(stated) < len(self.shapes):
            raise self.refusal("the description states no shape of what it is given")
        return stated

    @property
    def sizes(self) -> list[int]:
        """The sizes of the first input without the batch; a single unknown one as -1."""
        sizes = [-1 if size is None else size for size in self.shape[1:]]
        if sizes.count(-1) > 1:
            raise self.refusal("several lengths of what it is given are unknown")
        return sizes

    def argument(self, name: str) -> Any:
        """Return an argument that the configuration holds, or that the call gives."""
        return self.config[name] if name in self.config else next(iter(self.constants), None)

    def axis(self, value: Any, more: int = 0) -> int:
        """Return an axis of the first input with `more` axes, counted from the batch, which it is not."""
        rank = len(self.shape) + more
        if type(value) is not int or not -rank <= value < rank or value % rank == 0:
            raise self.refusal(f"it works along the axis {quoted(value)}")
        return value % rank

    def axes(self, name: str, more: int = 0) -> list[int]:
        """Return the axes that an argument names: one, or a list of them."""
        value = self.argument(name)
        axes = [self.axis(axis, more) for axis in (value if isinstance(value, (list, tuple)) else [value])]
        if not axes or len({*axes}) < len(axes):
            raise self.refusal("it names an axis twice, or none")
        return axes

    def refusal(self, why: str) -> ParamcalcError:
        """Return the refusal of an operation whose shape is not known."""
        return refuse(
            "unknown-kind",
            f"the operation '{self.label}' is of the class {quoted(self.name)}, and {why}",
            "use a layer that does the same, or give its shape: - Input: {shape: …} in its place",
        )


def with_ones(called: OperationCall, sizes: Sequence[int], axes: Sequence[int]) -> Layer:
    """Return the sizes as a shape in which the axes at these places are new, and of size 1."""
    left = iter(sizes)
    target = [1 if axis in axes else next(left) for axis in range(1, len(sizes) + len({*axes}) + 1)]
    if len(target) > LIMITS.axes:
        raise called.refusal(f"it has more than {LIMITS.axes} axes")
    return kind("Reshape")(target_shape=target)
