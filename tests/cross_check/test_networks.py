"""Networks of `specs/` have the tensors of modules written by hand."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import torch

import paramcalc as pc

from .network_modules import NETWORKS

pytestmark = pytest.mark.framework
SPECS = Path(__file__).resolve().parents[2] / "specs"


@pytest.mark.parametrize("name", NETWORKS)
def test_a_spec_has_the_tensors_of_the_module(name: str) -> None:
    """As many of each size: the order of axes, and whether heads are an axis, differ."""
    with torch.device("meta"):
        real = Counter(parameter.numel() for parameter in NETWORKS[name]().parameters())
    count = pc.count(pc.load(SPECS / f"{name}.yaml"), "torch", expand=True)
    ours = [tensor for row in count.layers for tensor in row.tensors if tensor.role == "parameter"]
    assert Counter(tensor.elements for tensor in ours if tensor.tied_to is None) == real
    assert count.total == sum(size * number for size, number in real.items())


def test_two_of_eight_experts_are_active() -> None:
    with torch.device("meta"):
        module = NETWORKS["mixtral_8x7b"]()
    experts = sum(each.numel() for name, each in module.named_parameters() if "experts." in name)
    whole = sum(each.numel() for each in module.parameters())
    count = pc.count(pc.load(SPECS / "mixtral_8x7b.yaml"))
    assert count.active == whole - experts * 6 // 8 == 12_879_925_248


@pytest.mark.parametrize(
    ("levels", "width", "classes"), [(5, 32, 1), (4, 32, 1), (3, 16, 2), (2, 8, 3), (1, 8, 1), (7, 4, 1)]
)
def test_a_u_net_has_any_depth(levels: int, width: int, classes: int) -> None:
    """Convolutions of 3 · 3, each with a scale and a shift; those that enlarge have windows of 2 · 2."""
    widths = [width * 2**level for level in range(levels)]
    pairs = [(before, after) for before, after in zip([3, *widths], widths, strict=False)]
    pairs += [(2 * each, each) for each in widths[:-1]]
    total = sum(9 * before * after + 9 * after * after + 4 * after for before, after in pairs)
    total += sum(4 * 2 * each * each + each for each in widths[:-1]) + width * classes + classes
    spec = pc.load(SPECS / "u_net.yaml")
    assert pc.count(spec, dims={"levels": levels, "width": width, "classes": classes}).total == total
