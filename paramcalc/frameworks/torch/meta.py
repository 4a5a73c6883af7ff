"""Modules of PyTorch without numbers: made on the device `meta`, where drawing numbers is left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

import torch
from torch.nn import init
from torch.overrides import TorchFunctionMode


def without_numbers() -> ExitStack:
    """Return a context in which modules are made on the device `meta`."""
    with ExitStack() as stack:
        stack.enter_context(torch.device("meta"))
        stack.enter_context(_Undrawn())
        return stack.pop_all()


class _Undrawn(TorchFunctionMode):  # type: ignore[misc]
    """Leaves out what draws numbers for tensors that have none, which takes longer than the rest of a module."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        is_right = _DRAWING.get(func)
        if is_right is not None:
            tensor = args[0] if args else kwargs["tensor"]
            if tensor.is_meta and is_right(tensor, kwargs):
                return tensor
        return func(*args, **kwargs)


#: What fills a tensor with numbers, and whether it does not refuse what it is given.
_DRAWING: dict[Callable[..., Any], Callable[[torch.Tensor, Mapping[str, Any]], bool]] = {
    init.uniform_: lambda tensor, given: True,
    init.constant_: lambda tensor, given: True,
    init.normal_: lambda tensor, given: given["std"] >= 0,
    init.kaiming_uniform_: lambda tensor, given: (
        tensor.dim() > 1 and given["mode"] in ("fan_in", "fan_out") and given["nonlinearity"] == "leaky_relu"
    ),
    torch.Tensor.zero_: lambda tensor, given: True,
}
