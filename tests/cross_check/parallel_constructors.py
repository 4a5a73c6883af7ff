"""Networks whose heads, experts or branches stand side by side, for `derive` with `inputs`."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from tests.cross_check.connected_constructors import Case


class Voting(nn.Module):
    """Heads, all of which it gives."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = nn.ModuleList([nn.Linear(width, 5) for _ in range(heads)])

    def forward(self, x: Tensor) -> list[Tensor]:
        return [head(x) for head in self.heads]


class Tasks(nn.Module):
    """Heads by their names, of other sizes each."""

    def __init__(self, width: int, classes: Sequence[int]) -> None:
        super().__init__()
        self.body = nn.Linear(width, width)
        self.heads = nn.ModuleDict({f"task{place}": nn.Linear(width, size) for place, size in enumerate(classes)})

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        x = torch.relu(self.body(x))
        return {name: head(x) for name, head in self.heads.items()}


class Head(nn.Module):
    def __init__(self, width: int, size: int) -> None:
        super().__init__()
        self.key, self.query, self.value = (nn.Linear(width, size, bias=False) for _ in range(3))

    def forward(self, x: Tensor) -> Tensor:
        key, query, value = self.key(x), self.query(x), self.value(x)
        return torch.softmax(query @ key.transpose(-2, -1) * key.shape[-1] ** -0.5, -1) @ value


class Heads(nn.Module):
    def __init__(self, width: int, heads: int, head_size: int) -> None:
        super().__init__()
        self.heads = nn.ModuleList([Head(width, head_size) for _ in range(heads)])
        self.proj = nn.Linear(heads * head_size, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.proj(torch.cat([head(x) for head in self.heads], -1))


class Transformer(nn.Module):
    """Blocks whose attention has each head for itself."""

    def __init__(self, width: int, heads: int, head_size: int, depth: int) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([Heads(width, heads, head_size) for _ in range(depth)])

    def forward(self, x: Tensor) -> Tensor:
        for block in self.blocks:
            x = x + block(x)
        return x


class Summed(nn.Module):
    """Experts, whose outputs are added one by one."""

    def __init__(self, width: int, experts: int, hidden: int) -> None:
        super().__init__()
        self.experts = nn.ModuleList(
            [nn.Sequential(nn.Linear(width, hidden), nn.ReLU(), nn.Linear(hidden, width)) for _ in range(experts)]
        )
        self.norm = nn.LayerNorm(width)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(x + sum(expert(x) for expert in self.experts))


class Stacked(nn.Module):
    """Experts, whose outputs are stacked and weighed."""

    def __init__(self, width: int, experts: int) -> None:
        super().__init__()
        self.gate = nn.Linear(width, experts)
        self.experts = nn.ModuleList([nn.Linear(width, width) for _ in range(experts)])
        self.out = nn.Linear(width, 3)

    def forward(self, x: Tensor) -> Tensor:
        weights = torch.softmax(self.gate(x), -1)
        given = torch.stack([expert(x) for expert in self.experts], -1)
        return self.out((given * weights.unsqueeze(-2)).sum(-1))


class Weighed(nn.Module):
    """Experts, whose outputs are weighed and added in a loop."""

    def __init__(self, width: int, experts: int) -> None:
        super().__init__()
        self.gate = nn.Linear(width, experts)
        self.experts = nn.ModuleList([nn.Linear(width, width) for _ in range(experts)])

    def forward(self, x: Tensor) -> Tensor:
        weights = torch.softmax(self.gate(x), -1)
        for place, expert in enumerate(self.experts):
            x = x + weights[..., place : place + 1] * expert(x)
        return x


class Ensemble(nn.Module):
    """Members, whose outputs are averaged."""

    def __init__(self, width: int, members: int) -> None:
        super().__init__()
        self.members = nn.ModuleList(
            [nn.Sequential(nn.Linear(width, 2 * width), nn.Tanh(), nn.Linear(2 * width, 1)) for _ in range(members)]
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.stack([member(x) for member in self.members]).mean(0)


class Inception(nn.Module):
    """Convolutions side by side, each larger than the one before."""

    def __init__(self, colours: int, width: int, branches: int, classes: int) -> None:
        super().__init__()
        self.branches = nn.ModuleList(
            [nn.Conv2d(colours, width, 2 * place + 1, padding=place) for place in range(branches)]
        )
        self.head = nn.Linear(width * branches, classes)

    def forward(self, x: Tensor) -> Tensor:
        y = torch.cat([torch.relu(branch(x)) for branch in self.branches], 1)
        return self.head(y.mean((2, 3)))


class Pyramid(nn.Module):
    """Convolutions of several rates, with one that sees a single position."""

    def __init__(self, colours: int, width: int, rates: Sequence[int]) -> None:
        super().__init__()
        self.convs = nn.ModuleList(
            [nn.Sequential(nn.Conv2d(colours, width, 3, padding=rate, dilation=rate), nn.ReLU()) for rate in rates]
        )
        self.one = nn.Conv2d(colours, width, 1)
        self.project = nn.Conv2d(width * (len(rates) + 1), width, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.project(torch.cat([self.one(x)] + [conv(x) for conv in self.convs], 1))


class TextCNN(nn.Module):
    """Windows of several sizes over a text."""

    def __init__(self, vocabulary: int, width: int, filters: int, sizes: Sequence[int], classes: int) -> None:
        super().__init__()
        self.embed = nn.Embedding(vocabulary, width)
        self.convs = nn.ModuleList([nn.Conv1d(width, filters, size) for size in sizes])
        self.out = nn.Linear(filters * len(sizes), classes)

    def forward(self, ids: Tensor) -> Tensor:
        x = self.embed(ids).transpose(1, 2)
        return self.out(torch.cat([torch.relu(conv(x)).amax(-1) for conv in self.convs], 1))


class Columns(nn.Module):
    """A table of embeddings for each column."""

    def __init__(self, sizes: Sequence[int], width: int, classes: int) -> None:
        super().__init__()
        self.tables = nn.ModuleList([nn.Embedding(size, width) for size in sizes])
        self.out = nn.Linear(width * len(sizes), classes)

    def forward(self, ids: Tensor) -> Tensor:
        return self.out(torch.cat([table(ids[:, place]) for place, table in enumerate(self.tables)], 1))


CASES = [
    Case(Voting, {"width": 64, "heads": 4}, ["width"]),
    Case(Tasks, {"width": 64, "classes": [3, 5, 7]}, ["width"]),
    Case(Transformer, {"width": 64, "heads": 4, "head_size": 24, "depth": 3}, ["10,width"]),
    Case(Summed, {"width": 64, "experts": 4, "hidden": 96}, ["10,width"]),
    Case(Stacked, {"width": 64, "experts": 4}, ["10,width"]),
    Case(Weighed, {"width": 64, "experts": 4}, ["10,width"]),
    Case(Ensemble, {"width": 64, "members": 5}, ["width"]),
    Case(Inception, {"colours": 3, "width": 64, "branches": 4, "classes": 10}, ["colours,32,32"]),
    Case(Pyramid, {"colours": 48, "width": 64, "rates": [6, 12, 18]}, ["colours,64,64"]),
    Case(TextCNN, {"vocabulary": 1000, "width": 64, "filters": 48, "sizes": [3, 4, 5], "classes": 2}, ["80:int64"]),
    Case(Columns, {"sizes": [100, 20, 30], "width": 16, "classes": 2}, ["len(sizes):int64"]),
]
