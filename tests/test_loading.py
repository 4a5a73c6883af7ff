"""Text to spec: the pitfalls of YAML, what else a file may hold, and the way back."""

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

import paramcalc as pc
from paramcalc.spec.given import read_given, read_setting

ROOT = Path(__file__).parent.parent
HEAD = "paramcalc: 1\n"
INPUT = HEAD + "layers:\n  - Input: {shape: [4]}\n"


def refusal(text: str | bytes) -> pc.ParamcalcError:
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.count(pc.loads(text))
    assert str(caught.value)
    return caught.value


def code(text: str | bytes) -> str:
    return refusal(text).code


# --- YAML's pitfalls -----------------------------------------------------------------


@pytest.mark.parametrize(
    "node",
    [
        "Dense: {units: min(512, n)}",
        "Dense: {units: max(n, 2), use_bias: false}",
        "Dense: {units: d[0]}",
        "Dense: {units: 4 if n > 2 else [1, 2][0]}",
        "Dense: {units: d[-1] + n}",
        "Dense: {units: n if {n} else 3}",
        "Dense: {units: 4, activation: a: b}",
        "Reshape: {target_shape: [min(2, n), 2]}",
        "Reshape: {target_shape: [d[0], 2]}",
        "Reshape: {target_shape: [2, round_up(n, 8)]}",
    ],
)
def test_an_expression_that_yaml_takes_apart(node: str) -> None:
    error = refusal(INPUT.replace("layers", "dims: {n: 2, d: [2, 2]}\nlayers") + f"  - {node}\n")
    assert error.code == "unquoted-expression"
    assert "needs quotes" in str(error)


@pytest.mark.parametrize(
    "node",
    [
        'Dense: {units: "min(512, n)"}',
        "Dense: {units: 'd[0]'}",
        "Dense: {units: (n + 2) * 2}",
        "Dense:\n      units: min(512, n)",
        "Dense:\n      units: d[0] + 2",
        "Dense:\n      units: >-\n        min(512,\n        n)",
    ],
)
def test_an_expression_that_yaml_leaves_whole(node: str) -> None:
    spec = pc.loads(INPUT.replace("layers", "dims: {n: 2, d: [2, 2]}\nlayers") + f"  - {node}\n")
    assert pc.count(spec).total > 0


@pytest.mark.parametrize(
    "word", ["yes", "No", "ON", "off", "010", "-07", "00", "0x1F", "0b11", "0o17", "1:30", "1_000", "1_0_"]
)
@pytest.mark.parametrize("node", ["Dense: {units: %s}", "Dense:\n      units: %s"])
def test_values_that_readers_take_differently(word: str, node: str) -> None:
    assert code(INPUT + "  - " + node.replace("%s", word) + "\n") == "ambiguous-scalar"


def test_the_same_words_in_quotes_are_texts() -> None:
    spec = pc.loads(HEAD + "name: 'yes'\ndescription: '010'\nlayers: []\n")
    assert (spec.name, spec.description) == ("yes", "010")


@pytest.mark.parametrize("word", ["1e3", "1.0", "1.5", ".5", "1e400"])
def test_fractions_are_no_sizes(word: str) -> None:
    assert code(INPUT + f"  - Dense: {{units: {word}}}\n") == "wrong-type"


@pytest.mark.parametrize("word", ["true", "True", "TRUE"])
def test_truths(word: str) -> None:
    with_bias = pc.count(pc.loads(INPUT + f"  - Dense: {{units: 3, use_bias: {word}}}\n"))
    assert with_bias.total == 15


@pytest.mark.parametrize("word", ["null", "~", "Null", ""])
def test_nothing(word: str) -> None:
    spec = pc.loads(HEAD + f"dims:\n  n: {word}\nlayers: [Input: {{shape: [n]}}]\n")
    assert spec.dims == {"n": None}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (HEAD + "dims: {a: &size 3, b: 4}\nlayers: []\n", "yaml-feature"),
        (HEAD + "dims: {a: *size}\nlayers: []\n", "yaml-feature"),
        (HEAD + "dims: &all {a: 3}\nlayers: []\n", "yaml-feature"),
        (INPUT + "  - Dense: {<<: 3}\n", "yaml-feature"),
        (INPUT + "  - Dense: {units: !!int 3}\n", "yaml-feature"),
        (INPUT + "  - Dense: !mine {units: 3}\n", "yaml-feature"),
        (INPUT + "  - !!python/object/apply:os.system [ls]\n", "yaml-feature"),
        (INPUT + "---\n" + INPUT, "yaml-feature"),
        (INPUT + "layers: []\n", "duplicate-key"),
        (INPUT + "  - Dense: {units: 3, units: 3}\n", "duplicate-key"),
        (HEAD + "dims: {n: 1, 'n': 2}\nlayers: []\n", "duplicate-key"),
        (HEAD + "layers:\n\t- Flatten\n", "syntax"),
        (HEAD + "layers:\n  - Flatten:\n    \tname: a\n", "syntax"),
        (HEAD + "name: a\0b\nlayers: []\n", "syntax"),
        (HEAD + 'name: "\\ud800"\nlayers: []\n', "syntax"),
        (HEAD + 'name: "\\q"\nlayers: []\n', "syntax"),
        (HEAD + "layers: [Flatten\n", "syntax"),
        (HEAD + "layers: [Flatten]]\n", "syntax"),
        (HEAD + "? [a, b]\n: 3\nlayers: []\n", "syntax"),
        (HEAD + "1: 3\nlayers: []\n", "syntax"),
        (HEAD + "name: @home\nlayers: []\n", "syntax"),
        ("%YAML 2.0\n---\n" + INPUT, "syntax"),
        (HEAD + "name: '\ud800'\nlayers: []\n", "not-text"),
        (HEAD.encode() + b"name: \xed\xa0\x80\nlayers: []\n", "not-text"),
        (HEAD.encode("utf-16"), "not-text"),
        (b"\x80", "not-text"),
        (b"\x7fELF\x02\x01\x01\0\0\0", "syntax"),
    ],
)
def test_what_a_spec_does_not_have(text: str | bytes, expected: str) -> None:
    assert code(text) == expected


# --- what a text may be ---------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        INPUT.encode(),
        b"\xef\xbb\xbf" + INPUT.encode(),
        INPUT.replace("\n", "\r\n").encode(),
        INPUT.replace("\n", "\r").encode(),
        INPUT.rstrip("\n").encode(),
        b"# a remark\n\n" + INPUT.encode() + b"# another\n",
        b"---\n" + INPUT.encode() + b"...\n",
        b"%YAML 1.2\n---\n" + INPUT.encode(),
    ],
    ids=["plain", "mark", "crlf", "cr", "no end", "remarks", "marked", "directive"],
)
def test_texts_that_are_the_same_spec(data: bytes) -> None:
    assert pc.loads(data) == pc.loads(INPUT)


def test_json() -> None:
    spec = pc.loads(INPUT + "  - Dense: {units: 2 * 3}\n    name: größe\n  - BatchNorm\n")
    for options in ({}, {"indent": 2}, {"ensure_ascii": False}, {"separators": (",", ":")}):
        assert pc.loads(json.dumps(spec.plain(), **options)) == spec


def test_escapes_of_json() -> None:
    text = r'{"paramcalc": 1, "name": "a\/b\u00e9\n\t\"\\ \ud83d\ude00", "layers": []}'
    assert pc.loads(text).name == json.loads(text)["name"]


def test_positions_in_json() -> None:
    error = refusal('{"paramcalc": 1,\n "layers": [{"Dence": {"units": 3}}]}')
    assert str(error).startswith("<text>:2:14: error[unknown-kind]: no layer type 'Dence'")


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(INPUT.encode())))
    assert pc.load("-") == pc.loads(INPUT)


def test_a_problem_on_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"layers: []\n")))
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.load("-")
    assert str(caught.value).startswith("<stdin>:1:1: error[missing-key]")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.yaml", tmp_path / "none" / "none.yaml", "nul\0.yaml", "x" * 5000):
        with pytest.raises(pc.ParamcalcError) as caught:
            pc.load(path)
        assert caught.value.code == "unreadable-file"
        assert "cannot read" in str(caught.value)


def test_a_file_that_is_too_large(tmp_path: Path) -> None:
    (tmp_path / "large.yaml").write_bytes(b"#" * (pc.LIMITS.file_bytes + 1))
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.load(tmp_path / "large.yaml")
    assert caught.value.code == "limit"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("width=1024", 1024),
        ("bias=false", False),
        ("depths=[3,4]", (3, 4)),
        ("depths=[3, 4, 23, 3]", (3, 4, 23, 3)),
        ("tokens=null", None),
        (" width = 3", 3),
    ],
)
def test_a_dim_from_the_command_line(text: str, expected: object) -> None:
    ((_, value),) = _set(text).items()
    assert value == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("width", "invalid-value"),
        ("=3", "invalid-value"),
        ("width=", "invalid-value"),
        ("width= ", "invalid-value"),
        ("width=1.5", "wrong-type"),
        ("width=yes", "ambiguous-scalar"),
        ("width=[3", "syntax"),
        ("width={a: 3}", "wrong-type"),
        ("width=" + "9" * 101, "limit"),
    ],
)
def test_a_dim_from_the_command_line_that_is_wrong(text: str, expected: str) -> None:
    with pytest.raises(pc.ParamcalcError) as caught:
        _set(text)
    assert caught.value.code == expected


def test_a_dim_that_is_a_double_from_the_command_line() -> None:
    # the spec alone says whether a dim is a double
    assert _set("factor=1.5", pc.Dim(number=2)) == {"factor": 1.5}


def _set(text: str, stated: Any = 1) -> dict[str, Any]:
    """What dims are set to by a text behind `--set`."""
    name, written = read_setting(text)
    return read_given(pc.Spec([pc.Dense(units=2)], dims={name: stated}), {name: written})


def test_a_text_from_the_command_line_is_an_expression_but_for_a_dim_that_is_a_text() -> None:
    spec = pc.loads(
        "paramcalc: 1\ndims: {way: {text: mean}, n: 4}\nlayers:\n  - Input: {shape: [8]}\n"
        "  - Dense: {units: \"n if way == 'sum' else 1\", use_bias: false}\n"
    )
    # 'sum' is a function of the language, and no text of it
    assert pc.count(spec, dims=dict([read_setting("way=sum"), read_setting("n=2 * 3")])).total == 8 * 6
    with pytest.raises(pc.ParamcalcError, match="the value of 'n': '3 \\+' is not an expression") as caught:
        pc.count(spec, dims=dict([read_setting("n=3 +")]))
    assert caught.value.code == "invalid-expression"


# --- and back -------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["lenet5", "gpt2", "resnet20"])
def test_specs_that_are_printed_and_read_back(name: str) -> None:
    """The sweeps print and read all."""
    check_printed(ROOT / "specs" / f"{name}.yaml")


def check_printed(path: Path) -> None:
    spec = pc.load(path)
    again = pc.loads(pc.dumps(spec))
    assert again == spec
    assert pc.dumps(again) == pc.dumps(spec)
    assert pc.loads(json.dumps(spec.plain())) == spec


def test_a_spec_is_printed_as_people_write_it() -> None:
    spec = pc.Spec(
        name="net",
        dims={"width": 8, "half": "width / 2"},
        layers=[
            pc.Input(shape=("width",)),
            pc.Node(pc.Dense(units="min(width, half)", use_bias=False), name="fc", times=2),
            pc.BatchNorm(),
        ],
    )
    assert pc.dumps(spec) == (
        "paramcalc: 1\n"
        "name: net\n"
        "dims: {width: 8, half: width / 2}\n"
        "layers:\n"
        "  - Input: {shape: [width]}\n"
        "  - Dense: {units: 'min(width, half)', use_bias: false}\n"
        "    name: fc\n"
        "    times: 2\n"
        "  - BatchNorm\n"
    )


@pytest.mark.parametrize("name", ["layers", "blocks"])
def test_names_of_users_that_are_keys_of_ours_are_written(name: str) -> None:
    text = (
        HEAD
        + f"dims: {{{name}: 3, list: [1, 2]}}\n"
        + f"blocks:\n  {name}:\n    arguments: {{{name}_wide: null, both: [{name}, 2]}}\n"
        + f'    layers:\n      - Dense: {{units: "{name}_wide"}}\n'
        + f"layers:\n  - Input: {{shape: [{name}]}}\n  - block: {name}\n    with: {{{name}_wide: {name}}}\n"
        + f"  - Weights: {{tensors: {{{name}: [{name}, 2]}}}}\n  - name: {name}\n    layers:\n      - Flatten\n"
    )
    spec = pc.loads(text)
    assert pc.loads(pc.dumps(spec)) == spec
    # a dim, an argument and a tensor of that name stand in braces, as any other
    assert f"dims: {{{name}: 3, list: [1, 2]}}\n" in pc.dumps(spec)
    assert f"tensors: {{{name}: [{name}, 2]}}" in pc.dumps(spec)
