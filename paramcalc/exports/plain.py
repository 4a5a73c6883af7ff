"""A count as plain data, as JSON has it, and its notes as texts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from paramcalc.core import algebra
from paramcalc.core.algebra import Shape, Unknown
from paramcalc.core.expression import ABSENT
from paramcalc.core.functions import CUSTOM
from paramcalc.core.lines import one_line
from paramcalc.exports.numbers import binary_bytes
from paramcalc.graph import CopyRange, leaves
from paramcalc.layers.base.fields import DTYPES
from paramcalc.measures import Term
from paramcalc.results.count import Count, LayerCount, TensorCount
from paramcalc.results.measurement import MeasuredLayer, Measurement

if TYPE_CHECKING:
    from paramcalc.results.receptive_field import ReceptiveField

#: The version of the object that JSON has of a count.
VERSION = 1

#: How numbers of four bits are usually stored: so many have one scale together, a float16.
_SCALED_TOGETHER = 128
_SCALE_BYTES = 2

#: What is written as JSON stands on one line up to this width.
_WIDTH = 100

_TOTALS = ("total", "trainable", "non_trainable", "buffers")


def plain(count: Count | Measurement) -> dict[str, Any]:
    """Return the object that JSON has of a count, or of another measure; the keys are stable."""
    if isinstance(count, Count):
        numbers = _numbers(count, *_TOTALS, "total_untied", "active", "bytes")
    else:
        numbers = {"measure": count.measure, "unit": count.unit, **_numbers(count, "total")}
    return {
        "paramcalc_count": VERSION,
        "name": count.name,
        "convention": count.convention,
        **numbers,
        "dims": dims(count),
        # where anything was given beside the spec
        **({"set": {name: value(each) for name, each in count.given.items()}} if count.given else {}),
        "layers": list(map(row, count.layers)),
    }


def notes(count: Count) -> tuple[str, ...]:
    """Say what is assumed, and what the convention's framework cannot express, and is counted as stated."""
    return (
        *count.remarks,
        *(f"assumes that '{name}' keeps the shape, and owns nothing" for name in _own_functions(count)),
        *(
            f"{row.name}: {count.convention} has no {row.kind} with these fields;"
            " it is counted as stated, under our own names"
            for row in count.layers
            if not row.is_expressible
        ),
        *_scales(count),
    )


def _scales(count: Count) -> Iterator[str]:
    """Say what is stored beside numbers of four bits, which are whole numbers times a scale for each group of them."""
    added = 0
    for leaf, times in leaves(count.root):
        for use in leaf.owned:
            if DTYPES[use.dtype] == 4 and len(use.tensor.shape) > 1:
                added += times * _SCALE_BYTES * algebra.ceil_divide(use.elements, _SCALED_TOGETHER)
    if type(added) is int and added:
        yield (
            f"numbers of 4 bits have scales beside them, which are not counted: one of {_SCALE_BYTES} bytes for each"
            f" {_SCALED_TOGETHER} numbers of a matrix, as is usual, would add {binary_bytes(added)}"
        )


def _own_functions(count: Count) -> tuple[str, ...]:
    """Return the functions of the user's own that layers name, each once."""
    values = (value for row in count.layers if row.leaf is not None for value in vars(row.leaf.layer).values())
    texts = (value for value in values if isinstance(value, str) and value.startswith(CUSTOM))
    return tuple(dict.fromkeys(map(one_line, texts)))


def dims(count: Count | Measurement | ReceptiveField) -> dict[str, Any]:
    """Return the dims of a count at their values; an unknown one as its name."""
    return {name: value(each) for name, each in count.dims.items()}


def row(layer: LayerCount | MeasuredLayer) -> dict[str, Any]:
    """Return the object that JSON has of a row."""
    further = [shape(each) for each in layer.further_output_shapes]
    return {
        **place(layer.name, layer.path, layer.copies),
        "kind": layer.kind,
        "inputs": list(layer.inputs),
        "times": value(layer.times),
        "output_shape": shape(layer.output_shape),
        # where a layer has several outputs
        **({"further_output_shapes": further} if further else {}),
        **_amounts(layer),
    }


def _amounts(layer: LayerCount | MeasuredLayer) -> dict[str, Any]:
    """Return what a row counts, and the parts of it."""
    if isinstance(layer, LayerCount):
        return {**_numbers(layer, *_TOTALS, "active"), "tensors": list(map(tensor, layer.tensors))}
    once = {} if type(layer.once) is int and not layer.once else {"once": value(layer.once)}
    return {**_numbers(layer, "total"), "terms": list(map(term, layer.terms)), **once}


def term(term: Term) -> dict[str, Any]:
    """Return the object that JSON has of a term of a measure."""
    return {"name": term.name, "factors": [value(size) for size in term.factors], "amount": value(term.amount)}


def place(name: str, path: Iterable[str], copies: Iterable[CopyRange]) -> dict[str, Any]:
    """Return where a layer or a group is: its name, and the same as a list with the copies that it stands for."""
    ranges = [{"at": each.at, "first": each.first, "last": value(each.last)} for each in copies]
    return {"name": name, "path": list(path), "copies": ranges}


def tensor(tensor: TensorCount) -> dict[str, Any]:
    """Return the object that JSON has of a tensor."""
    return {
        "name": tensor.name,
        "shape": [value(size) for size in tensor.shape],
        "role": tensor.role,
        "trainable": tensor.trainable,
        "dtype": tensor.dtype,
        "tied_to": tensor.tied_to,
    }


def _numbers(result: Count | LayerCount | Measurement | MeasuredLayer, *keys: str) -> dict[str, Any]:
    return {key: value(getattr(result, key)) for key in keys}


def shape(shape: Shape) -> list[Any]:
    """Return the shape of an output, the batch in front."""
    return [None, *map(value, shape)]


def value(given: Any) -> Any:
    """Return a size, or a list of sizes, as JSON has it; an unknown one by its name, `none` as a spec has it."""
    if isinstance(given, Unknown):
        return given.name
    if given is ABSENT:
        return str(given)
    if isinstance(given, tuple):
        return [value(item) for item in given]
    return given.tolist() if algebra.is_array(given) else given


def exact(data: Any) -> Any:
    """Return data with each number as every reader of JSON keeps it."""
    # what knows the languages stands above what knows counts
    from paramcalc.exports.languages.tree import number

    if isinstance(data, dict):
        return {key: exact(value) for key, value in data.items()}
    return list(map(exact, data)) if isinstance(data, list) else number(data)


def written(data: Any, indent: str = "") -> str:
    """Write data as JSON: objects over several lines, those that fit aside; a list of anything else on one."""
    import json

    line = json.dumps(data, ensure_ascii=False)
    if len(indent) + len(line) <= _WIDTH or not data:
        return line
    inner = f"{indent}  "
    if isinstance(data, dict):
        lines = (f"{inner}{json.dumps(key, ensure_ascii=False)}: {written(each, inner)}" for key, each in data.items())
        return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
    if isinstance(data, list) and isinstance(data[0], dict):
        return "[\n" + ",\n".join(inner + written(each, inner) for each in data) + f"\n{indent}]"
    return line
