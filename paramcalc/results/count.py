"""Spec to count: how many elements each layer and the whole network have, under a convention."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Generic, TypeAlias

from typing_extensions import TypeVar

from paramcalc.conventions import Convention, Spelling
from paramcalc.conventions import convention as named_convention
from paramcalc.core import algebra
from paramcalc.core.algebra import Number, Shape
from paramcalc.core.display import Displayed, notes, plain
from paramcalc.graph import Branch, Leaf, Use, check_states, evaluate, leaves
from paramcalc.layers.base.declaration import Role
from paramcalc.measures.measure import size_in_bytes, spelled
from paramcalc.results.rows import Row, Rows, located_in
from paramcalc.spec import Framework, Spec, Value

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

#: An array of whole numbers: of 64 bits where they hold all of them, else of Python's.
Array: TypeAlias = "NDArray[numpy.int64] | NDArray[numpy.object_]"
#: What is counted: whole numbers, or arrays of them where a dim is one.
N = TypeVar("N", default=int)


@dataclass(frozen=True, slots=True)
class TensorCount(Generic[N]):
    """A tensor of a layer, named and laid out as the convention has it."""

    name: str
    shape: Shape
    role: Role
    trainable: bool
    dtype: str
    #: the path of the tensor whose numbers these are; then they do not count here
    tied_to: str | None
    #: the elements of one copy
    elements: N
    #: what it is for, in a few words
    purpose: str
    #: `trained`, `frozen`, `not trained` (a state that counts), `buffer` (one that does not), `tied to …`
    standing: str


@dataclass(frozen=True, slots=True)
class Totals(Generic[N]):
    """What is counted of a layer, and of a whole spec."""

    total: N
    trainable: N
    non_trainable: N
    #: elements of states, where the convention does not count them in the total; None where they are not known
    buffers: N | None
    #: of the total, what one example passes through: of a mixture of experts, the active ones; None where these are
    #: not known
    active: N | None
    #: with every use of a shared or tied tensor counted
    total_untied: N
    #: of what `total` covers, each tensor at its dtype
    bytes: N
    #: of these, the bytes of what is trained
    trainable_bytes: N


@dataclass(frozen=True, slots=True)
class LayerCount(Totals[N], Row):
    """A row of a count: a layer, or copies of it that are alike; all totals are over the copies."""

    @property
    def tensors(self) -> tuple[TensorCount[N], ...]:
        """Its own tensors as the convention spells them; none, where they are shared from another row."""
        leaf = self.leaf
        if leaf is None or leaf.shared or not leaf.uses:
            return ()
        return tuple(
            _tensor_count(name, shape, [leaf.uses[member] for member in members], self.convention)
            for name, shape, members in self.laid_out(leaf)
        )

    def laid_out(self, leaf: Leaf, shapes: Sequence[Shape] | None = None) -> list[Spelling]:
        """Return the tensors of the layer as the convention has them; `shapes` are theirs in symbols."""
        return spelled(leaf, self.convention, shapes)

    @property
    def is_expressible(self) -> bool:
        """Whether the convention's framework, where it has such a layer, has it with these fields."""
        leaf = self.leaf
        if leaf is None or not leaf.uses or not self.convention.equivalents(self.kind):
            return True
        return self.convention.equivalent(leaf.layer, leaf.input_shapes) is not None


@dataclass(frozen=True, slots=True)
class Count(Totals[N], Displayed):
    """The exact result for a spec under a convention: whole numbers, or arrays of them."""

    name: str
    convention: Framework
    dims: dict[str, Value]
    #: of the dims, those that were given beside the spec
    given: dict[str, Value]
    #: of every tensor for which none is stated
    dtype: str
    layers: tuple[LayerCount[N], ...]
    #: the tree that the rows are the leaves of
    root: Branch = field(repr=False, compare=False)
    #: what is probably not meant as it is written
    remarks: tuple[str, ...] = ()

    @property
    def unit(self) -> str:
        """What a number of it counts."""
        return "parameters"

    @property
    def notes(self) -> tuple[str, ...]:
        """What the convention's framework cannot express, and is counted as the spec states it."""
        return notes(self)

    def sizes(self, dtype: str | None = None) -> dict[str, Any]:
        """Return the bytes of what `total` covers by dtype, with this one where no other is stated for a tensor."""
        found: dict[str, Any] = {}
        counts = named_convention(self.convention).counts
        for leaf, times in leaves(self.root):
            for use in leaf.owned:
                if counts(use.tensor.role):
                    name = dtype if dtype is not None and not use.states_dtype else use.dtype
                    found[name] = found.get(name, 0) + times * size_in_bytes(use.elements, name)
        return found

    def plain(self) -> dict[str, Any]:
        """Return the count as JSON has it; the keys are stable."""
        return plain(self)


def count(
    spec: Spec,
    convention: Framework | None = None,
    *,
    dims: Mapping[str, Value] | None = None,
    expand: bool = False,
    depth: int | None = None,
) -> Count[Any]:
    """Return the exact count of a spec.

    `convention` is `keras` or `torch`; the spec's own framework, if absent. `dims` replaces
    values of dims: whole numbers, or NumPy arrays of them, which make every total an array.
    `expand` lists every copy of a repeated node; `depth` makes one row of each group
    that many levels down. Raises `ParamcalcError`.
    """
    target = named_convention(convention or spec.framework)
    with located_in(spec):
        check_states(spec, target)
        graph = evaluate(spec, target.name, dims, fold=not expand)
        counter = _Counter(target, depth, [name for name in _FIGURES if name in spec.unknown])
        rows = list(counter.rows(graph.root, 1, 1, 0))
    if any(map(algebra.is_array, graph.dims.values())):
        # what was computed is given out as NumPy's own arrays
        rows = [replace(row, **{name: algebra.released(getattr(row, name)) for name in _FIGURES}) for row in rows]
    return Count(
        name=spec.name,
        convention=target.name,
        dims=graph.dims,
        given={name: graph.dims[name] for name in dims or ()},
        dtype=graph.dtype,
        layers=tuple(rows),
        root=graph.root,
        remarks=graph.remarks,
        **counter.totals(rows),
    )


#: The names of what is counted.
_FIGURES = tuple(item.name for item in fields(Totals))


class _Counter(Rows[LayerCount]):
    """Makes rows of the leaves of a graph; of them all, some figures are unknown."""

    def __init__(self, target: Convention, depth: int | None, unknown: Iterable[str]) -> None:
        super().__init__(target, depth)
        self.unknown: dict[str, Any] = dict.fromkeys(unknown)

    def totals(self, rows: Sequence[LayerCount]) -> dict[str, Any]:
        """Return the sums over rows."""
        known = [name for name in _FIGURES if name not in self.unknown]
        return {name: algebra.total([getattr(row, name) for row in rows]) for name in known} | self.unknown

    def row(self, leaf: Leaf, times: Number, active: Number, place: dict[str, Any]) -> LayerCount:
        passed: Number = 0
        total = trainable = buffers = size = trainable_size = 0
        for use in leaf.owned:
            if not self.target.counts(use.tensor.role):
                buffers = buffers + use.elements
                continue
            total = total + use.elements
            passed = passed + use.active
            bytes_used = size_in_bytes(use.elements, use.dtype)
            size = size + bytes_used
            if use.trainable:
                trainable = trainable + use.elements
                trainable_size = trainable_size + bytes_used
        untied = sum((use.elements for use in leaf.uses if self.target.counts(use.tensor.role)), start=0)
        figures = {
            "total": total * times,
            "trainable": trainable * times,
            "non_trainable": (total - trainable) * times,
            "buffers": buffers * times,
            "active": passed * active,
            "total_untied": untied * times,
            "bytes": size * times,
            "trainable_bytes": trainable_size * times,
        }
        return LayerCount(**place, **{**figures, **self.unknown})

    def whole(self, rows: Sequence[LayerCount], place: dict[str, Any]) -> LayerCount:
        return LayerCount(**place, **self.totals(rows))


def _tensor_count(name: str, shape: Shape, uses: Sequence[Use], target: Convention) -> TensorCount[Any]:
    first = uses[0]
    return TensorCount(
        name,
        shape,
        first.tensor.role,
        bool(first.trainable),
        first.dtype,
        first.owner_path,
        sum((use.elements for use in uses[1:]), start=first.elements),
        "; ".join(dict.fromkeys(use.tensor.purpose for use in uses)),
        _standing(first, target),
    )


def _standing(use: Use, target: Convention) -> str:
    """Say whether a tensor is trained, or whose it is."""
    if use.owner is not None:
        return f"tied to {use.owner_path}"
    if use.tensor.role == "state":
        return "not trained" if target.states_count else "buffer"
    return "trained" if use.trainable else "frozen"
