"""How many threads share the work: NumPy lets them run at the same time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Given = TypeVar("Given")
Result = TypeVar("Result")


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def of_each(function: Callable[[Given], Result], items: Iterable[Given]) -> list[Result]:
    """Return what a function gives for each item, in order, worked out by a thread for each processor."""
    with ThreadPoolExecutor(processors()) as executor:
        return list(executor.map(function, items))
