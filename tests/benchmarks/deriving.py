"""Derives the spec of a constructor; prints how long it took, and how many times as long as its builds alone.

It takes the constructor's name, and the inputs with which connections are asked for, if any. The builds are repeated
in the same process, at the very points at which derive built, those at which the constructor raises included: as
derive builds, which leaves out drawing numbers that no tensor keeps, first without what derive imports, then with it;
and as PyTorch builds on the device `meta`. Garbage is collected before each, as that of one is no matter of the other.

Without a name it goes over all networks, each in a process of its own, and prints how the figures are spread.
"""

import gc
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, redirect_stdout, suppress
from functools import partial
from importlib import import_module
from io import StringIO
from typing import Any

import torch

from paramcalc.frameworks.torch.meta import without_numbers
from tests.benchmarks import figures_of_deriving
from tests.cross_check.constructors import GPT, Case
from tests.cross_check.zoo import others, transformers, vision

_GPT2 = Case(GPT, {"width": 768, "depth": 12, "heads": 12, "vocabulary": 50257, "context": 1024})
CASES = {each.constructor.__name__: each for each in (*transformers.CASES, *vision.CASES, *others.CASES, _GPT2)}


def main() -> None:
    if len(sys.argv) > 1:
        one(CASES[sys.argv[1]], sys.argv[2:])
    else:
        every()


def every() -> None:
    """Print the figures of every network, and how they are spread."""
    found = []
    for name in CASES:
        found.append(figures_of_deriving(name))
        print(f"{name:20}", *(f"{figure:8.2f}" for figure in found[-1]), flush=True)
    for title, figures in zip(
        ("seconds", "times", "with imports", "times PyTorch's"), zip(*found, strict=True), strict=True
    ):
        several = sum(figure > 2 for figure in figures)
        print(f"{title:20} median {statistics.median(figures):.2f}, at most {max(figures):.2f}, {several} beyond 2")


def one(case: Case, inputs: list[str]) -> None:
    """Print the figures of a network."""
    # what PyTorch imports for the first module without numbers is no matter of ours
    with torch.device("meta"):
        case.constructor(**case.arguments)
    points: list[dict[str, Any]] = []

    def noted(build: Callable[..., Any], **arguments: Any) -> Any:
        points.append(arguments)
        return build(**arguments)

    started = time.process_time()
    from paramcalc.frameworks.deriving import derive

    # what it imports once it reads a module
    import_module("paramcalc.frameworks.torch.inventory")
    imported = time.process_time() - started
    gc.collect()
    started = time.process_time()
    with redirect_stdout(StringIO()):
        derive(partial(noted, case.constructor, **case.arguments), inputs=inputs or None, budget=900)
    taken = time.process_time() - started
    builds = built(case.constructor, points, without_numbers)
    plain = built(case.constructor, points, partial(torch.device, "meta"))
    print(imported + taken, taken / builds, (imported + taken) / builds, taken / plain)


def built(
    constructor: Callable[..., Any], points: list[dict[str, Any]], around: Callable[[], AbstractContextManager[Any]]
) -> float:
    """Return the processor seconds of building at some points alone, within a context."""
    gc.collect()
    started = time.process_time()
    for point in points:
        with redirect_stdout(StringIO()), suppress(Exception), around():
            constructor(**point)
    return time.process_time() - started


if __name__ == "__main__":
    main()
