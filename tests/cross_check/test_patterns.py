"""A module that differs from others in its sizes alone is the layer that it is when it is looked at for itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from paramcalc.frameworks.torch.read.modules import known
from paramcalc.frameworks.torch.read.patterns import Alike

pytestmark = pytest.mark.framework

#: What makes a module of a width and a multiple of it; widths and factors both change what is equal to what.
MADE: dict[str, Callable[[int, int], nn.Module]] = {
    "Linear": lambda width, times: nn.Linear(width, times * width),
    "Linear without bias": lambda width, times: nn.Linear(times * width, width, bias=False),
    "Conv1d": lambda width, times: nn.Conv1d(width, times * width, 3, padding=1),
    "Conv2d": lambda width, times: nn.Conv2d(width, width, 3 * times, stride=times, groups=width),
    "Conv2d of windows as wide as its channels": lambda width, times: nn.Conv2d(width, width, (width, times)),
    "ConvTranspose2d": lambda width, times: nn.ConvTranspose2d(times * width, width, 2, stride=2),
    "BatchNorm2d": lambda width, times: nn.BatchNorm2d(times * width),
    "LayerNorm": lambda width, times: nn.LayerNorm(width),
    "LayerNorm of two axes": lambda width, times: nn.LayerNorm((width, times * width)),
    "GroupNorm": lambda width, times: nn.GroupNorm(width, times * width),
    "Embedding": lambda width, times: nn.Embedding(times * width, width, padding_idx=0),
    "LSTM": lambda width, times: nn.LSTM(width, times * width, num_layers=2, batch_first=True),
    "GRU": lambda width, times: nn.GRU(times * width, width, bidirectional=True),
    "MultiheadAttention": lambda width, times: nn.MultiheadAttention(12 * width, 12, batch_first=True),
    "MultiheadAttention of other keys": lambda width, times: nn.MultiheadAttention(
        12 * width, 12, kdim=times * width, vdim=width
    ),
    "TransformerEncoderLayer": lambda width, times: nn.TransformerEncoderLayer(12 * width, 12, times * width),
    "Bilinear": lambda width, times: nn.Bilinear(width, times * width, width),
    "PReLU": lambda width, times: nn.PReLU(width),
    "frozen": lambda width, times: nn.Linear(width, times * width).requires_grad_(times % 2 == 0),
    "no layer type": lambda width, times: nn.Sequential(nn.Linear(width, width), nn.Linear(width, times * width)),
}
#: At first 12 is a width and a number of heads; later widths share nothing with earlier ones, or all but one number.
SIZES = [(12, 1), (12, 2), (40, 1), (50, 1), (50, 3), (9, 3), (24, 2), (77, 3), (33, 2), (144, 1), (7, 2), (12, 12)]


@pytest.mark.parametrize("name", MADE)
def test_a_module_is_what_it_is_for_itself(name: str) -> None:
    alike = Alike()
    for sizes in SIZES:
        with torch.device("meta"):
            module = MADE[name](*sizes)
        found: Any = alike.of(module)
        assert found == known(module), sizes
        assert found is None or found.fields == known(module).fields  # type: ignore[union-attr]


def test_what_differs_in_more_than_sizes_is_told_apart() -> None:
    alike = Alike()
    for width in (20, 30, 40):
        for module in (nn.Linear(width, 50), nn.Linear(width, 50, bias=False), nn.Linear(width, 50).double()):
            assert alike.of(module) == known(module)
        for flag in (True, False):
            norm = nn.BatchNorm1d(width, affine=flag, track_running_stats=not flag)
            assert alike.of(norm) == known(norm)
