"""What a row of a convention's table is, and which row a layer has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import cached_property, lru_cache
from typing import Any, Literal, TypeAlias

from paramcalc.conventions.spelling import Spelling, rule_of_inner, spell
from paramcalc.core import algebra
from paramcalc.core.algebra import Shape
from paramcalc.core.expression import Environment, Expression
from paramcalc.core.registry import known_kind
from paramcalc.layers.base.declaration import Layer, Role, Tensor
from paramcalc.spec import Framework

#: How an object of a class is called: with its inputs one by one; with a list or a tuple of them; with a query, a value
#: and a key; with a sequence and the states to begin with; with one step and the states before it.
CallForm: TypeAlias = Literal["inputs", "list", "tuple", "attention", "sequence", "step"]


@dataclass(frozen=True, slots=True, eq=False)
class Equivalent:
    """A row: the class of a framework that is a layer type, and how it spells the layer type.

    Every expression is in the fields of the layer type, in `size(axis)` of its first input, in
    `channel_axis`, in `rank`, the number of that input's axes, and in `features`, the list of the
    last sizes of all its inputs; it may compare and join texts, as in `padding == 'same'`. Of a
    layer around a layer, `wrapped_name` is what the framework calls the inner tensor, empty where it
    does not have it on its own, and `wrapped_axis` the axis as the framework lays it out; -1 where it
    has no such axis.

    In all texts, `{name}` is the name of the layer type, `{n}` the number in it, and a name of
    `Table.placeholders` what stands there for this number.
    """

    #: the class, by its path
    name: str
    #: the class's constructor arguments, each an expression; here the name of a part stands for that layer
    arguments: Mapping[str, str] = field(default_factory=dict)
    #: one or more of the layer type's tensors → the framework's name, and where the layout differs,
    #: the axes: "kernel": "weight: i o -> o i"; (a b) is one axis, and () one of a single element.
    #: Several tensors are one in the framework, joined along its first axis. A tensor that is not
    #: mentioned keeps its name and layout. A `*` stands for a number, the same on both sides.
    tensors: Mapping[str, str] = field(default_factory=dict)
    #: the condition under which the class can express the layer
    when: str = "true"
    #: the values that fields have in this class: {"activation": "relu"} for ReLU
    fields: Mapping[str, Any] = field(default_factory=dict)
    #: whether it is another name, or another form, of a class that stands before it: met when a model is
    #: read, and never chosen
    alias: bool = False
    #: a part of the layer → the framework's name for it; `*` as above, `{class}` the part's own class
    #: in snake case. A part that is not mentioned keeps its name; with none, its tensors are the layer's
    #: own. The second part of a class in the whole layer is `{class}_1`, and so on, in the order in which
    #: Keras would make them. Also a tensor of a part, by both names of the framework, → another name:
    #: "layer.weight".
    parts: Mapping[str, str] = field(default_factory=dict)
    #: how an object of the class is called
    call: CallForm = "inputs"
    #: the arguments that are always written: the class has no default for them, or another than the table says
    written: str = ""
    #: the arguments that are tensors, where the expression is a list of numbers
    arrays: str = ""
    #: further arguments that change neither tensors nor shapes, with the reason; `*` stands for any text
    inert: Mapping[str, str] = field(default_factory=dict)
    #: the arguments that are layers, and of which an object of the class makes copies for itself
    copied: str = ""
    #: why no model with the class can be written
    unwritten: str = ""

    @property
    def class_name(self) -> str:
        """The name of the class, without its path."""
        return self.name.rpartition(".")[2]


def same(names: str, **others: str) -> dict[str, str]:
    """Return arguments that are named as the fields whose values they have, and others."""
    return {**{name: name for name in names.split()}, **others}


#: The condition of an attention all of whose projections have a bias, or none.
BIASES_ALIKE = " and ".join(f"{name}_bias == use_bias" for name in ("query", "key", "value", "output"))

#: The rows of a layer type, the first that can express a layer counts; none: the framework has no such class.
Rows: TypeAlias = Equivalent | tuple[Equivalent, ...]


@dataclass(frozen=True, eq=False)
class Table:
    """All that is known of a framework's classes.

    A key names one or more layer types, and `Conv{1,2}D` is Conv1D and Conv2D.
    """

    #: the classes that may be a layer type
    classes: Mapping[str, Rows]
    #: the public classes that are no layer type, each with the reason
    unlisted: Mapping[str, str]
    #: values of fields that follow the convention asked for, unless they are stated
    choices: Mapping[str, Mapping[str, Any]]
    #: values of fields that follow the spec's own framework, unless they are stated, beside where the channels are
    layout: Mapping[str, Mapping[str, Any]]
    #: the default of an argument in every class that takes it, unless its row says that it is always written
    defaults: Mapping[str, Any]
    #: the arguments of all classes that change neither tensors nor shapes, with the reason; `*` stands for any text
    inert: Mapping[str, str]
    #: for the number in the name of a layer type, what each placeholder stands for
    placeholders: Mapping[int, Mapping[str, str]]

    @cached_property
    def keys(self) -> Mapping[str, tuple[str, int | None]]:
        """The key of the rows of each layer type, and the number in its name that the key lists."""
        return {name: (key, number) for key in self.classes for name, number in named_by(key)}

    @cached_property
    def chosen(self) -> Mapping[str, Mapping[str, Any]]:
        """The choices by layer type."""
        return {name: fields for key, fields in self.choices.items() for name, _ in named_by(key)}

    @cached_property
    def laid_out(self) -> Mapping[str, Mapping[str, Any]]:
        """The layout by layer type."""
        return {name: fields for key, fields in self.layout.items() for name, _ in named_by(key)}

    def rows(self, name: str) -> tuple[Equivalent, ...]:
        """Return the rows of a layer type, their placeholders filled in; none for one that has no key."""
        if name not in self.keys:
            return ()
        key, number = self.keys[name]
        rows = self.classes[key]
        values = {"name": name}
        if number is not None:
            values |= {"n": str(number), **self.placeholders[number]}
        return tuple(_filled(row, values) for row in (rows if isinstance(rows, tuple) else (rows,)))


def named_by(key: str) -> Iterator[tuple[str, int | None]]:
    """Yield the layer types that a key of a table names, each with the number in braces that it has."""
    for word in key.split():
        before, brace, rest = word.partition("{")
        if not brace:
            yield word, None
            continue
        numbers, _, behind = rest.partition("}")
        for number in numbers.split(","):
            yield f"{before}{number}{behind}", int(number)


def _filled(row: Equivalent, values: Mapping[str, str]) -> Equivalent:
    """Return a row with what each placeholder stands for."""

    def text(template: str) -> str:
        if "{" in template:
            for name, value in values.items():
                template = template.replace(f"{{{name}}}", value)
        return template

    return replace(
        row,
        name=text(row.name),
        arguments={name: text(value) for name, value in row.arguments.items()},
        tensors={name: text(value) for name, value in row.tensors.items()},
        when=text(row.when),
    )


@dataclass(frozen=True, eq=False)
class Convention:
    """How a framework counts and names."""

    name: Framework
    #: whether states count in the total; if not, they are buffers, reported apart
    states_count: bool
    #: what joins the path of a layer and the name of its tensor
    separator: str
    #: the axis of the channels, the batch counted as 0
    channel_axis: int
    table: Table
    _rows: dict[str, tuple[Equivalent, ...]] = field(default_factory=dict, init=False, repr=False)

    def equivalents(self, kind_name: str) -> Sequence[Equivalent]:
        """Return the classes that may be a layer type; the first that can express a layer is its class."""
        if kind_name not in self._rows:
            self._rows[kind_name] = self.table.rows(kind_name)
        return self._rows[kind_name]

    def choices(self, kind_name: str) -> Mapping[str, Any]:
        """Return values of fields that follow the convention asked for, unless they are stated."""
        return self.table.chosen.get(kind_name, {})

    def layout(self, kind_name: str) -> Mapping[str, Any]:
        """Return values of fields that follow the spec's own framework, unless they are stated.

        They are those by which the layer type says where its channels are, and those of the table.
        """
        cls = known_kind(kind_name)
        implied = cls.fields_of_layout(self.channel_axis) if cls is not None else {}
        return {**implied, **self.table.laid_out.get(kind_name, {})}

    def counts(self, role: Role) -> bool:
        """Return whether a tensor of this role counts in the total."""
        return self.states_count or role == "parameter"

    def is_inert(self, row: Equivalent, argument: str) -> bool:
        """Return whether an argument of a row's class changes neither tensors nor shapes."""
        return _is_among(argument, (*self.table.inert, *row.inert))

    def equivalent(self, layer: Layer, inputs: Sequence[Shape]) -> Equivalent | None:
        """Return the framework's class for a layer with these inputs, or None where it has none."""
        candidates = self.equivalents(type(layer).__name__)
        if len(candidates) == 1 and candidates[0].when == "true" and not candidates[0].fields:
            return candidates[0]
        environment = self.environment(layer, inputs)
        return next((each for each in candidates if not each.alias and expresses(each, environment)), None)

    def environment(self, layer: Layer, inputs: Sequence[Shape]) -> Environment:
        """Return what the expressions of the rows of a layer with these inputs may mention."""
        environment = field_environment(layer, inputs)
        wrapped = layer.wrapped(*inputs)
        if wrapped is None:
            return environment
        tensor, axis = wrapped
        rule = rule_of_inner(self, tensor)
        if axis is not None and rule is None:
            axis = -1
        elif axis is not None and rule is not None and rule.axes:
            whole = (rule.axes[axis],)
            axis = rule.layout.index(whole) if whole in rule.layout else -1
        values = {"wrapped_axis": axis, "wrapped_name": rule.name if rule is not None else ""}
        return Environment({**environment.values, **values}, environment.input)

    def spell(
        self,
        layer: Layer,
        inputs: Sequence[Shape],
        tensors: Sequence[Tensor],
        shapes: Sequence[Shape] | None = None,
        joined: bool = True,
    ) -> list[Spelling]:
        """Return the tensors of a layer with these inputs, as the framework names and lays them out.

        `shapes` are those of the tensors, where they are not their own: in symbols. Unless
        `joined`, tensors that are one in the framework stay apart, under their own names.
        """
        shapes = [tensor.shape for tensor in tensors] if shapes is None else shapes
        return spell(self, self.equivalent(layer, inputs), tensors, shapes, joined)


@lru_cache(maxsize=4096)
def _is_among(argument: str, keys: tuple[str, ...]) -> bool:
    return any(fnmatchcase(argument, pattern) for key in keys for pattern in key.split())


def expresses(candidate: Equivalent, environment: Environment) -> bool:
    """Return whether a class of a framework can be a layer, by its fields and inputs."""
    if any(environment.values[name] != value for name, value in candidate.fields.items()):
        return False
    return candidate.when == "true" or algebra.truth(evaluated(candidate.when, environment))


def evaluated(expression: str, environment: Environment) -> Any:
    """Return the value of an expression of a table."""
    return Expression.parse(expression, words=True).evaluate(environment)


def field_environment(layer: Layer, inputs: Sequence[Shape]) -> Environment:
    """Return what the expressions of a row may mention that hold of the layer in every framework."""
    first = inputs[0] if inputs else None
    layer = layer.filled(first)
    values = {name: getattr(layer, name) for name in type(layer).model_fields}
    values["channel_axis"] = layer.channel_axis
    values["rank"] = len(first) if first is not None else 0
    values["features"] = tuple(shape[-1] for shape in inputs if shape)
    return Environment(values, first)
