"""What an expression is evaluated in: values for its names, an input for `size()`, and bounds on what it costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from paramcalc.core import algebra
from paramcalc.core.algebra import Shape
from paramcalc.core.errors import LIMITS, ParamcalcError, quoted, refuse


class Absent:
    """What a dim that is `none` stands for: there is no such size. It is equal to itself alone."""

    def __repr__(self) -> str:
        return "none"


ABSENT = Absent()


class Budget:
    """The steps that the expressions of one evaluation may take together."""

    def __init__(self, steps: int = LIMITS.steps) -> None:
        self.steps = steps

    def spend(self, steps: int) -> None:
        """Take some of the steps. Raises `limit` where none are left."""
        self.steps -= steps
        if self.steps < 0:
            raise refuse("limit", f"the expressions of this spec take more than {LIMITS.steps:,} steps")


class Environment:
    """What the names in an expression stand for, and the shapes that `size()` asks for."""

    __slots__ = ("budget", "channel_axis", "input", "output_of", "values")

    def __init__(
        self,
        values: Mapping[str, Any],
        input: Shape | None = None,
        channel_axis: int = -1,
        budget: Budget | None = None,
        output_of: Callable[[str], Shape] | None = None,
    ) -> None:
        self.values = values
        self.input = input
        self.channel_axis = channel_axis
        self.budget = budget or Budget()
        #: the shape that flows out of the node of a path, where nodes are in sight
        self.output_of = output_of

    def size(self, axis: Any, node: str | None = None) -> Any:
        """Return the size of an axis, axis 0 being the batch; of a list of axes, a list.

        It is an axis of the node's own first input, or of what flows out of the node that a path names.
        Raises `missing-input`, `invalid-value`, and what the path is refused for.
        """
        if isinstance(axis, tuple):
            return tuple(self.size(each, node) for each in axis)
        shape = self.input if node is None else self._output(node)
        if shape is None:
            raise refuse("missing-input", "size() and channels() ask for the input of a node that has none")
        if type(axis) is not int or axis == 0 or not -len(shape) <= axis <= len(shape):
            of_what = "an input" if node is None else quoted(node)
            raise refuse(
                "invalid-value",
                f"there is no size({quoted(axis)}) of {of_what} with {axes_text(len(shape))}",
                axes_hint(len(shape)),
            )
        return shape[axis - 1 if axis > 0 else axis]

    def _output(self, node: str) -> Shape:
        if self.output_of is None:
            raise refuse("unknown-node", f"size() asks for {quoted(node)}, and no node is in sight here")
        return self.output_of(node)


def axes_text(rank: int) -> str:
    """Say how many axes a shape of this rank has, as messages do."""
    return f"{rank} {'axis' if rank == 1 else 'axes'} beside the batch"


def axes_hint(rank: int) -> str:
    """Say which numbers the axes of a shape of this rank have."""
    if rank < 2:
        return "the axis is 1, or -1 from the end; 0 is the batch" if rank else ""
    return f"the axes are 1 to {rank}, or -1 to -{rank} from the end; 0 is the batch"


#: The smallest number with more digits than one may have.
TOO_LARGE = 10**LIMITS.digits


def bounded(value: Any) -> Any:
    """Return a value, unless it is a number or a list beyond the limits; of symbols that cancel, the number.

    Raises `limit`.
    """
    if type(value) is not int:
        value = algebra.constant(value)
    if type(value) is int:
        if not -TOO_LARGE < value < TOO_LARGE:
            raise too_large()
    elif isinstance(value, tuple):
        _bound_list(value)
    elif isinstance(value, (str, float, Absent)):
        return value
    elif algebra.magnitude(value) >= TOO_LARGE:
        raise too_large()
    return value


def _bound_list(value: tuple[Any, ...]) -> None:
    """Refuse a list that is too long, the lists in it counted each time they stand there."""
    left, level = LIMITS.list_length, [value]
    for _ in range(LIMITS.nesting):
        left -= sum(map(len, level))
        if left < 0:
            raise too_long()
        level = [item for part in level for item in part if isinstance(item, tuple)]
        if not level:
            return
    raise refuse("limit", f"more than {LIMITS.nesting} lists within one another")


def too_large() -> ParamcalcError:
    """Return the refusal of a number with too many digits."""
    return refuse("limit", f"a number has more than {LIMITS.digits} digits")


def too_long() -> ParamcalcError:
    """Return the refusal of a list with too many elements."""
    return refuse("limit", f"a list has more than {LIMITS.list_length:,} elements")
