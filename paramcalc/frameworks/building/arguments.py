"""The arguments of a class's constructor, as its row of the convention's table says, in Python."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from paramcalc.conventions import Convention, Equivalent
from paramcalc.core import functions
from paramcalc.core.algebra import Unknown
from paramcalc.core.errors import listed, quoted, suggest
from paramcalc.frameworks.building.fitting import Fit, arguments
from paramcalc.frameworks.building.structure import cannot_build
from paramcalc.frameworks.building.writing import Call, Expr, Items, Slot, literal
from paramcalc.graph import Leaf
from paramcalc.layers.base.declaration import Layer

#: The functions of several inputs that both frameworks have, each with its name in PyTorch.
FUNCTIONS = {name: torch for name, torch in functions.OF_SEVERAL.items() if torch}
#: The activations that both have, each in PyTorch with its further arguments.
ACTIVATIONS = {
    name: tuple(each.torch.split(" "))
    for name, each in functions.ACTIVATIONS.items()
    if each.keras and each.torch is not None
}
#: The dtypes that the parameters of a model may have.
FLOATS = ("bfloat16", "float16", "float32", "float64")
#: Arguments with a number for each axis, which may be one number for all.
_WINDOWS = {"kernel_size", "pool_size", "strides", "stride", "padding", "dilation_rate", "dilation"}


def check(leaf: Leaf, framework: str) -> None:
    """Refuse what no class of a framework takes: `cannot-build`."""
    for use in leaf.uses:
        if use.tensor.dtype is None and use.dtype not in FLOATS:
            raise cannot_build(leaf, framework, f"its tensors have the dtype {use.dtype}", "floats alone are trained")
    check_function(leaf, leaf.layer, framework)


def check_function(leaf: Leaf, layer: Layer, framework: str) -> None:
    """Refuse an activation, of a leaf's layer or of one within it, that is not written: `cannot-build`."""
    name = getattr(layer, "activation", None)
    if isinstance(name, str) and name not in ACTIVATIONS:
        why = f"no model with the function {quoted(name)} is written"
        raise cannot_build(leaf, framework, why, suggest(name, ACTIVATIONS) or listed("the functions", ACTIVATIONS))


def applied_function(layer: Layer, row: Equivalent | None) -> str | None:
    """Return the activation of a layer that its class does not apply itself, if it has one."""
    name = getattr(layer, "activation", None)
    if name is None or name == "linear" or (row and ("activation" in row.arguments or "activation" in row.fields)):
        return None
    if type(layer).parts is not Layer.parts:
        # it is that of a part
        return None
    return str(name)


def plain_form(leaf: Leaf, framework: str, *understood: str) -> None:
    """Refuse a layer that states more than our own class of its kind understands: `cannot-build`."""
    for name, info in type(leaf.layer).model_fields.items():
        if name not in understood and getattr(leaf.layer, name) != info.default:
            raise cannot_build(leaf, framework, f"there is no class for it with this {name!r}")
    if len(leaf.outputs) > 1 or len(leaf.inputs) > 1:
        raise cannot_build(leaf, framework, "there is no class for it that takes or gives states")


def weights_arguments(layer: Any) -> dict[str, Any]:
    """Return the arguments of our own class of `Weights`."""
    parameters, states = (
        {tensor.name: tensor.shape for tensor in layer.tensors() if tensor.role == role}
        for role in ("parameter", "state")
    )
    given = {"shapes": parameters, "states": states, "output": layer.output, "equation": layer.equation}
    return {name: value for name, value in given.items() if value}


def check_weights(leaf: Leaf, framework: str) -> None:
    """Refuse weights of which only a part is multiplied: nothing says which."""
    layer: Any = leaf.layer
    if layer.equation is not None and any(tensor.active is not None for tensor in layer.tensors()):
        raise cannot_build(leaf, framework, "it multiplies a part of its weights, and nothing says which")


def check_window(leaf: Leaf, framework: str) -> None:
    """Refuse attention that sees no further than a window: no class of a framework does."""
    if getattr(leaf.layer, "window", None) is not None:
        raise cannot_build(leaf, framework, "it attends to a window, and no class does")


def check_attention(leaf: Leaf, framework: str) -> None:
    """Refuse what our own class of attention is not: over one axis, with nothing but its projections."""
    check_window(leaf, framework)
    layer: Any = leaf.layer.filled(leaf.input_shapes[0])
    further = (layer.attention_axes, layer.use_gate or None, layer.add_bias_kv or None)
    plain = isinstance(layer.output_dim, int) and all(each is None for each in further)
    if not plain or any(len(shape) != 2 for shape in leaf.input_shapes):
        raise cannot_build(leaf, framework, "there is no class for it with these fields")


def attention_arguments(leaf: Leaf) -> dict[str, Any]:
    """Return the arguments of our own class of attention."""
    layer: Any = leaf.layer.filled(leaf.input_shapes[0])
    names = ("num_heads", "num_key_value_heads", "key_dim", "value_dim", "output_dim")
    projections = ("query", "key", "value", "output")
    biases = tuple(name for name in projections if getattr(layer, f"{name}_bias"))
    stated = {**({} if biases == projections else {"biases": biases}), **({"causal": True} if layer.causal else {})}
    return {name: getattr(layer, name) for name in names} | stated


def constructor(
    convention: Convention,
    leaf: Leaf,
    framework: str,
    fit: Fit,
    accepts: Callable[[Layer, Mapping[str, Any]], bool],
    is_default: Callable[[str, str, Any], bool],
    path_of: Callable[[str], str],
) -> Call:
    """Return the call of a class; arguments that are the class's default (`is_default`) and not stated are left out.

    A layer among them is one that its class `accepts` as it is; `path_of` gives a class's path
    as the source has it.
    """

    def written(name: str, value: Any) -> Expr:
        if name in fit.row.arrays.split() and value is not None:
            return Call("torch.tensor", (("", Slot(name, literal([float(each) for each in value]))),))
        if isinstance(value, Layer):
            return nested(value)
        if isinstance(value, tuple) and value and isinstance(value[0], Layer):
            return Items(tuple(map(nested, value)))
        return Slot(name, literal(_plain(name, fit.texts.get(name, value))))

    def nested(layer: Layer) -> Expr:
        inputs = fit.parts.get(id(layer), ())
        row = convention.equivalent(layer, inputs)
        name = type(layer).__name__
        if row is None:
            raise cannot_build(leaf, framework, f"there is no class for the {name} in it with these fields")
        check_function(leaf, layer, framework)
        inner = Fit(row, layer, *arguments(convention, row, layer, inputs, {}))
        # its activation is applied behind the whole where the output is its own
        lost = applied_function(layer, row) is not None and leaf.layer.wrapped(*leaf.input_shapes) is None
        if lost or not accepts(layer, inner.given):
            raise cannot_build(leaf, framework, f"the class of the {name} in it is not all of that layer")
        return constructor(convention, leaf, framework, inner, accepts, lambda *_: False, path_of)

    stated = fit.layer.model_fields_set
    return Call(
        path_of(fit.row.name),
        tuple(
            (name, written(name, value))
            for name, value in fit.given.items()
            if fit.row.arguments[name] in stated or not is_default(name, fit.row.arguments[name], value)
        ),
    )


def _plain(name: str, value: Any) -> Any:
    """Return a value without free sizes; a window with one number for all axes as that number."""
    if isinstance(value, Unknown):
        return None
    if isinstance(value, tuple):
        # of pairs, one would be read as a number for each axis
        alike = len({*value}) == 1 and not isinstance(value[0], tuple)
        if alike and (name in _WINDOWS or (name == "normalized_shape" and len(value) == 1)):
            return value[0]
        return tuple(_plain("", each) for each in value)
    if isinstance(value, Mapping):
        return {key: _plain("", each) for key, each in value.items()}
    return value


def check_function_of_several(leaf: Leaf, framework: str) -> None:
    """Refuse a function that is not known, or that takes another number of inputs. Raises `cannot-build`."""
    function = leaf.layer.stated()["function"]
    if function not in FUNCTIONS:
        raise cannot_build(
            leaf, framework, f"the function {quoted(function)} is not known", suggest(function, FUNCTIONS)
        )
    taken = 3 if function == "where" else 2
    if len(leaf.input_shapes) != taken:
        raise cannot_build(leaf, framework, f"'{function}' takes {taken} inputs, not {len(leaf.input_shapes)}")
