"""Runs the parts of a sweep: on the processors of this machine, or on a Dask cluster."""

from __future__ import annotations

import pickle
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, TypeAlias
from uuid import uuid4

from paramcalc.core.errors import ParamcalcError, refuse
from paramcalc.results.sweeps.plan import Plan
from paramcalc.results.sweeps.threads import processors
from paramcalc.results.sweeps.working import Part, Work

#: For a part, the arrays that its rows are written into, where there are some.
Into: TypeAlias = Callable[[int], Mapping[str, Any] | None]


def on_this_machine(
    work: Work, parts: Iterable[int], into: Into | None = None
) -> Generator[tuple[int, Part], None, None]:
    """Yield each part with its number, in order, a thread for each processor."""
    stop = threading.Event()
    meter = work.meter
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
    """Yield each part with its number, in order, done by the workers of a Dask client, or of a scheduler's address.

    A part whose worker is lost is done again by another. Raises `missing-package`, `cluster-failed`.
    """
    with connected(client) as connection:
        plan, name = pickle.dumps(work.plan), uuid4().hex

        def submit(number: int) -> Any:
            alone, blocks = work.alone(number)
            rest = pickle.dumps((alone.points, alone.selection, alone.first, blocks))
            return connection.submit(remotely, plan, rest, pure=False, key=f"paramcalc-{name}-{number}")

        try:
            # enough for workers that come later
            yield from _in_order(parts, submit, 4 * max(sum(connection.nthreads().values()), 4))
        except ParamcalcError:
            raise
        except Exception as error:  # whatever a worker raises, or becomes of it
            hint = "each worker needs paramcalc, and NumPy, in the same versions"
            message = f"the cluster cannot do a part: {type(error).__name__}: {error}"
            raise refuse("cluster-failed", message, hint) from error


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
    return work.done(work.meter, blocks)


@lru_cache(maxsize=8)
def _plan(pickled: bytes) -> Plan:
    plan: Plan = pickle.loads(pickled)
    return plan


@contextmanager
def connected(client: Any) -> Iterator[Any]:
    """Give a client of Dask: the one given, or for as long as it is needed one of the scheduler of an address."""
    if not isinstance(client, str):
        yield client
        return
    try:
        from dask.distributed import Client
    except ImportError:
        hint = "python -m pip install 'paramcalc[dask]'"
        raise refuse("missing-package", "a cluster needs the package dask, with distributed", hint) from None
    connect: Any = Client
    try:
        opened = connect(client, timeout=10, set_as_default=False)
    except (OSError, ValueError) as error:
        raise refuse("cluster-failed", f"no Dask scheduler answers at {client}: {error}") from None
    with opened:
        yield opened
