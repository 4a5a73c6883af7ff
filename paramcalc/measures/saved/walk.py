"""The way through a network's graph: which tensor flows where, and what each copy of a repeated node keeps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from paramcalc.conventions import convention
from paramcalc.core import algebra
from paramcalc.core.algebra import Number, Undecided
from paramcalc.core.errors import ParamcalcError, refuse
from paramcalc.graph import Branch, Flow, Graph, Leaf, Tree, active_copies, leaves
from paramcalc.layers.base.fields import DTYPES
from paramcalc.measures.saved.programs import PROGRAMS
from paramcalc.measures.saved.run import Attention, Run, Trained, add
from paramcalc.measures.saved.values import Value

class Walk:
    """A walk through the tree of a graph in order."""

    def __init__(self, graph: Graph, batch: Number, attention: Attention) -> None:
        self.graph = graph
        self.run = Run(convention("torch"), batch, graph.dtype, attention, PROGRAMS)
        #: by leaf and the number of its output
        self.values: dict[tuple[int, int], Value] = {}
        #: what flows into a copy, and out of a node that is repeated, by the flow itself
        self.flowing: dict[int, Value] = {}
        #: the leaves that stand for several copies, once these are done
        self.folded: set[int] = set()
        self.reached = _reached(graph)

    def kept(self) -> dict[Leaf, Number]:
        """Return the bytes that each leaf keeps, over all its copies."""
        self.tree(self.graph.root)
        return self.run.kept

    # --- trees

    def tree(self, tree: Tree) -> None:
        """Run what is in a tree, once."""
        if isinstance(tree, Leaf):
            self.leaf(tree)
        elif tree.role != "copies":
            for child in tree.children:
                self.tree(child)
        else:
            self.copies(tree)

    def copies(self, branch: Branch) -> None:
        """Run the copies of a node."""
        if branch.counter is not None:
            raise Undecided(branch.counter[2])
        flowing = self.value(branch.inputs[0]) if branch.inputs and branch.flow is not None else None
        # it may be run again, within a copy of what is around it
        self.folded.difference_update(id(leaf) for leaf, _ in leaves(branch))
        for child, active in active_copies(branch):
            if child.ends is not None:
                flowing = self.in_sequence(child, *child.ends, flowing)
            else:
                self.side_by_side(child, child.times if active is None else active)
        for child in branch.children:
            if not _is_one(child.times):
                self.folded.update(id(leaf) for leaf, _ in leaves(child))
        if branch.flow is not None and flowing is not None:
            self.flowing[id(branch.flow)] = flowing

    def in_sequence(self, child: Tree, entry: Flow | None, leaving: Flow | None, first: Value | None) -> Value | None:
        """Run copies that are each on the one before, the first on a value. Returns what flows out of the last."""

        def once(value: Value | None) -> Value | None:
            if entry is not None and value is not None:
                self.flowing[id(entry)] = value
            self.tree(child)
            return self.value(leaving) if leaving is not None else None

        last = self.run.in_sequence(child.times, first, once)
        if entry is not None and first is not None:
            self.flowing[id(entry)] = first
        return last

    def side_by_side(self, child: Tree, times: Number) -> None:
        """Run copies that are all given the same: from the second on they are alike."""
        self.tree(child)
        if not _is_one(times):
            outside, self.run.kept = self.run.kept, {}
            self.tree(child)
            add(outside, self.run.kept, times - 1)
            self.run.kept = outside

    # --- leaves

    def leaf(self, leaf: Leaf) -> None:
        """Run a layer."""
        if id(leaf) not in self.reached:
            return
        run = self.run
        run.keeper = leaf
        inputs = self.inputs(leaf)
        trained = _trained(leaf)
        own = next((use.dtype for use in leaf.uses if use.tensor.dtype is None), None)
        if own is not None:
            inputs = [run.cast(value, own) if "float" in value.dtype else value for value in inputs]
        shapes = [(run.batch, *shape) for shape in leaf.outputs]
        outputs = run.layer(leaf.layer, inputs, trained, shapes)
        for place, value in enumerate(outputs):
            if own is not None and "float" not in value.dtype:
                value = replace(value, dtype=own)
            self.values[id(leaf), place] = value

    def inputs(self, leaf: Leaf) -> list[Value]:
        """Return what flows into a layer, each of copies side by side one by one."""
        found: list[Value] = []
        seen: set[int] = set()
        for flow in leaf.inputs:
            value = self.value(flow)
            # copies that are alike were followed once; each has storages of its own
            number = algebra.number_of_copies(flow.times) if id(flow) not in seen else 1
            again = id(flow) in seen and not _is_one(flow.times)
            found += [_apart(value) if again or place else value for place in range(number)]
            if not _is_one(flow.times):
                seen.add(id(flow))
        return found

    def value(self, flow: Flow) -> Value:
        """Return the tensor that flows."""
        if id(flow) in self.flowing:
            return self.flowing[id(flow)]
        if flow.leaf is None:
            raise refuse("no-connections", "what is kept needs connections")
        leaf = flow.leaf.standing
        if id(leaf) in self.folded and _is_one(flow.times):
            raise refuse("not-kept", f"a node takes what flows out of one of the copies in '{leaf.name}', which are alike")
        return self.values[id(leaf), flow.place]


def _is_one(times: Number) -> bool:
    return type(times) is int and times == 1


def _apart(value: Value) -> Value:
    """Return the same of another copy: in a storage of its own."""
    from paramcalc.measures.saved.values import Storage

    storage = Storage(value.storage.bytes, value.storage.born, value.storage.counts)
    storage.kept = value.storage.kept
    return replace(value, storage=storage)


def _trained(leaf: Leaf) -> Trained:
    """Return what says whether a tensor of a leaf is trained; of `name*`, whether any that begins so is."""
    uses = {use.tensor.name: algebra.truth((use.owner or use).trainable) for use in leaf.uses}

    def trained(name: str) -> bool:
        if name.endswith("*") or not name:
            return any(value for own, value in uses.items() if own.startswith(name[:-1]))
        return uses.get(name, False)

    return trained


def _reached(graph: Graph) -> set[int]:
    """Find the leaves that the outputs depend on."""
    found: set[int] = set()
    waiting = [flow.leaf for flow in graph.outputs]
    while waiting:
        leaf = waiting.pop()
        if leaf is None or id(leaf) in found:
            continue
        found |= {id(leaf), id(leaf.standing)}
        for each in (leaf, leaf.standing):
            waiting += [flow.leaf for flow in each.inputs]
    return found
