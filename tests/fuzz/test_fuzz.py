"""Thousands of specs that were broken at random: each counts, or is refused in our own words, in a moment."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import paramcalc as pc
from tests.seed import SEED
from tests.test_errors import WRONG

pytestmark = pytest.mark.fuzz

SPECS = Path(__file__).parents[2] / "specs"
ROUNDS = 30
MUTANTS = 100

#: What may stand in a spec, and what should not.
TOKENS = [
    *(
        "0",
        "1",
        "-1",
        "2",
        "7",
        "3.5",
        "1e3",
        "010",
        "0x10",
        "1:30",
        "1_0",
        "9" * 120,
        "10 ** 99",
        "9 ** 9 ** 9",
        "1 / 3",
    ),
    *(
        "true",
        "false",
        "null",
        "yes",
        "~",
        "''",
        '"',
        "'",
        "[]",
        "{}",
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        ": ",
        "- ",
        "? ",
        "#",
    ),
    *(
        "&a ",
        "*a",
        "!!str ",
        "<<: 3",
        "---",
        "...",
        "%YAML 1.2",
        "|",
        ">",
        "@",
        "`",
        "\t",
        "\0",
        "\u2028",
        "é",
        "\U0001f600",
    ),
    *(
        "input",
        "input.1",
        "x",
        "a.0.b",
        "i",
        "width",
        "size(1)",
        "size(-9)",
        "channels()",
        "min(1, 2)",
        "len([1])",
        "x[0]",
    ),
    *("times: 1000000000", "times: 0", "index: i", "when: i > 3", "when: false", "residual: true", "trainable: false"),
    *(
        "share: x",
        "share: body",
        "tie: {kernel: x.kernel}",
        "inputs: [x, x]",
        "inputs: input",
        "dtype: int4",
        "name: x",
    ),
    *(
        "block: mlp",
        "with: {n: 3}",
        "layers: []",
        "layers: [Flatten]",
        "Dense: {units: 3}",
        "BatchNorm",
        "Flatten",
        "Add",
    ),
    *("Conv2D: {filters: 3, kernel_size: 3}", "Reshape: {target_shape: [-1]}", "LSTM: {units: 2}", "Concatenate"),
]


_START = """\
paramcalc: 1
framework: keras
dims: {width: 6, depth: 3, wide: 2 * width, flag: true, sizes: [3, 4], tokens: null}
blocks:
  mlp:
    arguments: {n: null, bias: true}
    layers:
      - LayerNorm
      - Dense: {units: n, use_bias: bias, activation: gelu}
      - Dense: {units: width, use_bias: bias}
layers:
  - Input: {shape: [tokens, width]}
    name: x
  - Dense: {units: width}
    name: fc
"""

#: Nodes that keep the shape of their input; # is a number of their own.
_PARTS = [
    """\
  - name: body_#
    times: depth
    index: i
    layers:
      - residual: true
        layers:
          - LayerNorm
          - MultiHeadAttention: {num_heads: 2, key_dim: width / 2}
      - block: mlp
        with: {n: wide + i}
        residual: true
""",
    """\
  - Dense: {units: width}
    name: fc_#
    trainable: false
  - BatchNorm
  - Activation: {activation: relu}
""",
    """\
  - share: fc
    inputs: [x]
    residual: flag
  - Dropout: {rate: 0.5}
    times: 1000000
""",
    """\
  - Dense: {units: width}
    tie: {kernel: fc.kernel}
    dtype: float16
""",
    """\
  - Concatenate:
    inputs: [x, fc]
  - Weights: {tensors: {lora: [width, 4]}}
  - Dense: {units: 'min(width, 512)'}
""",
    """\
  - when: width > 3 and sizes[0] == 3
    layers:
      - Dense: {units: size(-1)}
        inputs: input
      - RMSNorm
""",
]


def large_spec(chance: random.Random) -> str:
    """A spec of more than a hundred nodes that has every feature."""
    parts = (chance.choice(_PARTS).replace("#", str(number)) for number in range(45))
    return "".join([_START, *parts, "outputs: [x]\n"])


def _pick(chance: random.Random, text: str) -> tuple[int, int]:
    """A short stretch of a text, most often a word."""
    start = chance.randrange(len(text) + 1)
    end = start
    while end < len(text) and end - start < 40 and (text[end].isalnum() or text[end] in "_." or end == start):
        end += 1
    return start, end


def _lines(change: Callable[[random.Random, list[str]], object]) -> Callable[[random.Random, str], str]:
    def mutate(chance: random.Random, text: str) -> str:
        lines = text.split("\n")
        change(chance, lines)
        return "\n".join(lines)

    return mutate


def _word(change: Callable[[random.Random, str], str]) -> Callable[[random.Random, str], str]:
    def mutate(chance: random.Random, text: str) -> str:
        start, end = _pick(chance, text)
        return text[:start] + change(chance, text[start:end]) + text[end:]

    return mutate


def _swap(chance: random.Random, lines: list[str]) -> None:
    left, right = chance.randrange(len(lines)), chance.randrange(len(lines))
    lines[left], lines[right] = lines[right], lines[left]


def _indent(chance: random.Random, lines: list[str]) -> None:
    place = chance.randrange(len(lines))
    lines[place] = " " * chance.randrange(9) + lines[place].lstrip()


def _junk(chance: random.Random, text: str) -> str:
    return "".join(
        chr(chance.choice([chance.randrange(32), chance.randrange(128), chance.randrange(0xD000)])) for _ in range(3)
    )


MUTATIONS: list[Callable[[random.Random, str], str]] = [
    _lines(lambda chance, lines: lines.pop(chance.randrange(len(lines)))),
    _lines(lambda chance, lines: lines.insert(chance.randrange(len(lines)), chance.choice(lines))),
    _lines(lambda chance, lines: lines.insert(chance.randrange(len(lines)), "    " + chance.choice(TOKENS))),
    _lines(lambda chance, lines: lines.insert(chance.randrange(len(lines)), "  - " + chance.choice(TOKENS))),
    _lines(_swap),
    _lines(_indent),
    _word(lambda chance, word: ""),
    _word(lambda chance, word: word + word),
    _word(lambda chance, word: chance.choice(TOKENS)),
    _word(lambda chance, word: chance.choice(TOKENS)),
    _word(lambda chance, word: word[::-1]),
    _word(_junk),
    lambda chance, text: text[: chance.randrange(len(text) + 1)],
]


def mutant(chance: random.Random, text: str) -> str:
    """A text with a few things changed at random."""
    for _ in range(chance.choice([1, 1, 1, 2, 3, 8])):
        text = chance.choice(MUTATIONS)(chance, text)
    return text


def count_or_refuse(text: str | bytes, convention: str | None = None) -> bool:
    """Whether a text counts; if not, the refusal is put in words. Anything else that is raised is a fault."""
    try:
        count = pc.count(pc.loads(text), convention)
    except pc.ParamcalcError as error:
        message, codes = str(error), {problem.code for problem in error.problems}
        assert "error[" in message
        assert codes <= {*pc.CODES}
        return False
    assert count.total == count.trainable + count.non_trainable
    assert count.plain()["total"] == count.total
    return True


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_mutants(round_: int) -> None:
    chance = random.Random(f"{SEED} {round_}")
    seeds = [*(path.read_text(encoding="utf-8") for path in sorted(SPECS.glob("*.yaml"))), large_spec(chance)]
    seeds += [wrong.text for wrong in chance.sample(WRONG, 5)]
    for number in range(MUTANTS):
        text = mutant(chance, chance.choice(seeds))
        before = time.process_time()
        try:
            count_or_refuse(text, chance.choice([None, "keras", "torch"]))
        except Exception as fault:
            raise AssertionError(f"mutant {number} of round {round_} raises {fault!r}:\n{text}") from fault
        assert time.process_time() - before < 1, f"mutant {number} of round {round_} takes too long:\n{text}"


@pytest.mark.parametrize("round_", range(3))
def test_mutants_of_bytes(round_: int) -> None:
    chance = random.Random(f"{SEED} {round_}")
    data = bytearray((SPECS / "resnet20.yaml").read_bytes())
    for _ in range(100):
        broken = bytearray(data)
        for _ in range(chance.choice([1, 2, 20])):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        count_or_refuse(bytes(broken))


def test_the_large_specs_are_large_and_count() -> None:
    for seed in range(5):
        text = large_spec(random.Random(seed))
        assert text.count("- ") > 100
        assert count_or_refuse(text)


def test_memory_stays_small(tmp_path: Path) -> None:
    # in a process of its own, where no framework of another test is loaded
    program = "from tests.fuzz.test_fuzz import test_mutants\nfor number in range(5): test_mutants(number)"
    report = tmp_path / "report.json"
    command = [sys.executable, str(Path(__file__).with_name("measure.py")), "60", str(report)]
    subprocess.run([*command, sys.executable, "-c", program], check=True, cwd=SPECS.parent)
    taken = json.loads(report.read_text(encoding="utf-8"))
    assert taken["code"] == 0
    assert taken["megabytes"] < 300
