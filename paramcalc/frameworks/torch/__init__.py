"""A live module of PyTorch as a spec.

    modules   a module as a kind
    tracing   which modules and functions are called, and in which order
    places    the nodes while they are read: where each stands, and what it takes
    reader    the nodes of a spec, in groups named as the modules

Source: torch.nn.Module, torch.fx.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from paramcalc.algebra import Shape
from paramcalc.counting import count
from paramcalc.errors import ParamcalcError, refuse
from paramcalc.fields import named, read_shape
from paramcalc.frameworks.tidying import tidy
from paramcalc.frameworks.torch.modules import described, own_tensors
from paramcalc.frameworks.torch.reader import Loose, Reader
from paramcalc.spec import Node, Spec

_ORDER = (
    "Read from PyTorch. torch.fx cannot follow its calls, so the layers stand in the order in which they are"
    " registered, and a layer that does not fit the one before it begins with an Input of its own."
)
_PARTLY = (
    "Read from PyTorch. Where a function that is no layer kind stands between two layers, the second begins with"
    " an Input of its own; what torch.fx cannot follow stands in the order in which it is registered."
)


def from_torch(module: Any, inputs: Any = None) -> Spec:
    """The spec of a live module: each tensor of it, and the connections as far as torch.fx can follow them.

    `inputs` are examples of what the module is given, or their shapes without the batch: one, or a
    list of them. Without them the lengths that no layer decides are left open. The module is not
    changed, and none of its numbers are looked at; it may be on the device `meta`.

    Raises `ParamcalcError`: `wrong-type` for what is no module, `invalid-value` for a lazy module that
    has no sizes yet.
    """
    spec = untidied(module, inputs)
    if not spec.layers:
        return spec
    tidied = tidy(spec)
    return tidied if _holds(tidied, _tensors(spec)) else spec


def untidied(module: Any, inputs: Any = None) -> Spec:
    """The same, each node for itself and under the name of its module. Raises what `from_torch` does."""
    import torch

    if not isinstance(module, torch.nn.Module):
        raise refuse("wrong-type", f"takes a module of PyTorch, not {named(module)}")
    for name, tensor in own_tensors(module).items():
        described(tensor, name)
    reader, nodes, outputs = _read(module, list(_shapes(inputs)))
    description = _ORDER if not reader.traced else _PARTLY if reader.parted else ""
    spec = Spec(nodes, type(module).__name__, description, "torch", outputs=outputs)
    if not _is_of(_tensors(spec), module):
        raise refuse(
            "invalid-value",
            f"the tensors of this {type(module).__name__} cannot all be told apart",
            "read its parts one by one, or write its tensors as Weights",
        )
    return spec


def _read(module: Any, inputs: list[Any]) -> tuple[Reader, tuple[Node, ...], tuple[str, ...] | None]:
    """The nodes of a module; what is tied in a way that its kind cannot say is read as Weights."""
    loose: frozenset[int] = frozenset()
    while True:
        reader = Reader(module, inputs, loose)
        try:
            return reader, *reader.nodes()
        except Loose as found:
            loose |= found.modules


def _shapes(inputs: Any) -> Iterator[tuple[Shape, str]]:
    """The shape of each input without the batch, and its dtype: of examples, or as they are stated."""
    if inputs is None:
        return
    several = isinstance(inputs, (list, tuple)) and not all(each is None or type(each) is int for each in inputs)
    for each in inputs if several else [inputs]:
        if hasattr(each, "shape"):
            yield tuple(each.shape)[1:], str(each.dtype).removeprefix("torch.")
        else:
            yield read_shape(each), "float32"


def _tensors(spec: Spec) -> Counter[Any]:
    """Every tensor of a spec, and how often there is one like it."""
    found: Counter[Any] = Counter()
    for row in count(spec).layers:
        for tensor in row.tensors:
            found[tensor.shape, tensor.role, tensor.trainable, tensor.dtype, tensor.tied_to is None] += row.times
    return found


def _is_of(found: Counter[Any], module: Any) -> bool:
    """Whether the tensors of a spec are exactly those of a module, each counted once."""
    tensors = {id(tensor): described(tensor, name) for name, tensor in own_tensors(module).items()}
    real = Counter((own.shape, own.role, own.trainable, own.dtype) for own in tensors.values())
    mine: Counter[Any] = Counter()
    for (shape, role, trainable, dtype, counted), number in found.items():
        mine[shape, role, trainable, dtype] += number * counted
    return +mine == real


def _holds(spec: Spec, tensors: Counter[Any]) -> bool:
    """Whether a spec has exactly these tensors."""
    try:
        return _tensors(spec) == tensors
    except ParamcalcError:
        return False
