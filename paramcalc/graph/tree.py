"""What a spec becomes: a tree of layers at their places, every shape known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple, TypeAlias

from paramcalc.core import algebra
from paramcalc.core.algebra import Number, Shape
from paramcalc.core.errors import Path
from paramcalc.layers.base.declaration import Layer, Tensor, default_name
from paramcalc.spec import Value

#: What a branch is: the whole model, a group or a block called, or the copies of a repeated node.
BranchRole: TypeAlias = Literal["model", "group", "copies"]


class CopyRange(NamedTuple):
    """A number of a copy in a path, and the copies that it stands for."""

    #: where the number is in the path
    at: int
    #: the number itself, which is that of the first copy
    first: Number
    #: the number of the last copy
    last: Number


@dataclass(slots=True, eq=False, repr=False)
class Use:
    """A tensor of a leaf: its own, or one tied to another's."""

    tensor: Tensor
    elements: Number
    trainable: Any
    dtype: str
    #: whether its dtype is stated for it, and is not that of the whole network
    states_dtype: bool = False
    #: where it is tied: the tensor whose numbers these are, the leaf that owns it, and the path
    #: that the spec writes
    owner: Use | None = None
    owner_leaf: Leaf | None = None
    tied_as: str = ""

    @property
    def active(self) -> Number:
        """The elements that an example passes through: all, or those of a part of an axis."""
        if self.tensor.active is None:
            return self.elements
        axis, number = self.tensor.active
        return algebra.divide(self.elements, self.tensor.shape[axis]) * number

    @property
    def owner_path(self) -> str | None:
        """The path of the tensor whose numbers these are, where it is tied."""
        if self.owner is None or self.owner_leaf is None:
            return None
        return f"{self.owner_leaf.standing.name}.{self.owner.tensor.name}"


@dataclass(slots=True, eq=False, repr=False)
class Leaf:
    """A layer at its place in the graph."""

    label: str
    layer: Layer
    inputs: tuple[Flow, ...]
    #: the shape of each of its outputs
    outputs: tuple[Shape, ...]
    #: its own tensors; of a shared layer, those of the first place
    uses: list[Use]
    shared: bool = False
    times: Number = 1
    #: where the spec says it
    path: Path = ()
    #: of a copy of a repeated node, its number, or the first of those that it stands for
    number: Number | None = None
    #: names of the groups around it and its own, joined by dots; given once the tree is whole
    name: str = ""
    #: the same as a list, with the numbers of copies, and which copies each stands for
    names: tuple[str, ...] = ()
    ranges: tuple[CopyRange, ...] = ()
    #: the leaf that stands for it, where its copy was made one with another
    alike: Leaf | None = None

    @property
    def output(self) -> Shape:
        """The shape of its first output."""
        return self.outputs[0]

    @property
    def copies(self) -> Number:
        """How many copies it stands for."""
        return self.times

    @property
    def standing(self) -> Leaf:
        """The leaf of the tree that stands for this one."""
        leaf = self
        while leaf.alike is not None:
            leaf = leaf.alike
        return leaf

    @property
    def owned(self) -> list[Use]:
        """The tensors that count here: neither shared from another place nor tied."""
        return [] if self.shared else [use for use in self.uses if use.owner is None]

    @property
    def flow_shapes(self) -> tuple[Shape, ...]:
        """The shapes of what flows into it, each once for all copies that it stands for."""
        return tuple(flow.shape for flow in self.inputs)

    @property
    def input_shapes(self) -> tuple[Shape, ...]:
        """The shapes that its declaration is given."""
        return tuple(shape for flow in self.inputs for shape in flow.joined_shapes)

    @property
    def joins_copies(self) -> bool:
        """Whether anything that flows into it stands for several copies."""
        return any(flow.is_several for flow in self.inputs)


@dataclass(slots=True, eq=False, repr=False)
class Branch:
    """The whole model, a group, or the copies of a repeated node."""

    label: str
    children: list[Tree]
    output: Shape
    times: Number = 1
    role: BranchRole = "group"
    #: of a group that is the call of a block, the block's name
    block: str | None = None
    inputs: tuple[Flow, ...] = ()
    #: what flows out of it; of copies one behind the other, out of the last
    flow: Flow | None = None
    #: of copies, whether they stand side by side, each on the same inputs
    parallel: bool = False
    #: of a group, whether its forward pass is computed again for the backward pass
    recompute: bool = False
    number: Number | None = None
    name: str = ""
    names: tuple[str, ...] = ()
    ranges: tuple[CopyRange, ...] = ()
    #: of copies that differ by a symbol, the number of the copy: that symbol, its first and last value
    counter: tuple[Number, Number, Number] | None = None
    #: of copies side by side, how many of them an example passes through; None: all
    active: Number | None = None

    @property
    def copies(self) -> Number:
        """How many copies it stands for."""
        return self.times if self.counter is None else self.counter[2] - self.counter[1] + 1


Tree: TypeAlias = Leaf | Branch


@dataclass(slots=True, eq=False, repr=False)
class Flow:
    """What goes from one node to another: a shape, and the leaf that it comes from."""

    shape: Shape
    leaf: Leaf | None = None
    #: which output of the leaf it is
    place: int = 0
    #: whether an error stands before it, so that nothing can be said of it
    broken: bool = False
    #: the outputs of copies side by side, which are not one: of no copies, none
    bundle: tuple[Flow, ...] | None = None
    #: of copies that are alike, how many it stands for
    times: Number = 1
    #: of one of copies that are alike and stand there once: which it is, where all of them flow on
    member: int | None = None
    #: the same where a path says it: the numbers in it
    among: tuple[str, ...] = ()
    #: of a bundle, the name of the node that it comes from
    name: str = ""

    @property
    def joined_shapes(self) -> tuple[Shape, ...]:
        """Its shape; twice for copies that are alike, since any number of them is joined as two are."""
        return (self.shape, self.shape) if self.is_several else (self.shape,)

    @property
    def is_several(self) -> bool:
        """Whether it stands for copies of which there are several."""
        return not (type(self.times) is int and self.times == 1)

    @property
    def tensor(self) -> tuple[int, int, int, tuple[str, ...]]:
        """What tells the tensor that flows from all others in the graph."""
        return id(self.leaf or self), self.place, self.member or 0, self.among

    @property
    def one_by_one(self) -> tuple[Flow, ...]:
        """What flows out of each of the copies that it stands for. Raises `Undecided`, `limit`."""
        if not self.is_several:
            return (self,)
        return tuple(replace(self, times=1, member=each) for each in range(algebra.number_of_copies(self.times)))

    @property
    def single(self) -> tuple[Flow, ...]:
        """What flows one by one: itself, or the outputs of copies side by side."""
        return (self,) if self.bundle is None else self.bundle

    def output(self, place: int) -> Flow | None:
        """Return another output of the same leaf, counted from 0, if it has one there."""
        outputs = self.leaf.outputs if self.leaf is not None and self.place == 0 else (self.shape,)
        return replace(self, shape=outputs[place], place=place) if place < len(outputs) else None


BROKEN = Flow((), broken=True)


@dataclass(frozen=True, slots=True)
class Graph:
    """A spec with every shape inferred."""

    root: Branch
    dims: dict[str, Value]
    #: of every tensor for which none is stated
    dtype: str
    #: what flows out of it: of the nodes that the spec names, or of its last
    outputs: tuple[Flow, ...] = ()
    #: what is probably not meant as it is written
    remarks: tuple[str, ...] = ()

    def leaves(self) -> Iterator[tuple[Leaf, Number]]:
        """Return the leaves in order of the graph, each with the number of its copies."""
        return leaves(self.root)


def active_copies(tree: Branch) -> Iterator[tuple[Tree, Number | None]]:
    """Yield what is in a tree, each with how many of its copies an example passes through; None: all of them.

    Of copies side by side the first stand for those that are active, since they are alike in size.
    """
    left = tree.active
    copies = [child for child in tree.children if child.label != "merge"]
    for child in tree.children:
        if left is None or child.label == "merge":
            yield child, None
        elif len(copies) == 1:
            yield child, left
        else:
            among = algebra.smallest([left, child.copies])
            left = left - among
            yield child, among


def leaves(tree: Tree, times: Number = 1) -> Iterator[tuple[Leaf, Number]]:
    """Return the leaves of a tree in order of the graph, each with the number of its copies."""
    times = times * tree.times
    if isinstance(tree, Leaf):
        yield tree, times
    else:
        for child in tree.children:
            yield from leaves(child, times)


def give_names(tree: Tree, around: Branch | None = None) -> None:
    """Name everything in a tree by the labels on the way to it."""
    if around is not None:
        tree.name = ".".join(filter(None, (around.name, tree.label)))
        if isinstance(tree, Leaf) and not tree.name:
            # it adds nothing to the paths of its tensors; people call it by its type
            tree.name = default_name(type(tree.layer).__name__)
            while any(tree.name == other.label for other in around.children):
                tree.name += "_"
        tree.names, tree.ranges = around.names, around.ranges
        if tree.number is not None:
            tree.ranges = (*tree.ranges, CopyRange(len(tree.names), tree.number, tree.number + tree.copies - 1))
            tree.names = (*tree.names, str(tree.number))
        elif tree.label:
            tree.names = (*tree.names, tree.label)
    if isinstance(tree, Branch):
        for child in tree.children:
            give_names(child, tree)
