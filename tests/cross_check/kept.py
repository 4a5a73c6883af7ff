"""What PyTorch keeps for the backward pass: the bytes of all storages that it is seen to keep, those it owns apart."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import torch
import yaml
from torch import nn
from torch.autograd.graph import saved_tensors_hooks
from torch.nn.attention import SDPBackend, sdpa_kernel

import paramcalc as pc
from paramcalc.frameworks.build import source
from paramcalc.graph import evaluate

from .strategies import Case

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
    torch.backends.mkldnn.enabled = False  # type: ignore[attr-defined]
    try:
        with sdpa_kernel(_BACKENDS[attention]):
            yield
    finally:
        torch.backends.mkldnn.enabled = enabled  # type: ignore[attr-defined]


def built(spec: pc.Spec, attention: str = "flash", dims: dict[str, Any] | None = None) -> nn.Module:
    """The module that `build` makes of a spec, to be trained."""
    text = source(spec, "torch", dims=dims)
    if attention == "weights":
        text = text.replace("need_weights=False", "need_weights=True")
    names: dict[str, Any] = {"__name__": "model"}
    exec(compile(text, "<model>", "exec", dont_inherit=True), names)
    model: nn.Module = names["build"]()
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
    return found


def kept(spec: pc.Spec, batch: int, attention: str = "flash", dims: dict[str, Any] | None = None) -> int:
    """The bytes that the real model of a spec keeps."""
    model, inputs = built(spec, attention, dims), inputs_of(spec, batch, dims)
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
