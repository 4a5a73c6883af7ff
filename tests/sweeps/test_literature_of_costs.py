"""What publications say that networks cost: symbolically equal under their own assumptions, or the same number."""

from __future__ import annotations

from typing import Any

import pytest
import sympy

import paramcalc as pc
from tests.helpers import ROOT

pytestmark = pytest.mark.sweep

SPECS = ROOT / "specs"

TRANSFORMER = """
paramcalc: 1
dims: {h: 64, l: 4, heads: 4, d_head: h / heads, V: 100, s: 16, batch: 2}
layers:
  - Input: {shape: [s], dtype: int32}
  - Embedding: {input_dim: V, output_dim: h}
  - times: l
    recompute: RECOMPUTED
    layers:
      - MultiHeadAttention: {num_heads: heads, key_dim: d_head, use_bias: false}
      - Dense: {units: 4 * h, use_bias: false}
      - Dense: {units: h, use_bias: false}
  - Dense: {units: V, use_bias: false}
    name: logits
"""


def equal(form: pc.Formula, known: str) -> bool:
    """Whether a form is the known expression in the symbols of its dims."""
    expr = sympy.sympify(known, locals=dict(form.symbols))
    return bool(sympy.simplify(sympy.expand(form.expr - expr)) == 0)


def transformer(recomputed: bool = False) -> pc.Spec:
    return pc.loads(TRANSFORMER.replace("RECOMPUTED", str(recomputed).lower()))


def without_logits() -> pc.Spec:
    return pc.loads(TRANSFORMER.replace("RECOMPUTED", "false").split("  - Dense: {units: V")[0])


def test_kaplan_counts_causal_attention_by_half() -> None:
    # Kaplan et al. 2020, section 2.1: C_forward ≈ 2N + 2·n_layer·n_ctx·d_attn a token; N without embeddings
    form = pc.formula(without_logits(), of="flops", causal="half")
    n = "12*l*h**2"
    assert equal(form, f"batch*s*(2*{n} + 2*l*s*h)")
    # the whole of attention is as much again
    assert equal(pc.formula(without_logits(), of="flops"), f"batch*s*(2*{n} + 4*l*s*h)")


def test_training_costs_six_operations_a_parameter_and_token() -> None:
    # Kaplan et al. 2020, section 2.1: C ≈ 6·N·D, without what depends on the context
    form = pc.formula(without_logits(), of="training_flops")
    assert equal(form, "6*(12*l*h**2)*(batch*s) + 12*batch*l*s**2*h")


def test_narayanan_recomputes_the_layers_and_not_the_logits() -> None:
    # Narayanan et al. 2021, section 5.1 and the appendix: 96·B·s·l·h²·(1 + s/(6h) + V/(16·l·h))
    form = pc.formula(transformer(recomputed=True), of="training_flops")
    assert equal(form, "96*batch*s*l*h**2*(1 + s/(6*h) + V/(16*l*h))")
    assert equal(pc.formula(transformer(), of="training_flops"), "6*batch*h*s*(12*h*l + 2*l*s + V)")


# --- Multiply-adds of published networks ---------------------------------------------------


def multiply_adds(spec: pc.Spec, **dims: Any) -> int:
    total = pc.count(spec, of="flops", dims=dims).total
    assert total % 2 == 0
    return total // 2


def convolution(filters: int, size: int, stride: int = 1, groups: int = 1, bias: bool = False) -> pc.Layer:
    return pc.Conv2D(filters=filters, kernel_size=size, strides=stride, padding="same", groups=groups, use_bias=bias)


def image(*nodes: Any) -> pc.Spec:
    return pc.Spec([pc.Input(shape=(224, 224, 3)), *nodes])


def test_vgg_16() -> None:
    """Simonyan and Zisserman 2014, configuration D."""
    layers: list[Any] = []
    for number, filters in ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512)):
        layers += [convolution(filters, 3, bias=True)] * number + [pc.MaxPool2D(pool_size=2)]
    layers += [pc.Flatten(), pc.Dense(units=4096), pc.Dense(units=4096), pc.Dense(units=1000)]
    assert multiply_adds(image(*layers)) == 15_470_264_320


def bottleneck(width: int, stride: int, projects: bool) -> pc.Node:
    inside = [convolution(width, 1), convolution(width, 3, stride), convolution(4 * width, 1)]
    if not projects:
        return pc.Node(layers=inside, residual=True)
    nodes = [
        pc.Node(layers=inside, name="inside"),
        pc.Node(convolution(4 * width, 1, stride), name="short", inputs="input"),
    ]
    return pc.Node(layers=[*nodes, pc.Node(pc.Add(), inputs=["inside", "short"])])


@pytest.mark.parametrize(("classes", "known"), [(1000, 4_089_184_256), (2, 4_087_140_352)])
def test_resnet_50(classes: int, known: int) -> None:
    """He et al. 2015, as torchvision (1000 classes) and transformers (2, if none are stated) have it.

    The stride stands in the convolution of 3 · 3.
    """
    layers: list[Any] = [convolution(64, 7, 2), pc.MaxPool2D(pool_size=3, strides=2, padding="same")]
    for width, number in ((64, 3), (128, 4), (256, 6), (512, 3)):
        layers += [bottleneck(width, 1 if width == 64 else 2, True)] + [bottleneck(width, 1, False)] * (number - 1)
    layers += [pc.GlobalAveragePool2D(), pc.Dense(units=classes)]
    assert multiply_adds(image(*layers)) == known


def inverted(channels: int, filters: int, expansion: int, stride: int) -> pc.Node:
    wide = channels * expansion
    inside = [convolution(wide, 1)] if expansion > 1 else []
    inside += [convolution(wide, 3, stride, groups=wide), convolution(filters, 1)]
    return pc.Node(layers=inside, residual=stride == 1 and channels == filters)


def test_mobilenet_v2() -> None:
    """Sandler et al. 2018, table 2, with the 1001 classes of its authors."""
    layers: list[Any] = [convolution(32, 3, 2)]
    channels = 32
    for expansion, filters, number, stride in (
        (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
    ):  # fmt: skip
        for place in range(number):
            layers.append(inverted(channels, filters, expansion, stride if place == 0 else 1))
            channels = filters
    layers += [convolution(1280, 1), pc.GlobalAveragePool2D(), pc.Dense(units=1001)]
    assert multiply_adds(image(*layers)) == 300_775_552


def test_vit_b_16() -> None:
    """Dosovitskiy et al. 2021, table 1."""
    assert multiply_adds(pc.load(SPECS / "vit_b16.yaml")) == 17_563_828_224


def test_gpt2_at_1024_tokens() -> None:
    """Radford et al. 2019: 2·T·12·L·d² + 4·L·T²·d + 2·T·d·V, of attention whole."""
    spec = pc.load(SPECS / "gpt2.yaml")
    assert pc.count(spec, of="flops", dims={"tokens": 1024}).total == 291_648_307_200
    form = pc.formula(spec, of="flops")
    assert equal(form, "2*tokens*12*depth*width**2 + 4*depth*tokens**2*width + 2*tokens*width*vocabulary")
