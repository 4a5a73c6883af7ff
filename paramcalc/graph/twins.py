"""Copies that are as an earlier one is: its tree, made again with layers and tensors of its own."""

from __future__ import annotations

from typing import NamedTuple

from paramcalc.graph.tree import Branch, Flow, Leaf, Tree, Use, leaves


class NoTwinError(Exception):
    """What a tree takes from outside cannot be told from what its copy is given."""


class Made(NamedTuple):
    """A copy that was evaluated: its tree, what flowed into it and out of it, and how many evaluations it took."""

    tree: Tree
    given: Flow | None
    flow: Flow | None
    evaluations: int

    def again(self, label: str, given: Flow | None) -> tuple[Tree, Flow | None]:
        """Return the tree of a copy of this label, which is given the like, and what flows out of it.

        Raises `NoTwinError`.
        """
        twin = _Twin(self, given)
        tree = twin.tree(self.tree)
        tree.label, tree.times = label, 1
        return tree, twin.flow(self.flow) if self.flow is not None else None


class _Twin:
    """A tree while it is made again."""

    def __init__(self, made: Made, given: Flow | None) -> None:
        #: what flowed into the first, and what does here
        self.before, self.given = made.given, given
        self.inside = {id(leaf) for leaf, _ in leaves(made.tree)}
        self.leaves: dict[int, Leaf] = {}
        self.uses: dict[int, Use] = {}
        # a flow is known by itself where it stands in several places
        self.flowing: dict[int, Flow] = {}

    def tree(self, tree: Tree) -> Tree:
        """Return a tree again."""
        if isinstance(tree, Leaf):
            return self.leaf(tree)
        return Branch(
            tree.label,
            [self.tree(child) for child in tree.children],
            tree.output,
            tree.times,
            tree.role,
            tree.block,
            self.flows(tree.inputs),
            self.flow(tree.flow) if tree.flow is not None else None,
            tree.parallel,
            tree.recompute,
            tree.number,
            counter=tree.counter,
            active=tree.active,
        )

    def leaf(self, leaf: Leaf) -> Leaf:
        """Return a layer again, with tensors of its own."""
        if leaf.shared:
            raise NoTwinError
        uses = [self.use(use) for use in leaf.uses]
        inputs = self.flows(leaf.inputs)
        twin = Leaf(leaf.label, leaf.layer, inputs, leaf.outputs, uses, False, leaf.times, leaf.path, leaf.number)
        self.leaves[id(leaf)] = twin
        return twin

    def use(self, use: Use) -> Use:
        """Return a tensor again; one that is tied, to the twin of its owner where that is inside."""
        twin = Use(use.tensor, use.elements, use.trainable, use.dtype, use.states_dtype)
        if use.owner is not None and use.owner_leaf is not None:
            twin.owner = self.uses.get(id(use.owner), use.owner)
            twin.owner_leaf, twin.tied_as = self.twin_of(use.owner_leaf), use.tied_as
        self.uses[id(use)] = twin
        return twin

    def flows(self, flows: tuple[Flow, ...]) -> tuple[Flow, ...]:
        """Return flows again."""
        return tuple(map(self.flow, flows)) if flows else flows

    def flow(self, flow: Flow) -> Flow:
        """Return what flows here where something flowed there."""
        if id(flow) not in self.flowing:
            self.flowing[id(flow)] = self.flow_again(flow)
        return self.flowing[id(flow)]

    def flow_again(self, flow: Flow) -> Flow:
        """Return what flows here: what the copy is given, what flows out of a twin, or the same from outside."""
        if flow is self.before and self.given is not None:
            return self.given
        if flow.bundle is not None:
            raise NoTwinError
        leaf = self.twin_of(flow.leaf) if flow.leaf is not None else None
        if leaf is not flow.leaf:
            return Flow(flow.shape, leaf, flow.place, False, None, flow.times, flow.member, flow.among, flow.name)
        if self.given is not self.before and self.before is not None and leaf is self.before.leaf:
            # taken by name, or as what flows into a group within
            raise NoTwinError
        return flow

    def twin_of(self, leaf: Leaf) -> Leaf:
        """Return the twin of a layer, or itself where it stands outside."""
        if id(leaf) in self.leaves:
            return self.leaves[id(leaf)]
        if id(leaf.standing) in self.inside:
            # of copies within that were made one, one that does not stand there
            raise NoTwinError
        return leaf
