"""The fields of configurations that tensors depend on, as the dims of a spec: defaults, and what follows from what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import isfinite
from random import Random
from typing import Any

from paramcalc.core.expression import RESERVED
from paramcalc.families.generator.deriving import Deriving, Rule, mark_to_follow
from paramcalc.families.generator.drawing import Drawing, overridden
from paramcalc.families.generator.exploring import Explorer, Run
from paramcalc.families.generator.following import (
    Observed,
    comparable,
    confirmed,
    list_law,
    list_law_by_a_truth,
    observed,
    value_of,
)
from paramcalc.families.generator.identifying import Identifying
from paramcalc.families.generator.learning import NotLearnt
from paramcalc.families.generator.models import Fields, config_at, fields_of, made_config
from paramcalc.families.generator.texts import names_in, tidied
from paramcalc.families.items import PLACE


@dataclass
class Dims:
    """The fields that tensors depend on, as the dims of a spec."""

    explorer: Explorer
    identifying: Identifying
    #: the fields whose values count as they are given
    given: set[str]
    found: dict[str, Any] = field(default_factory=dict)
    derived: list[str] = field(default_factory=list)
    #: the fields that no class declares, and that count as a configuration states them
    stated: list[str] = field(default_factory=list)
    absent: dict[str, Any] = field(default_factory=dict)
    #: what is required, so that a field is stated that cannot be worked out
    needed: list[str] = field(default_factory=list)
    #: the texts that may be no others than those that were seen
    limited: set[str] = field(default_factory=set)

    #: the lists that the class of configurations makes where one leaves them out
    lists: dict[str, dict[str, Any]] = field(default_factory=dict)
    derivings: dict[str, Deriving] = field(default_factory=dict)
    #: the fields that are being added, each for the one before
    adding: list[str] = field(default_factory=list)

    def add(self, name: str) -> None:
        """Add a field, behind those that it follows from. Raises `NotLearnt`."""
        if name in self.found:
            return
        if name in self.adding:
            raise NotLearnt(f"how {name} follows from other fields: {self.adding[-1]} follows from it")
        self.adding.append(name)
        try:
            self._add(name)
        finally:
            self.adding.pop()

    def _add(self, name: str) -> None:
        if not all(part.isidentifier() and part not in RESERVED for part in name.split(".")):
            raise NotLearnt(f"the field {name} cannot name a dim")
        explorer = self.explorer
        if name == "num_labels":
            self.found[name] = explorer.num_labels
            return
        if name not in explorer.declared.defaults:
            if all(run.fields.get(name) is None for run in explorer.runs):
                self.found[name] = "none"
                return
            self.found[name] = self.followed(name, explorer.runs)
            (self.stated if self.counts_if_stated(name) else self.derived).append(name)
            return
        default = None if name in explorer.base else explorer.fields[name]
        stated = explorer.declared.defaults[name]
        is_given = name in self.given and "." not in name and stated is not None
        if is_given:
            default = stated
        elif name in self.overridden and (rule := self.overriding(name)) is not None:
            self.follow(rule)
            self.found[name] = tidied(rule.text)
            self.derived.append(name)
            return
        to_follow = (None, mark_to_follow(stated, default))
        unstated = [
            run
            for run in explorer.runs
            if given_at(run.given, name) in to_follow and (stated in to_follow or is_null(run, name, stated))
        ]
        follows = stated in to_follow and any(run.fields.get(name) is not None for run in unstated)
        if follows:
            if isinstance(default, list):
                self.listed(name, unstated)
            else:
                self.left_out(name, unstated)
            return
        self.found[name] = plain_dim(name, default)
        nulls = [run for run in explorer.runs if is_null(run, name, 0) and run.fields.get(name) is not None]
        if nulls and stated is not None:
            try:
                self.absent[name] = self.followed(name, nulls)
            except NotLearnt:
                # some configurations have null there, and others what is not known
                self.needed.append(f"{name} != none")

    def counts_if_stated(self, name: str) -> bool:
        """Whether a number that no class declares is what a configuration states, and nothing else is then another."""
        explorer, usual = self.explorer, self.explorer.fields
        if type(usual.get(name)) is not int:
            return False
        for value in (usual[name] + 1, 2 * usual[name]):
            try:
                fields = fields_of(made_config(explorer.model_type, overridden(explorer.stated({name: value}))))
            except Exception:
                return False
            if fields != {**usual, name: value}:
                return False
        return True

    def limit(self) -> None:
        """Limit texts on which others depend to those that were seen, and numbers to what is made or taken of them."""
        for name in [*self.found]:
            if name in self.overridden and name not in self.derived:
                self.hold(name)
        for name in self.stated:
            others = [text for each, text in self.found.items() if each != name and isinstance(text, str)]
            if any(name in names_in(text) for text in others):
                self.needed.append(f"{name} == {self.found[name]}")
        for name in self.limited:
            seen = dict.fromkeys(run.fields[name] for run in self.explorer.runs)
            self.found[name] = {"text": self.explorer.fields[name], "one_of": [*seen]}

    def rule(self, name: str, always: bool = False) -> Rule | None:
        """Return what the class of configurations makes of a field that is left out, or `always`."""
        path, explorer = name.rpartition(".")[0], self.explorer
        config = config_at(explorer.model_type, path)
        if config is None:
            return None
        if path not in self.derivings:
            present = {each for run in explorer.runs for each, value in run.fields.items() if value is not None}
            present -= {each for run in explorer.runs for each, value in run.fields.items() if value is None}
            self.derivings[path] = Deriving(
                type(config),
                f"{path}." if path else "",
                Drawing(explorer.fields, explorer.declared, explorer.drawing.modules, Random(explorer.seed)),
                explorer.declared,
                frozenset(present),
            )
        return self.derivings[path].rule(name, always)

    def listed(self, name: str, runs: Sequence[Run]) -> None:
        """Add a list that is made where a configuration leaves it out; one that is not known must be stated."""
        rule = self.rule(name)
        if rule is not None and not self.is_seen(rule, name, runs):
            rule = None
        if (rule is None or rule.is_partial) and (text := self.followed_list(name)) is not None:
            rule = Rule(text)
        if rule is None or name in rule.names:
            self.found[name] = "none"
            self.needed.append(f"{name} != none")
            return
        self.follow(rule)
        self.found[name] = "none" if rule.times else tidied(rule.text)
        if rule.times:
            self.lists[name] = {"item": rule.text, "times": rule.times}

    def follow(self, rule: Rule) -> None:
        """Add the fields that another follows from, and what that requires."""
        for each in sorted(rule.names):
            self.add(each)
        self.needed += [each for each in map(tidied, rule.requires) if each not in self.needed]

    def left_out(self, name: str, runs: Sequence[Run]) -> None:
        """Add a field that is not stated in runs; left out, it need not be what it is where it is null."""
        try:
            self.found[name] = self.followed(name, runs)
        except NotLearnt:
            nulls = [run for run in runs if is_null(run, name, 0)]
            others = [run for run in runs if run not in nulls]
            if not nulls or not others:
                raise
            text = self.followed(name, others)
            self.found[name] = int(text) if text.isdecimal() else text
            self.absent[name] = self.followed(name, nulls)

    def followed(self, name: str, runs: Sequence[Run]) -> str:
        """Add what a field follows from, and return the expression. Raises `NotLearnt`."""
        rule = self.rule(name)
        if rule is not None and (rule.times or name in rule.names):
            rule = None
        if rule is not None and not self.is_seen(rule, name, runs):
            # the class may change the fields that it follows from afterwards
            changed = {each for each in rule.names - {*self.found} if self.is_overridden(each)}
            as_given = [replace(run, fields={**run.fields, **self.as_given(run, changed)}) for run in runs]
            if changed and self.is_seen(rule, name, as_given):
                self.given |= changed
            else:
                rule = None
        if rule is None or rule.is_partial:
            try:
                rule = Rule(self.identified(name, runs))
            except NotLearnt:
                if rule is None:
                    raise
        self.follow(rule)
        return tidied(rule.text)

    def is_seen(self, rule: Rule, name: str, runs: Sequence[Run]) -> bool:
        """Whether a field is what a rule says in all runs in which what it requires holds."""
        seen = [run.fields for run in runs if all(value_of(each, run.fields) is True for each in rule.requires)]
        return bool(seen) and all(lists(rule, fields, fields.get(name)) for fields in seen)

    def identified(self, name: str, runs: Sequence[Run]) -> str:
        """Return an expression that a field has in runs. Raises `NotLearnt`."""
        values = [(run.fields, run.fields.get(name)) for run in runs]
        found = self.identifying.expression(name, runs)
        texts = [each for each, value in self.explorer.fields.items() if isinstance(value, str)]
        for each in texts if found is None else ():
            # of another text than those that were seen nothing is known
            table = self.identifying.table(name, each, runs) if each in self.explorer.declared.defaults else ""
            if table and _holds(table, values):
                self.limited.add(each)
                return table
        found = found or self.seen_alone(name, values)
        if found is None:
            raise NotLearnt(f"how {name} follows from other fields")
        return found

    @cached_property
    def overridden(self) -> frozenset[str]:
        """The fields that the class of configurations makes others than they are given."""
        return frozenset(filter(self.is_overridden, self.explorer.drawing.names))

    def as_given(self, run: Run, names: Iterable[str]) -> Fields:
        """Return fields as a run was given them; what is declared, where it was given none."""
        defaults = self.explorer.declared.defaults
        return {name: defaults[name] if (given := given_at(run.given, name)) is None else given for name in names}

    def is_overridden(self, name: str) -> bool:
        """Whether a field is in some run neither what was given nor, where nothing was, what is declared."""
        if name not in self.explorer.declared.defaults:
            return False
        stated = self.explorer.declared.defaults[name]
        for run, given in zip(self.explorer.runs, self.explorer.flat, strict=True):
            wanted = given.get(name, stated)
            if wanted is not None and comparable(run.fields.get(name)) != comparable(wanted):
                return True
        return False

    def overriding(self, name: str) -> Rule | None:
        """Return what the class of configurations makes of a field whatever it is given; None for what is not known."""
        runs, mirrors = self.explorer.runs, self.mirrors(name)
        text = self.identifying.expression(name, runs, mirrors)
        text = text or self.identifying.expression(name, runs, self.overridden | mirrors)
        if text is not None:
            return Rule(text)
        rule = self.rule(name, always=True)
        values = [(run.fields, run.fields.get(name)) for run in runs]
        is_known = rule is not None and not rule.times and name not in rule.names and _holds(rule.text, values)
        return rule if is_known else None

    def mirrors(self, name: str) -> frozenset[str]:
        """Return the fields that no class declares and that always are what another is: they follow from it."""
        runs, declared = self.explorer.runs, self.explorer.declared.defaults
        names = self.explorer.fields.keys() - declared.keys()
        return frozenset(each for each in names if all(run.fields.get(each) == run.fields.get(name) for run in runs))

    def hold(self, name: str) -> None:
        """Require that a number is what the class of configurations makes of it, where that is known."""
        values = [(run.fields, run.fields.get(name)) for run in self.explorer.runs]
        if any(type(value) not in (int, type(None)) for _, value in values):
            return
        rule = self.rule(name, always=True)
        if rule is not None and not rule.times and rule.text != name and _holds(rule.text, values):
            self.follow(rule)
            self.needed.append(f"{name} == ({tidied(rule.text)})")

    def followed_list(self, name: str) -> str | None:
        """Return the expression of a list that a configuration may leave out."""
        values = [(fields, value) for fields, value in observed(self.explorer, name) if value is not None]
        if not all(isinstance(value, (list, tuple)) for _, value in values):
            return None
        length = self.identifying.number([(fields, len(value)) for fields, value in values])
        if length is None:
            return None

        def law(part: Observed) -> str | None:
            constant = None
            if all(len({*map(comparable, value)}) == 1 and type(value[0]) is int for _, value in part):
                constant = self.identifying.number([(fields, value[0]) for fields, value in part])
            return list_law(part, length, constant)

        text = law(values) or list_law_by_a_truth(values, length, law)
        return text if text is not None and confirmed(self.explorer, name, text) else None

    def seen_alone(self, name: str, values: Observed) -> str | None:
        """Return the expression that a field follows in configurations of which no model was made, and in runs."""
        alone = [*observed(self.explorer, name), *values]
        if not all(type(value) is int for _, value in alone):
            return None
        text = self.identifying.number(alone, name)
        return text if text is not None and confirmed(self.explorer, name, text) else None


def _holds(text: str, values: Iterable[tuple[Fields, Any]]) -> bool:
    """Whether an expression has these values in fields."""
    return all(value_of(text, fields) == comparable(value) for fields, value in values)


def lists(rule: Rule, fields: Fields, value: Any) -> bool:
    """Whether a list is what a rule says in fields."""
    if not rule.times:
        return _holds(rule.text, [(fields, value)])
    return value_of(rule.times, fields) == len(value) and all(
        value_of(rule.text, {**fields, PLACE: place}) == comparable(each) for place, each in enumerate(value)
    )


def given_at(given: Mapping[str, Any], name: str) -> Any:
    """Return the value at a dotted name in what was given; None, where there is none."""
    for part in name.split("."):
        if not isinstance(given, Mapping) or part not in given:
            return None
        given = given[part]
    return given


def is_null(run: Run, name: str, stated: Any) -> bool:
    """Whether a run was given null for a field, or nothing where it is null by default."""
    given: Any = run.given
    for part in name.split("."):
        if not isinstance(given, Mapping) or part not in given:
            return stated is None
        given = given[part]
    return given is None


def plain_dim(name: str, value: Any) -> Any:
    """Return the default of a field as a dim of a spec."""
    if value is None:
        return "none"
    if isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        return {"number": value}
    if isinstance(value, str):
        return {"text": value}
    if isinstance(value, (list, tuple)):
        if value and all(isinstance(each, str) for each in value):
            return {"texts": [*value]}
        if all(isinstance(each, (int, list, tuple)) for each in value):
            return [[*each] if isinstance(each, (list, tuple)) else each for each in value]
        if value and all(isinstance(each, (int, float)) and isfinite(each) for each in value):
            return {"numbers": [*value]}
        if all(isinstance(each, (int, float)) for each in value):
            # of what is not finite no size is made: a text is never taken for a number
            return {"texts": [*map(str, value)]}
    raise NotLearnt(f"the field {name} is {type(value).__name__}")
