"""The declaration of a layer kind: its fields, the tensors it owns, its output's shape.

A kind is one Pydantic class. Its methods `tensors` and `output_shape` are the only place
where its formulas stand; they are run over numbers, arrays and symbols alike. For that, a
declaration states a condition (`when=self.use_bias`) and never branches on a flag's value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from typing import Any, ClassVar, Literal, TypeAlias, dataclass_transform

from pydantic import BaseModel, ConfigDict, ValidationError

from paramcalc.core import algebra
from paramcalc.core.algebra import Number, Shape
from paramcalc.core.errors import LIMITS, ParamcalcError, Problem, listed, quoted, refuse, suggest
from paramcalc.core.expression import Environment, Expression, axes_hint, axes_text
from paramcalc.layers.base.fields import FieldType, aliased, named, read_flag

Role: TypeAlias = Literal["parameter", "state"]


@dataclass(frozen=True, slots=True)
class Tensor:
    """One named array that a layer owns."""

    name: str
    shape: Shape
    #: what it is for, in a few words
    purpose: str
    #: `parameter`: the optimizer may update it; `state`: moving averages, counters
    role: Role = "parameter"
    #: the dtype, where it is not the one of its node
    dtype: str | None = None
    #: the flag, or flags, that must hold for the layer to own it
    when: Any = True
    #: whether the layer itself keeps a parameter from being trained
    frozen: bool = False
    #: of a tensor of a layer within the layer: that part, and the tensor as the part's kind declares it
    part: Part | None = None
    inner: Tensor | None = None
    #: the tensor of a part whose axes it has one by one, and with which it is laid out
    like: Tensor | None = None

    @property
    def condition(self) -> Number:
        """Whether the layer owns it, as a factor: 1 or 0, or in a symbolic run a symbol of these."""
        flags = self.when if isinstance(self.when, tuple) else (self.when,)
        return algebra.product(algebra.as_factor(flag) for flag in flags)

    def within(self, part: Part) -> Tensor:
        """The same tensor as the layer around the part has it."""
        return replace(self, name=f"{part.name}_{self.name}", when=_both(part.when, self.when), part=part, inner=self)


def _both(one: Any, other: Any) -> Any:
    """Two conditions as one; each a flag, or several."""
    flags = [each for when in (one, other) for each in (when if isinstance(when, tuple) else (when,))]
    stated = tuple(each for each in flags if each is not True)
    return stated or True


@dataclass(frozen=True, slots=True)
class Part:
    """A layer within a layer, and what it is given. Its tensors are the whole's, under its name."""

    name: str
    layer: Layer
    #: the shapes of its inputs, laid out as the part itself has them
    inputs: tuple[Shape, ...]
    #: the flag, or flags, that must hold for the part to be there
    when: Any = True


@dataclass(frozen=True, slots=True)
class Remark:
    """A question that people ask of a layer, and its answer; derivations give both."""

    question: str
    answer: str
    #: where it holds: an expression in the fields of the kind, `size(axis)` of its first input, the
    #: number of that input's axes, `rank`, and the last sizes of all its inputs, `features`
    when: str = "true"


class Axes:
    """The axes of one input of a kind: `Axes("... c", c="features")`.

    The names are the symbols that derivations use; each has its meaning. `...` stands for
    any number of axes. The batch is left out.
    """

    def __init__(self, pattern: str, optional: bool = False, **meanings: str) -> None:
        before, dots, behind = pattern.partition("...")
        self.leading = tuple(before.split())
        self.names = (*self.leading, *behind.split())
        self.open = bool(dots)
        self.optional = optional
        self.meanings = meanings

    def symbols(self, rank: int) -> tuple[str, ...]:
        """A name for each axis of an input with this many; those under `...` are numbered."""
        numbered = (f"n_{index + 1}" for index in range(rank - len(self.names)))
        return (*self.leading, *numbered, *self.names[len(self.leading) :])

    def symbols_at(self, rank: int, channel_axis: int) -> tuple[str, ...]:
        """The same names in the order of an input that has its channels at another axis."""
        names = self.symbols(rank)
        if channel_axis == -1:
            return names
        position = axis_position(channel_axis, rank)
        return (*names[:-1][:position], names[-1], *names[:-1][position:])

    def check(self, shape: Shape) -> None:
        """Refuse a shape with too few or too many axes: `shape-mismatch`."""
        if len(shape) == len(self.names) or (self.open and len(shape) > len(self.names)):
            return
        takes = " ".join((*self.leading, *(["…"] if self.open else []), *self.names[len(self.leading) :]))
        fewest = f"{len(self.names)} or more" if self.open else str(len(self.names))
        raise refuse(
            "shape-mismatch",
            f"takes an input of {fewest} axes beside the batch ({takes}), not {shape_text(shape)}",
        )


def shape_text(shape: Iterable[Number]) -> str:
    """A shape as people write it; the batch leads as None."""
    return "(None" + "".join(f", {size!r}" if type(size) is int else f", {size}" for size in shape) + ")"


# --- The declaration -------------------------------------------------------------------


@dataclass_transform(kw_only_default=True, field_specifiers=(aliased,))
class Layer(BaseModel):
    """The base of every layer kind.

    A kind gives its fields, `inputs`, and the two methods `tensors` and `output_shape`. It
    sees its inputs with the channels last, and leaves the batch out.

    Creating one raises `ParamcalcError`: `unknown-field`, `missing-key`, `wrong-type`,
    `invalid-value`, `invalid-expression`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True, arbitrary_types_allowed=True)

    #: the inputs that a kind takes; for one that takes any number, all further ones are as the last
    inputs: ClassVar[tuple[Axes, ...]] = (Axes("..."),)
    #: the fewest inputs of a kind that takes any number
    variadic: ClassVar[int | None] = None
    #: what stands behind the formulas: a paper or a framework's documentation
    source: ClassVar[str] = ""
    #: what people ask of the kind, with the answers
    remarks: ClassVar[tuple[Remark, ...]] = ()

    def __init__(self, /, *unnamed: Any, **fields: Any) -> None:
        if unnamed:
            raise _unnamed(type(self))
        try:
            super().__init__(**fields)
        except ValidationError as error:
            raise _translated(error, type(self)) from None

    # `Any` twice, so that a kind may name its inputs
    def output_shape(self, *inputs: Any, **named: Any) -> Shape:
        """The shape of the output for these inputs: here, that of the first."""
        first: Shape = inputs[0]
        return first

    def outputs(self, *inputs: Any) -> tuple[Shape, ...]:
        """The shapes of all outputs: here, of the only one. A reference names the others `lstm.1`."""
        return (self.output_shape(*inputs),)

    def tensors(self, *inputs: Any, **named: Any) -> Iterable[Tensor]:
        """The tensors that the layer itself owns for these inputs: here, none."""
        return ()

    def parts(self, *inputs: Any, **named: Any) -> Iterable[Part]:
        """The layers that it is made of, whose tensors are its own as well: here, none."""
        return ()

    def wrapped(self, *inputs: Any) -> tuple[Tensor, int | None] | None:
        """Of a layer around a layer: the tensor of that one that it computes, and an axis of it: here, none."""
        return None

    @property
    def channel_axis(self) -> int:
        """The axis that holds the channels, the batch counted as 0."""
        return -1

    def infer(self, *inputs: Shape) -> tuple[tuple[Shape, ...], list[Tensor]]:
        """The shapes of the outputs and the tensors, as the framework of the layer lays them out.

        The shapes leave the batch out. Raises `input-count`, `shape-mismatch`, and
        what the kind itself refuses.
        """
        layer, moved = self._seen(inputs)
        return layer._laid_out(moved), layer.all_tensors(*moved)

    def output_shapes(self, *inputs: Shape) -> tuple[Shape, ...]:
        """The first half of `infer`: for a layer around this one, which needs the shapes alone."""
        layer, moved = self._seen(inputs)
        return layer._laid_out(moved)

    def owned_tensors(self, *inputs: Shape) -> list[Tensor]:
        """The second half of `infer`."""
        layer, moved = self._seen(inputs)
        return layer.all_tensors(*moved)

    def _seen(self, inputs: tuple[Shape, ...]) -> tuple[Layer, Sequence[Shape]]:
        """The layer with all fields filled in, and its inputs with the channels last, as its kind sees them."""
        self._check_inputs(inputs)
        axis = self.channel_axis
        moved = inputs if axis == -1 else [_channels_last(shape, axis) for shape in inputs]
        return self.filled(inputs[0] if inputs else None), moved

    def _laid_out(self, moved: Sequence[Shape]) -> tuple[Shape, ...]:
        """The shapes of the outputs for these inputs, the channels put back where the layer has them."""
        axis = self.channel_axis
        shapes = self.outputs(*moved)
        return shapes if axis == -1 else tuple(_channels_at(shape, axis) for shape in shapes)

    def all_tensors(self, *inputs: Shape) -> list[Tensor]:
        """The tensors of its parts, then its own; for inputs with the channels last."""
        own = list(self.tensors(*inputs))
        inner: list[Tensor] = []
        before, found = None, []
        for part in self.parts(*inputs):
            # parts in a row that are one declaration, given the same, are run once
            if before is None or part.layer is not before.layer or part.inputs is not before.inputs:
                before, found = part, part.layer.owned_tensors(*part.inputs)
            inner += [tensor.within(part) for tensor in found]
        return inner + own

    def filled(self, x: Shape | None) -> Layer:
        """The same layer with the fields that follow from others, or from the first input, filled in."""
        following = _following_fields(type(self))
        missing = following and {name: rule for name, rule in following.items() if getattr(self, name) is None}
        if not missing:
            return self
        environment = Environment(self.__dict__, x)
        return self.model_copy(update={name: rule.evaluate(environment) for name, rule in missing.items()})

    def _check_inputs(self, inputs: tuple[Shape, ...]) -> None:
        fewest, most = _input_span(type(self))
        if len(inputs) < fewest or (most is not None and len(inputs) > most):
            raise refuse("input-count", f"{type(self).__name__} takes {_span(fewest, most)}, not {len(inputs)}")
        for place, shape in enumerate(inputs):
            try:
                self.inputs[min(place, len(self.inputs) - 1)].check(shape)
            except ParamcalcError as error:
                raise refuse(error.code, f"{type(self).__name__} {error.problems[0].message}") from None

    # --- fields that are expressions

    @property
    def names(self) -> frozenset[str]:
        """The dims, arguments and counters that the fields mention."""
        found: set[str] = set()
        for value in self.__dict__.values():
            for expression in _expressions(value):
                found |= expression.names
        return frozenset(found)

    @property
    def is_resolved(self) -> bool:
        """Whether every field has its value, and none is an expression."""
        return not any(map(_has_expression, self.__dict__.values()))

    def resolved(self, evaluate: Callable[[Expression], Any]) -> Layer:
        """The same layer, with the value of each expression in its place."""
        if self.is_resolved:
            return self
        spelled = type(self).spelled_fields()
        return type(self)(
            **{
                outside: _evaluated_field(outside, getattr(self, name), evaluate)
                for outside, name in spelled.items()
                if name in self.model_fields_set
            }
        )

    def with_defaults(self, defaults: Callable[[str], Mapping[str, Any]]) -> Layer:
        """The same layer with the values that its kind's name is given for fields that it does not state.

        So are the layers in it.
        """
        found = defaults(type(self).__name__)
        update = {name: value for name, value in found.items() if name not in self.model_fields_set}
        for name in _nested_fields(type(self)):
            value = getattr(self, name)
            update[name] = (
                tuple(layer.with_defaults(defaults) for layer in value)
                if isinstance(value, tuple)
                else value and value.with_defaults(defaults)
            )
        return self.model_copy(update=update) if update else self

    def stated(self) -> dict[str, Any]:
        """The fields that were given, as plain data; equal sides of a window once."""
        return {
            outside: plain(_once(type(self), name, getattr(self, name)))
            for outside, name in type(self).spelled_fields().items()
            if name in self.model_fields_set
        }

    # --- what a kind says of itself

    @classmethod
    def summary(cls) -> str:
        """What the kind does, in a sentence."""
        return (cls.__doc__ or "").split("\n\n")[0].replace("\n", " ").replace("    ", " ").strip()

    @classmethod
    def example_call(cls) -> str:
        """Show how a layer of the type is made, with the fields that must be given: `Dense(units=…)`."""
        given = [f"{out}=…" for out, name in cls.spelled_fields().items() if cls.model_fields[name].is_required()]
        return f"{cls.__name__}({', '.join(given)})"

    @classmethod
    def spelled_fields(cls) -> dict[str, str]:
        """The fields as specs spell them, each with its name here."""
        return {info.alias or name: name for name, info in cls.model_fields.items()}

    def spelled_values(self) -> dict[str, Any]:
        """The value of each field, by its name in specs."""
        return {outside: getattr(self, name) for outside, name in type(self).spelled_fields().items()}

    @classmethod
    def width_fields(cls) -> list[str]:
        """The fields that are widths."""
        return _fields_where(cls, lambda kind_of_field: kind_of_field.symbolic)

    @classmethod
    def lettered_fields(cls) -> dict[str, str]:
        """The fields that are sizes and have a symbol, widths or not."""
        flags = cls.flags()
        return {
            name: str(info.json_schema_extra["symbol"])
            for name, info in cls.model_fields.items()
            if isinstance(info.json_schema_extra, dict) and "symbol" in info.json_schema_extra and name not in flags
        }

    @classmethod
    def symbol_names(cls, name: str, letter: str, count: int = 1) -> tuple[str, ...]:
        """The symbols of a field: one; for a window one a side; for so many sizes, numbered."""
        suffixes = cls.suffixes(name)
        if count > 1 and not suffixes:
            suffixes = tuple(str(place + 1) for place in range(count))
        return tuple(f"{letter}_{suffix}" if suffix else letter for suffix in suffixes) or (letter,)

    @classmethod
    def suffixes(cls, name: str) -> tuple[str, ...]:
        """What the symbols of a window end in, one a side; none, of a field that is a single size."""
        return next(item.suffixes for item in cls.model_fields[name].metadata if isinstance(item, FieldType))

    @classmethod
    def open_fields(cls) -> list[str]:
        """The fields that decide which tensors there are: by their names, by an equation, by layers that own some."""
        return _fields_where(cls, lambda kind_of_field: kind_of_field.nested or kind_of_field.opens)

    @classmethod
    def has_general_form(cls) -> bool:
        """Whether its tensors follow from its fields alone: from no list, equation or layer that a spec gives."""
        return not any(
            cls.model_fields[name].is_required() or name not in cls.nested_fields() for name in cls.open_fields()
        )

    @property
    def nesting(self) -> int:
        """How many layers stand within one another, this one included."""
        return 1 + max((layer.nesting for layer in self._inner()), default=0)

    @property
    def layers_within(self) -> int:
        """How many layers are in it, those in them included."""
        return sum(1 + layer.layers_within for layer in self._inner())

    def _inner(self) -> Iterator[Layer]:
        for name in _nested_fields(type(self)):
            value = getattr(self, name)
            yield from value if isinstance(value, tuple) else () if value is None else (value,)

    @classmethod
    def nested_fields(cls) -> tuple[str, ...]:
        """The fields that are layers, or lists of them."""
        return _nested_fields(cls)

    @classmethod
    def flags(cls) -> list[str]:
        """The fields that are flags."""
        return _fields_where(cls, lambda kind_of_field: kind_of_field.read is read_flag)


def _fields_where(cls: type[Layer], holds: Callable[[FieldType], bool]) -> list[str]:
    return [
        name
        for name, info in cls.model_fields.items()
        if any(isinstance(item, FieldType) and holds(item) for item in info.metadata)
    ]


def _once(cls: type[Layer], name: str, value: Any) -> Any:
    """One number for a window of equal sides, where the field reads it so."""
    if not isinstance(value, tuple) or not value or type(value[0]) is not int or value.count(value[0]) < len(value):
        return value
    reader = next(item for item in cls.model_fields[name].metadata if isinstance(item, FieldType))
    try:
        return value[0] if reader.read(value[0]) == value else value
    except ParamcalcError:
        return value


@cache
def _nested_fields(cls: type[Layer]) -> tuple[str, ...]:
    return tuple(_fields_where(cls, lambda kind_of_field: kind_of_field.nested))


@cache
def _following_fields(cls: type[Layer]) -> dict[str, Expression]:
    return {
        name: Expression.parse(str(info.json_schema_extra["same_as"]))
        for name, info in cls.model_fields.items()
        if isinstance(info.json_schema_extra, dict) and "same_as" in info.json_schema_extra
    }


def _span(fewest: int, most: int | None) -> str:
    if most is None:
        return f"{fewest} or more inputs"
    if fewest == most:
        return {0: "no input", 1: "one input"}.get(fewest, f"{fewest} inputs")
    return f"{fewest} to {most} inputs"


def _channels_last(shape: Shape, axis: int) -> Shape:
    position = axis_position(axis, len(shape))
    return (*shape[:position], *shape[position + 1 :], shape[position])


def _channels_at(shape: Shape, axis: int) -> Shape:
    position = axis - 1 if axis > 0 else len(shape) + axis
    return (*shape[:-1][:position], shape[-1], *shape[:-1][position:])


def axis_position(axis: int, rank: int) -> int:
    """The place in a shape without its batch of an axis that counts the batch as 0.

    Raises `invalid-value` for the batch itself and for an axis that is not there.
    """
    if axis == 0 or not -rank <= axis <= rank:
        raise refuse(
            "invalid-value",
            f"there is no axis {axis} in a shape of {axes_text(rank)}",
            axes_hint(rank),
        )
    return axis - 1 if axis > 0 else rank + axis


@cache
def _input_span(cls: type[Layer]) -> tuple[int, int | None]:
    """The fewest and the most inputs of a kind."""
    if cls.variadic:
        return cls.variadic, None
    return sum(not axes.optional for axes in cls.inputs), len(cls.inputs)


def _has_expression(value: Any) -> bool:
    if isinstance(value, (tuple, dict, Layer)):
        return any(True for _ in _expressions(value))
    return isinstance(value, Expression)


def _expressions(value: Any) -> Iterator[Expression]:
    if isinstance(value, Expression):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _expressions(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _expressions(item)
    elif isinstance(value, Layer):
        for item in value.__dict__.values():
            yield from _expressions(item)


def _evaluated_field(name: str, value: Any, evaluate: Callable[[Expression], Any]) -> Any:
    try:
        return _evaluated(value, evaluate)
    except ParamcalcError as error:
        raise error.within(name) from None


def _evaluated(value: Any, evaluate: Callable[[Expression], Any]) -> Any:
    if isinstance(value, Expression):
        return evaluate(value)
    if isinstance(value, tuple):
        return tuple(_evaluated_item(place, item, evaluate) for place, item in enumerate(value))
    if isinstance(value, dict):
        return {name: _evaluated(item, evaluate) for name, item in value.items()}
    if isinstance(value, Layer):
        try:
            return value.resolved(evaluate)
        except ParamcalcError as error:
            raise error.within(type(value).__name__) from None
    # a length that varies was read from a null
    return value


def _evaluated_item(place: int, item: Any, evaluate: Callable[[Expression], Any]) -> Any:
    try:
        return _evaluated(item, evaluate)
    except ParamcalcError as error:
        raise error.within(place) from None


def plain(value: Any) -> Any:
    """A value as YAML and JSON have it: expressions as text, tuples as lists."""
    if isinstance(value, Expression):
        return value.text
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, Layer):
        fields = value.stated()
        return {type(value).__name__: fields} if fields else type(value).__name__
    if type(value) is Fraction:
        return str(value)
    return value.name if isinstance(value, algebra.Unknown) else value


def _unnamed(cls: type[Layer]) -> ParamcalcError:
    """Refuse a field's value without its name."""
    way_out = f"as in {cls.example_call()}" if cls.spelled_fields() else f"{cls.__name__} has no fields"
    return refuse("wrong-type", f"the fields of {cls.__name__} are given by name", way_out)


def _translated(error: ValidationError, cls: type[Layer]) -> ParamcalcError:
    """Pydantic's refusals in our words and codes."""
    details = error.errors(include_url=False)[: LIMITS.problems + 1]
    return ParamcalcError(problem for detail in details for problem in _problems(detail, cls))


def _problems(detail: Any, cls: type[Layer]) -> Iterator[Problem]:
    if detail["type"] != "paramcalc":
        yield _problem(detail, cls)
        return
    name = detail["loc"][0]
    for problem in detail["ctx"]["problems"]:
        message = problem.message
        # a problem of a layer within the layer says whose it is
        if not any(isinstance(part, str) for part in problem.path):
            joint = " " if message.startswith(("takes ", "must ")) else ": "
            message = f"'{name}' of {cls.__name__}{joint}{message}"
        yield replace(problem, message=message, path=(name, *problem.path))


def _problem(detail: Any, cls: type[Layer]) -> Problem:
    path = detail["loc"][:1]
    name, kind_name = path[0], cls.__name__
    if detail["type"] == "missing":
        meaning = cls.model_fields[cls.spelled_fields()[name]].description
        return Problem("missing-key", f"{kind_name} needs '{name}': {meaning}", at_key=True)
    if detail["type"] == "extra_forbidden":
        hint = suggest(name, cls.spelled_fields()) or _fields_hint(cls)
        return Problem("unknown-field", f"{kind_name} has no field {quoted(name)}", hint, path, at_key=True)
    if detail["type"] == "literal_error":
        expected = detail["ctx"]["expected"].replace("None", "null")
        message = f"'{name}' of {kind_name} is {expected}, not {quoted(detail['input'])}"
        return Problem("invalid-value", message, "", path)
    return Problem("wrong-type", f"'{name}' of {kind_name} takes text, not {named(detail['input'])}", "", path)


def _fields_hint(cls: type[Layer]) -> str:
    return listed("its fields", cls.spelled_fields()) or "it has no fields"


@cache
def default_name(kind_name: str) -> str:
    """The name of a node that is given none: its kind in Keras's snake case."""
    spaced = re.sub("([a-z])([A-Z])", r"\1_\2", re.sub("(.)([A-Z][a-z]+)", r"\1_\2", kind_name))
    return spaced.lower()
