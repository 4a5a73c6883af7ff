"""A graph as the source of a PyTorch model: a class for the whole, and one for each group that is a unit."""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from paramcalc.frameworks.building.arguments import FLOATS, check
from paramcalc.frameworks.building.identifiers import camel, snake, unique
from paramcalc.frameworks.building.naming import Names
from paramcalc.frameworks.building.structure import (
    BATCH,
    Frame,
    Made,
    Value,
    cannot_build,
    is_frozen,
    returning,
    stated_dtype,
)
from paramcalc.frameworks.building.writer import GroupCall, Writer
from paramcalc.frameworks.building.writing import (
    Call,
    Expr,
    Items,
    Joined,
    Repeated,
    Slot,
    Statement,
    Template,
    literal,
)
from paramcalc.frameworks.torch.build.layers import made
from paramcalc.frameworks.torch.build.module_names import MODULE_NAMES
from paramcalc.graph import Branch, Graph, Leaf, Tree, leaves
from paramcalc.layers.base.fields import DTYPES


class TorchWriter(Writer):
    """Writes a module for the whole, and one for each group that is repeated or called."""

    framework = "PyTorch"
    name = "torch"
    reserved = frozenset({"torch", "nn", "functional", "self", "block", "build", "Tensor"})

    def __init__(self, graph: Graph, names: Callable[[set[str]], Names]) -> None:
        super().__init__(graph, names)
        self.dtypes: dict[Value, str] = {BATCH: "float32"}
        self._made: dict[int, Made] = {}
        for leaf in self.leaves:
            check(leaf, self.framework)
            self.dtypes |= dict.fromkeys(((id(leaf), place) for place in range(len(leaf.outputs))), self.dtype(leaf))

    def dtype(self, leaf: Leaf) -> str:
        """Return the dtype of what a leaf gives."""
        if leaf in self.inputs:
            own = str(getattr(leaf.layer, "dtype", "float32"))
            if own not in DTYPES:
                raise cannot_build(leaf, self.framework, f"PyTorch has no tensors of {own}")
            return own
        if any(use.tensor.dtype is None for use in leaf.uses):
            return stated_dtype(leaf)
        found = {self.dtypes[value] for value in self.taken(leaf)}
        floats = [each for each in found if each in FLOATS] or [*found]
        widest = max(floats, key=lambda each: DTYPES[each])
        return "float32" if {"float16", "bfloat16"} <= found else widest

    # --- the whole

    def root(self, name: str) -> Template:
        """Write the class of the whole; each input is an argument of its forward run."""
        frame = Frame(outputs=self.outputs, reserved=self.taken_names)
        for leaf in self.inputs:
            taken = {*self.reserved, *self.names.constants.values(), *frame.names.values()}
            frame.names[id(leaf), 0] = unique(snake(leaf.name), taken)
        if self.batch == BATCH:
            frame.names[BATCH] = "batch"
        given = ", ".join(frame.names.values())
        self.open_group(frame, self.graph.root, "self")
        statements = returning(frame.statements(), *(frame.names[value] for value in self.outputs))
        frame.making += self.ties()
        return Template(name, given, [frame.making, statements])

    def ties(self) -> list[Statement]:
        """Write the ties of tensors to those of other layers, once all are there."""
        found = []
        for leaf, use in self.tied:
            assert use.owner is not None
            assert use.owner_leaf is not None
            own, shape = self.attribute(leaf, use.tensor.name, leaf)
            other, other_shape = self.attribute(use.owner_leaf, use.owner.tensor.name, leaf)
            if shape != other_shape:
                why = f"the tensor '{use.tensor.name}' is laid out otherwise than that of '{use.owner_leaf.name}'"
                raise cannot_build(leaf, self.framework, why)
            found.append(Statement(f"{_within('self', own)} = ", _within("self", other)))
        return found

    def attribute(self, owner: Leaf, tensor: str, leaf: Leaf) -> tuple[str, Any]:
        """Return the path of a tensor of a layer, from the whole, and its shape there."""
        tensors = [use.tensor for use in owner.uses]
        place = [each.name for each in tensors].index(tensor)
        joined = all(use.owner is None for use in owner.uses)
        spelled = self.convention.spell(owner.layer, owner.input_shapes, tensors, joined=joined)
        found = next(each for each in spelled if place in each.members)
        own = self.made(owner).constructor
        if len(found.members) > 1 or ("MultiheadAttention" in str(own) and not joined):
            raise cannot_build(
                leaf, self.framework, f"the tensor '{tensor}' of '{owner.name}' is part of another there"
            )
        if not _is_attribute(found.name.rpartition(".")[2]):
            raise cannot_build(leaf, self.framework, f"the tensor '{tensor}' of '{owner.name}' is no attribute there")
        return f"{owner.name}.{found.name}", found.shape

    def defined(self, tree: Branch, frame: Frame, name: str, takes: tuple[Value, ...]) -> Template:
        """Write the class of a group."""
        self.open_group(frame, tree, "self")
        signature = self.name_inputs(frame, tree, takes)
        statements = returning(frame.statements(), frame.names[frame.outputs[0]])
        return Template(camel(name), signature, [frame.making, statements])

    # --- places

    def inside(self, place: str, label: str) -> str:
        """Write what has a label in a module, as an expression."""
        if not label:
            return place
        return f"{place}.{label}" if _is_attribute(label) else f"{place}.get_submodule({literal(label)})"

    def put(self, frame: Frame, place: str, value: Expr, leaf: Leaf) -> None:
        """Make a module at a place."""
        parent, label = _parted(place)
        if label in MODULE_NAMES:
            raise cannot_build(
                leaf, self.framework, f"its modules have something else called {label!r}", "rename the node"
            )
        if place.endswith(")"):
            frame.making.append(Statement("", Call(f"{parent}.add_module", (("", literal(label)), ("", value)))))
        elif place.endswith(f"[{label}]"):
            # in a list, by its number; in a mapping, its label is a text
            frame.making.append(Statement("", Call(f"{parent}.append", (("", value),))))
        else:
            frame.making.append(Statement(f"{place} = ", value))

    def owned(self, tree: Tree) -> Leaf | None:
        """Return the first leaf of a tree that has a module there."""
        for leaf, _ in leaves(tree):
            if leaf in self.inputs or id(leaf) in self.originals:
                continue
            if self.made(leaf).constructor is not None:
                return leaf
        return None

    # --- groups

    def is_worth_one(self, tree: Branch) -> bool:
        """Whether there is a module in a group."""
        return self.owned(tree) is not None

    def open_group(self, frame: Frame, branch: Branch, place: str) -> None:
        """Add the steps of a group where it stands, its modules in one without a class."""
        owned = self.owned(branch)
        if place != "self" and owned is not None and all(child.label for child in branch.children):
            self.put(frame, place, Call("nn.Module"), owned)
        super().open_group(frame, branch, place)

    def group(self, frame: Frame, branch: Branch, call: GroupCall, place: str) -> None:
        """Add a module of the group's class, and its call."""
        self.put(frame, place, self.use(call), next(leaf for leaf, _ in leaves(branch)))
        super().group(frame, branch, call, place)

    def called(self, call: GroupCall, taken: Sequence[str], place: str) -> Expr:
        """Write the call of a module."""
        return _called(place, taken)

    def copies(self, frame: Frame, branch: Branch, place: str) -> None:
        """Add a list of modules, and a loop over it where each goes on from the one before."""
        owned = self.owned(branch)
        calls = self.run_of(branch)
        numbered = [child.label for child in branch.children] == [*map(str, range(len(branch.children)))]
        if calls is not None and owned is not None and numbered:
            self.put(frame, place, self.listed(branch, calls), owned)
            header = Statement(f"for block in {place}", ":")
            self.loop(frame, branch, calls, header, lambda taken: _called("block", taken))
            return
        every = all(self.owned(child) is not None for child in branch.children)
        if owned is not None:
            self.put(frame, place, Call("nn.ModuleList" if every and numbered else "nn.ModuleDict"), owned)
        for child in branch.children:
            label = child.label if every and numbered else literal(child.label)
            self.visit(frame, child, f"{place}[{label}]")

    def listed(self, branch: Branch, calls: Sequence[GroupCall]) -> Expr:
        """Write a list of modules; of modules that are alike, by their number."""
        uses = [self.use(call) for call in calls]
        if len({call.function for call in calls}) == 1 and len(calls) > 1:
            number = Slot("times", literal(self.names.times(branch.name, len(calls))))
            return Call("nn.ModuleList", (("", Repeated(uses[0], number)),))
        return Call("nn.ModuleList", (("", Items(tuple(uses))),))

    # --- layers

    def leaf(self, frame: Frame, leaf: Leaf, place: str) -> None:
        """Add a module, where the layer is one, and the step that gives its outputs."""
        if leaf in self.inputs:
            return
        written = self.made(leaf)
        if id(leaf) in self.originals:
            place = frame.handles[id(self.originals[id(leaf)])]
        elif written.constructor is not None:
            frame.handles[id(leaf)] = place
            self.put(frame, place, written.constructor, leaf)

        def write(taken: Sequence[str], given: Sequence[str]) -> list[Statement]:
            return written.statements(place, taken, given)

        self.layer(frame, leaf, write)

    def made(self, leaf: Leaf) -> Made:
        """Say how a layer is written, with its dtype and frozen as the spec says."""
        if id(leaf) not in self._made:
            self._made[id(leaf)] = self._typed(leaf, made(self.convention, leaf, self.names))
        return self._made[id(leaf)]

    def _typed(self, leaf: Leaf, written: Made) -> Made:
        if written.part:
            self.parts.add(written.part)
        if written.constructor is None:
            return written
        dtype = stated_dtype(leaf)
        ends = [f".to(torch.{dtype})"] * (dtype != "float32") + [".requires_grad_(False)"] * is_frozen(leaf)
        constructor = Joined((written.constructor, "".join(ends))) if ends else written.constructor
        return replace(written, constructor=constructor, output=self.cast(leaf, written.output))

    def cast(self, leaf: Leaf, output: Callable[[Any, Sequence[str]], Expr]) -> Callable[[Any, Sequence[str]], Expr]:
        """Cast the inputs of an output that are floats to the dtype of the layer's own tensors."""
        own = stated_dtype(leaf)
        dtypes = [self.dtypes[value] for value in self.taken(leaf)]
        if not any(use.tensor.dtype is None for use in leaf.uses) or {*dtypes} <= {own}:
            return output

        def cast(place: Any, taken: Sequence[str]) -> Expr:
            pairs = zip(taken, dtypes, strict=True)
            return output(place, [f"{x}.to(torch.{own})" if each in FLOATS and each != own else x for x, each in pairs])

        return cast


def _is_attribute(label: str) -> bool:
    """Whether a label can be written as an attribute, and stays as it is."""
    return re.fullmatch("[A-Za-z][A-Za-z0-9_]*", label) is not None and not keyword.iskeyword(label)


def _within(module: str, path: str) -> str:
    """Write what has a path in a module, as an expression."""
    *around, name = path.split(".")
    if all(map(_is_attribute, around)):
        return ".".join((module, *around, name))
    return f"{module}.get_submodule({literal('.'.join(around))}).{name}"


def _parted(place: str) -> tuple[str, str]:
    """Return the module around a place, and the label that it has there."""
    if place.endswith(")"):
        parent, _, label = place.rpartition(".get_submodule(")
        return parent, ast.literal_eval(label[:-1])
    if place.endswith("]"):
        parent, _, label = place.rpartition("[")
        return parent, str(ast.literal_eval(label[:-1]))
    parent, _, label = place.rpartition(".")
    return parent, label


def _called(module: str, taken: Sequence[str]) -> Expr:
    """Write the call of a module on variables."""
    return Call(module, tuple(("", name) for name in taken))
