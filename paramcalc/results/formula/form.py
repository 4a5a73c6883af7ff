"""The closed form: an expression with its symbols, their sizes, and what it assumes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias, overload

import sympy

from paramcalc.conventions import convention
from paramcalc.core import algebra
from paramcalc.core.display import Displayed, printed, workbook
from paramcalc.core.errors import ParamcalcError, quoted, refuse, suggest
from paramcalc.core.notation import text
from paramcalc.graph import Tree
from paramcalc.results.formula.conditions import Condition, holds
from paramcalc.results.formula.measures import Elasticity, Leading, elasticities, leading
from paramcalc.results.formula.sums import Unit, parts_of
from paramcalc.spec import Framework, Value

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

#: The notations and languages that a form may be written in.
Target: TypeAlias = Literal[
    "text",
    "latex",
    "mathml",
    "python",
    "numpy",
    "javascript",
    "c",
    "julia",
    "matlab",
    "sql",
    "duckdb",
    "excel",
    "json",
]


class Contribution(NamedTuple):
    """What a tensor, a layer or a group adds to a form, with all its copies.

    `value` and `share`, its exact part of the total, are those at the form's own sizes; None where a
    dim is unknown.
    """

    name: str
    expr: sympy.Expr
    value: int | None
    share: Fraction | None


@dataclass(frozen=True)
class Formula(Displayed):
    """The closed form of a spec, or of a layer type.

    `expr` is a SymPy expression in `symbols`; it holds for whole numbers of at least 1 that meet
    `conditions`. Called with sizes, `form(width=1024)`, it gives the exact number; what is not
    given has the spec's own value.
    """

    name: str
    convention: Framework
    expr: sympy.Expr
    symbols: dict[str, sympy.Symbol]
    #: the spec's own value of each symbol that has one
    values: dict[str, int]
    #: the dims that cannot stay symbols, at their values
    fixed: dict[str, Value]
    #: the dims whose values were put in: those set, and those not kept
    substituted: dict[str, Value]
    #: what each symbol stands for, where that is known
    meanings: dict[str, str]
    relations: tuple[Condition, ...]
    #: what was summed, in symbols
    tree: Tree = field(repr=False, compare=False)
    #: whether it is the form of a spec, whose symbols have values, and not the general one of a layer type
    is_of_spec: bool = True

    @property
    def conditions(self) -> tuple[str, ...]:
        """What the form assumes, in words: `heads divides width`."""
        return tuple(f"{text(left)} {relation} {text(right)}" for relation, left, right in self.relations)

    # --- its value

    @property
    def own_value(self) -> int | None:
        """The value at the form's own sizes; None where one of them is not stated."""
        try:
            return self()
        except ParamcalcError:
            return None

    @overload
    def __call__(self, **sizes: int) -> int: ...  # type: ignore[overload-overlap]

    @overload
    def __call__(self, **sizes: int | NDArray[Any]) -> NDArray[numpy.object_]: ...

    def __call__(self, **sizes: Any) -> Any:
        """Return the number of parameters at these sizes: a whole number, or an array for arrays.

        Raises `ParamcalcError`: `unknown-dim`, `free-dim`, `unmet-condition`.
        """
        for name in sizes:
            if name not in self.symbols:
                known = ", ".join(self.symbols) or "none"
                hint = suggest(name, self.symbols) or f"the symbols of this form: {known}"
                raise refuse("unknown-dim", f"the form has no symbol '{name}'", hint)
        given = {**self.values, **{name: algebra.as_number(size) for name, size in sizes.items()}}
        self.check(given)
        return self._value(self.expr, given)

    def check(self, sizes: Mapping[str, Any]) -> None:
        """Refuse sizes at which the form does not hold: `free-dim`, `unmet-condition`."""
        missing = [name for name in self.symbols if name not in sizes]
        if missing:
            raise refuse("free-dim", f"the form needs a value for {', '.join(missing)}")
        for name, size in sizes.items():
            if not algebra.at_least(size, 1):
                raise refuse("unmet-condition", f"'{name}' is a whole number of at least 1, not {quoted(size)}")
        for relation, left, right in self.relations:
            if not holds(relation, self._value(left, sizes), self._value(right, sizes)):
                at = ", ".join(f"{name} = {quoted(size)}" for name, size in sizes.items())
                raise refuse("unmet-condition", f"the form holds where {left} {relation} {right}, and not at {at}")

    def _value(self, expr: Any, sizes: Mapping[str, Any]) -> Any:
        """Return the exact value of an expression, a whole number; an array where a size is one."""
        within = expr.free_symbols
        used = [each for each in self.symbols.values() if each in within]
        if not any(algebra.is_array(sizes[each.name]) for each in used):
            value = expr.xreplace({each: sympy.Integer(sizes[each.name]) for each in used})
            return algebra.divide(int(value.p), int(value.q))
        numerator, denominator = sympy.fraction(sympy.together(expr))
        function = sympy.lambdify(used, (numerator, denominator), modules=[{}])
        return algebra.divide(*function(*(sizes[each.name] for each in used)))

    def exactly(self, expr: Any) -> Any:
        """Return the value at the form's own sizes of an expression in its symbols.

        A `Fraction`, or a SymPy number where it is no quotient of whole numbers. All symbols have values.
        """
        value = expr.xreplace({each: sympy.Integer(self.values[each.name]) for each in expr.free_symbols})
        return Fraction(int(value.p), int(value.q)) if value.is_Rational else value

    def share(self, expr: Any) -> Fraction | None:
        """Return the exact part of the total that an expression in the form's symbols is, at its own sizes.

        None where a dim is unknown, or the total is 0.
        """
        if any(name not in self.values for name in self.symbols):
            return None
        total = self.exactly(self.expr)
        return Fraction(self.exactly(expr) / total) if total else None

    # --- other views of it

    def expanded(self) -> Formula:
        """Return the same form as a polynomial: every product multiplied out."""
        return replace(self, expr=sympy.expand(self.expr))

    @property
    def parts(self) -> tuple[Contribution, ...]:
        """What each layer adds, in order of the graph; layers without parameters are left out."""
        return self._parts("layer", 1)

    def by(self, unit: Unit, depth: int = 1) -> tuple[Contribution, ...]:
        """Return the parts of the form, by `layer`, `group` or `tensor`, the largest first.

        Groups are taken `depth` levels down; a layer outside of them is a part of its own.
        Raises `ParamcalcError`: `invalid-value`.
        """
        if unit not in ("layer", "group", "tensor"):
            raise refuse("invalid-value", f"the parts of a form are layers, groups or tensors, not {quoted(unit)}")
        parts = self._parts(unit, depth)
        return tuple(sorted(parts, key=lambda part: -(part.value or 0)))

    def _parts(self, unit: Unit, depth: int) -> tuple[Contribution, ...]:
        known = all(name in self.values for name in self.symbols)
        rows = parts_of(self.tree, convention(self.convention), unit, depth)
        values = {path: self._value(expr, self.values) if known else None for path, expr in rows.items()}
        total = sum(value or 0 for value in values.values())
        return tuple(
            Contribution(path, expr, values[path], Fraction(values[path] or 0, total) if known and total else None)
            for path, expr in rows.items()
        )

    @property
    def asymptotic(self) -> Leading:
        """The leading terms, and their share of the total: those of highest degree when all symbols grow together."""
        return leading(self)

    def elasticities(self) -> tuple[Elasticity, ...]:
        """Return how the number of parameters moves with each symbol, the largest first.

        Raises `ParamcalcError`: `free-dim`.
        """
        return elasticities(self)

    # --- printed

    def to(self, target: Target = "text") -> str:
        """Print the form in another notation, or as source of another language.

        `text`, `latex`, `mathml`; `python`, `numpy`, `javascript`, `c`, `julia`, `matlab`, `sql`, `duckdb`,
        `excel`, `json`. Raises `unknown-target`, and `not-expressible` for what a language has
        no exact words for.
        """
        return printed(self, target)

    def to_xlsx(self, path: str | PathLike[str]) -> None:
        """Write the form as a workbook: named cells for its symbols, a live row for each layer.

        A file of that name is overwritten. Raises `not-expressible`, and `missing-package`
        without XlsxWriter; `OSError` where the file cannot be written.
        """
        Path(path).write_bytes(workbook(self))

    def __str__(self) -> str:
        return self.to("text")

    def _repr_latex_(self) -> str:
        return self._repr_mimebundle_()["text/latex"]
