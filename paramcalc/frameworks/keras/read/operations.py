"""Operations between layers, those of keras.ops, as kinds. What has no kind is refused by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from string import ascii_letters
from typing import Any

from paramcalc.core.errors import LIMITS, quoted, refuse
from paramcalc.core.functions import function_name
from paramcalc.core.registry import kind
from paramcalc.frameworks.keras.read.calls import CallNode, Source
from paramcalc.frameworks.keras.read.description import ARRAY, TENSOR, Description, StatedShape
from paramcalc.frameworks.keras.read.indexing import get_item, split, unstack
from paramcalc.frameworks.keras.read.operation_call import OperationCall, with_ones
from paramcalc.layers.base.declaration import Layer, default_name
from paramcalc.spec import Node


def is_operation(entry: Description) -> bool:
    """Whether a description is of an operation, and not of a layer."""
    return str(entry.get("module")).startswith(("keras.src.ops.", "keras.ops"))


def by_shapes(shapes: Mapping[int, StatedShape]) -> CallNode:
    """Return what is known by the shapes that it gives alone: an input for each of its outputs, by their places."""
    nodes = {place: Node(kind("Input")(shape=shape[1:])) for place, shape in sorted(shapes.items())}
    if [*nodes] == [0]:
        return CallNode(nodes[0])
    if max(nodes) > LIMITS.list_length:
        raise refuse("limit", f"a layer has more than {LIMITS.list_length} outputs")
    names = {place: f"output_{place}" for place in nodes}
    group = Node(layers=tuple(replace(node, name=names[place]) for place, node in nodes.items()))
    # an output that nothing takes is never asked for
    return CallNode(group, [Source(names.get(place, names[max(names)])) for place in range(max(names) + 1)])


def read_operation(
    entry: Description,
    arguments: list[Any],
    keywords: Mapping[str, Any],
    shapes: Sequence[StatedShape | None],
    over_steps: bool = False,
) -> CallNode:
    """Read an operation as a node: a layer, or several in a group.

    What goes `over_steps` has further axes, which its arguments do not count. Raises `unknown-kind`.
    """
    config = entry["config"]
    constants = [each for each in chain(arguments, keywords.values()) if each is not None and not _holds_tensor(each)]
    label = str(config.get("name") or entry.get("name"))
    called = OperationCall(str(entry["class_name"]), label, config, constants, shapes)
    if called.name in _PARTING and not over_steps:
        return _parted(_PARTING[called.name](called))
    if called.name in _OF_SEVERAL:
        return CallNode(Node(_of_several(called)))
    if called.name in _KEEPING and len(shapes) == 1:
        return CallNode(Node(_function(called.name)))
    read = _OTHERS.get(called.name)
    if read is None or over_steps:
        raise called.refusal("its shape is not known")
    return CallNode(_in_sequence(read(called), len(shapes)))


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


def _parted(layers: list[Layer]) -> CallNode:
    """Parts of one input, each an output."""
    names = tuple(f"part_{place}" for place in range(len(layers)))
    nodes = (Node(layer, name=name, inputs=("input",)) for layer, name in zip(layers, names, strict=True))
    return CallNode(Node(layers=tuple(nodes)), [*map(Source, names)])


def _function(name: str) -> Layer:
    return kind("Activation")(activation=function_name(default_name(name)))


# --- Element by element ------------------------------------------------------------------

#: Operations of several inputs, element by element: those that are kinds themselves, and others.
_KINDS = ("Add", "Subtract", "Multiply", "Maximum", "Minimum")
_OF_SEVERAL = {
    *_KINDS, "Arctan2", "BitwiseAnd", "BitwiseOr", "BitwiseXor", "Divide", "DivideNoNan", "Equal", "FloorDivide",
    "Greater", "GreaterEqual", "Less", "LessEqual", "LogicalAnd", "LogicalOr", "LogicalXor", "Logaddexp", "Mod",
    "NotEqual", "Power", "SquaredDifference", "TrueDivide", "Where",
}  # fmt: skip


def _of_several(called: OperationCall) -> Layer:
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
    if isinstance(constant, dict) and constant.get("class_name") == ARRAY:
        config = constant.get("config")
        stated = config.get("shape") if isinstance(config, dict) else None
        sizes = tuple(size for size in stated if type(size) is int) if isinstance(stated, list) else ()
        return sizes if isinstance(stated, list) and len(sizes) == len(stated) else None
    if isinstance(constant, dict) and constant.get("class_name") in ("__numpy__", "__tensor__"):
        config = constant.get("config")
        constant = config.get("value") if isinstance(config, dict) else None
    shape: tuple[int, ...] = ()
    while isinstance(constant, list) and constant and len(shape) <= LIMITS.axes:
        shape, constant = (*shape, len(constant)), constant[0]
    return shape if isinstance(constant, (int, float)) else None


def _fits(shape: tuple[int, ...], called: OperationCall) -> bool:
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


def _concatenate(called: OperationCall) -> list[Layer]:
    return [kind("Concatenate")(axis=called.axis(called.argument("axis")))]


def _stack(called: OperationCall) -> list[Layer]:
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


def _reshape(called: OperationCall) -> list[Layer]:
    """Return a shape whose first size is the batch: the one that is free."""
    shape = called.argument("newshape")
    shape = [shape] if type(shape) is int else shape
    sizes = list(shape) if isinstance(shape, (list, tuple)) else []
    batch, rest = sizes[:1], sizes[1:]
    if batch not in ([-1], [None]) or not all(type(size) is int and size > 0 for size in rest):
        raise called.refusal(f"it makes of the batch something else: {quoted(str(shape))}")
    return [kind("Reshape")(target_shape=rest)]


def _transpose(called: OperationCall) -> list[Layer]:
    axes = called.argument("axes")
    if not isinstance(axes, (list, tuple)) or not axes or axes[0] != 0:
        raise called.refusal("it moves the batch")
    return [kind("Permute")(dims=[called.axis(axis) for axis in axes[1:]])]


def _swap(called: OperationCall) -> list[Layer]:
    one, other = called.axis(called.argument("axis1")), called.axis(called.argument("axis2"))
    dims = [*range(1, len(called.shape))]
    dims[one - 1], dims[other - 1] = other, one
    return [kind("Permute")(dims=dims)]


def _move(called: OperationCall) -> list[Layer]:
    moved = dict(zip(called.axes("destination"), called.axes("source"), strict=False))
    if len(moved) < len(called.axes("source")):
        raise called.refusal("it moves several axes to one position")
    rest = (axis for axis in range(1, len(called.shape)) if axis not in moved.values())
    return [
        kind("Permute")(dims=[moved[place] if place in moved else next(rest) for place in range(1, len(called.shape))])
    ]


def _expand(called: OperationCall) -> list[Layer]:
    value = called.argument("axis")
    number = len(value) if isinstance(value, (list, tuple)) else 1
    return [with_ones(called, called.sizes, called.axes("axis", more=number))]


def _squeeze(called: OperationCall) -> list[Layer]:
    gone = called.axes("axis") if called.argument("axis") is not None else None
    kept = [size for axis, size in enumerate(called.sizes, 1) if (size != 1 if gone is None else axis not in gone)]
    return [kind("Reshape")(target_shape=kept)]


def _reduce(called: OperationCall) -> list[Layer]:
    if called.argument("axis") is None:
        raise called.refusal("it makes one number of the whole batch")
    stated = {"keepdims": True} if called.config.get("keepdims") is True else {}
    axes = called.axes("axis")
    return [kind("Reduce")(function=default_name(called.name), axis=axes[0] if len(axes) == 1 else axes, **stated)]


def _matmul(called: OperationCall) -> list[Layer]:
    """Return the product of two matrices for each example, or for each place of further axes."""
    ranks = [*map(len, called.stated)]
    if ranks == [3, 3]:
        return [kind("Dot")(axes=[2, 1])]
    if len(ranks) != 2 or ranks[0] != ranks[1] or not 3 < ranks[0] <= LIMITS.axes:
        raise called.refusal("it multiplies other than matrices for each example")
    outer = ascii_letters[: ranks[0] - 2]
    return [kind("Einsum")(equation=f"{outer}xy,{outer}yz->{outer}xz")]


def _einsum(called: OperationCall) -> list[Layer]:
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


def _repeat(called: OperationCall) -> list[Layer]:
    """Each element of an axis several times, which is what upsampling of sequences and images does."""
    axis, times, rank = called.axis(called.config.get("axis")), called.config.get("repeats"), len(called.shape) - 2
    if rank not in (1, 2, 3) or axis > rank or type(times) is not int:
        raise called.refusal("it repeats other than the positions of a sequence, an image or a volume")
    size = times if rank == 1 else [times if place == axis else 1 for place in range(1, rank + 1)]
    return [kind(f"UpSampling{rank}D")(size=size)]


def _pad(called: OperationCall) -> list[Layer]:
    """Add positions around a sequence, an image or a volume."""
    width, rank = called.argument("pad_width"), len(called.shape) - 2
    plain = isinstance(width, list) and len(width) == rank + 2 and width[0] == width[-1] == [0, 0]
    if rank not in (1, 2, 3) or not plain or called.config.get("mode") != "constant":
        raise called.refusal("it adds other than positions around a sequence, an image or a volume")
    return [kind(f"ZeroPadding{rank}D")(padding=width[1] if rank == 1 else width[1:-1])]


#: Operations that give several parts of one input.
_PARTING: dict[str, Callable[[OperationCall], list[Layer]]] = {"Split": split, "Unstack": unstack}
#: Operations whose output has another shape.
_OTHERS: dict[str, Callable[[OperationCall], list[Layer]]] = {
    "Concatenate": _concatenate,
    "Stack": _stack,
    "Reshape": _reshape,
    "Transpose": _transpose,
    "Swapaxes": _swap,
    "Moveaxis": _move,
    "ExpandDims": _expand,
    "Squeeze": _squeeze,
    "GetItem": get_item,
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
