"""The classes of Keras on its PyTorch backend: their FLOPs against ours. Run in a process of its own by a test."""

from __future__ import annotations

import sys
from contextlib import suppress

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable

import paramcalc as pc
from paramcalc.conventions import convention
from tests import sampling  # noqa: F401 - registers the profiles

from . import classes
from .flop_checks import check_flops
from .strategies import Case

#: What has no products of its own, is refused, or is said to be left out.
UNCOUNTED = ("Input", "MelSpectrogram", "Augmentation")


def main() -> None:
    """Check random layers of every kind, and print the kinds that were."""
    import keras

    assert keras.backend.backend() == "torch"
    for kind in pc.kind_names():
        if not convention("keras").equivalents(kind) or kind in UNCOUNTED:
            continue
        checked = 0

        @settings(settings.get_profile("runs"), suppress_health_check=list(HealthCheck))
        @given(case=classes.cases(kind, "keras"), trainable=st.booleans(), gradient=st.booleans())
        def check(case: Case, trainable: bool, gradient: bool) -> None:
            nonlocal checked
            assume(classes.runs(case) and "string" not in case.dtypes)
            keras.utils.clear_session(free_memory=False)
            try:
                check_flops(case, "keras", trainable, gradient)
            except (RuntimeError, ValueError) as error:
                # what Keras builds for all its backends, and cannot run on this one
                assume("Exception encountered when calling" not in str(error))
                raise
            checked += 1

        # of some, PyTorch runs none
        with suppress(Unsatisfiable):
            check()
        if checked:
            print(kind, flush=True)  # noqa: T201 - what the test reads


if __name__ == "__main__":
    sys.exit(main())
