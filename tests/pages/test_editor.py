"""The schema in an editor: what the real YAML language server completes, shows and marks."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

import paramcalc as pc
from paramcalc.spec.node import NODE_KEYS
from tests.helpers import run
from tests.pages.language_server import LanguageServer
from tests.targets.engines import tool

VERSION = "2.0.0"
HEAD = "paramcalc: 1\nlayers:\n"
#: The keys that stand beside a layer, and no other content.
OF_LAYER = set(NODE_KEYS) - {"with", "tensors", "connections", "recompute"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LanguageServer]:
    """The server with the schema that the command line prints."""
    folder = tmp_path_factory.mktemp("editor")
    command = [tool("npm"), "install", "--prefix", folder, "--silent", f"yaml-language-server@{VERSION}"]
    subprocess.run(command, check=True, timeout=300)
    schema = folder / "paramcalc.schema.json"
    schema.write_text(run("schema").stdout, encoding="utf-8")
    made = LanguageServer(folder / "node_modules" / "yaml-language-server" / "bin" / "yaml-language-server", schema)
    yield made
    made.stop()


def test_the_schema_is_small(server: LanguageServer) -> None:
    assert server.schema.stat().st_size < 200_000


def test_the_keys_of_a_spec_are_completed(server: LanguageServer) -> None:
    offered = server.completions("|")
    assert {"paramcalc", "dims", "blocks", "layers", "include", "requires"} <= offered.keys()


def test_layer_types_are_completed(server: LanguageServer) -> None:
    offered = server.completions(HEAD + "  - |")
    assert set(pc.kind_names()) <= offered.keys()
    assert offered.keys() - set(pc.kind_names()) == {*NODE_KEYS, "layers", "block", "share"}
    assert offered["Conv2D"].split("\n")[0] == "Conv2D:"
    assert {"filters:", "kernel_size:"} <= set(offered["Conv2D"].split())


def test_the_fields_of_a_type_are_completed_with_their_defaults(server: LanguageServer) -> None:
    offered = server.completions(HEAD + "  - Conv2D:\n      |")
    # what it needs is offered at once, under the name of the type
    assert offered.keys() == {*pc.kind("Conv2D").spelled_fields(), "Conv2D"}
    assert offered["groups"] == "groups: ${1:1}"
    assert offered["use_bias"] == "use_bias: ${1:true}"


def test_the_keys_beside_a_layer_are_completed_and_no_other_type(server: LanguageServer) -> None:
    assert server.completions(HEAD + "  - Dense: {units: 3}\n    |").keys() == OF_LAYER


def test_words_are_completed(server: LanguageServer) -> None:
    text = HEAD + "  - Conv2D: {filters: 3, kernel_size: 3, padding: |}"
    assert server.completions(text).keys() == {"valid", "same"}
    assert "gelu" in server.completions(HEAD + "  - Activation:\n      activation: |")


def test_a_type_shows_its_sentence_and_its_formula(server: LanguageServer) -> None:
    shown = server.hover(HEAD + "  - LS|TM: {units: 3}")
    assert "#### LSTM" in shown
    assert "four gates" in shown
    assert "parameters = 4·recurrent_bias·u·use_bias + 4·n·u + 4·u² + 4·u·use_bias" in shown


def test_a_field_shows_its_meaning_what_it_takes_and_its_default(server: LanguageServer) -> None:
    shown = server.hover(HEAD + "  - Conv2D: {filters: 3, kernel_size: 3, gro|ups: 1}")
    assert "each sees its own share of the channels (a whole number or an expression; default 1)" in shown


@pytest.mark.parametrize(
    ("node", "problems"),
    [
        ("Dense: {units: 3}", 0),
        ("Dense: {unit: 3}", 1),
        ("Dense: {units: 3}\n    nam: x", 1),
        ("{Dense: {units: 3}, Flatten: null}", 1),
        ("BatchNorm", 0),
    ],
)
def test_mistakes_are_marked(server: LanguageServer, node: str, problems: int) -> None:
    assert bool(server.diagnostics(HEAD + f"  - {node}\n")) == bool(problems)
