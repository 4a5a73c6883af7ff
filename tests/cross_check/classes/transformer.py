from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

import paramcalc as pc

from ..strategies import FLAG, RATES, SMALL, Case, divisors, sizes, some
from . import Cases

_COUNT = st.integers(1, 3)


def _fields(draw: DrawFn, features: int) -> dict[str, Any]:
    functions = st.sampled_from(["relu", "gelu"])
    stated = some(draw, dim_feedforward=SMALL, use_bias=FLAG, norm_first=FLAG, activation=functions, dropout=RATES)
    return {"num_heads": draw(divisors(features)), **stated}


def _stack(draw: DrawFn, features: int) -> dict[str, Any]:
    norms = st.builds(pc.LayerNorm, center=FLAG) | st.just(pc.LayerNorm()) | st.just(pc.RMSNorm())
    return _fields(draw, features) | some(draw, num_layers=_COUNT, norm=norms | st.none())


@st.composite
def _custom(draw: DrawFn, kind: Any, features: int) -> pc.Layer:
    layer: pc.Layer = kind(**_stack(draw, features))
    return layer


def _whole(draw: DrawFn, features: int) -> dict[str, Any]:
    return _fields(draw, features) | some(
        draw,
        num_encoder_layers=_COUNT,
        num_decoder_layers=_COUNT,
        custom_encoder=_custom(pc.TransformerEncoder, features) | st.none(),
        custom_decoder=_custom(pc.TransformerDecoder, features) | st.none(),
    )


@st.composite
def _one(draw: DrawFn, framework: str, kind: str, fields: Any) -> Case:
    shape = draw(sizes(2, 2))
    return Case(getattr(pc, kind)(**fields(draw, shape[-1])), (shape,), framework)


@st.composite
def _two(draw: DrawFn, framework: str, kind: str, fields: Any) -> Case:
    """Two sequences of one width."""
    shape = draw(sizes(2, 2))
    return Case(getattr(pc, kind)(**fields(draw, shape[-1])), (shape, (draw(SMALL), shape[-1])), framework)


def _cases(kind: str, draws: Any, fields: Any) -> Any:
    def drawn(framework: str) -> SearchStrategy[Case]:
        found: SearchStrategy[Case] = draws(framework, kind, fields)
        return found

    return drawn


CASES: Cases = {
    "TransformerEncoderLayer": _cases("TransformerEncoderLayer", _one, _fields),
    "TransformerDecoderLayer": _cases("TransformerDecoderLayer", _two, _fields),
    "TransformerEncoder": _cases("TransformerEncoder", _one, _stack),
    "TransformerDecoder": _cases("TransformerDecoder", _two, _stack),
    "Transformer": _cases("Transformer", _two, _whole),
}
