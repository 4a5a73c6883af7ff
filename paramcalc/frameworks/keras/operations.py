"""Operations between layers, those of keras.ops, as kinds. What has no kind is refused by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from paramcalc.errors import ParamcalcError, quoted, refuse
from paramcalc.frameworks.keras.description import TENSOR, Description, StatedShape
from paramcalc.layer import Layer, default_name, kind
from paramcalc.spec import Node

_SLICE = "__slice__"


def is_operation(entry: Description) -> bool:
    """Whether a description is of an operation, and not of a layer."""
    return str(entry.get("module")).startswith(("keras.src.ops.", "keras.ops"))


@dataclass
class _Operation:
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
        if not self.shapes or self.shapes[0] is None:
            raise self.refusal("states no shape of what it is given")
        return self.shapes[0]

    def argument(self, name: str) -> Any:
        """An argument that the configuration holds, or that the call gives."""
        return self.config[name] if name in self.config else next(iter(self.constants), None)

    def axis(self, value: Any) -> int:
        """An axis of the first input, counted from the batch, which it is not. Raises `unknown-kind`."""
        rank = len(self.shape)
        if type(value) is not int or not -rank <= value < rank or value % rank == 0:
            raise self.refusal(f"works along the axis {quoted(value)}")
        return value % rank

    def refusal(self, why: str) -> ParamcalcError:
        """The refusal of an operation whose shape is not known."""
        return refuse(
            "unknown-kind",
            f"the operation '{self.label}' is of the class {quoted(self.name)}, and {why}",
            "use a layer that does the same, or give its shape: - Input: {shape: …} in its place",
        )


def read_operation(
    entry: Description, arguments: list[Any], keywords: Mapping[str, Any], shapes: Sequence[StatedShape | None]
) -> Node:
    """The node that an operation is: a layer, or several in a group. Raises `unknown-kind`."""
    config = entry["config"]
    constants = [each for each in chain(arguments, keywords.values()) if each is not None and not _holds_tensor(each)]
    label = str(config.get("name") or entry.get("name"))
    operation = _Operation(str(entry["class_name"]), label, config, constants, shapes)
    if operation.name in _OF_TWO:
        return _of_two(operation)
    if operation.name in _KEEPING and len(shapes) == 1:
        return Node(_function(operation.name))
    read = _OTHERS.get(operation.name)
    if read is None:
        raise operation.refusal("its shape is not known")
    layers = read(operation)
    return Node(layers[0]) if len(layers) == 1 else Node(layers=tuple(map(Node, layers)))


def _holds_tensor(value: Any) -> bool:
    if isinstance(value, dict):
        return value.get("class_name") == TENSOR
    return isinstance(value, (list, tuple)) and any(map(_holds_tensor, value))


def _function(name: str) -> Layer:
    return kind("Activation")(activation=default_name(name))


# --- Operations of two inputs ------------------------------------------------------------

#: Operations element by element, each with the kind that it is of two outputs; none: two outputs are refused.
_OF_TWO = {
    "Add": "Add", "Subtract": "Subtract", "Multiply": "Multiply", "Maximum": "Maximum", "Minimum": "Minimum",
    "TrueDivide": None, "Divide": None, "FloorDivide": None, "Power": None, "Mod": None, "Equal": None,
    "NotEqual": None, "Greater": None, "GreaterEqual": None, "Less": None, "LessEqual": None,
}  # fmt: skip


def _of_two(operation: _Operation) -> Node:
    """Two outputs, or one and a number, which keeps the shape."""
    if len(operation.shapes) == 1:
        if all(isinstance(each, (int, float)) for each in operation.constants):
            return Node(_function(operation.name))
        raise operation.refusal("it is called with a constant that is more than a number")
    name = _OF_TWO[operation.name]
    if name is not None:
        return Node(kind(name)())
    if operation.name in ("TrueDivide", "Divide"):
        # one times the reciprocal of the other
        reciprocal = Node(_function("Reciprocal"), name="reciprocal", inputs=("input.1",))
        return Node(layers=(reciprocal, Node(kind("Multiply")(), inputs=("input", "reciprocal"))))
    raise operation.refusal("no kind does that to two outputs")


#: Operations of one input, element by element.
_KEEPING = {
    "Abs", "Absolute", "Cast", "Ceil", "Celu", "Clip", "Cos", "Elu", "Erf", "Exp", "Expm1", "Floor", "Gelu",
    "HardShrink", "HardSigmoid", "HardSilu", "HardTanh", "LeakyRelu", "Log", "Log10", "Log1p", "Log2", "LogSigmoid",
    "LogSoftmax", "LogicalNot", "Negative", "Normalize", "OnesLike", "Reciprocal", "Relu", "Relu6", "Round", "Rsqrt",
    "Selu", "Sigmoid", "Sign", "Silu", "Sin", "SoftShrink", "Softmax", "Softplus", "Softsign", "Sparsemax", "Sqrt",
    "Square", "Squareplus", "StopGradient", "Tan", "Tanh", "TanhShrink", "Threshold", "ZerosLike",
}  # fmt: skip


# --- Operations that change the shape ----------------------------------------------------


def _concatenate(operation: _Operation) -> list[Layer]:
    return [kind("Concatenate")(axis=operation.axis(operation.argument("axis")))]


def _reshape(operation: _Operation) -> list[Layer]:
    """A shape whose first size is the batch: the one that is free."""
    shape = operation.argument("newshape")
    shape = [shape] if type(shape) is int else shape
    sizes = list(shape) if isinstance(shape, (list, tuple)) else []
    if not sizes or sizes[0] not in (-1, None) or not all(type(size) is int and size > 0 for size in sizes[1:]):
        raise operation.refusal(f"it makes of the batch something else: {quoted(str(shape))}")
    return [kind("Reshape")(target_shape=sizes[1:])]


def _transpose(operation: _Operation) -> list[Layer]:
    axes = operation.argument("axes")
    if not isinstance(axes, (list, tuple)) or not axes or axes[0] != 0:
        raise operation.refusal("it moves the batch")
    return [kind("Permute")(dims=[operation.axis(axis) for axis in axes[1:]])]


def _expand(operation: _Operation) -> list[Layer]:
    axes = operation.argument("axis")
    sizes = list(_known(operation))
    for axis in axes if isinstance(axes, (list, tuple)) else [axes]:
        rank = len(sizes) + 2
        if type(axis) is not int or not -rank <= axis < rank or axis % rank == 0:
            raise operation.refusal(f"works along the axis {quoted(axis)}")
        sizes.insert(axis % rank - 1, 1)
    return [kind("Reshape")(target_shape=sizes)]


def _squeeze(operation: _Operation) -> list[Layer]:
    axes = operation.argument("axis")
    sizes = _known(operation)
    if axes is None:
        return [kind("Reshape")(target_shape=[size for size in sizes if size != 1])]
    gone = {operation.axis(axis) - 1 for axis in (axes if isinstance(axes, (list, tuple)) else [axes])}
    return [kind("Reshape")(target_shape=[size for place, size in enumerate(sizes) if place not in gone])]


def _known(operation: _Operation) -> list[int]:
    """The sizes of the first input without the batch; a single one that varies as -1."""
    sizes = [-1 if size is None else size for size in operation.shape[1:]]
    if sizes.count(-1) > 1:
        raise operation.refusal("several lengths of what it is given vary")
    return sizes


def _get_item(operation: _Operation) -> list[Layer]:
    """Indexing, axis by axis: the last first, since an index removes its axis."""
    key = operation.constants[0] if operation.constants else None
    keys = list(key) if isinstance(key, (list, tuple)) else [key]
    if not keys or not _is_slice(keys[0]) or _bounds(keys[0]) != (None, None, None):
        raise operation.refusal("it takes a part of the batch")
    layers: list[Layer] = []
    for axis, each in reversed(list(enumerate(keys))[1:]):
        if type(each) is int:
            stop = {} if each == -1 else {"stop": each + 1}
            layers.append(kind("Slice")(axis=axis, start=each, **stop, keepdims=False))
            continue
        if not _is_slice(each):
            raise operation.refusal(f"it is indexed with {quoted(each)}")
        start, stop, step = _bounds(each)
        if step not in (None, 1) or not all(type(bound) in (int, type(None)) for bound in (start, stop)):
            raise operation.refusal("it takes every so many elements")
        if (start, stop) != (None, None):
            stated = {name: bound for name, bound in (("start", start), ("stop", stop)) if bound is not None}
            layers.append(kind("Slice")(axis=axis, **_within(operation, axis, stated)))
    return layers or [kind("Activation")(activation="linear")]


def _is_slice(value: Any) -> bool:
    return isinstance(value, dict) and value.get("class_name") == _SLICE and isinstance(value.get("config"), dict)


def _bounds(value: Any) -> tuple[Any, Any, Any]:
    config = value["config"]
    return config.get("start"), config.get("stop"), config.get("step")


def _within(operation: _Operation, axis: int, stated: dict[str, int]) -> dict[str, int]:
    """Bounds that are not beyond the axis, as indexing has it."""
    length = operation.shape[axis] if axis < len(operation.shape) else None
    if length is None:
        return stated
    return {name: max(-length, min(length, bound)) for name, bound in stated.items()}


def _reduce(names: Mapping[int, str]) -> Callable[[_Operation], list[Layer]]:
    """The mean or the largest over all places of a sequence, an image or a volume: a global pooling."""

    def read(operation: _Operation) -> list[Layer]:
        axes = operation.argument("axis")
        found = sorted(operation.axis(axis) for axis in (axes if isinstance(axes, (list, tuple)) else [axes]))
        rank = len(operation.shape) - 2
        if rank not in names or found != list(range(1, rank + 1)):
            raise operation.refusal("no kind does that along these axes")
        keepdims = {"keepdims": True} if operation.config.get("keepdims") else {}
        return [kind(names[rank])(**keepdims)]

    return read


def _matmul(operation: _Operation) -> list[Layer]:
    if [shape and len(shape) for shape in operation.shapes] != [3, 3]:
        raise operation.refusal("it multiplies other than two matrices for each example")
    return [kind("Dot")(axes=[2, 1])]


_OTHERS: dict[str, Callable[[_Operation], list[Layer]]] = {
    "Concatenate": _concatenate,
    "Reshape": _reshape,
    "Transpose": _transpose,
    "ExpandDims": _expand,
    "Squeeze": _squeeze,
    "GetItem": _get_item,
    "Mean": _reduce({1: "GlobalAveragePool1D", 2: "GlobalAveragePool2D", 3: "GlobalAveragePool3D"}),
    "Max": _reduce({1: "GlobalMaxPool1D", 2: "GlobalMaxPool2D", 3: "GlobalMaxPool3D"}),
    "Matmul": _matmul,
}
