"""Derivations: every step is true, and every number on the sheet adds up."""

from pathlib import Path

import pytest
import sympy

import paramcalc as pc
from paramcalc.derivation import LayerDerivation

SPECS = sorted((Path(__file__).parent.parent / "specs").glob("*.yaml"))


def derived(path: Path, convention: str) -> tuple[pc.Derivation, list[LayerDerivation]]:
    derivation = pc.explain(pc.load(path), convention)
    return derivation, list(derivation.layers)


@pytest.mark.parametrize("convention", ["keras", "torch"])
@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_the_substitution_of_every_layer_gives_its_value(path: Path, convention: str) -> None:
    for layer in derived(path, convention)[1]:
        values = {sympy.Symbol(name, integer=True, positive=True): value for name, value in layer.values.items()}
        for tensor in layer.tensors:
            assert tensor.product.xreplace(values) == tensor.elements
            assert [size.xreplace(values) for size in tensor.symbolic_shape] == list(tensor.shape)
        assert layer.expr.xreplace(values) * layer.row.times == layer.row.total


@pytest.mark.parametrize("convention", ["keras", "torch"])
@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_the_layers_add_up_to_the_total(path: Path, convention: str) -> None:
    derivation, layers = derived(path, convention)
    assert sum(layer.row.total for layer in layers) == derivation.count.total


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_each_symbol_is_explained_and_each_tensor_has_a_purpose(path: Path) -> None:
    for layer in derived(path, "keras")[1]:
        names = {size.name for tensor in layer.tensors for size in tensor.product.free_symbols}
        assert names == {each.name for each in layer.symbols}
        assert all(each.meaning for each in layer.symbols)
        assert all(tensor.purpose for tensor in layer.tensors)


def test_a_dense_layer_reads_like_this() -> None:
    assert str(pc.explain(pc.Dense(units=512), input_shape=(4096,))) == (
        "dense · Dense                                         (None, 4096) → (None, 512)\n"
        "Each output is a weighted sum of all inputs, plus an offset: activation(x ·\n"
        "kernel + bias).\n"
        "\n"
        "  tensor  shape    elements\n"
        "  kernel  (n, u)  2,097,152  trained  a weight from each input to each output\n"
        "  bias    (u)           512  trained  an offset for each output\n"
        "\n"
        "  n = 4,096  inputs: the size of the last axis\n"
        "  u =   512  outputs\n"
        "\n"
        "  parameters = n·u + u\n"
        "             = 4,096 · 512 + 512\n"
        "             = 2,097,664        2,097,664 trained"
    )


def test_frozen_and_tied_and_shared_tensors_are_named_as_such() -> None:
    text = str(
        pc.explain(
            pc.loads(
                "paramcalc: 1\nlayers:\n  - Input: {shape: [3]}\n"
                "  - {Embedding: {input_dim: 9, output_dim: 4}, name: embed, trainable: false}\n"
                "  - {Dense: {units: 9, use_bias: false}, name: head, tie: {kernel: embed.embeddings}}\n"
                "  - {Dense: {units: 9}, name: mix}\n"
                "  - {share: mix, name: again}\n"
            )
        )
    )
    assert "embeddings  (v, d)        36  frozen  a row for each number" in text
    assert "kernel is tied to embed.embeddings: counted there" in text
    assert "its tensors are those of another place, and were counted there" in text


def test_copies_are_one_derivation_and_a_product() -> None:
    spec = pc.Spec(layers=[pc.Input(shape=(4,)), pc.Node(pc.Dense(units=4), name="fc", times=3)])
    text = str(pc.explain(spec, node="fc"))
    assert "fc.0..2 · Dense" in text
    assert "3 copies: 3 · 20 = 60" in text


@pytest.mark.parametrize("node", ["body", "body.2", "body.0..2", "body.1.dense"])
def test_a_node_is_found_by_its_path_with_or_without_counters(node: str) -> None:
    spec = pc.Spec(
        layers=[
            pc.Input(shape=(4,)),
            pc.Node(layers=[pc.BatchNorm(), pc.Dense(units=4)], name="body", times=3),
            pc.Dense(units=2),
        ]
    )
    rows = [layer.row.name for layer in pc.explain(spec, node=node).layers]
    assert rows[-1] == "body.0..2.dense"
    assert "dense" not in rows


def test_html_is_one_page_that_needs_nothing_else() -> None:
    page = pc.explain(pc.load(SPECS[0])).to("html")
    assert page.startswith("<!DOCTYPE html>")
    assert "http" not in page
    assert "<script" not in page


def test_names_from_a_spec_are_escaped() -> None:
    spec = pc.Spec(name="<b> & _x", layers=[pc.Input(shape=(2,)), pc.Dense(units=1)])
    assert "&lt;b&gt; &amp; _x" in pc.explain(spec).to("html")
    assert r"input\_" in pc.explain(pc.Spec(layers=[pc.Node(pc.Input(shape=(2,)), name="input_1")])).to("latex")
