"""Holds the families that are shipped to models built anew, at configurations that no proof has drawn.

    python -m tests.surveys.families FILE [TYPE …] [--seed NUMBER] [--each NUMBER] [--sorts SORT …] [--processes NUMBER]

They are one for each whole number at its 0, and `--each` of each sort for each class of models. Each type has a process
of its own, and its result is a line of the file; types that stand in it are left out, so that a run can be stopped and
continued. What is wrong is printed as it is found, and the last line sums up.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from paramcalc.families.generator.__main__ import each_by_itself
from paramcalc.families.generator.drawing import SORTS
from paramcalc.families.generator.exploring import Explorer
from paramcalc.families.generator.fresh import drawn_of_each_sort, emptied
from paramcalc.families.generator.models import OutOfTime, Owned, limited
from paramcalc.families.generator.proving import WRONG, WRONG_BUFFERS, compared
from paramcalc.families.stored import family_names, stored_family

#: How many seconds of a processor a type may take.
SECONDS = 120.0


def survey(model_type: str, seed: int, each: int, sorts: list[str]) -> dict[str, Any]:
    """Compare what a family says with what is built."""
    classes: dict[str, Any] = {}
    result = {"type": model_type, "classes": classes}
    try:
        with limited(SECONDS, OutOfTime):
            family = stored_family(model_type)
            for class_name in family.heads:
                explorer = Explorer(model_type, class_name)
                # which fields the code reads
                explorer.run({})
                outcomes: Counter[str] = Counter()
                found = {"outcomes": outcomes, "wrong": [], "refused": []}
                for sort, given, made in configurations(explorer, seed, each, sorts):
                    outcome, about = compared(family, {"model_type": model_type, **given}, class_name, made)
                    outcomes[f"{sort.partition(' ')[0]} {outcome}"] += 1
                    text = f"{sort}: {about} at {json.dumps(given, default=str)}"
                    if outcome in (WRONG, WRONG_BUFFERS):
                        found["wrong"].append(f"{outcome}: {text}")
                    elif about:
                        found["refused"].append(text[:400])
                classes[class_name] = found
    except OutOfTime:
        result["late"] = True
    except Exception as error:
        result["failed"] = f"{type(error).__name__}: {error}"[:300]
    return result


def configurations(
    explorer: Explorer, seed: int, each: int, sorts: list[str]
) -> Iterator[tuple[str, dict[str, Any], dict[str, Owned]]]:
    """Yield where configurations come from, what they give, and the tensors of their models."""
    for name, given, made in emptied(explorer):
        yield f"zero {name}", given, made
    yield from drawn_of_each_sort(explorer, each, seed, sorts)


def main() -> None:
    """Hold the types that do not stand in the file."""
    parser = argparse.ArgumentParser(prog="python -m tests.surveys.families")
    parser.add_argument("file", type=Path)
    parser.add_argument("types", nargs="*")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--each", type=int, default=20)
    parser.add_argument("--sorts", nargs="*", default=[*SORTS])
    parser.add_argument("--processes", type=int, default=1)
    options = parser.parse_args()
    file: Path = options.file
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] if file.exists() else []
    done = {row["type"] for row in rows}
    waiting = [each for each in options.types or family_names() if each not in done]
    with file.open("a", encoding="utf-8") as out:
        for row in each_by_itself(survey, waiting, options.processes, options.seed, options.each, options.sorts):
            rows.append(row)
            print(json.dumps(row), file=out, flush=True)
            for class_name, each in row["classes"].items():
                for text in each["wrong"]:
                    print(f"WRONG {row['type']} {class_name} {text}", flush=True)
            if "failed" in row:
                print(f"{row['type']} {row['failed']}", flush=True)
    total: Counter[str] = Counter()
    wrong = set()
    for row in rows:
        for each in row["classes"].values():
            total.update(each["outcomes"])
            wrong |= {row["type"]} if each["wrong"] else set()
    print(len(rows), "types,", len(wrong), "wrong:", dict(sorted(total.items())))


if __name__ == "__main__":
    main()
