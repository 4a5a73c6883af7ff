"""The graph of a Keras model: its layers' calls in order, as the nodes of a spec."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import Any, Protocol

from paramcalc.core.errors import LIMITS, ParamcalcError, quoted, refuse
from paramcalc.frameworks.keras.read.calls import CallNode, LayerCall, Output, Source, in_order, outputs_in
from paramcalc.frameworks.keras.read.description import (
    Description,
    StatedShape,
    a_part,
    is_description,
    is_graph,
    is_model,
    is_sequence,
    stated_shape,
)
from paramcalc.frameworks.keras.read.keras2 import is_older, modern
from paramcalc.frameworks.keras.read.layers import (
    is_input,
    is_weightless,
    keras_name,
    read_input,
    read_layer,
    shape_stated_by,
)
from paramcalc.frameworks.keras.read.operations import by_shapes, is_operation, read_operation
from paramcalc.frameworks.keras.read.over_steps import layer_over_steps, model_over_steps, with_steps
from paramcalc.frameworks.keras.read.reading import Hidden, Reading, identities
from paramcalc.frameworks.names import FreeNames
from paramcalc.layers.base.declaration import Layer
from paramcalc.spec import Node
from paramcalc.spec.references import read_references

#: What an attention is called with to give its scores as well.
_SCORES = "return_attention_scores"
#: Its inputs, the shapes of which make that of the scores.
_INPUTS = ("query", "value")


class Around(Protocol):
    """A group of nodes, which those of a model are read into."""

    path: tuple[str, ...]
    around: Around | None
    names: FreeNames
    given: set[str]
    frozen: bool
    steps: StatedShape


class ModelReader:
    """A Functional or Sequential model: the whole, or one within another."""

    def __init__(
        self,
        model: Description,
        reading: Reading,
        around: Around | None = None,
        name: str = "",
        live: Any = None,
        steps: StatedShape | None = None,
        alone: bool = False,
    ) -> None:
        self.config = model["config"]
        self.entries = _entries(self.config)
        self.sequential = is_sequence(model)
        self.reading = reading
        reading.keep_class(model)
        #: whether it begins with inputs of its own, as the whole does
        self.alone = alone or around is None
        #: what is around it, and the names of the groups around it and its own; none for the whole
        self.around = around
        self.path: tuple[str, ...] = (*around.path, name) if around is not None else ()
        #: whether the whole model is frozen, and with it all that is in it
        self.frozen = around.frozen if around is not None else self.config.get("trainable") is False
        #: how many steps each of its layers goes over, along each of the axes that are steps to it
        self.steps: StatedShape = steps if steps is not None else around.steps if around is not None else ()
        #: the model itself, where it is alive
        self.live = live
        #: how nodes name the outputs of each call
        self.sources: dict[tuple[str, int], Callable[[int], Source]] = {}
        #: of each model within, and of each operation that parts something, its outputs as they are named
        #: there; None for what simply flows out of it
        self.inner: dict[str, Sequence[Source | None]] = {}
        #: the node of each layer's first call
        self.first: dict[str, str] = {}
        self.names = FreeNames(("input", *(reading.reserved if around is not None else ())))
        self.nodes: list[Node] = []
        #: what a node takes that states nothing
        self.flowing: Source | None = None if self.alone else Source("input")
        #: the shapes of outputs of its layers, where the model or what takes them states them
        self.stated: dict[Output, StatedShape] = {}
        #: of each call, which of its outputs something takes
        self.wanted: dict[tuple[str, int], set[int]] = defaultdict(set)
        #: of a Sequential model, the output before the layer at hand
        self.before: Output | None = None
        #: the names of its nodes so far
        self.given: set[str] = set()

    def read(self, taken: Sequence[StatedShape | None] = ()) -> tuple[list[Node], tuple[Source, ...]]:
        """Read the nodes of the model in order, and its outputs, whose shapes are `taken`, where they are stated."""
        self.stated = {} if self.live is None else self.reading.shapes_of(self.live)
        calls = [*self.chain()] if self.sequential else [*self.calls()]
        outputs = [Output(*calls[-1].key, 0)] if self.sequential and calls else [*self.outputs()]
        self.stated |= {output: shape for output, shape in zip(outputs, taken, strict=False) if shape is not None}
        for name, number, place in [*outputs, *(output for call in calls for output, _ in call.tensors)]:
            self.wanted[name, number].add(place)
        if self.sequential:
            for call in calls:
                self.wanted[call.key].add(0)
                self.add(call)
                self.before = Output(*call.key, 0)
            return self.nodes, (self.flowing,) if self.flowing else ()
        if not self.alone:
            for place, (name, number, _) in enumerate(outputs_in(self.config.get("input_layers"))):
                self.sources[name, number] = _place_of([Source("input", place)])
        for call in in_order(calls):
            self.add(call)
        return self.nodes, tuple(map(self.source, outputs))

    # --- what is called

    def chain(self) -> Iterator[LayerCall]:
        """Yield the layers of a Sequential model; in front, an input of the shape that it was built for."""
        entries = self.entries
        first = entries[0] if entries else {}
        if self.alone and not is_input(first):
            stated = _shape_given(first) if first else None
            stated = stated or stated_shape(self.config.get("build_input_shape"))
            if stated is None:
                raise refuse(
                    "missing-input",
                    f"the model {quoted(self.config.get('name'))} does not say the shape of its input",
                    "put a keras.Input in front of its layers, or build it",
                )
            yield LayerCall({"class_name": "InputLayer", "config": {"batch_shape": stated, "name": "input_layer"}}, 0)
        # where it is alive, its layers are listed without its input
        live = iter(self.live.layers if self.live is not None else ())
        for entry, after in zip_longest(entries, entries[1:]):
            alive = None if is_input(entry) else next(live, None)
            named = entry if alive is None else {**entry, "name": alive.name}
            shape = _shape_given(after) if after is not None else None
            if shape is not None:
                self.stated.setdefault(Output(keras_name(named), 0, 0), shape)
            yield LayerCall(named, 0, live=alive)

    def calls(self) -> Iterator[LayerCall]:
        """Every call of every layer."""
        live = _by_name(self.live)
        for entry in self.entries:
            if is_input(entry):
                yield LayerCall(entry, 0)
                continue
            nodes = a_part(list, entry.get("inbound_nodes"))
            alive = live.get(keras_name(entry))
            for number, node in enumerate(nodes):
                called = a_part(dict, node)
                call = LayerCall(
                    entry, number, a_part(list, called.get("args")), a_part(dict, called.get("kwargs")), alive
                )
                for output, shape in call.tensors:
                    # of a layer that is built for one input alone, its shape is known as well
                    alone = len(call.tensors) == len(nodes) == 1
                    stated = shape or (_shape_given(entry) if alone else None)
                    if stated is not None:
                        self.stated.setdefault(output, stated)
                yield call

    def outputs(self) -> Iterator[Output]:
        """Yield the outputs of a Functional model. There, the calls of a Functional model within count from 1.

        Source: `Functional.get_config`, where such a model "starts with a pre-existing node"; in Keras 2 a
        Sequential model is one, too.
        """
        counts_from_1 = is_model if any(map(is_older, self.config["layers"])) else is_graph
        models = {keras_name(entry) for entry in self.entries if counts_from_1(entry)}
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
        if not self.alone and is_input(call.entry):
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
        node = self.called_again(call, name, inputs) or self.called_first(
            call, name, inputs, [shape for _, shape in given]
        )
        if node is None:
            self.sources[call.key] = _place_of(sources)
            return
        if node.layer is not None and len(sources) > 1 and _is_one(sources, node.layer):
            node = replace(node, inputs=None if sources[0] == self.flowing else (str(sources[0]),))
        self.nodes.append(node)
        self.given.add(name)
        self.first.setdefault(call.key[0], name)
        self.flowing = Source(name)
        self.sources[call.key] = _sources(name, self.inner.get(call.key[0]), sources)
        if call.keywords.get(_SCORES) is True and node.layers is None and 1 in self.wanted[call.key]:
            self.add_scores(call, name)

    def add_scores(self, call: LayerCall, name: str) -> None:
        """Put what an attention attends to behind it, its second output: it is known by its shape alone."""
        shape = self.stated.get(Output(*call.key, 1)) or self.scores_of(call)
        scores = self.names.new(f"{name}_scores")
        self.nodes.append(Node(by_shapes({0: with_steps(shape, self.steps)}).node.layer, name=scores))
        self.given.add(scores)
        self.flowing = Source(scores)
        self.sources[call.key] = _place_of([Source(name), Source(scores)])

    def scores_of(self, call: LayerCall) -> StatedShape:
        """Return the shape of what an attention attends to: for each head, each position of the query and the value.

        Raises `unknown-kind` where the positions are not along one axis.
        """
        read = self.reading.layers.get(".".join((*self.path, self.first[call.key[0]])))
        # Keras 2 states them among the arguments
        stated = [*self.given_to(call), *(stated_shape(call.entry["config"].get(f"{each}_shape")) for each in _INPUTS)]
        given = [shape for shape in stated if shape is not None and len(shape) == 3]
        if read is None or not given:
            name = keras_name(call.entry)
            raise refuse("unknown-kind", f"the layer '{name}' gives its scores, whose shape is not known")
        # `Attention` of Keras has none, and no axis for them
        heads = getattr(read.layer, "num_heads", None) if "num_heads" in read.layer.model_fields_set else None
        query, value = given[0], given[min(1, len(given) - 1)]
        return (query[0], *(() if heads is None else (heads,)), query[1], value[1])

    def called_again(self, call: LayerCall, name: str, inputs: tuple[str, ...] | None) -> Node | None:
        """Return the node of a layer that was called before, in this model or in another; None for any other."""
        if call.number:
            return Node(share=self.first[call.key[0]], name=name, inputs=inputs)
        if is_input(call.entry) or is_operation(call.entry) or self.steps:
            return None
        identity, *_ = next(identities(call.entry, call.live))
        owner = self.reading.owners.get(identity) if identity is not None else None
        if owner is None or owner.way:
            return None
        if owner.outputs is not None:
            self.inner[call.key[0]] = owner.outputs
        return Node(share=reference(self, owner.path), name=name, inputs=inputs)

    def called_first(
        self, call: LayerCall, name: str, inputs: tuple[str, ...] | None, shapes: list[StatedShape | None]
    ) -> Node | None:
        """Return the node of a layer that is called for the first time; None for a model that has no layers."""
        path = (*self.path, name)
        over_steps = model_over_steps(call.entry)
        if over_steps is not None:
            node, outputs = self.model_over_steps(call, over_steps, name, shapes)
        elif is_model(call.entry):
            node, outputs = self.model(ModelReader(call.entry, self.reading, self, name, call.live), self.taken(call))
        else:
            node, outputs = self.layer(call, path, shapes)
        if node is None:
            return None
        if (over_steps is not None or is_model(call.entry)) and not self.steps:
            self.reading.place(call, path, outputs)
        if outputs is not None:
            self.inner[call.key[0]] = outputs
        # it was made just now, and is not yet part of anything
        node.name = name
        node.inputs = read_references(inputs) if inputs and (node.layer is None or node.layer.inputs) else None
        return node

    def model(
        self, group: ModelReader, taken: Sequence[StatedShape | None]
    ) -> tuple[Node | None, Sequence[Source | None] | None]:
        """Return the group of a model within this one, and its outputs; None where it has no layers."""
        layers, outputs = group.read(taken)
        if not layers:
            return None, None
        return Node(layers=tuple(layers)), [None if each == group.flowing else each for each in outputs]

    def model_over_steps(
        self, call: LayerCall, model: Description, name: str, shapes: list[StatedShape | None]
    ) -> tuple[Node | None, Sequence[Source | None] | None]:
        """Return the group of a model that goes over the steps of a sequence, and its outputs."""
        given = next(iter(shapes), None) or next(iter(self.given_to(call)), None)
        steps = (*self.steps, given[1] if given is not None and len(given) > 1 else None)
        inner = ModelReader(model, self.reading, self, name, getattr(call.live, "layer", None), steps)
        return self.model(inner, [shape and (*shape[:1], *shape[2:]) for shape in self.taken(call)])

    def taken(self, call: LayerCall) -> list[StatedShape | None]:
        """Return the shapes of the outputs of a call in their order, as far as they are stated."""
        most = min(max(self.wanted[call.key], default=-1), LIMITS.list_length)
        return [self.stated.get(Output(*call.key, place)) for place in range(most + 1)]

    def layer(
        self, call: LayerCall, path: tuple[str, ...], shapes: list[StatedShape | None]
    ) -> tuple[Node, Sequence[Source | None] | None]:
        """Return the node of a layer or an operation, and where it has several, how its outputs are named in it."""
        if is_input(call.entry):
            return Node(read_input(call.entry)), None
        try:
            found = self.known(call, path, shapes)
        except ParamcalcError:
            # what owns no weights needs no more than the shape of what it gives
            taken = self.taken_of(call)
            if taken is None or not (is_operation(call.entry) or is_weightless(call.entry)):
                raise
            self.reading.is_by_shapes = True
            found = by_shapes({place: with_steps(shape, self.steps) for place, shape in taken.items()})
        return found.node, found.outputs

    def known(self, call: LayerCall, path: tuple[str, ...], shapes: list[StatedShape | None]) -> CallNode:
        """Return the node of a layer or an operation that is a layer type, or that is alive. Raises `unknown-kind`."""
        if is_operation(call.entry):
            over_steps = [shape and with_steps(shape, self.steps) for shape in shapes]
            return read_operation(call.entry, call.arguments, call.keywords, over_steps, bool(self.steps))
        start = (("layer", 0),) * len(self.steps)
        if call.live is not None and self.reading.alive is not None:
            alive = self.reading.alive(self, call, path)
            if alive is not None:
                self.reading.place(call, path, None, start)
                return alive
            self.reading.live[".".join(path)] = call.live
        given, entry = shapes[0] if shapes else None, call.entry
        if self.steps:
            entry = layer_over_steps(entry, given, len(self.steps))
            given = given and with_steps(given, self.steps)
        read = read_layer(entry, given, self.reading.known)
        self.reading.layers[".".join(path)] = read
        self.reading.place(call, path, None, start)
        trainable = False if self.frozen or read.frozen else None
        return CallNode(Node(read.layer, trainable=trainable, dtype=read.dtype))

    def taken_of(self, call: LayerCall) -> dict[int, StatedShape] | None:
        """Return the shapes of the outputs of a call that something takes; None where one is not stated."""
        wanted = self.wanted[call.key]
        stated = {place: self.stated.get(Output(*call.key, place)) or shape_stated_by(call.entry) for place in wanted}
        known = {place: shape for place, shape in stated.items() if shape is not None}
        return known if len(known) == len(wanted) and known else None

    def given_to(self, call: LayerCall) -> list[StatedShape | None]:
        """Return the shapes of what a call is given, as far as they are stated."""
        if self.sequential:
            return [self.before and self.stated.get(self.before)]
        return [shape or self.stated.get(output) for output, shape in call.tensors]

    def state(self, source: Source, shape: StatedShape | None) -> None:
        """Keep a shape that the description states."""
        if shape is not None and source.node != "input":
            self.reading.shapes[".".join((*self.path, source.node)), source.place] = with_steps(shape, self.steps)


def reference(here: Around, path: tuple[str, ...]) -> str:
    """Return the path of a node as it is seen from a model within. Raises `Hidden` where another has its name there."""
    shared = 0
    while shared < min(len(path) - 1, len(here.path)) and path[shared] == here.path[shared]:
        shared += 1
    reader: Around | None = here
    while reader is not None and len(reader.path) > shared:
        if path[shared] in reader.given:
            raise Hidden(path[shared])
        reader = reader.around
    return ".".join(path[shared:])


def _by_name(model: Any) -> dict[str, Any]:
    """Return the layers of a model that is alive, by their names."""
    return {} if model is None else {layer.name: layer for layer in model.layers}


def _shape_given(entry: Description) -> StatedShape | None:
    """Return the shape that a layer was built for, or a model begins with, where its description says it."""
    config = entry["config"]
    built = a_part(dict, entry.get("build_config")).get("input_shape")
    stated = stated_shape(config.get("batch_input_shape")) or stated_shape(built)
    if stated is not None or not is_model(entry):
        return stated
    first = config["layers"][0] if config["layers"] and is_description(config["layers"][0]) else None
    if first is not None and is_input(first):
        return stated_shape(first["config"].get("batch_shape") or first["config"].get("batch_input_shape"))
    return stated_shape(config.get("build_input_shape")) or (_shape_given(first) if first is not None else None)


def _is_one(sources: list[Source], layer: Layer) -> bool:
    """Whether a layer is given one output alone, as query, value and key, which it need not be told twice."""
    return len({*sources}) == 1 and not layer.variadic and all(each.optional for each in layer.inputs[1:])


def _sources(name: str, inner: Sequence[Source | None] | None, given: list[Source]) -> Callable[[int], Source]:
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
