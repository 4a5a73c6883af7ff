"""Keras: padding and cropping."""

from paramcalc.conventions import Equivalent
from paramcalc.conventions.keras import same


def _zeros(rank: int, padding: str = "padding") -> tuple[Equivalent]:
    """A padding, which cuts nothing off."""
    when = " and ".join(f"min(padding[{axis}]) >= 0" for axis in range(rank))
    return (Equivalent(f"keras.layers.ZeroPadding{rank}D", _spelled("padding", padding), {}, when),)


def _spelled(name: str, value: str) -> dict[str, str]:
    return {name: value, "data_format": "data_format"}


EQUIVALENTS = {
    "ZeroPadding1D": _zeros(1, "padding[0]"),
    "ZeroPadding2D": _zeros(2),
    "ZeroPadding3D": _zeros(3),
    "Pad1D": (),
    "Pad2D": (),
    "Pad3D": (),
    "Cropping1D": (
        Equivalent("keras.layers.Cropping1D", {"cropping": "cropping[0]"}, {}, "data_format == 'channels_last'"),
    ),
    "Cropping2D": same("Cropping2D", "cropping data_format"),
    "Cropping3D": same("Cropping3D", "cropping data_format"),
}
