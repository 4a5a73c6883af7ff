"""Julia, in BigInt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from paramcalc.exports.languages.base import Language, words
from paramcalc.exports.languages.lines import kept, wrapped
from paramcalc.exports.languages.program import Program

_WORDS = words("""
    baremodule begin break catch const continue do else elseif end export false finally for function global if import
    in isa let local macro module mutable primitive quote return struct true try type using where while abstract as
    trunc ceil round BigInt Float64 outer big map Integer ArgumentError throw div fld mod max min missing nothing
""")


class Julia(Language):
    """A function of Julia, in BigInt: exact at any size."""

    language = "Julia"
    taken = _WORDS
    power, largest, smallest = "^", "max", "min"
    quotient, floor_quotient, remainder = "div", "fld", "mod"
    doubles: ClassVar[Mapping[str, str]] = {
        "scaled": "trunc(BigInt, Float64({size}) * {factor})",
        "scaled_up": "ceil(BigInt, Float64({size}) * {factor})",
        "scaled_near": "round(BigInt, Float64({size}) * {factor})",
    }

    def source(self, program: Program) -> str:
        """Write the whole text."""
        about = [
            "Exact, in BigInt. Throws an ArgumentError for sizes at which the form does not hold.",
        ]
        lines = [f"# {line}".rstrip() for line in program.told(about)]
        sizes = [f"{s.name}::Integer" + ("" if s.value is None else f" = {s.value}") for s in program.sizes]
        lines += wrapped(f"function {program.name}({'; ' if sizes else ''}{kept(sizes)})", "", "        ")
        if program.sizes:
            names = ", ".join(program.names)
            lines += wrapped(f"({names},{kept([') = map(big, ('])}{names},))", "    ")
        for size in program.sizes:
            lines.append(
                f'    {size.name} >= {size.least} || throw(ArgumentError("{size.name} is at least {size.least}"))'
            )
        for check in program.checks:
            lines += wrapped(f"({self.holds(check)}) ||", "    ")
            lines.append(f'        throw(ArgumentError("the form holds where {check.words}"))')
        lines += ["    return big(", *wrapped(self.whole(program.result), "        ", "        "), "    )", "end"]
        return "\n".join(lines)
