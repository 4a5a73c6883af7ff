"""A module of PyTorch as a layer type: the convention's tables read backwards, and held to the module's own tensors.

The tables say which arguments a class takes for the fields of a kind. Here the module gives the
arguments, and what they leave open is tried; a kind is taken only if it declares exactly the
tensors that the module has, by name, shape and role.
"""

from __future__ import annotations

import math
import re
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import import_module
from itertools import islice, product
from types import NoneType
from typing import Any, NamedTuple, get_args

from paramcalc.conventions import Equivalent, convention, evaluated, field_environment, spell
from paramcalc.core import algebra
from paramcalc.core.algebra import Shape, Undecided, Unknown
from paramcalc.core.errors import ParamcalcError
from paramcalc.core.expression import Environment
from paramcalc.core.registry import built_in_names, kind
from paramcalc.frameworks.stating import stated_plainly
from paramcalc.frameworks.torch.read.tensors import Own, described, modules_in, own_tensors
from paramcalc.layers.base.declaration import Layer, Role
from paramcalc.layers.base.values import plain

_TORCH = convention("torch")
#: No more than so many ways of filling what the tables leave open are tried for a module and a row.
_TRIALS = 1024


@dataclass(frozen=True)
class Known:
    """A module as a kind."""

    #: with what differs from PyTorch's defaults
    layer: Layer
    #: the shapes that it can be given, without the batch; what decides no tensor is open
    inputs: tuple[Shape, ...]
    tensors: Mapping[str, Own]
    #: for each tensor of the module, those of the kind that it holds, each with its shape
    members: Mapping[str, Mapping[str, Shape]]
    dtype: str
    trainable: bool
    #: the row of the tables that names its tensors, if not the first that can
    row: Equivalent | None = None

    @cached_property
    def fields(self) -> dict[str, Any]:
        """The fields that the layer states, as plain data."""
        return {name: plain(value) for name, value in self.layer.stated().items()}

    def outputs(self, inputs: Sequence[Shape]) -> tuple[Shape, ...] | None:
        """Return the shapes of its outputs for these inputs; None where it would need other tensors for them."""
        found = _interpreted(self.layer.with_defaults(_defaults), inputs, self.row)
        return found.outputs if found is not None and found.shapes == _shapes(self.tensors) else None


def _shapes(tensors: Mapping[str, Own]) -> dict[str, tuple[Shape, Role]]:
    return {name: (own.shape, own.role) for name, own in tensors.items()}


# --- Kinds and their tensors -----------------------------------------------------------


class _Interpretation(NamedTuple):
    """What a layer is for some inputs, as PyTorch spells it."""

    outputs: tuple[Shape, ...]
    shapes: dict[str, tuple[Shape, Role]]
    members: dict[str, dict[str, Shape]]
    #: the dtypes that the kind itself states
    dtypes: dict[str, str | None]
    frozen: frozenset[str]


def _defaults(kind_name: str) -> dict[str, Any]:
    return {**_TORCH.layout(kind_name), **_TORCH.choices(kind_name)}


def _interpreted(
    layer: Layer, inputs: Sequence[Shape], row: Equivalent | None = None, elements: int | None = None
) -> _Interpretation | None:
    """Return a layer with these inputs, as its class or another `row` spells it.

    None where it takes no such inputs, or has not so many `elements`: the spelling keeps their number, and takes long.
    """
    try:
        outputs, declared = layer.infer(*inputs)
        tensors = [tensor for tensor in declared if tensor.when is True or algebra.truth(tensor.condition)]
        if elements is not None and sum(tensor.elements for tensor in tensors) != elements:
            return None
        row = _TORCH.equivalent(layer, inputs) if row is None else row
        spellings = spell(_TORCH, row, tensors, [tensor.shape for tensor in tensors])
    except (ParamcalcError, Undecided):
        return None
    firsts = {each.name: tensors[each.members[0]] for each in spellings}
    return _Interpretation(
        outputs,
        {each.name: (each.shape, firsts[each.name].role) for each in spellings},
        {each.name: {tensors[member].name: tensors[member].shape for member in each.members} for each in spellings},
        {name: tensor.dtype for name, tensor in firsts.items()},
        frozenset(name for name, tensor in firsts.items() if tensor.frozen),
    )


def outputs_of(layer: Layer, inputs: Sequence[Shape]) -> tuple[Shape, ...] | None:
    """Return the shapes of a layer's outputs; None where it takes no such inputs."""
    found = _interpreted(layer.with_defaults(_defaults), inputs)
    return found.outputs if found is not None else None


# --- Rows of the tables by class -------------------------------------------------------


@cache
def _rows() -> dict[Any, list[tuple[str, Equivalent]]]:
    """Return the rows of PyTorch's tables by their class."""
    found: dict[Any, list[tuple[str, Equivalent]]] = {}
    for kind_name in built_in_names():
        for row in _TORCH.equivalents(kind_name):
            module, _, name = row.name.rpartition(".")
            found.setdefault(getattr(import_module(module), name), []).append((kind_name, row))
    return found


def signature_of(module: Any) -> Hashable:
    """Return what decides which layer type a module is: its class, its tensors, the plain attributes of all in it."""
    tensors = tuple((name, described(tensor, name)) for name, tensor in own_tensors(module).items())
    attributes = tuple(
        (type(each), name, _told_apart(value))
        for each in modules_in(module)
        for name, value in vars(each).items()
        # while calls are traced, each module has a forward run of its own
        if not name.startswith("_") and name not in ("training", "forward")
    )
    return type(module), tensors, attributes


def _told_apart(value: Any) -> Hashable:
    """Return an attribute as it is told apart from others: what is plain by its type and value, the rest by itself."""
    if type(value) in (int, str, NoneType):
        return value  # type: ignore[no-any-return]
    if isinstance(value, tuple):
        return tuple(map(_told_apart, value))
    if isinstance(value, (int, float, str)):
        return type(value), value
    return f"{type(value).__name__} {id(value)}"


@cache
def _around_kernels() -> list[tuple[str, Equivalent, str]]:
    """Return the rows of layers around a layer that compute its weight, and the name of what they compute it from."""
    return [
        (kind_name, row, row.parts[_KERNEL])
        for kind_name in built_in_names()
        for row in _TORCH.equivalents(kind_name)
        if _KERNEL in row.parts
    ]


#: What PyTorch calls the weight of a layer, and its tables that of a layer within a layer.
_KERNEL_NAME = "weight"
_KERNEL = f"layer.{_KERNEL_NAME}"


def may_be_known(module: Any) -> bool:
    """Whether a module may be of a layer type: by its class, or by a weight that is computed."""
    rows = _rows()
    if any(cls in rows for cls in type(module).__mro__):
        return True
    return any(first in module._parameters or first in module._modules for first in _first_names())


@cache
def _first_names() -> frozenset[str]:
    """Return the names under which modules keep what their weight is computed from."""
    return frozenset(original.partition(".")[0] for _, _, original in _around_kernels())


def known(module: Any) -> Known | None:
    """Return the layer type that a module is, with all its tensors; None where no layer type has exactly these."""
    tensors = {name: described(tensor, name) for name, tensor in own_tensors(module).items()}
    return _around(module, tensors) or _known(module, tensors)


def _around(module: Any, tensors: Mapping[str, Own]) -> Known | None:
    """Return what is known of a module whose weight is computed from other tensors: a layer type around its own."""
    for kind_name, row, original in _around_kernels():
        if original not in tensors:
            continue
        rest = {name: own for name, own in tensors.items() if name not in row.tensors.values()}
        inner = _known(module, {_KERNEL_NAME if name == original else name: own for name, own in rest.items()})
        if inner is None:
            continue
        rank = len(tensors[original].shape)
        for axis in (_ABSENT, *range(-2, -rank - 1, -1), None):
            found = _around_axis(kind(kind_name), row, module, inner, axis, tensors)
            if found is not None:
                return found
    return None


def _around_axis(
    cls: type[Layer], row: Equivalent, module: Any, inner: Known, axis: Any, tensors: Mapping[str, Own]
) -> Known | None:
    """Return what is known of a module as a layer type around another, along an axis of its kernel, or None."""
    try:
        layer = cls(layer=inner.layer, **({} if axis is _ABSENT else {"axis": axis})).with_defaults(_defaults)
        wrapped = _TORCH.environment(layer, inner.inputs).values["wrapped_axis"]
    except ParamcalcError:
        return None
    said = next((_said(module, name, text) for name, text in row.arguments.items() if text == "wrapped_axis"), _ABSENT)
    # the last axis is what PyTorch writes for none
    if said not in (_ABSENT, -1 if wrapped is None else wrapped):
        return None
    return _held(layer, inner.inputs, tensors, row)


def _known(module: Any, tensors: Mapping[str, Own]) -> Known | None:
    """Return what is known of a module with these tensors."""
    rows = next((rows for cls in type(module).__mro__ if (rows := _rows().get(cls))), ())
    others = []
    for kind_name, row in rows:
        for layer, inputs, agrees in _candidates(kind(kind_name), row, module, tensors):
            if not agrees:
                others.append((layer, inputs))
            elif (found := _held(layer, inputs, tensors)) is not None:
                return found
    # an argument that only says how the input is laid out, such as batch_first
    held = (found for layer, inputs in others if (found := _held(layer, inputs, tensors)) is not None)
    return next((found for found in held if tensors or found.outputs(found.inputs) == found.inputs[:1]), None)


def _held(
    layer: Layer, inputs: tuple[Shape, ...], tensors: Mapping[str, Own], row: Equivalent | None = None
) -> Known | None:
    """Return what is known of a module with these tensors as a layer; None where it is not exactly that.

    The names are those of its class, or of another `row` of the tables.
    """
    found = _interpreted(layer, inputs, row, sum(math.prod(own.shape) for own in tensors.values()))
    if found is None or found.shapes != _shapes(tensors):
        return None
    parameters = [own for name, own in tensors.items() if own.role == "parameter" and name not in found.frozen]
    dtypes = {own.dtype for name, own in tensors.items() if found.dtypes[name] is None}
    trainable = {own.trainable for own in parameters} or {True}
    stated_right = all(own.dtype == found.dtypes[name] for name, own in tensors.items() if found.dtypes[name])
    frozen = any(tensors[name].trainable for name in found.frozen)
    if len(dtypes) > 1 or len(trainable) > 1 or frozen or not stated_right:
        return None
    return Known(
        stated_plainly(layer, _defaults, *inputs[:1]),
        inputs,
        tensors,
        found.members,
        next(iter(dtypes), "float32"),
        next(iter(trainable)),
        row,
    )


# --- What a module says, and what is tried ----------------------------------------------

_ABSENT: Any = object()


def _candidates(
    cls: type[Layer], row: Equivalent, module: Any, tensors: Mapping[str, Own]
) -> Iterator[tuple[Layer, tuple[Shape, ...], bool]]:
    """Yield the layers that a module may be, with inputs, and whether all that the module says agrees with them."""
    arguments = {name: _said(module, name, text) for name, text in row.arguments.items()}
    choices = {name: [value] for name, value in row.fields.items()}
    for name, text in row.arguments.items():
        for field, values in _solved(cls, text, arguments[name]):
            choices.setdefault(field, values)
    whole = _whole_numbers(module)
    within = _fields_within(module)
    for field, info in cls.model_fields.items():
        if field in choices:
            continue
        said = _said(module, field, field)
        mentioned = field in row.arguments.values()
        sized = field in cls.width_fields() or field in cls.lettered_fields()
        if field in cls.nested_fields() or (mentioned and field in cls.flags()):
            continue
        if field in within and (not mentioned or (sized and said is _ABSENT)):
            choices[field] = [within[field]]
        elif info.is_required():
            choices[field] = [said] if said is not _ABSENT else list(whole)
        elif mentioned:
            choices[field] = [_ABSENT, *(whole if sized else _counts_said(module, field))]
    flags = {field: [_ABSENT, not cls.model_fields[field].default] for field in cls.flags() if field not in choices}
    choices |= flags
    says_size = any(_is_size(text) and arguments[name] is not _ABSENT for name, text in row.arguments.items())
    needs_size = tensors and not says_size
    features = [None, *(whole if needs_size else ())]
    for *values, size in islice(product(*choices.values(), features), _TRIALS):
        fields = {name: value for name, value in zip(choices, values, strict=True) if value is not _ABSENT}
        yield from _with_inputs(cls, row, fields, arguments, size)


def _said(module: Any, argument: str, text: str) -> Any:
    """Return the value of a constructor's argument: the attribute of that name, of the module or of one in it."""
    for each in module.modules():
        if argument in each.__dict__ or any(
            argument in table for table in (each._parameters, each._buffers, each._modules)
        ):
            return _plain(getattr(each, argument))
    return _ABSENT


def _fields_within(module: Any) -> dict[str, Any]:
    """Return the fields of the first layer in a list within a module, for a layer type made of such layers."""
    from torch import nn

    lists = (each for each in module.modules() if isinstance(each, nn.ModuleList) and len(each))
    found = next((layer for each in lists if (layer := known(each[0]))), None)
    return {name: getattr(found.layer, name) for name in type(found.layer).model_fields} if found is not None else {}


def _counts_said(module: Any, field: str) -> list[int]:
    """Return the whole numbers that modules within a module state under a name made of words of a field's."""
    words = {*field.split("_")}
    said = (
        value
        for each in modules_in(module)
        for name, value in vars(each).items()
        if type(value) is int and value > 0 and {*name.split("_")} <= words
    )
    return [*dict.fromkeys(said)]


def _plain(value: Any) -> Any:
    """Return an attribute as a field has it: numbers, texts, the name of a function, a layer, whether it is there."""
    import torch

    if isinstance(value, torch.nn.Dropout):
        # a layer made of others states the rate alone
        return value.p
    if isinstance(value, torch.nn.Module):
        found = known(value)
        return found.layer if found is not None else _ABSENT
    if isinstance(value, torch.Tensor):
        return True
    if callable(value):
        return getattr(value, "__name__", _ABSENT)
    return tuple(value) if isinstance(value, list) else value


def _solved(cls: type[Layer], text: str, value: Any) -> Iterator[tuple[str, list[Any]]]:
    """Yield the fields that an argument's value decides, each with the values that it may have."""
    if value is _ABSENT:
        return
    if _is_size(text):
        inside = re.sub(r"^\[?size\(|\)\]?$", "", text)
        if inside in cls.model_fields and isinstance(value, tuple) and len(value) > 1:
            # several sizes are those of the last axes
            yield inside, [tuple(range(-len(value), 0))]
        return
    if text in cls.flags():
        yield text, [value if isinstance(value, bool) else value is not None]
        return
    if text in cls.model_fields:
        given = [value if value is not None else _ABSENT]
        yield text, [_ABSENT, *given] if _alike(cls.model_fields[text].default) == _alike(value) else given
        return
    nested = _by_place(text, value)
    if nested is not None:
        yield nested
        return
    for field in re.findall(r"[A-Za-z_]\w*", re.sub(r"size\([^()]*\)|'[^']*'", "", text)):
        if field in cls.model_fields:
            words = get_args(cls.model_fields[field].annotation)
            yield field, [_ABSENT, *(words or [value])]


def _by_place(text: str, value: Any) -> tuple[str, list[Any]] | None:
    """Return a field of pairs that an argument lists one by one: "[padding[1][0], padding[1][1], …]"."""
    places = re.findall(r"(\w+)\[(\d+)\]\[(\d+)\]", text)
    names = {name for name, _, _ in places}
    if len(names) != 1 or not isinstance(value, tuple) or len(value) != len(places):
        return None
    found: dict[int, dict[int, Any]] = {}
    for (_, outer, inner), each in zip(places, value, strict=True):
        found.setdefault(int(outer), {})[int(inner)] = each
    pairs = tuple(tuple(pair[place] for place in sorted(pair)) for _, pair in sorted(found.items()))
    return names.pop(), [pairs[0] if len(pairs) == 1 else pairs, pairs]


def _whole_numbers(module: Any) -> list[int]:
    """Return the sizes that a module speaks of: its tensors', and the numbers among its attributes."""
    sizes = (size for tensor in own_tensors(module).values() for size in tensor.shape)
    attributes = (value for each in module.modules() for value in vars(each).values() if type(value) is int)
    return [size for size in dict.fromkeys((*sizes, *attributes)) if size > 0][:64]


# --- Inputs ----------------------------------------------------------------------------


def _is_size(text: str) -> bool:
    return re.fullmatch(r"\[?size\([^()]*\)\]?|features\[.*\]", text) is not None


def _with_inputs(
    cls: type[Layer], row: Equivalent, fields: Mapping[str, Any], arguments: Mapping[str, Any], size: int | None
) -> Iterator[tuple[Layer, tuple[Shape, ...], bool]]:
    """Yield a layer of these fields, with every number of inputs and of axes for which the row is its own."""
    outside = {inside: name for name, inside in cls.spelled_fields().items()}
    try:
        layer = cls(**{outside[name]: value for name, value in fields.items()}).with_defaults(_defaults)
    except ParamcalcError:
        return
    for ranks in _ranks(cls):
        try:
            inputs = _inputs(layer, row, arguments, ranks, size)
            equivalent = _TORCH.equivalent(layer, inputs)
        except (ParamcalcError, Undecided, IndexError, TypeError):
            continue
        if row.alias or (equivalent is not None and equivalent.name == row.name):
            yield layer, inputs, _agrees(layer, inputs, row, arguments)


def _ranks(cls: type[Layer]) -> Iterator[tuple[int, ...]]:
    """Yield the numbers of axes of each input, for every number of inputs: the fewest first."""
    axes = cls.inputs
    needed = sum(not each.optional for each in axes)
    counts = [cls.variadic] if cls.variadic else dict.fromkeys((needed, len(axes)))
    for count in counts:
        padded = [axes[min(place, len(axes) - 1)] for place in range(count)]
        for more in range(4 if any(each.open for each in padded) else 1):
            yield tuple(max(len(each.names) + (more if each.open else 0), 1) for each in padded)


def _inputs(
    layer: Layer, row: Equivalent, arguments: Mapping[str, Any], ranks: Sequence[int], size: int | None
) -> tuple[Shape, ...]:
    """Return the shapes of the inputs, with the sizes that the arguments say."""
    shapes: list[list[Any]] = [[Unknown()] * rank for rank in ranks]
    if size is not None:
        shapes[0][-1] = size
    environment = field_environment(layer, [tuple(range(rank)) for rank in ranks])
    # each size stands for its own place
    values = {**environment.values, "features": tuple(range(len(ranks)))}
    for name, text in row.arguments.items():
        if not _is_size(text) or arguments[name] is _ABSENT:
            continue
        places = evaluated(text, Environment(values, tuple(range(ranks[0]))))
        for place, value in zip(_tuple(places), _tuple(arguments[name]), strict=True):
            if text.startswith("features"):
                shapes[place][-1] = value
            else:
                shapes[0][place] = value
    features = shapes[0][-1]
    for shape in shapes[1:]:
        shape[-1] = features if isinstance(shape[-1], Unknown) else shape[-1]
    return tuple(map(tuple, shapes))


def _agrees(layer: Layer, inputs: Sequence[Shape], row: Equivalent, arguments: Mapping[str, Any]) -> bool:
    """Return whether the table gives the arguments that the module has for a layer."""
    environment = field_environment(layer, inputs)
    for name, text in row.arguments.items():
        if arguments[name] is _ABSENT:
            continue
        try:
            value = evaluated(text, environment)
        except (ParamcalcError, Undecided):
            continue
        said = arguments[name]
        if isinstance(value, bool) and not isinstance(said, bool):
            said = said is not None
        if not isinstance(value, Unknown) and _alike(value) != _alike(said):
            return False
    return True


def _alike(value: Any) -> Any:
    """Return a value in one form: equal sides are one number, and no padding is a padding of 0."""
    if value == "valid":
        return 0
    sides = {*value} if isinstance(value, tuple) and not any(isinstance(each, (tuple, list)) for each in value) else ()
    return next(iter(sides)) if len(sides) == 1 else value


def _tuple(value: Any) -> Iterable[Any]:
    return value if isinstance(value, tuple) else (value,)
