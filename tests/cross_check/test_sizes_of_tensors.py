"""Sizes of tensors as the generator of families remembers them: right of other numbers than they were made with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from paramcalc.core.expression import Environment, Expression
from paramcalc.families.generator.recording import Recorder, recording
from paramcalc.families.generator.remembering import remembering
from paramcalc.families.generator.shapes import Shapes, sizes_of

pytestmark = pytest.mark.framework

#: What is made of two whole numbers, as the code of models makes tables of positions and of places in windows.
MADE: dict[str, Callable[[Any, Any], torch.Tensor]] = {
    "a product of a column and a row": lambda n, m: torch.arange(n).float()[:, None] * torch.arange(m).float()[None, :],
    "a column and a row of a vector": lambda n, m: torch.arange(n).unsqueeze(1) + torch.arange(m),
    "a number and a tensor": lambda n, m: 1.0 / (10000 ** (torch.arange(0, m, 2) / m)),
    "a power of two tensors": lambda n, m: torch.pow(torch.arange(1, n + 1).float()[:, None], torch.arange(m)),
    "sines beside cosines": lambda n, m: (
        torch.cat([torch.sin(torch.outer(torch.arange(n), torch.arange(m))) for _ in range(2)], dim=1).view(n, -1)
    ),
    "a view with the rest": lambda n, m: torch.zeros(n, 4, m).view(4, -1),
    "a view of a whole": lambda n, m: torch.zeros(n, m).view(-1),
    "every second column": lambda n, m: torch.zeros(n, m)[:, 0::2],
    "every third from the second on": lambda n, m: torch.zeros(n, m + 1)[:, 1::3],
    "axes made one": lambda n, m: torch.zeros(2, n, m, 3).flatten(1, 2),
    "all axes made one": lambda n, m: torch.zeros(n, m).flatten(),
    "a stack": lambda n, m: torch.stack([torch.zeros(n, m), torch.ones(n, m)], dim=-1),
    "a grid": lambda n, m: torch.stack(torch.meshgrid([torch.arange(n), torch.arange(m)], indexing="ij")),
    "places in a window": lambda n, m: (
        torch.stack(torch.meshgrid(torch.arange(n), torch.arange(m), indexing="ij")).flatten(1)[:, :, None]
        - torch.stack(torch.meshgrid(torch.arange(n), torch.arange(m), indexing="ij")).flatten(1)[:, None, :]
    ).permute(1, 2, 0).sum(-1),
    "repeated": lambda n, m: torch.zeros(n, 1).repeat(3, 1, m),
}  # fmt: skip


@pytest.mark.parametrize("name", MADE)
@given(first=st.tuples(st.integers(1, 9), st.integers(1, 9)), second=st.tuples(st.integers(1, 9), st.integers(1, 9)))
def test_the_sizes_of_what_is_made_of_tensors(name: str, first: tuple[int, int], second: tuple[int, int]) -> None:
    """The expressions are right where they were made, and at other numbers where all sizes were above 1."""
    with recording(Recorder(watched=lambda filename: True)), Shapes():
        made = MADE[name](remembering(first[0], "n"), remembering(first[1], "m"))
    texts = sizes_of(made)
    for numbers in (first, second) if min(first) > 1 else (first,):
        places = Environment({"n": numbers[0], "m": numbers[1]})
        assert [Expression.parse(each).evaluate(places) for each in texts] == [*MADE[name](*numbers).shape]


@given(st.integers(2, 9))
def test_what_is_not_followed_has_no_expression(n: int) -> None:
    with recording(Recorder(watched=lambda filename: True)), Shapes():
        found = sizes_of(torch.zeros(remembering(n, "n"), 3)[1:2])
        kept = sizes_of(torch.zeros(remembering(n, "n"), 3).sum(0, keepdim=True))
    assert found == kept == ("1", "?3")
