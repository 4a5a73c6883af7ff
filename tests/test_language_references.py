"""How nodes and tensors are named: references by expression, names, ties under a condition."""

import pytest

from tests.language import counted, names, refusal, total

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
