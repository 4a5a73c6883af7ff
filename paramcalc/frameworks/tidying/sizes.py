"""Sizes that occur often, as dims; multiples of a size, and sizes that follow from others, as expressions of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from paramcalc.layers.base.declaration import Layer
from paramcalc.spec import Node, Spec

#: What the fields of one sort of size are called as a dim.
_SORTS = {
    "units": "width", "filters": "width", "output_dim": "width", "num_heads": "heads", "key_dim": "head_dim",
    "input_dim": "vocabulary",
}  # fmt: skip
#: Fields with the shapes of tensors.
_SHAPES = ("tensors", "states")
#: Fields with places on an axis.
_PLACES = ("start", "stop")
#: How many names of one sort there are beside the first; other sizes stay numbers.
_MOST_NAMES = 7
#: Smaller sizes are taken for a dim only in fields that state one.
_LEAST = 16
#: How many times another a size may be, where a person would say so.
_FACTORS = (1, 2, 3, 4, 8, 16, 32)


def with_dims(spec: Spec) -> Spec:
    """Write sizes that occur several times as dims, and multiples of another as such."""
    found: Counter[tuple[str, int]] = Counter()
    layers = [*_layers(spec.layers)]
    for layer, times in layers:
        for sort, size in _stated(layer):
            found[sort, size] += times
    for layer, times in layers:
        heads, each = getattr(layer, "num_heads", None), getattr(layer, "key_dim", None)
        if type(heads) is int and type(each) is int and ("width", heads * each) in found:
            # it follows from the other two
            found["head_dim", each] -= times
            found["width", heads * each] += times
    names = _SizeNames(found)
    if not names.dims:
        return spec
    return replace(spec, dims=names.dims, layers=tuple(_renamed(spec.layers, names)))


class _SizeNames:
    """What sizes are called."""

    def __init__(self, found: Mapping[tuple[str, int], int]) -> None:
        self.dims: dict[str, int] = {}
        #: the name or expression of each size, by its sort
        self.texts: dict[tuple[str, int], str] = {}
        #: the sizes of the tables: what is as wide as one is its head
        self.vocabularies = {size for sort, size in found if sort == "vocabulary"}
        self.widths = {size for sort, size in found if sort == "width"} - self.vocabularies
        counted: Counter[tuple[str, int]] = Counter()
        for (sort, size), number in found.items():
            counted[self.sort(sort, size), size] += number
        for sort in dict.fromkeys(_SORTS.values()):
            self._name(sort, {size: number for (other, size), number in counted.items() if other == sort})

    def sort(self, sort: str, size: int) -> str:
        """Return the sort of a size that is stated as one."""
        return "vocabulary" if sort == "width" and size in self.vocabularies else sort

    def _name(self, sort: str, sizes: Mapping[int, int]) -> None:
        """Name the sizes of one sort that occur more than once; the first is that of which most are multiples."""
        common = [size for size, number in sizes.items() if number > 1 and size > 1]
        if not common:
            return
        base = max(
            [size for size in common if size >= _LEAST] or common,
            key=lambda size: (sum(sizes[each] for each in common if _multiple(each, size)), -size),
        )
        rest = sorted((size for size in common if not _multiple(size, base)), key=lambda size: (-sizes[size], size))
        for number, size in enumerate([base, *rest[:_MOST_NAMES]], start=1):
            name = sort if number == 1 else f"{sort}_{number}"
            self.texts[sort, size], self.dims[name] = name, size
        for size in sizes:
            if size != base and (factor := _multiple(size, base)) and (sort, size) not in self.texts:
                self.texts[sort, size] = f"{factor} * {sort}"

    def stated(self, sort: str, size: Any) -> Any:
        """Return a size that a field states, by its name if it has one."""
        return self.texts.get((self.sort(sort, size), size), size) if type(size) is int else size

    def width(self, size: Any) -> Any:
        """Return a size among others, by the name of the width that it is, if it is one."""
        return self.texts.get(("width", size), size) if type(size) is int and size >= _LEAST else size

    def place(self, size: Any) -> Any:
        """Return a position on an axis, by the name of a width or as a multiple of the first."""
        factor = _multiple(size, self.dims["width"]) if type(size) is int and "width" in self.dims else 0
        return self.width(size) if factor < 2 else f"{factor} * width"

    def head_width(self, heads: Any, size: Any) -> Any:
        """Return the width of each head: a width divided by their number, if it is one."""
        if type(heads) is int and type(size) is int and ("width", heads * size) in self.texts:
            return f"{self.texts['width', heads * size]} / {self.stated('heads', heads)}"
        return self.stated("head_dim", size)


def _multiple(size: int, base: int) -> int:
    """How many times a base a size is, where a person would say so; else 0."""
    factor, rest = divmod(size, base)
    return factor if rest == 0 and factor in _FACTORS else 0


def _layers(nodes: Iterable[Node], times: int = 1) -> Iterator[tuple[Layer, int]]:
    """All layers, each with the number of its copies."""
    for node in nodes:
        copies = times * node.times if type(node.times) is int else times
        if node.layers is not None:
            yield from _layers(node.layers, copies)
        elif node.layer is not None:
            yield node.layer, copies


def _stated(layer: Layer) -> Iterator[tuple[str, int]]:
    """Yield the sizes that the fields of a layer state, each with its sort."""
    for field, sort in _SORTS.items():
        value = getattr(layer, field, None)
        if type(value) is int:
            yield sort, value


def _renamed(nodes: Iterable[Node], names: _SizeNames) -> Iterator[Node]:
    for node in nodes:
        if node.layers is not None:
            yield replace(node, layers=tuple(_renamed(node.layers, names)))
        elif node.layer is not None:
            yield replace(node, layer=_layer_renamed(node.layer, names))
        else:
            yield node


def _layer_renamed(layer: Layer, names: _SizeNames) -> Layer:
    """Write the sizes of a layer by their names."""
    stated: dict[str, Any] = layer.stated()
    update = {field: names.stated(sort, stated[field]) for field, sort in _SORTS.items() if field in stated}
    if "key_dim" in stated:
        update["key_dim"] = names.head_width(stated.get("num_heads"), stated["key_dim"])
    if "filters" in stated and stated.get("groups") == stated["filters"]:
        update["groups"] = update["filters"]  # a depthwise convolution
    update |= {field: names.place(stated[field]) for field in _PLACES if field in stated}
    if isinstance(stated.get("target_shape"), list):
        update["target_shape"] = _shape_renamed(stated["target_shape"], names)
    for field in _SHAPES:
        if isinstance(stated.get(field), dict):
            update[field] = {name: [*map(names.width, shape)] for name, shape in stated[field].items()}
    return type(layer)(**{**stated, **update}) if update else layer


def _shape_renamed(shape: list[Any], names: _SizeNames) -> list[Any]:
    """Return the shape that a Reshape gives: its last axis, or its last two where they are heads and their width."""
    *lengths, features = shape
    heads = lengths[-1] if lengths else None
    if names.stated("heads", heads) != heads:
        return [*lengths[:-1], names.stated("heads", heads), names.head_width(heads, features)]
    return [*lengths, names.width(features)]
