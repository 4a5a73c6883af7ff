"""Expressions as people write them, in plain text, LaTeX and MathML."""

import re

import pytest
import sympy
from sympy import ceiling, floor

from paramcalc.core import notation
from paramcalc.core.notation import written_product, written_sum
from paramcalc.results.formula import symbol

A, B, C = (symbol(name) for name in "abc")
WIDTH, K_H = symbol("width"), symbol("k_h")

#: An expression, and how it is written in plain text and in LaTeX.
WRITTEN = {
    "a power of a sum": ((A + B) ** 2, "(a + b)²", r"\left(a + b\right)^{2}"),
    "a power with two digits": (A**12 * B, "a¹²·b", r"a^{12} \cdot b"),
    "a symbol in an exponent": (2 ** (A - 1), "2**(a - 1)", "2^{a - 1}"),
    "a product as a divisor": (A / (B * C), "a/(b·c)", r"\frac{a}{b \cdot c}"),
    "a sum as a divisor": (A / (B + C), "a/(b + c)", r"\frac{a}{b + c}"),
    "a product over a symbol": (A * B / C, "a·b/c", r"\frac{a \cdot b}{c}"),
    "a sum over a symbol": ((A + B) / C, "(a + b)/c", r"\frac{a + b}{c}"),
    "a numerator that is too long for one line": (
        2 * A * (A**3 + 160 * A**2 + 500 * B * C + 8000) / 3,
        "2·a·(a³ + 160·a² + 500·b·c + 8,000)/3",
        r"\frac{1}{3} \cdot 2 \cdot a \cdot \left(a^{3} + 160 \cdot a^{2} + 500 \cdot b \cdot c + 8{,}000\right)",
    ),
    "the inverse": (1 / A, "1/a", r"\frac{1}{a}"),
    "the inverse of a square": (A**-2, "1/a²", r"\frac{1}{a^{2}}"),
    "a minus before a product": (-A * B, "-a·b", r"- a \cdot b"),
    "a minus before a product with a sum": (-C * A * (B + 1), "-a·c·(b + 1)", r"- a \cdot c \cdot \left(b + 1\right)"),
    "a minus before a power": (B - A**2, "-a² + b", "- a^{2} + b"),
    "a difference": (C - A, "c - a", "c - a"),
    "a product with a difference": (A * (C - B), "a·(c - b)", r"a \cdot \left(c - b\right)"),
    "numbers first, then symbols, then sums": (
        (A + 1) * B * 12000, "12,000·b·(a + 1)", r"12{,}000 \cdot b \cdot \left(a + 1\right)",
    ),
    "the simplest sum first": (
        sympy.Mul(A**2 + 1, A + 1), "(a + 1)·(a² + 1)", r"\left(a + 1\right) \cdot \left(a^{2} + 1\right)",
    ),
    "the highest degree first, numbers last": (7 + A * B + A + A**3, "a³ + a·b + a + 7", r"a^{3} + a \cdot b + a + 7"),
    "words upright, letters with an index": (WIDTH * K_H, "k_h·width", r"k_{h} \cdot \mathrm{width}"),
    "rounded down": (floor(A / 2), "⌊a/2⌋", r"\left\lfloor{\frac{a}{2}}\right\rfloor"),
    "rounded up": (ceiling(A / 2) * B, "b·⌈a/2⌉", r"b \cdot \left\lceil{\frac{a}{2}}\right\rceil"),
    "a sum that keeps its order": (written_sum(A, B**2, 3), "a + b² + 3", "a + b^{2} + 3"),
    "a product that keeps its order": (written_product(B, A, 2), "b·a·2", r"b \cdot a \cdot 2"),
    "sums within it": (
        written_product(3, written_sum(A, 1), B + C), "3·(a + 1)·(b + c)",
        r"3 \cdot \left(a + 1\right) \cdot \left(b + c\right)",
    ),
    "a quotient within it": (written_product(A, B / C, 1), "a·(b/c)", r"a \cdot \frac{b}{c}"),
    "products within a sum": (written_sum(written_product(A, B), A / B), "a·b + a/b", r"a \cdot b + \frac{a}{b}"),
    "no factor but 1": (written_product(1, 1), "1", "1"),
    "nothing at all": (written_product(), "1", "1"),
    "words": (
        written_sum(written_product(2, "block"), "head_1"), "2·block + head_1",
        r"2 \cdot \text{block} + \text{head\_1}",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WRITTEN)
def test_an_expression_is_written_as_people_write_it(case: str) -> None:
    expr, text, latex = WRITTEN[case]
    assert notation.text(expr) == text
    assert notation.latex(expr) == latex
    # what MathML shows, its bars and indices aside
    row = notation.mathml_row(expr)
    shown = "".join(re.sub(r"<[^>]*>", "", row).replace("&#183;", "·").split())
    if not re.search(r"[/⌊⌈*²³¹(_]", text):
        assert shown == text.replace(" ", "")


@pytest.mark.parametrize(
    ("expr", "row"),
    [
        (
            (A + B) * C,
            (
                "<mrow><mi>c</mi><mo>&#183;</mo>"
                "<mrow><mo>(</mo><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow><mo>)</mo></mrow></mrow>"
            ),
        ),
        (A / (B + C), "<mfrac><mi>a</mi><mrow><mi>b</mi><mo>+</mo><mi>c</mi></mrow></mfrac>"),
        (-A, "<mrow><mo>-</mo><mi>a</mi></mrow>"),
        (B - A**2, "<mrow><mo>-</mo><msup><mi>a</mi><mn>2</mn></msup><mo>+</mo><mi>b</mi></mrow>"),
        (K_H, "<msub><mi>k</mi><mi>h</mi></msub>"),
        (symbol("n_1"), "<msub><mi>n</mi><mn>1</mn></msub>"),
        (symbol("n_10"), "<mi>n_10</mi>"),
        (symbol("nm_1"), "<mi>nm_1</mi>"),
        (sympy.Integer(1234), "<mn>1,234</mn>"),
        (written_sum(A, 1), "<mrow><mi>a</mi><mo>+</mo><mn>1</mn></mrow>"),
        (
            written_product(2, written_sum(A, 1)),
            "<mrow><mn>2</mn><mo>·</mo><mrow><mo>(</mo><mi>a</mi><mo>+</mo><mn>1</mn><mo>)</mo></mrow></mrow>",
        ),
        (written_product(2, "a<b"), "<mrow><mn>2</mn><mo>·</mo><mtext>a&lt;b</mtext></mrow>"),
    ],
)  # fmt: skip
def test_an_expression_in_mathml(expr: object, row: str) -> None:
    assert notation.mathml_row(expr) == row


def test_numbers_stand_in_the_place_of_symbols() -> None:
    values = {"a": 1000, "b": 4}
    expr = A * B + A**2 - C
    assert notation.text(expr, values) == "1,000² + 1,000 · 4 - c"
    assert notation.latex(expr, values) == r"1{,}000^{2} + 1{,}000 \cdot 4 - c"
    assert "<msup><mn>1,000</mn><mn>2</mn></msup>" in notation.mathml_row(expr, values)


def test_the_largest_term_stands_first_where_the_sizes_are_known() -> None:
    expr = A**2 + B + 500
    assert notation.text(expr, sizes={"a": 3, "b": 1000}) == "b + a² + 500"
    assert notation.latex(expr, sizes={"a": 3, "b": 1000}) == "b + a^{2} + 500"
    assert notation.terms(A**2 - B, {"a": 3, "b": 1000}) == [("-", B), ("+", A**2)]
    # one size is not known: by degree
    assert notation.text(expr, sizes={"b": 1000}) == "a² + b + 500"
    # equally large terms stay in the order of their degrees
    assert notation.text(A**2 + B, sizes={"a": 3, "b": 9}) == "a² + b"


def test_a_character_that_latex_lacks_is_given_by_its_number() -> None:
    assert notation.latex_text("größe ſĸŉ÷層") == "größe [U+017F][U+0138][U+0149][U+00F7][U+5C64]"
    assert notation.latex_text("a_b & 50 % × 2 → #1") == r"a\_b \& 50 \% \(\times\) 2 \(\to\) \#1"


def test_the_terms_of_what_is_written() -> None:
    assert notation.terms(written_sum(A, B)) == [("+", A), ("+", B)]
    assert notation.terms(written_product(A, B)) == [("+", written_product(A, B))]
    assert notation.terms(A * B) == [("+", A * B)]
