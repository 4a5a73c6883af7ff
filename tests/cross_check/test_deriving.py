"""`derive` on networks as people write them: each held against the real modules at fresh points."""

from __future__ import annotations

import gc
import itertools
import math
import random
import weakref
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

import paramcalc as pc
from paramcalc.frameworks.deriving.arguments import read_arguments
from tests.cross_check import constructors, keras_constructors
from tests.cross_check.constructors import CASES, Case
from tests.cross_check.held import assert_held, derived, fresh, is_met

pytestmark = pytest.mark.framework


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.constructor.__name__)
def test_a_derived_spec_is_right_at_fresh_points(case: Case) -> None:
    if case.is_refused:
        with pytest.raises(pc.ParamcalcError, match="no form was found") as caught:
            derived(case)
        assert caught.value.code == "not-derivable"
        return
    net = derived(case)
    if not case.is_trap:
        assert net.fixed == {}
    assert_held(case, net)


def test_a_gpt_reads_as_a_person_would_write_it() -> None:
    net = pc.derive(constructors.GPT, width=768, depth=12, heads=12, vocabulary=50257, context=1024)
    width, depth, vocabulary, context = (
        pc.formula(net).symbols[name] for name in ("width", "depth", "vocabulary", "context")
    )
    expected = depth * (12 * width**2 + 13 * width) + width * (context + vocabulary + 2)
    assert (pc.formula(net).expr - expected).expand() == 0
    assert pc.formula(net).conditions[0] == "heads divides width"
    assert net.requires == ("width % heads == 0",)
    assert net.idle == ("heads",)
    # OpenAI's GPT-2 and GPT-2 XL, Radford et al. 2019
    assert pc.count(net).total == 124439808
    assert pc.count(net.spec, dims={"width": 1600, "depth": 48, "heads": 25}).total == 1557611200
    assert {*net.evidence.values()} <= {"traced", "sampled"}
    assert net.evidence["word.weight"] == "traced"


def test_a_fixed_dim_is_a_number_and_says_why() -> None:
    net = pc.derive(constructors.stack, features=784, width=512, depth=4, classes=10, fixed=["depth"])
    assert net.fixed == {"depth": "asked for"}
    assert "depth" not in net.spec.dims
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.count(net, dims={"depth": 3})
    assert caught.value.code == "fixed-dim"


def test_only_the_dims_that_are_asked_for_are_dims() -> None:
    net = pc.derive(constructors.stack, features=784, width=512, depth=4, classes=10, dims=["width"])
    assert [*net.spec.dims] == ["width"]


def test_with_strict_what_is_only_sampled_is_fixed() -> None:
    arguments = {"noise": 100, "width": 64, "colours": 3, "levels": 3}
    assert "sampled" in pc.derive(constructors.Generator, **arguments).evidence.values()
    net = pc.derive(constructors.Generator, strict=True, **arguments)
    assert {*net.evidence.values()} == {"traced"}
    assert net.fixed == dict.fromkeys(["width", "levels"], "its expressions are known by their values alone")


@pytest.mark.parametrize("constructor", [constructors.RandomSize, constructors.Counting])
def test_what_is_no_function_of_its_arguments_is_refused(constructor: type[nn.Module]) -> None:
    with pytest.raises(pc.ParamcalcError, match="not a function of its arguments") as caught:
        pc.derive(constructor, width=64)
    assert caught.value.code == "not-derivable"


def test_lazy_modules_and_modules_without_tensors_are_refused() -> None:
    for constructor in (lambda width: nn.LazyLinear(width), lambda width: nn.Flatten(width)):
        with pytest.raises(pc.ParamcalcError) as caught:
            pc.derive(constructor, width=8)
        assert caught.value.code == "not-derivable"


def test_an_argument_that_moves_nothing_is_refused() -> None:
    with pytest.raises(pc.ParamcalcError, match="changes with") as caught:
        pc.derive(lambda width: nn.Linear(3, 4), width=8)
    assert caught.value.code == "not-derivable"


def test_a_search_over_the_budget_is_refused() -> None:
    with pytest.raises(pc.ParamcalcError, match="budget") as caught:
        pc.derive(constructors.GPT, width=768, depth=12, heads=12, vocabulary=50257, context=1024, budget=0.01)
    assert caught.value.code == "not-derivable"


def test_what_a_constructor_prints_and_draws_leaves_no_trace(capsys: pytest.CaptureFixture[str]) -> None:
    states = random.getstate(), torch.random.get_rng_state()
    net = pc.derive(constructors.Noisy, width=64)
    assert pc.count(net).total == 64 * 64 + 64
    assert capsys.readouterr() == ("", "")
    assert random.getstate() == states[0]
    assert torch.equal(torch.random.get_rng_state(), states[1])


def test_what_is_made_is_gone_afterwards_without_a_search_for_garbage() -> None:
    made: list[weakref.ref[nn.Module]] = []

    def build(width: int, depth: int) -> nn.Module:
        # the first widths are no simple expression, so that the search gives up what it found, and starts again
        widths = [width * (3 + (place * place) % 5) // 2 for place in range(depth)]
        model = nn.Sequential(*(nn.Linear(width, each) for each in widths), nn.Linear(width, width))
        made.append(weakref.ref(model))
        return model

    gc.collect()
    gc.disable()
    try:
        net = pc.derive(build, width=24, depth=6)
        left = sum(model() is not None for model in made)
    finally:
        gc.enable()
    assert "depth" in net.fixed
    assert len(made) > 20
    assert left == 0


def test_the_points_are_those_at_which_it_was_compared() -> None:
    net = pc.derive(nn.Linear, in_features=64, out_features=10)
    assert len(net.points) >= 8
    assert net.points[0] == {"in_features": 64, "out_features": 10}
    assert math.prod(net.points[1].values())


def hidden(size: int) -> int:
    return int(str(size))


def smaller_of_multiple(a: int, b: int, c: int) -> nn.Module:
    return nn.Linear(a, min(hidden(b), 64 * hidden(c)))


def smaller_of_product(a: int, b: int, c: int) -> nn.Module:
    return nn.Linear(a, min(hidden(a) * hidden(c), hidden(b)))


def larger_of_quotient(a: int, b: int, c: int) -> nn.Module:
    return nn.Linear(a, max(hidden(b), hidden(c) // 16))


def divisible(channels: int) -> int:
    """A multiple of 8, the nearest one that is no less than nine tenths of it."""
    found = max(8, (hidden(channels) + 4) // 8 * 8)
    return found + 8 if found < 0.9 * channels else found


def nearest_of_smaller(a: int, b: int, c: int) -> nn.Module:
    return nn.Linear(divisible(min(hidden(a), hidden(b))), c)


def smaller_of_nearest(a: int, b: int, c: int) -> nn.Module:
    assert a >= 8
    assert c < 6
    return nn.Sequential(nn.LayerNorm(a), nn.Linear(b, min(divisible(a), 3 * c)))


@pytest.mark.parametrize(
    ("constructor", "sizes"),
    [
        (smaller_of_multiple, (96, 12, 200)),
        (smaller_of_product, (96, 12, 200)),
        (smaller_of_product, (512, 64, 768)),
        (larger_of_quotient, (96, 200, 12)),
        (larger_of_quotient, (64, 512, 8)),
    ],
)
def test_a_size_that_hides_the_smaller_of_two_is_right_on_both_sides(
    constructor: Callable[..., nn.Module], sizes: tuple[int, ...]
) -> None:
    given = dict(zip("abc", sizes, strict=True))
    net = pc.derive(constructor, **given)
    for point in itertools.product((1, 3, 40, 3000), repeat=3):
        values = {**dict(zip("abc", point, strict=True)), **{name: given[name] for name in net.fixed}}
        with torch.device("meta"):
            model = constructor(**values)
        assert pc.count(net, dims=dims_of(net, values)).total == sum(each.numel() for each in model.parameters())


@pytest.mark.parametrize(
    ("constructor", "sizes"),
    [(nearest_of_smaller, (96, 200, 12)), (nearest_of_smaller, (64, 512, 8)), (smaller_of_nearest, (12, 40, 4))],
)
def test_a_size_that_hides_a_rounding_is_right_with_every_rest(
    constructor: Callable[..., nn.Module], sizes: tuple[int, ...]
) -> None:
    given = dict(zip("abc", sizes, strict=True))
    net = pc.derive(constructor, **given)
    for a, b, c in itertools.product((*range(8, 48), 96, 1001), (*range(1, 100, 7), 1003), (1, 3, 4, 5)):
        values = {**dict(zip("abc", (a, b, c), strict=True)), **{name: given[name] for name in net.fixed}}
        with torch.device("meta"):
            model = constructor(**values)
        if is_met(net, values):
            assert pc.count(net, dims=dims_of(net, values)).total == sum(each.numel() for each in model.parameters())


def test_an_argument_that_decides_whether_a_tensor_is_empty_is_fixed_and_no_other() -> None:
    def build(width: int, heads: int, extra: int) -> nn.Module:
        parts = [nn.LayerNorm(min(3 * heads, 8 * (width // 8 + 1))), nn.Linear(heads // 8, width), nn.Linear(1, extra)]
        return nn.ModuleList(parts)

    net = pc.derive(build, width=96, heads=4, extra=12)
    assert [*net.fixed] == ["heads"]
    assert pc.count(net, dims={"width": 7, "extra": 5}).total == 2 * 8 + 7 + 2 * 5


def test_a_size_that_decides_whether_there_is_a_part_is_no_number_of_copies() -> None:
    def build(width: int, extra: int) -> nn.Module:
        size = min(hidden(width) + 1, 8 * hidden(width))
        parts = {"norm": nn.LayerNorm(size), "dense": nn.Linear(width, extra)}
        return nn.ModuleDict(parts | ({"last": nn.LayerNorm(extra)} if width > 150 else {}))

    net = pc.derive(build, width=96, extra=12)
    assert net.fixed == {}
    assert max(point["width"] for point in net.points) > 150
    assert len({point["width"] for point in net.points}) > 10
    for width in (2, 17, 149, 150, 151, 1000):
        assert pc.count(net, dims={"width": width}).total == 2 * (width + 1) + 12 * width + 12 + 24 * (width > 150)


def test_what_is_compared_is_seen_on_both_sides_however_far_apart_the_sizes_are() -> None:
    def build(width: int, extra: int) -> nn.Module:
        assert width > 256
        return nn.Linear(width, max(3 * width, extra))

    net = pc.derive(build, width=512, extra=12)
    assert net.requires == ("width > 256",)
    for width, extra in ((257, 771), (300, 901), (512, 5000), (900, 1)):
        units = max(3 * width, extra)
        assert pc.count(net, dims={"width": width, "extra": extra}).total == width * units + units


def dims_of(net: pc.Derived, point: dict[str, Any]) -> dict[str, Any]:
    return {name: point[name] for name in net.spec.dims}


@pytest.mark.parametrize("case", keras_constructors.CASES, ids=lambda case: f"keras-{case.constructor.__name__}")
def test_a_derived_spec_of_a_keras_model_is_right_at_fresh_points(case: Case) -> None:
    net = derived(case)
    assert net.fixed == {}
    assert net.spec.framework == "keras"
    arguments = read_arguments(case.constructor, (), case.arguments, None)
    held = 0
    for point in fresh(arguments, net, random.Random(7)):
        if max(each for value in point.values() for each in (value if isinstance(value, list) else [value])) > 200:
            continue
        try:
            model = arguments.call(point)
        except Exception:
            continue
        count = pc.count(net, dims=dims_of(net, point))
        trained = sum(math.prod(weight.shape) for weight in model.trainable_weights)
        # a subclassed model has weights before it is built, and counts none itself
        assert (count.total, count.trainable) == (sum(math.prod(each.shape) for each in model.weights), trained), point
        held += 1
        if held == 6:
            break
    assert held == 6


class Constants(nn.Module):
    """Numbers that are written, and numbers that are the same wherever it is tried."""

    def __init__(self, width: int, extra: int, window: int = 7) -> None:
        super().__init__()
        self.written = nn.Conv2d(3, width, window, stride=2)
        self.least = nn.Linear(width, max(5, width // 100_000))
        self.hidden = nn.Linear(width, root(extra, width))


def root(extra: int, width: int) -> int:
    return max(min(extra, 1), math.isqrt(width) // 1_000)


def test_a_number_that_was_merely_the_same_everywhere_is_sampled() -> None:
    net = pc.derive(Constants, width=64, extra=12)
    assert net.evidence == {
        "written.weight": "traced",
        "written.bias": "traced",
        "least.weight": "sampled",
        "least.bias": "sampled",
        "hidden.weight": "sampled",
        "hidden.bias": "sampled",
    }
