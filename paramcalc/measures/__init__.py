"""What can be summed over a network: parameters, bytes, FLOPs, activations.

A measure is a class on `Measure`, and a row of `MEASURES` in `core/registry.py`. Every verb takes any of them, and none
knows one by name.
"""

from __future__ import annotations

from paramcalc.measures.lookup import measure
from paramcalc.measures.measure import BATCH, Amount, Amounts, Context, Measure, NotAlike, Term, Visit

__all__ = ["BATCH", "Amount", "Amounts", "Context", "Measure", "NotAlike", "Term", "Visit", "measure"]
