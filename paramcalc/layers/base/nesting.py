"""Fields that hold layers: a layer within a layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import NoneType
from typing import Annotated, Any, TypeAlias

from paramcalc.core.errors import LIMITS, ParamcalcError, refuse
from paramcalc.core.registry import kind
from paramcalc.layers.base.declaration import Layer
from paramcalc.layers.base.fields import FieldType, Given, named, optional


def read_layer(value: Any) -> Any:
    """Read a layer within a layer: its type, a mapping of the type to its fields, or the layer itself."""
    if isinstance(value, Layer):
        if value.nesting >= LIMITS.nesting:
            raise refuse("limit", f"more than {LIMITS.nesting} layers within one another")
        return value
    name, fields = value, None
    if isinstance(value, dict) and len(value) == 1:
        ((name, fields),) = value.items()
    if not isinstance(name, str) or not isinstance(fields, (dict, NoneType)):
        keys = f" with {len(value)} keys" if isinstance(value, dict) and len(value) != 1 else ""
        raise refuse("wrong-type", f"takes a layer, not {named(value)}{keys}", "as in {LSTM: {units: 8}}")
    try:
        cls = kind(name)
    except ParamcalcError as error:
        problem = error.problems[0]
        written = isinstance(value, dict)
        raise refuse(problem.code, problem.message, problem.hint, (name,) if written else (), written) from None
    if not all(isinstance(key, str) for key in fields or ()):
        raise refuse("unknown-field", f"the fields of {name} are named by texts", path=(name,))
    try:
        return cls(**(fields or {}))
    except ParamcalcError as error:
        raise error.within(name) from None


def read_layers(value: Any, read: Callable[[Any], Any] = read_layer) -> Any:
    """Read a list of layers, at least one, each read by `read`."""
    if not isinstance(value, (list, tuple)) or not value:
        what = "an empty list" if isinstance(value, (list, tuple)) else named(value)
        raise refuse("wrong-type", f"takes a list of layers, not {what}", "as in [{LSTMCell: {units: 8}}]")
    layers: list[Any] = []
    written = 0
    for place, item in enumerate(value):
        try:
            layers.append(read(item))
        except ParamcalcError as error:
            raise error.within(place) from None
        written += 1 + layers[-1].layers_within
        if written > LIMITS.list_length:
            raise refuse("limit", f"takes at most {LIMITS.list_length:,} layers, those in them included")
    return tuple(layers)


#: What the JSON Schema says of a layer within a layer, of one that may be absent, of several.
LAYER = {"$ref": "#/$defs/layer"}
OPTIONAL_LAYER = {"anyOf": [LAYER, {"type": "null"}]}
LAYERS = {"type": "array", "items": LAYER, "minItems": 1}
#: What a layer within a layer may be given as: itself, its type, or its type with its fields.
Nested: TypeAlias = Layer | str | dict[str, Any]
#: A layer within the layer.
NestedLayer: TypeAlias = Annotated[Given[Nested], FieldType(read_layer, LAYER, nested=True)]
#: A layer within the layer, or none.
OptionalNestedLayer: TypeAlias = Annotated[
    Given[Nested | None], FieldType(optional(read_layer), OPTIONAL_LAYER, nested=True)
]
#: Layers within the layer, one or more.
NestedLayers: TypeAlias = Annotated[Given[Sequence[Nested]], FieldType(read_layers, LAYERS, nested=True)]
