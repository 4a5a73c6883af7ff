"""A Keras model that is alive: its description, and its weights where code of its own stands behind them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby
from math import prod
from typing import Any

from paramcalc.core.errors import ParamcalcError, quoted, refuse
from paramcalc.core.registry import kind
from paramcalc.frameworks.keras.read.description import Description, is_model
from paramcalc.frameworks.keras.read.layers import read_layer
from paramcalc.frameworks.keras.read.model import Reading
from paramcalc.frameworks.keras.read.whole import read_description
from paramcalc.frameworks.names import FreeNames
from paramcalc.layers.base.fields import DTYPES
from paramcalc.results.count import count
from paramcalc.spec import Node, Spec


def read_live(model: Any) -> Spec:
    """Read the spec of a model that is built. Raises `invalid-value` for one that is not, and `model-mismatch`."""
    if not model.built:
        raise refuse("invalid-value", f"the model {quoted(model.name)} is not built", "call it once, or build it")
    live = _Live(model)
    description = _described(model)
    spec = live.listed() if description is None else live.read(description)
    counted = count(spec, "keras")
    ours = counted.total, counted.trainable
    theirs = model.count_params(), sum(prod(map(int, each.shape)) for each in model.weights if live.is_trained(each))
    if ours != theirs:
        raise refuse(
            "model-mismatch",
            f"the model {quoted(model.name)} has {theirs[0]:,} parameters, {theirs[1]:,} of them trained; as a spec it"
            f" would have {ours[0]:,} and {ours[1]:,}",
            "is a layer in two of the models within it?",
        )
    return spec


def _described(model: Any) -> Description | None:
    """Return the description of a Functional or Sequential model; None for another, and where a layer has none."""
    import json

    try:
        found = json.loads(model.to_json())
    except (NotImplementedError, TypeError, ValueError):
        return None
    return found if is_model(found) else None


class _Live:
    """The layers of a model and their weights."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.trained = {id(weight) for weight in model.trainable_weights}
        #: the layers that are not what their description says
        self.forced: set[int] = set()

    def is_trained(self, weight: Any) -> bool:
        """Whether the optimizer of the model updates a weight."""
        return id(weight) in self.trained

    def read(self, description: Description) -> Spec:
        """Read the spec of a description; layers that have other weights than it says, by these."""
        reading = Reading(alive=self.node)
        spec = read_description(description, reading, live=self.model)
        self.forced = {id(layer) for layer, shapes in reading.compared if self.shapes(layer) != shapes}
        if not self.forced:
            return spec
        return read_description(description, Reading(alive=self.node), live=self.model)

    def shapes(self, layer: Any) -> Counter[Any]:
        """Count the shapes of a layer's weights, and whether each is trained."""
        return Counter((tuple(map(int, weight.shape)), self.is_trained(weight)) for weight in layer.weights)

    def node(self, layer: Any, entry: Description) -> Node | None:
        """Return the node of a layer by its weights; None where its description will do."""
        try:
            read_layer(entry, None)
        except ParamcalcError:
            pass
        else:
            if id(layer) not in self.forced:
                return None
        nodes = list(self.weights(layer))
        given, gives = _shape(layer, "input"), _shape(layer, "output")
        if given != gives:
            # what flows on is known by its shape alone
            nodes.append(Node(kind("Input")(shape=gives)))
        if not nodes:
            nodes.append(Node(kind("Activation")(activation="linear")))
        several = isinstance(layer.input, (list, tuple))
        return nodes[0] if len(nodes) == 1 and not several else Node(layers=tuple(nodes))

    def weights(self, layer: Any, weights: Sequence[Any] | None = None) -> Iterable[Node]:
        """Yield nodes with the weights of a layer: one for those that are alike in training and dtype."""
        _check_built(layer)
        names = FreeNames(stem="tensor")
        named = [(names.new(_path_in(layer, each)), each) for each in (layer.weights if weights is None else weights)]
        for (trained, dtype), members in groupby(named, lambda item: (self.is_trained(item[1]), str(item[1].dtype))):
            tensors = {name: [int(size) for size in weight.shape] for name, weight in members}
            usual = dtype == "float32" or dtype not in DTYPES
            yield Node(
                kind("Weights")(tensors=tensors), trainable=None if trained else False, dtype=None if usual else dtype
            )

    def listed(self) -> Spec:
        """List what a model of its own class owns: the weights of its layers, in the order of its attributes.

        Those of the model itself stand behind them.
        """
        nodes: list[Node] = []
        names = FreeNames()
        seen: set[int] = set()
        for layer in [*self.model.layers, self.model]:
            rest = [weight for weight in layer.weights if id(weight) not in seen]
            seen.update(map(id, rest))
            inner = [*self.weights(layer, rest)]
            if inner and not nodes:
                # what it takes is not known: the first weights are where the list begins
                inner[0] = _without_input(inner[0])
            if inner:
                nodes.append(Node(layers=tuple(inner), name=names.new(layer.name)))
        if not nodes:
            raise refuse("invalid-value", f"the model {quoted(self.model.name)} has no weights")
        return Spec(
            tuple(nodes),
            name=self.model.name,
            description=f"The weights of {type(self.model).__name__}, layer by layer in the order of its attributes;"
            " how they are connected is not known.",
        )


def _shape(layer: Any, side: str) -> list[int | None]:
    """Return the shape of what a layer is given, or gives. Raises `unknown-kind` where there is not one."""
    try:
        found = getattr(layer, side)
        # of several inputs, the first is what flows through
        found = found[0] if isinstance(found, (list, tuple)) and side == "input" else found
        return [None if size is None else int(size) for size in found.shape[1:]]
    except (AttributeError, ValueError):
        raise refuse(
            "unknown-kind",
            f"the layer '{layer.name}' is of the class {quoted(type(layer).__name__)}, and has not one {side} alone",
            "write its tensors as Weights",
        ) from None


def _check_built(layer: Any) -> None:
    """Raise `invalid-value` for a layer that makes its weights, or those of a layer in it, only once it is called."""
    for each in layer._flatten_layers():
        makes_weights = type(each).build is not _base(each).build
        if not each.built and makes_weights:
            raise refuse(
                "invalid-value",
                f"the layer {quoted(each.name)} is not built, so that its weights are not known",
                "call the model once on an example, or build that layer",
            )


def _base(layer: Any) -> Any:
    """Return the class of Keras that all layers are of, of whichever Keras this layer is."""
    return next(cls for cls in type(layer).__mro__ if "_flatten_layers" in vars(cls) and "build" in vars(cls))


def _without_input(node: Node) -> Node:
    """Return a node of Weights that gives one of its tensors, and takes nothing."""
    layer: Any = node.layer
    stated = layer.stated()
    return replace(node, layer=kind("Weights")(**stated, output=next(iter(stated["tensors"]))))


def _path_in(layer: Any, weight: Any) -> str:
    """Return the path of a weight in its layer."""
    return str(weight.path).partition(f"{layer.name}/")[2] or str(weight.path)
