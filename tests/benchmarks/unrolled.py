"""Loads and counts a sequential spec of so many layers, each written out."""

import sys

import paramcalc as pc

layers = "  - Dense: {units: 64}\n" * int(sys.argv[1])
spec = pc.loads(f"paramcalc: 1\nlayers:\n  - Input: {{shape: [64]}}\n{layers}")
assert pc.count(spec).total == int(sys.argv[1]) * (64 * 64 + 64)
