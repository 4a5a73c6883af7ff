"""A spec without dims, made one with a dim for each of its widths."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from keyword import iskeyword
from typing import Any

from paramcalc.core.expression import RESERVED, folded_name
from paramcalc.layers.base.declaration import Layer
from paramcalc.spec import Node, Spec, node_names


def name_widths(spec: Spec) -> tuple[Spec, dict[str, str]]:
    """Return the same spec with a dim for each width that is a number, named for its layer.

    With it comes what each dim stands for. Windows and strides stay numbers.
    """
    taken: dict[str, int] = {}
    meanings: dict[str, str] = {}

    def named(nodes: Iterable[Node], prefix: str) -> tuple[Node, ...]:
        nodes = tuple(nodes)
        return tuple(
            _with_dims(node, f"{prefix}{_named(name, node)}", taken, meanings, named)
            for name, node in zip(node_names(nodes), nodes, strict=True)
        )

    layers = named(spec.layers, "")
    blocks = {name: replace(block, layers=named(block.layers, f"{name}_")) for name, block in spec.blocks.items()}
    return replace(spec, layers=layers, blocks=blocks, dims=dict(taken)), meanings


def _named(name: str, node: Node) -> str:
    """Return the name of a node; its type, where it adds nothing to the path of a layer."""
    return name if name != "." or node.layer is None else node.default_name


def _with_dims(node: Node, name: str, taken: dict[str, int], meanings: dict[str, str], named: Any) -> Node:
    if node.layers is not None:
        return replace(node, layers=named(node.layers, f"{name}_" if node.name != "." else name[:-1]))
    if node.layer is None:
        return node
    layer = _named_layer(node.layer, name, taken, meanings)
    return node if layer is node.layer else replace(node, layer=layer)


def _named_layer(layer: Layer, name: str, taken: dict[str, int], meanings: dict[str, str]) -> Layer:
    """Return a layer with a dim for each of its widths, and for those of the layers in it."""
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
    """Return what a field holds, a layer or a list of them, with a dim for each width; or nothing."""
    if isinstance(value, tuple):
        return [_named_layer(layer, f"{name}_{place}", taken, meanings) for place, layer in enumerate(value)]
    return value and _named_layer(value, name, taken, meanings)


def _is_width(value: Any) -> bool:
    return type(value) is int or (isinstance(value, list) and any(type(size) is int for size in value))


def _dim(name: str, value: Any, meaning: str, taken: dict[str, int], meanings: dict[str, str]) -> Any:
    """Make a new dim of this value, its name made one that expressions may use; what is no number stays."""
    if type(value) is not int:
        return value
    name = folded_name(name.replace("-", "_"))
    if not name.isidentifier():
        name = f"layer_{name}"
    while name in taken or name in RESERVED or iskeyword(name):
        name += "_"
    taken[name] = value
    meanings[name] = meaning
    return name
