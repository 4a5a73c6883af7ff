"""A Keras model as a spec: from its JSON or its archive, without Keras, or alive.

Source: `model.to_json()` and `model.save()` of Keras 3, and keras.saving.serialize_keras_object for their parts.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from paramcalc.algebra import Shape
from paramcalc.errors import quoted, refuse
from paramcalc.frameworks.keras.description import (
    ARCHIVE,
    Description,
    StatedShape,
    archived,
    checked,
    loaded,
    too_deep,
)
from paramcalc.frameworks.keras.layers import check_arguments, naming
from paramcalc.frameworks.keras.model import Group, Reading
from paramcalc.frameworks.tidying import tidy
from paramcalc.graph import Leaf, Tree, evaluate
from paramcalc.layer import shape_text
from paramcalc.spec import Spec


def from_keras(model: Any) -> Spec:
    """The spec of a Keras model.

    `model` is the text of `model.to_json()`, the same as data, the path of a `.keras` archive or of a file
    with that text, or the model itself. Only the last needs Keras, and code is never run: a layer whose
    code is not Keras's own is refused by name, and read of a live model by its weights.

    Raises `ParamcalcError`, among others `unknown-kind` for such a layer, and `model-mismatch` where what is
    read is not what the model states.
    """
    return tidy(untidied(model))


def untidied(model: Any) -> Spec:
    """The same, each layer for itself and under its own name. Raises what `from_keras` does."""
    if hasattr(model, "to_json"):
        from paramcalc.frameworks.keras.live import read_live

        return read_live(model)
    if isinstance(model, Mapping):
        return described(loaded(_written(model)))
    if isinstance(model, bytes) or (isinstance(model, str) and model.lstrip()[:1] in ("{", "[", "")):
        return described(loaded(model))
    if not isinstance(model, (str, Path)):
        raise refuse("wrong-type", f"takes a Keras model, its JSON or its archive, not {quoted(type(model).__name__)}")
    return described(described_file(model))


def described(model: Any) -> Spec:
    """The spec of data that describe a model. Raises `ParamcalcError`."""
    try:
        return read_description(checked(model))
    except RecursionError:
        raise too_deep() from None


def _written(model: Mapping[str, Any]) -> str:
    """Data as JSON. Raises `wrong-type` for what no JSON can hold."""
    try:
        return json.dumps(dict(model))
    except (TypeError, ValueError) as error:
        raise refuse("wrong-type", f"a description holds what JSON cannot: {error}", "give model.to_json()") from None


def described_file(path: str | Path) -> Any:
    """What a file describes: a `.keras` archive, or the text of `model.to_json()`."""
    from paramcalc.frameworks.reading import text_of
    from paramcalc.loading import read_file

    data = read_file(path, head=len(ARCHIVE))
    return loaded(archived(path) if data == ARCHIVE else text_of(path))


def read_description(model: Description, reading: Reading | None = None, live: Any = None) -> Spec:
    """The spec of a description, held against all that it states; of a model that is `live`, if it is."""
    reading = reading or Reading()
    config = model["config"]
    group = Group(model, reading, frozen=config.get("trainable") is False, live=live)
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
