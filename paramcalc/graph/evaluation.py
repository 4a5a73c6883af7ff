"""One walk through a spec: which nodes are there, what they are given, and what they own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from itertools import count
from typing import Any

from paramcalc.conventions import Convention, convention
from paramcalc.core import algebra
from paramcalc.core.algebra import Number, Undecided, Unknown
from paramcalc.core.errors import LIMITS, ParamcalcError, Path, Problem, quoted, refuse
from paramcalc.core.expression import Budget, Environment, Expression, bounded
from paramcalc.core.registry import kind
from paramcalc.graph.checks import agree, borrowed, check_output, plain_shape, same_numbers, tensor_of
from paramcalc.graph.folding import alike_from_here, folded, range_label
from paramcalc.graph.scope import Copy, Entry, Inherited, Scope, Values
from paramcalc.graph.tree import BROKEN, Branch, Flow, Leaf, Tree, Use
from paramcalc.layers.base.declaration import Layer, Tensor, shape_text
from paramcalc.spec import Node, Spec, Value, names_in, node_names


class Evaluation:
    """The evaluation of a spec under a convention.

    With `fold`, copies that are alike are evaluated once; in a `symbolic` evaluation a condition
    on a symbol raises `Undecided`, for the caller to decide.
    """

    def __init__(self, spec: Spec, target: Convention, fold: bool, symbolic: bool) -> None:
        own = convention(spec.framework)
        self.spec = spec
        self.fold = fold
        self.symbolic = symbolic
        self.channel_axis = own.channel_axis
        self.defaults = cache(lambda kind_name: {**own.layout(kind_name), **target.choices(kind_name)})
        written = _count_nodes(spec.layers) + sum(_count_nodes(block.layers) for block in spec.blocks.values())
        self.allowance = algebra.Allowance(written + LIMITS.copies)
        self.budget = Budget(LIMITS.steps + 20 * written)
        self.add: Layer = kind("Add")()
        self.names: dict[int, list[str]] = {}
        self.mentioned: dict[int, frozenset[str]] = {}
        #: the names on the way to the node at hand, for messages
        self.trail: list[str] = []
        self.order = count()
        #: how many nodes called again are around the node at hand
        self.sharing = 0
        #: what flows out of the whole spec
        self.outputs: tuple[Flow, ...] = ()
        self.problems: dict[tuple[str, Path, str], Problem] = {}

    def root(self, dims: Values) -> Branch:
        """The tree of the whole spec. Raises `ParamcalcError` with all problems found."""
        self.dims = dims
        scope = Scope(self.spec.layers, ("layers",), None, (), dims, Inherited(), top=True)
        with algebra.allowing(self.allowance):
            children, output = self.sequence(scope)
        self.outputs = (output,) if output is not None and self.spec.outputs is None else ()
        for index, reference in enumerate(self.spec.outputs or ()):
            try:
                output = scope.output_of(reference)
                self.outputs = (*self.outputs, output)
            except ParamcalcError as error:
                self.report(error.within("outputs", index))
        if self.problems:
            raise ParamcalcError(self.problems.values())
        return Branch("", children, output.shape if output else (), role="model")

    def report(self, error: ParamcalcError) -> None:
        """Keep the problems of a node, and go on with the others."""
        for problem in error.problems:
            self.problems.setdefault(
                (problem.code, problem.path, problem.message),
                replace(problem, node=problem.node or ".".join(filter(None, self.trail))),
            )
        if len(self.problems) > LIMITS.problems:
            raise _Stop(self.problems.values())

    def spend(self, path: Path, evaluations: int = 1) -> None:
        """Take some of the evaluations that a spec may cost."""
        self.allowance.copies -= evaluations
        if self.allowance.copies < 0:
            problem = Problem(
                "limit",
                f"more than {LIMITS.copies:,} copies of nodes to evaluate beyond the nodes written",
                "copies that are alike cost nothing: these differ, by their counter or their input",
                path,
                node=".".join(self.trail),
            )
            raise _Stop([*self.problems.values(), problem])

    # --- nodes in sequence

    def sequence(self, scope: Scope) -> tuple[list[Tree], Flow | None]:
        """The trees of the nodes of a group, and what flows out of it."""
        previous = scope.inputs[0] if scope.inputs else None
        children: list[Tree] = []
        for place, (name, node) in enumerate(zip(self.names_of(scope.nodes), scope.nodes, strict=True)):
            entry = Entry(name, node, (*scope.path, place), scope, order=next(self.order))
            way = len(self.trail)
            self.trail.append(name)
            self.spend(entry.path)
            try:
                tree = self.node(entry, previous)
                if tree is not None:
                    children.append(tree)
            except _Stop:
                raise
            except ParamcalcError as error:
                self.report(error.within(*entry.path))
                entry.flow = BROKEN
            except Undecided as undecided:
                if self.symbolic:
                    raise
                self.report(undecided_problem(undecided).within(*entry.path))
                entry.flow = BROKEN
            # a refusal may have come from a copy further in
            del self.trail[way:]
            scope.entries[name] = entry
            previous = entry.flow
        return children, previous

    def names_of(self, nodes: Sequence[Node]) -> list[str]:
        """The names of the nodes of a group, worked out once."""
        if id(nodes) not in self.names:
            self.names[id(nodes)] = node_names(nodes)
        return self.names[id(nodes)]

    def node(self, entry: Entry, previous: Flow | None) -> Tree | None:
        """The tree of a node with all its copies; None where it is absent. Sets the entry's flow."""
        scope = entry.scope
        inputs = self.inputs(entry, previous)
        first = scope.first.entries.get(entry.name) if scope.first is not None else None
        if entry.node.times is not None:
            return self.repeat(entry, inputs, first)
        entry.flow = inputs[0] if inputs else None
        theirs = first.only_copy if first is not None else None
        copy = Copy(entry, entry.name, inputs, scope.values, scope.inherited, theirs)
        if not self.truth(copy, "when"):
            return None
        entry.copies.append(copy)
        tree = self.content(copy)
        entry.flow = copy.flow
        return tree

    def inputs(self, entry: Entry, previous: Flow | None) -> tuple[Flow, ...]:
        """What flows into a node."""
        node = entry.node
        if node.inputs is not None:
            flows: list[Flow] = []
            for index, reference in enumerate(node.inputs):
                try:
                    flows.append(entry.scope.output_of(reference))
                except ParamcalcError as error:
                    raise error.within("inputs", index) from None
            return tuple(flows)
        if previous is None or (node.layer is not None and not node.layer.inputs):
            return ()
        return (previous,)

    # --- copies

    def repeat(self, entry: Entry, inputs: tuple[Flow, ...], first: Entry | None) -> Tree | None:
        """The copies of a node, each on the one before; those that are alike stand there once."""
        node, scope = entry.node, entry.scope
        times = self.times(entry, inputs)
        counter = node.index if node.index in self.mentions(node) else None
        # references may go to the copies that are there already
        scope.entries[entry.name] = entry
        given, flow = inputs, inputs[0] if inputs else None
        trees: list[Tree] = []
        inherited = replace(scope.inherited, copies=bounded(scope.inherited.copies * times))
        for number in self.numbers(times):
            self.spend((*entry.path, "times"))
            values = scope.values if counter is None else {**scope.values, counter: number}
            theirs = first.copy(number) if first is not None else None
            copy = Copy(entry, str(number), inputs, values, inherited, theirs, number, number)
            self.trail.append(copy.label)
            tree = None
            if self.truth(copy, "when"):
                # before its content, which may refer to it
                entry.copies.append(copy)
                tree = self.content(copy)
            self.trail.pop()
            if tree is None:
                if counter is None:
                    break
                continue
            trees.append(tree)
            before, flow = flow, copy.flow
            inputs = (flow, *inputs[1:]) if inputs and flow else inputs
            if flow is None or flow.broken or (self.fold and not counter and alike_from_here(before, flow)):
                # what is left would be the same again
                copy.last = times - 1
                tree.times = times - number
                break
            if number == 1 and algebra.is_symbol(times):
                summed = self.progression(copy, counter, before, flow, times)
                if summed is not None:
                    trees[-1], flow = summed, Flow(summed.output, copy.leaf)
                    break
        entry.flow = flow
        return self.copies(entry.name, trees, flow, given) if trees else None

    def progression(
        self, second: Copy, counter: str | None, before: Flow | None, after: Flow | None, times: Number
    ) -> Branch | None:
        """The copies from the second on as one, with a symbol for its number; None where they are no such row.

        The first input is guessed to grow as it did from the second copy to the third, by a step
        or by a factor, and the guess is proved by what flows out.
        """
        if before is None or after is None or len(before.shape) != len(after.shape):
            return None
        number = algebra.counter()
        for grown in (algebra.by_steps, algebra.by_factors):
            shape = tuple(grown(size, then, number) for size, then in zip(before.shape, after.shape, strict=True))
            values = second.values if counter is None else {**second.values, counter: number}
            copy = replace(second, inputs=(Flow(shape, before.leaf), *second.inputs[1:]), values=values, scope=None)
            tree = self.attempt(copy, number)
            following = tuple(algebra.substituted(size, number, number + 1) for size in shape)
            if tree is not None and copy.flow is not None and all(map(algebra.same, copy.flow.shape, following)):
                tree.label = ""
                output = tuple(algebra.substituted(size, number, times) for size in shape)
                return Branch(second.label, [tree], output, role="copies", counter=(number, 1, times - 1))
        return None

    def attempt(self, copy: Copy, number: Number) -> Tree | None:
        """The tree of a copy with a symbol for its number; None where that decides too little."""
        problems, trail, spent = dict(self.problems), len(self.trail), self.budget.steps
        try:
            with algebra.assuming() as conditions:
                tree = self.content(copy) if self.truth(copy, "when") else None
        except (Undecided, ParamcalcError):
            tree = None
        if tree is None or len(self.problems) > len(problems) or algebra.mentions(conditions, number):
            self.problems, self.budget.steps = problems, spent
            del self.trail[trail:]
            return None
        for condition in conditions:
            algebra.assume(*condition)
        return tree

    def copies(self, label: str, trees: list[Tree], flow: Flow | None, inputs: tuple[Flow, ...]) -> Branch:
        """The tree of the copies of a node."""
        if self.fold and len(trees) > 1:
            trees = folded(trees)
        for tree in trees:
            tree.label = range_label(int(tree.label), tree.copies)
        return Branch(label, trees, flow.shape if flow else (), role="copies", inputs=inputs[:1])

    def times(self, entry: Entry, inputs: tuple[Flow, ...]) -> Number:
        """How many copies a node has."""
        times = entry.node.times
        if isinstance(times, Expression):
            with self.asking("times"):
                times = bounded(times.evaluate(self.environment(entry.scope.values, inputs)))
                if not algebra.is_number(times):
                    raise refuse("wrong-type", f"'times' takes a whole number, not {quoted(times)}")
        if not algebra.at_least(times, 0):
            raise refuse("invalid-value", f"'times' must be at least 0, not {quoted(times)}", path=("times",))
        return times

    def numbers(self, times: Number) -> Iterator[int]:
        """The numbers of the copies, as far as it is sure that there are so many."""
        if type(times) is int:
            yield from range(times)
        elif algebra.is_array(times):
            number = 0
            while algebra.truth(times > number):
                yield number
                number += 1
        else:
            algebra.assume("≥", algebra.needed(times), 1)
            yield from range(2)
            raise Undecided(times)

    def mentions(self, node: Node) -> frozenset[str]:
        """The names that a node and all in it mention."""
        found = self.mentioned.get(id(node))
        if found is None:
            found = frozenset().union(*(names for key, names in node.expressions() if key != "times"))
            for child in node.layers or ():
                found |= self.mentions(child) | names_in(child.times)
            self.mentioned[id(node)] = found
        return found

    # --- one copy

    def content(self, copy: Copy) -> Tree:
        """The tree of one copy of a node. Sets the copy's flow."""
        node = copy.entry.node
        if len(self.trail) > LIMITS.nesting:
            raise refuse("limit", f"more than {LIMITS.nesting} groups and blocks within one another")
        if any(flow.broken for flow in copy.inputs):
            copy.flow = BROKEN
            return Branch(copy.label, [], ())
        if node.trainable is not None:
            copy.inherited = replace(copy.inherited, trainable=self.truth(copy, "trainable"))
        if node.dtype is not None:
            copy.inherited = replace(copy.inherited, dtype=node.dtype)
        tree: Tree
        if node.layer is not None:
            tree = self.leaf(copy, node.layer)
        elif node.share is not None:
            tree = self.shared(copy, node.share)
        else:
            tree = self.group(copy)
        return self.residual(copy, tree) if self.truth(copy, "residual") else tree

    def group(self, copy: Copy) -> Branch:
        """The tree of a group, or of a block called."""
        entry, node = copy.entry, copy.entry.node
        first = copy.first.scope if copy.first is not None else None
        if node.block is not None:
            nodes, values = self.spec.blocks[node.block].layers, self.arguments(copy, node.block)
            path: Path = ("blocks", node.block, "layers")
            copy.scope = Scope(nodes, path, None, copy.inputs, values, copy.inherited, first)
        else:
            path = (*entry.path, "layers")
            nodes, horizon = node.layers or (), entry.order if first is not None else None
            copy.scope = Scope(nodes, path, entry.scope, copy.inputs, copy.values, copy.inherited, first, horizon)
        children, copy.flow = self.sequence(copy.scope)
        output = copy.flow.shape if copy.flow else ()
        return Branch(copy.label, children, output, block=node.block, inputs=copy.inputs)

    def arguments(self, copy: Copy, block: str) -> Values:
        """What the names in a block stand for: the dims and its arguments."""
        given = copy.entry.node.arguments
        result = dict(self.dims)
        for name, default in self.spec.blocks[block].arguments.items():
            if name in given:
                with self.asking("with", name):
                    result[name] = value_of(given[name], self.environment(copy.values, copy.inputs))
            else:
                result[name] = value_of(default, self.environment(result, copy.inputs))
        return result

    def leaf(self, copy: Copy, layer: Layer) -> Leaf:
        """A layer: its fields given values, its shapes inferred, its tensors listed."""
        name = type(layer).__name__
        try:
            layer = self.resolved(copy, layer)
            if not copy.inputs and layer.inputs and not layer.inputs[0].optional:
                hint = "begin with an Input, or name its 'inputs'"
                raise refuse("missing-input", f"{name} has no input to take", hint)
            left = self.allowance.copies
            outputs, tensors = layer.infer(*(flow.shape for flow in copy.inputs))
            copies = left - self.allowance.copies
            for output in outputs:
                check_output(name, output, copy.inputs)
            uses = [
                _use(tensor, copy.inherited)
                for tensor in tensors
                if tensor.when is True or algebra.truth(tensor.condition)
            ]
        except ParamcalcError as error:
            raise _at_kind(error, name) from None
        # its copies of layers have been taken
        self.spend(copy.entry.path, max(0, (len(tensors) - 1) // LIMITS.tensors - copies))
        leaf = Leaf(copy.label, layer, copy.inputs, outputs, uses, path=copy.entry.path)
        if self.sharing and uses:
            leaf.shared = True
            leaf.uses = borrowed(copy.first, uses)
        else:
            self.tie(copy, leaf)
        copy.leaf = leaf
        copy.flow = Flow(outputs[0], leaf)
        return leaf

    def resolved(self, copy: Copy, layer: Layer) -> Layer:
        """A layer with a value for every field: stated, of the first call, or by default."""
        if copy.first is not None and copy.first.leaf is not None:
            return copy.first.leaf.layer
        if not layer.is_resolved:
            environment = self.environment(copy.values, copy.inputs)
            layer = layer.resolved(lambda expression: bounded(expression.evaluate(environment)))
        return layer.with_defaults(self.defaults)

    def residual(self, copy: Copy, inside: Tree) -> Branch:
        """The tree of a node whose first input is added to its output."""
        flow = copy.flow
        if flow is None or not copy.inputs:
            raise refuse("missing-input", "'residual' adds the input of a node, and it has none", path=("residual",))
        if flow.broken:
            return Branch(copy.label, [inside], ())
        before = copy.inputs[0]
        if not agree(flow.shape, before.shape):
            raise refuse(
                "shape-mismatch",
                f"'residual' adds the input {shape_text(before.shape)} to the output"
                f" {shape_text(flow.shape)}, and they differ",
                path=("residual",),
            )
        if isinstance(inside, Leaf):
            inside.label = ""
            inside = Branch(copy.label, [inside], flow.shape, inputs=copy.inputs)
        taken = {child.label for child in inside.children}
        name = next(name for name in _numbered("add") if name not in taken)
        outputs, _ = self.add.infer(flow.shape, before.shape)
        inside.output = outputs[0]
        leaf = Leaf(name, self.add, (flow, before), outputs, [], path=copy.entry.path)
        copy.flow = Flow(inside.output, leaf)
        inside.children.append(leaf)
        return inside

    # --- sharing and ties

    def shared(self, copy: Copy, reference: str) -> Tree:
        """The tree of an earlier node called again: its tensors are those of the first call."""
        with self.asking("share"):
            if copy.entry.target is None:
                copy.entry.target = copy.entry.scope.find(reference)
            target, first = copy.entry.target
            if not target.copies:
                raise refuse("unknown-node", f"'{reference}' is absent, so that it cannot be shared")
        again = replace(target, name=copy.label, copies=[], flow=None)
        self.sharing += 1
        self.trail.append(reference)
        try:
            if first is not None:
                called = replace(copy, entry=again, values=first.values, first=first)
                tree: Tree | None = self.content(called)
                copy.flow, copy.leaf, copy.scope = called.flow, called.leaf, called.scope
            else:
                # the copies have names of their own here, and not in the scope of the target
                again.scope = replace(target.scope, parent=target.scope, entries={})
                tree = self.repeat(again, copy.inputs, target)
                copy.flow = again.flow
            return tree or Branch(copy.label, [], copy.inputs[0].shape if copy.inputs else ())
        except _Stop:
            raise
        except ParamcalcError as error:
            # what goes wrong, goes wrong at this place
            problem = error.problems[0]
            message = problem.message
            if ", shared here: " not in message:
                message = f"'{reference}', shared here: {message}"
            raise refuse(problem.code, message, problem.hint, ("share",)) from None
        finally:
            self.trail.pop()
            self.sharing -= 1

    def tie(self, copy: Copy, leaf: Leaf) -> None:
        """Make tensors of a leaf the same numbers as those of another."""
        for name, target in copy.entry.node.tie.items():
            with self.asking("tie", name, at_key=True):
                use = tensor_of(leaf, name, type(leaf.layer).__name__)
            with self.asking("tie", name):
                owner_leaf = self.owner_leaf(copy, target)
                owner = tensor_of(owner_leaf, target.rpartition(".")[2], f"'{target.rpartition('.')[0]}'")
                if not same_numbers(use.tensor.shape, owner.tensor.shape):
                    raise refuse(
                        "tie-mismatch",
                        f"'{name}' has the shape {plain_shape(use.tensor.shape)}, and '{target}' the shape"
                        f" {plain_shape(owner.tensor.shape)}: neither the same nor its transpose",
                    )
            use.owner, use.owner_leaf = owner.owner or owner, owner.owner_leaf or owner_leaf
            use.tied_as = target
            use.trainable, use.dtype = use.owner.trainable, use.owner.dtype

    def owner_leaf(self, copy: Copy, target: str) -> Leaf:
        """The layer of the tensor that a path names."""
        path = target.rpartition(".")[0]
        entry, owner = copy.entry.scope.find(path)
        if owner is None and entry.node.times is not None:
            raise refuse("missing-counter", f"'{path}' is repeated: say which copy, as in {path}.0")
        if owner is None or owner.leaf is None:
            raise refuse("unknown-tensor", f"'{path}' is no layer that owns tensors")
        return owner.leaf

    # --- the values of keys

    def environment(self, values: Values, inputs: tuple[Flow, ...]) -> Environment:
        """What the expressions of a node may ask for."""
        first = inputs[0].shape if inputs and not inputs[0].broken else None
        return Environment(values, first, self.channel_axis, self.budget)

    @contextmanager
    def asking(self, *keys: str, at_key: bool = False) -> Iterator[None]:
        """Say of a refusal which key of the node it is about."""
        try:
            yield
        except ParamcalcError as error:
            raise ParamcalcError(
                replace(problem.within(*keys), at_key=at_key or problem.at_key) for problem in error.problems
            ) from None
        except Undecided as undecided:
            if self.symbolic:
                raise
            raise undecided_problem(undecided).within(*keys) from None

    def truth(self, copy: Copy, key: str) -> bool:
        """The value of a key of a node that is a condition."""
        value = getattr(copy.entry.node, key)
        if value is True or value is False:
            return value
        if isinstance(value, Expression):
            with self.asking(key):
                value = value.evaluate(self.environment(copy.values, copy.inputs))
                if not (isinstance(value, bool) or algebra.is_symbol(value) or algebra.is_array(value)):
                    raise refuse("wrong-type", f"'{key}' takes true or false, not {quoted(value)}")
                return algebra.truth(value)
        return algebra.truth(value)


class _Stop(ParamcalcError):
    """A refusal that ends the evaluation: a limit, or more problems than are reported."""


def value_of(value: Value, environment: Environment) -> Any:
    """The value of a dim or an argument: expressions evaluated, also those in a list."""
    if isinstance(value, Expression):
        return value.evaluate(environment)
    if isinstance(value, (tuple, list)):
        return bounded(tuple(value_of(item, environment) for item in value))
    return value if isinstance(value, bool) else bounded(algebra.as_number(value))


def undecided_problem(undecided: Undecided) -> ParamcalcError:
    """The refusal where one value is needed, and there is none, or are many."""
    if isinstance(undecided.value, Unknown):
        names, hint = _free(undecided.names)
        return refuse("free-dim", f"the value of {names} is needed here", hint)
    return refuse("not-one-value", "a condition, a list or a counter depends on a dim that is an array")


def _free(names: frozenset[str]) -> tuple[str, str]:
    """Free dims as messages name them, and the way out."""
    dims = sorted(names - {Unknown.NULL})
    if not dims:
        return Unknown.NULL, "write a number or the name of a dim in its place"
    first = quoted(dims[0])[1:-1]
    return ", ".join(f"'{name}'" for name in dims), f"give it one: --set {first}=…, or dims={{'{first}': …}}"


def _use(tensor: Tensor, inherited: Inherited) -> Use:
    """A tensor with what its group states of it."""
    if len(tensor.shape) > LIMITS.axes:
        raise refuse("limit", f"the tensor '{tensor.name}' has more than {LIMITS.axes} axes")
    elements = bounded(algebra.product(tensor.shape))
    if isinstance(elements, Unknown):
        names, hint = _free(elements.sources)
        raise refuse("free-dim", f"the size of the tensor '{tensor.name}' depends on {names}", hint)
    trainable = tensor.role == "parameter" and not tensor.frozen and inherited.trainable
    return Use(tensor, elements, trainable, tensor.dtype or inherited.dtype)


def _count_nodes(nodes: Sequence[Node]) -> int:
    return sum(1 + (_count_nodes(node.layers) if node.layers else 0) for node in nodes)


def _numbered(base: str) -> Iterator[str]:
    yield base
    number = 1
    while True:
        yield f"{base}_{number}"
        number += 1


def _at_kind(error: ParamcalcError, name: str) -> ParamcalcError:
    """The refusal at the kind's key, or at the field that it names."""
    return ParamcalcError(
        problem.within(name) if problem.path else replace(problem, path=(name,), at_key=True)
        for problem in error.problems
    )
