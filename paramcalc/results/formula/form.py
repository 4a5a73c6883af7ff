"""The closed form: an expression with its symbols, their sizes, and what it assumes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias, overload

import sympy

from paramcalc.core import algebra
from paramcalc.core.display import Displayed, printed, workbook
from paramcalc.core.errors import ParamcalcError, quoted, refuse, suggest
from paramcalc.core.expression import folded_name
from paramcalc.graph import CopyRange, Tree
from paramcalc.measures import Amounts, Measure
from paramcalc.results.formula.causes import Cause
from paramcalc.results.formula.conditions import Condition, holds, in_words, symbols_of
from paramcalc.results.formula.growth import Elasticity, Leading, elasticities, leading
from paramcalc.results.formula.sums import Unit, parts_of
from paramcalc.results.formula.terms import wholly_expanded
from paramcalc.results.formula.whole import value_at
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
    "typescript",
    "c",
    "rust",
    "go",
    "julia",
    "matlab",
    "sql",
    "duckdb",
    "sqlite",
    "excel",
    "excel-let",
    "excel-lambda",
    "json",
    "content-mathml",
    "openmath",
]


class Contribution(NamedTuple):
    """What a tensor, a layer or a group adds to a form, with all its copies.

    `value` and `share`, its exact part of the total, are those at the form's own sizes; None where a
    dim is unknown. `path` is its name as a list, with the numbers of copies, those of the first that it stands for;
    `copies` says for each of these numbers which copies there are, the last one in the symbols of the form.
    """

    name: str
    expr: sympy.Expr
    value: int | None
    share: Fraction | None
    path: tuple[str, ...]
    copies: tuple[CopyRange, ...]


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
    #: what is summed: of each leaf of the tree, in symbols
    amounts: Amounts = field(repr=False, compare=False)
    #: what it is summed over
    tree: Tree = field(repr=False, compare=False)
    #: whether it is the form of a spec, whose symbols have values, and not the general one of a layer type
    is_of_spec: bool = True
    #: of each list of sizes: for each element the name of its symbol, or its value where the form does not depend on it
    lists: dict[str, tuple[str | int, ...]] = field(default_factory=dict)
    #: what fixes each of the dims in `fixed`, as far as it is one expression
    causes: dict[str, Cause] = field(default_factory=dict)
    #: the dims that were given beside the spec, at their values
    given: dict[str, Value] = field(default_factory=dict)
    #: what decides which layers and sizes there are, beside `fixed`: where it does not hold, another form does
    choices: tuple[Condition, ...] = field(default=(), repr=False)

    @property
    def measure(self) -> Measure:
        """What it is the form of."""
        return self.amounts.measure

    @property
    def conditions(self) -> tuple[str, ...]:
        """What the form assumes, in words: `heads divides width`."""
        return tuple(map(in_words, self.relations))

    # --- its value

    @property
    def needed(self) -> tuple[str, ...]:
        """The symbols that the total depends on; the others stand in conditions alone."""
        return tuple(name for name, symbol in self.symbols.items() if symbol in self.expr.free_symbols)

    @property
    def is_known(self) -> bool:
        """Whether each symbol that the total depends on has a size of its own."""
        return all(name in self.values for name in self.needed)

    @property
    def own_value(self) -> int | None:
        """The value at the form's own sizes; None where one that it depends on is not stated."""
        try:
            return self()
        except ParamcalcError:
            return None

    @overload
    def __call__(self, **sizes: int) -> int: ...  # type: ignore[overload-overlap]

    @overload
    def __call__(self, **sizes: int | NDArray[Any]) -> NDArray[numpy.int64] | NDArray[numpy.object_]: ...

    def __call__(self, *unnamed: Any, **sizes: Any) -> Any:
        """Return the value at these sizes: a whole number, or an array for arrays.

        A condition on an unknown dimension that the total does not depend on is left open.
        Raises `ParamcalcError`: `unknown-dim`, `free-dim`, `unmet-condition`.
        """
        if unnamed:
            example = ", ".join(f"{name}={self.values.get(name, 8)}" for name in [*self.symbols][:2])
            way_out = f"as in form({example})" if example else "the form has no symbols"
            raise refuse("wrong-type", "the sizes of a form are given by name", way_out)
        given = {**self.values, **self._given(sizes)}
        self.check(given)
        return algebra.released(value_at(self.expr, given))

    def _given(self, sizes: Mapping[str, Any]) -> dict[str, Any]:
        """Return the size of each symbol that is given, those of lists by their elements."""
        given: dict[str, Any] = {}
        for written, size in sizes.items():
            name = folded_name(written)
            if name in self.lists:
                self._add_elements(name, size, given)
            elif name in self.symbols:
                given[name] = algebra.as_number(size)
            else:
                known = [*self.symbols, *self.lists]
                hint = suggest(name, known) or f"the symbols of this form: {', '.join(known) or 'none'}"
                raise refuse("unknown-dim", f"the form has no symbol '{name}'", hint)
        return given

    def _add_elements(self, name: str, elements: Any, given: dict[str, Any]) -> None:
        symbols = self.lists[name]
        try:
            sizes = [algebra.as_number(element) for element in elements]
        except TypeError:
            raise refuse("wrong-type", f"'{name}' is a list of {len(symbols)} sizes, not {quoted(elements)}") from None
        if len(sizes) != len(symbols):
            raise refuse("unmet-condition", f"the form holds where len({name}) = {len(symbols)}, not {len(sizes)}")
        for place, (symbol, size) in enumerate(zip(symbols, sizes, strict=True)):
            if not algebra.at_least(size, 1):
                message = f"'{name}[{place}]' is a whole number of at least 1, not {quoted(size)}"
                raise refuse("unmet-condition", message)
            if isinstance(symbol, str) and not algebra.equal(given.setdefault(symbol, size), size):
                raise refuse("unmet-condition", f"the form holds where '{name}[{place}]' is '{symbol}'")

    def dims_of(self, sizes: Mapping[str, Any]) -> dict[str, Any]:
        """Return the dims of the spec at sizes of symbols: the symbols of a list's elements as the list."""
        named = {each for symbols in self.lists.values() for each in symbols}
        lists = {
            name: tuple(sizes.get(each, self.values.get(each)) if isinstance(each, str) else each for each in symbols)
            for name, symbols in self.lists.items()
            if not sizes.keys().isdisjoint(symbols)
        }
        return {**{name: size for name, size in sizes.items() if name not in named}, **lists}

    def check(self, sizes: Mapping[str, Any]) -> None:
        """Refuse sizes at which the form does not hold: `free-dim`, `unmet-condition`."""
        missing = [name for name in self.needed if name not in sizes]
        if missing:
            hint = f"give it one: --set {missing[0]}=…, or form({missing[0]}=…)"
            raise refuse("free-dim", f"the form needs a value for {', '.join(missing)}", hint)
        for name, size in sizes.items():
            if not algebra.at_least(size, 1):
                raise refuse("unmet-condition", f"'{name}' is a whole number of at least 1, not {quoted(size)}")
        for condition in self.relations:
            if any(each.name not in sizes for each in symbols_of(condition)):
                continue
            relation, left, right = condition
            if not holds(relation, value_at(left, sizes), value_at(right, sizes)):
                at = ", ".join(f"{name} = {quoted(size)}" for name, size in sizes.items())
                raise refuse("unmet-condition", f"the form holds where {in_words(condition)}, and not at {at}")

    def exactly(self, expr: Any) -> Any:
        """Return the value at the form's own sizes of an expression in its symbols.

        A `Fraction`, or a SymPy number where it is no quotient of whole numbers. All symbols have values.
        """
        value = expr.xreplace({each: sympy.Integer(self.values[each.name]) for each in expr.free_symbols})
        return Fraction(int(value.p), int(value.q)) if value.is_Rational else value

    def share(self, expr: Any) -> Fraction | None:
        """Return the exact part of the total that an expression in the form's symbols is, at its own sizes.

        None where a dim that it depends on is unknown, or the total is 0.
        """
        if not self.is_known:
            return None
        total = self.exactly(self.expr)
        return Fraction(self.exactly(expr) / total) if total else None

    # --- other views of it

    def expanded(self) -> Formula:
        """Return the same form as a polynomial: every product multiplied out. Raises `limit`."""
        return replace(self, expr=wholly_expanded(self.expr))

    @property
    def parts(self) -> tuple[Contribution, ...]:
        """What each layer adds, in order of the graph; layers that add nothing are left out."""
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
        known = self.is_known
        parts = [*parts_of(self.tree, self.amounts, unit, depth)]
        values = [value_at(part.expr, self.values) if known else None for part in parts]
        total = sum(value or 0 for value in values)
        shares = (Fraction(value or 0, total) if known and total else None for value in values)
        return tuple(
            Contribution(part.name, part.expr, value, share, part.path, part.copies)
            for part, value, share in zip(parts, values, shares, strict=True)
        )

    @property
    def asymptotic(self) -> Leading:
        """The leading terms, and their share of the total: those of highest degree when all symbols grow together.

        Raises `ParamcalcError`: `limit`.
        """
        return leading(self)

    def elasticities(self) -> tuple[Elasticity, ...]:
        """Return how the value moves with each symbol, the largest first.

        Raises `ParamcalcError`: `free-dim`.
        """
        return elasticities(self)

    # --- printed

    def to(self, target: Target = "text") -> str:
        """Print the form in another notation, or as source of another language.

        `text`, `latex`, `mathml`; `python`, `numpy`, `javascript`, `typescript`, `c`, `rust`, `go`, `julia`,
        `matlab`; `sql`, `duckdb`, `sqlite`; `excel`, `excel-let`, `excel-lambda`; `json`, `content-mathml`,
        `openmath`. Raises `unknown-target`, and `not-expressible` for what a language has
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
