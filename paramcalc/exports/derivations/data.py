"""A derivation as plain data, as JSON has it: formulas are MathJSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from paramcalc.exports.languages.tree import expression, form_data, number
from paramcalc.exports.numbers import summed
from paramcalc.exports.plain import dims, exact, place, row, shape, tensor
from paramcalc.results.count import TensorCount
from paramcalc.results.derivation import Derivation, DerivedTensor, GroupDerivation, LayerDerivation, NodeDerivation

#: The version of the object.
VERSION = 1

_TOTALS = ("total", "trainable", "non_trainable", "buffers")


def plain(derivation: Derivation) -> dict[str, Any]:
    """Return the object that JSON has of a derivation; the keys are stable."""
    count = derivation.count
    found = [group for part in derivation.parts for group in _groups(part)]
    groups = [group for group in found if group.role != "model"]
    #: where each layer and each group is in its list
    places = {id(each): index for kept in (derivation.layers, groups) for index, each in enumerate(kept)}
    return {
        "paramcalc_derivation": VERSION,
        "name": count.name,
        "convention": count.convention,
        "node": derivation.node,
        "dims": exact(dims(count)),
        "layers": list(map(_layer, derivation.layers)),
        "groups": [_group(group, places) for group in groups],
        "model": next((_group(group, places) for group in found if group.role == "model"), None),
        "form": None if derivation.form is None else form_data(derivation.form),
    }


def _layer(layer: LayerDerivation) -> dict[str, Any]:
    counted = row(layer.row)
    del counted["tensors"]
    tensors = zip(layer.row.tensors, layer.tensors, strict=True) if layer.tensors else ()
    formula = expression(layer.expr)
    return {
        **exact(counted),
        "summary": layer.summary,
        "input_shapes": [exact(shape(each)) for each in layer.input_shapes],
        "symbols": [
            {"name": each.name, "value": number(each.value), "meaning": each.meaning} for each in layer.symbols
        ],
        "tensors": [_tensor(counted, derived, layer.values) for counted, derived in tensors],
        "formula": formula,
        "substitution": substituted(formula, layer.values),
        "value": number(layer.one),
        "questions": [{"question": each.question, "answer": each.answer} for each in layer.remarks],
    }


def _tensor(counted: TensorCount, derived: DerivedTensor, values: Mapping[str, int]) -> dict[str, Any]:
    formula = expression(derived.product)
    return {
        **exact(tensor(counted)),
        "members": list(derived.members),
        "symbolic_shape": [expression(size) for size in derived.symbolic_shape],
        "formula": formula,
        "substitution": substituted(formula, values),
        "value": number(derived.elements),
        "counts": derived.counts,
        "meaning": derived.purpose,
    }


def _groups(part: NodeDerivation) -> Iterator[GroupDerivation]:
    """Yield a group, and those in it."""
    if isinstance(part, GroupDerivation):
        yield part
        for inner in part.parts:
            yield from _groups(inner)


def _group(group: GroupDerivation, places: Mapping[int, int]) -> dict[str, Any]:
    totals = {key: summed(getattr(each, key) for each in group.rows) for key in _TOTALS}
    parts = [
        {**_named(part), "index": places[id(part)], "times": group.often(part), "value": part.one}
        for part in group.parts
    ]
    data: dict[str, Any] = exact(
        {
            **place(group.name, group.path, group.copies),
            "role": group.role,
            "block": group.block,
            "times": group.times,
            **totals,
            "parts": parts,
            "value": group.one,
        }
    )
    return data


def _named(part: NodeDerivation) -> dict[str, Any]:
    """Return what a part is, and its path: tensors of a group itself are a layer of the group's path."""
    if isinstance(part, GroupDerivation):
        return {"role": part.role, "path": list(part.path)}
    return {"role": "layer", "path": list(part.row.path)}


def substituted(formula: Any, values: Mapping[str, int]) -> Any:
    """Return an expression of MathJSON with the values of its symbols in their places."""
    if isinstance(formula, list):
        name, *operands = formula
        return [name, *(substituted(each, values) for each in operands)]
    return number(values[formula]) if isinstance(formula, str) else formula
