"""Layer types as plain data, as JSON has them: what a layer type declares, formulas as MathJSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import sympy

from paramcalc.conventions import Equivalent, convention
from paramcalc.core.errors import ParamcalcError
from paramcalc.core.registry import kind
from paramcalc.exports.kinds import description, families, general_tensors, spellings, title
from paramcalc.exports.languages.tree import expression, form_data
from paramcalc.exports.schema import field_schema
from paramcalc.layers.base.axes import Axes
from paramcalc.layers.base.declaration import Example, Layer, Tensor, input_span
from paramcalc.layers.base.values import plain as plain_value
from paramcalc.results.formula import default_form, form_of_kind, symbolic_layer
from paramcalc.spec import FRAMEWORKS

#: The version of the object.
VERSION = 1


def plain(names: Iterable[str]) -> dict[str, Any]:
    """Return the object that JSON has of layer types; the keys are stable."""
    return {"paramcalc_layers": VERSION, "layers": [_layer_type(kind(name)) for name in names]}


def _layer_type(cls: type[Layer]) -> dict[str, Any]:
    fewest, most = input_span(cls)
    return {
        "name": cls.__name__,
        "family": next(title(family) for family, names in families() if cls.__name__ in names),
        "summary": cls.summary(),
        "description": description(cls),
        "fields": list(_fields(cls)),
        "inputs": [_input(axes) for axes in cls.inputs],
        "fewest_inputs": fewest,
        "most_inputs": most,
        "layout": cls.layout,
        **_in_symbols(cls),
        "frameworks": {name: _framework(cls, name) for name in FRAMEWORKS},
        "questions": [{"question": each.question, "answer": each.answer, "when": each.when} for each in cls.remarks],
        "example": None if cls.example is None else _example(cls.example),
        "source": cls.source,
    }


def _example(example: Example) -> dict[str, Any]:
    fields = {name: plain_value(value) for name, value in example.fields.items()}
    return {"fields": fields, "inputs": [list(shape) for shape in example.inputs]}


def _fields(cls: type[Layer]) -> Iterator[dict[str, Any]]:
    for outside, name in cls.spelled_fields().items():
        info = cls.model_fields[name]
        extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
        letter = extra.get("symbol")
        yield {
            "name": outside,
            "symbols": list(cls.symbol_names(name, str(letter))) if letter else [],
            "required": info.is_required(),
            "default": None if info.is_required() else plain_value(info.default),
            "same_as": extra.get("same_as"),
            "meaning": info.description or "",
            "schema": field_schema(info),
        }


def _input(axes: Axes) -> dict[str, Any]:
    behind = axes.names[len(axes.leading) :]
    return {
        "axes": [*axes.leading, *(["..."] if axes.open else []), *behind],
        "meanings": axes.meanings,
        "optional": axes.optional,
    }


def _in_symbols(cls: type[Layer]) -> dict[str, Any]:
    """Return the tensors and the forms; where it has no general form, why not."""
    try:
        tensors = general_tensors(cls)
        forms = {name: form_data(form_of_kind(cls, name)) for name in FRAMEWORKS}
        by_default = {name: expression(default_form(cls, name).expr) for name in FRAMEWORKS}
    except ParamcalcError as error:
        nothing: dict[str, Any] = {"symbols": [], "tensors": None, "forms": None, "forms_by_default": None}
        return {**nothing, "without_form": error.problems[0].message}
    return {
        "symbols": _symbols(cls, tensors),
        "tensors": list(map(_tensor, tensors)),
        "forms": forms,
        "forms_by_default": by_default,
        "without_form": None,
    }


def _symbols(cls: type[Layer], tensors: Sequence[Tensor]) -> list[dict[str, Any]]:
    """Return what the symbols in the tensors stand for: sizes, and flags, which are 1 or 0."""
    _, _, meanings = symbolic_layer(cls, additions=True)
    sizes = [size for tensor in tensors for size in (*tensor.shape, tensor.elements, tensor.condition)]
    used = {each.name: each for size in sizes for each in sympy.sympify(size).free_symbols}
    return [
        {"name": name, "minimum": 1 if used[name].is_positive else 0, "meaning": meanings.get(name, "")}
        for name in sorted(used)
    ]


def _tensor(tensor: Tensor) -> dict[str, Any]:
    return {
        "name": tensor.name,
        "shape": list(map(expression, tensor.shape)),
        "elements": expression(tensor.elements),
        "condition": expression(tensor.condition),
        "role": tensor.role,
        "trainable": tensor.role == "parameter" and not tensor.frozen,
        "dtype": tensor.dtype,
        "meaning": tensor.purpose,
    }


def _framework(cls: type[Layer], framework: str) -> dict[str, Any]:
    own = convention(framework)
    defaults = {**own.layout(cls.__name__), **own.choices(cls.__name__)}
    return {
        "defaults": {name: plain_value(value) for name, value in defaults.items()},
        "classes": [_class(cls, framework, row) for row in own.equivalents(cls.__name__)],
    }


def _class(cls: type[Layer], framework: str, row: Equivalent) -> dict[str, Any]:
    try:
        tensors = [
            {"name": each.name, "members": list(each.members), "shape": list(map(expression, each.shape))}
            for each in spellings(framework, row, cls)
        ]
    except ParamcalcError:
        # a layer type without a general form
        tensors = []
    return {
        "class": row.name,
        "when": row.when,
        "fields": {name: plain_value(value) for name, value in row.fields.items()},
        "alias": row.alias,
        "arguments": dict(row.arguments),
        "parts": dict(row.parts),
        "tensors": tensors,
    }
