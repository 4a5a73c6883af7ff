"""The way through a network's graph: which tensor flows where, and in which state each layer is met."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from paramcalc.core import algebra
from paramcalc.core.algebra import Number, Shape, Undecided
from paramcalc.core.errors import ParamcalcError, quoted, refuse
from paramcalc.graph import Branch, Flow, Graph, Leaf, Tree
from paramcalc.measures.measure import NotAlike, Term, Visit
from paramcalc.measures.saved.run import Run, Trained
from paramcalc.measures.saved.values import Storage, Value, is_float

#: After how many copies, where their number is a symbol, it is given up that they become alike.
_MOST_PASSES = 6


class Given(NamedTuple):
    """What a layer is given, as far as it matters to what it keeps."""

    dtype: str
    needs_gradient: bool
    order: tuple[int, ...]
    cuts: frozenset[int]
    scattered: bool
    #: whether it is kept already
    kept: bool
    #: the sizes of its storage, where that is larger than what it shows
    sizes: tuple[Number, ...] | None
    #: the first of the inputs that is the same tensor, and the first that lies in the same storage
    same_as: int
    storage_of: int


class State(NamedTuple):
    """The state in which a layer is met."""

    given: tuple[Given, ...]
    #: whether it is computed again, so that what it keeps is not there between the two passes
    recomputed: bool = False
    #: of its inputs, those that are kept for a group to be computed again
    held: tuple[int, ...] = ()
    #: what was decided by sizes
    choices: tuple[bool, ...] = ()


def state_of(values: Sequence[Value], held: tuple[int, ...]) -> State:
    """Return the state of a layer that is given these values, of which some are held for a group."""
    storages = [id(value.storage) for value in values]
    tensors = [id(value) for value in values]
    given = tuple(
        Given(
            value.dtype,
            value.needs_gradient,
            value.order,
            value.cuts,
            value.scattered,
            value.storage.kept,
            None if _is_whole(value) else value.storage.sizes,
            tensors.index(id(value)),
            storages.index(id(value.storage)),
        )
        for value in values
    )
    return State(given, held=held)


def _is_whole(value: Value) -> bool:
    return algebra.same(algebra.product(value.storage.sizes), algebra.product(value.sizes))


def values_of(state: State, leaf: Leaf, batch: Number) -> list[Value]:
    """Return tensors as they are given to a leaf in a state."""
    values: list[Value] = []
    shapes = [(batch, *each.shape) for flow in leaf.inputs for each in flow.one_by_one]
    for place, (given, shape) in enumerate(zip(state.given, shapes, strict=True)):
        if given.same_as < place:
            values.append(values[given.same_as])
            continue
        value = Value(
            Storage((), 0, given.kept),
            shape,
            given.dtype,
            given.needs_gradient,
            given.order,
            given.cuts,
            given.scattered,
        )
        if given.storage_of < place:
            value = replace(value, storage=values[given.storage_of].storage)
        else:
            value.storage.sizes = given.sizes or value.sizes
        values.append(value)
    return values


def kept_by(run: Run, leaf: Leaf, inputs: Sequence[Value]) -> tuple[list[Value], list[Term]]:
    """Run a layer. Returns its outputs, and what it keeps."""
    run.kept, run.choices = [], []
    own = next((use.dtype for use in leaf.uses if use.tensor.dtype is None), None)
    values = list(inputs)
    if own is not None:
        # tensors of other floats are brought to the layer's own
        values = [run.cast(value, own) if is_float(value.dtype) else value for value in values]
    run.dtype = own or run.context.dtype
    outputs = run.layer(leaf.layer, values, _trained(leaf), [(run.batch, *shape) for shape in leaf.outputs])
    return outputs, run.kept


def _trained(leaf: Leaf) -> Trained:
    """Return what says whether a tensor of a leaf is trained; of `name*`, whether any that begins so is."""
    uses = {use.tensor.name: algebra.truth((use.owner or use).trainable) for use in leaf.uses}

    def trained(name: str) -> bool:
        if name.endswith("*") or not name:
            return any(value for own, value in uses.items() if own.startswith(name[:-1]))
        return uses.get(name, False)

    return trained


@dataclass(slots=True, eq=False)
class _Met:
    """A leaf as it was met: in which state, what it keeps then, and how often."""

    leaf: Leaf
    state: State
    size: Number
    often: Number = 1


class Walk:
    """A walk through the tree of a graph in order."""

    def __init__(self, graph: Graph, run: Run) -> None:
        self.graph = graph
        self.run = run
        self.met: list[_Met] = []
        #: what was met in each group that is computed again, each with its copies in one of the group
        self.recomputed: list[list[tuple[_Met, Number]]] = []
        #: while such a group is gone through, what is kept for it, and not yet said of a layer; else None
        self.held: set[int] | None = None
        #: by leaf and the number of its output
        self.values: dict[tuple[int, int], Value] = {}
        #: what flows into a copy, and out of a node that is repeated, by the flow itself
        self.flowing: dict[int, Value] = {}
        #: the leaves that stand for several copies, once these are done
        self.folded: set[int] = set()
        self.reached = _reached(graph)

    def visits(self) -> dict[int, list[Visit]]:
        """Return the states in which each leaf is met, by its `id`. Raises `NotAlike`."""
        self.tree(self.graph.root)
        found: dict[int, list[Visit]] = {}
        for each in (*self._largest(), *self.met):
            found.setdefault(id(each.leaf), []).append(Visit(each.often, each.state))
        return found

    # --- trees

    def tree(self, tree: Tree) -> None:
        """Go through what is in a tree, once."""
        if isinstance(tree, Leaf):
            self.leaf(tree)
        elif tree.role == "copies":
            self.copies(tree)
        elif tree.recompute:
            self.again(tree)
        else:
            for child in tree.children:
                self.tree(child)

    def again(self, group: Branch) -> None:
        """Go through a group that is computed again for the backward pass: what it takes is kept, and nothing in it."""
        if self.held is not None:
            raise refuse("not-measurable", f"'{group.name}' is recomputed within a group that is recomputed")
        outside, self.met = self.met, []
        inside = {id(leaf) for leaf in _leaves(group)}
        self.held = set()
        for leaf in _leaves(group) if inside & self.reached else ():
            for flow in leaf.inputs:
                if flow.leaf is not None and id(flow.leaf.standing) not in inside and id(leaf) in self.reached:
                    self._hold(self.value(flow).storage)
        kept = len(self.run.marked)
        for child in group.children:
            self.tree(child)
        # what is computed again is kept for a while alone
        for storage in self.run.marked[kept:]:
            storage.kept = False
        del self.run.marked[kept:]
        met, self.met, self.held = self.met, outside, None
        for each in met:
            each.state = each.state._replace(recomputed=True)
        self.recomputed.append([(each, each.often) for each in met])
        self.met += met

    def _hold(self, storage: Storage) -> None:
        assert self.held is not None
        if not storage.kept:
            storage.kept = True
            self.run.marked.append(storage)
            self.held.add(id(storage))

    def _largest(self) -> list[_Met]:
        """Take out the largest of the groups that are computed again, which is there while it is: one at a time."""
        largest: list[tuple[_Met, Number]] = []
        most: Number = 0
        for group in self.recomputed:
            size = sum((often * met.size for met, often in group), start=0)
            if not largest or (not algebra.same(size, most) and algebra.truth(algebra.compare(">", size, most))):
                largest, most = group, size
        for met, often in largest:
            met.often = met.often - often
        return [_Met(met.leaf, met.state._replace(recomputed=False), met.size, often) for met, often in largest]

    def copies(self, branch: Branch) -> None:
        """Go through the copies of a node."""
        # it may be gone through again, within a copy of what is around it
        self.folded.difference_update(map(id, _leaves(branch)))
        chained = not branch.parallel and bool(branch.inputs)
        value = self.entry(branch.inputs[0]) if chained else None
        _check_active(branch)
        for child in branch.children:
            growing = child if isinstance(child, Branch) and child.counter is not None else None
            content = child if growing is None else growing.children[0]
            times = child.copies
            if growing is not None and not branch.parallel:
                value = self.grown(content, growing, value)
            elif chained and content.inputs:
                value = self.in_sequence(content, times, value)
            else:
                self.side_by_side(content, times)
            if not (type(times) is int and times == 1):
                self.folded.update(map(id, _leaves(content)))
        if chained and branch.flow is not None and value is not None:
            self.flowing[id(branch.flow)] = value

    def in_sequence(self, content: Tree, times: Number, value: Value | None) -> Value | None:
        """Go through copies that are each on the one before, until all that follow are alike.

        `value` flows into the first. Returns what flows out of the last. Raises `Undecided` where the number of
        copies is a symbol, and they do not become alike.
        """
        entry, begin = content.inputs[0], self.run.storages
        outside = self.flowing.get(id(entry))
        state: Any = None
        start = len(self.met)
        for number in range(_MOST_PASSES if type(times) is not int else times):
            following = self._state(value, begin)
            if number and following == state:
                _repeat(self.met[start:], times - number + 1)
                break
            start, state = len(self.met), following
            if value is not None:
                self.flowing[id(entry)] = value
            self.tree(content)
            value = self.leaving(content)
        else:
            if type(times) is not int:
                raise Undecided(times)
        if type(times) is not int and not algebra.chosen_at_least(times, number - 1):
            raise Undecided(times)
        self.flowing.pop(id(entry), None)
        if outside is not None:
            self.flowing[id(entry)] = outside
        return value

    def grown(self, content: Tree, branch: Branch, value: Value | None) -> Value | None:
        """Go through copies whose sizes grow with their number, a symbol: all are alike, but for these."""
        if value is None or branch.flow is None:
            raise Undecided(branch.copies)
        begin, entry = self.run.storages, content.inputs[0]
        first = self._resized(value, entry.shape)
        state, start = self._state(first, begin), len(self.met)
        self.flowing[id(entry)] = first
        self.tree(content)
        last = self.leaving(content)
        if last is None or self._state(last, begin) != state:
            raise Undecided(branch.copies)
        if first.storage.kept and not value.storage.kept:
            # what flows into the first of them is kept there
            value.storage.kept = True
            self.run.marked.append(value.storage)
        _repeat(self.met[start:], branch.copies)
        return self._resized(last, branch.flow.shape)

    def _resized(self, value: Value, shape: Shape) -> Value:
        """Return a tensor of another size, in a storage of its own that is kept where that one is."""
        shape = (self.run.batch, *shape)
        made = self.run.new(shape, value.dtype, value.needs_gradient, value.order)
        made.storage.kept = value.storage.kept
        return made

    def side_by_side(self, content: Tree, times: Number) -> None:
        """Go through copies that are all given the same: from the second on they are alike."""
        self.tree(content)
        if not (type(times) is int and times == 1):
            start = len(self.met)
            self.tree(content)
            _repeat(self.met[start:], times - 1)

    def _state(self, value: Value | None, begin: int) -> Any:
        """Return all that decides what a copy keeps: what flows into it, and what outside is kept already."""
        marked = sum(1 for storage in self.run.marked if storage.born <= begin)
        if value is None:
            return marked
        storage = value.storage
        which = storage.born if storage.born <= begin else None
        return marked, value.dtype, value.needs_gradient, value.order, value.cuts, value.scattered, storage.kept, which

    # --- leaves

    def leaf(self, leaf: Leaf) -> None:
        """Go through a layer."""
        if id(leaf) not in self.reached:
            return
        inputs = self.inputs(leaf)
        state = state_of(inputs, self._held(inputs))
        try:
            outputs, kept = kept_by(self.run, leaf, inputs)
        except ParamcalcError as error:
            raise error.at_node(leaf.name, leaf.path) from None
        state = state._replace(choices=tuple(self.run.choices))
        self.met.append(_Met(leaf, state, sum((term.amount for term in kept), start=0)))
        self.values.update({(id(leaf), place): value for place, value in enumerate(outputs)})

    def _held(self, inputs: Sequence[Value]) -> tuple[int, ...]:
        """Return which inputs of a layer are the first to show what is kept for the group around it."""
        found = []
        for place, value in enumerate(inputs):
            if self.held and id(value.storage) in self.held:
                self.held.remove(id(value.storage))
                found.append(place)
        return tuple(found)

    def inputs(self, leaf: Leaf) -> list[Value]:
        """Return what flows into a layer, each of copies side by side one by one."""
        found: list[Value] = []
        # copies that are alike were gone through once; each has a storage of its own
        apart: dict[tuple[object, ...], Value] = {}
        for flow in leaf.inputs:
            value = self.value(flow)
            found += [
                apart.setdefault(each.tensor, _apart(value)) if each.member else value for each in flow.one_by_one
            ]
        return found

    def entry(self, flow: Flow) -> Value | None:
        """Return what flows into copies, if any of that is run at all."""
        is_run = flow.leaf is None or id(flow.leaf.standing) in self.reached
        return self.value(flow) if is_run or id(flow) in self.flowing else None

    def value(self, flow: Flow) -> Value:
        """Return the tensor that flows. Raises `NotAlike` for that of one of several copies."""
        if id(flow) in self.flowing:
            return self.flowing[id(flow)]
        leaf = flow.leaf.standing if flow.leaf is not None else None
        if leaf is None or (id(leaf) in self.folded and not flow.is_several and flow.member is None):
            raise NotAlike
        return self.values[id(leaf), flow.place]

    def leaving(self, content: Tree) -> Value | None:
        """Return what flows out of a tree."""
        if isinstance(content, Leaf):
            return self.values.get((id(content), 0))
        return self.entry(content.flow) if content.flow is not None else None


def _check_active(branch: Branch) -> None:
    """Refuse copies side by side of which an example passes through some."""
    copies = sum((child.copies for child in branch.children if child.label != "merge"), start=0)
    if branch.active is None or algebra.same(branch.active, copies):
        return
    message = (
        f"'{branch.name}' sends an example through {quoted(branch.active)} of {quoted(copies)} copies, and what PyTorch"
        " keeps depends on how they are chosen and gathered"
    )
    raise refuse("not-measurable", message, "with all of them active, it is known", _leaves(branch)[0].path)


def _apart(value: Value) -> Value:
    """Return the same of another copy: in a storage of its own."""
    storage = value.storage
    return replace(value, storage=Storage(storage.sizes, storage.born, storage.kept))


def _repeat(met: Sequence[_Met], times: Number) -> None:
    """Have what was met be met so many times."""
    for each in met:
        each.often = each.often * times


def _leaves(tree: Tree) -> list[Leaf]:
    return [tree] if isinstance(tree, Leaf) else [leaf for child in tree.children for leaf in _leaves(child)]


def _reached(graph: Graph) -> set[int]:
    """Find the leaves that the outputs depend on."""
    found: set[int] = set()
    waiting = [flow.leaf for output in graph.outputs for flow in output.single]
    while waiting:
        leaf = waiting.pop()
        if leaf is None or id(leaf) in found:
            continue
        found |= {id(leaf), id(leaf.standing)}
        for each in (leaf, leaf.standing):
            waiting += [flow.leaf for flow in each.inputs]
    return found
