"""Networks as people write them, for `derive`: each a class or a function, with arguments to begin from."""

from __future__ import annotations

import functools
import math
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn


class RMSNorm(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))


# --- Transformers ----------------------------------------------------------------------


class Attention(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        assert width % heads == 0
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)


class Block(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.ln1 = nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        self.ln2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))


class GPT(nn.Module):
    def __init__(self, width: int, depth: int, heads: int, vocabulary: int, context: int) -> None:
        super().__init__()
        self.word = nn.Embedding(vocabulary, width)
        self.position = nn.Embedding(context, width)
        self.blocks = nn.ModuleList([Block(width, heads) for _ in range(depth)])
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, vocabulary, bias=False)
        self.head.weight = self.word.weight
        self.register_buffer("mask", torch.ones(context, context, dtype=torch.bool).tril())


class LlamaBlock(nn.Module):
    def __init__(self, width: int, heads: int, groups: int, multiple: int) -> None:
        super().__init__()
        size = width // heads
        hidden = int(2 * (4 * width) / 3)
        hidden = multiple * ((hidden + multiple - 1) // multiple)
        self.wq = nn.Linear(width, heads * size, bias=False)
        self.wk = nn.Linear(width, groups * size, bias=False)
        self.wv = nn.Linear(width, groups * size, bias=False)
        self.wo = nn.Linear(heads * size, width, bias=False)
        self.w1 = nn.Linear(width, hidden, bias=False)
        self.w2 = nn.Linear(hidden, width, bias=False)
        self.w3 = nn.Linear(width, hidden, bias=False)
        self.norm = RMSNorm(width)


class Llama(nn.Module):
    def __init__(self, width: int, layers: int, heads: int, groups: int, vocabulary: int, multiple: int) -> None:
        super().__init__()
        self.embed = nn.Embedding(vocabulary, width)
        self.layers = nn.ModuleList(LlamaBlock(width, heads, groups, multiple) for _ in range(layers))
        self.norm = RMSNorm(width)
        self.output = nn.Linear(width, vocabulary, bias=False)


class ViT(nn.Module):
    def __init__(self, image: int, patch: int, width: int, depth: int, heads: int, hidden: int, classes: int) -> None:
        super().__init__()
        if image % patch != 0:
            raise ValueError("the patches must cover the image")
        self.patches = nn.Conv2d(3, width, patch, patch)
        self.token = nn.Parameter(torch.zeros(1, 1, width))
        self.position = nn.Parameter(torch.zeros(1, (image // patch) ** 2 + 1, width))
        layer = nn.TransformerEncoderLayer(width, heads, hidden, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, depth)
        self.head = nn.Linear(width, classes)


class SwinStage(nn.Module):
    def __init__(self, width: int, depth: int, heads: int, window: int, merges: bool) -> None:
        super().__init__()
        self.tables = nn.ParameterList(nn.Parameter(torch.zeros((2 * window - 1) ** 2, heads)) for _ in range(depth))
        self.blocks = nn.ModuleList(
            nn.ModuleDict({"attention": nn.Linear(width, 3 * width), "mlp": nn.Linear(width, 4 * width)})
            for _ in range(depth)
        )
        if merges:
            self.merge = nn.Linear(4 * width, 2 * width, bias=False)


class Swin(nn.Module):
    def __init__(self, width: int, depths: Sequence[int], heads: Sequence[int], window: int = 7) -> None:
        super().__init__()
        last = len(depths) - 1
        self.stages = nn.ModuleList(
            SwinStage(width * 2**i, depth, count, window, i < last)
            for i, (depth, count) in enumerate(zip(depths, heads, strict=True))
        )


class Expert(nn.Module):
    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.up, self.down = nn.Linear(width, hidden), nn.Linear(hidden, width)


class MixtureBlock(nn.Module):
    def __init__(self, width: int, heads: int, hidden: int, experts: int, chosen: int) -> None:
        super().__init__()
        self.chosen = chosen
        self.attention = nn.MultiheadAttention(width, heads, batch_first=True)
        self.router = nn.Linear(width, experts, bias=False)
        self.experts = nn.ModuleList(Expert(width, hidden) for _ in range(experts))


class Mixture(nn.Module):
    def __init__(self, width: int, heads: int, hidden: int, experts: int, chosen: int, layers: int) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(MixtureBlock(width, heads, hidden, experts, chosen) for _ in range(layers))


@dataclass
class NestedConfig:
    size: int = 32
    bias: bool = False


@dataclass
class GPTConfig:
    width: int = 96
    depth: int = 4
    heads: int = 6
    ratio: float = 4.0
    nested: NestedConfig = field(default_factory=NestedConfig)


class Configured(nn.Module):
    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        hidden = int(config.ratio * config.width)
        self.blocks = nn.Sequential(
            *[
                nn.Sequential(nn.Linear(config.width, hidden), nn.Linear(hidden, config.width))
                for _ in range(config.depth)
            ]
        )
        self.head = nn.Linear(config.width, config.nested.size, bias=config.nested.bias)


class Shared(nn.Module):
    """One layer that is called `depth` times, as ALBERT has it."""

    def __init__(self, width: int, depth: int) -> None:
        super().__init__()
        layer = nn.Linear(width, width)
        self.layers = nn.ModuleList([layer] * depth)


# --- Convolutions ----------------------------------------------------------------------


class Residual(nn.Module):
    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.shortcut: nn.Module = nn.Sequential()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))


class ResNet(nn.Module):
    def __init__(self, layers: Sequence[int], width: int, classes: int) -> None:
        super().__init__()
        self.planes = width
        self.stem = nn.Conv2d(3, width, 7, 2, 3, bias=False)
        self.layer1 = self.stage(width, layers[0], 1)
        self.layer2 = self.stage(2 * width, layers[1], 2)
        self.layer3 = self.stage(4 * width, layers[2], 2)
        self.fc = nn.Linear(4 * width, classes)

    def stage(self, outputs: int, blocks: int, stride: int) -> nn.Sequential:
        found = []
        for place in range(blocks):
            found.append(Residual(self.planes, outputs, stride if place == 0 else 1))
            self.planes = outputs
        return nn.Sequential(*found)


class Stages(nn.Module):
    def __init__(self, depths: Sequence[int], widths: Sequence[int], classes: int) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, widths[0], 3)
        width, stages = widths[0], []
        for depth, after in zip(depths, widths, strict=True):
            stages.append(
                nn.Sequential(nn.Conv2d(width, after, 1), *[nn.Conv2d(after, after, 3) for _ in range(depth)])
            )
            width = after
        self.stages = nn.Sequential(*stages)
        self.fc = nn.Linear(width, classes)


class Double(nn.Sequential):
    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, 3, padding=1),
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
            nn.Conv2d(outputs, outputs, 3, padding=1),
            nn.BatchNorm2d(outputs),
        )


class UNet(nn.Module):
    def __init__(self, channels: int, classes: int, width: int, depth: int) -> None:
        super().__init__()
        self.downs, self.ups = nn.ModuleList(), nn.ModuleList()
        for i in range(depth):
            self.downs.append(Double(channels, width * 2**i))
            channels = width * 2**i
        self.middle = Double(channels, 2 * channels)
        for i in reversed(range(depth)):
            self.ups.append(nn.ConvTranspose2d(width * 2 ** (i + 1), width * 2**i, 2, 2))
            self.ups.append(Double(width * 2 ** (i + 1), width * 2**i))
        self.final = nn.Conv2d(width, classes, 1)


class Dense(nn.Module):
    def __init__(self, inputs: int, growth: int, factor: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(inputs)
        self.squeeze = nn.Conv2d(inputs, factor * growth, 1, bias=False)
        self.conv = nn.Conv2d(factor * growth, growth, 3, padding=1, bias=False)


class DenseNet(nn.Module):
    def __init__(self, growth: int, blocks: Sequence[int], start: int, factor: int) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, start, 7)
        self.features = nn.ModuleList()
        for count in blocks:
            self.features.append(nn.ModuleList(Dense(start + i * growth, growth, factor) for i in range(count)))
            start += count * growth
            self.features.append(nn.Conv2d(start, start // 2, 1))
            start //= 2


def divisible(value: float, divisor: int) -> int:
    """Round the number of channels as MobileNet does."""
    rounded = max(divisor, int(value + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * value else rounded


class MobileNet(nn.Module):
    def __init__(self, channels: int, expansion: int, divisor: int = 8, factor: float = 1.0) -> None:
        super().__init__()
        width = divisible(channels * factor, divisor)
        hidden = divisible(expansion * channels * factor, divisor)
        self.stem = nn.Conv2d(3, width, 3, 2)
        self.expand = nn.Conv2d(width, hidden, 1, bias=False)
        self.depthwise = nn.Conv2d(hidden, hidden, 3, groups=hidden, bias=False)
        self.squeeze = nn.Conv2d(hidden, max(1, hidden // 4), 1)


class TCN(nn.Module):
    def __init__(self, features: int, channels: Sequence[int], size: int) -> None:
        super().__init__()
        layers = []
        for i, width in enumerate(channels):
            before = features if i == 0 else channels[i - 1]
            layers.append(nn.Conv1d(before, width, size, padding=(size - 1) * 2**i, dilation=2**i))
        self.net = nn.Sequential(*layers)
        self.out = nn.Linear(channels[-1], 10)


class Generator(nn.Module):
    def __init__(self, noise: int, width: int, colours: int, levels: int) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.ConvTranspose2d(noise, width * 2**levels, 4)]
        for i in reversed(range(levels)):
            layers += [nn.BatchNorm2d(width * 2 ** (i + 1)), nn.ReLU()]
            layers += [nn.ConvTranspose2d(width * 2 ** (i + 1), width * 2**i, 4, 2, 1)]
        self.main = nn.Sequential(*layers, nn.ConvTranspose2d(width, colours, 4, 2, 1))


class ConvVAE(nn.Module):
    def __init__(self, latent: int, hidden: Sequence[int]) -> None:
        super().__init__()
        channels, layers = 3, []
        for width in hidden:
            layers.append(nn.Sequential(nn.Conv2d(channels, width, 3, 2, 1), nn.BatchNorm2d(width)))
            channels = width
        self.encoder = nn.Sequential(*layers)
        self.mean, self.deviation = nn.Linear(4 * hidden[-1], latent), nn.Linear(4 * hidden[-1], latent)
        back = list(reversed(hidden))
        self.decoder = nn.Sequential(*[nn.ConvTranspose2d(before, after, 3, 2, 1) for before, after in pairwise(back)])


# --- Others ----------------------------------------------------------------------------


class VAE(nn.Module):
    def __init__(self, features: int, hidden: int, latent: int) -> None:
        super().__init__()
        self.fc1, self.mean, self.deviation = (
            nn.Linear(features, hidden),
            nn.Linear(hidden, latent),
            nn.Linear(hidden, latent),
        )
        self.fc3, self.fc4 = nn.Linear(latent, hidden), nn.Linear(hidden, features)


def mlp(sizes: Sequence[int]) -> nn.Sequential:
    """Build a stack of layers of these sizes."""
    layers: list[nn.Module] = []
    for before, after in pairwise(sizes[:-1]):
        layers += [nn.Linear(before, after), nn.BatchNorm1d(after), nn.ReLU(), nn.Dropout(0.1)]
    return nn.Sequential(*layers, nn.Linear(sizes[-2], sizes[-1]))


def stack(features: int, width: int, depth: int, classes: int) -> nn.Sequential:
    """Build a stack of layers of one width."""
    layers: list[nn.Module] = [nn.Linear(features, width), nn.ReLU()]
    for _ in range(depth - 1):
        layers += [nn.Linear(width, width), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(width, classes))


class Recurrent(nn.Module):
    def __init__(self, features: int, hidden: int, layers: int, vocabulary: int) -> None:
        super().__init__()
        self.embed = nn.Embedding(vocabulary, features)
        self.lstm = nn.LSTM(features, hidden, layers, bidirectional=True)
        self.grus = nn.ModuleList(nn.GRU(2 * hidden if i == 0 else hidden, hidden) for i in range(layers))
        self.out = nn.Linear(hidden, vocabulary)


class Mamba(nn.Module):
    def __init__(self, width: int, state: int = 16, expansion: int = 2, kernel: int = 4, depth: int = 4) -> None:
        super().__init__()
        inner, rank = expansion * width, math.ceil(width / 16)
        self.layers = nn.ModuleList()
        for _ in range(depth):
            block = nn.Module()
            block.in_proj = nn.Linear(width, 2 * inner, bias=False)
            block.conv = nn.Conv1d(inner, inner, kernel, groups=inner, padding=kernel - 1)
            block.x_proj = nn.Linear(inner, rank + 2 * state, bias=False)
            block.dt_proj = nn.Linear(rank, inner)
            block.decay = nn.Parameter(torch.zeros(inner, state))
            self.layers.append(block)


class LoRA(nn.Module):
    def __init__(self, base: nn.Linear, rank: int) -> None:
        super().__init__()
        self.base = base
        base.weight.requires_grad_(False)
        self.down = nn.Parameter(torch.zeros(rank, base.in_features))
        self.up = nn.Parameter(torch.zeros(base.out_features, rank))


class Adapted(nn.Module):
    def __init__(self, width: int, rank: int, depth: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(LoRA(nn.Linear(width, width, bias=False), rank) for _ in range(depth))


class Hyper(nn.Module):
    def __init__(self, latent: int, inputs_: int, outputs: int, kernel: int) -> None:
        super().__init__()
        self.w1 = nn.Parameter(torch.zeros(latent, outputs * kernel * kernel))
        self.w2 = nn.Parameter(torch.zeros(latent, inputs_ * latent))


class Heads(nn.Module):
    def __init__(self, width: int, tasks: dict[str, int]) -> None:
        super().__init__()
        self.body = nn.Linear(width, width)
        self.heads = nn.ModuleDict({name: nn.Linear(width, size) for name, size in tasks.items()})


class Branching(nn.Module):
    def __init__(self, width: int, hidden: int, depth: int) -> None:
        super().__init__()
        self.middle = nn.Linear(width, hidden if width > 100 else 2 * hidden)
        if width > 100:
            self.extra = nn.Linear(hidden, hidden)
        self.every = nn.ModuleList(nn.Linear(width, hidden if i % 2 else 2 * hidden) for i in range(depth))


class Base(nn.Module):
    def __init__(self, width: int, classes: int) -> None:
        super().__init__()
        self.body = nn.Linear(width, width)
        self.head = self.make_head(width, classes)

    def make_head(self, width: int, classes: int) -> nn.Module:
        return nn.Linear(width, classes)


class Inherited(Base):
    def make_head(self, width: int, classes: int) -> nn.Module:
        return nn.Sequential(nn.Linear(width, width // 2), nn.Linear(width // 2, classes))


class Scaled(nn.Module):
    def __init__(self, width: int, ratio: float = 0.29) -> None:
        super().__init__()
        self.a = nn.Linear(width, max(1, int(width * ratio)))
        self.b = nn.Linear(width, max(1, int(2.67 * width)))


class Frozen(nn.Module):
    def __init__(self, width: int, classes: int) -> None:
        super().__init__()
        self.backbone = nn.Sequential(nn.Linear(width, width), nn.BatchNorm1d(width)).requires_grad_(False).half()
        self.head = nn.Linear(width, classes)


# --- Traps -----------------------------------------------------------------------------


class Item(nn.Module):
    def __init__(self, width: int, rank: int) -> None:
        super().__init__()
        self.a = nn.Linear(width, int(torch.tensor(2 * rank, device="cpu").item()))


class FromNumPy(nn.Module):
    def __init__(self, heads: int, size: int) -> None:
        super().__init__()
        self.a = nn.Linear(heads, int(np.prod([heads, size])))


class Root(nn.Module):
    def __init__(self, width: int, extra: int) -> None:
        super().__init__()
        self.a = nn.Linear(width, int(math.sqrt(extra)))


@functools.lru_cache
def four_times(width: int) -> int:
    """Return the width of a hidden layer, from a cache."""
    return 4 * width


class Cached(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.a = nn.Linear(width, four_times(width))


class Formatted(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.a = nn.Linear(int(f"{width}"), int("%d" % heads))  # noqa: UP031


class Rates(nn.Module):
    """Numbers are asked of a tensor, which the device `meta` does not have."""

    def __init__(self, width: int, depth: int) -> None:
        super().__init__()
        rates = [rate.item() for rate in torch.linspace(0, 0.1, depth)]
        self.layers = nn.ModuleList(nn.Linear(width, width) for _ in rates)


class Bits(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.a = nn.Linear(width, 1 << (width - 1).bit_length())


class Digits(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.a = nn.Linear(width, sum(map(int, str(width))) + 1)


class ByShape(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.a = nn.Linear(width, 3 * width)
        self.b = nn.Parameter(torch.zeros(self.a.weight.shape[0], 2))


class Noisy(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        print("building", width)  # noqa: T201
        random.random()
        torch.rand(3)
        self.a = nn.Linear(width, width)


class RandomSize(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.a = nn.Linear(width, random.randint(10, 100_000))


calls: list[int] = []


class Counting(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        calls.append(width)
        self.a = nn.Linear(width, len(calls))


class Case(NamedTuple):
    """A constructor, what it is given, and the dims that are expected to be fixed."""

    constructor: Callable[..., Any]
    arguments: dict[str, Any]
    fixed: Iterable[str] = ()
    #: of a trap, nothing is promised but that it is not wrong
    is_trap: bool = False
    #: whether nothing can be stated of it
    is_refused: bool = False


CASES = [
    Case(GPT, {"width": 768, "depth": 12, "heads": 12, "vocabulary": 50257, "context": 1024}),
    Case(Llama, {"width": 4096, "layers": 32, "heads": 32, "groups": 8, "vocabulary": 32000, "multiple": 256}),
    Case(ViT, {"image": 224, "patch": 16, "width": 192, "depth": 12, "heads": 3, "hidden": 768, "classes": 1000}),
    Case(Swin, {"width": 96, "depths": [2, 2, 6, 2], "heads": [3, 6, 12, 24], "window": 7}),
    Case(Mixture, {"width": 512, "heads": 8, "hidden": 2048, "experts": 8, "chosen": 2, "layers": 6}),
    Case(Configured, {"config": GPTConfig()}),
    Case(Shared, {"width": 64, "depth": 6}),
    Case(ResNet, {"layers": [3, 4, 6], "width": 64, "classes": 1000}),
    Case(Stages, {"depths": [2, 2, 3], "widths": [16, 32, 64], "classes": 10}),
    Case(UNet, {"channels": 3, "classes": 2, "width": 64, "depth": 4}),
    Case(DenseNet, {"growth": 12, "blocks": [4, 4, 4], "start": 24, "factor": 4}),
    Case(MobileNet, {"channels": 32, "expansion": 6, "divisor": 8}),
    Case(TCN, {"features": 1, "channels": [25, 25, 25, 25], "size": 7}),
    Case(Generator, {"noise": 100, "width": 64, "colours": 3, "levels": 3}),
    Case(ConvVAE, {"latent": 128, "hidden": [32, 64, 128]}),
    Case(VAE, {"features": 784, "hidden": 400, "latent": 20}),
    Case(mlp, {"sizes": [784, 512, 256, 10]}),
    Case(stack, {"features": 784, "width": 512, "depth": 4, "classes": 10}),
    Case(Recurrent, {"features": 100, "hidden": 256, "layers": 3, "vocabulary": 10000}),
    Case(Mamba, {"width": 768, "state": 16, "expansion": 2, "kernel": 4, "depth": 4}),
    Case(Adapted, {"width": 768, "rank": 8, "depth": 12}),
    Case(Hyper, {"latent": 64, "inputs_": 16, "outputs": 16, "kernel": 3}),
    Case(Heads, {"width": 128, "tasks": {"topic": 3, "tone": 5}}),
    Case(Branching, {"width": 64, "hidden": 128, "depth": 4}),
    Case(Inherited, {"width": 128, "classes": 10}),
    Case(Scaled, {"width": 100}),
    Case(Frozen, {"width": 64, "classes": 10}),
    Case(nn.Linear, {"in_features": 64, "out_features": 10}),
    Case(Item, {"width": 64, "rank": 96}, is_trap=True),
    Case(FromNumPy, {"heads": 4, "size": 8}, is_trap=True),
    Case(Root, {"width": 64, "extra": 40}, is_trap=True),
    Case(Cached, {"width": 64}, is_trap=True),
    Case(Formatted, {"width": 64, "heads": 12}, is_trap=True),
    Case(Rates, {"width": 64, "depth": 4}, is_trap=True),
    Case(Bits, {"width": 100}, is_refused=True),
    Case(Digits, {"width": 100}, is_refused=True),
    Case(ByShape, {"width": 64}, is_trap=True),
]
