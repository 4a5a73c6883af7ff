"""What Hypothesis is told: no deadlines, since machines are noisy; in CI, more examples, the same each time."""

import os

from hypothesis import settings

settings.register_profile("inner loop", deadline=None, max_examples=30)
settings.register_profile("CI", deadline=None, max_examples=100, derandomize=True)
settings.load_profile("CI" if "CI" in os.environ else "inner loop")
