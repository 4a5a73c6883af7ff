"""Dims of every sort: with a meaning, texts, doubles, absent ones; and what expressions make of them."""

from typing import Any

import pytest

import paramcalc as pc
from paramcalc.spec.given import Written, read_given, read_setting
from tests.language import counted, load, refusal, total


def of_units(expression: str, dims: str) -> str:
    """A Dense without bias on one feature, so that the total is the value of the expression."""
    return f"dims: {dims}\nlayers:\n  - Input: {{shape: [1]}}\n  - Dense: {{units: '{expression}', use_bias: false}}\n"


def value(expression: str, dims: str, **given: Any) -> int:
    return total(of_units(expression, dims), **given)


def wrong(expression: str, dims: str, **given: Any) -> pc.Problem:
    return refusal(of_units(expression, dims), **given)


# --- meanings --------------------------------------------------------------------------------


def test_a_dim_with_a_meaning_counts_as_one_without() -> None:
    assert value("width", "{width: {value: 7, meaning: features of a token}}") == 7


def test_the_value_of_a_dim_with_a_meaning_is_all_that_a_dim_may_be() -> None:
    dims = "{a: {value: 3, meaning: one}, b: {value: 2 * a}, c: {value: [4, 5]}, d: {value: true, meaning: x}}"
    assert value("a + b + c[1] if d else 0", dims) == 14
    assert wrong("a", "{a: {value: null, meaning: left open}}").code == "free-dim"


def test_setting_a_dim_keeps_its_meaning() -> None:
    spec = load(of_units("width", "{width: {value: 7, meaning: features of a token}}"))
    form = pc.formula(spec)
    assert form.meanings["width"] == "features of a token"
    assert form(width=9) == 9
    assert pc.count(spec, dims={"width": 9}).total == 9


def test_a_dim_with_a_meaning_is_written_as_it_was_read() -> None:
    text = of_units("width", "{width: {value: 7, meaning: features of a token}, half: 3}")
    spec = load(text)
    assert pc.loads(pc.dumps(spec)) == spec
    assert "meaning: features of a token" in pc.dumps(spec)


def test_in_python_a_dim_has_a_meaning_too() -> None:
    layers = [pc.Input(shape=(1,)), pc.Dense(units="width", use_bias=False)]
    spec = pc.Spec(layers=layers, dims={"width": pc.Dim(7, meaning="features")})
    assert pc.count(spec).total == 7
    assert pc.loads(pc.dumps(spec)) == spec


@pytest.mark.parametrize(
    ("dim", "code"),
    [
        ("{meaning: a width}", "missing-key"),
        ("{value: 3, text: a}", "invalid-value"),
        ("{value: 3, one_of: [3]}", "unknown-key"),
        ("{valeu: 3}", "unknown-key"),
        ("{text: 3}", "wrong-type"),
        ("{texts: a}", "wrong-type"),
        ("{number: a}", "wrong-type"),
        ("{numbers: 0.5}", "wrong-type"),
        ("{numbers: []}", "wrong-type"),
        ("{numbers: [0.5, a]}", "wrong-type"),
        ("{text: a, one_of: [b, c]}", "invalid-value"),
    ],
)
def test_what_is_wrong_with_a_dim_is_said_at_its_place(dim: str, code: str) -> None:
    problem = refusal(of_units("1", f"{{w: {dim}}}"))
    assert problem.code == code
    assert problem.path[:2] == ("dims", "w")


# --- texts -----------------------------------------------------------------------------------

ACTS = "{act: {text: silu, one_of: [silu, gelu]}, kinds: {texts: [full, sliding, full]}}"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('3 if act == "silu" else 5', 3),
        ('3 if act != "silu" else 5', 5),
        ('3 if act in ["silu", "swish"] else 5', 3),
        ('3 if act not in ["silu", "swish"] else 5', 5),
        ('3 if kinds[1] == "sliding" else 5', 3),
        ('3 if "full" in kinds else 5', 3),
        ("len(kinds)", 3),
        ('position("sliding", kinds) + 10', 11),
        ("len(kinds[1:])", 2),
        ('3 if kinds == ["full", "sliding", "full"] else 5', 3),
    ],
)
def test_texts_are_compared_and_looked_up(expression: str, expected: int) -> None:
    dense = f"  - Dense:\n      units: {expression}\n      use_bias: false\n"
    assert total(f"dims: {ACTS}\nlayers:\n  - Input: {{shape: [1]}}\n{dense}") == expected


def test_a_text_is_set_as_it_is() -> None:
    text = of_units('3 if act == "silu" else 5', ACTS)
    assert total(text, act="gelu") == 5
    problem = refusal(text, act="relu")
    assert problem.code == "invalid-value"
    assert "'silu', 'gelu'" in str(problem)


def test_a_text_that_nothing_mentions_gives_a_note() -> None:
    spec = load(of_units('3 if act == "silu" else 5', "{act: {text: silu}}"))
    assert not pc.count(spec, dims={"act": "silu"}).notes
    (note,) = pc.count(spec, dims={"act": "relu"}).notes
    assert "'act'" in note
    assert "'relu'" in note


def test_a_text_that_a_field_takes_gives_no_note() -> None:
    spec = load("dims: {act: {text: gelu}}\nlayers:\n  - Input: {shape: [8]}\n  - Activation: {activation: act}\n")
    assert not pc.count(spec, dims={"act": "relu"}).notes
    with pytest.raises(pc.ParamcalcError, match="there is no function 'rleu'"):
        pc.count(spec, dims={"act": "rleu"})


@pytest.mark.parametrize(
    ("written", "expected"),
    [("act=yes", "yes"), ("act=010", "010"), ("act=none", "none"), ("act=[a", "[a"), ("act= a: b ", "a: b")],
)
def test_the_text_of_a_setting_is_not_read_as_yaml(written: str, expected: str) -> None:
    spec = load(of_units("1", "{act: {text: silu}}"))
    assert read_given(spec, dict([read_setting(written)])) == {"act": expected}


def test_of_a_list_of_numbers_whole_ones_are_sizes_and_doubles_scale() -> None:
    spec = load(of_units("factors[0] + scaled(10, factors[1])", "{factors: {numbers: [4, 0.5]}}"))
    assert pc.count(spec).total == 4 + 5
    assert pc.count(spec, dims={"factors": [1, 2.5]}).total == 1 + 25
    assert pc.loads(pc.dumps(spec)) == spec
    with pytest.raises(pc.ParamcalcError, match="the value of 'factors': 'numbers' lists numbers, not 'much'"):
        pc.count(spec, dims={"factors": [1, "much"]})


@pytest.mark.parametrize("kinds", [["full", "sliding"], ("full", "sliding"), Written("[full, sliding]")])
def test_texts_and_doubles_are_given_as_lists_and_numbers(kinds: Any) -> None:
    spec = load(of_units("len(kinds) + scaled(10, ratio)", "{kinds: {texts: [full]}, ratio: {number: 0.5}}"))
    assert pc.count(spec, dims={"kinds": kinds, "ratio": 1.5}).total == 2 + 15
    with pytest.raises(pc.ParamcalcError, match="the value of 'kinds': 'texts' lists texts, not 3"):
        pc.count(spec, dims={"kinds": ["full", 3]})
    with pytest.raises(pc.ParamcalcError, match="the value of 'ratio': 'number' is a number, not"):
        pc.count(spec, dims={"ratio": "much"})


def test_a_plain_word_is_an_expression_so_that_a_misspelt_dim_is_refused() -> None:
    problem = wrong("width", "{size_of_all: 3, width: size_of_al}")
    assert problem.code == "unknown-dim"
    assert "size_of_all" in problem.hint


@pytest.mark.parametrize("expression", ['act + "x"', "act * 2", "act", "act + 1", "-act", "act < 3", "min(act, 3)"])
def test_a_text_is_no_number(expression: str) -> None:
    text = f"dims: {ACTS}\nlayers:\n  - Input: {{shape: [1]}}\n  - Dense:\n      units: {expression}\n"
    assert refusal(text).code == "wrong-type"


def test_position_of_what_is_not_there_is_refused() -> None:
    problem = refusal(
        f'dims: {ACTS}\nlayers:\n  - Input: {{shape: [1]}}\n  - Dense:\n      units: position("none", kinds)\n'
    )
    assert problem.code == "invalid-value"
    assert "'none'" in problem.message


def test_a_field_that_is_a_text_takes_a_dim_of_texts_by_name() -> None:
    spec = load(
        "dims: {act: {text: relu}, pad: {text: same}}\nlayers:\n  - Input: {shape: [8, 8, 1]}\n"
        "  - Conv2D: {filters: 2, kernel_size: 3, padding: pad, activation: act}\n"
    )
    row = pc.count(spec).layers[-1]
    assert row.output_shape == (8, 8, 2)
    assert pc.count(spec, dims={"pad": "valid"}).layers[-1].output_shape == (6, 6, 2)


# --- doubles ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        # 100 * 0.29 is 28.999999999999996 in IEEE doubles
        ("scaled(100, 0.29)", 28),
        ("scaled_up(100, 0.29)", 29),
        ("scaled_near(100, 0.29)", 29),
        ("scaled(width, ratio)", 3072),
        # halves go to the even number
        ("scaled_near(5, 0.5)", 2),
        ("scaled_near(7, 0.5)", 4),
        ("scaled_up(10, 0.1)", 1),
        # 0.1 * 3 is 0.30000000000000004
        ("scaled_up(30, 0.1)", 3),
        ("3 if ratio > 2.5 else 5", 3),
        ("3 if ratio == 4 else 5", 3),
    ],
)
def test_doubles_scale_as_the_hardware_does(expression: str, expected: int) -> None:
    assert value(expression, "{width: 768, ratio: {number: 4.0}}") == expected


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        ("width * ratio", "wrong-type"),
        ("ratio", "wrong-type"),
        ("width * 2.5", "wrong-type"),
        ("ratio + 1", "wrong-type"),
        ("scaled(9007199254740993, 0.5)", "invalid-value"),
        ("scaled(width)", "invalid-expression"),
        ("scaled(ratio, ratio)", "wrong-type"),
    ],
)
def test_a_fraction_stands_nowhere_else(expression: str, code: str) -> None:
    assert wrong(expression, "{width: 768, ratio: {number: 4.0}}").code == code


def test_the_largest_size_that_a_double_holds_is_scaled() -> None:
    assert value("scaled(9007199254740992, 0.5)", "{}") == 2**52


# --- absent values ---------------------------------------------------------------------------

RANK = "{rank: none, width: 8}"


def test_a_dim_may_be_absent() -> None:
    assert value("width if rank == none else rank", RANK) == 8
    assert value("width if rank == none else rank", RANK, rank=3) == 3
    assert value("width if rank != none else 2", RANK) == 2
    assert value("rank if rank != none else 2", "{rank: 5}", rank="none") == 2


def test_in_python_none_is_absent_where_the_default_is_and_else_unknown() -> None:
    text = of_units("width if rank == none else rank", RANK)
    assert total(text, rank=None) == 8
    assert refusal(text, width=None).code == "free-dim"


@pytest.mark.parametrize("expression", ["rank + 1", "2 * rank", "-rank", "rank < 3", "rank // 2", "max(rank, 2)"])
def test_arithmetic_and_order_of_what_is_absent_is_refused_and_names_the_dim(expression: str) -> None:
    problem = wrong(expression, RANK)
    assert problem.code == "absent-value"
    assert "'rank'" in problem.message


def test_none_and_scaled_are_reserved() -> None:
    for word in ("none", "scaled", "scaled_up", "scaled_near", "position", "in"):
        assert refusal(f"dims: {{{word}: 3}}\nlayers:\n  - Input: {{shape: [1]}}\n").code == "invalid-name"


# --- dotted names, lists ---------------------------------------------------------------------


def test_dims_may_have_dotted_names() -> None:
    assert (
        value(
            "text_config.hidden_size + vision_config.hidden_size",
            "{text_config.hidden_size: 5, vision_config.hidden_size: 7}",
        )
        == 12
    )
    problem = wrong("text_config.hiden_size", "{text_config.hidden_size: 5}")
    assert problem.code == "unknown-dim"
    assert "text_config.hidden_size" in problem.hint


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("sum(widths[1:3])", 12),
        ("sum(widths[:2])", 8),
        ("sum(widths[2:])", 16),
        ("widths[-1]", 9),
        ("len(widths[1:1]) + 1", 1),
        ("3 if 5 in widths else 4", 3),
        ("3 if 6 in widths else 4", 4),
        ("position(7, widths)", 2),
        ("3 if widths[1:] == [5, 7, 9] else 4", 3),
    ],
)
def test_lists_are_sliced_and_searched(expression: str, expected: int) -> None:
    assert value(expression, "{widths: [3, 5, 7, 9]}") == expected


# --- requires --------------------------------------------------------------------------------

HEADS = """
dims: {width: 12, heads: 3}
requires: [width % heads == 0, width > 10]
layers:
  - Input: {shape: [width]}
  - Dense: {units: width // heads, use_bias: false}
"""


def test_what_a_spec_requires_is_checked_after_dims_are_set() -> None:
    assert total(HEADS) == 48
    assert total(HEADS, heads=4) == 36
    problem = refusal(HEADS, heads=5)
    assert problem.code == "unmet-condition"
    assert "width % heads == 0" in problem.message
    assert "width = 12" in problem.message
    assert "heads = 5" in problem.message
    assert problem.path == ("requires", 0)
    assert refusal(HEADS, width=9).path == ("requires", 1)


def test_what_a_spec_requires_is_a_condition_of_its_form() -> None:
    form = pc.formula(load(HEADS.replace("width // heads", "width")))
    assert form.conditions == ("heads divides width", "width ≥ 11")
    with pytest.raises(pc.ParamcalcError) as caught:
        form(width=9)
    assert caught.value.code == "unmet-condition"


def test_a_block_requires_something_of_its_arguments() -> None:
    text = """
    dims: {width: 12}
    blocks:
      split:
        arguments: {parts: null}
        requires: [width % parts == 0]
        layers:
          - Dense: {units: width / parts, use_bias: false}
    layers:
      - Input: {shape: [width]}
      - block: split
        with: {parts: 4}
      - Dense: {units: width, use_bias: false}
      - block: split
        name: other
        with: {parts: PARTS}
    """
    assert total(text.replace("PARTS", "3")) == 36 + 36 + 48
    problem = refusal(text.replace("PARTS", "5"))
    assert problem.code == "unmet-condition"
    assert problem.path == ("blocks", "split", "requires", 0)
    assert "parts = 5" in problem.message
    assert problem.node == "other"


@pytest.mark.parametrize("required", ["3", "width", "'\"a\"'", "[width > 3]"])
def test_what_is_required_is_a_condition(required: str) -> None:
    text = f"dims: {{width: 12}}\nrequires: [{required}]\nlayers:\n  - Input: {{shape: [1]}}\n"
    assert refusal(text).code == "wrong-type"


# --- doubles beside the spec, and words in expressions ---------------------------------------

SCALED = """
dims: {factor: {number: 1.0}, width: 10}
layers:
  - Input: {shape: [4]}
  - Dense: {units: "scaled(width, factor)", use_bias: false}
"""


@pytest.mark.parametrize("factor", [1.2, 0.3, 2, 1.0])
def test_a_dim_that_is_a_double_is_set_to_one(factor: float) -> None:
    assert total(SCALED, factor=factor) == 4 * int(10 * factor)


def test_a_size_is_not_set_to_a_double() -> None:
    problem = refusal(SCALED, width=1.5)
    assert problem.code == "wrong-type"
    assert (
        problem.message == "'width' takes a whole number, true or false, a list or an expression, not the fraction 1.5"
    )


PADDED = """
dims: {k: 3, words: {texts: [same, valid]}}
layers:
  - Input: {shape: [8, 3]}
  - Conv1D: {filters: 2, kernel_size: k, padding: PADDING}
"""


@pytest.mark.parametrize(
    ("padding", "length"),
    [
        ('\'"same" if k == 3 else "valid"\'', 8),
        ('"words[1]"', 6),
        ("k // 2 if k == 3 else 0", 8),
        ("'\"same\" if k == 5 else k'", 12),
    ],
)
def test_a_padding_is_a_word_or_a_number_in_any_expression(padding: str, length: int) -> None:
    assert counted(PADDED.replace("PADDING", padding)).layers[-1].output_shape == (length, 2)


def test_a_word_without_quotes_in_an_expression_is_told_so() -> None:
    problem = refusal(PADDED.replace("PADDING", "same if k == 3 else valid"))
    assert (problem.code, problem.hint) == ("unknown-dim", 'in an expression a word stands in quotes: "same"')


def test_names_that_unicode_folds_are_one_wherever_they_stand() -> None:
    # the key of an European keyboard is U+00B5, which Python's parser reads as U+03BC
    spec = pc.loads("paramcalc: 1\ndims: {µ: 3, d: 4}\nlayers:\n  - Input: {shape: [d]}\n  - Dense: {units: µ}\n")
    assert pc.count(spec).total == 15
    assert pc.count(spec, dims={"\u00b5": 5}).total == pc.count(spec, dims={"\u03bc": 5}).total == 25
    form = pc.formula(spec, keep="\u00b5")
    for name in ("\u00b5", "\u03bc"):
        assert form(**{name: 5}) == 25
    assert pc.formula(spec, dims={"\u00b5": 5}).own_value == 25
    with pytest.raises(pc.ParamcalcError, match="two of these names are the same in Unicode: 'μ'"):
        pc.count(spec, dims={"\u00b5": 5, "\u03bc": 6})


def test_layers_whose_names_unicode_folds_have_symbols_of_their_own() -> None:
    layers = [pc.Input(shape=(4,)), pc.Node(pc.Dense(units=3), name="ﬁ"), pc.Node(pc.Dense(units=5), name="fi")]
    form = pc.formula(pc.Spec(layers))
    assert form.own_value == 4 * 3 + 3 + 3 * 5 + 5
    assert set(form.symbols) == {"input_", "fi", "fi_"}
    assert form.meanings["fi"] == "'units' of ﬁ"


def test_the_first_dim_has_none_to_depend_on() -> None:
    text = "paramcalc: 1\ndims: {a: 3, b: 4}\nlayers:\n  - Input: {shape: [b]}\n"
    with pytest.raises(pc.ParamcalcError, match=r"the value of 'a': .*\n    'a' is the first dim: it has none above"):
        pc.count(pc.loads(text), dims={"a": "abc"})
    with pytest.raises(pc.ParamcalcError, match=r"no dim, argument or counter 'abc' here\n.*\n.*'a' is the first dim"):
        pc.loads(text.replace("a: 3", "a: abc"))
    with pytest.raises(pc.ParamcalcError, match="known here: a"):
        pc.count(pc.loads(text), dims={"b": "zzzzz"})
