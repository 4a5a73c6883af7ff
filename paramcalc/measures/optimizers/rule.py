"""What an optimizer keeps: a row of a table, and what it comes to for the parameters of a network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple

from paramcalc.core import algebra
from paramcalc.core.algebra import Number, Shape
from paramcalc.core.errors import quoted, refuse, suggest
from paramcalc.core.expression import Environment, Expression
from paramcalc.layers.base.fields import DTYPES
from paramcalc.measures.measure import size_in_bytes


class Parameter(NamedTuple):
    """A tensor that is trained, as the framework has it."""

    #: the path of its layer and its own name
    name: str
    shape: Shape
    dtype: str
    elements: Number
    #: how many such tensors there are, in copies of the layer
    times: Number


@dataclass(frozen=True, slots=True)
class State:
    """A tensor that an optimizer keeps.

    `size` and `when` are expressions in the options of the optimizer and in what is known of a parameter: its
    elements `n`, its `rank`, the sizes of its `last` axis and of the one before, `second_last`, and whether its path
    names an `embedding`.
    """

    name: str
    #: its elements
    size: str = "n"
    when: str = "true"
    #: None: that of the parameter
    dtype: str | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """A row of a table: what an optimizer keeps, and the options that its constructor takes."""

    #: for each parameter
    states: tuple[State, ...] = ()
    #: for each parameter: scalars that count the steps, and the like
    counters: tuple[State, ...] = ()
    #: once for all parameters that ask for it; a scalar is a counter, anything else a state
    once: tuple[State, ...] = ()
    #: the options that decide what it keeps, and their defaults
    deciding: Mapping[str, Any] = field(default_factory=dict)
    #: the options that do not, a text of their names
    others: str = ""
    #: a condition that each parameter must meet, and what to say of one that does not
    takes: str = "true"
    misfit: str = ""
    #: options that may not be given another value than their default, and why
    refused: Mapping[str, str] = field(default_factory=dict)
    #: why nothing can be stated of it
    unknown: str = ""
    #: the option that is an optimizer itself, which this one goes around
    around: str = ""

    @property
    def options(self) -> tuple[str, ...]:
        """The names of all options that its constructor takes."""
        own = (*self.deciding, *self.others.split(), *self.refused)
        return (*own, self.around) if self.around else own


class Kept(NamedTuple):
    """The bytes that an optimizer keeps."""

    states: Number
    counters: Number

    def __add__(self, other: Any) -> Kept:
        return Kept(self.states + other.states, self.counters + other.counters)


@dataclass(frozen=True, slots=True)
class Optimizer:
    """An optimizer with its options."""

    name: str
    rule: Rule
    options: Mapping[str, Any]
    #: what it goes around
    inner: Optimizer | None = None

    def kept(self, parameters: Iterable[Parameter]) -> Kept:
        """Return the bytes that it keeps after a step in which each of these parameters has a gradient.

        Raises `unknown-optimizer` for a parameter that it does not take.
        """
        parameters = list(parameters)
        total = self.once(parameters)
        for parameter in parameters:
            states, counters = self.of(parameter)
            total += Kept(states * parameter.times, counters * parameter.times)
        return total

    def of(self, parameter: Parameter) -> Kept:
        """Return the bytes that it keeps of one such parameter. Raises `unknown-optimizer`."""
        names = self._names(parameter)
        if not _holds(self.rule.takes, names):
            raise refuse("unknown-optimizer", f"{self.name} {self.rule.misfit}: '{parameter.name}'")
        kept = Kept(*(self._bytes(each, names, parameter.dtype) for each in (self.rule.states, self.rule.counters)))
        return kept if self.inner is None else kept + self.inner.of(parameter)

    def each(self, parameter: Parameter) -> Iterator[tuple[State, Number]]:
        """Yield the tensors that it keeps of one parameter, each with its elements."""
        names = self._names(parameter)
        for state in (*self.rule.states, *self.rule.counters):
            if _holds(state.when, names):
                yield state, _value(state.size, names)

    def once(self, parameters: Sequence[Parameter]) -> Kept:
        """Return the bytes of what it keeps once, if any parameter asks for it."""
        kept = Kept(0, 0) if self.inner is None else self.inner.once(parameters)
        for state in self.rule.once:
            asking = [each for each in parameters if _holds(state.when, self._names(each))]
            if asking or (state.when == "true" and not parameters):
                first = asking[0] if asking else None
                elements = _value(state.size, self.options)
                size = elements * DTYPES[state.dtype or (first.dtype if first else "float32")] // 8
                kept += Kept(0, size) if elements == 1 else Kept(size, 0)
        return kept

    def _names(self, parameter: Parameter) -> dict[str, Any]:
        shape = parameter.shape
        return {
            **self.options,
            "n": parameter.elements,
            "rank": len(shape),
            "last": shape[-1] if shape else 1,
            "second_last": shape[-2] if len(shape) > 1 else 1,
            "embedding": "embedding" in parameter.name.lower(),
        }

    @staticmethod
    def _bytes(states: Iterable[State], names: Mapping[str, Any], dtype: str) -> Number:
        total: Number = 0
        for state in states:
            if _holds(state.when, names):
                total = total + size_in_bytes(_value(state.size, names), state.dtype or dtype)
        return total


@cache
def _parsed(text: str) -> Expression:
    return Expression.parse(text)


def _value(text: str, names: Mapping[str, Any]) -> Any:
    return names["n"] if text == "n" else _parsed(text).evaluate(Environment(names))


def _holds(text: str, names: Mapping[str, Any]) -> bool:
    return text == "true" or algebra.truth(_parsed(text).evaluate(Environment(names)))


def with_options(name: str, rule: Rule, given: Mapping[str, Any]) -> Optimizer:
    """Return the optimizer of a row with the options given. Raises `unknown-key`, `invalid-value`."""
    if rule.unknown:
        raise refuse("unknown-optimizer", f"{name} {rule.unknown}")
    for option, value in given.items():
        if option not in rule.options:
            raise refuse("unknown-key", f"{name} has no option {quoted(option)}", suggest(option, rule.options))
        if option in rule.refused and value not in (None, [], ()):
            raise refuse("unknown-optimizer", f"'{option}' of {name} {rule.refused[option]}")
    deciding = {option: _read(name, option, given.get(option), default) for option, default in rule.deciding.items()}
    return Optimizer(name, rule, deciding)


def _read(name: str, option: str, value: Any, default: Any) -> Any:
    """Read an option that decides what is kept: a flag, or a number of which it matters whether it is 0."""
    if value is None:
        return default
    if isinstance(default, bool):
        if not isinstance(value, bool):
            raise refuse("wrong-type", f"'{option}' of {name} is true or false, not {quoted(value)}")
        return value
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise refuse("wrong-type", f"'{option}' of {name} is a number, not {quoted(value)}")
    if value < 0 or (default and not isinstance(value, int)):
        what = "a whole number" if default else "a number"
        raise refuse("invalid-value", f"'{option}' of {name} is {what} of at least 0, not {quoted(value)}")
    # a fraction enters no arithmetic: what matters is whether it is 0
    return value if isinstance(value, int) else int(value != 0)
