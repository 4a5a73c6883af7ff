"""A description of a whole model as a spec, held against all that the description states."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from paramcalc.conventions import convention
from paramcalc.core.algebra import Shape
from paramcalc.core.errors import quoted, refuse
from paramcalc.core.registry import kind
from paramcalc.frameworks.keras.read.description import Description, StatedShape
from paramcalc.frameworks.keras.read.layers import check_arguments, naming
from paramcalc.frameworks.keras.read.model import ModelReader
from paramcalc.frameworks.keras.read.reading import Hidden, Reading
from paramcalc.frameworks.keras.read.twins import tied
from paramcalc.graph import Leaf, Tree, evaluate
from paramcalc.layers.base.axes import shape_text
from paramcalc.spec import Spec


def read_description(model: Description, reading: Reading | None = None, live: Any = None) -> Spec:
    """Read a description as a spec, and hold it against all that it states; of a model that is `live`, if it is."""
    reading = reading or Reading()
    config = model["config"]
    while True:
        group = ModelReader(model, reading, live=live)
        try:
            nodes, outputs = group.read()
            break
        except Hidden as caught:
            reading.start_again(caught)
    if not nodes:
        raise refuse("invalid-value", f"the model {quoted(config.get('name'))} has no layers")
    if not outputs:
        raise refuse("invalid-value", f"the model {quoted(config.get('name'))} states no outputs")
    named = None if outputs == (group.flowing,) else tuple(map(str, outputs))
    spec = Spec(tuple(nodes), name=str(config.get("name") or "model"), framework="keras", outputs=named)
    return checked(spec, reading)


def checked(spec: Spec, reading: Reading) -> Spec:
    """Return a spec with what is tied and what is to be said of it, held against what was stated.

    Raises `model-mismatch`.
    """
    trees = _trees(spec)
    if reading.twins:
        leaves = {tree.name: tree for tree in trees if isinstance(tree, Leaf)}
        spec = replace(spec, layers=tied(spec.layers, reading.twins, leaves))
        trees = _trees(spec)
    _check(trees, reading)
    spec = replace(spec, unknown=_unknown(trees, reading))
    remarks = tuple(_remarks(trees, reading))
    if not remarks:
        return spec
    return replace(spec, description=" ".join(filter(None, [spec.description, *remarks])), remarks=remarks)


def _unknown(trees: Iterable[Tree], reading: Reading) -> tuple[str, ...]:
    """Return what is not known of a model: how its layers are connected, or what its own weights compute."""
    if reading.is_by_shapes or reading.classes:
        return ("flow", "values")
    owning = any(isinstance(tree, Leaf) and isinstance(tree.layer, kind("Weights")) for tree in trees)
    return ("values",) if owning else ()


def _remarks(trees: Iterable[Tree], reading: Reading) -> Iterator[str]:
    """Say what is assumed of classes of one's own, and which layers may be one at several places."""
    for name in reading.classes:
        yield f"assumes that the class {quoted(name)} owns nothing but the layers that its description lists"
    owning = {tree.name for tree in trees if isinstance(tree, Leaf) and tree.owned}
    doubtful = [name for name, paths in reading.doubtful() if sum(".".join(path) in owning for path in paths) > 1]
    if not doubtful:
        return
    alone = len(doubtful) == 1
    named = f"'{doubtful[0]}' stands" if alone else f"'{doubtful[0]}' and {len(doubtful) - 1} more layers stand"
    yield (
        f"{named} at several places of this file, each time with the same name and configuration, and"
        f" {'is' if alone else 'are'} counted at each. Where that is one layer, called again, it counts once:"
        " model.to_json() does not say so, while model.save('model.keras') and the model itself do."
    )


def _check(trees: Iterable[Tree], reading: Reading) -> None:
    """Hold the layers of a spec against the arguments and shapes that were stated. Raises `model-mismatch`."""
    checked_already: set[tuple[int, tuple[Shape, ...]]] = set()
    for tree in trees:
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
            reading.compared.append((reading.live[tree.name], _spelled(tree)))
        read = reading.layers.get(tree.name)
        if isinstance(tree, Leaf) and read is not None and read.row is not None:
            seen = id(read.config), tree.input_shapes
            if seen not in checked_already:
                checked_already.add(seen)
                with naming(read.name):
                    check_arguments(tree.layer, read.row, read.config, tree.input_shapes)


def _spelled(leaf: Leaf) -> Counter[tuple[Shape, bool]]:
    """Count the shapes of a layer's tensors as Keras has them, and whether each is trained."""
    spelled = convention("keras").spell(leaf.layer, leaf.input_shapes, [use.tensor for use in leaf.uses])
    return Counter((each.shape, bool(leaf.uses[each.members[0]].trainable)) for each in spelled)


def _trees(spec: Spec) -> list[Tree]:
    found: list[Tree] = []
    waiting: list[Tree] = [evaluate(spec, "keras", fold=False).root]
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
