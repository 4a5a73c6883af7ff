"""What a framework counts, how it names and lays out each tensor, and what it takes for granted.

One folder a framework, in it one module of plain tables a family of kinds; this one reads them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib import import_module
from typing import Any, NamedTuple

from paramcalc.conventions.rows import MODULES
from paramcalc.core import algebra
from paramcalc.core.algebra import Shape
from paramcalc.core.expression import Environment, Expression
from paramcalc.core.registry import built_in_names, convention_module
from paramcalc.layers.base.declaration import Layer, Part, Role, Tensor, default_name
from paramcalc.spec import FRAMEWORKS, unknown_convention


@dataclass(frozen=True)
class Equivalent:
    """The class of a framework that is a layer kind, and how it spells the kind.

    Every expression is in the fields of the kind, in `size(axis)` of its first input, in
    `channel_axis`, in `rank`, the number of that input's axes, and in `features`, the list of the
    last sizes of all its inputs; it may compare and join texts, as in `padding == 'same'`. Of a
    layer around a layer, `wrapped_name` is what the framework calls the inner tensor, empty where it
    does not have it on its own, and `wrapped_axis` the axis as the framework lays it out; -1 where it
    has no such axis.
    """

    #: the class, by its path
    name: str
    #: the class's constructor arguments, each an expression; here the name of a part stands for that layer
    arguments: Mapping[str, str] = field(default_factory=dict)
    #: one or more of the kind's tensors → the framework's name, and where the layout differs,
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


@dataclass(frozen=True)
class Convention:
    """How a framework counts and names. Its tables are loaded family by family, as they are needed."""

    name: str
    #: whether states count in the total; if not, they are buffers, reported apart
    states_count: bool
    #: what joins the path of a layer and the name of its tensor
    separator: str
    #: the axis of the channels, the batch counted as 0
    channel_axis: int

    def equivalents(self, kind_name: str) -> Sequence[Equivalent]:
        """The classes that may be a kind, the first that can express the layer; none: no such class."""
        rows: Sequence[Equivalent] = self._row("EQUIVALENTS", kind_name, ())
        return rows

    def choices(self, kind_name: str) -> Mapping[str, Any]:
        """Values of fields that follow the convention asked for, unless they are stated."""
        choices: Mapping[str, Any] = self._row("CHOICES", kind_name, {})
        return choices

    def layout(self, kind_name: str) -> Mapping[str, Any]:
        """Values of fields that follow the spec's own framework, unless they are stated."""
        layout: Mapping[str, Any] = self._row("LAYOUT", kind_name, {})
        return layout

    def _row(self, table: str, kind_name: str, absent: Any) -> Any:
        """The row of a kind in a table; a kind that is not of this package has none."""
        module = next((module for module, names in MODULES.items() if kind_name in names), None)
        if module is None:
            return absent
        return getattr(import_module(f"paramcalc.conventions.{self.name}.{module}"), table, {}).get(kind_name, absent)

    def counts(self, role: Role) -> bool:
        """Whether a tensor of this role counts in the total."""
        return self.states_count or role == "parameter"

    def equivalent(self, layer: Layer, inputs: Sequence[Shape]) -> Equivalent | None:
        """The framework's class for a layer with these inputs, or None where it has none."""
        candidates = self.equivalents(type(layer).__name__)
        if len(candidates) == 1 and candidates[0].when == "true" and not candidates[0].fields:
            return candidates[0]
        environment = self.environment(layer, inputs)
        return next((each for each in candidates if not each.alias and expresses(each, environment)), None)

    def environment(self, layer: Layer, inputs: Sequence[Shape]) -> Environment:
        """What the expressions of the rows of a layer with these inputs may mention."""
        environment = field_environment(layer, inputs)
        wrapped = layer.wrapped(*inputs)
        if wrapped is None:
            return environment
        tensor, axis = wrapped
        rule = _inner_rule(self, tensor)
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
        """The tensors of a layer with these inputs, as the framework names and lays them out.

        `shapes` are those of the tensors, where they are not their own: in symbols. Unless
        `joined`, tensors that are one in the framework stay apart, under their own names.
        """
        shapes = [tensor.shape for tensor in tensors] if shapes is None else shapes
        equivalent = self.equivalent(layer, inputs)
        return spell(self, equivalent, tensors, shapes, joined)


def expresses(candidate: Equivalent, environment: Environment) -> bool:
    """Whether a class of a framework can be a layer, by its fields and inputs."""
    if any(environment.values[name] != value for name, value in candidate.fields.items()):
        return False
    return candidate.when == "true" or algebra.truth(evaluated(candidate.when, environment))


def evaluated(expression: str, environment: Environment) -> Any:
    """The value of an expression of a table."""
    return Expression.parse(expression, words=True).evaluate(environment)


def field_environment(layer: Layer, inputs: Sequence[Shape]) -> Environment:
    """What the expressions of an `Equivalent` may mention."""
    first = inputs[0] if inputs else None
    layer = layer.filled(first)
    values = {name: getattr(layer, name) for name in type(layer).model_fields}
    values["channel_axis"] = layer.channel_axis
    values["rank"] = len(first) if first is not None else 0
    values["features"] = tuple(shape[-1] for shape in inputs if shape)
    return Environment(values, first)


@cache
def convention(name: str) -> Convention:
    """The convention of a framework. Raises `unknown-convention`."""
    if name not in FRAMEWORKS:
        raise unknown_convention(name)
    found: Convention = convention_module(name).CONVENTION
    return found


def kind_of_class(name: object) -> str:
    """What to write for a class of a framework, as a hint; nothing, where no framework has such a class."""
    for framework in FRAMEWORKS:
        reasons: Mapping[str, str] = import_module(f"paramcalc.conventions.{framework}.unlisted").REASONS
        if name in reasons:
            return reasons[str(name)]
        rows = (
            (kind_name, each)
            for kind_name in built_in_names()
            for each in convention(framework).equivalents(kind_name)
            if each.name.rpartition(".")[2] == name
        )
        # rather a kind that the class always is than one that it is at times
        for kind_name, each in sorted(rows, key=lambda row: row[1].when != "true"):
            fields = ", ".join(f"{field}: {value}" for field, value in each.fields.items())
            return f"{each.name} is written {kind_name}" + (f": {{{fields}}}" if fields else "")
    return ""


# --- Names and layouts -----------------------------------------------------------------


class Spelling(NamedTuple):
    """A tensor as a framework has it, and the kind's tensors that it holds."""

    name: str
    shape: Shape
    members: tuple[int, ...]


class _Rule(NamedTuple):
    sources: tuple[str, ...]
    name: str
    axes: tuple[str, ...]
    layout: tuple[tuple[str, ...], ...]


@lru_cache(maxsize=1024)
def _rule(sources: str, notation: str) -> _Rule:
    name, _, pattern = notation.partition(":")
    axes, _, layout = pattern.partition("->")
    groups = [tuple(group.strip("()").split()) for group in re.findall(r"\([^)]*\)|\S+", layout)]
    return _Rule(tuple(sources.split()), name.strip(), tuple(axes.split()), tuple(groups))


def spell(
    convention: Convention,
    equivalent: Equivalent | None,
    tensors: Sequence[Tensor],
    shapes: Sequence[Shape],
    joined: bool = True,
    made: Counter[str] | None = None,
) -> list[Spelling]:
    """Tensors, in these shapes, as a class of a framework has them; without a class, under their own names.

    `made` counts the layers of each class that were named before, in the layer around this one.
    """
    made = Counter() if made is None else made
    before: dict[int, Counter[str]] = {}
    rules = [_rule(*row) for row in equivalent.tensors.items()] if equivalent else []
    if not joined:
        rules = [rule for rule in rules if len(rule.sources) == 1]
    places = {tensor.name: index for index, tensor in enumerate(tensors)}
    of_parts: dict[int, list[int]] = {}
    for index, tensor in enumerate(tensors):
        of_parts.setdefault(id(tensor.part), []).append(index)
    spelled: list[Spelling] = []
    done: set[int] = set()
    for index, tensor in enumerate(tensors):
        if index in done:
            continue
        rule = next((rule for each in rules if (rule := _applied(each, tensor.name, places))), None)
        if rule is not None:
            members = tuple(places[source] for source in rule.sources)
            laid_out = [_laid_out(_layout(convention, rule, tensors[place]), shapes[place]) for place in members]
            found = [Spelling(rule.name, _joined(laid_out), members)]
        elif equivalent is not None and tensor.part is not None:
            members = tuple(of_parts[id(tensor.part)])
            # where one layer is two parts, the second is a copy of the first, and its names have the same numbers
            copied = before.get(id(tensor.part.layer))
            before[id(tensor.part.layer)] = made.copy()
            counter = made if copied is None else copied
            found = _spelled_part(convention, equivalent, tensor.part, members, tensors, shapes, joined, counter)
        else:
            found = [Spelling(tensor.name, shapes[index], (index,))]
        spelled += found
        done.update(member for each in found for member in each.members)
    return spelled


def _spelled_part(
    convention: Convention,
    equivalent: Equivalent,
    part: Part,
    members: Sequence[int],
    tensors: Sequence[Tensor],
    shapes: Sequence[Shape],
    joined: bool,
    made: Counter[str],
) -> list[Spelling]:
    """The tensors of a layer within the layer, as its own class has them, under the name of the part."""
    inner_class = convention.equivalent(part.layer, part.inputs)
    inner = [tensor.inner for member in members if (tensor := tensors[member]).inner is not None]
    spelled = spell(convention, inner_class, inner, [shapes[member] for member in members], joined, made)
    name = _renamed(equivalent.parts, part.name)
    if "{class}" in name:
        class_name = default_name(inner_class.name.rpartition(".")[2] if inner_class else type(part.layer).__name__)
        number = made[class_name]
        made[class_name] += 1
        name = name.replace("{class}", f"{class_name}_{number}" if number else class_name)
    path = f"{name}{convention.separator}" if name else ""
    within = f"{part.name}{convention.separator}"
    return [
        Spelling(
            equivalent.parts.get(within + each.name, path + each.name),
            each.shape,
            tuple(members[place] for place in each.members),
        )
        for each in spelled
    ]


def _inner_rule(convention: Convention, tensor: Tensor) -> _Rule | None:
    """How a framework names and lays out a tensor of a part; None where it has no such tensor on its own."""
    part, inner = tensor.part, tensor.inner
    inner_class = convention.equivalent(part.layer, part.inputs) if part else None
    if inner_class is None or inner is None:
        return None
    name = inner.name
    rules = (_rule(*row) for row in inner_class.tensors.items())
    found = next((rule for rule in rules if name in rule.sources), _rule(name, name))
    return found if len(found.sources) == 1 else None


def _layout(convention: Convention, rule: _Rule, tensor: Tensor) -> _Rule:
    """The rule that lays out a tensor: its own, or that of the tensor whose axes it has."""
    return rule if tensor.like is None else _inner_rule(convention, tensor.like) or rule


def _numbers(pattern: str, name: str) -> list[str] | None:
    """The numbers that the stars of a pattern stand for in a name; None where it is another name."""
    if "*" not in pattern:
        return [] if pattern == name else None
    found = re.fullmatch(re.escape(pattern).replace(r"\*", r"(\d+)"), name)
    return list(found.groups()) if found else None


def _with_numbers(pattern: str, numbers: Sequence[str]) -> str:
    for number in numbers:
        pattern = pattern.replace("*", number, 1)
    return pattern


def _renamed(names: Mapping[str, str], name: str) -> str:
    for pattern, other in names.items():
        numbers = _numbers(pattern, name)
        if numbers is not None:
            return _with_numbers(other, numbers)
    return name


def _applied(rule: _Rule, name: str, places: Mapping[str, int]) -> _Rule | None:
    """A rule with the numbers that its stars stand for, where it says something of this tensor."""
    for source in rule.sources:
        numbers = _numbers(source, name)
        if numbers is not None:
            sources = tuple(_with_numbers(each, numbers) for each in rule.sources)
            if places.keys() >= {*sources}:
                return rule._replace(sources=sources, name=_with_numbers(rule.name, numbers))
    return None


def _joined(shapes: Sequence[Shape]) -> Shape:
    """The shape of tensors that are one, joined along the first axis."""
    first = shapes[0]
    return (sum((each[0] for each in shapes[1:]), start=first[0]), *first[1:]) if first else ()


def _laid_out(rule: _Rule, shape: Shape) -> Shape:
    if not rule.axes:
        return shape
    sizes = dict(zip(rule.axes, shape, strict=True))
    return tuple(algebra.product(sizes[axis] for axis in group) for group in rule.layout)
