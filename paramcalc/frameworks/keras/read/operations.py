"""Operations between layers, those of keras.ops, as kinds. What has no kind is refused by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain
from string import ascii_letters
from typing import Any, NamedTuple

from paramcalc.core.errors import LIMITS, ParamcalcError, quoted, refuse
from paramcalc.core.registry import kind
from paramcalc.frameworks.keras.read.description import TENSOR, Description, StatedShape
from paramcalc.layers.base.declaration import Layer, default_name
from paramcalc.spec import Node


class Operation(NamedTuple):
    """The node that an operation is, and where it has several outputs, the layers in it that give them."""

    node: Node
    outputs: tuple[str, ...] | None = None


def is_operation(entry: Description) -> bool:
    """Whether a description is of an operation, and not of a layer."""
    return str(entry.get("module")).startswith(("keras.src.ops.", "keras.ops"))


def read_operation(
    entry: Description, arguments: list[Any], keywords: Mapping[str, Any], shapes: Sequence[StatedShape | None]
) -> Operation:
    """Read an operation as a node: a layer, or several in a group. Raises `unknown-kind`."""
    config = entry["config"]
    constants = [each for each in chain(arguments, keywords.values()) if each is not None and not _holds_tensor(each)]
    label = str(config.get("name") or entry.get("name"))
    called = _Called(str(entry["class_name"]), label, config, constants, shapes)
    if called.name in _PARTING:
        return _parted(_PARTING[called.name](called))
    if called.name in _OF_SEVERAL:
        return Operation(Node(_of_several(called)))
    if called.name in _KEEPING and len(shapes) == 1:
        return Operation(Node(_function(called.name)))
    read = _OTHERS.get(called.name)
    if read is None:
        raise called.refusal("its shape is not known")
    return Operation(_in_sequence(read(called), len(shapes)))


def _holds_tensor(value: Any) -> bool:
    if isinstance(value, dict):
        return value.get("class_name") == TENSOR
    return isinstance(value, (list, tuple)) and any(map(_holds_tensor, value))


def _in_sequence(layers: list[Layer], inputs: int) -> Node:
    """Return the node of one layer, or a group of several; the first takes all that there is."""
    if len(layers) == 1:
        return Node(layers[0])
    taken = ("input", *(f"input.{place}" for place in range(1, inputs))) if inputs > 1 else None
    return Node(layers=(Node(layers[0], inputs=taken), *map(Node, layers[1:])))


def _parted(layers: list[Layer]) -> Operation:
    """Parts of one input, each an output."""
    names = tuple(f"part_{place}" for place in range(len(layers)))
    nodes = (Node(layer, name=name, inputs=("input",)) for layer, name in zip(layers, names, strict=True))
    return Operation(Node(layers=tuple(nodes)), names)


@dataclass
class _Called:
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


def _function(name: str) -> Layer:
    return kind("Activation")(activation=default_name(name))


# --- Element by element ------------------------------------------------------------------

#: Operations of several inputs, element by element: those that are kinds themselves, and others.
_KINDS = ("Add", "Subtract", "Multiply", "Maximum", "Minimum")
_OF_SEVERAL = {
    *_KINDS, "Arctan2", "BitwiseAnd", "BitwiseOr", "BitwiseXor", "Divide", "DivideNoNan", "Equal", "FloorDivide",
    "Greater", "GreaterEqual", "Less", "LessEqual", "LogicalAnd", "LogicalOr", "LogicalXor", "Logaddexp", "Mod",
    "NotEqual", "Power", "SquaredDifference", "TrueDivide", "Where",
}  # fmt: skip


def _of_several(called: _Called) -> Layer:
    """Several outputs, or one and constants, which keep its shape."""
    for constant in called.constants:
        shape = _shape_of(constant)
        if shape is None or not (shape == () or _fits(shape, called)):
            raise called.refusal("it is called with a constant that changes the shape")
    if len(called.shapes) == 1:
        return _function(called.name)
    if len({len(shape) for shape in called.shapes if shape is not None}) > 1:
        raise called.refusal("the batch of one of its inputs meets an axis of another, since they have not as many")
    if called.name in _KINDS and len(called.shapes) == 2:
        return kind(called.name)()
    return kind("Elementwise")(function=default_name(called.name))


def _shape_of(constant: Any) -> tuple[int, ...] | None:
    """Return the shape of a number, or of an array that the description holds; None for anything else."""
    if isinstance(constant, dict) and constant.get("class_name") in ("__numpy__", "__tensor__"):
        config = constant.get("config")
        constant = config.get("value") if isinstance(config, dict) else None
    shape: tuple[int, ...] = ()
    while isinstance(constant, list) and constant and len(shape) <= LIMITS.axes:
        shape, constant = (*shape, len(constant)), constant[0]
    return shape if isinstance(constant, (int, float)) else None


def _fits(shape: tuple[int, ...], called: _Called) -> bool:
    """Whether an array keeps the shape of what it goes with: its axes are of it, or of size 1."""
    last = called.shape[len(called.shape) - len(shape) :] if len(shape) <= len(called.shape) else ()
    return len(last) == len(shape) and all(one in (1, size) for one, size in zip(shape, last, strict=True))


#: Operations of one input that keep its shape.
_KEEPING = {
    "Abs", "Absolute", "Cast", "Ceil", "Celu", "Clip", "Cos", "Cumprod", "Cumsum", "Elu", "Erf", "Exp", "Expm1",
    "Flip", "Floor", "Gelu", "HardShrink", "HardSigmoid", "HardSilu", "HardTanh", "Isfinite", "Isinf", "Isnan",
    "LeakyRelu", "Log", "Log10", "Log1p", "Log2", "LogSigmoid", "LogSoftmax", "LogicalNot", "NanToNum", "Negative",
    "Normalize", "OnesLike", "Reciprocal", "Relu", "Relu6", "Roll", "Round", "Rsqrt", "Selu", "Sigmoid", "Sign",
    "Silu", "Sin", "SoftShrink", "Softmax", "Softplus", "Softsign", "Sort", "Sparsemax", "Sqrt", "Square",
    "Squareplus", "StopGradient", "Tan", "Tanh", "TanhShrink", "Threshold", "Tril", "Triu", "ZerosLike",
}  # fmt: skip


# --- Operations that change the shape ----------------------------------------------------


def _concatenate(called: _Called) -> list[Layer]:
    return [kind("Concatenate")(axis=called.axis(called.argument("axis")))]


def _stack(called: _Called) -> list[Layer]:
    """One behind the other along the axis where the new one is; at the end, along the last, and both turned."""
    number, axis = len(called.shapes), called.axis(called.argument("axis"), more=1)
    sizes = called.sizes
    if not sizes:
        raise called.refusal("what it is given has no axis but the batch")
    if axis <= len(sizes):
        target = [*sizes[: axis - 1], number, *sizes[axis - 1 :]]
        return [kind("Concatenate")(axis=axis), kind("Reshape")(target_shape=target)]
    rank = len(sizes)
    turned = kind("Permute")(dims=[*range(1, rank), rank + 1, rank])
    target = [*sizes[:-1], number, sizes[-1]]
    return [kind("Concatenate")(axis=rank), kind("Reshape")(target_shape=target), turned]


def _reshape(called: _Called) -> list[Layer]:
    """Return a shape whose first size is the batch: the one that is free."""
    shape = called.argument("newshape")
    shape = [shape] if type(shape) is int else shape
    sizes = list(shape) if isinstance(shape, (list, tuple)) else []
    batch, rest = sizes[:1], sizes[1:]
    if batch not in ([-1], [None]) or not all(type(size) is int and size > 0 for size in rest):
        raise called.refusal(f"it makes of the batch something else: {quoted(str(shape))}")
    return [kind("Reshape")(target_shape=rest)]


def _transpose(called: _Called) -> list[Layer]:
    axes = called.argument("axes")
    if not isinstance(axes, (list, tuple)) or not axes or axes[0] != 0:
        raise called.refusal("it moves the batch")
    return [kind("Permute")(dims=[called.axis(axis) for axis in axes[1:]])]


def _swap(called: _Called) -> list[Layer]:
    one, other = called.axis(called.argument("axis1")), called.axis(called.argument("axis2"))
    dims = [*range(1, len(called.shape))]
    dims[one - 1], dims[other - 1] = other, one
    return [kind("Permute")(dims=dims)]


def _move(called: _Called) -> list[Layer]:
    moved = dict(zip(called.axes("destination"), called.axes("source"), strict=False))
    if len(moved) < len(called.axes("source")):
        raise called.refusal("it moves several axes to one position")
    rest = (axis for axis in range(1, len(called.shape)) if axis not in moved.values())
    return [
        kind("Permute")(dims=[moved[place] if place in moved else next(rest) for place in range(1, len(called.shape))])
    ]


def _expand(called: _Called) -> list[Layer]:
    value = called.argument("axis")
    number = len(value) if isinstance(value, (list, tuple)) else 1
    return [_with_ones(called, called.sizes, called.axes("axis", more=number))]


def _with_ones(called: _Called, sizes: Sequence[int], axes: Sequence[int]) -> Layer:
    """Return the sizes as a shape in which the axes at these places are new, and of size 1."""
    left = iter(sizes)
    target = [1 if axis in axes else next(left) for axis in range(1, len(sizes) + len({*axes}) + 1)]
    if len(target) > LIMITS.axes:
        raise called.refusal(f"it has more than {LIMITS.axes} axes")
    return kind("Reshape")(target_shape=target)


def _squeeze(called: _Called) -> list[Layer]:
    gone = called.axes("axis") if called.argument("axis") is not None else None
    kept = [size for axis, size in enumerate(called.sizes, 1) if (size != 1 if gone is None else axis not in gone)]
    return [kind("Reshape")(target_shape=kept)]


def _reduce(called: _Called) -> list[Layer]:
    if called.argument("axis") is None:
        raise called.refusal("it makes one number of the whole batch")
    stated = {"keepdims": True} if called.config.get("keepdims") is True else {}
    axes = called.axes("axis")
    return [kind("Reduce")(function=default_name(called.name), axis=axes[0] if len(axes) == 1 else axes, **stated)]


def _matmul(called: _Called) -> list[Layer]:
    """Return the product of two matrices for each example, or for each place of further axes."""
    ranks = [*map(len, called.stated)]
    if ranks == [3, 3]:
        return [kind("Dot")(axes=[2, 1])]
    if len(ranks) != 2 or ranks[0] != ranks[1] or not 3 < ranks[0] <= LIMITS.axes:
        raise called.refusal("it multiplies other than matrices for each example")
    outer = ascii_letters[: ranks[0] - 2]
    return [kind("Einsum")(equation=f"{outer}xy,{outer}yz->{outer}xz")]


def _einsum(called: _Called) -> list[Layer]:
    """Return the equation, with letters in place of its dots."""
    equation = called.argument("subscripts")
    text = equation.replace(" ", "") if isinstance(equation, str) and len(equation) <= LIMITS.expression else ""
    terms, _, _ = text.partition("->")
    dots = [
        len(shape) - len(term.replace("...", ""))
        for term, shape in zip(terms.split(","), called.stated, strict=False)
        if "..." in term
    ]
    free = [letter for letter in ascii_letters if letter not in text]
    if "->" not in text or len({*dots}) > 1 or not all(0 <= number <= len(free) for number in dots):
        raise called.refusal(f"its equation is {quoted(str(equation))}")
    return [kind("Einsum")(equation=text.replace("...", "".join(free[: dots[0]]) if dots else ""))]


def _repeat(called: _Called) -> list[Layer]:
    """Each element of an axis several times, which is what upsampling of sequences and images does."""
    axis, times, rank = called.axis(called.config.get("axis")), called.config.get("repeats"), len(called.shape) - 2
    if rank not in (1, 2, 3) or axis > rank or type(times) is not int:
        raise called.refusal("it repeats other than the positions of a sequence, an image or a volume")
    size = times if rank == 1 else [times if place == axis else 1 for place in range(1, rank + 1)]
    return [kind(f"UpSampling{rank}D")(size=size)]


def _pad(called: _Called) -> list[Layer]:
    """Add positions around a sequence, an image or a volume."""
    width, rank = called.argument("pad_width"), len(called.shape) - 2
    plain = isinstance(width, list) and len(width) == rank + 2 and width[0] == width[-1] == [0, 0]
    if rank not in (1, 2, 3) or not plain or called.config.get("mode") != "constant":
        raise called.refusal("it adds other than positions around a sequence, an image or a volume")
    return [kind(f"ZeroPadding{rank}D")(padding=width[1] if rank == 1 else width[1:-1])]


# --- Parts -------------------------------------------------------------------------------

_SLICE = "__slice__"
_REST = "__ellipsis__"


def _get_item(called: _Called) -> list[Layer]:
    """Indexing, axis by axis: the last first, since an index removes its axis; new axes at the end."""
    layers: list[Layer] = []
    keys = _keys(called)
    for axis, key in reversed([*enumerate(each for each in keys if each is not None)]):
        if axis == 0 and not (_is_slice(key) and _bounds(key) == (None, None, None)):
            raise called.refusal("it takes a part of the batch")
        layers += _part(called, axis, key)
    if None in keys:
        sizes, axes = _shape_after(called, keys)
        layers.append(_with_ones(called, sizes, axes))
    return layers or [kind("Activation")(activation="linear")]


def _keys(called: _Called) -> list[Any]:
    """Return what each axis is indexed with, and None for each new one. Raises `unknown-kind`."""
    stated = called.constants[0] if called.constants else None
    keys = stated if isinstance(stated, (list, tuple)) else [stated]
    every = {"class_name": _SLICE, "config": {}}
    rest = [place for place, key in enumerate(keys) if isinstance(key, dict) and key.get("class_name") == _REST]
    taken = sum(key is not None for key in keys) - len(rest)
    if len(rest) > 1 or len(keys) > 2 * LIMITS.axes or taken > len(called.shape):
        raise called.refusal("its index does not go with its axes")
    if rest:
        more = [every] * (len(called.shape) - taken)
        return [*keys[: rest[0]], *more, *keys[rest[0] + 1 :]]
    return [*keys]


def _part(called: _Called, axis: int, key: Any) -> list[Layer]:
    """Return what an axis is indexed with as a layer; none, where the whole axis stays."""
    if type(key) is int:
        stop = {} if key == -1 else {"stop": key + 1}
        return [kind("Slice")(axis=axis, start=key, **stop, keepdims=False)]
    if not _is_slice(key):
        raise called.refusal(f"it is indexed with {quoted(key)}")
    start, stop, step = _bounds(key)
    if not all(type(bound) in (int, type(None)) for bound in (start, stop, step)) or (step or 1) < 1:
        raise called.refusal("it goes backwards")
    if (start, stop, step or 1) == (None, None, 1):
        return []
    stated = {name: bound for name, bound in (("start", start), ("stop", stop)) if bound is not None}
    further = {} if step in (None, 1) else {"step": step}
    return [kind("Slice")(axis=axis, **_within(called, axis, stated), **further)]


def _is_slice(value: Any) -> bool:
    return isinstance(value, dict) and value.get("class_name") == _SLICE and isinstance(value.get("config"), dict)


def _bounds(value: Any) -> tuple[Any, Any, Any]:
    config = value["config"]
    return config.get("start"), config.get("stop"), config.get("step")


def _within(called: _Called, axis: int, stated: dict[str, int]) -> dict[str, int]:
    """Bounds that are not beyond the axis, as indexing has it."""
    length = called.shape[axis]
    if length is None:
        return stated
    return {name: max(-length, min(length, bound)) for name, bound in stated.items()}


def _shape_after(called: _Called, keys: list[Any]) -> tuple[list[int], list[int]]:
    """Return the sizes that are left of the axes that are indexed, and the places of the new ones among them."""
    sizes: list[int] = []
    new: list[int] = []
    left = iter(enumerate(called.sizes, 1))
    for key in keys[1:]:
        if key is None:
            new.append(len(sizes) + len(new) + 1)
            continue
        _, size = next(left)
        if type(key) is int:
            continue
        if size == -1 and _bounds(key) != (None, None, None):
            raise called.refusal("a length of what it is given is unknown")
        sizes.append(size if size == -1 else len(range(*slice(*_bounds(key)).indices(size))))
    return [*sizes, *(size for _, size in left)], new


def _split(called: _Called) -> list[Layer]:
    """Equal parts of an axis, or those between some places of it."""
    axis, into = called.axis(called.config.get("axis")), called.argument("indices_or_sections")
    length = called.shape[axis]
    if type(into) is int and length is not None and 0 < into <= LIMITS.list_length and length % into == 0:
        into = [*accumulate([length // into] * (into - 1))]
    if not isinstance(into, list) or not all(type(place) is int and place > 0 for place in into):
        raise called.refusal(f"it makes {quoted(str(into))} parts of an axis of {quoted(length)}")
    starts, stops = [0, *into], [*into, None]
    return [
        kind("Slice")(axis=axis, start=start, **({} if stop is None else {"stop": stop}))
        for start, stop in zip(starts, stops, strict=True)
    ]


def _unstack(called: _Called) -> list[Layer]:
    """Take every position of an axis for itself."""
    axis = called.axis(called.config.get("axis"))
    length = called.shape[axis]
    if length is None or length > LIMITS.list_length:
        raise called.refusal(f"it makes one output of each of {quoted(length)} positions")
    return [kind("Slice")(axis=axis, start=place, stop=place + 1, keepdims=False) for place in range(length)]


#: Operations that give several parts of one input.
_PARTING: dict[str, Callable[[_Called], list[Layer]]] = {"Split": _split, "Unstack": _unstack}
#: Operations whose output has another shape.
_OTHERS: dict[str, Callable[[_Called], list[Layer]]] = {
    "Concatenate": _concatenate,
    "Stack": _stack,
    "Reshape": _reshape,
    "Transpose": _transpose,
    "Swapaxes": _swap,
    "Moveaxis": _move,
    "ExpandDims": _expand,
    "Squeeze": _squeeze,
    "GetItem": _get_item,
    "Matmul": _matmul,
    "Einsum": _einsum,
    "Repeat": _repeat,
    "Pad": _pad,
    **dict.fromkeys(
        ("Sum", "Mean", "Max", "Min", "Prod", "Std", "Var", "Median", "Logsumexp", "Norm", "Any", "All", "Argmax",
         "Argmin", "CountNonzero"),
        _reduce,
    ),
}  # fmt: skip
