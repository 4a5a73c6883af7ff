"""What a layer of Keras 3 with code of its own calls: its `call` is run on tensors that hold no numbers.

Source: keras.src.ops.node and keras.src.models.functional, which `keras.Model(inputs, outputs)` stands on.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from paramcalc.frameworks.keras.read.calls import Output
from paramcalc.frameworks.keras.read.description import ARRAY, TENSOR, Description, StatedShape, stated_shape


class Trace(NamedTuple):
    """What a layer calls, as a model in the functional style."""

    description: Description
    model: Any
    #: of each output of the layer, the place among the model's; None for what is no tensor
    places: Sequence[int | None]


@contextmanager
def leaving_as_it_is(model: Any) -> Iterator[None]:
    """Take away from the layers of a model, in the end, the calls that were traced, and what these have set."""
    layers = [*model._flatten_layers()]
    attributes = [dict(vars(each)) for each in layers]
    lists = [
        getattr(layer, name)
        for layer in layers
        for name in ("_inbound_nodes", "_outbound_nodes")
        if isinstance(getattr(layer, name, None), list)
    ]
    lengths = [len(each) for each in lists]
    try:
        yield
    finally:
        for each, length in zip(lists, lengths, strict=True):
            del each[length:]
        for layer, before in zip(layers, attributes, strict=True):
            vars(layer).clear()
            vars(layer).update(before)


def trace(layer: Any, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Trace | None:
    """Return what a layer calls when it is called with these; None where its code cannot be followed.

    The tensors among them are as descriptions have them.
    """
    import keras

    given: list[Any] = []

    def tensor(value: Any) -> Any:
        if isinstance(value, Mapping) and value.get("class_name") == TENSOR:
            config = value["config"]
            name = f"inputs_{len(given)}" if given else "inputs"
            given.append(keras.Input(batch_shape=config["shape"], dtype=config.get("dtype"), name=name))
            return given[-1]
        if isinstance(value, Mapping):
            return {key: tensor(each) for key, each in value.items()}
        return [tensor(each) for each in value] if isinstance(value, (list, tuple)) else value

    try:
        with keras.StatelessScope(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            outputs = keras.tree.flatten(layer.call(*map(tensor, arguments), **tensor(keywords)))
            found = [each for each in outputs if keras.utils.is_keras_tensor(each)]
            model = keras.Model(given, found, name=layer.name)
            if not found or not given:
                return None
            places = iter(range(len(found)))
            return Trace(
                describe(model),
                model,
                [next(places) if keras.utils.is_keras_tensor(each) else None for each in outputs],
            )
    except Exception:  # whatever the code of a layer may do that is given no numbers
        return None


def describe(model: Any) -> Description:
    """Describe a model of Keras 3 as its `get_config` does; of a layer that cannot, say its class and name."""
    config: dict[str, Any] = {"name": model.name, "trainable": model.trainable}
    if not _is_graph(model):
        config |= {"layers": [*map(described_entry, model.layers)], "build_input_shape": _plain(model.input_shape)}
        return {"module": "keras", "class_name": "Sequential", "config": config}
    config["layers"] = [
        {
            **described_entry(each),
            "name": each.name,
            "inbound_nodes": [_call(model, node) for _, node in _calls(model, each) if node.input_tensors],
        }
        for each in model.operations
    ]
    config["input_layers"] = [[each.name, 0, 0] for each in (tensor._keras_history[0] for tensor in model.inputs)]
    outputs = [(tensor._keras_history[0], *_history(model, tensor)) for tensor in model.outputs]
    # the calls of a model within count from 1 there
    config["output_layers"] = [[name, number + int(_is_graph(layer)), place] for layer, name, number, place in outputs]
    return {"module": "keras.src.models.functional", "class_name": "Functional", "config": config}


def shapes_of(model: Any) -> dict[Output, StatedShape]:
    """Return the shapes of all outputs of the layers of a model, as far as it is one of Keras 3 and knows them."""
    graph = model if hasattr(model, "operations") else getattr(model, "_functional", None)
    found: dict[Output, StatedShape] = {}
    for each in getattr(graph, "operations", ()):
        for number, (_, node) in enumerate(_calls(graph, each)):
            for place, tensor in enumerate(node.output_tensors):
                shape = stated_shape(getattr(tensor, "shape", None))
                if shape is not None:
                    found[Output(each.name, number, place)] = shape
    return found


def _is_graph(layer: Any) -> bool:
    """Whether a layer is a model in the functional style."""
    return hasattr(layer, "operations") and hasattr(layer, "_nodes")


def _calls(model: Any, operation: Any) -> list[tuple[int, Any]]:
    """Return the calls of an operation that are of a model, each with its number among all."""
    return [
        (number, node)
        for number, node in enumerate(operation._inbound_nodes)
        if f"{id(operation)}_ib-{number}" in model._nodes
    ]


def _history(model: Any, tensor: Any) -> list[Any]:
    """Return an output by its operation, which of the calls in a model, and which of that call's outputs."""
    operation, number, place = tensor._keras_history
    return [operation.name, [index for index, _ in _calls(model, operation)].index(number), place]


def _call(model: Any, node: Any) -> dict[str, Any]:
    return {"args": _argument(model, list(node.arguments.args)), "kwargs": _argument(model, node.arguments.kwargs)}


def _argument(model: Any, value: Any) -> Any:
    """Return what an operation is called with: of a tensor where it comes from, of an array its shape alone."""
    if hasattr(value, "_keras_history"):
        shape, dtype = _plain(value.shape), str(value.dtype)
        return {
            "class_name": TENSOR,
            "config": {"shape": shape, "dtype": dtype, "keras_history": _history(model, value)},
        }
    if isinstance(value, Mapping):
        return {str(key): _argument(model, each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_argument(model, each) for each in value]
    if isinstance(value, slice):
        return {"class_name": "__slice__", "config": {name: getattr(value, name) for name in ("start", "stop", "step")}}
    if value is Ellipsis:
        return {"class_name": "__ellipsis__", "config": {}}
    if hasattr(value, "shape"):
        return {"class_name": ARRAY, "config": {"shape": _plain(value.shape)}}
    return value if isinstance(value, (bool, int, float, str, type(None))) else str(value)


def _plain(shape: Any) -> Any:
    """Return a shape, or shapes, as JSON has them."""
    if isinstance(shape, Mapping):
        return {str(key): _plain(each) for key, each in shape.items()}
    return shape if shape is None or isinstance(shape, int) else [*map(_plain, shape)]


def described_entry(layer: Any) -> Description:
    """Describe a layer, an operation or a model within."""
    if _is_graph(layer) or hasattr(layer, "_functional"):
        return describe(layer)
    cls = type(layer)
    is_own = cls.__module__.partition(".")[0] in ("keras", "tf_keras")
    found: dict[str, Any] = {
        "module": "keras.layers" if is_own else cls.__module__,
        "class_name": cls.__name__,
        "config": {"name": layer.name},
        "registered_name": None if is_own else f"{cls.__module__}>{cls.__name__}",
    }
    try:
        if cls.__module__.startswith("tf_keras."):
            found["config"] = json.loads(json.dumps(layer.get_config()))
        else:
            import keras

            found = json.loads(json.dumps(keras.saving.serialize_keras_object(layer)))
    except Exception:  # whatever a class of one's own does in its place: then its name alone is known
        pass
    return {**found, "name": layer.name}
