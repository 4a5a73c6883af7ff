"""Operations that take parts of what they are given: indices, and several outputs of one input."""

from __future__ import annotations

from itertools import accumulate
from typing import Any

from paramcalc.core.errors import LIMITS, quoted
from paramcalc.core.registry import kind
from paramcalc.frameworks.keras.read.operation_call import OperationCall, with_ones
from paramcalc.layers.base.declaration import Layer

_SLICE = "__slice__"
_REST = "__ellipsis__"


def get_item(called: OperationCall) -> list[Layer]:
    """Indexing, axis by axis: the last first, since an index removes its axis; new axes at the end."""
    layers: list[Layer] = []
    keys = _keys(called)
    for axis, key in reversed([*enumerate(each for each in keys if each is not None)]):
        if axis == 0 and not (_is_slice(key) and _bounds(key) == (None, None, None)):
            raise called.refusal("it takes a part of the batch")
        layers += _part(called, axis, key)
    if None in keys:
        sizes, axes = _shape_after(called, keys)
        layers.append(with_ones(called, sizes, axes))
    return layers or [kind("Activation")(activation="linear")]


def _keys(called: OperationCall) -> list[Any]:
    """Return what each axis is indexed with, and None for each new one. Raises `unknown-kind`."""
    stated = called.constants[0] if called.constants else None
    keys = stated if isinstance(stated, (list, tuple)) else [stated]
    every = {"class_name": _SLICE, "config": {}}
    rest = [place for place, key in enumerate(keys) if isinstance(key, dict) and key.get("class_name") == _REST]
    taken = sum(key is not None for key in keys) - len(rest)
    if len(rest) > 1 or len(keys) > 2 * LIMITS.axes or taken > len(called.shape):
        raise called.refusal("its index does not go with its axes")
    if rest:
        more = [every] * (len(called.shape) - taken)
        return [*keys[: rest[0]], *more, *keys[rest[0] + 1 :]]
    return [*keys]


def _part(called: OperationCall, axis: int, key: Any) -> list[Layer]:
    """Return what an axis is indexed with as a layer; none, where the whole axis stays."""
    if type(key) is int:
        stop = {} if key == -1 else {"stop": key + 1}
        return [kind("Slice")(axis=axis, start=key, **stop, keepdims=False)]
    if not _is_slice(key):
        raise called.refusal(f"it is indexed with {quoted(key)}")
    start, stop, step = _bounds(key)
    if not all(type(bound) in (int, type(None)) for bound in (start, stop, step)) or (step or 1) < 1:
        raise called.refusal("it goes backwards")
    if (start, stop, step or 1) == (None, None, 1):
        return []
    stated = {name: bound for name, bound in (("start", start), ("stop", stop)) if bound is not None}
    further = {} if step in (None, 1) else {"step": step}
    return [kind("Slice")(axis=axis, **_within(called, axis, stated), **further)]


def _is_slice(value: Any) -> bool:
    return isinstance(value, dict) and value.get("class_name") == _SLICE and isinstance(value.get("config"), dict)


def _bounds(value: Any) -> tuple[Any, Any, Any]:
    config = value["config"]
    return config.get("start"), config.get("stop"), config.get("step")


def _within(called: OperationCall, axis: int, stated: dict[str, int]) -> dict[str, int]:
    """Bounds that are not beyond the axis, as indexing has it."""
    length = called.shape[axis]
    if length is None:
        return stated
    return {name: max(-length, min(length, bound)) for name, bound in stated.items()}


def _shape_after(called: OperationCall, keys: list[Any]) -> tuple[list[int], list[int]]:
    """Return the sizes that are left of the axes that are indexed, and the places of the new ones among them."""
    sizes: list[int] = []
    new: list[int] = []
    left = iter(enumerate(called.sizes, 1))
    for key in keys[1:]:
        if key is None:
            new.append(len(sizes) + len(new) + 1)
            continue
        _, size = next(left)
        if type(key) is int:
            continue
        if size == -1 and _bounds(key) != (None, None, None):
            raise called.refusal("a length of what it is given is unknown")
        sizes.append(size if size == -1 else len(range(*slice(*_bounds(key)).indices(size))))
    return [*sizes, *(size for _, size in left)], new


def split(called: OperationCall) -> list[Layer]:
    """Equal parts of an axis, or those between some places of it."""
    axis, into = called.axis(called.config.get("axis")), called.argument("indices_or_sections")
    length = called.shape[axis]
    if type(into) is int and length is not None and 0 < into <= LIMITS.list_length and length % into == 0:
        into = [*accumulate([length // into] * (into - 1))]
    if not isinstance(into, list) or not all(type(place) is int and place > 0 for place in into):
        raise called.refusal(f"it makes {quoted(str(into))} parts of an axis of {quoted(length)}")
    starts, stops = [0, *into], [*into, None]
    return [
        kind("Slice")(axis=axis, start=start, **({} if stop is None else {"stop": stop}))
        for start, stop in zip(starts, stops, strict=True)
    ]


def unstack(called: OperationCall) -> list[Layer]:
    """Take every position of an axis for itself."""
    axis = called.axis(called.config.get("axis"))
    length = called.shape[axis]
    if length is None or length > LIMITS.list_length:
        raise called.refusal(f"it makes one output of each of {quoted(length)} positions")
    return [kind("Slice")(axis=axis, start=place, stop=place + 1, keepdims=False) for place in range(length)]
