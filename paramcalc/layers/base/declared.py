"""Tensors that a spec itself declares: a shape, or a mapping that says more."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any, TypeAlias

from paramcalc.core import algebra
from paramcalc.core.errors import ParamcalcError, listed, quoted, refuse, suggest
from paramcalc.layers.base.declaration import Tensor
from paramcalc.layers.base.fields import (
    DTYPES,
    SIZE,
    FieldType,
    Given,
    Whole,
    bounded_axes,
    named,
    read_dtype,
    read_integer,
    read_size,
)

#: What a tensor may be; `cache`: none that a layer owns, but what it keeps of an example to generate a sequence.
ROLES = ("parameter", "state", "cache")


def read_tensors(value: Any) -> Any:
    """Read tensors by their names, each a shape or a mapping with a shape."""
    if not isinstance(value, Mapping) or not value:
        raise refuse("wrong-type", f"takes a mapping of tensor names to shapes, not {named(value)}")
    for name in value:
        if not isinstance(name, str) or not re.fullmatch(r"[^\W\d][\w-]*", name):
            raise refuse("invalid-name", f"{quoted(name)} cannot name a tensor")
    return {name: _read_tensor(name, declared) for name, declared in value.items()}


def _read_tensor(name: str, declared: Any) -> Any:
    if not isinstance(declared, Mapping):
        return read_tensor_shape(declared)
    for key in declared:
        if key not in _KEYS:
            hint = suggest(key, _KEYS) or listed("the keys of a tensor", _KEYS)
            raise refuse("unknown-key", f"a tensor has no key {quoted(key)}", hint, (name, key), True)
    if "shape" not in declared:
        raise refuse("missing-key", f"the tensor '{name}' has no 'shape'", path=(name,))
    found = {}
    for key, value in declared.items():
        try:
            found[key] = _KEYS[key](value)
        except ParamcalcError as error:
            raise error.within(name, key) from None
    return found


def read_tensor_shape(value: Any) -> Any:
    """Read the shape of a tensor: a list of sizes."""
    if not isinstance(value, (list, tuple)):
        raise refuse("wrong-type", f"a tensor's shape is a list of sizes, not {named(value)}")
    return tuple(read_size(item) for item in bounded_axes(value))


def _read_role(value: Any) -> Any:
    if value in ROLES:
        return value
    raise refuse("invalid-value", f"'role' is parameter, state or cache, not {quoted(value)}")


def _read_truth(value: Any) -> Any:
    if isinstance(value, bool):
        return value
    raise refuse("wrong-type", f"takes true or false, not {named(value)}")


def _read_meaning(value: Any) -> Any:
    if isinstance(value, str):
        return value
    raise refuse("wrong-type", f"'meaning' is a text, not {named(value)}")


def _read_active(value: Any) -> Any:
    if not isinstance(value, Mapping) or {*value} != {"axis", "of"}:
        raise refuse(
            "wrong-type",
            f"'active' is an axis and a number of its elements: {{axis: 0, of: top_k}}, not {named(value)}",
        )
    return {"axis": read_integer(value["axis"]), "of": read_size(value["of"])}


_KEYS: dict[str, Callable[[Any], Any]] = {
    "shape": read_tensor_shape,
    "role": _read_role,
    "dtype": read_dtype,
    "trainable": _read_truth,
    "persistent": _read_truth,
    "meaning": _read_meaning,
    "active": _read_active,
}


def declared_tensors(tensors: Mapping[str, Any], role: str = "parameter") -> Iterator[Tensor]:
    """Yield tensors as a spec declares them, but what is cached. Raises `invalid-value` for a wrong active part."""
    for name, declared in tensors.items():
        said = declared if isinstance(declared, Mapping) else {"shape": declared}
        its_role = said.get("role", role)
        shape = said["shape"]
        if its_role == "cache":
            continue
        yield Tensor(
            name,
            shape,
            said.get("meaning")
            or ("a state declared by the spec" if its_role == "state" else "a tensor declared by the spec"),
            its_role,
            dtype=said.get("dtype"),
            frozen=said.get("trainable", True) is False,
            persistent=said.get("persistent", True),
            active=_active(name, shape, said["active"]) if "active" in said else None,
        )


def cached_tensors(tensors: Mapping[str, Any]) -> Iterator[Tensor]:
    """Yield what a spec declares to be kept of an example, while a sequence is generated."""
    for name, declared in tensors.items():
        if isinstance(declared, Mapping) and declared.get("role") == "cache":
            meaning = declared.get("meaning") or "a cache declared by the spec"
            yield Tensor(name, declared["shape"], meaning, "state", dtype=declared.get("dtype"))


def active_shape(tensor: Tensor) -> tuple[Any, ...]:
    """Return the shape of the part of a tensor that an example passes through."""
    if tensor.active is None:
        return tuple(tensor.shape)
    axis, number = tensor.active
    place = axis % len(tensor.shape)
    return (*tensor.shape[:place], number, *tensor.shape[place + 1 :])


def _active(name: str, shape: Sequence[Any], active: Mapping[str, Any]) -> tuple[int, Any]:
    """Return the axis of which some elements are active, and how many."""
    axis, number = active["axis"], active["of"]
    if type(axis) is not int or not -len(shape) <= axis < len(shape):
        raise refuse(
            "invalid-value", f"the tensor '{name}' has no axis {quoted(axis)}: its first is 0, that of no batch"
        )
    if not algebra.at_least(shape[axis] - number, 0):
        raise refuse(
            "invalid-value", f"{quoted(number)} of the {quoted(shape[axis])} elements of an axis of '{name}' are active"
        )
    return axis, number


_SHAPE = {"type": "array", "items": SIZE}
_SCHEMA = {
    "anyOf": [
        _SHAPE,
        {
            "type": "object",
            "properties": {
                "shape": _SHAPE,
                "role": {"enum": [*ROLES]},
                "dtype": {"enum": [*DTYPES]},
                "trainable": {"type": "boolean"},
                "persistent": {"type": "boolean"},
                "meaning": {"type": "string"},
                "active": {
                    "type": "object",
                    "properties": {"axis": {"type": "integer"}, "of": SIZE},
                    "required": ["axis", "of"],
                    "additionalProperties": False,
                },
            },
            "required": ["shape"],
            "additionalProperties": False,
        },
    ]
}
#: Named tensors, each a shape, or a mapping that says more.
TensorShapes: TypeAlias = Annotated[
    Given[Mapping[str, Sequence[Whole] | Mapping[str, Any]]],
    FieldType(read_tensors, {"type": "object", "additionalProperties": _SCHEMA, "minProperties": 1}, opens=True),
]
