"""Models of PyTorch as people write them by hand."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional


class BasicBlock(nn.Module):
    """Two convolutions and a way around them (He et al. 2015)."""

    def __init__(self, before: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, width, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = None
        if stride != 1 or before != width:
            self.downsample = nn.Sequential(nn.Conv2d(before, width, 1, stride, bias=False), nn.BatchNorm2d(width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        around = x if self.downsample is None else self.downsample(x)
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += around
        return self.relu(out)


class ResNet(nn.Module):
    def __init__(self, blocks: tuple[int, ...] = (2, 2, 2, 2), classes: int = 1000) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        before, stages = 64, []
        for stage, number in enumerate(blocks):
            width = 64 * 2**stage
            layers = []
            for place in range(number):
                layers.append(BasicBlock(before, width, 2 if stage and not place else 1))
                before = width
            stages.append(nn.Sequential(*layers))
        self.layer1, self.layer2, self.layer3, self.layer4 = stages
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(before, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.maxpool(functional.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(torch.flatten(self.avgpool(x), 1))


def double_convolution(before: int, width: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, width, 3, padding=1), nn.ReLU(), nn.Conv2d(width, width, 3, padding=1), nn.ReLU()
    )


class UNet(nn.Module):
    """Ronneberger et al. 2015, with padding."""

    def __init__(self, width: int = 8, depth: int = 3) -> None:
        super().__init__()
        widths = [width * 2**level for level in range(depth)]
        self.downs = nn.ModuleList(
            double_convolution(before, after) for before, after in zip([3, *widths], widths, strict=False)
        )
        self.pool = nn.MaxPool2d(2)
        self.bottom = double_convolution(widths[-1], 2 * widths[-1])
        self.ups = nn.ModuleList()
        self.merges = nn.ModuleList()
        for each in reversed(widths):
            self.ups.append(nn.ConvTranspose2d(2 * each, each, 2, stride=2))
            self.merges.append(double_convolution(2 * each, each))
        self.head = nn.Conv2d(width, 2, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        kept = []
        for down in self.downs:
            x = down(x)
            kept.append(x)
            x = self.pool(x)
        x = self.bottom(x)
        for up, merge, beside in zip(self.ups, self.merges, reversed(kept), strict=True):
            x = merge(torch.cat([beside, up(x)], dim=1))
        return self.head(x)


class CausalSelfAttention(nn.Module):
    def __init__(self, width: int, heads: int, length: int) -> None:
        super().__init__()
        self.heads = heads
        self.c_attn = nn.Linear(width, 3 * width)
        self.c_proj = nn.Linear(width, width)
        self.register_buffer("mask", torch.tril(torch.ones(length, length)).view(1, 1, length, length))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, length, width = x.size()
        q, k, v = self.c_attn(x).split(width, dim=2)
        q, k, v = (each.view(batch, length, self.heads, width // self.heads).transpose(1, 2) for each in (q, k, v))
        scores = (q @ k.transpose(-2, -1)) * (width // self.heads) ** -0.5
        scores = scores.masked_fill(self.mask[:, :, :length, :length] == 0, float("-inf")).softmax(-1)
        return self.c_proj((scores @ v).transpose(1, 2).contiguous().view(batch, length, width))


class GPTBlock(nn.Module):
    def __init__(self, width: int, heads: int, length: int) -> None:
        super().__init__()
        self.ln_1 = nn.LayerNorm(width)
        self.attn = CausalSelfAttention(width, heads, length)
        self.ln_2 = nn.LayerNorm(width)
        self.mlp = nn.ModuleDict(
            {"c_fc": nn.Linear(width, 4 * width), "gelu": nn.GELU(), "c_proj": nn.Linear(4 * width, width)}
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp["c_proj"](self.mlp["gelu"](self.mlp["c_fc"](self.ln_2(x))))


class GPT(nn.Module):
    """A GPT whose head is its embedding."""

    def __init__(
        self, vocabulary: int = 100, length: int = 16, width: int = 24, heads: int = 3, depth: int = 4
    ) -> None:
        super().__init__()
        self.length = length
        self.wte = nn.Embedding(vocabulary, width)
        self.wpe = nn.Embedding(length, width)
        self.h = nn.ModuleList(GPTBlock(width, heads, length) for _ in range(depth))
        self.ln_f = nn.LayerNorm(width)
        self.lm_head = nn.Linear(width, vocabulary, bias=False)
        self.lm_head.weight = self.wte.weight

    def forward(self, ids: torch.Tensor, targets: torch.Tensor | None = None) -> Any:
        _, length = ids.size()
        assert length <= self.length
        x = self.wte(ids) + self.wpe(torch.arange(length, device=ids.device))
        for block in self.h:
            x = block(x)
        scores = self.lm_head(self.ln_f(x))
        loss = None
        if targets is not None:
            loss = functional.cross_entropy(scores.flatten(0, 1), targets.flatten())
        return scores, loss


class VAE(nn.Module):
    """A variational autoencoder that owns parameters beside its modules."""

    def __init__(self, features: int = 20, hidden: int = 8, latent: int = 3) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(features, hidden), nn.ReLU())
        self.heads = nn.ModuleDict({"mean": nn.Linear(hidden, latent), "log_variance": nn.Linear(hidden, latent)})
        self.prior = nn.ParameterDict({"mean": nn.Parameter(torch.zeros(latent)), "scale": torch.ones(latent)})
        self.flows = nn.ParameterList([torch.zeros(latent, latent) for _ in range(2)])
        self.decoder = nn.Sequential(nn.Linear(latent, hidden), nn.ReLU(), nn.Linear(hidden, features))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        hidden = self.encoder(x)
        mean = self.heads["mean"](hidden)
        z = mean + torch.randn_like(mean) * torch.exp(0.5 * self.heads["log_variance"](hidden))
        z = (z - self.prior["mean"]) / self.prior["scale"]
        for flow in self.flows:
            z = z + torch.tanh(z @ flow)
        return self.decoder(z), mean


class PartlyFrozen(nn.Module):
    """A layer whose weight is frozen while its bias is trained."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(4, 3)
        self.first.weight.requires_grad_(False)
        self.second = nn.Linear(3, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.second(self.first(x))


class Shared(nn.Module):
    """One layer, and one sequence of layers, called twice; the layer is registered twice as well."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(5, 5)
        self.again = self.layer
        self.body = nn.Sequential(nn.Linear(5, 7), nn.ReLU(), nn.Linear(7, 5))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.body(self.again(self.body(self.layer(x))))


class NeverCalled(nn.Module):
    """A layer, and a group of layers, that the forward run leaves out."""

    def __init__(self) -> None:
        super().__init__()
        self.used = nn.Linear(4, 3)
        self.unused = nn.Linear(9, 2)
        self.group = nn.Sequential(nn.Linear(3, 6), nn.BatchNorm1d(6))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.used(x)


class BareParameter(nn.Module):
    """Parameters and a buffer beside modules, of several dtypes."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(4))
        self.temperature = nn.Parameter(torch.tensor(1.0), requires_grad=False)
        self.register_buffer("steps", torch.tensor(0))
        self.register_buffer("table", torch.zeros(6, 4), persistent=False)
        self.layer = nn.Linear(4, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer(x * self.scale)


class Decided(nn.Module):
    """A run that the data decides, so that no calls can be traced."""

    def __init__(self) -> None:
        super().__init__()
        self.left = nn.Linear(4, 4)
        self.right = nn.Sequential(nn.Linear(4, 8), nn.Linear(8, 4))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.left(x) if x.sum() > 0 else self.right(x)


class TiedConvolutions(nn.Module):
    """A convolution and its inverse with one weight, which lie otherwise in a convolution's kernel."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Conv2d(3, 5, 3)
        self.decoder = nn.ConvTranspose2d(5, 3, 3)
        self.decoder.weight = self.encoder.weight

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.decoder(self.encoder(x))


class Attending(nn.Module):
    """A sequence that attends to itself, then one layer."""

    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.head = nn.Linear(8, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.attention(x, x, x)[0])


class TiedHead(nn.Module):
    """A head whose weight is the embedding."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(100, 8)
        self.head = nn.Linear(8, 100, bias=False)
        self.head.weight = self.embed.weight

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return self.head(self.embed(ids))


class FusedAttention(nn.Module):
    """Query, key and value from one layer; parted and put in order as timm does it, or as nanoGPT does."""

    def __init__(self, width: int = 32, heads: int = 4, at_once: bool = True) -> None:
        super().__init__()
        self.heads = heads
        self.at_once = at_once
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, length, width = x.shape
        shape = batch, length, self.heads, width // self.heads
        if self.at_once:
            q, k, v = self.qkv(x).reshape(batch, length, 3, *shape[2:]).permute(2, 0, 3, 1, 4).unbind(0)
        else:
            q, k, v = (each.view(shape).transpose(1, 2) for each in self.qkv(x).chunk(3, dim=2))
        mixed = functional.scaled_dot_product_attention(q, k, v)
        return self.proj(mixed.transpose(1, 2).contiguous().view(batch, length, width))


class VisionBlock(nn.Module):
    def __init__(self, width: int, at_once: bool) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attn = FusedAttention(width, at_once=at_once)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class VisionTransformer(nn.Module):
    """Dosovitskiy et al. 2020: a class token in front of the patches, and a table of positions."""

    def __init__(self, width: int = 32, depth: int = 3, at_once: bool = True) -> None:
        super().__init__()
        self.patch = nn.Conv2d(3, width, 8, 8)
        self.cls = nn.Parameter(torch.zeros(1, 1, width))
        self.pos = nn.Parameter(torch.zeros(1, 17, width))
        self.blocks = nn.ModuleList(VisionBlock(width, at_once) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.patch(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls.expand(x.shape[0], -1, -1), x], dim=1) + self.pos
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x)[:, 0])


class Functions(nn.Module):
    """Functions between layers that are kinds, and a parameter that scales."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, padding=1)
        self.second = nn.Conv2d(8, 8, 3, padding=1)
        self.wide = nn.Linear(16, 5)
        self.narrow = nn.Linear(5, 2)
        self.alpha = nn.Parameter(torch.ones(1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = functional.pad(functional.relu(self.first(x)), (0, 1, 0, 1))
        y = functional.interpolate(functional.max_pool2d(self.second(x), 2), scale_factor=2)
        a, b = torch.chunk(functional.interpolate(y, size=x.shape[2:]), 2, 1)
        z = torch.cat([a * torch.sigmoid(b), b[..., :], x], 1)
        z = z.mean((2, 3)) * self.alpha
        return self.narrow(functional.dropout(torch.softmax(self.wide(z), -1), 0.5, self.training))


class LastState(nn.Module):
    """A recurrent layer whose last step is taken, with a forward run that takes more than it needs."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(10, 4)
        self.lstm = nn.LSTM(4, 5, batch_first=True)
        self.head = nn.Linear(5, 3)

    def forward(self, ids: torch.Tensor, *further: Any, mask: Any = None, **options: Any) -> torch.Tensor:
        steps, _ = self.lstm(self.embed(ids))
        return self.head(steps[:, -1])


class NestedLists(nn.Module):
    """Parameters in lists and dicts of one another; one is used."""

    def __init__(self) -> None:
        super().__init__()
        named = nn.ParameterDict({"x": torch.zeros(4), "0": torch.zeros(5)})
        self.tables = nn.ParameterList([nn.ParameterList([torch.zeros(2), torch.zeros(3)]), named])
        self.layer = nn.Linear(2, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer(x) + self.tables[0][0]


class MoreThanLinear(nn.Linear):
    """A layer with a tensor that its kind does not have."""

    def __init__(self) -> None:
        super().__init__(3, 4)
        self.extra = nn.Parameter(torch.zeros(7))
