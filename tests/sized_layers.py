"""Each class of torch.nn and Keras that has sizes: how it is made, and what our declaration says of it.

`make` is Python, in the arguments; `layer` is the layer type of a spec, in the same; `shapes` are those of its inputs.
No framework is imported here: tests/cross_check/test_sized_layers.py derives the form of each class from its mere
tensors, and compares it with that of our declaration. docs/derived-layers.md has the forms:

    python -m tests.sized_layers
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

PAGE = Path(__file__).resolve().parent.parent / "docs" / "derived-layers.md"


class Sized(NamedTuple):
    """A class with sizes."""

    name: str
    arguments: dict[str, int]
    make: str
    layer: dict[str, Any]
    shapes: Sequence[Sequence[Any]]
    #: whether a layer of Keras takes its inputs as a list
    is_listed: bool = False
    #: an argument that decides how many tensors one layer has, which only a layer type can say
    counting: str = ""

    @property
    def framework(self) -> str:
        """The framework of the class."""
        return self.name.partition(".")[0]


def _torch(make: str, layer: dict[str, Any], *shapes: Sequence[Any], name: str = "", **arguments: int) -> Sized:
    return Sized(f"torch.{name or make.partition('(')[0]}", arguments, make, layer, shapes)


def _keras(make: str, layer: dict[str, Any], *shapes: Sequence[Any], name: str = "", **arguments: int) -> Sized:
    return Sized(f"keras.{name or make.partition('(')[0]}", arguments, make, layer, shapes)


_CONVOLUTION = {"in_channels": 16, "out_channels": 24, "kernel_size": 3, "groups": 8}
_CONV = "(in_channels, out_channels, kernel_size, groups=groups)"
_CONV_LAYER = {"filters": "out_channels", "kernel_size": "kernel_size", "groups": "groups"}
_TRANSPOSED = "(in_channels, out_channels, kernel_size)"
_TRANSPOSED_LAYER = {"filters": "out_channels", "kernel_size": "kernel_size"}
_CHANNELS = {"in_channels": 16, "out_channels": 24, "kernel_size": 3}
_RECURRENT = {"input_size": 20, "hidden_size": 32, "num_layers": 3}
_STACK = {"units": "hidden_size", "num_layers": "num_layers"}
_CELL = {"input_size": 20, "hidden_size": 32}
_MODEL = {"d_model": 64, "nhead": 4, "dim_feedforward": 128}
_ENCODER = "nn.TransformerEncoderLayer(d_model, nhead, dim_feedforward)"
_DECODER = "nn.TransformerDecoderLayer(d_model, nhead, dim_feedforward)"
_LAYER = {"num_heads": "nhead", "dim_feedforward": "dim_feedforward"}

TORCH = [
    _torch(
        "nn.Linear(in_features, out_features)",
        {"Dense": {"units": "out_features"}},
        ["in_features"],
        in_features=64,
        out_features=10,
    ),
    _torch(
        "nn.Bilinear(in1_features, in2_features, out_features)",
        {"Bilinear": {"units": "out_features"}},
        ["in1_features"],
        ["in2_features"],
        in1_features=12,
        in2_features=15,
        out_features=10,
    ),
    _torch(
        "nn.AdaptiveLogSoftmaxWithLoss(in_features, n_classes, [first, second], div_value=2.0)",
        {"AdaptiveLogSoftmaxWithLoss": {"n_classes": "n_classes", "cutoffs": ["first", "second"], "div_value": 2.0}},
        ["in_features"],
        [],
        in_features=64,
        n_classes=1000,
        first=100,
        second=400,
    ),
    _torch(
        "nn.LinearCrossEntropyLoss(in_features, num_classes)",
        {"LinearCrossEntropyLoss": {"num_classes": "num_classes"}},
        ["in_features"],
        [],
        in_features=64,
        num_classes=100,
    ),
    _torch(
        "nn.Embedding(num_embeddings, embedding_dim)",
        {"Embedding": {"input_dim": "num_embeddings", "output_dim": "embedding_dim"}},
        [None],
        num_embeddings=100,
        embedding_dim=32,
    ),
    _torch(
        "nn.EmbeddingBag(num_embeddings, embedding_dim)",
        {"EmbeddingBag": {"input_dim": "num_embeddings", "output_dim": "embedding_dim"}},
        [None],
        num_embeddings=100,
        embedding_dim=32,
    ),
    _torch("nn.PReLU(num_parameters)", {"PReLU": {"slopes": "channel"}}, ["num_parameters", None], num_parameters=64),
    *(
        _torch(f"nn.{name}(num_features)", {"BatchNorm": {}}, ["num_features", *[None] * axes], num_features=64)
        for name, axes in (("BatchNorm1d", 1), ("BatchNorm2d", 2), ("BatchNorm3d", 3), ("SyncBatchNorm", 2))
    ),
    *(
        _torch(
            f"nn.InstanceNorm{axes}d(num_features, affine=True)",
            {"InstanceNorm": {"scale": True, "center": True}},
            ["num_features", *[None] * axes],
            num_features=64,
        )
        for axes in (1, 2, 3)
    ),
    _torch("nn.LayerNorm(normalized_shape)", {"LayerNorm": {}}, ["normalized_shape"], normalized_shape=64),
    _torch("nn.RMSNorm(normalized_shape)", {"RMSNorm": {}}, ["normalized_shape"], normalized_shape=64),
    _torch(
        "nn.GroupNorm(num_groups, num_channels)",
        {"GroupNorm": {"groups": "num_groups"}},
        ["num_channels", None],
        num_groups=4,
        num_channels=64,
    ),
    *(
        _torch(f"nn.Conv{n}d{_CONV}", {f"Conv{n}D": _CONV_LAYER}, ["in_channels", *[None] * n], **_CONVOLUTION)
        for n in (1, 2, 3)
    ),
    *(
        _torch(
            f"nn.ConvTranspose{n}d{_TRANSPOSED}",
            {f"Conv{n}DTranspose": _TRANSPOSED_LAYER},
            ["in_channels", *[None] * n],
            **_CHANNELS,
        )
        for n in (1, 2, 3)
    ),
    *(
        _torch(
            f"nn.{name}(input_size, hidden_size, num_layers)", {kind: _STACK}, [None, "input_size"], **_RECURRENT
        )._replace(counting="num_layers")
        for name, kind in (("RNN", "SimpleRNN"), ("GRU", "GRU"), ("LSTM", "LSTM"))
    ),
    *(
        _torch(f"nn.{name}(input_size, hidden_size)", {kind: {"units": "hidden_size"}}, ["input_size"], **_CELL)
        for name, kind in (("RNNCell", "SimpleRNNCell"), ("GRUCell", "GRUCell"), ("LSTMCell", "LSTMCell"))
    ),
    _torch(
        "nn.MultiheadAttention(embed_dim, num_heads)",
        {"MultiHeadAttention": {"num_heads": "num_heads", "key_dim": "embed_dim / num_heads"}},
        [None, "embed_dim"],
        embed_dim=64,
        num_heads=4,
    ),
    _torch(_ENCODER, {"TransformerEncoderLayer": _LAYER}, [None, "d_model"], **_MODEL),
    _torch(_DECODER, {"TransformerDecoderLayer": _LAYER}, [None, "d_model"], [None, "d_model"], **_MODEL),
    _torch(
        f"nn.TransformerEncoder({_ENCODER}, num_layers)",
        {"TransformerEncoder": {**_LAYER, "num_layers": "num_layers"}},
        [None, "d_model"],
        **_MODEL,
        num_layers=3,
    ),
    _torch(
        f"nn.TransformerDecoder({_DECODER}, num_layers)",
        {"TransformerDecoder": {**_LAYER, "num_layers": "num_layers"}},
        [None, "d_model"],
        [None, "d_model"],
        **_MODEL,
        num_layers=3,
    ),
    _torch(
        "nn.Transformer(d_model, nhead, encoders, decoders, dim_feedforward)",
        {"Transformer": {**_LAYER, "num_encoder_layers": "encoders", "num_decoder_layers": "decoders"}},
        [None, "d_model"],
        [None, "d_model"],
        **_MODEL,
        encoders=3,
        decoders=2,
    ),
    *(
        _torch(
            f"nn.{name}(nn.Linear(in_features, out_features))",
            {kind: {"layer": {"Dense": {"units": "out_features"}}}},
            ["in_features"],
            in_features=64,
            out_features=10,
        )
        for name, kind in (
            ("utils.parametrizations.weight_norm", "WeightNorm"),
            ("utils.weight_norm", "WeightNorm"),
            ("utils.parametrizations.spectral_norm", "SpectralNorm"),
            ("utils.spectral_norm", "SpectralNorm"),
        )
    ),
]

_KERNELS = {"features": 20, "filters": 24, "kernel": 3}
_SEQUENCE: tuple[Any, ...] = (4, "features")
_UNITS = {"features": 10, "units": 14}

KERAS = [
    _keras("layers.Dense(units)", {"Dense": {"units": "units"}}, ["features"], **_UNITS),
    _keras(
        "layers.EinsumDense('abc,cd->abd', output_shape=(None, units), bias_axes='d')",
        {"EinsumDense": {"equation": "abc,cd->abd", "output_shape": [None, "units"], "bias_axes": "d"}},
        _SEQUENCE,
        **_UNITS,
    ),
    _keras(
        "layers.Embedding(words, width)",
        {"Embedding": {"input_dim": "words", "output_dim": "width"}},
        [4],
        words=50,
        width=12,
    ),
    _keras(
        "layers.ReversibleEmbedding(words, width)",
        {"ReversibleEmbedding": {"input_dim": "words", "output_dim": "width"}},
        [4],
        words=50,
        width=12,
    ),
    _keras("layers.PReLU()", {"PReLU": {}}, ["features"], features=40),
    _keras("layers.BatchNormalization()", {"BatchNorm": {}}, ["features"], features=40),
    _keras("layers.LayerNormalization()", {"LayerNorm": {}}, ["features"], features=40),
    _keras("layers.RMSNormalization()", {"RMSNorm": {}}, ["features"], features=40),
    _keras(
        "layers.GroupNormalization(groups)", {"GroupNorm": {"groups": "groups"}}, [4, "features"], features=40, groups=8
    ),
    _keras("layers.Normalization()", {"Normalization": {}}, ["features"], features=40),
    *(
        _keras(
            f"layers.Conv{n}D(filters, kernel, groups=groups)",
            {f"Conv{n}D": {"filters": "filters", "kernel_size": "kernel", "groups": "groups"}},
            [*[9] * n, "features"],
            **_KERNELS,
            groups=4,
        )
        for n in (1, 2, 3)
    ),
    *(
        _keras(
            f"layers.DepthwiseConv{n}D(kernel, depth_multiplier=multiplier)",
            {f"DepthwiseConv{n}D": {"kernel_size": "kernel", "depth_multiplier": "multiplier"}},
            [*[9] * n, "features"],
            features=6,
            kernel=3,
            multiplier=2,
        )
        for n in (1, 2)
    ),
    *(
        _keras(
            f"layers.SeparableConv{n}D(filters, kernel, depth_multiplier=multiplier)",
            {f"SeparableConv{n}D": {"filters": "filters", "kernel_size": "kernel", "depth_multiplier": "multiplier"}},
            [*[9] * n, "features"],
            **_KERNELS,
            multiplier=2,
        )
        for n in (1, 2)
    ),
    *(
        _keras(
            f"layers.Conv{n}DTranspose(filters, kernel)",
            {f"Conv{n}DTranspose": {"filters": "filters", "kernel_size": "kernel"}},
            [*[9] * n, "features"],
            **_KERNELS,
        )
        for n in (1, 2, 3)
    ),
    *(
        _keras(f"layers.{each}(units)", {each: {"units": "units"}}, _SEQUENCE, **_UNITS)
        for each in ("SimpleRNN", "GRU", "LSTM")
    ),
    *(
        _keras(
            f"layers.RNN(layers.{each}(units))",
            {"RNN": {"cell": {each: {"units": "units"}}}},
            _SEQUENCE,
            name=name,
            **_UNITS,
        )
        for each, name in (
            ("SimpleRNNCell", "layers.SimpleRNNCell"),
            ("GRUCell", "layers.GRUCell"),
            ("LSTMCell", "layers.LSTMCell"),
            ("LSTMCell", "layers.RNN"),
        )
    ),
    _keras(
        "layers.RNN(layers.StackedRNNCells([layers.LSTMCell(units), layers.GRUCell(more)]))",
        {
            "RNN": {
                "cell": {
                    "StackedRNNCells": {"cells": [{"LSTMCell": {"units": "units"}}, {"GRUCell": {"units": "more"}}]}
                }
            }
        },
        _SEQUENCE,
        name="layers.StackedRNNCells",
        **_UNITS,
        more=9,
    ),
    *(
        _keras(
            f"layers.ConvLSTM{n}D(filters, kernel)",
            {f"ConvLSTM{n}D": {"filters": "filters", "kernel_size": "kernel"}},
            [2, *[9] * n, "features"],
            features=3,
            filters=4,
            kernel=2,
        )
        for n in (1, 2, 3)
    ),
    _keras(
        "layers.Bidirectional(layers.LSTM(units))",
        {"Bidirectional": {"layer": {"LSTM": {"units": "units"}}}},
        _SEQUENCE,
        **_UNITS,
    ),
    _keras(
        "layers.TimeDistributed(layers.Dense(units))",
        {"TimeDistributed": {"layer": {"Dense": {"units": "units"}}}},
        _SEQUENCE,
        **_UNITS,
    ),
    _keras(
        "layers.SpectralNormalization(layers.Dense(units))",
        {"SpectralNorm": {"layer": {"Dense": {"units": "units"}}}},
        ["features"],
        **_UNITS,
    ),
    _keras(
        "layers.MultiHeadAttention(heads, width)",
        {"MultiHeadAttention": {"num_heads": "heads", "key_dim": "width"}},
        _SEQUENCE,
        _SEQUENCE,
        features=12,
        heads=3,
        width=5,
    ),
    _keras(
        "layers.GroupQueryAttention(width, heads, groups)",
        {"MultiHeadAttention": {"num_heads": "heads", "key_dim": "width", "num_key_value_heads": "groups"}},
        _SEQUENCE,
        _SEQUENCE,
        features=12,
        heads=6,
        groups=3,
        width=5,
    ),
    _keras("layers.AdditiveAttention()", {"AdditiveAttention": {}}, _SEQUENCE, _SEQUENCE, features=40)._replace(
        is_listed=True
    ),
    _keras(
        "layers.STFTSpectrogram(frame_length=frame, frame_step=4, fft_length=length)",
        {"STFTSpectrogram": {"frame_length": "frame", "frame_step": 4, "fft_length": "length"}},
        [200, 1],
        frame=16,
        length=32,
    ),
]


def declared(sized: Sized) -> Any:
    """The spec of what is declared of a class, in its arguments."""
    from paramcalc.spec import read_spec

    inputs = [
        {"Input": {"shape": [*shape]}, "name": f"input_{place}"} for place, shape in enumerate(sized.shapes, start=1)
    ]
    layer = {**sized.layer, "name": "layer", "inputs": [each["name"] for each in inputs]}
    return read_spec(
        {
            "paramcalc": 1,
            "name": sized.name,
            "framework": sized.framework,
            "dims": sized.arguments,
            "layers": [*inputs, layer],
        }
    )


# --- The page --------------------------------------------------------------------------


def classes(framework: str) -> tuple[list[str], list[str]]:
    """The classes of a convention's table that are layer types: those that own tensors, and the others."""
    from paramcalc.conventions import convention
    from paramcalc.core.registry import kind, kind_names
    from paramcalc.layers.base.declaration import Layer

    sized: dict[str, None] = {}
    others: dict[str, None] = {}
    for name in kind_names():
        owns = kind(name).tensors is not Layer.tensors or kind(name).parts is not Layer.parts
        for row in convention(framework).equivalents(name):
            (sized if owns else others)[row.name] = None
    return [*sized], [name for name in others if name not in sized]


#: Classes that own tensors, and have no argument that is a size.
WITHOUT_ARGUMENTS = {"keras.layers.Attention": "one number, if it has a scale"}


def lines() -> Iterator[str]:
    """The lines of the page."""
    import paramcalc as pc
    from paramcalc.core.notation import text

    yield "# The forms of single layers"
    yield ""
    yield "For each class of `torch.nn` and Keras with sizes, the number of its parameters by its arguments, twice:"
    yield "derived of the mere tensors that the class makes, as [from your own code](deriving.md), and as paramcalc"
    yield "declares it. A test compares the two, and fails where a class of a [convention](conventions.md) has no row."
    for framework, rows in (("torch", TORCH), ("keras", KERAS)):
        yield f"\n## {'PyTorch' if framework == 'torch' else 'Keras'}\n"
        yield "| class | made as | parameters |"
        yield "| --- | --- | --- |"
        for row in rows:
            form = text(pc.formula(declared(row)).expr).replace("*", "\\*")
            yield f"| `{row.name}` | `{row.make}` | {form} |"
        _, others = classes(framework)
        for name, what in WITHOUT_ARGUMENTS.items():
            if name.startswith(framework):
                yield f"| `{name}` | | {what} |"
        yield ""
        if framework == "torch":
            yield "Of a recurrent layer with `num_layers`, the tensors alone say the form for each number of layers;"
            yield "with the layer type that they are, `num_layers` is a symbol."
            yield ""
        yield f"Without sizes: {', '.join(f'`{name}`' for name in others)}."


if __name__ == "__main__":
    PAGE.write_text("\n".join(lines()) + "\n", encoding="utf-8")
