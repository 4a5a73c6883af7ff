"""What is answered to people who write what another tool calls it, or misspell it."""

import pytest
from jsonschema import Draft202012Validator

import paramcalc as pc
from paramcalc.core.expression import Environment
from paramcalc.exports.schema import spec_schema

SCHEMA = Draft202012Validator(spec_schema())


def refusal(node: str, *shape: int, dims: str = "{}") -> pc.ParamcalcError:
    """Refuse a spec of an input and a node."""
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.count(pc.loads(written(node, *shape, dims=dims), "spec.yaml"))
    return caught.value


def written(node: str, *shape: int, dims: str = "{}") -> str:
    return f"paramcalc: 1\ndims: {dims}\nlayers:\n  - Input: {{shape: {[*(shape or (8, 4))]}}}\n  - {node}\n"


# --- Words -------------------------------------------------------------------------------

#: A field, and a word in it: what is said, and the way out.
WORDS = {
    "Dense: {units: 3, activation: rleu}": ("there is no function 'rleu'", "did you mean 'relu'?"),
    "Dense: {units: 3, activation: ReLU}": ("there is no function 'ReLU'", "did you mean 'relu'?"),
    "Activation: {activation: hardswish}": ("there is no function 'hardswish'", "did you mean 'hard_swish'?"),
    "Dense: {units: 3, activation: wobble}": (
        "there is no function 'wobble'",
        "a function of your own is written custom:wobble",
    ),
    "Dense: {units: 3, activation: hiden_act}": ("there is no function 'hiden_act'", "did you mean 'hidden_act'?"),
    "TimeDistributed: {layer: {Dense: {units: 3, activation: rleu}}}": (
        "there is no function 'rleu'",
        "did you mean 'relu'?",
    ),
    "Conv1D: {filters: 3, kernel_size: 3, padding: sme}": ("there is no padding 'sme'", "did you mean 'same'?"),
    "AveragePool1D: {padding: smae}": ("there is no padding 'smae'", "did you mean 'same'?"),
    "Upsample: {mode: neerest, size: 3}": ("there is no mode 'neerest'", "did you mean 'nearest'?"),
    "Bidirectional: {layer: {GRU: {units: 3}}, merge_mode: conct}": (
        "there is no merge mode 'conct'",
        "did you mean 'concat'?",
    ),
}


@pytest.mark.parametrize("node", WORDS)
def test_a_word_misspelled_is_refused_where_it_stands(node: str) -> None:
    message, hint = WORDS[node]
    (problem,) = refusal(node, dims="{hidden_act: 3}").problems
    assert (problem.code, problem.message, problem.hint) == ("invalid-value", message, hint)
    assert problem.path[-1] in ("activation", "padding", "mode", "merge_mode")


def test_each_field_that_names_nothing_is_refused_at_its_own_place() -> None:
    text = str(refusal("Dense: {units: wdith, activation: rleu}", dims="{width: 3}"))
    assert "spec.yaml:5:20: error[unknown-dim]: there is no dim, argument or counter 'wdith' here" in text
    assert "spec.yaml:5:39: error[invalid-value]: there is no function 'rleu'" in text


@pytest.mark.parametrize("activation", ["two words", "3 + 4", "true", "max(a, b)", "lambda"])
def test_what_can_be_no_name_is_refused_when_it_is_read(activation: str) -> None:
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.Dense(units=3, activation=activation)
    assert caught.value.code == "invalid-value"
    assert f"there is no function '{activation}'" in str(caught.value)


def test_a_word_may_be_the_text_of_a_dim() -> None:
    layer = pc.Conv2D(filters=3, kernel_size=3, activation="hidden_act", padding="pad")

    def resolved(act: object, pad: object) -> pc.Layer:
        return layer.resolved(lambda each: each.evaluate(Environment({"hidden_act": act, "pad": pad})))

    assert resolved("silu", "same") == pc.Conv2D(filters=3, kernel_size=3, activation="silu", padding="same")
    assert resolved("custom:mine", 1) == pc.Conv2D(filters=3, kernel_size=3, activation="custom:mine", padding=1)
    with pytest.raises(pc.ParamcalcError, match=r"in 'hidden_act': there is no function 'sliu'\n.*did you mean 'silu'"):
        resolved("sliu", 1)
    with pytest.raises(pc.ParamcalcError, match="'hidden_act' is 3, and no function"):
        resolved(3, 1)
    assert layer.stated()["activation"] == "hidden_act"


@pytest.mark.parametrize("act", ["swiglu", "prelu", "glu", "none"])
def test_what_is_no_function_of_one_input_is_said(act: str) -> None:
    (problem,) = refusal(f"Dense: {{units: 3, activation: {act}}}").problems
    assert problem.hint
    assert "did you mean" not in problem.hint


@pytest.mark.parametrize("node", [node for node in WORDS if "hiden" not in node and "wobble" not in node])
def test_the_schema_refuses_a_word_misspelled(node: str) -> None:
    assert not SCHEMA.is_valid(_plain(written(node)))


@pytest.mark.parametrize(
    "node",
    [
        "Dense: {units: 3, activation: hidden_act}",
        "Dense: {units: 3, activation: text_config.hidden_act}",
        "Dense: {units: 3, activation: custom:mine}",
        "Dense: {units: 3, activation: leaky_relu}",
        "Conv1D: {filters: 3, kernel_size: 3, padding: p}",
        "Conv1D: {filters: 3, kernel_size: 3, padding: (k - 1) // 2}",
        "Conv1D: {filters: 3, kernel_size: 3, padding: half}",
        "Elementwise: {function: power}",
        "Bidirectional: {layer: {GRU: {units: 3}}, merge_mode: null}",
    ],
)
def test_the_schema_takes_words_and_dims(node: str) -> None:
    assert SCHEMA.is_valid(_plain(written(node)))


def _plain(text: str) -> object:
    import yaml

    return yaml.safe_load(text)
