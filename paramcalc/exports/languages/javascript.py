"""JavaScript, in BigInt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from sympy.printing.jscode import JavascriptCodePrinter

from paramcalc.exports.languages.base import Truncating, words
from paramcalc.exports.languages.lines import block_comment, kept, wrapped
from paramcalc.exports.languages.program import Program

#: Words of the language, what any object has, and what the function mentions.
_WORDS = words("""
    __proto__ constructor hasOwnProperty isPrototypeOf propertyIsEnumerable toLocaleString toString valueOf
    __defineGetter__ __defineSetter__ __lookupGetter__ __lookupSetter__
    arguments as async await break case catch class const continue debugger default delete do else enum eval export
    extends false finally for from function get if implements import in instanceof interface let new null of package
    private protected public return set static super switch this throw true try typeof undefined var void while with
    yield NaN Infinity RangeError TypeError name size least BigInt Number Math
""")


class JavaScript(Truncating, JavascriptCodePrinter):  # type: ignore[misc]
    """A function of JavaScript, in BigInt: exact at any size."""

    language = "JavaScript"
    taken = _WORDS
    equals, differs = "===", "!=="
    power = "**"
    doubles: ClassVar[Mapping[str, str]] = {
        "scaled": "BigInt(Math.trunc(Number({size}) * {factor}))",
        "scaled_up": "BigInt(Math.ceil(Number({size}) * {factor}))",
        # Math.round rounds halves up; they go to the even number
        "scaled_near": "BigInt([Number({size}) * {factor}].map((product) => Math.round(product) -"
        " (Math.round(product) - product === 0.5 && Math.round(product) % 2 !== 0 ? 1 : 0))[0])",
    }

    def source(self, program: Program) -> str:
        """Write the whole text."""
        checks = [line for check in program.checks for line in self._check(self.fails(check), check.words)]
        about = [
            "Exact, in BigInt. Throws a TypeError for a size that is no BigInt, and a RangeError",
            "for sizes at which the form does not hold.",
        ]
        lines = block_comment([*program.told(about), "@returns {bigint}"])
        given = [size.name if size.value is None else f"{size.name} = {size.value}n" for size in program.sizes]
        parameters = f"{{ {kept(given)} }} = {{}}" if given else ""
        lines += wrapped(f"function {program.name}({parameters}) {{", "", "    ")
        if program.sizes:
            sizes = kept(f'["{size.name}", {size.name}, {size.least}n]' for size in program.sizes)
            lines += [
                *wrapped(f"for (const [name, size, least] of [{sizes}]) {{", "  ", "      "),
                '    if (typeof size !== "bigint") throw new TypeError(`${name} is a BigInt, such as 768n`);',
                "    if (size < least) throw new RangeError(`${name} is at least ${least}, not ${size}`);",
                "  }",
            ]
        lines += [*checks, *self.returned(self.whole(program.result)), "}"]
        return "\n".join(lines)

    def _check(self, failing: str, words: str) -> list[str]:
        return [
            *wrapped(f"if ({failing}) {{", "  ", "      "),
            f'    throw new RangeError("the form holds where {words}");',
            "  }",
        ]

    def _print_Integer(self, expr: Any) -> str:
        return f"{int(expr)}n"

    def _print_Mul(self, expr: Any) -> str:
        # -a**b is no expression of JavaScript
        printed = str(super()._print_Mul(expr))
        return f"-1n*{printed[1:]}" if printed.startswith("-") and not printed[1].isdigit() else printed
