"""Measures of a network at many points: all combinations of the values of some dims, or a table of candidates.

vary           what the dims vary over
points         the points, cut into blocks
plan           what is measured at them
expressions    the spec's conditions, and the caller's, as steps of a program
formulas       closed forms as steps of a program
program        the steps: what is known of them, and that none is beyond 64 bits
machine        the steps run by NumPy, in memory that is used again and again
measuring      the measures of a block: by forms where they hold, by a count where none does
selecting      what is kept of the points
working        the work, cut into parts
running        the parts done, by threads or by a cluster
threads        how many threads there are
files          the rows written, part by part
sweep          what the caller is given
asking         what the caller asks, read and checked
arrays         counts of arrays, by the same forms
"""

from __future__ import annotations

from paramcalc.results.sweeps.asking import sweep
from paramcalc.results.sweeps.sweep import Sweep

__all__ = ["Sweep", "sweep"]
