"""What would make a network fit: a smaller batch, computing outputs again, states of fewer bits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from paramcalc.measures import BATCH
from paramcalc.results.memory import Memory, Question, Remedy, memory
from paramcalc.spec import Node, Spec

#: The optimizer that keeps the same in eight bits.
_EIGHT_BITS = {"Adam": "Adam8bit", "AdamW": "AdamW8bit", "Adagrad": "Adagrad8bit"}


def held_to(budget: int, spec: Spec, question: Question) -> Memory:
    """Return the memory that a spec takes, and what would make it fit a budget where it does not."""
    sheet = replace(memory(spec, question), budget=budget)
    if sheet.fits is not False:
        return sheet
    return replace(sheet, remedies=tuple(_remedies(spec, question, sheet, budget)))


def _remedies(spec: Spec, question: Question, sheet: Memory, budget: int) -> Iterator[Remedy]:
    """Yield what would make a sheet fit its budget, each by itself, then all together where none does."""
    found = list(_each(spec, question, sheet, budget))
    yield from found
    if any(remedy.fits for remedy in found):
        return
    again, groups = with_recompute(spec)
    eight = _in_eight_bits(question, sheet)
    together = (bool(groups and sheet.saved), eight is not None, _batch(question, sheet) > 1)
    if sum(together) < 2:
        return
    question = replace(question, dims={**question.dims, BATCH: 1}, training=eight or question.training)
    total = memory(again, question).total
    if total is not None:
        yield Remedy("all", "", total, total <= budget)


def _each(spec: Spec, question: Question, sheet: Memory, budget: int) -> Iterator[Remedy]:
    """Yield each remedy that changes anything, in order of what it costs."""
    batch = _batch(question, sheet)
    if sheet.total is not None and batch > 1:
        best, known = _largest_batch(spec, question, batch, budget)
        yield Remedy("batch", str(best), known, known <= budget)
    again, groups = with_recompute(spec)
    if sheet.saved and groups:
        total = memory(again, question).total
        if total is not None and total < sheet.known:
            yield Remedy("recompute", ", ".join(groups), total, total <= budget)
    eight = _in_eight_bits(question, sheet)
    if eight is not None:
        changed = memory(spec, replace(question, training=eight))
        if changed.training is not None and changed.known < sheet.known:
            fits = changed.total is not None and changed.known <= budget
            yield Remedy("states", changed.training.name, changed.known, fits)


def _batch(question: Question, sheet: Memory) -> int:
    found = sheet.dims.get(BATCH)
    return found if isinstance(found, int) else 1


def _largest_batch(spec: Spec, question: Question, batch: int, budget: int) -> tuple[int, int]:
    """Return the largest batch below one that fits, and what it takes; 1 where none does."""

    def total(size: int) -> int:
        return memory(spec, replace(question, dims={**question.dims, BATCH: size})).known

    least, most = 1, batch
    known = total(1)
    if known > budget:
        return 1, known
    while most - least > 1:
        middle = (least + most) // 2
        taken = total(middle)
        if taken <= budget:
            least, known = middle, taken
        else:
            most = middle
    return least, known


def with_recompute(spec: Spec) -> tuple[Spec, list[str]]:
    """Return a spec whose repeated groups, the outermost, are computed again for the backward pass; and their names."""
    names: list[str] = []
    blocks = dict(spec.blocks)

    def changed(node: Node, around: str) -> Node:
        if node.recompute is not False or (node.layers is None and node.block is None):
            return node
        name = ".".join(filter(None, (around, node.name or node.default_name)))
        if node.times is not None:
            names.append(name)
            return replace(node, recompute=True)
        if node.layers is not None:
            return replace(node, layers=within(node.layers, name))
        block = blocks.get(str(node.block))
        if block is not None:
            blocks[str(node.block)] = replace(block, layers=within(block.layers, name))
        return node

    def within(nodes: Iterable[Node], around: str) -> tuple[Node, ...]:
        return tuple(changed(node, around) for node in nodes)

    layers = within(spec.layers, "")
    return replace(spec, layers=layers, blocks=blocks), names


def _in_eight_bits(question: Question, sheet: Memory) -> Any:
    """Return the same optimizer with states of eight bits, as bitsandbytes has it; None where there is none."""
    if sheet.training is None or sheet.convention != "torch":
        return None
    name = _EIGHT_BITS.get(sheet.training.name)
    return None if name is None or sheet.training.options.get("amsgrad") else name
