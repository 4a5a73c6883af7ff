"""Make the documents of families: `python -m paramcalc.families.generator llama bert`, or `--all`.

A type that was made already with the same version of transformers is left as it is, unless `--again`. What came of
each class stands in the report, a line of JSON a type.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from paramcalc.families.generator.making import make_file

DATA = Path(__file__).parent.parent / "data"


def each_by_itself(
    work: Callable[..., dict[str, Any]], types: Iterable[str], processes: int, *options: Any
) -> Iterator[dict[str, Any]]:
    """Yield what comes of some work with each type, in order.

    Each has a process of its own, of one that has imported what all of them need: the classes of some configurations
    keep what others were given.
    """
    forking = get_context("forkserver")
    forking.set_forkserver_preload(["paramcalc.families.generator.making"])
    with ProcessPoolExecutor(processes, forking, max_tasks_per_child=1) as pool:
        for future in [pool.submit(work, each, *options) for each in types]:
            yield future.result()


def made_documents(
    types: Iterable[str], folder: Path, most: int, fresh: int, processes: int = 1
) -> Iterator[dict[str, Any]]:
    """Make the documents of types, and yield what is reported of each."""
    return each_by_itself(make_file, types, processes, folder, most, fresh)


def main() -> int:
    """Make what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m paramcalc.families.generator", description=__doc__)
    parser.add_argument("types", nargs="*")
    parser.add_argument("--all", action="store_true", help="every type that transformers has")
    parser.add_argument("--again", action="store_true", help="also those that are in the report already")
    parser.add_argument("--most", type=int, default=120, help="models to construct a class")
    parser.add_argument("--fresh", type=int, default=20, help="fresh configurations a class and generator")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--report", type=Path, default=Path("families.jsonl"))
    options = parser.parse_args()
    from paramcalc.families.generator.models import model_types

    types = model_types() if options.all else options.types
    done = set()
    if options.report.exists() and not options.again:
        done = {json.loads(line)["type"] for line in options.report.read_text(encoding="utf-8").splitlines()}
    DATA.mkdir(exist_ok=True)
    waiting = [each for each in types if each not in done]
    with options.report.open("a", encoding="utf-8") as report:
        for row in made_documents(waiting, DATA, options.most, options.fresh, options.processes):
            print(json.dumps(row), file=report, flush=True)
            for name, each in row["classes"].items():
                came = each["reason"] or "whole"
                print(f"{row['type']} {name}: {came} {each['outcomes']}", flush=True)  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
