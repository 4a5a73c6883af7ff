"""Solving for a size: what is answered, what is printed, and what is refused."""

import json
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import pytest

import paramcalc as pc
from paramcalc.core.amounts import share, whole
from paramcalc.core.errors import LIMITS
from paramcalc.core.ranges import LARGEST
from paramcalc.results.solving.domains import read_domain
from tests.helpers import ROOT, run
from tests.language import load

pytestmark = pytest.mark.sweep

#: 2·w + 1 numbers for each of n copies, and 8·w beside them
SMALL = """
framework: torch
dims: {w: 3, n: 2, other: 1, kind: {text: wide}, sizes: [1, 2], flag: true, twice: 2 * w}
layers:
  - Input: {shape: [2]}
  - Weights: {tensors: {table: [8, w]}}
    name: table
  - name: body
    times: n
    layers:
      - Weights: {tensors: {a: [twice], b: [1]}}
"""


def solve(**arguments: Any) -> pc.Solutions:
    return pc.solve(load(SMALL), **arguments)


# --- What is answered ------------------------------------------------------------------


def test_the_nearest_sizes_of_one_dim_stand_on_both_sides() -> None:
    # at n = 2: 12·w + 2
    solutions = solve(total=60, vary="w")
    assert not solutions
    assert solutions.exact is None
    assert (solutions.below, solutions.above) == ({"w": 4}, {"w": 5})
    assert (solutions.below.total, solutions.above.total) == (50, 62)
    assert solutions.nearest == {"w": 5}
    assert solutions.is_met
    assert (solutions.next_below, solutions.next_above) == (solutions.below, solutions.above)
    assert solutions.complete
    assert solutions.number == 0
    met = solve(total=62, vary="w")
    assert met.exact == met.below == met.above == {"w": 5}
    assert (met.next_below, met.next_above) == ({"w": 4}, {"w": 6})


def test_all_solutions_of_several_dims_are_given_or_that_there_are_none() -> None:
    for total in range(60, 70):
        found = {(w, n) for w in range(1, 9) for n in range(1, 22) if 8 * w + n * (2 * w + 1) == total}
        solutions = solve(total=total, vary=["w", "n"])
        assert {(each["w"], each["n"]) for each in solutions} == found
        assert solutions.number == len(found)
        assert solutions.complete
    assert solve(total=61, vary={"w": "2:4:2", "n": [1, 3]}).number == 0


def test_the_nearest_of_several_dims_is_found_however_far_away() -> None:
    # of all w that 100003 divides, and all n, the least total is 10·100003 + 1
    far = solve(total=3, vary=["w", "n"], where="w % 100003 == 0")
    assert (far.below, far.above) == (None, {"w": 100_003, "n": 1})
    assert far.above.total == 1_000_031
    assert far.unknown == ()


def test_where_too_many_sizes_would_be_tried_the_nearest_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paramcalc.results.solving.search.LIMITS", LIMITS._replace(combinations=10_000))
    solutions = solve(total=1000, vary=["w", "n"], where="w * n % 1000003 == 0")
    assert (solutions.below, solutions.above, solutions.unknown) == (None, None, ("above",))
    assert not solutions.is_met
    assert "the nearest above is not known: too many sizes would be tried" in solutions.to("text")
    assert "no sizes at all" not in solutions.to("text")
    assert json.loads(solutions.to("json"))["unknown"] == ["above"]
    with pytest.raises(pc.ParamcalcError, match="10,000 are the most"):
        _ = solve(total=1000, vary=["w", "n"], where="w * n % 1000003 == 0", which="at-least").is_met


def test_a_solution_is_given_to_count_as_it_is() -> None:
    (solution,) = solve(total=62, vary=["w", "n"], where="n == 2")
    assert pc.count(load(SMALL), dims=solution).total == solution.total == 62
    assert solution.totals == {"parameters": 62}


def test_a_network_of_which_no_form_holds_for_all_sizes_is_solved_as_well() -> None:
    spec = load(
        "dims: {n: 4}\n"
        "layers:\n"
        "  - Input: {shape: [1]}\n"
        "  - Weights: {tensors: {w: [n]}}\n"
        "    when: n != 7\n"
        "  - Weights: {tensors: {w: [100]}}\n"
    )
    # 107 would be 7, at which the first is not there
    solutions = pc.solve(spec, total=107, vary="n", tolerance="1%")
    assert [(each["n"], each.total) for each in solutions] == [(6, 106), (8, 108)]
    assert pc.solve(spec, total=100, vary="n").exact == {"n": 7}


#: Networks whose form takes for granted what the sizes beside them are not asked for.
ASKED_OF_SOME = {
    # what the second copy takes, which is there from two on
    "a copy that is named": (
        (
            "dims: {n: 3, width: 6}\nlayers:\n  - Input: {shape: [width]}\n"
            "  - {name: down, times: n, index: i, layers: [Dense: {units: width + i}]}\n"
            "  - name: up\n    times: n\n    index: j\n    layers:\n"
            "      - Dense: {units: 4}\n        inputs: ['down[n - 1 - j]']\n"
            "      - Dense: {units: 4}\n        when: j > 0"
        ),
        "parameters",
        {"n": 1, "width": 5},
    ),
    # a width that can be parted into three groups
    "a quotient without a rest": (
        (
            "dims: {n: 3, width: 6}\nlayers:\n  - Input: {shape: [16, width]}\n  - name: body\n    times: n\n"
            "    index: i\n    layers:\n"
            "      - Conv1D: {filters: width, kernel_size: 1, groups: '1 if i == 0 else 3', use_bias: false}"
        ),
        "parameters",
        {"n": 1, "width": 5},
    ),
    "a quotient, of copies in a list": (
        (
            "connections: none\ndims: {n: 3, width: 6}\nlayers:\n"
            "  - {Dense: {units: 'width if i == 0 else width / 3', use_bias: false}, times: n, index: i, of: [1]}"
        ),
        "parameters",
        {"n": 1, "width": 5},
    ),
    # a single output is not joined: the input, and the copy's output
    "what joins several": (
        (
            "dims: {n: 3, width: 6}\nlayers:\n  - Input: {shape: [2]}\n"
            "  - {name: body, parallel: n, merge: Concatenate, layers: [Dense: {units: width}]}"
        ),
        "activations",
        {"n": 1, "width": 5},
    ),
    # an axis of one element lies anywhere
    "an axis of several": (
        (
            "dims: {width: 6}\nlayers:\n  - Input: {shape: [16, 6]}\n"
            "  - Conv1D: {filters: width, kernel_size: 1}\n  - Dense: {units: 1}"
        ),
        "saved",
        {"width": 1},
    ),
}


@pytest.mark.parametrize("what", ASKED_OF_SOME)
def test_sizes_that_are_not_asked_for_what_others_are_asked_are_found(what: str) -> None:
    text, measure, sizes = ASKED_OF_SOME[what]
    spec = load(text)
    total = pc.count(spec, of=measure, dims=sizes).total
    solutions = pc.solve(spec, of=measure, total=total, vary={name: range(1, 9) for name in sizes}, limit=100)
    assert sizes in list(solutions)
    assert not solutions.unsearched


# --- What is written -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "expected"),
    [(7, 7), ("7B", 7 * 10**9), ("1.5e9", 15 * 10**8), (2e3, 2000), ("10_000", 10_000)],
)
def test_a_target_is_written_as_people_write_it(written: Any, expected: int) -> None:
    assert whole(written) == expected
    assert whole("16GiB", of_bytes=True) == 2**34


def test_a_share_is_what_it_is_written_as() -> None:
    assert share(0.1) == share("0.1") == share("10%") == share("10 %") == Fraction(1, 10)
    assert share("1e-3") == share(Fraction(1, 1000)) == Fraction(1, 1000)


@pytest.mark.parametrize(
    ("written", "step", "expected"),
    [
        ("1024:8192:128", 1, range(1024, 8193, 128)),
        ("3:9", 1, range(3, 10)),
        ("1K:2K:500", 1, range(1000, 2001, 500)),
        ("100:300", 64, range(128, 300, 64)),
        ("8,2,4", 1, [2, 4, 8]),
        ("1:4,8,10:30:10", 1, [1, 2, 3, 4, 8, 10, 20, 30]),
        ([5, 1, 5], 1, [1, 5]),
        (range(9, 0, -3), 1, [3, 6, 9]),
        (range(1, 40, 4), 6, []),
        (range(2, 40, 4), 6, [6, 18, 30]),
    ],
)
def test_the_sizes_of_a_dim(written: Any, step: int, expected: Any) -> None:
    if not expected:
        with pytest.raises(pc.ParamcalcError, match="none of the sizes of 'w' is a multiple of 6"):
            read_domain("w", written, step)
        return
    domain = read_domain("w", written, step)
    assert [domain.at(place) for place in range(domain.length)] == list(expected)
    for size in range(50):
        assert domain.below(size) == sum(each < size for each in expected)


def test_sizes_without_an_end_go_on_to_the_largest() -> None:
    domain = read_domain("w", None)
    assert (domain.first, domain.last, domain.has_end) == (1, LARGEST, False)
    assert str(domain) == "from 1 on"


# --- What is printed -------------------------------------------------------------------

GPT2 = str(ROOT / "specs" / "gpt2.yaml")


def test_the_command_prints_the_nearest_where_nothing_is_exact() -> None:
    done = run("solve", GPT2, "--total", "125M", "--vary", "width")
    assert done.exit_code == 0
    assert done.stdout == (
        "gpt2 · torch: 125,000,000 parameters\n"
        "\n"
        "  width   parameters  difference\n"
        "    768  124,439,808    -560,192  nearest below ←\n"
        "    780  127,732,020  +2,732,020  nearest above\n"
        "\n"
        "no size gives exactly that\n"
        "searched: width from 1 on\n"
        "where 12 divides width\n"
    )


def test_no_solution_of_several_dims_is_the_answer_no(tmp_path: Any) -> None:
    path = tmp_path / "small.yaml"
    path.write_text("paramcalc: 1\n" + SMALL)
    small = ("solve", str(path), "--vary", "w", "--vary", "n=2:3")
    assert run(*small, "--total", "61").exit_code == 1
    assert run(*small, "--total", "61", "--at-most").exit_code == 0
    both = run(*small, "--total", "61", "--at-most", "--at-least")
    assert (both.exit_code, "--at-most and --at-least exclude each other" in both.output) == (2, True)
    assert run(*small, "--total", "62").exit_code == 0
    assert run(*small, "--total", "62", "--format", "csv").stdout == "w,n,parameters,parameters_difference\n5,2,62,0\n"
    printed = json.loads(run(*small, "--total", "62", "--format", "json").stdout)
    assert printed["paramcalc_solve"] == 1
    (solution,) = printed["solutions"]
    assert solution == {"dims": {"w": 5, "n": 2}, "total": 62, "totals": {"parameters": 62}, "difference": 0}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--vary", "width"), "either --total or --target says what is to be reached"),
        (("--total", "125M"), "Missing option '--vary'."),
        (("--vary", "width", "--target", "flops"), "--target flops is not of the form NAME=VALUE"),
        (("--vary", "width", "--target", "flops=1", "--of", "bytes"), "--of goes with --total"),
        (("--vary", "width", "--vary", "width=1:9", "--total", "9"), "--vary width is given twice"),
        (("--vary", "width", "--step", "width=x", "--total", "9"), "--step takes a whole number, not 'x'"),
        (("--vary", "width", "--total", "16GiB"), "'16GiB' is no number such as 10000"),
        (("--vary", "heads", "--total", "125M"), "error[idle-dim]"),
        (
            ("--vary", "width", "--target", "memory=9GiB", "--training", "adem"),
            "error[unknown-optimizer]: PyTorch has no",
        ),
        (
            ("--vary", "width", "--target", "memory=9GiB", "--master", "float32"),
            "'master' has no meaning without 'train",
        ),
        (("--vary", "width", "--target", "memory=9GiB", "--causal", "half"), "'causal' has no meaning for memory"),
        (
            ("--vary", "width", "--target", "memory=9GiB", "--node", "word"),
            "'node' asks for a share, and the memory is",
        ),
        (("--vary", "width", "--target", "memory=9GiB"), "multi_head_attention' depend on 'tokens'"),
        (
            ("--vary", "width", "--total", "9", "--training", "adamw"),
            "'training' has no meaning for the measure 'parameters'",
        ),
    ],
)
def test_a_command_line_that_makes_no_sense_is_refused(arguments: tuple[str, ...], message: str) -> None:
    done = run("solve", GPT2, *arguments)
    assert done.exit_code == 2
    assert message in done.stderr
    assert done.stdout == ""


# --- What is refused -------------------------------------------------------------------


DIMS = "the dims: w, n, other, kind, sizes, flag, twice"
SIZES = "as in 256:8192:64, which goes from 256 to 8192 in steps of 64, or 4,8,16"
AMOUNTS = "'lots' is no number such as 10000, 10_000_000, 125M, 13B or 1.5e9"
ORDER = "'9:3' goes from 9 to 3: there is no number between"


@pytest.mark.parametrize(
    ("arguments", "code", "message", "hint"),
    [
        ({"vary": "u"}, "unknown-dim", "the spec has no dim 'u'", DIMS),
        ({"vary": []}, "missing-key", "no dim is to be varied", DIMS),
        ({"vary": "kind"}, "wrong-type", "'kind' is a text, and what is varied is a whole number", ""),
        ({"vary": "sizes"}, "wrong-type", "'sizes' is a list, and what is varied is a whole number", ""),
        ({"vary": "flag"}, "wrong-type", "'flag' is true or false, and what is varied is a whole number", ""),
        ({"vary": {"w": "9:3"}}, "invalid-value", f"the sizes of 'w': {ORDER}", SIZES),
        ({"vary": {"w": range(5, 5)}}, "invalid-value", "the sizes of 'w': range(5, 5) has none", SIZES),
        ({"total": -3}, "invalid-value", "a target is a number of at least 0, not -3", ""),
        ({"total": "lots"}, "invalid-value", AMOUNTS, ""),
        ({"total": 2.5}, "wrong-type", "2.5 is no whole number", 'as in 7_000_000_000, 7e9 or "7B"'),
        ({"total": None}, "missing-key", "either 'total' or 'targets' is given", "as in total=125_000_000"),
        ({"tolerance": "much"}, "invalid-value", "'much' is no share such as 0.001 or 0.1%", ""),
        ({"which": "above"}, "invalid-value", "'which' is nearest, at-most or at-least, not 'above'", ""),
        ({"limit": 0}, "invalid-value", "'limit' is a whole number of at least 1, not 0", ""),
        ({"step": {"n": 2}}, "unknown-dim", "'n' has a step, and is not varied", "vary it as well"),
        ({"dims": {"w": 4}}, "invalid-value", "'w' is given a value, and is to be varied", "do one of the two"),
        ({"where": "w + 1"}, "wrong-type", "'w + 1' is a number, and no condition", ""),
        ({"where": "w % 64"}, "wrong-type", "'w % 64' is a number, and no condition", ""),
        ({"where": [3]}, "wrong-type", "a condition is a text, not 3", "as in 'width % heads == 0'"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments: dict[str, Any], code: str, message: str, hint: str) -> None:
    with pytest.raises(pc.ParamcalcError) as caught:
        solve(**{"total": 62, "vary": "w", **arguments})
    assert str(caught.value) == f"error[{code}]: {message}" + (f"\n    {hint}" if hint else "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"of": "size"}, "error[unknown-measure]: there is no measure 'size'"),
        ({"where": "u > 2"}, "error[unknown-dim]: the spec has no dim 'u'"),
        (
            {"where": "flops < 9"},
            "error[unknown-dim]: 'flops' is a measure, and solutions are held to conditions on dims",
        ),
        ({"where": "w +"}, "error[invalid-expression]: 'w +' is not an expression"),
        ({"node": "head"}, "error[unknown-node]: there is no node 'head' with a part in the number of parameters"),
    ],
)
def test_what_is_not_there_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(pc.ParamcalcError) as caught:
        solve(**{"total": 62, "vary": "w", **arguments})
    assert str(caught.value).startswith(message)


def test_a_dim_that_the_total_does_not_depend_on_is_refused() -> None:
    with pytest.raises(pc.ParamcalcError) as caught:
        solve(total=62, vary=["w", "other"])
    assert str(caught.value) == (
        "error[idle-dim]: the number of parameters does not depend on 'other'\n"
        "    leave it out; a condition may still name it"
    )


def test_an_argument_that_was_fixed_when_it_was_derived_is_not_varied() -> None:
    derived: Any = SimpleNamespace(spec=load(SMALL), fixed={"u": "it decides how often something is done"})
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.solve(derived, total=62, vary=["w", "u"])
    assert caught.value.code == "fixed-dim"
    assert pc.solve(derived, total=62, vary=["w"]).exact == {"w": 5}


def test_a_search_that_is_too_large_says_so_and_asks_for_a_range() -> None:
    spec = load("dims: {a: 1, b: 1, c: 1}\nlayers: [Input: {shape: [1]}, Weights: {tensors: {u: [a], v: [b], w: [c]}}]")
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.solve(spec, total=10**9, vary=["a", "b", "c"])
    assert caught.value.code == "limit"
    assert str(caught.value) == (
        "error[limit]: the search has at least 999,999,998 sizes of a to try; 20,000,000 are the most\n"
        "    give a range or a step, as in a=64:4096:64"
    )
    assert pc.solve(spec, total=10, vary=["a", "b", "c"]).number == 36


def test_a_target_on_an_inventory_that_needs_connections_is_refused() -> None:
    spec = load("connections: none\ndims: {n: 3}\nlayers:\n  - Dense: {units: n}\n    of: [4]\n")
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.solve(spec, of="flops", total=5, vary="n")
    assert caught.value.code == "no-connections"
