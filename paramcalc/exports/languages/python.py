"""Python, whose integers have any size, and NumPy, whose integers have 64 bits."""

from __future__ import annotations

import keyword
from collections.abc import Mapping
from typing import Any, ClassVar

from sympy.printing.pycode import PythonCodePrinter

from paramcalc.exports.languages.base import Language
from paramcalc.exports.languages.lines import kept, wrapped
from paramcalc.exports.languages.program import Program

_WORDS = frozenset([*keyword.kwlist, *keyword.softkwlist, "__debug__"])


class Python(Language, PythonCodePrinter):  # type: ignore[misc]
    """A function of Python, in integers of any size."""

    language = "Python"
    taken = _WORDS | {"TypeError", "ValueError", "name", "size", "least", "type", "int", "min", "max", "round"}
    power, largest, smallest = "**", "max", "min"
    quotient, floor_quotient, remainder = "//", "//", "%"
    doubles: ClassVar[Mapping[str, str]] = {
        "scaled": "int({size} * {factor})",
        "scaled_up": "-int(-({size} * {factor}) // 1)",
        "scaled_near": "round({size} * {factor})",
    }
    about = (
        "Exact, in integers of any size. Raises TypeError for a size that is no int, and ValueError "
        "for sizes at which the form does not hold."
    )

    def source(self, program: Program) -> str:
        """Write the whole text."""
        lines = self.head(program, f"{program.name}()")
        if program.sizes:
            sizes = kept(f'("{size.name}", {size.name}, {size.least})' for size in program.sizes)
            lines += [
                *wrapped(f"for name, size, least in [{sizes}]:", "    ", "        "),
                "        if type(size) is not int:",
                '            raise TypeError(f"{name} is an int, not {size!r}")',
                "        if size < least:",
                '            raise ValueError(f"{name} is at least {least}, not {size}")',
            ]
        return "\n".join([*lines, *self.checked(program, "{}"), *self.returned(program)])

    def head(self, program: Program, example: str) -> list[str]:
        """Write the first line and the documentation, with an example that doctest runs."""
        parameters = [size.name for size in program.sizes if size.value is None]
        parameters += [f"{size.name}={size.value}" for size in program.sizes if size.value is not None]
        star = "*, " if parameters else ""
        told = program.told(wrapped(self.about, "", ""))
        if program.value is not None:
            told += ["", f">>> {example}", f"{program.value}"]
        # the text of a spec ends no string, and escapes nothing
        told = [line.replace("\\", "/").replace('"""', "'''") for line in told]
        return [
            *wrapped(f"def {program.name}({star}{', '.join(parameters)}):", "", "        "),
            f'    """{told[0]}',
            *(f"    {line}".rstrip() for line in told[1:]),
            '    """',
        ]

    def checked(self, program: Program, failing: str) -> list[str]:
        """Write the lines that raise where a condition does not hold."""
        lines = []
        for check in program.checks:
            lines += wrapped(f"if {failing.format(self.fails(check))}:", "    ", "        ")
            lines.append(f'        raise ValueError("the form holds where {check.words}")')
        return lines

    def returned(self, program: Program) -> list[str]:
        """Write the last lines."""
        expr = self.whole(program.result)
        lines = wrapped(f"return {expr}", "    ")
        return lines if len(lines) == 1 else ["    return (", *wrapped(expr, "        ", "        "), "    )"]


class NumPy(Python):
    """A function of NumPy, over numbers and arrays, that refuses what might not fit in 64 bits."""

    language = "NumPy"
    doubles: ClassVar[Mapping[str, str]] = {
        "scaled": "np.trunc({size} * {factor}).astype(np.int64)",
        "scaled_up": "np.ceil({size} * {factor}).astype(np.int64)",
        "scaled_near": "np.rint({size} * {factor}).astype(np.int64)",
    }
    taken = Python.taken | {"np", "OverflowError", "sizes", "zip", "largest"}
    about = (
        "Takes integers and arrays of integers, and is exact in 64 bits. Raises OverflowError where a number "
        "on the way might be 2**63 or more, TypeError for a size that is no integer, and ValueError for sizes "
        "at which the form does not hold."
    )

    def source(self, program: Program) -> str:
        """Write the whole text."""
        names = program.names
        limit = f"{program.name}_limit"
        lines = ["import numpy as np", "", "", *self.head(program, f"int({program.name}())")]
        if names:
            lines += [
                *wrapped(f"sizes = [np.asarray(size) for size in [{', '.join(names)}]]", "    "),
                f"    for size, least in zip(sizes, {[size.least for size in program.sizes]}):",
                '        if size.dtype.kind not in "iu" and not all(type(each) is int for each in size.flat):',
                '            raise TypeError("a size is an integer, or an array of integers")',
                "        if (size < least).any():",
                '            raise ValueError(f"a size is at least {least}, not {size.min()}")',
            ]
        largest = "*(int(size.max(initial=1)) for size in sizes)" if names else ""
        lines += [
            f"    if {limit}({largest}) >= 2**63:",
            '        raise OverflowError("at these sizes the numbers might not fit in 64 bits")',
        ]
        if names:
            converted = kept(["] = [size.astype(np.int64) for size in sizes]"])
            lines += wrapped(f"[{', '.join(names)}{converted}", "    ")
        lines += [*self.checked(program, "np.any({})"), *self.returned(program)]
        bounds = [Python.whole(Python(), bound) for bound in program.bounds]
        lines += [
            "",
            "",
            f"def {limit}({', '.join(names)}):",
            '    """What no number on the way exceeds, in Python\'s own integers."""',
            *wrapped(f"return max([{', '.join(['0', *bounds])}])", "    "),
        ]
        return "\n".join(lines)

    def _print_Max(self, expr: Any) -> str:
        return f"np.maximum.reduce([{', '.join(map(self._print, expr.args))}])"

    def _print_Min(self, expr: Any) -> str:
        return f"np.minimum.reduce([{', '.join(map(self._print, expr.args))}])"
