"""The document of a family: what was learnt of each class of models of a type, written and proved."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from paramcalc.core.errors import ParamcalcError
from paramcalc.families.configs import family_spec
from paramcalc.families.generator.dims import given_at
from paramcalc.families.generator.documents import with_buffers, without_buffers
from paramcalc.families.generator.exploring import Explorer
from paramcalc.families.generator.fresh import drawn_of_each_sort, emptied
from paramcalc.families.generator.learning import NotLearnt
from paramcalc.families.generator.models import OutOfTime, heads, limited, version
from paramcalc.families.generator.proving import PARAMETERS, REFUSED, WHOLE, WRONG, WRONG_BUFFERS, compared
from paramcalc.families.stored import UNKNOWN, Family, read_family
from paramcalc.results.formula.of_spec import formula
from paramcalc.spec.writing import written

#: Of what fresh configurations are drawn.
_SEED = 20261128
#: The seconds of a processor after which a type is given up.
_SECONDS = 180.0
#: How many fields are left as they are at most, so that the rest can be learnt.
_PINNED = 4


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
    #: the fields at whose 0 it is wrong, each with whether only buffers are
    wrong_at_zero: dict[str, bool] = field(default_factory=dict)
    #: why buffers are not in the document
    no_buffers: str = ""
    learnt: Explorer | None = None
    #: the runs with which others do not agree, so that it cannot be learnt, or not with its defaults
    odd_runs: frozenset[int] = frozenset()
    #: whether a document was learnt that answers the configuration that states nothing
    is_default_known: bool = False


def make(model_type: str, most: int = 120, fresh: int = 20) -> tuple[dict[str, Any] | None, list[Result]]:
    """Learn the classes of models of a type, and prove what was learnt: the document of the family, and what came.

    `most` is the number of models that are constructed of each class, `fresh` the number of configurations that each of
    the three generators draws anew. Of a class with one wrong answer there is nothing in the document.
    """
    making = _Making(model_type, most)
    for class_name in dict.fromkeys(heads(model_type).values()):
        result = making.learn(class_name)
        if not result.is_default_known:
            making.learn_again(result)
    documents, results = making.documents, making.results
    while documents:
        data = merged(model_type, documents)
        proving = [each for each in results.values() if each.class_name in documents]
        wrong = [each for each in proving if not _proved(each, data, fresh)]
        if not wrong:
            return data, [*results.values()]
        for each in wrong:
            heads_of = documents[each.class_name]["heads"]
            head = heads_of[each.class_name]
            if each.wrong_at_zero and not each.reason:
                heads_of[each.class_name] = requiring_elements(head, each.wrong_at_zero)
            elif each.wrong_buffers and head.get("buffers") != UNKNOWN and each.learnt is not None:
                # the parameters alone may still be right
                each.no_buffers, each.reason = each.reason, ""
                documents[each.class_name] = without_buffers(each.learnt)
            else:
                del documents[each.class_name]
                making.learn_again(each)
    return None, [*results.values()]


@dataclass
class _Making:
    """What was learnt of the classes of a type."""

    model_type: str
    most: int
    results: dict[str, Result] = field(default_factory=dict)
    documents: dict[str, dict[str, Any]] = field(default_factory=dict)

    def learn(self, class_name: str, keeps_lengths: bool = False, pinned: frozenset[str] = frozenset()) -> Result:
        """Learn a class; what comes of it counts where it is better than what came before."""
        result = Result(class_name)
        document = _learnt(result, self.model_type, self.most, keeps_lengths, pinned)
        is_better = document is not None and (class_name not in self.documents or result.is_default_known)
        if document is not None and is_better:
            self.documents[class_name] = document
        if is_better or class_name not in self.results:
            self.results[class_name] = result
        return result

    def learn_again(self, result: Result) -> None:
        """Learn a class anew with less moved: lists of other lengths may make other networks, and so may any field."""
        explorer = result.learnt
        if explorer is not None and not explorer.keeps_lengths:
            result = self.learn(result.class_name, keeps_lengths=True)
        for _ in range(_PINNED):
            explorer = result.learnt
            name = explorer.cause_of(result.odd_runs) if explorer is not None and result.odd_runs else None
            if explorer is None or name is None or result.is_default_known:
                break
            # what a field does that was not understood is no matter where it is left as it is
            result = self.learn(result.class_name, explorer.keeps_lengths, explorer.pinned | {name})


def _learnt(
    result: Result, model_type: str, most: int, keeps_lengths: bool, pinned: frozenset[str]
) -> dict[str, Any] | None:
    """Return the document with what was learnt of a class of models; None, and why, where it cannot be."""
    try:
        explorer = Explorer(model_type, result.class_name, most=most, keeps_lengths=keeps_lengths, pinned=pinned)
        result.default, result.learnt = "stated" if explorer.base else "does", explorer
        explorer.explore()
        result.runs, result.seconds = len(explorer.runs), explorer.seconds
        result.failures = sum(explorer.failures.values())
        if not explorer.runs:
            raise NotLearnt(f"it cannot be built: {explorer.failures.most_common(1)}")
        found, result.no_buffers = with_buffers(explorer)
        result.is_default_known = _answers_default(explorer, found)
        left_out = explorer.without_buffers.left_out
        result.odd_runs = next((each.runs for each in left_out if each.runs), frozenset())
    except NotLearnt as error:
        result.reason, result.odd_runs = str(error), error.runs
    except ParamcalcError as error:
        result.reason = f"what was learnt is no spec: {error}"
    except Exception as error:
        result.reason = f"{type(error).__name__}: {str(error)[:200]}"
    else:
        return found
    return None


def _answers_default(explorer: Explorer, data: Mapping[str, Any]) -> bool:
    """Whether a document answers the first configuration that it was learnt from: the one that states nothing."""
    run = explorer.runs[0]
    given = {"model_type": explorer.model_type, **run.given}
    outcome, _ = compared(family_of(data), given, explorer.class_name, run.tensors)
    return outcome != REFUSED


def make_file(model_type: str, folder: Path, most: int, fresh: int) -> dict[str, Any]:
    """Make the document of a type in a folder, and return what is reported of it."""
    started = time.monotonic()
    path = folder / f"{model_type}.yaml"
    try:
        with limited(_SECONDS, OutOfTime):
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
    result.wrong_at_zero = wrong_at_zero(family, explorer)
    if result.wrong_at_zero:
        return False
    cases = [("traced", run.given, run.tensors) for run in explorer.runs]
    cases += drawn_of_each_sort(explorer, fresh, _SEED)
    for sort, given, made in cases:
        outcome, about = compared(family, {"model_type": family.name, **given}, result.class_name, made)
        result.outcomes[f"{sort} {outcome}"] += 1
        if outcome in (WRONG, WRONG_BUFFERS):
            result.wrong_buffers = outcome == WRONG_BUFFERS
            result.wrong_at_zero = dict.fromkeys(zeros(family, explorer, given), result.wrong_buffers)
            result.reason = "" if result.wrong_at_zero else f"wrong at {str(given)[:300]}: {about}"
            return False
        if outcome == REFUSED:
            result.refused.append(f"{sort}: {about} at {str(given)[:200]}")
    if not result.outcomes[f"traced {WHOLE}"] + result.outcomes[f"traced {PARAMETERS}"]:
        result.reason = f"refused everywhere, as {result.refused[0][:300]}"
    elif not result.is_default_known and _answers_few(result):
        result.reason = f"refused nearly everywhere, as {result.refused[0][:300]}"
    elif result.is_default_known and not _has_form(family, explorer.runs[0].given, result.class_name):
        result.reason = "its form keeps no size"
    return not result.reason


def _answers_few(result: Result) -> bool:
    """Whether fewer than a quarter of the configurations that are drawn as people write them are answered."""
    answered = result.outcomes[f"random {WHOLE}"] + result.outcomes[f"random {PARAMETERS}"]
    return 4 * answered < answered + result.outcomes[f"random {REFUSED}"]


def wrong_at_zero(family: Family, explorer: Explorer) -> dict[str, bool]:
    """Return the dims at whose 0 alone a family is wrong, each with whether only buffers are.

    Nothing was carried from one copy to the next where there was none, and no constructor says so.
    """
    found = {}
    for name, given, made in emptied(explorer):
        outcome, _ = compared(family, {"model_type": family.name, **given}, explorer.class_name, made)
        if outcome in (WRONG, WRONG_BUFFERS) and name in zeros(family, explorer, given):
            found[name] = outcome == WRONG_BUFFERS
    return found


def zeros(family: Family, explorer: Explorer, given: Mapping[str, Any]) -> list[str]:
    """Return the dims that a configuration gives as 0 though they are not by default, and that may be 0 so far."""
    head = family.layers_of(explorer.class_name)
    parts = [each for each in (head, head.get("buffers")) if isinstance(each, Mapping)]
    required = {text for each in parts for text in each.get("requires", ())}
    return [
        name
        for name in family.dims
        if type(value := given_at(given, name)) is int
        and value == 0 != explorer.fields.get(name)
        and f"{name} >= 1" not in required
    ]


def requiring_elements(head: Mapping[str, Any], names: Mapping[str, bool]) -> dict[str, Any]:
    """Return what is said of a class, where fields may not be 0; its buffers alone, where only these are wrong."""
    found = {key: value for key, value in head.items() if key != "layers"}
    whole, buffers = ([f"{name} >= 1" for name, only in names.items() if only is each] for each in (False, True))
    if whole:
        found["requires"] = [*found.get("requires", []), *whole]
    if buffers:
        needed = found.get("buffers", {})
        found["buffers"] = {**needed, "requires": [*needed.get("requires", []), *buffers]}
    return {**found, "layers": head["layers"]}


def _has_form(family: Family, given: Mapping[str, Any], class_name: str) -> bool:
    """Whether the form of a class keeps any size as a symbol: a table of numbers is no family."""
    return bool(formula(family_spec(family, {"model_type": family.name, **given}, class_name)).symbols)


def family_of(data: Mapping[str, Any]) -> Family:
    """Return the family that plain data describes, read as a document is."""
    return read_family(written(dict(data)))
