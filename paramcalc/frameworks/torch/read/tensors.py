"""The tensors of a module of PyTorch: which it has, and what a spec says of each."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from paramcalc.core.algebra import Shape
from paramcalc.core.errors import quoted, refuse
from paramcalc.layers.base.declaration import Role
from paramcalc.layers.base.fields import DTYPES


class Own(NamedTuple):
    """A tensor as its module has it."""

    shape: Shape
    role: Role
    dtype: str
    trainable: bool


def own_tensors(module: Any, recurse: bool = True) -> dict[str, Any]:
    """Return the parameters and buffers of a module by their names, each under every name that it has.

    Those without elements are left out: no spec can state a size of 0, and they count nothing.
    """
    return {name: each for name, each in _every_tensor(module, recurse).items() if not is_empty(each)}


def _every_tensor(module: Any, recurse: bool = True) -> dict[str, Any]:
    if not module._modules:
        own = {**module._parameters, **module._buffers}
        return {name: tensor for name, tensor in own.items() if tensor is not None}
    parameters = module.named_parameters(recurse=recurse, remove_duplicate=False)
    return {**dict(parameters), **dict(module.named_buffers(recurse=recurse, remove_duplicate=False))}


def is_empty(tensor: Any) -> bool:
    """Whether a tensor has no elements; a lazy one has no size yet."""
    return 0 in tensor.shape if _has_size(tensor.__class__) else False


@cache
def _has_size(cls: type) -> bool:
    """Whether tensors of a class have sizes: lazy ones have none yet."""
    from torch.nn.parameter import UninitializedTensorMixin  # type: ignore[attr-defined]

    return not issubclass(cls, UninitializedTensorMixin)


@cache
def _parameter() -> Any:
    from torch.nn import Parameter

    return Parameter


def modules_in(module: Any) -> Iterator[Any]:
    """Yield a module and all in it, each once; PyTorch names them as well, which takes longer."""
    found = {id(module)}
    pending = [module]
    while pending:
        each = pending.pop()
        yield each
        for child in each._modules.values():
            if child is not None and id(child) not in found:
                found.add(id(child))
                pending.append(child)


def check_complete(module: Any) -> None:
    """Refuse, as `invalid-value`, a module that keeps numbers, as packed ones, outside parameters and buffers."""
    from torch.nn import Module

    if not any(_may_keep_more(each, Module) for each in modules_in(module)):
        return
    kept = {name for name in module.state_dict() if not name.endswith("_extra_state")}
    hidden = sorted(kept - _every_tensor(module).keys())
    if hidden:
        raise refuse(
            "invalid-value",
            f"{quoted(hidden[0])} is kept by the module but is no parameter and no buffer, so it cannot be counted",
            "read the model before it is quantised",
        )


def _may_keep_more(module: Any, base: Any) -> bool:
    """Whether a module saves anything in a way of its own, and not as the class of all saves parameters and buffers."""
    cls = type(module)
    return (
        cls.state_dict is not base.state_dict
        or cls._save_to_state_dict is not base._save_to_state_dict
        or bool(module._state_dict_hooks or module._state_dict_pre_hooks)
    )


def described(tensor: Any, path: str) -> Own:
    """Return what a spec says of a tensor. Raises `invalid-value` for one that has no size, or no known dtype."""
    if not _has_size(tensor.__class__):
        raise refuse(
            "invalid-value",
            f"'{path}' has no size yet: a lazy module takes it from its first input",
            "run the model once on an example, then read it",
        )
    dtype = _name_of(tensor.dtype)
    if dtype not in DTYPES:
        raise refuse(
            "invalid-value", f"'{path}' has the dtype {dtype}, whose elements are not counted", "convert it first"
        )
    # PyTorch takes long to say of what a tensor is an instance
    is_parameter = type(tensor) is _parameter() or isinstance(tensor, _parameter())
    role: Role = "parameter" if is_parameter else "state"
    return Own(tuple(tensor.shape), role, dtype, role == "parameter" and tensor.requires_grad)


@cache
def _name_of(dtype: Any) -> str:
    return str(dtype).removeprefix("torch.")
