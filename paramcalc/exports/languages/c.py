"""C, in the 128 bits of GCC and Clang."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

import sympy
from sympy.printing.c import C99CodePrinter

from paramcalc.exports.languages.base import Truncating, words
from paramcalc.exports.languages.lines import block_comment, kept, wrapped
from paramcalc.exports.languages.program import Program

#: What C23, C++ and the macros of compilers add to the words that SymPy knows.
_WORDS = words("""
    alignas alignof bool constexpr false nullptr static_assert thread_local true typeof typeof_unqual asm fortran
    linux unix i386 errno stdin stdout stderr I ceil nearbyint parameters largest each
    whole_power pow class new delete this template operator private public protected
    virtual friend namespace using try catch throw and or not xor
""")

#: What C keeps for itself, such as `__int128` and `_Bool`, and how macros of its headers are named: `NULL`, `EOF`.
_RESERVED = re.compile(r"_[_A-Z].*")
_MACRO = re.compile(r"[A-Z][A-Z0-9_]+[A-Z0-9]")

#: With a guard, so that several functions may stand in one file.
_POWER = """#ifndef WHOLE_POWER
#define WHOLE_POWER
static __int128 whole_power(__int128 base, __int128 exponent)
{
    __int128 result = 1;
    for (; exponent > 0; exponent /= 2) {
        if (exponent % 2)
            result *= base;
        if (exponent > 1)
            base *= base;
    }
    return result;
}
#endif"""


class C(Truncating, C99CodePrinter):  # type: ignore[misc]
    """A function of C, in __int128, that refuses what might not fit."""

    language = "C"
    ascii = True
    taken = _WORDS | C99CodePrinter.reserved_words
    tab = "    "
    doubles: ClassVar[Mapping[str, str]] = {
        "scaled": "(__int128)((double){size} * {factor})",
        "scaled_up": "(__int128)ceil((double){size} * {factor})",
        "scaled_near": "(__int128)nearbyint((double){size} * {factor})",
    }

    def accepts(self, name: str) -> bool:
        """Return whether a size may have this name: one that no header may have a macro for."""
        return super().accepts(name) and not _MACRO.fullmatch(name)

    def plain(self, name: str) -> str:
        """Return a name in the characters of C, with a letter in front of one that C keeps for itself."""
        plain = super().plain(name)
        return f"n{plain}" if _RESERVED.fullmatch(plain) else plain

    def source(self, program: Program) -> str:
        """Write the whole text."""
        names = program.names
        limit = f"{program.name}_limit"
        about = [
            f"Returns 0, and puts the number into *{program.quantity}; or returns why it does not: a size is too",
            "small, the form does not hold, or a number on the way might be 2**126 or more.",
            "For GCC and Clang, which have __int128.",
        ]
        body = [
            *self._least(program),
            *wrapped(f"if (!({limit}({', '.join(names)}) < 0x1p126))", "    ", "        "),
            '        return "at these sizes the numbers might not fit in 128 bits";',
        ]
        for check in program.checks:
            body += [
                *wrapped(f"if ({self.fails(check)})", "    ", "        "),
                f'        return "the form holds where {check.words}";',
            ]
        body += wrapped(f"*{program.quantity} = {self.whole(program.result)};", "    ")
        bounds = [_Double().whole(bound) for bound in program.bounds]
        start = []
        roundings = {each.rounding for each in program.double_products}
        powers = {power for expr in (program.result, *program.bounds) for power in expr.atoms(sympy.Pow)}
        raises = not all(power.exp.is_Integer for power in powers)
        if raises or roundings - {"scaled"}:
            about.append("Link with -lm.")
            start = ["#include <math.h>", "", *([*_POWER.splitlines(), ""] if raises else [])]
        bounded = ["    double largest = 0, each;"] if bounds else ["    double largest = 0;"]
        for bound in bounds:
            # what is no number, as 0 times what no double holds, stays none, and is not below the limit
            bounded += [
                *wrapped(f"each = {bound};", "    "),
                "    largest = each > largest || each != each ? each : largest;",
            ]
        doubles = kept(f"double {name}" for name in names) or "void"
        wholes = kept([*(f"__int128 {name}" for name in names), f"__int128 *{program.quantity}"])
        return "\n".join(
            [
                *start,
                "/* What no number on the way exceeds, about. */",
                *wrapped(f"static double {limit}({doubles})", "", "        "),
                "{",
                *bounded,
                "    return largest;",
                "}",
                "",
                *block_comment(program.told(about)),
                *wrapped(f"const char *{program.name}({wholes})", "", "        "),
                "{",
                *body,
                "    return 0;",
                "}",
            ]
        )

    def _least(self, program: Program) -> list[str]:
        lines = []
        for size in program.sizes:
            lines += [
                f"    if ({size.name} < {size.least})",
                f'        return "{size.name} is at least {size.least}";',
            ]
        return lines

    def _print_Integer(self, expr: Any) -> str:
        number = int(expr)
        if abs(number) >= 2**127:
            raise self.lacks("a number of more than 128 bits")
        if abs(number) < 2**63:
            return str(number) if abs(number) < 2**31 else f"{number}LL"
        high, low = divmod(abs(number), 2**64)
        return f"{'-' if number < 0 else ''}((__int128){high}u << 64 | {low}u)"

    def _print_Pow(self, expr: Any) -> str:
        if expr.exp.is_Integer:
            return self.product_of_power(expr)
        return f"whole_power({self._print(expr.base)}, {self._print(expr.exp)})"


class _Double(C):
    """The same expressions, about: where it matters only how large they are."""

    def _print_Integer(self, expr: Any) -> str:
        return f"{int(expr)}.0"

    def _print_Pow(self, expr: Any) -> str:
        if expr.exp.is_Integer:
            return self.product_of_power(expr)
        return f"pow({self._print(expr.base)}, {self._print(expr.exp)})"
