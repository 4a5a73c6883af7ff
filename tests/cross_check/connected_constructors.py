"""Networks with their forward runs, for `derive` with `inputs`: each with arguments, and what it is given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional


class Block(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.ln1 = nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(width, heads, batch_first=True)
        self.ln2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x: Tensor) -> Tensor:
        h = self.ln1(x)
        x = x + self.attention(h, h, h)[0]
        return x + self.mlp(self.ln2(x))


class GPT(nn.Module):
    block: type[nn.Module] = Block

    def __init__(self, width: int, depth: int, heads: int, vocabulary: int, context: int) -> None:
        super().__init__()
        self.word = nn.Embedding(vocabulary, width)
        self.position = nn.Embedding(context, width)
        self.blocks = nn.ModuleList([self.block(width, heads) for _ in range(depth)])
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, vocabulary, bias=False)
        self.head.weight = self.word.weight

    def forward(self, ids: Tensor) -> Tensor:
        x = self.word(ids) + self.position(torch.arange(ids.shape[1], device=ids.device))
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))


class Attention(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        assert width % heads == 0
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        batch, length, width = x.shape
        q, k, v = (
            each.view(batch, length, self.heads, width // self.heads).transpose(1, 2)
            for each in self.qkv(x).split(width, dim=2)
        )
        y = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.out(y.transpose(1, 2).reshape(batch, length, width))


class OwnBlock(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.ln1, self.attention = nn.LayerNorm(width), Attention(width, heads)
        self.ln2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.ln1(x))
        return x + self.mlp(self.ln2(x))


class OwnGPT(GPT):
    block = OwnBlock


class UNet(nn.Module):
    def __init__(self, colours: int, classes: int, width: int, depth: int) -> None:
        super().__init__()
        self.downs, self.ups, self.joins = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        for level in range(depth):
            self.downs.append(nn.Conv2d(colours, width * 2**level, 3, padding=1))
            colours = width * 2**level
        for level in reversed(range(depth - 1)):
            self.ups.append(nn.ConvTranspose2d(2 * width * 2**level, width * 2**level, 2, 2))
            self.joins.append(nn.Conv2d(2 * width * 2**level, width * 2**level, 3, padding=1))
        self.pool = nn.MaxPool2d(2)
        self.final = nn.Conv2d(width, classes, 1)

    def forward(self, x: Tensor) -> Tensor:
        kept = []
        for level, down in enumerate(self.downs):
            x = torch.relu(down(self.pool(x) if level else x))
            kept.append(x)
        kept.pop()
        for up, join in zip(self.ups, self.joins, strict=True):
            x = torch.relu(join(torch.cat([kept.pop(), up(x)], 1)))
        return self.final(x)


class Residual(nn.Module):
    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(before, after, 3, stride, 1, bias=False), nn.BatchNorm2d(after)
        self.conv2, self.bn2 = nn.Conv2d(after, after, 3, 1, 1, bias=False), nn.BatchNorm2d(after)
        self.shortcut: nn.Module | None = None
        if stride != 1 or before != after:
            self.shortcut = nn.Sequential(nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after))

    def forward(self, x: Tensor) -> Tensor:
        y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        return torch.relu(y + (x if self.shortcut is None else self.shortcut(x)))


class ResNet(nn.Module):
    def __init__(self, blocks: int, width: int, classes: int) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, width, 3, 2, 1, bias=False)
        self.layer1 = self.stage(width, width, blocks)
        self.layer2 = self.stage(width, 2 * width, blocks)
        self.pool, self.fc = nn.AdaptiveAvgPool2d(1), nn.Linear(2 * width, classes)

    def stage(self, before: int, after: int, blocks: int) -> nn.Sequential:
        first = Residual(before, after, 1 if before == after else 2)
        return nn.Sequential(first, *[Residual(after, after, 1) for _ in range(blocks - 1)])

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.pool(self.layer2(self.layer1(self.stem(x)))).flatten(1))


class Inverted(nn.Module):
    def __init__(self, before: int, after: int, expansion: int) -> None:
        super().__init__()
        hidden = expansion * before
        self.conv = nn.Sequential(
            nn.Conv2d(before, hidden, 1, bias=False),
            nn.BatchNorm2d(hidden),
            nn.ReLU6(),
            nn.Conv2d(hidden, hidden, 3, 1, 1, groups=hidden, bias=False),
            nn.BatchNorm2d(hidden),
            nn.ReLU6(),
            nn.Conv2d(hidden, after, 1, bias=False),
            nn.BatchNorm2d(after),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)


class MobileNet(nn.Module):
    def __init__(self, widths: Sequence[int], expansion: int, classes: int) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, widths[0], 3, 2, 1)
        self.features = nn.Sequential(*[Inverted(before, after, expansion) for before, after in pairwise(widths)])
        self.pool, self.head = nn.AdaptiveAvgPool2d(1), nn.Linear(widths[-1], classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(torch.flatten(self.pool(self.features(self.stem(x))), 1))


class Language(nn.Module):
    def __init__(self, vocabulary: int, features: int, hidden: int, layers: int) -> None:
        super().__init__()
        self.embed = nn.Embedding(vocabulary, features)
        self.lstm = nn.LSTM(features, hidden, layers, batch_first=True)
        self.out = nn.Linear(hidden, vocabulary)

    def forward(self, ids: Tensor) -> Tensor:
        found, _ = self.lstm(self.embed(ids))
        return self.out(found)


class Cross(nn.Module):
    """A decoder whose blocks take what an encoder gives."""

    def __init__(self, width: int, memory: int, depth: int) -> None:
        super().__init__()
        self.encoder = nn.Linear(memory, width)
        self.blocks = nn.ModuleList([Joined(width) for _ in range(depth)])

    def forward(self, x: Tensor, memory: Tensor) -> Tensor:
        known = self.encoder(memory)
        for block in self.blocks:
            x = block(x, known)
        return x


class Joined(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.mix = nn.Linear(2 * width, width)

    def forward(self, x: Tensor, memory: Tensor) -> Tensor:
        return x + self.mix(torch.cat([x, memory], -1))


class Albert(nn.Module):
    """One layer, called again and again."""

    def __init__(self, width: int, classes: int) -> None:
        super().__init__()
        self.layer, self.head = nn.Linear(width, width), nn.Linear(width, classes)

    def forward(self, x: Tensor) -> Tensor:
        for _ in range(3):
            x = torch.tanh(self.layer(x))
        return self.head(x)


class Stack(nn.Module):
    def __init__(self, features: int, width: int, depth: int, classes: int) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Linear(features, width), nn.ReLU()]
        for _ in range(depth - 1):
            layers += [nn.Linear(width, width), nn.ReLU()]
        self.net = nn.Sequential(*layers, nn.Linear(width, classes))

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)


# --- What cannot be followed -----------------------------------------------------------


class Unrunnable(nn.Module):
    """It has no forward run."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(width, width), nn.Linear(width, 3)


class Deciding(nn.Module):
    """It decides by its data."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(width, width), nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.a(x) if x.sum() > 0 else self.b(x)


class Growing(nn.Module):
    """Each layer takes what all before it give, one by one."""

    def __init__(self, width: int, depth: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear((place + 1) * width, width) for place in range(depth)])

    def forward(self, x: Tensor) -> Tensor:
        found = [x]
        for layer in self.layers:
            found.append(layer(torch.cat(found, -1)))
        return found[-1]


class Skipping(nn.Module):
    """Which earlier layer each takes follows no law that is written in a few words."""

    def __init__(self, width: int, depth: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(2 * width, width) for _ in range(depth))

    def forward(self, x: Tensor) -> Tensor:
        found = [x]
        for place, layer in enumerate(self.layers):
            found.append(layer(torch.cat([found[-1], found[(place * place * 7 + 3) % len(found)]], -1)))
        return found[-1]


class Raising(nn.Module):
    """It runs for one width alone."""

    def __init__(self, width: int, depth: int) -> None:
        super().__init__()
        self.width, self.layers = width, nn.ModuleList(nn.Linear(width, width) for _ in range(depth))

    def forward(self, x: Tensor) -> Tensor:
        if self.width != 64:
            raise ValueError("64 alone")
        for layer in self.layers:
            x = layer(x)
        return x


class Branching(nn.Module):
    """Whether it ends with an activation depends on a remainder."""

    def __init__(self, width: int, depth: int) -> None:
        super().__init__()
        self.width, self.layers = width, nn.ModuleList(nn.Linear(width, width) for _ in range(depth))

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x)
        return x if self.width * 7919 % 31 % 2 else x.softmax(-1)


class Pooling(nn.Module):
    """The window of its pooling is a remainder."""

    def __init__(self, width: int, size: int) -> None:
        super().__init__()
        self.window = size * 7919 % 31 % 5 + 1
        self.a, self.b = nn.Conv2d(3, width, 3), nn.Conv2d(width, 3, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.b(functional.avg_pool2d(self.a(x), self.window, 1))


class Case(NamedTuple):
    """A constructor, what it is given, and what its module is."""

    constructor: Callable[..., nn.Module]
    arguments: dict[str, Any]
    inputs: Sequence[str]
    #: why it is an inventory
    reason: str = ""


_GPT = {"width": 768, "depth": 12, "heads": 12, "vocabulary": 50257, "context": 1024}

CASES = [
    Case(GPT, _GPT, ["context:int64"]),
    Case(OwnGPT, _GPT, ["context:int64"]),
    Case(UNet, {"colours": 3, "classes": 2, "width": 64, "depth": 4}, ["colours,256,256"]),
    Case(ResNet, {"blocks": 3, "width": 64, "classes": 1000}, ["3,64,64"]),
    Case(MobileNet, {"widths": [16, 24, 32], "expansion": 6, "classes": 1000}, ["3,32,32"]),
    Case(Language, {"vocabulary": 10000, "features": 100, "hidden": 256, "layers": 2}, ["20:int64"]),
    Case(Cross, {"width": 64, "memory": 48, "depth": 4}, ["10,width", "10,memory"]),
    Case(Albert, {"width": 64, "classes": 10}, ["width"]),
    Case(Stack, {"features": 784, "width": 512, "depth": 4, "classes": 10}, ["features"]),
]

INVENTORIES = [
    Case(
        Unrunnable,
        {"width": 64},
        ["width"],
        "Unrunnable: torch.fx cannot follow its calls: NotImplementedError: Module [Unrunnable] is missing the required"
        ' "forward" function',
    ),
    Case(
        Deciding,
        {"width": 64},
        ["width"],
        "Deciding: torch.fx cannot follow its calls: TraceError: symbolically traced variables cannot be used as inputs"
        " to control flow (connected_constructors.py:",
    ),
    Case(
        Growing,
        {"width": 64, "depth": 4},
        ["width"],
        "concatenate: its copies do not take as much (inputs of each: 1, 2, 3, 4 at width=64, depth=4; ",
    ),
    Case(
        Skipping,
        {"width": 64, "depth": 4},
        ["width"],
        "what it takes is not said alike at all points (it takes x at width=64, depth=4, in copy 0; it takes"
        " layers_0 at width=64, depth=4, in copy 2)",
    ),
    Case(Raising, {"width": 64, "depth": 4}, ["width"], "calls: ValueError: 64 alone (connected_constructors.py:"),
    Case(
        Branching,
        {"width": 64, "depth": 4},
        ["width"],
        "activation: it is not always there, and no condition was found that says when (there at width=64, depth=4; not"
        " there at width=",
    ),
    Case(
        Pooling,
        {"width": 64, "size": 3},
        ["3,32,32"],
        "average_pool2d.strides: it is not always the same, and no number (1 at width=64, size_=3; ",
    ),
]
