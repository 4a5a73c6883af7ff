"""PyTorch: padding. It names the sides of the last axis first."""

from paramcalc.conventions import Equivalent
from paramcalc.conventions.torch import CHANNELS_FIRST

_MODES = {"reflect": "ReflectionPad", "replicate": "ReplicationPad", "circular": "CircularPad"}


def _sides(rank: int) -> dict[str, str]:
    sides = (f"padding[{axis}][{side}]" for axis in reversed(range(rank)) for side in (0, 1))
    return {"padding": f"[{', '.join(sides)}]"}


def _pad(rank: int) -> tuple[Equivalent, ...]:
    constant = Equivalent(
        f"torch.nn.ConstantPad{rank}d", {**_sides(rank), "value": "value"}, fields={"mode": "constant"}
    )
    others = (
        Equivalent(f"torch.nn.{name}{rank}d", _sides(rank), fields={"mode": mode}) for mode, name in _MODES.items()
    )
    return (constant, *others)


EQUIVALENTS = {
    **{f"ZeroPadding{rank}D": (Equivalent(f"torch.nn.ZeroPad{rank}d", _sides(rank)),) for rank in (1, 2, 3)},
    **{f"Pad{rank}D": _pad(rank) for rank in (1, 2, 3)},
    "Cropping1D": (),
    "Cropping2D": (),
    "Cropping3D": (),
}

LAYOUT = dict.fromkeys(EQUIVALENTS, CHANNELS_FIRST)
