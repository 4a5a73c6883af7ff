"""Nodes of every sort: otherwise, side by side, carried values, references by expression, names, inventories."""

import itertools
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

import paramcalc as pc


def load(text: str) -> pc.Spec:
    return pc.loads("paramcalc: 1\n" + dedent(text))


def counted(text: str, **dims: Any) -> pc.Count:
    return pc.count(load(text), dims=dims or None)


def total(text: str, **dims: Any) -> int:
    return counted(text, **dims).total


def names(text: str, **dims: Any) -> list[str]:
    return [row.name for row in counted(text, **dims).layers]


def refusal(text: str, **dims: Any) -> pc.Problem:
    with pytest.raises(pc.ParamcalcError) as caught:
        counted(text, **dims)
    return caught.value.problems[0]


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


# --- side by side ----------------------------------------------------------------------------

EXPERTS = """
framework: torch
dims: {E: 4, k: 2, d: 8}
layers:
  - Input: {shape: [5, d]}
    name: x
  - name: experts
    parallel: E
    active: k
    merge: Add
    layers:
      - Dense: {units: 16, use_bias: false}
        name: up
      - Dense: {units: d, use_bias: false}
        name: down
  - Dense: {units: 3, use_bias: false}
    name: head
"""
EXPERT = 8 * 16 + 16 * 8


def test_copies_side_by_side_take_the_same_input() -> None:
    assert total(EXPERTS) == 4 * EXPERT + 24
    assert names(EXPERTS) == ["x", "experts.0..3.up", "experts.0..3.down", "experts.merge", "head"]
    assert {row.name: row.inputs for row in counted(EXPERTS).layers}["head"] == ("experts.merge",)


def test_of_copies_side_by_side_some_are_active() -> None:
    assert counted(EXPERTS).active == 2 * EXPERT + 24
    assert counted(EXPERTS, k=4).active == counted(EXPERTS).total
    for k in (0, 5):
        assert refusal(EXPERTS, k=k).code == "invalid-value"


def test_where_nothing_is_said_all_are_active() -> None:
    text = EXPERTS.replace("    active: k\n", "")
    assert counted(text).active == total(text)


def test_copies_side_by_side_cost_what_one_costs() -> None:
    assert total(EXPERTS, E=10**6) == 10**6 * EXPERT + 24
    assert counted(EXPERTS, E=10**6).active == 2 * EXPERT + 24


def test_copies_that_are_alike_are_named_once_where_they_are_merged() -> None:
    # each copy asks for its counter, and all are alike
    text = """
    layers:
      - Input: {shape: [8]}
      - Dense: {units: 4 + 0 * e}
        name: heads
        parallel: 3
        index: e
        merge: Concatenate
    """
    *_, merged = counted(text).layers
    assert (merged.inputs, merged.output_shape) == (("heads.0..2",), (12,))
    *_, merged = pc.count(load(text), expand=True).layers
    assert (merged.inputs, merged.output_shape) == (("heads.0", "heads.1", "heads.2"), (12,))


def test_the_same_output_taken_twice_is_named_twice() -> None:
    text = """
    layers:
      - Input: {shape: [8]}
      - Dense: {units: 8}
        name: body
        times: 3
      - Add:
        inputs: ["body[0]", "body[1]"]
    """
    assert counted(text).layers[-1].inputs == ("body.0..2", "body.0..2")


def test_one_copy_needs_no_merging() -> None:
    assert names(EXPERTS, E=1, k=1) == ["x", "experts.0.up", "experts.0.down", "head"]


def test_no_copies_are_an_absent_node() -> None:
    text = EXPERTS.replace("    active: k\n", "")
    assert names(text, E=0) == ["x", "head"]


def test_what_merges_may_have_fields() -> None:
    text = EXPERTS.replace("merge: Add", "merge: {Concatenate: {axis: -1}}")
    assert total(text) == 4 * EXPERT + 3 * 4 * 8


def test_several_outputs_reach_a_layer_that_takes_several() -> None:
    text = """
    dims: {E: 3}
    layers:
      - Input: {shape: [8]}
        name: x
      - Dense: {units: 4, use_bias: false}
        name: heads
        parallel: E
        inputs: x
      - Concatenate
      - Dense: {units: 1, use_bias: false}
    """
    assert total(text) == 3 * 32 + 12
    assert total(text, E=5) == 5 * 32 + 20


def test_several_outputs_do_not_reach_a_layer_that_takes_one() -> None:
    text = EXPERTS.replace("    merge: Add\n", "")
    problem = refusal(text)
    assert problem.code == "several-outputs"
    assert "experts" in problem.message
    assert "merge" in problem.hint
    assert total(text, E=1, k=1) == EXPERT + 24


def test_a_copy_side_by_side_is_named_by_its_number() -> None:
    text = EXPERTS.replace("    merge: Add\n", "").replace(
        "    name: head\n", "    name: head\n    inputs: experts.2\n"
    )
    assert {row.name: row.inputs for row in counted(text).layers}["head"] == ("experts.0..3.down",)


def test_copies_side_by_side_may_differ_and_absent_ones_are_left_out() -> None:
    text = """
    dims: {widths: [4, 8, 12]}
    layers:
      - Input: {shape: [2]}
      - Dense: {units: "widths[e]", use_bias: false}
        name: branch
        parallel: len(widths)
        index: e
        when: e != 1
        merge: Concatenate
      - Dense: {units: 1, use_bias: false}
    """
    assert total(text) == 2 * (4 + 12) + 16
    assert names(text) == ["input", "branch.0", "branch.2", "branch.merge", "dense"]


def test_unlike_copies_have_no_active_number() -> None:
    text = EXPERTS.replace("    parallel: E\n", "    parallel: E\n    index: e\n").replace("units: 16", "units: 16 + e")
    problem = refusal(text)
    assert problem.code == "unlike-copies"


def test_side_by_side_and_in_sequence_exclude_each_other() -> None:
    assert refusal(EXPERTS.replace("    parallel: E\n", "    parallel: E\n    times: 2\n")).code == "invalid-value"


def test_active_and_merge_belong_to_copies_side_by_side() -> None:
    for key in ("active: 2", "merge: Add"):
        text = f"layers:\n  - Input: {{shape: [3]}}\n  - Dense: {{units: 3}}\n    {key}\n"
        assert refusal(text).code == "missing-key"


def test_a_residual_is_added_to_what_is_merged() -> None:
    text = EXPERTS.replace("    merge: Add\n", "    merge: Add\n    residual: true\n")
    assert names(text)[-3:] == ["experts.merge", "experts.add", "head"]


def test_sharing_calls_all_copies() -> None:
    text = EXPERTS + "  - share: experts\n    inputs: x\n    name: again\n"
    assert total(text) == 4 * EXPERT + 24
    assert counted(text).total_untied == 8 * EXPERT + 24


def test_copies_side_by_side_may_be_a_symbol() -> None:
    form = pc.formula(load(EXPERTS))
    assert form(E=8, d=8) == 8 * EXPERT + 24
    assert "E" in form.symbols


def test_a_repeat_that_was_probably_meant_side_by_side_gets_a_note() -> None:
    text = """
    framework: torch
    dims: {E: 4, d: 8}
    layers:
      - Input: {shape: [d]}
        name: x
      - name: experts
        times: E
        inputs: x
        layers: [{Dense: {units: 16}}]
    """
    count = counted(text)
    assert count.total == (8 * 16 + 16) + 3 * (16 * 16 + 16)
    (note,) = count.notes
    assert "experts" in note
    assert "parallel" in note


# --- a fused tensor --------------------------------------------------------------------------

FUSED = """
framework: torch
dims: {E: 4, top_k: 2, H: 8, I: 16}
layers:
  - Input: {shape: [5, H]}
  - name: experts
    tensors:
      gate_up_proj: {shape: [E, 2 * I, H], active: {axis: 0, of: top_k}}
      down_proj: {shape: [E, H, I], active: {axis: 0, of: top_k}}
    layers:
      - Identity
"""


def test_of_a_fused_tensor_a_part_is_active() -> None:
    assert total(FUSED) == 4 * 3 * 128
    assert counted(FUSED).active == 2 * 3 * 128
    assert refusal(FUSED, top_k=5).code == "invalid-value"


def test_a_group_owns_tensors() -> None:
    text = """
    framework: torch
    dims: {heads: 3, n: 4}
    layers:
      - Input: {shape: [8]}
      - name: attention
        times: 2
        tensors: {sinks: [heads], mask: {shape: [n, n], role: state, dtype: bool, persistent: false}}
        layers:
          - Dense: {units: 8, use_bias: false}
            name: query
    """
    count = counted(text)
    assert count.total == 2 * (3 + 64)
    assert count.buffers == 2 * 16
    assert {tensor.name for row in count.layers for tensor in row.tensors} == {"sinks", "mask", "weight"}


def test_a_tensor_of_a_group_is_tied_by_its_path() -> None:
    text = """
    framework: torch
    layers:
      - Input: {shape: [8]}
      - name: one
        tensors: {scale: [8]}
        layers: [Identity]
      - name: two
        tensors: {scale: [8]}
        tie: {scale: one.scale}
        layers: [Identity]
    """
    assert total(text) == 8
    assert counted(text).total_untied == 16


# --- ties ------------------------------------------------------------------------------------

TIED = """
framework: torch
dims: {vocab: 10, d: 4, tie_word_embeddings: true}
layers:
  - Input: {shape: [3], dtype: int32}
  - Embedding: {input_dim: vocab, output_dim: d}
    name: embed
  - Dense: {units: vocab, use_bias: false}
    name: lm_head
    tie: {kernel: {to: embed.embeddings, when: tie_word_embeddings}}
"""


def test_a_tie_may_have_a_condition() -> None:
    assert total(TIED) == 40
    assert total(TIED, tie_word_embeddings=False) == 80


def test_of_several_ties_the_first_that_holds_is_taken() -> None:
    text = TIED.replace(
        "{to: embed.embeddings, when: tie_word_embeddings}",
        "[{to: embed.embeddings, when: tie_word_embeddings}, {to: embed.embeddings, when: d == 4}]",
    )
    assert total(text, tie_word_embeddings=False) == 40
    assert total(text, tie_word_embeddings=False, d=5) == 100


# --- references by expression ----------------------------------------------------------------

U_NET = """
framework: torch
dims: {depth: 3, base: 4}
layers:
  - Input: {shape: [1, 32, 32]}
  - name: down
    times: depth
    index: i
    layers:
      - MaxPool2D:
        when: i > 0
      - Conv2D: {filters: base * 2**i, kernel_size: 3, padding: same, use_bias: false}
        name: conv
  - name: up
    times: depth - 1
    index: level
    layers:
      - UpSampling2D
      - Concatenate:
        inputs: ["down[depth - 2 - level].conv", up_sampling2d]
      - Conv2D: {filters: base * 2**(depth - 2 - level), kernel_size: 3, padding: same, use_bias: false}
"""


def u_net(depth: int, base: int) -> int:
    """The convolutions one by one: down, each doubling its channels; up, each of what comes up and what was kept."""
    widths = [base * 2**level for level in range(depth)]
    down = sum(9 * before * width for before, width in zip([1, *widths], widths, strict=False))
    up = sum(9 * (widths[level + 1] + widths[level]) * widths[level] for level in range(depth - 1))
    return down + up


@pytest.mark.parametrize(("depth", "base"), [(2, 4), (3, 4), (4, 8), (5, 2)])
def test_a_u_net_of_any_depth_is_one_node_down_and_one_node_up(depth: int, base: int) -> None:
    assert total(U_NET, depth=depth, base=base) == u_net(depth, base)


def test_a_copy_by_expression_is_the_copy_of_its_number() -> None:
    text = U_NET + "  - Conv2D: {filters: 1, kernel_size: 1, use_bias: false}\n    inputs: WHERE\n"
    assert total(text.replace("WHERE", '"down[1].conv"')) == total(text.replace("WHERE", "down.1.conv"))


@pytest.mark.parametrize("index", ["depth", "-1", "0 - 1", "7"])
def test_a_copy_that_is_not_there_is_refused_at_its_path(index: str) -> None:
    text = U_NET + f'  - Conv2D: {{filters: 1, kernel_size: 1}}\n    inputs: "down[{index}].conv"\n'
    problem = refusal(text)
    assert problem.code == "no-such-copy"
    assert "down." in problem.message


ALBERT = """
dims: {depth: 4, d: 8}
layers:
  - Input: {shape: [3, d]}
  - name: body
    times: depth
    index: i
    layers:
      - name: attention
        layers:
          - Dense: {units: d}
        when: i == 0
      - share: "body[0].attention"
        when: i > 0
"""


def test_copies_share_an_earlier_copy_of_their_own_node() -> None:
    assert total(ALBERT) == 72
    assert counted(ALBERT).total_untied == 4 * 72
    assert total(ALBERT, depth=1) == 72


def test_outputs_and_ties_take_expressions_too() -> None:
    text = """
    dims: {n: 3}
    layers:
      - Input: {shape: [4]}
      - name: body
        times: n
        layers:
          - Dense: {units: 4, use_bias: false}
            name: fc
      - Dense: {units: 4, use_bias: false}
        name: last
        tie: {kernel: "body[n - 1].fc.kernel"}
    outputs: ["body[1].fc", last]
    """
    assert total(text) == 48


# --- names -----------------------------------------------------------------------------------


def test_numbers_may_be_names() -> None:
    text = """
    framework: torch
    layers:
      - Input: {shape: [4]}
      - name: net
        layers:
          - Dense: {units: 5, use_bias: false}
            name: 0
          - Dense: {units: 6, use_bias: false}
            name: "2"
      - Dense: {units: 1, use_bias: false}
        inputs: net.0
    """
    assert names(text) == ["input", "net.0", "net.2", "dense"]
    assert total(text) == 20 + 30 + 5


@pytest.mark.parametrize("name", ["'00'", "1.0", "-1", "'01'"])
def test_other_writings_of_numbers_are_no_names(name: str) -> None:
    text = f"layers:\n  - Input: {{shape: [4]}}\n  - Dense: {{units: 5}}\n    name: {name}\n"
    assert refusal(text).code == "invalid-name"


def test_the_number_of_a_copy_comes_before_a_child_of_that_name() -> None:
    text = """
    layers:
      - Input: {shape: [4]}
      - name: net
        times: 2
        layers:
          - Dense: {units: 4, use_bias: false}
            name: 1
      - Dense: {units: 1, use_bias: false}
        inputs: net.0.1
    """
    assert {row.name: row.inputs for row in counted(text).layers}["dense"] == ("net.0..1.1",)


def test_a_group_may_add_nothing_to_the_path() -> None:
    text = """
    framework: torch
    layers:
      - Input: {shape: [4]}
      - name: net
        layers:
          - name: .
            residual: true
            layers:
              - Dense: {units: 4, use_bias: false}
                name: fc
          - Dense: {units: 1, use_bias: false}
            name: head
            inputs: fc
    """
    assert names(text)[1] == "net.fc"
    assert "net.head" in names(text)


def test_names_that_meet_on_one_path_are_refused() -> None:
    text = """
    layers:
      - Input: {shape: [4]}
      - name: .
        layers:
          - Dense: {units: 4}
            name: fc
      - Dense: {units: 4}
        name: fc
    """
    assert refusal(text).code == "duplicate-name"


# --- carried values --------------------------------------------------------------------------

DENSE_NET = """
framework: torch
dims: {stem: 4, growth: 3, depth: 5}
layers:
  - Input: {shape: [stem]}
  - name: body
    times: depth
    carry: {c: stem}
    next: {c: c + growth}
    layers:
      - Dense: {units: c + growth, use_bias: false}
"""


def test_a_value_is_carried_from_one_copy_to_the_next() -> None:
    widths = [4 + 3 * step for step in range(6)]
    assert total(DENSE_NET) == sum(a * b for a, b in itertools.pairwise(widths))


def test_what_is_carried_is_of_the_copy_its_counter_and_dims() -> None:
    text = DENSE_NET.replace("    carry:", "    index: i\n    carry:").replace(
        "c + growth}", "c + growth * (i + 1)}", 1
    )
    widths, inner = [4], 4
    for step in range(5):
        widths.append(inner + 3)
        inner += 3 * (step + 1)
    assert total(text) == sum(a * b for a, b in itertools.pairwise(widths))


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        ("    next: {c: c + growth}\n", "", "missing-key"),
        ("    times: depth\n", "", "missing-key"),
        ("next: {c: c + growth}", "next: {d: c + growth}", "unknown-key"),
        ("carry: {c: stem}\n    next: {c: c + growth}", "carry: {stem: 4}\n    next: {stem: 5}", "invalid-name"),
    ],
)
def test_what_is_carried_has_a_beginning_and_a_next(before: str, after: str, code: str) -> None:
    with pytest.raises(pc.ParamcalcError) as caught:
        load(DENSE_NET.replace(before, after))
    assert code in {problem.code for problem in caught.value.problems}


# --- inventories -----------------------------------------------------------------------------

INVENTORY = """
framework: torch
connections: none
dims: {hidden_size: 8, depth: 2}
layers:
  - name: layers
    times: depth
    layers:
      - Dense: {units: 4 * hidden_size, use_bias: false}
        of: [hidden_size]
        name: up
      - LayerNorm:
        of: [4 * hidden_size]
        name: norm
  - Dense: {units: 3}
    of: [5]
"""


def test_an_inventory_lists_what_is_there() -> None:
    assert total(INVENTORY) == 2 * (8 * 32 + 64) + 18
    form = pc.formula(load(INVENTORY))
    assert form(hidden_size=16, depth=3) == 3 * (16 * 64 + 128) + 18


def test_what_needs_the_graph_is_refused_naming_the_inventory() -> None:
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.build(load(INVENTORY), "torch")
    assert caught.value.code == "no-connections"


def test_a_group_may_be_an_inventory() -> None:
    text = """
    layers:
      - Input: {shape: [4]}
      - Dense: {units: 3, use_bias: false}
      - name: rest
        connections: none
        layers:
          - Dense: {units: 2, use_bias: false}
            of: [7]
    """
    assert total(text) == 12 + 14


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        ("    of: [5]\n", "", "missing-key"),
        ("    of: [5]\n", "    of: [5]\n    inputs: layers\n", "invalid-value"),
        ("connections: none\n", "", "invalid-value"),
        ("connections: none", "connections: some", "invalid-value"),
    ],
)
def test_only_in_an_inventory_a_layer_states_its_input(before: str, after: str, code: str) -> None:
    assert refusal(INVENTORY.replace(before, after)).code == code


# --- dtype and include -----------------------------------------------------------------------


def test_a_spec_has_a_dtype_of_its_own() -> None:
    text = """
    dtype: bfloat16
    layers:
      - Input: {shape: [4]}
      - Dense: {units: 5, use_bias: false}
      - Dense: {units: 5, use_bias: false}
        dtype: float32
    """
    assert counted(text).bytes == 20 * 2 + 25 * 4


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".yaml").write_text(dedent(text), encoding="utf-8")
    return folder / "top.yaml"


TOP = """
paramcalc: 1
include: [parts/blocks.yaml]
layers:
  - Input: {shape: [width]}
  - block: mlp
"""
PARTS = """
paramcalc: 1
dims: {width: 4}
requires: [width > 2]
blocks:
  mlp:
    layers:
      - Dense: {units: 2 * width, use_bias: false}
"""


def test_a_spec_includes_dims_blocks_and_conditions_of_another_file(tmp_path: Path) -> None:
    spec = pc.load(write(tmp_path, top=TOP, parts__blocks=PARTS))
    assert pc.count(spec).total == 32
    assert pc.count(spec, dims={"width": 3}).total == 18
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.count(spec, dims={"width": 2})
    assert caught.value.code == "unmet-condition"
    assert "blocks.yaml:4" in str(caught.value)


def test_a_spec_is_written_whole(tmp_path: Path) -> None:
    spec = pc.load(write(tmp_path, top=TOP, parts__blocks=PARTS))
    assert pc.count(pc.loads(pc.dumps(spec))).total == 32


def test_one_file_may_be_given_as_a_text(tmp_path: Path) -> None:
    top = write(tmp_path, top=TOP.replace("[parts/blocks.yaml]", "parts/blocks.yaml"), parts__blocks=PARTS)
    assert pc.count(pc.load(top)).total == 32


def test_an_error_in_an_included_file_names_that_file(tmp_path: Path) -> None:
    top = write(tmp_path, top=TOP, parts__blocks=PARTS.replace("Dense", "Dence"))
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.load(top)
    assert "parts/blocks.yaml:8" in str(caught.value)


@pytest.mark.parametrize("path", ["../other.yaml", "/etc/hosts", "parts/../../other.yaml"])
def test_no_file_outside_the_folder_is_read(tmp_path: Path, path: str) -> None:
    (tmp_path / "other.yaml").write_text("paramcalc: 1\n")
    top = write(tmp_path / "inner", top=TOP.replace("parts/blocks.yaml", path))
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.load(top)
    assert caught.value.code == "outside-folder"


def test_no_link_leads_out_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text(PARTS)
    top = write(tmp_path / "inner", top=TOP.replace("parts/blocks.yaml", "link.yaml"))
    (tmp_path / "inner" / "link.yaml").symlink_to(tmp_path / "other.yaml")
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.load(top)
    assert caught.value.code == "outside-folder"


def test_a_name_stands_once_in_all_files(tmp_path: Path) -> None:
    top = write(tmp_path, top=TOP.replace("layers:", "dims: {width: 3}\nlayers:", 1), parts__blocks=PARTS)
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.load(top)
    assert caught.value.code == "duplicate-name"


def test_files_do_not_include_each_other_in_a_circle(tmp_path: Path) -> None:
    parts = PARTS + "include: blocks.yaml\n"
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.load(write(tmp_path, top=TOP, parts__blocks=parts))
    assert caught.value.code == "recursive-include"


def test_a_text_includes_nothing() -> None:
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.loads(TOP)
    assert caught.value.code == "outside-folder"


def test_an_included_file_has_no_layers(tmp_path: Path) -> None:
    top = write(tmp_path, top=TOP, parts__blocks=PARTS + "layers: []\n")
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.load(top)
    assert caught.value.code == "unknown-key"


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
