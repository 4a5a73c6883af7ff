"""How a framework names the tensors of a layer and orders their axes: the notation of the tables, and its use."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from paramcalc.core import algebra
from paramcalc.core.algebra import Shape
from paramcalc.layers.base.declaration import Layer, Part, Tensor, default_name

if TYPE_CHECKING:
    from paramcalc.conventions.table import Convention, Equivalent


class Spelling(NamedTuple):
    """A tensor as a framework has it, and the positions of the layer type's tensors that it holds."""

    name: str
    shape: Shape
    members: tuple[int, ...]


class Rule(NamedTuple):
    """One rule of a table: what a framework calls some tensors of a layer type, and how it orders their axes."""

    #: the tensors of the layer type; several are one in the framework
    sources: tuple[str, ...]
    name: str
    #: the axes of each source, by letters; empty where the layout stays
    axes: tuple[str, ...]
    #: the axes in the framework, each a product of some of the letters
    layout: tuple[tuple[str, ...], ...]

    def applied_to(self, name: str, positions: Mapping[str, int]) -> Rule | None:
        """Return the rule with the numbers of its stars, or None where it says nothing of the tensor `name`.

        `positions` are those of all tensors: a rule over several tensors applies only where all are there.
        """
        for source in self.sources:
            numbers = _numbers(source, name)
            if numbers is not None:
                sources = tuple(_with_numbers(each, numbers) for each in self.sources)
                if positions.keys() >= {*sources}:
                    return self._replace(sources=sources, name=_with_numbers(self.name, numbers))
        return None

    def laid_out(self, shape: Shape) -> Shape:
        """Return a shape with its axes in the framework's order."""
        if not self.axes:
            return shape
        sizes = dict(zip(self.axes, shape, strict=True))
        return tuple(algebra.product(sizes[axis] for axis in group) for group in self.layout)


@lru_cache(maxsize=1024)
def read_rule(sources: str, notation: str) -> Rule:
    """Read a rule in the notation of the tables: `"kernel": "weight: i o -> o i"`."""
    name, _, pattern = notation.partition(":")
    axes, _, layout = pattern.partition("->")
    groups = [tuple(group.strip("()").split()) for group in re.findall(r"\([^)]*\)|\S+", layout)]
    return Rule(tuple(sources.split()), name.strip(), tuple(axes.split()), tuple(groups))


def rule_of_inner(convention: Convention, tensor: Tensor) -> Rule | None:
    """Return the rule for a tensor of a part under the part's own class.

    None where the framework has no such tensor on its own.
    """
    part, inner = tensor.part, tensor.inner
    inner_class = convention.equivalent(part.layer, part.inputs) if part else None
    if inner_class is None or inner is None:
        return None
    rules = (read_rule(*row) for row in inner_class.tensors.items())
    found = next((rule for rule in rules if inner.name in rule.sources), read_rule(inner.name, inner.name))
    return found if len(found.sources) == 1 else None


def spell(
    convention: Convention,
    equivalent: Equivalent | None,
    tensors: Sequence[Tensor],
    shapes: Sequence[Shape],
    joined: bool = True,
) -> list[Spelling]:
    """Return tensors, in these shapes, as a class of a framework has them; without a class, under their own names.

    Unless `joined`, tensors that are one in the framework stay apart.
    """
    return _Speller(convention, equivalent, tensors, shapes, joined, Counter()).spellings()


@lru_cache(maxsize=4096)
def _applied(equivalent: Equivalent, joined: bool, names: tuple[str, ...]) -> tuple[Rule | None, ...]:
    """Return the rule of a class for each of the tensors of a layer type, if there is one."""
    rules = [read_rule(*row) for row in equivalent.tensors.items()]
    rules = [rule for rule in rules if joined or len(rule.sources) == 1]
    positions = {name: position for position, name in enumerate(names)}

    def first(name: str) -> Rule | None:
        applied = (rule.applied_to(name, positions) for rule in rules)
        return next((each for each in applied if each is not None), None)

    return tuple(map(first, names))


class _Speller:
    """The tensors of one layer, and the class that spells them."""

    def __init__(
        self,
        convention: Convention,
        equivalent: Equivalent | None,
        tensors: Sequence[Tensor],
        shapes: Sequence[Shape],
        joined: bool,
        made: Counter[str],
    ) -> None:
        self.convention = convention
        self.equivalent = equivalent
        self.tensors = tensors
        self.shapes = shapes
        self.joined = joined
        names = tuple(tensor.name for tensor in tensors)
        self.positions = {name: position for position, name in enumerate(names)}
        #: the rule of the class for each tensor, if there is one
        self.rules = _applied(equivalent, joined, names) if equivalent is not None else (None,) * len(names)
        #: the positions of the tensors of each part, by its id
        self.of_parts: dict[int, list[int]] = {}
        for position, tensor in enumerate(tensors):
            self.of_parts.setdefault(id(tensor.part), []).append(position)
        #: how many layers of each class were named before, in the whole layer
        self.made = made
        #: the same before each inner layer was named, by its id
        self.made_before: dict[int, Counter[str]] = {}

    def spellings(self) -> list[Spelling]:
        """Return all tensors as the framework has them."""
        found: list[Spelling] = []
        done: set[int] = set()
        for position, tensor in enumerate(self.tensors):
            if position not in done:
                new = self.by_rule(position) or self.by_part(tensor)
                new = new or [Spelling(tensor.name, self.shapes[position], (position,))]
                found += new
                done.update(member for each in new for member in each.members)
        return found

    def by_rule(self, position: int) -> list[Spelling]:
        """Return the tensor of the framework that a rule of the class says, if one does."""
        rule = self.rules[position]
        if rule is None:
            return []
        members = tuple(self.positions[source] for source in rule.sources)
        shapes = [self.layout_of(self.tensors[member], rule).laid_out(self.shapes[member]) for member in members]
        return [Spelling(rule.name, _joined(shapes), members)]

    def layout_of(self, tensor: Tensor, rule: Rule) -> Rule:
        """Return the rule that lays out a tensor: its own, or that of the tensor whose axes it has."""
        return rule if tensor.like is None else rule_of_inner(self.convention, tensor.like) or rule

    def by_part(self, tensor: Tensor) -> list[Spelling]:
        """Return all tensors of a tensor's part as the part's own class has them, under the name of the part."""
        part = tensor.part
        if self.equivalent is None or part is None:
            return []
        members = self.of_parts[id(part)]
        inner_class = self.convention.equivalent(part.layer, part.inputs)
        inner = [each for member in members if (each := self.tensors[member].inner) is not None]
        shapes = [self.shapes[member] for member in members]
        made = self.made_until(part.layer)
        spellings = _Speller(self.convention, inner_class, inner, shapes, self.joined, made).spellings()
        name = self.name_of(part, self.equivalent, inner_class, made)
        separator = self.convention.separator
        path = f"{name}{separator}" if name else ""
        within = f"{part.name}{separator}"
        return [
            Spelling(
                self.equivalent.parts.get(within + each.name, path + each.name),
                each.shape,
                tuple(members[position] for position in each.members),
            )
            for each in spellings
        ]

    def made_until(self, layer: Layer) -> Counter[str]:
        """Return how many layers of each class were named before an inner layer.

        Where one layer is two parts, the second is a copy of the first, and its names have the same numbers.
        """
        first = self.made_before.get(id(layer))
        self.made_before[id(layer)] = self.made.copy()
        return self.made if first is None else first

    def name_of(self, part: Part, equivalent: Equivalent, inner_class: Equivalent | None, made: Counter[str]) -> str:
        """Return the framework's name for a part, and count the layer that it names."""
        name = _renamed(equivalent.parts, part.name)
        if "{class}" not in name:
            return name
        class_name = default_name(inner_class.class_name if inner_class else type(part.layer).__name__)
        number = made[class_name]
        made[class_name] += 1
        return name.replace("{class}", f"{class_name}_{number}" if number else class_name)


def _numbers(pattern: str, name: str) -> list[str] | None:
    """Return the numbers that the stars of a pattern stand for in a name; None where it is another name."""
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


def _joined(shapes: Sequence[Shape]) -> Shape:
    """Return the shape of tensors that are one, joined along the first axis."""
    first = shapes[0]
    return (sum((each[0] for each in shapes[1:]), start=first[0]), *first[1:]) if first else ()
