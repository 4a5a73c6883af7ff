"""From a graph to the statements of a program: groups that become functions or classes, loops, variables.

A `Frame` is the body of one function: its steps in order, each with the values that it takes and gives.
A value is an output of a leaf. What a step writes is the framework's part: `Writer` is the base of both.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from paramcalc.core.errors import ParamcalcError, Problem, refuse
from paramcalc.frameworks.building import parts
from paramcalc.frameworks.building.naming import Names
from paramcalc.frameworks.building.writing import Expr, Statement, Template, Use, snake, unique
from paramcalc.graph import Branch, Flow, Graph, Leaf, Tree, leaves
from paramcalc.graph.tree import Use as TensorUse

#: An output of a leaf: the leaf's id, and the number of the output.
Value: TypeAlias = tuple[int, int]
#: The examples of a batch, for a leaf that has no input.
BATCH: Value = (0, 0)


def cannot_build(leaf: Leaf, framework: str, why: str, hint: str = "") -> ParamcalcError:
    """The refusal of a layer that the framework's source cannot express."""
    message = f"{type(leaf.layer).__name__} cannot be built in {framework}: {why}"
    return ParamcalcError([Problem("cannot-build", message, hint, leaf.path, node=leaf.name)])


def in_a_row(given: Sequence[str]) -> list[str]:
    """The outputs of a layer as Python unpacks them."""
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
        """What gives the variables of its outputs."""
        targets, *further = self.unpacked(given)
        return [Statement(f"{targets} = ", self.output(place, taken)), *(Statement("", each) for each in further)]


@dataclass(frozen=True)
class Call:
    """A group as one call: its values from outside, its output, and the template with its values."""

    takes: tuple[Value, ...]
    gives: Value
    template: Template
    values: tuple[str, ...]

    @property
    def function(self) -> Any:
        """What is called, and with which sizes."""
        return id(self.template), self.values


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
        """A name that no variable gets."""
        name = unique(snake(label), self.reserved)
        self.reserved.add(name)
        return name

    def statements(self) -> list[Statement]:
        """The statements of all steps, once each value has its variable."""
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
        """The variable of an output; one behind the first has its number, as references to it have."""
        for name in () if step.named or place else ("x", "y") if once else ("x",):
            if name not in live and name not in self.reserved:
                return name
        label = f"{step.label}_{place}" if place else step.label
        return unique(snake(label), live | self.reserved | {"x", "y"})


class Writer(ABC):
    """Writes the source of a graph in one framework."""

    framework: str
    #: the name of the convention
    name: str
    #: names that functions, classes and variables may not have
    reserved: frozenset[str]

    def __init__(self, graph: Graph, names: Callable[[set[str]], Names]) -> None:
        self.graph = graph
        self.leaves = [leaf for leaf, _ in graph.leaves()]
        owners = {id(leaf.uses): leaf for leaf in self.leaves if not leaf.shared}
        #: of a leaf that is shared, the one whose tensors it uses
        self.originals = {id(leaf): owners[id(leaf.uses)] for leaf in self.leaves if leaf.shared}
        self.borrowed = {id(leaf) for leaf in self.originals.values()}
        self.inputs = [leaf for leaf in self.leaves if not type(leaf.layer).inputs and not leaf.uses]
        self.tied = [(leaf, use) for leaf in self.leaves for use in leaf.uses if use.owner and not leaf.shared]
        self.outputs = tuple(dict.fromkeys(self.value(flow) for flow in graph.outputs))
        #: the leaves that take each value
        self.consumers: dict[Value, set[int]] = {value: {0} for value in self.outputs}
        #: the leaves that have a layer, or a tensor, in common with a leaf
        self.partners: dict[int, set[int]] = {}
        for leaf in self.leaves:
            for value in self.taken(leaf):
                self.consumers.setdefault(value, set()).add(id(leaf))
            if id(leaf) in self.originals:
                self.bind(leaf, self.originals[id(leaf)])
        #: names that stand for one thing in the whole source: functions, classes, layers that are kept
        self.taken_names = {*self.reserved, *parts.classes(self.name)}
        #: the constants, which have names that nothing else has
        self.names = names(self.taken_names)
        self.taken_names |= {*self.names.constants.values()}
        self.templates: dict[Any, Template] = {}
        self._calls: dict[int, Call | None] = {}

    # --- values

    def value(self, flow: Flow) -> Value:
        """What a flow carries."""
        if flow.leaf is None:
            raise refuse("cannot-build", "the spec has an output that comes from no layer")
        return id(flow.leaf), flow.place

    def taken(self, leaf: Leaf) -> tuple[Value, ...]:
        """What a leaf is given; for one without inputs, whatever says how many examples there are."""
        if leaf.inputs or leaf in self.inputs:
            return tuple(map(self.value, leaf.inputs))
        return (self.batch,)

    @property
    def batch(self) -> Value:
        """A value from which the number of examples can be seen."""
        return (id(self.inputs[0]), 0) if self.inputs else BATCH

    def reached(self) -> set[int]:
        """The leaves that the outputs depend on, and those whose layer such a leaf uses."""
        by_id = {id(leaf): leaf for leaf in self.leaves}
        found: set[int] = set()
        waiting = [value[0] for value in self.outputs]
        while waiting:
            leaf = by_id.get(waiting.pop())
            if leaf is not None and id(leaf) not in found:
                found.add(id(leaf))
                waiting += [value[0] for value in self.taken(leaf)]
        return found | {id(self.originals[each]) for each in found if each in self.originals}

    def bind(self, one: Leaf, other: Leaf) -> None:
        """Keep two leaves in one function."""
        self.partners.setdefault(id(one), set()).add(id(other))
        self.partners.setdefault(id(other), set()).add(id(one))

    # --- trees

    def visit(self, frame: Frame, tree: Tree, place: str) -> None:
        """Add the steps of a tree to a frame; `place` is its path there."""
        if isinstance(tree, Leaf):
            self.leaf(frame, tree, place)
        elif tree.role == "copies":
            self.copies(frame, tree, place)
        elif call := self.call(tree):
            self.group(frame, tree, call, place)
        else:
            self.open_group(frame, tree, place)

    @abstractmethod
    def leaf(self, frame: Frame, leaf: Leaf, place: str) -> None:
        """Add the step of a leaf."""

    @abstractmethod
    def group(self, frame: Frame, branch: Branch, call: Call, place: str) -> None:
        """Add the step of a group that is one call."""

    @abstractmethod
    def copies(self, frame: Frame, branch: Branch, place: str) -> None:
        """Add the steps of the copies of a node."""

    def open_group(self, frame: Frame, branch: Branch, place: str) -> None:
        """Add the steps of a group that is written where it stands."""
        for child in branch.children:
            self.visit(frame, child, self.inside(place, child.label))

    @abstractmethod
    def inside(self, place: str, label: str) -> str:
        """The path of what has a label in a group."""

    def call(self, tree: Tree, label: str = "") -> Call | None:
        """A group as one call, where it has no other ties to the outside than its inputs and its output."""
        if id(tree) not in self._calls:
            self._calls[id(tree)] = self._as_call(tree, label)
        return self._calls[id(tree)]

    def _as_call(self, tree: Tree, label: str) -> Call | None:
        inside = [leaf for leaf, _ in leaves(tree)]
        if isinstance(tree, Leaf) or tree.role == "copies" or len(inside) < 2 or not self.is_worth_one(tree):
            return None
        ids = {id(leaf) for leaf in inside}
        if any(child.label == "" for child in tree.children) or not self.is_closed(inside, ids):
            return None
        takes = tuple(dict.fromkeys(value for leaf in inside for value in self.taken(leaf) if value[0] not in ids))
        given = ((id(leaf), place) for leaf in inside for place in range(len(leaf.outputs)))
        gives = [value for value in given if self.consumers.get(value, set()) - ids]
        if len(gives) > 1 or not takes:
            return None
        result = gives[0] if gives else (id(inside[-1]), 0)
        name = tree.block or label or tree.label
        template, values = self.template(tree, name, takes, result)
        return Call(takes, result, template, values)

    def is_worth_one(self, tree: Branch) -> bool:
        """Whether a group is written as a function or a class at all."""
        return True

    def is_closed(self, inside: Sequence[Leaf], ids: set[int]) -> bool:
        """Whether the layers of a group are used in it alone, and it uses no others."""
        return not any(leaf in self.inputs or self.partners.get(id(leaf), ids) - ids for leaf in inside)

    def template(
        self, tree: Branch, name: str, takes: tuple[Value, ...], gives: Value
    ) -> tuple[Template, tuple[str, ...]]:
        """The function or class of a group, and the values of its slots here."""
        frame = Frame(outputs=(gives,), reserved=self.taken_names)
        template = self.defined(tree, frame, name, takes)
        key = repr(template.key)
        if key not in self.templates:
            template.name = unique(template.name, self.taken_names)
            self.taken_names.add(template.name)
            self.templates[key] = template
        known = self.templates[key]
        values = template.texts()
        known.uses.append(values)
        return known, values

    def name_inputs(self, frame: Frame, tree: Branch, takes: Iterable[Value]) -> str:
        """Name what the function of a group is given: `x`, and the others after what they come from."""
        sources = {id(leaf): leaf.name for leaf in self.leaves}
        for value in takes:
            taken = {*frame.reserved, *frame.names.values(), "x", "y"}
            source = _apart(sources.get(value[0], "batch"), tree.name)
            frame.names[value] = unique(snake(source), taken) if frame.names else "x"
        return ", ".join(frame.names.values())

    @abstractmethod
    def defined(self, tree: Branch, frame: Frame, name: str, takes: tuple[Value, ...]) -> Template:
        """The function or class of a group that takes these values."""

    def settle(self) -> None:
        """Give every template its parameters, once all uses of all are known."""
        for template in self.templates.values():
            template.settle(self.taken_names)

    def use(self, call: Call, *arguments: tuple[str, Expr]) -> Use:
        """A call of a template."""
        return Use(call.template, call.values, arguments)

    def run_of(self, branch: Branch) -> list[Call] | None:
        """The copies of a node as calls, each on what the one before gives; None where they are not."""
        found: list[Call] = []
        for child in branch.children:
            call = self.call(child, branch.label)
            if call is None:
                return None
            if found and (call.takes[0] != found[-1].gives or call.takes[1:] != found[0].takes[1:]):
                return None
            found.append(call)
        ids = {id(leaf) for leaf, _ in leaves(branch)}
        return None if any(self.consumers[call.gives] - ids for call in found[:-1]) else found


def _apart(path: str, other: str) -> str:
    """The name of a path where it parts from another."""
    parts = path.split(".")
    shared = 0
    while parts[shared : shared + 1] == other.split(".")[shared : shared + 1] and shared + 1 < len(parts):
        shared += 1
    # of a copy, the name of its node
    return next((part for part in (parts[shared], *reversed(parts[:shared])) if not part.isdecimal()), "x")


def returning(statements: list[Statement], *names: str) -> list[Statement]:
    """The statements with a `return` of variables at their end."""
    if len(names) == 1 and statements and statements[-1].start == f"{names[0]} = " and not statements[-1].depth:
        return [*statements[:-1], Statement("return ", statements[-1].value)]
    return [*statements, Statement("return ", ", ".join(names))]


def stated_dtype(leaf: Leaf) -> str:
    """The dtype of a layer's tensors, where it is that of the node."""
    found = [use.dtype for use in leaf.uses if use.tensor.dtype is None and use.owner is None]
    return found[0] if found else "float32"


def is_frozen(leaf: Leaf) -> bool:
    """Whether a node keeps its tensors from being trained."""
    found = [use for use in leaf.uses if use.owner is None and use.tensor.role == "parameter" and not use.tensor.frozen]
    return bool(found) and not any(use.trainable for use in found)


def ties(leaf: Leaf) -> dict[str, TensorUse]:
    """The tied tensors of a leaf, by their names."""
    return {use.tensor.name: use for use in leaf.uses if use.owner is not None}
