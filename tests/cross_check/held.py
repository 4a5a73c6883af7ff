"""Holding a derived spec against what its constructor makes, at points at which it was not derived."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import torch
from torch import nn

import paramcalc as pc
from paramcalc.frameworks.deriving.arguments import Arguments, read_arguments
from tests.cross_check.constructors import Case

#: At how many fresh points each is held.
POINTS = 20
_BUDGET = 900.0


def fresh(arguments: Arguments, net: pc.Derived, draw: random.Random) -> Iterator[dict[str, Any]]:
    """Points that meet what is required: drawn otherwise than those at which it was derived."""
    for _ in range(2000):
        lengths = draw.choice((0, 0, 1, -1))
        point = {
            name: value
            if name not in net.spec.dims
            else [size(each, draw) for each in (value * 2)[: max(1, len(value) + lengths)]]
            if isinstance(value, list)
            else size(value, draw)
            for name, value in arguments.values.items()
        }
        if is_met(net, point):
            yield point


def is_met(net: pc.Derived, point: dict[str, Any]) -> bool:
    """Whether a point meets what is required; anything else that is refused is looked at with the module."""
    try:
        pc.count(net, dims={name: point[name] for name in net.spec.dims})
    except pc.ParamcalcError as error:
        return error.code != "unmet-condition"
    return True


def size(value: int, draw: random.Random) -> int:
    """A size around another one, or far from it; a small one stays small."""
    if value <= 16:
        return draw.choice((value, draw.randint(1, 9)))
    return draw.choice((value, draw.randint(1, 2 * value), 8 * draw.randint(1, value // 4), draw.randint(1, 40)))


def numbers(module: nn.Module) -> tuple[int, int, int]:
    """All parameters of a module, those that are trained, and the elements of its buffers."""
    parameters = list(module.parameters())
    return (
        sum(each.numel() for each in parameters),
        sum(each.numel() for each in parameters if each.requires_grad),
        sum(each.numel() for each in module.buffers()),
    )


def derived(case: Case) -> pc.Derived:
    """What is derived of a case, whose arguments are bound, since some are called as an option is.

    A machine that is busy may take longer than the budget that there is if nothing is said.
    """
    return pc.derive(partial(case.constructor, **case.arguments), budget=_BUDGET)


def made(arguments: Arguments, point: dict[str, Any], devices: Sequence[str] = ("meta", "cpu")) -> nn.Module | None:
    """The module at a point, without numbers where that is possible; None where there is none, or an empty tensor."""
    for device in devices:
        with suppress(Exception), torch.device(device):
            module: nn.Module = arguments.call(point)
            tensors = [*module.parameters(), *module.buffers()]
            return module if all(each.numel() for each in tensors) else None
    return None


def held(case: Case, net: pc.Derived, points: int = POINTS) -> int:
    """Assert that a spec has the numbers of the modules at fresh points; return how many there were."""
    arguments = read_arguments(case.constructor, (), case.arguments, None)
    found = 0
    for point in fresh(arguments, net, random.Random(7)):
        module = made(arguments, point)
        if module is None:
            continue
        count = pc.count(net, dims={name: point[name] for name in net.spec.dims})
        assert (count.total, count.trainable, count.buffers) == numbers(module), point
        found += 1
        if found == points:
            break
    return found


def assert_held(case: Case, net: pc.Derived) -> None:
    """Assert that a spec has the numbers of the modules at as many fresh points as there shall be."""
    assert held(case, net) == POINTS or not net.spec.dims
