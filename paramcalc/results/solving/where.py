"""The caller's conditions, in the expression language of specs: as relations of symbols, where they are such."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import sympy

from paramcalc.core import algebra
from paramcalc.core.algebra import Undecided
from paramcalc.core.errors import ParamcalcError, Problem, quoted, refuse
from paramcalc.core.expression import Environment, Expression, conjuncts
from paramcalc.core.registry import TOTALS
from paramcalc.graph import dim_values
from paramcalc.results.formula import symbol
from paramcalc.results.formula.conditions import Condition as Relation
from paramcalc.results.solving.conditions import Condition, Sizes, of_relation
from paramcalc.results.solving.monotony import Least
from paramcalc.spec import Spec, Value

#: What is wrong with a condition itself, whatever the sizes are.
_WRONG = frozenset(["unknown-dim", "wrong-type", "absent-value", "free-dim", "invalid-expression", "limit"])


def read_where(spec: Spec, written: Any) -> tuple[Expression, ...]:
    """Read conditions: one text, or several. A `/` in them is a fraction: 'width / depth >= 64' drops no remainder.

    Raises `invalid-expression`, `unknown-dim`, `wrong-type`.
    """
    texts = [written] if isinstance(written, (str, Expression)) else list(written)
    found = []
    for text in texts:
        if not isinstance(text, (str, Expression)):
            raise refuse("wrong-type", f"a condition is a text, not {quoted(text)}", "as in 'width % heads == 0'")
        expression = Expression.parse(str(text), exact=False)
        for name in sorted(expression.names):
            if name not in spec.dims and (name in TOTALS or name == "total"):
                hint = (
                    f"give it as a target too, as in targets={{'{name}': …}}; the conditions of a sweep take measures"
                )
                raise refuse(
                    "unknown-dim", f"'{name}' is a measure, and solutions are held to conditions on dims", hint
                )
            if name not in spec.dims:
                problem = expression.unknown(name, spec.dims).problems[0]
                raise ParamcalcError([Problem("unknown-dim", f"the spec has no dim '{name}'", problem.hint)])
        found.append(expression)
    return tuple(found)


class Where:
    """The caller's conditions on the sizes of some dims of a spec, the others at the values given."""

    def __init__(self, spec: Spec, expressions: Iterable[Expression], given: Mapping[str, Value]) -> None:
        self.spec = spec
        self.expressions = [
            Expression.parse(text, exact=False) for each in expressions for text in conjuncts(each.text)
        ]
        self.given = dict(given)

    def conditions(self, least: Least) -> Iterator[Condition]:
        """Yield each condition; `least` has the least size of each dim.

        Raises what a condition is refused for at any sizes.
        """
        symbols = {name: symbol(name) for name in least}
        for expression in self.expressions:
            relation = self._relation(expression, symbols)
            if relation is not None:
                yield of_relation(relation, least, expression.text)
                continue
            self._try(expression, least)
            yield Condition(expression.text, frozenset(least), self._test(expression))

    def _relation(self, expression: Expression, symbols: Mapping[str, Any]) -> Relation | None:
        try:
            with algebra.assuming():
                values = dim_values(self.spec, {**self.given, **symbols})
                value = expression.evaluate(Environment(values))
        except (ParamcalcError, Undecided):
            return None
        is_truth = getattr(value, "is_Relational", False) or getattr(value, "is_Boolean", False)
        if algebra.is_number(value) and not is_truth:
            raise refuse("wrong-type", f"{quoted(expression.text)} is a number, and no condition")
        return _relation_of(value)

    def _test(self, expression: Expression) -> Any:
        def test(row: Sizes) -> bool:
            try:
                return algebra.truth(expression.evaluate(Environment(dim_values(self.spec, {**self.given, **row}))))
            except Undecided:
                raise refuse("free-dim", f"{quoted(expression.text)} needs a value that is not known") from None

        return test

    def _try(self, expression: Expression, least: Least) -> None:
        """Refuse a condition that is none, or that has no value whatever the sizes are."""
        try:
            values = dim_values(self.spec, {**self.given, **least})
        except ParamcalcError:
            return
        try:
            value = expression.evaluate(Environment(values))
        except ParamcalcError as error:
            if error.code in _WRONG:
                raise
            return
        except Undecided as undecided:
            names = ", ".join(sorted(undecided.names))
            raise refuse("free-dim", f"{quoted(expression.text)} needs a value for {names}") from None
        if not isinstance(value, bool):
            raise refuse("wrong-type", f"{quoted(expression.text)} is {quoted(value)}, and no condition")


def _relation_of(value: Any) -> Relation | None:
    """Return a truth about symbols as a relation of a form; None for what is none."""
    if value is True or value is False or value in (sympy.true, sympy.false):
        return ("≥", sympy.Integer(int(bool(value))), sympy.Integer(1))
    if not getattr(value, "is_Relational", False):
        return None
    (left, right), sign = value.args, value.rel_op
    if sign in ("==", "!="):
        if sign == "==" and right == 0 and isinstance(left, sympy.Mod):
            return ("divides", left.args[1], left.args[0])
        return ("=" if sign == "==" else "≠", left, right)
    difference = left - right if sign[0] == ">" else right - left
    numerator, denominator = sympy.fraction(sympy.together(difference))
    if not denominator.is_positive:
        return None
    return ("≥", numerator, sympy.Integer(0 if sign[1:] else 1))
