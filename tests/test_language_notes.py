"""Notes on what is probably not meant: the channels at the first axis, and outputs that nobody takes."""

import pytest

import paramcalc as pc
from tests.language import counted, load, refusal, total

# --- the channels of PyTorch are at the first axis -------------------------------------------

# the tail of an MLP-Mixer B/16, whose pooling is over the patches
POOLED = """
framework: torch
dims: {tokens: 196, width: 768}
layers:
  - Input: {shape: [tokens, width]}
  - LayerNorm:
    name: norm
  - Dropout: {rate: 0.1}
  - GlobalAveragePool1D:
    name: pool
  - Dense: {units: 1000}
    name: head
"""
NOTE = (
    "pool: GlobalAveragePool1D takes axis 1 for its channels, as PyTorch does, and 'norm' has its features in the"
    " last axis; data_format: channels_last takes the last"
)


def test_a_layer_that_takes_axis_1_of_what_has_its_features_last_gets_a_note() -> None:
    count = counted(POOLED)
    assert count.notes == (NOTE,)
    assert count.total == 2 * 768 + (196 + 1) * 1000


def test_following_the_note_counts_what_was_meant() -> None:
    text = POOLED.replace("GlobalAveragePool1D:\n", "GlobalAveragePool1D: {data_format: channels_last}\n")
    assert counted(text).notes == ()
    assert total(text) == 2 * 768 + (768 + 1) * 1000


def test_what_is_said_on_purpose_gets_no_note() -> None:
    text = POOLED.replace("GlobalAveragePool1D:\n", "GlobalAveragePool1D: {data_format: channels_first}\n")
    assert counted(text).notes == ()


@pytest.mark.parametrize(
    ("between", "noted"),
    [
        ("Activation: {activation: gelu}", True),
        ("Permute: {dims: [2, 1]}", False),
        ("Permute: {dims: [1, 2]}", False),
        ("Reshape: {target_shape: [width, tokens]}", False),
        ("Conv1D: {filters: tokens, kernel_size: 3, padding: same, data_format: channels_first}", False),
        ("Conv1D: {filters: width, kernel_size: 3, padding: same, data_format: channels_last}", True),
        ("Add:\n    inputs: [norm, norm]", True),
    ],
)
def test_the_axes_are_followed_back_to_the_layer_that_made_them(between: str, noted: bool) -> None:
    text = POOLED.replace("Dropout: {rate: 0.1}", between)
    assert any("axis 1" in note for note in counted(text).notes) == noted


def test_a_normalisation_says_its_axis() -> None:
    (note,) = counted(POOLED.replace("GlobalAveragePool1D:", "BatchNorm:")).notes
    assert note.endswith("; axis: -1 takes the last")


def test_in_keras_the_channels_are_last_already() -> None:
    assert counted(POOLED.replace("torch", "keras")).notes == ()


def test_copies_are_noted_once() -> None:
    text = """
    framework: torch
    layers:
      - Input: {shape: [16, 8]}
      - name: body
        times: 3
        index: i
        layers:
          - Dense: {units: 8}
          - Conv1D: {filters: 16, kernel_size: 1 + 2 * i, padding: same}
    """
    assert len(counted(text).notes) == 1


def test_an_unknown_length_that_is_taken_for_the_channels_has_the_same_way_out() -> None:
    text = """
    framework: torch
    dims: {tokens: null}
    layers:
      - Input: {shape: [tokens, 1536]}
      - Dense: {units: 1536}
        name: inner
      - DepthwiseConv1D: {kernel_size: 4, padding: same}
    """
    problem = refusal(text)
    assert problem.code == "free-dim"
    assert "'inner' has its features in the last axis" in problem.message
    assert problem.hint == "data_format: channels_last takes the last"
    right = text.replace("padding: same}", "padding: same, data_format: channels_last}")
    assert total(right) == 1536 * 1537 + 1536 * 5


# --- outputs that nobody takes ---------------------------------------------------------------

ASIDE = """
layers:
  - Input: {shape: [8]}
    name: x
  - Dense: {units: 4}
    name: aside
  - Dense: {units: 2}
    name: head
    inputs: x
"""


def test_a_layer_whose_output_nobody_takes_gets_a_note() -> None:
    assert counted(ASIDE).notes == ("aside: no layer takes its output, and it is no output of the network",)


def test_an_output_of_the_network_gets_none() -> None:
    assert pc.count(load("outputs: [aside, head]" + ASIDE)).notes == ()


def test_copies_whose_outputs_go_on_get_none() -> None:
    text = """
    dims: {n: 4}
    layers:
      - Input: {shape: [8]}
      - Dense: {units: 8}
        name: body
        times: n
      - Dense: {units: 8}
        name: experts
        parallel: 3
        merge: Add
      - Dense: {units: 1}
        inputs: "body[1]"
    """
    assert [note.split(":")[0] for note in counted(text).notes] == ["experts.merge"]


def test_an_inventory_has_no_outputs_to_take() -> None:
    text = """
    connections: none
    layers:
      - Dense: {units: 8}
        of: [4]
      - Dense: {units: 8}
        of: [4]
    """
    assert counted(text).notes == ()
