"""A count as plain data, as JSON has it, and its notes as texts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from paramcalc.core import algebra
from paramcalc.core.algebra import Shape, Unknown
from paramcalc.core.expression import ABSENT
from paramcalc.core.functions import CUSTOM
from paramcalc.core.lines import one_line
from paramcalc.exports.numbers import binary_bytes
from paramcalc.graph import leaves
from paramcalc.layers.base.fields import DTYPES
from paramcalc.results.count import Count, LayerCount, TensorCount

#: The version of the object that JSON has of a count.
VERSION = 1

#: How numbers of four bits are usually stored: so many have one scale together, a float16.
_SCALED_TOGETHER = 128
_SCALE_BYTES = 2

_TOTALS = ("total", "trainable", "non_trainable", "buffers")


def plain(count: Count) -> dict[str, Any]:
    """Return the object that JSON has of a count; the keys are stable."""
    return {
        "paramcalc_count": VERSION,
        "name": count.name,
        "convention": count.convention,
        **_numbers(count, *_TOTALS, "total_untied", "active", "bytes"),
        "dims": {name: value(each) for name, each in count.dims.items()},
        # where anything was given beside the spec
        **({"set": {name: value(each) for name, each in count.given.items()}} if count.given else {}),
        "layers": list(map(_layer, count.layers)),
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


def _layer(row: LayerCount) -> dict[str, Any]:
    further = [_shape(shape) for shape in row.further_output_shapes]
    return {
        "name": row.name,
        "path": list(row.path),
        "copies": [{"at": each.at, "first": each.first, "last": value(each.last)} for each in row.copies],
        "kind": row.kind,
        "inputs": list(row.inputs),
        "times": value(row.times),
        "output_shape": _shape(row.output_shape),
        # where a layer has several outputs
        **({"further_output_shapes": further} if further else {}),
        **_numbers(row, *_TOTALS, "active"),
        "tensors": list(map(_tensor, row.tensors)),
    }


def _tensor(tensor: TensorCount) -> dict[str, Any]:
    return {
        "name": tensor.name,
        "shape": [value(size) for size in tensor.shape],
        "role": tensor.role,
        "trainable": tensor.trainable,
        "dtype": tensor.dtype,
        "tied_to": tensor.tied_to,
    }


def _numbers(result: Count | LayerCount, *keys: str) -> dict[str, Any]:
    return {key: value(getattr(result, key)) for key in keys}


def _shape(shape: Shape) -> list[Any]:
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
