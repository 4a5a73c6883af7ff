"""What Hypothesis is told: no deadlines, since machines are noisy; in CI, the same examples each time."""

import os

from hypothesis import settings

settings.register_profile("all", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("all")
