"""Functions between modules as layer kinds.

Most functions of PyTorch have a module of the same name, and the convention's tables know that one; a
few are here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from inspect import signature
from types import NoneType
from typing import Any, NamedTuple

from paramcalc.core.algebra import Shape, Unknown
from paramcalc.core.errors import ParamcalcError
from paramcalc.core.registry import kind
from paramcalc.frameworks.torch.read.modules import known
from paramcalc.frameworks.torch.read.tensors import own_tensors
from paramcalc.frameworks.torch.read.values import Runs, Split, Value
from paramcalc.layers.base.declaration import Layer


class FunctionCall(NamedTuple):
    """A call of a function."""

    name: str
    #: its arguments: a `Value` where they are no numbers
    args: Sequence[Any]
    kwargs: dict[str, Any]
    #: the tensors among them, in order
    tensors: Sequence[Value]
    result: Value

    def argument(self, place: int, name: str, default: Any = None) -> Any:
        """One of the arguments, by its place or its name."""
        return self.args[place] if len(self.args) > place else self.kwargs.get(name, default)

    @property
    def stacked(self) -> tuple[Value, ...]:
        """What its first argument has behind one another along a new axis, before the batch."""
        source = self.argument(0, "input")
        return source.stacked if isinstance(source, Value) else ()

    def rest(self, place: int, name: str) -> tuple[Any, ...]:
        """Return the arguments from a place on, which may be given one by one, or as a list of that name."""
        first = self.argument(place, name)
        if isinstance(first, (list, tuple)):
            return tuple(first)
        return tuple(self.args[place:]) or (() if first is None else (first,))

    @property
    def rank(self) -> int | None:
        """The number of axes of its first tensor, the batch included."""
        shape = self.tensors[0].stated_shape()
        return None if shape is None else len(shape) + 1

    def axes(self, dims: Sequence[Any]) -> tuple[int, ...]:
        """Axes by their numbers from the front; none where they are not known."""
        rank = self.rank
        if rank is None or not all(type(dim) is int and -rank <= dim < rank for dim in dims):
            return ()
        return tuple(dim % rank for dim in dims)


class Found(NamedTuple):
    """A layer, and what it takes."""

    layer: Layer
    tensors: Sequence[Value]
    #: layers behind it
    behind: tuple[Layer, ...] = ()
    #: whether PyTorch keeps for the backward pass what it keeps of these layers
    keeps_same: bool = True


def layer_of(call: FunctionCall) -> Found | None:
    """Return the layer that does what a function does, if any."""
    if call.stacked:
        return _of_stacked(call)
    if len(call.tensors) > 1 and call.name in _ELEMENTWISE:
        return Found(kind(_ELEMENTWISE[call.name])(), call.tensors)
    rule = _RULES.get(call.name)
    if rule is not None:
        try:
            return rule(call)
        except ParamcalcError:
            return None  # arguments that the kind does not take
    if len(call.tensors) != 1:
        return None
    layer = _same_module(call)
    return Found(layer, call.tensors) if layer is not None else None


#: Functions of two tensors, element by element, and the kinds that they are.
_ELEMENTWISE = {
    "add": "Add", "iadd": "Add", "radd": "Add", "mul": "Multiply", "imul": "Multiply", "multiply": "Multiply",
    "sub": "Subtract", "isub": "Subtract", "subtract": "Subtract", "maximum": "Maximum", "minimum": "Minimum",
}  # fmt: skip
#: What some modules are called as functions, in small letters.
_CLASSES = {"interpolate": "upsample", "rms_norm": "rmsnorm"}


@cache
def _classes() -> dict[str, Any]:
    """Return the classes of torch.nn by their names in small letters."""
    from torch import nn

    return {name.lower(): cls for name in dir(nn) if isinstance(cls := getattr(nn, name), type)}


def _same_module(call: FunctionCall) -> Layer | None:
    """Return the layer that the module with a function's name and arguments is."""
    cls = _classes().get(_CLASSES.get(call.name, call.name.replace("_", "")))
    others = [*call.args[1:], *call.kwargs.values()]
    if cls is None or isinstance(call.args[0], (list, tuple)) or any(isinstance(each, Value) for each in others):
        return None
    taken = signature(cls).parameters
    try:
        module = cls(*call.args[1:], **{key: value for key, value in call.kwargs.items() if key in taken})
    except Exception:
        # the class takes other arguments
        return None
    found = None if own_tensors(module) else known(module)
    return found.layer if found is not None else None


#: What Python calls operators that PyTorch calls otherwise.
_OPERATORS = {"truediv": "div", "itruediv": "div", "rtruediv": "div", "floordiv": "floor_divide"}
#: Functions that give the same numbers, or the same in another dtype.
_SAME_NUMBERS = {"contiguous", "clone", "to", "float", "half", "double", "bfloat16", "type_as", "type"}


@cache
def is_elementwise(name: str) -> bool:
    """Whether each number that a function gives is made of those at its own place alone, as PyTorch says."""
    import torch

    if name in _SAME_NUMBERS:
        return True
    for each in (_OPERATORS.get(name, name), name[1:]):
        packet = getattr(torch.ops.aten, each, None) if each.isidentifier() else None
        overloads = packet.overloads() if packet is not None else []
        if any(torch.Tag.pointwise in getattr(packet, one).tags for one in overloads):
            return True
    return False


# --- Functions that no module is -------------------------------------------------------


def _concatenated(call: FunctionCall) -> Found | None:
    return Found(kind("Concatenate")(axis=call.argument(1, "dim", 0)), call.tensors)


def stacked_by(call: FunctionCall) -> tuple[Value, ...]:
    """Return what a function puts behind one another along a new axis, which is now the first."""
    is_first = call.name == "stack" and call.argument(1, "dim", 0) == 0
    return tuple(call.tensors) if is_first and _are_alike(call.tensors) else ()


def _are_alike(values: Sequence[Value]) -> bool:
    """Whether all are tensors of one shape."""
    shapes = [value.stated_shape() for value in values]
    return bool(shapes) and shapes[0] is not None and all(agree(shapes[0], shape) for shape in shapes)


#: What joins, element by element, what was stacked, by the function that does so along the new axis.
_JOINING = {"sum": "Add", "mean": "Average", "amax": "Maximum", "amin": "Minimum", "prod": "Multiply"}


def _joins_stacked(call: FunctionCall) -> bool:
    return call.name in _JOINING and call.rest(1, "dim") == (0,) and not call.argument(2, "keepdim", False)


def _of_stacked(call: FunctionCall) -> Found | None:
    return Found(kind(_JOINING[call.name])(), call.stacked) if _joins_stacked(call) else None


def unstacked(call: FunctionCall) -> Value | None:
    """Return the one value that a function takes out of what was stacked, if it does."""
    index = call.argument(1, "index")
    if call.name == "getitem" and type(index) is int and -len(call.stacked) <= index < len(call.stacked):
        return call.stacked[index]
    return call.stacked[0] if len(call.stacked) == 1 and _joins_stacked(call) else None


def _stacked(call: FunctionCall) -> Found | None:
    """Return what puts tensors behind one another along an axis, and then divides that, or a new last one."""
    rank, axis, shape = call.rank, call.argument(1, "dim", 0), call.result.open_shape()
    if rank is None or shape is None or type(axis) is not int or not _are_alike(call.tensors):
        return None
    axis %= rank + 1
    if axis == 0:
        return None
    is_last = axis == rank
    target = (*shape[:-2], shape[-1], shape[-2]) if is_last else shape
    divided = _reshape(target)
    if divided is None:
        return None
    turned = (_permutation((*range(rank - 1), rank, rank - 1)),) if is_last else ()
    return Found(kind("Concatenate")(axis=axis - is_last), call.tensors, (divided, *turned))


def _attention(call: FunctionCall) -> Found | None:
    names = ("query", "key", "value")
    query, key, value = (call.argument(place, name) for place, name in enumerate(names))
    if not all(isinstance(each, Value) for each in (query, key, value)):
        return None
    # without an axis of heads, with a mask or with dropout it is computed in another way
    keeps_same = call.rank == 4 and len(call.args) <= len(names) and {*call.kwargs} <= {*names, "is_causal"}
    return Found(kind("Attention")(), [query, value, key], keeps_same=keeps_same)


def _indexed(call: FunctionCall) -> Found | None:
    """Return a Slice for a part of one axis, or one position; for one of several parts of a value as well."""
    source, index = call.argument(0, "self"), call.argument(1, "index")
    if isinstance(source, Value) and source.split is not None:
        return _part(source.split, source.runs, index)
    if isinstance(source, Value) and source.moved is not None:
        split = _along_first(source)
        return _part(split, source.runs, index) if split is not None else None
    parts = index if isinstance(index, tuple) else (index,)
    if Ellipsis in parts and call.rank is not None:
        place = parts.index(Ellipsis)
        parts = (*parts[:place], *[slice(None)] * (call.rank - len(parts) + 1), *parts[place + 1 :])
    if parts[:1] != (slice(None),) or len(call.tensors) != 1:
        return None
    chosen = [(axis, part) for axis, part in enumerate(parts) if part != slice(None)]
    if len(chosen) != 1:
        return None
    ((axis, part),) = chosen
    if type(part) is int:
        return Found(_slice(axis, part, part + 1 or None, keepdims=False), call.tensors)
    if not isinstance(part, slice) or part.step not in (None, 1):
        return None
    if type(part.start) not in (int, NoneType) or type(part.stop) not in (int, NoneType):
        return None
    return Found(_slice(axis, part.start or 0, part.stop), call.tensors)


def _part(parts: Split, runs: Runs | None, number: Any) -> Found | None:
    """Return the part with a number: a Slice, its axes put in order. `runs` are all parts."""
    if runs is None or type(number) is not int:
        return None
    lengths = {tuple(1 if parts.gone else part.shape[parts.axis] for part in run) for run in runs}
    if len(lengths) != 1:
        return None
    (sizes,) = lengths
    if not -len(sizes) <= number < len(sizes):
        return None
    start = sum(sizes[: number % len(sizes)])
    stop = start + sizes[number]
    layer = _slice(parts.axis, start, None if stop == sum(sizes) and start else stop, keepdims=not parts.gone)
    ordered = parts.order in ((), tuple(range(len(parts.order))))
    return Found(layer, [parts.value], () if ordered else (_permutation(parts.order),))


def _along_first(moved: Value) -> Split | None:
    """Return the parts of a value with its axes in another order, along the axis that is now the first."""
    if moved.moved is None:
        return None
    value, (axis, *rest) = moved.moved
    order = tuple(other - (other > axis) for other in rest)
    return Split(value, axis, True, order) if order[:1] == (0,) else None


def _permutation(axes: Sequence[int]) -> Layer:
    """Return a Permute, of axes that count the batch as 0."""
    return kind("Permute")(dims=tuple(axes[1:]))


def _slice(axis: int, start: int, stop: int | None, keepdims: bool = True) -> Layer:
    stated: dict[str, Any] = {"axis": axis} if axis != 1 else {}
    stated |= {"start": start} if start else {}
    stated |= {"stop": stop} if stop is not None else {}
    return kind("Slice")(**stated, **({} if keepdims else {"keepdims": False}))


def _reshaped(call: FunctionCall) -> Found | None:
    shape = call.result.open_shape()
    layer = _reshape(shape) if shape is not None and len(call.tensors) == 1 else None
    return Found(layer, call.tensors) if layer is not None else None


def _reshape(shape: Shape) -> Layer | None:
    """Return what gives a shape; None where more than one of its sizes is not known."""
    if sum(isinstance(size, Unknown) for size in shape) > 1:
        return None
    if len(shape) == 1:
        return kind("Flatten")()
    return kind("Reshape")(target_shape=tuple(-1 if isinstance(size, Unknown) else size for size in shape))


def _flattened(call: FunctionCall) -> Found | None:
    layer = _same_module(call)
    return Found(layer, call.tensors) if layer is not None else _reshaped(call)


def _permuted(call: FunctionCall) -> Found | None:
    return _in_order(call, call.axes(call.rest(1, "dims")))


def _transposed(call: FunctionCall) -> Found | None:
    axes = call.axes([call.argument(1, "dim0"), call.argument(2, "dim1")])
    if len(axes) != 2 or call.rank is None:
        return None
    swapped = dict(zip(axes, reversed(axes), strict=True))
    return _in_order(call, tuple(swapped.get(axis, axis) for axis in range(call.rank)))


def _in_order(call: FunctionCall, axes: tuple[int, ...]) -> Found | None:
    if len(axes) != call.rank or axes[:1] != (0,):
        return None
    return Found(_permutation(axes), call.tensors)


def _pooled(name: str) -> Callable[[FunctionCall], Found | None]:
    """Make the rule for the mean, or the largest, over all axes but the batch and the channels."""

    def rule(call: FunctionCall) -> Found | None:
        axes = {*call.axes(call.rest(1, "dim"))}
        rank = call.rank
        if rank not in (3, 4, 5) or len(axes) != rank - 2 or 0 in axes or (1 in axes and rank - 1 in axes):
            return None
        fields: dict[str, Any] = {"data_format": "channels_last"} if 1 in axes else {}
        if call.argument(2, "keepdim", False):
            fields["keepdims"] = True
        return Found(kind(f"Global{name}Pool{rank - 2}D")(**fields), call.tensors)

    return rule


def _reduced(function: str, pool: str = "") -> Callable[[FunctionCall], Found | None]:
    """One number of all along some axes; where these are all but the batch and the channels, a pooling."""

    def rule(call: FunctionCall) -> Found | None:
        found = _pooled(pool)(call) if pool else None
        axes = call.axes(call.rest(1, "dim"))
        if found is not None or not axes or 0 in axes or len(call.tensors) != 1:
            return found
        keepdims = {"keepdims": True} if call.argument(2, "keepdim", False) else {}
        layer = kind("Reduce")(function=function, axis=axes[0] if len(axes) == 1 else axes, **keepdims)
        return Found(layer, call.tensors)

    return rule


def _multiplied(call: FunctionCall) -> Found | None:
    """Matrices of the last two axes, multiplied."""
    ranks = {len(shape) for value in call.tensors if (shape := value.stated_shape()) is not None}
    if len(call.tensors) != 2 or len(ranks) != 1 or not 2 <= (rank := ranks.pop()) <= 6:
        return None
    outer = "bcdefg"[: rank - 1]
    return Found(kind("Einsum")(equation=f"{outer}xy,{outer}yz->{outer}xz"), call.tensors)


def _einsum(call: FunctionCall) -> Found | None:
    text = call.argument(0, "equation")
    if not isinstance(text, str) or "->" not in text:
        return None
    equation = text.replace(" ", "")
    terms = re.split(",|->", equation)
    if len(terms) != len(call.tensors) + 1 or len({term[:1] for term in terms}) != 1:
        return None
    return Found(kind("Einsum")(equation=equation), call.tensors)


def _padded(call: FunctionCall) -> Found | None:
    sides, mode = call.argument(1, "pad"), call.argument(2, "mode", "constant")
    if (
        not isinstance(sides, (list, tuple))
        or len(sides) not in (2, 4, 6)
        or any(type(side) is not int for side in sides)
    ):
        return None
    pairs = [(sides[place], sides[place + 1]) for place in range(0, len(sides), 2)][::-1]
    return Found(kind(f"Pad{len(pairs)}D")(padding=pairs, mode=mode), call.tensors)


_RULES: dict[str, Callable[[FunctionCall], Found | None]] = {
    **dict.fromkeys(("cat", "concat", "concatenate"), _concatenated),
    "stack": _stacked,
    **dict.fromkeys(("view", "reshape", "squeeze", "unsqueeze", "view_as", "reshape_as"), _reshaped),
    **dict.fromkeys(("transpose", "swapaxes", "swapdims"), _transposed),
    **dict.fromkeys(("flatten", "unflatten"), _flattened),
    "permute": _permuted,
    "getitem": _indexed,
    "scaled_dot_product_attention": _attention,
    "mean": _reduced("mean", "Average"),
    "amax": _reduced("max", "Max"),
    "amin": _reduced("min"),
    "sum": _reduced("sum"),
    "prod": _reduced("prod"),
    "logsumexp": _reduced("logsumexp"),
    "argmax": _reduced("argmax"),
    "argmin": _reduced("argmin"),
    **dict.fromkeys(("matmul", "bmm"), _multiplied),
    "einsum": _einsum,
    "pad": _padded,
}  # fmt: skip

#: Functions that part a value along an axis: where the axis stands among the arguments, whether it is gone.
_PARTING = {"split": (2, False), "chunk": (2, False), "tensor_split": (2, False), "unbind": (1, True)}


def split_of(call: FunctionCall) -> Split | None:
    """Return the parts that a function makes of a value, if it does."""
    if call.name not in _PARTING:
        return None
    place, gone = _PARTING[call.name]
    source, dim = call.argument(0, "self"), call.argument(place, "dim", 0)
    if isinstance(source, Value) and source.moved is not None:
        return _along_first(source) if gone and dim == 0 else None
    axes = call.axes([dim]) if len(call.tensors) == 1 else ()
    return Split(call.tensors[0], axes[0], gone) if axes and axes[0] > 0 else None


def moved_by(call: FunctionCall) -> tuple[Value, tuple[int, ...]] | None:
    """Return what a function puts into another order of axes in which the batch is not the first, and that order."""
    if call.name != "permute" or len(call.tensors) != 1:
        return None
    axes = call.axes(call.rest(1, "dims"))
    return (call.tensors[0], axes) if sorted(axes) == list(range(call.rank or 0)) and axes[0] else None


def agree(shape: Shape, other: Shape | None) -> bool:
    """Whether two shapes are one, as far as both are known."""
    return (
        other is not None
        and len(shape) == len(other)
        and all(
            isinstance(one, Unknown) or isinstance(two, Unknown) or one == two
            for one, two in zip(shape, other, strict=True)
        )
    )
