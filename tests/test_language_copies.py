"""Copies of a node: side by side, of which some are active, and with values carried from one to the next."""

import itertools
import math

import pytest

import paramcalc as pc
from paramcalc.core.registry import MEASURES
from paramcalc.graph.evaluation import Evaluation
from tests.language import counted, load, names, refusal, total

# --- side by side ----------------------------------------------------------------------------

EXPERTS = """
framework: torch
dims: {E: 4, k: 2, d: 8}
layers:
  - Input: {shape: [5, d]}
    name: x
  - name: experts
    parallel: E
    active: k
    merge: Add
    layers:
      - Dense: {units: 16, use_bias: false}
        name: up
      - Dense: {units: d, use_bias: false}
        name: down
  - Dense: {units: 3, use_bias: false}
    name: head
"""
EXPERT = 8 * 16 + 16 * 8


def test_copies_side_by_side_take_the_same_input() -> None:
    assert total(EXPERTS) == 4 * EXPERT + 24
    assert names(EXPERTS) == ["x", "experts.0..3.up", "experts.0..3.down", "experts.merge", "head"]
    assert {row.name: row.inputs for row in counted(EXPERTS).layers}["head"] == ("experts.merge",)


def test_of_copies_side_by_side_some_are_active() -> None:
    assert counted(EXPERTS).active == 2 * EXPERT + 24
    assert counted(EXPERTS, k=4).active == counted(EXPERTS).total
    for k in (0, 5):
        assert refusal(EXPERTS, k=k).code == "invalid-value"


def test_where_nothing_is_said_all_are_active() -> None:
    text = EXPERTS.replace("    active: k\n", "")
    assert counted(text).active == total(text)


def test_copies_side_by_side_cost_what_one_costs() -> None:
    assert total(EXPERTS, E=10**6) == 10**6 * EXPERT + 24
    assert counted(EXPERTS, E=10**6).active == 2 * EXPERT + 24


def test_copies_that_are_alike_are_named_once_where_they_are_merged() -> None:
    # each copy asks for its counter, and all are alike
    text = """
    layers:
      - Input: {shape: [8]}
      - Dense: {units: 4 + 0 * e}
        name: heads
        parallel: 3
        index: e
        merge: Concatenate
    """
    *_, merged = counted(text).layers
    assert (merged.inputs, merged.output_shape) == (("heads.0..2",), (12,))
    *_, merged = pc.count(load(text), expand=True).layers
    assert (merged.inputs, merged.output_shape) == (("heads.0", "heads.1", "heads.2"), (12,))


def test_the_same_output_taken_twice_is_named_twice() -> None:
    text = """
    layers:
      - Input: {shape: [8]}
      - Dense: {units: 8}
        name: body
        times: 3
      - Add:
        inputs: ["body[0]", "body[1]"]
    """
    assert counted(text).layers[-1].inputs == ("body.0..2", "body.0..2")


def test_one_copy_needs_no_merging() -> None:
    assert names(EXPERTS, E=1, k=1) == ["x", "experts.0.up", "experts.0.down", "head"]


def test_no_copies_are_an_absent_node() -> None:
    text = EXPERTS.replace("    active: k\n", "")
    assert names(text, E=0) == ["x", "head"]


def test_what_merges_may_have_fields() -> None:
    text = EXPERTS.replace("merge: Add", "merge: {Concatenate: {axis: -1}}")
    assert total(text) == 4 * EXPERT + 3 * 4 * 8


def test_several_outputs_reach_a_layer_that_takes_several() -> None:
    text = """
    dims: {E: 3}
    layers:
      - Input: {shape: [8]}
        name: x
      - Dense: {units: 4, use_bias: false}
        name: heads
        parallel: E
        inputs: x
      - Concatenate
      - Dense: {units: 1, use_bias: false}
    """
    assert total(text) == 3 * 32 + 12
    assert total(text, E=5) == 5 * 32 + 20


def test_several_outputs_do_not_reach_a_layer_that_takes_one() -> None:
    text = EXPERTS.replace("    merge: Add\n", "")
    problem = refusal(text)
    assert problem.code == "several-outputs"
    assert "experts" in problem.message
    assert "merge" in problem.hint
    assert total(text, E=1, k=1) == EXPERT + 24


def test_a_copy_side_by_side_is_named_by_its_number() -> None:
    text = EXPERTS.replace("    merge: Add\n", "").replace(
        "    name: head\n", "    name: head\n    inputs: experts.2\n"
    )
    assert {row.name: row.inputs for row in counted(text).layers}["head"] == ("experts.0..3.down",)


NO_HEADS = """
dims: {n: 0}
layers:
  - Input: {shape: [4]}
    name: x
  - {Dense: {units: 3}, name: heads, parallel: n}
  - {Concatenate: {axis: -1}, name: joined, inputs: TAKEN}
  - Dense: {units: 2, use_bias: false}
"""


def test_of_no_copies_side_by_side_nothing_is_taken() -> None:
    assert total(NO_HEADS.replace("TAKEN", "[x, heads]")) == 4 * 2
    problem = refusal(NO_HEADS.replace("TAKEN", "heads"))
    assert (problem.code, problem.message) == (
        "missing-input",
        "nothing flows out of 'heads', of which there are no copies",
    )


def test_copies_side_by_side_may_differ_and_absent_ones_are_left_out() -> None:
    text = """
    dims: {widths: [4, 8, 12]}
    layers:
      - Input: {shape: [2]}
      - Dense: {units: "widths[e]", use_bias: false}
        name: branch
        parallel: len(widths)
        index: e
        when: e != 1
        merge: Concatenate
      - Dense: {units: 1, use_bias: false}
    """
    assert total(text) == 2 * (4 + 12) + 16
    assert names(text) == ["input", "branch.0", "branch.2", "branch.merge", "dense"]


def test_unlike_copies_have_no_active_number() -> None:
    text = EXPERTS.replace("    parallel: E\n", "    parallel: E\n    index: e\n").replace("units: 16", "units: 16 + e")
    problem = refusal(text)
    assert problem.code == "unlike-copies"


def test_side_by_side_and_in_sequence_exclude_each_other() -> None:
    assert refusal(EXPERTS.replace("    parallel: E\n", "    parallel: E\n    times: 2\n")).code == "invalid-value"


def test_active_and_merge_belong_to_copies_side_by_side() -> None:
    for key in ("active: 2", "merge: Add"):
        text = f"layers:\n  - Input: {{shape: [3]}}\n  - Dense: {{units: 3}}\n    {key}\n"
        assert refusal(text).code == "missing-key"


def test_a_residual_is_added_to_what_is_merged() -> None:
    text = EXPERTS.replace("    merge: Add\n", "    merge: Add\n    residual: true\n")
    assert names(text)[-3:] == ["experts.merge", "experts.add", "head"]


def test_sharing_calls_all_copies() -> None:
    text = EXPERTS + "  - share: experts\n    inputs: x\n    name: again\n"
    assert total(text) == 4 * EXPERT + 24
    assert counted(text).total_untied == 8 * EXPERT + 24


def test_copies_side_by_side_may_be_a_symbol() -> None:
    form = pc.formula(load(EXPERTS))
    assert form(E=8, d=8) == 8 * EXPERT + 24
    assert "E" in form.symbols


ROUTED = """
framework: torch
dims: {E: 4, k: 2, d: 8}
layers:
  - Input: {shape: [5, d]}
    name: x
  - Dense: {units: E, use_bias: false}
    name: router
  - name: experts
    parallel: E
    index: e
    active: k
    merge: Add
    inputs: [x, router]
    layers:
      - Dense: {units: d, use_bias: false}
        name: expert
      - Slice: {axis: -1, start: e, stop: e + 1}
        name: weight
        inputs: input.1
      - Multiply:
        inputs: [expert, weight]
"""


def test_copies_side_by_side_may_mention_their_number_and_be_a_symbol() -> None:
    form = pc.formula(load(ROUTED))
    assert str(form.expr) in ("E*d**2 + E*d", "E*d*(d + 1)", "d*E*(d + 1)")
    assert form(E=6, d=3) == 6 * 9 + 18
    assert [str(condition) for condition in form.conditions] == ["E ≥ k"]


def test_copies_that_mention_their_number_and_are_alike_cost_what_one_costs() -> None:
    count = counted(ROUTED, E=10**6)
    assert (count.total, count.active) == (10**6 * (64 + 8), 2 * 64 + 8 * 10**6)
    assert "experts.0..999999.expert" in {row.name for row in count.layers}


@pytest.mark.parametrize("copies", [3, 40])
def test_few_copies_and_many_are_counted_alike(copies: int) -> None:
    folded, one_by_one = counted(ROUTED, E=copies), pc.count(load(ROUTED), dims={"E": copies}, expand=True)
    assert (folded.total, folded.active) == (one_by_one.total, one_by_one.active)


def test_what_does_not_fit_in_one_of_many_copies_is_refused_at_that_copy() -> None:
    problem = refusal(ROUTED.replace("stop: e + 1", "stop: e + 2"), E=1000)
    assert problem.node == "experts.999.weight"


@pytest.mark.parametrize("key", ["parallel", "times"])
def test_many_copies_of_which_the_first_differs_are_not_taken_for_alike(key: str) -> None:
    text = """
    layers:
      - Input: {shape: [8]}
      - name: body
        parallel: 40
        index: i
        merge: Add
        layers:
          - Dense: {units: 8, use_bias: false}
          - Dense: {units: 8, use_bias: false}
            when: i > 0
    """
    text = text.replace("parallel", key).replace("merge: Add\n", "\n" if key == "times" else "merge: Add\n")
    assert total(text) == 64 + 39 * 128
    assert total(text.replace("40", "1000")) == 64 + 999 * 128
    assert total(text.replace("i > 0", "i > 5").replace("40", "90")) == 6 * 64 + 84 * 128


ALTERNATING = """
framework: torch
dims: {n: 9, d: 6, kinds: {texts: [a, b, a, c, b, b, a, c, a]}}
layers:
  - Input: {shape: [5, d]}
    name: x
  - Dense: {units: d}
    name: stem
  - name: body
    times: n
    index: i
    residual: true
    layers:
      - MultiHeadAttention: {num_heads: "1 if kinds[i] == 'a' else 2", key_dim: 2}
        when: kinds[i] in ["a", "b"]
        name: attention
      - Dense: {units: "2 * d if kinds[i] == 'c' else 3 * d", use_bias: "kinds[i] == 'b'"}
        name: up
      - Dense: {units: d}
        name: down
      - LayerNorm:
        name: norm
        tie: {gamma: down.bias}
"""


def evaluated(monkeypatch: pytest.MonkeyPatch, text: str, **dims: int) -> tuple[pc.Count, int]:
    """The count of a spec, and how many layers are evaluated for it."""
    leaves: list[object] = []
    leaf = Evaluation.leaf
    with monkeypatch.context() as patch:
        patch.setattr(Evaluation, "leaf", lambda walk, *given, **named: leaves.append(0) or leaf(walk, *given, **named))
        return counted(text, **dims), len(leaves)


def test_where_kinds_of_copies_alternate_each_kind_is_evaluated_once(monkeypatch: pytest.MonkeyPatch) -> None:
    attention, norm = 4 * 6 * 2 + 3 * 2 + 6, 6
    kinds = {
        "a": attention + (6 * 18) + (18 * 6 + 6) + norm,
        "b": attention + (4 * 6 * 2 + 3 * 2) + (6 * 18 + 18) + (18 * 6 + 6) + norm,
        "c": (6 * 12) + (12 * 6 + 6) + norm,
    }
    count, layers = evaluated(monkeypatch, ALTERNATING)
    assert count.total == 42 + 4 * kinds["a"] + 3 * kinds["b"] + 2 * kinds["c"]
    # the input and the stem; of a, b and c, the input of the first a being the stem
    assert layers == 2 + 4 + 4 + 3
    each = {row.name[len("body.") : -len(".up")]: row for row in count.layers if row.name.endswith(".up")}
    assert [*each] == ["0", "1", "2", "3", "4..5", "6", "7", "8"]
    assert each["6"].inputs == ("body.6.attention",)
    first = {row.name: row.inputs for row in count.layers}
    assert first["body.7.up"] == ("body.6.add",)
    assert first["body.7.add"] == ("body.7.norm", "body.6.add")
    tied = {row.name: row.tensors[0].tied_to for row in count.layers if row.name.endswith(".norm")}
    assert tied["body.6.norm"] == "body.6.down.bias"


@pytest.mark.parametrize("of", MEASURES)
def test_copies_that_alternate_cost_what_they_do_one_by_one(of: str) -> None:
    spec = load(ALTERNATING)
    whole = pc.count(spec, of=of)
    assert whole.total == pc.count(spec, of=of, expand=True).total > 0


NAMED = """
  - Dense: {units: 4}
    name: later
    inputs: "body[6].up"
    tie: {bias: body.7.after.bias}
"""


def test_any_of_the_copies_that_alternate_may_be_named() -> None:
    text = ALTERNATING + "      - Dense: {units: d}\n        name: after\n"
    named = counted(text + NAMED.replace("units: 4", "units: d"))
    assert named.total == counted(text).total + 18 * 6
    later = named.layers[-1]
    assert later.inputs == ("body.6.up",)
    assert later.tensors[1].tied_to == "body.7.after.bias"
    again = counted(text + "  - share: body\n    name: again\n")
    assert again.total == counted(text).total
    shape = counted(text + "  - Dense: {units: 'size(-1, \"body[7].up\")'}\n")
    assert shape.total == counted(text).total + 6 * 12 + 12


@pytest.mark.parametrize(
    "inside",
    [
        # what it takes by name is what flows into the first copy
        "[{Add: , inputs: [input, stem], when: i % 2 == 0}, {Dense: {units: d}}]",
        "[{Concatenate: {axis: -1}, inputs: [x, stem], when: i % 2 == 0}, {Dense: {units: d}}]",
        # what flows into a group within is what flows into the copy
        "[{layers: [{Dense: {units: d}}], times: 1 + i % 2, residual: true}]",
        "[{layers: [{Dense: {units: d}}], times: 3, when: i % 2 == 0, residual: true}, {Dense: {units: d}}]",
    ],
)
def test_what_copies_take_is_taken_by_each(inside: str) -> None:
    text = """
    framework: torch
    dims: {d: 6}
    layers:
      - {Input: {shape: [5, d]}, name: x}
      - {Dense: {units: d}, name: stem}
      - {name: body, times: 6, index: i, layers: INSIDE}
    """
    spec = load(text.replace("INSIDE", inside))
    for of in MEASURES:
        assert pc.count(spec, of=of).total == pc.count(spec, of=of, expand=True).total
    alone = {row.name: row.inputs for row in pc.count(spec, expand=True).layers}
    for row in pc.count(spec).layers:
        if ".." not in f"{row.name} {row.inputs}":
            assert alone[row.name] == row.inputs


def test_a_repeat_that_was_probably_meant_side_by_side_gets_a_note() -> None:
    text = """
    framework: torch
    dims: {E: 4, d: 8}
    layers:
      - Input: {shape: [d]}
        name: x
      - name: experts
        times: E
        inputs: x
        layers: [{Dense: {units: 16}}]
    """
    count = counted(text)
    assert count.total == (8 * 16 + 16) + 3 * (16 * 16 + 16)
    (note,) = count.notes
    assert "experts" in note
    assert "parallel" in note


# --- a fused tensor --------------------------------------------------------------------------

FUSED = """
framework: torch
dims: {E: 4, top_k: 2, H: 8, I: 16}
layers:
  - Input: {shape: [5, H]}
  - name: experts
    tensors:
      gate_up_proj: {shape: [E, 2 * I, H], active: {axis: 0, of: top_k}}
      down_proj: {shape: [E, H, I], active: {axis: 0, of: top_k}}
    layers:
      - Identity
"""


def test_of_a_fused_tensor_a_part_is_active() -> None:
    assert total(FUSED) == 4 * 3 * 128
    assert counted(FUSED).active == 2 * 3 * 128
    assert refusal(FUSED, top_k=5).code == "invalid-value"


def test_a_group_owns_tensors() -> None:
    text = """
    framework: torch
    dims: {heads: 3, n: 4}
    layers:
      - Input: {shape: [8]}
      - name: attention
        times: 2
        tensors: {sinks: [heads], mask: {shape: [n, n], role: state, dtype: bool, persistent: false}}
        layers:
          - Dense: {units: 8, use_bias: false}
            name: query
    """
    count = counted(text)
    assert count.total == 2 * (3 + 64)
    assert count.buffers == 2 * 16
    assert {tensor.name for row in count.layers for tensor in row.tensors} == {"sinks", "mask", "weight"}


def test_a_tensor_of_a_group_is_tied_by_its_path() -> None:
    text = """
    framework: torch
    layers:
      - Input: {shape: [8]}
      - name: one
        tensors: {scale: [8]}
        layers: [Identity]
      - name: two
        tensors: {scale: [8]}
        tie: {scale: one.scale}
        layers: [Identity]
    """
    assert total(text) == 8
    assert counted(text).total_untied == 16


# --- carried values --------------------------------------------------------------------------

DENSE_NET = """
framework: torch
dims: {stem: 4, growth: 3, depth: 5}
layers:
  - Input: {shape: [stem]}
  - name: body
    times: depth
    carry: {c: stem}
    next: {c: c + growth}
    layers:
      - Dense: {units: c + growth, use_bias: false}
"""


def test_a_value_is_carried_from_one_copy_to_the_next() -> None:
    widths = [4 + 3 * step for step in range(6)]
    assert total(DENSE_NET) == sum(a * b for a, b in itertools.pairwise(widths))


def test_what_is_carried_is_of_the_copy_its_counter_and_dims() -> None:
    text = DENSE_NET.replace("    carry:", "    index: i\n    carry:").replace(
        "c + growth}", "c + growth * (i + 1)}", 1
    )
    widths, inner = [4], 4
    for step in range(5):
        widths.append(inner + 3)
        inner += 3 * (step + 1)
    assert total(text) == sum(a * b for a, b in itertools.pairwise(widths))


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        ("    next: {c: c + growth}\n", "", "missing-key"),
        ("    times: depth\n", "", "missing-key"),
        ("next: {c: c + growth}", "next: {d: c + growth}", "unknown-key"),
        ("carry: {c: stem}\n    next: {c: c + growth}", "carry: {stem: 4}\n    next: {stem: 5}", "invalid-name"),
    ],
)
def test_what_is_carried_has_a_beginning_and_a_next(before: str, after: str, code: str) -> None:
    with pytest.raises(pc.ParamcalcError) as caught:
        load(DENSE_NET.replace(before, after))
    assert code in {problem.code for problem in caught.value.problems}


# --- paths of rows ---------------------------------------------------------------------------


def test_a_row_has_its_path_with_the_copies_that_each_number_stands_for() -> None:
    text = """
    layers:
      - Input: {shape: [8]}
      - name: a
        times: 3
        layers:
          - name: b
            parallel: 4
            merge: Add
            layers: [{Dense: {units: 8}}]
      - name: "0"
        times: 2
        index: i
        layers: [{Dense: {units: 4 + i}}]
    """
    rows = {row.name: row for row in counted(text).layers}
    deepest = rows["a.0..2.b.0..3.dense"]
    assert deepest.path == ("a", "0", "b", "0", "dense")
    assert [range_._asdict() for range_ in deepest.copies] == [
        {"at": 1, "first": 0, "last": 2},
        {"at": 3, "first": 0, "last": 3},
    ]
    assert rows["a.0..2.b.merge"].path == ("a", "0", "b", "merge")
    assert (rows["0.1.dense"].path, rows["0.1.dense"].copies) == (("0", "1", "dense"), ((1, 1, 1),))
    assert rows["input"].copies == ()
    for row in rows.values():
        assert row.times == math.prod(last - first + 1 for _, first, last in row.copies)


def test_json_has_the_path_of_each_row() -> None:
    (row,) = (row for row in counted(EXPERTS).plain()["layers"] if row["name"] == "experts.0..3.up")
    assert row["path"] == ["experts", "0", "up"]
    assert row["copies"] == [{"at": 1, "first": 0, "last": 3}]
    assert counted(EXPERTS).plain()["paramcalc_count"] == 1
