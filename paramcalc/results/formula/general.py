"""The general form of a layer type, with a symbol for each of its fields and sizes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from paramcalc.conventions import convention
from paramcalc.core import algebra
from paramcalc.core.algebra import Shape
from paramcalc.core.errors import refuse
from paramcalc.graph import Branch, Flow, Graph, Leaf, Use
from paramcalc.layers.base.declaration import Layer
from paramcalc.layers.base.fields import DEFAULT_DTYPE
from paramcalc.measures import Context, Measure
from paramcalc.measures import measure as named_measure
from paramcalc.results.formula.conditions import needed
from paramcalc.results.formula.form import Formula
from paramcalc.results.formula.sums import sum_of
from paramcalc.results.formula.symbols import FlagSymbol, symbol
from paramcalc.spec import Framework


def symbolic_layer(
    cls: type[Layer], defaults: bool = False, additions: bool = False, flowing: bool = False
) -> tuple[Layer, list[Shape], dict[str, str]]:
    """Return a layer whose fields and inputs are symbols, its inputs' shapes, and what each symbol stands for.

    Flags are symbols too, which are 1 or 0. `defaults` leaves out the fields and inputs that need not be
    given; `additions` puts in the fields that add tensors which the layer otherwise lacks, such as the rank
    of a low-rank update. `flowing` is for what depends on the shapes that flow: flags, and inputs that need not be
    given, are left out. Raises `invalid-value` for a layer type whose tensors are
    named by the spec alone.
    """
    if not cls.has_general_form():
        raise refuse("invalid-value", f"{cls.__name__} has no general form: its tensors are those that a spec names")
    meanings: dict[str, str] = {}
    values: dict[str, Any] = {}
    for axes in cls.inputs:
        meanings.update(axes.meanings)
    for name, info in cls.model_fields.items():
        extra = info.json_schema_extra
        letter = extra.get("symbol") if isinstance(extra, dict) else None
        addition = info.default is None and "same_as" not in extra if isinstance(extra, dict) else False
        left_out = (defaults and not info.is_required()) or (flowing and name in cls.flags())
        if letter is None or left_out or (addition and not additions):
            continue
        names = cls.symbol_names(name, str(letter))
        for each in names:
            meanings[each] = str(info.description)
        made = tuple(FlagSymbol(each) if name in cls.flags() else symbol(each) for each in names)
        values[name] = made if cls.suffixes(name) else made[0]
    given = [axes for axes in cls.inputs if not ((defaults or flowing) and axes.optional)]
    shapes = [tuple(map(symbol, axes.names or ("n",))) for axes in given]
    layer = cls.model_construct(**values)
    return layer, shapes * (cls.variadic or 1), meanings


def form_of_kind(
    cls: type[Layer], convention_name: Framework, defaults: bool = False, measure: Measure | None = None
) -> Formula:
    """Return the general form of a layer type; with `defaults`, that of a layer with all its defaults.

    Raises `invalid-value` for a measure that depends on more than the layer's own sizes.
    """
    measure = measure or named_measure(None)
    if not measure.of_type:
        message = f"the measure '{measure.name}' depends on the layers around one: a type alone has no form of it"
        raise refuse("invalid-value", message, _put_into_a_spec(cls))
    target = convention(convention_name)
    layer, shapes, meanings = symbolic_layer(cls, defaults, flowing=measure.needs_connections)
    layer = layer.with_defaults(target.choices)
    with algebra.assuming() as relations:
        tree = (_flowing if measure.needs_connections else _owning)(cls, layer, shapes)
        amounts = measure.amounts(
            Graph(Branch("", [tree], ()), {}, DEFAULT_DTYPE), Context(target, dtype=DEFAULT_DTYPE)
        )
        expr = sum_of(tree, amounts)
    symbols = {each.name: each for each in sorted(expr.free_symbols, key=str)}
    return Formula(
        cls.__name__,
        target.name,
        expr,
        symbols=symbols,
        values={},
        fixed={},
        substituted={},
        meanings={name: meanings.get(name, "") for name in symbols},
        relations=tuple(needed(relations)),
        amounts=amounts,
        tree=tree,
        is_of_spec=False,
    )


def _owning(cls: type[Layer], layer: Layer, shapes: Sequence[Shape]) -> Leaf:
    """Return a layer with its tensors, each as often as its flags say."""
    tensors = layer.filled(shapes[0] if shapes else None).all_tensors(*shapes)
    there = [tensor.repeated(tensor.condition) for tensor in tensors]
    uses = [Use(tensor, tensor.elements, True, tensor.dtype or DEFAULT_DTYPE) for tensor in there]
    return Leaf(cls.__name__, layer, (), ((),), uses)


def _flowing(cls: type[Layer], layer: Layer, shapes: Sequence[Shape]) -> Leaf:
    """Return a layer with what flows into it and out of it. Raises `invalid-value`."""
    stated = [name for name, info in cls.model_fields.items() if info.is_required() and name not in layer.__dict__]
    if stated or not cls.inputs:
        depends = f"its '{stated[0]}'" if stated else "what a spec says"
        message = f"{cls.__name__} has no general form of what flows: it depends on {depends}"
        raise refuse("invalid-value", message, _put_into_a_spec(cls))
    try:
        outputs = layer.output_shapes(*shapes)
    except algebra.Undecided:
        message = f"{cls.__name__} has no general form of what flows: which of two sizes is larger decides"
        raise refuse("invalid-value", message, _put_into_a_spec(cls)) from None
    return Leaf(cls.__name__, layer, tuple(map(Flow, shapes)), outputs, [])


def _put_into_a_spec(cls: type[Layer]) -> str:
    return f"put a {cls.__name__} into a spec, behind an Input"


def default_form(cls: type[Layer], convention: Framework) -> Formula:
    """Return the form of a layer type whose fields have their defaults, where they have one: 4·c for BatchNorm."""
    return form_of_kind(cls, convention, defaults=True)
