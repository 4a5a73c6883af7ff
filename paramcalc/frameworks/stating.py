"""A layer that was read, as a person would state it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from paramcalc.algebra import Shape
from paramcalc.layer import Layer


def stated_plainly(layer: Layer, defaults: Callable[[str], Mapping[str, Any]], x: Shape | None = None) -> Layer:
    """The same layer, that states only what is not its default.

    `defaults` are those of its framework, by the name of the kind; `x` is the shape of its first input.
    """
    cls = type(layer)
    outside = {inside: name for name, inside in cls.spelled_fields().items()}
    usual = {name: info.default for name, info in cls.model_fields.items()} | dict(defaults(cls.__name__))
    values = {name: getattr(layer, name) for name in cls.model_fields}
    for name in cls.nested_fields():
        inner = values[name]
        if isinstance(inner, tuple):
            values[name] = tuple(stated_plainly(each, defaults) for each in inner)
        elif inner is not None:
            values[name] = stated_plainly(inner, defaults)
    stated = {
        outside[name]: value
        for name, value in values.items()
        if not (value == usual[name] and type(value) is type(usual[name]))
    }
    for name in [*stated]:
        # what follows from other fields need not be stated
        rest = {other: value for other, value in stated.items() if other != name}
        if usual[cls.spelled_fields()[name]] is None and cls(**rest).filled(x) == cls(**stated).filled(x):
            stated = rest
    return cls(**stated)
