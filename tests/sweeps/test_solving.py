"""What `solve` finds, and what it proves not to be there, is what counting each size one by one finds."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, note, settings
from hypothesis import strategies as st

import paramcalc as pc
from tests.helpers import ROOT, SPECS
from tests.language import load
from tests.strategies import specs

pytestmark = pytest.mark.sweep

#: Sizes of tensors in three dims: sums and products that grow, that fall, that turn around, that round or choose.
SIZES = [
    "a", "b", "c", "a + b", "2 * a + 3", "a * b", "a * a", "a * b * c", "b ** 2 + c", "3 * c + 1",
    "a * a - 7 * a + 20", "(a - b) ** 2 + 1", "a * c - c + 1", "50 - a", "100 // b", "a / 2", "b * c / 3", "a * a / b",
    "max(a, b)", "min(a, 6) + 1", "a // 3 + b", "ceil(a / b)", "a % 4 + 1", "round_up(a, 8)", "2 ** b",
    "2 ** b - 9 * b + 30",
    "scaled(a, 1.3) + 1", "scaled_up(c, 0.4)", "c if kind == 1 else b",
]  # fmt: skip
#: Conditions that a node has, and the whole spec.
WHENS = ["a > 4", "a == b", "b != 3", "c % 2 == 0", "a * b > 12"]
REQUIRES = ["a % b == 0", "a >= b", "a + c > 5", "c != 4"]
WHERE: list[tuple[str, Callable[[int, int, int], bool]]] = [
    ("a % 2 == 0", lambda a, b, c: a % 2 == 0),
    ("a % b == 1", lambda a, b, c: a % b == 1),
    ("a / b >= 2", lambda a, b, c: Fraction(a, b) >= 2),
    ("a / b > 2", lambda a, b, c: Fraction(a, b) > 2),
    ("b < 7", lambda a, b, c: b < 7),
    ("2 < a <= 8 and c != 3", lambda a, b, c: 2 < a <= 8 and c != 3),
    ("a in [2, 3, 5, 7] or b == 4", lambda a, b, c: a in (2, 3, 5, 7) or b == 4),
    ("a > 6 and a < 4", lambda a, b, c: False),
    ("twice == 8", lambda a, b, c: 2 * b == 8),
    ("a == b + c", lambda a, b, c: a == b + c),
]


@st.composite
def small_specs(draw: st.DrawFn) -> pc.Spec:
    """A network of tensors whose sizes are expressions in three dims."""
    nodes: list[Any] = [pc.Input(shape=(2,))]
    for place in range(draw(st.integers(1, 3))):
        shape = draw(st.lists(st.sampled_from(SIZES), min_size=1, max_size=2))
        keys: dict[str, Any] = {}
        if draw(st.integers(0, 3)) == 0:
            keys["times"] = draw(st.sampled_from(["b", "c", "c - 1", "a - 3", "2 * c"]))
        if draw(st.integers(0, 3)) == 0:
            keys["when"] = draw(st.sampled_from(WHENS))
        nodes.append(pc.Node(pc.Weights(tensors={"w": shape}), name=f"w{place}", **keys))
    dims = {"a": draw(st.integers(1, 12)), "b": draw(st.integers(1, 9)), "c": draw(st.integers(1, 6))}
    requires = draw(st.lists(st.sampled_from(REQUIRES), max_size=1))
    return pc.Spec(layers=nodes, dims={**dims, "twice": "2 * b", "kind": 1}, requires=requires)


DOMAINS: dict[str, list[Any]] = {
    "a": [range(1, 13), range(2, 24, 2), [1, 3, 4, 11], "0:9"],
    "b": [range(1, 10), "3:9:3", [2, 5]],
    "c": [range(1, 7), [1, 2], range(4)],
}


def sizes_of(written: Any) -> list[int]:
    """The sizes that a domain has, read without the code that is tested."""
    if not isinstance(written, str):
        return list(written)
    first, last, *step = map(int, written.split(":"))
    return list(range(first, last + 1, *step))


def counted(spec: pc.Spec, points: Iterator[dict[str, int]]) -> list[tuple[int, dict[str, int]]]:
    """The total at each of these sizes at which the network is not refused."""
    found = []
    for point in points:
        try:
            found.append((pc.count(spec, dims=point).total, point))
        except pc.ParamcalcError:
            continue
    return found


def grid(domains: Mapping[str, Sequence[int]]) -> Iterator[dict[str, int]]:
    for sizes in product(*domains.values()):
        yield dict(zip(domains, sizes, strict=True))


def check(
    solutions: pc.Solutions, everything: list[tuple[int, dict[str, int]]], target: int, tolerance: Fraction
) -> None:
    """Hold solutions to all that there is."""
    sides = {
        "nearest": lambda total: True,
        "at-most": lambda total: total <= target,
        "at-least": lambda total: total >= target,
    }
    asked = sides[solutions.question.which]
    within = [
        (abs(total - target), tuple(point.values()), total)
        for total, point in everything
        if abs(total - target) <= tolerance * target and asked(total)
    ]
    expected = sorted(within)
    found = [(abs(each.total - target), tuple(each.values()), each.total) for each in solutions]
    # the nearest first; of those that are equally near, any
    assert [each[0] for each in found] == [each[0] for each in expected[: solutions.question.limit]]
    assert len(set(found)) == len(found)
    assert set(found) <= set(expected)
    assert solutions.number == len(expected)
    assert solutions.complete == (len(expected) <= solutions.question.limit)
    assert not solutions.unsearched
    below = [target - total for total, _ in everything if total <= target]
    above = [total - target for total, _ in everything if total >= target]
    assert (solutions.below and target - solutions.below.total) == (min(below) if below else None)
    assert (solutions.above and solutions.above.total - target) == (min(above) if above else None)
    less = [target - total for total, _ in everything if total < target]
    more = [total - target for total, _ in everything if total > target]
    assert (solutions.next_below and target - solutions.next_below.total) == (min(less) if less else None)
    assert (solutions.next_above and solutions.next_above.total - target) == (min(more) if more else None)
    assert bool(solutions.exact) == any(total == target for total, _ in everything)
    for each in (solutions.below, solutions.above):
        assert each is None or (each.total, dict(each)) in everything


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(small_specs(), st.data())
def test_solutions_are_those_of_brute_force(spec: pc.Spec, data: st.DataObject) -> None:
    names = data.draw(st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=3, unique=True))
    varied = {name: data.draw(st.sampled_from(DOMAINS[name])) for name in names}
    where = data.draw(st.lists(st.sampled_from(WHERE), max_size=2, unique_by=lambda each: each[0]))
    own = {name: spec.dims[name] for name in ("a", "b", "c")}
    points = (
        point
        for point in grid({name: sizes_of(written) for name, written in varied.items()})
        if all(holds(**{**own, **point}) for _, holds in where)  # type: ignore[arg-type]
    )
    everything = counted(spec, points)
    totals = [total for total, _ in everything]
    target = data.draw(st.sampled_from(totals) if totals and data.draw(st.booleans()) else st.integers(0, 400))
    tolerance = data.draw(st.sampled_from(["0", "0.1", "50%"]))
    note(pc.dumps(spec))
    try:
        solutions = pc.solve(
            spec,
            total=target,
            vary=varied,
            where=[text for text, _ in where],
            tolerance=tolerance,
            which=data.draw(st.sampled_from(["nearest", "at-most", "at-least"])),
            limit=data.draw(st.sampled_from([1, 5, 1000])),
        )
    except pc.ParamcalcError as error:
        # a dim that nothing depends on, and a spec that is refused whatever the sizes are
        if error.code != "idle-dim" and everything:
            raise
        event(error.code)
        return
    event(f"solved, {min(solutions.number, 3)} solutions")
    share = {"0": Fraction(0), "0.1": Fraction(1, 10), "50%": Fraction(1, 2)}[tolerance]
    check(solutions, everything, target, share)


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(small_specs(), st.data())
def test_solutions_for_two_targets_are_those_of_brute_force(spec: pc.Spec, data: st.DataObject) -> None:
    first, *rest = spec.layers
    frozen = [replace(node, trainable=data.draw(st.sampled_from([True, False]))) for node in rest]
    spec = replace(spec, layers=(first, *frozen))
    varied = {"a": range(1, 13), "b": range(1, 10)}
    found = []
    for point in grid(varied):
        try:
            counted = pc.count(spec, dims=point)
        except pc.ParamcalcError:
            continue
        found.append((counted.total, counted.trainable, tuple(point.values())))
    target = data.draw(st.sampled_from([each[:2] for each in found if each[0] and each[1]] or [(1, 1)]))
    try:
        solutions = pc.solve(
            spec, targets={"parameters": target[0], "trainable": target[1]}, vary=varied, tolerance="30%"
        )
    except pc.ParamcalcError as error:
        if error.code != "idle-dim" and found:
            raise
        return

    def distance(total: int, trainable: int) -> Fraction:
        return max(Fraction(abs(total - target[0]), target[0]), Fraction(abs(trainable - target[1]), target[1]))

    expected = {each[2]: distance(*each[:2]) for each in found if distance(*each[:2]) <= Fraction(3, 10)}
    given = {tuple(each.values()): distance(*each.totals.values()) for each in solutions}
    assert given == expected
    assert list(given.values()) == sorted(given.values())
    below = [distance(*each[:2]) for each in found if each[0] <= target[0] and each[1] <= target[1]]
    assert (solutions.below and distance(*solutions.below.totals.values())) == min(below, default=None)


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(specs(), st.data())
def test_a_random_network_is_solved_as_by_brute_force(spec: pc.Spec, data: st.DataObject) -> None:
    names = data.draw(
        st.lists(st.sampled_from(["width", "depth", "model.experts"]), min_size=1, max_size=2, unique=True)
    )
    varied = {name: range(1, 9) for name in names}
    everything = counted(spec, grid(varied))
    target = data.draw(st.sampled_from([total for total, _ in everything]))
    try:
        solutions = pc.solve(spec, total=target, vary=varied, tolerance="20%")
    except pc.ParamcalcError as error:
        assert error.code == "idle-dim"  # noqa: PT017
        return
    check(solutions, everything, target, Fraction(1, 5))


# --- Where totals grow without an end, fall, or turn around ----------------------------


def one_tensor(size: str) -> pc.Spec:
    return load(f"dims: {{n: 1}}\nlayers: [Input: {{shape: [1]}}, Weights: {{tensors: {{w: ['{size}']}}}}]")


def test_totals_that_fall_turn_around_or_stop_growing_are_searched_exactly() -> None:
    assert pc.solve(one_tensor("min(n, 100)"), total=200, vary="n").below == {"n": 100}
    assert pc.solve(one_tensor("min(n, 100)"), total=200, vary="n").above is None
    # it falls up to 100, and grows from there on
    turning = one_tensor("(n - 100) ** 2 + 1")
    assert sorted(each["n"] for each in pc.solve(turning, total=26, vary="n")) == [95, 105]
    assert pc.solve(turning, total=10**40 + 1, vary="n").exact == {"n": 10**20 + 100}
    power = pc.solve(one_tensor("2 ** n"), total=10**30, vary="n")
    assert (power.below, power.above) == ({"n": 99}, {"n": 100})


def test_numbers_without_an_end_are_searched_exactly() -> None:
    spec = load("dims: {n: 1}\nlayers: [Input: {shape: [1]}, Weights: {tensors: {w: [n, n]}}]")
    root = 3**70
    assert pc.solve(spec, total=root**2, vary="n").exact == {"n": root}
    between = pc.solve(spec, total=root**2 - 1, vary="n")
    assert (between.below, between.above) == ({"n": root - 1}, {"n": root})


# --- Known designs, found again from their totals --------------------------------------


@pytest.mark.parametrize(
    ("total", "width", "depth"),
    [
        # Radford et al. 2019, table 2, the embeddings tied: as the published weights have them
        (124_439_808, 768, 12),
        (354_823_168, 1024, 24),
        (774_030_080, 1280, 36),
        (1_557_611_200, 1600, 48),
    ],
)
def test_gpt2_is_the_only_one_of_its_total(total: int, width: int, depth: int) -> None:
    # with heads of 64 features, as in the paper
    spec = pc.load(ROOT / "specs" / "gpt2.yaml")
    solutions = pc.solve(spec, total=total, vary=["width", "depth"], dims={"heads": "width / 64"})
    assert list(solutions) == [{"width": width, "depth": depth}]
    assert solutions.complete


@pytest.mark.parametrize(
    ("total", "width", "depth", "inner"),
    # Touvron et al. 2023: as the published weights have them
    [(6_738_415_616, 4096, 32, 11008), (13_015_864_320, 5120, 40, 13824)],
)
def test_llama_is_the_only_one_of_its_total(total: int, width: int, depth: int, inner: int) -> None:
    spec = pc.load(ROOT / "specs" / "llama2_7b.yaml")
    # heads of 128 features; 2/3·4·width features within, up to a multiple of 256, as in the paper's code
    heads = {"heads": "width / 128", "key_value_heads": "width / 128"}
    rule = {**heads, "inner": "round_up(8 * width // 3, 256)"}
    assert list(pc.solve(spec, total=total, vary=["width", "depth"], dims=rule)) == [{"width": width, "depth": depth}]
    # without that rule, and any multiple of 256
    solutions = pc.solve(spec, total=total, vary=["width", "depth", "inner"], step={"inner": 256}, dims=heads)
    assert list(solutions) == [{"width": width, "depth": depth, "inner": inner}]
    assert solutions.complete


#: What the layers of GPT-NeoX own, but for the embeddings: two norms, an attention and an mlp, all with biases.
NEOX = """
paramcalc: 1
framework: torch
dims: {width: 512, depth: 6, heads: 8, tokens: null}
layers:
  - Input: {shape: [tokens, width]}
  - name: body
    times: depth
    layers:
      - residual: true
        layers: [LayerNorm, {MultiHeadAttention: {num_heads: heads, key_dim: width / heads}}]
      - residual: true
        layers: [LayerNorm, {Dense: {units: 4 * width}}, {Dense: {units: width}}]
  - LayerNorm
"""


@pytest.mark.parametrize(
    ("non_embedding", "depth", "width", "heads"),
    [
        # Biderman et al. 2023, "Pythia", table 1
        (18_915_328, 6, 512, 8),
        (85_056_000, 12, 768, 12),
        (302_311_424, 24, 1024, 16),
        (805_736_448, 16, 2048, 8),
        (1_208_602_624, 24, 2048, 16),
        (2_517_652_480, 32, 2560, 32),
        (6_444_163_072, 32, 4096, 32),
        (11_327_027_200, 36, 5120, 40),
    ],
)
def test_pythia_is_the_only_one_of_its_total(non_embedding: int, depth: int, width: int, heads: int) -> None:
    solutions = pc.solve(
        pc.loads(NEOX), total=non_embedding, vary=["width", "depth"], dims={"heads": heads}, step={"width": 64}
    )
    assert list(solutions) == [{"width": width, "depth": depth}]
    assert solutions.complete


# --- Any measure, any part -------------------------------------------------------------


def test_other_measures_and_several_at_once() -> None:
    spec = pc.load(ROOT / "specs" / "mixtral_8x7b.yaml")
    # Jiang et al. 2024: 13 B of 47 B parameters are active
    targets = {"parameters": 46_702_792_704, "active": 12_879_925_248}
    solutions = pc.solve(spec, targets=targets, vary={"inner": None, "experts": "2:64"})
    assert list(solutions) == [{"inner": 14336, "experts": 8}]
    assert solutions[0].totals == targets
    twice = pc.solve(spec, of="bytes", total=2 * 46_702_792_704, dtype="bfloat16", vary=["depth"])
    assert twice.exact == {"depth": 32}


def test_the_longest_text_and_the_largest_batch_for_so_many_flops() -> None:
    spec = pc.load(ROOT / "specs" / "gpt2.yaml")
    for dim, further, of in (("tokens", {}, "flops"), ("batch", {"tokens": 1024}, "training_flops")):
        for causal in ("whole", "exact"):
            arguments: dict[str, Any] = {"of": of, "causal": causal}
            solutions = pc.solve(spec, total=10**15, vary=dim, dims=further, which="at-most", **arguments)
            assert solutions.below is not None
            size = solutions.below[dim]
            totals = [pc.count(spec, dims={**further, dim: each}, **arguments).total for each in (size, size + 1)]
            assert totals[0] == solutions.below.total <= 10**15 < totals[1]


def test_the_share_of_a_node() -> None:
    spec = pc.load(ROOT / "specs" / "gpt2.yaml")
    # 12·L·d² + 13·L·d of the body alone
    target = 12 * 24 * 1024**2 + 13 * 24 * 1024
    solutions = pc.solve(spec, total=target, node="body", vary=["width", "depth"], dims={"heads": "width / 64"})
    assert list(solutions) == [{"width": 1024, "depth": 24}]
    assert pc.solve(spec, total=50257 * 640, node="word", vary="width", dims={"heads": 10}).exact == {"width": 640}


def test_a_derived_network_and_a_live_one_are_solved() -> None:
    torch = pytest.importorskip("torch")

    def build(width: int = 8, depth: int = 2) -> Any:
        return torch.nn.Sequential(*(torch.nn.Linear(width, width) for _ in range(depth)))

    derived = pc.derive(build, width=8, depth=2)
    solutions = pc.solve(derived, total=5 * 12 * 13, vary=["width", "depth"])
    assert {"width": 12, "depth": 5} in solutions
    for each in solutions:
        assert each["depth"] * each["width"] * (each["width"] + 1) == 5 * 12 * 13
    swept = pc.sweep(derived, {"width": [8, 12], "depth": range(1, 4)}, where="width * depth > 10").columns
    rows = zip(*(swept[name].tolist() for name in ("width", "depth", "total")), strict=True)
    assert list(rows) == [(w, d, d * w * (w + 1)) for w, d in ((8, 2), (8, 3), (12, 1), (12, 2), (12, 3))]


#: TinyLlama 1.1B (Zhang et al. 2024); the total is that of its published weights.
TINY_LLAMA = {
    "model_type": "llama",
    "architectures": ["LlamaForCausalLM"],
    "hidden_size": 2048,
    "intermediate_size": 5632,
    "num_hidden_layers": 22,
    "num_attention_heads": 32,
    "num_key_value_heads": 4,
    "vocab_size": 32000,
    "tie_word_embeddings": False,
}


def test_a_configuration_is_solved_and_swept_in_its_own_words(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(TINY_LLAMA))
    solutions = pc.solve(
        path,
        total=1_100_048_384,
        vary={"num_hidden_layers": None, "intermediate_size": None, "hidden_size": "1024:4096"},
        step={"intermediate_size": 256, "hidden_size": 256},
    )
    assert {"num_hidden_layers": 22, "intermediate_size": 5632, "hidden_size": 2048} in solutions
    assert all(pc.count(path, dims=each).total == 1_100_048_384 for each in solutions)
    assert solutions.complete
    swept = pc.sweep(path, {"num_hidden_layers": [22, 44]}).columns["total"].tolist()
    embeddings = 2048 * (2 * 32000 + 1)
    assert swept == [1_100_048_384, 2 * (1_100_048_384 - embeddings) + embeddings]


def test_a_condition_that_has_no_whole_number_at_the_sizes_of_the_spec_is_not_met_there() -> None:
    spec = pc.load(ROOT / "specs" / "mlp_mixer_b16.yaml")
    total = pc.count(spec, of="saved").total
    with pytest.raises(pc.ParamcalcError, match=r"error\[limit\].*'image', which are tried one by one"):
        pc.solve(spec, of="saved", total=total, vary=["image", "patch"])
    found = pc.solve(spec, of="saved", total=total, vary={"image": "32:512:32", "patch": "8:64:8"})
    assert list(found) == [{"image": 224, "patch": 16}]


def test_the_cost_does_not_depend_on_the_depth() -> None:
    spec = pc.load(ROOT / "specs" / "llama2_7b.yaml")
    deep = pc.solve(spec, total="7T", vary=["width"], dims={"depth": 100_000}, which="at-most")
    assert deep.below is not None
    assert deep.below.total <= 7 * 10**12 < deep.above.total  # type: ignore[union-attr]


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_each_size_of_a_spec_is_found_again_from_its_total(path: Path) -> None:
    spec = pc.load(path)
    total = pc.count(spec).total
    for name, size in spec.dims.items():
        if type(size) is not int:
            continue
        try:
            solutions = pc.solve(spec, total=total, vary=[name])
        except pc.ParamcalcError as error:
            if error.code == "idle-dim":
                # where the network takes another size of it, it has the same total
                with suppress(pc.ParamcalcError):
                    assert pc.count(spec, dims={name: 2 * size}).total == total, name
                continue
            # no form holds for all sizes of it, or the total falls and grows with it
            if error.code != "limit":
                raise
            solutions = pc.solve(spec, total=total, vary={name: range(size, size + 3)})
        assert {name: size} in list(solutions), name
        assert not solutions.unsearched, name
