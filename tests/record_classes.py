"""Record what the real classes of Keras and PyTorch have, for examples of each row of the conventions' tables.

    python -m tests.record_classes [keras] [torch] [LAYER TYPE …]

writes the files in `tests/recorded/`: of both frameworks and of all layer types, if none is named. Examples are drawn
as the cross-check draws them, the same each time. Of these, a few are kept for each row that tell most: arguments with
several values, axes whose sizes differ, fields that are stated and fields that are not. Others are kept that only one
condition of a row keeps out, where the real class is seen not to be the layer: it refuses the arguments, or has other
tensors or shapes.
"""

from __future__ import annotations

import ast
import re
import sys
import warnings
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from typing import Any

from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis.strategies import SearchStrategy

import paramcalc as pc
from paramcalc.conventions import Convention, Equivalent, convention, evaluated, spell
from paramcalc.core import algebra
from paramcalc.graph import Leaf

from . import recorded
from .cross_check import classes, native, strategies
from .cross_check import conftest as conftest  # what the frameworks are told before they start
from .cross_check.reading import RealTensor
from .cross_check.strategies import Case
from .recorded import Example, Facts, Record

#: How many layers of each layer type are drawn.
DRAWN = 400
#: How many examples of a row are kept at most.
KEPT = 5
#: How many values of one argument are worth an example of their own.
VALUES = 2
#: How many examples are tried to see that a condition is needed.
TRIED = 6

_SETTINGS = settings(
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def main(frameworks: Iterable[str], kinds: Collection[str]) -> None:
    """Record the classes that are these layer types; what is recorded of others stays."""
    for framework in frameworks:
        before = recorded.records(framework) if recorded.file_of(framework).exists() else []
        found: list[Record] = []
        for kind in pc.kind_names():
            kept = [record for record in before if record.example.kind == kind]
            found += of_kind(kind, framework) if kind in kinds else kept
        recorded.write(framework, found)


def of_kind(kind: str, framework: str) -> Iterator[Record]:
    """Yield the records of all rows of a layer type."""
    rows = convention(framework).equivalents(kind)
    layers = drawn(kind, framework, framework)
    for place, row in enumerate(rows):
        found = [each for each in layers if is_of(row, each.counted)] or [sought(kind, row, framework)]
        for case in telling(found):
            example = example_of(case, place)
            yield Record(example, real(example, row, framework))
    for place, row in enumerate(rows):
        if not row.alias and row.when != "true":
            yield from refused(kind, place, row, framework)


# --- Layers of a row --------------------------------------------------------------------


@dataclass(frozen=True)
class Drawn:
    """A drawn layer, and its count."""

    case: Case
    counted: pc.LayerCount


@cache
def drawn(kind: str, layout: str, framework: str) -> list[Drawn]:
    """Draw layers that a class of the framework `layout` can express, counted as `framework`; the shortest first."""
    found: list[Case] = []
    if not convention(layout).equivalents(kind):
        return []

    @settings(_SETTINGS, max_examples=DRAWN)
    @given(layers_of(kind, layout))
    def collect(case: Case) -> None:
        found.append(case)

    collect()
    return [counted(case, framework) for case in sorted(found, key=lambda case: len(str(case)))]


def counted(case: Case, framework: str) -> Drawn:
    """Return a drawn layer with its count."""
    return Drawn(case, pc.count(case.spec, framework).layers[-1])


def sought(kind: str, row: Equivalent, framework: str) -> Drawn:
    """Look for a layer of a row that is rarely drawn."""
    wanted = settings(_SETTINGS, max_examples=5000)
    found = find(layers_of(kind, framework), lambda case: is_of(row, counted(case, framework).counted), settings=wanted)
    return counted(found, framework)


def layers_of(kind: str, framework: str) -> SearchStrategy[Case]:
    """Return what draws layers of a layer type."""
    return strategies.cases(kind, framework) if kind == "Input" else classes.cases(kind, framework)


def is_of(row: Equivalent, counted: pc.LayerCount) -> bool:
    """Return whether a layer is of a row: its class, or another form of its class."""
    assert counted.leaf is not None
    return recorded.is_class_of(row, counted.leaf, counted.convention)


def example_of(drawn: Drawn, place: int) -> Example:
    """Return a drawn layer as JSON has it."""
    case = drawn.case
    shapes = [list(shape) for shape in case.shapes]
    return Example(type(case.layer).__name__, place, case.layer.stated(), shapes, [*case.dtypes], case.framework)


def telling(layers: list[Drawn]) -> list[Drawn]:
    """Choose a few layers that together tell most; of those that tell as much, the first."""
    told = [(each, tells(each)) for each in layers]
    chosen: list[Drawn] = []
    known: set[str] = set()
    while len(chosen) < KEPT:
        best, new = max(told, key=lambda each: len(useful(each[1] - known, known)))
        if chosen and not useful(new - known, known):
            break
        chosen.append(best)
        known |= new
    return chosen


def useful(told: set[str], known: set[str]) -> set[str]:
    """Return what is worth another example: of each argument, a few values are enough."""
    values = Counter(each.partition("=")[0] for each in known if "=" in each)
    return {each for each in told if values[each.partition("=")[0]] < VALUES}


def tells(drawn: Drawn) -> set[str]:
    """Return what a layer tells: values of arguments, axes whose sizes differ, fields that are stated or not."""
    example, counted = example_of(drawn, 0), drawn.counted
    leaf, known = counted.leaf, counted.convention
    assert leaf is not None
    row = known.equivalent(leaf.layer, leaf.input_shapes)
    arguments = recorded.arguments(row, leaf, known) if row else {}
    fields = pc.kind(example.kind).spelled_fields()
    found = {f"{name}={value!r}" for name, value in arguments.items()}
    found |= {f"{name} is stated" for name in fields if name in example.fields}
    for name, shape, members in counted.laid_out(leaf):
        for member in members:
            ours = re.sub(r"[0-9]+", "*", leaf.uses[member].tensor.name)
            found |= {f"{ours} in {len(members)}", *(f"axes {axes} of {ours}" for axes in differing(shape))}
        found.add(f"tensor {re.sub(r'[0-9]+', '*', name)}")
    if all(len(set(shape)) == len(shape) for shape in example.inputs):
        # a default that is another shows in the output
        found |= {f"{name} is not stated" for name in fields if name not in example.fields}
    return found


def differing(shape: Iterable[Any]) -> list[tuple[int, int]]:
    """Return the pairs of axes that have different sizes."""
    return [(one, other) for (one, size), (other, another) in combinations(enumerate(shape), 2) if size != another]


def real(example: Example, row: Equivalent, framework: str) -> Facts:
    """Return what the real class has."""
    counted = recorded.count(example, framework)
    assert counted.leaf is not None
    arguments = recorded.arguments(row, counted.leaf, convention(framework))
    if example.kind == "Input":
        shape = input_shape(native.made(counted.leaf.layer, (), row, framework))
        return recorded.as_json(Facts(row.name, arguments, {}, [shape]))
    layer = getattr(pc, example.kind)(**example.fields).with_defaults(convention(example.layout).layout)
    case = Case(layer, tuple(map(tuple, example.inputs)), example.layout, tuple(example.dtypes))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made, tensors, outputs = native.observed(case, counted, row, framework)
    found = {name: [each.shape, each.dtype, standing(name, each, made, framework)] for name, each in tensors.items()}
    return recorded.as_json(Facts(row.name, arguments, found, [[*shape] for shape in outputs]))


def input_shape(made: Any) -> list[int | None]:
    """Return the shape of an input of Keras, or of the layer that holds it, without the batch."""
    return [*getattr(made, "output", made).shape[1:]]


def standing(name: str, tensor: RealTensor, layer: Any, framework: str) -> str:
    """Return how a tensor counts, as a count says it."""
    if tensor.trainable:
        return "trained"
    return "not trained" if framework == "keras" else "buffer" if name in dict(layer.named_buffers()) else "frozen"


# --- Layers that a condition keeps out ---------------------------------------------------


def refused(kind: str, place: int, row: Equivalent, framework: str) -> Iterator[Record]:
    """Yield, for each condition of a row, a layer that it alone keeps out, and that the class is seen not to be."""
    wanted = dict.fromkeys(conditions(row.when), TRIED)
    for each in (each for layout in recorded.FRAMEWORKS for each in drawn(kind, layout, framework)):
        condition = kept_out_by(row, each.counted, wanted)
        if condition is None or not wanted.get(condition):
            continue
        example = example_of(each, place)
        reason = reason_of(example, row, framework)
        wanted[condition] = wanted[condition] - 1 if reason is None else 0
        if reason is not None:
            yield Record(example, recorded.NOTHING, reason)


def conditions(text: str) -> list[str]:
    """Return the conditions that an expression joins by `and`."""
    tree = ast.parse(text, mode="eval").body
    joined = tree.values if isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.And) else [tree]
    return [ast.unparse(each) for each in joined]


def kept_out_by(row: Equivalent, counted: pc.LayerCount, among: Iterable[str]) -> str | None:
    """Return the condition that alone keeps a layer from having a class; None where there is no such."""
    leaf, known = counted.leaf, counted.convention
    assert leaf is not None
    if known.equivalent(leaf.layer, leaf.input_shapes) is not None or not has_channels_right(leaf, known):
        return None
    environment = known.environment(leaf.layer, leaf.input_shapes)
    if any(environment.values[name] != value for name, value in row.fields.items()):
        return None
    try:
        failing = [each for each in among if not algebra.truth(evaluated(each, environment))]
    except pc.ParamcalcError:
        return None
    return failing[0] if len(failing) == 1 else None


def has_channels_right(leaf: Leaf, known: Convention) -> bool:
    """Return whether a layer has its channels where the framework has them: Keras has them anywhere."""
    moves = type(leaf.layer).layout in ("data_format", "axis")
    return known.channel_axis == -1 or not moves or leaf.layer.channel_axis in (1, -len(leaf.input_shapes[0]))


def reason_of(example: Example, row: Equivalent, framework: str) -> str | None:
    """Return why a class, with the arguments of its row, is not the layer; None where it may be."""
    counted = recorded.count(example, framework)
    assert counted.leaf is not None
    known = convention(framework)
    tensors = [use.tensor for use in counted.leaf.uses]
    try:
        ours = spell(known, row, tensors, [tensor.shape for tensor in tensors])
        facts = real(example, row, framework)
    except AssertionError:  # of our own: there is nothing to be said of it
        return None
    except Exception as error:  # whatever a framework, or an argument that has no value, makes of it
        return f"raises {type(error).__name__}"
    if {name: shape for name, (shape, *_) in facts.tensors.items()} != {each.name: [*each.shape] for each in ours}:
        return "other tensors"
    outputs = [recorded.open_lengths(shape) for shape in (counted.output_shape, *counted.further_output_shapes)]
    return "other shapes" if facts.outputs != outputs else None


if __name__ == "__main__":
    names = sys.argv[1:]
    main(
        [name for name in recorded.FRAMEWORKS if name in names] or recorded.FRAMEWORKS,
        [name for name in names if name not in recorded.FRAMEWORKS] or pc.kind_names(),
    )
