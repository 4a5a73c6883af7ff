"""Closed forms of copies that grow, and of those whose number decides what they have."""

import textwrap
from itertools import cycle

import pytest
import sympy

import paramcalc as pc

pytestmark = pytest.mark.sweep

PROGRESSIONS = {
    # Huang et al. 2017: each layer sees all before it
    "an input that grows by a step": (
        (
            "dims: {growth: 12, depth: 5, width: 24}\nlayers:\n  - Input: {shape: [width]}\n"
            "  - {name: body, times: depth, layers: [{Dense: {units: growth}, name: new},"
            " {Concatenate: {axis: -1}, inputs: [input, new]}]}"
        ),
        "depth*growth*(width + 1) + growth**2*depth*(depth - 1)/2",
    ),
    # width² first, then width·2^(i-1) · width·2^i for i from 1
    "a width that doubles": (
        (
            "dims: {depth: 5, width: 24}\nlayers:\n  - Input: {shape: [width]}\n"
            "  - {Dense: {units: width * 2 ** i, use_bias: false}, times: depth, index: i}"
        ),
        "width**2 + width**2*(4**depth - 4)/6",
    ),
    "a first copy that differs": (
        (
            "dims: {depth: 5, width: 24}\nlayers:\n  - Input: {shape: [7]}\n"
            "  - {Dense: {units: width, use_bias: false}, times: depth}"
        ),
        "7*width + (depth - 1)*width**2",
    ),
    "copies side by side": (
        (
            "dims: {depth: 5, width: 24}\nlayers:\n  - Input: {shape: [width]}\n"
            "  - {name: experts, parallel: depth, index: i, merge: Add, layers:"
            " [Dense: {units: i + 1, use_bias: false}, Dense: {units: 6, use_bias: false}]}"
        ),
        "(width + 6)*depth*(depth + 1)/2",
    ),
    "listed copies whose width doubles": (
        (
            "connections: none\ndims: {depth: 5, width: 24}\nlayers:\n"
            "  - {Dense: {units: width * 2 ** (i + 1)}, times: depth, index: i, of: [width * 2 ** i]}"
        ),
        "2*width**2*(4**depth - 1)/3 + 2*width*(2**depth - 1)",
    ),
    "listed copies whose width is halved": (
        (
            "connections: none\ndims: {depth: 5, width: 24}\nlayers:\n"
            "  - {name: up, times: depth, index: i, layers: [{Conv2DTranspose: {filters: width * 2 ** (depth - 1 - i),"
            " kernel_size: 2}, of: [null, null, width * 2 ** (depth - i)]}]}"
        ),
        "8*width**2*(4**depth - 1)/3 + width*(2**depth - 1)",
    ),
    "listed copies whose width is a square": (
        (
            "connections: none\ndims: {depth: 5, width: 24}\nlayers:\n"
            "  - {Dense: {units: width * (i + 1), use_bias: false}, times: depth, index: i, of: [(i + 1) * width]}"
        ),
        "width**2*depth*(depth + 1)*(2*depth + 1)/6",
    ),
}


#: A U-Net, whose levels on the way up take what those on the way down give.
UNET = """
paramcalc: 1
framework: torch
dims: {colours: 3, classes: 2, width: 16, depth: 4}
layers:
  - Input: {shape: [colours, IMAGE, IMAGE]}
  - name: down
    times: depth - 1
    index: i
    layers:
      - Conv2D: {filters: width * 2 ** i, kernel_size: 3, padding: 1}
        name: conv
      - MaxPool2D
  - Conv2D: {filters: width * 2 ** (depth - 1), kernel_size: 3, padding: 1}
  - name: up
    times: depth - 1
    index: i
    layers:
      - Conv2DTranspose: {filters: width * 2 ** (depth - 2 - i), kernel_size: 2, strides: 2}
        name: up
      - Concatenate: {axis: 1}
        inputs: ["down[depth - 2 - i].conv", up]
      - Conv2D: {filters: width * 2 ** (depth - 2 - i), kernel_size: 3, padding: 1}
  - Conv2D: {filters: classes, kernel_size: 1}
"""


def check_u_net(image: int, deepest: int) -> None:
    """As deep as its image can be halved: where it cannot, what is joined is not of one size, or nothing is left."""
    spec = pc.loads(UNET.replace("IMAGE", str(image)))
    form = pc.formula(spec)
    colours, classes, width, depth = (form.symbols[name] for name in ("colours", "classes", "width", "depth"))
    down = 9 * colours * width + width + 9 * width**2 * (4**depth - 4) / 6 + width * (2**depth - 2)
    # the weights of 2 times 2, and of 3 times 3, of which each has twice as many inputs as outputs
    up = 2 * (4 + 9) * width**2 * (4 ** (depth - 1) - 1) / 3 + 2 * width * (2 ** (depth - 1) - 1)
    assert sympy.simplify(form.expr - (down + up + classes * width + classes)) == 0
    assert form.conditions == (f"depth ≤ {deepest}", "depth ≥ 2")
    for levels in range(2, deepest + 1):
        assert form(depth=levels) == pc.count(spec, dims={"depth": levels}).total
    with pytest.raises(pc.ParamcalcError, match=f"depth ≤ {deepest}"):
        form(depth=deepest + 1)
    with pytest.raises(pc.ParamcalcError):
        pc.count(spec, dims={"depth": deepest + 1})


def test_a_copy_that_follows_no_rule_is_not_taken_for_another() -> None:
    """The last copy on the way up takes what the first on the way down gives, which has another width."""
    text = UNET.replace("IMAGE", "64").replace("width * 2 ** i,", '"width * 2 ** i if i > 0 else 5",')
    spec = pc.loads(text)
    form = pc.formula(spec)
    assert "depth" in form.fixed
    assert form() == pc.count(spec).total


def test_powers_of_one_number_are_one_power() -> None:
    """Widths that are doubled are summed as powers of 4, on the way up as on the way down."""
    way = "{Dense: {units: WIDTH, use_bias: false}, times: depth, index: i, of: [WIDTH]}"
    ways = [way.replace("WIDTH", f"width * 2 ** ({exponent})") for exponent in ("i", "depth - 1 - i")]
    text = "paramcalc: 1\nconnections: none\ndims: {depth: 5, width: 24}\nlayers:\n  - " + "\n  - ".join(ways)
    form = pc.formula(pc.loads(text))
    assert str(form.expr) == "2*width**2*(4**depth - 1)/3"
    assert form.conditions == ("depth ≥ 1",)
    assert form() == 2 * 24**2 * (4**5 - 1) // 3


#: What only the sweeps sum, as it takes as long as all others.
LONG = ("listed copies whose width is halved", "listed copies whose width is a square")


@pytest.mark.parametrize("name", [name for name in PROGRESSIONS if name not in LONG])
def test_copies_that_grow_are_summed_in_closed_form(name: str) -> None:
    check_progression(name)


def check_progression(name: str) -> None:
    text, known = PROGRESSIONS[name]
    spec = pc.loads(f"paramcalc: 1\n{text}")
    form = pc.formula(spec)
    assert "depth" not in form.fixed
    assert sympy.simplify(form.expr - sympy.sympify(known, locals=dict(form.symbols))) == 0
    for depth in (1, 2, 3, 10):
        assert form(depth=depth) == pc.count(spec, dims={"depth": depth}).total


#: Conditions on the number of a copy, and what a width of 1, 10 where they hold, sums up to in all copies.
CLASSES = {
    "i == 0": "n + 9",
    "i == 3": "n + 9",
    "i == n - 1": "n + 9",
    "i != 2": "10*n - 9",
    "i < k": "n + 9*k",
    "i >= k": "10*n - 9*k",
    "k > i": "n + 9*k",
    "n - i <= k": "n + 9*k",
    "i > 1": "10*n - 18",
    "i in [1, 3]": "n + 18",
    "i < k and i != 0": "n + 9*k - 9",
    "i % 2 == 0": "n + 9*ceiling(n/2)",
    "i % 2 == 1": "n + 9*floor(n/2)",
    "(i + 1) % 3 == 0": "n + 9*floor(n/3)",
    "i % 3 != 0": "10*n - 9*ceiling(n/3)",
    "i % 2 == 0 and i % 4 != 2": "n + 9*ceiling(n/4)",
    "i % 4 in [0, 1, 2, 3]": "10*n",
}
#: Copies with a layer of that width: as a mere list, one behind the other, side by side.
CLASS_SPECS = {
    "listed": (
        "connections: none\ndims: {n: 12, k: 4}\nlayers:\n"
        "  - {Dense: {units: '10 if CONDITION else 1', use_bias: false}, times: n, index: i, of: [1]}"
    ),
    "in sequence": (
        "dims: {n: 12, k: 4}\nlayers:\n  - Input: {shape: [1]}\n  - name: body\n    times: n\n    index: i\n"
        "    layers:\n      - Dense: {units: 10, use_bias: false}\n        when: CONDITION\n"
        "        else: [Dense: {units: 1, use_bias: false}]\n      - Slice: {axis: -1, stop: 1}\n"
    ),
    "side by side": (
        "dims: {n: 12, k: 4}\nlayers:\n  - Input: {shape: [1]}\n"
        "  - {name: body, parallel: n, index: i, merge: Concatenate,"
        " layers: [Dense: {units: '10 if CONDITION else 1', use_bias: false}, Slice: {axis: -1, stop: 1}]}"
    ),
}


#: One condition of each way in which a number decides.
FEW_CLASSES = ["i == n - 1", "i != 2", "n - i <= k", "i in [1, 3]", "i < k and i != 0", "i % 2 == 1", "i % 3 != 0"]


@pytest.mark.parametrize(("condition", "copies"), [*zip(FEW_CLASSES, cycle(CLASS_SPECS), strict=False)])
def test_copies_are_summed_by_what_their_number_decides(condition: str, copies: str) -> None:
    """Some conditions in copies of one kind; the sweeps try all in all kinds."""
    check_classes(condition, copies)


def check_classes(condition: str, copies: str) -> None:
    spec = pc.loads("paramcalc: 1\n" + CLASS_SPECS[copies].replace("CONDITION", condition))
    form = pc.formula(spec)
    assert not form.fixed
    expected = sympy.sympify(CLASSES[condition], locals=dict(form.symbols))
    sizes = [{"n": n, "k": k} for n, k in ((4, 1), (5, 4), (7, 2), (30, 4))]
    for size in sizes:
        named = {name: size[name] for name in form.symbols}
        values = {each: size[name] for name, each in form.symbols.items()}
        assert form(**named) == pc.count(spec, dims=size).total == expected.xreplace(values).doit()


@pytest.mark.parametrize("zero", ["0 * j", "j - j", "min(j, 1) * 0", "min(j + 1, 1) - 1"])
def test_a_counter_that_cancels_leaves_a_number(zero: str) -> None:
    """It names a copy, and an element of a list, as a number that is written does."""
    text = """
    paramcalc: 1
    dims: {width: 6, depth: 3}
    layers:
      - Input: {shape: [width]}
      - name: down
        times: depth
        layers: [Dense: {units: width, use_bias: false}]
      - name: up
        times: depth
        index: j
        layers:
          - Dense: {units: "[5, 7][ZERO]", use_bias: false}
            inputs: ["down[ZERO]"]
          - Dense: {units: 5, use_bias: false}
            when: j == 0
    """
    form = pc.formula(pc.loads(textwrap.dedent(text).replace("ZERO", zero)))
    width, depth = form.symbols["width"], form.symbols["depth"]
    assert sympy.expand(form.expr - (depth * width**2 + depth * 5 * width + 5 * 5)) == 0
