"""Random layers that fit random inputs, with every field that changes a tensor or a shape.

`cases` draws one layer on its own with the shapes it is given; `layer_for` draws a layer for
a shape that is there already, for networks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, TypeAlias

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

import paramcalc as pc

#: The sizes of an input without the batch; all are known.
Sizes: TypeAlias = tuple[int, ...]

FRAMEWORKS = ("keras", "torch")
SMALL = st.sampled_from([3, 2, 4, 5, 6, 1])
FLAG = st.booleans()
ACTIVATIONS = st.sampled_from(["linear", "relu", "tanh", "sigmoid", "gelu"])
RATES = st.sampled_from([0, 0.1, 0.5])
FORMATS = st.sampled_from(["channels_first", "channels_last"])


@dataclass(frozen=True)
class Case:
    """A layer on its own, the shapes it is given, and the framework whose layout it follows."""

    layer: pc.Layer
    shapes: tuple[Sizes, ...]
    framework: str
    #: of the inputs: one for all, or one for each
    dtype: str | tuple[str, ...] = "float32"

    @property
    def dtypes(self) -> tuple[str, ...]:
        """The dtype of each input."""
        return self.dtype if isinstance(self.dtype, tuple) else (self.dtype,) * len(self.shapes)

    @property
    def spec(self) -> pc.Spec:
        """The network of this layer alone."""
        return self.spec_with()

    def spec_with(self, trainable: bool | None = None) -> pc.Spec:
        """The network of this layer alone, trained or frozen."""
        inputs = [
            pc.Node(pc.Input(shape=shape, dtype=dtype), name=f"input_{place}")
            for place, (shape, dtype) in enumerate(zip(self.shapes, self.dtypes, strict=True))
        ]
        names = [str(node.name) for node in inputs]
        node = pc.Node(self.layer, inputs=names or None, trainable=trainable)
        return pc.Spec((*inputs, node), framework=self.framework)


def sizes(fewest: int, most: int) -> SearchStrategy[Sizes]:
    """Shapes with a number of axes between these."""
    return st.lists(SMALL, min_size=fewest, max_size=most).map(tuple)


def divisors(number: int) -> SearchStrategy[int]:
    """A divisor of a number."""
    return st.sampled_from([each for each in range(1, number + 1) if number % each == 0])


def some(draw: DrawFn, **choices: SearchStrategy[Any]) -> dict[str, Any]:
    """Some of these fields, each with a value; the others are left to their defaults."""
    return {name: draw(values) for name, values in choices.items() if draw(FLAG)}


def one_or_each(draw: DrawFn, values: Sequence[Any]) -> Any:
    """Numbers for height and width; where they are the same, maybe written once."""
    return values[0] if values[0] == values[1] and draw(FLAG) else tuple(values)


# --- One function a kind: a layer that fits an input of this shape ----------------------


def dense(draw: DrawFn, shape: Sizes, framework: str) -> pc.Layer:
    return pc.Dense(units=draw(SMALL), **some(draw, use_bias=FLAG, activation=ACTIVATIONS))


def embedding(draw: DrawFn, shape: Sizes, framework: str) -> pc.Layer:
    return pc.Embedding(input_dim=draw(st.integers(1, 9)), output_dim=draw(SMALL))


def activation(draw: DrawFn, shape: Sizes, framework: str) -> pc.Layer:
    return pc.Activation(activation=draw(ACTIVATIONS))


def dropout(draw: DrawFn, shape: Sizes, framework: str) -> pc.Layer:
    return pc.Dropout(rate=draw(RATES), **some(draw, variant=st.just("element")))


def batch_norm(draw: DrawFn, shape: Sizes, framework: str) -> pc.Layer:
    return pc.BatchNorm(**some(draw, axis=axis_of(len(shape)), center=FLAG, scale=FLAG, batch_counter=FLAG))


def layer_norm(draw: DrawFn, shape: Sizes, framework: str) -> pc.Layer:
    return pc.LayerNorm(**some(draw, axis=axes_of(len(shape)), center=FLAG, scale=FLAG))


def rms_norm(draw: DrawFn, shape: Sizes, framework: str) -> pc.Layer:
    return pc.RMSNorm(**some(draw, axis=axes_of(len(shape))))


def axis_of(rank: int) -> SearchStrategy[int]:
    """An axis, counted from either end."""
    return st.sampled_from([axis for axis in range(-rank, rank + 1) if axis != 0])


@st.composite
def axes_of(draw: DrawFn, rank: int) -> int | list[int]:
    """One axis, or several in any order, counted from either end."""
    if draw(FLAG):
        return draw(axis_of(rank))
    positions = draw(st.lists(st.integers(1, rank), min_size=1, unique=True))
    return [draw(st.sampled_from([position, position - rank - 1])) for position in positions]


def conv2d(draw: DrawFn, shape: Sizes, framework: str) -> pc.Layer:
    layout, lengths, channels = _image(draw, shape, framework)
    groups = draw(divisors(channels))
    dilation = draw(st.tuples(st.integers(1, 2), st.integers(1, 2)))
    fields: dict[str, Any] = {"groups": groups} if groups > 1 or draw(FLAG) else {}
    if dilation != (1, 1) or draw(FLAG):
        fields["dilation_rate"] = one_or_each(draw, dilation)
    return pc.Conv2D(
        filters=groups * draw(st.integers(1, 3)),
        **_window(draw, lengths, "kernel_size", dilation),
        **some(draw, use_bias=FLAG, activation=ACTIVATIONS),
        **fields,
        **layout,
    )


def max_pool2d(draw: DrawFn, shape: Sizes, framework: str) -> pc.Layer:
    return pc.MaxPool2D(**_pool(draw, shape, framework))


def average_pool2d(draw: DrawFn, shape: Sizes, framework: str) -> pc.Layer:
    return pc.AveragePool2D(**_pool(draw, shape, framework))


def _pool(draw: DrawFn, shape: Sizes, framework: str) -> dict[str, Any]:
    layout, lengths, _ = _image(draw, shape, framework)
    fields = _window(draw, lengths, "pool_size", (1, 1))
    if not isinstance(fields.get("padding", "valid"), str):
        # at most half of the window
        sizes, pads = (np.broadcast_to(fields[name], 2).tolist() for name in ("pool_size", "padding"))
        fields["padding"] = one_or_each(draw, [min(pad, size // 2) for pad, size in zip(pads, sizes, strict=True)])
    return {**fields, **layout}


def global_average_pool2d(draw: DrawFn, shape: Sizes, framework: str) -> pc.Layer:
    return pc.GlobalAveragePool2D(**some(draw, keepdims=FLAG, data_format=FORMATS))


def _image(draw: DrawFn, shape: Sizes, framework: str) -> tuple[dict[str, Any], Sizes, int]:
    """Where the channels are, if that is stated; the height and width; the channels."""
    layout = some(draw, data_format=FORMATS)
    default = "channels_first" if framework == "torch" else "channels_last"
    if layout.get("data_format", default) == "channels_first":
        return layout, shape[1:], shape[0]
    return layout, shape[:-1], shape[-1]


def _window(draw: DrawFn, lengths: Sizes, size: str, dilation: Sizes) -> dict[str, Any]:
    """A window that fits at least once."""
    padding = draw(st.sampled_from(["valid", "same", "numbers"]))
    pads = draw(st.tuples(st.integers(0, 2), st.integers(0, 2))) if padding == "numbers" else (0, 0)
    room = [
        3 if padding == "same" else min(3, (length + 2 * pad - 1) // step + 1)
        for length, pad, step in zip(lengths, pads, dilation, strict=True)
    ]
    fields = {size: one_or_each(draw, [draw(st.integers(1, most)) for most in room])}
    if padding != "valid" or draw(FLAG):
        fields["padding"] = padding if padding != "numbers" else one_or_each(draw, pads)
    strides = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    return fields | some(draw, strides=st.just(one_or_each(draw, strides)))


def flatten(draw: DrawFn, shape: Sizes, framework: str) -> pc.Layer:
    return pc.Flatten()


def reshape(draw: DrawFn, shape: Sizes, framework: str) -> pc.Layer:
    target: list[int] = []
    rest = prod(shape)
    for _ in range(draw(st.integers(0, 3))):
        target.append(draw(divisors(rest)))
        rest //= target[-1]
    target.append(rest)
    if draw(FLAG):
        target[draw(st.integers(0, len(target) - 1))] = -1
    return pc.Reshape(target_shape=target)


def part(draw: DrawFn, shape: Sizes, framework: str) -> pc.Layer:
    """A `Slice`."""
    axis = draw(axis_of(len(shape)))
    length = shape[axis - 1 if axis > 0 else axis]
    start = draw(st.integers(0, length - 1))
    stop = draw(st.integers(start + 1, length))
    fields: dict[str, Any] = {"axis": axis} if axis != 1 or draw(FLAG) else {}
    if start > 0 or draw(FLAG):
        fields["start"] = draw(st.sampled_from([start, start - length]))
    if stop < length or draw(FLAG):
        fields["stop"] = draw(st.sampled_from([stop, stop - length])) if stop < length else stop
    if draw(FLAG):
        fields["keepdims"] = stop - start > 1 or draw(FLAG)
    if fields.get("keepdims", True):
        fields |= some(draw, step=st.integers(1, 4))
    return pc.Slice(**fields)


def reduction(draw: DrawFn, shape: Sizes, framework: str) -> pc.Layer:
    """A function that both frameworks have over several axes at once."""
    function = draw(st.sampled_from(["sum", "mean", "max", "min", "logsumexp"]))
    chosen = draw(st.lists(st.integers(1, len(shape)), min_size=1, unique=True))
    axes = [axis - draw(st.sampled_from([0, len(shape) + 1])) for axis in chosen]
    axis = st.sampled_from([axes, axes[0]] if len(axes) == 1 else [axes])
    return pc.Reduce(function=function, **some(draw, axis=axis, keepdims=FLAG))


def weights(draw: DrawFn, shape: Sizes, framework: str) -> pc.Layer:
    if shape and draw(FLAG):
        return multiplying(draw, shape)
    names = st.sampled_from(["token", "scale_1", "lora-a"])
    tensors = draw(st.dictionaries(names, sizes(0, 3).map(list), min_size=1))
    states = draw(st.sets(st.sampled_from([*tensors])))
    sorts = {
        "tensors": {name: shape for name, shape in tensors.items() if name not in states},
        "states": {name: shape for name, shape in tensors.items() if name in states},
    }
    given = {field: shapes for field, shapes in sorts.items() if shapes}
    return pc.Weights(**given, **some(draw, output=st.sampled_from([*tensors])))


def multiplying(draw: DrawFn, shape: Sizes) -> pc.Layer:
    """Weights by which the last axis of an input is multiplied; maybe with what is added."""
    inner, outer = shape[-1], draw(sizes(1, 2))
    kernel, letters = draw(st.permutations([*zip((inner, *outer), "iop", strict=False)])), "op"[: len(outer)]
    tensors = {"kernel": [size for size, _ in kernel]}
    tensors |= {"bias": list(outer[draw(st.integers(0, len(outer) - 1)) :])} if draw(FLAG) else {}
    equation = f"...i,{''.join(letter for _, letter in kernel)}->...{letters}"
    return pc.Weights(tensors=tensors, equation=equation)


def lstm(draw: DrawFn, shape: Sizes, framework: str) -> pc.Layer:
    return pc.LSTM(units=draw(SMALL), **some(draw, use_bias=FLAG, recurrent_bias=FLAG, return_sequences=FLAG))


def attention(draw: DrawFn, shape: Sizes, framework: str) -> pc.Layer:
    bias = some(draw, use_bias=FLAG, causal=FLAG)
    if draw(FLAG):
        # the form that PyTorch's own class has
        heads = draw(divisors(shape[-1]))
        return pc.MultiHeadAttention(num_heads=heads, key_dim=shape[-1] // heads, **bias)
    heads = draw(SMALL)
    # without the first ones, the form that Keras has as grouped
    outputs = SMALL | sizes(2, 3).map(list)
    fields = some(draw, value_dim=SMALL, output_dim=outputs, attention_axes=_ALONG) if draw(FLAG) else {}
    fields |= some(draw, num_key_value_heads=divisors(heads), use_gate=FLAG, add_bias_kv=FLAG)
    fields |= some(draw, query_bias=FLAG, key_bias=FLAG, value_bias=FLAG, output_bias=FLAG) if draw(FLAG) else {}
    return pc.MultiHeadAttention(num_heads=heads, key_dim=draw(SMALL), **fields, **bias)


#: The only axis of the places of a sequence, in all ways of writing it.
_ALONG = st.sampled_from([1, -2, [1], [-2]])


@dataclass(frozen=True)
class Fit:
    """How a layer of a kind with one input is drawn."""

    layer: Callable[[DrawFn, Sizes, str], pc.Layer]
    #: the axes that its input may have
    ranks: range


FITS = {
    "Dense": Fit(dense, range(1, 5)),
    "Embedding": Fit(embedding, range(4)),
    "Activation": Fit(activation, range(5)),
    "Dropout": Fit(dropout, range(5)),
    "BatchNorm": Fit(batch_norm, range(1, 6)),
    "LayerNorm": Fit(layer_norm, range(1, 5)),
    "RMSNorm": Fit(rms_norm, range(1, 5)),
    "Conv2D": Fit(conv2d, range(3, 4)),
    "MaxPool2D": Fit(max_pool2d, range(3, 4)),
    "AveragePool2D": Fit(average_pool2d, range(3, 4)),
    "GlobalAveragePool2D": Fit(global_average_pool2d, range(3, 4)),
    "Flatten": Fit(flatten, range(5)),
    "Reshape": Fit(reshape, range(5)),
    "Slice": Fit(part, range(1, 5)),
    "Reduce": Fit(reduction, range(1, 5)),
    "Weights": Fit(weights, range(4)),
    "LSTM": Fit(lstm, range(2, 3)),
    "MultiHeadAttention": Fit(attention, range(2, 3)),
}


@st.composite
def layer_for(draw: DrawFn, shape: Sizes, framework: str, kinds: Sequence[str] | None = None) -> pc.Layer:
    """A layer that takes an input of this shape, of one of these kinds, or of any but Embedding."""
    allowed = kinds or [kind for kind in FITS if kind != "Embedding"]
    fitting = [kind for kind in allowed if len(shape) in FITS[kind].ranks]
    return FITS[draw(st.sampled_from(fitting))].layer(draw, shape, framework)


# --- A layer on its own ----------------------------------------------------------------


@st.composite
def _one_input(draw: DrawFn, fit: Fit, framework: str) -> Case:
    shape = draw(sizes(fit.ranks.start, fit.ranks.stop - 1))
    layer = fit.layer(draw, shape, framework)
    return Case(layer, (shape,), framework, "int32" if isinstance(layer, pc.Embedding) else "float32")


@st.composite
def _input(draw: DrawFn, framework: str) -> Case:
    dtypes = st.sampled_from(["float32", "int32", "float16"])
    return Case(pc.Input(shape=draw(sizes(0, 4)), **some(draw, dtype=dtypes)), (), framework)


@st.composite
def _weights(draw: DrawFn, framework: str) -> Case:
    """Tensors behind an input, or without one."""
    if draw(FLAG):
        return draw(_one_input(FITS["Weights"], framework))
    tensors = {name: list(draw(sizes(0, 3))) for name in ("token", "other")}
    return Case(pc.Weights(tensors=tensors, output=draw(st.sampled_from([*tensors]))), (), framework)


@st.composite
def _elementwise(draw: DrawFn, kind: str, framework: str) -> Case:
    return Case(getattr(pc, kind)(), draw(broadcasting(draw(sizes(1, 4)), 2, 4)), framework)


@st.composite
def _function(draw: DrawFn, framework: str) -> Case:
    """A function of two inputs, that both frameworks have by one name."""
    layer = pc.Elementwise(function=draw(st.sampled_from(["true_divide", "arctan2", "logaddexp"])))
    whole = draw(sizes(1, 4))
    other = tuple(draw(st.sampled_from([size, 1])) for size in whole)
    return Case(layer, tuple(draw(st.permutations([whole, other]))), framework)


@st.composite
def _einsum(draw: DrawFn, framework: str) -> Case:
    """Sums of products: each input has some axes, and the output some of these."""
    size = {letter: draw(SMALL) for letter in "ijkl"}
    term = st.lists(st.sampled_from(sorted(size)), min_size=1, max_size=3, unique=True).map("".join)
    terms = draw(st.lists(term, min_size=1, max_size=3))
    named = draw(st.permutations(sorted({*"".join(terms)})))
    output = "".join(named[: draw(st.integers(1, len(named)))])
    equation = ",".join(f"b{each}" for each in terms) + f"->b{output}"
    shapes = tuple(tuple(size[letter] for letter in each) for each in terms)
    return Case(pc.Einsum(equation=equation), shapes, framework)


@st.composite
def broadcasting(draw: DrawFn, whole: Sizes, fewest: int, most: int) -> tuple[Sizes, ...]:
    """As many shapes that together make this one: leading axes may be missing, and any may be 1."""
    shapes = [whole]
    for _ in range(draw(st.integers(fewest - 1, most - 1))):
        shape = whole[draw(st.integers(0, max(0, len(whole) - 1))) :]
        shapes.append(tuple(draw(st.sampled_from([size, 1])) for size in shape))
    return tuple(draw(st.permutations(shapes)))


@st.composite
def _concatenate(draw: DrawFn, framework: str) -> Case:
    shape = draw(sizes(1, 4))
    fields = some(draw, axis=axis_of(len(shape)))
    axis = fields.get("axis", 1 if framework == "torch" else -1)
    position = axis - 1 if axis > 0 else len(shape) + axis
    others = [(*shape[:position], draw(SMALL), *shape[position + 1 :]) for _ in range(draw(st.integers(0, 3)))]
    return Case(pc.Concatenate(**fields), (shape, *others), framework)


@st.composite
def _attention(draw: DrawFn, framework: str) -> Case:
    """A query, maybe a value, and maybe a key."""
    query = draw(sizes(2, 2))
    length = draw(SMALL)
    others = [(length, draw(st.sampled_from([query[-1], 3]))) for _ in range(draw(st.integers(0, 2)))]
    layer = attention(draw, query, framework)
    # no model is built with a window
    window = some(draw, window=SMALL)
    return Case(layer.model_copy(update=window) if window else layer, (query, *others), framework)


#: The kinds that are drawn here, for whole networks; the others stand in `classes`.
KINDS = ("Input", *FITS, "Add", "Multiply", "Concatenate", "Elementwise", "Einsum")


def cases(kind: str, framework: str) -> SearchStrategy[Case]:
    """Layers of a kind, each with its inputs, in the layout of a framework."""
    match kind:
        case "Input":
            return _input(framework)
        case "Weights":
            return _weights(framework)
        case "Add" | "Multiply":
            return _elementwise(kind, framework)
        case "Concatenate":
            return _concatenate(framework)
        case "Elementwise":
            return _function(framework)
        case "Einsum":
            return _einsum(framework)
        case "MultiHeadAttention":
            return _attention(framework)
    return _one_input(FITS[kind], framework)
