"""A layer type as a page: its fields, tensors and formula, from its declaration alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from math import prod
from typing import Any, NamedTuple, TypeVar, cast

from paramcalc.conventions import Equivalent, convention, spell
from paramcalc.core import algebra, notation
from paramcalc.core.algebra import Shape
from paramcalc.core.errors import ParamcalcError
from paramcalc.core.registry import FAMILIES, kind, kind_names, own_names
from paramcalc.exports.columns import WIDTH, columns, plain, whole_terms, wrapped
from paramcalc.exports.count_tree import Style
from paramcalc.layers.base.declaration import Layer, Tensor
from paramcalc.results.formula import default_form, form_of_kind, symbolic_layer
from paramcalc.spec import FRAMEWORKS, Framework

Row = TypeVar("Row", bound=tuple[str, ...])


def overview(width: int = WIDTH, style: Style | None = None) -> str:
    """List all layer types, family by family, each with what it does."""
    style = style or plain
    lines = []
    names = max(map(len, kind_names()))
    for family, kinds in families():
        lines += ["", style(title(family), "bold")]
        for name in kinds:
            start = f"  {name:{names}}  "
            lines += wrapped(kind(name).summary(), width, start, " " * len(start)) or [start.rstrip()]
    return "\n".join(
        [*lines[1:], "", *wrapped("paramcalc layers TYPE shows the fields, tensors and formula of one.", width)]
    )


def families() -> list[tuple[str, Sequence[str]]]:
    """List the families, each with its layer types; those of your own are the last."""
    own = own_names()
    return [*FAMILIES.items(), *([("of your own", own)] if own else [])]


def title(family: str) -> str:
    """Write the name of a family in words."""
    return family.replace("_", " ")


def page(name: str, width: int = WIDTH, style: Style | None = None) -> str:
    """Describe one layer type in plain text."""
    cls, style = kind(name), style or plain
    framework_rows = [(framework, names(cls, framework)) for framework in FRAMEWORKS]
    parts = [
        [style(name, "bold"), *wrapped(description(cls), width)],
        [style("  fields", "bold"), *_aligned(field_rows(cls), width)] if cls.model_fields else ["  no fields"],
        *_formula_text(cls, width, style),
        [style("  in the frameworks", "bold"), *_aligned(framework_rows, width)],
    ]
    if cls.source:
        parts.append(wrapped(f"Source: {cls.source}", width, "  ", "  "))
    return "\n\n".join("\n".join(lines) for lines in parts)


def description(cls: type[Layer]) -> str:
    """Say what a layer type does, whole."""
    return " ".join((cls.__doc__ or "").split())


def field_rows(cls: type[Layer]) -> list[tuple[str, str, str]]:
    """List each field with its default and its meaning."""
    rows = []
    for outside, name in cls.spelled_fields().items():
        info = cls.model_fields[name]
        rows.append((outside, _default(info), info.description or ""))
    return rows


def symbol_rows(cls: type[Layer]) -> list[tuple[str, str]]:
    """List each symbol of the general formula with its meaning."""
    form = form_of_kind(cls, "keras")
    flags = cls.flags()
    return [
        (name, f"1 or 0: {meaning}" if name in flags else meaning) for name, meaning in form.meanings.items() if meaning
    ]


def tensor_rows(cls: type[Layer]) -> list[tuple[str, str, str, str]]:
    """List each tensor with its shape in symbols, its role and condition, and what it is for."""
    return folded(
        (
            tensor.name,
            shape_text(tensor.shape),
            tensor.role + _condition(tensor),
            tensor.purpose,
        )
        for tensor in general_tensors(cls)
    )


def shape_text(shape: Shape) -> str:
    """Write the shape of a tensor in symbols."""
    return "(" + ", ".join(map(notation.text, shape)) + ")"


def folded(rows: Iterable[Row], names: int = 1) -> list[Row]:
    """Make rows alike but for numbers in their first cells, which are names, one: `layer_0..5_kernel`."""
    alike: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        starred = (re.sub(r"\d+", "*", cell) for cell in row[:names])
        alike.setdefault((*starred, *row[names:]), []).append(row)
    return [row for group in alike.values() for row in _as_ranges(group)]


def _as_ranges(group: list[Row]) -> list[Row]:
    """Give one row with ranges of numbers, where the rows have all the numbers of them; else the rows as they are."""
    cells = [
        [*zip(*(re.split(r"(\d+)", row[column]) for row in group), strict=True)] for column in range(len(group[0]))
    ]
    spans = [{*map(int, parts)} for parts in cells[0] if len(set(parts)) > 1]
    if len(group) != prod(max(span) - min(span) + 1 for span in spans):
        return group
    return [cast("Row", tuple("".join(map(_range, cell)) for cell in cells))]


def _range(parts: tuple[str, ...]) -> str:
    """Give one part of a text where all have it, else the numbers from the least to the largest."""
    return parts[0] if len(set(parts)) == 1 else f"{min(map(int, parts))}..{max(map(int, parts))}"


def general_tensors(cls: type[Layer]) -> list[Tensor]:
    """List the tensors of a layer type, in symbols. Raises `invalid-value` for one without a general form."""
    layer, shapes, _ = symbolic_layer(cls, additions=True)
    with algebra.assuming():
        tensors = layer.filled(shapes[0] if shapes else None).all_tensors(*shapes)
    # what the defaults rule out, such as a second direction, says nothing of the layer type in general
    return [tensor for tensor in tensors if tensor.condition != 0]


def names(cls: type[Layer], framework: str) -> str:
    """Name the class of a framework that a layer type is, or say that there is none."""
    candidates = convention(framework).equivalents(cls.__name__)
    return ", or ".join(dict.fromkeys(candidate.name for candidate in candidates)) or "no class of its own"


class SpelledTensor(NamedTuple):
    """A tensor of a framework's class: our tensors that it holds, its name and its shape there."""

    members: tuple[str, ...]
    name: str
    shape: Shape


def spellings(framework: str, equivalent: Equivalent, cls: type[Layer]) -> Iterator[SpelledTensor]:
    """Yield the tensors of a framework's class; not those that only the choices of another framework make.

    Raises `invalid-value` for a layer type without a general form.
    """
    tensors = general_tensors(cls)
    own = convention(framework).choices(cls.__name__)
    foreign = {field for other in FRAMEWORKS for field in convention(other).choices(cls.__name__)} - {*own}
    shapes = [tensor.shape for tensor in tensors]
    for name, shape, positions in spell(convention(framework), equivalent, tensors, shapes):
        members = [tensors[position] for position in positions]
        if len(members) > 1 or not foreign & {*map(str, _flags(members[0]))}:
            yield SpelledTensor(tuple(tensor.name for tensor in members), name, shape)


def _formula_text(cls: type[Layer], width: int, style: Style) -> list[list[str]]:
    """Give the tensors, the formula and its symbols, each as lines."""
    try:
        rows = tensor_rows(cls)
    except ParamcalcError as error:
        return [wrapped(error.problems[0].message, width, "  ", "  ")]
    tensors = style("  tensors", "bold")
    if not rows:
        return [[tensors, "    none: 0 parameters"]]
    symbols = _aligned(symbol_rows(cls), width)
    return [
        [tensors, *_aligned(rows, width)],
        [style("  formula", "bold"), *(line for name in FRAMEWORKS for line in _forms(cls, name, width))],
        *([[style("  where", "bold"), *symbols]] if symbols else []),
    ]


def _forms(cls: type[Layer], framework: Framework, width: int) -> list[str]:
    """Print the form of a layer type in a framework, and what it is by default, if that is shorter."""
    form, by_default = form_of_kind(cls, framework), default_form(cls, framework)
    start = f"    {framework:5}  "
    indent = " " * len(start)
    text = notation.text(form.expr) + "".join(f"; {each}" for each in form.conditions)
    lines = wrapped(whole_terms(text), width, start, indent)
    if notation.text(by_default.expr) != notation.text(form.expr):
        lines += wrapped(whole_terms(f"= {notation.text(by_default.expr)}") + " by default", width, indent, indent)
    return lines


def _flags(tensor: Tensor) -> tuple[Any, ...]:
    return tensor.when if isinstance(tensor.when, tuple) else (tensor.when,)


def _condition(tensor: Tensor) -> str:
    stated = [str(flag) for flag in _flags(tensor) if algebra.is_symbol(flag)]
    return f", if {' and '.join(stated)}" if stated else ""


def _default(info: Any) -> str:
    if info.is_required():
        return "required"
    if info.default is None:
        return "absent"
    return str(info.default).lower() if isinstance(info.default, bool) else str(info.default)


def _aligned(rows: Iterable[Sequence[str]], width: int) -> list[str]:
    """Lay out rows as columns."""
    return [line for lines in columns(list(rows), width, "    ") for line in lines]
