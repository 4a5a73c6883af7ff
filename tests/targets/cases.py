"""Forms to export, and sizes to evaluate them at: those of `specs/`, awkward ones, and drawn ones."""

from __future__ import annotations

import json
import keyword
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import sympy
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sympy import ceiling, floor

import paramcalc as pc
from paramcalc.core.expression import RESERVED
from paramcalc.core.symbols import Scaled
from paramcalc.exports import vectors
from paramcalc.exports.languages.base import Language
from paramcalc.exports.languages.program import program
from paramcalc.exports.plain import written as json_text
from paramcalc.results.formula import symbol
from tests.strategies import specs

SPECS = sorted((Path(__file__).parents[2] / "specs").glob("*.yaml"))
#: Words, functions, types, constants and cells of the targets; names that differ by case, or by no ASCII.
_TEXT = """
    E I N n e i pi int end size least name sizes new this function var select order table group double
    long register  linux unix np max min mod MOD R c C c1 F6 AB12 r1c1 RC sum total valid parameters pow
    big type begin let largest  typeof arguments eval await undefined String BigInt Integer error floor
    num Add größe λ ширина _ _x __y ﬁ fi k  largest wrong whole_power throw div map isnumeric int64
    TypeError ValueError zip case_ sympy
    __debug__ __name__ __class__ __doc__ __int128 __FILE__ _Bool NULL EOF NAN INFINITY BUFSIZ INT_MAX errno stdin stdout
    complex assert __proto__ constructor toString valueOf hasOwnProperty ans eps Inf NaN nothing missing rowid null
"""
NAMES = sorted(name for name in {*_TEXT.split()} - RESERVED if not keyword.iskeyword(name))

#: Sizes that multiply those of a spec; divisibility is kept.
FACTORS = (1, 7, 1000, 10**12)


@dataclass(frozen=True)
class Case:
    """A form under a name of its own, and the sizes to evaluate it at, each with its number."""

    form: pc.Formula
    points: tuple[dict[str, int], ...]
    #: none where the form does not hold
    values: tuple[int | None, ...]

    def program(self, language: Language) -> Any:
        """The form as a language is given it."""
        return program(self.form, language)

    def bound(self, point: dict[str, int]) -> int:
        """What no number on the way exceeds."""
        made = program(self.form, Language())
        sizes = {size.symbol: sympy.Integer(point[size.dim]) for size in made.sizes}
        return max((int(sympy.sympify(each).xreplace(sizes)) for each in made.bounds), default=0)


def case(form: pc.Formula, number: int) -> Case:
    """A form at its own sizes, at large ones, and where it may not hold."""
    points = tuple(_points(form))
    return Case(replace(form, name=f"case {number}"), points, tuple(_value(form, point) for point in points))


def _points(form: pc.Formula) -> Iterator[dict[str, int]]:
    flags = {name: 1 for name, symbol in form.symbols.items() if not symbol.is_positive}
    own = {name: form.values.get(name, 6) for name in form.symbols}
    powers = any(not power.exp.is_Integer for power in form.expr.atoms(sympy.Pow))
    for factor in FACTORS[: 2 if powers else None]:
        yield {name: value * factor for name, value in own.items()} | flags
    yield {name: value + place for place, (name, value) in enumerate(own.items(), 1)} | flags


def _value(form: pc.Formula, point: dict[str, int]) -> int | None:
    try:
        value: int = form(**point)
    except pc.ParamcalcError as error:
        # no double holds a size beyond 2^53
        if error.code not in ("unmet-condition", "invalid-value"):
            raise
        return None
    return value


GROWING = """
paramcalc: 1
framework: torch
dims: {growth: 12, depth: 5, width: 24}
layers:
  - Input: {shape: [width]}
  - name: body
    times: depth
    layers:
      - {Dense: {units: growth}, name: new}
      - {Concatenate: {axis: -1}, inputs: [input, new]}
"""
DOUBLING = """
paramcalc: 1
dims: {depth: 5, width: 24}
layers:
  - Input: {shape: [width]}
  - {Dense: {units: width * 2 ** i, use_bias: false}, times: depth, index: i}
"""
SHRINKING = """
paramcalc: 1
dims: {width: 24, parts: 4, side: 40, tokens: null}
layers:
  - Input: {shape: [side, side, tokens]}
  - Conv2D: {filters: width / parts, kernel_size: 5, strides: 2}
  - Conv2D: {filters: width, kernel_size: 3, strides: 2}
  - GlobalAveragePool2D
  - Dense: {units: 10}
"""
CONSTANT = "paramcalc: 1\nlayers:\n  - Input: {shape: [null, 3]}\n  - Weights: {tensors: {a: [12345, 67891]}}\n"
HUGE = f"paramcalc: 1\ndims: {{n: 3, m: {10**30}}}\nlayers:\n  - Input: {{shape: [n]}}\n  - Dense: {{units: m}}\n"


#: Sizes that round and choose, and a list.
ROUNDED = """
paramcalc: 1
dims: {width: 4096, n: 900, m: 40, widths: [6, 8]}
layers:
  - Input: {shape: [width]}
  - Dense: {units: "round_up(8 * width // 3, 256)", use_bias: false}
  - Dense: {units: "min(n, 3 * m) + n % m + ceil((n + 1) / (m - 3))"}
  - Dense: {units: "max(n // 7, m, 5) * 2"}
  - {Dense: {units: "widths[i]"}, times: len(widths), index: i}
"""
#: A divisor that is a product, one that is a sum, and a minus before a power.
DIVIDED = """
paramcalc: 1
dims: {a: 420, b: 400, h: 6, k: 8}
layers:
  - Input: {shape: [a]}
  - Dense: {units: a * a / (h * k), use_bias: false}
  - Dense: {units: a / (h + k)}
  - Dense: {units: b * b - a ** 2 + h * k * a * b}
"""


def written() -> Iterator[pc.Formula]:
    """Forms as specs never have them, with whole numbers at any size: rounded, negative, the largest of several."""
    a, b, c, d, e = symbols = [symbol(name) for name in "abcde"]
    form = pc.formula(pc.Dense)
    for expr in (
        floor((a - b) * (c - d) / e),
        a - b**2 * floor(c / (d * e)) - ceiling((a - b) / (c + d)),
        a * sympy.Mod(b - a, c + d) - sympy.Mod(a * b, c * e),
        a * sympy.Max(b - a, c, d * e) - sympy.Min(a, b - c**2, d),
        b - (a - (c - d) * (d - e)) ** 3,
        # 0.29, 1e-5 and 4/3 are no doubles: what is next to them multiplies
        a * Scaled.of(b, 0.29, "scaled") - c,
        Scaled.of(a + b, 1e-5, "scaled_up") + d * Scaled.of(c * e, 4 / 3, "scaled_up"),
        Scaled.of(Scaled.of(a, 2.5, "scaled_near") - b * c, 0.5, "scaled_near") + floor(a * b / c),
        Scaled.of(b - a, -1.7, "scaled") * d - Scaled.of(c - d * e, 0.7, "scaled_up"),
    ):
        used = {each.name: each for each in symbols if each in expr.free_symbols}
        values = {"a": 1320, "b": 17, "c": 9, "d": 2, "e": 7}
        own = {name: values[name] for name in used}
        use = form.tree.uses[0]
        tree = replace(form.tree, uses=[replace(use, tensor=replace(use.tensor, shape=(expr,)), elements=expr)])
        yield replace(form, expr=expr, symbols=used, values=own, meanings={}, relations=(), tree=tree, is_of_spec=True)


def awkward() -> Iterator[pc.Formula]:
    """Forms with fractions, powers and conditions, without symbols, with large numbers; kinds in general."""
    for text in (GROWING, DOUBLING, SHRINKING, CONSTANT, HUGE, DIVIDED, ROUNDED):
        yield pc.formula(pc.loads(text))
    yield pc.formula(pc.loads(HUGE), keep=["n"])
    for kind in (pc.Dense, pc.MultiHeadAttention, pc.Conv2D):
        yield pc.formula(kind)
    yield from written()
    yield from of_measures()


def of_measures() -> Iterator[pc.Formula]:
    """Forms of measures that depend on what flows: lengths rounded by windows, copies of which the first is another."""
    lengths = "paramcalc: 1\ndims: {side: 21, width: 5, count: 3}\nlayers:\n  - Input: {shape: [side, side, 3]}\n"
    convolutions = "  - Conv2D: {filters: width, kernel_size: 3, strides: 2}\n  - MaxPool2D\n  - Flatten\n"
    frozen = "  - Dense: {units: width}\n    trainable: false\n  - Dense: {units: width}\n    times: count\n"
    spec = pc.loads(lengths + convolutions + frozen)
    for of in ("trainable", "bytes", "flops", "training_flops", "activations", "saved", "cache"):
        yield pc.formula(spec, of=of, dims={"batch": None} if of == "activations" else None)
    language_model = pc.load(SPECS[0].with_name("gpt2.yaml"))
    for causal in ("half", "exact"):
        yield pc.formula(language_model, of="training_flops", causal=causal)
    for of in ("saved", "cache"):
        yield pc.formula(language_model, of=of, dims={"batch": None})
    for of in ("active", "flops"):
        yield pc.formula(pc.load(SPECS[0].with_name("mixtral_8x7b.yaml")), of=of)
    yield pc.formula(pc.LSTM, of="flops")


@st.composite
def named(draw: st.DrawFn) -> pc.Formula:
    """A form whose dims have awkward names, divide one another, and repeat or grow."""
    a, b, c, d = draw(st.lists(st.sampled_from(NAMES), min_size=4, max_size=4, unique=True))
    heads, each = draw(st.integers(1, 9)), draw(st.integers(1, 9))
    dims = {a: heads * each, b: heads, c: draw(st.integers(1, 9)), d: draw(st.integers(2, 9))}
    layers: list[Any] = [pc.Input(shape=(7, a))]
    menu = {
        "heads": pc.MultiHeadAttention(num_heads=b, key_dim=f"{a} / {b}"),
        "part": pc.Node(layers=[pc.Dense(units=f"{a} / {b}"), pc.Dense(units=a)], times=c),
        "sum": pc.Node(layers=[pc.Dense(units=f"{a} + {d} - 1"), pc.Dense(units=a)]),
        "double": pc.Node(
            layers=[pc.Dense(units=f"{d} * (j + 1)", use_bias=False), pc.Dense(units=a)], times=c, index="j"
        ),
        "norm": pc.BatchNorm(),
        "large": pc.Dense(units=str(draw(st.integers(1, 10**20)))),
    }
    chosen = draw(st.lists(st.sampled_from([*menu]), min_size=1, max_size=4))
    layers += [menu[name] for name in chosen]
    return pc.formula(pc.Spec(layers=layers, dims=dims, framework=draw(st.sampled_from(["keras", "torch"]))))


def drawn(strategy: st.SearchStrategy[Any], number: int) -> list[Any]:
    """So many examples of a strategy, the same each time: a target is started once for all of them."""
    found: list[Any] = []

    @settings(
        max_examples=number,
        database=None,
        derandomize=True,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=[*HealthCheck],
    )
    @given(strategy)
    def collect(example: Any) -> None:
        found.append(example)

    collect()
    return found


@cache
def cases() -> tuple[Case, ...]:
    """All cases; at least one of them has symbols in an exponent, and one a quotient."""
    forms = [pc.formula(pc.load(path)) for path in SPECS]
    forms += [pc.formula(pc.load(path), keep=[]) for path in SPECS if pc.load(path).dims]
    forms += [*awkward(), *drawn(named(), 45), *map(pc.formula, drawn(specs(), 25))]
    return tuple(case(form, number) for number, form in enumerate(forms))


def of_vectors(form: pc.Formula, number: int) -> Case:
    """A form at the sizes of its conformance vectors, read as another program reads them."""
    document = json.loads(json_text(vectors.plain(form)))
    points = tuple({name: _number(size) for name, size in each["sizes"].items()} for each in document["vectors"])
    values = tuple(_number(each["value"]) if "value" in each else None for each in document["vectors"])
    return Case(replace(form, name=f"vectors {number}"), points, values)


def _number(value: Any) -> int:
    return int(value["num"]) if isinstance(value, dict) else int(value)


@cache
def vector_cases() -> tuple[Case, ...]:
    """The conformance vectors of the specs, and of forms with fractions, powers, roundings and doubles."""
    forms = [*(pc.formula(pc.load(path)) for path in SPECS), *(form for form in awkward() if form.is_of_spec)]
    # a form of many sizes is long, and says no more
    some = [form for form in forms if len(form.symbols) <= 8]
    return tuple(of_vectors(form, number) for number, form in enumerate(some))
