"""Every kind on its own: the model that `pc.build` makes is the one that is counted, or it is refused by its kind."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

import paramcalc as pc
from paramcalc.conventions import convention
from paramcalc.core.algebra import Shape, Unknown
from paramcalc.frameworks.build import refused_kinds
from paramcalc.graph import Leaf

from . import classes, reading
from .comparison import check_tensors, check_totals
from .native import BATCH, WORDS
from .reading import RealModel
from .strategies import FRAMEWORKS, KINDS, Case, cases
from .test_building import of_keras, of_torch

pytestmark = pytest.mark.framework
#: The kinds whose layers run only once they have seen data.
PREPARED = ("Discretization", "IntegerLookup", "StringLookup", "TextVectorization", "Dense", "EinsumDense")

#: The kinds whose tensors the frameworks have in another order: a gate beside the query, offsets behind all weights.
ORDERED_OTHERWISE = ("MultiHeadAttention",)


def drawn(kind: str) -> SearchStrategy[Case]:
    """Layers of a kind, in the layout of either framework."""
    if kind in KINDS:
        return st.one_of([cases(kind, layout) for layout in FRAMEWORKS])
    own = [layout for layout in FRAMEWORKS if convention(layout).equivalents(kind)]
    return st.one_of([classes.cases(kind, layout) for layout in own])


@pytest.mark.parametrize("kind", pc.kind_names())
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_layer_is_built_as_it_is_counted_or_refused_by_its_kind(framework: str, kind: str) -> None:
    built = []

    @settings(settings.get_profile("builds"))
    @given(case=drawn(kind), trainable=st.booleans())
    def check(case: Case, trainable: bool) -> None:
        built.append(is_built(case, framework, trainable))

    check()
    # the table of the documentation: what is refused altogether is no accident
    assert any(built) == (kind not in refused_kinds(framework))


def is_built(case: Case, framework: str, trainable: bool) -> bool:
    """Build the network of a layer and compare it with its count; or whether it is refused, by its kind."""
    if framework == "keras":
        import keras

        keras.utils.clear_session(free_memory=False)
    spec = with_all_outputs(case.spec_with(trainable), framework)
    try:
        model = pc.build(spec, framework)
    except pc.ParamcalcError as error:
        refused = error.problems[0]
        assert refused.code == "cannot-build", refused
        assert refused.message.split()[0] in {type(leaf.layer).__name__ for leaf in reading.leaves(spec, framework)}
        return False
    count = pc.count(spec, framework)
    real = of_keras(model, count) if framework == "keras" else of_torch(model)
    check_tensors(spec, count, real)
    check_totals(count, real)
    if trainable:
        check_order(count, real, framework)
    leaf = count.layers[-1].leaf
    assert leaf is not None
    # the layer as it is, its layout filled in
    shapes, dtypes = (case.shapes, case.dtypes) if leaf.inputs else _of_input(leaf.layer)
    case = Case(leaf.layer, shapes, case.framework, dtypes)
    if framework == "keras":
        check_shapes_of_keras(case, leaf, model)
    else:
        assert shapes_of_torch(case, model) == list(map(_known, leaf.outputs))
    return True


def _of_input(layer: Any) -> tuple[tuple[Any, ...], tuple[str, ...]]:
    """What a network of one layer without inputs is run on: for an `Input`, what it says."""
    return ((tuple(layer.shape),), (layer.dtype,)) if isinstance(layer, pc.Input) else ((), ())


def with_all_outputs(spec: pc.Spec, framework: str) -> pc.Spec:
    """The same spec, with every output of its last layer as one of its own."""
    row = pc.count(spec, framework).layers[-1]
    further = [f"{row.name}.{place}" for place in range(1, 1 + len(row.further_output_shapes))]
    return pc.Spec(spec.layers, framework=spec.framework, outputs=[row.name, *further])


def check_order(count: pc.Count, real: RealModel, framework: str) -> None:
    """Where the framework has the kind, its tensors stand in the same order: the trained ones, and the others."""
    row = count.layers[-1]
    assert row.leaf is not None
    layer: Any = row.leaf.layer
    # what is kept of a weight that is computed, or has few bits, is registered anew, behind what it does not touch
    computed = layer.wrapped(*row.leaf.input_shapes) is not None or getattr(layer, "quantization", None) is not None
    if computed or reading.equivalent(row.leaf, framework) is None or type(layer).__name__ in ORDERED_OTHERWISE:
        return
    prefix = row.name + convention(framework).separator
    for sort in {(tensor.role, tensor.trainable) for tensor in row.tensors}:
        ours = [prefix + tensor.name for tensor in row.tensors if (tensor.role, tensor.trainable) == sort]
        assert [name for name in real.tensors if name in ours] == ours


def check_shapes_of_keras(case: Case, leaf: Leaf, model: Any) -> None:
    """What Keras says of the outputs, where it is right, and what a run gives, where a CPU can run it."""
    import numpy as np

    expected = list(map(_known, leaf.outputs))
    known = classes.known(type(case.layer).__name__)
    if not known or not (classes.misstated(case) or classes.contradicts(case)):
        assert [tuple(each.shape[1:]) for each in model.outputs] == expected
    # TensorFlow has no convolution with the channels first on a CPU; nor has a layer around one
    inner = getattr(case.layer, "layer", None)
    if known and (not classes.runs(case) or getattr(inner, "data_format", None) == "channels_first"):
        return
    examples = [
        np.full((BATCH, *shape), WORDS, object) if dtype == "string" else np.zeros((BATCH, *shape), dtype)
        for shape, dtype in zip(case.shapes, case.dtypes, strict=True)
    ]
    kind = type(case.layer).__name__
    if kind in PREPARED:
        row = reading.equivalent(leaf, "keras")
        assert row is not None
        classes.call(kind, row.name, model.layers[-1], examples)
    found = model(examples or [np.zeros(BATCH, "float32")])
    shapes = [tuple(each.shape[1:]) for each in (found if isinstance(found, (list, tuple)) else [found])]
    assert [
        tuple(ours and size for ours, size in zip(*pair, strict=True)) for pair in zip(expected, shapes, strict=True)
    ] == expected


def shapes_of_torch(case: Case, model: Any) -> list[tuple[int, ...]]:
    """The shapes of a run, without the batch."""
    import torch

    examples = [
        torch.zeros(BATCH, *shape, dtype=getattr(torch, dtype))
        for shape, dtype in zip(case.shapes, case.dtypes, strict=True)
    ]
    with torch.no_grad():
        found = model.eval()(*(examples or [torch.zeros(BATCH)]))
    return [tuple(each.shape[1:]) for each in (found if isinstance(found, tuple) else (found,))]


def _known(shape: Shape) -> tuple[int | None, ...]:
    return tuple(None if isinstance(size, Unknown) else size for size in shape)
