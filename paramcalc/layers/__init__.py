"""The layer types, one module a subject, and what a layer type of one's own is declared with.

    from paramcalc.layers import Axes, Flag, Layer, Shape, Size, Tensor, field

Names are imported when they are first used. `core/registry.py` says which module declares which layer type.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from paramcalc.core import algebra as algebra
    from paramcalc.core.algebra import Number as Number
    from paramcalc.core.algebra import Shape as Shape
    from paramcalc.core.errors import refuse as refuse
    from paramcalc.layers.base.axes import Axes as Axes
    from paramcalc.layers.base.axes import axis_position as axis_position
    from paramcalc.layers.base.axes import shape_text as shape_text
    from paramcalc.layers.base.caching import nothing_cached as nothing_cached
    from paramcalc.layers.base.declaration import Example as Example
    from paramcalc.layers.base.declaration import Layer as Layer
    from paramcalc.layers.base.declaration import Part as Part
    from paramcalc.layers.base.declaration import Phrase as Phrase
    from paramcalc.layers.base.declaration import Remark as Remark
    from paramcalc.layers.base.declaration import Tensor as Tensor
    from paramcalc.layers.base.fields import Axis as Axis
    from paramcalc.layers.base.fields import Count as Count
    from paramcalc.layers.base.fields import FieldType as FieldType
    from paramcalc.layers.base.fields import Flag as Flag
    from paramcalc.layers.base.fields import Integer as Integer
    from paramcalc.layers.base.fields import OptionalAxis as OptionalAxis
    from paramcalc.layers.base.fields import OptionalCount as OptionalCount
    from paramcalc.layers.base.fields import OptionalInteger as OptionalInteger
    from paramcalc.layers.base.fields import OptionalSize as OptionalSize
    from paramcalc.layers.base.fields import OptionalWindow1D as OptionalWindow1D
    from paramcalc.layers.base.fields import OptionalWindow2D as OptionalWindow2D
    from paramcalc.layers.base.fields import OptionalWindow3D as OptionalWindow3D
    from paramcalc.layers.base.fields import Rate as Rate
    from paramcalc.layers.base.fields import Real as Real
    from paramcalc.layers.base.fields import Size as Size
    from paramcalc.layers.base.fields import Sizes as Sizes
    from paramcalc.layers.base.fields import Window1D as Window1D
    from paramcalc.layers.base.fields import Window2D as Window2D
    from paramcalc.layers.base.fields import Window3D as Window3D
    from paramcalc.layers.base.fields import field as field
    from paramcalc.layers.base.nesting import NestedLayer as NestedLayer
    from paramcalc.layers.base.nesting import NestedLayers as NestedLayers
    from paramcalc.layers.base.nesting import OptionalNestedLayer as OptionalNestedLayer
    from paramcalc.layers.base.products import Operand as Operand
    from paramcalc.layers.base.products import Product as Product
    from paramcalc.layers.base.products import no_products as no_products
    from paramcalc.layers.base.products import not_stated as not_stated
    from paramcalc.layers.base.products import products_of_parts as products_of_parts
    from paramcalc.layers.base.spatial import DataFormat as DataFormat
    from paramcalc.layers.base.spatial import data_format as data_format
    from paramcalc.layers.base.windows import output_lengths as output_lengths
    from paramcalc.layers.base.windows import transposed_lengths as transposed_lengths
    from paramcalc.layers.base.words import Function as Function
    from paramcalc.layers.base.words import Padding1D as Padding1D
    from paramcalc.layers.base.words import Padding2D as Padding2D
    from paramcalc.layers.base.words import Padding3D as Padding3D

#: Where each name stands.
_MODULES = {
    "paramcalc.core.algebra": ("Number", "Shape"),
    "paramcalc.core.errors": ("refuse",),
    "paramcalc.layers.base.axes": ("Axes", "axis_position", "shape_text"),
    "paramcalc.layers.base.caching": ("nothing_cached",),
    "paramcalc.layers.base.declaration": ("Example", "Layer", "Part", "Phrase", "Remark", "Tensor"),
    "paramcalc.layers.base.fields": (
        "Axis", "Count", "FieldType", "Flag", "Integer", "OptionalAxis", "OptionalCount", "OptionalInteger",
        "OptionalSize", "OptionalWindow1D", "OptionalWindow2D", "OptionalWindow3D", "Rate", "Real", "Size", "Sizes",
        "Window1D", "Window2D", "Window3D", "field",
    ),
    "paramcalc.layers.base.nesting": ("NestedLayer", "NestedLayers", "OptionalNestedLayer"),
    "paramcalc.layers.base.products": ("Operand", "Product", "no_products", "not_stated", "products_of_parts"),
    "paramcalc.layers.base.spatial": ("DataFormat", "data_format"),
    "paramcalc.layers.base.words": ("Function", "Padding1D", "Padding2D", "Padding3D"),
    "paramcalc.layers.base.windows": ("output_lengths", "transposed_lengths"),
}  # fmt: skip

__all__ = ["algebra", *(name for names in _MODULES.values() for name in names)]


def __getattr__(name: str) -> Any:
    if name == "algebra":
        return import_module("paramcalc.core.algebra")
    for module, names in _MODULES.items():
        if name in names:
            return getattr(import_module(module), name)
    raise AttributeError(f"module 'paramcalc.layers' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
