"""The connections of a network whose tensors were derived: read at the same points, merged, and proved there."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from typing import Any

from paramcalc.core.errors import ParamcalcError, quoted, refuse
from paramcalc.core.expression import Environment, Expression
from paramcalc.frameworks.deriving.arguments import Values
from paramcalc.frameworks.deriving.calls import Calls, calls_of
from paramcalc.frameworks.deriving.constructing import Run
from paramcalc.frameworks.deriving.dividing import TEMPLATES, Template
from paramcalc.frameworks.deriving.identifying import Candidates
from paramcalc.frameworks.deriving.linking import Connector
from paramcalc.frameworks.deriving.nesting import nested, nests
from paramcalc.frameworks.deriving.parts import Entry, Part
from paramcalc.frameworks.deriving.proving import at, entries_in, entries_of, same_tensors
from paramcalc.frameworks.deriving.reasons import Lost, arguments_text, reason_of
from paramcalc.frameworks.deriving.running import silence
from paramcalc.frameworks.deriving.search import Derivation, Solution
from paramcalc.frameworks.deriving.writing import expressions, written
from paramcalc.frameworks.graphs import first_difference, layers_of
from paramcalc.graph import evaluate
from paramcalc.layers.base.fields import DTYPES, read_shape
from paramcalc.spec import Spec, read_spec

#: Of how many points a tree is made at first, at how many it is proved at least, and how many are read at most.
_SAMPLE, _PROOFS, _MOST = 16, 8, 26
#: In how many ways what follows itself is put into groups at most.
_MOST_GROUPINGS = 10
#: How often a point at which a spec was wrong is answered.
_ROUNDS = 4


class NotConnected(Exception):
    """Why the connections are not known."""


@dataclass(frozen=True)
class Given:
    """What a model is given: the shape of an input, without the batch, in the dims; and its dtype."""

    shape: tuple[Expression | int | None, ...]
    dtype: str = "float32"

    def at(self, values: Mapping[str, Any]) -> tuple[int | None, ...]:
        """Return the shape at some values of the dims. Raises `unknown-dim`, and what an expression raises."""
        here = Environment({name: tuple(each) if isinstance(each, list) else each for name, each in values.items()})
        return tuple(each.evaluate(here) if isinstance(each, Expression) else each for each in self.shape)


def read_inputs(inputs: Any) -> tuple[Given, ...]:
    """Read what a model is given: one shape, a list of shapes, or texts such as `context:int64` or `3,32,32`.

    Raises `wrong-type`, `invalid-value`, `invalid-expression`.
    """
    is_list = isinstance(inputs, (list, tuple)) and not any(each is None or type(each) is int for each in inputs)
    return tuple(map(_given, inputs)) if is_list else (_given(inputs),)


def _given(value: Any) -> Given:
    if isinstance(value, str):
        text, colon, dtype = value.rpartition(":")
        if colon and dtype.strip() in DTYPES:
            return Given(_given(text).shape, dtype.strip())
        value = _split(value)
    if not isinstance(value, (list, tuple)):
        raise refuse("wrong-type", f"an input is given by its shape, not by {quoted(value)}", "as in inputs=[(3, 32)]")
    return Given(tuple(map(_size, value)))


def _split(text: str) -> list[str]:
    """Divide a text at the commas that stand in no brackets."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter in "([") - (letter in ")]")
        if letter == "," and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    return [each.strip() for each in parts if each.strip()]


def _size(value: Any) -> Expression | int | None:
    if isinstance(value, str) and value not in ("null", "none", "None"):
        return int(value) if re.fullmatch(r"\d+", value) else Expression.parse(value)
    (size,) = read_shape([None if isinstance(value, str) else value])
    return size if type(size) is int else None


# --- The stage -------------------------------------------------------------------------


def connect(derivation: Derivation, solution: Solution, inputs: Sequence[Given]) -> Solution:
    """Return what was derived with its connections, where these can be followed. Raises `NotConnected`."""
    return _Connection(derivation, solution, inputs).solved()


@dataclass(frozen=True, eq=False)
class _Read:
    """What was read at a point."""

    run: Run
    spec: Spec
    calls: Calls

    @cached_property
    def layers(self) -> list[Any] | None:
        """What makes another spec the same graph; None where it is none."""
        try:
            return layers_of(evaluate(self.spec, self.spec.framework, fold=False))
        except ParamcalcError:
            return None


class _Connection:
    """Finds the connections of one network."""

    def __init__(self, derivation: Derivation, solution: Solution, inputs: Sequence[Given]) -> None:
        self.derivation, self.solution, self.inputs = derivation, solution, inputs
        self.is_keras = derivation.runner.framework == "keras"
        self.title = derivation.constructor.name
        #: what the parts are called that are called at what was given
        self.words: set[tuple[str, ...]] = set()
        #: a point at which the calls could not be followed, and why
        self.unread = ""

    def solved(self) -> Solution:
        """Find a spec that is the graph that was read, at every point."""
        runs = [*self.runs()]
        if len(runs) < _PROOFS + 2 and self.solution.spec.dims:
            raise NotConnected(
                f"{self.title}: its calls can be followed at {len(runs)} of {len(self.solution.points)} points, which"
                f" are too few{self.unread}"
            )
        # where something stands that never stands elsewhere, what was read is compared, and not merged
        self.words = _words(runs[0].calls.root)
        alike = [run for run in runs if _words(run.calls.root) <= self.words]
        reasons = []
        for grouped in islice(_groupings(alike), _MOST_GROUPINGS):
            for template in TEMPLATES:
                try:
                    return self.found(runs, grouped, template)
                except NotConnected as reason:
                    reasons.append(reason)
        raise reasons[0]

    def found(self, runs: Sequence[_Read], alike: Sequence[_Read], template: Template) -> Solution:
        """Find it by one way to divide what follows itself. Raises `NotConnected`."""
        sample = [*alike[:_SAMPLE]]
        for _ in range(_ROUNDS):
            try:
                found = self.merged(sample, template)
            except Lost as lost:
                values = [each.run.values for each in sample]
                raise NotConnected(reason_of(lost, self.title, values)) from None
            except ParamcalcError as error:
                raise NotConnected(
                    f"{self.title}: the spec that was put together is refused: {error.problems[0].message}"
                ) from None
            differing = [each for each in runs if not self.is_right(found, each)]
            wrong = [each.run for each in differing]
            if not wrong:
                points = [each.run.values for each in runs]
                remark = (runs[0].spec.description or "").removeprefix("Read from PyTorch. ")
                return replace(found, points=[*points, *self.further(found, points)], remark=remark)
            fresh = next((each for each in alike if each.run in wrong and each not in sample), None)
            if fresh is None:
                break
            sample.append(fresh)
        raise NotConnected(self.difference(found, differing[0]))

    def difference(self, found: Solution, read: _Read) -> str:
        """Say what a spec has otherwise at a point."""
        place = arguments_text(read.run.values)
        new = _words(read.calls.root) - self.words
        if new:
            *names, kind = min(new, key=str)
            name = ".".join(filter(None, names))
            what = " ".join(filter(None, (kind, f"'{name}'" if name else "")))
            return f"{self.title}: it calls {what or 'a group'} at {place}, and not at the arguments that were given"
        try:
            layer = first_difference(at(found.spec, read.run.values), read.spec)
        except ParamcalcError as error:
            layer = error.problems[0].message
        return f"{self.title}: no one spec fits at all points; what fits at the others is wrong at {place}: {layer}"

    def merged(self, sample: Sequence[_Read], template: Template) -> Solution:
        """Return the spec of several graphs. Raises `Lost`, and `ParamcalcError` where the language refuses it."""
        derivation, solution = self.derivation, self.solution
        values = [each.run.values for each in sample]
        free = tuple(name for name in solution.spec.dims if len({json.dumps(each[name]) for each in values}) > 1)
        # what the tensors' sizes were found to be is known
        known = {**derivation.log.expressions, **dict.fromkeys(expressions(solution.nodes))}
        candidates = Candidates(derivation.values, free, values, replace(derivation.log, expressions=known))
        nodes, outputs = Connector(candidates, [each.calls for each in sample], template).connected()
        derivation.make_exact(nodes)
        layers, made, given = written(nodes, outputs)
        data = {**solution.spec.plain(), "layers": layers, "outputs": given}
        del data["connections"]
        if not given:
            del data["outputs"]
        data["unknown"] = [*dict.fromkeys(each for read in sample for each in read.spec.unknown)]
        return replace(solution, spec=read_spec(data), nodes=nodes, made=made)

    def further(self, found: Solution, points: Sequence[Values]) -> Iterator[Values]:
        """Yield the points at which the tensors alone are compared. Raises `NotConnected` where they differ."""
        for values in self.solution.points:
            run = self.derivation.run(values)
            if run is None or values in points:
                continue
            try:
                is_right = self.has_tensors(entries_of(found.spec, values, found.made), run)
            except ParamcalcError:
                continue  # what it is given there does not fit
            if not is_right:
                place = arguments_text(run.values)
                raise NotConnected(f"{self.title}: with its connections, the spec has other tensors at {place}")
            yield values

    def is_right(self, found: Solution, read: _Read) -> bool:
        """Whether a spec is the graph that was read at a point, and has the tensors of what was made there."""
        spec = at(found.spec, read.run.values)
        try:
            graph = evaluate(spec, spec.framework, fold=False)
        except ParamcalcError:
            return False
        return layers_of(graph) == read.layers and self.has_tensors(entries_in(graph, spec, found.made), read.run)

    def has_tensors(self, found: Sequence[Entry], run: Run) -> bool:
        """Whether the tensors of a spec are those of what was made at a point."""
        entries = run.inventory.entries
        # the layers of a model of Keras have other names each time
        return _sizes(found) == _sizes(entries) if self.is_keras else same_tensors(found, entries)

    # --- reading

    def runs(self) -> Iterator[_Read]:
        """Yield what was made at the points of the proof, where it can be read as well as at the first."""
        budget = self.derivation.runner.seconds
        base = self.read(self.derivation.base)
        yield base
        found = 1
        # the last are those at which all dims are moved
        for values in reversed(self.solution.points):
            run = self.derivation.run(values)
            if run is None or run is self.derivation.base or found >= _MOST or self.is_tall(run):
                continue
            if self.derivation.runner.is_spent:
                raise NotConnected(
                    f"{self.title}: to follow its calls takes longer than the budget of {budget:g} seconds"
                )
            try:
                read = self.read(run)
            except NotConnected as reason:
                self.unread = f"; not at {arguments_text(run.values)}: {str(reason).removeprefix(f'{self.title}: ')}"
                continue
            # where a shape does not fit, less is known of what follows
            if read.spec.description == base.spec.description:
                found += 1
                yield read

    def is_tall(self, run: Run) -> bool:
        """Whether there are many more parts than at first, which take long to follow."""
        return len(run.inventory.entries) > 2 * len(self.derivation.base.inventory.entries)

    def read(self, run: Run) -> _Read:
        """Read what was made at a point. Raises `NotConnected`."""
        try:
            with silence():
                spec, lists = self.untidied(run.model, run.values)
        except ParamcalcError as error:
            raise NotConnected(f"{self.title}: {error.problems[0].message}") from None
        if next(spec.inventories(), None) is not None:
            raise NotConnected(f"{self.title}: {spec.description or 'its calls cannot be followed'}")
        return _Read(run, spec, calls_of(spec, lists))

    def untidied(self, model: Any, values: Values) -> tuple[Spec, frozenset[str]]:
        """Read a model, each layer for itself; and the paths of what holds layers and is not called."""
        if self.is_keras:
            from paramcalc.frameworks.keras.read import untidied

            return untidied(model), frozenset()
        from paramcalc.frameworks.torch.read import connected
        from paramcalc.frameworks.torch.read.module_lists import uncallable

        shapes = [(given.at(values), given.dtype) for given in self.inputs]
        return connected(model, shapes, self.derivation.runner.alike), uncallable(model)


def _groupings(reads: list[_Read]) -> Iterator[list[_Read]]:
    """Yield what was read, then with what follows itself in groups of their own, then with such groups in others."""
    waiting = [reads]
    while waiting:
        grouped = waiting.pop(0)
        yield grouped
        found = nests([each.calls for each in grouped])
        waiting += [[replace(each, calls=nested(each.calls, nest)) for each in grouped] for nest in found]


def _words(part: Part, around: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    """Return what the parts in a part are called, and of which layer types they are."""
    found: set[tuple[str, ...]] = set()
    for each in part.parts:
        here = (*around, each.stem)
        found |= {(*here, each.kind), *_words(each, here)}
    return found


def _sizes(entries: Sequence[Entry]) -> Counter[Any]:
    return Counter((each.shape, each.role, each.dtype, each.trainable, each.tied_to is None) for each in entries)
