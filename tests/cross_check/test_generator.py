"""What the generator of families makes of what it sees: each rule by itself, and a refusal where one does not hold."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
import torch
from torch import nn

from paramcalc.core.expression import Environment, Expression
from paramcalc.families.generator.bodies import Body, Copies, Counted, Entry
from paramcalc.families.generator.exploring import Explorer
from paramcalc.families.generator.following import value_of
from paramcalc.families.generator.forms import form
from paramcalc.families.generator.learning import (
    ROOT,
    Asked,
    Child,
    NotLearnt,
    Numbers,
    Own,
    Repeat,
    Replaced,
    Step,
    Trie,
    Tries,
    _Learner,
)
from paramcalc.families.generator.making import make
from paramcalc.families.generator.models import OutOfTime, config_class, fields_of, limited
from paramcalc.families.generator.numbering import common, numbered, placed, way_of
from paramcalc.families.generator.recording import Condition, Frame, Made, Recorder, recording
from paramcalc.families.generator.remembering import expression
from paramcalc.families.generator.scalars import whole
from paramcalc.families.generator.texts import is_certain, is_positive, tidied
from paramcalc.families.generator.tracing import trace
from paramcalc.families.generator.writing import layers

pytestmark = pytest.mark.framework


# --- Numbers in names -------------------------------------------------------------------


def number(*seen: tuple[int, dict[str, int]], identified: str | None = None, **lengths: str) -> Any:
    """What a number in a name is, of those that were seen, each with the copies of loops in which it was."""
    numbers = [Numbers((each,), copies, run) for run, (each, copies) in enumerate(seen)]
    (found,) = way_of(Child(("*",), "", (), ()), [numbers], lambda values: identified, lengths)
    return found


def test_a_number_in_a_name_is_the_copy_of_the_loop_that_it_follows() -> None:
    assert number((0, {"i": 0, "k": 0}), (1, {"i": 1, "k": 0})) == Counted.copy("i")
    assert number((1, {"i": 1, "k": 1}), (0, {"i": 1, "k": 0})) == Counted.copy("k")


def test_a_number_in_a_name_may_be_linear_in_the_copy() -> None:
    assert number((1, {"i": 0}), (2, {"i": 1})) == Counted.copy("i", offset="1")
    assert number((0, {"i": 0}), (2, {"i": 1}), (4, {"i": 2})) == Counted.copy("i", scale=2)


def test_two_copies_do_not_confirm_a_step_of_two() -> None:
    with pytest.raises(NotLearnt, match=r"the number in \*"):
        number((0, {"i": 0}), (2, {"i": 1}))
    # unless there are never more
    assert number((0, {"i": 0}), (2, {"i": 1}), i="2") == Counted.copy("i", scale=2)


def test_a_number_in_a_name_that_follows_nothing_is_not_learnt() -> None:
    with pytest.raises(NotLearnt, match=r"the number in \*"):
        number((0, {"i": 0}), (1, {"i": 1}), (3, {"i": 2}))


def test_what_was_seen_everywhere_tells_a_number_first() -> None:
    step = Child(("*", "*"), "", (), ())
    here = [Numbers((3, 0), {"i": 0}, 0)]
    everywhere = [*here, Numbers((4, 1), {"i": 1}, 1), Numbers((5, 3), {"i": 2}, 2)]
    # the first number follows the copy, as two more show; of the second nothing is known but what is here
    assert way_of(step, (everywhere, here), lambda values: None, {}) == (Counted.copy("i", offset="3"), "0")
    assert way_of(step, (here,), lambda values: None, {}) == ("3", Counted.copy("i"))


def test_a_number_may_begin_behind_what_a_field_says() -> None:
    assert number((4, {"i": 0}), (7, {"i": 1}), identified="depth") == Counted.copy("i", offset="depth")


def test_copies_that_begin_later_are_counted_from_the_first_number() -> None:
    way, entry = placed(
        (Counted.copy("i", offset="1"), "weight"), Entry(("(width + i)",), True, "Linear"), "i", "depth"
    )
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
    assert way == (Counted.copy("i"), "weight")
    values = [Expression.parse(entry.sizes[0]).evaluate(Environment({"w": 3, "i": copy})) for copy in range(4)]
    assert values == [6, 12, 24, 48]
    assert common(bodies("(w * 2)", "(w * 4)", "(w * 7)"), 0, "i") is None
    assert common(bodies("(w * 2)", "(w * 4)"), 0, "i") is None


def test_a_first_copy_and_as_many_more_as_a_list_has_need_no_condition() -> None:
    more = Copies("i", "(len(sizes[1:]) + 1)")
    later = Entry(("sizes[i]",), True, "Linear", ("(i >= 1)",))
    body = numbered(Body({("0", "weight"): Entry(("8",), True, "Linear"), (more, "weight"): later}))
    ((way, entry),) = body.entries.items()
    assert way == (Copies("i_all", "(len(sizes[1:]) + 1)"), "weight")
    assert (tidied(entry.sizes[0]), entry.when) == ("8 if i_all == 0 else sizes[i_all]", ())


@pytest.mark.parametrize(
    ("text", "is_known"),
    [
        ("len(sizes) + 1", True),
        ("min(len(sizes), max(len(depths), len(sizes[1:]))) + 2", True),
        ("len(sizes)", False),
        ("len(sizes) + 0", False),
        ("len(sizes) - 1", False),
        ("min(len(sizes), depth) + 1", False),
        ("depth + 1", False),
    ],
)
def test_of_few_numbers_it_is_known_that_they_are_at_least_1(text: str, is_known: bool) -> None:
    assert is_positive(text) is is_known


def test_it_is_certain_that_a_number_is_itself() -> None:
    assert is_certain("sizes[0] == sizes[0]")
    assert not is_certain("sizes[0] == sizes[1]")
    assert not is_certain("sizes[0] != sizes[0]")


def test_two_loops_that_fill_one_module_are_numbered_by_one() -> None:
    body = Body(
        {
            (Copies("i", "first"), "weight"): Entry(("8",), True, "Linear"),
            (Copies("k", "(first + second)"), "bias"): Entry(("8",), True, "Linear", ("(k >= first)",)),
        }
    )
    sites = {way[0].site for way in numbered(body).entries if isinstance(way[0], Copies)}
    assert len(sites) == 1


# --- Runs that go apart -------------------------------------------------------------------


def seen(*runs: list[tuple[Step, Any]]) -> Tries:
    """What is learnt of runs of one constructor, as steps."""
    tries = Tries(templates={ROOT: Trie()})
    for run, steps in enumerate(runs):
        _Learner(tries, Recorder(), {}, run, Replaced(), frozenset()).insert(tries.templates[ROOT], steps)
    return tries


def weight(size: str) -> Own:
    return Own("weight", (size,), True, "Linear")


def test_what_is_looked_up_in_a_mapping_is_decided_constant_by_constant() -> None:
    runs = [[(Asked(f'(kind == "{kind}")', True), None), (weight(f"{kind}_size"), None)] for kind in "abc"]
    body = form(seen(*runs), lambda values: None)
    size = body.entries[("weight",)].sizes[0]
    for kind in "abc":
        assert value_of(size, {"kind": kind, "a_size": 1, "b_size": 2, "c_size": 3}) == "abc".index(kind) + 1
    # of another kind nothing is known
    ((when, text),) = body.requires
    assert (*when, text) == ("kind != 'a'", "kind != 'b'", '(kind == "c")')


def test_the_first_copy_of_a_loop_within_another_may_be_another_in_each_copy_of_that() -> None:
    def copy(outer: int, inner: int) -> list[tuple[Step, Any]]:
        size = "sizes[i]" if inner else f"sizes[{outer - 1}]" if outer else "base"
        numbers = Numbers((outer, inner), {"i": outer, "j": inner}, 0)
        return [(Child(("*", "*"), "", (weight(size),), ()), numbers)]

    inner = [(Repeat("j", "depth"), [copy(outer, each) for each in range(3)]) for outer in range(4)]
    ((way, entry),) = form(
        seen([(Repeat("i", "len(sizes)"), [[each] for each in inner])]), lambda values: None
    ).entries.items()
    assert [part.site for part in way if isinstance(part, Copies)] == ["i", "j"]
    values = [
        value_of(entry.sizes[0], {"base": 7, "sizes": [1, 2, 3, 4, 5, 6], "i": i, "j": j})
        for i, j in ((0, 0), (0, 1), (5, 0), (5, 2))
    ]
    assert values == [7, 1, 5, 6]


def test_a_module_may_hold_copies_under_one_condition_and_be_one_itself_under_another() -> None:
    entries = {
        ("part", "weight"): Entry(("width",), True, "Linear", ("shared",)),
        ("part", Copies("L_copy", "depth"), "weight"): Entry(("width",), True, "Linear", ("not shared",)),
    }
    (found,) = layers(Body(entries), {}, [])
    tensors = {"tensors": {"weight": ["width"]}, "layers": []}
    assert found == {
        "name": "part",
        "layers": [
            {"name": ".", "when": "not shared", "times": "depth", **tensors},
            {"name": ".", "when": "shared", **tensors},
        ],
    }


# --- What is asked of a set -------------------------------------------------------------


def asked(frame: Frame) -> dict[str, bool]:
    """All conditions asked in a frame and in those within it, outside loops."""
    found = {each.text: each.outcome for each in frame.events if isinstance(each, Condition)}
    for each in frame.events:
        if isinstance(each, Made) and each.frame is not None:
            found.update(asked(each.frame))
    return found


def test_of_a_set_of_kinds_of_layers_it_is_asked_which_are_in_it() -> None:
    explorer = Explorer("gemma3_text", "Gemma3TextModel")
    config = config_class("gemma3_text")(num_hidden_layers=2, layer_types=["full_attention"] * 2)
    recorder: Recorder
    _, recorder = trace(explorer.cls, config, fields_of(config), explorer.declared.optional, explorer.choices)
    found = asked(recorder.root)
    assert found['("full_attention" in layer_types)'] is True
    assert found['("sliding_attention" in layer_types)'] is False
    # of a kind that no code of the type names nothing is known: it is asked for as well
    assert any('"linear_attention"' in text and not outcome for text, outcome in found.items())


@pytest.mark.parametrize(
    ("model_type", "given", "name", "expected"),
    [
        ("nemotron_h", {}, "num_hidden_layers", "len(layers_block_type)"),
        (
            "neucodec",
            {"downsampling_ratios": [2, 3]},
            "encoder_hop_length",
            "(downsampling_ratios[0] * downsampling_ratios[1])",
        ),
    ],
)
def test_what_a_property_of_a_configuration_works_out_is_remembered(
    model_type: str, given: dict[str, Any], name: str, expected: str
) -> None:
    config = config_class(model_type)(**given)

    class Root(nn.Module):
        def __init__(self, config: Any) -> None:
            super().__init__()
            self.found = expression(getattr(config, name))

    model, _ = trace(Root, config, fields_of(config), frozenset())
    assert model.found == expected


# --- Modules that are changed after their constructors ------------------------------------


class Asking(nn.Module):
    """Gives a layer a bias that it was made without."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(2, 3, bias=False)
        self.layer.bias = nn.Parameter(torch.zeros(3))


class Adopting(nn.Module):
    """Puts a module in the place of another, with what is in that one."""

    def __init__(self) -> None:
        super().__init__()
        self.holder = Holding()
        inside = Holding.Inside()
        inside.layer = self.holder.inside.layer
        self.holder.inside = inside


class Leaving(nn.Module):
    """Takes a part of a module that it made, and leaves the rest."""

    def __init__(self) -> None:
        super().__init__()
        self.part = Holding().inside


class Drawn(nn.Module):
    """Has a parameter of numbers that are drawn."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.normal(0, 1, size=(whole(3, "width"), 2)))


class Holding(nn.Module):
    """Has a module in it."""

    class Inside(nn.Module):
        """Has a layer in it."""

        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(2, 3)

    def __init__(self) -> None:
        super().__init__()
        self.inside = Holding.Inside()


def learnt(make: Any) -> Tries:
    """What is learnt of one run of a constructor."""

    class Root(nn.Module):
        def __init__(self, config: Any) -> None:
            super().__init__()
            self.model = make()

    model, recorder = trace(Root, config_class("gpt2")(), {}, frozenset())
    tries = Tries(Tries())
    tries.learn(model, recorder)
    return tries


def test_a_layer_that_is_given_a_bias_later_is_another_than_one_without() -> None:
    tries = learnt(Asking)
    assert tries.replacing == {Asking}
    (name,) = [key for key in tries.templates if "Linear" in key]
    assert name.endswith(" with weight, bias")


class Dropping(nn.Module):
    """Makes a layer for each rate of a list that it made."""

    class Layer(nn.Module):
        """Has a layer in it."""

        def __init__(self, rate: float) -> None:
            super().__init__()
            self.layer = nn.Linear(2, 3)

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList([Dropping.Layer(rate=rate) for rate in (0.0, 0.1, 0.2)])


def test_layers_that_are_each_given_another_double_are_copies() -> None:
    body = form(learnt(Dropping), lambda seen: "depth")
    ((*above, copies, _, _), _) = body.entries
    assert above == ["model", "layers"]
    assert (copies.site, tidied(copies.extent)) == ("L_layers_each", "depth")


def test_what_a_module_adopts_is_learnt_where_it_was_made() -> None:
    tries = learnt(Adopting)
    assert not tries.replacing
    body = form(tries, lambda seen: None)
    assert [way[:-1] for way in body.entries] == [("model", "holder", "inside", "layer")] * 2


def test_what_is_taken_from_a_module_that_is_left_is_learnt() -> None:
    body = form(learnt(Leaving), lambda seen: None)
    assert [way[:-1] for way in body.entries] == [("model", "part", "layer")] * 2


def test_numbers_that_are_drawn_have_the_sizes_they_are_given() -> None:
    body = form(learnt(Drawn), lambda seen: None)
    assert body.entries["model", "scale"].sizes == ("width", "2")


# --- Loops that are written out -----------------------------------------------------------


@pytest.mark.parametrize(
    ("extent", "counted"),
    [
        ("13", {*()}),
        ("len(sizes)", {"sizes"}),
        ("(len(inner.depths) - 1)", {"inner.depths"}),
        ("min(len(sizes[1:]), len(inner.depths))", {"sizes", "inner.depths"}),
        ("depth", None),
        ("sizes[0]", None),
        ("len(kinds)", None),
        ("(len(sizes) + depth)", None),
        ("ceil(len(sizes) / 2)", {"sizes"}),
        ("?5", None),
    ],
)
def test_a_loop_whose_number_of_copies_is_known_is_written_out(extent: str, counted: set[str] | None) -> None:
    recorder = Recorder(watched=lambda filename: True)
    assert not recorder.is_written_out(extent)
    recorder.lengths = ["sizes", "inner.depths"]
    with recording(recorder):
        for number in recorder.copies(2, extent, lambda copy, counter: counter, "L"):
            recorder.ask(f"(size > {number})", True)
    texts = [getattr(each, "text", None) for each in recorder.root.events]
    assert texts == ([None] if counted is None else ["(size > 0)", "(size > 1)"])
    assert recorder.counted == (counted or set())


# --- Time -------------------------------------------------------------------------------


def busy() -> None:
    """Work for ever, and let no exception be a reason to stop, as the code of a model may."""
    while True:
        with suppress(Exception):
            sum(range(1000))


def test_a_type_that_takes_too_long_is_given_up_by_name() -> None:
    with pytest.raises(OutOfTime, match=r"it takes more than 0\.05 seconds of a processor"), limited(0.05, OutOfTime):
        busy()


def test_where_lists_of_other_lengths_make_other_networks_their_lengths_are_required() -> None:
    data, results = make("internvl_vision", most=60, fresh=4)
    assert [each.reason for each in results] == [""]
    assert data is not None
    (head,) = data["heads"].values()
    assert {"len(image_size) == 2", "len(patch_size) == 2"} <= {*head["requires"]}
