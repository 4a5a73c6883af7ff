"""How a field follows from others where a configuration leaves it out: seen on configurations alone, without models."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Container, Iterable, Sequence
from random import Random
from typing import Any, TypeAlias

from transformers import PreTrainedConfig

from paramcalc.core.errors import ParamcalcError
from paramcalc.core.expression import ABSENT, Environment, Expression
from paramcalc.families.generator.drawing import overridden
from paramcalc.families.generator.exploring import Explorer
from paramcalc.families.generator.models import Fields, config_at, fields_of, made_config
from paramcalc.families.generator.remembering import expression

#: Configurations, each with what a field is in it.
Observed: TypeAlias = "Sequence[tuple[Fields, Any]]"
#: In how many configurations a value must have been the same to be taken for a constant.
CONSTANT = 8
_KEYWORD = re.compile(r"kwargs\.(?:pop|get)\(\s*\"(\w+)\"(?:,\s*([^()]+?))?\s*\)")
_CONFIGURATIONS = 160
_DEEPEST = 41
_LONGEST_PERIOD = 8
#: In how many configurations a field must have been small enough to be seen in a list.
_FEWEST = 3


def observed(explorer: Explorer, name: str) -> Observed:
    """Draw configurations that leave a field out, or have null for it, with their fields and what it is there."""
    rng, drawing = Random(5), explorer.drawing
    above = name.rpartition(".")[0]
    beside = [each for each in drawing.names if each != name and each.rpartition(".")[0] == above]
    depths = [each for each in beside if drawing.is_depth(each)]
    others = [each for each in beside if each not in depths and drawing.moves(each)]
    stated = {name: None} if explorer.declared.defaults.get(name) is not None else {}
    found = []
    for _ in range(_CONFIGURATIONS):
        given = {each: rng.randrange(1, _DEEPEST) for each in depths if rng.random() < 0.8}
        for each in rng.sample(others, min(len(others), rng.randrange(4))):
            given[each] = rng.choice(drawing.moves(each))
        try:
            fields = fields_of(made_config(explorer.model_type, overridden(explorer.stated({**given, **stated}))))
        except Exception:
            continue
        found.append((fields, fields.get(name)))
    return found


def confirmed(explorer: Explorer, name: str, text: str) -> bool:
    """Whether an expression of a field holds with each other field moved, beside each of those in it."""
    drawing, above = explorer.drawing, name.rpartition(".")[0]
    beside = [each for each in drawing.names if each != name and each.rpartition(".")[0] == above]
    stated = {name: None} if explorer.declared.defaults.get(name) is not None else {}
    own = [each for each in beside if each in Expression.parse(text).names]
    firsts: list[Fields] = [{}, *({each: value} for each in own for value in drawing.moves(each)[:2])]
    for first in firsts:
        for other in beside:
            for value in [] if other in first else drawing.moves(other):
                try:
                    given = overridden({**first, other: value, **stated})
                    fields = fields_of(made_config(explorer.model_type, given))
                except Exception:
                    continue
                if value_of(text, fields) != comparable(fields.get(name)):
                    return False
    return True


def comparable(value: Any) -> Any:
    """Return the value of a field as the language of specs has it."""
    if isinstance(value, (list, tuple)):
        return tuple(map(comparable, value))
    return ABSENT if value is None else value


def value_of(text: str, fields: Fields) -> Any:
    """Return the value of an expression in fields; an error where it has none, equal to no value."""
    try:
        parsed = Expression.parse(text)
        values = {name: comparable(fields[name]) for name in parsed.names if name in fields}
        return parsed.evaluate(Environment(values))
    except (ParamcalcError, TypeError, ValueError) as error:
        return error


def list_law(values: Observed, length: str, constant: str | None) -> str | None:
    """Return the expression of lists of two values, or of one, whose length is known; None where none or several hold.

    `constant` is the expression of the elements where all in a list are the same number.
    """
    if not values or not all(isinstance(value, (list, tuple)) for _, value in values):
        return None
    if len({repr(comparable(value)) for _, value in values}) == 1 and len(values) >= CONSTANT:
        return expression([*values[0][1]])
    if constant is not None:
        texts = [f"[{constant}] * {length}"]
        return texts[0] if _fits(texts[0], values) else None
    kinds = [*dict.fromkeys(each for _, value in values for each in value if isinstance(each, (str, bool, int)))]
    if len(kinds) == 1 and len(values) >= CONSTANT:
        text = f"[{expression(kinds[0])}] * {length}"
        return text if _fits(text, values) else None
    if len(kinds) != 2:
        return None
    deep = [(fields, value) for fields, value in values if len(value) > 2 * _LONGEST_PERIOD][:4]
    for one, other in (kinds, kinds[::-1]):
        for candidates in _lists(f"[{expression(one)}]", f"[{expression(other)}]", length, _numbers(values, length)):
            good = [text for text in candidates if _fits(text, deep) and _fits(text, values)]
            if good:
                return good[0] if len(good) == 1 else None
    return None


def list_law_by_a_truth(values: Observed, length: str, law: Callable[[Observed], str | None]) -> str | None:
    """Return the expression of lists that have one law where a truth among the fields holds, and another elsewhere."""
    found = []
    for name, value in values[0][0].items():
        if isinstance(value, bool):
            parts = [[pair for pair in values if pair[0].get(name) is truth] for truth in (True, False)]
            if all(len(part) >= _FEWEST for part in parts):
                laws = [law(part) for part in parts]
                if None not in laws:
                    found.append(f"(({laws[0]}) if {name} else ({laws[1]}))")
    return found[0] if len(found) == 1 else None


def _fits(text: str, values: Observed) -> bool:
    return all(value_of(text, fields) == comparable(value) for fields, value in values)


def _numbers(values: Observed, length: str) -> list[str]:
    """Return the fields that may say where in lists something stands: they were moved, and are shorter than these."""
    found = []
    for name in values[0][0]:
        seen = [(fields.get(name), len(value)) for fields, value in values]
        short = [number for number, number_of in seen if type(number) is int and 0 < number < number_of]
        if name != length and len(short) >= _FEWEST and len({number for number, _ in seen}) > 1:
            found.append(name)
    return found


def _lists(one: str, other: str, length: str, numbers: Sequence[str]) -> Iterable[list[str]]:
    """Yield lists of two values by the places where the one stands, the likeliest first."""

    def repeated(pattern: str, period: str) -> str:
        return f"(({pattern}) * ({length} // {period} + 1))"

    every = [repeated(f"{other} * ({name} - 1) + {one}", name) for name in numbers]
    every += [repeated(f"{one} + {other} * ({name} - 1)", name) for name in numbers]
    yield [f"{each}[:{length}]" for each in every]
    yield [f"{each}[:{length} - 1] + {one}" for each in every]
    yield [f"({one} * {name} + {other} * {length})[:{length}]" for name in numbers]
    yield [f"({other} * ({length} - {name}) + {one} * {length})[:{length}]" for name in numbers]
    patterns = [
        (" + ".join(f"{kind} * {number}" for kind, number in kinds if number), period)
        for period in range(2, _LONGEST_PERIOD + 1)
        for rest in range(period)
        for kinds in [((other, rest), (one, 1), (other, period - 1 - rest))]
    ]
    always = [(repeated(pattern, str(period)), period) for pattern, period in patterns]
    yield [f"{each}[:{length}]" for each, _ in always]
    yield [f"{other} * ({length} - 1) + {one}", f"({one} + {other} * {length})[:{length}]"]
    several = range(1, _LONGEST_PERIOD + 1)
    yield [f"({one} * {first} + {other} * {length})[:{length}]" for first in several[1:]]
    # such a pattern begins with the one: how many stand before it tells it apart
    begun = [repeated(f"{one} + {other} * {period - 1}", str(period)) for period in several[1:]]
    yield [f"({other} * {first} + {each})[:{length}]" for first in several for each in begun]
    # a list that is too short for the pattern ends with the one all the same
    ended = [(repeated(f"{other} * {period - 1} + {one}", str(period)), period) for period in several[1:]]
    yield [f"{each}[:{length}] if {length} >= {period} else {other} * ({length} - 1) + {one}" for each, period in ended]
    yield [f"{each}[:{length} - 1] + {one}" for each, _ in always]
    yield [f"{each}[({length} // {period} + 1) * {period} - {length}:]" for each, period in always]
    yield [
        f"({other} * {first} + {repeated(f'{one} + {other} * ({name} - 1)', name)}[{first}:])[:{length}]"
        for first in numbers
        for name in numbers
        if first != name
    ]


# --- What a class of configurations takes and does not declare ----------------------------


def undeclared(explorer: Explorer, names: Container[str]) -> Fields:
    """Return what the classes of configurations take by keywords that they do not declare, with what it is by default.

    It is only what changes one of the fields named; nothing of it is known but that default.
    """
    usual = fields_of(made_config(explorer.model_type, {}))
    found: Fields = {}
    for path in ("", *explorer.declared.configs):
        before = f"{path}." if path else ""
        for name, default in _keywords(type(config_at(explorer.model_type, path))).items():
            here = f"{before}{name}"
            if here not in explorer.fields and here not in explorer.declared.aliases:
                changed = [_changed(explorer, usual, names, {here: value}) for value in (1, 2, 3, 5, True, False, [1])]
                if any(changed):
                    found[here] = default
    return found


def _changed(explorer: Explorer, usual: Fields, names: Container[str], given: Fields) -> bool:
    try:
        fields = fields_of(made_config(explorer.model_type, overridden(given)))
    except Exception:
        return False
    return any(fields.get(name) != value for name, value in usual.items() if name in names)


def _keywords(cls: type[Any]) -> dict[str, Any]:
    """Return the keywords that a class takes from those that are left, with what each is by default."""
    found: dict[str, Any] = {}
    for each in cls.__mro__[: cls.__mro__.index(PreTrainedConfig)]:
        for name, default in re.findall(
            r"kwargs\.(?:pop|get)\(\s*\"(\w+)\"(?:,\s*([^()]+?))?\s*\)", inspect.getsource(each)
        ):
            try:
                found.setdefault(name, ast.literal_eval(default) if default else None)
            except (SyntaxError, ValueError):
                found.setdefault(name, None)
    return found
