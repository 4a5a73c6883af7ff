"""What PyTorch keeps for the backward pass: the bytes of all storages that it is seen to keep, those it owns apart."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import torch
import yaml
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from torch import nn
from torch.autograd.graph import saved_tensors_hooks
from torch.nn.attention import SDPBackend, sdpa_kernel

import paramcalc as pc
from paramcalc.conventions import convention, named_by
from paramcalc.conventions.torch_saved import LAYERS, Row
from paramcalc.core.registry import built_in_names
from paramcalc.graph import evaluate

from . import classes, strategies
from .strategies import FRAMEWORKS, Case

_BACKENDS = {
    "flash": [SDPBackend.FLASH_ATTENTION, SDPBackend.MATH],
    "math": [SDPBackend.MATH],
    "weights": [SDPBackend.MATH],
}


def bytes_kept(run: Callable[..., Any], inputs: Sequence[torch.Tensor], owned: Iterable[torch.Tensor]) -> int:
    """The bytes of the storages that are kept when it runs on inputs; those that are owned are left out."""
    known = {tensor.untyped_storage()._cdata for tensor in owned}
    # the storages are held, so that no other comes to stand where one was
    found: dict[int, torch.UntypedStorage] = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        found.setdefault(storage._cdata, storage)
        return tensor

    with saved_tensors_hooks(pack, lambda tensor: tensor):
        run(*inputs)
    return sum(storage.nbytes() for key, storage in found.items() if key not in known)


def owned(module: nn.Module) -> list[torch.Tensor]:
    """The parameters and buffers of a module."""
    return [*module.parameters(), *module.buffers()]


@contextmanager
def as_counted(attention: str = "flash") -> Iterator[None]:
    """Without what keeps storages of a form of its own, and with this attention."""
    enabled = torch.backends.mkldnn.enabled  # type: ignore[attr-defined]
    plain = nn.MultiheadAttention.forward

    def with_weights(self: nn.MultiheadAttention, *inputs: Any, **given: Any) -> Any:
        return plain(self, *inputs, **{**given, "need_weights": True})

    if attention == "weights":
        nn.MultiheadAttention.forward = with_weights  # type: ignore[method-assign]
    torch.backends.mkldnn.enabled = False  # type: ignore[attr-defined]
    try:
        with sdpa_kernel(_BACKENDS[attention]):
            yield
    finally:
        torch.backends.mkldnn.enabled = enabled  # type: ignore[attr-defined]
        nn.MultiheadAttention.forward = plain  # type: ignore[method-assign]


def built(spec: pc.Spec, dims: dict[str, Any] | None = None) -> nn.Module:
    """The module that `build` makes of a spec, to be trained."""
    model: nn.Module = pc.build(spec, "torch", dims=dims)
    return model.train()


def inputs_of(spec: pc.Spec, batch: int, dims: dict[str, Any] | None = None) -> list[torch.Tensor]:
    """An example of each input of a spec, as many times as the batch has examples."""
    graph = evaluate(spec, "torch", dims, fold=False)
    found = []
    for leaf, _ in graph.leaves():
        if isinstance(leaf.layer, pc.Input):
            stated = "dtype" in leaf.layer.model_fields_set
            dtype = getattr(torch, leaf.layer.dtype if stated else graph.dtype)
            shape = (batch, *leaf.output)
            found.append(torch.randn(shape).to(dtype) if dtype.is_floating_point else torch.zeros(shape, dtype=dtype))
    # a network without inputs is told how many examples there are
    return found or [torch.empty(batch, 0)]


def kept(spec: pc.Spec, batch: int, attention: str = "flash", dims: dict[str, Any] | None = None) -> int:
    """The bytes that the real model of a spec keeps."""
    model, inputs = built(spec, dims), inputs_of(spec, batch, dims)
    with as_counted(attention):
        return bytes_kept(model, inputs, owned(model))


def with_dtype(spec: pc.Spec, dtype: str) -> pc.Spec:
    """A network of this dtype, its inputs included."""

    def stated(value: Any) -> Any:
        if isinstance(value, dict):
            found = {key: stated(each) for key, each in value.items()}
            return {**found, "Input": {"dtype": dtype, **found["Input"]}} if "Input" in found else found
        return [stated(each) for each in value] if isinstance(value, list) else value

    plain = stated(yaml.safe_load(pc.dumps(spec)))
    return pc.loads(yaml.safe_dump({**plain, "dtype": dtype}, sort_keys=False))


def around(case: Case, needs_gradient: bool, trainable: bool, dtype: str) -> pc.Spec:
    """The network of one layer, behind layers that are trained if its inputs are to need a gradient."""
    nodes, names = [], []
    for place, (shape, each) in enumerate(zip(case.shapes, case.dtypes, strict=True)):
        is_float = "float" in each
        name = f"input_{place}"
        nodes.append(pc.Node(pc.Input(shape=shape, dtype=dtype if is_float else each), name=name))
        if needs_gradient and is_float:
            nodes.append(pc.Node(pc.PReLU(slopes="single"), name=f"before_{place}", inputs=[name]))
            name = f"before_{place}"
        names.append(name)
    nodes.append(pc.Node(case.layer, name="layer", inputs=names or None, trainable=trainable))
    return replace(pc.Spec(nodes, framework=case.framework), dtype=dtype)


# --- What is drawn ------------------------------------------------------------------------

ATTENTIONS = st.sampled_from(["flash", "math", "weights"])
#: The layer types of which what is kept is refused, whatever their fields.
REFUSED = {name for key, row in LAYERS.items() if isinstance(row, Row) and row.refused for name, _ in named_by(key)}
KINDS = [kind for kind in built_in_names()[1:] if kind in strategies.KINDS or classes.known(kind)]


@st.composite
def cases(draw: DrawFn, kind: str) -> Case:
    """A layer of a layer type, in the layout of either framework."""
    if kind in strategies.KINDS:
        return draw(strategies.cases(kind, draw(st.sampled_from(FRAMEWORKS))))
    framework = draw(st.sampled_from([each for each in FRAMEWORKS if convention(each).equivalents(kind)]))
    return draw(classes.cases(kind, framework))


#: How a layer may be refused.
REFUSALS = ("not-measurable",)
#: What PyTorch says of networks that it builds and cannot train: of one number there is no deviation, …
UNTRAINED = re.compile(
    "Expected more than 1 |not implemented for|Expected shape of indices|pixel_shuffle expects|"
    "Unsupported memory format"
)


def given_by(result: Callable[[], Any], codes: Collection[str]) -> Any:
    """What a function gives; None where it refuses with one of these codes, or PyTorch cannot train the network."""
    try:
        return result()
    except pc.ParamcalcError as error:
        if error.code not in codes:
            raise
    except (ValueError, RuntimeError) as error:
        if not UNTRAINED.search(str(error)):
            raise
    return None
