"""What the classes whose weights may be kept with few bits have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

_ANY_RANK = ["int8", "int4", "int4/-1", "int4/2", "float8"]
KERNELS_OF_ANY_RANK = st.sampled_from(_ANY_RANK)
KERNELS = st.sampled_from([*_ANY_RANK, "gptq/2/-1", "gptq/4/2", "gptq/8/3", "awq/4/-1", "awq/4/2"])
TABLES = st.sampled_from(["int8", "int4", "int4/-1", "int4/2", "int4/128"])


def takes_low_rank(fields: Mapping[str, Any]) -> bool:
    """Whether Keras has a low-rank update beside such a quantisation."""
    return str(fields.get("quantization", "int8")).startswith("int")


def call_calibrated(layer: Any, inputs: list[Any]) -> Any:
    """Call a layer as if its weights were read from a file: made anew, those of GPTQ and AWQ are not yet there."""
    if layer.quantization_mode in ("gptq", "awq"):
        if not layer.built:
            layer.build(inputs[0].shape)
        layer.is_gptq_calibrated = layer.is_awq_calibrated = True
    return layer(*inputs)
