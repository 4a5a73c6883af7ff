from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

import paramcalc as pc

from ..strategies import FLAG, SMALL, Case, sizes, some
from .quantised import TABLES

_ROWS = st.integers(1, 9)


@st.composite
def _embedding_bag(draw: DrawFn, framework: str) -> Case:
    """Bags of the same length, or bags one behind the other with the places where they begin."""
    fields = some(draw, mode=st.sampled_from(["sum", "mean", "max"]))
    layer = pc.EmbeddingBag(input_dim=draw(_ROWS), output_dim=draw(SMALL), **fields)
    shapes = (draw(sizes(1, 1)),) if draw(FLAG) else ((), ())
    return Case(layer, shapes, framework, "int64")


@st.composite
def _reversible_embedding(draw: DrawFn, framework: str) -> Case:
    fields: dict[str, Any] = some(draw, quantization=TABLES, lora_rank=SMALL)
    # a low-rank update beside a table of its own for the way back: only a quantised layer of Keras can be built
    if "quantization" in fields or "lora_rank" not in fields:
        fields |= some(draw, tie_weights=FLAG)
    width = draw(SMALL)
    reverse = some(draw, reverse=FLAG)
    shape = draw(sizes(0, 3))
    layer = pc.ReversibleEmbedding(input_dim=draw(_ROWS), output_dim=width, **fields, **reverse)
    if reverse.get("reverse"):
        return Case(layer, ((*shape, width),), framework)
    return Case(layer, (shape,), framework, "int32")


def _forwards_or_back(layer: Any, inputs: list[Any]) -> Any:
    """Numbers are looked up, rows are compared."""
    return layer(*inputs, reverse="float" in str(inputs[0].dtype))


CASES = {"EmbeddingBag": _embedding_bag, "ReversibleEmbedding": _reversible_embedding}
CALLS = {"keras.layers.ReversibleEmbedding": _forwards_or_back}
