"""What the generator of families makes of what it sees: each rule by itself, and a refusal where one does not hold."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from paramcalc.core.expression import Environment, Expression
from paramcalc.families.generator.bodies import Body, Copies, Entry
from paramcalc.families.generator.following import Observed, list_law, value_of
from paramcalc.families.generator.learning import Branch, Child, NotLearnt, Numbers, Trie
from paramcalc.families.generator.models import OutOfTime, config_class, fields_of, processor_limited
from paramcalc.families.generator.numbering import common, numbered, placed, way_of
from paramcalc.families.generator.recording import Condition, Frame, Made, Recorder
from paramcalc.families.generator.tracing import trace

pytestmark = pytest.mark.framework


# --- Numbers in names -------------------------------------------------------------------


def number(*seen: tuple[int, dict[str, int]], identified: str | None = None) -> Any:
    """What a number in a name is, of those that were seen, each with the copies of loops in which it was."""
    branch = Branch(Trie(), seen=[Numbers((each,), copies, run) for run, (each, copies) in enumerate(seen)])
    (found,) = way_of(Child(("*",), "", (), ()), branch, lambda values: identified)
    return found


def test_a_number_in_a_name_is_the_copy_of_the_loop_that_it_follows() -> None:
    assert number((0, {"i": 0, "k": 0}), (1, {"i": 1, "k": 0})) == Copies("i")
    assert number((1, {"i": 1, "k": 1}), (0, {"i": 1, "k": 0})) == Copies("k")


def test_a_number_in_a_name_may_be_linear_in_the_copy() -> None:
    assert number((1, {"i": 0}), (2, {"i": 1})) == Copies("i", offset="1")
    assert number((0, {"i": 0}), (2, {"i": 1}), (4, {"i": 2})) == Copies("i", scale=2)


def test_two_copies_do_not_confirm_a_step_of_two() -> None:
    with pytest.raises(NotLearnt, match=r"the number in \*"):
        number((0, {"i": 0}), (2, {"i": 1}))


def test_a_number_in_a_name_that_follows_nothing_is_not_learnt() -> None:
    with pytest.raises(NotLearnt, match=r"the number in \*"):
        number((0, {"i": 0}), (1, {"i": 1}), (3, {"i": 2}))


def test_a_number_may_begin_behind_what_a_field_says() -> None:
    assert number((4, {"i": 0}), (7, {"i": 1}), identified="depth") == Copies("i", offset="depth")


def test_copies_that_begin_later_are_counted_from_the_first_number() -> None:
    way, entry = placed((Copies("i", offset="1"), "weight"), Entry(("(width + i)",), True, "Linear"), "i", "depth")
    assert way == (Copies("i", "(depth + 1)"), "weight")
    assert entry.when == ("(i >= 1)",)
    # the tensor of number 3 was made in copy 2
    values = Environment({"width": 10, "i": 3})
    assert Expression.parse(entry.sizes[0]).evaluate(values) == 12


def test_what_a_loop_makes_without_a_number_is_not_learnt() -> None:
    with pytest.raises(NotLearnt, match="has no number of a copy"):
        placed(("weight",), Entry(("width",), True, "Linear"), "i", "depth")


def test_copies_seen_one_by_one_have_a_law_in_common_or_none() -> None:
    def bodies(*sizes: str) -> list[Body]:
        return [Body({(str(copy), "weight"): Entry((size,), True, "Linear")}) for copy, size in enumerate(sizes)]

    found = common(bodies("(w * 2)", "(w * 4)", "(w * 8)"), 0, "i")
    assert found is not None
    ((way, entry),) = found.entries.items()
    assert way == (Copies("i"), "weight")
    values = [Expression.parse(entry.sizes[0]).evaluate(Environment({"w": 3, "i": copy})) for copy in range(4)]
    assert values == [6, 12, 24, 48]
    assert common(bodies("(w * 2)", "(w * 4)", "(w * 7)"), 0, "i") is None
    assert common(bodies("(w * 2)", "(w * 4)"), 0, "i") is None


def test_two_loops_that_fill_one_module_are_numbered_by_one() -> None:
    body = Body(
        {
            (Copies("i", "first"), "weight"): Entry(("8",), True, "Linear"),
            (Copies("k", "(first + second)"), "bias"): Entry(("8",), True, "Linear", ("(k >= first)",)),
        }
    )
    sites = {way[0].site for way in numbered(body).entries if isinstance(way[0], Copies)}
    assert len(sites) == 1


# --- Lists that follow from fields ------------------------------------------------------


def lists(make: Any, depths: Any = range(1, 41), **fields: Any) -> Observed:
    return [({"depth": depth, **fields}, make(depth)) for depth in depths]


def kinds(depth: int, period: int) -> list[str]:
    return ["full" if (place + 1) % period == 0 else "sliding" for place in range(depth)]


def test_a_list_may_have_one_kind_everywhere() -> None:
    text = list_law(lists(lambda depth: ["full"] * depth), "depth", None)
    assert text is not None
    assert value_of(text, {"depth": 77}) == ("full",) * 77


@pytest.mark.parametrize("period", [2, 3, 6])
def test_a_list_may_have_one_kind_at_each_so_many(period: int) -> None:
    text = list_law(lists(lambda depth: kinds(depth, period)), "depth", None)
    assert text is not None
    assert value_of(text, {"depth": 77}) == tuple(kinds(77, period))


def test_a_list_may_have_one_kind_at_each_so_many_as_a_field_says() -> None:
    seen = [({"depth": depth, "every": every}, kinds(depth, every)) for depth in range(20, 41) for every in (3, 4, 5)]
    text = list_law(seen, "depth", None)
    assert text is not None
    assert value_of(text, {"depth": 77, "every": 7}) == tuple(kinds(77, 7))


def test_a_list_without_a_law_is_not_learnt() -> None:
    primes = {2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37}
    seen = lists(lambda depth: ["full" if place in primes else "sliding" for place in range(depth)])
    assert list_law(seen, "depth", None) is None


# --- What is asked of a set -------------------------------------------------------------


def asked(frame: Frame) -> dict[str, bool]:
    """All conditions asked in a frame and in those within it, outside loops."""
    found = {each.text: each.outcome for each in frame.events if isinstance(each, Condition)}
    for each in frame.events:
        if isinstance(each, Made) and each.frame is not None:
            found.update(asked(each.frame))
    return found


def test_of_a_set_of_kinds_of_layers_it_is_asked_which_are_in_it() -> None:
    from paramcalc.families.generator.exploring import Explorer

    explorer = Explorer("gemma3_text", "Gemma3TextModel")
    config = config_class("gemma3_text")(num_hidden_layers=2, layer_types=["full_attention"] * 2)
    recorder: Recorder
    _, recorder = trace(explorer.cls, config, fields_of(config), explorer.declared.optional, explorer.choices)
    found = asked(recorder.root)
    assert found['("full_attention" in layer_types)'] is True
    assert found['("sliding_attention" in layer_types)'] is False
    # of a kind that no code of the type names nothing is known: it is asked for as well
    assert any('"linear_attention"' in text and not outcome for text, outcome in found.items())


# --- Time -------------------------------------------------------------------------------


def busy() -> None:
    """Work for ever, and let no exception be a reason to stop, as the code of a model may."""
    while True:
        with suppress(Exception):
            sum(range(1000))


def test_a_type_that_takes_too_long_is_given_up_by_name() -> None:
    with pytest.raises(OutOfTime, match=r"it takes more than 0\.05 seconds of a processor"), processor_limited(0.05):
        busy()
