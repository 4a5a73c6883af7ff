"""Keras: every weight of a layer counts, those that are not trained as well.

Source: keras.io/api/layers, and Keras 3.15, whose `variable.path` gives the names.
"""

from collections.abc import Mapping
from typing import Any

from paramcalc.conventions import Convention, Equivalent

CONVENTION = Convention(name="keras", states_count=True, separator="/", channel_axis=-1)


def same(
    name: str, arguments: str = "", when: str = "true", fields: Mapping[str, Any] | None = None
) -> tuple[Equivalent]:
    """A class that spells its arguments as the kind its fields."""
    return (Equivalent(f"keras.layers.{name}", {each: each for each in arguments.split()}, {}, when, fields or {}),)


def quantised(name: str, arguments: Mapping[str, str], when: str = "") -> tuple[Equivalent, ...]:
    """A class whose weights may be kept with few bits: its dtype policy says so, and no argument of its own.

    `when` is the condition under which it can be built with the weights as they are.
    """
    whole = "quantization == None" + (f" and ({when})" if when else "")
    policy = {"dtype": "quantization + '_from_float32'"}
    return (
        Equivalent(f"keras.layers.{name}", arguments, when=whole),
        Equivalent(f"keras.layers.{name}", {**arguments, **policy}, when="quantization != None"),
    )
