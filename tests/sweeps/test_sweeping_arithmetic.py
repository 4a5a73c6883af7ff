"""Steps over columns: each has the value that Python's whole numbers have, whatever the sizes are."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from paramcalc.results.sweeps.machine import Machine, dividing_factor
from paramcalc.results.sweeps.program import Program

pytestmark = pytest.mark.sweep

SIZES = st.one_of(st.integers(-(2**63) + 1, 2**63 - 1), st.integers(0, 2**20), st.sampled_from([2**32, 2**61, 2**62]))
DIVISORS = st.one_of(st.integers(1, 200), st.integers(1, 2**63 - 1), st.sampled_from([2**31, 2**32, 2**62, 3 * 2**60]))


@given(DIVISORS, st.lists(SIZES, min_size=1), st.lists(st.integers(-2, 2), min_size=1))
@example(12, [2**61], [0])
@example(2**62, [2**63 - 1], [0])
def test_divisibility_is_that_of_whole_numbers(divisor: int, near: list[int], beside: list[int]) -> None:
    # numbers that are divisible, and their neighbours, up to the largest: there a product is nearest to the next
    whole = [divisor * (size // divisor) + more for size in near for more in beside]
    sizes = [size for size in [*near, *whole] if abs(size) < 2**63]
    bounds = {"size": (min(sizes), max(sizes))}
    program = Program()
    remainder = program.of("remainder", program.dim("size"), program.number(divisor))
    machine = Machine(program, [program.of("equal", remainder, program.number(0))], {"size": frozenset([0])}, bounds)
    assert divisor == 1 or [step.name for step in program.steps].count("divides") == 1
    column = np.array(sizes, object if machine.exact else np.int64)
    (holds,) = machine.run(machine.memory((len(sizes),)), {"size": column})
    expected = [size % divisor == 0 for size in sizes]
    assert np.broadcast_to(holds, len(sizes)).tolist() == expected


@given(DIVISORS.filter(lambda divisor: divisor > 1), st.integers(0, 2**64))
def test_a_factor_is_proved_for_the_largest_sizes(divisor: int, largest: int) -> None:
    factor = dividing_factor(divisor, (0, largest))
    if factor is not None:
        for size in range(max(largest - 2 * divisor, 0), largest + 1, max(divisor // 3, 1)):
            for near in (size, size // divisor * divisor, size // divisor * divisor - 1):
                assert (near * factor % 2**64 < factor) == (near % divisor == 0) or not 0 <= near <= largest


@pytest.mark.parametrize("divisor", [2, 3, 7, 12, 96, 1000, 2**20, 2**20 + 1])
def test_sizes_of_networks_are_divided_by_a_product(divisor: int) -> None:
    assert dividing_factor(divisor, (0, 2**40)) is not None


@given(st.data())
def test_operations_of_arrays_never_wrap(data: st.DataObject) -> None:
    from paramcalc.core.algebra import as_number

    edge = st.one_of(st.integers(-(2**63) + 1, 2**63 - 1), st.sampled_from([0, 1, -1, 2**31, 2**32, 2**62, 2**63 - 1]))
    left, right = (data.draw(st.lists(edge, min_size=3, max_size=3)) for _ in range(2))
    a, b = (as_number(np.array(values, np.int64)) for values in (left, right))
    number = data.draw(st.one_of(edge, st.integers(-(2**70), 2**70)))
    for apply in (
        lambda x, y: x + y, lambda x, y: x - y, lambda x, y: x * y, lambda x, y: x * x * y * y, lambda x, y: -x - y,
        lambda x, y: x**2 - y**3,
    ):  # fmt: skip
        assert (apply(a, b)).tolist() == [apply(x, y) for x, y in zip(left, right, strict=True)]
        assert (apply(a, number)).tolist() == [apply(x, number) for x in left]
        assert (apply(number, b)).tolist() == [apply(number, y) for y in right]
    for compare in (lambda x, y: x < y, lambda x, y: x == y, lambda x, y: x >= y):
        assert compare(a, number).tolist() == [compare(x, number) for x in left]
    if 0 not in right:
        assert (a // b).tolist() == [x // y for x, y in zip(left, right, strict=True)]
        assert (a % b).tolist() == [x % y for x, y in zip(left, right, strict=True)]
        assert (number // b).tolist() == [number // y for y in right]
