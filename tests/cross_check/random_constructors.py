"""Random constructors, as source text: what they do with their arguments is what people's code does."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import torch
from hypothesis import strategies as st
from torch import nn

#: What each is called with first.
ARGUMENTS = {"width": 96, "depth": 4, "heads": 4, "hidden": 200, "extra": 12, "widths": [24, 40, 64]}
_NAMES = st.sampled_from(["width", "hidden", "extra", "heads", "width", "hidden", "widths[0]", "widths[-1]"])

#: What stands beside a class in its module.
_HELPERS = """
def rounded(size, multiple=8):
    return (size + multiple - 1) // multiple * multiple

def divisible(size, divisor=8):
    found = max(divisor, int(size + divisor / 2) // divisor * divisor)
    return found + divisor if found < 0.9 * size else found

def larger(a, b):
    if a > b:
        return a
    return b

class Part(nn.Module):
    def __init__(self, inputs, outputs, bias=True):
        super().__init__()
        self.norm = nn.LayerNorm(inputs)
        self.dense = nn.Linear(inputs, outputs, bias=bias)
        self.scale = nn.Parameter(torch.ones(outputs))
        self.register_buffer("seen", torch.zeros(inputs, dtype=torch.long))
"""


@st.composite
def sizes(draw: st.DrawFn, level: int = 0) -> str:
    """Draw an expression that a size may be."""
    if level == 2 or draw(st.integers(0, 5)) == 0:
        return draw(_NAMES)
    a, b = draw(sizes(level + 1)), draw(sizes(level + 1))
    c = draw(st.sampled_from([2, 3, 4, 8]))
    factor = draw(st.sampled_from([0.5, 1.5, 2.67, 0.25, 4.0]))
    least = draw(st.sampled_from([20, 100, 150]))
    return draw(
        st.sampled_from(
            [
                f"({a} + {b})",
                f"{c} * {a}",
                f"{a} // {c}",
                f"max({a}, {b})",
                f"min({a}, {b})",
                f"int({a} * {factor})",
                f"{c} * (({a} + {c - 1}) // {c})",
                f"({a} if {b} > {least} else {c} * {a})",
                f"math.ceil({a} / {c})",
                f"int(math.sqrt({a}))",
                f"rounded({a}, {c})",
                f"divisible({a})",
                f"larger({a}, {b})",
                f"({a} << 1)",
                "sum(widths)",
                "len(widths) * heads",
            ]
        )
    )


@st.composite
def _members(draw: st.DrawFn, place: int) -> list[str]:
    """Draw the lines that give a module one of its members."""
    lines = [f"a, b = {draw(sizes())}, {draw(sizes())}"]
    condition = f"{draw(st.sampled_from(['width', 'hidden']))} > {draw(st.sampled_from([50, 90, 150]))}"
    pair = "nn.Sequential(nn.Linear(a, b), nn.ReLU(), nn.Linear(b, a))"
    grown = "nn.Conv2d(a + i * extra, a + (i + 1) * extra, 3)"
    before = "a if i == 0 else widths[i - 1]"
    members = [
        [f"self.fc{place} = nn.Linear(a, b)"],
        [f"self.part{place} = Part(a, b, bias={draw(st.booleans())})"],
        [f"self.blocks{place} = nn.ModuleList({pair} for _ in range(depth))"],
        [f"self.parts{place} = nn.ModuleList([Part(a, b) for _ in range(depth)])"],
        [f"self.stack{place} = nn.Sequential(*[nn.Linear(a if i == 0 else b, b) for i in range(depth)])"],
        [f"self.conv{place} = nn.Sequential(*[{grown} for i in range(depth)])"],
        [f"self.down{place} = nn.ModuleList(nn.Conv1d(a * 2**i, a * 2 ** (i + 1), 3) for i in range(depth))"],
        [f"self.up{place} = nn.ModuleList(nn.Conv1d(a * 2 ** (i + 1), a * 2**i, 3) for i in reversed(range(depth)))"],
        [f"self.every{place} = nn.ModuleList(nn.Linear(a, b if i % 2 else a) for i in range(depth))"],
        [f"self.levels{place} = nn.ModuleList(nn.Linear({before}, w) for i, w in enumerate(widths))"],
        [f"self.back{place} = nn.Sequential(*[nn.Linear(x, y) for x, y in zip(widths[::-1], widths[::-1][1:])])"],
        [f"for i, w in enumerate(widths): setattr(self, f'stage{place}_{{i}}', Part(a, w))"],
        [f"self.heads{place} = nn.ModuleDict({{'left': nn.Linear(a, b), 'right': nn.Linear(b, a)}})"],
        [f"self.p{place} = nn.Parameter(torch.zeros(a, b))"],
        [f"self.register_buffer('mask{place}', torch.zeros(a, a, dtype=torch.bool), persistent=False)"],
        [f"self.some{place} = nn.Linear(a, b)" if draw(st.booleans()) else f"self.some{place} = nn.Linear(b, a)"],
        [f"if {condition}: self.some{place} = nn.Linear(a, b)", f"self.norm{place} = nn.LayerNorm(a)"],
        [f"self.lstm{place} = nn.LSTM(a, b, depth)"],
        [f"self.frozen{place} = nn.Linear(a, b).requires_grad_(False)"],
        [
            f"self.word{place} = nn.Embedding(a, b)",
            f"self.head{place} = nn.Linear(b, a, bias=False)",
            f"self.head{place}.weight = self.word{place}.weight",
        ],
        [
            "assert width % heads == 0",
            f"self.q{place}, self.o{place} = nn.Linear(a, heads * (width // heads)), nn.Linear(width, a)",
        ],
        [
            f"self.shrinking{place} = nn.ModuleList()",
            "size = a",
            "for _ in range(depth):",
            f"    self.shrinking{place}.append(nn.Linear(size, max(1, size // 2)))",
            "    size = max(1, size // 2)",
        ],
    ]
    return lines + draw(st.sampled_from(members))


@st.composite
def constructors(draw: st.DrawFn) -> str:
    """Draw the source of a constructor `Net`: a class, one that takes a dataclass, or a function."""
    lines = [line for place in range(draw(st.integers(1, 3))) for line in draw(_members(place))]
    names = [*ARGUMENTS]
    style = draw(st.sampled_from(["class", "class", "dataclass", "function"]))
    head = ["class Net(nn.Module):", f"    def __init__(self, {', '.join(names)}):"]
    tail = []
    if style == "dataclass":
        fields = [f"    {name}: {type(value).__name__}" for name, value in ARGUMENTS.items()]
        head = ["@dataclasses.dataclass", "class NetConfig:", *fields, "class Net(nn.Module):"]
        head += ["    def __init__(self, config):"]
        lines = [f"{', '.join(names)} = {', '.join(f'config.{name}' for name in names)}", *lines]
    elif style == "function":
        head[0] = "class Made(nn.Module):"
        tail = [f"def Net({', '.join(names)}):", f"    return Made({', '.join(names)})"]
    return "\n".join([*head, "        super().__init__()", *(f"        {line}" for line in lines), *tail])


def compiled(source: str) -> tuple[Any, dict[str, Any]]:
    """Return the constructor of a source, and what it is given."""
    names: dict[str, Any] = {"nn": nn, "torch": torch, "math": math, "dataclasses": dataclasses}
    names["__name__"] = "random_constructor"
    exec(compile(_HELPERS + source, "random_constructor", "exec", dont_inherit=True), names)
    config = names.get("NetConfig")
    return names["Net"], dict(ARGUMENTS) if config is None else {"config": config(**ARGUMENTS)}
