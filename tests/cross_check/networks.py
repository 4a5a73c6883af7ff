"""Random whole networks, drawn node by node with the shape that is there at each place.

They have what a spec has: branches that are merged, residual groups, shared layers and groups,
frozen ones, repeats with and without their counter, conditions, blocks with arguments, dims, ties.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

import paramcalc as pc
from paramcalc.conventions import convention

from .strategies import FLAG, FRAMEWORKS, SMALL, Sizes, divisors, layer_for, sizes, some

#: How deep groups go.
DEPTH = 3
#: Kinds that keep the shape of their input, or can be given fields with which they do, by its axes.
_KEEPING_ANY = ("Activation", "Dropout", "BatchNorm", "LayerNorm", "RMSNorm", "Dense")
_KEEPING = {
    0: _KEEPING_ANY[:2],
    2: (*_KEEPING_ANY, "LSTM", "MultiHeadAttention"),
    3: (*_KEEPING_ANY, "Conv2D"),
}
#: Kinds that are made for an input of so many axes; drawn more often than others.
_CHARACTERISTIC = {
    1: ("Dense", "BatchNorm"),
    2: ("LSTM", "MultiHeadAttention", "Dense"),
    3: ("Conv2D", "MaxPool2D", "AveragePool2D", "GlobalAveragePool2D", "BatchNorm"),
}


@dataclass
class _Place:
    """A group that is being drawn."""

    shape: Sizes
    depth: int
    nodes: list[pc.Node] = field(default_factory=list)
    #: what references may name here: the shapes of the outputs
    outputs: dict[str, Sizes] = field(default_factory=dict)
    #: what `share` may name here: the shapes of input and output
    shareable: dict[str, tuple[Sizes, Sizes]] = field(default_factory=dict)

    def own_shareable(self, outside: _Place) -> dict[str, tuple[Sizes, Sizes]]:
        """What can be shared of this group, without what it sees outside."""
        return {path: shapes for path, shapes in self.shareable.items() if path not in outside.shareable}

    def add(self, node: pc.Node, shape: Sizes) -> None:
        """Put a node at the end; its output has this shape."""
        self.nodes.append(node)
        if node.name is not None:
            self.outputs[node.name] = shape
        self.shape = shape


class _Network:
    """Draws the parts of one network."""

    def __init__(self, draw: DrawFn, framework: str, ties: bool) -> None:
        self.draw = draw
        self.framework = framework
        self.ties = ties
        self.numbers = count()
        self.blocks: dict[str, pc.Block] = {}
        self.dims: dict[str, Any] = {}

    def name(self, stem: str) -> str:
        """A name that nothing else has."""
        return f"{stem}-{next(self.numbers)}"

    def word(self, stem: str) -> str:
        """A name for a dim or a counter that nothing else has."""
        return f"{stem}_{next(self.numbers)}"

    def size(self, value: int) -> Any:
        """A number, as such or as an expression in a new dim."""
        if self.draw(st.integers(0, 3)) > 0:
            return value
        part = self.draw(divisors(value))
        name = self.word("n")
        self.dims[name] = part
        return f"{value // part} * {name}"

    def output(self, layer: pc.Layer, *shapes: Sizes) -> Sizes:
        """The shape that a layer makes of others; held against the frameworks by test_layers."""
        placed = layer.with_defaults(convention(self.framework).layout)
        return placed.infer(*shapes)[0][0]

    def spec(self) -> pc.Spec:
        """A whole network."""
        place = _Place((), 0)
        owner = self.beginning(place)
        self.fill(place, self.draw(st.sampled_from([3, 2, 4, 5, 6, 7, 8, 1])))
        if owner is not None and place.shape and self.ties:
            self.tied_end(place, owner)
        return pc.Spec(place.nodes, framework=self.framework, dims=self.dims, blocks=self.blocks)

    def beginning(self, place: _Place) -> pc.Embedding | None:
        """An image, a sequence, features, or numbers that are looked up in a table."""
        if self.draw(st.integers(0, 3)) > 0:
            rank = self.draw(st.sampled_from([1, 2, 2, 3, 3, 3, 4]))
            shape = self.draw(st.tuples(*[SMALL if rank < 3 else st.sampled_from([4, 3, 2, 1])] * rank))
            place.add(pc.Node(pc.Input(shape=[*map(self.size, shape)]), name=self.name("data")), shape)
            return None
        shape = self.draw(sizes(0, 2))
        table = pc.Embedding(input_dim=self.draw(st.integers(2, 9)), output_dim=self.draw(SMALL))
        place.add(pc.Node(pc.Input(shape=shape, dtype="int32")), shape)
        place.add(pc.Node(table, name="table", **some(self.draw, trainable=FLAG)), (*shape, table.output_dim))
        return table

    def tied_end(self, place: _Place, table: pc.Embedding) -> None:
        """A score for each row of the table, by that table; before it a layer with the bias of another."""
        leading, width = place.shape[:-1], table.output_dim
        place.add(pc.Node(pc.Dense(units=width), name="narrow", **some(self.draw, trainable=FLAG)), (*leading, width))
        if self.draw(FLAG):
            place.add(pc.Node(pc.Dense(units=width), tie={"bias": "narrow.bias"}), place.shape)
        head = pc.Dense(units=table.input_dim, **some(self.draw, use_bias=FLAG))
        node = pc.Node(head, tie={"kernel": "table.embeddings"}, **some(self.draw, trainable=FLAG))
        place.add(node, (*leading, table.input_dim))

    # --- groups

    def fill(self, place: _Place, steps: int) -> None:
        """Add this many parts to a group."""
        parts = _PARTS if place.depth < DEPTH else _PARTS[:4]
        for _ in range(steps):
            self.draw(st.sampled_from(parts))(self, place)

    def inside(self, place: _Place, shape: Sizes | None = None) -> _Place:
        """A group within a group: it sees what is outside."""
        return _Place(
            place.shape if shape is None else shape,
            place.depth + 1,
            outputs=dict(place.outputs),
            shareable=dict(place.shareable),
        )

    def keeping(self, place: _Place, steps: int) -> None:
        """Add parts that keep the shape."""
        parts = [_Network.kept_layer, _Network.kept_layer, _Network.shared_keeping]
        if place.depth < DEPTH:
            parts += [_Network.residual, _Network.repeated]
        for _ in range(steps):
            self.draw(st.sampled_from(parts))(self, place)

    def keys(self) -> dict[str, Any]:
        """What a node may state of its tensors."""
        if self.draw(st.integers(0, 2)):
            return {}
        return some(self.draw, trainable=FLAG, dtype=st.sampled_from(["float32", "float64"]))

    # --- parts of a group

    def layer(self, place: _Place) -> None:
        """A layer of any kind."""
        kinds = _CHARACTERISTIC.get(len(place.shape)) if self.draw(FLAG) else None
        kind = self.draw(layer_for(place.shape, self.framework, kinds))
        self.put(place, kind, self.output(kind, place.shape))

    def kept_layer(self, place: _Place) -> None:
        """A layer whose output has the shape of its input."""
        self.put(place, self.keeper(place.shape), place.shape)

    def put(self, place: _Place, kind: pc.Layer, shape: Sizes) -> None:
        """Add a layer; with a name, so that it may be shared or referred to, or without."""
        before = place.shape
        name = self.name("layer") if self.draw(st.integers(0, 3)) else None
        present = some(self.draw, when=st.just(self.condition(True))) if self.draw(st.integers(0, 3)) == 0 else {}
        place.add(pc.Node(kind, name=name, **self.keys(), **present), shape)
        if name is not None:
            place.shareable[name] = (before, shape)

    def keeper(self, shape: Sizes) -> pc.Layer:
        """A layer that keeps this shape."""
        kind = self.draw(st.sampled_from(_KEEPING.get(len(shape), _KEEPING_ANY)))
        match kind:
            case "Dense":
                return pc.Dense(units=self.size(shape[-1]), **some(self.draw, use_bias=FLAG))
            case "Conv2D":
                channels = shape[0] if self.framework == "torch" else shape[-1]
                fields = {"groups": self.draw(divisors(channels)), "kernel_size": self.draw(st.integers(1, 3))}
                return pc.Conv2D(filters=channels, padding="same", **fields)
            case "LSTM":
                return pc.LSTM(units=self.size(shape[-1]), return_sequences=True)
            case "MultiHeadAttention":
                heads = self.draw(divisors(shape[-1]))
                return pc.MultiHeadAttention(num_heads=heads, key_dim=f"size(-1) / {heads}")
        return self.draw(layer_for(shape, self.framework, [kind]))

    def condition(self, value: bool) -> Any:
        """A truth, as such or as a dim or a comparison."""
        name = self.word("flag")
        form = self.draw(st.sampled_from(["plain", "dim", "comparison"]))
        if form == "plain":
            return value
        self.dims[name] = value if form == "dim" else int(value)
        return name if form == "dim" else f"{name} > 0"

    def absent(self, place: _Place) -> None:
        """A node that is not there: nothing of it is looked at."""
        nowhere = {"when": self.condition(False)} if self.draw(FLAG) else {"times": 0}
        place.add(pc.Node(pc.Dense(units=3), name=self.name("absent"), **nowhere), place.shape)

    def residual(self, place: _Place) -> None:
        """A group or a layer whose input is added to its output."""
        name = self.name("residual") if self.draw(FLAG) else None
        if self.draw(FLAG):
            place.add(pc.Node(self.keeper(place.shape), name=name, residual=True, **self.keys()), place.shape)
            return
        inner = self.inside(place)
        self.keeping(inner, self.draw(st.integers(1, 3)))
        place.add(pc.Node(layers=inner.nodes, name=name, residual=True, **self.keys()), place.shape)
        self.offer(place, inner, name, place.shape)

    def group(self, place: _Place) -> None:
        """A group of any parts."""
        before = place.shape
        inner = self.inside(place)
        self.fill(inner, self.draw(st.integers(1, 3)))
        name = self.name("group") if self.draw(FLAG) else None
        place.add(pc.Node(layers=inner.nodes, name=name, **self.keys()), inner.shape)
        self.offer(place, inner, name, before)

    def offer(self, place: _Place, inner: _Place, name: str | None, given: Sizes, copy: str = "") -> None:
        """Let a group, or one copy of it, and what is in it, be shared from outside."""
        if name is None:
            return
        within = {f"{name}{copy}.{path}": shapes for path, shapes in inner.own_shareable(place).items()}
        place.shareable |= {name + copy: (given, inner.shape)} | within

    def repeated(self, place: _Place) -> None:
        """Copies of a group that keeps the shape; a counter may decide what each copy holds."""
        inner = self.inside(place)
        self.keeping(inner, self.draw(st.integers(1, 2)))
        keys = self.keys()
        if self.draw(FLAG):
            keys |= self.counted(inner)
        times = self.draw(st.integers(0, 3))
        name = self.name("body") if self.draw(FLAG) else None
        keys |= some(self.draw, residual=FLAG)
        node = pc.Node(layers=inner.nodes, name=name, times=self.size(times) if times else 0, **keys)
        place.add(node, place.shape)
        if times > 0:
            self.offer(place, inner, name, place.shape, ".0")

    def counted(self, inner: _Place) -> dict[str, Any]:
        """Add nodes that follow a counter, and give the keys of the node that counts."""
        counter = self.word("i")
        if inner.shape:
            inner.nodes += [
                pc.Node(pc.Dense(units=f"2 + 3*{counter}")),
                pc.Node(pc.Dense(units=inner.shape[-1]), name=self.name("back")),
            ]
        inner.add(pc.Node(pc.Activation(activation="relu"), when=f"{counter} % 2 == 0"), inner.shape)
        conditions = {"when": st.just(f"{counter} != 1"), "trainable": st.just(f"{counter} > 0")}
        return {"index": counter} | some(self.draw, **conditions)

    def changing(self, place: _Place) -> None:
        """Copies whose input changes its shape: a layer repeated, or one whose width follows the counter."""
        if not place.shape:
            return
        times = self.draw(st.integers(1, 3))
        width, step = self.draw(SMALL), self.draw(st.integers(0, 2))
        node = pc.Node(pc.Dense(units=f"{width} + {step} * i"), times=times, index="i", **self.keys())
        place.add(node, (*place.shape[:-1], width + step * (times - 1)))

    def growing(self, place: _Place) -> None:
        """Copies that each join new features to their input."""
        if not place.shape:
            return
        times, growth = self.draw(st.integers(1, 3)), self.draw(SMALL)
        layers = [
            pc.Node(pc.LayerNorm(axis=-1)),
            pc.Node(pc.Dense(units=growth), name="new"),
            pc.Node(pc.Concatenate(axis=-1), inputs=("input", "new")),
        ]
        width = place.shape[-1] + growth * times
        place.add(pc.Node(layers=layers, times=times, **self.keys()), (*place.shape[:-1], width))

    def branches(self, place: _Place) -> None:
        """Two or three ways from the same node, merged again."""
        fork = self.name("fork")
        place.add(pc.Node(pc.Activation(activation="linear"), name=fork), place.shape)
        names = [self.branch(place, fork) for _ in range(self.draw(st.integers(1, 2)))]
        inputs = self.draw(st.permutations([*names, fork]))
        kinds = [pc.Add(), pc.Multiply()]
        if place.shape:
            axes = [axis for axis in range(-len(place.shape), len(place.shape) + 1) if axis != 0]
            kinds.append(pc.Concatenate(**some(self.draw, axis=st.sampled_from(axes))))
        merge = self.draw(st.sampled_from(kinds))
        place.add(pc.Node(merge, inputs=inputs), self.output(merge, *(place.outputs[name] for name in inputs)))

    def branch(self, place: _Place, fork: str) -> str:
        """A group that begins at a node further back and keeps its shape."""
        shape, name = place.outputs[fork], self.name("branch")
        inner = self.inside(place, shape)
        self.keeping(inner, self.draw(st.integers(1, 2)))
        place.add(pc.Node(layers=inner.nodes, name=name, inputs=(fork,), **self.keys()), shape)
        self.offer(place, inner, name, shape)
        return name

    def merged(self, place: _Place) -> None:
        """The output of any earlier node in sight with a shape that fits, joined to the last."""
        last = self.name("last")
        place.add(pc.Node(pc.Dropout(rate=0), name=last), place.shape)
        fitting = [name for name, shape in place.outputs.items() if shape == place.shape]
        merge = self.draw(st.sampled_from([pc.Add(), pc.Multiply()]))
        place.add(pc.Node(merge, inputs=(self.draw(st.sampled_from(fitting)), last)), place.shape)

    def second_input(self, place: _Place) -> None:
        """A second input, which has any of the axes as 1."""
        last, name = self.name("last"), self.name("data")
        shape = tuple(self.draw(st.sampled_from([size, 1])) for size in place.shape)
        place.add(pc.Node(pc.Activation(activation="relu"), name=last), place.shape)
        whole = place.shape
        place.add(pc.Node(pc.Input(shape=shape), name=name), shape)
        place.add(pc.Node(pc.Multiply(), inputs=(name, last)), whole)

    def token(self, place: _Place) -> None:
        """A learned token in front of a sequence."""
        if len(place.shape) != 2:
            return
        sequence, token = self.name("sequence"), self.name("token")
        length, width = place.shape
        place.add(pc.Node(pc.Activation(activation="linear"), name=sequence), place.shape)
        weights = pc.Weights(tensors={"token": [1, width], "scale": [width]}, output="token")
        place.add(pc.Node(weights, name=token, **self.keys()), (1, width))
        place.add(pc.Node(pc.Concatenate(axis=1), inputs=(token, sequence)), (length + 1, width))

    def attending(self, place: _Place) -> None:
        """A sequence that attends to another of the same network."""
        sequences = [name for name, shape in place.outputs.items() if len(shape) == 2]
        if len(place.shape) != 2 or not sequences:
            return
        query = self.name("query")
        place.add(pc.Node(pc.Activation(activation="linear"), name=query), place.shape)
        value = self.draw(st.sampled_from(sequences))
        heads = self.draw(divisors(place.shape[-1]))
        layer = pc.MultiHeadAttention(num_heads=heads, key_dim=place.shape[-1] // heads)
        place.add(pc.Node(layer, inputs=(query, value), **self.keys()), place.shape)

    def shared(self, place: _Place, keeps: bool = False) -> None:
        """A layer or a group that is there already, called again."""
        fitting = {
            path: output
            for path, (given, output) in place.shareable.items()
            if given == place.shape and (output == given or not keeps)
        }
        if not fitting:
            return self.kept_layer(place)
        path = self.draw(st.sampled_from([*fitting]))
        # unnamed, it has the last name of the path, which may hide the first one from nodes behind it
        name = self.name("again") if "." in path or self.draw(FLAG) else None
        return place.add(pc.Node(share=path, name=name), fitting[path])

    def shared_keeping(self, place: _Place) -> None:
        """The same, of those that keep the shape."""
        self.shared(place, keeps=True)

    def called(self, place: _Place) -> None:
        """A block with arguments, called twice."""
        if not place.shape:
            return
        name = self.word("block")
        layers = (
            pc.Node(pc.LayerNorm(axis=-1)),
            pc.Node(pc.Dense(units="inner", use_bias="bias")),
            pc.Node(pc.Activation(activation="gelu"), when="active"),
            pc.Node(pc.Dense(units="width"), **some(self.draw, trainable=FLAG)),
        )
        self.blocks[name] = pc.Block(layers, {"inner": None, "width": None, "bias": True, "active": "inner > 3"})
        for _ in range(2):
            given = {"inner": self.size(self.draw(SMALL)), "width": "size(-1)"} | some(self.draw, bias=FLAG)
            keys = self.keys() | some(self.draw, residual=FLAG, times=st.integers(1, 2))
            place.add(pc.Node(block=name, arguments=given, **keys), place.shape)


#: The parts of a group; the first four hold no group of their own.
_PARTS: Sequence[Callable[[_Network, _Place], None]] = (
    _Network.layer,
    _Network.kept_layer,
    _Network.shared,
    _Network.shared,
    _Network.absent,
    _Network.residual,
    _Network.group,
    _Network.repeated,
    _Network.changing,
    _Network.growing,
    _Network.branches,
    _Network.merged,
    _Network.second_input,
    _Network.token,
    _Network.attending,
    _Network.called,
)


@st.composite
def networks(draw: DrawFn, ties: bool = False) -> pc.Spec:
    """A whole network in the layout of either framework; with `ties`, tensors may be tied."""
    return _Network(draw, draw(st.sampled_from(FRAMEWORKS)), ties).spec()
