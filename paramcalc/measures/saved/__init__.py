"""What PyTorch keeps for the backward pass on the CPU: bytes of distinct storages, those of parameters apart."""

from __future__ import annotations

from paramcalc.core.algebra import Number
from paramcalc.graph import Graph, Leaf
from paramcalc.measures.saved.run import Attention
from paramcalc.measures.saved.walk import Walk

__all__ = ["Attention", "saved"]


def saved(graph: Graph, batch: Number = 1, attention: Attention = "flash") -> dict[Leaf, Number]:
    """Return the bytes that each leaf of a graph keeps, over all its copies; each storage where it is first kept."""
    return Walk(graph, batch, attention).kept()
