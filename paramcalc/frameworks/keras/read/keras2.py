"""What Keras 2 writes of a layer, as Keras 3 writes it.

Source: `get_config` of the models and layers of tf-keras 2.21, its layers/core/tf_op_layer.py, and
layers/cudnn_recurrent.py of Keras 2.1.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from paramcalc.frameworks.keras.read.description import TENSOR, Description, stated_shape

#: Arguments that Keras 3 has not, and that decide nothing: they repeat the shapes of inputs, or say how it is computed.
_REPEATED = {"input_length", "query_shape", "key_shape", "value_shape", "softmax_robust_masking"}
#: The same of those that decide nothing at one value.
_USUAL = {"groups": 1, "time_major": False, "causal": False}
#: Classes that Keras 3 has under another name.
_CLASSES = {"ThresholdedReLU": "ReLU"}
#: Recurrent layers for one library alone: the layer type of each, and the fields by which it has the same tensors. The
#: bias of both is twice as long as one bias.
FOR_ONE_LIBRARY: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "CuDNNGRU": ("GRU", {"reset_after": True}),
    "CuDNNLSTM": ("LSTM", {"recurrent_bias": True}),
}
#: Classes that had no second bias until they had an argument for it, which is written since then.
_WITHOUT_SECOND_BIAS = ("GRU", "GRUCell")
#: The classes of functions between layers.
_FUNCTIONS = ("TFOpLambda", "SlicingOpLambda")
#: Functions of TensorFlow, by their last word, as operations of Keras 3. Others are refused by their name.
_OPERATIONS = {
    "abs": "Absolute", "add": "Add", "argmax": "Argmax", "argmin": "Argmin", "cast": "Cast", "ceil": "Ceil",
    "clip_by_value": "Clip", "concat": "Concatenate", "cos": "Cos", "cumsum": "Cumsum", "divide": "Divide",
    "elu": "Elu", "equal": "Equal", "erf": "Erf", "exp": "Exp", "expand_dims": "ExpandDims", "floor": "Floor",
    "floordiv": "FloorDivide", "floormod": "Mod", "gelu": "Gelu", "getitem": "GetItem", "greater": "Greater",
    "greater_equal": "GreaterEqual", "l2_normalize": "Normalize", "leaky_relu": "LeakyRelu", "less": "Less",
    "less_equal": "LessEqual", "log": "Log", "log1p": "Log1p", "log_softmax": "LogSoftmax",
    "logical_and": "LogicalAnd", "logical_not": "LogicalNot", "logical_or": "LogicalOr", "matmul": "Matmul",
    "maximum": "Maximum", "minimum": "Minimum", "multiply": "Multiply", "negative": "Negative",
    "not_equal": "NotEqual", "ones_like": "OnesLike", "pow": "Power", "reduce_all": "All", "reduce_any": "Any",
    "reduce_logsumexp": "Logsumexp", "reduce_max": "Max", "reduce_mean": "Mean", "reduce_min": "Min",
    "reduce_prod": "Prod", "reduce_std": "Std", "reduce_sum": "Sum", "reduce_variance": "Var", "relu": "Relu",
    "relu6": "Relu6", "reshape": "Reshape", "round": "Round", "rsqrt": "Rsqrt", "selu": "Selu", "sigmoid": "Sigmoid",
    "sign": "Sign", "silu": "Silu", "sin": "Sin", "softmax": "Softmax", "softplus": "Softplus",
    "softsign": "Softsign", "sqrt": "Sqrt", "square": "Square", "squeeze": "Squeeze", "stack": "Stack",
    "stop_gradient": "StopGradient", "subtract": "Subtract", "swish": "Silu", "tanh": "Tanh",
    "transpose": "Transpose", "truediv": "TrueDivide", "zeros_like": "ZerosLike",
}  # fmt: skip
#: Arguments of these functions that Keras 3 has under another name.
_ARGUMENTS = {"shape": "newshape", "perm": "axes"}
#: The second of two numbers or outputs.
_OPERANDS = ("y", "b")


def says_nothing(argument: str, value: Any) -> bool:
    """Whether an argument that Keras 3 has not decides nothing in Keras 2, where it has this value."""
    return argument in _REPEATED or (argument in _USUAL and value == _USUAL[argument])


def with_what_was_usual(model: Any) -> Any:
    """Return a description of Keras 2 with the arguments that it had not yet, where their default is another."""
    if isinstance(model, list):
        return [with_what_was_usual(each) for each in model]
    if not isinstance(model, Mapping):
        return model
    found = {key: with_what_was_usual(value) for key, value in model.items()}
    if found.get("class_name") in _WITHOUT_SECOND_BIAS and isinstance(found.get("config"), dict):
        found["config"].setdefault("reset_after", False)
    return found


def is_older(entry: Description) -> bool:
    """Whether the calls of a layer are written as Keras 2 writes them."""
    nodes = entry.get("inbound_nodes")
    return isinstance(nodes, list) and any(isinstance(node, list) for node in nodes)


def modern(entry: Description, models: Collection[str]) -> Description:
    """Return the description of a layer with its class and its calls as Keras 3 has them.

    `models` are the names of the models beside it: Keras 2 counts their calls from 1.
    """
    entry = _with_class(entry)
    if not is_older(entry):
        return entry
    calls = [_call(node, models) for node in entry["inbound_nodes"] if isinstance(node, list)]
    if entry["class_name"] in _FUNCTIONS:
        return _operation(entry, calls)
    return {**entry, "inbound_nodes": calls}


def _with_class(entry: Description) -> Description:
    """Return the description with the name of the class, and of its module, as Keras 3 has them."""
    module, name = str(entry.get("module") or ""), str(entry["class_name"])
    if not module.startswith("tf_keras") and name not in _CLASSES:
        return entry
    registered = None if entry.get("registered_name") == f"Custom>{name}" else entry.get("registered_name")
    own = {"module": module.removeprefix("tf_"), "registered_name": registered} if module.startswith("tf_keras") else {}
    return {**entry, **own, "class_name": _CLASSES.get(name, name)}


def _call(node: list[Any], models: Collection[str]) -> dict[str, Any]:
    """Return what a layer is called with."""
    stated = [*_references(node)]
    further = stated[0][3] if stated and len(stated[0]) > 3 and isinstance(stated[0][3], dict) else {}
    keywords = {name: _given(value, models) for name, value in further.items() if name != "name"}
    return {"args": [_given(each, models) for each in stated], "kwargs": keywords}


def _references(node: Any) -> Iterator[list[Any]]:
    """Yield the outputs or constants that a node names, in order."""
    if isinstance(node, list) and node and not isinstance(node[0], (list, dict)):
        yield node
    elif isinstance(node, (list, dict)):
        for each in node if isinstance(node, list) else (node[key] for key in sorted(node)):
            yield from _references(each)


def _given(value: Any, models: Collection[str]) -> Any:
    """Return an argument of a call: an output, a constant, or a list of them."""
    if not isinstance(value, list) or not value:
        return value
    if value[0] == "_CONSTANT_VALUE":
        return value[2] if len(value) > 2 else None
    if isinstance(value[0], str) and len(value) >= 3:
        name, call, place = value[:3]
        call = call - 1 if name in models and type(call) is int else call
        return {"class_name": TENSOR, "config": {"keras_history": [name, call, place]}}
    return [_given(each, models) for each in value]


def _operation(entry: Description, calls: list[Any]) -> Description:
    """Write a function between layers as an operation, what is constant in its call among its arguments."""
    function = str(entry["config"].get("function"))
    name = _OPERATIONS.get(function.rpartition(".")[2], function)
    config: dict[str, Any] = {"name": entry["config"].get("name")}
    for call in calls:
        for argument in [argument for argument in call["kwargs"] if argument not in _OPERANDS]:
            value = call["kwargs"].pop(argument)
            if argument == "slice_spec":
                call["args"].append([_part(part) for part in value] if isinstance(value, list) else value)
            else:
                config[_ARGUMENTS.get(argument, argument)] = value
        _state_shapes(call["args"], entry)
    if name == "Matmul" and any(value for key, value in config.items() if key.startswith(("transpose", "adjoint"))):
        name = function  # the operation of Keras 3 turns neither
    return {**entry, "module": "keras.src.ops.tensorflow", "class_name": name, "config": config, "inbound_nodes": calls}


def _part(part: Any) -> Any:
    """Return a part of one axis: places from one to another, or what else stands in an index."""
    if isinstance(part, Mapping) and "class_name" not in part:
        return {"class_name": "__slice__", "config": part}
    return part


def _state_shapes(given: list[Any], entry: Description) -> None:
    """Write the shapes of what a function is called with beside the outputs, where it was built for them."""
    shapes = (entry.get("build_config") or {}).get("input_shape")
    outputs = [each for each in given if isinstance(each, dict) and each.get("class_name") == TENSOR]
    stated = [shapes] if stated_shape(shapes) else shapes if isinstance(shapes, list) else []
    for output, shape in zip(outputs, stated, strict=False):
        output["config"]["shape"] = shape
