"""What a layer multiplies: its matrix products, convolutions and products of attention.

Each is stated as the sizes that are multiplied, for one example of a batch, and as what its two operands are made of.
Their product are the multiply-adds of the forward pass. The gradient of an operand is a product of the same sizes, so
that what a training step costs follows from which of the two needs one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from paramcalc.core import algebra
from paramcalc.core.algebra import Number
from paramcalc.core.errors import refuse

if TYPE_CHECKING:
    from paramcalc.layers.base.declaration import Layer, Part

#: What an operand is made of: inputs of the layer by their numbers, and its tensors by their names; `encoder_*` are
#: all whose names begin so. It needs a gradient where any of these does.
Operand: TypeAlias = tuple[int | str, ...]


@dataclass(frozen=True, slots=True)
class Product:
    """Two operands that a layer multiplies."""

    name: str
    #: what is multiplied for one example: positions, and the sizes of both sides of a matrix
    sizes: tuple[Number, ...]
    left: Operand
    right: Operand
    purpose: str = ""
    #: the flag, or flags, that must hold for it to be there
    when: Any = True
    #: whether it is computed for each example, or once for a batch: a product of tensors alone
    of_examples: bool = True
    #: of attention, the positions of the queries and of the keys, which are multiplied as well
    lengths: tuple[Number, Number] | None = None
    #: of attention, whether a position attends to none that come after it; None where that is not said
    causal: bool | None = None

    def repeated(self, copies: Number) -> Product:
        """Give the same product, computed so many times."""
        return self if type(copies) is int and copies == 1 else replace(self, sizes=(copies, *self.sizes))

    def within(self, part: Part) -> Product:
        """Give the same product as the layer around a part has it."""
        sources = part.sources if part.sources is not None else tuple((place,) for place in range(len(part.inputs)))

        def outside(operand: Operand) -> Operand:
            found: list[int | str] = []
            for each in operand:
                found += [f"{part.name}_{each}"] if isinstance(each, str) else sources[each]
            return tuple(dict.fromkeys(found))

        name, when = f"{part.name}_{self.name}", part.when if self.when is True else self.when
        inside = replace(self, name=name, left=outside(self.left), right=outside(self.right), when=when)
        return inside.repeated(part.copies)


def no_products(layer: Layer, *inputs: Any, **named: Any) -> Iterable[Product]:
    """State that a layer type multiplies no matrices: it works element by element, or moves elements."""
    return ()


def products_of_parts(layer: Layer, *inputs: Any, **named: Any) -> Iterator[Product]:
    """Give the products of the layers that a layer is made of."""
    for part in layer.parts(*inputs):
        yield from (product.within(part) for product in part.layer.owned_products(*part.inputs))


def not_stated(reason: str) -> Callable[..., Iterable[Product]]:
    """Refuse to say what a layer type multiplies, for a reason: it cannot be said exactly."""

    def refused(layer: Layer, *inputs: Any, **named: Any) -> Iterable[Product]:
        raise refuse("not-measurable", f"what {type(layer).__name__} multiplies cannot be said exactly: {reason}")

    return refused


def low_rank_products(
    tensor: str, positions: Sequence[Number], inputs: Number, outputs: Number, rank: Number, kept: bool
) -> Iterator[Product]:
    """Yield the products of a low-rank update (LoRA), of which the source is Keras.

    Two small matrices are multiplied with one another, once for a batch, and added to the tensor; where that is `kept`
    with few bits, each position goes through both.
    """
    if rank is None:
        return
    first, second = f"lora_{tensor}_a", f"lora_{tensor}_b"
    if not kept:
        sizes = (inputs, rank, outputs)
        yield Product(f"lora_{tensor}", sizes, (first,), (second,), "the update of the whole", of_examples=False)
        return
    yield Product(first, (*positions, inputs, rank), (0,), (first,), "to the rank of the update")
    yield Product(second, (*positions, rank, outputs), (0, first), (second,), "from the rank of the update")


def updated(tensor: str, rank: Number, kept: bool) -> Operand:
    """Give a tensor as an operand: with a low-rank update, that is in it."""
    return (tensor,) if rank is None or kept else (tensor, f"lora_{tensor}_a", f"lora_{tensor}_b")


def is_there(product: Product) -> bool:
    """Return whether the flags of a product hold."""
    flags = product.when if isinstance(product.when, tuple) else (product.when,)
    return all(algebra.truth(flag) for flag in flags)
