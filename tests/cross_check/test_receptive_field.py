"""Receptive fields, held to gradients of real networks, and of each layer type to what changes with its input."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow
import torch
from hypothesis import HealthCheck, assume, event, given, reject, settings
from hypothesis import strategies as st

import paramcalc as pc
from paramcalc.conventions import convention

from . import classes
from .reached import check_reach
from .strategies import FRAMEWORKS, Case

pytestmark = pytest.mark.framework

CHANNELS, LENGTH, BATCH = 4, 40, 128
_WINDOW = st.integers(1, 4)
_SMALL = st.integers(1, 3)


@st.composite
def _layers(draw: st.DrawFn, padded: bool) -> pc.Layer:
    """Draw a layer over a sequence, one that looks beyond its ends only where nothing is cut off elsewhere.

    A field is said as if positions beyond the ends of each layer were there, and those that were cut off are.
    """
    larger = ["transposed", "up"] if padded else []
    kind = draw(st.sampled_from(["conv", "conv", "depthwise", "pool", "other", "sides", *larger]))
    window, stride = draw(_WINDOW), draw(_SMALL)
    pads = draw(st.integers(0, window // 2)) if padded else 0
    match kind:
        case "conv":
            groups = draw(st.sampled_from([1, 2]))
            around = {"strides": stride, "padding": pads, "dilation_rate": draw(_SMALL)}
            return pc.Conv1D(filters=CHANNELS, kernel_size=window, groups=groups, **around)
        case "depthwise":
            return pc.DepthwiseConv1D(kernel_size=window, strides=stride, padding=pads)
        case "pool":
            pool = draw(st.sampled_from([pc.AveragePool1D, pc.MaxPool1D]))
            return pool(pool_size=window, strides=stride, padding=pads)
        case "transposed":
            return pc.Conv1DTranspose(filters=CHANNELS, kernel_size=window, strides=stride, padding=pads)
        case "up":
            mode = draw(st.sampled_from(["nearest", "linear"]))
            return pc.Upsample(scale_factor=draw(st.integers(1, 3)), mode=mode)
        case "sides":
            return pc.ZeroPadding1D(padding=(1, 2)) if padded else pc.Cropping1D(cropping=(draw(_SMALL), 1))
    return draw(st.sampled_from([pc.Activation(activation="tanh"), pc.BatchNorm(), pc.Dropout(rate=0.5)]))


@st.composite
def _networks(draw: st.DrawFn) -> pc.Spec:
    padded = draw(st.booleans())
    layers = draw(st.lists(_layers(padded), min_size=1, max_size=4))
    nodes = [pc.Node(pc.Input(shape=(CHANNELS, LENGTH)), name="x"), *map(pc.Node, layers)]
    if draw(st.booleans()):
        # a branch beside the last layer, of another reach
        nodes[-1].name = "before"
        kernel = draw(st.sampled_from([1, 3, 5] if padded else [1]))
        branch = pc.Conv1D(filters=CHANNELS, kernel_size=kernel, padding=kernel // 2)
        join = draw(st.sampled_from([pc.Add(), pc.Concatenate(axis=1)]))
        nodes += [pc.Node(branch, name="branch"), pc.Node(join, inputs=["before", "branch"])]
    return pc.Spec(nodes, framework="torch")


def _reached(gradient: Any) -> list[int]:
    """Return the first and the last position that a gradient reaches, of one along the last axis."""
    positions = np.flatnonzero(np.abs(np.asarray(gradient)).reshape(-1, np.shape(gradient)[-1]).sum(0))
    return [int(positions[0]), int(positions[-1])] if len(positions) else []


def _expected(field: Any, place: int, length: int) -> list[int] | None:
    """Return the same as the field has it; None where a part of it lies in the padding of some layer."""
    low, high = field.bounds(place)
    if low > high:
        return []
    if field.sort == "some" and not (low >= 0 and high < length):
        return None
    return [max(low, 0), min(high, length - 1)]


@given(_networks(), st.integers(0, 10_000))
def test_torch(spec: pc.Spec, seed: int) -> None:
    try:
        found = pc.count(spec, of="receptive-field")
    except pc.ParamcalcError:
        # too little is left of the input
        reject()
    torch.manual_seed(seed)
    model = pc.build(spec, "torch").double().eval()
    x = torch.randn(BATCH, CHANNELS, LENGTH, dtype=torch.float64, requires_grad=True)
    y = model(x)
    _, field = found.layers[-1].fields
    compared = 0
    for place in sorted({0, 1, y.shape[-1] // 3, y.shape[-1] // 2, y.shape[-1] - 1}):
        expected = _expected(field, place, LENGTH) if place < y.shape[-1] else None
        if expected is not None:
            weights = torch.randn_like(y[..., place])
            (gradient,) = torch.autograd.grad((y[..., place] * weights).sum(), x, retain_graph=True)
            assert _reached(gradient) == expected
            compared += 1
    event(f"{compared} outputs compared")


def test_a_dilated_window_does_not_see_what_lies_between() -> None:
    """Behind windows that are put down further apart than they reach, whole outputs see nothing."""
    layers = [
        pc.Conv1DTranspose(filters=2, kernel_size=1, strides=3),
        pc.Conv1D(filters=2, kernel_size=2, dilation_rate=3),
    ]
    spec = pc.Spec([pc.Input(shape=(2, 12)), *layers], framework="torch")
    _, field = pc.count(spec, of="receptive-field").layers[-1].fields
    x = torch.randn(4, 2, 12, requires_grad=True)
    y = pc.build(spec, "torch")(x)
    for place in range(y.shape[-1]):
        (gradient,) = torch.autograd.grad((y[..., place] ** 2).sum(), x, retain_graph=True)
        assert _reached(gradient) == _expected(field, place, 12)


#: Over an image of 9 by 7, whose lengths no stride divides.
OF_KERAS: dict[str, tuple[Any, pc.Layer]] = {
    "same": (
        lambda: keras.layers.Conv2D(2, (3, 4), strides=(2, 3), padding="same"),
        pc.Conv2D(filters=2, kernel_size=(3, 4), strides=(2, 3), padding="same"),
    ),
    "depthwise": (
        lambda: keras.layers.DepthwiseConv2D((2, 3), strides=2, padding="same"),
        pc.DepthwiseConv2D(kernel_size=(2, 3), strides=2, padding="same"),
    ),
    "separable": (
        lambda: keras.layers.SeparableConv2D(2, (2, 3)),
        pc.SeparableConv2D(filters=2, kernel_size=(2, 3)),
    ),
    "pool": (
        lambda: keras.layers.AveragePooling2D((3, 2), strides=2, padding="same"),
        pc.AveragePool2D(pool_size=(3, 2), strides=2, padding="same"),
    ),
    "transposed": (
        lambda: keras.layers.Conv2DTranspose(2, (3, 2), strides=(2, 3)),
        pc.Conv2DTranspose(filters=2, kernel_size=(3, 2), strides=(2, 3)),
    ),
    "transposed, same": (
        lambda: keras.layers.Conv2DTranspose(2, (5, 3), strides=(2, 2), padding="same"),
        pc.Conv2DTranspose(filters=2, kernel_size=(5, 3), strides=(2, 2), padding="same"),
    ),
    "larger": (
        lambda: keras.layers.UpSampling2D((2, 3), interpolation="bilinear"),
        pc.UpSampling2D(size=(2, 3), interpolation="bilinear"),
    ),
    "adaptive": (
        lambda: keras.layers.AdaptiveAveragePooling2D((4, 3)),
        pc.AdaptiveAveragePool2D(output_size=(4, 3)),
    ),
    "global": (lambda: keras.layers.GlobalAveragePooling2D(), pc.GlobalAveragePool2D()),
    "flat": (
        lambda: keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(3)]),
        pc.Flatten(),
    ),
    "normalised": (lambda: keras.layers.LayerNormalization(axis=[1, 3]), pc.LayerNorm(axis=(1, 3))),
    "turned": (lambda: keras.layers.Permute((2, 1, 3)), pc.Permute(dims=(2, 1, 3))),
    "cropped": (lambda: keras.layers.Cropping2D(((1, 2), (2, 0))), pc.Cropping2D(cropping=((1, 2), (2, 0)))),
}


@pytest.mark.parametrize("name", OF_KERAS)
def test_keras(name: str) -> None:
    make, layer = OF_KERAS[name]
    behind = [pc.Dense(units=3)] if name == "flat" else []
    found = pc.count(pc.Spec([pc.Input(shape=(9, 7, 3)), layer, *behind]), of="receptive-field")
    real = make()
    x = tensorflow.Variable(np.random.default_rng(0).normal(size=(16, 9, 7, 3)).astype("float32"))
    with tensorflow.GradientTape(persistent=True) as tape:
        y = real(x)
    fields = found.layers[-1].fields
    compared = 0
    for place in [*np.ndindex(*y.shape[1:])][::7]:
        with tape:
            one = tensorflow.reduce_sum(y[(slice(None), *place)] ** 2)
        gradient = tape.gradient(one, x).numpy()
        at = [place[min(_axis_of(name, axis), len(place) - 1)] for axis in range(3)]
        expected = [_expected(field, at[axis], x.shape[axis + 1]) for axis, field in enumerate(fields)]
        for axis, stated in enumerate(expected):
            if stated is not None:
                # what sees nothing along one axis sees nothing at all
                seen = [] if [] in expected else stated
                assert _reached(np.moveaxis(gradient, axis + 1, -1)) == seen, (place, axis)
                compared += 1
    assert compared


def _axis_of(name: str, axis: int) -> int:
    """Return the axis of the output along which that of the input moves."""
    return {"turned": [1, 0, 2], "global": [0, 0, 0], "flat": [0, 0, 0]}.get(name, [0, 1, 2])[axis]


@pytest.mark.parametrize(
    ("fields", "sort"), [({"causal": True}, "back"), ({"window": 3, "causal": True}, "some"), ({}, "all")]
)
def test_attention(fields: dict[str, Any], sort: str) -> None:
    layer = pc.MultiHeadAttention(num_heads=2, key_dim=4, **fields)
    found = pc.count(pc.Spec([pc.Input(shape=(9, 8)), layer], framework="torch"), of="receptive-field")
    steps, features = found.layers[-1].fields
    assert (steps.sort, features.sort) == (sort, "all")
    module = torch.nn.MultiheadAttention(8, 2, batch_first=True)
    x = torch.randn(2, 9, 8, requires_grad=True)
    ones = torch.ones(9, 9, dtype=torch.bool)
    mask = ones.triu(1) if "causal" in fields else ~ones
    if "window" in fields:
        mask |= ones.tril(-3)
    y, _ = module(x, x, x, attn_mask=mask)
    for place in range(3, 9):
        (gradient,) = torch.autograd.grad((y[:, place] ** 2).sum(), x, retain_graph=True)
        assert _reached(gradient.transpose(1, 2)) == _expected(steps, place, 9)


@pytest.mark.parametrize("score_mode", ["dot", "concat"])
@pytest.mark.parametrize(
    ("fields", "sort"),
    [({"causal": True}, "back"), ({"window": 3, "causal": True}, "some"), ({"causal": False}, "all"), ({}, "all")],
)
def test_attention_without_projections(fields: dict[str, Any], sort: str, score_mode: str) -> None:
    """Of queries, and of values that are keys too, as Keras's own class has them, which masks what it is told to."""
    nodes = [pc.Node(pc.Input(shape=(9, 8)), name=name) for name in ("query", "value")]
    layer = pc.Attention(score_mode=score_mode, **fields)
    spec = pc.Spec([*nodes, pc.Node(layer, inputs=["query", "value"])])
    by_input = {
        (each.place.input, each.place.axis): each for each in pc.count(spec, of="receptive-field").layers[-1].fields
    }
    steps = by_input["value", 1]
    assert steps.sort == sort
    generator = np.random.default_rng(0)
    query, value = (tensorflow.constant(generator.normal(size=(2, 9, 8)).astype("float32")) for _ in range(2))
    real = keras.layers.Attention(score_mode=score_mode)
    masked = np.ones((9, 9), dtype=bool)
    if "window" in fields:
        masked = np.tril(np.triu(masked, 1 - fields["window"]))
    elif fields.get("causal"):
        masked = np.tril(masked)
    with tensorflow.GradientTape(persistent=True) as tape:
        tape.watch([query, value])
        real.build([query.shape, value.shape])
        scores = real._calculate_scores(query=query, key=value)
        y, _ = real._apply_scores(scores=scores, value=value, scores_mask=tensorflow.constant(masked[None]))
        if "window" not in fields:
            whole = real([query, value], use_causal_mask=bool(fields.get("causal")))
            np.testing.assert_allclose(whole, y, rtol=1e-5)
    for place in range(3, 9):
        with tape:
            one = tensorflow.reduce_sum(y[:, place] ** 2)
        of_query, of_value = tape.gradient(one, [query, value])
        assert _reached(np.moveaxis(of_value.numpy(), 1, -1)) == _expected(steps, place, 9)
        assert (
            _reached(np.moveaxis(of_query.numpy(), 1, -1)) == _expected(by_input["query", 1], place, 9) == [place] * 2
        )


@pytest.mark.parametrize(
    "fields", [{"return_sequences": True}, {}, {"return_sequences": True, "bidirectional": True, "num_layers": 2}]
)
def test_recurrent(fields: dict[str, Any]) -> None:
    layer = pc.GRU(units=3, **fields)
    found = pc.count(pc.Spec([pc.Input(shape=(6, 4)), layer], framework="torch"), of="receptive-field")
    steps, features = found.layers[-1].fields
    given_to = {"num_layers": fields.get("num_layers", 1), "bidirectional": fields.get("bidirectional", False)}
    real = torch.nn.GRU(4, 3, batch_first=True, **given_to).double()
    x = torch.randn(2, 6, 4, dtype=torch.float64, requires_grad=True)
    y, _ = real(x)
    for place in range(6) if "return_sequences" in fields else (5,):
        (gradient,) = torch.autograd.grad((y[:, place] ** 2).sum(), x, retain_graph=True)
        assert _reached(gradient.transpose(1, 2)) == _expected(steps, place, 6)
    assert features.sort == "all"


# --- Every layer type --------------------------------------------------------------------

#: What Keras draws anew in training or tells from texts, of which nothing is stated but what is not known.
UNSAID = ("Augmentation", "MaxNumBoundingBoxes", "MelSpectrogram", "RandomCrop", "StringLookup", "TextVectorization")
#: What is told from a vocabulary, which the layers that are drawn do not have; and what shows no difference at all.
UNSEEN = ("IntegerLookup", "HashedCrossing")
KINDS = [
    (framework, kind)
    for framework in FRAMEWORKS
    for kind in pc.kind_names()
    if convention(framework).equivalents(kind) and kind not in ("Input", *UNSAID, *UNSEEN)
]


@pytest.mark.parametrize(("framework", "kind"), KINDS)
def test_a_layer_sees_what_it_states(framework: str, kind: str) -> None:
    compared = 0

    @settings(settings.get_profile("runs"), suppress_health_check=[*HealthCheck])
    @given(classes.cases(kind, framework), st.integers(0, 10_000))
    def sees(case: Case, seed: int) -> None:
        nonlocal compared
        assume((framework == "torch" or classes.runs(case)) and "string" not in case.dtypes)
        compared += check_reach(case, framework, seed)

    sees()
    assert compared
