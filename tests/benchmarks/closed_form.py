"""Prints the processor seconds that a closed form takes once SymPy and the spec are loaded: the form, and its text.

python closed_form.py unrolled 1000      so many layers, each written out, with a symbol each
python closed_form.py repeated 1000      one group, repeated so many times
python closed_form.py SPEC
"""

import sys
import time

import sympy  # noqa: F401

import paramcalc as pc

HEAD = "paramcalc: 1\n"
UNROLLED = "layers:\n  - Input: {shape: [64]}\n"
REPEATED = (
    "dims: {width: 64, depth: TIMES}\nlayers:\n  - Input: {shape: [width]}\n"
    "  - {times: depth, layers: [LayerNorm, {Dense: {units: width}}]}\n"
)

what, *times = sys.argv[1:]
if what == "unrolled":
    spec = pc.loads(HEAD + UNROLLED + "  - Dense: {units: 64}\n" * int(times[0]))
elif what == "repeated":
    spec = pc.loads(HEAD + REPEATED.replace("TIMES", times[0]))
else:
    spec = pc.load(what)

start = time.process_time()
form = pc.formula(spec)
derived = time.process_time()
str(form)
printed = time.process_time()
assert form() == pc.count(spec).total
print(derived - start, printed - derived)
