"""XML for mathematics: content MathML and OpenMath, trees of operations that algebra systems read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar
from xml.etree.ElementTree import Element, SubElement, tostring

import sympy

from paramcalc.exports.languages.base import Language
from paramcalc.exports.languages.program import Check, Program
from paramcalc.exports.languages.tree import RELATIONS, Tree
from paramcalc.results.formula.whole import FloorQuotient, Quotient


class Markup(Tree):
    """One object: the number, in a piecewise value that has no other piece, where the form has conditions."""

    #: the words of this language for the operations of the tree, and for its relations
    symbols: ClassVar[Mapping[str, str]]

    def source(self, program: Program) -> str:
        """Write the whole text."""
        least = [
            self.applied("GreaterEqual", [self._print(size.symbol), self._print(sympy.Integer(size.least))])
            for size in program.sizes
        ]
        total: Any = self.whole(program.result)
        conditions = [*least, *map(self._relation, program.checks)]
        if conditions:
            first, *others = conditions
            total = self.piecewise(total, self.applied("And", conditions) if others else first)
        # two hyphens end a comment
        told = "\n".join(program.told([self.about])).replace("--", "- -").rstrip("-")
        return "\n".join([f"<!--\n{told}\n-->", *_lines(self.document(total))])

    about = "Where it does not hold, it has no value."

    def document(self, total: Element) -> Element:
        """Return the root."""
        raise NotImplementedError

    def piecewise(self, value: Element, condition: Element) -> Element:
        """Return what is the value under the condition, and nothing else."""
        raise NotImplementedError

    def applied(self, operation: str, operands: Iterable[Element]) -> Element:
        """Return an operation of the tree, applied to operands that are printed."""
        raise NotImplementedError

    def _operation(self, name: str, operands: Any) -> Any:
        return self.applied(name, [self._print(each) for each in operands])

    def _relation(self, check: Check) -> Any:
        return self._operation(RELATIONS[check.relation], (check.left, check.right))

    def _print_FloorQuotient(self, expr: Any) -> Any:
        return self.applied("Floor", [self._print(Quotient(*expr.args))])

    def _print_Remainder(self, expr: Any) -> Any:
        # theirs has the sign of the dividend
        dividend, divisor = expr.args
        return self._print(sympy.Add(dividend, sympy.Mul(-1, divisor, FloorQuotient(*expr.args))))

    _print_DoubleProduct = Language._print_DoubleProduct


class ContentMathML(Markup):
    """A `math` element of content MathML."""

    language = "content MathML"
    symbols: ClassVar[Mapping[str, str]] = {
        "Add": "plus", "Multiply": "times", "Power": "power", "Divide": "divide", "Floor": "floor", "Max": "max",
        "Min": "min", "Rest": "rem", "Equal": "eq", "NotEqual": "neq", "GreaterEqual": "geq", "And": "and",
    }  # fmt: skip

    def document(self, total: Element) -> Element:
        """Return the root."""
        root = Element("math", xmlns="http://www.w3.org/1998/Math/MathML")
        root.append(total)
        return root

    def piecewise(self, value: Element, condition: Element) -> Element:
        """Return what is the value under the condition, and nothing else."""
        found = Element("piecewise")
        SubElement(found, "piece").extend([value, condition])
        return found

    def applied(self, operation: str, operands: Iterable[Element]) -> Element:
        """Return an operation of the tree, applied to operands that are printed."""
        found = Element("apply")
        SubElement(found, self.symbols[operation])
        found.extend(operands)
        return found

    def _relation(self, check: Check) -> Any:
        if check.relation != "divides":
            return super()._relation(check)
        rest = self._operation("Rest", (check.right, check.left))
        return self.applied("Equal", [rest, self._print(sympy.Integer(0))])

    def _print_Symbol(self, expr: Any) -> Any:
        return _leaf("ci", expr.name)

    def _print_Integer(self, expr: Any) -> Any:
        # libSBML reads no larger number that is called an integer
        kind = {"type": "integer"} if abs(expr) < 2**31 else {}
        return _leaf("cn", str(int(expr)), **kind)


class OpenMath(Markup):
    """An object of OpenMath 2.0, in its XML encoding."""

    language = "OpenMath"
    symbols: ClassVar[Mapping[str, str]] = {
        "Add": "arith1.plus", "Multiply": "arith1.times", "Power": "arith1.power", "Divide": "arith1.divide",
        "Floor": "rounding1.floor", "Max": "minmax1.max", "Min": "minmax1.min", "Set": "set1.set",
        "Factor": "integer1.factorof", "Equal": "relation1.eq", "NotEqual": "relation1.neq",
        "GreaterEqual": "relation1.geq", "And": "logic1.and", "Piecewise": "piece1.piecewise", "Piece": "piece1.piece",
    }  # fmt: skip

    def document(self, total: Element) -> Element:
        """Return the root."""
        root = Element("OMOBJ", xmlns="http://www.openmath.org/OpenMath", version="2.0")
        root.append(total)
        return root

    def piecewise(self, value: Element, condition: Element) -> Element:
        """Return what is the value under the condition, and nothing else."""
        return self.applied("Piecewise", [self.applied("Piece", [value, condition])])

    def applied(self, operation: str, operands: Iterable[Element]) -> Element:
        """Return an operation of the tree, applied to operands that are printed."""
        dictionary, _, name = self.symbols[operation].partition(".")
        found = Element("OMA")
        SubElement(found, "OMS", cd=dictionary, name=name)
        found.extend(operands)
        return found

    def _relation(self, check: Check) -> Any:
        if check.relation == "divides":
            return self._operation("Factor", (check.left, check.right))
        return super()._relation(check)

    def _print_Max(self, expr: Any) -> Any:
        return self.applied("Max", [self._operation("Set", expr.args)])

    def _print_Min(self, expr: Any) -> Any:
        return self.applied("Min", [self._operation("Set", expr.args)])

    def _print_Symbol(self, expr: Any) -> Any:
        return Element("OMV", name=expr.name)

    def _print_Integer(self, expr: Any) -> Any:
        return _leaf("OMI", str(int(expr)))


def _leaf(tag: str, text: str, **attributes: str) -> Element:
    found = Element(tag, attributes)
    found.text = text
    return found


def _lines(element: Element, indent: str = "") -> list[str]:
    """Write an element on a line if it fits there, else its parts on lines of their own."""
    written = tostring(element, encoding="unicode").replace(" />", "/>")
    if len(indent + written) <= 100 or not len(element):
        return [indent + written]
    empty = tostring(Element(element.tag, element.attrib), encoding="unicode").removesuffix(" />")
    parts = [line for part in element for line in _lines(part, f"{indent}  ")]
    return [f"{indent}{empty}>", *parts, f"{indent}</{element.tag}>"]
