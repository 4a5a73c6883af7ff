"""Families: a configuration of Hugging Face as a spec, read without PyTorch and without transformers."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import paramcalc as pc
from paramcalc.core.expression import Environment, Expression
from paramcalc.exports.derivations.data import plain as derived
from paramcalc.families.configs import family_spec
from paramcalc.families.generator.laws import law
from paramcalc.families.generator.texts import choice, is_certain, names_in, needed, negated, tidied
from paramcalc.families.items import item_of, with_items
from paramcalc.families.stored import read_family
from tests.helpers import run

LLAMA_405B = {
    "model_type": "llama", "architectures": ["LlamaForCausalLM"], "vocab_size": 128256, "hidden_size": 16384,
    "intermediate_size": 53248, "num_hidden_layers": 126, "num_attention_heads": 128, "num_key_value_heads": 8,
    "rope_theta": 500000.0, "max_position_embeddings": 131072, "tie_word_embeddings": False, "bos_token_id": 128000,
    "rope_scaling": {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                     "original_max_position_embeddings": 8192}, "torch_dtype": "bfloat16",
}  # fmt: skip
GPT2 = {"model_type": "gpt2"}


def refused(config: Any, head: str | None = None) -> str:
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.count(pc.from_huggingface(config, head))
    return str(caught.value)


def test_a_configuration_is_counted_wherever_a_spec_is(tmp_path: Path) -> None:
    # the number of its authors (arXiv 2407.21783), exact in the index of its checkpoint
    assert pc.count(LLAMA_405B).total == 405_853_388_800
    file = tmp_path / "config.json"
    file.write_text(json.dumps(LLAMA_405B), encoding="utf-8")
    assert pc.count(file).total == pc.count(tmp_path).total == pc.count(str(tmp_path)).total == 405_853_388_800
    assert "405,853,388,800" in run("count", str(file)).output


def test_the_dtype_is_that_of_the_configuration() -> None:
    count = pc.count(LLAMA_405B)
    assert count.bytes == 2 * count.total


def test_a_size_of_0_is_that_of_tensors_without_elements() -> None:
    # DistilBERT (arXiv 1910.01108) without what its 6 layers have between two widths: two kernels and a bias
    without = pc.count({"model_type": "distilbert", "hidden_dim": 0}, dims={})
    assert pc.count({"model_type": "distilbert"}).total - without.total == 6 * (2 * 768 * 3072 + 3072)
    assert [row for row in without.layers if row.leaf is not None and any(0 in each.shape for each in row.tensors)]


def test_a_number_at_whose_0_another_network_is_made_is_refused() -> None:
    message = refused({"model_type": "chameleon_vqgan", "num_res_blocks": 0})
    assert "'num_res_blocks >= 1' does not hold at num_res_blocks = 0" in message


def test_a_spec_of_ones_own_has_no_size_of_0() -> None:
    spec = pc.loads("paramcalc: 1\nconnections: none\ndims: {width: 0}\nlayers: [{Dense: {units: width}, of: [3]}]")
    with pytest.raises(pc.ParamcalcError, match="'units' of Dense must be at least 1, not 0"):
        pc.count(spec)


def test_weights_beside_a_configuration_are_noted(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(GPT2), encoding="utf-8")
    assert "were not read" not in run("count", str(tmp_path)).output
    (tmp_path / "model.safetensors").write_bytes(b"")
    assert "the weights beside it (model.safetensors) were not read" in run("count", str(tmp_path)).output


def test_buffers_are_known_and_said_to_be_left_out_where_they_are_not() -> None:
    # a table of positions for two of the features of a head, as it is and as it was
    known = pc.count({"model_type": "llama"})
    assert known.remarks == ()
    assert known.buffers == 2 * 128 // 2
    left_out = pc.count({"model_type": "llama", "partial_rotary_factor": 0.5})
    assert ["are not known of LlamaForCausalLM as it is configured" in each for each in left_out.remarks] == [True]
    assert left_out.buffers is None


def test_names_are_those_of_transformers() -> None:
    rows = pc.count({**GPT2, "n_layer": 2}, expand=True).layers
    names = [".".join([*row.path, tensor.name]) for row in rows for tensor in row.tensors]
    assert names[:4] == [
        "transformer.wte.weight", "transformer.wpe.weight", "transformer.h.0.ln_1.weight", "transformer.h.0.ln_1.bias",
    ]  # fmt: skip
    assert names[-1] == "lm_head.weight"


def test_the_head_is_chosen_by_the_architecture_or_asked_for() -> None:
    base = pc.from_huggingface(GPT2, head="base")
    assert (base.name, pc.count(base).total_untied) == ("GPT2Model", 124_439_808)
    stated = {**GPT2, "architectures": ["GPT2Model"]}
    assert pc.from_huggingface(stated).name == "GPT2Model"
    assert pc.from_huggingface(stated, head="causal-lm").name == "GPT2LMHeadModel"


def test_what_is_left_out_or_null_is_what_transformers_makes_of_it() -> None:
    sparse = {"model_type": "llama", "hidden_size": 512, "num_attention_heads": 8}
    full = {**sparse, "num_key_value_heads": 8, "head_dim": 64}
    null = {**sparse, "num_key_value_heads": None, "head_dim": None}
    assert pc.count(sparse).total == pc.count(full).total == pc.count(null).total
    assert pc.count({**sparse, "head_dim": 32}).total < pc.count(sparse).total


def test_the_dims_are_the_fields_under_any_of_their_names() -> None:
    assert pc.from_huggingface({**GPT2, "hidden_size": 96}).dims["n_embd"] == 96
    spec = pc.from_huggingface(GPT2)
    assert pc.count(spec, dims={"n_layer": 24, "n_embd": 1024, "n_head": 16}).total == 354_823_168
    assert {"n_embd", "n_layer", "vocab_size"} <= {str(symbol) for symbol in pc.formula(spec).expr.free_symbols}


#: What is refused, and how: the field and its value, the rule, the way out.
REFUSALS: list[tuple[dict[str, Any], str | None, str]] = [
    ({"model_type": "lama"}, None, "[unknown-model-type]: there is no model type 'lama'\n    did you mean 'llama'?"),
    (
        {"model_type": 7},
        None,
        (
            "[unproved-config]: 'model_type' is 7, which is no text\n"
            "    it is the name of a type, such as llama; 'paramcalc families' lists them"
        ),
    ),
    (
        {"model_type": "llama", "hidden_size": "4096"},
        None,
        "[unproved-config]: 'hidden_size' is '4096': llama takes a whole number there\n    left out, it is 4096",
    ),
    (
        {"model_type": "llama", "attention_bias": 1},
        None,
        "[unproved-config]: 'attention_bias' is 1: llama takes true or false there\n    left out, it is false",
    ),
    (
        {"model_type": "gpt2", "n_positions": -1},
        None,
        (
            "[unproved-config]: 'n_positions' is -1: 'input_dim' of Embedding must be at least 0, not -1"
            " (in transformer.wpe)\n    left out, it is 1024"
        ),
    ),
    (
        {"model_type": "gpt2", "n_layer": -1},
        None,
        (
            "[unproved-config]: 'n_layer' is -1: 'times' must be at least 0, not -1 (in transformer.h)\n"
            "    left out, it is 12"
        ),
    ),
    (
        {"model_type": "llama", "hidden_size": 0},
        None,
        (
            "[unproved-config]: 'hidden_size' is 0: LlamaForCausalLM: 'head_dim != 0' does not hold at head_dim = 0\n"
            "    left out, it is 4096"
        ),
    ),
    (
        {"model_type": "gpt2", "n_embd": 770},
        None,
        (
            "[unproved-config]: GPT2LMHeadModel: 'n_embd // n_head * n_head == n_embd' does not hold at n_embd = 770,"
            " n_head = 12\n    gpt2 was proved with values for which it holds: change one, or use transformers"
        ),
    ),
    (
        {"model_type": "mixtral", "num_experts_per_tok": 9},
        None,
        (
            "[unproved-config]: 'num_experts_per_tok' is 9: 9 of the 8 elements of an axis of 'gate_up_proj' are active"
            " (in model.layers.0.mlp.experts)\n    left out, it is 2"
        ),
    ),
    (
        {"model_type": "gpt2", "architectures": ["GPT2ForTokenClassification"]},
        None,
        (
            "[unproved-config]: 'architectures' is 'GPT2ForTokenClassification': gpt2 is not known with this class\n"
            "    known are GPT2LMHeadModel, GPT2Model; --head takes one, or 'base'"
        ),
    ),
    (
        {"model_type": "gpt2"},
        "GPT2LMHeadModell",
        (
            "[unproved-config]: 'head' is 'GPT2LMHeadModell': gpt2 is not known with this class\n"
            "    did you mean 'GPT2LMHeadModel'?"
        ),
    ),
    (
        {"model_type": "gpt2", "quantization_config": {"bits": 4}},
        None,
        (
            "[unproved-config]: 'quantization_config' stands for quantised weights, which are not supported\n"
            "    without it, the model is counted unquantised"
        ),
    ),
    (
        {"peft_type": "LORA"},
        None,
        (
            "[unproved-config]: 'peft_type' stands for an adapter, which is not supported\n"
            "    count the config.json of the model that it adapts"
        ),
    ),
]


@pytest.mark.parametrize(("config", "head", "text"), REFUSALS)
def test_what_is_not_proved_is_refused_by_name(config: dict[str, Any], head: str | None, text: str) -> None:
    assert refused(config, head) == f"error{text}"


def test_families_are_listed_and_printed() -> None:
    assert {"gpt2", "llama"} <= set(run("families").output.split())
    assert run("families", "--search", "GPT2").output.split() == ["gpt2"]
    assert "num_key_value_heads: num_attention_heads" in run("families", "llama").output


LISTED = """
family: listed
transformers: 5.23.0
named_heads: {usual: Model}
dims: {width: 8, heads: 2, deep: 3, first: 1, kinds: none, sorts: '["dense"] * first + ["sparse"] * (deep - first)'}
lists:
  kinds: {item: '"full" if (place + 1) % 2 == 0 or place >= heads else "sliding"', times: deep}
heads:
  Model:
    layers:
      - name: layers
        times: deep
        index: i
        layers:
          - {name: full, when: 'kinds[i] == "full"', tensors: {weight: [width]}, layers: []}
          - {name: mlp, when: 'sorts[i] == "dense"', tensors: {weight: [10 * width]}, layers: []}
"""


@pytest.mark.parametrize(
    ("config", "total"),
    [
        ({}, 2 * 8 + 80),
        ({"kinds": None, "sorts": None}, 2 * 8 + 80),
        ({"deep": 5, "first": 4}, 4 * 8 + 4 * 80),
        ({"kinds": ["full", "full", "full"]}, 3 * 8 + 80),
        ({"kinds": ["sliding", "full", "full"], "sorts": ["sparse", "sparse", "sparse"]}, 2 * 8),
    ],
)
def test_a_list_that_is_left_out_follows_from_other_fields(config: dict[str, Any], total: int) -> None:
    assert pc.count(family_spec(read_family(LISTED), {"model_type": "listed", **config})).total == total


def test_a_list_of_families_is_as_wide_as_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paramcalc.families.stored.family_names", lambda: ["a", "bart", "bert-tiny", "c", "d"])
    assert run("families").output == "a\nbart\nbert-tiny\nc\nd\n"
    monkeypatch.setattr("paramcalc.cli.families.width", lambda: 24)
    assert run("families").output == "a          c\nbart       d\nbert-tiny\n"
    monkeypatch.setattr("paramcalc.cli.families.width", lambda: 5)
    assert run("families").output == "a\nbart\nbert-tiny\nc\nd\n"


def test_a_search_for_no_family_is_refused() -> None:
    assert run("families", "--search", "zzz").output == (
        "error[unknown-model-type]: no model type has 'zzz' in its name\n    'paramcalc families' lists them all\n"
    )


# --- What is not known ------------------------------------------------------------------

#: Of this one it is stated neither to how many experts a token is sent, nor which buffers there are.
UNSTATED = """
family: unstated
transformers: 5.23.0
named_heads: {usual: Model}
dims: {width: 8, experts: 4, layers: 3}
heads:
  Model:
    buffers: unknown
    active: unknown
    layers:
      - name: layers
        times: layers
        layers:
          - Weights: {tensors: {up: [experts, width, width]}, output: up}
            name: experts
          - {BatchNorm: {}, of: [width], name: norm}
"""
SENT = (
    "error[not-measurable]: the number of active parameters of 'Model' cannot be said: it is not known to how many"
    " experts a token is sent\n    'parameters' counts those of all experts"
)
KERAS = "error[not-measurable]: Keras counts buffers too, and those of 'Model' are not known\n    --as torch is without"
HELD = (
    "error[not-measurable]: the buffers of 'Model', such as tables of rotary positions, are not known\n"
    "    the sheet, paramcalc memory, tells the other parts"
)


def unstated(**dims: int) -> pc.Spec:
    return family_spec(read_family(UNSTATED), {"model_type": "unstated", **dims})


@pytest.mark.parametrize(
    ("text", "ask"),
    [
        (SENT, lambda spec: pc.count(spec, of="active")),
        (SENT, lambda spec: pc.formula(spec, of="active")),
        (SENT, lambda spec: pc.explain(spec, of="active")),
        (SENT, lambda spec: pc.diff(spec, spec, of="active")),
        (SENT, lambda spec: pc.solve(spec, total=100, of="active", vary="width")),
        (SENT, lambda spec: pc.sweep(spec, {"width": [8, 16]}, of="active")),
        (SENT, lambda spec: pc.sweep(spec, {"width": [8, 16]}, of=["parameters", "active"])),
        (KERAS, lambda spec: pc.count(spec, "keras")),
        (KERAS, lambda spec: pc.count(spec, "keras", of="bytes")),
        (KERAS, lambda spec: pc.formula(spec, "keras")),
        (KERAS, lambda spec: pc.compare(spec)),
        (KERAS, lambda spec: pc.memory(spec, "keras")),
        (KERAS, lambda spec: pc.solve(spec, "keras", total=100, vary="width")),
        (KERAS, lambda spec: pc.sweep(spec, {"width": [8, 16]}, convention="keras").columns),
        (HELD, lambda spec: pc.solve(spec, total=1000, of="memory", vary="width")),
        (HELD, lambda spec: pc.sweep(spec, {"width": [8, 16]}, of="memory")),
    ],
)
def test_what_is_not_known_is_not_taken_for_nothing(text: str, ask: Callable[[pc.Spec], Any]) -> None:
    with pytest.raises(pc.ParamcalcError) as caught:
        ask(unstated())
    assert str(caught.value) == text


def test_what_is_not_known_is_null_wherever_it_is_told() -> None:
    count = pc.count(unstated())
    assert (count.total, count.active, count.buffers) == (3 * (4 * 64 + 16), None, None)
    plain = derived(pc.explain(unstated()))
    assert {each["buffers"] for each in (plain["model"], *plain["layers"])} == {None}
    assert "buffers, apart" not in pc.explain(unstated()).to("text")
    sheet = pc.memory(unstated())
    assert (sheet.buffers, sheet.total) == (None, None)
    assert sheet.unknown["buffers"] == "the buffers of 'Model', such as tables of rotary positions, are not known"


MIXTURE = """
family: mixture
transformers: 5.23.0
named_heads: {usual: Model}
dims: {experts: 4, chosen: none}
heads:
  Model:
    layers:
      - Weights: {tensors: {up: {shape: [experts, 10], active: {axis: 0, of: chosen}}}, output: up}
"""


def test_a_mixture_that_does_not_say_to_how_many_experts_a_token_is_sent_is_counted() -> None:
    family = read_family(MIXTURE)
    sent = pc.count(family_spec(family, {"model_type": "mixture", "chosen": 3}))
    assert (sent.total, sent.active) == (40, 30)
    unsaid = pc.count(family_spec(family, {"model_type": "mixture"}))
    assert (unsaid.total, unsaid.active) == (40, None)
    assert "the active parameters of Model are not known" in unsaid.remarks


def test_a_difference_of_what_is_not_known_is_none() -> None:
    other = replace(unstated(width=16), unknown=())
    assert "buffers     not known →       99\n" in pc.diff(unstated(), other).to("text")


# --- What the generator does with expressions as texts ----------------------------------


@pytest.mark.parametrize(
    ("text", "opposite"),
    [
        ("(a == 1)", "a != 1"),
        ("a in [1, 2]", "a not in [1, 2]"),
        ("a < b", "a >= b"),
        ("not bias", "bias"),
        ("bias", "not (bias)"),
        ("0 < a < 3", "not (0 < a < 3)"),
    ],
)
def test_a_condition_is_turned(text: str, opposite: str) -> None:
    assert negated(text) == opposite


def test_of_two_expressions_what_they_share_stands_outside_the_choice() -> None:
    assert tidied(choice("d == none", "(h * (w // h))", "(h * d)")) == "h * (w // h if d == none else d)"
    assert tidied(choice("c", "a", "b + 1")) == "a if c else b + 1"
    assert choice("c", "a", "a") == "a"
    assert tidied(choice("c", "a == 1", "true")) == "not c or a == 1"


def test_a_condition_that_another_implies_is_left_out() -> None:
    assert needed(["act != 'prelu'", "act == 'xielu'", "deep"]) == ["act == 'xielu'", "deep"]
    assert needed(["act != 'prelu'", "act != 'xielu'"]) == ["act != 'prelu'", "act != 'xielu'"]
    # what excludes one another is left as it is
    for pair in (["act == 'a'", "act == 'b'"], ["act != 'a'", "act == 'a'"]):
        assert needed(pair) == pair


def test_an_expression_is_written_with_what_it_needs() -> None:
    names = {"L_llama_344": "i"}
    assert tidied("(((a * 1) + 0) - (L_llama_344 - 1))", names) == "a - (i - 1)"
    assert tidied('(c.kind == "rms")') == 'c.kind == "rms"'
    assert names_in("len(c.depths) > i and 'x' in texts") == {"c.depths", "i", "texts"}
    assert is_certain(tidied("(n % 1) == 0"))
    assert not is_certain(tidied("(n % 2) == 0"))


# --- Laws of the copies of a loop -------------------------------------------------------

LAWS = [
    ("constant", ["w", "w", "w"], 0),
    ("an element of a list", ["h[0]", "h[1]", "h[2]"], 0),
    ("an element of a list, shifted", ["h[0] * 2", "h[1] * 2", "h[2] * 2"], 1),
    ("linear", ["w + 3", "w + 5", "w + 7", "w + 9"], 0),
    ("geometric", ["4 * w", "8 * w", "16 * w"], 1),
    ("grows by a factor", ["w", "w * 2", "w * 2 * 2"], 0),
    ("shrinks by a factor", ["w", "w // 2", "w // 2 // 2"], 0),
    ("grows by a field", ["w", "w + g", "w + g + g", "w + g + g + g"], 0),
    ("a running sum", ["w + h[0]", "w + h[0] + h[1]", "w + h[0] + h[1] + h[2]", "w + h[0] + h[1] + h[2] + h[3]"], 0),
    ("in a condition", ['kinds[0] == "a"', 'kinds[1] == "a"', 'kinds[2] == "a"'], 0),
]


@pytest.mark.parametrize(("texts", "first"), [each[1:] for each in LAWS], ids=[each[0] for each in LAWS])
def test_a_law_has_the_value_of_each_copy(texts: list[str], first: int) -> None:
    found = law(texts, first, "i")
    assert found is not None
    fields = {"w": 96, "g": 7, "h": (5, 11, 2, 31, 3), "kinds": ("a", "b", "a", "a")}
    for place, text in enumerate(texts):
        expected = Expression.parse(text).evaluate(Environment(fields))
        assert Expression.parse(found).evaluate(Environment({**fields, "i": first + place})) == expected


@pytest.mark.parametrize(
    "texts",
    [
        ["h[0]", "h[1]"],
        ["w", "w * 2"],
        ["w", "g", "w"],
        ["w + 1", "w + 2", "w + 4", "w + 7"],
        ["w", "w * 2", "w * 2 + 2"],
        ["w + h[0]", "w + h[0] + h[1]", "w + h[0] + h[1] + h[2]"],
    ],
)
def test_what_nothing_confirms_is_no_law(texts: list[str]) -> None:
    assert law(texts, 0, "i") is None


# --- Lists that follow from a depth ----------------------------------------------------------


@pytest.mark.parametrize("depth", [1, 5, 13])
@pytest.mark.parametrize(
    "text",
    [
        '["sparse"] * n',
        '["dense"] * min(3, n) + ["sparse"] * (n - min(3, n))',
        '["dense"] * min(3, n) + ["sparse"] * max(n - 3, 0)',
        '(["dense"] if n > 0 else []) + ["sparse"] * max(n - 1, 0)',
        '((["near"] * 5 + ["far"]) * (n // 6 + 1))[:n]',
        '(["a", "b", "c"] * n)[:n]',
        # none at all of a list that is repeated a negative number of times
        '(["a"] * (n - 3) + (["b", "c"] * n))[:n]',
    ],
)
def test_an_element_of_a_list_is_what_stands_at_its_place(text: str, depth: int) -> None:
    item = item_of(text)
    assert item is not None
    whole = Expression.parse(text).evaluate(Environment({"n": depth}))
    assert len(whole) == depth
    found = [Expression.parse(item).evaluate(Environment({"n": depth, "place": place})) for place in range(depth)]
    assert found == [*whole]


@pytest.mark.parametrize("text", ["n", "kinds", "kinds[1:] + kinds", "[1, 2][i]", "[4.0, 2.0]", "[1] * 3"])
def test_what_is_no_repeat_of_lists_has_no_rule_for_its_elements(text: str) -> None:
    assert item_of(text) is None


def test_where_a_first_part_ends_that_may_be_the_whole() -> None:
    """Of the least of 3 and all, the third is the end wherever there are more."""
    assert item_of('["dense"] * min(3, n) + ["sparse"] * (n - 3)') == "'dense' if place < 3 else 'sparse'"


def test_a_list_whose_elements_are_known_is_there() -> None:
    assert with_items({"when": 'kinds != none and kinds[i] == "x"'}, "kinds", '"y"') == {"when": "true and 'y' == 'x'"}


def test_an_element_stands_in_place_of_the_list_where_it_is_that_of_a_copy() -> None:
    """Any other may be none: before the first, or beyond the last."""
    when = 'c.kinds[i] == "x" and c.kinds[i + 1] != c.kinds[-1]'
    layers = [{"name": "a", "times": "n", "index": "i", "when": when}]
    assert with_items(layers, "c.kinds", '"x" if place < 3 else "y"') == [
        {
            "name": "a",
            "times": "n",
            "index": "i",
            "when": "('x' if i < 3 else 'y') == 'x' and c.kinds[i + 1] != c.kinds[-1]",
        }
    ]
