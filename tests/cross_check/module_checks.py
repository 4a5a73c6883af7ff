"""Holds the spec of a module to the module: each tensor by its name, shape, dtype and trainability, each total."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import torch
from torch import nn

import paramcalc as pc
from paramcalc.frameworks.torch.read import untidied


def tensors_of(module: nn.Module) -> dict[str, torch.Tensor]:
    """Every tensor under every name."""
    parameters = module.named_parameters(remove_duplicate=False)
    return {**dict(parameters), **dict(module.named_buffers(remove_duplicate=False))}


def facts(tensor: torch.Tensor) -> tuple[Any, ...]:
    parameter = isinstance(tensor, nn.Parameter)
    trainable = parameter and tensor.requires_grad
    return tuple(tensor.shape), "parameter" if parameter else "state", trainable, str(tensor.dtype).split(".")[-1]


def flat(name: str) -> str:
    """A name of either side, without what a spec must write otherwise: numbers follow a word, and no dots.

    What is added to its input stands in a group, the tensors of a module that holds others in a node, and a
    part of a list of modules is `layer_1_to_5`.
    """
    name = re.sub(r"_(\d+)_to_\d+\.(\d+)", lambda found: f"_{int(found[1]) + int(found[2])}", name)
    name = re.sub(r"\b(own|group)(_\d+)?\.", "", name)
    return re.sub(r"\b(layer|tensor)_(?=\d)", "", name).replace(".", "_").replace("__", "_").strip("_")


def check(module: nn.Module, inputs: Any = None) -> pc.Spec:
    """Read a module, and hold the spec to it; as it is given, and printed and read again."""
    spec = pc.from_torch(module, inputs)
    for each in (spec, pc.loads(pc.dumps(spec)), untidied(module, inputs)):
        check_count(pc.count(each, expand=True), module)
        check_count(pc.count(each), module, totals_only=True)
    return spec


def check_count(count: pc.Count, module: nn.Module, totals_only: bool = False) -> None:
    parameters, buffers = [*module.parameters()], [*module.buffers()]
    assert count.total == sum(each.numel() for each in parameters)
    assert count.trainable == sum(each.numel() for each in parameters if each.requires_grad)
    assert count.non_trainable == count.total - count.trainable
    assert count.buffers == sum(each.numel() for each in buffers)
    assert count.bytes == sum(each.nbytes for each in parameters)
    if totals_only:
        return
    own = Counter(
        (tensor.shape, tensor.role, tensor.trainable, tensor.dtype)
        for row in count.layers
        for tensor in row.tensors
        if tensor.tied_to is None
    )
    # a spec states no size of 0
    assert own == Counter(facts(each) for each in (*parameters, *buffers) if each.numel())


def check_names(spec: pc.Spec, module: nn.Module) -> None:
    """Each tensor has the name that the module has for it."""
    real = {flat(name): facts(tensor) for name, tensor in tensors_of(module).items()}
    rows = [row for row in pc.count(spec, expand=True).layers if row.tensors]
    # a module that is a kind has no name
    whole = f"{rows[0].name}." if len(rows) == 1 and "." not in rows[0].name else ""
    read = {
        flat(f"{row.name}.{tensor.name}".removeprefix(whole)): (
            tensor.shape,
            tensor.role,
            tensor.trainable,
            tensor.dtype,
        )
        for row in rows
        for tensor in row.tensors
        if tensor.tied_to is None
    }
    tied = sum(tensor.tied_to is not None for row in rows for tensor in row.tensors)
    assert read.items() <= real.items()
    if not tied:
        assert len(read) == len({id(tensor) for tensor in tensors_of(module).values()})
