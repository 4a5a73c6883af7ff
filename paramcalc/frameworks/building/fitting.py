"""The class of a framework for a layer, with what must be done before and behind it.

Where no class is the layer itself, one may be with less, and something before or behind it that makes up for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from paramcalc.conventions import Convention, Equivalent, evaluated
from paramcalc.core.algebra import Shape
from paramcalc.core.expression import Environment
from paramcalc.frameworks.building.lesser import Remedy, changes, gives_the_same, lesser_layer
from paramcalc.frameworks.building.naming import Names
from paramcalc.graph import Leaf
from paramcalc.layers.base.declaration import Layer


@dataclass(frozen=True)
class Fit(Remedy):
    """A class, the layer that it is, and what else makes it the layer that is meant."""

    row: Equivalent
    layer: Layer
    given: Mapping[str, Any]
    #: the shapes that each layer within the layer is given, by its id
    parts: Mapping[int, Sequence[Shape]]
    #: the arguments, with the text of each size that is made of a constant of the source
    texts: Mapping[str, Any] = field(default_factory=dict)


def fit(
    convention: Convention,
    leaf: Leaf,
    accepts: Callable[[Layer, Mapping[str, Any]], bool],
    replaced: Mapping[str, Any] | None = None,
    names: Names | None = None,
) -> Fit | None:
    """Find the class for a leaf whose constructor accepts the arguments, some of them replaced; None if none does."""
    possible = [*changes(leaf)]
    for chosen in (each for number in range(len(possible) + 1) for each in combinations(possible, number)):
        lesser, remedy = lesser_layer(leaf.layer, chosen)
        row = convention.equivalent(lesser, leaf.input_shapes)
        if row is None:
            continue
        given, parts = arguments(convention, row, lesser, leaf.input_shapes, replaced or {})
        if accepts(lesser, given) and (not chosen or gives_the_same(leaf, lesser, remedy)):
            fields = {name: value for change in chosen for name, value in change.fields.items()}
            texts = _texts(convention, row, leaf, fields, given, names)
            return Fit(row, lesser, given, parts, texts, **vars(remedy))
    return None


def _texts(
    convention: Convention,
    row: Equivalent,
    leaf: Leaf,
    fields: Mapping[str, Any],
    given: Mapping[str, Any],
    names: Names | None,
) -> Mapping[str, Any]:
    """Return the arguments again, with the text of each size in them that is made of a constant."""
    if names is None:
        return given

    def argument(name: str) -> Callable[[Leaf], Any]:
        def get(leaf: Leaf) -> Any:
            layer = leaf.layer.model_copy(update=dict(fields))
            environment = convention.environment(layer, leaf.input_shapes)
            return evaluated(row.arguments[name], environment)

        return get

    return {name: names.of(leaf, argument(name)) if _is_plain(value) else value for name, value in given.items()}


def _is_plain(value: Any) -> bool:
    """Whether a value is made of numbers alone."""
    return all(map(_is_plain, value)) if isinstance(value, tuple) else type(value) is int


def arguments(
    convention: Convention, row: Equivalent, layer: Layer, inputs: Sequence[Shape], replaced: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[int, Sequence[Shape]]]:
    """Return the arguments of a class, and of each layer among them the shapes that it is given."""
    fields = convention.environment(layer, inputs)
    found = [*layer.filled(inputs[0] if inputs else None).parts(*inputs)]
    environment = Environment({**fields.values, **{part.name: part.layer for part in found}}, fields.input)
    given = {
        name: replaced[name] if name in replaced else evaluated(text, environment)
        for name, text in row.arguments.items()
    }
    return given, {id(part.layer): part.inputs for part in found}
