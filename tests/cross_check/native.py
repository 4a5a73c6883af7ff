"""A layer as its framework's own class has it: built from the convention's table, called, and compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

import paramcalc as pc
from paramcalc.conventions import Equivalent, convention, evaluated, spell
from paramcalc.core.algebra import Shape, Unknown
from paramcalc.core.expression import Environment

from . import classes
from .reading import RealTensor, real_class
from .strategies import Case

BATCH = 2
#: What an example is of data that is text.
WORDS = "two words"


def check_class(case: Case, framework: str, trainable: bool, alias: Equivalent | None = None) -> None:
    """Hold tensors, totals and shapes of a layer to those of the framework's class, or of another form of it."""
    spec = case.spec_with(trainable)
    row = pc.count(spec, framework).layers[-1]
    assert row.leaf is not None
    equivalent = alias or convention(framework).equivalent(row.leaf.layer, row.leaf.input_shapes)
    assert equivalent is not None, f"no row of the table of {framework} for {case.layer!r} of {case.shapes}"
    _, real, outputs = observed(case, row, equivalent, framework, trainable)
    names = (
        {tensor.name: tensor.name for tensor in row.tensors} if alias is None else _names(row.leaf, alias, framework)
    )
    expected = {names[tensor.name]: RealTensor(tensor.shape, tensor.trainable, tensor.dtype) for tensor in row.tensors}
    assert expected == real
    assert [_known(shape) for shape in (row.output_shape, *row.further_output_shapes)] == outputs


def observed(
    case: Case, row: pc.LayerCount, equivalent: Equivalent, framework: str, trainable: bool = True
) -> tuple[Any, dict[str, RealTensor], list[tuple[int | None, ...]]]:
    """Make and call the real layer of a class; return it, its tensors by name, and the shapes of its outputs."""
    assert row.leaf is not None
    if framework == "keras":
        import keras

        # the second layer of a class is numbered `dense_1` from here on, not from the start of the process
        keras.utils.clear_session(free_memory=False)
    layer = made(row.leaf.layer, row.leaf.input_shapes, equivalent, framework)
    if framework == "keras":
        shapes = [row.output_shape, *row.further_output_shapes]
        return layer, *_keras(case, equivalent, layer, trainable, shapes)
    return layer, *_torch(case, equivalent, layer, trainable)


def _names(leaf: Any, alias: Equivalent, framework: str) -> dict[str, str]:
    """The names that another form of a class has for the tensors, by those of the class."""
    tensors = [use.tensor for use in leaf.uses]
    usual = convention(framework).spell(leaf.layer, leaf.input_shapes, tensors)
    own = spell(convention(framework), alias, tensors, [tensor.shape for tensor in tensors])
    by_members = {each.members: each.name for each in own}
    return {each.name: by_members[each.members] for each in usual}


def made(layer: pc.Layer, inputs: Any, equivalent: Equivalent, framework: str) -> Any:
    """The real layer, its arguments as the table says; layers among them are made likewise."""
    fields = convention(framework).environment(layer, inputs)
    found = [*layer.filled(inputs[0] if inputs else None).parts(*inputs)]
    environment = Environment({**fields.values, **{part.name: part.layer for part in found}}, fields.input)
    given = {name: evaluated(text, environment) for name, text in equivalent.arguments.items()}
    for name in equivalent.arrays.split():
        given[name] = _as_tensor(given[name])
    parts = {id(part.layer): part for part in found}

    def inner(layer: pc.Layer) -> Any:
        shapes = parts[id(layer)].inputs if id(layer) in parts else ()
        own = convention(framework).equivalent(layer, shapes)
        assert own is not None, layer
        return made(layer, shapes, own, framework)

    def plain(value: Any) -> Any:
        if isinstance(value, Fraction):
            return float(value)
        if isinstance(value, tuple) and any(isinstance(each, Fraction) for each in value):
            return tuple(map(plain, value))
        several = isinstance(value, tuple) and value and isinstance(value[0], pc.Layer)
        if not several and not isinstance(value, pc.Layer):
            return value
        return [inner(each) for each in value] if several else inner(value)

    return real_class(equivalent)(**{name: plain(value) for name, value in given.items()})


def _known(shape: Shape) -> tuple[int | None, ...]:
    """A shape of ours as Keras writes it."""
    return tuple(None if isinstance(size, Unknown) else size for size in shape)


def _where_known(real: tuple[int, ...], said: tuple[int | None, ...]) -> tuple[int | None, ...]:
    """The shape of a run, without the sizes that Keras left open before."""
    assert len(real) == len(said)
    return tuple(size and found for found, size in zip(real, said, strict=True))


def _as_tensor(values: Any) -> Any:
    import torch

    return values and torch.tensor(values, dtype=torch.float32)


def _keras(
    case: Case, equivalent: Equivalent, layer: Any, trainable: bool, shapes: list[Shape]
) -> tuple[dict[str, RealTensor], list[tuple[int | None, ...]]]:
    import keras
    import numpy as np

    symbolic = [keras.Input(shape, dtype=dtype) for shape, dtype in zip(case.shapes, case.dtypes, strict=True)]
    outputs = _shapes(case, equivalent, layer, symbolic)
    # only once it is built: a layer of layers has none before, and would leave them trainable
    layer.trainable = trainable
    if classes.runs(case):
        examples = [
            np.full((BATCH, *shape), WORDS, object) if dtype == "string" else np.zeros((BATCH, *shape), dtype)
            for shape, dtype in zip(case.shapes, case.dtypes, strict=True)
        ]
        run = _shapes(case, equivalent, layer, examples)
        if classes.misstated(case):
            outputs = [
                tuple(None if isinstance(ours, Unknown) else size for ours, size in zip(shape, real, strict=True))
                for shape, real in zip(shapes, run, strict=True)
            ]
        elif classes.contradicts(case):
            assert run != outputs, "Keras says the shape that it has: no contradiction any more"
            outputs = run
        else:
            assert [_where_known(real, said) for real, said in zip(run, outputs, strict=True)] == outputs, (
                "Keras says one shape and has another"
            )
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
) -> tuple[dict[str, RealTensor], list[tuple[int | None, ...]]]:
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


def _shapes(case: Case, equivalent: Equivalent, layer: Any, inputs: list[Any]) -> list[tuple[int | None, ...]]:
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
