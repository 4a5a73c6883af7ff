"""Expressions that are lost, found again by their values in the runs, where one alone is possible."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from paramcalc.families.generator.exploring import Run, rivals
from paramcalc.families.generator.following import CONSTANT, Observed, value_of
from paramcalc.families.generator.models import Fields
from paramcalc.families.generator.remembering import expression


@dataclass
class Identifying:
    """Finds the expression of a number by its values in the runs, where one alone is possible."""

    runs: Sequence[Run]

    def size(self, seen: list[tuple[int, int]]) -> str | None:
        """Return the expression of a size that is seen in runs."""
        observed = [(self.runs[run].fields, value) for run, value in dict(seen).items()]
        if any(dict(seen)[run] != value for run, value in seen):
            return None
        return self.number(observed) or _by_one_text(observed)

    def expression(self, name: str, runs: Sequence[Run], but: frozenset[str] = frozenset()) -> str | None:
        """Return the expression of a field in others, but for some."""
        observed = [
            ({each: value for each, value in run.fields.items() if each not in but}, run.fields.get(name))
            for run in runs
        ]
        sorts = {type(value) for _, value in observed}
        if sorts == {int}:
            return self.number(observed, name)
        values = {value for _, value in observed} if sorts in ({bool}, {str}) else set()
        if sorts == {bool} and len(values) == 1:
            return ("true" if observed[0][1] else "false") if len(observed) >= CONSTANT else None
        if len(values) < 2:
            return None
        same = [
            each
            for each in observed[0][0]
            if each != name
            and all(fields.get(each) == value and {type(fields.get(each))} == sorts for fields, value in observed)
        ]
        return same[0] if len(same) == 1 else None

    def number(self, observed: Observed, name: str = "") -> str | None:
        """Return the expression of a number that was seen in fields."""
        values = {value for _, value in observed}
        if len(values) == 1:
            value = values.pop()
            # it may follow another field that never moved
            if name and set.intersection(*({*rivals(name, value, fields)} for fields, _ in observed)):
                return None
            return str(value) if len(observed) >= CONSTANT else None
        if len(values) < 3:
            return None
        for candidates in self._candidates(observed[0], name):
            good = [text for text in candidates if all(value_of(text, fields) == value for fields, value in observed)]
            if good:
                return good[0] if len(good) == 1 else None
        return None

    def _candidates(self, first: tuple[Fields, Any], name: str) -> Iterable[list[str]]:
        """Yield expressions that have the value of a number in one run, the shortest first."""
        fields, value = first
        numbers = [(each, n) for each, n in fields.items() if type(n) is int and n > 0 and each != name]
        yield [each for each, number in numbers if number == value]
        pairs = [(one, left, other, right) for one, left in numbers for other, right in numbers if one != other]
        found = [f"({one} * {other})" for one, left, other, right in pairs if one < other and left * right == value]
        found += [f"({one} // {other})" for one, left, other, right in pairs if left // right == value]
        found += [f"({factor} * {each})" for factor in (2, 3, 4) for each, n in numbers if factor * n == value]
        found += [f"({each} + {more})" for each, number in numbers for more in (1, 2, -1) if number + more == value]
        # patches of an image, with a class token or without
        for more in (0, 1):
            found += [
                f"(({one} // {other}) ** 2 + {more})"
                for one, left, other, right in pairs
                if (left // right) ** 2 + more == value
            ]
        yield found

    def table(self, name: str, text: str, runs: Sequence[Run]) -> str:
        """Return an expression of a field that a text alone decides; nothing, where it does not."""
        rows = _rows(text, [(run.fields, run.fields.get(name)) for run in runs])
        if rows is None:
            return ""
        if all(isinstance(value, bool) for value in rows.values()):
            texts = ", ".join(condition.partition(" == ")[2] for condition, value in rows.items() if value)
            return f"({text} in [{texts}])"
        *others, last = rows.items()
        return _table(dict(others), expression(last[1]))


def _by_one_text(observed: Observed) -> str | None:
    """Return the expression of a number that one text alone decides, none for texts that were not seen often enough."""
    texts = {name for fields, _ in observed for name, value in fields.items() if isinstance(value, str)}
    tables = [rows for name in sorted(texts) if (rows := _rows(name, observed)) is not None]
    if len(tables) != 1 or len(observed) < CONSTANT:
        return None
    return _table(tables[0], "none")


def _rows(text: str, observed: Observed) -> dict[str, Any] | None:
    """Return a value at each text of a field, by the condition that it is that text; None where others decide too."""
    values: dict[str, set[Any]] = {}
    for fields, value in observed:
        key = fields.get(text)
        if not isinstance(value, (bool, int, str)) or not isinstance(key, str):
            return None
        values.setdefault(f'{text} == "{key}"', set()).add(value)
    rows = {key: next(iter(several)) for key, several in values.items() if len(several) == 1}
    return rows if len(rows) == len(values) and len({*rows.values()}) > 1 else None


def _table(rows: Mapping[str, Any], last: str) -> str:
    """Return an expression of the values under conditions, and of what is left."""
    for condition, value in rows.items():
        last = f"({expression(value)} if {condition} else {last})"
    return last
