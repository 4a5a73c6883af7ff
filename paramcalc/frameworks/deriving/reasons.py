"""Why something was given up, in words: which part it is, what differs, and at which arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from paramcalc.frameworks.deriving.arguments import Values
from paramcalc.frameworks.deriving.identifying import Candidates
from paramcalc.frameworks.deriving.observing import Observation

#: How long the text of what is observed is at most.
_LONGEST = 160


class Lost(Exception):
    """A number that no expression was found for, or parts that are not alike at all points."""

    def __init__(
        self,
        reason: str,
        path: str,
        observed: Sequence[tuple[Observation, Any]],
        texts: Sequence[str] | None = None,
        others: Sequence[Lost] = (),
        pair: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.path = path
        #: where it was observed, and as what
        self.observed = observed
        #: what it is there, in words
        self.texts = [str(value) for _, value in observed] if texts is None else texts
        #: two places that show what differs, where that is known
        self.pair = pair
        #: what was lost where the copies around it were merged otherwise
        self.others = others

    @property
    def is_number(self) -> bool:
        """Whether it is a number."""
        return all(type(value) is int for _, value in self.observed)

    @property
    def kinds(self) -> list[str]:
        """What it is where it was observed, but for numbers, by which alone no two are told apart."""
        return [_numberless(value) for _, value in self.observed]

    def may_be_found(self, candidates: Candidates, places: Mapping[int, int]) -> bool:
        """Whether it may be found at some of the points alone, by their new numbers: it, or another one in its place.

        What is no number may always be.
        """
        seen = [
            (each._replace(point=places[each.point]), value) for each, value in self.observed if each.point in places
        ]
        if not self.is_number or not seen:
            return True
        observations, values = zip(*seen, strict=True)
        found = candidates.expression(observations, values) is not None
        return found or any(other.may_be_found(candidates, places) for other in self.others)


def reason_of(lost: Lost, title: str, points: Sequence[Values]) -> str:
    """Return what was lost in words, with two of the arguments at which it differs; `title` names the whole."""
    start = f"{lost.path.replace('…', '') or title}: {lost.reason}"
    observations = [observation for observation, _ in lost.observed]
    seen = [*zip(observations, lost.kinds, map(_short, lost.texts), strict=True)]
    if not seen:
        return start
    first, kind, text = seen[0 if lost.pair is None else lost.pair[0]]
    others = [each for each in seen if each[1] != kind] or [each for each in seen if each[2] != text]
    others = others if lost.pair is None else [seen[lost.pair[1]]]
    if not others:
        return f"{start} ({text} at {_place(first, points)})"
    other, _, their = min(others, key=lambda each: _distance(points[first.point], points[each[0].point]))
    return f"{start} ({text} at {_place(first, points)}; {their} at {_place(other, points)})"


def arguments_text(values: Mapping[str, Any]) -> str:
    """Write arguments as they are given: `width=12, depth=2`."""
    return ", ".join(f"{name}={value}" for name, value in values.items())


def _place(observation: Observation, points: Sequence[Values]) -> str:
    copies = "".join(f", in copy {number}" for _, number in observation.counters)
    return arguments_text(points[observation.point]) + copies


def _distance(one: Values, other: Values) -> int:
    """Return how many arguments differ."""
    return sum(one[name] != other[name] for name in one)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _numberless(value: Any) -> str:
    """Write a value but for its numbers."""
    if type(value) is int:
        return "a number"
    if isinstance(value, dict):
        return str({key: _numberless(each) for key, each in value.items()})
    if isinstance(value, list):
        return str([*map(_numberless, value)])
    return str(value)
