"""Pages in a real browser and in a real LaTeX: nothing overlaps, nothing is cut, nothing is missing."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

import paramcalc as pc
from tests.pages.tools import compiled, looked_at, on_paper, places_of, text_of

pytestmark = pytest.mark.page

ROOT = Path(__file__).parent.parent.parent
GROUPED = pc.Conv2D(filters=64, kernel_size=3, groups=4)
SPECS = sorted((ROOT / "specs").glob("*.yaml"))


@cache
def explained(name: str) -> pc.Derivation:
    return pc.explain(pc.load(ROOT / "specs" / f"{name}.yaml"))


def forms() -> str:
    """Closed forms in a page without a style."""
    printed = [pc.formula(pc.kind(name)).to("mathml") for name in ("Conv2D", "LSTM", "GRUCell")]
    return f'<!DOCTYPE html><meta charset="utf-8"><h1>forms</h1>{"".join(printed)}'


#: What JupyterLab, and a page of nbconvert 7.17, say of the tables of an output.
JUPYTER = """
.jp-RenderedHTMLCommon table { border-collapse: collapse; border: none; table-layout: fixed; margin-left: auto }
.jp-RenderedHTMLCommon td, .jp-RenderedHTMLCommon th, .jp-RenderedHTMLCommon tr { vertical-align: middle;
  padding: .5em; line-height: normal; white-space: normal; max-width: none; border: none }
:not(.jp-RenderedMarkdown).jp-RenderedHTMLCommon td, :not(.jp-RenderedMarkdown).jp-RenderedHTMLCommon th,
:not(.jp-RenderedMarkdown).jp-RenderedHTMLCommon tr { text-align: right }
"""


def notebook() -> str:
    """Results as the outputs of a notebook."""
    results = [pc.explain(GROUPED, input_shape=(8, 8, 32)), pc.formula(pc.LSTM), explained("gpt2")]
    outputs = [f'<div class="jp-RenderedHTMLCommon">{result._repr_html_()}</div>' for result in results]
    return f'<!DOCTYPE html><meta charset="utf-8"><style>{JUPYTER}</style><h1>notebook</h1>{"".join(outputs)}'


#: A page of each sort.
PAGES: dict[str, Callable[[], str]] = {
    "derivation": lambda: explained("keras_mlp").to("html"),
    "groups": lambda: explained("gpt2").to("html"),
    "many-copies": lambda: explained("resnet20").to("html"),
    "brief": lambda: explained("gpt2").to("html", brief=True),
    "notebook": notebook,
    "fractions": lambda: pc.explain(GROUPED, input_shape=(8, 8, 32)).to("html"),
    "worksheet": lambda: explained("gpt2").to("html", sheet="blank"),
    "answers": lambda: explained("gpt2").to("html", sheet="answers"),
    "comparison": lambda: pc.compare(pc.load(ROOT / "specs" / "lstm_classifier.yaml")).to("html"),
    "mathml": forms,
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_laid_out_as_meant(name: str, tmp_path: Path) -> None:
    seen = looked_at(PAGES[name](), name, tmp_path, 1000)
    assert seen["formulas"] == PAGES[name]().count("<math")
    assert seen["unlaid"] == []
    assert seen["foreign"] == 0
    assert seen["outside"] == []
    assert seen["scrolled"] == []
    assert seen["needed"] <= seen["width"]
    assert all(seen["fractions"])
    assert all(seen["raised"])
    assert seen["faint"] == []
    assert seen["dangling"] == []
    assert seen["sideways"] == []
    # headings go down one level at a time
    levels = seen["headings"]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_the_total_and_the_contents_stand_above_all_else(tmp_path: Path) -> None:
    seen = looked_at(PAGES["groups"](), "top", tmp_path, 1280)
    assert seen["heights"] == sorted(seen["heights"])
    page = PAGES["groups"]()
    title, total, contents = (page.index(each) for each in ("<h1>", '<p class="total">124,439,808 par', "<nav>"))
    assert title < total < contents < page.index('<details open class="layer"')


def test_sums_and_shares_lead_to_the_layers() -> None:
    page = PAGES["groups"]()
    assert '<a href="#body.0..11">body.0..11</a>' in page
    assert '<a href="#body.0..11.mlp"><math>' in page
    assert 'Like <a href="#body.0..11.attention.layer_norm">' in page


def test_fractions_powers_and_formulas_are_there_to_be_seen() -> None:
    assert "<mfrac>" in PAGES["fractions"]()
    assert "<msup>" in PAGES["mathml"]()
    assert PAGES["groups"]().count("<math>") > 100


@pytest.mark.parametrize("name", [name for name in PAGES if name != "mathml"])
def test_a_page_fits_a_telephone(name: str, tmp_path: Path) -> None:
    seen = looked_at(PAGES[name](), f"{name}-phone", tmp_path, 360)
    assert seen["width"] == 360
    assert seen["outside"] == []
    assert seen["needed"] <= 360


@pytest.mark.parametrize("name", ["groups", "answers", "worksheet"])
def test_a_page_is_readable_in_the_dark(name: str, tmp_path: Path) -> None:
    seen = looked_at(PAGES[name](), f"{name}-dark", tmp_path, 1000, dark=True)
    assert seen["paper"] < 0.1
    assert seen["faint"] == []
    assert looked_at(PAGES[name](), f"{name}-light", tmp_path, 1000)["paper"] > 0.9


def test_paper_shows_what_is_folded_on_the_screen(tmp_path: Path) -> None:
    folded = PAGES["groups"]().replace("<details open", "<details")
    assert "<details open" not in folded
    text = on_paper(folded, "folded", tmp_path)
    for number in ("38,597,376", "2,362,368", "7,087,872", "124,439,808"):
        assert number in text
    assert "Why is weight free?" in text


def test_a_worksheet_on_paper_has_no_numbers(tmp_path: Path) -> None:
    text = on_paper(PAGES["worksheet"](), "worksheet", tmp_path)
    assert "multi_head_attention" in text
    assert not re.search(r"\d,\d{3},\d{3}", text)


# --- LaTeX -----------------------------------------------------------------------------


@pytest.mark.parametrize("convention", ["keras", "torch"])
@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_a_derivation_compiles_without_a_warning(path: Path, convention: str, tmp_path: Path) -> None:
    derivation = pc.explain(pc.load(path), convention)
    paper, complaints = compiled(derivation.to("latex", standalone=True), path.stem, tmp_path)
    assert complaints == []
    assert f"{derivation.count.total:,}" in text_of(paper)


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_a_worksheet_its_key_and_a_comparison_compile_without_a_warning(path: Path, tmp_path: Path) -> None:
    derivation, total = explained(path.stem), f"{explained(path.stem).count.total:,}"
    blank, complaints = compiled(derivation.to("latex", sheet="blank", standalone=True), "blank", tmp_path)
    assert complaints == []
    assert total not in text_of(blank)
    key, complaints = compiled(derivation.to("latex", sheet="answers", standalone=True), "answers", tmp_path)
    assert complaints == []
    assert total in text_of(key)
    comparison, complaints = compiled(pc.compare(pc.load(path)).to("latex", standalone=True), "comparison", tmp_path)
    assert complaints == []
    assert "The two totals" in text_of(comparison)


def test_the_signs_of_equality_stand_below_each_other(tmp_path: Path) -> None:
    derivation = pc.explain(pc.LSTM(units=128), input_shape=(7, 100))
    paper, complaints = compiled(derivation.to("latex", standalone=True), "equal", tmp_path)
    assert complaints == []
    rows: dict[float, list[float]] = {}
    for left, top in places_of(paper, "="):
        rows.setdefault(top, []).append(left)
    # two symbols, three tensors with a product and its value, and four steps of the sum
    assert list(map(len, rows.values())) == [1, 1, 3, 3, 3, 1, 1, 1, 1]
    symbols, tensors, steps = list(rows.values())[:2], list(rows.values())[2:5], list(rows.values())[5:]
    for aligned in (symbols, tensors, steps):
        for places in zip(*aligned, strict=True):
            assert max(places) - min(places) < 0.1


def test_an_option_keeps_its_dashes(tmp_path: Path) -> None:
    text = pc.explain(pc.LSTM(units=128), input_shape=(7, 100)).to("latex", standalone=True)
    assert "explain --compare keras,torch" in text_of(compiled(text, "dashes", tmp_path)[0])


def test_the_words_of_a_spec_do_not_break_a_document(tmp_path: Path) -> None:
    name = r"100 % \of_{these} $x^2$ & ~ # <größe> 層 `\"|"
    derivation = pc.explain(pc.Spec(name=name, layers=[pc.Input(shape=(2,)), pc.Dense(units=1)]))
    paper, complaints = compiled(derivation.to("latex", standalone=True), "words", tmp_path)
    assert complaints == []
    assert "größe" in text_of(paper)
    assert "[U+5C64]" in text_of(paper)
