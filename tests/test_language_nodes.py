"""Which node stands at a place: absent nodes, alternatives, inputs that nothing takes."""

import pytest

from tests.language import counted, names, refusal, total

# --- the absent node -------------------------------------------------------------------------

GATED = """
framework: torch
dims: {d: 8, ff: 32, gated: false}
layers:
  - Input: {shape: [4, d]}
    name: x
  - Dense: {units: ff, use_bias: false}
    name: wi
    inputs: x
    when: not gated
  - Dense: {units: ff, use_bias: false}
    name: wi_0
    inputs: x
    when: gated
  - Dense: {units: ff, use_bias: false}
    name: wi_1
    inputs: x
    when: gated
  - Multiply:
    inputs: [wi_0, wi_1]
    when: gated
  - Dense: {units: d, use_bias: false}
    name: wo
"""


def test_the_next_node_takes_the_last_one_that_is_there() -> None:
    rows = {row.name: row for row in counted(GATED).layers}
    assert rows["wo"].total == 32 * 8
    assert rows["wo"].inputs == ("wi",)
    assert total(GATED) == 2 * 8 * 32
    assert total(GATED, gated=True) == 3 * 8 * 32


# --- else ------------------------------------------------------------------------------------

NORM = """
dims: {kind: {text: rms}, width: 8}
layers:
  - Input: {shape: [4, width]}
  - RMSNorm:
    name: norm
    when: kind == "rms"
    else: {LayerNorm: {}}
  - Dense: {units: 2, use_bias: false}
    inputs: norm
"""


def test_a_node_is_another_otherwise_under_the_same_name() -> None:
    assert names(NORM) == ["input", "norm", "dense"]
    assert total(NORM) == 8 + 16
    assert total(NORM, kind="layer") == 16 + 16
    assert [row.kind for row in counted(NORM, kind="layer").layers] == ["Input", "LayerNorm", "Dense"]


def test_what_is_otherwise_may_be_otherwise_again() -> None:
    text = NORM.replace(
        "else: {LayerNorm: {}}",
        'else: {LayerNorm: {}, when: kind == "layer", else: {BatchNorm: {}}}',
    )
    assert total(text) == 24
    assert total(text, kind="layer") == 32
    assert total(text, kind="batch") == 32 + 16


def test_what_is_otherwise_may_be_absent() -> None:
    text = NORM.replace("else: {LayerNorm: {}}", 'else: {LayerNorm: {}, when: kind == "layer"}')
    assert total(text, kind="nothing") == 16


MLP = """
dims: {moe: true}
layers:
  - Input: {shape: [8]}
  - name: mlp
    when: moe
    layers:
      - Dense: {units: 4, use_bias: false}
        name: router
    else:
      - Dense: {units: 16, use_bias: false}
        name: up
      - Dense: {units: 4, use_bias: false}
        name: down
  - Dense: {units: 2, use_bias: false}
"""


def test_a_list_otherwise_is_a_group_of_that_name() -> None:
    assert names(MLP) == ["input", "mlp.router", "dense"]
    assert names(MLP, moe=False) == ["input", "mlp.up", "mlp.down", "dense"]
    assert total(MLP) == 32 + 8
    assert total(MLP, moe=False) == 128 + 64 + 8


def test_a_reference_into_the_side_that_is_absent_is_refused_by_name() -> None:
    text = MLP + "  - Dense: {units: 1}\n    inputs: mlp.router\n"
    total(text)
    problem = refusal(text, moe=False)
    assert problem.code == "absent-node"
    assert "mlp.router" in problem.message


def test_keys_of_the_place_hold_for_both_sides() -> None:
    text = """
    dims: {gated: true, depth: 3}
    layers:
      - Input: {shape: [8]}
      - name: body
        times: depth
        when: gated
        residual: true
        trainable: false
        layers:
          - Dense: {units: 8, use_bias: false}
        else:
          - Dense: {units: 2, use_bias: false}
          - Dense: {units: 8, use_bias: false}
    """
    assert total(text) == 3 * 64
    assert total(text, gated=False) == 3 * 32
    assert counted(text, gated=False).trainable == 0
    assert names(text, gated=False)[-1] == "body.0..2.add"
    # a node with no copies is absent, and takes no other side
    assert total(text, depth=0) == 0


def test_each_copy_decides_for_itself() -> None:
    text = """
    dims: {dense_layers: 1, depth: 3}
    layers:
      - Input: {shape: [8]}
      - name: body
        times: depth
        index: i
        layers:
          - Dense: {units: 8, use_bias: false}
            name: mlp
            when: i < dense_layers
            else:
              - Dense: {units: 4, use_bias: false}
              - Dense: {units: 8, use_bias: false}
    """
    assert total(text) == 64 + 2 * 64
    assert total(text, dense_layers=3) == 3 * 64


@pytest.mark.parametrize(
    ("otherwise", "code"),
    [
        ("else: 3", "wrong-type"),
        ("else: {Dense: {units: 3}, name: other}", "unknown-key"),
        ("else: {Dense: {units: 3}, inputs: x}", "unknown-key"),
        ("else: []", "invalid-value"),
    ],
)
def test_what_stands_otherwise_is_a_node_without_a_place_of_its_own(otherwise: str, code: str) -> None:
    dense = f"  - Dense: {{units: 3}}\n    when: a\n    {otherwise}\n"
    assert refusal(f"dims: {{a: true}}\nlayers:\n  - Input: {{shape: [3]}}\n{dense}").code == code


def test_otherwise_needs_a_condition() -> None:
    text = "layers:\n  - Input: {shape: [3]}\n  - Dense: {units: 3}\n    else: {Dense: {units: 4}}\n"
    assert refusal(text).code == "missing-key"


# --- inputs that nothing takes -----------------------------------------------------------------

CROSS = """
framework: torch
dims: {width: 8}
blocks:
  attention:
    layers:
      - MultiHeadAttention: {num_heads: 2, key_dim: 4}
        INPUTS
layers:
  - Input: {shape: [3, width]}
    name: words
  - Input: {shape: [5, 7]}
    name: memory
  - name: body
    times: 2
    inputs: [words, memory]
    index: i
    layers:
      - block: attention
        inputs: [input, input.1]
        residual: true
        when: i >= 0
"""


def test_an_input_of_a_group_that_nothing_in_it_takes_gets_one_note() -> None:
    (note,) = (note for note in counted(CROSS.replace("INPUTS", "")).notes if "input.1" in note)
    assert note.startswith("body.0.attention: no node in it takes 'input.1'")
    for taken in ("inputs: [input, input.1]", "inputs: [input, 'input[1]']"):
        assert not any("no node" in note for note in counted(CROSS.replace("INPUTS", taken)).notes)


@pytest.mark.parametrize(
    ("share", "name"), [("fc-1", "fc-1_1"), ("body.0.in-er", "body_0_in-er"), ('"body[n - 1].in-er"', "body_in-er")]
)
def test_a_sharing_is_named_after_what_it_shares(share: str, name: str) -> None:
    text = f"""
    dims: {{n: 2}}
    layers:
      - Input: {{shape: [4]}}
      - Dense: {{units: 4}}
        name: fc-1
      - name: body
        times: n
        layers:
          - Dense: {{units: 4}}
            name: in-er
      - share: {share}
    """
    assert names(text)[-1] == name
