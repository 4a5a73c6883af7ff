from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

import paramcalc as pc

from ..strategies import SMALL, Case, sizes, some
from .quantised import TABLES


@st.composite
def _embedding(draw: DrawFn, framework: str) -> Case:
    fields: dict[str, Any] = some(draw, quantization=TABLES, lora_rank=SMALL) if framework == "keras" else {}
    layer = pc.Embedding(input_dim=draw(st.integers(1, 9)), output_dim=draw(SMALL), **fields)
    return Case(layer, (draw(sizes(0, 3)),), framework, "int32")


CASES = {"Embedding": _embedding}
