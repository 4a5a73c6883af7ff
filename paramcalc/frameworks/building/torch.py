"""A graph as the source of a PyTorch model: a class for the whole, and one for each group that is a unit."""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from paramcalc.conventions import convention
from paramcalc.fields import DTYPES
from paramcalc.frameworks.building.arguments import (
    ACTIVATIONS,
    FLOATS,
    FUNCTIONS,
    applied_function,
    attention,
    check,
    check_function,
    constructor,
    plain_form,
)
from paramcalc.frameworks.building.fitting import MAXIMA, Fit, fit
from paramcalc.frameworks.building.keras import reduced_axes, slice_text
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
    camel,
    literal,
    snake,
    unique,
)
from paramcalc.graph import Branch, Graph, Leaf, Tree, leaves
from paramcalc.layer import Layer

#: Makes the expression of an output from what is called and the variables of the inputs.
Output = Callable[[str, Sequence[str]], Expr]

#: The names that a module already has for something else; a test holds them to torch.nn.Module.
MODULE_NAMES = frozenset(
    """
    T_destination add_module apply bfloat16 buffers call_super_init children compile cpu cuda double dump_patches eval
    extra_repr float forward get_buffer get_extra_state get_parameter get_submodule half ipu load_state_dict modules
    mtia named_buffers named_children named_modules named_parameters parameters register_backward_hook register_buffer
    register_forward_hook register_forward_pre_hook register_full_backward_hook register_full_backward_pre_hook
    register_load_state_dict_post_hook register_load_state_dict_pre_hook register_module register_parameter
    register_state_dict_post_hook register_state_dict_pre_hook requires_grad_ set_extra_state set_submodule
    share_memory state_dict to to_empty train training type xpu zero_grad
    """.split()  # noqa: SIM905
)
#: Arguments that have these values in every class, where they are not given.
DEFAULTS: Mapping[str, Any] = {
    "add_bias_kv": False,
    "affine": True,
    "bias": True,
    "ceil_mode": False,
    "dilation": (1, 1),
    "elementwise_affine": True,
    "groups": 1,
    "return_indices": False,
    "track_running_stats": True,
}
#: The classes that give their output and, beside it, their states.
RECURRENT = {"torch.nn.RNN", "torch.nn.GRU", "torch.nn.LSTM", "OneBiasLSTM"}


#: The classes whose states are laid out otherwise than those of the kind.
STATEFUL = RECURRENT | {"torch.nn.RNNCell", "torch.nn.GRUCell", "torch.nn.LSTMCell"}


class TorchWriter(Writer):
    """Writes a module for the whole, and one for each group that is repeated or called."""

    framework = "PyTorch"
    name = "torch"
    reserved = frozenset({"torch", "nn", "functional", "self", "block", "super", "len", "Tensor"})

    def __init__(self, graph: Graph) -> None:
        super().__init__(graph)
        self.convention = convention("torch")
        #: the classes that the source must bring with it
        self.parts: set[str] = set()
        self.dtypes: dict[Value, str] = {BATCH: "float32"}
        self._made: dict[int, tuple[Expr | None, Output]] = {}
        for leaf in self.leaves:
            check(leaf, self.framework)
            self.dtypes |= dict.fromkeys(((id(leaf), place) for place in range(len(leaf.outputs))), self.dtype(leaf))

    def dtype(self, leaf: Leaf) -> str:
        """The dtype of what a leaf gives."""
        if leaf in self.inputs:
            return str(getattr(leaf.layer, "dtype", "float32"))
        if any(use.tensor.dtype is None for use in leaf.uses):
            return stated_dtype(leaf)
        found = {self.dtypes[value] for value in self.taken(leaf)}
        floats = [each for each in found if each in FLOATS] or [*found]
        widest = max(floats, key=lambda each: DTYPES[each])
        return "float32" if {"float16", "bfloat16"} <= found else widest

    # --- the whole

    def root(self, name: str) -> Template:
        """The class of the whole; each input is an argument of its forward."""
        frame = Frame(outputs=self.outputs, reserved=self.taken_names)
        for leaf in self.inputs:
            frame.names[id(leaf), 0] = unique(snake(leaf.name), {*self.reserved, *frame.names.values()})
        if self.batch == BATCH:
            frame.names[BATCH] = "batch"
        given = ", ".join(frame.names.values())
        self.open_group(frame, self.graph.root, "self")
        statements = returning(frame.statements(), *(frame.names[value] for value in self.outputs))
        frame.making += self.ties()
        return Template(name, given, [frame.making, statements])

    def ties(self) -> list[Statement]:
        """The tensors that are those of other layers, once all are there."""
        found = []
        for leaf, use in self.tied:
            assert use.owner is not None
            assert use.owner_leaf is not None
            own = self.attribute(leaf, use.tensor.name, leaf)
            other = self.attribute(use.owner_leaf, use.owner.tensor.name, leaf)
            if own[1] != other[1]:
                why = f"the tensor '{use.tensor.name}' is laid out otherwise than that of '{use.owner_leaf.name}'"
                raise cannot_build(leaf, self.framework, why)
            found.append(Statement(f"{own[0]} = ", other[0]))
        return found

    def attribute(self, owner: Leaf, tensor: str, leaf: Leaf) -> tuple[str, Any]:
        """A tensor of a layer, from the whole, and its shape there."""
        tensors = [use.tensor for use in owner.uses]
        place = [each.name for each in tensors].index(tensor)
        joined = all(use.owner is None for use in owner.uses)
        spelled = self.convention.spell(owner.layer, owner.input_shapes, tensors, joined=joined)
        found = next(each for each in spelled if place in each.members)
        own = self.made(owner)[0]
        if len(found.members) > 1 or ("MultiheadAttention" in str(own) and not joined):
            raise cannot_build(
                leaf, self.framework, f"the tensor '{tensor}' of '{owner.name}' is part of another there"
            )
        parts = owner.name.split(".")
        plain = all(map(_is_attribute, parts))
        path = "self." + owner.name if plain else f"self.get_submodule({literal(owner.name)})"
        return f"{path}.{found.name}", found.shape

    def defined(self, tree: Branch, frame: Frame, name: str, takes: tuple[Value, ...]) -> Template:
        """The class of a group."""
        self.open_group(frame, tree, "self")
        signature = self.name_inputs(frame, takes)
        statements = returning(frame.statements(), frame.names[frame.outputs[0]])
        return Template(camel(name), signature, [frame.making, statements])

    # --- places

    def inside(self, place: str, label: str) -> str:
        """What has a label in a module, as an expression."""
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
        elif label.isdecimal() and place.endswith("]"):
            frame.making.append(Statement("", Call(f"{parent}.append", (("", value),))))
        else:
            frame.making.append(Statement(f"{place} = ", value))

    def owned(self, tree: Tree) -> Leaf | None:
        """The first leaf of a tree that has a module there."""
        for leaf, _ in leaves(tree):
            if id(leaf) not in self.originals and self.made(leaf)[0] is not None:
                return leaf
        return None

    # --- groups

    def open_group(self, frame: Frame, branch: Branch, place: str) -> None:
        """The steps of a group, where it stands, its modules in one without a class."""
        owned = self.owned(branch)
        if place != "self" and owned is not None and all(child.label for child in branch.children):
            self.put(frame, place, Call("nn.Module"), owned)
        super().open_group(frame, branch, place)

    def group(self, frame: Frame, branch: Branch, call: GroupCall, place: str) -> None:
        """A module of the group's class."""
        self.put(frame, place, self.use(call), next(leaf for leaf, _ in leaves(branch)))

        def write(taken: Sequence[str], given: Sequence[str]) -> list[Statement]:
            return [Statement(f"{given[0]} = ", Call(place, tuple(("", name) for name in taken)))]

        frame.steps.append(Step(branch.label, call.takes, (call.gives,), write))

    def copies(self, frame: Frame, branch: Branch, place: str) -> None:
        """A list of modules, and a loop over it where each goes on from the one before."""
        owned = self.owned(branch)
        calls = self.run_of(branch)
        numbered = [child.label for child in branch.children] == [*map(str, range(len(branch.children)))]
        if calls is not None and owned is not None and numbered:
            self.put(frame, place, _listed([self.use(call) for call in calls], calls), owned)
            self.loop(frame, branch, calls, place)
            return
        every = all(self.owned(child) is not None for child in branch.children)
        if owned is not None:
            self.put(frame, place, Call("nn.ModuleList" if every and numbered else "nn.ModuleDict"), owned)
        for child in branch.children:
            label = child.label if every and numbered else literal(child.label)
            self.visit(frame, child, f"{place}[{label}]")

    def loop(self, frame: Frame, branch: Branch, calls: Sequence[GroupCall], place: str) -> None:
        """One copy after another."""

        def write(taken: Sequence[str], given: Sequence[str]) -> list[Statement]:
            (name,) = given
            begin = [] if name == taken[0] else [Statement(f"{name} = ", taken[0])]
            called = Call("block", tuple(("", each) for each in (name, *taken[1:])))
            return [*begin, Statement(f"for block in {place}", ":"), Statement(f"{name} = ", called, 1)]

        frame.steps.append(Step(branch.label, calls[0].takes, (calls[-1].gives,), write, len(calls[0].takes) > 1))

    # --- layers

    def leaf(self, frame: Frame, leaf: Leaf, place: str) -> None:
        """A module, where the layer is one, and what it gives."""
        if leaf in self.inputs:
            return
        made, output = self.made(leaf)
        if id(leaf) in self.originals:
            place = frame.handles[id(self.originals[id(leaf)])]
        elif made is not None:
            frame.handles[id(leaf)] = place
            self.put(frame, place, made, leaf)
        gives = tuple((id(leaf), number) for number in range(len(leaf.outputs)))

        def write(taken: Sequence[str], given: Sequence[str]) -> list[Statement]:
            return [Statement(f"{', '.join(given)} = ", output(place, taken))]

        label = leaf.label or leaf.name.rpartition(".")[2]
        frame.steps.append(Step(label, self.taken(leaf), gives, write))

    def made(self, leaf: Leaf) -> tuple[Expr | None, Output]:
        """What makes the module of a layer, where it is one, and what gives its output."""
        if id(leaf) not in self._made:
            self._made[id(leaf)] = self._making(leaf)
        return self._made[id(leaf)]

    def _making(self, leaf: Leaf) -> tuple[Expr | None, Output]:
        kind = type(leaf.layer).__name__
        if leaf in self.inputs:
            return None, lambda place, taken: ""
        found = fit(self.convention, leaf, _accepts, _replaced(leaf))
        if found is not None:
            if found.row.name in STATEFUL and (len(leaf.outputs) > 1 or len(leaf.inputs) > 1):
                raise cannot_build(
                    leaf, self.framework, "it takes or gives states, which its class has in another form"
                )
            found = replace(found, given=_without_repeats(found.given))
            made: Expr = constructor(self.convention, leaf, self.framework, found, _is_default, _spelled)
            output = self.output(leaf, found)
        elif kind in _PARTS:
            class_name, arguments, output = _PARTS[kind](leaf)
            self.parts.add(class_name)
            made = Call(class_name, tuple((name, Slot(name, literal(each))) for name, each in arguments.items()))
        elif kind in _FUNCTIONS:
            written = _FUNCTIONS[kind](leaf)
            return None, lambda place, taken: written(taken)
        else:
            raise cannot_build(leaf, self.framework, "PyTorch has no class for it with these fields")
        dtype = stated_dtype(leaf)
        ends = [f".to(torch.{dtype})"] * (dtype != "float32") + [".requires_grad_(False)"] * is_frozen(leaf)
        return (Joined((made, "".join(ends))) if ends else made), self.cast(leaf, output)

    def cast(self, leaf: Leaf, output: Output) -> Output:
        """The same, with inputs of floats in the dtype of the layer's own tensors."""
        own = stated_dtype(leaf)
        dtypes = [self.dtypes[value] for value in self.taken(leaf)]
        if not any(use.tensor.dtype is None for use in leaf.uses) or {*dtypes} <= {own}:
            return output

        def cast(place: str, taken: Sequence[str]) -> Expr:
            pairs = zip(taken, dtypes, strict=True)
            return output(place, [f"{x}.to(torch.{own})" if each in FLOATS and each != own else x for x, each in pairs])

        return cast

    def output(self, leaf: Leaf, found: Fit) -> Output:
        """The output of a module of a class, with what is done before and behind it."""
        path = found.row.name
        function = applied_function(leaf.layer, found.row)

        def output(place: str, taken: Sequence[str]) -> Expr:
            if path == "torch.nn.MultiheadAttention":
                value = taken[min(1, len(taken) - 1)]
                given = tuple(("", each) for each in (taken[0], taken[-1] if len(taken) > 2 else value, value))
                return Joined((Call(place, (*given, ("need_weights", "False"))), "[0]"))
            if path in RECURRENT:
                return _steps_of(leaf)(place, taken)
            x: Expr = taken[0]
            moves = _moves(leaf, found)
            if moves is not None:
                x = Joined((x, f".movedim({literal(moves[0])}, {literal(moves[1])})"))
            if found.pads:
                x = _padded(leaf, x, found)
            x = Call(place, (("", x), *(("", each) for each in taken[1:])))
            if found.squeezed:
                return Joined((x, ".flatten(1)"))
            if found.places:
                x = Joined((x, "[:, :, " + ", ".join(f"::{each}" for each in found.places) + "]"))
            if moves is not None:
                x = Joined((x, f".movedim({literal(moves[1])}, {literal(moves[0])})"))
            return applied(function, x) if function else x

        return output


def _listed(uses: Sequence[Expr], calls: Sequence[GroupCall]) -> Expr:
    """A list of modules; of modules alike, by how many they are."""
    if len({call.function for call in calls}) == 1 and len(calls) > 1:
        number = Slot("times", str(len(calls)))
        return Call("nn.ModuleList", (("", Joined((uses[0], " for _ in range(", number, ")"))),))
    return Call("nn.ModuleList", (("", Items(tuple(uses))),))


def _is_attribute(label: str) -> bool:
    """Whether a label can be written as an attribute, and stays as it is."""
    return re.fullmatch("[A-Za-z][A-Za-z0-9_]*", label) is not None and not keyword.iskeyword(label)


def _parted(place: str) -> tuple[str, str]:
    """The module around a place, and the label that it has there."""
    if place.endswith(")"):
        parent, _, label = place.rpartition(".get_submodule(")
        return parent, label[1:-2]
    if place.endswith("]"):
        parent, _, label = place.rpartition("[")
        return parent, label[:-1]
    parent, _, label = place.rpartition(".")
    return parent, label


def _spelled(path: str) -> str:
    return path.removeprefix("torch.")


def _accepts(layer: Layer, given: Mapping[str, Any]) -> bool:
    """Whether a class does what the layer does: `same` only where it is a convolution without strides."""
    if "output_size" in given and not getattr(layer, "keepdims", True):
        return False
    padding, stride = given.get("padding"), given.get("stride", 1)
    if padding == "same":
        return "in_channels" in given and max(stride if isinstance(stride, tuple) else (stride,)) == 1
    if isinstance(padding, tuple) and "pool_size" in type(layer).model_fields:
        # a pooling takes no padding beyond half its window
        return all(2 * pad <= size for pad, size in zip(padding, given["kernel_size"], strict=True))
    return padding != "causal"


def _is_default(name: str, text: str, value: Any) -> bool:
    if name == "padding" and value == "valid":
        return True
    if isinstance(value, tuple) and isinstance(DEFAULTS.get(name), tuple):
        return {*value} == {1}
    return name in DEFAULTS and DEFAULTS[name] == value


def _replaced(leaf: Leaf) -> dict[str, Any]:
    """Arguments that the table's expressions say of one axis alone."""
    axis = getattr(leaf.layer, "axis", None)
    if not isinstance(axis, tuple):
        return {}
    return {"normalized_shape": tuple(leaf.input_shapes[0][each - 1 if each > 0 else each] for each in sorted(axis))}


def _without_repeats(given: Mapping[str, Any]) -> dict[str, Any]:
    """Without the features of keys and values where they are those of the query, as the class supposes."""
    return {name: value for name, value in given.items() if name not in ("kdim", "vdim") or value != given["embed_dim"]}


def _axes(layer: Any) -> tuple[int, ...]:
    return tuple(sorted(layer.axis)) if isinstance(layer.axis, tuple) else (layer.axis,)


def _moves(leaf: Leaf, found: Fit) -> tuple[Any, Any] | None:
    """The axes that the class has elsewhere than the layer, and where it has them."""
    rank = len(leaf.input_shapes[0]) + 1
    if "normalized_shape" in found.given:
        axes = tuple(axis % rank for axis in _axes(leaf.layer))
        last = tuple(range(rank - len(axes), rank))
        back = tuple(range(-len(axes), 0))
        return None if axes == last else ((axes[0], -1) if len(axes) == 1 else (axes, back))
    fields = type(leaf.layer).model_fields
    if "data_format" in fields:
        return None if leaf.layer.channel_axis != -1 else (-1, 1)
    if type(leaf.layer).channel_axis is Layer.channel_axis or "axis" not in fields:
        return None
    return None if leaf.layer.channel_axis % rank == 1 else (leaf.layer.channel_axis, 1)


def _padded(leaf: Leaf, x: Expr, found: Fit) -> Expr:
    assert found.pads is not None
    # the last axis first
    widths = tuple(width for pad in reversed(found.pads) for width in pad)
    arguments: list[tuple[str, Expr]] = [("", x), ("", literal(widths))]
    if type(leaf.layer).__name__ in MAXIMA:
        arguments.append(("value", 'float("-inf")'))
    return Call("functional.pad", tuple(arguments))


def applied(function: str, x: Expr) -> Expr:
    """An activation of an expression."""
    name, *further = ACTIVATIONS[function]
    return Call(name, (("", x), *(("", each) for each in further))) if name else x


def _steps_of(leaf: Leaf) -> Output:
    """All steps of a recurrent module's output, or the last."""
    layer: Any = leaf.layer
    end = "[0]" if layer.return_sequences else "[0][:, -1]"
    return lambda place, taken: Joined((Call(place, tuple(("", x) for x in taken)), end))


# --- What PyTorch has no class for, but can be written as one ---------------------------------

_Part = tuple[str, dict[str, Any], Output]


def _plain(place: str, taken: Sequence[str]) -> Expr:
    return Call(place, tuple(("", name) for name in taken))


def _weights(leaf: Leaf) -> _Part:
    layer: Any = leaf.layer
    shapes = {name: tuple(shape) for name, shape in layer.tensors_.items()}
    chosen = {} if layer.output is None else {"output": layer.output}
    return "Weights", {"shapes": shapes, **chosen}, _plain


def _batch_norm(leaf: Leaf) -> _Part:
    plain_form(leaf, "PyTorch", "axis", "center", "scale", "batch_counter")
    layer: Any = leaf.layer
    rank = len(leaf.input_shapes[0]) + 1
    given = {
        "num_features": leaf.input_shapes[0][layer.axis % rank - 1],
        "scale": layer.scale,
        "center": layer.center,
        "batch_counter": layer.batch_counter,
    }
    if layer.axis % rank == 1:
        return "OwnBatchNorm", given, _plain
    return "OwnBatchNorm", given, _moved(layer.axis, 1)


def _moved(axis: Any, there: Any) -> Output:
    back, forth = (f".movedim({literal(one)}, {literal(other)})" for one, other in ((there, axis), (axis, there)))
    return lambda place, taken: Joined((Call(place, (("", taken[0] + forth),)), back))


def _layer_norm(leaf: Leaf) -> _Part:
    plain_form(leaf, "PyTorch", "axis", "center", "scale")
    layer: Any = leaf.layer
    rank = len(leaf.input_shapes[0]) + 1
    axes = tuple(axis % rank for axis in _axes(layer))
    given = {
        "normalized_shape": tuple(leaf.input_shapes[0][axis - 1] for axis in axes),
        "scale": layer.scale,
        "center": layer.center,
    }
    last = tuple(range(-len(axes), 0))
    return "OwnLayerNorm", given, _plain if axes == tuple(range(rank - len(axes), rank)) else _moved(axes, last)


def _lstm(leaf: Leaf) -> _Part:
    plain_form(leaf, "PyTorch", "units", "use_bias", "recurrent_bias", "return_sequences")
    layer: Any = leaf.layer
    return "OneBiasLSTM", {"input_size": leaf.input_shapes[0][-1], "hidden_size": layer.units}, _steps_of(leaf)


def _attention(leaf: Leaf) -> _Part:
    features = [shape[-1] for shape in leaf.input_shapes]
    value = features[min(1, len(features) - 1)]
    given = attention(leaf, "PyTorch")
    return (
        "OwnAttention",
        {"features": (features[0], value, features[2] if len(features) > 2 else value), **given},
        _plain,
    )


_PARTS: dict[str, Callable[[Leaf], _Part]] = {
    "Weights": _weights,
    "BatchNorm": _batch_norm,
    "LayerNorm": _layer_norm,
    "LSTM": _lstm,
    "MultiHeadAttention": _attention,
}


# --- What is an operation in PyTorch ----------------------------------------------------------

_Function = Callable[[Leaf], Callable[[Sequence[str]], Expr]]


def _activation(leaf: Leaf) -> Callable[[Sequence[str]], Expr]:
    layer: Any = leaf.layer
    return lambda taken: applied(layer.activation, taken[0])


def _elementwise(operator: str) -> _Function:
    def written(leaf: Leaf) -> Callable[[Sequence[str]], Expr]:
        return lambda taken: f" {operator} ".join(_aligned(leaf, taken))

    return written


def _aligned(leaf: Leaf, taken: Sequence[str]) -> list[str]:
    """Inputs with the same number of axes; those that are missing stand behind the batch."""
    rank = max(map(len, leaf.input_shapes))
    missing = [rank - len(shape) for shape in leaf.input_shapes]
    return [x + (f"[:{', None' * number}]" if number else "") for x, number in zip(taken, missing, strict=True)]


def _concatenate(leaf: Leaf) -> Callable[[Sequence[str]], Expr]:
    layer: Any = leaf.layer
    return lambda taken: Call("torch.cat", (("", Items(tuple(taken))), ("dim", str(layer.axis))))


def _reshape(leaf: Leaf) -> Callable[[Sequence[str]], Expr]:
    layer: Any = leaf.layer
    sizes = tuple(("", str(size)) for size in layer.target_shape)
    return lambda taken: Call(f"{taken[0]}.reshape", (("", f"len({taken[0]})"), *sizes))


def _flatten(leaf: Leaf) -> Callable[[Sequence[str]], Expr]:
    return lambda taken: f"{taken[0]}.reshape(len({taken[0]}), -1)"


def _slice(leaf: Leaf) -> Callable[[Sequence[str]], Expr]:
    return lambda taken: taken[0] + slice_text(leaf)


#: How PyTorch calls what is made of several axes at once.
_REDUCING = {
    "sum": "sum", "mean": "mean", "max": "amax", "min": "amin", "std": "std", "var": "var", "logsumexp": "logsumexp",
    "any": "any", "all": "all", "norm": "linalg.vector_norm",
}  # fmt: skip


def _reduce(leaf: Leaf) -> Callable[[Sequence[str]], Expr]:
    layer: Any = leaf.layer
    if layer.function not in _REDUCING:
        raise cannot_build(leaf, "PyTorch", f"no function gives the {layer.function} along several axes")
    given = (("dim", literal(reduced_axes(leaf))), ("keepdim", literal(layer.keepdims)))
    return lambda taken: Call(f"torch.{_REDUCING[layer.function]}", (("", taken[0]), *given))


def _of_several(leaf: Leaf) -> Callable[[Sequence[str]], Expr]:
    check_function(leaf, "PyTorch")
    layer: Any = leaf.layer
    name = f"torch.{FUNCTIONS[layer.function]}"
    return lambda taken: Call(name, tuple(("", x) for x in _aligned(leaf, taken)))


def _einsum(leaf: Leaf) -> Callable[[Sequence[str]], Expr]:
    layer: Any = leaf.layer
    return lambda taken: Call("torch.einsum", (("", literal(layer.equation)), *(("", x) for x in taken)))


_FUNCTIONS: dict[str, _Function] = {
    "Activation": _activation,
    "Add": _elementwise("+"),
    "Multiply": _elementwise("*"),
    "Subtract": _elementwise("-"),
    "Concatenate": _concatenate,
    "Flatten": _flatten,
    "Reshape": _reshape,
    "Slice": _slice,
    "Reduce": _reduce,
    "Elementwise": _of_several,
    "Einsum": _einsum,
}
