"""MATLAB and Octave, in 64 bits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from sympy.printing.octave import OctaveCodePrinter

from paramcalc.exports.languages.base import Language, words
from paramcalc.exports.languages.lines import kept, wrapped
from paramcalc.exports.languages.program import Program

_WORDS = words("""
    break case catch classdef continue do else elseif end end_try_catch end_unwind_protect endclassdef
    endenumeration endevents endfor endfunction endif endmethods endparfor endproperties endswitch endwhile
    enumeration events for function global if methods otherwise parfor persistent properties return spmd switch try
    until unwind_protect unwind_protect_cleanup while __FILE__ __LINE__
    parameters sizes size least largest wrong k numel isnumeric isfloat any floor fix ceil error double int64 mod
    idivide max min
""")


class Matlab(Language, OctaveCodePrinter):  # type: ignore[misc]
    """A function of MATLAB and Octave, over numbers and arrays, that refuses what might not fit in 64 bits."""

    language = "MATLAB"
    ascii = True
    taken = _WORDS
    differs = "~="
    times, power, remainder = ".*", ".^", "mod"
    # rounding to the nearest sends halves away from 0, and not to the even number
    doubles: ClassVar[Mapping[str, str]] = {
        "scaled": "int64(fix(double({size}) .* {factor}))",
        "scaled_up": "int64(ceil(double({size}) .* {factor}))",
    }
    about = (
        "Takes numbers and arrays of one shape, and gives int64. An error says where a size is no whole number, where "
        "the form does not hold, and where a number on the way might be 2^62 or more."
    )

    def plain(self, name: str) -> str:
        """Return a name that begins with a letter, and leaves room in the 63 characters that one may have."""
        name = super().plain(name)[:50]
        return f"x{name}" if name.startswith("_") else name

    def source(self, program: Program) -> str:
        """Write the whole text."""
        names = program.names
        lines = [f"function {program.quantity} = {program.name}({', '.join(names)})"]
        lines += [f"  % {line}".rstrip() for line in program.told(wrapped(self.about, "", ""))]
        if names:
            lines += [
                *_continued(f"sizes = {{{', '.join(names)}}};"),
                f"  least = {[size.least for size in program.sizes]};",
                "  for k = 1:numel(sizes)",
                "    size = sizes{k}(:);",
                "    if ~isnumeric(size) || any(size < least(k)) || any(size ~= floor(size))",
                "      error('paramcalc:size', 'a size is a whole number of at least %d', least(k));",
                "    end",
                "    if isfloat(size) && any(size > 2^53)",
                "      error('paramcalc:size', 'a size above 2^53 is given as an int64');",
                "    end",
                "  end",
            ]
        limit = f"{program.name}_limit"
        lines += [
            *_continued(f"largest = {limit}({kept(f'double({name})' for name in names)});"),
            "  if any(largest(:) >= 2^62)",
            "    error('paramcalc:overflow', 'at these sizes the numbers might not fit in 64 bits');",
            "  end",
            *(f"  {name} = int64({name});" for name in names),
        ]
        for check in program.checks:
            lines += [
                *_continued(f"wrong = {self.fails(check)};"),
                "  if any(wrong(:))",
                f"    error('paramcalc:condition', 'the form holds where {check.words}');",
                "  end",
            ]
        lines += [*_continued(f"{program.quantity} = int64({self.whole(program.result)});"), "end", ""]
        return "\n".join(lines + self._limit(limit, program))

    def _limit(self, name: str, program: Program) -> list[str]:
        """Write the function that tells how large the numbers on the way may become."""
        largest = "0"
        for bound in program.bounds:
            largest = f"max({largest}, {_Double().whole(bound)})"
        return [
            f"function largest = {name}({', '.join(program.names)})",
            "  % What no number on the way exceeds, about.",
            *_continued(f"largest = {largest};"),
            "end",
        ]

    def _print_Integer(self, expr: Any) -> str:
        number = int(expr)
        if abs(number) < 2**53:
            return str(number)
        if abs(number) >= 2**62:
            raise self.lacks("a number of more than 62 bits")
        # a literal is a floating-point number, which is exact up to 2^53
        high, low = divmod(abs(number), 2**31)
        return f"{'-' if number < 0 else ''}(int64({high})*2147483648 + {low})"

    def _print_Pow(self, expr: Any) -> str:
        return self.product_of_power(expr) if expr.exp.is_Integer else self.raised(expr)

    def _print_Quotient(self, expr: Any) -> str:
        return f"idivide({self._print(expr.args[0])}, {self._print(expr.args[1])}, 'floor')"

    _print_FloorQuotient = _print_Quotient

    def _print_Max(self, expr: Any) -> str:
        return self.nested("max", expr.args)

    def _print_Min(self, expr: Any) -> str:
        return self.nested("min", expr.args)


class _Double(Matlab):
    """The same expressions, about: where it matters only how large they are."""

    def _print_Integer(self, expr: Any) -> str:
        return str(int(expr)) if expr < 2**53 else repr(float(expr))


def _continued(text: str) -> list[str]:
    """Write a statement in lines that MATLAB takes as one."""
    lines = wrapped(text, "  ", "      ")
    return [f"{line} ..." for line in lines[:-1]] + lines[-1:]
