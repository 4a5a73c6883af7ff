"""What a constructor makes at points: it is run once at each."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from paramcalc.core.errors import ParamcalcError, refuse
from paramcalc.frameworks.deriving import expressions as ex
from paramcalc.frameworks.deriving.arguments import Arguments, Values
from paramcalc.frameworks.deriving.literals import Written, doubles_in, integers
from paramcalc.frameworks.deriving.parts import Inventory
from paramcalc.frameworks.deriving.running import FAILURES, Runner, raised
from paramcalc.frameworks.deriving.tracing import Log, logging, traced


@dataclass(eq=False)
class Run:
    """What a constructor makes at a point."""

    values: Values
    model: Any
    inventory: Inventory


@dataclass
class Constructor:
    """A constructor with its arguments."""

    arguments: Arguments
    runner: Runner
    name: str
    #: whether layers are read as layer types, or as mere tensors
    kinds: bool = True
    runs: dict[str, Run | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.values = self.arguments.values
        self.base = self._base()

    def _base(self) -> Run:
        """Run the constructor at what was given, twice. Raises `not-derivable`."""
        try:
            model = self._made(self.values)
        except ParamcalcError:
            raise
        except FAILURES:
            self.runner.on_meta = False
            try:
                model = self._made(self.values)
            except ParamcalcError:
                raise
            except FAILURES as error:
                raise raised(error) from error
        first = self._read(self.values, model)
        if not first.inventory.entries:
            raise refuse("not-derivable", f"{self.name} makes a model without tensors")
        second = self.runner.read(self._made(self.values))
        if second.entries != first.inventory.entries:
            raise refuse(
                "not-derivable",
                f"{self.name} is not a function of its arguments: called twice alike, it makes two models",
                "sizes that are random, or kept from call to call, have no form",
            )
        self.runs[json.dumps(self.values, sort_keys=True)] = first
        return first

    def _made(self, values: Values) -> Any:
        return self.runner.run(lambda: self.arguments.call(values))

    def _read(self, values: Values, model: Any) -> Run:
        inventory = self.runner.read(model, self.kinds)
        return Run(dict(values), model, inventory)

    def run(self, values: Values) -> Run | None:
        """Run the constructor at a point, once; None where it raises."""
        key = json.dumps(values, sort_keys=True)
        if key not in self.runs:
            self.runs[key] = None
            try:
                if key not in self.runner.models:
                    self.runner.models[key] = None
                    self.runner.models[key] = self._made(values)
                model = self.runner.models[key]
                found = self._read(values, model) if model is not None else None
                if found is not None and found.inventory.is_degenerate <= self.base.inventory.is_degenerate:
                    self.runs[key] = found
            except ParamcalcError:
                if self.runner.is_spent:
                    raise
            except FAILURES:
                pass
        return self.runs[key]

    def trace(self, fixed: Collection[str]) -> tuple[Log, bool]:
        """Run the constructor on numbers that remember, but for what is fixed; return whether it takes them, too."""
        values = {
            name: [traced(each, ex.made("item", ex.name(name), ex.number(place))) for place, each in enumerate(value)]
            if isinstance(value, list)
            else traced(value, ex.name(name))
            for name, value in self.values.items()
        }
        is_traced = True
        code = Written()
        with logging() as log, code.noting():
            try:
                self._made({**self.values, **values})
            except ParamcalcError:
                raise
            except FAILURES:
                is_traced = False
        given = [self.arguments.positional, self.arguments.named, *(self.values[name] for name in fixed)]
        dims = {*integers([value for name, value in self.values.items() if name not in fixed])}
        log.written = code.numbers() | ({*integers(given)} - dims)
        log.doubles = doubles_in(self.arguments.constructor, [self.arguments.positional, self.arguments.named])
        return log.at({name: self.values[name] for name in fixed}), is_traced
