"""Examples of each row of the conventions' tables, with what the real class of the framework has for them.

`python -m tests.record_classes` renews them; `tests/test_records.py` holds the tables to them, without any framework,
and `tests/cross_check/test_records.py` holds them to the real classes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import paramcalc as pc
from paramcalc.conventions import Convention, Equivalent, evaluated, expresses, spell
from paramcalc.core.algebra import Shape, Unknown
from paramcalc.core.expression import Environment
from paramcalc.graph import Leaf
from paramcalc.layers.base.declaration import plain

FRAMEWORKS = ("keras", "torch")


@dataclass(frozen=True)
class Example:
    """A layer as a spec states it, and its inputs."""

    kind: str
    #: which of the rows of the layer type
    row: int
    fields: dict[str, Any]
    #: without the batch
    inputs: list[list[int]]
    dtypes: list[str]
    #: the framework whose layout the spec has
    layout: str


@dataclass(frozen=True)
class Facts:
    """What a class has for an example, as JSON has it."""

    #: the path of the class; empty where it cannot be the layer
    name: str
    #: the arguments of its constructor
    arguments: dict[str, Any]
    #: for each tensor its shape, its dtype, and whether it is trained
    tensors: dict[str, list[Any]]
    #: the shapes of its outputs, without the batch; None for a length that varies
    outputs: list[list[int | None]]


#: What a class has that cannot be the layer of an example.
NOTHING = Facts("", {}, {}, [])


@dataclass(frozen=True)
class Record:
    """An example, and what was seen of the class of its row."""

    example: Example
    facts: Facts
    #: why the class cannot be the layer, where it cannot
    refused: str = ""


def file_of(framework: str) -> Path:
    """Return the file with the records of a framework."""
    return Path(__file__).parent / f"{framework}.json"


@cache
def records(framework: str) -> list[Record]:
    """Read what is recorded of a framework."""
    return [
        Record(
            Example(**each["example"]), Facts(**each["facts"]) if "facts" in each else NOTHING, each.get("refused", "")
        )
        for each in json.loads(file_of(framework).read_text(encoding="utf-8"))
    ]


@cache
def counts(framework: str) -> list[tuple[Record, pc.LayerCount]]:
    """Return the records of a framework, each with our count of the example."""
    return [(record, count(record.example, framework)) for record in records(framework)]


def write(framework: str, found: Iterable[Record]) -> None:
    """Write the records of a framework, one a line."""
    lines = [
        json.dumps({name: value for name, value in asdict(each).items() if value and value != asdict(NOTHING)})
        for each in found
    ]
    file_of(framework).write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")


def count(example: Example, framework: str) -> pc.LayerCount:
    """Return the count of the layer of an example, in a spec of its own, under a convention."""
    inputs = [
        pc.Node(pc.Input(shape=shape, dtype=dtype), name=f"input_{place}")
        for place, (shape, dtype) in enumerate(zip(example.inputs, example.dtypes, strict=True))
    ]
    layer = getattr(pc, example.kind)(**example.fields)
    node = pc.Node(layer, inputs=[str(each.name) for each in inputs] or None)
    return pc.count(pc.Spec((*inputs, node), framework=example.layout), framework).layers[-1]


def stated(example: Example, counted: pc.LayerCount) -> Facts:
    """Return what the tables say of an example that was counted; nothing where they take no class or another."""
    known, leaf = counted.convention, counted.leaf
    assert leaf is not None
    rows = known.equivalents(example.kind)
    row = rows[example.row] if example.row < len(rows) else None
    if row is None or not is_class_of(row, leaf, known):
        return NOTHING
    names = names_under(row, leaf, known)
    tensors = {
        names[tensor.name]: [[*tensor.shape], tensor.dtype, standing(tensor, known)] for tensor in counted.tensors
    }
    outputs = [open_lengths(shape) for shape in (counted.output_shape, *counted.further_output_shapes)]
    return as_json(Facts(row.name, arguments(row, leaf, known), tensors, outputs))


def is_class_of(row: Equivalent, leaf: Leaf, known: Convention) -> bool:
    """Return whether the class of a row is the layer's, or another form of that."""
    if row.alias:
        return expresses(row, known.environment(leaf.layer, leaf.input_shapes))
    return known.equivalent(leaf.layer, leaf.input_shapes) is row


def as_json(facts: Facts) -> Facts:
    """Return facts as they are read from a file."""
    return Facts(**json.loads(json.dumps(asdict(facts))))


def standing(tensor: pc.TensorCount, known: Convention) -> str:
    """Return whether a tensor is trained, in words that the framework has: Keras does not say what is frozen."""
    return "not trained" if known.states_count and tensor.standing == "frozen" else tensor.standing


def names_under(row: Equivalent, leaf: Leaf, known: Convention) -> dict[str, str]:
    """Return the names that a row has for the tensors, by those of the row that is chosen."""
    tensors = [use.tensor for use in leaf.uses]
    own = spell(known, row, tensors, [tensor.shape for tensor in tensors])
    by_members = {each.members: each.name for each in own}
    return {each.name: by_members[each.members] for each in known.spell(leaf.layer, leaf.input_shapes, tensors)}


def arguments(row: Equivalent, leaf: Leaf, known: Convention) -> dict[str, Any]:
    """Return the arguments of a row's constructor, as JSON has them."""
    layer, inputs = leaf.layer, leaf.input_shapes
    fields = known.environment(layer, inputs)
    parts = {part.name: part.layer for part in layer.filled(inputs[0] if inputs else None).parts(*inputs)}
    environment = Environment({**fields.values, **parts}, fields.input)
    return {name: plain(evaluated(text, environment)) for name, text in row.arguments.items()}


def open_lengths(shape: Shape) -> list[Any]:
    """Return a shape as JSON has it."""
    return [None if isinstance(size, Unknown) else size for size in shape]


# --- What is kept for the backward pass ------------------------------------------------------

KEPT = Path(__file__).parent / "kept.json"


@dataclass(frozen=True)
class Kept:
    """A network, and the bytes that PyTorch was seen to keep of it; `python -m tests.record_kept` renews them."""

    spec: dict[str, Any]
    batch: int
    attention: str
    bytes: int


@cache
def kept() -> list[Kept]:
    """Read what is recorded of what is kept."""
    return [Kept(**each) for each in json.loads(KEPT.read_text(encoding="utf-8"))]
