"""JavaScript, in BigInt, and the same with the types of TypeScript."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from sympy.printing.jscode import JavascriptCodePrinter

from paramcalc.exports.languages.base import Truncating, words
from paramcalc.exports.languages.lines import block_comment, kept, wrapped
from paramcalc.exports.languages.program import Program, Size

#: Words of the language, what any object has, and what the function mentions.
_WORDS = words("""
    __proto__ constructor hasOwnProperty isPrototypeOf propertyIsEnumerable toLocaleString toString valueOf
    __defineGetter__ __defineSetter__ __lookupGetter__ __lookupSetter__
    arguments as async await break case catch class const continue debugger default delete do else enum eval export
    extends false finally for from function get if implements import in instanceof interface let new null of package
    private protected public return set static super switch this throw true try typeof undefined var void while with
    yield NaN Infinity RangeError TypeError name size sizes least nearest BigInt Number Math
""")


class JavaScript(Truncating, JavascriptCodePrinter):  # type: ignore[misc]
    """A module with a function of JavaScript, which computes in BigInt: exact at any size."""

    language = "JavaScript"
    taken = _WORDS
    equals, differs = "===", "!=="
    power = "**"
    doubles: ClassVar[Mapping[str, str]] = {
        "scaled": "BigInt(Math.trunc(Number({size}) * {factor}))",
        "scaled_up": "BigInt(Math.ceil(Number({size}) * {factor}))",
        "scaled_near": "BigInt(nearest(Number({size}) * {factor}))",
    }
    about = (
        "Takes BigInts, and Numbers up to 2^53 - 1; gives a BigInt, exact at any size. Throws a TypeError for a size "
        "that is neither, and a RangeError for sizes at which the form does not hold."
    )
    #: the types that TypeScript is told: of the list of sizes, of the number of parameters, of a double
    listed, result, number = "", "", ""

    def source(self, program: Program) -> str:
        """Write the whole text."""
        lines = block_comment(program.told(wrapped(self.about, "", "")))
        lines += wrapped(
            f"export function {program.name}({self.parameters(program.sizes)}){self.result} {{", "", "    "
        )
        if program.sizes:
            sizes = kept(f'["{size.name}", {size.name}, {size.least}n]' for size in program.sizes)
            lines += [
                *wrapped(f"const sizes{self.listed} = [{sizes}];", "  ", "      "),
                "  for (const [name, size, least] of sizes) {",
                '    if (typeof size !== "bigint" && !Number.isSafeInteger(size))',
                "      throw new TypeError(`${name} is a BigInt, or a whole Number up to 2^53 - 1`);",
                "    if (size < least) throw new RangeError(`${name} is at least ${least}, not ${size}`);",
                "  }",
                *(f"  {name} = BigInt({name});" for name in program.names),
            ]
        if "scaled_near" in {each.rounding for each in program.double_products}:
            lines += [
                "  // Math.round rounds halves up; they go to the even number",
                f"  const nearest = (product{self.number}) => Math.round(product) -",
                "    (Math.round(product) - product === 0.5 && Math.round(product) % 2 !== 0 ? 1 : 0);",
            ]
        lines += [line for check in program.checks for line in self._check(self.fails(check), check.words)]
        lines += [*self.returned(self.whole(program.result)), "}"]
        return "\n".join(lines)

    def parameters(self, sizes: Sequence[Size]) -> str:
        """Write the parameters: one object, whose keys are the sizes."""
        return f"{{ {_given(sizes)} }} = {{}}" if sizes else ""

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


class TypeScript(JavaScript):
    """The same with types."""

    language = "TypeScript"
    taken = JavaScript.taken | words("any number bigint string boolean symbol unknown never object type as const")
    listed, result, number = ": [string, number | bigint, bigint][]", ": bigint", ": number"

    def parameters(self, sizes: Sequence[Size]) -> str:
        """Write the parameters, one object, with its type; what has no value of its own must be given."""
        if not sizes:
            return ""
        types = " ".join(f"{size.name}{'' if size.value is None else '?'}: number | bigint;" for size in sizes)
        default = " = {}" if all(size.value is not None for size in sizes) else ""
        return f"{{ {_given(sizes)} }}: {{ {types} }}{default}"


def _given(sizes: Sequence[Size]) -> str:
    """Write the sizes with their defaults."""
    return kept(size.name if size.value is None else f"{size.name} = {size.value}n" for size in sizes)
