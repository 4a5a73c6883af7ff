"""A spec evaluated: which nodes are there, what they are given, and what they own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from paramcalc.conventions import Convention
from paramcalc.core import algebra
from paramcalc.core.algebra import Shape, Undecided, Unknown
from paramcalc.core.errors import LIMITS, ParamcalcError, Path, refuse
from paramcalc.core.expression import Environment, bounded
from paramcalc.core.registry import kind
from paramcalc.graph import remarks
from paramcalc.graph.checks import agree, borrowed, check_output
from paramcalc.graph.copies import Copies
from paramcalc.graph.parallel import Parallel
from paramcalc.graph.scope import Copy, Entry, Inherited, Scope, Values
from paramcalc.graph.ties import tie
from paramcalc.graph.tree import BROKEN, Branch, Flow, Leaf, Tree, Use
from paramcalc.graph.values import check_conditions, undecided_problem, unknown_dims, value_of
from paramcalc.graph.walk import Stop, Walk
from paramcalc.layers.base.axes import shape_text
from paramcalc.layers.base.declaration import Layer, Tensor
from paramcalc.layers.base.fields import DEFAULT_DTYPE
from paramcalc.spec import Node, Spec
from paramcalc.spec.references import Reference


class Evaluation(Walk):
    """The evaluation of a spec under a convention: a walk through its nodes, as far as they are there."""

    def __init__(
        self, spec: Spec, target: Convention, fold: bool, symbolic: bool, by_layers: bool, in_order: bool
    ) -> None:
        super().__init__(spec, target, fold, symbolic, by_layers, in_order)
        self.add: Layer = kind("Add")()
        #: of every tensor for which none is stated
        self.dtype = spec.dtype or DEFAULT_DTYPE
        #: how many nodes called again are around the node at hand
        self.sharing = 0
        #: what flows out of the whole spec
        self.outputs: tuple[Flow, ...] = ()

    def root(self, dims: Values) -> Branch:
        """Return the tree of the whole spec. Raises `ParamcalcError` with all problems found."""
        self.dims = dims
        inherited = Inherited(dtype=self.dtype)
        inventory = self.spec.connections == "none"
        scope = Scope(self.spec.layers, ("layers",), None, (), dims, inherited, top=True, inventory=inventory)
        with algebra.allowing(self.allowance):
            children, output = self.sequence(scope)
        self.outputs = (output,) if output is not None and self.spec.outputs is None else ()
        for index, reference in enumerate(self.spec.outputs or ()):
            try:
                output = scope.output_of(reference.path(self.environment(dims, (), scope)))
                self.outputs = (*self.outputs, output)
            except ParamcalcError as error:
                self.report(error.within("outputs", index))
        if self.problems:
            raise ParamcalcError(self.problems.values())
        return Branch("", children, output.shape if output else (), role="model")

    # --- nodes in sequence

    def sequence(self, scope: Scope) -> tuple[list[Tree], Flow | None]:
        """Return the trees of the nodes of a group, and what flows out of it."""
        previous = scope.inputs[0] if scope.inputs else None
        children: list[Tree] = []
        for place, (name, node) in enumerate(zip(self.names_of(scope.nodes), scope.nodes, strict=True)):
            tree = None
            entry = Entry(name, node, (*scope.path, place), scope, order=next(self.order))
            way = len(self.trail)
            self.trail.append(name)
            self.spend(entry.path)
            try:
                tree = self.node(entry, previous)
                if tree is not None:
                    children.append(tree)
            except Stop:
                raise
            except ParamcalcError as error:
                self.report(error.within(*entry.path))
                entry.flow = BROKEN
            except Undecided as undecided:
                if self.symbolic:
                    undecided.node = undecided.node or ".".join(filter(None, self.trail))
                    raise
                self.report(undecided_problem(undecided).within(*entry.path))
                entry.flow = BROKEN
            # a refusal may have come from a copy further in
            del self.trail[way:]
            scope.add(entry)
            if tree is not None or entry.flow is BROKEN:
                previous = entry.flow
            if scope.inventory:
                previous = None
        return children, previous

    def node(self, entry: Entry, previous: Flow | None) -> Tree | None:
        """Return the tree of a node with all its copies; None where it is absent. Sets the entry's flow."""
        scope = entry.scope
        inputs = self.inputs(entry, previous)
        first = scope.first.entries.get(entry.name) if scope.first is not None else None
        entry.flow = inputs[0] if inputs else None
        if entry.node.times is not None:
            return Copies(self, self.content, entry, inputs, first).tree()
        if entry.node.parallel is not None:
            copies = Parallel(self, self.content, entry, inputs, first).tree()
            return self.residual_of_all(entry, inputs, copies) if copies is not None else None
        theirs = first.only_copy if first is not None else None
        copy = Copy(entry, entry.label, inputs, scope.values, scope.inherited, theirs)
        if not self.choose(copy):
            return None
        entry.copies.append(copy)
        tree = self.content(copy)
        entry.flow = copy.flow
        return tree

    def inputs(self, entry: Entry, previous: Flow | None) -> tuple[Flow, ...]:
        """Return what flows into a node."""
        node = entry.node
        if entry.scope.inventory:
            return ()
        if node.inputs is not None:
            flows: list[Flow] = []
            environment = self.environment(entry.scope.values, entry.scope.inputs, entry.scope)
            for index, reference in enumerate(node.inputs):
                with self.asking("inputs", index):
                    flows.append(self.taken(reference, environment, entry.scope))
            return self.unbundled(entry, tuple(flows))
        if previous is None or (node.layer is not None and not node.layer.inputs):
            return ()
        return self.unbundled(entry, (previous,))

    def taken(self, reference: Reference, environment: Environment, scope: Scope) -> Flow:
        """Return what flows out of the node that a reference names. Raises what it is refused for."""
        if self.symbolic and not self.by_layers:
            found = reference.of_any_copy(environment)
            if found is not None:
                return scope.output_of_any(*found)
        return scope.output_of(reference.path(environment))

    def unbundled(self, entry: Entry, flows: tuple[Flow, ...]) -> tuple[Flow, ...]:
        """Return flows with those of copies side by side one by one. Raises `several-outputs` where one is taken."""
        if all(flow.bundle is None for flow in flows):
            return flows
        found: list[Flow] = []
        for flow in flows:
            for each in flow.single:
                found += each.one_by_one
        layer = entry.node.layer
        if layer is None or not layer.takes(len(found)):
            bundle = next(flow.name for flow in flows if flow.bundle is not None)
            if not found:
                raise refuse("missing-input", f"nothing flows out of '{bundle}', of which there are no copies")
            what = f"'{bundle}' has {len(found)} outputs side by side, and '{entry.name}' takes one"
            raise refuse("several-outputs", what, "join the copies before: merge: Add, or merge: Concatenate")
        return tuple(found)

    def choose(self, copy: Copy) -> bool:
        """Decide what a copy is, on the input that it states in an inventory. Returns whether it is there."""
        if copy.entry.scope.inventory or copy.entry.node.of is not None:
            try:
                copy.inputs = self.stated_inputs(copy)
            except ParamcalcError:
                # a layer that is not there needs no input
                if super().choose(copy):
                    raise
                return False
        return super().choose(copy)

    def stated_inputs(self, copy: Copy) -> tuple[Flow, ...]:
        """Return the input that a layer of an inventory states. Raises `invalid-value`, `missing-key`."""
        node, scope = copy.entry.node, copy.entry.scope
        if not scope.inventory:
            message = "'of' states the input of a layer whose connections are not known, and those of this layer are"
            raise refuse("invalid-value", message, "leave it out, or write connections: none", ("of",), True)
        if node.inputs is not None or node.residual is not False:
            key = "inputs" if node.inputs is not None else "residual"
            raise refuse("invalid-value", f"'{key}' needs connections, and these are not known", "", (key,), True)
        if node.of is None:
            if node.layer is not None and node.layer.inputs and not node.layer.inputs[0].optional:
                name = type(node.layer).__name__
                raise refuse("missing-key", f"{name} states no input", "as in of: [width]")
            return ()
        with self.asking("of"):
            environment = self.environment(copy.values, (), scope)
            sizes = (value_of(size, environment) for size in node.of)
            return (Flow(tuple(size if size is None else algebra.as_number(size) for size in sizes)),)

    # --- one copy

    def content(self, copy: Copy) -> Tree:
        """Return the tree of one copy of a node. Sets the copy's flow."""
        assert copy.node is not None
        if copy.side:
            with self.asking(*copy.side):
                return self.content_of(copy, copy.node)
        return self.content_of(copy, copy.node)

    def content_of(self, copy: Copy, node: Node) -> Tree:
        """Return the tree of one copy of a node, or of what stands in its place otherwise."""
        if len(self.trail) > LIMITS.nesting:
            raise refuse("limit", f"more than {LIMITS.nesting} groups and blocks within one another")
        if any(flow.broken for flow in copy.inputs):
            copy.flow = BROKEN
            return Branch(copy.label, [], ())
        if node.trainable is not None:
            copy.inherited = replace(copy.inherited, trainable=self.truth(copy, "trainable"))
        if node.dtype is not None:
            copy.inherited = replace(copy.inherited, dtype=node.dtype, states_dtype=True)
        tree: Tree
        if node.layer is not None:
            tree = self.leaf(copy, node.layer)
        elif node.share is not None:
            tree = self.shared(copy, node.share)
        else:
            tree = self.group(copy)
        if node.parallel is not None:
            # it is added once to what joins all copies
            return tree
        return self.residual(copy, tree) if self.truth(copy, "residual") else tree

    def residual_of_all(self, entry: Entry, inputs: tuple[Flow, ...], tree: Branch) -> Tree:
        """Return the tree of copies side by side, their first input added to what joins them, if that is asked for."""
        scope = entry.scope
        copy = Copy(entry, entry.name, inputs, scope.values, scope.inherited, None, node=entry.node, flow=entry.flow)
        if not self.truth(copy, "residual"):
            return tree
        whole = self.residual(copy, tree)
        entry.flow = copy.flow
        return whole

    def group(self, copy: Copy) -> Branch:
        """Return the tree of a group, or of a block called."""
        entry, node = copy.entry, copy.node
        assert node is not None
        first = copy.first.scope if copy.first is not None else None
        inventory = node.is_inventory(entry.scope.inventory)
        if node.block is not None:
            nodes, values = self.spec.blocks[node.block].layers, self.arguments(copy, node.block)
            path: Path = ("blocks", node.block, "layers")
            self.check_required(copy, node.block, values)
            copy.scope = Scope(nodes, path, None, copy.inputs, values, copy.inherited, first, inventory=inventory)
        else:
            path = (*entry.path, *copy.side, *node.way_inside)
            nodes, horizon = node.layers or (), entry.order if first is not None else None
            copy.scope = Scope(
                nodes, path, entry.scope, copy.inputs, copy.values, copy.inherited, first, horizon, inventory=inventory
            )
        self.remark_on_inputs(copy, nodes)
        own = self.own_tensors(copy) if node.tensors is not None else []
        children, copy.flow = self.sequence(copy.scope)
        output = copy.flow.shape if copy.flow else ()
        recompute = self.truth(copy, "recompute")
        return Branch(
            copy.label,
            [*own, *children],
            output,
            block=node.block,
            inputs=copy.inputs,
            flow=copy.flow,
            recompute=recompute,
        )

    def remark_on_inputs(self, copy: Copy, nodes: Sequence[Node]) -> None:
        """Remark on inputs of a group that no node in it names: a node without `inputs` takes the first alone."""
        if len(copy.inputs) < 2 or id(nodes) in self.remarked:
            return
        self.remarked.add(id(nodes))
        named = {str(reference) for node in nodes for reference in node.inputs or ()}
        if any(reference.startswith("input[") for reference in named):
            return
        for place in range(1, len(copy.inputs)):
            if f"input.{place}" not in named:
                self.remarks.append(
                    f"{'.'.join(filter(None, self.trail)) or 'the network'}: no node in it takes 'input.{place}';"
                    " a node without 'inputs' takes the first input of its group alone"
                )

    def remark_on_channels(self, stated: Layer, layer: Layer, inputs: tuple[Flow, ...]) -> None:
        """Remark on a layer that takes axis 1 for its channels where the last was probably meant."""
        found = remarks.on_channels(stated, layer, inputs)
        if found is not None and id(stated) not in self.remarked:
            self.remarked.add(id(stated))
            self.remarks.append(f"{'.'.join(filter(None, self.trail))}: {'; '.join(found)}")

    def own_tensors(self, copy: Copy) -> list[Tree]:
        """Return a leaf of the tensors that a group itself owns; it stands on no way through the network."""
        assert copy.node is not None
        assert copy.node.tensors is not None
        leaf = self.leaf(replace(copy, label="", inputs=()), copy.node.tensors, of_group=True)
        copy.leaf = leaf
        return [leaf]

    def check_required(self, copy: Copy, block: str, values: Values) -> None:
        """Refuse arguments of a block that do not meet what it requires."""
        try:
            check_conditions(self.spec.blocks[block].requires, self.environment(values, copy.inputs, None))
        except ParamcalcError as error:
            # the conditions stand in the block, and not at its call
            self.report(error.within("blocks", block, "requires"))

    def arguments(self, copy: Copy, block: str) -> Values:
        """Return what the names in a block stand for: the dims and its arguments."""
        assert copy.node is not None
        given = copy.node.arguments
        result = dict(self.dims)
        for name, default in self.spec.blocks[block].arguments.items():
            if name in given:
                with self.asking("with", name):
                    result[name] = value_of(given[name], self.environment(copy.values, copy.inputs, copy.entry.scope))
            else:
                result[name] = value_of(default, self.environment(result, copy.inputs, None))
        return result

    def leaf(self, copy: Copy, layer: Layer, of_group: bool = False) -> Leaf:
        """Return a layer at its place: its fields given values, its shapes inferred, its tensors listed."""
        name, stated = type(layer).__name__, layer
        try:
            layer = self.resolved(copy, layer)
            outputs, tensors = (((),), layer.owned_tensors()) if of_group else self.inferred(copy, layer)
            uses = [
                _use(tensor, copy.inherited)
                for tensor in tensors
                if tensor.when is True or algebra.truth(tensor.condition)
            ]
            self.remark_on_channels(stated, layer, copy.inputs)
        except ParamcalcError as error:
            if error.problems[0].code == "free-dim":
                error = _channels_first(error, remarks.on_channels(stated, layer, copy.inputs))
            raise _at_type(error, name) from None
        except Undecided as undecided:
            undecided.expression = undecided.expression or stated.expression_of(layer, undecided.value)
            raise
        leaf = Leaf(copy.label, layer, copy.inputs, outputs, uses, path=(*copy.entry.path, *copy.side))
        if self.sharing and uses:
            leaf.shared = True
            leaf.uses = borrowed(copy.first, uses)
        else:
            tie(self, copy, leaf)
        copy.leaf = leaf
        copy.flow = Flow(outputs[0], leaf)
        return leaf

    def inferred(self, copy: Copy, layer: Layer) -> tuple[tuple[Shape, ...], list[Tensor]]:
        """Return the shapes of a layer's outputs, and its tensors. Takes what they cost."""
        name = type(layer).__name__
        if not copy.inputs and layer.inputs and not layer.inputs[0].optional:
            hint = "begin with an Input, or name its 'inputs'"
            raise refuse("missing-input", f"{name} has no input to take", hint)
        left = self.allowance.copies
        shapes = [flow.shape for flow in copy.inputs]
        if self.channel_axis != -1:
            layer.check_layout(*shapes)
        outputs, tensors = layer.infer(*shapes)
        copies = left - self.allowance.copies
        for output in outputs:
            check_output(layer, output, copy.inputs, self.spec.least_size)
        # its copies of layers have been taken
        self.spend(copy.entry.path, max(0, (len(tensors) - 1) // LIMITS.tensors - copies))
        return outputs, tensors

    def resolved(self, copy: Copy, layer: Layer) -> Layer:
        """Return a layer with a value for every field: stated, of the first call, or by default."""
        if copy.first is not None and copy.first.leaf is not None:
            return copy.first.leaf.layer
        return self.resolved_layer(layer, copy.values, copy.inputs, copy.entry.scope)

    def residual(self, copy: Copy, inside: Tree) -> Branch:
        """Return the tree of a node whose first input is added to its output."""
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
                "the last layer inside gives the features of the input back; or a projection stands beside it, and Add",
                ("residual",),
            )
        if isinstance(inside, Leaf) or inside.role == "copies":
            # the sum stands beside what is inside, in a group of both
            inside.label = ""
            inside = Branch(copy.label, [inside], flow.shape, inputs=copy.inputs)
        taken = {child.label for child in inside.children}
        name = next(name for name in _numbered("add") if name not in taken)
        outputs, _ = self.add.infer(flow.shape, before.shape)
        inside.output = outputs[0]
        leaf = Leaf(name, self.add, (flow, before), outputs, [], path=copy.entry.path)
        copy.flow = inside.flow = Flow(inside.output, leaf)
        inside.children.append(leaf)
        return inside

    # --- sharing and ties

    def shared(self, copy: Copy, share: Reference) -> Tree:
        """Return the tree of an earlier node called again: its tensors are those of the first call."""
        with self.asking("share"):
            reference = share.path(self.environment(copy.values, copy.inputs, copy.entry.scope))
            found = copy.entry.targets
            if reference not in found:
                found[reference] = copy.entry.scope.find(reference)
            target, first = found[reference]
            if not target.copies:
                raise refuse("unknown-node", f"'{reference}' is absent, so that it cannot be shared")
        self.sharing += 1
        self.trail.append(reference)
        try:
            return self.copy_again(copy, target, first) if first else self.copies_again(copy, target)
        except Stop:
            raise
        except ParamcalcError as error:
            raise _shared_here(error, reference) from None
        finally:
            self.trail.pop()
            self.sharing -= 1

    def copy_again(self, copy: Copy, target: Entry, first: Copy) -> Tree:
        """Return the tree of a node of one copy, or of one copy of a node, called again. Sets the copy's flow."""
        again = replace(target, name=copy.label, copies=[], flow=None)
        called = replace(copy, entry=again, values=first.values, first=first, node=first.node, side=first.side)
        tree = self.content(called)
        copy.flow, copy.leaf, copy.scope = called.flow, called.leaf, called.scope
        return tree

    def copies_again(self, copy: Copy, target: Entry) -> Tree:
        """Return the tree of all copies of a repeated node called again. Sets the copy's flow."""
        # the copies have names of their own here, and not in the scope of the target
        scope = replace(target.scope, parent=target.scope, entries={})
        again = replace(target, name=copy.label, copies=[], flow=None, scope=scope)
        copies = Parallel if target.node.parallel is not None else Copies
        tree = copies(self, self.content, again, copy.inputs, target).tree()
        copy.flow = again.flow
        return tree or Branch(copy.label, [], copy.inputs[0].shape if copy.inputs else ())


def _use(tensor: Tensor, inherited: Inherited) -> Use:
    """Return a tensor with what its group states of it."""
    if len(tensor.shape) > LIMITS.axes:
        raise refuse("limit", f"the tensor '{tensor.name}' has more than {LIMITS.axes} axes")
    elements = bounded(tensor.elements)
    if isinstance(elements, Unknown):
        names, hint = unknown_dims(elements.sources)
        raise refuse("free-dim", f"the size of the tensor '{tensor.name}' depends on {names}", hint)
    trainable = tensor.role == "parameter" and not tensor.frozen and inherited.trainable
    states_dtype = inherited.states_dtype or tensor.dtype is not None
    return Use(tensor, elements, trainable, tensor.dtype or inherited.dtype, states_dtype)


def _numbered(base: str) -> Iterator[str]:
    yield base
    number = 1
    while True:
        yield f"{base}_{number}"
        number += 1


def _shared_here(error: ParamcalcError, reference: str) -> ParamcalcError:
    """Return the refusal of a node called again, at the place where it is: what goes wrong, goes wrong there."""
    problem = error.problems[0]
    message = problem.message
    if ", shared here: " not in message:
        message = f"'{reference}', shared here: {message}"
    return refuse(problem.code, message, problem.hint, ("share",))


def _channels_first(error: ParamcalcError, found: tuple[str, str] | None) -> ParamcalcError:
    """Return the refusal of a tensor of unknown size with what the layer probably takes by mistake, if that is so."""
    if found is None:
        return error
    what, way_out = found
    return ParamcalcError(
        replace(problem, message=f"{problem.message}: {what}", hint=way_out) for problem in error.problems
    )


def _at_type(error: ParamcalcError, name: str) -> ParamcalcError:
    """Return the refusal at the key of a layer's type, or at the field that it names."""
    return ParamcalcError(
        problem.within(name) if problem.path else replace(problem, path=(name,), at_key=True)
        for problem in error.problems
    )
