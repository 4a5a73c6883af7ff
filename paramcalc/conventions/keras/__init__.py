"""Keras: every weight of a layer counts, those that are not trained as well.

Source: keras.io/api/layers, and Keras 3.15, whose `variable.path` gives the names.
"""

from collections.abc import Mapping
from typing import Any

from paramcalc.conventions import Convention, Equivalent

CONVENTION = Convention(name="keras", states_count=True, separator="/", channel_axis=-1)

#: The arguments of a convolution over one, two or three axes, and what it takes: strides or dilation.
CONVOLUTION = "filters kernel_size strides padding dilation_rate groups use_bias activation data_format lora_rank"
STRIDES_OR_DILATION = "max(strides) == 1 or max(dilation_rate) == 1"


def same(
    name: str, arguments: str = "", when: str = "true", fields: Mapping[str, Any] | None = None
) -> tuple[Equivalent]:
    """A class that spells its arguments as the kind its fields."""
    return (Equivalent(f"keras.layers.{name}", {each: each for each in arguments.split()}, {}, when, fields or {}),)


def pool(name: str, when: str = "true") -> tuple[Equivalent]:
    """A pooling, which adds what `same` wants, or nothing, and leaves out a last window that reaches beyond."""
    arguments = {each: each for each in ("pool_size", "strides", "data_format")}
    arguments["padding"] = "'same' if padding == 'same' else 'valid'"
    when = f"(padding == 'valid' or padding == 'same' or max(padding) == 0) and not ceil_mode and {when}"
    return (Equivalent(f"keras.layers.{name}", arguments, {}, when),)


def max_pool(name: str) -> tuple[Equivalent]:
    """A pooling that has one output, and no gaps in its window."""
    return pool(name, "max(dilation_rate) == 1 and not return_indices")


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
