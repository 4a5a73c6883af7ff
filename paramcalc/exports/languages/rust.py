"""Rust, in the 128 bits of i128."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from paramcalc.exports.languages.base import Truncating, words
from paramcalc.exports.languages.lines import kept, wrapped
from paramcalc.exports.languages.program import Program

_WORDS = words("""
    as async await break const continue crate dyn else enum extern false fn for if impl in let loop match mod move mut
    pub ref return self Self static struct super trait true type unsafe use where while abstract become box do final
    gen macro override priv try typeof unsized virtual yield union _
    name size least fits bounds bound max min whole_power nearest Ok Err String format
""")
_POWER = """fn whole_power(mut base: i128, mut exponent: i128) -> i128 {
    let mut result = 1;
    while exponent > 0 {
        if exponent % 2 == 1 {
            result *= base;
        }
        exponent /= 2;
        if exponent > 0 {
            base *= base;
        }
    }
    result
}"""
_NEAREST = """fn nearest(product: f64) -> f64 {
    // halves go to the even number
    let (part, rest) = (product.trunc(), product.fract().abs());
    if rest > 0.5 || (rest == 0.5 && part % 2.0 != 0.0) { part + product.signum() } else { part }
}"""
#: What the function has within it, where it is used.
_HELPERS = {"whole_power": _POWER, "nearest": _NEAREST}


class Rust(Truncating):
    """A function of Rust, in i128, that refuses what might not fit."""

    language = "Rust"
    taken = _WORDS
    tab = "    "
    largest, smallest = "max", "min"
    doubles: ClassVar[Mapping[str, str]] = {
        "scaled": "(({size} as f64 * {factor}).trunc() as i128)",
        "scaled_up": "(({size} as f64 * {factor}).ceil() as i128)",
        "scaled_near": "(nearest({size} as f64 * {factor}) as i128)",
    }
    about = (
        "An error says why there is no number: a size is too small, the form does not hold, or a number on the way "
        "might be 2^126 or more."
    )

    def source(self, program: Program) -> str:
        """Write the whole text."""
        result, bounds = self.whole(program.result), [_Double().whole(bound) for bound in program.bounds]
        parameters = kept(f"{name}: i128" for name in program.names)
        body = self._checked(program)
        if bounds:
            body += [
                "let fits = {",
                *(f"    let {name} = {name} as f64;" for name in program.names),
                *wrapped(f"let bounds = [{', '.join(bounds)}];", "    ", "        "),
                "    bounds.iter().all(|bound| *bound < 2f64.powi(126))",
                "};",
                "if !fits {",
                '    return Err("at these sizes the numbers might not fit in 128 bits".to_string());',
                "}",
            ]
        for check in program.checks:
            body += [
                *wrapped(f"if {self.fails(check)} {{"),
                f'    return Err("the form holds where {check.words}".to_string());',
                "}",
            ]
        body += wrapped(f"Ok({result})")
        text = "\n".join(body)
        extremes = [name for name in (self.largest, self.smallest) if f"{name}(" in text]
        start = [f"use std::cmp::{name};" for name in extremes]
        start += [line for name, helper in _HELPERS.items() if f"{name}(" in text for line in helper.splitlines()]
        return "\n".join(
            [
                *(f"// {line}".rstrip() for line in program.told(wrapped(self.about, "", ""))),
                "#[allow(non_snake_case, unused_parens)]",
                *wrapped(f"pub fn {program.name}({parameters}) -> Result<i128, String> {{"),
                *(f"    {line}" for line in [*start, *body]),
                "}",
            ]
        )

    def _checked(self, program: Program) -> list[str]:
        if not program.sizes:
            return []
        sizes = kept(f'("{size.name}", {size.name}, {size.least})' for size in program.sizes)
        return [
            *wrapped(f"for (name, size, least) in [{sizes}] {{"),
            "    if size < least {",
            '        return Err(format!("{} is at least {}, not {}", name, least, size));',
            "    }",
            "}",
        ]

    def _print_Max(self, expr: Any) -> str:
        return self.nested(self.largest, expr.args)

    def _print_Min(self, expr: Any) -> str:
        return self.nested(self.smallest, expr.args)

    def _print_Integer(self, expr: Any) -> str:
        if abs(expr) >= 2**127:
            raise self.lacks("a number of more than 128 bits")
        return str(int(expr))

    def _print_Pow(self, expr: Any) -> str:
        return self.product_of_power(expr) if expr.exp.is_Integer else self.call("whole_power", expr.args)


class _Double(Rust):
    """The same expressions, about: where it matters only how large they are."""

    def _print_Integer(self, expr: Any) -> str:
        return f"{int(expr)}.0"

    def _print_Pow(self, expr: Any) -> str:
        return self.product_of_power(expr) if expr.exp.is_Integer else self.call("f64::powf", expr.args)
