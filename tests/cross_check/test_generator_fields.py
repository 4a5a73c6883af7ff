"""How the generator of families finds what fields follow from, and what it leaves out where it does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from paramcalc.families.generator.bodies import Body, Entry, Way
from paramcalc.families.generator.dims import Dims
from paramcalc.families.generator.documents import with_sizes_of_owners
from paramcalc.families.generator.exploring import Explorer, Run
from paramcalc.families.generator.following import Observed, list_law, value_of
from paramcalc.families.generator.forms import _Reader, form
from paramcalc.families.generator.identifying import Identifying
from paramcalc.families.generator.learning import ROOT, Asked, Branch, End, Own, Step, Trie, Tries
from paramcalc.families.generator.models import Owned
from paramcalc.families.generator.recording import Recorder, recording
from paramcalc.families.generator.remembering import remembering
from paramcalc.families.generator.replacing import Integer
from paramcalc.families.generator.ties import Tied, ties

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


def test_the_stages_that_a_backbone_gives_out_are_required_as_they_are_by_default() -> None:
    explorer = Explorer("grounding-dino", "GroundingDinoModel", keeps_lengths=True)
    assert explorer.kept["backbone_config.out_features"] == ["stage2", "stage3", "stage4"]
    assert explorer.unkept["backbone_config.out_features"] == ["stage4"]
    # what is stated in the backbone would change them, unless they are stated as well
    given = explorer.stated({"backbone_config.embed_dim": 48})
    assert given["backbone_config.out_features"] == ["stage2", "stage3", "stage4"]
    assert "backbone_config.out_features" not in explorer.stated({"d_model": 512})


def test_stages_that_no_tensor_depends_on_are_of_no_matter() -> None:
    explorer = Explorer("vitpose_backbone", "VitPoseBackbone", keeps_lengths=True)
    assert not explorer.kept


def test_a_field_that_makes_runs_odd_is_found() -> None:
    explorer = Explorer("gpt2", "GPT2Model")
    explorer.flat = [{}, {"n_inner": 5, "n_embd": 24}, {"n_embd": 24}, {"n_inner": 7}, {"n_layer": 2}]
    assert explorer.cause_of(frozenset({1, 3})) == "n_inner"
    # how many layers there are is never left as it is
    assert explorer.cause_of(frozenset({4})) is None
    explorer.lost = {"n_embd"}
    assert explorer.cause_of(frozenset({1, 3})) == "n_embd"


def test_a_field_that_is_left_as_it_is_is_neither_moved_nor_remembered() -> None:
    explorer = Explorer("gpt2", "GPT2Model", pinned=frozenset({"resid_pdrop", "n_inner"}))
    assert not {"resid_pdrop", "n_inner"} & {*explorer.drawing.names}
    remembered = explorer.remembered(explorer.fields)
    assert "resid_pdrop" not in remembered
    assert "n_inner" in remembered


def test_a_size_without_an_expression_tells_of_which_doubles_it_was_made() -> None:
    recorder = Recorder()
    ratio = remembering(0.5, "ratio")
    with recording(recorder):
        assert int(ratio * 8) == 4
        assert not recorder.lost
        assert Integer(1 / ratio + 1.5) == 3
    assert recorder.lost == {"ratio"}


# --- Fields that follow from others ------------------------------------------------------


def test_a_number_may_be_declared_as_a_text_that_says_it_is_to_follow() -> None:
    explorer = Explorer("mamba", "MambaModel")
    rule = Dims(explorer, Identifying([]), set()).rule("time_step_rank")
    assert rule is not None
    assert rule.text == "ceil(hidden_size / 16)"
    assert not rule.requires


def test_a_number_follows_another_rather_than_a_text_that_was_moved_as_often() -> None:
    explorer = Explorer("paligemma", "PaliGemmaModel")
    for act, width in (("gelu", 2), ("relu", 3), ("silu", 5)):
        fields = {"act": act, "width": width, "inner.width": width}
        explorer.runs.append(Run({}, fields, {}))
    explorer.fields, explorer.declared.defaults["act"] = {"act": "gelu", "width": 2, "inner.width": 2}, "gelu"
    assert Dims(explorer, Identifying(explorer.runs), set()).identified("inner.width", explorer.runs) == "width"


def test_what_a_class_makes_of_a_field_whatever_it_is_given_is_known() -> None:
    dims = Dims(Explorer("step3p5_vision", "Step3p7VisionModel"), Identifying([]), set())
    rule = dims.rule("intermediate_size", always=True)
    assert rule is not None
    assert rule.text == "scaled(hidden_size, mlp_ratio)"


def test_a_field_that_a_class_makes_another_under_a_condition_may_be_stated_as_that_alone() -> None:
    dims = Dims(Explorer("radio", "RadioModel"), Identifying([]), set())
    dims.hold("video_patch_dim")
    (needed,) = dims.needed
    fields = {"video_temporal_patch_size": 2, "num_channels": 3, "patch_size": 4}
    assert value_of(needed, {**fields, "video_patch_dim": 96}) is True
    assert value_of(needed, {**fields, "video_patch_dim": 97}) is False
    assert value_of(needed, {**fields, "video_patch_dim": 97, "video_temporal_patch_size": None}) is True


def test_what_a_class_makes_equal_to_another_follows_from_what_is_given() -> None:
    fields = [{"width": width, "one.width": width, "other.width": width} for width in (2, 3, 5)]
    runs = [Run({}, each, {}) for each in fields]
    made = frozenset({"one.width", "other.width"})
    assert Identifying(runs).expression("one.width", runs) is None
    assert Identifying(runs).expression("one.width", runs, made) == "width"


def test_a_number_that_no_class_declares_counts_as_it_is_stated() -> None:
    dims = Dims(Explorer("mamba", "MambaModel"), Identifying([]), set())
    assert dims.counts_if_stated("intermediate_size")
    dims = Dims(Explorer("paligemma", "PaliGemmaModel"), Identifying([]), set())
    assert not dims.counts_if_stated("vision_config.projection_dim")


def test_what_follows_from_a_number_that_may_be_stated_requires_that_it_is_not_another() -> None:
    dims = Dims(Explorer("mamba", "MambaModel"), Identifying([]), set())
    dims.found = {"hidden_size": 768, "intermediate_size": "2 * hidden_size", "heads": "intermediate_size // 64"}
    dims.stated = ["intermediate_size"]
    dims.limit()
    assert dims.needed == ["intermediate_size == 2 * hidden_size"]


# --- Ties ---------------------------------------------------------------------------------


def test_truths_that_say_what_is_tied_are_moved_one_by_one_and_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each alone, with the other left out and stated: what is left out need not be as what is stated."""
    explorer = Explorer("kosmos-2", "Kosmos2Model")
    given: list[dict[str, Any]] = []
    monkeypatch.setattr(explorer, "run", given.append)
    explorer.move_ties()
    outer, inner = "tie_word_embeddings", "text_config.tie_word_embeddings"
    expected: list[dict[str, Any]] = [
        {outer: False}, {inner: False}, {outer: False, inner: True}, {outer: True, inner: False},
        {outer: False, inner: False},
    ]  # fmt: skip
    assert len(given) == len(expected)
    assert all(each in given for each in expected)


def test_a_truth_that_may_be_absent_ties_only_where_it_holds() -> None:
    size = Entry(("width",), True, "Linear")
    body = Body({("first", "weight"): size, ("second", "weight"): size})
    runs = []
    for truth in (True, False, None):
        owner = "first.weight" if truth else "second.weight"
        made = {"first.weight": Owned((2,), True, "first.weight"), "second.weight": Owned((2,), True, owner)}
        runs.append(({"tied": truth}, made))
    (tied,) = ties(body, runs).values()
    assert tied.when == "tied != none and tied"


def test_what_is_tied_to_one_that_is_tied_itself_is_tied_to_that() -> None:
    size = Entry(("width",), True, "Linear")
    body = Body({(name, "weight"): size for name in ("shared", "embed", "head")})
    runs: list[tuple[Any, Any]] = []
    for shares, is_tied in ((True, True), (False, True), (False, False)):
        embed = "shared.weight" if shares else "embed.weight"
        owners = {"shared.weight": "shared.weight", "embed.weight": embed, "head.weight": "head.weight"}
        owners["head.weight"] = embed if is_tied else "head.weight"
        made = {name: Owned((2,), True, owner) for name, owner in owners.items()}
        runs.append(({"share": shares, "tied": is_tied}, made))
    found = ties(body, runs)
    assert {way[0]: (tied.owner[0], tied.when) for way, tied in found.items()} == {
        "embed": ("shared", "share"), "head": ("embed", "tied"),
    }  # fmt: skip
