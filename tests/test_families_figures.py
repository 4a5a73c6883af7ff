"""The figures of families: the page says what is recorded, and the record is that of the documents that ship."""

import json

from paramcalc.families.stored import family_names, stored_family
from tests.families_figures import CAUSES, OTHER, PAGE, Made, Type, held_to, kind, page, read, recorded, tables
from tests.sampled_families import sampled


def test_the_page_has_the_figures_that_are_recorded() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert page(text, read()) == text


def test_a_document_ships_of_each_type_of_which_a_class_is_known_and_of_no_other() -> None:
    assert family_names() == sorted(name for name, each in read().items() if each.came != "refused")


def test_a_document_has_what_is_recorded_of_it() -> None:
    """A few of them; the sweep has all."""
    types = read()
    for name in sampled(family_names(), 6):
        held_to(types[name], stored_family(name))


def test_no_configuration_is_recorded_that_was_answered_wrongly() -> None:
    for name, each in read().items():
        for made in each.classes.values():
            assert all(not said.keys() - {"whole", "parameters", "refused"} for said in made.fresh.values()), name


def test_a_line_of_the_report_is_recorded() -> None:
    outcomes = {"traced whole": 9, "random whole": 18, "random refused": 2, "hostile parameters": 3}
    ours = {"default": "does", "reason": "", "outcomes": outcomes}
    refused = {"default": "does", "reason": "how a follows from other fields", "outcomes": {}}
    row = json.loads(json.dumps({"type": "gpt2", "classes": {"GPT2LMHeadModel": ours, "Other": refused}}))
    found = recorded(row, stored_family("gpt2"))
    assert (found.builds, found.came) == ("does", "part")
    assert found.classes["GPT2LMHeadModel"].fresh == {
        "random": {"whole": 18, "refused": 2},
        "hostile": {"parameters": 3},
    }
    assert found.classes["Other"].refused == "how a field follows from others was not found"


def test_shares_are_of_what_was_drawn() -> None:
    drawn = {sort: {"whole": 15, "parameters": 4, "refused": 1} for sort in ("random", "hostile", "sparse")}
    types = {
        "known": Type("does", {"Model": Made("", "whole", drawn, "whole")}),
        "not": Type("does", {"Model": Made(OTHER)}),
        "never": Type("fails", {"Model": Made(OTHER)}),
    }
    lines = [*tables(types)]
    assert "2 can be built from a configuration that states nothing:" in lines
    assert "| every class of models is known | 1 | 50.0 % |" in lines
    assert f"| {OTHER} | 1 |" in lines
    assert "| random values | 20 | 95.0 % | 75.0 % | 5.0 % | 0 | 47.5 % |" in lines


def test_causes_are_told_by_kind() -> None:
    assert kind("how text_config.heads follows from other fields") == "how a field follows from others was not found"
    assert kind("wrong at {}: 2 tensors") == CAUSES["wrong"]
    assert kind("h.0.w is made twice") == "names and ties"
    assert kind("what no one has thought of") == OTHER
