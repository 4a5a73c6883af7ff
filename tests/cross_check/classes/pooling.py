from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from ..strategies import FLAG, Case, some
from .spatial import each, numbers, ranked, spatial


def window(draw: DrawFn, rank: int, steps: list[int]) -> tuple[dict[str, Any], list[int], list[int]]:
    """The size of a window and its strides; how far it reaches; how many places it may reach beyond the end."""
    sizes = numbers(draw, rank, 1, 4)
    strides = numbers(draw, rank, 1, 3)
    fields: dict[str, Any] = {}
    if draw(FLAG) or any(size != 2 for size in sizes):
        fields["pool_size"] = each(draw, sizes)
    if draw(FLAG):
        fields["strides"] = each(draw, strides)
    else:
        strides = sizes
    fields |= some(draw, ceil_mode=FLAG)
    beyond = [stride - 1 if fields.get("ceil_mode") else 0 for stride in strides]
    return fields, [step * (size - 1) + 1 for size, step in zip(sizes, steps, strict=True)], beyond


def pool(draw: DrawFn, name: str, rank: int, framework: str) -> Case:
    """A window that fits at least once."""
    steps = numbers(draw, rank, 1, 2) if name.startswith("Max") and framework == "torch" else [1] * rank
    fields, reach, beyond = window(draw, rank, steps)
    pads = [0] * rank
    if framework == "keras":
        # has no windows that reach beyond the end
        beyond = [0] * rank
        fields.pop("ceil_mode", None)
        fields |= some(draw, padding=st.sampled_from(["valid", "same", 0]), ceil_mode=st.just(False))
        if fields.get("padding") == "same":
            reach = [1] * rank
    elif draw(FLAG):
        sizes = [(width - 1) // step + 1 for width, step in zip(reach, steps, strict=True)]
        pads = [draw(st.integers(0, size // 2)) for size in sizes]
        fields["padding"] = each(draw, pads) if draw(FLAG) or any(pads) else "valid"
    if framework == "torch" and name.startswith("Max"):
        fields |= some(draw, return_indices=FLAG)
        if draw(FLAG) or any(step > 1 for step in steps):
            fields["dilation_rate"] = each(draw, steps)
    if name == "AveragePool3D":
        # PyTorch leaves out here what is added
        least = reach
    else:
        least = [max(1, width - 2 * pad - room) for width, pad, room in zip(reach, pads, beyond, strict=True)]
    return spatial(draw, name, framework, fields, [draw(st.integers(one, one + 6)) for one in least])


def whole(draw: DrawFn, name: str, rank: int, framework: str) -> Case:
    """One place of all; in PyTorch, its axes stay."""
    fields = {"keepdims": True} if framework == "torch" else some(draw, keepdims=FLAG)
    return spatial(draw, name, framework, fields, numbers(draw, rank, 1, 4))


CASES = {
    **ranked(pool, "MaxPool2D", "AveragePool2D"),
    **ranked(whole, "GlobalMaxPool2D", "GlobalAveragePool2D"),
}
