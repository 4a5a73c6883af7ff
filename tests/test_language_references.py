"""How nodes and tensors are named: references by expression, names, ties under a condition."""

import pytest

import paramcalc as pc
from tests.language import counted, load, names, refusal, total

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


def test_copies_whose_group_adds_nothing_but_their_number_may_have_names_that_stand_beside_it() -> None:
    text = """
    layers:
      - Input: {shape: [4]}
      - Dense: {units: 4}
        name: fc
      - name: .
        times: 2
        layers:
          - Dense: {units: 4}
            name: fc
    """
    assert names(text)[1:] == ["fc", "0..1.fc"]


def test_a_layer_that_is_not_there_needs_no_input() -> None:
    text = """
    connections: none
    dims: {latent: none}
    layers:
      - times: 2
        index: i
        name: block
        layers:
          - Dense: {units: 3}
            of: [2]
            name: up
          - Dense: {units: 3}
            of: [latent]
            name: down
            when: i == 1 and latent != none
    """
    assert total(text) == 18
    assert total(text, latent=4) == 33


# --- sizes of other nodes --------------------------------------------------------------------

#: A node cut to the length of another.
CUT = """
dims: {{steps: 9, width: 4}}
layers:
  - Input: {{shape: [steps, 3]}}
    name: long
  - Conv1D: {{filters: width, kernel_size: 3}}
    name: short
  - Slice: {{axis: 1, stop: '{size}'}}
    inputs: long
  - Concatenate: {{axis: -1}}
    inputs: [short, slice]
  - Dense: {{units: 2, use_bias: false}}
"""


def test_a_size_may_be_that_of_another_node() -> None:
    text = CUT.format(size='size(1, "short")')
    # a window of 3 over steps leaves 2 less; 4 features of the one and 3 of the other
    assert [row.output_shape for row in counted(text, steps=11).layers][2:4] == [(9, 3), (9, 7)]
    assert total(text) == (3 * 3 * 4 + 4) + 7 * 2
    form = pc.formula(load(text))
    assert form(steps=20, width=5) == (3 * 3 * 5 + 5) + 8 * 2


def test_the_size_of_a_node_of_one_copy() -> None:
    text = """
    dims: {depth: 3}
    layers:
      - Input: {shape: [4]}
      - name: down
        times: depth
        index: i
        layers:
          - Dense: {units: 10 - 2 * i, use_bias: false}
            name: fc
      - name: up
        times: depth
        index: j
        layers:
          - Dense: {units: 'size(-1, "down[depth - 1 - j].fc")', use_bias: false}
            when: size(-1, "input") != 10
    """
    # up takes 6: to 6, then to 8, then to 10
    assert total(text) == 4 * 10 + 10 * 8 + 8 * 6 + 6 * 6 + 6 * 8 + 8 * 10


def test_a_list_of_sizes_and_a_further_input_of_the_group() -> None:
    text = """
    layers:
      - Input: {shape: [4, 6]}
        name: one
      - Input: {shape: [5, 7]}
        name: two
      - inputs: [one, two]
        layers:
          - Dense: {units: 'sum(size([1, 2], "input.1"))', use_bias: false}
    """
    assert total(text) == 6 * (5 + 7)


@pytest.mark.parametrize(
    ("size", "code", "message"),
    [
        ('size(1, "shrt")', "unknown-node", "no earlier node 'shrt' is in sight"),
        ('size(1, "slice")', "unknown-node", "no earlier node 'slice' is in sight"),
        ('size(4, "short")', "invalid-value", "there is no size(4) of 'short' with 2 axes beside the batch"),
        ('size(1, "short.2")', "unknown-node", "'short' has no output 2"),
        ("size(1, short)", "invalid-expression", "size() takes the name of a node in quotes, not 'short'"),
        ('size(1, "short[")', "wrong-type", "takes the name of a node"),
        ('size(1, "short[width - 5]")', "no-such-copy", "copies are numbered from 0"),
        ('size(1, "short[widht]")', "unknown-dim", "there is no dim, argument or counter 'widht' here"),
    ],
)
def test_what_is_no_size_of_another_node_is_refused(size: str, code: str, message: str) -> None:
    problem = refusal(CUT.format(size=size))
    assert problem.code == code
    assert message in problem.message
    assert problem.path[:2] == ("layers", 2)


def test_the_size_of_copies_side_by_side_is_that_of_one() -> None:
    text = """
    layers:
      - Input: {{shape: [4]}}
      - Dense: {{units: 3}}
        name: experts
        parallel: 2
      - Dense: {{units: 'size(1, "{node}")', use_bias: false}}
        inputs: experts.0
    """
    assert refusal(text.format(node="experts")).code == "several-outputs"
    assert total(text.format(node="experts.0")) == 2 * (4 * 3 + 3) + 3 * 3


def test_dims_and_blocks_see_no_nodes_around_them() -> None:
    nodes = "layers:\n  - Input: {shape: [4]}\n    name: x\n"
    assert refusal(f"dims: {{n: 'size(1, \"x\")'}}\n{nodes}").code == "unknown-node"
    block = "blocks:\n  b:\n    layers:\n      - Dense: {units: 'size(1, \"x\")'}\n"
    assert refusal(f"{block}{nodes}  - block: b\n").code == "unknown-node"
    given = "blocks:\n  b:\n    arguments: {n: null}\n    layers:\n      - Dense: {units: n, use_bias: false}\n"
    assert total(f"{given}{nodes}  - {{block: b, with: {{n: 'size(1, \"x\")'}}}}\n") == 16
