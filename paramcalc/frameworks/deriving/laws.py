"""The laws of copies: how a number moves with the number of its copy, evenly or by a factor."""

from __future__ import annotations

from collections.abc import Sequence

from paramcalc.frameworks.deriving import expressions as ex
from paramcalc.frameworks.deriving.expressions import Expr
from paramcalc.frameworks.deriving.observing import Identify, Observation


def linear(
    identify: Identify, around: Sequence[Observation], copies: Sequence[list[int]], counter: Expr
) -> Expr | None:
    """Return a + d·i."""
    several = [place for place, each in enumerate(copies) if len(each) > 1]
    if sum(len(copies[place]) > 2 for place in several) < 2:
        return None
    steps: list[int] = []
    for place in several:
        differences = {after - before for before, after in zip(copies[place], copies[place][1:], strict=False)}
        if len(differences) != 1:
            return None
        steps += differences
    first = identify(around, [each[0] for each in copies])
    step = identify([around[place] for place in several], steps)
    if first is not None and step is not None:
        if ex.is_number(step) and step.of[0] < 0:
            return ex.minus(first, ex.times(ex.number(-step.of[0]), counter))
        rising = ex.times(step, counter)
        return rising if first == ex.number(0) else ex.plus(first, rising)
    if step is not None and len(several) == len(copies):
        # a + d·(i + 1)
        before = identify(around, [each[0] - (each[1] - each[0]) for each in copies])
        if before is not None:
            return ex.plus(before, ex.times(step, ex.plus(counter, ex.number(1))))
    return None


def geometric(
    identify: Identify, around: Sequence[Observation], copies: Sequence[list[int]], counter: Expr
) -> Expr | None:
    """Return a·q^i, which may stop at a largest value."""
    for ratio in (2, 3, 4):
        power = ex.raised(ex.number(ratio), counter)
        if all(each == [each[0] * ratio**copy for copy in range(len(each))] for each in copies):
            first = identify(around, [each[0] for each in copies])
            return ex.times(first, power) if first is not None else None
        most = [max(each) for each in copies]
        if all(
            each == [min(each[0] * ratio**copy, last) for copy in range(len(each))]
            for each, last in zip(copies, most, strict=True)
        ):
            first = identify(around, [each[0] for each in copies])
            largest = identify(around, most)
            if first is not None and largest is not None:
                return ex.made("min", ex.times(first, power), largest)
    return None


def falling(
    identify: Identify, around: Sequence[Observation], copies: Sequence[list[int]], counter: Expr
) -> Expr | None:
    """Return a·q^(n - 1 - i)."""
    for ratio in (2, 3, 4):
        if all(each == [each[-1] * ratio ** (len(each) - 1 - copy) for copy in range(len(each))] for each in copies):
            last = identify(around, [each[-1] for each in copies])
            length = identify(around, [len(each) for each in copies])
            if last is not None and length is not None:
                exponent = ex.minus(ex.minus(length, ex.number(1)), counter)
                return ex.times(last, ex.raised(ex.number(ratio), exponent))
    return None


#: In the order in which they are tried.
LAWS = (linear, geometric, falling)
