"""Closed forms of the measure `cache`, held to its counts at random sizes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import paramcalc as pc

from ..test_cache import SPECS

pytestmark = pytest.mark.sweep

_FILES = Path(__file__).parents[2] / "specs"
_SIZES = st.integers(1, 12)
SPECS_AND_DIMS = {
    "sliding": ("tokens", "window", "depth", "key_value_heads"),
    "mixed": ("tokens", "window", "key_value_heads", "head_dim"),
    "latent": ("tokens", "latent", "rope", "depth"),
    "mamba_130m.yaml": ("state", "window", "depth"),
    "t5_small.yaml": ("d_kv", "tokens", "answer_tokens", "num_layers"),
    "whisper_tiny.yaml": ("tokens", "depth"),
    "lstm_classifier.yaml": ("width",),
}


@pytest.fixture(scope="module")
def forms() -> dict[str, tuple[pc.Spec, pc.Formula]]:
    opened = {name: pc.loads(SPECS[name]) if name in SPECS else pc.load(_FILES / name) for name in SPECS_AND_DIMS}
    return {name: (spec, pc.formula(spec, of="cache", dims={"batch": None})) for name, spec in opened.items()}


@given(st.data())
def test_a_form_is_the_count(forms: dict[str, tuple[pc.Spec, pc.Formula]], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(SPECS_AND_DIMS)))
    spec, form = forms[name]
    dims = {dim: data.draw(_SIZES) for dim in (*SPECS_AND_DIMS[name], "batch")}
    if "key_value_heads" in dims:
        dims["heads"] = dims["key_value_heads"] * data.draw(st.integers(1, 3))
        dims["width"] = dims["heads"] * data.draw(_SIZES)
    symbols = {dim: size for dim, size in dims.items() if dim in form.symbols}
    assert form(**symbols) == pc.count(spec, of="cache", dims=dims).total
