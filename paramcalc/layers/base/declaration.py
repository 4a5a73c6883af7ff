"""The declaration of a layer type: its fields, the tensors it owns, its output's shape.

A layer type is one Pydantic class. Its methods `tensors` and `output_shape` are the only place
where its formulas stand; they are run over numbers, arrays and symbols alike. For that, a
declaration states a condition (`when=self.use_bias`) and never branches on a flag's value.

The annotations are not postponed here, nor in the modules beside this one that declare classes: Pydantic would
evaluate the texts of a base anew for each layer type.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from types import MappingProxyType
from typing import Any, ClassVar, Literal, TypeAlias, dataclass_transform

from pydantic import BaseModel, ConfigDict, ValidationError

from paramcalc.core import algebra
from paramcalc.core.algebra import Number, Shape
from paramcalc.core.errors import ParamcalcError, refuse
from paramcalc.core.expression import Environment, Expression
from paramcalc.core.functions import ALONG_AN_AXIS
from paramcalc.layers.base.axes import Axes, channels_at, channels_last
from paramcalc.layers.base.fields import FieldType, aliased, read_flag
from paramcalc.layers.base.products import Operand, Product, is_there
from paramcalc.layers.base.reach import EVERYTHING, Reach, laid_out
from paramcalc.layers.base.refusals import translated
from paramcalc.layers.base.values import evaluated_field, expressions, has_expression, plain

Role: TypeAlias = Literal["parameter", "state"]
#: Where a layer type has its channels: where its field `data_format` or `axis` says, which follows the framework
#: of the spec; in the last axis in every framework; or nowhere, since it takes the axes as they are given.
Layout: TypeAlias = Literal["data_format", "axis", "channels_last", "as_given"]


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
    #: of a tensor of a layer within the layer: that part, and the tensor as the part's type declares it
    part: "Part | None" = None
    inner: "Tensor | None" = None
    #: the tensor of a part whose axes it has one by one, and with which it is laid out
    like: "Tensor | None" = None
    #: how many tensors it stands for: more than itself where the number of a layer's copies is a symbol
    copies: Number = 1
    #: whether it is saved with the model
    persistent: bool = True
    #: of a tensor of which an example passes through a part: an axis, and how many of its elements
    active: tuple[int, Number] | None = None

    @property
    def elements(self) -> Number:
        """How many numbers it holds, with all the tensors that it stands for."""
        return algebra.product(self.shape) * self.copies

    def repeated(self, copies: Number) -> "Tensor":
        """Give the same tensor, for a number of copies of it."""
        return self if type(copies) is int and copies == 1 else replace(self, copies=self.copies * copies)

    @property
    def condition(self) -> Number:
        """Whether the layer owns it, as a factor: 1 or 0, or in a symbolic run a symbol of these."""
        flags = self.when if isinstance(self.when, tuple) else (self.when,)
        return algebra.product(algebra.as_factor(flag) for flag in flags)

    def within(self, part: "Part") -> "Tensor":
        """Give the same tensor as the layer around the part has it."""
        name, when = f"{part.name}_{self.name}", _both(part.when, self.when)
        return replace(self, name=name, when=when, part=part, inner=self).repeated(part.copies)


def _both(one: Any, other: Any) -> Any:
    """Join two conditions, each a flag or several, into one."""
    flags = [each for when in (one, other) for each in (when if isinstance(when, tuple) else (when,))]
    stated = tuple(each for each in flags if each is not True)
    return stated or True


@dataclass(frozen=True, slots=True)
class Part:
    """A layer within a layer, and what it is given. Its tensors are the whole's, under its name."""

    name: str
    layer: "Layer"
    #: the shapes of its inputs, laid out as the part itself has them
    inputs: tuple[Shape, ...]
    #: the flag, or flags, that must hold for the part to be there
    when: Any = True
    #: how many parts it stands for, as a tensor does
    copies: Number = 1
    #: what each of its inputs is made of, as operands of products have it: the whole's inputs by their numbers, and
    #: tensors of the whole; the whole's own inputs in their order, if absent
    sources: tuple[Operand, ...] | None = None


@dataclass(frozen=True, slots=True)
class Remark:
    """A question that people ask of a layer, and its answer; derivations give both."""

    question: str
    #: an expression in braces stands for its value: in the names of the layer's tensors, each the number of its
    #: elements, in `output`, that of the output's, and in `size(axis)` of the first input
    answer: str
    #: where it holds: an expression in the fields of the layer type, `size(axis)` of its first input, the
    #: number of that input's axes, `rank`, and the last sizes of all its inputs, `features`
    when: str = "true"


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words of a layer type's summary and answers that derivations leave out where a condition does not hold."""

    words: str
    #: an expression as that of a `Remark`
    when: str


@dataclass(frozen=True, slots=True)
class Example:
    """A small layer of a layer type: its fields, and the shapes of its inputs without the batch, channels last."""

    fields: Mapping[str, Any] = field(default_factory=dict)
    inputs: Sequence[tuple[int, ...]] = ()


# --- The declaration -------------------------------------------------------------------


@dataclass_transform(kw_only_default=True, field_specifiers=(aliased,))
class Layer(BaseModel):
    """The base of every layer type.

    A layer type gives its fields, `inputs`, `layout`, and the two methods `tensors` and `output_shape`. It
    sees its inputs with the channels last, and leaves the batch out.

    Creating one raises `ParamcalcError`: `unknown-field`, `missing-key`, `wrong-type`,
    `invalid-value`, `invalid-expression`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True, arbitrary_types_allowed=True)

    #: the inputs that it takes; where it takes any number, all further ones are as the last
    inputs: ClassVar[tuple[Axes, ...]] = (Axes("..."),)
    #: the fewest inputs, where it takes any number
    variadic: ClassVar[int | None] = None
    #: whether it joins any number of inputs alike, as `merge` does the outputs of copies side by side
    merges: ClassVar[bool] = False
    #: where the channels are; to be stated if it computes with inputs of several axes
    layout: ClassVar[Layout | None] = None
    #: whether its output may have the axes of its input at other places
    moves_axes: ClassVar[bool] = False
    #: whether its output is its first input in another shape, or a part of it: nothing is computed
    view: ClassVar[bool] = False
    #: what stands behind the formulas: a paper or a framework's documentation
    source: ClassVar[str] = ""
    #: what people ask of it, with the answers
    remarks: ClassVar[tuple[Remark, ...]] = ()
    #: a small layer of it, which its page counts and derives
    example: ClassVar[Example | None] = None
    #: the words of the summary and the answers that hold for some fields only
    phrases: ClassVar[tuple[Phrase, ...]] = ()

    def __init__(self, /, *unnamed: Any, **fields: Any) -> None:
        if unnamed:
            raise _unnamed(type(self))
        try:
            super().__init__(**fields)
        except ValidationError as error:
            raise translated(error, type(self)) from None

    # `Any` twice, so that a layer type may name its inputs
    def output_shape(self, *inputs: Any, **named: Any) -> Shape:
        """Give the shape of the output for these inputs: here, that of the first."""
        first: Shape = inputs[0]
        return first

    def outputs(self, *inputs: Any) -> tuple[Shape, ...]:
        """Give the shapes of all outputs: here, of the only one. A reference names the others `lstm.1`."""
        return (self.output_shape(*inputs),)

    def tensors(self, *inputs: Any, **named: Any) -> Iterable[Tensor]:
        """Yield the tensors that the layer itself owns for these inputs: here, none."""
        return ()

    def parts(self, *inputs: Any, **named: Any) -> Iterable[Part]:
        """Yield the layers that it is made of, whose tensors are its own as well: here, none."""
        return ()

    def products(self, *inputs: Any, **named: Any) -> Iterable[Product]:
        """Yield what it multiplies for these inputs: each matrix product, convolution and product of attention.

        A layer type without any says so: `products = no_products`. Raises `not-measurable`.
        """
        name = type(self).__name__
        hint = "its class gives 'products', or says that it has none: products = no_products"
        raise refuse("not-measurable", f"{name} does not say what it multiplies", hint)

    def cached(self, *inputs: Any) -> Iterable[Tensor]:
        """Yield what the layer itself keeps of an example to generate a sequence step by step.

        These are keys, values and states, of the whole sequence; the layer does not own them. An input that is the
        first once more is left out. A layer type that keeps nothing says so: `cached = nothing_cached`. Raises
        `not-measurable`.
        """
        name = type(self).__name__
        hint = "its class gives 'cached', or says that it keeps nothing: cached = nothing_cached"
        raise refuse("not-measurable", f"{name} does not say what it keeps to generate a sequence", hint)

    def reach(self, *inputs: Any, **named: Any) -> tuple[Reach, ...] | None:
        """Give which positions of each input the first output sees, axis by axis; None where it is not stated: here."""
        return None

    def wrapped(self, *inputs: Any) -> tuple[Tensor, int | None] | None:
        """Give the tensor of a layer within it that it computes, and an axis of that tensor: here, none."""
        return None

    @classmethod
    def takes(cls, number: int) -> bool:
        """Whether it takes this number of inputs."""
        fewest, most = input_span(cls)
        return fewest <= number and (most is None or number <= most)

    def way_out(self, shape: Shape) -> str:
        """Say what to do where the first input has this shape, and other axes than it takes: here, nothing is known."""
        return ""

    def way_out_of_nothing(self, shape: Shape) -> str:
        """Say what to do where the output of an input of this shape has an axis without elements."""
        return ""

    @property
    def is_view(self) -> bool:
        """Whether its output has numbers of its first input alone, or none that are computed, with these fields."""
        return type(self).view

    @property
    def is_differentiable(self) -> bool:
        """Whether a gradient goes through it from its output to its inputs and tensors."""
        return True

    def reaches_output(self, tensor: str) -> bool:
        """Whether its output depends on one of its tensors, by the name of that."""
        return True

    @property
    def leaves_out(self) -> str:
        """What it computes beside what `products` state, and no measure counts: here, nothing."""
        return ""

    @property
    def channel_axis(self) -> int:
        """The axis that holds the channels, the batch counted as 0."""
        fields: Any = self
        if self.layout == "axis":
            return int(fields.axis)
        return 1 if self.layout == "data_format" and fields.data_format == "channels_first" else -1

    @classmethod
    def needs_layout(cls) -> bool:
        """Tell whether it computes anything from an input that may have several axes, so that it states `layout`."""
        computed = ("output_shape", "outputs", "tensors", "parts")
        computes = any(getattr(cls, name) is not getattr(Layer, name) for name in computed)
        return computes and any(axes.open or len(axes.names) > 1 for axes in cls.inputs)

    def check_layout(self, *inputs: Shape) -> None:
        """Refuse inputs with the channels first where a layer, or one in it, does not say where they are."""
        if type(self).layout is None and type(self).needs_layout() and any(len(shape) > 1 for shape in inputs):
            raise refuse(
                "invalid-kind",
                f"{type(self).__name__} does not say where its channels are, and PyTorch has them first",
                "its class states 'layout': data_format, axis, channels_last or as_given",
            )
        for layer in self._inner():
            layer.check_layout(*inputs)

    @classmethod
    def fields_of_layout(cls, channel_axis: int) -> dict[str, Any]:
        """Give the fields that say where a framework has the channels, if that is not the last axis."""
        values = {"axis": channel_axis, "data_format": "channels_first"}
        return {cls.layout: values[cls.layout]} if channel_axis != -1 and cls.layout in values else {}

    def infer(self, *inputs: Shape) -> tuple[tuple[Shape, ...], list[Tensor]]:
        """Give the shapes of the outputs and the tensors, as the framework of the layer lays them out.

        The shapes leave the batch out. Raises `input-count`, `shape-mismatch`, and
        what the layer type itself refuses.
        """
        layer, moved = self._seen(inputs)
        return layer._laid_out(moved), layer.all_tensors(*moved)

    def output_shapes(self, *inputs: Shape) -> tuple[Shape, ...]:
        """Give the first half of `infer`: for a layer around this one, which needs the shapes alone."""
        layer, moved = self._seen(inputs)
        return layer._laid_out(moved)

    def owned_tensors(self, *inputs: Shape) -> list[Tensor]:
        """Give the second half of `infer`."""
        layer, moved = self._seen(inputs)
        return layer.all_tensors(*moved)

    def owned_products(self, *inputs: Shape) -> list[Product]:
        """List what it multiplies for inputs as the framework of the layer lays them out. Raises `not-measurable`."""
        layer, moved = self._seen(inputs)
        return [product for product in layer.products(*moved) if is_there(product)]

    def _seen(self, inputs: tuple[Shape, ...]) -> "tuple[Layer, Sequence[Shape]]":
        """Give the layer with all fields filled in, and its inputs with the channels last, as its type sees them."""
        self._check_inputs(inputs)
        axis = self.channel_axis
        moved = inputs if axis == -1 else [channels_last(shape, axis) for shape in inputs]
        return self.filled(inputs[0] if inputs else None), moved

    def _laid_out(self, moved: Sequence[Shape]) -> tuple[Shape, ...]:
        """Give the shapes of the outputs for these inputs, the channels put back where the layer has them."""
        axis = self.channel_axis
        shapes = self.outputs(*moved)
        return shapes if axis == -1 else tuple(channels_at(shape, axis) for shape in shapes)

    def all_tensors(self, *inputs: Shape) -> list[Tensor]:
        """List the tensors of its parts, then its own; for inputs with the channels last."""
        own = list(self.tensors(*inputs))
        inner: list[Tensor] = []
        before, found = None, []
        for part in self.parts(*inputs):
            # parts in a row that are one declaration, given the same, are run once
            if before is None or part.layer is not before.layer or part.inputs is not before.inputs:
                before, found = part, part.layer.owned_tensors(*part.inputs)
            inner += [tensor.within(part) for tensor in found]
        return inner + own

    def all_cached(self, *inputs: Shape) -> list[Tensor]:
        """List what its parts keep to generate a sequence, then what it keeps itself; for inputs as `infer` takes."""
        layer, moved = self._seen(inputs)
        inner = (
            tensor.within(part) for part in layer.cached_parts(*moved) for tensor in part.layer.all_cached(*part.inputs)
        )
        return [*inner, *layer.cached(*moved)]

    def cached_parts(self, *inputs: Any) -> Iterable[Part]:
        """Yield the parts that may keep something to generate a sequence: here, all of them."""
        return self.parts(*inputs)

    def all_reach(self, *inputs: Shape) -> tuple[Reach, ...] | None:
        """Give `reach` for inputs as the framework of the layer lays them out, and an output laid out so; or None."""
        layer, moved = self._seen(inputs)
        found = layer.reach(*moved)
        axis, activation = self.channel_axis, getattr(layer, "activation", "")
        if found is None or (axis == -1 and activation not in ALONG_AN_AXIS):
            return found
        rank = len(layer.output_shape(*moved))
        if axis != -1:
            outputs = {seen: place for place, seen in enumerate(channels_at(tuple(range(rank)), axis))}
            places = [channels_last(tuple(range(len(shape))), axis) for shape in inputs]
            found = tuple(laid_out(sights, order, outputs) for sights, order in zip(found, places, strict=True))
        if activation not in ALONG_AN_AXIS:
            return found
        # the function makes each number of all along the last axis
        return tuple(tuple(EVERYTHING if each.axis == rank - 1 else each for each in sights) for sights in found)

    def filled(self, x: Shape | None) -> "Layer":
        """Give the same layer with the fields that follow from others, or from the first input, filled in."""
        following = _following_fields(type(self))
        missing = following and {name: rule for name, rule in following.items() if getattr(self, name) is None}
        if not missing:
            return self
        environment = Environment(self.__dict__, x)
        return self.model_copy(update={name: rule.evaluate(environment) for name, rule in missing.items()})

    def _check_inputs(self, inputs: tuple[Shape, ...]) -> None:
        fewest, most = input_span(type(self))
        if len(inputs) < fewest or (most is not None and len(inputs) > most):
            message = f"{type(self).__name__} takes {_span(fewest, most)}, not {len(inputs)}"
            names = ", ".join(f"input_{number}" for number in range(1, fewest + 1))
            hint = f"beside it, inputs names the nodes that it takes, as in inputs: [{names}]"
            raise refuse("input-count", message, hint if fewest > 1 else "")
        for number, shape in enumerate(inputs):
            try:
                self.inputs[min(number, len(self.inputs) - 1)].check(shape)
            except ParamcalcError as error:
                hint = "" if number else self.way_out(shape)
                raise refuse(error.code, f"{type(self).__name__} {error.problems[0].message}", hint) from None

    # --- fields that are expressions

    @property
    def names(self) -> frozenset[str]:
        """The dims, arguments and counters that the fields mention."""
        found: set[str] = set()
        for value in self.__dict__.values():
            for expression in expressions(value):
                found |= expression.names
        return frozenset(found)

    @property
    def is_resolved(self) -> bool:
        """Whether every field has its value, and none is an expression."""
        return not any(map(has_expression, self.__dict__.values()))

    def expression_of(self, resolved: "Layer", value: Number) -> str:
        """Return the text of the field that has a value in the layer resolved; else of the one that it depends on.

        An empty text where there is none.
        """
        texts: list[str] = []
        for name, stated in self.__dict__.items():
            for expression in expressions(stated):
                found = getattr(resolved, name, None)
                if found is value:
                    return expression.text
                if algebra.depends(found, value):
                    texts.append(expression.text)
        return texts[0] if texts else ""

    def resolved(self, evaluate: Callable[[Expression], Any]) -> "Layer":
        """Give the same layer, with the value of each expression in its place."""
        if self.is_resolved:
            return self
        spelled = type(self).spelled_fields()
        return type(self)(
            **{
                outside: evaluated_field(outside, getattr(self, name), evaluate)
                for outside, name in spelled.items()
                if name in self.model_fields_set
            }
        )

    def with_defaults(self, defaults: Callable[[str], Mapping[str, Any]], channel_axis: int = -1) -> "Layer":
        """Give the same layer with values for the fields that it does not state; so are the layers in it.

        They are what `defaults` has for the name of its type, and before that what says that the channels are at
        this axis, as a framework has them.
        """
        found = {**self.fields_of_layout(channel_axis), **defaults(type(self).__name__)}
        update = {name: value for name, value in found.items() if name not in self.model_fields_set}
        for name in _nested_fields(type(self)):
            value = getattr(self, name)
            update[name] = (
                tuple(layer.with_defaults(defaults, channel_axis) for layer in value)
                if isinstance(value, tuple)
                else value and value.with_defaults(defaults, channel_axis)
            )
        return self.model_copy(update=update) if update else self

    def stated(self) -> dict[str, Any]:
        """Give the fields that were stated, as plain data; equal sides of a window once."""
        return {
            outside: plain(_once(type(self), name, getattr(self, name)))
            for outside, name in type(self).spelled_fields().items()
            if name in self.model_fields_set
        }

    # --- what a layer type says of itself

    @classmethod
    def summary(cls) -> str:
        """Say what the layer type does, in a sentence."""
        return (cls.__doc__ or "").split("\n\n")[0].replace("\n", " ").replace("    ", " ").strip()

    @classmethod
    def example_call(cls) -> str:
        """Show how a layer of the type is made, with the fields that must be given: `Dense(units=…)`."""
        given = [f"{out}=…" for out, name in cls.spelled_fields().items() if cls.model_fields[name].is_required()]
        return f"{cls.__name__}({', '.join(given)})"

    @classmethod
    def spelled_fields(cls) -> Mapping[str, str]:
        """Give the fields as specs spell them, each with its name here."""
        return _spelled_fields(cls)

    def spelled_values(self) -> dict[str, Any]:
        """Give the value of each field, by its name in specs."""
        return {outside: getattr(self, name) for outside, name in type(self).spelled_fields().items()}

    @classmethod
    def width_fields(cls) -> Sequence[str]:
        """List the fields that are widths."""
        return _width_fields(cls)

    @classmethod
    def lettered_fields(cls) -> Mapping[str, str]:
        """Give the fields that are sizes and have a symbol, widths or not, each with its symbol."""
        return _lettered_fields(cls)

    @classmethod
    def symbol_names(cls, name: str, letter: str, count: int = 1) -> tuple[str, ...]:
        """Give the symbols of a field: one; for a window one a side; for a list of `count` sizes, numbered."""
        suffixes = cls.suffixes(name)
        if count > 1 and not suffixes:
            suffixes = tuple(str(number + 1) for number in range(count))
        return tuple(f"{letter}_{suffix}" if suffix else letter for suffix in suffixes) or (letter,)

    @classmethod
    def suffixes(cls, name: str) -> tuple[str, ...]:
        """Give what the symbols of a window end in, one a side; none, of a field that is a single size."""
        return next(item.suffixes for item in cls.model_fields[name].metadata if isinstance(item, FieldType))

    @classmethod
    def open_fields(cls) -> list[str]:
        """List the fields that decide which tensors there are: by names, by an equation, by layers that own some."""
        return _fields_where(cls, lambda type_of_field: type_of_field.nested or type_of_field.opens)

    @classmethod
    def has_general_form(cls) -> bool:
        """Tell whether its tensors follow from its fields alone: from no list, equation or layer that a spec gives."""
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

    def _inner(self) -> "Iterator[Layer]":
        for name in _nested_fields(type(self)):
            value = getattr(self, name)
            yield from value if isinstance(value, tuple) else () if value is None else (value,)

    @classmethod
    def nested_fields(cls) -> tuple[str, ...]:
        """List the fields that are layers, or lists of them."""
        return _nested_fields(cls)

    @classmethod
    def flags(cls) -> Sequence[str]:
        """List the fields that are flags."""
        return _flags(cls)


def _fields_where(cls: type[Layer], holds: Callable[[FieldType], bool]) -> list[str]:
    return [
        name
        for name, info in cls.model_fields.items()
        if any(isinstance(item, FieldType) and holds(item) for item in info.metadata)
    ]


def _once(cls: type[Layer], name: str, value: Any) -> Any:
    """Give one number for a window of equal sides, where the field reads it so."""
    if not isinstance(value, tuple) or not value or type(value[0]) is not int or value.count(value[0]) < len(value):
        return value
    reader = next(item for item in cls.model_fields[name].metadata if isinstance(item, FieldType))
    try:
        return value[0] if reader.read(value[0]) == value else value
    except ParamcalcError:
        return value


@cache
def _spelled_fields(cls: type[Layer]) -> Mapping[str, str]:
    return MappingProxyType({info.alias or name: name for name, info in cls.model_fields.items()})


@cache
def _width_fields(cls: type[Layer]) -> tuple[str, ...]:
    return tuple(_fields_where(cls, lambda type_of_field: type_of_field.symbolic))


@cache
def _lettered_fields(cls: type[Layer]) -> Mapping[str, str]:
    return MappingProxyType(
        {
            name: str(info.json_schema_extra["symbol"])
            for name, info in cls.model_fields.items()
            if isinstance(info.json_schema_extra, dict)
            and "symbol" in info.json_schema_extra
            and name not in cls.flags()
        }
    )


@cache
def _flags(cls: type[Layer]) -> tuple[str, ...]:
    return tuple(_fields_where(cls, lambda type_of_field: type_of_field.read is read_flag))


@cache
def _nested_fields(cls: type[Layer]) -> tuple[str, ...]:
    return tuple(_fields_where(cls, lambda type_of_field: type_of_field.nested))


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


@cache
def input_span(cls: type[Layer]) -> tuple[int, int | None]:
    """Give the fewest and the most inputs of a layer type."""
    if cls.variadic:
        return cls.variadic, None
    return sum(not axes.optional for axes in cls.inputs), len(cls.inputs)


def _unnamed(cls: type[Layer]) -> ParamcalcError:
    """Return the refusal of a field's value without its name."""
    way_out = f"as in {cls.example_call()}" if cls.spelled_fields() else f"{cls.__name__} has no fields"
    return refuse("wrong-type", f"the fields of {cls.__name__} are given by name", way_out)


@cache
def default_name(kind_name: str) -> str:
    """Give the name of a node that states none: its type in Keras's snake case."""
    spaced = re.sub("([a-z])([A-Z])", r"\1_\2", re.sub("(.)([A-Z][a-z]+)", r"\1_\2", kind_name))
    return spaced.lower()
