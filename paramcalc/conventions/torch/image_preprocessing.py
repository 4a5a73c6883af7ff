"""PyTorch: images prepared and varied."""

from paramcalc.conventions import Equivalent
from paramcalc.conventions.torch import CHANNELS_FIRST

EQUIVALENTS: dict[str, tuple[Equivalent, ...]] = {
    "Rescaling": (),
    "Resizing": (),
    "CenterCrop": (),
    "RandomCrop": (),
    "MaxNumBoundingBoxes": (),
    "Augmentation": (),
}

LAYOUT = dict.fromkeys(("Resizing", "CenterCrop", "RandomCrop"), CHANNELS_FIRST)
