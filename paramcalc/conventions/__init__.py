"""What a framework counts, how it names and lays out each tensor, and what it takes for granted.

One module a framework, each a table of plain data; this one reads them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib import import_module
from typing import Any, NamedTuple

from paramcalc import algebra
from paramcalc.algebra import Shape
from paramcalc.expression import Environment, Expression
from paramcalc.layer import Layer, Role
from paramcalc.spec import FRAMEWORKS, unknown_convention


@dataclass(frozen=True)
class Equivalent:
    """The class of a framework that is a layer kind, and how it spells the kind.

    Every text on the right is data: an expression in the fields of the kind, in `size(axis)` of
    its first input, in `channel_axis`, in `rank`, the number of that input's axes, and in `features`,
    the list of the last sizes of all its inputs.
    """

    #: the class, by its path
    name: str
    #: the class's constructor arguments, each an expression
    arguments: Mapping[str, str] = field(default_factory=dict)
    #: one or more of the kind's tensors → the framework's name, and where the layout differs,
    #: the axes: "kernel": "weight: i o -> o i". Several tensors are one in the framework, joined
    #: along its first axis. A tensor that is not mentioned keeps its name and layout.
    tensors: Mapping[str, str] = field(default_factory=dict)
    #: the condition under which the class can express the layer
    when: str = "true"


@dataclass(frozen=True)
class Convention:
    """How a framework counts and names."""

    name: str
    #: whether states count in the total; if not, they are buffers, reported apart
    states_count: bool
    #: what joins the path of a layer and the name of its tensor
    separator: str
    #: kind → field → value: choices that follow the convention asked for, unless stated
    choices: Mapping[str, Mapping[str, Any]]
    #: kind → field → value: the layout, which follows the spec's own framework, unless stated
    layout: Mapping[str, Mapping[str, Any]]
    #: the axis of the channels, the batch counted as 0
    channel_axis: int
    #: kind → the classes that may be it, the first that can express the layer; none: no such class
    equivalents: Mapping[str, Sequence[Equivalent]]

    def counts(self, role: Role) -> bool:
        """Whether a tensor of this role counts in the total."""
        return self.states_count or role == "parameter"

    def equivalent(self, layer: Layer, inputs: Sequence[Shape]) -> Equivalent | None:
        """The framework's class for a layer with these inputs, or None where it has none."""
        candidates = self.equivalents[type(layer).__name__]
        if len(candidates) == 1 and candidates[0].when == "true":
            return candidates[0]
        environment = field_environment(layer, inputs)
        for candidate in candidates:
            if algebra.truth(Expression.parse(candidate.when).evaluate(environment)):
                return candidate
        return None


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
    found: Convention = import_module(f"paramcalc.conventions.{name}").CONVENTION
    return found


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


def spell(equivalent: Equivalent | None, tensors: Sequence[tuple[str, Shape]], joined: bool = True) -> list[Spelling]:
    """The tensors of a layer, by name and shape, as a framework names and lays them out.

    Unless `joined`, tensors that are one in the framework stay apart, under their own names.
    """
    rules = [_rule(*row) for row in equivalent.tensors.items()] if equivalent else []
    if not joined:
        rules = [rule for rule in rules if len(rule.sources) == 1]
    places = {name: index for index, (name, _) in enumerate(tensors)}
    spelled: list[Spelling] = []
    done: set[int] = set()
    for index, (name, shape) in enumerate(tensors):
        if index in done:
            continue
        rule = next((rule for rule in rules if name in rule.sources and places.keys() >= {*rule.sources}), None)
        if rule is None:
            spelled.append(Spelling(name, shape, (index,)))
            continue
        members = tuple(places[source] for source in rule.sources)
        done.update(members)
        shapes = [_laid_out(rule, tensors[member][1]) for member in members]
        whole = (sum((each[0] for each in shapes[1:]), start=shapes[0][0]), *shapes[0][1:]) if shapes[0] else ()
        spelled.append(Spelling(rule.name, whole, members))
    return spelled


def _laid_out(rule: _Rule, shape: Shape) -> Shape:
    if not rule.axes:
        return shape
    sizes = dict(zip(rule.axes, shape, strict=True))
    return tuple(algebra.product(sizes[axis] for axis in group) for group in rule.layout)
