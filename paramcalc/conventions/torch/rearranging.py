"""PyTorch: rearranging."""

from paramcalc.conventions import Equivalent
from paramcalc.conventions.torch import CHANNELS_FIRST

EQUIVALENTS = {
    "Permute": (),
    "RepeatVector": (),
    "PixelShuffle": (Equivalent("torch.nn.PixelShuffle", {"upscale_factor": "upscale_factor"}),),
    "PixelUnshuffle": (Equivalent("torch.nn.PixelUnshuffle", {"downscale_factor": "downscale_factor"}),),
    "ChannelShuffle": (Equivalent("torch.nn.ChannelShuffle", {"groups": "groups"}),),
}

LAYOUT = dict.fromkeys(("PixelShuffle", "PixelUnshuffle", "ChannelShuffle"), CHANNELS_FIRST)
