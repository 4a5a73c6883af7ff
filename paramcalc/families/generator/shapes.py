"""Sizes of tensors as expressions: what the functions that make and reshape tensors do to them.

A tensor made while a run is recorded keeps the expressions of its sizes; one that is not understood keeps none.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from paramcalc.families.generator.recording import LOST
from paramcalc.families.generator.remembering import expression, plain
from paramcalc.families.generator.scalars import Double, whole

#: The attribute of a tensor that holds the expressions of its sizes.
SIZES = "_paramcalc_sizes"
_FACTORIES = {"empty", "zeros", "ones", "full", "rand", "randn", "new_empty", "new_zeros", "new_full", "new_ones"}


def sizes_of(tensor: Any) -> tuple[str, ...]:
    """Return the sizes of a tensor as expressions; a size above one that is not known as `?size`."""
    found = getattr(tensor, SIZES, None)
    if found is not None and len(found) == tensor.dim():
        return tuple(found)
    return tuple(str(int(size)) if size <= 1 else f"{LOST}{int(size)}" for size in tensor.shape)


class Sizes(tuple[int, ...]):
    """The sizes of a tensor, with their expressions; its numbers are plain, so that what asks them asks nothing."""

    texts: tuple[str, ...]

    def numel(self) -> int:
        """Return how many elements there are."""
        return math.prod(self)


class Shapes(TorchFunctionMode):  # type: ignore[misc]
    """Follows the sizes of tensors through the functions of PyTorch."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        if isinstance(result, torch.Size) and hasattr(args[0], SIZES):
            found = Sizes(result)
            found.texts = sizes_of(args[0])
            return found
        # what is not understood keeps no expressions, and is no matter to the model
        with suppress(AttributeError, IndexError, KeyError, RuntimeError, TypeError, ValueError):
            name = getattr(func, "__name__", "")
            made = result if name == "meshgrid" else [result] if isinstance(result, torch.Tensor) else []
            sizes = _sizes(name, args, kwargs, made[0]) if made else None
            for each in made:
                if sizes is not None and len(sizes) == each.dim():
                    setattr(each, SIZES, tuple(sizes))
        return result


def _sizes(name: str, args: Sequence[Any], kwargs: Any, result: Any) -> Sequence[str] | None:
    """Return the sizes of what a function gives, as expressions; None where that is not known."""
    if name in _FACTORIES:
        return [*map(_size, _given(name, args, kwargs))]
    if name in _RULES:
        return _RULES[name](args, kwargs)
    if hasattr(result, SIZES):
        return None
    return _broadcast([each for each in (*args, *kwargs.values()) if isinstance(each, torch.Tensor)], result)


def _broadcast(tensors: Sequence[Any], result: Any) -> Sequence[str] | None:
    """Return the sizes of what is made of tensors element by element, as most functions do; None if this was none."""
    known = [each for each in tensors if hasattr(each, SIZES) or each.dim() == 0]
    if (
        not known
        or len(known) < len(tensors)
        or result.shape != torch.broadcast_shapes(*(each.shape for each in known))
    ):
        return next((sizes_of(each) for each in tensors if hasattr(each, SIZES) and each.shape == result.shape), None)
    found = ["1"] * result.dim()
    for each in known:
        for place, text in enumerate(reversed(sizes_of(each)), start=1):
            found[-place] = text if found[-place] == "1" else found[-place]
    return found


def _size(value: Any) -> str:
    return f"{LOST}{plain(value)}" if isinstance(value, Double) else expression(plain_integer(value))


def plain_integer(value: Any) -> Any:
    """Return a whole number of another package as Python's own."""
    return value if hasattr(value, "expression") else int(value)


def _given(name: str, args: Sequence[Any], kwargs: Any) -> Iterable[Any]:
    """Return the sizes that a factory is given."""
    rest = args[1:] if name.startswith("new_") else args
    given = kwargs.get("size", rest[0] if rest and isinstance(rest[0], (list, tuple)) else rest)
    if isinstance(given, Sizes):
        return [whole(size, text) for size, text in zip(given, given.texts, strict=True)]
    found = given if isinstance(given, (list, tuple)) else [given]
    return [found[place] for place in range(len(found))]


def _product(sizes: Iterable[str]) -> str:
    several = [each for each in sizes if each != "1"]
    return f"({' * '.join(several)})" if several else "1"


def _arange(args: Sequence[Any], kwargs: Any) -> Sequence[str] | None:
    numbers = [each for each in args if isinstance(each, (int, float))]
    if "end" in kwargs:
        numbers = [kwargs.get("start", 0), kwargs["end"], kwargs.get("step", 1)]
    low, high, step = (0, numbers[0], 1) if len(numbers) == 1 else (*numbers[:2], *(numbers[2:] or [1]))
    step = kwargs.get("step", step)
    if isinstance(step, Double) and step.ratio is not None and plain(low) == 0:
        top, bottom = step.ratio
        return [f"ceil({expression(high)} * {bottom} / {top})"]
    length = expression(high) if plain(low) == 0 else f"({expression(high)} - {expression(low)})"
    return [length if plain(step) == 1 else f"ceil({length} / {expression(step)})"]


def _viewed(args: Sequence[Any], kwargs: Any) -> Sequence[str] | None:
    given = args[1] if isinstance(args[1], (list, tuple)) else args[1:]
    texts = [_size(given[place]) for place in range(len(given))]
    rest = [place for place, text in enumerate(texts) if text == "-1"]
    for place in rest:
        before = [*sizes_of(args[0])]
        others = []
        for text in (each for other, each in enumerate(texts) if other != place and each != "1"):
            if text in before:
                before.remove(text)
            else:
                others.append(text)
        texts[place] = f"({_product(before)} // {_product(others)})" if others else _product(before)
    return texts if len(rest) < 2 else None


def _expanded(args: Sequence[Any], kwargs: Any) -> Sequence[str]:
    given = args[1] if isinstance(args[1], (list, tuple)) else args[1:]
    before = sizes_of(args[0])
    ahead = len(given) - len(before)
    texts = [_size(given[place]) for place in range(len(given))]
    return [before[place - ahead] if text == "-1" else text for place, text in enumerate(texts)]


def _unsqueezed(args: Sequence[Any], kwargs: Any) -> Sequence[str]:
    sizes = [*sizes_of(args[0])]
    place = plain(args[1] if len(args) > 1 else kwargs["dim"])
    sizes.insert(place if place >= 0 else place + len(sizes) + 1, "1")
    return sizes


def _transposed(args: Sequence[Any], kwargs: Any) -> Sequence[str]:
    sizes = [*sizes_of(args[0])]
    first, second = (args[1:3]) if len(args) > 2 else (kwargs["dim0"], kwargs["dim1"])
    sizes[first], sizes[second] = sizes[second], sizes[first]
    return sizes


def _joined(args: Sequence[Any], kwargs: Any) -> Sequence[str]:
    axis = kwargs.get("dim", args[1] if len(args) > 1 else 0)
    all_sizes = [sizes_of(each) for each in args[0]]
    sizes = [*all_sizes[0]]
    sizes[axis] = f"({' + '.join(each[axis] for each in all_sizes)})"
    return sizes


def _indexed(args: Sequence[Any], kwargs: Any) -> Sequence[str] | None:
    given = args[1] if isinstance(args[1], tuple) else (args[1],)
    before = [*sizes_of(args[0])]
    named = sum(each is not None and each is not Ellipsis for each in given)
    sizes: list[str] = []
    for each in given:
        if each is None:
            sizes.append("1")
        elif each is Ellipsis:
            sizes += [before.pop(0) for _ in range(len(before) - named)]
        elif isinstance(each, slice) and each.stop is None:
            sizes.append(_stepped(before.pop(0), plain(each.start or 0), plain(each.step or 1)))
        elif isinstance(each, int):
            before.pop(0)
        else:
            return None
        named -= each is not None and each is not Ellipsis
    return [*sizes, *before]


def _stepped(size: str, start: int, step: int) -> str:
    """Return how many elements there are from one on, each so many from the one before."""
    rest = f"({size} - {start})" if start > 0 else size
    if start < 0 or step < 1:
        raise ValueError
    return rest if step == 1 else f"ceil({rest} / {step})"


def _grid(args: Sequence[Any], kwargs: Any) -> Sequence[str] | None:
    axes = args[0] if isinstance(args[0], (list, tuple)) else args
    return [text for axis in axes for text in sizes_of(axis)] if kwargs.get("indexing", "ij") == "ij" else None


def _flattened(args: Sequence[Any], kwargs: Any) -> Sequence[str]:
    sizes = [*sizes_of(args[0])]
    first = plain(args[1] if len(args) > 1 else kwargs.get("start_dim", 0)) % len(sizes)
    last = plain(args[2] if len(args) > 2 else kwargs.get("end_dim", -1)) % len(sizes)
    return [*sizes[:first], _product(sizes[first : last + 1]), *sizes[last + 1 :]]


def _stacked(args: Sequence[Any], kwargs: Any) -> Sequence[str]:
    sizes = [*sizes_of(args[0][0])]
    place = plain(kwargs.get("dim", args[1] if len(args) > 1 else 0))
    sizes.insert(place if place >= 0 else place + len(sizes) + 1, str(len(args[0])))
    return sizes


def _permuted(args: Sequence[Any], kwargs: Any) -> Sequence[str]:
    sizes = sizes_of(args[0])
    return [sizes[plain(place)] for place in (args[1] if isinstance(args[1], (list, tuple)) else args[1:])]


def _repeated(args: Sequence[Any], kwargs: Any) -> Sequence[str]:
    given = args[1] if isinstance(args[1], (list, tuple)) else args[1:]
    times = [_size(given[place]) for place in range(len(given))]
    sizes = ["1"] * (len(times) - args[0].dim()) + [*sizes_of(args[0])]
    return [_product(each) for each in zip(sizes, times, strict=True)]


def _summed(args: Sequence[Any], kwargs: Any) -> Sequence[str] | None:
    axis = args[1] if len(args) > 1 else kwargs.get("dim")
    if not isinstance(axis, int) or kwargs.get("keepdim"):
        return None
    sizes = [*sizes_of(args[0])]
    del sizes[plain(axis)]
    return sizes


def _normed(args: Sequence[Any], kwargs: Any) -> Sequence[str]:
    axis = plain(args[2] if len(args) > 2 else kwargs.get("dim", 0))
    return [] if axis == -1 else [size if place == axis else "1" for place, size in enumerate(sizes_of(args[0]))]


_RULES: dict[str, Callable[[Sequence[Any], Any], Sequence[str] | None]] = {
    "arange": _arange,
    "linspace": lambda args, kwargs: [_size(args[2] if len(args) > 2 else kwargs["steps"])],
    "normal": lambda args, kwargs: [*map(_size, kwargs["size"] if "size" in kwargs else args[2])],
    "eye": lambda args, kwargs: [_size(args[0]), _size(args[1] if len(args) > 1 else args[0])],
    "view": _viewed,
    "reshape": _viewed,
    "expand": _expanded,
    "unsqueeze": _unsqueezed,
    "transpose": _transposed,
    "swapaxes": _transposed,
    "t": lambda args, kwargs: [*reversed(sizes_of(args[0]))],
    "outer": lambda args, kwargs: [*sizes_of(args[0]), *sizes_of(args[1])],
    "cat": _joined,
    "concat": _joined,
    "meshgrid": _grid,
    "flatten": _flattened,
    "stack": _stacked,
    "permute": _permuted,
    "repeat": _repeated,
    "sum": _summed,
    "norm_except_dim": _normed,
    "__getitem__": _indexed,
}


class _Maker(type):
    """Stands for a class of tensors in the code of models, which takes sizes as `torch.Tensor(3, 4)` does."""

    real: Any

    def __instancecheck__(cls, value: Any) -> bool:
        return isinstance(value, cls.real)

    def __subclasscheck__(cls, other: type) -> bool:
        return issubclass(other, cls.real)

    def __call__(cls, *given: Any, **options: Any) -> Any:
        made = cls.real(*map(plain, given), **options)
        if given and all(isinstance(each, int) for each in given) and made.dim() == len(given):
            setattr(made, SIZES, tuple(map(_size, given)))
        return made

    def __getattr__(cls, name: str) -> Any:
        return getattr(cls.real, name)


class _Torch:
    """`torch`, as the code of models has it: making a tensor by its class is no function that could be followed."""

    def __init__(self) -> None:
        self.made = {
            name: _Maker(name, (), {"real": getattr(torch, name)}) for name in ("Tensor", "FloatTensor", "LongTensor")
        }

    def __getattr__(self, name: str) -> Any:
        return self.made.get(name) or getattr(torch, name)


#: What stands in the code of models in place of `torch`.
TORCH = _Torch()
