"""Why something was given up, in words: which part it is, what differs, and at which arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from paramcalc.frameworks.deriving.arguments import Values
from paramcalc.frameworks.deriving.merging import Lost
from paramcalc.frameworks.deriving.observing import Observation

#: How long the text of what is observed is at most.
_LONGEST = 160


def reason_of(lost: Lost, title: str, points: Sequence[Values]) -> str:
    """Return what was lost in words, with two of the arguments at which it differs; `title` names the whole."""
    start = f"{lost.path.replace('…', '') or title}: {lost.reason}"
    seen = [(observation, _short(text)) for (observation, _), text in zip(lost.observed, lost.texts, strict=True)]
    if not seen:
        return start
    first, text = seen[0 if lost.pair is None else lost.pair[0]]
    others = [each for each in seen if each[1] != text] if lost.pair is None else [seen[lost.pair[1]]]
    if not others:
        return f"{start} ({text} at {_place(first, points)})"
    other, their = min(others, key=lambda each: _distance(points[first.point], points[each[0].point]))
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
