"""The types of a layer type's fields: how each is read, and what the JSON Schema says of it.

Any field that is a number or a flag may be given as an expression; it is read again once it has
its value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from fractions import Fraction
from math import isfinite
from typing import TYPE_CHECKING, Annotated, Any, Generic, TypeAlias, TypeVar

from pydantic import Field
from pydantic_core import PydanticCustomError, core_schema

from paramcalc.core import algebra
from paramcalc.core.algebra import Number
from paramcalc.core.errors import LIMITS, ParamcalcError, quoted, refuse, suggest
from paramcalc.core.expression import ABSENT, Expression

#: The bits of one element of each dtype.
DTYPES = {
    "bool": 8, "int4": 4, "uint4": 4, "int8": 8, "uint8": 8, "int16": 16, "uint16": 16,
    "int32": 32, "uint32": 32, "int64": 64, "uint64": 64, "float8_e4m3fn": 8, "float8_e5m2": 8,
    "float16": 16, "bfloat16": 16, "float32": 32, "float64": 64,
    "complex32": 32, "complex64": 64, "complex128": 128,
}  # fmt: skip

#: The dtype of a tensor for which none is stated.
DEFAULT_DTYPE = "float32"

#: The dtype of texts: data that enters a network, never a tensor of a layer.
TEXT = "string"


_Given = TypeVar("_Given", contravariant=True)
_Kept = TypeVar("_Kept", covariant=True)
_Field = TypeVar("_Field")

if TYPE_CHECKING:

    class Converted(Generic[_Given, _Kept]):
        """The type of a field that is given as one type and kept as another.

        It is a descriptor, so that a constructor takes what may be given, and whoever reads the field has what is
        kept. SQLAlchemy's `Mapped` is the model. It is there for type checkers alone: no object is ever one.
        """

        def __get__(self, instance: object, owner: object, /) -> _Kept: ...

        def __set__(self, instance: object, value: _Given, /) -> None: ...

    #: A field of a layer type: given as this, and kept as a number, an array or a symbol, over which formulas run.
    Given: TypeAlias = Converted[_Field, Any]
else:

    class Converted:
        """The same as the program has it: the type that is kept."""

        def __class_getitem__(cls, types: tuple[Any, Any]) -> Any:
            return types[1]

    class Given:
        """The same: whatever is given is kept as anything."""

        def __class_getitem__(cls, given: Any) -> Any:
            return Any


#: What a whole number may be given as.
Whole: TypeAlias = int | str | Expression
#: One whole number for all axes, or one for each of several.
Wholes: TypeAlias = Whole | Sequence[Whole]
#: What a flag may be given as.
Truth: TypeAlias = bool | str | Expression
#: What a factor may be given as.
Factor: TypeAlias = float | Fraction | str | Expression


def field(symbol: str, meaning: str, default: Any = ..., same_as: str | None = None) -> Any:
    """Declare a field of a layer type: the symbol that stands for it in formulas (or ""), and its meaning.

    `same_as` is what a field with the default None stands for: an expression in other fields
    and in `size(axis)` of the first input.
    """
    return _field(symbol, meaning, default, same_as)


def aliased(symbol: str, meaning: str, *, alias: str, default: Any = ...) -> Any:
    """Make a field that has another name outside, where a method of that name stands in the way.

    Type checkers know it as a field specifier, and so its name outside.
    """
    return _field(symbol, meaning, default, alias=alias)


def _field(symbol: str, meaning: str, default: Any, same_as: str | None = None, alias: str | None = None) -> Any:
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
        opens: bool = False,
    ) -> None:
        self.read = read
        self.schema = schema
        #: of a field that holds numbers in order, what the symbol of each ends in: of a single one, in nothing
        self.suffixes = suffixes
        #: whether formulas have a symbol for a field of this type
        self.symbolic = symbolic
        #: whether its value is a layer, or a list of them
        self.nested = nested
        #: whether it decides which tensors there are, so that without a value nothing can be said of them
        self.opens = opens

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


#: The least that a size may be: 1, but for the layers of a model whose tensors may have no elements.
_LEAST: ContextVar[int] = ContextVar("least", default=1)


@contextmanager
def sizes_from(least: int) -> Iterator[None]:
    """Read sizes from this number on."""
    before = _LEAST.set(least)
    try:
        yield
    finally:
        _LEAST.reset(before)


def read_size(value: Any) -> Number | Expression:
    """Read a size of at least 1, or the expression of one."""
    return _read_number(value, 1)


def optional(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Read what `read` does, or nothing: also where a dim is none."""
    return lambda value: None if value is None or value is ABSENT else read(value)


def read_integer(value: Any) -> Number | Expression:
    """Read any whole number, or the expression of one."""
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
    if bound is not None and not algebra.at_least(number, least := min(bound, _LEAST.get())):
        raise refuse("invalid-value", f"must be at least {least}, not {quoted(value)}")
    return number


def read_flag(value: Any) -> Any:
    """Read true or false, or the expression of one."""
    if value is True or value is False or isinstance(value, Expression):
        return value
    if isinstance(value, str):
        return Expression.parse(value)
    if algebra.is_symbol(value):
        return value
    raise refuse("wrong-type", f"takes true or false, not {named(value)}")


def read_window(rank: int, bound: int) -> Callable[[Any], Any]:
    """Make what reads a number of at least `bound` for each of `rank` axes, or one for all."""

    def read(value: Any) -> Any:
        if isinstance(value, (list, tuple)):
            if len(value) != rank:
                raise refuse("invalid-value", f"takes one number or {rank}, not {len(value)}")
            return tuple(_read_number(item, bound) for item in value)
        return (_read_number(value, bound),) * rank

    return read


def _read_ordered_axes(value: Any) -> Any:
    if not isinstance(value, (list, tuple)):
        return read_integer(value)
    return tuple(read_integer(item) for item in value)


def _read_axes(value: Any) -> Any:
    axes = _read_ordered_axes(value)
    if not isinstance(axes, tuple):
        return axes
    # several axes are taken in ascending order, as Keras takes them
    return tuple(sorted(axes)) if all(type(axis) is int for axis in axes) else axes


def _read_groups(value: Any) -> Any:
    return value if type(value) is int and value == -1 else read_size(value)


def _read_size_list(value: Any) -> Any:
    if not isinstance(value, (list, tuple)):
        raise refuse("wrong-type", f"takes a list of sizes, not {named(value)}")
    if len(value) > LIMITS.list_length:
        raise refuse("limit", f"takes at most {LIMITS.list_length:,} sizes, not {len(value):,}")
    return tuple(read_size(item) for item in value)


def _read_open_sizes(value: Any) -> Any:
    sizes = bounded_axes(value) if isinstance(value, (list, tuple)) else (value,)
    return tuple(item if item is None else read_size(item) for item in sizes)


def _read_ratio(value: Any) -> Any:
    if type(value) in (int, float) and 0 < value < float("inf"):
        return value
    raise refuse("invalid-value", f"takes a number above 0, not {named(value)}")


def _read_sizes(value: Any) -> Any:
    if not isinstance(value, (list, tuple)):
        return read_size(value)
    if not value:
        raise refuse("invalid-value", "takes a size or a list of them, not an empty list")
    sizes = tuple(map(read_size, bounded_axes(value)))
    return sizes if len(sizes) > 1 else sizes[0]


def _read_open_window(rank: int) -> Callable[[Any], Any]:
    read = read_window(rank, 1)

    def read_open(value: Any) -> Any:
        if isinstance(value, (list, tuple)) and len(value) == rank:
            return tuple(optional(read_size)(item) for item in value)
        return read(value)

    return read_open


def _read_sides(rank: int, bound: int | None) -> Callable[[Any], Any]:
    def read_pair(value: Any) -> Any:
        if isinstance(value, (list, tuple)):
            if len(value) != 2:
                raise refuse("invalid-value", f"takes two numbers for the two sides of an axis, not {len(value)}")
            return tuple(_read_number(item, bound) for item in value)
        return (_read_number(value, bound),) * 2

    def read(value: Any) -> Any:
        if not isinstance(value, (list, tuple)):
            return (read_pair(value),) * rank
        if rank == 1 and len(value) == 2:
            return (read_pair(value),)
        if len(value) != rank:
            raise refuse("invalid-value", f"takes one number, or {2 if rank == 1 else rank}, not {len(value)}")
        return tuple(read_pair(item) for item in value)

    return read


def read_real(value: Any) -> Any:
    """Read any number that no size depends on."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and isfinite(value):
        return value
    raise refuse("wrong-type", f"takes a number, not {named(value)}")


def _read_reals(value: Any) -> Any:
    return _read_real_list(value) if isinstance(value, (list, tuple)) else read_real(value)


def _read_real_list(value: Any) -> Any:
    if not isinstance(value, (list, tuple)) or not value:
        raise refuse("wrong-type", f"takes a list of numbers, not {named(value)}")
    if len(value) > LIMITS.list_length:
        raise refuse("limit", f"takes at most {LIMITS.list_length:,} numbers, not {len(value):,}")
    return tuple(map(read_real, value))


#: Beyond any factor of a real layer; below it, a factor times a size is in the range of floating point.
_LARGEST_RATIO = 10**9


def read_ratio(value: Any) -> Any:
    """Read a factor above 0: a whole number, a fraction such as `3/2`, or a decimal; the latter two exact."""
    parts = re.fullmatch(r"(\d{1,20}) ?/ ?(\d{1,20})", value) if isinstance(value, str) else None
    if type(value) is Fraction:
        ratio = value
    elif isinstance(value, float) and isfinite(value):
        ratio = Fraction(repr(float(value)))
    elif parts and int(parts[2]):
        ratio = Fraction(int(parts[1]), int(parts[2]))
    elif isinstance(value, float):
        raise refuse("wrong-type", f"takes a number, not {value}")
    else:
        return read_size(value)
    if not 0 < ratio < _LARGEST_RATIO:
        raise refuse("invalid-value", f"must be above 0, and below {_LARGEST_RATIO:,}, not {value}")
    return ratio


def _read_ratios(value: Any) -> Any:
    if isinstance(value, (list, tuple)) and value:
        return tuple(read_ratio(item) for item in bounded_axes(value))
    return read_ratio(value)


def read_shape(value: Any) -> Any:
    """Read the sizes of some axes; `null` is a length that varies."""
    if not isinstance(value, (list, tuple)):
        raise refuse("wrong-type", f"takes a list of sizes, not {named(value)}", "write it in brackets: [28, 28, 1]")
    return tuple(algebra.Unknown() if item is None else read_size(item) for item in bounded_axes(value))


def _read_target(value: Any) -> Any:
    if not isinstance(value, (list, tuple)):
        return read_shape(value)
    return tuple(-1 if type(item) is int and item == -1 else read_size(item) for item in bounded_axes(value))


def bounded_axes(shape: Any) -> Any:
    """Return a list of sizes that has as many as a shape may have axes. Raises `limit`."""
    if len(shape) > LIMITS.axes:
        raise refuse("limit", f"takes at most {LIMITS.axes} axes, not {len(shape):,}")
    return shape


def read_data_dtype(value: Any) -> str:
    """Read the name of a dtype that data may have: `string` as well, of which no tensor is made."""
    return value if value == TEXT else read_dtype(value)


def read_dtype(value: Any) -> str:
    """Read the name of a dtype."""
    if isinstance(value, str) and value in DTYPES:
        return value
    if value == TEXT:
        raise refuse("invalid-value", "no tensor is made of texts: 'string' is a dtype of an Input only")
    hint = suggest(value, DTYPES) or "the dtypes: " + ", ".join(DTYPES)
    raise refuse("invalid-value", f"there is no dtype {quoted(value)}", hint)


def _read_rate(value: Any) -> Any:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 1:
        return value
    raise refuse("invalid-value", f"takes a number from 0 to 1, not {named(value)}")


def named(value: Any) -> str:
    """Name a value with its type, as messages do."""
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


def window_schema(rank: int, least: int) -> dict[str, Any]:
    """Say what `read_window` reads."""
    number = _or_expression({"type": "integer", "minimum": least})
    return {"anyOf": [*number["anyOf"], {"type": "array", "items": number, "minItems": rank, "maxItems": rank}]}


def _window(suffixes: tuple[str, ...]) -> FieldType:
    rank = len(suffixes)
    return FieldType(read_window(rank, 1), window_schema(rank, 1), suffixes=suffixes)


def _amount(rank: int) -> FieldType:
    return FieldType(read_window(rank, 0), window_schema(rank, 0))


def _optional_window(rank: int, least: int) -> FieldType:
    return FieldType(optional(read_window(rank, least)), optional_schema(window_schema(rank, least)))


def optional_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """Say what `optional` reads."""
    return {"anyOf": [*schema.get("anyOf", [schema]), {"type": "null"}]}


def _one_or_list(item: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [*item.get("anyOf", [item]), {"type": "array", "items": item, "minItems": 1}]}


def _open_window(rank: int) -> FieldType:
    items = {"type": "array", "items": optional_schema(SIZE), "minItems": rank, "maxItems": rank}
    return FieldType(_read_open_window(rank), {"anyOf": [*SIZE["anyOf"], items]})


def _sides(rank: int, bound: int | None) -> FieldType:
    number = _or_expression({"type": "integer"} if bound is None else {"type": "integer", "minimum": bound})
    pair = {"type": "array", "items": number, "minItems": 2, "maxItems": 2}
    pairs = {"type": "array", "items": {"anyOf": [*number["anyOf"], pair]}, "minItems": rank, "maxItems": rank}
    return FieldType(_read_sides(rank, bound), {"anyOf": [*number["anyOf"], pairs, *([pair] if rank == 1 else [])]})


SIZE = _or_expression({"type": "integer", "minimum": 1})
_INTEGER = _or_expression({"type": "integer"})
_REAL = {"type": "number"}
_RATIO = _or_expression({"type": "number", "exclusiveMinimum": 0})
_SEVERAL_AXES = {"type": "array", "items": _INTEGER}

#: A width of the layer: units, filters, heads. Formulas have a symbol for it.
Size: TypeAlias = Annotated[Given[Whole], FieldType(read_size, SIZE, symbolic=True)]
#: A width that follows from others where it is not given.
OptionalSize: TypeAlias = Annotated[
    Given[Whole | None], FieldType(optional(read_size), optional_schema(SIZE), symbolic=True)
]
#: One width, or one for each of several axes; it follows from others where it is not given.
OptionalSizes: TypeAlias = Annotated[
    Given[Wholes | None],
    FieldType(optional(_read_sizes), optional_schema(_one_or_list(SIZE)), symbolic=True),
]
#: A number that is a choice rather than a width, such as groups: formulas keep its value.
Count: TypeAlias = Annotated[Given[Whole], FieldType(read_size, SIZE)]
OptionalCount: TypeAlias = Annotated[Given[Whole | None], FieldType(optional(read_size), optional_schema(SIZE))]
#: A number for all axes, or one for each; or none.
OptionalCounts: TypeAlias = Annotated[
    Given[Wholes | None], FieldType(optional(_read_sizes), optional_schema(_one_or_list(SIZE)))
]
#: Any whole number.
Integer: TypeAlias = Annotated[Given[Whole], FieldType(read_integer, _INTEGER)]
#: Any whole number, or none.
OptionalInteger: TypeAlias = Annotated[
    Given[Whole | None], FieldType(optional(read_integer), optional_schema(_INTEGER))
]
Flag: TypeAlias = Annotated[Given[Truth], FieldType(read_flag, _or_expression({"type": "boolean"}))]
#: A flag that follows from others where it is not given, or says nothing.
OptionalFlag: TypeAlias = Annotated[
    Given[Truth | None], FieldType(optional(read_flag), optional_schema(_or_expression({"type": "boolean"})))
]
#: A window over one axis, over height and width, over depth, height and width: one number for all, or
#: one each. Its symbols end in these letters.
Window1D: TypeAlias = Annotated[Given[Wholes], _window(("",))]
Window2D: TypeAlias = Annotated[Given[Wholes], _window(("h", "w"))]
Window3D: TypeAlias = Annotated[Given[Wholes], _window(("d", "h", "w"))]
OptionalWindow1D: TypeAlias = Annotated[Given[Wholes | None], _optional_window(1, 1)]
OptionalWindow2D: TypeAlias = Annotated[Given[Wholes | None], _optional_window(2, 1)]
OptionalWindow3D: TypeAlias = Annotated[Given[Wholes | None], _optional_window(3, 1)]
#: The same, but each number may be 0: what is added on each side.
Amount1D: TypeAlias = Annotated[Given[Wholes], _amount(1)]
Amount2D: TypeAlias = Annotated[Given[Wholes], _amount(2)]
Amount3D: TypeAlias = Annotated[Given[Wholes], _amount(3)]
#: The same, but each number may be 0, or nothing at all: what is added behind a transposed convolution.
OptionalAmount1D: TypeAlias = Annotated[Given[Wholes | None], _optional_window(1, 0)]
OptionalAmount2D: TypeAlias = Annotated[Given[Wholes | None], _optional_window(2, 0)]
OptionalAmount3D: TypeAlias = Annotated[Given[Wholes | None], _optional_window(3, 0)]
#: What the output of an axis is to be, for one axis or each of several; null is what the input has.
OpenWindow1D: TypeAlias = Annotated[Given[Wholes], FieldType(read_window(1, 1), window_schema(1, 1))]
OpenWindow2D: TypeAlias = Annotated[Given[Whole | Sequence[Whole | None]], _open_window(2)]
OpenWindow3D: TypeAlias = Annotated[Given[Whole | Sequence[Whole | None]], _open_window(3)]
#: What is cut off on the two sides of each axis: one number for all, one an axis, or two an axis.
CutSides1D: TypeAlias = Annotated[Given[Whole | Sequence[Wholes]], _sides(1, 0)]
CutSides2D: TypeAlias = Annotated[Given[Whole | Sequence[Wholes]], _sides(2, 0)]
CutSides3D: TypeAlias = Annotated[Given[Whole | Sequence[Wholes]], _sides(3, 0)]
#: What is added there; a negative number cuts off.
Sides1D: TypeAlias = Annotated[Given[Whole | Sequence[Wholes]], _sides(1, None)]
Sides2D: TypeAlias = Annotated[Given[Whole | Sequence[Wholes]], _sides(2, None)]
Sides3D: TypeAlias = Annotated[Given[Whole | Sequence[Wholes]], _sides(3, None)]
#: An axis, the batch counted as 0, or several.
Axis: TypeAlias = Annotated[Given[Wholes], FieldType(_read_axes, {"anyOf": [*_INTEGER["anyOf"], _SEVERAL_AXES]})]
#: An axis, or several whose order matters.
OrderedAxes: TypeAlias = Annotated[
    Given[Wholes], FieldType(_read_ordered_axes, {"anyOf": [*_INTEGER["anyOf"], _SEVERAL_AXES]})
]
OptionalOrderedAxes: TypeAlias = Annotated[
    Given[Wholes | None],
    FieldType(optional(_read_ordered_axes), {"anyOf": [*_INTEGER["anyOf"], _SEVERAL_AXES, {"type": "null"}]}),
]
#: An axis, several, or none.
OptionalAxis: TypeAlias = Annotated[
    Given[Wholes | None],
    FieldType(optional(_read_axes), {"anyOf": [*_INTEGER["anyOf"], _SEVERAL_AXES, {"type": "null"}]}),
]
#: A number of groups; -1: as many as there are channels.
Groups: TypeAlias = Annotated[Given[Whole], FieldType(_read_groups, {"anyOf": [*SIZE["anyOf"], {"const": -1}]})]
#: A list of sizes.
Sizes: TypeAlias = Annotated[
    Given[Sequence[Whole]], FieldType(_read_size_list, {"type": "array", "items": SIZE}, symbolic=True)
]
#: A list of sizes that decides how many tensors there are.
TensorSizes: TypeAlias = Annotated[
    Given[Sequence[Whole]], FieldType(_read_size_list, {"type": "array", "items": SIZE}, symbolic=True, opens=True)
]
#: One size, or those of several axes; null is the size that the input has there.
OpenSizes: TypeAlias = Annotated[
    Given[Whole | Sequence[Whole | None] | None],
    FieldType(
        _read_open_sizes,
        {"anyOf": [*SIZE["anyOf"], {"type": "array", "items": {"anyOf": [*SIZE["anyOf"], {"type": "null"}]}}]},
        symbolic=True,
    ),
]
#: A number above 0, whole or not, that is no size.
Ratio: TypeAlias = Annotated[Given[float], FieldType(_read_ratio, {"type": "number", "exclusiveMinimum": 0})]
#: Sizes of axes, where null is a length that varies.
OpenShape: TypeAlias = Annotated[
    Given[Sequence[Whole | None]],
    FieldType(
        read_shape,
        {"type": "array", "items": {"anyOf": [*SIZE["anyOf"], {"type": "null"}]}},
        symbolic=True,
    ),
]
#: Sizes of axes, where -1 is what the others leave.
TargetShape: TypeAlias = Annotated[
    Given[Sequence[Whole]],
    FieldType(_read_target, {"type": "array", "items": {"anyOf": [*SIZE["anyOf"], {"const": -1}]}}),
]
DType: TypeAlias = Annotated[Given[str], FieldType(read_dtype, {"enum": [*DTYPES]})]
#: The dtype of what enters a network.
DataDType: TypeAlias = Annotated[Given[str], FieldType(read_data_dtype, {"enum": [*DTYPES, TEXT]})]
Rate: TypeAlias = Annotated[Given[float], FieldType(_read_rate, {"type": "number", "minimum": 0, "maximum": 1})]
#: Any number that no size depends on; or one, or a list of them.
Real: TypeAlias = Annotated[Given[float], FieldType(read_real, _REAL)]
Reals: TypeAlias = Annotated[Given[float | Sequence[float]], FieldType(_read_reals, _one_or_list(_REAL))]
OptionalRealList: TypeAlias = Annotated[
    Given[Sequence[float] | None],
    FieldType(optional(_read_real_list), optional_schema({"type": "array", "items": _REAL, "minItems": 1})),
]
#: A factor for all axes, or one for each; or none.
OptionalRatios: TypeAlias = Annotated[
    Given[Factor | Sequence[Factor] | None], FieldType(optional(_read_ratios), optional_schema(_one_or_list(_RATIO)))
]
