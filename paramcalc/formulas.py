"""Spec to closed form: the number of parameters as an expression in the dims."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import sympy
from sympy.functions.elementary.integers import ceiling, floor

from paramcalc import algebra
from paramcalc.algebra import Number, Shape, Undecided, Unknown
from paramcalc.conventions import Convention, convention
from paramcalc.counting import count
from paramcalc.errors import ParamcalcError, Problem, listed, quoted, refuse, suggest
from paramcalc.expression import RESERVED
from paramcalc.graph import Branch, Leaf, Tree, dim_values, evaluate, undecided_problem
from paramcalc.layer import Layer
from paramcalc.loading import located
from paramcalc.spec import Node, Spec, Value, node_names

#: What rounds or chooses: exact in shapes, and no polynomial in the size of a tensor.
_STEPS = (floor, ceiling, sympy.Mod, sympy.Min, sympy.Max)
#: What a symbolic evaluation takes for granted: (relation, left, right).
Condition = tuple[str, Any, Any]


@dataclass(frozen=True)
class Part:
    """What a layer, or a group, adds to a form: `times` copies of `expr` each."""

    name: str
    times: Any
    expr: Any


@dataclass(frozen=True)
class Formula:
    """The closed form of a spec, or of a layer kind.

    `expr` is a SymPy expression in `symbols`; it holds for whole numbers of at least 1 that meet
    `conditions`. Called with sizes, `form(width=1024)`, it gives the exact number; what is not
    given has the spec's own value.
    """

    name: str
    convention: str
    expr: Any
    symbols: dict[str, Any]
    #: the spec's own value of each symbol that has one
    values: dict[str, int]
    #: the dims that cannot stay symbols, at their values
    fixed: dict[str, Value]
    #: what each symbol stands for, where that is known
    meanings: dict[str, str]
    parts: tuple[Part, ...]
    relations: tuple[Condition, ...]
    #: whether it is the form of a spec, whose symbols have values, and not the general one of a kind
    is_of_spec: bool = True

    @property
    def conditions(self) -> tuple[str, ...]:
        """What the form takes for granted, in words: `heads divides width`."""
        from paramcalc.exports.notation import text

        return tuple(f"{text(left)} {relation} {text(right)}" for relation, left, right in self.relations)

    def __call__(self, **sizes: Any) -> Any:
        """The number of parameters at these sizes: a whole number, or an array for arrays.

        Raises `ParamcalcError`: `unknown-dim`, `free-dim`, `unmet-condition`.
        """
        for name in sizes:
            if name not in self.symbols:
                known = ", ".join(self.symbols) or "none"
                hint = suggest(name, self.symbols) or f"the symbols of this form: {known}"
                raise refuse("unknown-dim", f"the form has no symbol '{name}'", hint)
        given = {**self.values, **{name: algebra.as_number(size) for name, size in sizes.items()}}
        missing = [name for name in self.symbols if name not in given]
        if missing:
            raise refuse("free-dim", f"the form needs a value for {', '.join(missing)}")
        for name, size in given.items():
            if not algebra.at_least(size, 1):
                raise refuse("unmet-condition", f"'{name}' is a whole number of at least 1, not {quoted(size)}")
        for relation, left, right in self.relations:
            if not _holds(relation, self._value(left, given), self._value(right, given)):
                at = ", ".join(f"{name} = {quoted(size)}" for name, size in given.items())
                raise refuse("unmet-condition", f"the form holds where {left} {relation} {right}, and not at {at}")
        return self._value(self.expr, given)

    def _value(self, expr: Any, given: Mapping[str, Any]) -> Any:
        """The exact value of an expression: a quotient of two polynomials over whole numbers."""
        used = [symbol for symbol in self.symbols.values() if symbol in expr.free_symbols]
        if expr.has(*_STEPS):
            return int(expr.xreplace({symbol: sympy.Integer(given[symbol.name]) for symbol in used}))
        numerator, denominator = sympy.fraction(sympy.together(expr))
        function = sympy.lambdify(used, (numerator, denominator), modules=[{}])
        return algebra.divide(*function(*(given[symbol.name] for symbol in used)))

    def to(self, target: str = "text") -> str:
        """The form in another notation: `text` or `latex`."""
        from paramcalc.exports import formulas

        return formulas.render(self, target)

    def __str__(self) -> str:
        return self.to("text")

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.to('latex')}$"


def formula(
    spec: Spec | type[Layer],
    convention: str | None = None,
    *,
    keep: Iterable[str] | None = None,
    dims: Mapping[str, Value] | None = None,
) -> Formula:
    """The closed form of a spec in its dims, or the general one of a layer kind.

    `keep` names the dims that stay symbols, all by default; the others, and those in `dims`, are
    substituted. A spec without dims gets a symbol for each width of its layers. Raises
    `ParamcalcError` for what `count` refuses, and for an unknown name.
    """
    if isinstance(spec, type):
        return _general_form(spec, convention or "keras")
    try:
        return _form(spec, convention or spec.framework, keep, dict(dims or {}))
    except ParamcalcError as error:
        raise located(error, spec.source) from None


def symbol(name: str) -> Any:
    """The symbol of a size: a whole number of at least 1."""
    return sympy.Symbol(name, integer=True, positive=True)


class FlagSymbol(sympy.Symbol):  # type: ignore[misc]
    """The symbol of a flag: 1 where it holds, 0 where not. It has no truth to branch on."""

    def __bool__(self) -> bool:
        raise Undecided(self)


# --- The form of a spec ----------------------------------------------------------------


def _form(spec: Spec, convention_name: str, keep: Iterable[str] | None, dims: dict[str, Value]) -> Formula:
    target = convention(convention_name)
    _check(spec, convention_name, dims)
    meanings: dict[str, str] = {}
    if not spec.dims:
        spec, meanings = name_widths(spec)
    values = {name: value for name, value in dim_values(spec, dims).items() if type(value) is int}
    candidates = _candidates(spec, dims, keep, values)
    fixed: dict[str, Value] = {}
    same: dict[str, str] = {}
    while True:
        symbols = {name: symbol(name) for name in candidates if name not in fixed and name not in same}
        stand_ins = {name: symbols[other] if other in symbols else values[other] for name, other in same.items()}
        given = {**dims, **{name: values[name] for name in fixed if name in spec.dims}, **symbols, **stand_ins}
        try:
            with algebra.assuming() as relations:
                graph = evaluate(spec, convention_name, given, symbolic=True)
                expr, parts = _total(graph.root, target)
            if expr.has(sympy.Dummy):
                raise refuse("not-one-value", "a node outside of copies that grow depends on one of them")
            _settle(expr, relations, values, same)
        except Undecided as undecided:
            _fix(undecided, values, fixed)
            continue
        except _Same as pair:
            same[pair.one] = pair.other
            continue
        except ParamcalcError:
            # what holds at the spec's own sizes cannot be said in symbols
            if not any(name in values for name in symbols):
                raise
            fixed.update((name, values[name]) for name in symbols if name in values)
            continue
        break
    relations = _needed_relations(relations)
    mentioned = expr.free_symbols.union(*map(_symbols_of, relations))
    used = {name: each for name, each in symbols.items() if each in mentioned}
    own = {name: values[name] for name in used if name in values}
    constants = {name: value for name, value in spec.dims.items() if isinstance(value, (bool, tuple))}
    return Formula(
        spec.name, target.name, expr, used, own, {**constants, **fixed}, meanings, tuple(parts), tuple(relations)
    )


def _check(spec: Spec, convention_name: str, dims: dict[str, Value]) -> None:
    """Refuse what `count` refuses, but for a free dim that a tensor needs: a form has a symbol for it."""
    try:
        count(spec, convention_name, dims=dims)
    except ParamcalcError as error:
        if {problem.code for problem in error.problems} != {"free-dim"}:
            raise


def _candidates(
    spec: Spec, dims: Mapping[str, Value], keep: Iterable[str] | None, values: Mapping[str, int]
) -> list[str]:
    """The dims that may stay symbols."""
    names = [name for name, stated in spec.dims.items() if stated is None or type(stated) is int]
    if keep is not None:
        names = list(keep)
        for name in names:
            if name not in spec.dims:
                hint = suggest(name, spec.dims) or listed("the dims", spec.dims)
                raise ParamcalcError([Problem("unknown-dim", f"the spec has no dim '{name}'", hint, outside=True)])
    return [name for name in names if name not in dims and (spec.dims[name] is None or values.get(name, 0) >= 1)]


class _Same(Exception):
    """Two dims must be equal for the shapes to agree: one stands for both."""

    def __init__(self, one: str, other: str) -> None:
        self.one, self.other = one, other


def _settle(expr: Any, relations: list[Condition], values: Mapping[str, int], same: Mapping[str, str]) -> None:
    """Refuse a run whose form has steps in it, or takes for granted what its own sizes do not meet."""
    steps = expr.atoms(*_STEPS)
    if steps:
        raise Undecided(sympy.Tuple(*steps))
    for relation, left, right in relations:
        left, right = sympy.sympify(left), sympy.sympify(right)
        if relation == "=":
            if left.is_Symbol and right.is_Symbol and _meets(relation, left, right, values):
                raise _Same(right.name, left.name)
            if left.is_Integer or right.is_Integer:
                raise Undecided(left - right)
        if _symbols_of((relation, left, right)) and not _meets(relation, left, right, values):
            raise Undecided(sympy.Tuple(left, right))


def _meets(relation: str, left: Any, right: Any, values: Mapping[str, int]) -> bool:
    sizes = {each: values.get(each.name) for each in left.free_symbols | right.free_symbols}
    if None in sizes.values():
        return True
    return _holds(relation, left.xreplace(sizes), right.xreplace(sizes))


def _holds(relation: str, left: Number, right: Number) -> bool:
    if relation == "=":
        return algebra.equal(left, right)
    if relation == "≥":
        return bool((left - right >= 0).all()) if algebra.is_array(left) else bool(left >= right)
    remainder = right % left
    return bool((remainder == 0).all()) if algebra.is_array(remainder) else bool(remainder == 0)


def _needed_relations(relations: list[Condition]) -> list[Condition]:
    """The conditions that say something, the bounds of one size made one."""
    quotients = {sympy.sympify(right) / left for relation, left, right in relations if relation == "divides"}
    bounds: dict[Any, int] = {}
    others: list[Condition] = []
    for relation, left, right in map(_sympified, relations):
        if relation == "≥" and left in quotients:
            continue  # a quotient without remainder is at least 1 anyway
        bound = _bound(left - right) if relation == "≥" else None
        if bound is not None:
            bounds[bound[0]] = max(bound[1], bounds.get(bound[0], 1))
        elif left.free_symbols or right.free_symbols:
            others.append((relation, left, right))
    return others + [("≥", each, sympy.Integer(least)) for each, least in bounds.items()]


def _bound(difference: Any) -> tuple[Any, int] | None:
    """The symbol, and its least value, where a difference that must not be negative is linear in one."""
    if len(difference.free_symbols) != 1 or not difference.is_polynomial():
        return None
    (each,) = difference.free_symbols
    poly = sympy.Poly(difference, each)
    if poly.degree() != 1 or poly.coeff_monomial(each) <= 0:
        return None
    return each, max(1, int(ceiling(-poly.coeff_monomial(1) / poly.coeff_monomial(each))))


def _sympified(relation: Condition) -> Condition:
    return relation[0], sympy.sympify(relation[1]), sympy.sympify(relation[2])


def _symbols_of(relation: Condition) -> set[Any]:
    return set(sympy.sympify(relation[1]).free_symbols | sympy.sympify(relation[2]).free_symbols)


def _fix(undecided: Undecided, values: Mapping[str, int], fixed: dict[str, Value]) -> None:
    """Give the dims that a truth depends on their values, so that the next run decides it."""
    names = [name for name in sorted(undecided.names) if name in values and name not in fixed]
    if not names:
        raise undecided_problem(Undecided(Unknown(None, undecided.names)))
    fixed.update((name, values[name]) for name in names)


def _total(root: Branch, target: Convention) -> tuple[Any, list[Part]]:
    """The sum of a tree: what is written once expanded, what is repeated as times · (…)."""
    parts: list[Part] = []
    expr = _sum_of(root, target, 1, parts)
    return sympy.sympify(expr), parts


def _sum_of(tree: Tree, target: Convention, times: Any, parts: list[Part]) -> Any:
    if isinstance(tree, Leaf):
        one = sympy.expand(leaf_elements(tree, target))
        if one != 0:
            parts.append(Part(tree.name, times * tree.times, one))
        return tree.times * one
    before = len(parts)
    inner = [_sum_of(child, target, times * tree.times, parts) for child in tree.children]
    if tree.counter is not None:
        parts[before:] = [Part(part.name, 1, _summed(part.times * part.expr, tree.counter)) for part in parts[before:]]
        return _summed(sympy.Add(*inner), tree.counter)
    products = [term for term in inner if isinstance(term, sympy.Mul) and term.has(sympy.Add)]
    plain = sympy.expand(sympy.Add(*(term for term in inner if term not in products)))
    if not tree.label:
        plain = _factored(plain)
    return sympy.Mul(tree.times, sympy.Add(plain, *products), evaluate=True)


def _summed(expr: Any, counter: tuple[Any, Any, Any]) -> Any:
    """The closed form of a sum over the copies of a node."""
    number, first, last = counter
    total = sympy.expand(sympy.summation(sympy.expand(expr), (number, first, last)))
    if total.has(sympy.Sum, sympy.Piecewise):
        raise Undecided(last)
    return total


def _factored(expr: Any) -> Any:
    """A sum with a symbol that all its terms have taken out: width·(vocab + 2)."""
    if not expr.is_Add or len(expr.args) > 200:
        return expr
    factored = sympy.factor_terms(expr)
    return factored if factored.is_Mul and factored.as_coeff_Mul()[0] == 1 else expr


def leaf_elements(leaf: Leaf, target: Convention) -> Number:
    """What one copy of a layer adds to the total of a convention."""
    counted = (use.elements for use in leaf.owned if target.counts(use.tensor.role))
    return sum(counted, start=sympy.Integer(0))


# --- A spec without dims ---------------------------------------------------------------


def name_widths(spec: Spec) -> tuple[Spec, dict[str, str]]:
    """The same spec with a dim for each width that is a number, named for its layer.

    Also what each dim stands for. Windows and strides stay numbers.
    """
    taken: dict[str, int] = {}
    meanings: dict[str, str] = {}

    def named(nodes: Iterable[Node], prefix: str) -> tuple[Node, ...]:
        nodes = tuple(nodes)
        return tuple(
            _with_dims(node, f"{prefix}{name}", taken, meanings, named)
            for name, node in zip(node_names(nodes), nodes, strict=True)
        )

    layers = named(spec.layers, "")
    blocks = {name: replace(block, layers=named(block.layers, f"{name}_")) for name, block in spec.blocks.items()}
    return replace(spec, layers=layers, blocks=blocks, dims=dict(taken)), meanings


def _with_dims(node: Node, name: str, taken: dict[str, int], meanings: dict[str, str], named: Any) -> Node:
    if node.layers is not None:
        return replace(node, layers=named(node.layers, f"{name}_"))
    if node.layer is None:
        return node
    layer = _named_layer(node.layer, name, taken, meanings)
    return node if layer is node.layer else replace(node, layer=layer)


def _named_layer(layer: Layer, name: str, taken: dict[str, int], meanings: dict[str, str]) -> Layer:
    """A layer with a dim for each of its widths, and for those of the layers in it."""
    stated = layer.stated()
    nested = {
        field: _named_value(getattr(layer, field), f"{name}_{field}", taken, meanings)
        for field in type(layer).nested_fields()
        if field in stated
    }
    stated.update(nested)
    widths = {
        field: stated[field] for field in type(layer).width_fields() if field in stated and _is_width(stated[field])
    }
    sizes = [size for value in widths.values() for size in (value if isinstance(value, list) else [value])]
    single = sum(type(size) is int for size in sizes) == 1
    for field, value in widths.items():
        if isinstance(value, list):
            stated[field] = [
                _dim(name if single else f"{name}_{place}", size, f"axis {place} of {name}", taken, meanings)
                for place, size in enumerate(value, start=1)
            ]
        else:
            stated[field] = _dim(name if single else f"{name}_{field}", value, f"'{field}' of {name}", taken, meanings)
    return type(layer)(**stated) if widths or nested else layer


def _named_value(value: Any, name: str, taken: dict[str, int], meanings: dict[str, str]) -> Any:
    """What a field holds that is a layer, or a list of them; or nothing."""
    if isinstance(value, tuple):
        return [_named_layer(layer, f"{name}_{place}", taken, meanings) for place, layer in enumerate(value)]
    return value and _named_layer(value, name, taken, meanings)


def _is_width(value: Any) -> bool:
    return type(value) is int or (isinstance(value, list) and any(type(size) is int for size in value))


def _dim(name: str, value: Any, meaning: str, taken: dict[str, int], meanings: dict[str, str]) -> Any:
    """A new dim of this value, its name made one that expressions may use; what is no number stays."""
    if type(value) is not int:
        return value
    name = name.replace("-", "_")
    while name in taken or name in RESERVED or not name.isidentifier():
        name += "_"
    taken[name] = value
    meanings[name] = meaning
    return name


# --- The general form of a kind --------------------------------------------------------


def symbolic_layer(
    cls: type[Layer], defaults: bool = False, additions: bool = False
) -> tuple[Layer, list[Shape], dict[str, str]]:
    """A layer whose fields and inputs are symbols, and what each symbol stands for.

    Flags are symbols too, that are 1 or 0. With `defaults`, the fields and inputs that need not be
    given are not. Fields that add tensors which the layer otherwise lacks, such as the rank of a
    low-rank update, are given with `additions` only. Raises `invalid-value` for a kind whose tensors are
    named by the spec alone.
    """
    if any(info.is_required() and name in cls.open_fields() for name, info in cls.model_fields.items()):
        raise refuse("invalid-value", f"{cls.__name__} has no general form: its tensors are those that a spec names")
    meanings: dict[str, str] = {}
    values: dict[str, Any] = {}
    for axes in cls.inputs:
        meanings.update(axes.meanings)
    for name, info in cls.model_fields.items():
        extra = info.json_schema_extra
        letter = extra.get("symbol") if isinstance(extra, dict) else None
        addition = info.default is None and "same_as" not in extra if isinstance(extra, dict) else False
        if letter is None or (defaults and not info.is_required()) or (addition and not additions):
            continue
        names = cls.symbol_names(name, str(letter))
        for each in names:
            meanings[each] = str(info.description)
        made = tuple(FlagSymbol(each) if name in cls.flags() else symbol(each) for each in names)
        values[name] = made if cls.suffixes(name) else made[0]
    given = [axes for axes in cls.inputs if not (defaults and axes.optional)]
    shapes = [tuple(map(symbol, axes.names or ("n",))) for axes in given]
    layer = cls.model_construct(**values)
    return layer, shapes * (cls.variadic or 1), meanings


def default_form(cls: type[Layer], convention: str) -> Formula:
    """The form of a kind whose fields have their defaults, where they have one: 4·c for BatchNorm."""
    return _general_form(cls, convention, defaults=True)


def _general_form(cls: type[Layer], convention_name: str, defaults: bool = False) -> Formula:
    target = convention(convention_name)
    layer, shapes, meanings = symbolic_layer(cls, defaults)
    layer = layer.with_defaults(target.choices)
    with algebra.assuming() as relations:
        tensors = layer.filled(shapes[0] if shapes else None).all_tensors(*shapes)
    terms = [algebra.product(tensor.shape) * tensor.condition for tensor in tensors if target.counts(tensor.role)]
    expr = sympy.expand(sympy.Add(*terms))
    symbols = {each.name: each for each in sorted(expr.free_symbols, key=str)}
    parts = tuple(Part(tensor.name, 1, algebra.product(tensor.shape) * tensor.condition) for tensor in tensors)
    used = {name: meanings.get(name, "") for name in symbols}
    conditions = tuple(_needed_relations(relations))
    return Formula(cls.__name__, target.name, expr, symbols, {}, {}, used, parts, conditions, is_of_spec=False)
