"""What classes of configurations work out from what they are given: expressions, and lists element by element.

The constructor of the class itself is run, with values that remember, on many configurations. What it asked on the way
decides between what came of it; where two runs came to different ends and asked nothing that differed, nothing is said.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeAlias

from transformers import PreTrainedConfig

from paramcalc.families.generator.drawing import Drawing, key_of
from paramcalc.families.generator.following import CONSTANT
from paramcalc.families.generator.lists import items_of
from paramcalc.families.generator.models import Declared, Fields, quiet
from paramcalc.families.generator.recording import LOST, Condition, Loop, Recorder, ask, current, logs, recording
from paramcalc.families.generator.remembering import expression, remembering
from paramcalc.families.generator.replacing import BUILTINS, Listed, give_constants
from paramcalc.families.generator.texts import choice, names_in, negated, tidied
from paramcalc.families.generator.tracing import CONFIGURATIONS, give_builtins
from paramcalc.families.items import PLACE

_ABSENT = re.compile(r"\(([\w.]+) == none\)")
#: How many configurations are drawn at random beside those with one field moved.
_RANDOM = 80
#: How many are made of two of these at most.
_MOST_PAIRS = 300

#: What was asked, in order, each with its outcome.
Asked: TypeAlias = "tuple[tuple[str, bool], ...]"


@dataclass(frozen=True)
class Rule:
    """What a field is: an expression; of a list, the expression of the element at a place, and how many there are."""

    text: str
    times: str = ""
    #: what must hold, since the other side was never seen
    requires: tuple[str, ...] = ()
    #: whether some of it is required because what follows elsewhere was seen, and is not known
    is_partial: bool = False

    @property
    def names(self) -> frozenset[str]:
        """The fields that it follows from."""
        texts = (self.text, self.times or "0", *self.requires)
        return frozenset().union(*map(names_in, texts)) - {PLACE}


def _required(rule: Rule, text: str, outcome: bool) -> Rule | None:
    """Return a rule of one outcome of a condition, which is then required."""
    return None if LOST in text else replace(rule, requires=(*rule.requires, text if outcome else negated(text)))


def _two_sides(text: str, found: Mapping[bool, Rule | None]) -> Rule | None:
    """Return the rule of both outcomes of a condition; of the one that comes by default, where the other has none."""
    outcome, usual = next(iter(found.items()))
    if usual is None:
        return None
    if found[not outcome] is None:
        only = _required(usual, text, outcome)
        return only and replace(only, is_partial=True)
    yes, no = found[True], found[False]
    assert yes is not None
    assert no is not None
    requires = [f"({negated(text)}) or ({each})" for each in yes.requires]
    requires += [f"({text}) or ({each})" for each in no.requires]
    if LOST in text and (yes.text != no.text or requires):
        return None
    return Rule(choice(text, yes.text, no.text), requires=tuple(requires), is_partial=yes.is_partial or no.is_partial)


@dataclass
class _Run:
    """One construction: what was given and asked, the loops, and the fields that came of it."""

    given: Fields
    #: of these, what is not by default
    moved: Fields
    fields: Fields
    recorder: Recorder
    #: for each field that was set, how many events there were before
    marks: dict[str, int]

    @property
    def outcomes(self) -> Asked:
        """All that was asked."""
        return tuple((each.text, each.outcome) for each in self.recorder.root.events if isinstance(each, Condition))

    def asked(self, name: str) -> Asked:
        """Return what was asked before a field was set for the last time."""
        events = self.recorder.root.events[: self.marks.get(name)]
        return tuple((each.text, each.outcome) for each in events if isinstance(each, Condition))

    @property
    def loops(self) -> dict[str, Loop]:
        """The loops by where they stand, in order; of several there, the last."""
        return {each.site: each for each in self.recorder.root.events if isinstance(each, Loop)}


def _combined(runs: Sequence[_Run]) -> list[Fields]:
    """Return configurations that let two conditions come out as each of the two alone did in the fewest moves."""
    first: dict[tuple[str, bool], Fields] = {}
    for run in sorted(runs, key=lambda each: len(each.moved)):
        for outcome in run.outcomes:
            if LOST not in outcome[0]:
                first.setdefault(outcome, run.moved)
    moved = [*{key_of(each): each for each in first.values()}.values()]
    pairs = [{**one, **other} for place, one in enumerate(moved) for other in moved[place + 1 :]]
    return pairs[:_MOST_PAIRS]


@dataclass
class Deriving:
    """Tells how the fields of one configuration, the whole one or one within it, follow from what is given."""

    cls: type[Any]
    #: its path with a dot behind; nothing, for the whole one
    path: str
    drawing: Drawing
    declared: Declared
    #: the fields that are absent in no configuration
    present: frozenset[str]
    rules: dict[tuple[str, bool], Rule | None] = field(default_factory=dict)

    def rule(self, name: str, always: bool = False) -> Rule | None:
        """Return what a field is where a configuration leaves it out, or has null for it; None, where it is not known.

        Of a field that no configuration states it is what it is in all; `always` asks for that of others too, which
        the class sets whatever they are given.
        """
        if (name, always) not in self.rules:
            self.rules[name, always] = self._rule(name, always)
        return self.rules[name, always]

    def _rule(self, name: str, always: bool) -> Rule | None:
        unstated = (None, mark_to_follow(self.declared.defaults.get(name), self.drawing.fields.get(name)))
        runs = [run for run in self.runs if name in run.fields and (always or run.given.get(name) in unstated)]
        values = [run.fields[name] for run in runs]
        if not values:
            return None
        if any(isinstance(value, (list, tuple)) and getattr(value, "expression", LOST) == LOST for value in values):
            return self._list(name, runs)
        rows = [
            # what the class did not set stays what it was given
            (run.asked(name), name if always and name not in run.marks else expression(value))
            for run, value in zip(runs, values, strict=True)
        ]
        # what the copies of a loop made together is known of as many copies alone
        rows = [(asked, LOST if "@" in text else text) for asked, text in rows]
        return self._tree(name, rows)

    def _list(self, name: str, runs: Sequence[_Run]) -> Rule | None:
        """Return what a list is that a loop makes: one that has as many copies as the list elements in all runs."""
        for site in runs[0].loops:
            found = self._looped(name, runs, site) if all(site in run.loops for run in runs) else None
            if found is not None:
                return found
        return None

    def _looped(self, name: str, runs: Sequence[_Run], site: str) -> Rule | None:
        rows, extents = [], set()
        for run in runs:
            value, loop = run.fields[name], run.loops[site]
            if not isinstance(value, (list, tuple)) or len(value) != len(loop.copies):
                return None
            extents.add(loop.extent)
            for copy, item in enumerate(items_of(value)):
                asked = tuple((each.text, each.outcome) for each in loop.copies[copy] if isinstance(each, Condition))
                text = run.recorder.settled(expression(item), {loop.site: copy})
                rows.append(((*run.asked(name), *asked), text))
        if len(extents) > 1 or LOST in next(iter(extents)) or not rows:
            return None
        found = self._tree(name, rows)
        if found is None:
            return None
        renamed = {site: PLACE}
        requires = tuple(tidied(each, renamed) for each in found.requires)
        if any(PLACE in names_in(each) for each in requires):
            return None
        return Rule(tidied(found.text, renamed), tidied(extents.pop()), requires, found.is_partial)

    def _tree(self, name: str, rows: Sequence[tuple[Asked, str]]) -> Rule | None:
        """Return the expression that is one of those that were seen, as what was asked decides."""
        ends = {text for _, text in rows}
        if len(ends) == 1:
            text = ends.pop()
            is_sure = LOST not in text and (not text.isdecimal() or len(rows) >= CONSTANT)
            return Rule(text) if is_sure else None
        if any(not asked for asked, _ in rows) or len({asked[0][0] for asked, _ in rows}) > 1:
            return None
        text = rows[0][0][0][0]
        sides = {
            outcome: [(asked[1:], end) for asked, end in rows if asked[0][1] is outcome]
            for outcome in dict.fromkeys(asked[0][1] for asked, _ in rows)
        }
        absent = _ABSENT.fullmatch(text)
        if len(sides) == 2 and absent is not None and absent[1] in self.present:
            # where it was left out, it is by then what the class made of it
            return self._tree(name, sides[False])
        found = {outcome: self._tree(name, side) for outcome, side in sides.items()}
        if len(found) == 1:
            ((outcome, only),) = found.items()
            return self._one_side(name, text, outcome, only)
        return _two_sides(text, found)

    def _one_side(self, name: str, text: str, outcome: bool, only: Rule | None) -> Rule | None:
        """Return what follows a condition that was seen one way only."""
        absent = _ABSENT.fullmatch(text)
        if only is None or (absent is not None and (absent[1] == name or absent[1] in self.present)):
            return only
        if outcome and text == f"({name} == {expression(self.declared.defaults.get(name))})":
            # it is what is said where it is to follow
            return only
        return _required(only, text, outcome)

    # --- Runs ---------------------------------------------------------------------------

    @cached_property
    def runs(self) -> list[_Run]:
        """What came of many configurations."""
        tried: set[str] = set()
        with _changed(self.cls, self.path, self.declared.optional):
            found = self._tried(self._drawn(), tried)
            return found + self._tried(_combined(found), tried)

    def _tried(self, drawn: Iterable[Fields], tried: set[str]) -> list[_Run]:
        """Construct configurations that were not tried yet."""
        found = []
        for given in drawn:
            if key_of(given) not in tried:
                tried.add(key_of(given))
                found += self._run(given)
        return found

    def _own(self, name: str) -> bool:
        return name.startswith(self.path) and "." not in name.removeprefix(self.path)

    def _drawn(self) -> Iterator[dict[str, Any]]:
        names = [name for name in self.drawing.names if self._own(name)]
        lists = [name for name in names if isinstance(self.drawing.fields[name], list)]
        unstated = {name: None for name in lists if self.declared.defaults[name] is None}
        stated = {name: self.drawing.fields[name] for name in unstated}
        yield {}
        for depth in range(7):
            yield {name: depth for name in names if self.drawing.is_depth(name)}
        for name in names:
            made = self.drawing.fields[name]
            yield {name: made}
            for value in self.drawing.moves(name)[:5]:
                yield {name: value}
                yield {**{each: 5 for each in names if self.drawing.is_depth(each)}, **unstated, name: value}
                yield {**stated, name: value}
        truths = [name for name in names if isinstance(self.drawing.fields[name], bool)]
        for truth in truths:
            for name in names:
                for value in self.drawing.moves(name)[-2:]:
                    yield {truth: not self.drawing.fields[truth], name: value}
        for _ in range(_RANDOM):
            drawn = self.drawing.random(names)
            yield {name: value for name, value in drawn.items() if self._own(name) and name not in unstated}

    def _run(self, given: Mapping[str, Any]) -> list[_Run]:
        """Construct one configuration; nothing, where it cannot be."""
        stated = {name: value for name, value in self.declared.defaults.items() if self._own(name)}
        stated.update(given)
        keywords = {
            name.removeprefix(self.path): value if isinstance(value, bool) else remembering(value, name)
            for name, value in stated.items()
        }
        recorder = Recorder(is_config_code)
        try:
            with quiet(), recording(recorder):
                _given[:] = [keywords]
                _marks.clear()
                config = self.cls(**keywords)
        except Exception:
            return []
        own = object.__getattribute__(config, "__dict__")
        fields = {f"{self.path}{name}": value for name, value in own.items() if not name.startswith("_")}
        return [
            _Run(stated, dict(given), fields, recorder, {f"{self.path}{name}": mark for name, mark in _marks.items()})
        ]


def mark_to_follow(declared: Any, made: Any) -> str | None:
    """Return the text, such as "auto", that is declared for a number which is to follow; None, where none is."""
    return declared if isinstance(declared, str) and type(made) is int else None


#: The keywords of the configuration that is being constructed.
_given: list[dict[str, Any]] = []
#: For each of its attributes that its code set, how many events there were before.
_marks: dict[str, int] = {}


def is_config_code(filename: str) -> bool:
    """Whether a file is the code of a class of configurations."""
    return "/transformers/models/" in filename and filename.rpartition("/")[2].startswith(CONFIGURATIONS)


@contextmanager
def _changed(cls: type[Any], path: str, optional: frozenset[str]) -> Iterator[None]:
    """Give the code of classes of configurations functions that remember, and record what it reads."""
    with ExitStack() as undone:
        give_builtins(undone, CONFIGURATIONS, {**BUILTINS, "list": Listed})
        methods = map(inspect.unwrap, filter(inspect.isfunction, vars(cls).values()))
        give_constants(undone, (each for each in methods if is_config_code(each.__code__.co_filename)))
        plainly = PreTrainedConfig.__getattribute__

        def read(self: Any, name: str) -> Any:
            value = plainly(self, name)
            if type(self) is not cls or name.startswith("_") or current() is None or not logs():
                return value
            name = type(self).attribute_map.get(name, name)
            keywords = _given[-1]
            if name in keywords and keywords[name] is value:
                here = f"{path}{name}"
                if value is None or here in optional:
                    ask(f"({here} == none)", value is None)
                if isinstance(value, bool):
                    ask(here, value)
            return value

        sets: Any = cls.__setattr__

        def write(self: Any, name: str, value: Any) -> None:
            recorder = current()
            if type(self) is cls and recorder is not None and logs():
                _marks[type(self).attribute_map.get(name, name)] = len(recorder.root.events)
            sets(self, name, value)

        PreTrainedConfig.__getattribute__ = read
        undone.callback(setattr, PreTrainedConfig, "__getattribute__", plainly)
        own_way = "__setattr__" in vars(cls)
        type.__setattr__(cls, "__setattr__", write)
        undone.callback(setattr, cls, "__setattr__", sets) if own_way else undone.callback(delattr, cls, "__setattr__")
        yield
