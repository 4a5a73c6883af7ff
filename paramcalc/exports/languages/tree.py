"""JSON: a form as an expression tree that any tool can import.

The trees are MathJSON, restricted to the operations of `OPERATIONS` and the relations of
`RELATIONS`: a symbol is a string, an operation a list whose first entry is its name, a whole
number a JSON number up to 2**53 - 1 and `{"num": "…"}` beyond, where readers of JSON lose digits.
"""

from __future__ import annotations

import json
from typing import Any

from paramcalc.core.algebra import Unknown
from paramcalc.core.expression import ABSENT
from paramcalc.core.lines import json_text
from paramcalc.exports.languages.base import Language
from paramcalc.exports.languages.program import Check, Program, Size
from paramcalc.results.formula.whole import Quotient

#: Each operation, and what it means.
OPERATIONS = {
    "Add": "the sum of two or more",
    "Multiply": "the product of two or more",
    "Power": "the first, to the power of the second",
    "Divide": "the first over the second: whole where the form holds, unless it is within Floor",
    "Floor": "the whole number below a quotient",
    "Mod": "the remainder of the first divided by the second, rounded down",
    "Max": "the largest of two or more",
    "Min": "the smallest of two or more",
    "Scaled": "the first times the double, the second, as IEEE 754 multiplies; then rounded towards 0",
    "ScaledUp": "the same, rounded up",
    "ScaledNear": "the same, rounded to the nearest whole number, halves to the even one",
}
#: The operations whose second operand is a double.
_OF_DOUBLES = {"scaled": "Scaled", "scaled_up": "ScaledUp", "scaled_near": "ScaledNear"}
RELATIONS = {"divides": "Equal", "=": "Equal", "≠": "NotEqual", "≥": "GreaterEqual"}
#: Of the format; raised when a reader of the one before would go wrong.
VERSION = 1
_LARGEST = 2**53 - 1


class Tree(Language):
    """One JSON object: the expression, its symbols and conditions, and its value."""

    language = "JSON"

    def accepts(self, name: str) -> bool:
        """Accept any name: it is a string."""
        return True

    def plain(self, name: str) -> str:
        """Return the name as the spec has it."""
        return name

    def source(self, program: Program) -> str:
        """Write the whole text."""
        form = program.form
        plain = {
            "paramcalc_form": VERSION,
            "name": form.name,
            "convention": form.convention,
            "symbols": [_symbol(size) for size in program.sizes],
            "expression": self.whole(program.result),
            "conditions": [{"words": check.words, "holds": self._relation(check)} for check in program.checks],
            "fixed": {name: _value(value) for name, value in form.fixed.items()},
            "causes": {name: cause._asdict() for name, cause in form.causes.items() if name in form.fixed},
            **({"set": {name: _value(value) for name, value in form.given.items()}} if form.given else {}),
            "value": _value(program.value),
        }
        return "{\n" + ",\n".join(f'  "{key}": {_lines(value)}' for key, value in plain.items()) + "\n}"

    def _relation(self, check: Check) -> list[Any]:
        if check.relation == "divides":
            return ["Equal", ["Mod", self._print(check.right), self._print(check.left)], 0]
        return [RELATIONS[check.relation], self._print(check.left), self._print(check.right)]

    def _operation(self, name: str, operands: Any) -> Any:
        return [name, *map(self._print, operands)]

    def _print_Symbol(self, expr: Any) -> Any:
        return expr.name

    def _print_Integer(self, expr: Any) -> Any:
        return _value(int(expr))

    def _print_Add(self, expr: Any, order: Any = None) -> Any:
        return self._operation("Add", self._as_ordered_terms(expr))

    def _print_Mul(self, expr: Any) -> Any:
        return self._operation("Multiply", expr.as_ordered_factors())

    def _print_Pow(self, expr: Any) -> Any:
        return self._operation("Power", expr.args)

    def _print_Quotient(self, expr: Any) -> Any:
        return self._operation("Divide", expr.args)

    def _print_FloorQuotient(self, expr: Any) -> Any:
        return ["Floor", self._print_Quotient(Quotient(*expr.args))]

    def _print_Remainder(self, expr: Any) -> Any:
        return self._operation("Mod", expr.args)

    def _print_DoubleProduct(self, expr: Any) -> Any:
        return [_OF_DOUBLES[expr.rounding], self._print(expr.args[0]), expr.factor]

    def _print_Max(self, expr: Any) -> Any:
        return self._operation("Max", expr.args)

    def _print_Min(self, expr: Any) -> Any:
        return self._operation("Min", expr.args)


def _lines(value: Any) -> str:
    """Write a value as JSON; each object of a list on a line of its own."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "[\n" + ",\n".join(f"    {_lines(each)}" for each in value) + "\n  ]"
    return json_text(json.dumps(value, ensure_ascii=False))


def _symbol(size: Size) -> dict[str, Any]:
    return {"name": size.dim, "value": _value(size.value), "minimum": size.least, "meaning": size.meaning}


def _value(value: Any) -> Any:
    """Return a number as every reader of JSON keeps it, lists by their elements; `none` as a spec has it."""
    if isinstance(value, tuple):
        return [*map(_value, value)]
    if isinstance(value, Unknown):
        return None
    if value is ABSENT:
        return str(value)
    return {"num": str(value)} if type(value) is int and abs(value) > _LARGEST else value


def form_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of what the target `json` writes."""
    number = {"$ref": "#/$defs/number"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A closed form of paramcalc",
        "description": "The number of parameters of a network as an expression in the sizes of its layers.",
        "type": "object",
        "properties": {
            "paramcalc_form": {"const": VERSION, "description": "the version of this format"},
            "name": {"type": "string", "description": "the name of the spec or of the layer type"},
            "convention": {"type": "string", "description": "how it counts"},
            "symbols": {"type": "array", "items": {"$ref": "#/$defs/symbol"}},
            "expression": {"$ref": "#/$defs/expression"},
            "conditions": {
                "description": "under which the form holds, beyond the minimum of each symbol",
                "type": "array",
                "items": {"$ref": "#/$defs/condition"},
            },
            "fixed": {
                "description": "the dims that cannot stay symbols, at their values",
                "type": "object",
                "additionalProperties": {"$ref": "#/$defs/value"},
            },
            "causes": {
                "description": "what fixes a dim: the path of a node, and an expression there that needs its value",
                "type": "object",
                "additionalProperties": {"$ref": "#/$defs/cause"},
            },
            "set": {
                "description": "the dims that were given beside the spec, at their values; absent where none was",
                "type": "object",
                "additionalProperties": {"$ref": "#/$defs/value"},
            },
            "value": {
                "description": "the number at the symbols' own values; null where one has none",
                "anyOf": [number, {"type": "null"}],
            },
        },
        "required": [
            "paramcalc_form",
            "name",
            "convention",
            "symbols",
            "expression",
            "conditions",
            "fixed",
            "causes",
            "value",
        ],
        "additionalProperties": False,
        "$defs": {
            "number": {
                "description": "a whole number: beyond 2**53 - 1 as a string of its digits",
                "anyOf": [
                    {"type": "integer", "minimum": -_LARGEST, "maximum": _LARGEST},
                    {
                        "type": "object",
                        "properties": {"num": {"type": "string", "pattern": "^-?[0-9]+$"}},
                        "required": ["num"],
                        "additionalProperties": False,
                    },
                ],
            },
            "value": {
                "anyOf": [
                    number,
                    {"type": ["boolean", "null", "string"]},
                    {"type": "number", "description": "a double"},
                    {"type": "array", "items": {"$ref": "#/$defs/value"}},
                ]
            },
            "cause": {
                "type": "object",
                "properties": {"node": {"type": "string"}, "expression": {"type": "string"}},
                "required": ["node", "expression"],
                "additionalProperties": False,
            },
            "symbol": {
                "type": "object",
                "properties": {
                    "name": {"type": "string"},
                    "value": {"anyOf": [number, {"type": "null"}], "description": "the spec's own, if it has one"},
                    "minimum": {"enum": [0, 1], "description": "a symbol is a whole number of at least this"},
                    "meaning": {"type": "string"},
                },
                "required": ["name", "value", "minimum", "meaning"],
                "additionalProperties": False,
            },
            "expression": {
                "description": "MathJSON: a number, the name of a symbol, or an operation and its operands",
                "anyOf": [
                    number,
                    {"type": "string"},
                    *(_applied(name, meaning) for name, meaning in OPERATIONS.items()),
                ],
            },
            "condition": {
                "type": "object",
                "properties": {
                    "words": {"type": "string"},
                    "holds": {"anyOf": [_applied(name) for name in dict.fromkeys(RELATIONS.values())]},
                },
                "required": ["words", "holds"],
                "additionalProperties": False,
            },
        },
    }


def _applied(name: str, meaning: str | None = None) -> dict[str, Any]:
    least = {"Floor": 1}.get(name, 2)
    if name in _OF_DOUBLES.values():
        operands = [{"$ref": "#/$defs/expression"}, {"type": "number"}]
        return {
            "description": meaning,
            "type": "array",
            "prefixItems": [{"const": name}, *operands],
            "items": False,
            "minItems": 3,
        }
    return {
        **({"description": meaning} if meaning else {}),
        "type": "array",
        "prefixItems": [{"const": name}],
        "items": {"$ref": "#/$defs/expression"},
        "minItems": least + 1,
        **({} if name in ("Add", "Multiply", "Max", "Min") else {"maxItems": least + 1}),
    }
