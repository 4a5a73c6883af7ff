"""How Keras keeps weights with few bits, and what it trains beside weights that it keeps as they are.

A quantisation is written as Keras writes it at the head of a dtype policy: `int8`, `int4` or
`int4/BLOCK`, `float8`, `gptq/BITS/GROUP`, `awq/4/GROUP`; a block or group of -1 is the whole axis.

Source: Keras 3.15, keras.dtype_policies; `_int8_build` and its kin in keras.layers.Dense,
EinsumDense and Embedding.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any, TypeAlias

from paramcalc.core import algebra
from paramcalc.core.algebra import Number, Shape
from paramcalc.core.errors import refuse
from paramcalc.layers.base.declaration import Tensor
from paramcalc.layers.base.fields import FieldType, Given, named
from paramcalc.layers.base.products import Operand

#: The steps that float8 looks back at, to choose its scales.
_AMAX_HISTORY = 1024
#: Two numbers of 4 bits share a byte.
_PACKED_BITS = 4

_BLOCK = r"(-1|[1-9]\d{0,17})"
_KERNEL_MODES = rf"int8|int4(?:/{_BLOCK})?|float8|gptq/[2348]/{_BLOCK}|awq/4/{_BLOCK}"
_TABLE_MODES = rf"int8|int4(?:/{_BLOCK})?"


def parts(quantization: str) -> tuple[str, int, int]:
    """Give the method, the bits of a weight, and how many weights in a row share a scale (-1: all).

    `gptq/2/128` has 2 bits, and groups of 128.
    """
    method, *rest = quantization.split("/")
    return method, int(rest[0]) if len(rest) == 2 else _PACKED_BITS, int(rest[-1]) if rest else -1


def _reader(pattern: str, written: str) -> FieldType:
    def read(value: Any) -> Any:
        if value is None or (isinstance(value, str) and re.fullmatch(pattern, value)):
            return value
        raise refuse("invalid-value", f"must be {written}, not {named(value)}")

    return FieldType(read, {"anyOf": [{"type": "string", "pattern": f"^({pattern})$"}, {"type": "null"}]})


#: How a kernel is quantised, if it is.
Quantization: TypeAlias = Annotated[
    Given[str | None], _reader(_KERNEL_MODES, "int8, int4, int4/BLOCK, float8, gptq/BITS/GROUP or awq/4/GROUP")
]
#: How a table of embeddings is quantised, if it is.
TableQuantization: TypeAlias = Annotated[Given[str | None], _reader(_TABLE_MODES, "int8, int4 or int4/BLOCK")]


def matrix(
    quantization: str, rows: Number, columns: Number, shape: Shape, scales: Shape, zero: str = "kernel_zero"
) -> Iterator[Tensor]:
    """Yield the tensors of a quantised kernel that maps inputs (its rows) to outputs (its columns).

    `shape` is that of the kernel itself, `scales` that of the scales of int8; `zero` names the zero points.
    """
    method, bits, block = parts(quantization)
    if method == "float8":
        yield Tensor("kernel", shape, "a weight from each input to each output")
        yield from _float8_scales()
        return
    groups = _groups(rows, block)
    if method == "int8":
        yield _kept("kernel", shape, "a weight of 8 bits from each input to each output", "int8")
        yield _kept("kernel_scale", scales, "what brings the weights of an output back to scale")
    elif method == "int4":
        yield _kept("kernel", (rows, _pairs(columns)), "the weights, two to a byte", "int8")
        yield from _scales("kernel", (columns,) if block == -1 else (groups, columns), block, rows)
    else:
        packed = _pairs(columns) if bits == _PACKED_BITS else columns
        yield _kept("kernel", (packed, rows), f"the weights, of {bits} bits each", "uint8")
        yield _kept("kernel_scale", (columns, groups), "what brings the weights of a group back to scale")
        yield _kept(zero, (columns, groups), "the number that stands for zero in a group", "uint8")
        if method == "awq":
            yield _kept("awq_scales", (rows,), "what each input was multiplied by before")
        yield _kept("g_idx", (rows,), "the group of each input", "float32")


def scaled_input(quantization: str | None) -> Operand:
    """Give the input as an operand of a product: with float8 it is scaled, by a number that training sets."""
    return (0, "inputs_scale") if quantization is not None and parts(quantization)[0] == "float8" else (0,)


def table(quantization: str, rows: Number, width: Number) -> Iterator[Tensor]:
    """Yield the tensors of a quantised table of embeddings."""
    method, _, block = parts(quantization)
    if method == "int8":
        yield _kept("embeddings", (rows, width), "a row for each number, of 8 bits an element", "int8")
        yield _kept("embeddings_scale", (rows,), "what brings a row back to scale")
        return
    yield _kept("embeddings", (rows, _pairs(width)), "a row for each number, two elements to a byte", "int8")
    yield from _scales("embeddings", (rows,) if block == -1 else (rows, _groups(width, block)), block, width)


def reversed_table(quantization: str, rows: Number, width: Number, when: Number) -> Iterator[Tensor]:
    """Yield the tensors of a second, quantised table that leads back from the rows of a first to their numbers.

    `when` is the condition under which it is there.
    """
    method, _, block = parts(quantization)
    kept = width if method == "int8" else _pairs(width)
    scales = (rows,) if block == -1 else (_groups(width, block), rows)
    yield _kept("reverse_embeddings", (kept, rows), "a column for each number, on the way back", "int8", when)
    yield _kept("reverse_embeddings_scale", scales, "what brings a column back to scale", when=when)
    if block != -1:
        # of the layer's own dtype here, unlike the zero points of the first table
        yield _kept("reverse_embeddings_zero", scales, "the number that stands for zero in a group", when=when)


def low_rank(tensor: str, inputs: Shape, outputs: Shape, rank: Number, quantization: str | None) -> Iterator[Tensor]:
    """Yield the two factors of an update that is trained in place of a tensor (LoRA, Hu et al. 2021).

    They are float32, whatever the layer. Raises `invalid-value` where Keras has no such update.
    """
    if rank is None:
        return
    if quantization is not None and parts(quantization)[0] not in ("int8", "int4"):
        raise refuse(
            "invalid-value",
            f"'lora_rank' goes with no quantization, int8 or int4, not with {quantization}",
            "Keras has no low-rank update of such weights",
        )
    yield Tensor(f"lora_{tensor}_a", (*inputs, rank), "first factor of the update, with lora_rank = r", dtype="float32")
    yield Tensor(f"lora_{tensor}_b", (rank, *outputs), "second factor of the update", dtype="float32")


def _kept(name: str, shape: Shape, purpose: str, dtype: str | None = None, when: Number = True) -> Tensor:
    """Make a tensor that is not trained."""
    return Tensor(name, shape, purpose, dtype=dtype, when=when, frozen=True)


def _scales(tensor: str, shape: Shape, block: int, grouped: Number) -> Iterator[Tensor]:
    """Yield the scales of weights of 4 bits; of blocks, also the zero points and the block of each input."""
    yield _kept(f"{tensor}_scale", shape, "what brings the weights back to scale")
    if block != -1:
        yield _kept(f"{tensor}_zero", shape, "the number that stands for zero in a block", "int8")
        yield _kept("g_idx", (grouped,), "the block of each input", "float32")


def _float8_scales() -> Iterator[Tensor]:
    """Yield what float8 learns beside the weights: a scale and the largest values of late, three times."""
    for what in ("inputs", "kernel", "outputs_grad"):
        yield Tensor(f"{what}_scale", (), "a scale, set with each step of training", dtype="float32")
        yield Tensor(f"{what}_amax_history", (_AMAX_HISTORY,), "the largest values of late", dtype="float32")


def _pairs(number: Number) -> Number:
    return algebra.ceil_divide(number, 2)


def _groups(number: Number, block: int) -> Number:
    return 1 if block == -1 else algebra.ceil_divide(number, block)
