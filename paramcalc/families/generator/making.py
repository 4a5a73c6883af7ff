"""The document of a family: what was learnt of each class of models of a type, written and proved."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from paramcalc.core.errors import ParamcalcError
from paramcalc.families.generator.documents import with_buffers, without_buffers
from paramcalc.families.generator.drawing import SORTS
from paramcalc.families.generator.exploring import Explorer, drawn
from paramcalc.families.generator.learning import NotLearnt
from paramcalc.families.generator.models import OutOfTime, heads, limited, version
from paramcalc.families.generator.proving import PARAMETERS, REFUSED, WHOLE, WRONG, WRONG_BUFFERS, compared
from paramcalc.families.stored import UNKNOWN, Family, read_family
from paramcalc.spec.writing import written

#: Of what fresh configurations are drawn.
_SEED = 20261128
#: The seconds of a processor after which a type is given up.
_SECONDS = 180.0


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
    results: dict[str, Result] = {}
    documents: dict[str, dict[str, Any]] = {}

    def learn(class_name: str, keeps_lengths: bool) -> None:
        result = Result(class_name)
        document = _learnt(result, model_type, most, keeps_lengths)
        if document is not None:
            documents[class_name] = document
        if document is not None or class_name not in results:
            results[class_name] = result

    def learn_again(result: Result) -> None:
        """Learn a class anew, with lists that keep their lengths, and what loops make of these written out."""
        explorer = result.learnt
        if explorer is not None and not explorer.keeps_lengths:
            learn(result.class_name, keeps_lengths=True)

    for class_name in dict.fromkeys(heads(model_type).values()):
        learn(class_name, keeps_lengths=False)
        if class_name not in documents:
            learn_again(results[class_name])
    while documents:
        data = merged(model_type, documents)
        proving = [each for each in results.values() if each.class_name in documents]
        wrong = [each for each in proving if not _proved(each, data, fresh)]
        if not wrong:
            return data, [*results.values()]
        for each in wrong:
            head = documents[each.class_name]["heads"][each.class_name]
            if each.wrong_buffers and head.get("buffers") != UNKNOWN and each.learnt is not None:
                # the parameters alone may still be right
                each.no_buffers, each.reason = each.reason, ""
                documents[each.class_name] = without_buffers(each.learnt)
            else:
                del documents[each.class_name]
                learn_again(each)
    return None, [*results.values()]


def _learnt(result: Result, model_type: str, most: int, keeps_lengths: bool = False) -> dict[str, Any] | None:
    """Return the document with what was learnt of a class of models; None, and why, where it cannot be."""
    try:
        explorer = Explorer(model_type, result.class_name, most=most, keeps_lengths=keeps_lengths)
        result.default, result.learnt = "stated" if explorer.base else "does", explorer
        explorer.explore()
        result.runs, result.seconds = len(explorer.runs), explorer.seconds
        result.failures = sum(explorer.failures.values())
        if not explorer.runs:
            raise NotLearnt(f"it cannot be built: {explorer.failures.most_common(1)}")
        found, result.no_buffers = with_buffers(explorer)
    except NotLearnt as error:
        result.reason = str(error)
    except ParamcalcError as error:
        result.reason = f"what was learnt is no spec: {error}"
    except Exception as error:
        result.reason = f"{type(error).__name__}: {str(error)[:200]}"
    else:
        return found
    return None


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
