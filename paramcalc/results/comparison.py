"""Two derivations of one network side by side: which tensors two frameworks have, and which count."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from paramcalc.core.display import Displayed, printed
from paramcalc.core.errors import refuse
from paramcalc.layers.base.declaration import Layer
from paramcalc.layers.base.values import plain
from paramcalc.results.derivation import Derivation, DerivedTensor, LayerDerivation, Notation, explain
from paramcalc.spec import FRAMEWORKS, Framework, Spec, Value


@dataclass(frozen=True)
class TensorPair:
    """The same tensors of a layer, as each of two frameworks has them: one there may be three here."""

    left: tuple[DerivedTensor, ...]
    right: tuple[DerivedTensor, ...]

    @property
    def differs(self) -> bool:
        """Whether it adds more to one total than to the other, or to another part of it."""
        return _counted(self.left) != _counted(self.right)


@dataclass(frozen=True)
class Choice:
    """A field that the spec leaves open, and that the two conventions take differently."""

    field: str
    #: of a layer within the layer, its type
    within: str | None
    #: plain data, as YAML has it
    left: Any
    right: Any
    meaning: str


@dataclass(frozen=True)
class LayerComparison:
    """A layer under two conventions."""

    left: LayerDerivation
    right: LayerDerivation
    pairs: tuple[TensorPair, ...]
    choices: tuple[Choice, ...]

    @property
    def differs(self) -> bool:
        """Whether any of its tensors counts differently."""
        return any(pair.differs for pair in self.pairs)


@dataclass(frozen=True)
class Comparison(Displayed):
    """A spec, or the nodes asked for, under two conventions."""

    left: Derivation
    right: Derivation
    layers: tuple[LayerComparison, ...]
    #: the path that was asked for, if one was
    node: str | None

    @property
    def conventions(self) -> tuple[Framework, Framework]:
        """The names of the two."""
        return self.left.count.convention, self.right.count.convention

    def to(self, target: Notation = "text", *, standalone: bool = False) -> str:
        """Print the comparison as `text`, `markdown`, `latex` or `html`; as a `Derivation` is printed."""
        return printed(self, target, standalone=standalone)

    def __str__(self) -> str:
        return self.to("text")


def compare(
    spec: Spec,
    conventions: Sequence[Framework] = FRAMEWORKS,
    *,
    node: str | None = None,
    dims: Mapping[str, Value] | None = None,
) -> Comparison:
    """Compare the tensors that two conventions have of a spec, and which of them count.

    The other arguments are those of `explain`. Raises `ParamcalcError`, among others
    `unknown-convention`.
    """
    if len(conventions) != 2:
        listed = ",".join(FRAMEWORKS)
        raise refuse("invalid-value", f"a comparison takes two conventions, not {len(conventions)}", f"as in {listed}")
    left, right = (explain(spec, name, node=node, dims=dims) for name in conventions)
    layers = tuple(_compared(*pair) for pair in zip(left.layers, right.layers, strict=True))
    return Comparison(left, right, layers, left.node)


def _compared(left: LayerDerivation, right: LayerDerivation) -> LayerComparison:
    assert left.row.leaf is not None
    assert right.row.leaf is not None
    # several layers within a layer may leave the same field open
    choices = dict.fromkeys(_choices(left.row.leaf.layer, right.row.leaf.layer))
    return LayerComparison(left, right, tuple(_pairs(left.tensors, right.tensors)), tuple(choices))


def _pairs(left: Sequence[DerivedTensor], right: Sequence[DerivedTensor]) -> Iterator[TensorPair]:
    """Pair tensors that hold the same of the declaration's, in its order."""
    rest = [*left], [*right]
    while any(rest):
        found: tuple[list[DerivedTensor], list[DerivedTensor]] = [], []
        members = {*(rest[0] or rest[1])[0].members}
        while joined := [
            (side, tensor) for side in (0, 1) for tensor in rest[side] if not members.isdisjoint(tensor.members)
        ]:
            for side, tensor in joined:
                rest[side].remove(tensor)
                found[side].append(tensor)
                members.update(tensor.members)
        yield TensorPair(tuple(found[0]), tuple(found[1]))


def _choices(left: Layer, right: Layer, is_within: bool = False) -> Iterator[Choice]:
    """Give the fields in which a layer, or a layer within it, differs: those that a convention chose."""
    cls = type(left)
    for name, info in cls.model_fields.items():
        one, other = getattr(left, name), getattr(right, name)
        if one == other:
            continue
        if name in cls.nested_fields():
            for inner, same in zip(_layers(one), _layers(other), strict=True):
                yield from _choices(inner, same, is_within=True)
        else:
            within = cls.__name__ if is_within else None
            yield Choice(name, within, plain(one), plain(other), str(info.description))


def _layers(value: Layer | tuple[Layer, ...]) -> tuple[Layer, ...]:
    return value if isinstance(value, tuple) else (value,)


def _counted(tensors: Sequence[DerivedTensor]) -> dict[str, int]:
    """Return the elements that count, by what becomes of them."""
    sums: dict[str, int] = {}
    for tensor in tensors:
        if tensor.counts:
            sums[tensor.standing] = sums.get(tensor.standing, 0) + int(tensor.elements)
    return sums
