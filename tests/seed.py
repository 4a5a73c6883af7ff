"""The seed of all random examples: that of PARAMCALC_SEED; else the same each time in CI, and elsewhere a new one."""

import os
import random

#: Put into the environment, so that processes that a test starts, and workers, draw from the same.
SEED = os.environ.setdefault("PARAMCALC_SEED", "0" if "CI" in os.environ else str(random.randrange(1_000_000)))
