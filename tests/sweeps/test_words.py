"""Words of ours in a user's names: a spec reads the same whatever its blocks, nodes and dims are called."""

import pytest

import paramcalc as pc
from tests.helpers import run

pytestmark = pytest.mark.sweep

#: {block}, {group} and {dim} are names that the user gives.
NETWORK = """
paramcalc: 1
framework: {framework}
dims: {{{dim}: 8, depth: 3}}
blocks:
  {block}:
    layers:
      - name: one
        layers: [{{Dense: {{units: {dim}}}}}, {{Dense: {{units: {dim}}}}}]
      - name: two
        layers: [{{Dense: {{units: {dim}}}}}, {{Dense: {{units: {dim}}}}}]
layers:
  - Input: {{shape: [8]}}
  - block: {block}
    name: first
  - block: {block}
    times: depth
    name: others
  - name: {group}
    layers: [{{Dense: {{units: {dim}}}}}, {{Dense: {{units: {dim}}}}}]
"""
VIEWS = [
    ("count", "--depth", "1"),
    ("count", "--depth", "2", "--format", "json"),
    ("formula", "--by", "layer"),
    ("formula", "--by", "group"),
    ("explain",),
    ("explain", "--node", "first"),
]
WORDS = ["copies", "group", "model", "layers", "total"]


def twin(word: str) -> str:
    """A name of the same length that is no word of ours, so that columns are as wide."""
    return f"{word[:-1]}z"


def output(name: str, *arguments: str, slots: tuple[str, ...] = ("block",), framework: str = "keras") -> str:
    """What a command prints of the network with this name in these slots."""
    names = {"block": "residuum", "group": "ending", "dim": "width", **dict.fromkeys(slots, name)}
    result = run(*arguments, "-", stdin=NETWORK.format(framework=framework, **names))
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.parametrize("word", WORDS)
def test_a_name_that_is_a_word_of_ours_changes_nothing_else(word: str) -> None:
    for view in VIEWS:
        given, other = (output(name, *view, slots=("block", "group", "dim")) for name in (word, twin(word)))
        assert given == other.replace(twin(word), word)


@pytest.mark.parametrize("framework", ["keras", "torch"])
@pytest.mark.parametrize("word", ["copies", "group", "model"])
def test_a_block_named_by_a_word_of_ours_is_built_as_any_other(word: str, framework: str) -> None:
    given, other = (output(name, "build", "--as", framework, framework=framework) for name in (word, "copiez"))
    assert "in range(depth)" in given
    # `model` is a variable of every Keras source, so that the function has another name
    function = "model_2" if (word, framework) == ("model", "keras") else word
    assert given == other.replace("copiez", function).replace("Copiez", word.capitalize())


def test_a_block_called_model_is_explained_as_a_block() -> None:
    text = NETWORK.format(framework="keras", block="model", group="ending", dim="width")
    (part,) = pc.explain(pc.loads(text), node="first").parts
    assert part.rows[0].name == "first.one.dense"
    printed = str(pc.explain(pc.loads(text), node="first"))
    assert "first · the block model" in printed
    assert "The whole model" not in printed
