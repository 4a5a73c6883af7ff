"""Derives the spec of a constructor; prints how long it took, and how many times as long as its builds alone."""

import sys
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from functools import partial
from io import StringIO
from typing import Any

import torch

import paramcalc as pc
from tests.cross_check.constructors import GPT, Case
from tests.cross_check.zoo import others, transformers, vision

_GPT2 = Case(GPT, {"width": 768, "depth": 12, "heads": 12, "vocabulary": 50257, "context": 1024})
CASES = {each.constructor.__name__: each for each in (*transformers.CASES, *vision.CASES, *others.CASES, _GPT2)}


def main() -> None:
    case = CASES[sys.argv[1]]
    # what PyTorch imports for the first module without numbers is no matter of ours
    with torch.device("meta"):
        case.constructor(**case.arguments)
    building = 0.0

    def timed(build: Callable[..., Any], **arguments: Any) -> Any:
        nonlocal building
        started = time.process_time()
        try:
            return build(**arguments)
        finally:
            building += time.process_time() - started

    started = time.process_time()
    with redirect_stdout(StringIO()):
        pc.derive(partial(timed, case.constructor, **case.arguments), budget=900)
    taken = time.process_time() - started
    print(taken, taken / building)


if __name__ == "__main__":
    main()
