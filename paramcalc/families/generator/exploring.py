"""Running the constructor of a class of models with other configurations, until no condition is seen one way only."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any

from paramcalc.families.configs import values_of
from paramcalc.families.generator.drawing import Drawing, key_of, overridden
from paramcalc.families.generator.learning import Tries
from paramcalc.families.generator.models import (
    Declared,
    Fields,
    Owned,
    build,
    declared,
    fields_of,
    kept,
    made_config,
    model_class,
    tensors,
)
from paramcalc.families.generator.recording import LOST
from paramcalc.families.generator.texts import has_one_of, names_in
from paramcalc.families.generator.tracing import models_loaded, trace

#: The tensors after which no more models are constructed, however few these were: a number, so that it repeats.
_TENSORS = 25_000
#: How many layers a small model has: the first of these with which one can be constructed.
_FEW = (3, 4, 6, 8, 12, 16, 20)
#: The field that says what part of a head is rotated; it stands among those of the rotation, or beside them.
ROTATED = "partial_rotary_factor"
#: The field that says whether the layer of outputs is tied to that of inputs.
TIED = "tie_word_embeddings"
#: What stands in files that older versions saved beside the fields of the rotation, with values that these have.
_OLDER: dict[str, tuple[float, ...]] = {"rope_theta": (500_000.0, 1_000_000), ROTATED: (0.5, 0.25)}
#: How many values are tried at most to turn a condition.
_ATTEMPTS = 12


@dataclass(frozen=True)
class Run:
    """One construction: what was given, the fields that came of it, and the tensors."""

    given: dict[str, Any]
    fields: Fields
    tensors: dict[str, Owned]


@dataclass
class Explorer:
    """Explores a class of models of a type."""

    model_type: str
    class_name: str
    seed: int = 11
    #: how many models are constructed at most
    most: int = 120
    #: whether lists of numbers keep their lengths, and configurations what they keep under other names; loops of known
    #: numbers of copies are then written out
    keeps_lengths: bool = False
    #: the fields that are left as they are
    pinned: frozenset[str] = frozenset()
    #: what was learnt without buffers, where these cannot be learnt
    without_buffers: Tries = field(default_factory=Tries)
    tries: Tries = field(init=False)
    runs: list[Run] = field(default_factory=list)
    reads: set[str] = field(default_factory=set)
    missing: set[str] = field(default_factory=set)
    #: the fields of which sizes were made that have no expression
    lost: set[str] = field(default_factory=set)
    #: the lists whose lengths say how often something was written out
    counted: set[str] = field(default_factory=set)
    failures: Counter[str] = field(default_factory=Counter)
    tried: set[str] = field(default_factory=set)
    #: the fields by their paths that each run was given
    flat: list[dict[str, Any]] = field(default_factory=list)
    #: the tensors of all runs together
    constructed: int = 0
    #: the conditions, the runs and the places among values that were tried
    flipped: set[tuple[str, int, int]] = field(default_factory=set)
    #: the fields that configurations keep under other names, and on which tensors depend, as they are by default
    kept: Fields = field(default_factory=dict)
    #: of these, what they are where the configuration that has them is stated, and is then another than by default
    unkept: Fields = field(default_factory=dict)
    #: the fields that make a model of few layers
    small: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.tries = Tries(self.without_buffers)
        config = made_config(self.model_type, {})
        self.cls = model_class(self.model_type, self.class_name)
        self.fields = fields_of(config)
        self.num_labels = int(config.num_labels)
        self.declared: Declared = declared(config)
        classes = [type(_inner(config, path)) for path in ("", *self.declared.configs)]
        modules = tuple(dict.fromkeys(each.__module__ for each in classes))
        self.drawing = Drawing(self.fields, self.declared, modules, Random(self.seed), self.keeps_lengths)
        self.drawing.ends = {name: value[-1] for name, value in self.fields.items() if self._has_end(name, value)}
        self.drawing.pin(self.pinned)
        self.choices = {name: self.drawing.choices(name) for name in self.drawing.names}
        self.types = self._types(config)
        self.base = self._needed(config)
        self.fields.update(self.base)
        if self.keeps_lengths:
            for path in ("", *self.declared.configs):
                self._keep(config, path)
        self.started = time.process_time()

    def _has_end(self, name: str, value: Any) -> bool:
        """Whether a field is a list of texts that ends in the same whatever it is given."""
        others = [each for each in value if each != value[-1]] if isinstance(value, list) and value else []
        if name not in self.declared.defaults or not others or not all(isinstance(each, str) for each in value):
            return False
        with suppress(Exception):
            given = overridden({name: [*value[:-1], others[0]]})
            return bool(fields_of(made_config(self.model_type, given)).get(name) == value)
        return False

    def _types(self, config: Any) -> dict[str, str]:
        """Return the types of the configurations in it that must be stated with anything else of them."""
        found = {}
        for path in self.declared.configs:
            inner = _inner(config, path)
            plain = given = None
            with suppress(Exception):
                given = made_config(self.model_type, overridden({f"{path}.model_type": inner.model_type}))
                plain = made_config(self.model_type, overridden({path: {}}))
            if type(_inner(plain, path)) is not type(_inner(given, path)) is type(inner):
                found[path] = str(inner.model_type)
        return found

    def stated(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return fields with what must be stated beside them."""
        types = {
            f"{path}.model_type": name
            for path, name in self.types.items()
            if any(each.startswith(f"{path}.") for each in given)
        }
        beside = {
            name: self.kept[name]
            for name in self.unkept
            if any(each.startswith(f"{name.rpartition('.')[0]}.") for each in given)
        }
        return {**self.base, **types, **beside, **given}

    def _keep(self, config: Any, path: str) -> None:
        """Keep what a configuration at a path keeps under other names, if tensors depend on it."""
        before = f"{path}." if path else ""
        found = {f"{before}{name}": value for name, value in kept(_inner(config, path)).items()}

        def made(given: Mapping[str, Any]) -> dict[str, Owned] | None:
            with suppress(Exception):
                return self.unrecorded(given)
            return None

        others = [{name: other} for name, value in found.items() for other in _others(value)]
        if not others or (usual := made(found)) is None:
            return
        if any(each is not None and each != usual for each in map(made, others)):
            self.kept.update(found)
            given = overridden(self.stated({f"{before}model_type": _inner(config, path).model_type}))
            stated = kept(_inner(made_config(self.model_type, given), path))
            self.unkept.update(
                {name: stated[last] for name in found if stated[last := name.rpartition(".")[2]] != found[name]}
            )

    def _needed(self, config: Any) -> dict[str, Any]:
        """Return the one field, absent by default, that must be stated: without it no model can be constructed."""
        try:
            build(self.cls, config)
        except Exception as error:
            for name in self.drawing.names:
                for value in self.drawing.moves(name) if self.fields[name] is None else ():
                    with suppress(Exception):
                        build(self.cls, made_config(self.model_type, overridden({name: value})))
                        return {name: value}
            raise error from None
        return {}

    @property
    def seconds(self) -> float:
        """The seconds since it began."""
        return time.process_time() - self.started

    def run(self, given: Mapping[str, Any]) -> bool:
        """Construct a model of fields by their paths; whether it could be."""
        given = self.stated(given)
        key = key_of(given)
        if key in self.tried or self.is_done:
            return False
        self.tried.add(key)
        try:
            loaded = -1
            while loaded != models_loaded():
                # what is imported while a model is constructed is recorded only the next time
                loaded = models_loaded()
                config = made_config(self.model_type, overridden(given))
                fields = fields_of(config)
                fields["num_labels"] = int(config.num_labels)
                remembered = self.remembered(fields)
                model, recorder = trace(
                    self.cls, config, remembered, self.declared.optional, self.choices, self.known_lengths()
                )
        except Exception as error:
            self.failures[f"{type(error).__name__}: {str(error)[:100]}"] += 1
            return False
        self.tries.learn(model, recorder)
        self.without_buffers.learn(model, recorder)
        self.flat.append(dict(given))
        self.runs.append(Run(overridden(given), fields, tensors(model, marked=True)))
        self.constructed += len(self.runs[-1].tensors)
        self.reads |= recorder.reads
        self.missing |= recorder.missing
        self.lost |= recorder.lost
        self.counted |= recorder.counted
        return True

    def unrecorded(self, given: Mapping[str, Any]) -> dict[str, Owned]:
        """Return the tensors of a model of fields by their paths, constructed without recording anything."""
        return tensors(build(self.cls, made_config(self.model_type, overridden(self.stated(given)))))

    def remembered(self, fields: Fields) -> Fields:
        """Return the fields whose values remember them: a double that is left as it is is as good as a constant."""
        return {
            name: value for name, value in fields.items() if name not in self.pinned or not isinstance(value, float)
        }

    def known_lengths(self) -> list[str] | None:
        """Return the lists that keep their lengths, where these and loops of known numbers are written out."""
        return [name for name in self.drawing.names if self.drawing.has_length(name)] if self.keeps_lengths else None

    def explore(self) -> None:
        """Construct what is worth constructing: a number of models alone decides when it ends, so that it repeats."""
        self.run({})
        self.small = next((few for few in map(self.drawing.depths, _FEW) if self.run(few)), {})
        for depth in (2, 5):
            self.run(self.drawing.depths(depth))
        self.move_followed()
        self.move_others()
        self.move_ties()
        self.flip()
        self.move_read()
        self.flip()
        before = -1
        while before < len(self.tried) < self.most:
            before = len(self.tried)
            for _ in range(12):
                self.run(self.drawing.random(self.relevant()))
            self.flip()

    def rotary(self) -> dict[str, list[Any]]:
        """Return what part of a head is rotated, where configurations may say so: no size remembers it."""
        stated = [each for run in self.runs for name, each in run.fields.items() if name.endswith("rope_parameters")]
        found = sorted({*values_of(ROTATED, stated)})
        # all of it, where nothing is said; of several values it is not known which stands where
        return {ROTATED: (found or [1.0]) if len(found) < 2 else []} if stated else {}

    def without_effect(self, name: str, with_buffers: bool) -> bool:
        """Whether models of files that older versions saved have the same tensors with a field and without it.

        No configuration has the field by default.
        """

        def made(given: Mapping[str, Any]) -> dict[str, Owned]:
            found = self.unrecorded({**self.small, **given})
            return {each: tensor for each, tensor in found.items() if with_buffers or tensor.state is None}

        values = _OLDER.get(name.rpartition(".")[2], ())
        try:
            return bool(values) and all(made({name: value}) == made({}) for value in values)
        except Exception:
            return False

    @property
    def is_done(self) -> bool:
        """Whether as many models, or as large ones, were constructed as may be."""
        return len(self.tried) >= self.most or self.constructed >= _TENSORS

    def relevant(self) -> list[str]:
        """Return the fields that the code reads."""
        return [name for name in self.drawing.names if name in self.reads]

    def one_sided(self) -> list[tuple[str, int]]:
        """Return the conditions that were seen one way only where they are asked, each with a small run that does."""
        sizes = [len(run.tensors) for run in self.runs]
        # no model of the type knows these kinds of layers
        vain = {has_one_of(name, each) for name, parts in self.choices.items() for each in parts if len(each) > 1}
        return sorted(
            {
                (text, min(runs, key=lambda run: (sizes[run], run)))
                for text, runs in self.tries.one_sided()
                if LOST not in text and text not in vain
            }
        )

    def flip(self) -> None:
        """Try to see the other side of conditions: the likeliest value for each first, then the next."""
        for place in range(_ATTEMPTS):
            waiting = True
            while waiting and not self.is_done:
                # what is seen for the first time may ask new conditions
                waiting = False
                for text, run in self.one_sided():
                    if (text, run, place) not in self.flipped:
                        self.flipped.add((text, run, place))
                        waiting = True
                        self._flip(text, run, place)

    def _flip(self, text: str, run: int, place: int) -> None:
        """Try the value at a place among those that may turn a condition in a run."""
        moves = [{name: value} for name in self.causes(text) for value in self._other_side(text, name, run)]
        if place < len(moves):
            self.run({**self.flat[run], **moves[place]})

    def causes(self, text: str) -> list[str]:
        """Return the fields that a condition is about, and then those that these may follow from."""
        names = sorted(names_in(text))
        found = [name for name in names if name in self.drawing.names]
        if any(name in self.fields and name not in self.declared.defaults for name in names):
            found += [name for name in self.drawing.names if isinstance(self.fields[name], str)]
        if any(not self._is_as_given(name) for name in found):
            # the class of configurations changes what it is given: often where a truth says so
            found += [name for name in self.drawing.names if isinstance(self.fields[name], bool)]
        return [*dict.fromkeys(found)]

    def _is_as_given(self, name: str) -> bool:
        """Whether a field is in all runs what was given, or what it is by default."""
        default = self.declared.defaults[name]
        return all(
            run.fields.get(name) == given.get(name, default) for run, given in zip(self.runs, self.flat, strict=True)
        )

    def _other_side(self, text: str, name: str, run: int) -> list[Any]:
        """Return values of a field that may turn a condition in a run."""
        value = self.runs[run].fields[name]
        if isinstance(value, bool):
            return [not value]
        found: list[Any] = []
        if "none" in text:
            found = [None] if value is not None else []
        elif isinstance(value, str) or (value is None and '"' in text):
            found = re.findall(r'"([^"]*)"', text)
        elif type(value) is int:
            for number in map(int, re.findall(r"(?<![\w.])(\d+)(?![\w.])", text)):
                found += [number - 1, number, number + 1] if number < 10_000 else []
            others = [self.fields.get(other) for other in names_in(text) - {name}]
            found += [each for other in others if type(other) is int for each in (other, 2 * other, other // 2)]
            found += [0, 1, 2, 3, value + 1] if "%" in text or len(names_in(text)) > 1 else []
            found = [each for each in found if each >= 0 and not (self.drawing.is_depth(name) and each > 8)]
        elif isinstance(value, list) and value and isinstance(value[0], str):
            texts = [*dict.fromkeys([*re.findall(r'"([^"]*)"', text), *value])]
            # first one text everywhere, then in turns
            found = [[each] * len(value) for each in texts]
            found += [
                [texts[(place + shift) % len(texts)] for place in range(len(value))] for shift in range(len(texts))
            ]
            return [each for each in found if each != value]
        return [*found, *self.drawing.moves(name)][:10]

    def move_read(self) -> None:
        """Move each field that the code reads alone, until it had two other values, or one where there is one."""
        for name in self.relevant():
            for value in self.drawing.moves(name):
                if len(self.values(name)) >= (2 if isinstance(self.fields[name], bool) else 3):
                    break
                self.run({**self.small, name: value})

    def move_followed(self) -> None:
        """Move the fields that one may follow from that is left out: those that are equal to it by default."""
        for name in self.relevant():
            if self.declared.defaults[name] is None:
                for other in rivals(name, self.fields[name], self.fields):
                    for value in self.drawing.moves(other)[:2] if other in self.drawing.names else ():
                        self.run({**self.small, other: value})

    def move_others(self) -> None:
        """Move the fields that the code does not read: all together, or else one by one."""
        names = [name for name in self.drawing.names if len(self.values(name)) < 2]
        for shift in range(2):
            self._move_together([name for name in names if self.drawing.moves(name)], shift)

    def move_ties(self) -> None:
        """Move the truths that say what is tied, where there are several, one by one and together.

        The code of models reads none.
        """
        ties = {name: self.fields[name] for name in self.drawing.names if name.rpartition(".")[2] == TIED}
        if len(ties) > 1:
            for name, value in ties.items():
                self.run({**self.small, name: not value})
                # what is left out need not be as what is stated
                self.run({**self.small, **ties, name: not value})
            self.run({**self.small, **{name: not value for name, value in ties.items()}})

    def _move_together(self, names: list[str], shift: int) -> None:
        if not names or self.is_done:
            return
        given = {}
        for name in names:
            moves = self.drawing.moves(name)
            given[name] = moves[shift % len(moves)]
        if not self.run({**self.small, **given}) and len(names) > 1:
            middle = len(names) // 2
            self._move_together(names[:middle], shift)
            self._move_together(names[middle:], shift)

    def cause_of(self, runs: frozenset[int]) -> str | None:
        """Return the field that was moved in most of these runs, and in fewest of the others; None where none was.

        Fields of which sizes were made that have no expression come first.
        """
        usual = self.declared.defaults
        names = {name for name in self.drawing.names if not self.drawing.is_depth(name)}
        names = {name for name in names if key_of({"": self.fields[name]}) == key_of({"": usual[name]})}
        moved = [names & {*given} for given in self.flat]
        ours = Counter(name for run in sorted(runs) for name in sorted(moved[run]))
        theirs = Counter(name for run, names in enumerate(moved) if run not in runs for name in names)
        others = max(1, len(moved) - len(runs))
        shares = {name: number / len(runs) - theirs[name] / others for name, number in ours.items()}
        name = max(shares, key=lambda each: (each in self.lost, shares[each], each), default=None)
        return name if name is not None and (shares[name] > 0 or name in self.lost) else None

    def values(self, name: str) -> set[str]:
        """Return the values that a field had in runs, as texts."""
        return {key_of({"": run.fields.get(name)}) for run in self.runs}


def _others(value: Any) -> list[list[Any]]:
    """Return lists that may stand in place of one: shorter ones, and one of the numbers before."""
    if not isinstance(value, list):
        return []
    found = [value[:-1], value[1:]] if len(value) > 1 else []
    return [*found, [each - 1 for each in value]] if all(type(each) is int for each in value) else found


def rivals(name: str, value: Any, fields: Fields) -> list[str]:
    """Return the fields that have the value of another, beside which they stand; none for a number that many have."""
    above = name.rpartition(".")[0]
    if type(value) is not int or value < 3:
        return []
    return [
        each
        for each, other in fields.items()
        if each != name and type(other) is int and other == value and each.rpartition(".")[0] == above
    ]


def _inner(config: Any, path: str) -> Any:
    """Return the configuration at a path in another; None, where there is none."""
    for part in path.split(".") if path else ():
        config = getattr(config, part, None)
    return config
