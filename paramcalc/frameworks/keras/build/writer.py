"""A graph as the source of a Keras model, in the functional style."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from paramcalc.core.errors import refuse
from paramcalc.core.registry import kind
from paramcalc.frameworks.building.arguments import check
from paramcalc.frameworks.building.identifiers import snake
from paramcalc.frameworks.building.naming import Names
from paramcalc.frameworks.building.structure import (
    BATCH,
    Frame,
    Made,
    Step,
    Value,
    cannot_build,
    is_frozen,
    returning,
    stated_dtype,
    ties,
)
from paramcalc.frameworks.building.writer import GroupCall, Writer, label_of
from paramcalc.frameworks.building.writing import Call, Expr, Items, Joined, Slot, Statement, Template, literal
from paramcalc.frameworks.keras.build.layers import made, with_one
from paramcalc.graph import Branch, Graph, Leaf

#: What may stand between the names of a path. A dot may not: with PyTorch as its backend, Keras refuses it.
_SEPARATORS = ("_", "-", "__", "--")


class KerasWriter(Writer):
    """Writes a model in the functional style: a function for each group that is repeated or called."""

    framework = "Keras"
    name = "keras"
    reserved = frozenset({"Any", "keras", "build", "name", "i", "model"})

    def __init__(self, graph: Graph, names: Callable[[set[str]], Names]) -> None:
        super().__init__(graph, names)
        self.separator = _separator([leaf.name for leaf in self.leaves])
        for leaf, use in self.tied:
            if use.owner_leaf is not None:
                self.bind(leaf, use.owner_leaf)
        reached = self.reached()
        #: layers that no output depends on: a Model has them only where it is told so
        self.apart = [leaf for leaf in self.leaves if leaf.owned and id(leaf) not in reached]
        for leaf in self.apart:
            self.partners.setdefault(id(leaf), set()).add(0)
        owners = {id(use.owner_leaf) for _, use in self.tied}
        #: layers that are needed again once they are called
        self.kept = owners | {id(leaf) for leaf in (*self.originals.values(), *self.apart)}

    # --- the whole

    def statements(self) -> list[Statement]:
        """Write the statements of the function that makes the model."""
        frame = Frame(outputs=self.outputs, reserved=self.taken_names)
        inputs = [(id(leaf), 0) for leaf in self.inputs]
        if self.batch == BATCH:
            inputs = [BATCH]
            frame.steps.append(Step("batch", (), (BATCH,), _batch, named=True))
        self.open_group(frame, self.graph.root, "")
        frame.outputs = (*frame.outputs, *inputs)
        found = frame.statements()
        ends = [Items(tuple(frame.names[value] for value in values)) for values in (inputs, self.outputs)]
        model = Call("keras.Model", tuple(zip(("inputs", "outputs"), ends, strict=True)))
        if not self.apart:
            return [*found, Statement("return ", model)]
        # no output needs these layers, so that the model would not have them
        held = Items(tuple(frame.handles[id(leaf)] for leaf in self.apart))
        return [
            *found,
            Statement("model = ", model),
            Statement("model.unused = ", held),
            Statement("return ", "model"),
        ]

    def defined(self, tree: Branch, frame: Frame, name: str, takes: tuple[Value, ...]) -> Template:
        """Write the function of a group."""
        self.open_group(frame, tree, "{name}")
        signature = f"{self.name_inputs(frame, tree, takes)}, name"
        statements = returning(frame.statements(), frame.names[frame.outputs[0]])
        return Template(snake(name), signature, [statements], frame.names.values())

    def inside(self, place: str, label: str) -> str:
        """Return the name of what has a label in a group."""
        label = label.replace("{", "{{").replace("}", "}}")
        return f"{place}{self.separator}{label}" if place and label else place or label

    # --- groups

    def called(self, call: GroupCall, taken: Sequence[str], place: str) -> Expr:
        """Write the call of a group's function."""
        return self.use(call, *(("", name) for name in taken), ("name", _text(place)))

    def copies(self, frame: Frame, branch: Branch, place: str) -> None:
        """Add a loop over the copies that are alike, one after another."""
        calls = self.run_of(branch)
        if calls is None:
            return self.open_group(frame, branch, place)
        first = 0
        while first < len(calls):
            last = first
            while last + 1 < len(calls) and _follows(branch, calls, last):
                last += 1
            if last == first:
                self.group(frame, branch, calls[first], self.inside(place, branch.children[first].label))
            else:
                self.loop_over(frame, branch, calls[first : last + 1], place, int(branch.children[first].label))
            first = last + 1
        return None

    def loop_over(self, frame: Frame, branch: Branch, calls: Sequence[GroupCall], place: str, start: int) -> None:
        """Add one statement for copies that are alike, from the one with the number `start` on."""
        # all copies, as the spec has their number
        whole = start == 0 and len(calls) == len(branch.children)
        stop = self.names.times(branch.name, len(calls)) if whole else start + len(calls)
        numbers = Slot("stop", literal(stop))
        span: Expr = Call("range", (("", str(start)), ("", numbers)) if start else (("", numbers),))
        header = Statement("for i in ", Joined((span, ":")))
        self.loop(
            frame, branch, calls, header, lambda taken: self.called(calls[0], taken, f"{place}{self.separator}{{i}}")
        )

    # --- layers

    def leaf(self, frame: Frame, leaf: Leaf, place: str) -> None:
        """Add the step of a layer: it is made and called, and kept where it is needed again."""
        check(leaf, self.framework)
        if id(leaf) in self.originals:
            handle = frame.handles[id(self.originals[id(leaf)])]
            self.add(frame, leaf, self.made(leaf, frame, ""), handle)
            return
        written = self.made(leaf, frame, place)
        if written.part:
            self.parts.add(written.part)
        frozen = is_frozen(leaf)
        if written.constructor is None or not (frozen or id(leaf) in self.kept):
            self.add(frame, leaf, written, written.constructor)
            return
        handle = frame.handles[id(leaf)] = frame.reserve(label_of(leaf))
        before = [Statement(f"{handle} = ", written.constructor)]
        # only once it is built: a layer of layers has none before, and would leave them trainable
        behind = [Statement(f"{handle}.trainable = ", "False")] if frozen else []
        self.add(frame, leaf, written, handle, before, behind)

    def add(
        self,
        frame: Frame,
        leaf: Leaf,
        written: Made,
        called: Any,
        before: Sequence[Statement] = (),
        behind: Sequence[Statement] = (),
    ) -> None:
        """Add a step that gives the outputs of a leaf, with statements `before` and `behind` its call."""

        def write(taken: Sequence[str], given: Sequence[str]) -> list[Statement]:
            return [*before, *written.statements(called, taken, given), *behind]

        self.layer(frame, leaf, write, named=leaf in self.inputs)

    def made(self, leaf: Leaf, frame: Frame, place: str) -> Made:
        """Say how a layer is written."""
        common = self.common(leaf, place)
        if tied := ties(leaf):
            return Made(self.tied_layer(leaf, frame, tied, common), with_one, part="TiedDense")
        return made(self.convention, leaf, self.names, common)

    def common(self, leaf: Leaf, place: str) -> tuple[tuple[str, Expr], ...]:
        """Write the name and, where it is another than usual, the dtype of a layer."""
        dtype = stated_dtype(leaf)
        typed: tuple[tuple[str, Expr], ...] = () if dtype == "float32" else (("dtype", Slot("dtype", literal(dtype))),)
        return (("name", _text(place)), *typed)

    def tied_layer(self, leaf: Leaf, frame: Frame, tied: Mapping[str, Any], common: Any) -> Expr:
        """Write a Dense layer whose tensors are those of other layers; another layer type is refused."""
        if not isinstance(leaf.layer, kind("Dense")):
            raise cannot_build(
                leaf, self.framework, "its tensors cannot be those of another layer", "a Dense layer's can"
            )
        layer: Any = leaf.layer
        units = literal(self.names.of(leaf, _units))
        arguments: list[tuple[str, Expr]] = [("units", Slot("units", units))]
        for name, use in tied.items():
            owner = use.owner_leaf
            text = f"{frame.handles[id(owner)]}.{self.attribute(owner, use.owner.tensor.name, leaf)}"
            if use.tensor.shape != use.owner.tensor.shape:
                text = f"keras.ops.transpose({text})"
            arguments.append((name, f"lambda: {text}"))
        if not layer.use_bias:
            arguments.append(("use_bias", "False"))
        if layer.activation != "linear":
            arguments.append(("activation", Slot("activation", literal(layer.activation))))
        return Call("TiedDense", (*arguments, *common))

    def attribute(self, owner: Leaf, tensor: str, leaf: Leaf) -> str:
        """Return the attribute of a layer that is a tensor of it."""
        tensors = [use.tensor for use in owner.uses]
        if isinstance(owner.layer, kind("Weights")):
            return f"tensors[{literal(tensor)}]"
        place = [each.name for each in tensors].index(tensor)
        spelled = self.convention.spell(owner.layer, owner.input_shapes, tensors)
        found = next(each for each in spelled if place in each.members)
        has_class = self.convention.equivalent(owner.layer, owner.input_shapes) is not None
        if len(found.members) > 1 or "/" in found.name or not has_class:
            raise cannot_build(
                leaf, self.framework, f"the tensor '{tensor}' of '{owner.name}' is no tensor there to share"
            )
        return found.name


def _separator(paths: Sequence[str]) -> str:
    """Choose what stands between the names of paths, so that no two paths become one name."""
    for separator in _SEPARATORS:
        if len({path.replace(".", separator) for path in paths}) == len({*paths}):
            return separator
    raise refuse(
        "cannot-build",
        "the paths of two layers become the same name in Keras, whose names have no dots",
        "rename a node",
    )


def _units(leaf: Leaf) -> Any:
    layer: Any = leaf.layer
    return layer.units


def _follows(branch: Branch, calls: Sequence[GroupCall], place: int) -> bool:
    """Whether the copy behind one is the same again."""
    same = calls[place].function == calls[place + 1].function
    return same and int(branch.children[place].label) + 1 == int(branch.children[place + 1].label)


def _text(place: str) -> str:
    """Write a path as Python has it: with variables in it, a formatted text."""
    if place == "{name}":
        return "name"
    return f"f{literal(place)}" if "{" in place else literal(place)


def _batch(taken: Sequence[str], given: Sequence[str]) -> list[Statement]:
    # what has no input still needs to know how many examples there are
    return [Statement(f"{given[0]} = ", Call("keras.Input", (("shape", "()"), ("name", '"batch"'))))]
