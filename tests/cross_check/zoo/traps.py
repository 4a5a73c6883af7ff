"""Constructors in which sizes are lost on the way, or that are no functions of their arguments."""

import functools
import itertools
import math
import time

import numpy as np
import torch
from torch import nn

from tests.cross_check.constructors import Case


class TensorItem(nn.Module):
    def __init__(self, channels, levels):
        super().__init__()
        sizes = (channels * 2 ** torch.arange(levels, device="cpu")).tolist()
        self.convs = nn.ModuleList(nn.Conv1d(channels, size, 3) for size in sizes)


class NumPyWidths(nn.Module):
    """Widths as RegNet has them: rounded in an array."""

    def __init__(self, start, depth, slope=8):
        super().__init__()
        widths = np.round(np.divide(start + slope * np.arange(depth), 8)).astype(int) * 8
        self.layers = nn.ModuleList(nn.Linear(int(a), int(b)) for a, b in itertools.pairwise(widths.tolist()))
        self.last = nn.Linear(int(widths[-1]), 10)


class Square(nn.Module):
    def __init__(self, patches, width):
        super().__init__()
        side = int(math.sqrt(patches))
        self.position = nn.Parameter(torch.zeros(1, side, side, width))


class Logarithm(nn.Module):
    def __init__(self, resolution, width):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(width, width) for _ in range(int(math.log2(resolution)) - 1))


@functools.lru_cache(maxsize=None)
def hidden_size(width, multiple=64):
    """Return a rounded width, from a cache."""
    return (int(8 * width / 3) + multiple - 1) // multiple * multiple


class CachedRounding(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.up, self.down = nn.Linear(width, hidden_size(width)), nn.Linear(hidden_size(width), width)


class Named(nn.Module):
    """The sizes go through a text, as from a name of a model."""

    def __init__(self, width, depth):
        super().__init__()
        name = f"vit_{width}x{depth}"
        width, depth = map(int, name.removeprefix("vit_").split("x"))
        self.layers = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))


class Table(nn.Module):
    """A table by one argument, which no expression gives."""

    def __init__(self, depth, width):
        super().__init__()
        blocks = {18: 2, 34: 3, 50: 4, 101: 7}.get(depth, 1)
        self.blocks = nn.ModuleList(nn.Linear(width, width) for _ in range(blocks))


class Sleepy(nn.Module):
    def __init__(self, width, hidden):
        super().__init__()
        time.sleep(0.01)
        self.a = nn.Linear(width, hidden)


class RandomHidden(nn.Module):
    def __init__(self, width):
        super().__init__()
        hidden = int(np.random.default_rng().integers(1, 10**9))
        self.up, self.down = nn.Linear(width, hidden), nn.Linear(hidden, width)


built = {"times": 0}


class GlobalCounter(nn.Module):
    def __init__(self, width):
        super().__init__()
        built["times"] += 1
        self.a = nn.Linear(width, width + built["times"])


class Remembered(nn.Module):
    def __init__(self, width, seen=[]):  # noqa: B006
        super().__init__()
        seen.append(width)
        self.a = nn.ModuleList(nn.Linear(each, each) for each in seen)


class Deduplicated(nn.Module):
    """A set of sizes: how many there are depends on which are equal."""

    def __init__(self, first, second, third):
        super().__init__()
        self.a = nn.ModuleList(nn.Linear(8, size) for size in sorted({first, second, third}))


class Divmod(nn.Module):
    def __init__(self, total, parts):
        super().__init__()
        each, rest = divmod(total, parts)
        self.a = nn.ModuleList(nn.Linear(8, each + (i < rest)) for i in range(parts))


#: What is refused: called twice alike, it makes two models.
REFUSED = [
    (RandomHidden, {"width": 4}),
    (GlobalCounter, {"width": 64}),
    (Remembered, {"width": 64}),
]
#: Of these nothing is promised but that they are not wrong: dims may be fixed, or nothing be found.
CASES = [
    Case(TensorItem, {"channels": 24, "levels": 4}, is_trap=True),
    Case(NumPyWidths, {"start": 48, "depth": 5}, is_trap=True),
    Case(Square, {"patches": 196, "width": 384}, is_trap=True),
    Case(Logarithm, {"resolution": 256, "width": 64}, is_trap=True),
    Case(CachedRounding, {"width": 768}, is_trap=True),
    Case(Named, {"width": 384, "depth": 12}, is_trap=True),
    Case(Table, {"depth": 50, "width": 64}, is_trap=True),
    Case(Sleepy, {"width": 64, "hidden": 128}, is_trap=True),
    Case(Deduplicated, {"first": 16, "second": 32, "third": 64}, is_refused=True),
    Case(Divmod, {"total": 100, "parts": 8}, is_refused=True),
]
