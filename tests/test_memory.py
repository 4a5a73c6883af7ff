"""The memory sheet: what each part is, what is not known, what would make it fit, and how it is printed."""

from fractions import Fraction
from typing import Any

import pytest
from click.testing import CliRunner

import paramcalc as pc
from paramcalc.cli import main
from paramcalc.results.fitting import with_recompute

MLP = pc.loads("""
paramcalc: 1
name: mlp
framework: torch
dims: {width: 16}
layers:
  - Input: {shape: [width]}
  - Dense: {units: 4 * width}
    name: up
  - BatchNorm
  - Dense: {units: width}
    name: down
    trainable: false
""")
#: Its parameters: (16 + 1) · 64, 2 · 64, and the frozen (64 + 1) · 16.
TRAINED, FROZEN = 17 * 64 + 2 * 64, 65 * 16
LM = pc.loads("""
paramcalc: 1
name: lm
framework: torch
dims: {tokens: null}
layers:
  - Input: {shape: [tokens], dtype: int32}
  - Embedding: {input_dim: 100, output_dim: 32}
    name: embed
  - MultiHeadAttention: {num_heads: 4, key_dim: 8}
    name: attention
  - Dense: {units: 100, use_bias: false}
    name: head
    tie: {kernel: embed.embeddings}
""")


def test_frozen_parts_have_neither_gradients_nor_states() -> None:
    sheet = pc.memory(MLP, training="adamw")
    assert (sheet.parameters, sheet.trained) == (TRAINED + FROZEN, TRAINED)
    assert sheet.weights == 4 * (TRAINED + FROZEN)
    assert sheet.gradients == 4 * TRAINED
    assert sheet.optimizer == 8 * TRAINED
    # a step for each of the four trained tensors
    assert sheet.counters == 4 * 4
    # two averages, and the batches in eight bytes
    assert sheet.buffers == 2 * 64 * 4 + 8
    assert sheet.cache == sheet.master == 0
    assert sheet.each == {}


def test_tied_tensors_are_there_once() -> None:
    sheet = pc.memory(LM, training={"sgd": {"momentum": 0.9}}, dtype="bfloat16", dims={"tokens": 7})
    parameters = 100 * 32 + 4 * (32 * 32 + 32)
    assert (sheet.weights, sheet.gradients, sheet.optimizer) == (2 * parameters,) * 3
    assert sheet.counters == 0


def test_sixteen_bytes_a_parameter() -> None:
    """Rajbhandari et al. 2020, "ZeRO", section 3.1: 2 + 2 + K bytes, K = 12 for Adam in mixed precision."""
    sheet = pc.memory(LM, training="adam", dtype="float16", master="float32")
    n = sheet.parameters
    assert (sheet.weights, sheet.gradients, sheet.master + sheet.optimizer) == (2 * n, 2 * n, 12 * n)
    assert sheet.each == {"weights": 2, "gradients": 2, "master": 4, "optimizer": 8}
    assert "Why 16 bytes a parameter? 2 for the weight, 2 for its gradient, 4 for the copy" in str(sheet)
    assert all(isinstance(size, Fraction) for size in sheet.each.values())


def test_a_copy_of_the_same_dtype_is_none() -> None:
    assert pc.memory(LM, training="adam", master="float32").master == 0


def test_to_run_a_network_takes_weights_buffers_and_a_cache() -> None:
    sheet = pc.memory(LM, dims={"tokens": 7, "batch": 3}, dtype="bfloat16")
    assert sheet.cache == 2 * 3 * 2 * 7 * 32
    assert sheet.gradients == sheet.optimizer == sheet.saved == 0
    assert sheet.total == sheet.weights + sheet.cache


def test_what_is_not_known_is_no_zero() -> None:
    sheet = pc.memory(LM)
    assert sheet.cache is sheet.total is None
    assert sheet.unknown == {"cache": "the bytes of 'attention' depend on 'tokens'"}
    assert sheet.known == sheet.weights
    assert pc.memory(LM, budget=sheet.weights).fits is None
    # the parts that are known are too much already
    assert pc.memory(LM, budget=sheet.weights - 1).fits is False


def test_of_an_inventory_what_flows_is_not_known() -> None:
    inventory = pc.Spec([pc.Node(pc.Dense(units=2), of=[7])], framework="torch", connections="none")
    sheet = pc.memory(inventory, training="adam")
    assert (sheet.weights, sheet.optimizer, sheet.saved) == (64, 128, None)
    assert "saved" in sheet.unknown
    assert pc.memory(inventory).unknown["cache"].startswith("the measure 'cache' needs connections")


def test_what_is_saved_is_that_measure() -> None:
    dims = {"tokens": 7, "batch": 2}
    sheets = {how: pc.memory(LM, training="adam", dims=dims, attention=how) for how in (None, "flash", "math")}
    assert {how: sheet.saved for how, sheet in sheets.items()} == {
        how: pc.count(LM, of="saved", dims=dims, attention=how).total for how in sheets
    }
    assert sheets["flash"].total == sheets["flash"].known == pc.memory(LM, training="adam", dims=dims).total
    with pytest.raises(pc.ParamcalcError, match="'attention' is not 'flesh'"):
        pc.memory(LM, training="adam", dims=dims, attention="flesh")


def test_computing_groups_again_may_fit() -> None:
    deep = pc.loads("""
paramcalc: 1
framework: torch
layers:
  - Input: {shape: [8]}
  - name: body
    times: 6
    layers: [Dense: {units: 32, activation: gelu}, Dense: {units: 8}]
""")
    sheet = pc.memory(deep, training="sgd", dims={"batch": 50}, budget=1)
    remedy = next(each for each in sheet.remedies if each.what == "recompute")
    again, _ = with_recompute(deep)
    assert remedy.to == "body"
    assert remedy.total == sheet.known - sheet.saved + pc.count(again, of="saved", dims={"batch": 50}).total
    assert sheet.remedies[-1].what == "all"


def test_a_smaller_batch_may_fit() -> None:
    dims = {"tokens": 10, "batch": 8}
    of_one = 4 * 2 * 10 * 32
    sheet = pc.memory(LM, dims=dims, budget=pc.memory(LM, dims=dims).weights + 3 * of_one + 1)
    assert sheet.fits is False
    (remedy,) = sheet.remedies
    assert (remedy.what, remedy.to, remedy.fits) == ("batch", "3", True)
    assert remedy.total == sheet.weights + 3 * of_one
    (remedy,) = pc.memory(LM, dims=dims, budget=100).remedies
    assert (remedy.what, remedy.to, remedy.fits) == ("batch", "1", False)


def test_states_of_eight_bits_may_fit() -> None:
    wide = pc.Spec([pc.Input(shape=(256,)), pc.Dense(units=256, use_bias=False)], framework="torch")
    sheet = pc.memory(wide, training="adamw", budget=1)
    remedy = next(each for each in sheet.remedies if each.what == "states")
    n = 256 * 256
    assert remedy.total == sheet.known - 8 * n - 4 + 2 * (n + n // 64 + 1024)
    assert remedy.to == "AdamW8bit"


def test_repeated_groups_may_be_computed_again() -> None:
    spec = pc.loads("""
paramcalc: 1
layers:
  - Input: {shape: [8]}
  - name: body
    times: 3
    layers: [Dense: {units: 8}]
  - times: 2
    recompute: true
    layers: [Dense: {units: 8}]
  - Dense: {units: 8}
""")
    changed, names = with_recompute(spec)
    assert names == ["body"]
    assert [node.recompute for node in changed.layers] == [False, True, True, False]


def test_repeated_groups_within_groups_and_blocks_may_be_computed_again() -> None:
    text = """
paramcalc: 1
framework: torch
blocks:
  step:
    layers: [Dense: {units: 32, activation: gelu}, Dense: {units: 8}]
  decoder:
    layers:
      - {name: layers, times: 4, recompute: AGAIN, layers: [block: step]}
layers:
  - Input: {shape: [8]}
  - name: encoder
    layers:
      - {name: layers, times: 3, recompute: AGAIN, layers: [Dense: {units: 8}, {times: 2, layers: [Dense: {units: 8}]}]}
  - {block: decoder, name: model}
  - {block: step, name: last, times: 2, recompute: AGAIN}
"""
    changed, names = with_recompute(pc.loads(text.replace("AGAIN", "false")))
    assert names == ["encoder.layers", "model.layers", "last"]
    assert pc.dumps(changed) == pc.dumps(pc.loads(text.replace("AGAIN", "true")))


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (
            {"shard": {"data": 8}},
            "error[invalid-value]: 'shard' is not known yet: a sheet is of one device\n    leave it out",
        ),
        (
            {"master": "float32"},
            "error[invalid-value]: 'master' has no meaning without 'training'\n    as in training='adamw'",
        ),
        (
            {"attention": "math"},
            "error[invalid-value]: 'attention' has no meaning without 'training'\n    as in training='adamw'",
        ),
        ({"zero": 3}, "error[invalid-value]: 'zero' is not known yet: a sheet is of one device\n    leave it out"),
        ({"budget": 1.5}, "error[invalid-value]: 'budget' is a whole number of bytes, not 1.5"),
        ({"training": "adm"}, "error[unknown-optimizer]: PyTorch has no optimizer 'adm'\n    did you mean 'Adam'?"),
        (
            {"training": "adam", "dtype": "int8"},
            (
                "error[invalid-value]: 'up.weight' is trained, and numbers of int8 have no gradient\n"
                "    trainable: false, beside its layer, freezes it"
            ),
        ),
        (
            {"training": "muon"},
            ("error[unknown-optimizer]: Muon of PyTorch takes tensors of two axes alone, and not this one: 'up.bias'"),
        ),
    ],
)
def test_what_is_refused(arguments: dict[str, Any], text: str) -> None:
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.memory(MLP, **arguments)
    assert str(caught.value) == text


def test_arrays_are_refused() -> None:
    import numpy as np

    with pytest.raises(pc.ParamcalcError, match="a sheet is of one network, and a dim is an array"):
        pc.memory(MLP, dims={"width": np.array([1, 2])})


def run(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(main, ["memory", *arguments], prog_name="paramcalc")
    return done.exit_code, done.stdout, done.stderr


def test_the_command_line(tmp_path: Any) -> None:
    path = tmp_path / "lm.yaml"
    path.write_text(pc.dumps(LM))
    code, shown, _ = run(str(path), "--inference", "--dtype", "bfloat16", "--batch", "8", "--set", "tokens=1024")
    assert code == 0
    assert (
        shown
        == """\
lm · torch · inference · bfloat16 · tokens 1,024 · batch 8

weights     14,848  14.5 KiB  7,424 parameters
cache    1,048,576  1.00 MiB  keys, values and states of the whole sequence
total    1,063,424  1.01 MiB

not covered: what the allocator rounds up and cannot use again, workspaces of
  kernels, what the framework and the device keep for themselves (such as the
  CUDA context), the loss, data on its way to the device.
"""
    )
    code, shown, _ = run(str(path), "--batch", "8", "--set", "tokens=1024", "--budget", "2MB", "--format", "markdown")
    assert code == 1
    assert (
        shown
        == """\
**lm · torch · inference · float32 · tokens 1,024 · batch 8**

| part | bytes | | what |
| --- | ---: | ---: | --- |
| weights | 29,696 | 29.0 KiB | 7,424 parameters |
| cache | 2,097,152 | 2.00 MiB | keys, values and states of the whole sequence |
| total | 2,126,848 | 2.03 MiB |  |

budget 1.91 MiB: it does not fit; 124 KiB too much

- a batch of 7: 1.78 MiB, which fits

not covered: what the allocator rounds up and cannot use again, workspaces of kernels, what the framework and the \
device keep for themselves (such as the CUDA context), the loss, data on its way to the device.
"""
    )


def test_the_command_line_says_what_is_not_known(tmp_path: Any) -> None:
    path = tmp_path / "lm.yaml"
    path.write_text(pc.dumps(LM))
    code, shown, errors = run(str(path), "--budget", "1GB")
    assert (code, errors) == (
        2,
        (
            "error[free-dim]: whether it fits 1,000,000,000 bytes is not known, without 'cache': the bytes of"
            " 'attention' depend on 'tokens'\n"
        ),
    )
    assert shown == ""
    _, shown, _ = run(str(path))
    assert "cache    not known            the bytes of 'attention' depend on 'tokens'\n" in shown
    assert "known       29,696  29.0 KiB  without cache\n" in shown


def test_options_of_the_command_line(tmp_path: Any) -> None:
    path = tmp_path / "mlp.yaml"
    path.write_text(pc.dumps(MLP))
    code, shown, _ = run(str(path), "--training", "sgd", "--with", "momentum=0.9")
    assert code == 0
    assert "optimizer 4,864 4.75 KiB momentum_buffer" in " ".join(shown.split())
    for arguments, text in (
        (("--training", "adam", "--inference"), "a network is trained or run: --training or --inference"),
        (("--batch", "8", "--set", "batch=4"), "the batch is given twice: --batch and --set batch"),
        (("--with", "momentum=0.9"), "--with gives an option to the optimizer that --training names"),
        (("--training", "sgd", "--with", "momentum"), "'momentum' is not of the form OPTION=VALUE"),
    ):
        code, _, errors = run(str(path), *arguments)
        assert code == 2
        assert text in errors
