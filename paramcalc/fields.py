"""The types of a layer kind's fields: how each is read, and what the JSON Schema says of it.

Any field that is a number or a flag may be given as an expression; it is read again once it has
its value.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from types import NoneType
from typing import Annotated, Any, TypeAlias

from pydantic import Field
from pydantic_core import PydanticCustomError, core_schema

from paramcalc import algebra
from paramcalc.algebra import Number
from paramcalc.errors import LIMITS, ParamcalcError, quoted, refuse, suggest
from paramcalc.expression import Expression

#: The bits of one element of each dtype.
DTYPES = {
    "bool": 8, "int4": 4, "uint4": 4, "int8": 8, "uint8": 8, "int16": 16, "uint16": 16,
    "int32": 32, "uint32": 32, "int64": 64, "uint64": 64, "float8_e4m3fn": 8, "float8_e5m2": 8,
    "float16": 16, "bfloat16": 16, "float32": 32, "float64": 64,
}  # fmt: skip


def field(symbol: str, meaning: str, default: Any = ..., same_as: str | None = None, alias: str | None = None) -> Any:
    """A field of a kind: the symbol that stands for it in formulas (or ""), and its meaning.

    `same_as` is what a field with the default None stands for: an expression in other fields
    and in `size(axis)` of the first input. `alias` is the field's name outside, where a method
    of that name stands in the way.
    """
    extra: Any = {key: text for key, text in (("symbol", symbol), ("same_as", same_as)) if text}
    return Field(default, description=meaning, json_schema_extra=extra or None, alias=alias)


class FieldType:
    """How a value is read, and what the JSON Schema says of it."""

    def __init__(
        self,
        read: Callable[[Any], Any],
        schema: dict[str, Any],
        symbolic: bool = False,
        suffixes: tuple[str, ...] = (),
        nested: bool = False,
    ) -> None:
        self.read = read
        self.schema = schema
        #: of a field that holds numbers in order, what the symbol of each ends in: of a single one, in nothing
        self.suffixes = suffixes
        #: whether formulas have a symbol for a field of this type
        self.symbolic = symbolic
        #: whether its value is a layer, or a list of them
        self.nested = nested

    def validate(self, value: Any) -> Any:
        """Read a value for Pydantic, our refusals kept whole."""
        try:
            return self.read(value)
        except ParamcalcError as error:
            raise PydanticCustomError("paramcalc", "{problems}", {"problems": error.problems}) from None

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(self.validate)

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        return self.schema


def read_size(value: Any) -> Number | Expression:
    """A size of at least 1, or the expression of one."""
    return _read_number(value, 1)


def optional(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Reads what `read` does, or nothing."""
    return lambda value: None if value is None else read(value)


def read_integer(value: Any) -> Number | Expression:
    """Any whole number, or the expression of one."""
    return _read_number(value, None)


def _read_number(value: Any, bound: int | None) -> Number | Expression:
    if type(value) is int:
        number = value
    elif isinstance(value, str):
        return Expression.parse(value)
    elif isinstance(value, Expression):
        return value
    else:
        if value is None or isinstance(value, (bool, float, list, tuple, dict)):
            raise refuse("wrong-type", f"takes a whole number or an expression, not {named(value)}")
        number = algebra.as_number(value)
    if bound is not None and not algebra.at_least(number, bound):
        raise refuse("invalid-value", f"must be at least {bound}, not {quoted(value)}")
    return number


def read_flag(value: Any) -> Any:
    """True or false, or the expression of one."""
    if value is True or value is False or isinstance(value, Expression):
        return value
    if isinstance(value, str):
        return Expression.parse(value)
    if algebra.is_symbol(value):
        return value
    raise refuse("wrong-type", f"takes true or false, not {named(value)}")


def _read_window(rank: int, bound: int) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if isinstance(value, (list, tuple)):
            if len(value) != rank:
                raise refuse("invalid-value", f"takes one number or {rank}, not {len(value)}")
            return tuple(_read_number(item, bound) for item in value)
        return (_read_number(value, bound),) * rank

    return read


def _read_padding(rank: int, words: tuple[str, ...]) -> Callable[[Any], Any]:
    read = _read_window(rank, 0)
    return lambda value: value if isinstance(value, str) and value in words else read(value)


def _read_axes(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return tuple(read_integer(item) for item in value)
    return read_integer(value)


def read_shape(value: Any) -> Any:
    """The sizes of some axes; `null` is a length that varies."""
    if not isinstance(value, (list, tuple)):
        raise refuse("wrong-type", f"takes a list of sizes, not {named(value)}", "write it in brackets: [28, 28, 1]")
    return tuple(algebra.Unknown() if item is None else read_size(item) for item in _bounded_axes(value))


def _read_target(value: Any) -> Any:
    if not isinstance(value, (list, tuple)):
        return read_shape(value)
    return tuple(-1 if type(item) is int and item == -1 else read_size(item) for item in _bounded_axes(value))


def read_tensors(value: Any) -> Any:
    """Shapes by the names of tensors."""
    if not isinstance(value, dict) or not value:
        raise refuse("wrong-type", f"takes a mapping of tensor names to shapes, not {named(value)}")
    for name in value:
        if not isinstance(name, str) or not re.fullmatch(r"[^\W\d][\w-]*", name):
            raise refuse("invalid-name", f"{quoted(name)} cannot name a tensor")
    return {name: tuple(read_size(item) for item in _list_of(shape)) for name, shape in value.items()}


def _list_of(value: Any) -> Any:
    if not isinstance(value, (list, tuple)):
        raise refuse("wrong-type", f"a tensor's shape is a list of sizes, not {named(value)}")
    return _bounded_axes(value)


def _bounded_axes(shape: Any) -> Any:
    if len(shape) > LIMITS.axes:
        raise refuse("limit", f"takes at most {LIMITS.axes} axes, not {len(shape):,}")
    return shape


def read_layer(value: Any) -> Any:
    """A layer within a layer: its kind, a mapping of the kind to its fields, or the layer itself."""
    # the declarations of layers build on this module
    from paramcalc.layer import Layer, kind

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
    """A list of layers, at least one, each read by `read`."""
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


def read_dtype(value: Any) -> str:
    """The name of a dtype."""
    if isinstance(value, str) and value in DTYPES:
        return value
    hint = suggest(value, DTYPES) or "the dtypes: " + ", ".join(DTYPES)
    raise refuse("invalid-value", f"there is no dtype {quoted(value)}", hint)


def _read_rate(value: Any) -> Any:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 1:
        return value
    raise refuse("invalid-value", f"takes a number from 0 to 1, not {named(value)}")


def named(value: Any) -> str:
    """A value with its type, as messages name it."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"the fraction {value}"
    if isinstance(value, dict):
        return "a mapping"
    return "a list" if isinstance(value, (list, tuple)) else quoted(value)


_EXPRESSION = {"type": "string", "description": "an expression in the dims of the spec"}


def _or_expression(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, _EXPRESSION]}


def _window_schema(rank: int, least: int) -> dict[str, Any]:
    number = _or_expression({"type": "integer", "minimum": least})
    return {"anyOf": [*number["anyOf"], {"type": "array", "items": number, "minItems": rank, "maxItems": rank}]}


def _window(suffixes: tuple[str, ...]) -> FieldType:
    rank = len(suffixes)
    return FieldType(_read_window(rank, 1), _window_schema(rank, 1), suffixes=suffixes)


def _optional_window(rank: int, least: int) -> FieldType:
    schema = {"anyOf": [*_window_schema(rank, least)["anyOf"], {"type": "null"}]}
    return FieldType(optional(_read_window(rank, least)), schema)


def _padding(rank: int, *words: str) -> FieldType:
    schema = {"anyOf": [{"enum": [*words]}, *_window_schema(rank, 0)["anyOf"]]}
    return FieldType(_read_padding(rank, words), schema)


_SIZE = _or_expression({"type": "integer", "minimum": 1})
_INTEGER = _or_expression({"type": "integer"})

#: A width of the layer: units, filters, heads. Formulas have a symbol for it.
Size: TypeAlias = Annotated[Any, FieldType(read_size, _SIZE, symbolic=True)]
#: A width that follows from others where it is not given.
OptionalSize: TypeAlias = Annotated[
    Any, FieldType(optional(read_size), {"anyOf": [*_SIZE["anyOf"], {"type": "null"}]}, symbolic=True)
]
#: A number that is a choice rather than a width, such as groups: formulas keep its value.
Count: TypeAlias = Annotated[Any, FieldType(read_size, _SIZE)]
#: Any whole number.
Integer: TypeAlias = Annotated[Any, FieldType(read_integer, _INTEGER)]
#: Any whole number, or none.
OptionalInteger: TypeAlias = Annotated[
    Any, FieldType(optional(read_integer), {"anyOf": [*_INTEGER["anyOf"], {"type": "null"}]})
]
Flag: TypeAlias = Annotated[Any, FieldType(read_flag, _or_expression({"type": "boolean"}))]
#: A window over one axis, over height and width, over depth, height and width: one number for all, or
#: one each. Its symbols end in these letters.
Window1D: TypeAlias = Annotated[Any, _window(("",))]
Window2D: TypeAlias = Annotated[Any, _window(("h", "w"))]
Window3D: TypeAlias = Annotated[Any, _window(("d", "h", "w"))]
OptionalWindow1D: TypeAlias = Annotated[Any, _optional_window(1, 1)]
OptionalWindow2D: TypeAlias = Annotated[Any, _optional_window(2, 1)]
OptionalWindow3D: TypeAlias = Annotated[Any, _optional_window(3, 1)]
#: The same, but each number may be 0, or nothing at all: what is added behind a transposed convolution.
OptionalAmount1D: TypeAlias = Annotated[Any, _optional_window(1, 0)]
OptionalAmount2D: TypeAlias = Annotated[Any, _optional_window(2, 0)]
OptionalAmount3D: TypeAlias = Annotated[Any, _optional_window(3, 0)]
#: `valid`, `same`, or what is added on each side of each axis; `causal`: as much before the first step as
#: keeps the length.
Padding1D: TypeAlias = Annotated[Any, _padding(1, "valid", "same")]
CausalPadding1D: TypeAlias = Annotated[Any, _padding(1, "valid", "same", "causal")]
Padding2D: TypeAlias = Annotated[Any, _padding(2, "valid", "same")]
Padding3D: TypeAlias = Annotated[Any, _padding(3, "valid", "same")]
#: An axis, the batch counted as 0, or several.
Axis: TypeAlias = Annotated[
    Any, FieldType(_read_axes, {"anyOf": [*_INTEGER["anyOf"], {"type": "array", "items": _INTEGER}]})
]
#: Sizes of axes, where null is a length that varies.
OpenShape: TypeAlias = Annotated[
    Any,
    FieldType(
        read_shape,
        {"type": "array", "items": {"anyOf": [*_SIZE["anyOf"], {"type": "null"}]}},
        symbolic=True,
    ),
]
#: Sizes of axes, where -1 is what the others leave.
TargetShape: TypeAlias = Annotated[
    Any, FieldType(_read_target, {"type": "array", "items": {"anyOf": [*_SIZE["anyOf"], {"const": -1}]}})
]
#: Named shapes.
TensorShapes: TypeAlias = Annotated[
    Any,
    FieldType(
        read_tensors,
        {"type": "object", "additionalProperties": {"type": "array", "items": _SIZE}, "minProperties": 1},
    ),
]
#: What the JSON Schema says of a layer within a layer, of one that may be absent, of several.
LAYER = {"$ref": "#/$defs/layer"}
OPTIONAL_LAYER = {"anyOf": [LAYER, {"type": "null"}]}
LAYERS = {"type": "array", "items": LAYER, "minItems": 1}
#: A layer within the layer.
NestedLayer: TypeAlias = Annotated[Any, FieldType(read_layer, LAYER, nested=True)]
#: A layer within the layer, or none.
OptionalNestedLayer: TypeAlias = Annotated[Any, FieldType(optional(read_layer), OPTIONAL_LAYER, nested=True)]
#: Layers within the layer, one or more.
NestedLayers: TypeAlias = Annotated[Any, FieldType(read_layers, LAYERS, nested=True)]
DType: TypeAlias = Annotated[Any, FieldType(read_dtype, {"enum": [*DTYPES]})]
Rate: TypeAlias = Annotated[Any, FieldType(_read_rate, {"type": "number", "minimum": 0, "maximum": 1})]
