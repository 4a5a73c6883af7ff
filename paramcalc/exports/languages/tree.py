"""JSON: a form, and its parts, as expression trees that any tool can import.

The trees are MathJSON, restricted to the operations of `OPERATIONS` and the relations of
`RELATIONS`: a symbol is a string, an operation a list whose first entry is its name, a whole
number a JSON number up to 2**53 - 1 and `{"num": "…"}` beyond, where readers of JSON lose digits.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

import sympy

from paramcalc.core.algebra import Unknown
from paramcalc.core.expression import ABSENT
from paramcalc.core.lines import json_text
from paramcalc.core.registry import DEFAULT_MEASURE, MEASURES
from paramcalc.exports.definitions import closed
from paramcalc.exports.languages.base import Language
from paramcalc.exports.languages.program import Check, Program, Size, program
from paramcalc.measures import Measure
from paramcalc.results.formula import Contribution, Formula, Unit
from paramcalc.results.formula.whole import Quotient, whole

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

# what several schemas say
DRAFT = "https://json-schema.org/draft/2020-12/schema"
NUMBER = {"$ref": "#/$defs/number"}
PATH = {
    "description": "the names of the groups around it and its own, with the numbers of copies",
    "type": "array",
    "items": {"type": "string"},
}
COPIES = {
    "description": "of each number in the path, the copies that it stands for",
    "type": "array",
    "items": {"$ref": "#/$defs/copies"},
}


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
        return written(self.data(program))

    def data(self, program: Program) -> dict[str, Any]:
        """Return the object that is written."""
        form = program.form
        return {
            "paramcalc_form": VERSION,
            "name": form.name,
            "convention": form.convention,
            **of_measure(form.measure),
            "symbols": [_symbol(size) for size in program.sizes],
            "expression": self.whole(program.result),
            "conditions": [{"words": check.words, "holds": self._relation(check)} for check in program.checks],
            "fixed": {name: number(value) for name, value in form.fixed.items()},
            "causes": {name: cause._asdict() for name, cause in form.causes.items() if name in form.fixed},
            "substituted": {name: number(value) for name, value in form.substituted.items()},
            **({"set": {name: number(value) for name, value in form.given.items()}} if form.given else {}),
            "value": number(program.value),
        }

    def _relation(self, check: Check) -> list[Any]:
        if check.relation == "divides":
            return ["Equal", ["Mod", self._print(check.right), self._print(check.left)], 0]
        return [RELATIONS[check.relation], self._print(check.left), self._print(check.right)]

    def _operation(self, name: str, operands: Any) -> Any:
        return [name, *map(self._print, operands)]

    def _print_Symbol(self, expr: Any) -> Any:
        return expr.name

    def _print_Integer(self, expr: Any) -> Any:
        return number(int(expr))

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


def of_measure(measure: Measure) -> dict[str, Any]:
    """Return the keys that say what a form is of, where that is not what is meant without a word."""
    return {} if measure.name == DEFAULT_MEASURE else {"measure": measure.name, "unit": measure.unit}


def form_data(form: Formula) -> dict[str, Any]:
    """Return a form as an object of JSON."""
    language = Tree()
    return language.data(program(form, language))


def parts_data(form: Formula, unit: Unit, depth: int) -> dict[str, Any]:
    """Return the same with the parts of the form, by layer, group or tensor, the largest first."""
    return {**form_data(form), "by": unit, "parts": [_part(form, part) for part in form.by(unit, depth)]}


def _part(form: Formula, part: Contribution) -> dict[str, Any]:
    share = part.share
    return {
        "name": part.name,
        "path": list(part.path),
        "copies": [
            {"at": each.at, **{key: _number(getattr(each, key), form.symbols.values()) for key in ("first", "last")}}
            for each in part.copies
        ],
        "expression": expression(part.expr),
        "value": number(part.value),
        "share": None if share is None else [number(share.numerator), number(share.denominator)],
    }


def _number(value: Any, known: Collection[Any]) -> Any:
    """Return the number of a copy; None where it differs from one copy of what is around it to the next."""
    return expression(value) if sympy.sympify(value).free_symbols <= {*known} else None


def expression(expr: Any) -> Any:
    """Return an expression whose value is a whole number, or a truth, as MathJSON."""
    return Tree().whole(whole(expr))


def written(data: Mapping[str, Any]) -> str:
    """Write an object as JSON, each object of a list in it on a line of its own."""
    return "{\n" + ",\n".join(f'  "{key}": {_lines(value)}' for key, value in data.items()) + "\n}"


def _lines(value: Any) -> str:
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "[\n" + ",\n".join(f"    {_lines(each)}" for each in value) + "\n  ]"
    return json_text(json.dumps(value, ensure_ascii=False))


def _symbol(size: Size) -> dict[str, Any]:
    return {"name": size.dim, "value": number(size.value), "minimum": size.least, "meaning": size.meaning}


def number(value: Any) -> Any:
    """Return a number as every reader of JSON keeps it, lists by their elements; `none` as a spec has it."""
    if isinstance(value, tuple):
        return [*map(number, value)]
    if isinstance(value, Unknown):
        return None
    if value is ABSENT:
        return str(value)
    return {"num": str(value)} if type(value) is int and abs(value) > _LARGEST else value


# --- Schemas ---------------------------------------------------------------------------


def form_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of what the target `json` writes."""
    values = {"type": "object", "additionalProperties": {"$ref": "#/$defs/value"}}
    properties = {
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
        "fixed": {"description": "the dims that cannot stay symbols, at their values", **values},
        "causes": {
            "description": "what fixes a dim: the path of a node, and an expression there that needs its value",
            "type": "object",
            "additionalProperties": closed({"node": {"type": "string"}, "expression": {"type": "string"}}),
        },
        "substituted": {"description": "the dims whose values were put in: those set, and those not kept", **values},
        "value": {
            "description": "the number at the symbols' own values; null where one has none",
            "anyOf": [NUMBER, {"type": "null"}],
        },
    }
    given = {
        "description": "the dims that were given beside the spec, at their values; absent where none was",
        **values,
    }
    measure = {"enum": [*MEASURES], "description": "what it is the form of; absent: the number of parameters"}
    unit = {"type": "string", "description": "what a number of it counts, such as FLOPs"}
    by = {"enum": ["layer", "group", "tensor"], "description": "what the parts are"}
    parts = {"type": "array", "items": {"$ref": "#/$defs/part"}, "description": "the largest first; their sum is it"}
    return {
        "$schema": DRAFT,
        "title": "A closed form of paramcalc",
        "description": "The number of parameters of a network as an expression in the sizes of its layers.",
        **closed(properties, {"set": given, "measure": measure, "unit": unit, "by": by, "parts": parts}),
        "dependentRequired": {"by": ["parts"], "parts": ["by"]},
        "$defs": {
            **definitions(),
            "condition": closed(
                {
                    "words": {"type": "string"},
                    "holds": {"anyOf": [_applied(name) for name in dict.fromkeys(RELATIONS.values())]},
                }
            ),
            "part": closed(
                {
                    "name": {"type": "string", "description": "its path, without numbers where all copies are alike"},
                    "path": PATH,
                    "copies": COPIES,
                    "expression": {"$ref": "#/$defs/expression"},
                    "value": {"anyOf": [NUMBER, {"type": "null"}]},
                    "share": {
                        "description": "its part of the value: a numerator and a denominator",
                        "anyOf": [
                            {"type": "array", "items": NUMBER, "minItems": 2, "maxItems": 2},
                            {"type": "null"},
                        ],
                    },
                }
            ),
        },
    }


def definitions() -> dict[str, Any]:
    """Describe what several schemas refer to: numbers, values of dims, symbols, expressions, ranges of copies."""
    return {
        "number": {
            "description": "a whole number: beyond 2**53 - 1 as a string of its digits",
            "anyOf": [
                {"type": "integer", "minimum": -_LARGEST, "maximum": _LARGEST},
                closed({"num": {"type": "string", "pattern": "^-?[0-9]+$"}}),
            ],
        },
        "value": {
            "anyOf": [
                NUMBER,
                {"type": ["boolean", "null", "string"]},
                {"type": "number", "description": "a double"},
                {"type": "array", "items": {"$ref": "#/$defs/value"}},
            ]
        },
        "symbol": closed(
            {
                "name": {"type": "string"},
                "value": {"anyOf": [NUMBER, {"type": "null"}], "description": "the spec's own, if it has one"},
                "minimum": {"enum": [0, 1], "description": "a symbol is a whole number of at least this"},
                "meaning": {"type": "string"},
            }
        ),
        "expression": {
            "description": "MathJSON: a number, the name of a symbol, or an operation and its operands",
            "anyOf": [
                NUMBER,
                {"type": "string"},
                *(_applied(name, meaning) for name, meaning in OPERATIONS.items()),
            ],
        },
        "copies": closed(
            {
                "at": {"type": "integer", "minimum": 0, "description": "where the number is in the path"},
                "first": _number_of("the number itself"),
                "last": _number_of("the number of the last copy"),
            }
        ),
    }


def _number_of(copy: str) -> dict[str, Any]:
    """Describe the number of a copy."""
    return {
        "description": f"{copy}; null where it differs from copy to copy of a group",
        "anyOf": [{"$ref": "#/$defs/expression"}, {"type": "null"}],
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
