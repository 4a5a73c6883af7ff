"""A measure: what it says of each layer, and how that adds up over copies.

A measure says of one copy of a layer what it is made of: `Term`s, each a product of sizes. From these follow the
amount, the closed form, which is summed over the tree, and the derivation, which runs the same over symbols. A measure
that has to know something of what flows into a layer carries it through the graph first (`propagation.py`), and says
what it is made of in each of the states that were met.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, NamedTuple

from paramcalc.conventions import Convention, Spelling
from paramcalc.core import algebra
from paramcalc.core.algebra import Number, Shape, Unknown
from paramcalc.core.errors import ParamcalcError, quoted, refuse
from paramcalc.graph import Branch, Graph, Leaf, Tree, active_copies, check_flow, check_known
from paramcalc.graph.values import unknown_dims
from paramcalc.layers.base.fields import DTYPES
from paramcalc.spec import Spec

#: The dim of all measures of a whole batch.
BATCH = "batch"


@dataclass(frozen=True, slots=True)
class Term:
    """A part of what a measure says of one copy of a layer: a product of sizes, under a name."""

    name: str
    factors: tuple[Number, ...]
    #: what it is for, in a few words
    purpose: str = ""

    @property
    def amount(self) -> Number:
        """The product."""
        # numbers behind symbols: SymPy would multiply 2 into the first sum alone
        return algebra.product(sorted(self.factors, key=lambda factor: type(factor) is int))


@dataclass(frozen=True, slots=True)
class Context:
    """What holds for all layers of a network."""

    convention: Convention
    #: the examples of a batch
    batch: Number = 1
    #: of every tensor for which none is stated
    dtype: str = ""

    @property
    def examples(self) -> tuple[Number, ...]:
        """The examples of a batch as a factor of a term: none for a single one."""
        return () if type(self.batch) is int and self.batch == 1 else (self.batch,)


def size_in_bytes(elements: Number, dtype: str) -> Number:
    """Return the bytes of a number of elements; those smaller than a byte are packed."""
    bits = DTYPES[dtype]
    return elements * (bits // 8) if bits % 8 == 0 else algebra.ceil_divide(elements * bits, 8)


def spelled(leaf: Leaf, convention: Convention, shapes: Sequence[Shape] | None = None) -> list[Spelling]:
    """Return the tensors of a layer as a convention has them; `shapes` are theirs in symbols."""
    # tensors that are tied one by one cannot be one in the framework
    joined = all(use.owner is None for use in leaf.uses)
    return convention.spell(leaf.layer, leaf.input_shapes, [use.tensor for use in leaf.uses], shapes, joined)


class NotAlike(Exception):
    """Copies that stand once in a graph differ in what flows into them: they must be evaluated one by one."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A state in which a layer is met, and how many of its copies are: those of the groups around it included."""

    often: Number
    state: Any = None


class Measure:
    """Something that is summed over a network.

    A measure gives the first names below, and `terms`; one that has to know something of the whole graph gives `visits`
    as well, or `amounts`.
    """

    #: its name, as `--of` takes it
    name: ClassVar[str]
    #: what a number of it counts, in the plural: `parameters`, `bytes`, `FLOPs`
    unit: ClassVar[str]
    #: what it is, as a sentence says it: `the number of parameters`
    phrase: ClassVar[str]
    #: what it is, in a sentence or two
    summary: ClassVar[str]
    #: what people ask of it, whatever the network is, each question with its answer
    questions: ClassVar[Mapping[str, str]] = {}
    #: whether frameworks count it in ways of their own
    by_convention: ClassVar[bool] = False
    #: what a term of it is: `tensor`, `product`, `output`
    term: ClassVar[str] = "tensor"
    #: whether it depends on how layers are connected, or on the shapes that flow
    needs_connections: ClassVar[bool] = False
    #: whether it depends on all that is computed, and not on what layers multiply alone
    of_values: ClassVar[bool] = False
    #: whether what it says of a copy depends on the copies before it, and so on their order
    in_order: ClassVar[bool] = True
    #: whether a layer type alone has a form of it, which follows from its fields and the sizes of its inputs
    of_type: ClassVar[bool] = True
    #: whether it is that of a whole batch: the spec then has a dim `batch`
    of_batch: ClassVar[bool] = False
    #: whether of copies side by side those count alone that an example passes through
    of_active: ClassVar[bool] = False
    #: whether what several layers have in common counts at the first of them, so that alike copies may differ in it
    shares: ClassVar[bool] = False
    #: the options that it has, each with the values that it takes, its default first
    options: ClassVar[Mapping[str, Sequence[str]]] = {}

    def __init__(self, **options: str) -> None:
        #: the value of each option
        self.chosen = {name: options.get(name, values[0]) for name, values in self.options.items()}

    @property
    def parts(self) -> tuple[Measure, ...]:
        """The measures that it is the sum of: here, itself."""
        return (self,)

    def prepared(self, spec: Spec) -> Spec:
        """Return a spec as it is to be evaluated: with a dim `batch` of 1, where it needs one and has none.

        Raises `no-connections`, and `not-measurable` for what is not known of the spec.
        """
        if self.of_active:
            message = f"{self.phrase} of {{}} cannot be said: it is not known to how many experts a token is sent"
            check_known(spec, "active", message, "'parameters' counts those of all experts")
        if self.needs_connections:
            check_flow(spec, f"the measure '{self.name}'")
        if self.of_values:
            message = f"{self.phrase} are not known of {{}}, which was read without functions between its layers"
            check_known(spec, "values", message, "'description' names them: a spec may state what they are")
        if self.of_batch and BATCH not in spec.dims:
            return replace(spec, dims={**spec.dims, BATCH: 1})
        return spec

    def context(self, graph: Graph, convention: Convention) -> Context:
        """Return what holds for all layers of a graph."""
        batch = graph.dims[BATCH] if self.of_batch else 1
        if not isinstance(batch, Unknown) and not (algebra.is_number(batch) and algebra.at_least(batch, 1)):
            raise refuse("invalid-value", f"a batch has at least 1 example, not {quoted(batch)}")
        return Context(convention, batch, graph.dtype)

    def notes(self, graph: Graph) -> Iterator[str]:
        """Yield what the measure leaves out, or assumes, of this graph: here, nothing."""
        yield from ()

    def terms(self, leaf: Leaf, context: Context, state: Any) -> Iterable[Term]:
        """Yield what one copy of a layer is made of, in a state; it is run over symbols as well."""
        raise NotImplementedError

    def visits(self, graph: Graph, context: Context) -> Mapping[int, Sequence[Visit]]:
        """Return the states in which each leaf is met, by its `id`, the one of most copies last: here, none."""
        return {}

    def amounts(self, graph: Graph, context: Context) -> Amounts:
        """Return what the measure says of each leaf of a graph."""
        visits = self.visits(graph, context)
        none = (Visit(0),)

        def of_leaf(leaf: Leaf) -> Amount:
            *first, last = visits.get(id(leaf), none)
            terms = tuple(self.terms(leaf, context, last.state))
            once: dict[str, Number] = {}
            for visit in first:
                for sign, found in ((1, self.terms(leaf, context, visit.state)), (-1, terms)):
                    for term in found if visit.state != last.state else ():
                        once[term.name] = once.get(term.name, 0) + sign * visit.often * term.amount
            return Amount(terms, once, last.state)

        return Amounts(self, context, of_leaf)


class Amount(NamedTuple):
    """What a measure says of a leaf."""

    #: of one copy
    terms: tuple[Term, ...]
    #: what all its copies together have beside that, by the names of terms: the first may be another than the rest
    once: Mapping[str, Number] = {}
    #: the state that it is said of
    state: Any = None


class Amounts:
    """What a measure says of each leaf of a graph, worked out when it is first asked for.

    Over all copies, a leaf has their number times `each`, and `once` beside it. `of_leaf` works out both.
    """

    def __init__(self, measure: Measure, context: Context, of_leaf: Callable[[Leaf], Amount]) -> None:
        self.measure = measure
        self.context = context
        self._of_leaf = of_leaf
        self._found: dict[int, Amount] = {}

    def of(self, leaf: Leaf) -> Amount:
        """Return what is said of a leaf. Raises `free-dim` where a size is not known."""
        if id(leaf) not in self._found:
            try:
                found = self._found[id(leaf)] = self._of_leaf(leaf)
            except ParamcalcError as error:
                raise error.at_node(leaf.name, leaf.path) from None
            for amount in (*(term.amount for term in found.terms), *found.once.values()):
                self._check(amount, leaf)
        return self._found[id(leaf)]

    def terms(self, leaf: Leaf) -> tuple[Term, ...]:
        """Return what one copy is made of. Raises `free-dim`."""
        return self.of(leaf).terms

    def each(self, leaf: Leaf) -> Number:
        """Return the amount of one copy. Raises `free-dim`."""
        return sum((term.amount for term in self.terms(leaf)), start=0)

    def once(self, leaf: Leaf) -> Number:
        """Return what all copies together have beside the number of them times that of one. Raises `free-dim`."""
        return sum(self.of(leaf).once.values(), start=0)

    def by_name(self, leaf: Leaf) -> Iterator[tuple[str, Number, Number]]:
        """Yield the name of each term, the amount of one copy, and what all copies have beside that."""
        terms, once, _ = self.of(leaf)
        found: dict[str, Number] = {}
        for term in terms:
            found[term.name] = found.get(term.name, 0) + term.amount
        for name in {**found, **once}:
            yield name, found.get(name, 0), once.get(name, 0)

    def children(self, branch: Branch) -> Iterator[tuple[Tree, Number | None]]:
        """Yield what is in a branch, each with how many of its copies count, None for all of them."""
        if self.measure.of_active:
            yield from active_copies(branch)
        else:
            yield from ((child, None) for child in branch.children)

    def _check(self, amount: Number, leaf: Leaf) -> None:
        """Refuse an amount that depends on an unknown length, or an unknown batch."""
        if isinstance(amount, Unknown):
            names, hint = unknown_dims(amount.sources)
            what = f"the {self.measure.unit} of '{leaf.name}'"
            raise refuse("free-dim", f"{what} depend on {names}", hint, leaf.path)
