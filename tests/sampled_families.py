"""Which families a run looks at: a few, drawn at random, or all where PARAMCALC_FAMILIES says so."""

import os
from collections.abc import Sequence
from random import Random

from tests.seed import SEED


def sampled(names: Sequence[str], few: int) -> list[str]:
    """Return the names of a few families, or of all."""
    if os.environ.get("PARAMCALC_FAMILIES") == "all":
        return [*names]
    return sorted(Random(SEED).sample(names, min(few, len(names))))
