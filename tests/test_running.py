"""While a constructor is run, Python looks for garbage rarely, and then as often as before."""

import gc

import pytest

from paramcalc.frameworks.deriving.running import rare_collections


@pytest.mark.parametrize("before", [(700, 10, 10), (500_000, 5, 5), (0, 10, 10)])
def test_garbage_is_looked_for_rarely_and_then_as_before(before: tuple[int, int, int]) -> None:
    kept = gc.get_threshold()
    gc.set_threshold(*before)
    try:
        with rare_collections():
            within = gc.get_threshold()
        after = gc.get_threshold()
    finally:
        gc.set_threshold(*kept)
    assert after == before
    # none was looked for where it never is
    assert within[0] == 0 if not before[0] else within[0] >= 100_000
