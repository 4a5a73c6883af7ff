"""Spec to graph: order, shapes, repeats, sharing and ties.

The result is a tree as the spec is one: a `Branch` for a group, a `Leaf` for a layer. Copies of
a repeated node that are alike are evaluated once and stand there once, with their number, so
that the cost does not grow with `times`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from paramcalc import algebra
from paramcalc.algebra import Number, Shape, Undecided, Unknown
from paramcalc.conventions import Convention, convention
from paramcalc.errors import LIMITS, ParamcalcError, Path, Problem, listed, quoted, refuse, suggest
from paramcalc.expression import Budget, Environment, Expression, bounded, unknown_dim
from paramcalc.layer import Layer, Tensor, kind, shape_text
from paramcalc.spec import Node, Spec, Value, names_in, node_names

Values: TypeAlias = Mapping[str, Any]


@dataclass(slots=True, eq=False)
class Use:
    """A tensor of a leaf: its own, or one tied to another's."""

    tensor: Tensor
    elements: Number
    trainable: Any
    dtype: str
    #: the tensor whose numbers these are, and its path
    owner: Use | None = None
    owner_path: str | None = None


@dataclass(slots=True, eq=False)
class Leaf:
    """A layer at its place in the graph."""

    label: str
    layer: Layer
    inputs: tuple[Flow, ...]
    output: Shape
    #: its own tensors; of a shared layer, those of the first place
    uses: list[Use]
    shared: bool = False
    times: Number = 1
    #: where the spec says it
    path: Path = ()
    #: names of the groups around it and its own, joined by dots; given once the tree is whole
    name: str = ""
    #: the leaf that stands for it, where its copy was made one with another
    alike: Leaf | None = None

    @property
    def standing(self) -> Leaf:
        """The leaf of the tree that stands for this one."""
        leaf = self
        while leaf.alike is not None:
            leaf = leaf.alike
        return leaf

    @property
    def input_shapes(self) -> tuple[Shape, ...]:
        """The shapes that it is given."""
        return tuple(flow.shape for flow in self.inputs)


@dataclass(slots=True, eq=False)
class Branch:
    """A group, or the copies of a repeated node."""

    label: str
    children: list[Leaf | Branch]
    output: Shape
    times: Number = 1
    #: what it is: "group", the name of the block that was called, or "copies"
    kind: str = "group"
    inputs: tuple[Flow, ...] = ()
    name: str = ""


Tree: TypeAlias = Leaf | Branch


@dataclass(slots=True, eq=False)
class Flow:
    """What goes from one node to another: a shape, and the leaf that it comes from."""

    shape: Shape
    leaf: Leaf | None = None
    #: whether an error stands before it, so that nothing can be said of it
    broken: bool = False


_BROKEN = Flow((), broken=True)


@dataclass(slots=True, eq=False)
class _Copy:
    """One copy of a node, or a run of copies that are alike."""

    values: Values
    first: int = 0
    last: Number = 0
    flow: Flow | None = None
    leaf: Leaf | None = None
    scope: _Scope | None = None


@dataclass(slots=True, eq=False)
class _Entry:
    """What a name in a scope stands for."""

    node: Node
    path: Path
    scope: _Scope
    copies: list[_Copy] = field(default_factory=list)
    flow: Flow | None = None


@dataclass(slots=True, eq=False)
class _Scope:
    """The names of a group while it is evaluated. A block's has no parent: it sees no caller."""

    parent: _Scope | None
    inputs: tuple[Flow, ...]
    entries: dict[str, _Entry] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Inherited:
    """What the nearest group states for the nodes in it."""

    trainable: Any = True
    dtype: str = "float32"


@dataclass(frozen=True, slots=True)
class Graph:
    """A spec with every shape inferred."""

    root: Branch
    dims: dict[str, Value]

    def leaves(self) -> Iterator[tuple[Leaf, Number]]:
        """The leaves in order of the graph, each with the number of its copies."""
        return _leaves(self.root, 1)


def _leaves(tree: Tree, times: Number) -> Iterator[tuple[Leaf, Number]]:
    times = times * tree.times
    if isinstance(tree, Leaf):
        yield tree, times
    else:
        for child in tree.children:
            yield from _leaves(child, times)


def dim_values(spec: Spec, given: Mapping[str, Value] | None = None) -> dict[str, Value]:
    """The value of every dim of a spec; a free one is an `Unknown` of its name.

    `given` replaces what the spec states, for derived dims too: numbers, arrays, symbols.
    Raises `ParamcalcError`, among others `unknown-dim`.
    """
    given = given or {}
    for name in given:
        if name not in spec.dims:
            raise unknown_dim(name, spec.dims)
    values: dict[str, Value] = {}
    budget = Budget()
    for name, stated in spec.dims.items():
        value = given.get(name, stated)
        if value is None:
            values[name] = Unknown(name)
            continue
        try:
            values[name] = _value(value, Environment(values, budget=budget))
        except ParamcalcError as error:
            raise error.within("dims", name) from None
        except Undecided as undecided:
            raise undecided_problem(undecided).within("dims", name) from None
    return values


def _value(value: Value, environment: Environment) -> Any:
    if isinstance(value, Expression):
        return value.evaluate(environment)
    if isinstance(value, (tuple, list)):
        return bounded(tuple(_value(item, environment) for item in value))
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


def evaluate(
    spec: Spec,
    convention_name: str | None = None,
    dims: Mapping[str, Value] | None = None,
    fold: bool = True,
    symbolic: bool = False,
) -> Graph:
    """The graph of a spec under a convention, its shapes inferred and checked.

    `dims` replaces values of dims; `fold` makes one of copies that are alike; in a `symbolic`
    evaluation `Undecided` is raised for the caller to decide. Raises `ParamcalcError` with all
    problems found.
    """
    values = dim_values(spec, dims)
    evaluation = _Evaluation(spec, convention(convention_name or spec.framework), fold, symbolic)
    root = evaluation.root(values)
    _name(root, "")
    return Graph(root, values)


def _name(tree: Tree, prefix: str) -> None:
    name = f"{prefix}.{tree.label}" if prefix and tree.label else prefix or tree.label
    tree.name = name
    if isinstance(tree, Branch):
        for child in tree.children:
            _name(child, name)


class _Evaluation:
    """One walk through a spec."""

    def __init__(self, spec: Spec, target: Convention, fold: bool, symbolic: bool) -> None:
        own = convention(spec.framework)
        self.spec = spec
        self.fold = fold
        self.symbolic = symbolic
        self.channel_axis = own.channel_axis
        self.defaults: dict[str, dict[str, Any]] = {}
        for table in (own.layout, target.choices):
            for name, values in table.items():
                self.defaults[name] = {**self.defaults.get(name, {}), **values}
        written = _count_nodes(spec.layers) + sum(_count_nodes(block.layers) for block in spec.blocks.values())
        self.evaluations_left = written + LIMITS.copies
        self.budget = Budget(LIMITS.steps + 20 * written)
        self.add: Layer = kind("Add")()
        self.names: dict[int, list[str]] = {}
        self.mentioned: dict[int, frozenset[str]] = {}
        self.trail: list[str] = []
        self.sharing = 0
        self.multiplicity: list[Number] = [1]
        self.problems: dict[tuple[str, Path, str], Problem] = {}

    def root(self, values: Values) -> Branch:
        """The tree of the whole spec."""
        self.dims = values
        self.top = scope = _Scope(None, ())
        children, output = self.sequence(self.spec.layers, ("layers",), scope, values, _Inherited(), None)
        for index, reference in enumerate(self.spec.outputs or ()):
            try:
                output = self.output_of(reference, scope)
            except ParamcalcError as error:
                self.report(error.within("outputs", index))
        if self.problems:
            raise ParamcalcError(self.problems.values())
        return Branch("", children, output.shape if output else ())

    def report(self, error: ParamcalcError) -> None:
        """Keep the problems of a node, and go on with the others."""
        for problem in error.problems:
            self.problems.setdefault(
                (problem.code, problem.path, problem.message),
                replace(problem, node=problem.node or ".".join(filter(None, self.trail))),
            )
        if len(self.problems) > LIMITS.problems:
            raise _Stop(self.problems.values())

    def spend(self, path: Path) -> None:
        """Take one of the evaluations that a spec may cost."""
        self.evaluations_left -= 1
        if self.evaluations_left < 0:
            problem = Problem(
                "limit",
                f"more than {LIMITS.copies:,} copies of nodes to evaluate beyond the nodes written",
                "copies that are alike cost nothing: these differ, by their counter or their input",
                path,
                node=".".join(self.trail),
            )
            raise _Stop([*self.problems.values(), problem])

    # --- groups

    def sequence(
        self,
        nodes: Sequence[Node],
        path: Path,
        scope: _Scope,
        values: Values,
        inherited: _Inherited,
        owner: _Scope | None,
    ) -> tuple[list[Tree], Flow | None]:
        """The trees of the nodes of a group, and what flows out of it."""
        previous = scope.inputs[0] if scope.inputs else None
        children: list[Tree] = []
        if id(nodes) not in self.names:
            self.names[id(nodes)] = node_names(nodes)
        for place, (name, node) in enumerate(zip(self.names[id(nodes)], nodes, strict=True)):
            entry = _Entry(node, (*path, place), scope)
            self.trail.append(name)
            self.spend(entry.path)
            try:
                tree = self.node(entry, name, previous, values, inherited, owner and owner.entries.get(name))
                if tree is not None:
                    children.append(tree)
            except _Stop:
                raise
            except ParamcalcError as error:
                self.report(error.within(*entry.path))
                entry.flow = _BROKEN
            except Undecided as undecided:
                if self.symbolic:
                    raise
                self.report(undecided_problem(undecided).within(*entry.path))
                entry.flow = _BROKEN
            self.trail.pop()
            scope.entries[name] = entry
            previous = entry.flow
        return children, previous

    def node(
        self,
        entry: _Entry,
        name: str,
        previous: Flow | None,
        values: Values,
        inherited: _Inherited,
        owner: _Entry | None,
    ) -> Tree | None:
        """The tree of a node with all its copies; None where it is absent. Sets the entry's flow."""
        node = entry.node
        inputs = self.inputs(node, entry.scope, previous)
        if node.times is not None:
            return self.repeat(entry, name, inputs, values, inherited, owner)
        entry.flow = inputs[0] if inputs else None
        if node.when is not True and not self.truth(node, "when", values, inputs):
            return None
        copy = _Copy(values)
        entry.copies.append(copy)
        tree = self.content(entry, copy, name, inputs, inherited, owner.copies[0] if owner else None)
        entry.flow = copy.flow
        return tree

    def inputs(self, node: Node, scope: _Scope, previous: Flow | None) -> tuple[Flow, ...]:
        """What flows into a node."""
        if node.inputs is not None:
            flows: list[Flow] = []
            for index, reference in enumerate(node.inputs):
                try:
                    flows.append(self.output_of(reference, scope))
                except ParamcalcError as error:
                    raise error.within("inputs", index) from None
            return tuple(flows)
        if previous is None or (node.layer is not None and not node.layer.inputs):
            return ()
        return (previous,)

    # --- copies

    def repeat(
        self,
        entry: _Entry,
        name: str,
        inputs: tuple[Flow, ...],
        values: Values,
        inherited: _Inherited,
        owner: _Entry | None,
    ) -> Tree | None:
        """The copies of a node, each on the one before; those that are alike stand there once."""
        node = entry.node
        times = self.number(node, "times", values, inputs)
        if not algebra.at_least(times, 0):
            raise refuse("invalid-value", f"'times' must be at least 0, not {quoted(times)}", path=("times",))
        counted = node.index is not None and node.index in self.mentions(node)
        self.multiplicity.append(bounded(self.multiplicity[-1] * times))
        # references may go to the copies that are there already
        entry.scope.entries[name] = entry
        flow = inputs[0] if inputs else None
        first, copies, number = inputs[:1], [], 0
        while self.more(times, number):
            self.spend((*entry.path, "times"))
            copy = _Copy({**values, node.index: number} if counted else values, number, number)
            self.trail.append(str(number))
            if node.when is True or self.truth(node, "when", copy.values, inputs):
                entry.copies.append(copy)
                theirs = _find_copy(owner, number) if owner else None
                copies.append(self.content(entry, copy, str(number), inputs, inherited, theirs))
                before, flow = flow, copy.flow
                inputs = (flow, *inputs[1:]) if inputs and flow else inputs
                if flow is None or flow.broken or (self.fold and not counted and _alike_from_here(before, flow)):
                    copy.last = times - 1
                    copies[-1].times = times - number
                    number = times
            elif not counted:
                number = times
            self.trail.pop()
            if number is times:
                break
            number += 1
            self.bound(times, number)
        self.multiplicity.pop()
        entry.flow = flow
        if not copies:
            return None
        if self.fold:
            copies = _folded(copies)
        for tree in copies:
            tree.label = _range_label(int(tree.label), tree.times)
        return Branch(name, copies, flow.shape if flow else (), kind="copies", inputs=first)

    def more(self, times: Number, number: int) -> bool:
        """Whether there is a copy of this number."""
        if number == 0:
            return self.at_least_one(times)
        return bool(number < times) if type(times) is int else True

    def at_least_one(self, times: Number) -> bool:
        """Whether there is a first copy; of a symbolic number, it is assumed."""
        if type(times) is int:
            return times > 0
        if algebra.is_symbol(times):
            algebra.assume("≥", times, 1)
            return True
        if algebra.is_array(times) and not (times > 0).all():
            return algebra.truth(times > 0)
        algebra.needed(times)
        return True

    def bound(self, times: Number, number: int) -> None:
        """Go on to another copy only where it is sure that there is one."""
        if type(times) is int or (algebra.is_array(times) and bool((times > number).all())):
            return
        if algebra.is_symbol(times) and number == 1:
            algebra.at_least(times, 2)
            return
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

    def content(
        self,
        entry: _Entry,
        copy: _Copy,
        label: str,
        inputs: tuple[Flow, ...],
        inherited: _Inherited,
        owner: _Copy | None,
    ) -> Tree:
        """The tree of one copy of a node. Sets the copy's flow."""
        node = entry.node
        if node.trainable is not None or node.dtype is not None:
            inherited = _Inherited(
                inherited.trainable
                if node.trainable is None
                else self.truth(node, "trainable", copy.values, inputs),
                node.dtype or inherited.dtype,
            )
        if len(self.trail) > LIMITS.nesting:
            raise refuse("limit", f"more than {LIMITS.nesting} groups and blocks within one another")
        if any(flow.broken for flow in inputs):
            copy.flow = _BROKEN
            return Branch(label, [], ())
        tree: Tree
        if node.layer is not None:
            tree = self.leaf(entry, copy, label, inputs, inherited, owner)
        elif node.share is not None:
            tree = self.shared(entry, copy, label, inputs, inherited)
        else:
            tree = self.group(entry, copy, label, inputs, inherited, owner)
        if node.residual is not False and self.truth(node, "residual", copy.values, inputs):
            tree = self.residual(copy, label, tree, inputs)
        return tree

    def group(
        self,
        entry: _Entry,
        copy: _Copy,
        label: str,
        inputs: tuple[Flow, ...],
        inherited: _Inherited,
        owner: _Copy | None,
    ) -> Branch:
        """The tree of a group or of a block called."""
        node = entry.node
        if node.block is not None:
            block = self.spec.blocks[node.block]
            values = self.arguments(node, copy.values, inputs)
            nodes, path = block.layers, ("blocks", node.block, "layers")
            copy.scope = _Scope(None, inputs)
        else:
            nodes, path, values = node.layers or (), (*entry.path, "layers"), copy.values
            copy.scope = _Scope(entry.scope, inputs)
        children, flow = self.sequence(nodes, path, copy.scope, values, inherited, owner and owner.scope)
        copy.flow = flow
        return Branch(label, children, flow.shape if flow else (), kind=node.block or "group", inputs=inputs)

    def arguments(self, node: Node, values: Values, inputs: tuple[Flow, ...]) -> Values:
        """What the names in a block stand for: the dims and its arguments."""
        assert node.block is not None
        result = dict(self.dims)
        for name, default in self.spec.blocks[node.block].arguments.items():
            if name in node.arguments:
                try:
                    result[name] = _value(node.arguments[name], self.environment(values, inputs))
                except ParamcalcError as error:
                    raise error.within("with", name) from None
            else:
                result[name] = _value(default, self.environment(result, inputs))
        return result

    def leaf(
        self,
        entry: _Entry,
        copy: _Copy,
        label: str,
        inputs: tuple[Flow, ...],
        inherited: _Inherited,
        owner: _Copy | None,
    ) -> Leaf:
        """A layer: its fields given values, its shapes inferred, its tensors listed."""
        node = entry.node
        assert node.layer is not None
        name = type(node.layer).__name__
        layer = owner.leaf.layer if owner and owner.leaf else node.layer
        try:
            if not layer.is_resolved:
                environment = self.environment(copy.values, inputs)
                layer = layer.resolved(lambda expression: bounded(expression.evaluate(environment)))
            if name in self.defaults:
                layer = layer.with_defaults(self.defaults[name])
            if not inputs and not layer.variadic and layer.inputs and not layer.inputs[0].optional:
                raise refuse("missing-input", f"{name} has no input to take", "begin with an Input, or name its 'inputs'")
            output, tensors = layer.infer(*(flow.shape for flow in inputs))
            _check_output(name, output, inputs)
            uses = [
                self.use(tensor, inherited)
                for tensor in tensors
                if tensor.when is True or algebra.truth(tensor.condition)
            ]
        except ParamcalcError as error:
            raise _at_kind(error, name) from None
        leaf = Leaf(label, layer, inputs, output, uses, path=entry.path)
        if self.sharing and uses:
            leaf.shared = True
            leaf.uses = _borrowed(owner, uses)
        elif node.tie:
            self.tie(node, leaf, entry.scope)
        copy.leaf = leaf
        copy.flow = Flow(output, leaf)
        return leaf

    def use(self, tensor: Tensor, inherited: _Inherited) -> Use:
        """A tensor with what its group states of it."""
        if len(tensor.shape) > LIMITS.axes:
            raise refuse("limit", f"the tensor '{tensor.name}' has more than {LIMITS.axes} axes")
        elements = bounded(algebra.product(tensor.shape))
        if isinstance(elements, Unknown):
            names, hint = _free(elements.sources)
            raise refuse("free-dim", f"the size of the tensor '{tensor.name}' depends on {names}", hint)
        trainable = tensor.role == "parameter" and inherited.trainable
        return Use(tensor, elements, trainable, tensor.dtype or inherited.dtype)

    def residual(self, copy: _Copy, label: str, inside: Tree, inputs: tuple[Flow, ...]) -> Branch:
        """The tree of a node whose first input is added to its output."""
        flow = copy.flow
        if flow is None or not inputs:
            raise refuse("missing-input", "'residual' adds the input of a node, and it has none", path=("residual",))
        if flow.broken:
            return Branch(label, [inside], ())
        before = inputs[0]
        agree = len(flow.shape) == len(before.shape) and all(map(algebra.equal, flow.shape, before.shape))
        if not agree:
            raise refuse(
                "shape-mismatch",
                f"'residual' adds the input {shape_text(before.shape)} to the output"
                f" {shape_text(flow.shape)}, and they differ",
                path=("residual",),
            )
        taken = {child.label for child in inside.children} if isinstance(inside, Branch) else set()
        name = next(name for name in _numbered("add") if name not in taken)
        output, _ = self.add.infer(flow.shape, before.shape)
        leaf = Leaf(name, self.add, (flow, before), output, [])
        copy.flow = Flow(output, leaf)
        if isinstance(inside, Branch):
            inside.children.append(leaf)
            inside.output = output
            return inside
        inside.label = ""
        return Branch(label, [inside, leaf], output, inputs=inputs)

    # --- references

    def output_of(self, reference: str, scope: _Scope) -> Flow:
        """What flows out of the node that a reference names."""
        parts = reference.split(".")
        if parts[0] == "input" and scope is not self.top:
            place = int(parts[1]) if len(parts) == 2 and parts[1].isdigit() and len(parts[1]) < 9 else 0
            if len(parts) > 2 or (len(parts) == 2 and not parts[1].isdigit()) or place >= len(scope.inputs):
                raise refuse(
                    "unknown-node",
                    f"{quoted(reference)} is no input of this group, which is given {len(scope.inputs)}",
                    "'input' is the first, 'input.1' the second",
                )
            return scope.inputs[place]
        entry, copy = self.find(reference, scope)
        flow = copy.flow if copy is not None and entry.node.times is not None else entry.flow
        if flow is None:
            raise refuse("missing-input", f"nothing flows out of '{reference}'")
        return flow

    def find(self, reference: str, scope: _Scope) -> tuple[_Entry, _Copy | None]:
        """The entry that a path names, and its copy where the path says which."""
        parts = reference.split(".")
        within: _Scope | None = scope
        while within is not None and parts[0] not in within.entries:
            within = within.parent
        if within is None:
            names = sorted(self.names_in_sight(scope))
            hint = suggest(parts[0], names) or listed("earlier nodes", names)
            raise refuse("unknown-node", f"no earlier node '{parts[0]}' is in sight", hint)
        entry = within.entries[parts[0]]
        copy = self.only_copy(entry)
        rest = parts[1:]
        while rest:
            if entry.node.times is not None:
                if not rest[0].isdigit() or len(rest[0]) > LIMITS.digits:
                    raise refuse(
                        "missing-counter",
                        f"'{reference}' goes into a repeated node without saying which copy",
                        "the counter follows its name, from 0: body.0",
                    )
                copy = _find_copy(entry, int(rest.pop(0)))
                if copy is None:
                    raise refuse("unknown-node", f"there is no such copy as '{reference}' names, or not yet")
                if not rest:
                    break
            inside = copy.scope if copy is not None else None
            if inside is None or rest[0] not in inside.entries:
                names = inside.entries if inside is not None else ()
                hint = suggest(rest[0], names) or listed("it holds", names)
                raise refuse("unknown-node", f"there is no '{rest[0]}' in '{reference}'", hint)
            entry = inside.entries[rest.pop(0)]
            copy = self.only_copy(entry)
        return entry, copy

    def only_copy(self, entry: _Entry) -> _Copy | None:
        """The copy of a node that is not repeated."""
        return entry.copies[0] if entry.node.times is None and entry.copies else None

    def names_in_sight(self, scope: _Scope | None) -> Iterator[str]:
        while scope is not None:
            yield from scope.entries
            scope = scope.parent

    def shared(
        self, entry: _Entry, copy: _Copy, label: str, inputs: tuple[Flow, ...], inherited: _Inherited
    ) -> Tree:
        """The tree of another node called again: its tensors are those of the first place."""
        node = entry.node
        assert node.share is not None
        try:
            target, theirs = self.find(node.share, entry.scope)
        except ParamcalcError as error:
            raise error.within("share") from None
        if not target.copies:
            raise refuse("unknown-node", f"'{node.share}' is absent, so that it cannot be shared", path=("share",))
        again = _Entry(target.node, target.path, target.scope)
        self.sharing += 1
        self.trail.append(node.share)
        try:
            if target.node.times is not None and theirs is None:
                hidden = replace(again, scope=_Scope(target.scope, target.scope.inputs))
                tree = self.repeat(hidden, label, inputs, target.copies[0].values, inherited, target)
                copy.flow = hidden.flow
                return tree or Branch(label, [], inputs[0].shape if inputs else ())
            assert theirs is not None
            copy.values = theirs.values
            return self.content(again, copy, label, inputs, inherited, theirs)
        except _Stop:
            raise
        except ParamcalcError as error:
            # what goes wrong, goes wrong at this place
            problem = error.problems[0]
            message = problem.message
            if ", shared here: " not in message:
                message = f"'{node.share}', shared here: {message}"
            raise refuse(problem.code, message, problem.hint, ("share",)) from None
        finally:
            self.trail.pop()
            self.sharing -= 1

    def tie(self, node: Node, leaf: Leaf, scope: _Scope) -> None:
        """Make tensors of a leaf the same numbers as those of another."""
        for name, target in node.tie.items():
            try:
                use = _tensor_of(leaf, name, type(leaf.layer).__name__)
            except ParamcalcError as error:
                raise ParamcalcError(replace(problem, path=("tie", name), at_key=True) for problem in error.problems) from None
            try:
                path, _, tensor_name = target.rpartition(".")
                entry, copy = self.find(path, scope)
                if copy is None and entry.node.times is not None:
                    raise refuse("missing-counter", f"'{path}' is repeated: say which copy, as in {path}.0")
                if copy is None or copy.leaf is None:
                    raise refuse("unknown-tensor", f"'{path}' is no layer that owns tensors")
                owner = _tensor_of(copy.leaf, tensor_name, f"'{path}'")
            except ParamcalcError as error:
                raise error.within("tie", name) from None
            if not _same_numbers(use.tensor.shape, owner.tensor.shape):
                raise refuse(
                    "tie-mismatch",
                    f"'{name}' has the shape {_plain_shape(use.tensor.shape)}, and '{target}' the shape"
                    f" {_plain_shape(owner.tensor.shape)}: neither the same nor its transpose",
                    path=("tie", name),
                )
            use.owner_path = owner.owner_path or target
            use.owner = owner.owner or owner
            use.trainable, use.dtype = use.owner.trainable, use.owner.dtype

    # --- values of keys

    def environment(self, values: Values, inputs: tuple[Flow, ...]) -> Environment:
        """What the expressions of a node may ask for."""
        first = inputs[0].shape if inputs and not inputs[0].broken else None
        return Environment(values, first, self.channel_axis, self.budget)

    @contextmanager
    def asking(self, key: str) -> Iterator[None]:
        """Say of a refusal which key of the node it is about."""
        try:
            yield
        except ParamcalcError as error:
            raise error.within(key) from None
        except Undecided as undecided:
            if self.symbolic:
                raise
            raise undecided_problem(undecided).within(key) from None

    def number(self, node: Node, key: str, values: Values, inputs: tuple[Flow, ...]) -> Number:
        """The value of a key that is a number."""
        value = getattr(node, key)
        if not isinstance(value, Expression):
            return value
        with self.asking(key):
            result = bounded(value.evaluate(self.environment(values, inputs)))
            if not algebra.is_number(result):
                raise refuse("wrong-type", f"'{key}' takes a whole number, not {quoted(result)}")
        return result

    def truth(self, node: Node, key: str, values: Values, inputs: tuple[Flow, ...]) -> bool:
        """The value of a key that is a condition."""
        value = getattr(node, key)
        if not isinstance(value, Expression):
            return algebra.truth(value)
        with self.asking(key):
            result = value.evaluate(self.environment(values, inputs))
            if not (isinstance(result, bool) or algebra.is_symbol(result) or algebra.is_array(result)):
                raise refuse("wrong-type", f"'{key}' takes true or false, not {quoted(result)}")
            decided = algebra.truth(result)
        return decided


class _Stop(ParamcalcError):
    """A refusal that ends the evaluation: a limit, or more problems than are reported."""


def _count_nodes(nodes: Sequence[Node]) -> int:
    return sum(1 + (_count_nodes(node.layers) if node.layers else 0) for node in nodes)


def _numbered(base: str) -> Iterator[str]:
    yield base
    number = 1
    while True:
        yield f"{base}_{number}"
        number += 1


def _find_copy(entry: _Entry, number: int) -> _Copy | None:
    for copy in entry.copies:
        if copy.first <= number and not (type(copy.last) is int and number > copy.last):
            return copy
    return None


def _alike_from_here(before: Flow | None, after: Flow) -> bool:
    """Whether a copy gives the next one just what it was given itself."""
    if before is None:
        return True
    return len(before.shape) == len(after.shape) and all(map(algebra.same, before.shape, after.shape))


def _folded(copies: list[Tree]) -> list[Tree]:
    """Copies in sequence, those next to one another that are alike made one."""
    result = copies[:1]
    last = _signature(copies[0])
    for tree in copies[1:]:
        signature = _signature(tree)
        before = result[-1]
        follows = int(tree.label) == int(before.label) + before.times if type(before.times) is int else False
        if signature == last and follows:
            before.times = before.times + tree.times
            for one, (other, _) in zip(_leaves(tree, 1), _leaves(before, 1), strict=True):
                one[0].alike = other
        else:
            result.append(tree)
        last = signature
    return result


def _signature(tree: Tree) -> Any:
    """What makes copies alike: their layers' kinds, shapes and tensors."""
    if isinstance(tree, Branch):
        return (
            _hashable(tree.output),
            tuple((child.label, _hashable((child.times,)), _signature(child)) for child in tree.children),
        )
    uses = tuple(
        (use.tensor.name, _hashable(use.tensor.shape), use.trainable, use.dtype, use.owner_path) for use in tree.uses
    )
    return (type(tree.layer).__name__, _hashable(tree.output), tree.shared, uses)


def _hashable(sizes: Shape) -> tuple[Any, ...]:
    return tuple(tuple(size.flat) if algebra.is_array(size) else size for size in sizes)


def _range_label(first: int, times: Number) -> str:
    if type(times) is int:
        return str(first) if times == 1 else f"{first}..{first + times - 1}"
    return f"{first}.." if algebra.is_array(times) else f"{first}..{first + times - 1}"


def _at_kind(error: ParamcalcError, name: str) -> ParamcalcError:
    """The refusal at the kind's key, or at the field that it names."""
    return ParamcalcError(
        problem.within(name) if problem.path else replace(problem, path=(name,), at_key=True)
        for problem in error.problems
    )


def _check_output(name: str, output: Shape, inputs: tuple[Flow, ...]) -> None:
    if len(output) > LIMITS.axes:
        raise refuse("limit", f"{name} would have an output of {len(output)} axes; {LIMITS.axes} are the most")
    for size in output:
        bounded(size)
        if not algebra.at_least(size, 1):
            given = ", ".join(shape_text(flow.shape) for flow in inputs)
            raise refuse("empty-output", f"{name} of {given} would have the output {shape_text(output)}")


def _borrowed(owner: _Copy | None, uses: list[Use]) -> list[Use]:
    """The tensors of the first place, where the second asks for the same."""
    if owner is None or owner.leaf is None:
        raise refuse("share-mismatch", "it is absent at its first place, and has no tensors to share")
    theirs = owner.leaf.uses
    agree = len(theirs) == len(uses) and all(
        len(use.tensor.shape) == len(other.tensor.shape)
        and all(map(algebra.equal, use.tensor.shape, other.tensor.shape))
        for use, other in zip(uses, theirs, strict=True)
    )
    if not agree:
        first = ", ".join(f"{use.tensor.name} {_plain_shape(use.tensor.shape)}" for use in theirs)
        here = ", ".join(f"{use.tensor.name} {_plain_shape(use.tensor.shape)}" for use in uses)
        raise refuse("share-mismatch", f"its tensors are {first}; here they would be {here}")
    return theirs


def _tensor_of(leaf: Leaf, name: str, what: str) -> Use:
    for use in leaf.uses:
        if use.tensor.name == name:
            return use
    names = [use.tensor.name for use in leaf.uses]
    hint = suggest(name, names) or listed("its tensors", names) or "it owns none"
    raise refuse("unknown-tensor", f"{what} has no tensor '{name}'", hint)


def _same_numbers(shape: Shape, other: Shape) -> bool:
    if len(shape) != len(other):
        return False
    transposed = tuple(reversed(other))
    # first what needs no assumption
    return any(
        all(map(agree, shape, candidate))
        for agree in (algebra.same, algebra.equal)
        for candidate in (other, transposed)
    )


def _plain_shape(shape: Shape) -> str:
    return "(" + ", ".join(str(size) for size in shape) + ")"
