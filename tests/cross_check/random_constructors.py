"""Random constructors, as source text: what they do with their arguments is what people's code does."""

from __future__ import annotations

import math
from typing import Any

import torch
from hypothesis import strategies as st
from torch import nn

#: What each is called with first.
ARGUMENTS = {"width": 96, "depth": 4, "heads": 4, "hidden": 200, "extra": 12}
_NAMES = st.sampled_from(["width", "hidden", "extra", "heads", "width", "hidden"])


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
    members = [
        [f"self.fc{place} = nn.Linear(a, b)"],
        [f"self.blocks{place} = nn.ModuleList({pair} for _ in range(depth))"],
        [f"self.stack{place} = nn.Sequential(*[nn.Linear(a if i == 0 else b, b) for i in range(depth)])"],
        [f"self.conv{place} = nn.Sequential(*[{grown} for i in range(depth)])"],
        [f"self.p{place} = nn.Parameter(torch.zeros(a, b))"],
        [f"if {condition}: self.some{place} = nn.Linear(a, b)", f"self.norm{place} = nn.LayerNorm(a)"],
        [f"self.lstm{place} = nn.LSTM(a, b, depth)"],
    ]
    return lines + draw(st.sampled_from(members))


@st.composite
def constructors(draw: st.DrawFn) -> str:
    """Draw the source of a class `Net`."""
    lines = [line for place in range(draw(st.integers(1, 3))) for line in draw(_members(place))]
    head = ["class Net(nn.Module):", "    def __init__(self, width, depth, heads, hidden, extra):"]
    return "\n".join([*head, "        super().__init__()", *(f"        {line}" for line in lines)])


def compiled(source: str) -> Any:
    """Return the class of a source."""
    names: dict[str, Any] = {"nn": nn, "torch": torch, "math": math, "__name__": "random_constructor"}
    exec(source, names)
    return names["Net"]
