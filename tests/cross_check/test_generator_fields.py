"""How the generator of families finds what fields follow from, and what it leaves out where it does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from paramcalc.families.generator.bodies import Body, Entry, Way
from paramcalc.families.generator.dims import Dims
from paramcalc.families.generator.documents import with_sizes_of_owners
from paramcalc.families.generator.exploring import Explorer, Run
from paramcalc.families.generator.following import list_law, value_of
from paramcalc.families.generator.forms import _Reader, form
from paramcalc.families.generator.identifying import Identifying
from paramcalc.families.generator.learning import ROOT, Asked, Branch, End, Own, Step, Trie, Tries
from paramcalc.families.generator.models import Owned
from paramcalc.families.generator.ties import Tied

pytestmark = pytest.mark.framework


# --- Lists --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make",
    [
        # the first few
        lambda depth: (["dense"] * 3 + ["sparse"] * depth)[:depth],
        # a pattern behind the first few
        lambda depth: (["far"] * 2 + ["far", "near"] * depth)[:depth],
        # one at the end of a list that is too short for the pattern
        lambda depth: [
            "full" if place % 4 == 3 or depth < 4 == depth - place + 3 else "near" for place in range(depth)
        ],
    ],
)
def test_a_list_may_begin_or_end_otherwise(make: Callable[[int], list[str]]) -> None:
    text = list_law([({"depth": depth}, make(depth)) for depth in range(1, 41)], "depth", None)
    assert text is not None
    assert all(value_of(text, {"depth": depth}) == tuple(make(depth)) for depth in (1, 2, 3, 4, 77))


def test_a_list_that_a_loop_makes_may_ask_another_that_is_made_of_one() -> None:
    rule = Dims(Explorer("lfm2", "Lfm2Model"), Identifying([]), set()).rule("layer_types")
    assert rule is not None
    assert value_of(rule.text, {"full_attn_idxs": [0, 2], "place": 1}) == "conv"
    assert value_of(rule.text, {"full_attn_idxs": None, "place": 1}) == "full_attention"
    assert rule.times == "num_hidden_layers"


# --- Fields -------------------------------------------------------------------------------


def test_a_field_may_follow_from_what_another_was_given_and_not_from_what_became_of_it() -> None:
    explorer = Explorer("bailing_hybrid", "BailingHybridModel")
    for size in (128, 64):
        given = {} if size == 128 else {"head_dim": size}
        explorer.flat.append(given)
        explorer.runs.append(Run(given, {"head_dim": 8, "linear_head_dim": size}, {}))
    dims = Dims(explorer, Identifying(explorer.runs), set())
    dims.add("linear_head_dim")
    assert dims.found == {"head_dim": 128, "linear_head_dim": "head_dim"}


def test_a_field_that_is_left_out_need_not_be_what_it_is_where_it_is_null() -> None:
    explorer = Explorer("glmasr", "GlmAsrModel")
    name, heads = "text_config.num_key_value_heads", "text_config.num_attention_heads"
    for number in range(8, 17):
        null = {"text_config": {"num_key_value_heads": None, "num_attention_heads": number}}
        for kept, given in ((4, {"text_config": {"num_attention_heads": number}}), (number, null)):
            explorer.runs.append(Run(given, {name: kept, heads: number}, {}))
            explorer.flat.append({f"text_config.{key}": value for key, value in given["text_config"].items()})
    dims = Dims(explorer, Identifying(explorer.runs), set())
    dims.left_out(name, explorer.runs)
    assert (dims.found[name], dims.absent[name]) == (4, heads)


def own(size: str) -> Own:
    return Own("weight", (size,), True, "Linear")


def ways(*steps: tuple[Step, Any]) -> Trie:
    """What may come next, each with what comes behind it, or the copies of a loop in which it was seen."""
    return Trie({step: each if isinstance(each, Branch) else Branch(each, runs={0}) for step, each in steps})


END = ways((End(), Trie()))


def test_what_asks_for_a_field_that_is_not_known_is_left_out() -> None:
    asked = ways((Asked("flag", True), ways((own("odd"), END))), (Asked("flag", False), ways((own("width"), END))))
    body = form(Tries(templates={ROOT: asked}), lambda values: None, {"odd": "how odd follows"})
    assert [entry.sizes for entry in body.entries.values()] == [("width",)]
    assert [text for _, text in body.requires] == ["not (flag)"]


# --- What a set is asked -------------------------------------------------------------------


def test_what_is_asked_only_where_it_holds_does_not_hold_elsewhere() -> None:
    def seen(behind: Trie, *places: tuple[int, int]) -> Branch:
        return Branch(behind, runs={0}, places={(("L", copy, left),) for copy, left in places})

    first, last, others = (ways((own(size), END)) for size in ("2", "2", "3"))
    copies = ways(
        (Asked("(L == 0)", True), seen(first, (0, 2), (0, 3))),
        (Asked("(L == depth - 1)", True), seen(last, (2, 0), (3, 0))),
        *((step, seen(branch.next, (1, 1), (1, 2), (2, 1))) for step, branch in others.branches.items()),
    )
    reader = _Reader(Tries(), lambda values: None, {}, extents={"L": "depth"})
    (entry,) = reader.rest(copies).entries.values()
    values = [value_of(entry.sizes[0], {"L": copy, "depth": 5}) for copy in range(5)]
    assert values == [2, 3, 3, 3, 2]


# --- Ties ---------------------------------------------------------------------------------


def test_what_is_tied_has_the_sizes_of_its_owner() -> None:
    body = Body({(name, "weight"): Entry((f"{name}_size",), True, "Linear") for name in ("embed", "head")})
    tied: dict[Way, Tied] = {("head", "weight"): Tied(("embed", "weight"), "tied")}
    made = {"embed.weight": Owned((2,), True, "embed.weight"), "head.weight": Owned((2,), True, "embed.weight")}
    runs: list[Any] = [({"tied": True, "embed_size": 2, "head_size": 3}, made)]
    (_, head) = with_sizes_of_owners(body, tied, runs).entries.values()
    assert value_of(head.sizes[0], {"tied": True, "embed_size": 2, "head_size": 3}) == 2
    assert value_of(head.sizes[0], {"tied": False, "embed_size": 2, "head_size": 3}) == 3
    runs[0][0]["head_size"] = 2
    assert with_sizes_of_owners(body, tied, runs) == body
