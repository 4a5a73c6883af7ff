"""What Hypothesis is told: the seed, how many examples, and no deadlines, since machines are noisy.

Whatever draws is collected after this is imported; `conftest.py` sees to that.
"""

import os

from hypothesis import HealthCheck, core, settings

from tests.seed import SEED

# as its option --hypothesis-seed does
core.global_force_seed = SEED

_BASE = settings(deadline=None, derandomize=False, database=None, print_blob=True)
settings.register_profile("paramcalc", _BASE, max_examples=120 if "CI" in os.environ else 30)
settings.load_profile("paramcalc")

#: The networks that the cross-check draws for each framework: a sample, or as many as a longer search is given.
_NETWORKS = int(os.environ.get("CROSS_CHECK_EXAMPLES", "150"))
#: What draws less, as it is tried for each layer type, builds a model in Python code, or runs it.
_SHARES = {"networks": 1, "layers": 5, "classes": 10, "builds": 25, "runs": 50}
#: but never less than
_FEWEST = 5
for name, share in _SHARES.items():
    settings.register_profile(
        name,
        _BASE,
        max_examples=max(_FEWEST, _NETWORKS // share),
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )

# of which each share takes as many as it needs that differ
settings.register_profile(
    "constructors",
    _BASE,
    max_examples=600 if "CI" in os.environ else 60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
