"""A description of a whole model as a spec, held against all that the description states."""

from __future__ import annotations

from collections import Counter
from typing import Any

from paramcalc.core.algebra import Shape
from paramcalc.core.errors import quoted, refuse
from paramcalc.frameworks.keras.read.description import Description, StatedShape
from paramcalc.frameworks.keras.read.layers import check_arguments, naming
from paramcalc.frameworks.keras.read.model import ModelReader, Reading
from paramcalc.graph import Leaf, Tree, evaluate
from paramcalc.layers.base.axes import shape_text
from paramcalc.spec import Spec


def read_description(model: Description, reading: Reading | None = None, live: Any = None) -> Spec:
    """Read a description as a spec, and hold it against all that it states; of a model that is `live`, if it is."""
    reading = reading or Reading()
    config = model["config"]
    group = ModelReader(model, reading, frozen=config.get("trainable") is False, live=live)
    nodes, outputs = group.read()
    if not nodes:
        raise refuse("invalid-value", f"the model {quoted(config.get('name'))} has no layers")
    if not outputs:
        raise refuse("invalid-value", f"the model {quoted(config.get('name'))} states no outputs")
    named = None if outputs == (group.flowing,) else tuple(map(str, outputs))
    spec = Spec(tuple(nodes), name=str(config.get("name") or "model"), framework="keras", outputs=named)
    _check(spec, reading)
    return spec


def _check(spec: Spec, reading: Reading) -> None:
    """Hold a spec against the arguments and shapes that were stated. Raises `model-mismatch`."""
    checked_already: set[tuple[int, tuple[Shape, ...]]] = set()
    for tree in _trees(evaluate(spec, "keras", fold=False).root):
        shapes = tree.outputs if isinstance(tree, Leaf) else (tree.output,)
        for place, shape in enumerate(shapes):
            stated = reading.shapes.get((tree.name, place))
            if stated is not None and not _agrees(shape, stated[1:]):
                raise refuse(
                    "model-mismatch",
                    f"the output of '{tree.name}' is stated as {shape_text(stated[1:])},"
                    f" and would be {shape_text(shape)}",
                    "was the model written by a newer Keras?",
                )
        if isinstance(tree, Leaf) and not tree.shared and tree.name in reading.live:
            shapes_here = Counter((use.tensor.shape, bool(use.trainable)) for use in tree.uses)
            reading.compared.append((reading.live[tree.name], shapes_here))
        read = reading.layers.get(tree.name)
        if isinstance(tree, Leaf) and read is not None and read.row is not None:
            seen = id(read.config), tree.input_shapes
            if seen not in checked_already:
                checked_already.add(seen)
                with naming(read.name):
                    check_arguments(tree.layer, read.row, read.config, tree.input_shapes)


def _trees(tree: Tree) -> list[Tree]:
    found, waiting = [], [tree]
    while waiting:
        each = waiting.pop()
        found.append(each)
        waiting += [] if isinstance(each, Leaf) else each.children
    return found


def _agrees(shape: Shape, stated: StatedShape) -> bool:
    """Whether a shape is the one stated, as far as both are known."""
    return len(shape) == len(stated) and all(
        type(ours) is not int or theirs is None or ours == theirs for ours, theirs in zip(shape, stated, strict=True)
    )
