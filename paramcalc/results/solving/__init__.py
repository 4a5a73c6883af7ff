"""Which sizes give a total: all of them, the nearest first, or the proof that there are none.

A network's total is an expression in its dims; so are what it assumes and what the caller asks for. Each dim has a
domain. The search takes the dims one after the other: where the total is proved to move one way with a dim, bisection
leaves of its domain what may still reach the target, for a whole table of the sizes before it at once. What is left in
the end is worked out exactly.

    domains        the sizes that a dim may have
    monotony       which way an expression moves with a size, proved; how large its parts get
    conditions     what sizes must meet
    search         the sizes of all dims that meet the conditions, between two bounds of the total
    narrowing      what relations leave of the sizes
    pieces         a spec as what the search takes, also where no one form holds for all sizes
    finding        the nearest of what is found
    solutions      what the caller is given
    asking         what the caller asks, read and checked
"""

from __future__ import annotations

from paramcalc.results.solving.solutions import Solution, Solutions

__all__ = ["Solution", "Solutions"]
