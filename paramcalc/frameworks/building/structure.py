"""The body of a function: its steps in order, each with the values that it takes and gives, and their variables.

A value is an output of a leaf. What a step writes is the framework's part.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from paramcalc.core.errors import ParamcalcError, Problem
from paramcalc.frameworks.building.identifiers import snake, unique
from paramcalc.frameworks.building.writing import Expr, Statement
from paramcalc.graph import Leaf
from paramcalc.graph.tree import Use

#: An output of a leaf: the leaf's id, and the number of the output.
Value: TypeAlias = tuple[int, int]
#: The examples of a batch, for a leaf that has no input.
BATCH: Value = (0, 0)


def cannot_build(leaf: Leaf, framework: str, why: str, hint: str = "") -> ParamcalcError:
    """Return the refusal of a layer that the framework's source cannot express."""
    message = f"{type(leaf.layer).__name__} cannot be built in {framework}: {why}"
    return ParamcalcError([Problem("cannot-build", message, hint, leaf.path, node=leaf.name)])


def in_a_row(given: Sequence[str]) -> list[str]:
    """Write the outputs of a layer as Python unpacks them."""
    return [", ".join(given)]


@dataclass(frozen=True)
class Made:
    """How a layer is written."""

    #: what makes it, where it is an object
    constructor: Expr | None
    #: its outputs, from what it is called by and the variables of its inputs
    output: Callable[[Any, Sequence[str]], Expr]
    #: from the variables of its outputs, what they are unpacked into, and further statements
    unpacked: Callable[[Sequence[str]], list[str]] = in_a_row
    #: the class that the source must bring for it
    part: str = ""

    def statements(self, place: Any, taken: Sequence[str], given: Sequence[str]) -> list[Statement]:
        """Write what gives the variables of its outputs their values."""
        targets, *further = self.unpacked(given)
        return [Statement(f"{targets} = ", self.output(place, taken)), *(Statement("", each) for each in further)]


@dataclass
class Step:
    """What a frame does at one place."""

    label: str
    takes: tuple[Value, ...]
    gives: tuple[Value, ...]
    #: makes the statements from the variables taken and given
    write: Callable[[Sequence[str], Sequence[str]], list[Statement]]
    #: whether the inputs behind the first are still needed once the output is there
    holds: bool = False
    #: whether its variable is called after it
    named: bool = False


@dataclass
class Frame:
    """The body of a function, or of the whole program."""

    #: the variables at its start
    names: dict[Value, str] = field(default_factory=dict)
    outputs: tuple[Value, ...] = ()
    steps: list[Step] = field(default_factory=list)
    #: names that no variable may have: one set for the whole source
    reserved: set[str] = field(default_factory=set)
    #: of a leaf in this frame, the variable or the attribute that holds its layer
    handles: dict[int, str] = field(default_factory=dict)
    #: what makes its layers, where that is apart from the steps
    making: list[Statement] = field(default_factory=list)

    def reserve(self, label: str) -> str:
        """Return a name that no variable gets."""
        name = unique(snake(label), self.reserved)
        self.reserved.add(name)
        return name

    def statements(self) -> list[Statement]:
        """Write the statements of all steps, and give each value its variable."""
        end = len(self.steps)
        last = {value: place for place, step in enumerate(self.steps) for value in step.takes}
        last |= dict.fromkeys(self.outputs, end)
        uses: dict[Value, int] = {}
        for value in (value for step in self.steps for value in step.takes):
            uses[value] = uses.get(value, 0) + 1
        found: list[Statement] = []
        for place, step in enumerate(self.steps):
            taken = [self.names[value] for value in step.takes]
            held = step.takes[1:] if step.holds else ()
            live = {name for value, name in self.names.items() if last.get(value, -1) > place or value in held}
            for value in step.gives:
                once = last.get(value, place) == place + 1 and uses.get(value, 0) < 2
                self.names[value] = self._variable(step, value[1], live, once)
                live.add(self.names[value])
            found += step.write(taken, [self.names[value] for value in step.gives])
        return found

    def _variable(self, step: Step, place: int, live: set[str], once: bool) -> str:
        """Choose the variable of an output; one behind the first has its number, as references to it have."""
        for name in () if step.named or place else ("x", "y") if once else ("x",):
            if name not in live and name not in self.reserved:
                return name
        label = f"{step.label}_{place}" if place else step.label
        return unique(snake(label), live | self.reserved | {"x", "y"})


def returning(statements: list[Statement], *names: str) -> list[Statement]:
    """Put a `return` of variables at the end of statements."""
    if len(names) == 1 and statements and statements[-1].start == f"{names[0]} = " and not statements[-1].depth:
        return [*statements[:-1], Statement("return ", statements[-1].value)]
    return [*statements, Statement("return ", ", ".join(names))]


def stated_dtype(leaf: Leaf) -> str:
    """Return the dtype of a layer's tensors, where it is that of the node."""
    found = [use.dtype for use in leaf.uses if use.tensor.dtype is None and use.owner is None]
    return found[0] if found else "float32"


def is_frozen(leaf: Leaf) -> bool:
    """Say whether a node keeps its tensors from being trained."""
    found = [use for use in leaf.uses if use.owner is None and use.tensor.role == "parameter" and not use.tensor.frozen]
    return bool(found) and not any(use.trainable for use in found)


def ties(leaf: Leaf) -> dict[str, Use]:
    """Return the tied tensors of a leaf by their names."""
    return {use.tensor.name: use for use in leaf.uses if use.owner is not None}
