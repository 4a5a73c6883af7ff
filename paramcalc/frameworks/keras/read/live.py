"""A Keras model that is alive: its description, and its weights where code of its own stands behind them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import groupby
from math import prod
from typing import Any, TypeAlias

from paramcalc.core.errors import ParamcalcError, quoted, refuse
from paramcalc.core.registry import kind
from paramcalc.frameworks.keras.read.calls import CallNode, LayerCall, Source
from paramcalc.frameworks.keras.read.description import TENSOR, Description, StatedShape, is_model, stated_shape
from paramcalc.frameworks.keras.read.layers import read_layer
from paramcalc.frameworks.keras.read.model import Around, ModelReader
from paramcalc.frameworks.keras.read.operations import by_shapes
from paramcalc.frameworks.keras.read.over_steps import with_steps
from paramcalc.frameworks.keras.read.reading import Hidden, NodePath, Reading
from paramcalc.frameworks.keras.read.tracing import described_entry, leaving_as_it_is, shapes_of, trace
from paramcalc.frameworks.keras.read.whole import checked, read_description
from paramcalc.frameworks.names import FreeNames
from paramcalc.layers.base.fields import DTYPES
from paramcalc.results.count import count
from paramcalc.spec import Node, Spec


def read_live(model: Any) -> Spec:
    """Read the spec of a model that is built. Raises `invalid-value` for one that is not, and `model-mismatch`."""
    description = _described(model)
    if description is None:
        _check_built(model)
    elif not model.built:
        raise refuse("invalid-value", f"the model {quoted(model.name)} is not built", "call it once, or build it")
    with leaving_as_it_is(model):
        live = _Live(model)
        try:
            return live.read(description)
        except ParamcalcError:
            if not live.traced:
                raise
        # what its code calls is not what it seemed
        live = _Live(model, traces=False)
        return live.read(description)


def _described(model: Any) -> Description | None:
    """Return the description of a Functional or Sequential model; None for another."""
    import json

    try:
        found = json.loads(model.to_json())
    except (NotImplementedError, TypeError, ValueError):
        found = described_entry(model)
    return found if is_model(found) else None


@dataclass
class _Group:
    """A group of what is listed, with no connections."""

    path: NodePath
    around: Around | None
    names: FreeNames = field(default_factory=FreeNames)
    given: set[str] = field(default_factory=set)
    frozen: bool = False
    steps: StatedShape = ()


#: What a layer is called with: arguments, and arguments by name; its tensors as descriptions have them.
_Called: TypeAlias = tuple[list[Any], Mapping[str, Any]]


def _of_description(description: Description, model: Any, reading: Reading) -> Spec:
    return read_description(description, reading, model)


class _Live:
    """The layers of a model and their weights."""

    def __init__(self, model: Any, traces: bool = True) -> None:
        self.model = model
        self.trained = {id(weight) for weight in model.trainable_weights}
        #: the layers that are not what their description says
        self.forced: set[int] = set()
        #: whether the code of layers is followed, and whether any was
        self.traces, self.traced = traces, False

    def is_trained(self, weight: Any) -> bool:
        """Whether the optimizer of the model updates a weight."""
        return id(weight) in self.trained

    def read(self, description: Description | None) -> Spec:
        """Read the spec of the model. Raises `model-mismatch`, among others."""
        make = self.written if description is None else partial(_of_description, description, self.model)
        spec = self.read_by(make)
        self.forced = {id(layer) for layer, shapes in self.kept.compared if self.shapes(layer) != shapes}
        if self.forced:
            # by their weights
            spec = self.read_by(make)
        self.check(spec)
        return spec

    def read_by(self, make: Callable[[Reading], Spec]) -> Spec:
        """Return the spec that is made, with other names where one hides another."""
        self.kept = Reading(alive=self.node, shapes_of=shapes_of)
        while True:
            try:
                return make(self.kept)
            except Hidden as caught:
                self.kept.start_again(caught)

    def check(self, spec: Spec) -> None:
        """Hold the totals of a spec against those of the model. Raises `model-mismatch`."""
        counted = count(spec, "keras")
        ours, theirs = (counted.total, counted.trainable), (0, 0)
        for weight in self.model.weights:
            elements = prod(map(int, weight.shape))
            theirs = theirs[0] + elements, theirs[1] + elements * self.is_trained(weight)
        if ours != theirs:
            raise refuse(
                "model-mismatch",
                f"the model {quoted(self.model.name)} has {theirs[0]:,} parameters, {theirs[1]:,} of them trained; as a"
                f" spec it would have {ours[0]:,} and {ours[1]:,}",
                "is a weight in two of its layers?",
            )

    def shapes(self, layer: Any) -> Counter[Any]:
        """Count the shapes of a layer's weights, and whether each is trained."""
        return Counter((tuple(map(int, weight.shape)), self.is_trained(weight)) for weight in layer.weights)

    # --- a layer in a graph

    def node(self, reader: ModelReader, call: LayerCall, path: NodePath) -> CallNode | None:
        """Return the node of a layer as it is; None where its description will do."""
        layer = call.live
        if id(layer) not in self.forced and self.is_known(call.entry):
            return None
        _check_built(layer)
        inner = self.followed(layer, reader, path[-1], _called_with(reader, call)) if not reader.steps else None
        if inner is not None:
            return CallNode(Node(layers=tuple(inner[0])), inner[1])
        self.kept.is_by_shapes = True
        given, taken = self.given(reader, call), self.taken(reader, call)
        nodes = self.parts(layer, reader, path)
        if [*taken.items()] != [(0, given)]:
            gives = by_shapes({place: with_steps(shape, reader.steps) for place, shape in taken.items()})
            if gives.outputs is not None:
                # several outputs are in a group of their own
                node = Node(layers=(*nodes, replace(gives.node, name="outputs")))
                return CallNode(node, [source and Source(f"outputs.{source.node}") for source in gives.outputs])
            # what flows on is known by its shape alone
            nodes.append(gives.node)
        if not nodes:
            nodes.append(Node(kind("Activation")(activation="linear")))
        alone = len(nodes) == 1 and nodes[0].layer is not None and len(call.tensors) <= 1
        return CallNode(nodes[0] if alone else Node(layers=tuple(nodes)))

    def is_known(self, entry: Description) -> bool:
        """Whether a layer is one of Keras that is a layer type, by its description."""
        try:
            read_layer(entry, None, self.kept.known)
        except ParamcalcError:
            return False
        return True

    def given(self, reader: ModelReader, call: LayerCall) -> StatedShape:
        """Return the shape of the first of what a layer is given: it is what flows through."""
        return next(iter(reader.given_to(call)), None) or _shape(call.live, "input")

    def taken(self, reader: ModelReader, call: LayerCall) -> Mapping[int, StatedShape]:
        """Return the shapes of the outputs of a layer that something takes."""
        return reader.taken_of(call) or {0: _shape(call.live, "output")}

    def parts(self, layer: Any, around: Around, path: NodePath) -> list[Node]:
        """Return the nodes of what a layer owns: the layers in it as a list, and its own weights."""
        if not _holds_layers(layer):
            return [*self.weights(layer)]
        group = self.group((*path, "group"), around)
        return [Node(layers=tuple(self.listed(layer, group)), name="group", connections="none")]

    def followed(
        self, layer: Any, around: Around | None, name: str, call: _Called, alone: bool = False
    ) -> tuple[list[Node], list[Source | None]] | None:
        """Return what a layer calls as nodes, with all that it owns, and its outputs; None where that is not known.

        It stands `alone` where it begins with inputs of its own.
        """
        found = trace(layer, *call) if self.traces and _holds_layers(layer) else None
        if found is None:
            return None
        self.traced = True
        reader = ModelReader(found.description, self.kept, around, name, found.model, alone=alone)
        reached = {id(each) for each in found.model._flatten_layers()}
        uncalled = [each for each in _sublayers(layer) if id(each) not in reached]
        own = _own_weights(layer)
        if own or uncalled:
            reader.flowing, self.kept.is_by_shapes = None, True
        nodes, outputs = reader.read()
        first = [*self.owned(layer, own, reader, gives=reader.alone)]
        if uncalled:
            group = self.group((*reader.path, reader.names.new("uncalled")), reader)
            first.append(Node(layers=tuple(self.items(uncalled, group)), name=group.path[-1], connections="none"))
        named = [None if each == reader.flowing else each for each in outputs]
        return [*first, *nodes], [None if place is None else named[place] for place in found.places]

    # --- a list of layers

    def written(self, reading: Reading) -> Spec:
        """Write the spec of a model of its own class: what it calls, or a list of what it holds."""
        model, described = self.model, f"{type(self.model).__name__} is a class of its own"
        for call in _calls_built_for(model):
            followed = self.followed(model, None, "", call)
            if followed is not None:
                nodes, outputs = followed
                named = tuple(str(each or nodes[-1].name) for each in outputs)
                description = f"{described}: connected as it calls its layers, for the input that it was built for."
                spec = Spec(nodes, model.name, description, outputs=None if outputs == [None] else named)
                return checked(spec, reading)
        nodes = [*self.listed(model, _Group((), None))]
        if not nodes:
            raise refuse("invalid-value", f"the model {quoted(model.name)} has no weights")
        description = f"{described}: a list of its layers, in the order of its attributes; what it calls is not known."
        return checked(Spec(nodes, model.name, description, connections="none"), reading)

    def group(self, path: NodePath, around: Around) -> _Group:
        """Return a group of what is listed, within another."""
        return _Group(path, around, FreeNames(("input", *self.kept.reserved)))

    def listed(self, layer: Any, group: _Group) -> Iterator[Node]:
        """Yield nodes of the layers in a layer and of its own weights, each for itself."""
        yield from self.items(_sublayers(layer), group)
        yield from self.owned(layer, _own_weights(layer), group, gives=True)

    def items(self, layers: Iterable[Any], group: _Group) -> Iterator[Node]:
        """Yield nodes of layers, each for itself; those that stand elsewhere already are left out."""
        for each in layers:
            if id(each) not in self.kept.owners:
                name = group.names.new(each.name)
                call = LayerCall(described_entry(each), 0, live=each)
                node = self.item(call, group, name)
                if node is not None:
                    self.kept.place(call, (*group.path, name), None)
                    group.given.add(name)
                    yield replace(node, name=name)

    def item(self, call: LayerCall, group: _Group, name: str) -> Node | None:
        """Return the node of a layer in a list; None for one that owns nothing, and whose input is not known."""
        layer = call.live
        if is_model(call.entry) and layer.built:
            nodes, _ = ModelReader(call.entry, self.kept, group, name, layer, alone=True).read()
            return Node(layers=tuple(nodes), connections="known")
        if self.is_known(call.entry):
            node = self.of_known_type(call, (*group.path, name))
            if node is not None:
                return node
        for called in _calls_built_for(layer):
            followed = self.followed(layer, group, name, called, alone=True)
            if followed is not None:
                return Node(layers=tuple(followed[0]), connections="known")
        if _holds_layers(layer):
            return Node(layers=tuple(self.listed(layer, self.group((*group.path, name), group))))
        return _one_of([_giving(each) for each in self.weights(layer)])

    def of_known_type(self, call: LayerCall, path: NodePath) -> Node | None:
        """Return the node of a layer of Keras with the input that it was built for; None where that is not known."""
        layer = call.live
        read = read_layer(call.entry, None)
        shapes = [*map(stated_shape, _built_for(layer).values())]
        given = next((shape[1:] for shape in shapes if shape is not None), (None,))
        node = Node(read.layer, of=given, trainable=False if read.frozen else None, dtype=read.dtype)
        try:
            (row,) = count(Spec([node], connections="none"), "keras").layers
        except ParamcalcError:
            return None
        if Counter((each.shape, each.trainable) for each in row.tensors) != self.shapes(layer):
            return None
        if not layer.weights and not shapes:
            return None
        self.kept.layers[".".join(path)] = read
        return node

    def owned(self, layer: Any, weights: list[Any], around: Around, gives: bool = False) -> Iterator[Node]:
        """Yield nodes of weights that are a layer's own; where it `gives` one, that is what flows out of them."""
        for node in self.weights(layer, weights):
            yield replace(_giving(node) if gives else node, name=around.names.new("own"))

    # --- weights

    def weights(self, layer: Any, weights: Sequence[Any] | None = None) -> Iterator[Node]:
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


def _giving(node: Node) -> Node:
    """Return a node of Weights that gives one of its tensors, and takes nothing."""
    assert node.layer is not None
    stated = node.layer.stated()
    return replace(node, layer=kind("Weights")(**stated, output=next(iter(stated["tensors"]))))


def _one_of(nodes: list[Node]) -> Node | None:
    """Return nodes as one: the only one, or a group; None, where there are none."""
    return (nodes[0] if len(nodes) == 1 else Node(layers=tuple(nodes))) if nodes else None


def _holds_layers(layer: Any) -> bool:
    """Whether a layer is of a class of one's own, with layers in it."""
    return type(layer).__module__.partition(".")[0] not in ("keras", "tf_keras") and bool(_sublayers(layer))


def _sublayers(layer: Any) -> list[Any]:
    """Return the layers that a layer holds, in the order of its attributes, without those within these."""
    return [*layer._flatten_layers(include_self=False, recursive=False)]


def _own_weights(layer: Any) -> list[Any]:
    """Return the weights that a layer has beside those of the layers in it."""
    theirs = {id(weight) for each in _sublayers(layer) for weight in each.weights}
    return [weight for weight in layer.weights if id(weight) not in theirs]


def _called_with(reader: ModelReader, call: LayerCall) -> _Called:
    """Return what a layer of a graph is called with, of its tensors the shapes."""
    if reader.sequential:
        return [_tensor(shape) for shape in reader.given_to(call) if shape is not None], {}
    return call.arguments, {name: value for name, value in call.keywords.items() if name != "mask"}


def _calls_built_for(layer: Any) -> Iterator[_Called]:
    """Yield what a layer may have been called with, of the shapes that it was built for: of any batch, and of that."""
    shapes = _built_for(layer)
    for batch in ((None,), ()) if shapes else ():
        given = {name.removesuffix("_shape"): _tensors(shape, batch) for name, shape in shapes.items()}
        yield ([*given.values()], {}) if len(given) == 1 else ([], given)


def _built_for(layer: Any) -> Mapping[str, Any]:
    """Return the shapes that a layer was built for, by its arguments; none where it does not know them."""
    shapes: Mapping[str, Any] | None = getattr(layer, "_build_shapes_dict", None)
    if shapes is None:
        # as Keras 2 has it
        shape = getattr(layer, "_build_input_shape", None)
        shapes = {} if shape is None else {"inputs": tuple(shape)}
    return shapes


def _tensors(shapes: Any, batch: tuple[None, ...]) -> Any:
    """Return tensors of shapes, which may be a list or a mapping of them; of any `batch`, if that is given."""
    shape = stated_shape(shapes)
    if shape is not None:
        return _tensor((*batch, *shape[len(batch) :]))
    if isinstance(shapes, Mapping):
        return {name: _tensors(each, batch) for name, each in shapes.items()}
    return [_tensors(each, batch) for each in shapes] if isinstance(shapes, (list, tuple)) else shapes


def _tensor(shape: StatedShape) -> Description:
    return {"class_name": TENSOR, "config": {"shape": [*shape], "dtype": None}}


def _shape(layer: Any, side: str) -> StatedShape:
    """Return the shape of what a layer is given, or gives. Raises `unknown-kind` where there is not one."""
    try:
        found = getattr(layer, side)
        # of several inputs, the first is what flows through
        found = found[0] if isinstance(found, (list, tuple)) and side == "input" else found
        return tuple(None if size is None else int(size) for size in found.shape)
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


def _path_in(layer: Any, weight: Any) -> str:
    """Return the path of a weight in its layer."""
    # in Keras 2 a name ends with the number of an output
    path = str(getattr(weight, "path", None) or weight.name).partition(":")[0]
    return path.partition(f"{layer.name}/")[2] or path
