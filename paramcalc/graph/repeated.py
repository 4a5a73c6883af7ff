"""What all copies of a node have in common, one behind the other or side by side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from paramcalc.core.algebra import Number
from paramcalc.core.errors import ParamcalcError
from paramcalc.core.expression import Expression, bounded
from paramcalc.graph.folding import alike, folded, hashable, range_label, signature
from paramcalc.graph.scope import Copy, Entry, Values
from paramcalc.graph.tree import Branch, Flow, Tree
from paramcalc.graph.walk import Walk

if TYPE_CHECKING:
    from paramcalc.graph.classes import Class
    from paramcalc.graph.deciding import Deciding
    from paramcalc.graph.twins import Made

#: Copies that may differ by their number are evaluated one by one, if they are no more than these.
_FEW = 32
#: More copies than these are not compared one by one by what their numbers decide.
_MOST_COMPARED = 1000


class Repeated:
    """The copies of a node while they are evaluated.

    `content` makes the tree of one copy, and sets its flow; `inputs` flow into the node; `first` is the first call
    of a node called again.
    """

    #: the key of the node that says how many copies there are
    key: ClassVar[str]

    def __init__(
        self,
        walk: Walk,
        content: Callable[[Copy], Tree],
        entry: Entry,
        inputs: tuple[Flow, ...],
        first: Entry | None,
    ) -> None:
        self.walk = walk
        self.content = content
        self.entry = entry
        self.inputs = inputs
        self.first = first
        node, scope = entry.node, entry.scope
        #: the name of their counter, if anything in them mentions it
        self.counter = node.index if node.index in walk.mentions(node) else None
        self.times = entry.times = 0 if self._is_absent() else walk.number(entry, self.key, inputs)
        self.inherited = replace(scope.inherited, copies=bounded(scope.inherited.copies * self.times))
        self._deciding: Deciding | None = None
        #: the copies that were evaluated, by what decided them and the shape that they were given
        self._made: dict[tuple[Any, ...], Made] = {}
        #: what makes copies alike, of those by whose number it is known what it decides
        self._signatures: dict[int, Any] = {}
        #: the last copy, and what is decided for those that are like it
        self._last: Tree | None = None
        self._decided: set[tuple[Any, ...]] = set()
        # references may go to the copies that are there already
        scope.entries[entry.name] = entry

    def _is_absent(self) -> bool:
        """Return whether a condition on what is outside the copies says that none is there, however many they were."""
        node, values = self.entry.node, self.entry.scope.values
        if not isinstance(node.when, Expression) or node.otherwise is not None:
            return False
        if not node.when.names <= {*values} - {node.index, *node.carry}:
            return False
        try:
            copy = Copy(self.entry, "", self.inputs, values, self.entry.scope.inherited, None)
            return not self.walk.condition(copy, node.when, ("when",))
        except ParamcalcError:
            # said of a copy
            return False

    def copy(self, number: int, inputs: tuple[Flow, ...], values: Values) -> Copy:
        """Return the copy of a number, on its inputs. `values` are those in sight in it beside its counter."""
        self.walk.spend((*self.entry.path, self.key))
        if self.counter is not None:
            values = {**values, self.counter: number}
        theirs = self.first.copy(number) if self.first is not None else None
        return Copy(self.entry, str(number), inputs, values, self.inherited, theirs, number=number, last=number)

    def tree_of(self, copy: Copy) -> Tree | None:
        """Return the tree of a copy, made again where it is as an earlier one; None where it is absent."""
        decided = self._decided_by(copy.number)
        if decided is None or self.entry.node.carry:
            return self.evaluated(copy)
        # only where copies mention their number
        from paramcalc.graph.twins import Made, NoTwinError

        given = copy.inputs[0] if copy.inputs else None
        key = (decided, hashable(given.shape) if given is not None else None)
        # what is made again cannot be named
        if key in self._made and not self.walk.is_gone_into(self.entry.name):
            try:
                return self._again(self._made[key], copy, given)
            except NoTwinError:
                pass
        before = self.walk.allowance.copies
        tree = self.evaluated(copy)
        if tree is not None:
            self._made[key] = Made(tree, given, copy.flow, before - self.walk.allowance.copies)
        return tree

    def _again(self, made: Made, copy: Copy, given: Flow | None) -> Tree:
        """Return the tree of a copy that is as an earlier one, and costs as much. Raises `NoTwinError`."""
        tree, copy.flow = made.again(copy.label, given)
        self.walk.spend((*self.entry.path, self.key), made.evaluations)
        self._signatures[id(tree)] = self._signature(made.tree)
        return tree

    def evaluated(self, copy: Copy) -> Tree | None:
        """Evaluate a copy. Returns its tree; None where it is absent."""
        tree = None
        self.walk.trail.append(copy.label)
        if self.walk.choose(copy):
            # before its content, which may refer to it
            self.entry.copies.append(copy)
            tree = self.content(copy)
        self.walk.trail.pop()
        return tree

    def classes(self) -> list[Class]:
        """Return the classes of the copies, of which there are a symbol's number; none where they are not known."""
        # only where there are symbols
        from paramcalc.graph.classes import Classes

        if self.first is not None and len(self.first.copies) != 1:
            return []
        found = Classes(self.walk, self.content, self.copy_of_any).of(self.times) or []
        if not all(map(self.stands_for_all, found)):
            return []
        self.entry.copies = [each.copy for each in found if each.can_be_named(self.times)]
        return found

    def copy_of_any(self, number: Number) -> Copy:
        """Return the copy of a number in symbols, on what flows into the node."""
        copy = self.copy(0, self.inputs, self.entry.scope.values)
        copy.values = {**copy.values, str(self.counter): number}
        return copy

    def stands_for_all(self, one: Class) -> bool:
        """Return whether what is known of a class is enough."""
        return True

    def rest_is_alike(self, copy: Copy, tree: Tree) -> bool:
        """Return whether all copies after this one have a tree like its own, if they are given what it is given.

        Of copies that mention their number this is proved by a symbol for it, where they are many.
        """
        if not self.walk.fold or self.counter is None:
            return self.walk.fold
        run = self.run_from(copy.number, tree)
        if run is not None:
            return bool(run == self.times - copy.number)
        left = self.times - copy.number - 1
        # what holds from the third on, or later, is not looked for
        if type(left) is not int or left < _FEW or copy.number > 1:
            return False
        # SymPy takes longer to load than a few copies to evaluate
        from paramcalc.graph.any_copy import AnyCopy

        any_copy = AnyCopy(self.walk, self.content, copy.number, self.times - 1)
        values = {**copy.values, self.counter: any_copy.number}
        another = any_copy.tree(replace(copy, values=values, inherited=self.inherited, node=None, scope=None))
        return another is not None and alike(tree, another, self.walk.by_layers)

    def run_from(self, number: int, tree: Tree) -> int | None:
        """Return how many copies from one on are like it in a row, if they are given the same; None if not known.

        They are where what mentions their number has the same values, or those of a copy before that is alike.
        """
        decided = self._decided_by(number)
        if decided is None or self._deciding is None:
            return None
        if self._last is not tree:
            self._signatures[id(tree)] = own = self._signature(tree)
            if self._last is not None and self._signature(self._last) != own:
                self._decided = set()
            self._last = tree
        self._decided.add(decided)
        others = range(number + 1, self.times)
        return next((other for other in others if self._deciding.by(other) not in self._decided), self.times) - number

    def _decided_by(self, number: Number) -> tuple[Any, ...] | None:
        """Return what the number of a copy decides; None if not known."""
        if not self.walk.fold or self.counter is None or self.first is not None or type(self.times) is not int:
            return None
        if self.times > _MOST_COMPARED:
            return None
        if self._deciding is None:
            from paramcalc.graph.deciding import Deciding

            self._deciding = Deciding(self.entry.node, self.counter, self.entry.scope.values)
        return self._deciding.by(number)

    def _signature(self, tree: Tree) -> Any:
        """Return what makes copies alike."""
        known = self._signatures.get(id(tree))
        return signature(tree, self.walk.by_layers) if known is None else known

    def branch(self, trees: list[Tree], flow: Flow | None) -> Branch:
        """Return the tree of all copies, of their trees; those that are alike stand there once."""
        if self.walk.fold and len(trees) > 1 and type(self.times) is int:
            trees = folded(trees, self._signature)
        for tree in trees:
            if tree.number is None:
                tree.number = int(tree.label)
                tree.label = range_label(tree.number, tree.copies)
        output = flow.shape if flow else ()
        return Branch(self.entry.label, trees, output, role="copies", inputs=self.inputs[:1], flow=flow)
