"""A layer that was read, as a person would state it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, TypeAlias

from paramcalc.core.algebra import Shape
from paramcalc.core.errors import ParamcalcError
from paramcalc.layers.base.declaration import Layer

#: The defaults of a framework, by the name of a kind.
Defaults: TypeAlias = Callable[[str], Mapping[str, Any]]


def stated_plainly(layer: Layer, defaults: Defaults, x: Shape | None = None) -> Layer:
    """Return the same layer, stating only what neither is a default nor follows from other fields.

    `x` is the shape of its first input, where it is known.
    """
    cls = type(layer)
    meant = _meant(layer, defaults, x)
    stated = {
        outside: _inner_plainly(getattr(layer, name), defaults)
        for outside, name in cls.spelled_fields().items()
        if name in layer.model_fields_set
    }
    required = {outside for outside, name in cls.spelled_fields().items() if cls.model_fields[name].is_required()}
    for name in [*stated]:
        if name in required:
            continue
        rest = {other: value for other, value in stated.items() if other != name}
        with suppress(ParamcalcError):  # it must be stated
            if _meant(cls(**rest), defaults, x) == meant:
                stated = rest
    return cls(**stated)


def _inner_plainly(value: Any, defaults: Defaults) -> Any:
    """Return the value of a field, the layers in it stated plainly."""
    if isinstance(value, Layer):
        return stated_plainly(value, defaults)
    if isinstance(value, tuple) and any(isinstance(each, Layer) for each in value):
        return tuple(_inner_plainly(each, defaults) for each in value)
    return value


def _meant(layer: Layer, defaults: Defaults, x: Shape | None) -> dict[str, Any]:
    """Return the values of all fields, those included that follow from others."""
    layer = layer.with_defaults(defaults)
    with suppress(ParamcalcError):  # one follows from the input
        layer = layer.filled(x)
    flags = type(layer).flags()
    # a flag that is left to the convention, and to which that says nothing, does not hold
    return {name: False if value is None and name in flags else value for name, value in layer.__dict__.items()}
