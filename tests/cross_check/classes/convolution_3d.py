from __future__ import annotations

from functools import partial

from .convolution import convolution

CASES = {"Conv3D": partial(convolution, kind="Conv3D", rank=3, words=("valid", "same"))}
