"""Keras: rearranging."""

from paramcalc.conventions.keras import same

EQUIVALENTS = {
    "Permute": same("Permute", "dims"),
    "RepeatVector": same("RepeatVector", "n"),
    "PixelShuffle": (),
    "PixelUnshuffle": (),
    "ChannelShuffle": (),
}
