"""The memory that a network takes while it is trained, or run, as one number that follows from its sizes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from paramcalc.core.algebra import Number
from paramcalc.core.errors import refuse
from paramcalc.graph import Graph, Leaf, check_known, leaves
from paramcalc.measures.cache import Cache
from paramcalc.measures.measure import Amount, Amounts, Context, Measure, Term, size_in_bytes, spelled
from paramcalc.measures.optimizers import Optimizer, Parameter
from paramcalc.measures.saved import Saved
from paramcalc.spec import Spec

#: Why the bytes of buffers are not known.
UNKNOWN_BUFFERS = "the buffers of {}, such as tables of rotary positions, are not known"


class Memory(Measure):
    """The sum of a sheet of memory (`results/memory.py`): of all its parts, none of which may be unknown.

    It is the sum of two measures: of what is held of all tensors, and of what flows, where of copies side by side those
    count that an example passes through.
    """

    name = "memory"
    unit = "bytes"
    phrase = "the memory"
    summary = "The bytes that training a network takes, or running it."
    by_convention = True
    needs_connections = True
    of_batch = True

    def __init__(self, training: Optimizer | None, master: str | None = None, attention: str | None = None) -> None:
        super().__init__()
        asked = {} if attention is None else {"attention": attention}
        self._parts = (Held(training, master), Cache() if training is None else Saved(**asked))
        stated = {"training": training, "master": master, "attention": attention}
        self.chosen = {name: str(value) for name, value in stated.items()}

    @property
    def parts(self) -> tuple[Measure, ...]:
        """What it is the sum of."""
        return self._parts

    def prepared(self, spec: Spec) -> Spec:
        """Return a spec as all parts need it. Raises `no-connections`."""
        for part in self.parts:
            spec = part.prepared(spec)
        return spec


class Held(Measure):
    """The bytes of the tensors, and of what training keeps of each: a gradient, states, a copy in another dtype."""

    name = "memory"
    unit = "bytes"
    phrase = "the memory"
    summary = "The bytes of the tensors, and of what training keeps of each."
    by_convention = True

    def __init__(self, training: Optimizer | None, master: str | None) -> None:
        super().__init__()
        self.training = training
        #: the dtype of the copy that the optimizer works on
        self.master = master

    def prepared(self, spec: Spec) -> Spec:
        """Return a spec as it is to be evaluated. Raises `not-measurable` where its buffers are not known."""
        check_known(spec, "buffers", UNKNOWN_BUFFERS, "the sheet, paramcalc memory, tells the other parts")
        return super().prepared(spec)

    def terms(self, leaf: Leaf, context: Context, state: Any) -> Iterable[Term]:
        for parameter, role, is_trained in _tensors(leaf, context):
            yield Term("weights" if role == "parameter" else "buffers", (_size(parameter),))
            if self.training is None or role != "parameter" or not is_trained:
                continue
            check_trained(parameter)
            yield Term("gradients", (_size(parameter),))
            kept = self.training.of(self._seen(parameter))
            yield from (Term(name, (size,)) for name, size in kept._asdict().items())
            if self.master not in (None, parameter.dtype):
                yield Term("master", (size_in_bytes(parameter.elements, str(self.master)),))

    def amounts(self, graph: Graph, context: Context) -> Amounts:
        """Return what is held of each leaf; what an optimizer keeps once, at the first of them."""
        amounts = super().amounts(graph, context)
        first = next((leaf for leaf, _ in leaves(graph.root)), None)
        if self.training is None or first is None:
            return amounts
        trained = [
            self._seen(parameter)
            for leaf, _ in leaves(graph.root)
            for parameter, role, is_trained in _tensors(leaf, context)
            if role == "parameter" and is_trained
        ]
        once: Mapping[str, Number] = self.training.once(trained)._asdict()

        def of_leaf(leaf: Leaf) -> Amount:
            found = amounts.of(leaf)
            return found._replace(once=once) if leaf is first else found

        return Amounts(self, context, of_leaf)

    def _seen(self, parameter: Parameter) -> Parameter:
        """Return a parameter as the optimizer sees it."""
        return parameter._replace(dtype=self.master or parameter.dtype)


def check_trained(parameter: Parameter) -> None:
    """Refuse a tensor of whole numbers that is to be trained: nothing has a gradient in it."""
    if not parameter.dtype.startswith(("float", "bfloat", "complex")):
        raise refuse(
            "invalid-value",
            f"'{parameter.name}' is trained, and numbers of {parameter.dtype} have no gradient",
            "trainable: false, beside its layer, freezes it",
        )


def _tensors(leaf: Leaf, context: Context) -> Iterable[tuple[Parameter, str, bool]]:
    """Yield the tensors of a layer as the framework has them: each with its role, and whether it is trained."""
    for spelling in () if leaf.shared else spelled(leaf, context.convention):
        uses = [leaf.uses[member] for member in spelling.members]
        if uses[0].owner is None:
            elements = sum((use.elements for use in uses[1:]), start=uses[0].elements)
            name = f"{leaf.name}.{spelling.name}"
            parameter = Parameter(name, spelling.shape, uses[0].dtype, elements, 1)
            yield parameter, uses[0].tensor.role, bool(uses[0].trainable)


def _size(parameter: Parameter) -> Number:
    return size_in_bytes(parameter.elements, parameter.dtype)
