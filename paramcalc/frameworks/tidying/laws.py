"""Numbers that follow a law of the copy that they stand in, and nodes whose numbers do."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from paramcalc.frameworks.names import free_name
from paramcalc.spec import Node

#: How many copies there are at least: two numbers follow any law.
FEWEST = 3
_COUNTERS = "ijklmnpq"
_RATIOS = (2, 3, 4)


def law(values: Sequence[int], counter: str) -> int | str | None:
    """Return what gives these numbers, one for each copy; None where nothing short does."""
    if len({*values}) == 1:
        return values[0]
    found = (each(values, counter) for each in (_linear, _geometric, _falling, _periodic))
    return next((text for text in found if text is not None), None)


def as_list(values: Sequence[int], counter: str) -> str:
    """Return the list of these numbers, of which each copy takes its own."""
    return f"[{', '.join(map(str, values))}][{counter}]"


def _linear(values: Sequence[int], counter: str) -> str | None:
    """Return a + d·i."""
    first, step = values[0], values[1] - values[0]
    if any(value != first + step * copy for copy, value in enumerate(values)):
        return None
    rising = counter if abs(step) == 1 else f"{abs(step)} * {counter}"
    return f"{first} - {rising}" if step < 0 else f"{first} + {rising}" if first else rising


def _geometric(values: Sequence[int], counter: str) -> str | None:
    """Return a·q^i."""
    for ratio in _RATIOS:
        if values[0] and all(value == values[0] * ratio**copy for copy, value in enumerate(values)):
            power = f"{ratio} ** {counter}"
            return power if values[0] == 1 else f"{values[0]} * {power}"
    return None


def _falling(values: Sequence[int], counter: str) -> str | None:
    """Return a·q^(n - 1 - i)."""
    last = len(values) - 1
    for ratio in _RATIOS:
        if values[-1] and all(value == values[-1] * ratio ** (last - copy) for copy, value in enumerate(values)):
            power = f"{ratio} ** ({last} - {counter})"
            return power if values[-1] == 1 else f"{values[-1]} * {power}"
    return None


def _periodic(values: Sequence[int], counter: str) -> str | None:
    """Return one number in every k-th copy, and another elsewhere, where that is seen twice at least."""
    for period in range(2, len(values) // 2 + 1):
        for rest in range(period):
            chosen = {value for copy, value in enumerate(values) if copy % period == rest}
            others = {value for copy, value in enumerate(values) if copy % period != rest}
            if len(chosen) == len(others) == 1:
                return f"{chosen.pop()} if {counter} % {period} == {rest} else {others.pop()}"
    return None


# --- The numbers of nodes --------------------------------------------------------------


def numbers(nodes: Sequence[Node]) -> tuple[Hashable, list[int]]:
    """Return what nodes are but for their numbers, and these in their order."""
    found: list[int] = []

    def kept(value: int) -> None:
        found.append(value)

    return _walked(nodes, kept), found


def _walked(nodes: Sequence[Node], number: Callable[[int], None]) -> Hashable:
    return tuple(_frame(node, number) for node in nodes)


def _frame(node: Node, number: Callable[[int], None]) -> Hashable:
    """Return what a node is but for its numbers, each of which is told."""
    if type(node.times) is int:
        number(node.times)
    layer = node.layer
    content: Hashable = (
        (type(layer), _frozen(_fields(layer.stated()), number))
        if layer is not None
        else _walked(node.layers or (), number)
    )
    # what is shared, and what the spec says of a tensor, is a node's own
    own = None if node.share is None and not node.tie else id(node)
    return content, type(node.times), str(node.times), node.residual, node.trainable, node.dtype, own


def _fields(stated: dict[str, Any]) -> dict[str, Any]:
    """Return the fields that decide a size."""
    return {name: value for name, value in stated.items() if name != "rate"}


def _frozen(value: Any, number: Callable[[int], None]) -> Hashable:
    if type(value) is int:
        number(value)
        return int
    if isinstance(value, dict):
        return tuple((key, _frozen(each, number)) for key, each in value.items())
    if isinstance(value, (list, tuple)):
        return tuple(_frozen(each, number) for each in value)
    return repr(value)


def with_numbers(nodes: Sequence[Node], given: Iterator[int | str]) -> tuple[Node, ...]:
    """Return nodes with other numbers, or expressions, in the order in which `numbers` has them.

    Raises `ParamcalcError` where a field takes no expression.
    """
    return tuple(_with_numbers(node, given) for node in nodes)


def _with_numbers(node: Node, given: Iterator[int | str]) -> Node:
    times = next(given) if type(node.times) is int else node.times
    if node.layer is not None:
        stated = node.layer.stated()
        changed = _replaced(_fields(stated), given)
        return replace(node, times=times, layer=type(node.layer)(**{**stated, **changed}))
    if node.layers is None:
        return replace(node, times=times)
    return replace(node, times=times, layers=with_numbers(node.layers, given))


def _replaced(value: Any, given: Iterator[int | str]) -> Any:
    if type(value) is int:
        return next(given)
    if isinstance(value, dict):
        return {key: _replaced(each, given) for key, each in value.items()}
    return [_replaced(each, given) for each in value] if isinstance(value, (list, tuple)) else value


def free_counter(nodes: Sequence[Node]) -> str:
    """Return a name for the number of a copy that is none in these nodes."""
    taken = {each for node in nodes for each in _indices(node)}
    return next((each for each in _COUNTERS if each not in taken), free_name("i", taken))


def _indices(node: Node) -> Iterator[str]:
    if node.index is not None:
        yield node.index
    for each in node.layers or ():
        yield from _indices(each)
