"""Numbers that several loops make together, and how often they go round, as the generator of families sees them."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest
from torch import nn
from transformers import GPT2Config

from paramcalc.core.expression import ABSENT, Environment, Expression
from paramcalc.families.generator.bodies import Body, Copies, Counted, Entry
from paramcalc.families.generator.counting import counted
from paramcalc.families.generator.exploring import Run
from paramcalc.families.generator.forms import form
from paramcalc.families.generator.identifying import Identifying
from paramcalc.families.generator.laws import law
from paramcalc.families.generator.learning import Branch, Child, End, NotLearnt, Numbers, Own, Repeat, Trie, Tries
from paramcalc.families.generator.numbering import numbered, placed
from paramcalc.families.generator.recording import Condition, Made, Recorder, recording
from paramcalc.families.generator.remembering import remembering
from paramcalc.families.generator.replacing import traced_len
from paramcalc.families.generator.scalars import logarithm, whole
from paramcalc.families.generator.texts import added
from paramcalc.families.generator.tracing import trace

pytestmark = pytest.mark.framework


def stages(blocks: int, run: int, number: Any) -> list[Numbers]:
    """Blocks in two stages, each block with a number."""
    lengths = {("i",): 2, ("i", "k"): blocks}
    return [
        Numbers((number(stage, block),), {"i": stage, "k": block}, run, lengths)
        for stage in range(2)
        for block in range(blocks)
    ]


def numbered_in_stages(number: Any) -> Any:
    """What the number of a block is, where each stage has as many blocks."""
    seen = [each for run, blocks in enumerate((1, 2, 5)) for each in stages(blocks, run, number(blocks))]
    return counted(0, seen, {"i": "len(sizes)", "k": "depth"})


def test_a_number_may_be_made_of_the_copies_of_loops_within_loops() -> None:
    found = numbered_in_stages(lambda blocks: lambda stage, block: 1 + (blocks + 2) * stage + block)
    assert found == Counted.of({(): 1, ("i",): 2, ("i", "depth"): 1, ("k",): 1}, ["i", "k"])
    assert (found.start, found.step("i"), found.step("k")) == ("1", "(depth + 2)", "1")
    way, entry = placed((found, "weight"), Entry(("sizes[i]", "k"), True, "Linear"), "k", "depth")
    way, entry = placed(way, entry, "i", "len(sizes)")
    (copies, _) = way
    assert isinstance(copies, Copies)
    values: dict[str, Any] = {"sizes": (7, 9), "depth": 3}
    # each block has the size of its stage, and its own number; in between are two others
    seen = {
        number: [Expression.parse(each).evaluate(Environment({**values, "i": number})) for each in entry.sizes]
        for number in range(Expression.parse(copies.extent).evaluate(Environment(values)))
        if all(Expression.parse(each).evaluate(Environment({**values, "i": number})) for each in entry.when)
    }
    assert seen == {1: [7, 0], 2: [7, 1], 3: [7, 2], 6: [9, 0], 7: [9, 1], 8: [9, 2]}


def test_a_number_that_is_no_sum_of_copies_is_not_learnt() -> None:
    assert numbered_in_stages(lambda blocks: lambda stage, block: blocks**2 * stage + block) is None


def test_a_number_may_follow_from_how_many_copies_came_before() -> None:
    found = counted(0, [Numbers((depth + 1,), {}, depth, {("i",): depth}) for depth in range(3, 6)], {"i": "depth"})
    assert found == Counted.of({(): 1, ("depth",): 1}, [])
    last = {(found, "weight"): Entry(("8",), True, "Linear")}
    ((way, entry),) = numbered(Body(last)).entries.items()
    (copies, _) = way
    assert isinstance(copies, Copies)
    assert (copies.extent, entry.when) == ("(depth + 2)", (f"({copies.site} == (depth + 1))",))


def test_of_a_loop_that_goes_round_twice_each_copy_is_known() -> None:
    entry = Entry(("k",), True, "Linear", ("k != 0",))
    assert placed(("1", "weight"), entry, "k", "2") == (("1", "weight"), Entry(("1",), True, "Linear"))


@pytest.mark.parametrize(
    ("texts", "sum_of_them"),
    [(["n - 1 - 1", "1"], "n - 1"), (["n", "2"], "n + 2"), (["2 - n"], "2 - n")],
)
def test_whole_numbers_are_added(texts: list[str], sum_of_them: str) -> None:
    assert added(texts) == sum_of_them


def test_a_logarithm_is_known_where_it_is_cut_off() -> None:
    size, other = remembering(9, "n"), remembering(2, "m")
    for value, text in ((size, "log2(n)"), (size / other, "log2(n // m)")):
        found = logarithm(value).rounded("scaled")
        assert found.expression == text
        assert found == Expression.parse(text).evaluate(Environment({"n": 9, "m": 2}))


class Halving(nn.Module):
    """Has a layer for each time that a width of 16 can be halved."""

    def __init__(self, config: Any) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(2, 2) for _ in range(int(math.log2(16))))


def test_a_model_that_asks_for_a_logarithm_is_constructed_where_it_is_recorded() -> None:
    model, _ = trace(Halving, GPT2Config(), {}, frozenset())
    assert len(model.layers) == 4


def test_as_many_modules_as_a_loop_has_copies_are_counted_by_these() -> None:
    recorder, modules = Recorder(), [nn.ReLU() for _ in range(3)]
    for copy, each in enumerate(modules):
        recorder.made[id(each)] = Made(each, recorder.frame, {"i": copy}, frozenset(["i"]))
    recorder.ended["i"] = (2, "depth")
    with recording(recorder):
        assert traced_len(nn.ModuleList(modules)).expression == "depth"
        assert not hasattr(traced_len(modules[:2]), "expression")


class Recurrent(nn.Module):
    """Recurrent layers, as many as a configuration has layers."""

    def __init__(self, config: Any) -> None:
        super().__init__()
        self.layers = nn.LSTM(4, 4, whole(config.n_layer, "n_layer"))


def test_each_recurrent_layer_is_there_where_there_are_so_many() -> None:
    tries = Tries(Tries())
    for depth in (1, 2, 3):
        tries.learn(*trace(Recurrent, GPT2Config(n_layer=depth), {}, frozenset()))
    body = form(tries, lambda values: None)
    whens = {way[-1]: entry.when for way, entry in body.entries.items()}
    assert (whens["bias_hh_l0"], whens["bias_hh_l1"]) == ((), ("(n_layer > 1)",))
    assert whens["bias_hh_l2"] == ("(n_layer > 1)", "(n_layer > 2)")
    # of more layers than were seen nothing is known
    assert any(text == "n_layer <= 3" for _, text in body.requires)


def texts_and_numbers(numbers: dict[str, int]) -> Identifying:
    """Runs in which a text is moved, and a width beside it."""
    fields = [{"kind": kind, "width": 10 + run} for run, kind in enumerate([*numbers] * 5)]
    return Identifying([Run({}, each, {}) for each in fields])


def test_a_number_that_one_text_decides_is_not_known_for_others() -> None:
    numbers = {"flow": 2, "drift": 0}
    identifying = texts_and_numbers(numbers)
    text = identifying.size([(place, numbers[run.fields["kind"]]) for place, run in enumerate(identifying.runs)])
    assert text is not None
    values = [Expression.parse(text).evaluate(Environment({"kind": kind})) for kind in (*numbers, "other")]
    assert values == [2, 0, ABSENT]


def test_a_quotient_is_compared_without_dividing() -> None:
    recorder = Recorder(watched=lambda file: True)
    rate, other = remembering(24000, "rate") / remembering(1920, "step"), remembering(25, "frames")
    with recording(recorder):
        assert rate != other
        assert other > rate
    assert [each.text for each in recorder.root.events if isinstance(each, Condition)] == [
        "(rate != step * frames)",
        "(rate < step * frames)",
    ]


def test_of_a_loop_of_which_one_copy_was_seen_no_more_are_known() -> None:
    language = Child(("en",), "", (Own("weight", ("2",), True, "Linear"),), ())
    places = {(("k", 0, 0),)}
    body = Trie({language: Branch(Trie({End(): Branch(Trie(), places=places)}), places=places)})
    tries = Tries(templates={"": Trie({Repeat("k", "len(languages)"): Branch(Trie({End(): Branch(Trie())}), body)})})
    found = form(tries, lambda values: None)
    assert found.entries[("en", "weight")].when == ("(len(languages) > 0)",)
    assert found.requires == (((), "(len(languages) <= 1)"),)


class Activated(nn.Module):
    """A layer, and an activation that is one or another without being asked for."""

    def __init__(self, config: Any) -> None:
        super().__init__()
        self.activation = nn.ReLU() if int(config.n_layer) > 1 else nn.Tanh()
        self.layer = nn.Linear(2, 2)


def test_which_activation_it_is_tells_no_runs_apart() -> None:
    tries = Tries(Tries())
    for depth in (1, 2):
        tries.learn(*trace(Activated, GPT2Config(n_layer=depth), {}, frozenset()))
    assert {*form(tries, lambda values: None).entries} == {("layer", "weight"), ("layer", "bias")}


def test_what_is_divided_and_rounded_down_again_and_again_has_a_closed_form() -> None:
    texts = ["(c * n)"]
    for _ in range(3):
        texts.append(f"(c * ((({texts[-1][5:-1]} + p) - k) // s + 1))")
    found = law(texts, 1, "i")
    assert found is not None
    for copy, size, by in itertools.product(range(1, 7), (5, 80, 127), (2, 3)):
        expected = size
        for _ in range(copy - 1):
            expected = (expected + 4 - 3) // by + 1
        values = Environment({"c": 7, "n": size, "p": 4, "k": 3, "s": by, "i": copy})
        assert Expression.parse(found).evaluate(values) == 7 * expected


def layered(*extents: int) -> Tries:
    """Runs with layers, and behind them one whose size doubles with each of these."""
    trie, ends = Trie(), {}
    for run, extent in enumerate(extents):
        last = Child(("last",), "", (Own("weight", (f"({2**extent} * width)",), True, "Linear"),), ())
        seen = [Numbers((), {}, run, {("i",): extent})]
        ends[last] = Branch(Trie({End(): Branch(Trie())}), seen=seen, runs={run}, places={()})
    trie.branches[Repeat("i", "depth")] = Branch(Trie(ends), Trie({End(): Branch(Trie())}))
    return Tries(templates={"": trie})


def test_runs_may_differ_by_how_many_copies_there_were_before() -> None:
    found = form(layered(2, 3, 4), lambda values: None)
    ((way, entry),) = found.entries.items()
    assert way == ("last", "weight")
    values = [Expression.parse(entry.sizes[0]).evaluate(Environment({"width": 3, "depth": depth})) for depth in (2, 5)]
    assert values == [12, 96]
    assert found.requires == (((), "(depth >= 2)"),)


def test_runs_that_follow_no_law_of_how_many_copies_there_were_are_not_learnt() -> None:
    with pytest.raises(NotLearnt, match="runs go apart"):
        form(layered(2, 3, 5), lambda values: None)


def test_a_loop_that_always_has_as_many_copies_has_them_in_a_constructor_that_is_seldom_run() -> None:
    def looped(runs: range) -> Trie:
        part = Child(("parts", "*"), "", (Own("weight", ("2",), True, "Linear"),), ())
        seen = [Numbers((copy,), {"k": copy}, run) for run in runs for copy in range(2)]
        places = {(("k", 0, 1),), (("k", 1, 0),)}
        body = Trie({part: Branch(Trie({End(): Branch(Trie(), places=places)}), seen=seen, places=places)})
        lost = {(0, 0): [(run, 2) for run in runs]}
        return Trie({Repeat("k", "?"): Branch(Trie({End(): Branch(Trie())}), body, lost=lost)})

    identifying = Identifying([Run({}, {"width": run}, {}) for run in range(10)])
    tries = Tries(templates={"": looped(range(2)), "often": looped(range(2, 10))})
    assert {*form(tries, identifying.size).entries} == {("parts", Copies("k", "2"), "weight")}
    del tries.templates["often"]
    with pytest.raises(NotLearnt, match="how often"):
        form(tries, identifying.size)
