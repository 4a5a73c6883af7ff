"""The graph of a Keras model: its layers' calls in order, as the nodes of a spec."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from paramcalc.core.errors import quoted, refuse
from paramcalc.frameworks.keras.read.calls import LayerCall, Output, in_order, outputs_in
from paramcalc.frameworks.keras.read.description import (
    MODELS,
    Description,
    StatedShape,
    a_part,
    is_description,
    is_model,
)
from paramcalc.frameworks.keras.read.keras2 import is_older, modern
from paramcalc.frameworks.keras.read.layers import Read, is_input, keras_name, read_input, read_layer
from paramcalc.frameworks.keras.read.operations import is_operation, read_operation
from paramcalc.frameworks.names import FreeNames
from paramcalc.layers.base.declaration import Layer
from paramcalc.spec import Node


class Source(NamedTuple):
    """An output in a spec: the node, by its name or its path, and which of its outputs."""

    node: str
    place: int = 0

    def __str__(self) -> str:
        return f"{self.node}.{self.place}" if self.place else self.node


@dataclass
class Reading:
    """What the reading of a model leaves to be held against the spec, by the paths of its nodes."""

    #: the layers, each with what it was read from
    layers: dict[str, Read] = field(default_factory=dict)
    #: the layers by all that their descriptions say, since many are alike
    known: dict[str, Read] = field(default_factory=dict)
    #: the shapes of outputs that the description states
    shapes: dict[tuple[str, int], StatedShape] = field(default_factory=dict)
    #: of a model that is alive: what gives the node of a layer as it is there, where its description will not do
    alive: Callable[[Any, Description], Node | None] | None = None
    #: the layers that are alive, by the paths of their nodes
    live: dict[str, Any] = field(default_factory=dict)
    #: the layers that are alive, each with the shapes that its tensors have by its description, and which are trained
    compared: list[tuple[Any, Counter[Any]]] = field(default_factory=list)


class ModelReader:
    """A Functional or Sequential model: the whole, or one within another."""

    def __init__(
        self, model: Description, reading: Reading, path: tuple[str, ...] = (), frozen: bool = False, live: Any = None
    ) -> None:
        self.config = model["config"]
        self.entries = _entries(self.config)
        self.sequential = model["class_name"] == "Sequential"
        self.reading = reading
        #: the names of the groups around it and its own; none for the whole
        self.path = path
        #: whether the whole model is frozen, and with it all that is in it
        self.frozen = frozen
        #: the model itself, where it is alive
        self.live = live
        #: how nodes name the outputs of each call
        self.sources: dict[tuple[str, int], Callable[[int], Source]] = {}
        #: of each model within, and of each operation that parts something, its outputs as they are named
        #: there; None for what simply flows out of it
        self.inner: dict[str, list[Source | None]] = {}
        #: the node of each layer's first call
        self.first: dict[str, str] = {}
        self.names = FreeNames()
        self.nodes: list[Node] = []
        #: what a node takes that states nothing
        self.flowing: Source | None = Source("input") if path else None

    def read(self) -> tuple[list[Node], tuple[Source, ...]]:
        """Read the nodes of the model in order, and its outputs."""
        if self.sequential:
            for call in self.chain():
                self.add(call)
            return self.nodes, (self.flowing,) if self.flowing else ()
        if self.path:
            for place, (name, number, _) in enumerate(outputs_in(self.config.get("input_layers"))):
                self.sources[name, number] = _place_of([Source("input", place)])
        for call in in_order(self.calls()):
            self.add(call)
        return self.nodes, tuple(map(self.source, self.outputs()))

    # --- what is called

    def chain(self) -> Iterator[LayerCall]:
        """Yield the layers of a Sequential model; in front, an input of the shape that it was built for."""
        entries = self.entries
        first = entries[0] if entries else {}
        stated = first.get("config", {}).get("batch_input_shape") or self.config.get("build_input_shape")
        if not self.path and not is_input(first):
            if not stated:
                raise refuse(
                    "missing-input",
                    f"the model {quoted(self.config.get('name'))} does not say the shape of its input",
                    "put a keras.Input in front of its layers, or build it",
                )
            yield LayerCall({"class_name": "InputLayer", "config": {"batch_shape": stated, "name": "input_layer"}}, 0)
        # where it is alive, its layers are listed without its input
        live = iter(self.live.layers if self.live is not None else ())
        for entry in entries:
            yield LayerCall(entry, 0, live=None if is_input(entry) else next(live, None))

    def calls(self) -> Iterator[LayerCall]:
        """Every call of every layer."""
        for entry in self.entries:
            if is_input(entry):
                yield LayerCall(entry, 0)
                continue
            nodes = entry.get("inbound_nodes")
            live = None if self.live is None or is_operation(entry) else self.live.get_layer(keras_name(entry))
            for number, node in enumerate(a_part(list, nodes)):
                called = a_part(dict, node)
                yield LayerCall(
                    entry, number, a_part(list, called.get("args")), a_part(dict, called.get("kwargs")), live
                )

    def outputs(self) -> Iterator[Output]:
        """Yield the outputs of a Functional model. There, the calls of a Functional model within count from 1.

        Source: `Functional.get_config`, where such a model "starts with a pre-existing node"; in Keras 2 a
        Sequential model is one, too.
        """
        older = any(map(is_older, self.config["layers"]))
        classes = MODELS if older else ("Functional", "Model")
        models = {keras_name(entry) for entry in self.entries if entry["class_name"] in classes}
        for output in outputs_in(self.config.get("output_layers")):
            yield output._replace(call=output.call - 1) if output.layer in models else output

    def source(self, output: Output) -> Source:
        """How a node names an output. Raises `unknown-node`."""
        try:
            return self.sources[output[:2]](output.place)
        except (KeyError, IndexError):
            raise refuse(
                "unknown-node", f"the description names an output of {quoted(output.layer)} that is not there"
            ) from None

    # --- nodes

    def add(self, call: LayerCall) -> None:
        """Put a call at the end of the nodes."""
        if self.path and is_input(call.entry):
            return
        given = [(self.source(output), shape) for output, shape in call.tensors]
        for source, shape in given:
            self.state(source, shape)
        sources = [source for source, _ in given]
        inputs = tuple(map(str, sources)) if sources and sources != [self.flowing] else None
        if self.sequential and self.flowing:
            sources = [self.flowing]
        if call.number and call.key[0] not in self.first:
            self.sources[call.key] = _place_of(sources)  # a model within that has no layers
            return
        name = self.names.new(call.key[0], call.number)
        if call.number:
            node = Node(share=self.first[call.key[0]], name=name, inputs=inputs)
        elif is_model(call.entry):
            group = ModelReader(call.entry, self.reading, (*self.path, name), self.frozen, call.live)
            layers, outputs = group.read()
            if not layers:
                self.sources[call.key] = _place_of(sources)
                return
            self.inner[call.key[0]] = [None if each == group.flowing else each for each in outputs]
            node = Node(layers=tuple(layers), name=name, inputs=inputs)
        else:
            node = self.layer(call, name, inputs, [shape for _, shape in given])
            if node.layer is not None and len(sources) > 1 and _is_one(sources, node.layer):
                node = replace(node, inputs=None if sources[0] == self.flowing else (str(sources[0]),))
        self.nodes.append(node)
        self.first.setdefault(call.key[0], name)
        self.flowing = Source(name)
        self.sources[call.key] = _sources(name, self.inner.get(call.key[0]), sources)

    def layer(
        self, call: LayerCall, name: str, inputs: tuple[str, ...] | None, shapes: list[StatedShape | None]
    ) -> Node:
        """Return the node of a layer or an operation."""
        path = (*self.path, name)
        if is_input(call.entry):
            return Node(read_input(call.entry), name=name)
        if is_operation(call.entry):
            operation = read_operation(call.entry, call.arguments, call.keywords, shapes)
            if operation.outputs is not None:
                self.inner[call.key[0]] = [Source(each) for each in operation.outputs]
            return replace(operation.node, name=name, inputs=inputs)
        if call.live is not None and self.reading.alive is not None:
            node = self.reading.alive(call.live, call.entry)
            if node is not None:
                return replace(node, name=name, inputs=inputs)
            self.reading.live[".".join(path)] = call.live
        read = read_layer(call.entry, shapes[0] if shapes else None, self.reading.known)
        self.reading.layers[".".join(path)] = read
        return Node(
            read.layer,
            name=name,
            inputs=inputs,
            trainable=False if self.frozen or read.frozen else None,
            dtype=read.dtype,
        )

    def state(self, source: Source, shape: StatedShape | None) -> None:
        """Keep a shape that the description states."""
        if shape is not None and source.node != "input":
            self.reading.shapes[".".join((*self.path, source.node)), source.place] = shape


def _is_one(sources: list[Source], layer: Layer) -> bool:
    """Whether a layer is given one output alone, as query, value and key, which it need not be told twice."""
    return len({*sources}) == 1 and not layer.variadic and all(each.optional for each in layer.inputs[1:])


def _sources(name: str, inner: list[Source | None] | None, given: list[Source]) -> Callable[[int], Source]:
    """How the outputs of a call are named. Of a model within: by the way to the node that gives them."""
    if inner is None:
        return lambda place: Source(name, place)
    outputs = [
        Source(name)
        if each is None
        else given[each.place]
        if each.node == "input"
        else Source(f"{name}.{each.node}", each.place)
        for each in inner
    ]
    return _place_of(outputs)


def _place_of(outputs: list[Source]) -> Callable[[int], Source]:
    return lambda place: outputs[place]


# --- The parts of a description --------------------------------------------------------


def _entries(config: Description) -> list[Description]:
    """Return the layers of a model, as Keras 3 describes them. Raises `invalid-value`."""
    for entry in config["layers"]:
        if not is_description(entry):
            raise refuse(
                "invalid-value",
                f"a layer of a description is a mapping with 'class_name' and 'config', not {quoted(entry)}",
            )
    models = {keras_name(entry) for entry in config["layers"] if is_model(entry)}
    return [modern(entry, models) for entry in config["layers"]]
