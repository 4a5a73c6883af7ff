"""The document of a family: what was learnt of each class of models of a type, written and proved."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from paramcalc.core.errors import ParamcalcError
from paramcalc.core.expression import RESERVED
from paramcalc.families.generator import forms
from paramcalc.families.generator.bodies import Body, Copies
from paramcalc.families.generator.deriving import PLACE, Deriving, Rule
from paramcalc.families.generator.drawing import SORTS, Drawing, overridden
from paramcalc.families.generator.exploring import Explorer, Run, drawn, rivals
from paramcalc.families.generator.following import (
    CONSTANT,
    Observed,
    comparable,
    confirmed,
    list_law,
    list_law_by_a_truth,
    observed,
    undeclared,
    value_of,
)
from paramcalc.families.generator.learning import NotLearnt, Tries
from paramcalc.families.generator.mixtures import is_known, sent_to
from paramcalc.families.generator.models import (
    IGNORED,
    Fields,
    OutOfTime,
    config_at,
    fields_of,
    heads,
    made_config,
    processor_limited,
    version,
)
from paramcalc.families.generator.proving import PARAMETERS, REFUSED, WHOLE, WRONG, WRONG_BUFFERS, compared
from paramcalc.families.generator.remembering import expression
from paramcalc.families.generator.texts import is_certain, names_in, negated, tidied
from paramcalc.families.generator.ties import ties
from paramcalc.families.generator.writing import layers
from paramcalc.families.stored import UNKNOWN, Family, read_family
from paramcalc.spec.writing import written

#: Of what fresh configurations are drawn.
_SEED = 20261128
#: The seconds of a processor after which a type is given up.
_SECONDS = 60.0


@dataclass
class Result:
    """What came of a class of models."""

    class_name: str
    #: why it is not in the document of its family; nothing, where it is
    reason: str = ""
    #: how often the family was whole, refused or wrong: of the runs it was learnt from, and of fresh configurations
    outcomes: Counter[str] = field(default_factory=Counter)
    #: what was refused, and why
    refused: list[str] = field(default_factory=list)
    runs: int = 0
    failures: int = 0
    seconds: float = 0.0
    #: whether transformers builds it by default: it `does`, does with one field `stated`, or `fails`
    default: str = "fails"
    #: whether only buffers are wrong
    wrong_buffers: bool = False
    #: why buffers are not in the document
    no_buffers: str = ""
    learnt: Explorer | None = None


def make(model_type: str, most: int = 120, fresh: int = 20) -> tuple[dict[str, Any] | None, list[Result]]:
    """Learn the classes of models of a type, and prove what was learnt: the document of the family, and what came.

    `most` is the number of models that are constructed of each class, `fresh` the number of configurations that each of
    the three generators draws anew. Of a class with one wrong answer there is nothing in the document.
    """
    results, documents = [], {}
    for class_name in dict.fromkeys(heads(model_type).values()):
        result = Result(class_name)
        results.append(result)
        try:
            explorer = Explorer(model_type, class_name, most=most)
            result.default = "stated" if explorer.base else "does"
            explorer.explore()
            result.learnt, result.runs, result.seconds = explorer, len(explorer.runs), explorer.seconds
            result.failures = sum(explorer.failures.values())
            if not explorer.runs:
                raise NotLearnt(f"it cannot be built: {explorer.failures.most_common(1)}")
            documents[class_name], result.no_buffers = with_buffers(explorer)
        except NotLearnt as error:
            result.reason = str(error)
        except ParamcalcError as error:
            result.reason = f"what was learnt is no spec: {error}"
        except Exception as error:
            result.reason = f"{type(error).__name__}: {str(error)[:200]}"
    while documents:
        data = merged(model_type, documents)
        wrong = [each for each in results if each.class_name in documents and not _proved(each, data, fresh)]
        if not wrong:
            return data, results
        for each in wrong:
            head = documents[each.class_name]["heads"][each.class_name]
            if each.wrong_buffers and head.get("buffers") != UNKNOWN and each.learnt is not None:
                # the parameters alone may still be right
                each.no_buffers, each.reason = each.reason, ""
                documents[each.class_name] = without_buffers(each.learnt)
            else:
                del documents[each.class_name]
    return None, results


def make_file(model_type: str, folder: Path, most: int, fresh: int) -> dict[str, Any]:
    """Make the document of a type in a folder, and return what is reported of it."""
    started = time.monotonic()
    path = folder / f"{model_type}.yaml"
    try:
        with processor_limited(_SECONDS):
            data, results = make(model_type, most, fresh)
    except (Exception, OutOfTime) as error:
        # one type that fails is no reason to lose the others
        data, results = None, [Result(model_type, f"{type(error).__name__}: {str(error)[:200]}")]
    if data is None:
        path.unlink(missing_ok=True)
    else:
        path.write_text(written(data), encoding="utf-8")
    classes = {
        each.class_name: {
            "default": each.default, "reason": each.reason, "no_buffers": each.no_buffers,
            "outcomes": dict(each.outcomes), "runs": each.runs, "failures": each.failures,
            "seconds": round(each.seconds, 1), "refused": each.refused[:5],
        }
        for each in results
    }  # fmt: skip
    return {"type": model_type, "seconds": round(time.monotonic() - started, 1), "classes": classes}


def merged(model_type: str, documents: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the document of a family of those of its classes."""
    found: dict[str, Any] = {"family": model_type, "transformers": version()}
    found["named_heads"] = {name: cls for name, cls in heads(model_type).items() if cls in documents}
    for key in ("dims", "absent", "lists", "aliases", "stated", "heads"):
        rows: dict[str, Any] = {}
        for each in documents.values():
            for name, value in each.get(key, {}).items():
                rows[name] = {**rows.get(name, {}), **value} if key == "stated" else rows.get(name, value)
        if rows:
            found[key] = rows
    for key in ("derived", "configs"):
        names = [*dict.fromkeys(name for each in documents.values() for name in each.get(key, ()))]
        if names:
            found[key] = names
    return found


def _proved(result: Result, data: dict[str, Any], fresh: int) -> bool:
    """Compare a class of a family with what its constructor makes; whether nothing is wrong."""
    family, explorer = family_of(data), result.learnt
    assert explorer is not None
    result.outcomes, result.refused = Counter(), []
    cases = [("traced", run.given, run.tensors) for run in explorer.runs]
    for place, sort in enumerate(SORTS):
        cases += [(sort, given, made) for given, made in drawn(explorer, fresh, sort, _SEED + place)]
    for sort, given, made in cases:
        outcome, about = compared(family, {"model_type": family.name, **given}, result.class_name, made)
        result.outcomes[f"{sort} {outcome}"] += 1
        if outcome in (WRONG, WRONG_BUFFERS):
            result.reason = f"wrong at {str(given)[:300]}: {about}"
            result.wrong_buffers = outcome == WRONG_BUFFERS
            return False
        if outcome == REFUSED:
            result.refused.append(f"{sort}: {about} at {str(given)[:200]}")
    if not result.outcomes[f"traced {WHOLE}"] + result.outcomes[f"traced {PARAMETERS}"]:
        result.reason = f"refused everywhere, as {result.refused[0][:300]}"
    return not result.reason


def family_of(data: Mapping[str, Any]) -> Family:
    """Return the family that plain data describes, read as a document is."""
    return read_family(written(dict(data)))


def with_buffers(explorer: Explorer) -> tuple[dict[str, Any], str]:
    """Return the document of a family with one class of models. Raises `NotLearnt` for its parameters.

    Where its buffers cannot be learnt, it is without them, says so, and why is returned. What is required for them
    alone stands apart, so that they are no reason to refuse a configuration.
    """
    own = without_buffers(explorer)
    try:
        whole = document(explorer, explorer.tries)
    except (NotLearnt, ParamcalcError) as error:
        return own, str(error)
    head, all_of_it = own["heads"][explorer.class_name], whole["heads"][explorer.class_name]
    del head["buffers"]
    needed: dict[str, Any] = {}
    requires = [*all_of_it.pop("requires", []), *all_of_it.pop("positive", [])]
    if requires := [each for each in requires if each not in head.get("requires", [])]:
        needed["requires"] = requires
    fixed = all_of_it.pop("fixed", {}).items()
    if fixed := {name: value for name, value in fixed if name not in head.get("fixed", {})}:
        needed["fixed"] = fixed
    if rotary := explorer.rotary():
        needed["stated"] = rotary
    whole["heads"] = {
        explorer.class_name: {**head, **({"buffers": needed} if needed else {}), "layers": all_of_it["layers"]}
    }
    return whole, ""


def without_buffers(explorer: Explorer) -> dict[str, Any]:
    """Return the document of a family with the parameters alone of one class of models. Raises `NotLearnt`."""
    data = document(explorer, explorer.without_buffers)
    head = data["heads"][explorer.class_name]
    head["buffers"] = UNKNOWN
    head["layers"] = head.pop("layers")
    return data


def document(explorer: Explorer, tries: Tries) -> dict[str, Any]:
    """Return the document of a family with what was learnt of one class of models. Raises `NotLearnt`."""
    identifying = Identifying(explorer.runs)
    body = forms.form(tries, identifying.size)
    if all(entry.state is not None for entry in body.entries.values()):
        raise NotLearnt("no parameter")
    # a class of configurations may let one part tie where another says so: what counts is what it is given
    runs = [(_as_given(explorer, run), run.tensors) for run in explorer.runs]
    if not tries.with_buffers:
        runs = [(fields, {name: each for name, each in made.items() if each.state is None}) for fields, made in runs]
    tied = ties(body, runs)
    knows_active = is_known(body, explorer.fields, explorer.declared.aliases)
    requires = [each for each in _requires(body) if not _is_always_given(explorer, each)]
    texts = [*requires, *(each.when for each in tied.values())]
    for way, entry in body.entries.items():
        texts += [sent_to(entry)] if knows_active and sent_to(entry) else []
        texts += [*entry.sizes, *entry.when, *(part.extent for part in way if isinstance(part, Copies))]
    sites = {part.site for way in body.entries for part in way if isinstance(part, Copies)}
    names = [*dict.fromkeys(name for text in texts for name in sorted(names_in(text)) if name not in sites)]
    dims = _Dims(explorer, identifying, {name for each in tied.values() for name in names_in(each.when)})
    for name in names:
        dims.add(name)
    dims.limit()
    found_layers = layers(body, tied, [*dims.found, *RESERVED], knows_active)
    named = {name: cls for name, cls in heads(explorer.model_type).items() if cls == explorer.class_name}
    data: dict[str, Any] = {"family": explorer.model_type, "transformers": version(), "named_heads": named}
    data["dims"] = dims.found
    data.update(
        {
            key: value
            for key, value in (
                ("derived", dims.derived),
                ("absent", dims.absent),
                ("lists", dims.lists),
                ("aliases", explorer.declared.aliases),
                ("configs", [*explorer.declared.configs]),
                ("stated", _stated(explorer, dims.found)),
            )
            if value
        }
    )
    head: dict[str, Any] = {}
    if fixed := _fixed(explorer, dims):
        head["fixed"] = fixed
    if requires or dims.needed:
        head["requires"] = [*requires, *dims.needed]
    if not knows_active:
        head["active"] = UNKNOWN
    if positive := _positive(explorer, body):
        head["positive"] = positive
    data["heads"] = {explorer.class_name: {**head, "layers": found_layers}}
    return data


def _positive(explorer: Explorer, body: Body) -> list[str]:
    """Return the conditions under which no buffer is without elements, if one was: no spec can state a size of 0."""
    if all(0 not in each.shape for run in explorer.runs for each in run.tensors.values()):
        return []
    found: list[str] = []
    for way, entry in body.entries.items():
        sites = {part.site for part in way if isinstance(part, Copies)}
        for size in entry.sizes if entry.state is not None else ():
            text = " or ".join(f"({each})" for each in (*map(negated, entry.when), f"{size} >= 1"))
            if names_in(size) and not names_in(text) & sites:
                found.append(tidied(text))
    return [*dict.fromkeys(found)]


def _requires(body: Body) -> list[str]:
    """Return the conditions that were seen one way only, with those under which they are asked."""
    found = []
    for guards, text in body.requires:
        found.append(" or ".join(f"({each})" for each in (*map(negated, guards), text)))
    return [each for each in dict.fromkeys(map(tidied, found)) if not is_certain(each)]


def _is_always_given(explorer: Explorer, text: str) -> bool:
    """Whether a condition is that a field is not absent, and the class of configurations never leaves it so."""
    names = names_in(text)
    if len(names) != 1 or text != f"{next(iter(names))} != none":
        return False
    name = next(iter(names))
    stated = explorer.declared.defaults.get(name, 0)
    asked = [run for run in explorer.runs if _is_null(run, name, stated)]
    return bool(asked) and all(run.fields.get(name) is not None for run in asked)


def _fixed(explorer: Explorer, dims: _Dims) -> dict[str, Any]:
    """Return the fields that had one value in all runs, or too few to be proved at others.

    So are those that the code of models or configurations asks for and that none has by default, and the types of
    configurations in others.
    """
    found = {}
    for name in explorer.drawing.names:
        value = explorer.fields[name]
        needed = 3 if type(value) is int and name in dims.found else 2
        if len(explorer.values(name)) < needed:
            found[name] = explorer.declared.defaults[name]
    found.update(dict.fromkeys(sorted(explorer.missing - {*explorer.fields, *IGNORED})))
    found.update(undeclared(explorer, dims.found))
    for path in explorer.declared.configs:
        found[f"{path}.model_type"] = str(config_at(explorer.model_type, path).model_type)
    return found


def _stated(explorer: Explorer, dims: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the fields of each configuration within another that have other defaults where it is stated.

    What a class gives one that is left out need not be what that one's own class gives it.
    """
    found: dict[str, dict[str, Any]] = {}
    given: dict[str, Any] = {}
    before = explorer.fields
    for path in explorer.declared.configs:
        above = {name: value for name, value in given.items() if path.startswith(name.removesuffix("model_type"))}
        given[f"{path}.model_type"] = str(config_at(explorer.model_type, path).model_type)
        try:
            stated = {**above, f"{path}.model_type": given[f"{path}.model_type"]}
            fields = fields_of(made_config(explorer.model_type, overridden(stated)))
        except Exception:
            continue
        others = {
            name: _plain_dim(name, value)
            for name, value in fields.items()
            if name.startswith(f"{path}.") and name in dims and _is_plain(dims[name]) and value != before.get(name)
        }
        if others:
            found[path] = others
    return found


def _is_plain(dim: Any) -> bool:
    """Whether the default of a dim is no expression."""
    return not isinstance(dim, str) or dim == "none"


# --- Dims -------------------------------------------------------------------------------


@dataclass
class _Dims:
    """The fields that tensors depend on, as the dims of a spec."""

    explorer: Explorer
    identifying: Identifying
    #: the fields whose values count as they are given
    given: set[str]
    found: dict[str, Any] = field(default_factory=dict)
    derived: list[str] = field(default_factory=list)
    absent: dict[str, Any] = field(default_factory=dict)
    #: what is required, so that a field is stated that cannot be worked out
    needed: list[str] = field(default_factory=list)
    #: the texts that may be no others than those that were seen
    limited: set[str] = field(default_factory=set)

    #: the lists that the class of configurations makes where one leaves them out
    lists: dict[str, dict[str, Any]] = field(default_factory=dict)
    derivings: dict[str, Deriving] = field(default_factory=dict)

    def add(self, name: str) -> None:
        """Add a field, behind those that it follows from."""
        if name in self.found:
            return
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
            self.derived.append(name)
            return
        default = None if name in explorer.base else explorer.fields[name]
        stated = explorer.declared.defaults[name]
        is_given = name in self.given and "." not in name and stated is not None
        if is_given:
            default = stated
        elif self.is_overridden(name) and (text := self.identifying.expression(name, explorer.runs)) is not None:
            self.follow(Rule(text))
            self.found[name] = tidied(text)
            self.derived.append(name)
            return
        unstated = [run for run in explorer.runs if _given(run.given, name) is None and _is_null(run, name, stated)]
        follows = stated is None and any(run.fields.get(name) is not None for run in unstated)
        if follows:
            if isinstance(default, list):
                self.listed(name, unstated)
            else:
                self.found[name] = self.followed(name, unstated)
            return
        self.found[name] = _plain_dim(name, default)
        nulls = [run for run in explorer.runs if _is_null(run, name, 0) and run.fields.get(name) is not None]
        if nulls and stated is not None:
            self.absent[name] = self.followed(name, nulls)

    def limit(self) -> None:
        """Limit texts on which others depend to those that were seen."""
        for name in self.limited:
            seen = dict.fromkeys(run.fields[name] for run in self.explorer.runs)
            self.found[name] = {"text": self.explorer.fields[name], "one_of": [*seen]}

    def rule(self, name: str) -> Rule | None:
        """Return what the class of configurations makes of a field that is left out."""
        path = name.rpartition(".")[0]
        if path not in self.derivings:
            explorer = self.explorer
            present = {each for run in explorer.runs for each, value in run.fields.items() if value is not None}
            present -= {each for run in explorer.runs for each, value in run.fields.items() if value is None}
            self.derivings[path] = Deriving(
                type(config_at(explorer.model_type, path)),
                f"{path}." if path else "",
                Drawing(explorer.fields, explorer.declared, explorer.drawing.modules, Random(explorer.seed)),
                explorer.declared,
                frozenset(present),
            )
        return self.derivings[path].rule(name)

    def listed(self, name: str, runs: Sequence[Run]) -> None:
        """Add a list that is made where a configuration leaves it out; one that is not known must be stated."""
        rule = self.rule(name)
        if rule is not None and not all(lists(rule, run.fields, run.fields[name]) for run in runs):
            rule = None
        if rule is None and (text := self.followed_list(name)) is not None:
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

    def followed(self, name: str, runs: Sequence[Run]) -> str:
        """Add what a field follows from, and return the expression. Raises `NotLearnt`."""
        values = [(run.fields, run.fields.get(name)) for run in runs]
        rule = self.rule(name)
        if rule is None or rule.times or name in rule.names or not _holds(rule.text, values):
            rule = Rule(self.identified(name, runs))
        self.follow(rule)
        return tidied(rule.text)

    def identified(self, name: str, runs: Sequence[Run]) -> str:
        """Return an expression that a field has in runs. Raises `NotLearnt`."""
        values = [(run.fields, run.fields.get(name)) for run in runs]
        texts = [each for each, value in self.explorer.fields.items() if isinstance(value, str)]
        for each in texts:
            # of another text than those that were seen nothing is known
            table = self.identifying.table(name, each, runs) if each in self.explorer.declared.defaults else ""
            if table and _holds(table, values):
                self.limited.add(each)
                return table
        found = self.identifying.expression(name, runs) or self.seen_alone(name, values)
        if found is None:
            raise NotLearnt(f"how {name} follows from other fields")
        return found

    def is_overridden(self, name: str) -> bool:
        """Whether a field is in some run neither what was given nor, where nothing was, what is declared."""
        stated = self.explorer.declared.defaults[name]
        for run, given in zip(self.explorer.runs, self.explorer.flat, strict=True):
            wanted = given.get(name, stated)
            if wanted is not None and comparable(run.fields.get(name)) != comparable(wanted):
                return True
        return False

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


def _as_given(explorer: Explorer, run: Run) -> Fields:
    """Return the fields of a run with the truths that it was given, or left out, in place of what became of them."""
    found = dict(run.fields)
    for name, default in explorer.declared.defaults.items():
        given = _given(run.given, name)
        if given is None and "." not in name:
            given = default
        if isinstance(given, bool):
            found[name] = given
    return found


def _given(given: Mapping[str, Any], name: str) -> Any:
    for part in name.split("."):
        if not isinstance(given, Mapping) or part not in given:
            return None
        given = given[part]
    return given


def _is_null(run: Run, name: str, stated: Any) -> bool:
    """Whether a run was given null for a field, or nothing where it is null by default."""
    given: Any = run.given
    for part in name.split("."):
        if not isinstance(given, Mapping) or part not in given:
            return stated is None
        given = given[part]
    return given is None


def _plain_dim(name: str, value: Any) -> Any:
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
    raise NotLearnt(f"the field {name} is {type(value).__name__}")


# --- Expressions from values ------------------------------------------------------------


@dataclass
class Identifying:
    """Finds the expression of a number by its values in the runs, where one alone is possible."""

    runs: Sequence[Run]

    def size(self, seen: list[tuple[int, int]]) -> str | None:
        """Return the expression of a size that is seen in runs."""
        observed = [(self.runs[run].fields, value) for run, value in dict(seen).items()]
        if any(dict(seen)[run] != value for run, value in seen):
            return None
        return self.number(observed)

    def expression(self, name: str, runs: Sequence[Run]) -> str | None:
        """Return the expression of a field."""
        observed = [(run.fields, run.fields.get(name)) for run in runs]
        if all(type(value) is bool for _, value in observed) and len({value for _, value in observed}) == 1:
            return ("true" if observed[0][1] else "false") if len(observed) >= CONSTANT else None
        if all(type(value) is bool for _, value in observed):
            same = [
                each
                for each in observed[0][0]
                if each != name and all(fields.get(each) is value for fields, value in observed)
            ]
            return same[0] if len(same) == 1 else None
        if not all(type(value) is int for _, value in observed):
            return None
        return self.number(observed, name)

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
        values: dict[str, set[Any]] = {}
        for run in runs:
            value, key = run.fields.get(name), run.fields.get(text)
            if not isinstance(value, (bool, int, str)) or not isinstance(key, str):
                return ""
            values.setdefault(key, set()).add(value)
        if len(values) < 2 or any(len(several) > 1 for several in values.values()):
            return ""
        rows = {key: next(iter(several)) for key, several in values.items()}
        if len({*rows.values()}) == 1:
            return ""
        if all(isinstance(value, bool) for value in rows.values()):
            texts = ", ".join(f'"{key}"' for key, value in rows.items() if value)
            return f"({text} in [{texts}])"
        *rest, last = rows.items()
        found = expression(last[1])
        for key, value in rest:
            found = f'({expression(value)} if {text} == "{key}" else {found})'
        return found
