"""Measures of copies side by side, and of layers that take their outputs, held to the same network written out."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

import paramcalc as pc
from paramcalc.core import registry
from paramcalc.core.registry import MEASURES, kind, measure
from paramcalc.layers import Layer, Shape, Tensor
from paramcalc.layers.base.products import Product

#: Every layer type that may join copies.
JOINING = [name for name in pc.kind_names() if kind(name).merges]
OF = [name for name in MEASURES if measure(name).needs_connections]
BEGIN = """
paramcalc: 1
framework: torch
dims: {{batch: 2, n: {n}}}
layers:
  - Input: {{shape: [6, 8]}}
    name: x
"""
COPIES = """
  - name: branches
    parallel: n
    inputs: x
    layers: [Dense: {{units: 8}}]
"""
TWIN = """
  - Dense: {{units: 8}}
    name: branch_{number}
    inputs: x
"""

#: Of these here; of all in the sweep.
FEW = ["Add", "Concatenate"]


def joined(merge: str, number: int) -> pc.Spec:
    return pc.loads((BEGIN + COPIES).format(n=number) + f"    merge: {merge}\n")


def taken(layer: str, inputs: str, number: int) -> pc.Spec:
    """Copies, and a layer that takes outputs of theirs."""
    return pc.loads((BEGIN + COPIES).format(n=number) + f"  - {layer}\n    inputs: {inputs}\n")


def written(layer: str, inputs: str, number: int) -> pc.Spec:
    branches = "".join(TWIN.format(number=each) for each in range(number))
    return pc.loads(BEGIN.format(n=number) + branches + f"  - {layer}\n    inputs: {inputs}\n")


def totals(spec: pc.Spec, of: str, **options: str) -> set[int]:
    """What a measure is of a spec: with copies that are alike as one, and each by itself."""
    return {pc.count(spec, of=of, expand=expand, **options).total for expand in (False, True)}


def all_of(number: int) -> str:
    return f"[{', '.join(f'branch_{each}' for each in range(number))}]"


@pytest.mark.parametrize("of", OF)
@pytest.mark.parametrize("merge", FEW)
def test_copies_that_are_joined_cost_what_the_same_written_out_does(merge: str, of: str) -> None:
    for number in (2, 3):
        twin = written(f"{merge}:", all_of(number), number)
        assert totals(joined(merge, number), of) == totals(taken(f"{merge}:", "branches", number), of)
        assert totals(joined(merge, number), of) == totals(twin, of)


@pytest.mark.parametrize("of", [name for name in OF if name != "saved"])
@pytest.mark.parametrize("merge", FEW)
def test_their_form_keeps_how_many_there_are(merge: str, of: str) -> None:
    form = pc.formula(joined(merge, 3), of=of)
    expected = [pc.count(joined(merge, number), of=of).total for number in (2, 3, 7)]
    assert [form(n=number) if form.symbols else form() for number in (2, 3, 7)] == expected
    assert len({*expected}) == 1 or "n" in form.symbols


@pytest.mark.parametrize("merge", FEW)
def test_their_derivation_comes_to_their_number(merge: str) -> None:
    """In symbols, what joins them has the sizes of all."""
    for row in pc.explain(joined(merge, 3), of="activations").layers:
        assert int(row.expr.subs({each: row.values[each.name] for each in row.expr.free_symbols})) == row.one


def test_their_receptive_field_is_that_of_the_same_written_out() -> None:
    for merge in JOINING:
        ours = pc.count(joined(merge, 3), of="receptive-field").layers[-1].fields
        assert ours == pc.count(written(f"{merge}:", all_of(3), 3), of="receptive-field").layers[-1].fields


ATTENTION = "MultiHeadAttention: {num_heads: 2, key_dim: 4}"


@pytest.mark.parametrize("options", [{}, {"causal": "half"}])
@pytest.mark.parametrize("of", ["flops", "training_flops", "saved", "cache"])
def test_attention_of_one_copy_to_another_is_not_attention_to_itself(of: str, options: dict[str, str]) -> None:
    options = options if "flops" in of else {}
    twin = totals(written(ATTENTION, "[branch_0, branch_1]", 2), of, **options)
    assert totals(taken(ATTENTION, "branches", 2), of, **options) == twin
    assert totals(taken(ATTENTION, '["branches[0]", "branches[1]"]', 2), of, **options) == twin


def test_nothing_is_cached_where_an_output_is_added_to_itself() -> None:
    assert totals(written("Add:", "[branch_0, branch_0]", 1), "cache") == {0}


@pytest.mark.parametrize("of", ["flops", "training_flops", "saved", "cache"])
def test_of_copies_of_which_one_is_taken_the_others_need_no_gradient(of: str) -> None:
    twin = totals(written(ATTENTION, "[branch_1, branch_1]", 3), of)
    assert totals(taken(ATTENTION, '["branches[1]", "branches[1]"]', 3), of) == twin


def test_copies_behind_the_one_that_is_taken_need_no_gradient() -> None:
    text = BEGIN.format(n=4) + "  - name: body\n    times: n\n    layers: [Dense: {units: 8}]\n"
    spec = pc.loads(text + '  - Dense: {units: 8}\n    inputs: "body[1]"\n')
    # of five layers, the first has no gradient of its input, and two only a forward pass
    product = 2 * 2 * 6 * 8 * 8
    assert totals(spec, "training_flops") == {product * (2 + 3 + 1 + 1 + 3)}


def test_a_single_copy_is_joined_by_nothing_whatever_its_number_is_given_as() -> None:
    spec = joined("Add", 3)
    for numbers in ([1, 1], [2, 3]):
        expected = [pc.count(spec, of="activations", dims={"n": number}).total for number in numbers]
        assert list(pc.count(spec, of="activations", dims={"n": np.array(numbers)}).total) in (expected, expected[:1])
    with pytest.raises(pc.ParamcalcError, match="not-one-value"):
        pc.count(spec, of="activations", dims={"n": np.array([1, 2])})


class Joins(Layer):
    """Multiplies each of its inputs by the next."""

    variadic = 2
    merges = True
    layout = "as_given"

    def products(self, *inputs: Shape) -> Iterator[Product]:
        for place, x in enumerate(inputs):
            yield Product(f"product_{place}", x, (place,), ((place + 1) % len(inputs),))


class Owning(Joins):
    """Owns a tensor."""

    def tensors(self, *inputs: Shape) -> Iterator[Tensor]:
        yield Tensor("weight", (len(inputs),), "one of each input")


def test_what_a_layer_type_of_ones_own_multiplies_is_that_of_all_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_OWN", {"Joins": Joins, "Owning": Owning})
    for of in ("flops", "training_flops"):
        assert totals(joined("Joins", 3), of) == totals(written("Joins:", all_of(3), 3), of)
        assert pc.formula(joined("Joins", 3), of=of)() in totals(joined("Joins", 3), of)
    with pytest.raises(pc.ParamcalcError, match="Owning owns tensors, and what joins copies owns none"):
        pc.count(joined("Owning", 3))
