"""Numbers that several loops make together, and how often they go round, as the generator of families sees them."""

from __future__ import annotations

from typing import Any

import pytest
from torch import nn
from transformers import GPT2Config

from paramcalc.core.expression import Environment, Expression
from paramcalc.families.generator.bodies import Body, Copies, Counted, Entry
from paramcalc.families.generator.counting import counted
from paramcalc.families.generator.forms import form
from paramcalc.families.generator.learning import Numbers, Tries
from paramcalc.families.generator.numbering import numbered, placed
from paramcalc.families.generator.recording import Made, Recorder, recording
from paramcalc.families.generator.remembering import logarithm, remembering, whole
from paramcalc.families.generator.replacing import traced_len
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
