"""Order, shapes, repeats, sharing and ties, seen through the counts that come of them."""

from collections import Counter
from typing import Any

import numpy as np
import pytest

import paramcalc as pc
from paramcalc.graph import evaluate

HEAD = "paramcalc: 1\n"
INPUT = "layers:\n  - Input: {shape: [4]}\n    name: x\n"


def count(layers: str, head: str = "", **options: Any) -> pc.Count:
    """The count of an input of four features, named x, and these lines of layers."""
    return pc.count(pc.loads(HEAD + head + INPUT + layers), **options)


def rows(layers: str, head: str = "", **options: Any) -> dict[str, pc.LayerCount]:
    return {row.name: row for row in count(layers, head, **options).layers}


def inputs(layers: str, head: str = "", **options: Any) -> dict[str, tuple[str, ...]]:
    return {name: row.inputs for name, row in rows(layers, head, **options).items() if name != "x"}


def code(layers: str, head: str = "", **options: Any) -> str:
    with pytest.raises(pc.ParamcalcError) as caught:
        count(layers, head, **options)
    assert str(caught.value)
    return caught.value.code


def dense(units: object, *keys: str) -> str:
    return f'  - Dense: {{units: "{units}"}}\n' + "".join(f"    {key}\n" for key in keys)


# --- what is absent, what comes next ---------------------------------------------------------


@pytest.mark.parametrize("absent", ["when: false", "times: 0", "when: n > 3", "times: n - 3"])
def test_an_absent_node_passes_its_input_on(absent: str) -> None:
    text = dense(5, "name: a", absent) + dense(6, "name: b") + "  - Concatenate:\n    name: c\n    inputs: [a, b]\n"
    assert inputs(text, "dims: {n: 3}\n") == {"b": ("x",), "c": ("x", "b")}


def test_an_absent_group_passes_its_first_input_on() -> None:
    text = (
        dense(4, "name: a")
        + f"  - name: g\n    inputs: [a, x]\n    when: false\n    layers:\n    {dense(3)}"
        + "  - Flatten:\n    name: b\n"
    )
    assert inputs(text) == {"a": ("x",), "b": ("a",)}


def test_an_absent_node_is_not_evaluated() -> None:
    text = dense("1 / 0", "when: false") + "  - Conv2D: {filters: 1, kernel_size: 3}\n    times: 0\n"
    assert inputs(text) == {}


def test_when_is_decided_for_each_copy() -> None:
    text = dense("4 + i", "name: a", "times: 5", "index: i", "when: i % 2 == 0")
    assert inputs(text) == {"a.0": ("x",), "a.2": ("a.0",), "a.4": ("a.2",)}


def test_of_a_node_that_is_absent_no_number_of_copies_is_asked() -> None:
    text = dense(4, "name: a", "times: n - 2", "when: n > 2")
    assert inputs(text, "dims: {n: 1}\n") == {}
    assert inputs(text, "dims: {n: 4}\n") == {"a.0..1": ("x",)}


def test_copies_without_a_name_within_copies_have_their_numbers_alone() -> None:
    inner = "      - name: .\n        times: 2\n        layers: [Dense: {units: 3}]\n"
    text = f"  - name: g\n    times: 2\n    layers:\n{inner}"
    assert {*rows(text, expand=True)} == {"x", "g.0.0.dense", "g.0.1.dense", "g.1.0.dense", "g.1.1.dense"}


def test_what_an_absent_copy_would_do_is_not_asked() -> None:
    assert count(dense("12 / i", "times: 5", "index: i", "when: i > 0")).total == 4 * 12 + 12 + 78 + 28 + 15


def test_the_last_present_node_of_a_group_is_its_output() -> None:
    text = f"  - name: g\n    layers:\n    {dense(5)}    {dense(6)}        when: false\n  - Flatten\n"
    assert rows(text)["flatten"].output_shape == (5,)


def test_a_group_of_which_nothing_is_there_passes_its_input_on() -> None:
    assert inputs("  - layers: [{Flatten: , when: false}]\n  - Flatten:\n    name: a\n") == {"a": ("x",)}


# --- groups -----------------------------------------------------------------------------------


def test_the_inputs_of_a_group() -> None:
    text = (
        dense(3, "name: a")
        + "  - name: g\n    inputs: [a, x]\n    layers:\n"
        + "      - Flatten:\n        name: first\n"
        + "      - Concatenate:\n        name: both\n        inputs: [input, input.1]\n"
        + "      - Flatten:\n        name: second\n        inputs: input.1\n"
    )
    assert inputs(text) == {"a": ("x",), "g.first": ("a",), "g.both": ("a", "x"), "g.second": ("x",)}


def test_at_the_top_input_is_the_node_of_that_name() -> None:
    text = "layers:\n  - Input: {shape: [4]}\n  - Flatten\n  - Add:\n    inputs: [flatten, input]\n"
    assert pc.count(pc.loads(HEAD + text)).layers[-1].inputs == ("flatten", "input")


def test_in_a_group_input_is_its_own_even_where_a_node_has_the_name() -> None:
    text = (
        "  - name: g\n    layers:\n      - Input: {shape: [9]}\n"
        "      - Flatten:\n        name: a\n        inputs: input\n"
        "      - Flatten:\n        name: b\n        inputs: input.0\n"
    )
    assert inputs(text) == {"g.input": (), "g.a": ("x",), "g.b": ("x",)}


def test_references_are_looked_up_from_the_inside_out() -> None:
    text = (
        dense(3, "name: a")
        + dense(5, "name: b")
        + "  - name: g\n    layers:\n"
        + "      - Flatten:\n        name: b\n        inputs: b\n"
        + "      - Flatten:\n        name: c\n        inputs: b\n"
        + "      - Flatten:\n        name: d\n        inputs: a\n"
        + "  - Flatten:\n    name: e\n    inputs: b\n"
        + "  - Flatten:\n    name: f\n    inputs: g.b\n"
    )
    assert inputs(text) == {
        "a": ("x",),
        "b": ("a",),
        "g.b": ("b",),
        "g.c": ("g.b",),
        "g.d": ("a",),
        "e": ("b",),
        "f": ("g.b",),
    }


def test_later_copies_take_the_copy_before_and_the_other_inputs_unchanged() -> None:
    text = dense(3, "name: a") + "  - Concatenate:\n    name: c\n    inputs: [x, a]\n    times: 3\n"
    assert inputs(text, expand=True) == {
        "a": ("x",),
        "c.0": ("x", "a"),
        "c.1": ("c.0", "a"),
        "c.2": ("c.1", "a"),
    }
    assert rows(text)["c.2"].output_shape == (13,)


def test_a_reference_to_a_repeated_node_is_to_its_last_copy_or_the_one_it_names() -> None:
    text = (
        dense("i + 1", "name: a", "times: 3", "index: i")
        + "  - Flatten:\n    name: last\n    inputs: a\n  - Flatten:\n    name: first\n    inputs: a.0\n"
    )
    found = rows(text)
    assert (found["last"].output_shape, found["first"].output_shape) == ((3,), (1,))
    assert code(text + "  - Flatten:\n    inputs: a.3\n") == "no-such-copy"


def test_a_path_into_a_repeated_group_says_which_copy() -> None:
    group = f"  - name: g\n    times: 3\n    layers:\n    {dense(4, '    name: a')}"
    assert inputs(group + "  - Flatten:\n    inputs: g.1.a\n")["flatten"] == ("g.0..2.a",)
    assert code(group + "  - Flatten:\n    inputs: g.a\n") == "missing-counter"


def test_outputs_are_checked() -> None:
    spec = pc.loads(HEAD + INPUT + dense(4) + "outputs: [x, dense]\n")
    assert pc.count(spec).total == 20
    with pytest.raises(pc.ParamcalcError):
        pc.count(pc.loads(HEAD + INPUT + "  - name: g\n    layers: [Flatten]\noutputs: [g.flat]\n"))


# --- residual ----------------------------------------------------------------------------------


def test_a_residual_is_a_row() -> None:
    text = dense(4, "name: a") + dense(4, "name: b", "residual: true") + "  - Flatten:\n    name: c\n"
    assert inputs(text) == {"a": ("x",), "b": ("a",), "b.add": ("b", "a"), "c": ("b.add",)}


def test_a_residual_adds_the_first_input() -> None:
    text = (
        dense(3, "name: a")
        + "  - name: g\n    inputs: [x, a]\n    residual: true\n    layers:\n"
        + "      - Dense: {units: 4}\n        inputs: input.1\n"
    )
    assert inputs(text) == {"a": ("x",), "g.dense": ("a",), "g.add": ("g.dense", "x")}


def test_a_residual_acts_within_each_copy() -> None:
    text = dense(4, "name: a", "residual: true", "times: 2")
    assert inputs(text, expand=True) == {
        "a.0": ("x",),
        "a.0.add": ("a.0", "x"),
        "a.1": ("a.0.add",),
        "a.1.add": ("a.1", "a.0.add"),
    }


def test_a_residual_stands_beside_the_copies_of_a_node_called_again() -> None:
    text = f"  - name: body\n    times: 3\n    layers:\n    {dense(4)}    {dense(4)}"
    text += "  - share: body\n    name: again\n    residual: true\n"
    assert list(inputs(text)) == [
        "body.0..2.dense",
        "body.0..2.dense_1",
        "again.0..2.dense",
        "again.0..2.dense_1",
        "again.add",
    ]
    assert [(row.name, row.kind) for row in rows(text, depth=1).values()] == [
        ("x", "Input"),
        ("body.0..2", "group"),
        ("again", "group"),
    ]


def test_a_residual_whose_name_is_taken() -> None:
    text = "  - name: g\n    residual: true\n    layers: [{Flatten: , name: add}]\n"
    assert inputs(text)["g.add_1"] == ("g.add", "x")


def test_a_residual_needs_the_same_shape() -> None:
    assert code(dense(3, "residual: true")) == "shape-mismatch"
    assert count(dense(3, "residual: 1 > 2")).total == 15


# --- trainable, dtype ---------------------------------------------------------------------------


def test_the_nearest_trainable_wins() -> None:
    text = (
        "  - name: g\n    trainable: false\n    layers:\n"
        "      - Dense: {units: 4}\n        name: frozen\n"
        "      - Dense: {units: 4}\n        name: free\n        trainable: true\n"
        "      - trainable: n > 3\n        name: h\n        layers: [{Dense: {units: 4}, name: either}]\n"
    )
    for n, either in ((3, 0), (4, 20)):
        found = rows(text, f"dims: {{n: {n}}}\n")
        assert [row.trainable for row in found.values()] == [0, 0, 20, either]
        assert [row.non_trainable for row in found.values()] == [0, 20, 0, 20 - either]


def test_a_state_is_never_trained() -> None:
    found = count("  - BatchNorm:\n    trainable: true\n")
    assert (found.total, found.trainable, found.non_trainable, found.buffers) == (16, 8, 8, 0)
    found = count("  - BatchNorm:\n    trainable: false\n", convention="torch")
    assert (found.total, found.trainable, found.non_trainable, found.buffers) == (8, 0, 8, 9)


def test_the_nearest_dtype_wins() -> None:
    text = (
        "  - name: g\n    dtype: float16\n    layers:\n"
        "      - Dense: {units: 4}\n      - Dense: {units: 4}\n        dtype: int4\n  - Dense: {units: 4}\n"
    )
    assert [row.bytes for row in count(text).layers] == [0, 40, 10, 80]


def test_a_dtype_of_less_than_a_byte_is_rounded_up_in_each_layer() -> None:
    assert count("  - RMSNorm\n  - Dense: {units: 1}\n    dtype: int4\n").bytes == 4 * 4 + 3


# --- share, tie ----------------------------------------------------------------------------------


def test_a_shared_layer_counts_once() -> None:
    found = rows(dense(4, "name: a") + "  - share: a\n    name: b\n")
    assert (found["a"].total, found["b"].total, found["b"].total_untied) == (20, 0, 20)
    assert (found["a"].tensors != (), found["b"].tensors) == (True, ())
    assert found["b"].inputs == ("a",)


def test_a_shared_group() -> None:
    group = f"  - name: g\n    layers:\n    {dense(3)}    {dense(4)}"
    found = count(group + "  - share: g\n    name: h\n  - share: g.dense\n    name: i\n    inputs: x\n")
    assert [(row.name, row.total) for row in found.layers][1:] == [
        *(("g.dense", 15), ("g.dense_1", 16), ("h.dense", 0), ("h.dense_1", 0), ("i", 0)),
    ]
    assert found.total_untied == 31 + 31 + 15


def test_a_shared_repeat_and_a_copy_by_its_path() -> None:
    group = dense("4", "name: a", "times: 5")
    found = count(group + "  - share: a\n    name: b\n  - share: a.2\n    name: c\n")
    assert (found.total, found.total_untied) == (100, 100 + 100 + 20)
    assert code(group + "  - share: a.5\n") == "no-such-copy"


def test_a_shared_layer_needs_the_same_tensors() -> None:
    assert code(dense(3, "name: a") + "  - share: a\n") == "share-mismatch"
    # what owns nothing fits anywhere
    assert count("  - Flatten:\n    name: a\n" + dense(3) + "  - share: a\n").total == 15


def test_an_absent_node_cannot_be_shared() -> None:
    assert code(dense(4, "name: a", "when: false") + "  - share: a\n") == "unknown-node"


def test_a_tie_of_the_same_shape_and_of_the_transpose() -> None:
    found = count(dense(3, "name: a") + dense(4, "name: b", "tie: {kernel: a.kernel}"))
    assert (found.total, found.total_untied, found.bytes) == (12 + 3 + 4, 12 + 3 + 12 + 4, 4 * 19)
    assert [tensor.tied_to for tensor in found.layers[-1].tensors] == ["a.kernel", None]
    found = count(dense(4, "name: a") + dense(4, "tie: {kernel: a.kernel, bias: a.bias}"))
    assert found.total == 20


def test_the_owner_of_a_tied_tensor_says_how_it_is_trained_and_stored() -> None:
    text = dense(4, "name: a", "trainable: false", "dtype: float16") + dense(4, "name: b", "tie: {kernel: a.kernel}")
    tied, own = rows(text)["b"].tensors
    assert (tied.trainable, tied.dtype, own.trainable, own.dtype) == (False, "float16", True, "float32")


def test_a_tie_to_what_is_tied_is_to_its_owner() -> None:
    text = dense(4, "name: a") + dense(4, "name: b", "tie: {kernel: a.kernel}") + dense(4, "tie: {kernel: b.kernel}")
    assert count(text).layers[-1].tensors[0].tied_to == "a.kernel"


@pytest.mark.parametrize("own", ["", "    tensors: {scale: [1]}\n"])
def test_a_tie_finds_a_layer_without_a_name_by_the_group_that_it_is_in(own: str) -> None:
    text = (
        f"  - name: g\n{own}    layers:\n      - Flatten:\n        name: .\n      - name: .\n        layers:\n"
        "          - Dense: {units: 4}\n            name: .\n" + dense(4, "tie: {kernel: g.kernel}")
    )
    assert count(text).total == (4 * 4 + 4) + 4 + bool(own)


@pytest.mark.parametrize(
    ("tie", "expected"),
    [
        ("{kernel: a.bias}", "tie-mismatch"),
        ("{kernel: b.kernel}", "tie-mismatch"),
        ("{kernel: a.kernle}", "unknown-tensor"),
        ("{kernle: a.kernel}", "unknown-tensor"),
        ("{kernel: x.kernel}", "unknown-tensor"),
        ("{kernel: g.kernel}", "unknown-tensor"),
        ("{kernel: r.kernel}", "missing-counter"),
        ("{kernel: absent.kernel}", "unknown-tensor"),
    ],
)
def test_ties_that_are_refused(tie: str, expected: str) -> None:
    text = (
        dense(4, "name: a")
        + dense(5, "name: b")
        + "  - name: g\n    layers: [Flatten]\n"
        + dense(4, "name: absent", "when: false")
        + dense(5, "name: r", "times: 2")
        + dense(4, "inputs: a", f"tie: {tie}")
    )
    assert code(text) == expected


# --- unknown dims ------------------------------------------------------------------------------------


def test_free_dims_print_as_their_name_and_what_follows_as_none() -> None:
    text = (
        "dims: {tokens: null, twice: 2 * tokens}\nlayers:\n"
        "  - Input: {shape: [tokens, 8]}\n    name: a\n  - Dense: {units: 3}\n"
        "  - Input: {shape: [twice, null]}\n    name: b\n  - Slice: {axis: 2, stop: 1}\n    when: false\n"
        "  - Concatenate: {axis: 1}\n    inputs: [a, a]\n"
    )
    found = pc.count(pc.loads(HEAD + text)).plain()
    assert found["dims"] == {"tokens": "tokens", "twice": None}
    assert [row["output_shape"] for row in found["layers"]] == [
        *([None, "tokens", 8], [None, "tokens", 3], [None, None, None], [None, None, 8]),
    ]
    assert pc.count(pc.loads(HEAD + text), dims={"tokens": 5}).layers[-1].output_shape == (10, 8)


@pytest.mark.parametrize(
    "text", [dense("n"), dense(3, "when: n > 3"), dense(3, "times: n"), dense("d[n]"), dense("max(n, 3)")]
)
def test_a_free_dim_whose_value_is_needed(text: str) -> None:
    assert code(text, "dims: {n: null, d: [1, 2]}\n") == "free-dim"
    assert count(text, "dims: {n: null, d: [1, 2]}\n", dims={"n": 1}).total >= 0


def test_size_asks_for_the_node_s_own_first_input() -> None:
    text = dense("2 * size(1)", "name: a") + dense("size(-1) + channels()", "inputs: x")
    assert [row.output_shape for row in count(text).layers] == [(4,), (8,), (8,)]
    assert code(dense("size(2)")) == "invalid-value"
    assert code(dense("size(0)")) == "invalid-value"


def test_channels_follow_the_layout_of_the_spec() -> None:
    text = "framework: {}\nlayers:\n  - Input: {{shape: [3, 8, 9]}}\n  - Dense: {{units: channels()}}\n"
    units = [pc.count(pc.loads(HEAD + text.format(name))).layers[-1].output_shape[-1] for name in ("keras", "torch")]
    assert units == [9, 3]


# --- folding ----------------------------------------------------------------------------------------


def test_copies_that_are_alike_are_one_row() -> None:
    found = rows(dense(3, "name: a", "times: 5"))
    assert {name: (row.times, row.total) for name, row in found.items()} == {
        "x": (1, 0),
        "a.0": (1, 15),
        "a.1..4": (4, 48),
    }
    assert [*rows(dense(3, "name: a", "times: 5"), expand=True)] == ["x", *(f"a.{number}" for number in range(5))]


def test_copies_that_differ_in_trainable_alone_are_apart() -> None:
    # a Dense of 8 to 8 has 8·8 + 8 = 72 parameters
    spec = pc.Spec(
        [pc.Input(shape=(8,)), pc.Node(pc.Dense(units=8), name="body", times=3, index="i", trainable="i > 0")]
    )
    counted = pc.count(spec)
    assert (counted.trainable, counted.non_trainable) == (144, 72)
    assert [(row.name, row.times, row.trainable) for row in counted.layers[1:]] == [
        ("body.0", 1, 0),
        ("body.1..2", 2, 144),
    ]


def test_copies_that_come_out_alike_in_spite_of_a_counter_are_one_row() -> None:
    assert [*rows(dense("4 + i // 3", "name: a", "times: 6", "index: i"))] == ["x", "a.0..2", "a.3", "a.4..5"]


def test_a_counter_that_is_not_used_costs_nothing() -> None:
    assert [*rows(dense(4, "name: a", "times: 10 ** 9", "index: i"))] == ["x", "a.0..999999999"]


def test_repeats_within_repeats() -> None:
    text = f"  - name: g\n    times: 3\n    layers:\n    {dense(4, '    name: a', '    times: 5')}"
    found = rows(text)
    assert {name: (row.times, row.total) for name, row in found.items()} == {"x": (1, 0), "g.0..2.a.0..4": (15, 300)}
    assert len(rows(text, expand=True)) == 16


def test_a_counter_goes_into_the_groups_and_blocks_inside() -> None:
    blocks = "blocks: {b: {arguments: {n: null}, layers: [{Dense: {units: n}}]}}\n"
    text = (
        "  - name: g\n    times: 3\n    index: i\n    layers:\n"
        "      - name: h\n        times: 2\n        index: j\n        layers:\n"
        "          - block: b\n            with: {n: 10 * i + j + 1}\n"
    )
    widths = [row.output_shape[0] for row in count(text, blocks).layers]
    assert widths == [4, 1, 2, 11, 12, 21, 22]


def test_groups_as_rows() -> None:
    text = f"  - name: g\n    times: 3\n    layers:\n    {dense(4)}      - layers: [Flatten]\n"
    assert [(row.name, row.kind, row.times) for row in count(text, depth=1).layers] == [
        *(("x", "Input", 1), ("g.0..2", "group", 3)),
    ]
    assert [row.name for row in count(text, depth=2).layers] == ["x", "g.0..2.dense", "g.0..2.group"]
    assert count(text, depth=1).total == count(text).total == 60


def _evaluations(monkeypatch: pytest.MonkeyPatch, text: str, head: str = "") -> Counter[str]:
    """How often each kind of layer is evaluated for a count."""
    calls: Counter[str] = Counter()
    infer = pc.Layer.infer

    def counted(layer: pc.Layer, *shapes: Any) -> Any:
        calls[type(layer).__name__] += 1
        return infer(layer, *shapes)

    with monkeypatch.context() as patched:
        patched.setattr(pc.Layer, "infer", counted)
        count(text, head)
    return calls


@pytest.mark.parametrize("keys", [(), ("index: i",), ("residual: true",), ("when: size(1) == 4",)])
def test_a_million_copies_cost_what_one_costs(monkeypatch: pytest.MonkeyPatch, keys: tuple[str, ...]) -> None:
    once = _evaluations(monkeypatch, dense(4, "times: 1", *keys))
    assert _evaluations(monkeypatch, dense(4, "times: 1000000", *keys)) == once


def test_a_million_copies_of_another_first_one_cost_two(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _evaluations(monkeypatch, dense(3, "times: 1000000"))["Dense"] == 2


def test_a_million_absent_copies_cost_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _evaluations(monkeypatch, dense(3, "times: 1000000", "when: size(1) < 0"))["Dense"] == 0


def test_copies_of_groups_in_groups_cost_what_one_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "  - times: {0}\n    layers:\n      - times: {0}\n        layers: [{{Dense: {{units: 4}}}}]\n"
    once = _evaluations(monkeypatch, text.format(1))
    assert _evaluations(monkeypatch, text.format(1000)) == once


# --- properties over random specs ----------------------------------------------------------------------


def test_arrays_do_not_wrap() -> None:
    spec = pc.loads(
        HEAD + "dims: {n: 4}\nlayers:\n  - Input: {shape: [n]}\n  - Dense: {units: n ** 2}\n    times: 10 ** 6\n"
    )
    widths = np.array([3, 2**20, 2**31], dtype=np.int64)
    totals = pc.count(spec, dims={"n": widths}).total
    assert totals.tolist() == [pc.count(spec, dims={"n": int(width)}).total for width in widths]
    assert totals[-1] > 2**63


def test_arrays_that_are_too_large_are_refused() -> None:
    spec = pc.loads(HEAD + "dims: {n: 4, m: n ** n}\nlayers:\n  - Input: {shape: [m]}\n")
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.count(spec, dims={"n": np.array([2, 10**9])})
    assert caught.value.code == "limit"


def test_a_call_that_is_called_again_is_named_for_what_it_calls() -> None:
    # the unnamed call in the group is `fc` there, and the next one finds it before the `fc` outside
    spec = pc.loads(
        "paramcalc: 1\nlayers:\n  - Input: {shape: [4]}\n  - {Dense: {units: 4}, name: fc}\n"
        "  - layers:\n    - share: fc\n    - {share: fc, name: again}\n"
    )
    assert pc.count(spec).total == 20
    assert pc.count(spec).total_untied == 60


def test_a_group_called_again_sees_the_nodes_that_it_saw_the_first_time() -> None:
    spec = pc.loads(
        "paramcalc: 1\nlayers:\n  - Input: {shape: [4]}\n  - {Dense: {units: 4}, name: x}\n"
        "  - name: h\n    layers:\n"
        "      - {name: g, layers: [{Dense: {units: 4}, name: d}, {Add: , inputs: [d, x]}]}\n"
        "      - {Dense: {units: 7}, name: x}\n"
        "      - {share: g, inputs: [input]}\n"
    )
    assert pc.count(spec).layers[-1].inputs == ("h.g_1.d", "x")


def test_a_refusal_in_a_copy_leaves_the_names_of_later_nodes_alone() -> None:
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.count(
            pc.loads(
                "paramcalc: 1\nlayers:\n  - Input: {shape: [4]}\n"
                "  - {Dense: {units: 4}, name: body, times: 3, index: i, when: size(i) > 0}\n"
                "  - {Conv2D: {filters: 3, kernel_size: 2}, name: late, inputs: input}\n"
            )
        )
    assert [problem.node for problem in caught.value.problems] == ["body.0", "late"]


# --- messages, and what is rare ------------------------------------------------------------------


def hint(layers: str, head: str = "") -> str:
    with pytest.raises(pc.ParamcalcError) as caught:
        count(layers, head)
    return caught.value.problems[0].hint


@pytest.mark.parametrize(
    ("tensor", "expected"),
    [("a.kernl", "did you mean 'kernel'?"), ("a.zzzz", "its tensors: kernel, bias"), ("f.zzzz", "it owns none")],
)
def test_what_a_layer_owns_is_said_where_a_tensor_is_unknown(tensor: str, expected: str) -> None:
    text = dense(4, "name: a") + "  - Flatten:\n    name: f\n" + dense(4, f"tie: {{kernel: {tensor}}}")
    assert hint(text) == expected


@pytest.mark.parametrize(("name", "expected"), [("dens", "did you mean 'dense'?"), ("zz", "it holds: flatten, dense")])
def test_what_a_group_holds_is_said_where_a_name_is_unknown(name: str, expected: str) -> None:
    text = f"  - name: g\n    layers: [Flatten, {{Dense: {{units: 4}}}}]\n  - Add:\n    inputs: [g.{name}, g]\n"
    assert hint(text) == expected


def test_a_layer_called_again_that_was_absent_has_nothing_to_share() -> None:
    text = (
        "  - name: g\n    layers:\n      - Dense: {units: 4}\n        when: size(1) > 4\n      - Flatten\n"
        + dense(8)
        + "  - share: g\n"
    )
    assert code(text) == "share-mismatch"


def test_copies_that_start_from_nothing_are_alike() -> None:
    text = "  - Input: {shape: [3]}\n    name: y\n    times: 3\n"
    assert [(row.name, row.times) for row in rows(text).values()] == [("x", 1), ("y.0..2", 3)]


def test_a_further_output_has_no_outputs_of_its_own() -> None:
    text = "  - Reshape: {target_shape: [2, 2]}\n  - LSTM: {units: 3, return_state: true}\n    name: r\n" + dense(
        3, "name: d", "inputs: [r.1]", "when: false"
    )
    assert inputs(text + "  - Flatten:\n    name: f\n    inputs: [d]\n")["f"] == ("r.1",)
    assert code(text + "  - Flatten:\n    name: f\n    inputs: [d.1]\n") == "unknown-node"


def test_what_flows_out_is_what_the_spec_names_or_its_last_node() -> None:
    text = HEAD + INPUT + dense(5) + dense(6)
    assert [flow.shape for flow in evaluate(pc.loads(text)).outputs] == [(6,)]
    assert [flow.shape for flow in evaluate(pc.loads(text + "outputs: [dense, x]\n")).outputs] == [(5,), (4,)]


@pytest.mark.parametrize(
    ("layers", "total"),
    [
        # each Embedding adds an axis: 10·8 for each copy
        (INPUT + "  - Embedding: {input_dim: 10, output_dim: 8}\n    times: n\n", 240),
        # the first copy is absent, so that nothing flows into the second
        ("layers:\n  - Weights: {tensors: {w: [2]}, output: w}\n    times: n\n    index: i\n    when: i > 0\n", 4),
    ],
)
def test_copies_that_grow_by_no_rule_fix_their_number(layers: str, total: int) -> None:
    form = pc.formula(pc.loads(HEAD + "dims: {n: 3}\n" + layers))
    assert (form.expr, form.fixed) == (total, {"n": 3})


def test_copies_that_assume_something_of_their_counter_fix_their_number() -> None:
    text = (
        "layers:\n  - Input: {shape: [w]}\n  - name: g\n    times: n\n    index: i\n    layers:\n"
        "      - Dense: {units: w / (i + 1)}\n      - Dense: {units: w}\n"
    )
    form = pc.formula(pc.loads(HEAD + "dims: {n: 3, w: 6}\n" + text))
    assert form.fixed == {"n": 3}
    # 6 features to a, and a to 6: 6·a + a + a·6 + 6, for a of 6, 3 and 2
    assert form(w=6) == 13 * (6 + 3 + 2) + 3 * 6


#: Copies that are all alike, and copies of which each has 4 features more than the one before.
ALIKE = "  - Dense: {units: 4}\n    name: body\n    times: n\n"
GROWING = (
    "  - name: body\n    times: n\n    layers:\n      - Dense: {units: 4}\n        name: d\n"
    "      - Concatenate:\n        inputs: [d, input]\n"
)


@pytest.mark.parametrize(("layers", "name"), [(ALIKE, "body.1"), (GROWING, "body.1.d")])
def test_a_form_that_refers_to_a_copy_assumes_that_it_is_there(layers: str, name: str) -> None:
    text = HEAD + "dims: {n: 3}\n" + INPUT + layers + f"  - Flatten:\n    inputs: {name}\n"
    form = pc.formula(pc.loads(text))
    assert form.conditions == ("n ≥ 2",)
    assert form(n=2) == pc.count(pc.loads(text), dims={"n": 2}).total
    for number in (lambda: form(n=1), lambda: pc.count(pc.loads(text), dims={"n": 1})):
        with pytest.raises(pc.ParamcalcError):
            number()
    with pytest.raises(pc.ParamcalcError, match=r"names a copy that is not there|depends on a dim that is an array"):
        pc.count(pc.loads(text), dims={"n": np.array([1, 3])})


def test_arrays_of_copies() -> None:
    alike, grown = dense(4, "times: n"), dense("4 + i", "times: n", "index: i")
    assert list(count(alike, "dims: {n: 1}\n", dims={"n": np.array([1, 3])}).total) == [20, 60]
    # 4 to 4, and 4 to 5
    assert count(grown, "dims: {n: 1}\n", dims={"n": np.array([2, 2])}).total == 20 + 25
    assert code(grown, "dims: {n: 1}\n", dims={"n": np.array([1, 3])}) == "not-one-value"


def test_copies_in_an_inventory_are_listed_one_by_one_where_that_is_asked_for() -> None:
    group = pc.Node(layers=[pc.Node(pc.Dense(units=3), name="dense", of=[4])], name="blocks", times=3)
    spec = pc.Spec([group], connections="none")
    assert [row.name for row in pc.count(spec).layers] == ["blocks.0..2.dense"]
    assert [row.name for row in pc.count(spec, expand=True).layers] == [f"blocks.{copy}.dense" for copy in range(3)]
