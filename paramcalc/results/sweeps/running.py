"""Runs the parts of a sweep: on the processors of this machine, or on a Dask cluster."""

from __future__ import annotations

import os
import pickle
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any, TypeAlias

from paramcalc.core.errors import refuse
from paramcalc.results.sweeps.plan import Plan
from paramcalc.results.sweeps.working import Part, Work

#: For a part, the arrays that its rows are written into, where there are some.
Into: TypeAlias = Callable[[int], Mapping[str, Any] | None]


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def on_this_machine(
    work: Work, parts: Iterable[int], into: Into | None = None
) -> Generator[tuple[int, Part], None, None]:
    """Yield each part with its number, in order, a thread for each processor."""
    stop = threading.Event()
    meter = work.meter()
    threads = processors()

    def do(number: int) -> Part:
        arrays = into(number) if into is not None else None
        return work.done(meter, work.blocks_of(number), arrays, stop.is_set)

    executor = ThreadPoolExecutor(threads)
    try:
        yield from _in_order(parts, lambda number: executor.submit(do, number), threads + 1)
    finally:
        stop.set()
        executor.shutdown(cancel_futures=True)


def on_cluster(work: Work, parts: Iterable[int], client: Any) -> Generator[tuple[int, Part], None, None]:
    """Yield each part with its number, in order, done by the workers of a Dask client.

    A part whose worker is lost is done again by another.
    """
    plan = pickle.dumps(work.plan)

    def submit(number: int) -> Any:
        alone, blocks = work.alone(number)
        rest = pickle.dumps((alone.points, alone.selection, alone.first, blocks))
        return client.submit(remotely, plan, rest, pure=False, key=f"paramcalc-{id(work)}-{number}")

    # enough for workers that come later
    yield from _in_order(parts, submit, 4 * max(sum(client.nthreads().values()), 4))


def _in_order(parts: Iterable[int], submit: Callable[[int], Any], most: int) -> Iterator[tuple[int, Part]]:
    """Yield the results of parts in order, so many of them under way at once."""
    waiting: deque[tuple[int, Any]] = deque()
    left = iter(parts)
    try:
        while True:
            while len(waiting) < most and (number := next(left, None)) is not None:
                waiting.append((number, submit(number)))
            if not waiting:
                return
            number, future = waiting.popleft()
            yield number, future.result()
    finally:
        for _, future in waiting:
            future.cancel()


def remotely(plan: bytes, rest: bytes) -> Part:
    """Do a part in another process; the forms that were made there for the same plan are used again."""
    points, selection, first, blocks = pickle.loads(rest)
    work = Work(_plan(plan), points, selection, first)
    return work.done(work.meter(), blocks)


@lru_cache(maxsize=8)
def _plan(pickled: bytes) -> Plan:
    plan: Plan = pickle.loads(pickled)
    return plan


def connected(client: Any) -> Any:
    """Return a client of Dask: the one given, or a new one for the address of a scheduler.

    Raises `missing-package`, and `unreachable` where no scheduler answers.
    """
    if not isinstance(client, str):
        return client
    try:
        from dask.distributed import Client
    except ImportError:
        hint = "python -m pip install 'paramcalc[dask]'"
        raise refuse("missing-package", "a cluster needs the package dask, with distributed", hint) from None
    try:
        connect: Any = Client
        return connect(client, timeout=10, set_as_default=False)
    except (OSError, ValueError) as error:
        raise refuse("invalid-value", f"no Dask scheduler answers at {client}: {error}") from None
