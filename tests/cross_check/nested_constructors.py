"""Networks whose layers stand in lists of lists, and are called in loops within loops, for `derive` with `inputs`."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from tests.cross_check.connected_constructors import Case


def lists(outer: int, inner: int, inputs: int, outputs: int) -> nn.ModuleList:
    return nn.ModuleList(nn.ModuleList(nn.Linear(inputs, outputs) for _ in range(inner)) for _ in range(outer))


class HeadsInBlocks(nn.Module):
    def __init__(self, width: int, heads: int, depth: int, classes: int) -> None:
        super().__init__()
        assert width % heads == 0
        self.blocks = lists(depth, heads, width, width // heads)
        self.out = nn.Linear(width, classes)

    def forward(self, x: Tensor) -> Tensor:
        for block in self.blocks:
            assert isinstance(block, nn.ModuleList)
            x = x + torch.cat([torch.relu(head(x)) for head in block], -1)
        return self.out(x)


class Expert(nn.Module):
    def __init__(self, width: int, size: int) -> None:
        super().__init__()
        self.norm, self.dense = nn.LayerNorm(width), nn.Linear(width, size)

    def forward(self, x: Tensor) -> Tensor:
        return self.dense(self.norm(x))


class ExpertsInBlocks(nn.Module):
    """Experts that are modules, stacked and averaged, in a module of its own."""

    def __init__(self, width: int, experts: int, depth: int) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(nn.ModuleList(Expert(width, width) for _ in range(experts)) for _ in range(depth))
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(depth))

    def forward(self, x: Tensor) -> Tensor:
        for block, norm in zip(self.blocks, self.norms, strict=True):
            assert isinstance(block, nn.ModuleList)
            y = norm(x)
            x = x + torch.stack([expert(y) for expert in block], -1).mean(-1)
        return x


class Within(nn.Module):
    def __init__(self, width: int, experts: int, depth: int, classes: int) -> None:
        super().__init__()
        self.body, self.out = ExpertsInBlocks(width, experts, depth), nn.Linear(width, classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.body(x))


class Stages(nn.Module):
    """Stages of so many residual blocks each, the widths doubled between them."""

    def __init__(self, width: int, depths: Sequence[int], classes: int) -> None:
        super().__init__()
        self.stages, self.downs = nn.ModuleList(), nn.ModuleList()
        for depth in depths:
            self.stages.append(nn.ModuleList(nn.Linear(width, width) for _ in range(depth)))
            self.downs.append(nn.Linear(width, 2 * width))
            width *= 2
        self.out = nn.Linear(width, classes)

    def forward(self, x: Tensor) -> Tensor:
        for stage, down in zip(self.stages, self.downs, strict=True):
            assert isinstance(stage, nn.ModuleList)
            for block in stage:
                x = x + torch.relu(block(x))
            x = down(x)
        return self.out(x)


class HeadsInBlocksInStages(nn.Module):
    def __init__(self, width: int, heads: int, depth: int, stages: int) -> None:
        super().__init__()
        assert width % heads == 0
        self.stages = nn.ModuleList(lists(depth, heads, width, width // heads) for _ in range(stages))
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(stages))

    def forward(self, x: Tensor) -> Tensor:
        for stage, norm in zip(self.stages, self.norms, strict=True):
            assert isinstance(stage, nn.ModuleList)
            for block in stage:
                assert isinstance(block, nn.ModuleList)
                x = x + torch.cat([head(x) for head in block], -1)
            x = norm(x)
        return x


class SumsInBlocks(nn.Module):
    """Of one head nothing is added but what the block is given."""

    def __init__(self, width: int, heads: int, depth: int) -> None:
        super().__init__()
        self.blocks = lists(depth, heads, width, width)

    def forward(self, x: Tensor) -> Tensor:
        for block in self.blocks:
            assert isinstance(block, nn.ModuleList)
            x = x + sum(head(x) for head in block)
        return x


class SummedInBlocks(nn.Module):
    """Of one head nothing is added."""

    def __init__(self, width: int, heads: int, depth: int) -> None:
        super().__init__()
        self.blocks = lists(depth, heads, width, width)

    def forward(self, x: Tensor) -> Tensor:
        for block in self.blocks:
            assert isinstance(block, nn.ModuleList)
            found = block[0](x)
            for head in block[1:]:
                found = found + head(x)
            x = torch.relu(found)
        return x


CASES = [
    Case(HeadsInBlocks, {"width": 12, "heads": 3, "depth": 2, "classes": 5}, ["width"]),
    Case(Within, {"width": 12, "experts": 3, "depth": 2, "classes": 5}, ["7,width"]),
    Case(Stages, {"width": 12, "depths": [2, 3, 2], "classes": 5}, ["width"]),
    Case(HeadsInBlocksInStages, {"width": 12, "heads": 3, "depth": 2, "stages": 2}, ["width"]),
    Case(SumsInBlocks, {"width": 12, "heads": 4, "depth": 3}, ["width"]),
    Case(SummedInBlocks, {"width": 12, "heads": 4, "depth": 3}, ["width"]),
    # so few heads stand behind one another only at points further away
    Case(SummedInBlocks, {"width": 12, "heads": 2, "depth": 2}, ["width"]),
]
