"""Go, in the whole numbers of math/big."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from paramcalc.exports.languages.base import Language, words
from paramcalc.exports.languages.lines import wrapped
from paramcalc.exports.languages.program import Check, Program

_WORDS = words("""
    break case chan const continue default defer else fallthrough for func go goto if import interface map package
    range return select struct switch type var _ init main
    errors fmt math big each name size least sizes
    any bool byte comparable complex64 complex128 error float32 float64 int int8 int16 int32 int64 rune string uint
    uint8 uint16 uint32 uint64 uintptr true false iota nil
    append cap clear close complex copy delete imag len make max min new panic print println real recover
""")
#: A call of more characters takes several lines.
_LONGEST = 90
#: The operations, each a function within the function; only those that are used are written.
_OPERATIONS = {
    "power": """power := func(base, exponent *big.Int) *big.Int { return new(big.Int).Exp(base, exponent, nil) }""",
    "remainder": """remainder := func(dividend, divisor *big.Int) *big.Int {
	rest := new(big.Int).Rem(dividend, divisor)
	if rest.Sign()*divisor.Sign() < 0 {
		rest.Add(rest, divisor)
	}
	return rest
}""",
    "floor": """floor := func(dividend, divisor *big.Int) *big.Int {
	quotient, rest := new(big.Int).QuoRem(dividend, divisor, new(big.Int))
	if rest.Sign()*divisor.Sign() < 0 {
		quotient.Sub(quotient, big.NewInt(1))
	}
	return quotient
}""",
    "quotient": """quotient := func(dividend, divisor *big.Int) *big.Int {
	return new(big.Int).Quo(dividend, divisor)
}""",
    "largest": """largest := func(first *big.Int, others ...*big.Int) *big.Int {
	for _, other := range others {
		if other.Cmp(first) > 0 {
			first = other
		}
	}
	return first
}""",
    "smallest": """smallest := func(first *big.Int, others ...*big.Int) *big.Int {
	for _, other := range others {
		if other.Cmp(first) < 0 {
			first = other
		}
	}
	return first
}""",
    "sum": """sum := func(terms ...*big.Int) *big.Int {
	total := new(big.Int)
	for _, term := range terms {
		total.Add(total, term)
	}
	return total
}""",
    "product": """product := func(factors ...*big.Int) *big.Int {
	total := big.NewInt(1)
	for _, factor := range factors {
		total.Mul(total, factor)
	}
	return total
}""",
    "scaled": """scaled := func(size *big.Int, factor float64, round func(float64) float64) *big.Int {
	return big.NewInt(int64(round(float64(size.Int64()) * factor)))
}""",
    "compare": """compare := func(left, right *big.Int) int { return left.Cmp(right) }""",
    "number": """number := big.NewInt""",
    "digits": """digits := func(text string) *big.Int {
	number, _ := new(big.Int).SetString(text, 10)
	return number
}""",
}


class Go(Language):
    """A file of Go with a function over `*big.Int`: exact at any size."""

    language = "Go"
    taken = _WORDS | frozenset(_OPERATIONS)
    quotient, floor_quotient, remainder, largest, smallest = "quotient", "floor", "remainder", "largest", "smallest"
    doubles: ClassVar[Mapping[str, str]] = {
        "scaled": "scaled({size}, {factor}, math.Trunc)",
        "scaled_up": "scaled({size}, {factor}, math.Ceil)",
        "scaled_near": "scaled({size}, {factor}, math.RoundToEven)",
    }
    about = "Exact, in integers of any size. An error says which size is too small, or where the form holds."

    def source(self, program: Program) -> str:
        """Write the whole text."""
        body = self._least(program)
        for check in program.checks:
            body += [
                f"if {self.fails(check)} {{",
                f'\treturn nil, errors.New("the form holds where {check.words}")',
                "}",
            ]
        first, *others = _spread(self.whole(program.result))
        *lines, last = [f"return {first}", *others]
        body += [*lines, f"{last}, nil"]
        return "\n".join([*self._head(program, body), *(f"\t{line}" for line in body), "}"])

    def function(self, program: Program) -> str:
        """Return the name of the function: other packages may call one that begins with a capital."""
        return program.name[0].upper() + program.name[1:]

    def _head(self, program: Program, body: list[str]) -> list[str]:
        """Write what stands before the body: what it imports, what is told, the operations that it has."""
        used, helpers = "\n".join(body), []
        for name, helper in _OPERATIONS.items():
            if re.search(rf"\b{name}\(", used):
                helpers += helper.splitlines()
                used += helper
        packages = [name for name in ("errors", "fmt", "math", "math/big") if f"{name.split('/')[-1]}." in used]
        parameters = f"{', '.join(program.names)} *big.Int" if program.names else ""
        return [
            "package parameters",
            "",
            "import (",
            *(f'\t"{name}"' for name in sorted({*packages, "math/big"})),
            ")",
            "",
            *_comment(program.told(wrapped(self.about, "", ""))),
            f"func {self.function(program)}({parameters}) (*big.Int, error) {{",
            *(f"\t{line}" for line in helpers),
        ]

    def _least(self, program: Program) -> list[str]:
        if not program.sizes:
            return []
        sizes = (f'\t{{"{size.name}", {size.name}, {size.least}}},' for size in program.sizes)
        return [
            "for _, each := range []struct {",
            "\tname  string",
            "\tsize  *big.Int",
            "\tleast int64",
            "}{",
            *sizes,
            "} {",
            "\tif each.size == nil || each.size.Cmp(big.NewInt(each.least)) < 0 {",
            '\t\treturn nil, fmt.Errorf("%s is at least %d, not %v", each.name, each.least, each.size)',
            "\t}",
            "}",
        ]

    def _compared(self, check: Check, operators: dict[str, str]) -> str:
        left, right = self.whole(check.left), self.whole(check.right)
        if check.relation == "divides":
            left, right = self.rest(check.right, check.left), self.literal(0)
        return f"compare({left}, {right}) {operators[check.relation]} 0"

    def _print_Add(self, expr: Any, order: Any = None) -> str:
        return self.call("sum", self._as_ordered_terms(expr))

    def _print_Mul(self, expr: Any) -> str:
        return self.call("product", expr.as_ordered_factors())

    def _print_Pow(self, expr: Any) -> str:
        return self.call("power", expr.args)

    def _print_Integer(self, expr: Any) -> str:
        return f"number({int(expr)})" if abs(expr) < 2**63 else f'digits("{int(expr)}")'


def _comment(lines: list[str]) -> Iterator[str]:
    """Write lines as gofmt has them: those that are set in are a block of their own, behind a tab."""
    before = ""
    for line in lines:
        # the rest of the formula goes on with its first line
        line = line.strip() if line.startswith("    ") else line
        if before and line and before.startswith(" ") != line.startswith(" "):
            yield "//"
        yield f"//\t{line[2:]}" if line.startswith(" ") else f"// {line}".rstrip()
        before = line


def _spread(call: str) -> list[str]:
    """Write a call that is long with an operand a line, as gofmt leaves it."""
    if len(call) <= _LONGEST or "(" not in call:
        return [call]
    function, _, inner = call.removesuffix(")").partition("(")
    operands: list[str] = []
    within = ""
    for part in inner.split(", "):
        within = f"{within}, {part}" if within else part
        if within.count("(") == within.count(")"):
            operands.append(within)
            within = ""
    lines = [_spread(operand) for operand in operands]
    return [f"{function}(", *(f"\t{line}" for *above, last in lines for line in [*above, f"{last},"]), ")"]
