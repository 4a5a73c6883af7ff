"""From a graph to the statements of a program: groups that become functions or classes, loops, variables.

`Writer` is the base of what writes for one framework.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from paramcalc.conventions import convention
from paramcalc.core.errors import refuse
from paramcalc.frameworks.building import parts
from paramcalc.frameworks.building.identifiers import snake, unique
from paramcalc.frameworks.building.naming import Names
from paramcalc.frameworks.building.structure import BATCH, Frame, Step, Value
from paramcalc.frameworks.building.writing import Expr, Statement, Template, TemplateCall
from paramcalc.graph import Branch, Flow, Graph, Leaf, Tree, leaves


@dataclass(frozen=True)
class GroupCall:
    """A group as one call: its values from outside, its output, and the template with its values."""

    takes: tuple[Value, ...]
    gives: Value
    template: Template
    values: tuple[str, ...]

    @property
    def function(self) -> Any:
        """What is called, and with which sizes."""
        return id(self.template), self.values


class Writer(ABC):
    """Writes the source of a graph in one framework."""

    framework: str
    #: the name of the convention
    name: str
    #: names that functions, classes and variables may not have
    reserved: frozenset[str]

    def __init__(self, graph: Graph, names: Callable[[set[str]], Names]) -> None:
        self.graph = graph
        self.convention = convention(self.name)
        self.leaves = [leaf for leaf, _ in graph.leaves()]
        owners = {id(leaf.uses): leaf for leaf in self.leaves if not leaf.shared}
        #: of a leaf that is shared, the one whose tensors it uses
        self.originals = {id(leaf): owners[id(leaf.uses)] for leaf in self.leaves if leaf.shared}
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
        #: the classes that the source must bring with it
        self.parts: set[str] = set()
        self.templates: dict[Any, Template] = {}
        self._calls: dict[int, GroupCall | None] = {}

    # --- values

    def value(self, flow: Flow) -> Value:
        """Return what a flow carries."""
        if flow.leaf is None:
            raise refuse("cannot-build", "the spec has an output that comes from no layer")
        return id(flow.leaf), flow.place

    def taken(self, leaf: Leaf) -> tuple[Value, ...]:
        """Return what a leaf is given; for one without inputs, whatever says how many examples there are."""
        if leaf.inputs or leaf in self.inputs:
            return tuple(map(self.value, leaf.inputs))
        return (self.batch,)

    @property
    def batch(self) -> Value:
        """A value from which the number of examples can be seen."""
        return (id(self.inputs[0]), 0) if self.inputs else BATCH

    def reached(self) -> set[int]:
        """Find the leaves that the outputs depend on, and those whose layer such a leaf uses."""
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
    def copies(self, frame: Frame, branch: Branch, place: str) -> None:
        """Add the steps of the copies of a node."""

    @abstractmethod
    def called(self, call: GroupCall, taken: Sequence[str], place: str) -> Expr:
        """Write the call of a group on the variables that it takes."""

    def group(self, frame: Frame, branch: Branch, call: GroupCall, place: str) -> None:
        """Add the step of a group that is one call."""

        def write(taken: Sequence[str], given: Sequence[str]) -> list[Statement]:
            return [Statement(f"{given[0]} = ", self.called(call, taken, place))]

        frame.steps.append(Step(branch.label, call.takes, (call.gives,), write))

    def loop(
        self,
        frame: Frame,
        branch: Branch,
        calls: Sequence[GroupCall],
        header: Statement,
        called: Callable[[Sequence[str]], Expr],
    ) -> None:
        """Add the step of copies that are called one after another, each on what the one before gives."""
        takes = calls[0].takes

        def write(taken: Sequence[str], given: Sequence[str]) -> list[Statement]:
            (name,) = given
            begin = [] if name == taken[0] else [Statement(f"{name} = ", taken[0])]
            return [*begin, header, Statement(f"{name} = ", called([name, *taken[1:]]), 1)]

        frame.steps.append(Step(branch.label, takes, (calls[-1].gives,), write, holds=len(takes) > 1))

    def layer(
        self,
        frame: Frame,
        leaf: Leaf,
        write: Callable[[Sequence[str], Sequence[str]], list[Statement]],
        named: bool = False,
    ) -> None:
        """Add a step that gives the outputs of a leaf."""
        gives = tuple((id(leaf), number) for number in range(len(leaf.outputs)))
        frame.steps.append(Step(label_of(leaf), self.taken(leaf), gives, write, named=named))

    def open_group(self, frame: Frame, branch: Branch, place: str) -> None:
        """Add the steps of a group that is written where it stands."""
        for child in branch.children:
            # a layer that adds nothing to its path is an attribute all the same, unless the group around it is one
            label = label_of(child) if isinstance(child, Leaf) and not child.names else child.label
            self.visit(frame, child, self.inside(place, label))

    @abstractmethod
    def inside(self, place: str, label: str) -> str:
        """Return the path of what has a label in a group."""

    # --- groups that are called

    def call(self, tree: Tree, label: str = "") -> GroupCall | None:
        """Return a group as one call, where it has no other ties to the outside than its inputs and its output."""
        if id(tree) not in self._calls:
            self._calls[id(tree)] = self._as_call(tree, label)
        return self._calls[id(tree)]

    def _as_call(self, tree: Tree, label: str) -> GroupCall | None:
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
        return GroupCall(takes, result, template, values)

    def is_worth_one(self, tree: Branch) -> bool:
        """Whether a group is written as a function or a class at all."""
        return True

    def is_closed(self, inside: Sequence[Leaf], ids: set[int]) -> bool:
        """Whether the layers of a group are used in it alone, and it uses no others."""
        return not any(leaf in self.inputs or self.partners.get(id(leaf), ids) - ids for leaf in inside)

    def template(
        self, tree: Branch, name: str, takes: tuple[Value, ...], gives: Value
    ) -> tuple[Template, tuple[str, ...]]:
        """Return the function or class of a group, and the values of its slots here."""
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
        """Write the function or class of a group that takes these values."""

    def settle(self) -> None:
        """Give every template its parameters, once all uses of all are known."""
        for template in self.templates.values():
            template.settle(self.taken_names)

    def use(self, call: GroupCall, *arguments: tuple[str, Expr]) -> TemplateCall:
        """Write a call of a template."""
        return TemplateCall(call.template, call.values, arguments)

    def run_of(self, branch: Branch) -> list[GroupCall] | None:
        """Return the copies of a node as calls, each on what the one before gives; None where they are not."""
        found: list[GroupCall] = []
        for child in branch.children:
            call = self.call(child, branch.label)
            if call is None:
                return None
            if found and (call.takes[0] != found[-1].gives or call.takes[1:] != found[0].takes[1:]):
                return None
            found.append(call)
        ids = {id(leaf) for leaf, _ in leaves(branch)}
        return None if any(self.consumers[call.gives] - ids for call in found[:-1]) else found


def label_of(leaf: Leaf) -> str:
    """Return the name of a leaf in its group; of a copy, its number."""
    return leaf.label or leaf.name.rpartition(".")[2]


def _apart(path: str, other: str) -> str:
    """Return the name of a path where it parts from another."""
    names = path.split(".")
    shared = 0
    while names[shared : shared + 1] == other.split(".")[shared : shared + 1] and shared + 1 < len(names):
        shared += 1
    # of a copy, the name of its node
    return next((name for name in (names[shared], *reversed(names[:shared])) if not name.isdecimal()), "x")
