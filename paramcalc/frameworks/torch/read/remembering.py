"""What functions of PyTorch give over shapes, each worked out once while a module is read.

A module has many layers that are alike, and each is run several times: for two sizes of the batch, where its calls
are traced, and where they are followed.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from types import NoneType
from typing import Any

_given: ContextVar[dict[Hashable, Any] | None] = ContextVar("given", default=None)
#: What is told apart by its value.
_PLAIN = (int, float, bool, str, NoneType)


class _Unlike(Exception):
    """An argument that nothing is known to be like."""


@contextmanager
def remembering() -> Iterator[None]:
    """Remember, within it, what functions give."""
    token = _given.set({})
    try:
        yield
    finally:
        _given.reset(token)


def called(call: Callable[..., Any], key: Hashable, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """Return what a call gives for arguments; the same again, if something of this key had arguments like these."""
    known = _given.get()
    if known is None or key is None:
        return call(*args, **kwargs)
    try:
        place = key, _like(args), _like(kwargs)
    except _Unlike:
        return call(*args, **kwargs)
    if place not in known:
        known[place] = call(*args, **kwargs)
    return known[place]


def _like(value: Any) -> Hashable:
    """Return what makes an argument like another: of a tensor, its shape. Raises `_Unlike`."""
    import torch

    if isinstance(value, torch.Tensor):
        return "tensor", tuple(value.shape), value.stride(), value.dtype
    if isinstance(value, (list, tuple)):
        return type(value), tuple(map(_like, value))
    if isinstance(value, Mapping):
        return tuple((name, _like(each)) for name, each in value.items())
    if isinstance(value, slice):
        return slice, _like((value.start, value.stop, value.step))
    if isinstance(value, (*_PLAIN, torch.dtype, torch.device, type(...))):
        return type(value), value
    raise _Unlike


def apart(value: Any) -> Any:
    """Return tensors as others of the same shapes, for what acts on them in their place."""
    import torch

    if isinstance(value, torch.Tensor):
        return value.detach()
    return type(value)(map(apart, value)) if type(value) in (list, tuple) else value
