"""What other tools count wrongly today, beside what paramcalc counts of the model that they were given."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations

import paramcalc as pc

from . import torch_models
from .test_from_torch import check

pytestmark = pytest.mark.framework


def by_torchsummary(module: nn.Module, shape: tuple[int, ...]) -> int:
    import torchsummary

    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        torchsummary.summary(module, shape, device="cpu")
    (total,) = re.findall(r"Total params: ([\d,]+)", printed.getvalue())
    return int(total.replace(",", ""))


@pytest.mark.parametrize(
    ("make", "shape", "theirs", "right"),
    [
        # the projections of the attention, 3·8·8 + 3·8 + 8·8 + 8
        (torch_models.Attending, (5, 8), 27, 288 + 27),
        # each of two calls counted
        (torch_models.Shared, (5,), 224, 5 * 5 + 5 + 5 * 7 + 7 + 7 * 5 + 5),
        # a layer of 9·2 + 2, a layer of 3·6 + 6 and a norm of 2·6 left out
        (torch_models.NeverCalled, (4,), 15, 15 + 20 + 24 + 12),
        # parameters of 4 and of 1 left out
        (torch_models.BareParameter, (4,), 15, 15 + 5),
        # a ParameterDict of 3 + 3 and a ParameterList of 9 + 9 left out
        (torch_models.VAE, (20,), 434, 434 + 6 + 18),
        # the norm of each of 4 rows left out
        (lambda: nn.Sequential(parametrizations.weight_norm(nn.Linear(3, 4))), (3,), 16, 3 * 4 + 4 + 4),
    ],
    ids=["attention", "shared", "never called", "bare parameter", "parameter dict", "weight norm"],
)
def test_what_torchsummary_counts_wrongly_is_right(
    make: Callable[[], nn.Module], shape: tuple[int, ...], theirs: int, right: int
) -> None:
    module = make()
    assert by_torchsummary(module, shape) == theirs
    assert pc.count(check(module)).total == right


def test_what_torchinfo_counts_twice_is_counted_once() -> None:
    import torchinfo

    module = torch_models.TiedHead()
    theirs = torchinfo.summary(module, input_data=torch.zeros(2, 5, dtype=torch.int64), verbose=0)
    count = pc.count(check(module))
    assert (theirs.total_params, count.total, count.total_untied) == (2 * 800, 800, 2 * 800)


def test_what_ptflops_leaves_out_is_counted() -> None:
    import ptflops

    def frozen() -> nn.Module:
        return nn.Sequential(nn.Linear(3, 4).requires_grad_(False), nn.Linear(4, 5))

    _, theirs = ptflops.get_model_complexity_info(frozen(), (3,), as_strings=False, print_per_layer_stat=False)
    count = pc.count(check(frozen()))
    # the frozen layer left out
    assert theirs == 25
    assert (count.total, count.trainable, count.non_trainable) == (16 + 25, 25, 16)
