"""A graph as the source of a Keras model, in the functional style."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from paramcalc.conventions import convention
from paramcalc.frameworks.building.arguments import (
    applied_function,
    attention,
    check,
    check_function,
    constructor,
    plain_form,
)
from paramcalc.frameworks.building.fitting import MAXIMA, Fit, fit
from paramcalc.frameworks.building.structure import (
    BATCH,
    Frame,
    Step,
    Value,
    Writer,
    cannot_build,
    is_frozen,
    returning,
    stated_dtype,
    ties,
)
from paramcalc.frameworks.building.structure import Call as GroupCall
from paramcalc.frameworks.building.writing import (
    Call,
    Expr,
    Items,
    Joined,
    Slot,
    Statement,
    Template,
    literal,
    snake,
)
from paramcalc.graph import Branch, Graph, Leaf
from paramcalc.layer import Layer

#: Makes the expression of an output from the variables of the inputs.
Output = Callable[[Sequence[str]], Expr]

#: The classes that are called with a list of their inputs.
LISTS = {
    f"keras.layers.{name}"
    for name in (
        "Add", "AdditiveAttention", "Attention", "Average", "Concatenate", "Dot", "Maximum", "Minimum", "Multiply",
        "Subtract",
    )
}  # fmt: skip
#: The classes that are called with a query and a value: the same, where there is one input.
PAIRS = {"keras.layers.MultiHeadAttention", "keras.layers.GroupQueryAttention"}
#: The classes that take the states to begin with as an argument of that name.
STATES = {
    f"keras.layers.{name}"
    for name in ("SimpleRNN", "GRU", "LSTM", "RNN", "Bidirectional", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D")
}
#: The classes that are called in a form of their own, which is not written.
UNWRITTEN = {
    f"keras.layers.{name}"
    for name in ("SimpleRNNCell", "GRUCell", "LSTMCell", "StackedRNNCells", "MaxNumBoundingBoxes", "HashedCrossing")
}


class KerasWriter(Writer):
    """Writes a model in the functional style: a function for each group that is repeated or called."""

    framework = "Keras"
    name = "keras"
    reserved = frozenset({"Any", "keras", "build", "name", "i", "model"})

    def __init__(self, graph: Graph) -> None:
        super().__init__(graph)
        self.convention = convention("keras")
        #: the classes that the source must bring with it
        self.parts: set[str] = set()
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
        """The statements of the function that makes the model."""
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
        """The function of a group."""
        self.open_group(frame, tree, "{name}")
        signature = f"{self.name_inputs(frame, takes)}, name"
        statements = returning(frame.statements(), frame.names[frame.outputs[0]])
        return Template(snake(name), signature, [statements], frame.names.values())

    def inside(self, place: str, label: str) -> str:
        """The name of what has a label in a group."""
        return f"{place}.{label}" if place and label else place or label

    # --- groups

    def group(self, frame: Frame, branch: Branch, call: GroupCall, place: str) -> None:
        """A call of the group's function."""

        def write(taken: Sequence[str], given: Sequence[str]) -> list[Statement]:
            return [Statement(f"{given[0]} = ", self.called(call, taken, place))]

        frame.steps.append(Step(branch.label, call.takes, (call.gives,), write))

    def called(self, call: GroupCall, taken: Sequence[str], place: str) -> Expr:
        """A call of a function."""
        return self.use(call, *(("", name) for name in taken), ("name", _text(place)))

    def copies(self, frame: Frame, branch: Branch, place: str) -> None:
        """A loop over the copies that are alike, one after another."""
        calls = self.run_of(branch)
        if calls is None:
            return self.open_group(frame, branch, place)
        first = 0
        while first < len(calls):
            last = first
            while last + 1 < len(calls) and _follows(branch, calls, last):
                last += 1
            if last == first:
                self.group(frame, branch, calls[first], f"{place}.{branch.children[first].label}")
            else:
                self.loop(frame, branch, calls[first : last + 1], place, int(branch.children[first].label))
            first = last + 1
        return None

    def loop(self, frame: Frame, branch: Branch, calls: Sequence[GroupCall], place: str, start: int) -> None:
        """One statement for copies that are alike."""
        numbers = Slot("stop", str(start + len(calls)))
        span: Expr = Call("range", (("", str(start)), ("", numbers)) if start else (("", numbers),))

        def write(taken: Sequence[str], given: Sequence[str]) -> list[Statement]:
            (name,) = given
            begin = [] if name == taken[0] else [Statement(f"{name} = ", taken[0])]
            call = self.called(calls[0], [name, *taken[1:]], f"{place}.{{i}}")
            header = Statement("for i in ", Joined((span, ":")))
            return [*begin, header, Statement(f"{name} = ", call, 1)]

        frame.steps.append(Step(branch.label, calls[0].takes, (calls[-1].gives,), write, len(calls[0].takes) > 1))

    # --- layers

    def leaf(self, frame: Frame, leaf: Leaf, place: str) -> None:
        """The statements of a layer: it is made and called, and kept where it is needed again."""
        check(leaf, self.framework)
        if id(leaf) in self.originals:
            handle = frame.handles[id(self.originals[id(leaf)])]
            made, output = self.made(leaf, frame, "")
            self.step(frame, leaf, lambda taken: output(handle, taken))
            return
        made, output = self.made(leaf, frame, place)
        frozen = is_frozen(leaf)
        if made is None or not (frozen or id(leaf) in self.kept):
            self.step(frame, leaf, lambda taken: output(made, taken))
            return
        handle = frame.handles[id(leaf)] = frame.reserve(leaf.label or place.rpartition(".")[2])
        before = [Statement(f"{handle} = ", made)]
        # only once it is built: a layer of layers has none before, and would leave them trainable
        behind = [Statement(f"{handle}.trainable = ", "False")] if frozen else []
        self.step(frame, leaf, lambda taken: output(handle, taken), before, behind)

    def step(
        self,
        frame: Frame,
        leaf: Leaf,
        output: Output,
        before: Sequence[Statement] = (),
        behind: Sequence[Statement] = (),
    ) -> None:
        """Add a step that gives the outputs of a leaf."""
        gives = tuple((id(leaf), number) for number in range(len(leaf.outputs)))

        def write(taken: Sequence[str], given: Sequence[str]) -> list[Statement]:
            return [*before, Statement(f"{', '.join(given)} = ", output(taken)), *behind]

        label = leaf.label or leaf.name.rpartition(".")[2]
        frame.steps.append(Step(label, self.taken(leaf), gives, write, named=leaf in self.inputs))

    def made(self, leaf: Leaf, frame: Frame, place: str) -> tuple[Expr | None, Callable[[Any, Sequence[str]], Expr]]:
        """What makes the layer, where it is one, and its output."""
        kind = type(leaf.layer).__name__
        common = self.common(leaf, place)
        if tied := ties(leaf):
            return self.tied_layer(leaf, frame, tied, common), _with_one
        found = fit(self.convention, leaf, _accepts)
        if found is not None:
            if found.row.name in UNWRITTEN:
                raise cannot_build(leaf, self.framework, "its class is called in a form of its own")
            own = constructor(self.convention, leaf, self.framework, found, _default_of(leaf.layer), str)
            made = Call(own.function, (*own.arguments, *common))
            if kind == "Input":
                kept = tuple(each for each in made.arguments if each != ("dtype", Slot("dtype", '"float32"')))
                return None, lambda layer, taken: Call("keras.Input", kept)
            return made, _output(leaf, found)
        if kind not in _PARTS:
            raise cannot_build(leaf, self.framework, "Keras has no class for it with these fields")
        class_name, arguments, output = _PARTS[kind](leaf)
        if class_name is None:
            return None, output
        self.parts.add(class_name.partition("(")[0])
        given = tuple((name, Slot(name, literal(value))) for name, value in arguments.items())
        if class_name == "TwoBiasLSTMCell":
            cell = Call(class_name, (given[0], *common[1:]))
            return Call("keras.layers.RNN", (("", cell), *given[1:], *common)), output
        return Call(class_name, (*given, *common)), output

    def common(self, leaf: Leaf, place: str) -> tuple[tuple[str, Expr], ...]:
        """The name and, where it is another than usual, the dtype of a layer."""
        dtype = stated_dtype(leaf)
        typed: tuple[tuple[str, Expr], ...] = () if dtype == "float32" else (("dtype", Slot("dtype", literal(dtype))),)
        return (("name", _text(place)), *typed)

    def tied_layer(self, leaf: Leaf, frame: Frame, tied: Mapping[str, Any], common: Any) -> Expr:
        """A Dense layer whose tensors are those of other layers; another kind is refused."""
        if type(leaf.layer).__name__ != "Dense":
            raise cannot_build(
                leaf, self.framework, "its tensors cannot be those of another layer", "a Dense layer's can"
            )
        self.parts.add("TiedDense")
        layer: Any = leaf.layer
        arguments: list[tuple[str, Expr]] = [("units", Slot("units", literal(layer.units)))]
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
        """The attribute of a layer that is a tensor of it."""
        tensors = [use.tensor for use in owner.uses]
        if type(owner.layer).__name__ == "Weights":
            return f"tensors[{literal(tensor)}]"
        place = [each.name for each in tensors].index(tensor)
        spelled = self.convention.spell(owner.layer, owner.input_shapes, tensors)
        found = next(each for each in spelled if place in each.members)
        if (
            len(found.members) > 1
            or "/" in found.name
            or self.convention.equivalent(owner.layer, owner.input_shapes) is None
        ):
            raise cannot_build(
                leaf, self.framework, f"the tensor '{tensor}' of '{owner.name}' is no tensor there to share"
            )
        return found.name


def _accepts(layer: Layer, given: Mapping[str, Any]) -> bool:
    """Whether a class takes such a padding: a layer that slides a window takes no numbers."""
    return not (isinstance(given.get("padding"), tuple) and type(layer).model_fields["padding"].default == "valid")


def _follows(branch: Branch, calls: Sequence[GroupCall], place: int) -> bool:
    """Whether the copy behind one is the same again."""
    same = calls[place].function == calls[place + 1].function
    return same and int(branch.children[place].label) + 1 == int(branch.children[place + 1].label)


def _text(place: str) -> str:
    """A path as Python has it: with variables in it, a formatted text."""
    if place == "{name}":
        return "name"
    return f'f"{place}"' if "{" in place else literal(place)


def _batch(taken: Sequence[str], given: Sequence[str]) -> list[Statement]:
    # what has no input still needs to know how many examples there are
    return [Statement(f"{given[0]} = ", Call("keras.Input", (("shape", "()"), ("name", '"batch"'))))]


def _default_of(layer: Layer) -> Callable[[str, str, Any], bool]:
    """Whether an argument is the default of its field, which is that of Keras as well."""
    fields = type(layer).model_fields

    def taken_for_granted(name: str, text: str, value: Any) -> bool:
        return text in fields and not fields[text].is_required() and getattr(layer, text) == fields[text].default

    return taken_for_granted


# --- Outputs -------------------------------------------------------------------------------


def _with_one(layer: Expr, taken: Sequence[str]) -> Expr:
    return Call(layer, (("", taken[0]),))


def _output(leaf: Leaf, found: Fit) -> Callable[[Any, Sequence[str]], Expr]:
    """The output of a layer of a class, with what is added before and taken behind."""
    path = found.row.name
    function = applied_function(leaf.layer, found.row)

    def output(layer: Expr, taken: Sequence[str]) -> Expr:
        given: list[tuple[str, Expr]] = [("", name) for name in taken]
        if found.pads:
            given[0] = ("", _padded(leaf, taken[0], found.pads))
        if path in LISTS:
            given = [("", Items(tuple(each for _, each in given)))]
        elif path in PAIRS:
            given = given if len(given) > 1 else given * 2
        elif path in STATES and len(given) > 1:
            given = [given[0], ("initial_state", Items(tuple(each for _, each in given[1:])))]
        result: Expr = Call(layer, tuple(given))
        if found.places:
            result = Joined((result, _index(leaf, found.places)))
        if found.squeezed:
            result = Call("keras.ops.squeeze", (("", result), ("", literal(_spatial_axes(leaf)))))
        return Call(f"keras.activations.{function}", (("", result),)) if function else result

    return output


def _spatial_axes(leaf: Leaf) -> tuple[int, ...]:
    rank = len(leaf.input_shapes[0])
    return tuple(range(2, rank + 1)) if leaf.layer.channel_axis == 1 else tuple(range(1, rank))


def _padded(leaf: Leaf, name: str, pads: Any) -> Expr:
    axes = dict(zip(_spatial_axes(leaf), pads, strict=True))
    widths = tuple(axes.get(axis, (0, 0)) for axis in range(len(leaf.input_shapes[0]) + 1))
    arguments: list[tuple[str, Expr]] = [("", name), ("", literal(widths))]
    if type(leaf.layer).__name__ in MAXIMA:
        arguments.append(("constant_values", 'float("-inf")'))
    return Call("keras.ops.pad", tuple(arguments))


def _index(leaf: Leaf, places: Sequence[int]) -> str:
    steps = dict(zip(_spatial_axes(leaf), places, strict=True))
    last = max(steps)
    return "[" + ", ".join(f"::{steps[axis]}" if axis in steps else ":" for axis in range(last + 1)) + "]"


# --- What Keras has no class for -----------------------------------------------------------

_Part = tuple[str | None, dict[str, Any], Callable[[Any, Sequence[str]], Expr]]


def _weights(leaf: Leaf) -> _Part:
    layer: Any = leaf.layer
    shapes = {name: tuple(shape) for name, shape in layer.tensors_.items()}
    chosen = {} if layer.output is None else {"output": layer.output}
    return "Weights", {"shapes": shapes, **chosen}, _with_one


def _slice(leaf: Leaf) -> _Part:
    return None, {}, lambda _, taken: taken[0] + slice_text(leaf)


def slice_text(leaf: Leaf) -> str:
    """The index that takes a part of an axis."""
    layer: Any = leaf.layer
    axis = layer.axis if layer.axis > 0 else len(leaf.input_shapes[0]) + 1 + layer.axis
    end = "" if layer.stop is None else str(layer.stop)
    step = "" if layer.step == 1 else f":{layer.step}"
    chosen = f"{layer.start or ''}:{end}{step}" if layer.keepdims else str(layer.start)
    return "[" + ", ".join([*[":"] * axis, chosen]) + "]"


def _reduce(leaf: Leaf) -> _Part:
    layer: Any = leaf.layer
    given = (("axis", literal(reduced_axes(leaf))), ("keepdims", literal(layer.keepdims)))
    return None, {}, lambda _, taken: Call(f"keras.ops.{layer.function}", (("", taken[0]), *given))


def _elementwise(leaf: Leaf) -> _Part:
    check_function(leaf, "Keras")
    layer: Any = leaf.layer
    return None, {}, lambda _, taken: Call(f"keras.ops.{layer.function}", tuple(("", name) for name in taken))


def _einsum(leaf: Leaf) -> _Part:
    layer: Any = leaf.layer
    given = ("", literal(layer.equation))
    return None, {}, lambda _, taken: Call("keras.ops.einsum", (given, *(("", name) for name in taken)))


def reduced_axes(leaf: Leaf) -> int | tuple[int, ...]:
    """The axes of which one number is made."""
    layer: Any = leaf.layer
    every: tuple[int, ...] = tuple(range(1, len(leaf.input_shapes[0]) + 1))
    return every if layer.axis is None else layer.axis


def _batch_norm(leaf: Leaf) -> _Part:
    plain_form(leaf, "Keras", "axis", "center", "scale", "batch_counter")
    layer: Any = leaf.layer
    given = {"axis": layer.axis, "center": layer.center, "scale": layer.scale}
    return "CountingBatchNormalization", given, _with_one


def _lstm(leaf: Leaf) -> _Part:
    plain_form(leaf, "Keras", "units", "use_bias", "recurrent_bias", "return_sequences")
    layer: Any = leaf.layer
    return "TwoBiasLSTMCell", {"units": layer.units, "return_sequences": layer.return_sequences}, _with_one


def _attention(leaf: Leaf) -> _Part:
    given = attention(leaf, "Keras")
    return "Attention", given, lambda made, taken: Call(made, tuple(("", name) for name in taken))


_PARTS: dict[str, Callable[[Leaf], _Part]] = {
    "Weights": _weights,
    "Slice": _slice,
    "Reduce": _reduce,
    "Elementwise": _elementwise,
    "Einsum": _einsum,
    "BatchNorm": _batch_norm,
    "LSTM": _lstm,
    "MultiHeadAttention": _attention,
}
