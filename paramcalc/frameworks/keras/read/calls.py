"""The calls of a model's layers in its description, and the outputs that these name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from heapq import heappop, heappush
from typing import Any, NamedTuple

from paramcalc.core.errors import quoted, refuse
from paramcalc.frameworks.keras.read.description import TENSOR, Description, StatedShape, a_part, stated_shape
from paramcalc.frameworks.keras.read.layers import keras_name
from paramcalc.spec import Node


class Output(NamedTuple):
    """An output in a description: the layer, which of its calls, and which of that call's outputs."""

    layer: str
    call: int
    place: int


class Source(NamedTuple):
    """An output in a spec: the node, by its name or its path, and which of its outputs."""

    node: str
    place: int = 0

    def __str__(self) -> str:
        return f"{self.node}.{self.place}" if self.place else self.node


class CallNode(NamedTuple):
    """The node that a call is, and where it is a group with several outputs, how they are named in it.

    None stands for what simply flows out of the group.
    """

    node: Node
    outputs: Sequence[Source | None] | None = None


@dataclass
class LayerCall:
    """One call of a layer: the first makes its node, the others share it."""

    entry: Description
    number: int
    arguments: list[Any] = field(default_factory=list)
    keywords: dict[str, Any] = field(default_factory=dict)
    #: the layer itself, where the model is alive
    live: Any = None

    @property
    def key(self) -> tuple[str, int]:
        """The layer, and which of its calls it is."""
        return keras_name(self.entry), self.number

    @cached_property
    def tensors(self) -> list[tuple[Output, StatedShape | None]]:
        """The outputs that it is given, in the order in which the layer takes them."""
        named = sorted(self.keywords.items(), key=lambda item: _INPUTS.index(item[0]) if item[0] in _INPUTS else 0)
        given = [*self.arguments, *(value for name, value in named if not _NO_INPUT.fullmatch(name))]
        return list(tensors_in(given))

    @property
    def mentioned(self) -> set[tuple[str, int]]:
        """The calls that must stand before this one."""
        return {output[:2] for output, _ in tensors_in([self.arguments, self.keywords])}


#: The inputs that layers with several have names for, in their order.
_INPUTS = ("query", "value", "key")
#: What else a layer may be called with: it decides neither shapes nor tensors.
_NO_INPUT = re.compile(r"(\w+_)?mask|initial_state|training")


def in_order(calls: Iterable[LayerCall]) -> Iterator[LayerCall]:
    """Yield calls, each after those it takes from; else in the order in which they stand. Raises `invalid-value`."""
    listed = list(calls)
    places: dict[tuple[str, int], int] = {}
    for place, call in enumerate(listed):
        if places.setdefault(call.key, place) != place:
            raise refuse("invalid-value", f"two layers of this description are called {quoted(call.key[0])}")
    waiting: dict[tuple[str, int], list[int]] = {}
    missing = []
    for place, call in enumerate(listed):
        # the first call makes the layer
        needed = call.mentioned | ({(call.key[0], call.number - 1)} if call.number else set())
        missing.append(len(needed))
        for key in needed:
            waiting.setdefault(key, []).append(place)
    ready = [place for place, number in enumerate(missing) if number == 0]
    done = 0
    while ready:
        call = listed[heappop(ready)]
        done += 1
        yield call
        for place in waiting.get(call.key, ()):
            missing[place] -= 1
            if missing[place] == 0:
                heappush(ready, place)
    if done < len(listed):
        raise refuse(
            "invalid-value", "the layers of this description wait for one another, or for one that is not there"
        )


def outputs_in(stated: Any) -> list[Output]:
    """Return outputs by layer, call and place: one, or a list or mapping of them, in Keras's order."""
    if isinstance(stated, dict):
        return [output for _, value in sorted(stated.items()) for output in outputs_in(value)]
    if not isinstance(stated, list) or not stated:
        return []
    if isinstance(stated[0], str):
        return [_output(stated)]
    return [output for value in stated for output in outputs_in(value)]


def _output(stated: Any) -> Output:
    if isinstance(stated, list) and len(stated) >= 3 and isinstance(stated[0], str):
        name, call, place = stated[:3]
        if type(call) is int and type(place) is int and call >= 0 and place >= 0:
            return Output(name, call, place)
    raise refuse("invalid-value", f"an output is named by a layer and two numbers, not {quoted(stated)}")


def tensors_in(value: Any) -> Iterator[tuple[Output, StatedShape | None]]:
    """Yield the outputs of others that a layer is called with, in Keras's order, each with the shape that is stated."""
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from tensors_in(item)
    elif isinstance(value, dict) and value.get("class_name") == TENSOR:
        config = a_part(dict, value.get("config"))
        yield _output(config.get("keras_history")), stated_shape(config.get("shape"))
    elif isinstance(value, dict) and "class_name" not in value:
        for _, item in sorted(value.items()):
            yield from tensors_in(item)
