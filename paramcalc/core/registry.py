"""What is found by its name: the one place where modules are named that stand above.

A spec names layer types, and whoever counts names a convention. So that only what a spec uses is imported, each
name leads to a module that is imported when the name is first asked for. These tables are all imports by text
that there are; the test of the layout counts each row as an import.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from paramcalc.core.errors import ParamcalcError, quoted, refuse, suggest

if TYPE_CHECKING:
    from paramcalc.layers.base.declaration import Layer

#: The modules of `paramcalc.layers`, each with the layer types that it declares.
FAMILIES: dict[str, tuple[str, ...]] = {
    "source": ("Input", "Weights"),
    "linear": ("Dense",),
    "linear_maps": ("EinsumDense", "Bilinear"),
    "elementwise": ("Activation", "Dropout"),
    "activation": ("PReLU", "GLU"),
    "noise": ("GaussianNoise",),
    "normalization": ("BatchNorm", "LayerNorm", "RMSNorm"),
    "group_normalization": ("GroupNorm", "InstanceNorm"),
    "fixed_normalization": ("UnitNorm", "LocalResponseNorm", "Normalization"),
    "weight_normalization": ("WeightNorm", "SpectralNorm"),
    "convolution": ("Conv1D", "Conv2D"),
    "convolution_3d": ("Conv3D",),
    "transposed_convolution": ("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"),
    "depthwise_convolution": ("DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D"),
    "folding": ("Unfold", "Fold"),
    "pooling": ("MaxPool2D", "AveragePool2D", "GlobalMaxPool2D", "GlobalAveragePool2D"),
    "pooling_1d": ("MaxPool1D", "AveragePool1D", "GlobalMaxPool1D", "GlobalAveragePool1D"),
    "pooling_3d": ("MaxPool3D", "AveragePool3D", "GlobalMaxPool3D", "GlobalAveragePool3D"),
    "adaptive_pooling": (
        "AdaptiveAveragePool1D",
        "AdaptiveAveragePool2D",
        "AdaptiveAveragePool3D",
        "AdaptiveMaxPool1D",
        "AdaptiveMaxPool2D",
        "AdaptiveMaxPool3D",
    ),
    "power_pooling": ("LPPool1D", "LPPool2D", "LPPool3D"),
    "fractional_pooling": ("FractionalMaxPool2D", "FractionalMaxPool3D"),
    "unpooling": ("MaxUnpool1D", "MaxUnpool2D", "MaxUnpool3D"),
    "merging": ("Add", "Multiply", "Concatenate"),
    "elementwise_merging": ("Subtract", "Average", "Maximum", "Minimum"),
    "functions": ("Elementwise", "Einsum"),
    "similarity": ("Dot", "CosineSimilarity", "PairwiseDistance"),
    "reshaping": ("Flatten", "Reshape", "Unflatten", "Slice"),
    "reducing": ("Reduce",),
    "rearranging": ("Permute", "RepeatVector", "PixelShuffle", "PixelUnshuffle", "ChannelShuffle"),
    "padding": (
        "ZeroPadding1D",
        "ZeroPadding2D",
        "ZeroPadding3D",
        "Pad1D",
        "Pad2D",
        "Pad3D",
        "Cropping1D",
        "Cropping2D",
        "Cropping3D",
    ),
    "upsampling": ("Upsample", "UpSampling1D", "UpSampling2D", "UpSampling3D"),
    "identity": ("Identity", "Masking"),
    "image_preprocessing": (
        "Rescaling",
        "Resizing",
        "CenterCrop",
        "RandomCrop",
        "MaxNumBoundingBoxes",
        "Augmentation",
    ),
    "categories": (
        "Discretization",
        "CategoryEncoding",
        "Hashing",
        "HashedCrossing",
        "IntegerLookup",
        "StringLookup",
        "TextVectorization",
    ),
    "spectrograms": ("MelSpectrogram", "STFTSpectrogram"),
    "embedding": ("Embedding",),
    "embedding_tables": ("EmbeddingBag", "ReversibleEmbedding"),
    "classification": ("AdaptiveLogSoftmaxWithLoss", "LinearCrossEntropyLoss"),
    "recurrent": ("SimpleRNN", "GRU", "LSTM"),
    "recurrent_cells": ("SimpleRNNCell", "GRUCell", "LSTMCell", "StackedRNNCells", "RNN"),
    "convolutional_lstm": ("ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"),
    "wrappers": ("Bidirectional", "TimeDistributed"),
    "attention": ("MultiHeadAttention",),
    "simple_attention": ("Attention", "AdditiveAttention"),
    "transformer": (
        "TransformerEncoderLayer",
        "TransformerDecoderLayer",
        "TransformerEncoder",
        "TransformerDecoder",
        "Transformer",
    ),
}

#: The module of each convention.
CONVENTIONS = {"keras": "paramcalc.conventions.keras", "torch": "paramcalc.conventions.torch"}
#: The class that writes a closed form in each language.
LANGUAGES = {
    "python": "paramcalc.exports.languages.python:Python",
    "numpy": "paramcalc.exports.languages.python:NumPy",
    "javascript": "paramcalc.exports.languages.javascript:JavaScript",
    "c": "paramcalc.exports.languages.c:C",
    "julia": "paramcalc.exports.languages.julia:Julia",
    "matlab": "paramcalc.exports.languages.matlab:Matlab",
    "sql": "paramcalc.exports.languages.sql:Sql",
    "duckdb": "paramcalc.exports.languages.sql:DuckDB",
    "excel": "paramcalc.exports.languages.excel:Excel",
    "json": "paramcalc.exports.languages.tree:Tree",
}
#: The module of each command, with a function of this name; in the order in which they are listed.
COMMANDS = {
    "count": "paramcalc.cli.count:count",
    "explain": "paramcalc.cli.explain:explain",
    "formula": "paramcalc.cli.formula:formula",
    "build": "paramcalc.cli.build:build",
    "layers": "paramcalc.cli.layers:layers",
    "schema": "paramcalc.cli.schema:schema",
    "import": "paramcalc.cli.import_:import_",
    "check": "paramcalc.cli.check:check",
}
#: What knows the names that frameworks have for layer types.
CLASS_NAMES = "paramcalc.conventions"


def kind_names() -> list[str]:
    """The names of all layer types."""
    return [name for names in FAMILIES.values() for name in names]


def family_of(name: str) -> str | None:
    """The module that declares the layer type of a name, or None where there is no such type."""
    return next((family for family, names in FAMILIES.items() if name in names), None)


def kind(name: str) -> type[Layer]:
    """The layer type of a name; its module is imported if it was not.

    Raises `unknown-kind`.
    """
    family = family_of(name)
    if family is None:
        raise unknown_kind(name)
    found: type[Layer] = getattr(import_module(f"paramcalc.layers.{family}"), name)
    return found


def unknown_kind(name: str) -> ParamcalcError:
    """The refusal of a name that no layer type has, with what to write for it."""
    written: str = import_module(CLASS_NAMES).kind_of_class(name)
    hint = written or suggest(name, kind_names()) or "'paramcalc layers' lists the kinds"
    return refuse("unknown-kind", f"no layer kind {quoted(name)}", hint, at_key=True)


@cache
def convention_module(name: str) -> Any:
    """The module of a convention, which is one of `CONVENTIONS`."""
    return import_module(CONVENTIONS[name])


def language(name: str) -> Any:
    """The class that writes one of `LANGUAGES`."""
    return _found(LANGUAGES[name])


def command(name: str) -> Any:
    """One of `COMMANDS`."""
    return _found(COMMANDS[name])


def _found(row: str) -> Any:
    """What a row names, its module imported."""
    module, _, name = row.partition(":")
    return getattr(import_module(module), name)
