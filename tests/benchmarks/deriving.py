"""Derives the spec of a constructor; prints how long it took, and how many times as long as its builds alone.

It takes the constructor's name, and the inputs with which connections are asked for, if any. The builds are repeated
in the same process, at the very points at which derive built, those at which the constructor raises included; first
without what derive imports, then with it. Garbage is collected before each, as that of one is no matter of the other.
"""

import gc
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stdout, suppress
from functools import partial
from importlib import import_module
from io import StringIO
from typing import Any

import torch

from paramcalc.frameworks.torch.meta import without_numbers
from tests.cross_check.constructors import GPT, Case
from tests.cross_check.zoo import others, transformers, vision

_GPT2 = Case(GPT, {"width": 768, "depth": 12, "heads": 12, "vocabulary": 50257, "context": 1024})
CASES = {each.constructor.__name__: each for each in (*transformers.CASES, *vision.CASES, *others.CASES, _GPT2)}


def main() -> None:
    case, inputs = CASES[sys.argv[1]], sys.argv[2:] or None
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
        derive(partial(noted, case.constructor, **case.arguments), inputs=inputs, budget=900)
    taken = time.process_time() - started
    builds = built(case.constructor, points)
    print(imported + taken, taken / builds, (imported + taken) / builds)


def built(constructor: Callable[..., Any], points: list[dict[str, Any]]) -> float:
    """Return the processor seconds of building at some points alone, without numbers, as derive builds."""
    gc.collect()
    started = time.process_time()
    for point in points:
        with redirect_stdout(StringIO()), suppress(Exception), without_numbers():
            constructor(**point)
    return time.process_time() - started


if __name__ == "__main__":
    main()
