"""PyTorch: spectrograms."""

from paramcalc.conventions import Equivalent
from paramcalc.conventions.torch import CHANNELS_FIRST

EQUIVALENTS: dict[str, tuple[Equivalent, ...]] = {
    "MelSpectrogram": (),
    "STFTSpectrogram": (),
}

LAYOUT = dict.fromkeys(("STFTSpectrogram",), CHANNELS_FIRST)
