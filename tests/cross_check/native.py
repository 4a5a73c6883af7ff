"""A layer as its framework's own class has it: built from the convention's table, called, and compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import paramcalc as pc
from paramcalc.conventions import Equivalent, convention, evaluated, field_environment

from . import classes
from .reading import RealTensor, real_class
from .strategies import Case

BATCH = 2


def check_class(case: Case, framework: str, trainable: bool) -> None:
    """Hold tensors, totals and shapes of a layer to those of the framework's class."""
    spec = case.spec_with(trainable)
    row = pc.count(spec, framework).layers[-1]
    assert row.leaf is not None
    equivalent = convention(framework).equivalent(row.leaf.layer, row.leaf.input_shapes)
    assert equivalent is not None, f"no row of the table of {framework} for {case.layer!r} of {case.shapes}"
    if framework == "keras":
        import keras

        # the second layer of a class is numbered `dense_1` from here on, not from the start of the process
        keras.utils.clear_session(free_memory=False)
    layer = made(row.leaf.layer, row.leaf.input_shapes, equivalent, framework)
    if framework == "keras":
        real, outputs = _keras(case, equivalent, layer, trainable)
    else:
        real, outputs = _torch(case, equivalent, layer, trainable)
    expected = {tensor.name: RealTensor(tensor.shape, tensor.trainable, tensor.dtype) for tensor in row.tensors}
    assert expected == real
    assert [row.output_shape, *row.further_output_shapes] == outputs


def made(layer: pc.Layer, inputs: Any, equivalent: Equivalent, framework: str) -> Any:
    """The real layer, its arguments as the table says; layers among them are made likewise."""
    environment = field_environment(layer, inputs)
    given = {name: evaluated(text, environment) for name, text in equivalent.arguments.items()}
    parts = {id(part.layer): part for part in layer.filled(inputs[0]).parts(*inputs)} if inputs else {}

    def inner(layer: pc.Layer) -> Any:
        shapes = parts[id(layer)].inputs if id(layer) in parts else ()
        own = convention(framework).equivalent(layer, shapes)
        assert own is not None, layer
        return made(layer, shapes, own, framework)

    def plain(value: Any) -> Any:
        several = isinstance(value, tuple) and value and isinstance(value[0], pc.Layer)
        if not several and not isinstance(value, pc.Layer):
            return value
        return [inner(each) for each in value] if several else inner(value)

    return real_class(equivalent)(**{name: plain(value) for name, value in given.items()})


def _keras(
    case: Case, equivalent: Equivalent, layer: Any, trainable: bool
) -> tuple[dict[str, RealTensor], list[tuple[int, ...]]]:
    import keras
    import numpy as np

    symbolic = [keras.Input(shape, dtype=dtype) for shape, dtype in zip(case.shapes, case.dtypes, strict=True)]
    outputs = _shapes(case, equivalent, layer, symbolic)
    # only once it is built: a layer of layers has none before, and would leave them trainable
    layer.trainable = trainable
    if classes.runs(case):
        examples = [np.zeros((BATCH, *shape), dtype) for shape, dtype in zip(case.shapes, case.dtypes, strict=True)]
        run = _shapes(case, equivalent, layer, examples)
        assert (run != outputs) == classes.contradicts(case), "Keras says one shape and has another"
        outputs = run
    trained = {id(variable) for variable in layer.trainable_weights}
    prefix = f"{layer.name}/"
    assert all(variable.path.startswith(prefix) for variable in layer.weights)
    real = {
        variable.path.removeprefix(prefix): RealTensor(tuple(variable.shape), id(variable) in trained, variable.dtype)
        for variable in layer.weights
    }
    return real, outputs


def _torch(
    case: Case, equivalent: Equivalent, layer: Any, trainable: bool
) -> tuple[dict[str, RealTensor], list[tuple[int, ...]]]:
    import torch

    layer = layer.eval().requires_grad_(trainable)
    examples = [
        torch.zeros(BATCH, *shape, dtype=getattr(torch, dtype))
        for shape, dtype in zip(case.shapes, case.dtypes, strict=True)
    ]
    with torch.no_grad():
        outputs = _shapes(case, equivalent, layer, examples)
    tensors = dict(layer.named_parameters()) | dict(layer.named_buffers())
    real = {
        name: RealTensor(tuple(tensor.shape), tensor.requires_grad, str(tensor.dtype).removeprefix("torch."))
        for name, tensor in tensors.items()
    }
    return real, outputs


def _shapes(case: Case, equivalent: Equivalent, layer: Any, inputs: list[Any]) -> list[tuple[int, ...]]:
    """The shapes of what a real layer gives, without the batch."""
    outputs = classes.call(type(case.layer).__name__, equivalent.name, layer, inputs)
    return [tuple(each.shape[1:]) for each in classes.kept(case.layer, equivalent.name, [*_flat(outputs)])]


def _flat(outputs: Any) -> Iterator[Any]:
    if isinstance(outputs, Mapping):
        outputs = list(outputs.values())
    if isinstance(outputs, (list, tuple)):
        for each in outputs:
            yield from _flat(each)
    else:
        yield outputs
