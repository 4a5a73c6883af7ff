"""The document: names, keys and what can be refused without computing a shape."""

from typing import Any

import pytest

import paramcalc as pc
from paramcalc.spec import node_names

HEAD = "paramcalc: 1\n"
INPUT = "layers:\n  - Input: {shape: [4]}\n    name: x\n"


def names(text: str, head: str = "", **options: Any) -> list[str]:
    """The names of the rows that these lines of layers count as, without the input."""
    count = pc.count(pc.loads(HEAD + head + INPUT + text), **options)
    return [row.name for row in count.layers][1:]


def code(text: str, head: str = "") -> str:
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.loads(HEAD + head + INPUT + text)
    return caught.value.code


# --- names -------------------------------------------------------------------------------


def test_unnamed_nodes_are_named_for_their_kind() -> None:
    text = (
        "  - Dense: {units: 4}\n  - BatchNorm\n  - Dense: {units: 4}\n  - LayerNorm\n  - RMSNorm\n"
        "  - Dense: {units: 4}\n"
        "  - layers: [Flatten]\n  - layers: [Flatten]\n  - block: head\n  - block: head\n"
    )
    assert names(text, "blocks: {head: {layers: [Flatten]}}\n", depth=1) == [
        *("dense", "batch_norm", "dense_1", "layer_norm", "rms_norm", "dense_2"),
        *("group", "group_1", "head", "head_1"),
    ]


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("Conv2D", "conv2d"),
        ("GlobalAveragePool2D", "global_average_pool2d"),
        ("MultiHeadAttention", "multi_head_attention"),
        ("LSTM", "lstm"),
        ("RMSNorm", "rms_norm"),
        ("BatchNorm", "batch_norm"),
    ],
)
def test_kinds_in_snake_case(kind: str, name: str) -> None:
    from paramcalc.layers.base.declaration import default_name

    assert default_name(kind) == name


def test_given_names_are_avoided_wherever_they_stand() -> None:
    assert names("  - Flatten\n  - Flatten\n  - Flatten:\n    name: flatten_1\n  - Flatten:\n    name: flatten\n") == [
        *("flatten_2", "flatten_3", "flatten_1", "flatten"),
    ]


def test_an_absent_node_renames_nothing() -> None:
    text = "  - Flatten\n  - Flatten:\n    when: on_\n  - Flatten\n"
    assert names(text, "dims: {on_: true}\n") == ["flatten", "flatten_1", "flatten_2"]
    assert names(text, "dims: {on_: false}\n") == ["flatten", "flatten_2"]


def test_names_count_anew_in_each_group() -> None:
    assert names("  - Flatten\n  - name: g\n    layers: [Flatten, Flatten]\n") == [
        "flatten",
        "g.flatten",
        "g.flatten_1",
    ]


def test_the_call_of_a_node_is_named_for_it() -> None:
    assert names("  - Dense: {units: 4}\n    name: fc\n  - share: fc\n  - share: fc\n") == ["fc", "fc_1", "fc_2"]


def test_many_names_are_made_in_a_moment() -> None:
    nodes = [*(pc.Node(pc.Flatten(), name=f"flatten_{n}") for n in range(1, 5_000)), *[pc.Node(pc.Flatten())] * 5_000]
    made = node_names(nodes)
    assert len({*made}) == 9_999
    assert made[-1] == "flatten_9998"


@pytest.mark.parametrize("name", ["a", "A1", "_x", "größe", "a-b", "0", "31", "x" * 200])
def test_names_of_nodes(name: str) -> None:
    assert names(f"  - Flatten:\n    name: {name}\n") == [name]


@pytest.mark.parametrize("name", ["1a", "a.b", "a b", "-a", "''", "input", "3.5", "[a]", "x" * 201, "a/b"])
def test_what_cannot_name_a_node(name: str) -> None:
    assert code(f"  - Flatten:\n    name: {name}\n") == "invalid-name"


@pytest.mark.parametrize("name", ["a-b", "'1'", "'in'", "'and'", "size", "'true'", "input", "sum"])
def test_what_cannot_name_a_dim(name: str) -> None:
    assert code("", f"dims: {{{name}: 3}}\n") in ("invalid-name", "syntax")
    assert code("", f"blocks: {{b: {{arguments: {{{name}: 3}}, layers: []}}}}\n") in ("invalid-name", "syntax")
    assert code(f"  - Flatten:\n    times: 3\n    index: {name}\n") == "invalid-name"


# --- keys ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("times: -1", "invalid-value"),
        ("times: 1.5", "wrong-type"),
        ("times: true", "wrong-type"),
        ("times: [3]", "wrong-type"),
        ("times: n", "unknown-dim"),
        ("index: i", "missing-key"),
        ("when: 3", "wrong-type"),
        ("when: []", "wrong-type"),
        ("residual: 1", "wrong-type"),
        ("trainable: maybe", "unknown-dim"),
        ("dtype: float31", "invalid-value"),
        ("dtype: 32", "invalid-value"),
        ("inputs: 3.5", "wrong-type"),
        ("inputs: []", "wrong-type"),
        ("inputs: [3.5]", "wrong-type"),
        ("inputs: [a..b]", "wrong-type"),
        ("inputs: nowhere", "unknown-node"),
        ("tie: x", "wrong-type"),
        ("tie: {}", "wrong-type"),
        ("tie: {kernel: x}", "wrong-type"),
        ("tie: {kernel: nowhere.kernel}", "unknown-node"),
        ("with: {a: 3}", "unknown-key"),
        ("layers: [Flatten]", "invalid-value"),
        ("block: b", "invalid-value"),
        ("share: x", "invalid-value"),
        ("activation: relu", "unknown-key"),
        ("color: red", "unknown-key"),
    ],
)
def test_keys_of_a_node(keys: str, expected: str) -> None:
    assert code(f"  - Dense: {{units: 3}}\n    {keys}\n", "blocks: {b: {layers: []}}\n") == expected


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("dims: {a: 1.5}\n", "wrong-type"),
        ("dims: {a: [1, null]}\n", "wrong-type"),
        ("dims: {a: {b: 3}}\n", "unknown-key"),
        ("dims: 3\n", "wrong-type"),
        ("dims: {a: b}\n", "unknown-dim"),
        ("dims: {a: a}\n", "unknown-dim"),
        ("dims: {a: b, b: 3}\n", "unknown-dim"),
        ("framework: jax\n", "unknown-convention"),
        ("framework: [keras]\n", "unknown-convention"),
        ("blocks: {b: 3}\n", "wrong-type"),
        ("blocks: {b: {}}\n", "missing-key"),
        ("blocks: {b: {layers: [Flatten], times: 3}}\n", "unknown-key"),
        ("blocks: {b: {arguments: [n], layers: []}}\n", "wrong-type"),
        ("blocks: {b: {layers: {}}}\n", "wrong-type"),
        ("blocks: {b.c: {layers: []}}\n", "invalid-name"),
        ("blocks: {b: {layers: [{block: b}]}}\n", "recursive-block"),
        ("blocks: {b: {layers: [{layers: [{block: c}]}]}, c: {layers: [{block: b}]}}\n", "recursive-block"),
        ("blocks: {b: {arguments: {n: m}, layers: []}}\n", "unknown-dim"),
        ("dims: {n: 1}\nblocks: {b: {arguments: {n: 2}, layers: []}}\n", "invalid-name"),
        ("color: red\n", "unknown-key"),
        ("name: 3\n", "wrong-type"),
        ("outputs: [y]\n", "unknown-node"),
        ("outputs: 3.5\n", "wrong-type"),
    ],
)
def test_keys_of_a_spec(head: str, expected: str) -> None:
    assert code("", head) == expected


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("block: c", "unknown-block"),
        ("block: 3", "invalid-name"),
        ("block: b", "missing-key"),
        ("block: b\n    with: {n: null}", "wrong-type"),
        ("block: b\n    with: {n: 3, m: 3}", "unknown-key"),
        ("block: b\n    with: {n: o}", "unknown-dim"),
        ("block: b\n    with: [3]", "wrong-type"),
    ],
)
def test_calls_of_a_block(call: str, expected: str) -> None:
    assert code(f"  - {call}\n", "blocks: {b: {arguments: {n: null}, layers: []}}\n") == expected


def test_a_block_sees_nothing_of_its_caller() -> None:
    blocks = "blocks: {b: {layers: [{%s}]}}\n"
    assert code("  - block: b\n    times: 3\n    index: i\n", blocks % "Dense: {units: i}") == "unknown-dim"
    assert code("  - block: b\n", blocks % "Flatten: , inputs: x") == "unknown-node"
    assert code("  - block: b\n", blocks % "share: x") == "unknown-node"
    assert code("  - block: b\n", blocks % "Dense: {units: 4}, tie: {kernel: x.kernel}") == "unknown-node"


def test_a_spec_built_in_python_is_checked_as_one_that_is_read() -> None:
    for layers, expected in (
        ([pc.Node(pc.Flatten(), inputs=("nowhere",))], "unknown-node"),
        ([pc.Node(pc.Dense(units="n"))], "unknown-dim"),
        ([pc.Node(block="b")], "unknown-block"),
        ([pc.Node(pc.Flatten(), name="a"), pc.Node(pc.Flatten(), name="a")], "invalid-name"),
    ):
        with pytest.raises(pc.ParamcalcError) as caught:
            pc.Spec(layers=layers)
        assert caught.value.code == expected


@pytest.mark.parametrize(
    "keys", [{"times": -1}, {"name": "a b"}, {"dtype": "int"}, {"when": 3}, {"layers": ()}, {"arguments": {"n": 3}}]
)
def test_a_node_built_in_python_is_checked(keys: dict[str, Any]) -> None:
    with pytest.raises(pc.ParamcalcError):
        pc.Node(pc.Flatten(), **keys)


def test_groups_nested_without_end_in_python() -> None:
    node = pc.Node(pc.Flatten())
    for _ in range(200):
        node = pc.Node(layers=(node,))
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.Spec(layers=[pc.Input(shape=(3,)), node])
    assert caught.value.code == "limit"


def test_names_that_are_made_do_not_meet() -> None:
    # a block may have the name that the second Dense would take
    block = pc.Block(layers=(pc.Node(pc.Flatten()),))
    spec = pc.Spec(
        layers=[pc.Input(shape=(4,)), pc.Node(block="dense_1"), pc.Dense(units=4), pc.Dense(units=4)],
        blocks={"dense_1": block},
    )
    assert [row.name for row in pc.count(spec).layers] == ["input", "dense_1.flatten", "dense", "dense_2"]


def test_a_call_is_named_for_the_whole_path_that_it_calls() -> None:
    spec = pc.Spec(
        layers=[pc.Input(shape=(4,)), pc.Node(pc.Dense(units=4), name="fc", times=2), pc.Node(share="fc.0")],
    )
    assert pc.count(spec).layers[-1].name == "fc_0"


def test_a_file_keeps_what_was_not_known_of_a_model() -> None:
    text = (
        "paramcalc: 1\nname: net\nunknown: [flow, buffers]\nlayers:\n  - Input: {shape: [4]}\n  - Dense: {units: 3}\n"
    )
    spec = pc.loads(pc.dumps(pc.loads(text)))
    assert spec.unknown == ("flow", "buffers")
    count = pc.count(spec, convention="torch")
    assert (count.total, count.buffers) == (15, None)
    with pytest.raises(pc.ParamcalcError, match=r"not-measurable.*the measure 'flops' needs to know how its layers"):
        pc.count(spec, of="flops")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("flow", "'unknown' is a list of texts, not 'flow'"),
        ("[flows]", "'unknown' may hold buffers, active, flow, values, not 'flows'"),
        ("[[flow]]", "'unknown' may hold buffers, active, flow, values, not a list"),
    ],
)
def test_what_is_unknown_is_one_of_a_few_things(value: str, message: str) -> None:
    with pytest.raises(pc.ParamcalcError, match=r"wrong-type|invalid-value") as caught:
        pc.loads(f"paramcalc: 1\nunknown: {value}\nlayers: [{{Input: {{shape: [4]}}}}]\n")
    assert message in str(caught.value)
