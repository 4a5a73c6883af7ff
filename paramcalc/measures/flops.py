"""Floating-point operations: of a forward pass, and of a step of training.

A product of v multiply-adds are 2·v operations. Work element by element is not counted: activation functions,
normalisations, softmax, biases, sums.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

from paramcalc.core import algebra
from paramcalc.core.algebra import Number
from paramcalc.core.errors import quoted, refuse
from paramcalc.graph import Branch, Flow, Graph, Leaf, leaves
from paramcalc.layers.base.products import Operand, Product
from paramcalc.measures.measure import Context, Measure, NotAlike, Term, Visit
from paramcalc.measures.propagation import Met, Propagation

#: The operations of a multiply-add.
_OPERATIONS = 2


class Flops(Measure):
    """The operations of all products of a forward pass."""

    name = "flops"
    unit = "FLOPs"
    phrase = "the FLOPs of a forward pass"
    summary = (
        "The floating-point operations of a forward pass: two for each multiply-add of a matrix product, a convolution"
        " or a product of attention. Work element by element is not counted."
    )
    questions: ClassVar[Mapping[str, str]] = {
        "Why two operations for each multiply-add?": (
            "A weight is multiplied by a number that flows, and the product is added to a sum. Where a publication"
            " counts multiply-adds, it gives half of this number."
        ),
        "Why do activation functions and normalisations cost nothing?": (
            "They take a few operations for each number, where a product takes two for each of its inputs. The counters"
            " of frameworks leave them out, and so do most publications."
        ),
    }
    term = "product"
    needs_connections = True
    in_order = False
    of_batch = True
    of_active = True
    options: ClassVar[Mapping[str, Sequence[str]]] = {"causal": ("whole", "half", "exact")}

    def terms(self, leaf: Leaf, context: Context, state: Any) -> Iterable[Term]:
        products = leaf.layer.owned_products(*leaf.input_shapes)
        if products and leaf.joins_copies:
            # what is multiplied by any number of inputs is not what is by two
            raise NotAlike
        for product in products:
            examples = context.examples if product.of_examples else ()
            factors = (*self.passes(product, leaf, state), *self._operations(product, leaf), *examples, *product.sizes)
            yield Term(product.name, factors, product.purpose)

    def passes(self, product: Product, leaf: Leaf, state: Any) -> tuple[Number, ...]:
        """Return how often a product is computed, as a factor: none for once."""
        return ()

    def _operations(self, product: Product, leaf: Leaf) -> tuple[Number, ...]:
        """Return the operations of a multiply-add, and the positions that attend to one another."""
        if product.lengths is None:
            return (_OPERATIONS,)
        queries, keys = product.lengths
        if self.chosen["causal"] == "whole" or not _looks_back(product, leaf):
            return (_OPERATIONS, queries, keys)
        # half of the multiply-adds, of two operations each
        if self.chosen["causal"] == "half":
            return (queries, keys)
        if algebra.equal(queries, keys):
            return (queries, queries + 1)
        message = f"attention that looks back, of {quoted(queries)} positions to {quoted(keys)}, is not known exactly"
        raise refuse("not-measurable", message, "it is where both are the same sequence")

    def notes(self, graph: Graph) -> Iterator[str]:
        for leaf, _ in leaves(graph.root):
            if leaf.layer.leaves_out:
                yield f"{leaf.name}: {leaf.layer.leaves_out} is not counted"


def _looks_back(product: Product, leaf: Leaf) -> bool:
    """Return whether attention looks back alone: as its layer says; else, where it is of a sequence to itself."""
    if product.causal is not None:
        return algebra.truth(product.causal)
    return _origins(product.right, leaf) == _origins(product.left, leaf)


def _origins(operand: Operand, leaf: Leaf) -> set[tuple[object, ...]]:
    """Return the outputs that an operand is made of."""
    return {leaf.inputs[each].tensor for each in operand if isinstance(each, int)}


# --- A step of training ------------------------------------------------------------------


class TrainingFlops(Flops):
    """The operations of all products of a forward pass and of the backward pass behind it."""

    name = "training_flops"
    of_type = False
    in_order = True
    phrase = "the FLOPs of a step of training"
    summary = (
        "The floating-point operations of a forward and a backward pass: a product is computed once forwards, and once"
        " more for each of its two operands that needs a gradient; within groups with `recompute`, once more forwards."
        " Work element by element, the loss and the optimizer are not counted."
    )
    questions: ClassVar[Mapping[str, str]] = {
        "Why three times the forward pass, and less in some layers?": (
            "Backwards, the gradient of each of the two operands of a product is a product of the same sizes. An"
            " operand that needs no gradient costs none: the inputs of the network, and what is frozen."
        ),
        "Why 6 operations for each parameter and token?": (
            "Two for a multiply-add, three times over. Attention beside that grows with the square of the length, and"
            " an embedding is looked up, and not multiplied."
        ),
    }

    def visits(self, graph: Graph, context: Context) -> Mapping[int, Sequence[Visit]]:
        return _Gradients(graph).run(graph.root)

    def passes(self, product: Product, leaf: Leaf, state: Any) -> tuple[Number, ...]:
        backwards = sum(map(state.needed_by, (product.left, product.right), (leaf, leaf))) if state.is_used else 0
        times = 1 + state.again + backwards
        return () if times == 1 else (times,)


class State(NamedTuple):
    """What training does with a layer."""

    #: whether each input needs a gradient
    inputs: tuple[bool, ...]
    #: how often the forward pass is computed again
    again: int
    #: whether any output of the network depends on it
    is_used: bool

    def needed_by(self, operand: Operand, leaf: Leaf) -> bool:
        """Return whether an operand of one of its products needs a gradient."""
        return any(self.inputs[each] if isinstance(each, int) else _is_trained(each, leaf) for each in operand)


def _is_trained(name: str, leaf: Leaf) -> bool:
    """Return whether a tensor of a layer is trained, or any of those whose names begin as `name*` says."""
    prefix, star, _ = name.partition("*")
    return any(
        algebra.truth(use.trainable)
        for use in leaf.uses
        if (use.tensor.name.startswith(prefix) if star else use.tensor.name == name)
    )


class _Gradients(Propagation[bool]):
    """Carries on each flow whether it needs a gradient: where anything that it is made of is trained."""

    def __init__(self, graph: Graph) -> None:
        super().__init__(of_active=True)
        self.used = _used(graph.outputs)

    def step(self, leaf: Leaf, inputs: tuple[bool, ...]) -> tuple[bool, ...]:
        reaching = (use for use in leaf.uses if leaf.layer.reaches_output(use.tensor.name))
        trained = any(algebra.truth(use.trainable) for use in reaching)
        needs = leaf.layer.is_differentiable and (trained or any(inputs))
        return (needs,) * len(leaf.outputs)

    def leave(self, group: Branch, met: list[Met[bool]]) -> None:
        # what is left out of memory is computed again, if anything needs it
        if group.recompute and group.flow is not None and self.carried(group.flow):
            for each in met:
                each.again += 1

    def state_of(self, met: Met[bool]) -> State:
        return State(met.states, met.again, id(met.leaf) in self.used)


def _used(outputs: Iterable[Flow]) -> Collection[int]:
    """Return the leaves that outputs depend on, by their `id`. Raises `NotAlike` where some of alike copies are."""
    found: set[int] = set()
    in_part: set[int] = set()
    flows = list(outputs)
    while flows:
        flow = flows.pop()
        flows += flow.bundle or ()
        leaf = flow.leaf.standing if flow.leaf is not None else None
        if leaf is not None and flow.among:
            in_part.add(id(leaf))
        elif leaf is not None and id(leaf) not in found:
            found.add(id(leaf))
            flows += leaf.inputs
    if in_part - found:
        raise NotAlike
    return found
