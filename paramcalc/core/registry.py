"""What is found by its name: the one module that names modules which stand above it.

A spec names layer types, and whoever counts names a convention. So that only what a spec uses is imported, each
name leads to a module that is imported when the name is first asked for. These tables are all imports by text
that there are; the test of the layout counts each row as an import.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, TypeVar

from paramcalc.core.errors import ParamcalcError, quoted, refuse, suggest

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from paramcalc.layers.base.declaration import Layer

#: The modules of `paramcalc.layers`, each with the layer types that it declares.
FAMILIES: dict[str, tuple[str, ...]] = {
    "source": ("Input", "Weights"),
    "linear": ("Dense",),
    "linear_maps": ("EinsumDense", "Bilinear", "AdaptiveLogSoftmaxWithLoss", "LinearCrossEntropyLoss"),
    "embedding": ("Embedding", "EmbeddingBag", "ReversibleEmbedding"),
    "elementwise": ("Activation", "Dropout"),
    "activation": ("PReLU", "GLU", "Identity", "Masking", "GaussianNoise"),
    "normalization": ("BatchNorm", "LayerNorm", "RMSNorm"),
    "further_normalization": ("GroupNorm", "InstanceNorm", "UnitNorm", "LocalResponseNorm", "Normalization"),
    "convolution": ("Conv1D", "Conv2D", "Conv3D"),
    "further_convolution": (
        "DepthwiseConv1D",
        "DepthwiseConv2D",
        "SeparableConv1D",
        "SeparableConv2D",
        "Conv1DTranspose",
        "Conv2DTranspose",
        "Conv3DTranspose",
    ),
    "pooling": (
        "MaxPool1D",
        "MaxPool2D",
        "MaxPool3D",
        "AveragePool1D",
        "AveragePool2D",
        "AveragePool3D",
        "GlobalMaxPool1D",
        "GlobalMaxPool2D",
        "GlobalMaxPool3D",
        "GlobalAveragePool1D",
        "GlobalAveragePool2D",
        "GlobalAveragePool3D",
    ),
    "further_pooling": (
        "AdaptiveAveragePool1D",
        "AdaptiveAveragePool2D",
        "AdaptiveAveragePool3D",
        "AdaptiveMaxPool1D",
        "AdaptiveMaxPool2D",
        "AdaptiveMaxPool3D",
        "LPPool1D",
        "LPPool2D",
        "LPPool3D",
        "FractionalMaxPool2D",
        "FractionalMaxPool3D",
        "MaxUnpool1D",
        "MaxUnpool2D",
        "MaxUnpool3D",
    ),
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
    "resizing": ("Upsample", "UpSampling1D", "UpSampling2D", "UpSampling3D", "Resizing", "CenterCrop", "RandomCrop"),
    "reshaping": ("Flatten", "Reshape", "Unflatten", "Slice"),
    "rearranging": (
        "Permute",
        "RepeatVector",
        "PixelShuffle",
        "PixelUnshuffle",
        "ChannelShuffle",
        "Unfold",
        "Fold",
    ),
    "merging": ("Add", "Multiply", "Average", "Maximum", "Minimum", "Concatenate"),
    "functions": (
        "Elementwise",
        "Einsum",
        "Subtract",
        "Dot",
        "CosineSimilarity",
        "PairwiseDistance",
        "Reduce",
    ),
    "recurrent": ("SimpleRNN", "GRU", "LSTM"),
    "recurrent_cells": (
        "SimpleRNNCell",
        "GRUCell",
        "LSTMCell",
        "StackedRNNCells",
        "RNN",
        "ConvLSTM1D",
        "ConvLSTM2D",
        "ConvLSTM3D",
    ),
    "wrappers": ("Bidirectional", "TimeDistributed", "WeightNorm", "SpectralNorm"),
    "attention": ("MultiHeadAttention", "Attention", "AdditiveAttention"),
    "transformer": (
        "TransformerEncoderLayer",
        "TransformerDecoderLayer",
        "TransformerEncoder",
        "TransformerDecoder",
        "Transformer",
    ),
    "preprocessing": (
        "Rescaling",
        "MaxNumBoundingBoxes",
        "Augmentation",
        "MelSpectrogram",
        "STFTSpectrogram",
        "Discretization",
        "CategoryEncoding",
        "Hashing",
        "HashedCrossing",
        "IntegerLookup",
        "StringLookup",
        "TextVectorization",
    ),
}

#: The module of each convention.
CONVENTIONS = {"keras": "paramcalc.conventions.keras", "torch": "paramcalc.conventions.torch"}
#: The class that writes a closed form in each language.
LANGUAGES = {
    "python": "paramcalc.exports.languages.python:Python",
    "numpy": "paramcalc.exports.languages.python:NumPy",
    "javascript": "paramcalc.exports.languages.javascript:JavaScript",
    "typescript": "paramcalc.exports.languages.javascript:TypeScript",
    "c": "paramcalc.exports.languages.c:C",
    "rust": "paramcalc.exports.languages.rust:Rust",
    "go": "paramcalc.exports.languages.go:Go",
    "julia": "paramcalc.exports.languages.julia:Julia",
    "matlab": "paramcalc.exports.languages.matlab:Matlab",
    "sql": "paramcalc.exports.languages.sql:Sql",
    "duckdb": "paramcalc.exports.languages.sql:DuckDB",
    "sqlite": "paramcalc.exports.languages.sql:SQLite",
    "excel": "paramcalc.exports.languages.excel:Excel",
    "excel-let": "paramcalc.exports.languages.excel:ExcelLet",
    "excel-lambda": "paramcalc.exports.languages.excel:ExcelLambda",
    "json": "paramcalc.exports.languages.tree:Tree",
    "content-mathml": "paramcalc.exports.languages.markup:ContentMathML",
    "openmath": "paramcalc.exports.languages.markup:OpenMath",
}
#: The class of each measure: what may be summed over a network.
MEASURES = {
    "parameters": "paramcalc.measures.tensors:Parameters",
    "trainable": "paramcalc.measures.tensors:Trainable",
    "active": "paramcalc.measures.tensors:Active",
    "bytes": "paramcalc.measures.tensors:Bytes",
    "flops": "paramcalc.measures.flops:Flops",
    "training_flops": "paramcalc.measures.flops:TrainingFlops",
    "activations": "paramcalc.measures.activations:Activations",
    "saved": "paramcalc.measures.saved:Saved",
    "cache": "paramcalc.measures.cache:Cache",
}
#: What `count --of` tells of each layer beside the measures: it does not add up, and has a result of its own.
RECEPTIVE_FIELD: Final = "receptive-field"
#: What `solve` and `sweep` take beside the measures: the sum of a sheet of memory, which is that of two measures.
MEMORY: Final = "memory"
#: What they take.
TOTALS = (*MEASURES, MEMORY)
#: What is meant where no measure is named.
DEFAULT_MEASURE = "parameters"
#: The module of each command, with a function of this name; in the order in which they are listed.
COMMANDS = {
    "count": "paramcalc.cli.count:count",
    "explain": "paramcalc.cli.explain:explain",
    "formula": "paramcalc.cli.formula:formula",
    "solve": "paramcalc.cli.solve:solve",
    "memory": "paramcalc.cli.memory:memory",
    "build": "paramcalc.cli.build:build",
    "layers": "paramcalc.cli.layers:layers",
    "families": "paramcalc.cli.families:families",
    "schema": "paramcalc.cli.schema:schema",
    "import": "paramcalc.cli.import_:import_",
    "derive": "paramcalc.cli.derive:derive",
    "check": "paramcalc.cli.check:check",
    "diff": "paramcalc.cli.diff:diff",
    "sweep": "paramcalc.cli.sweep:sweep",
}
#: How alike the name of a layer type must be to be meant: `Dence`, `LTSM`, but not `Group` for GRU.
_LIKENESS = 0.72
#: What knows the names that frameworks and people have for layer types.
CLASS_NAMES = "paramcalc.conventions"
#: What every layer type is declared with.
DECLARATION = "paramcalc.layers.base.declaration"
#: The group of entry points by which other packages declare layer types: `Maxout = "package.module:Maxout"`.
ENTRY_POINTS = "paramcalc.layers"

_FAMILY_OF = {name: family for family, names in FAMILIES.items() for name in names}
#: The layer types of one's own, registered or loaded from an entry point.
_OWN: dict[str, type[Layer]] = {}
_Class = TypeVar("_Class", bound=type)


def built_in_names() -> list[str]:
    """List the names of the layer types of this package."""
    return [name for names in FAMILIES.values() for name in names]


def own_names() -> list[str]:
    """List the names of the layer types of one's own: those registered, and those of other packages.

    Raises `invalid-kind` where a package takes a name that is not free.
    """
    return sorted({*_OWN, *_declared()})


def kind_names() -> list[str]:
    """List the names of all layer types. Raises `invalid-kind`, as `own_names` does."""
    return [*built_in_names(), *own_names()]


def family_of(name: str) -> str | None:
    """Give the module that declares the built-in layer type of a name, or None where there is none."""
    return _FAMILY_OF.get(name)


def kind(name: str) -> type[Layer]:
    """Give the layer type of a name; its module is imported if it was not.

    Raises `unknown-kind`, and `invalid-kind` for one that another package declares and that cannot be used.
    """
    return known_kind(name) or _own(name)


@cache
def _built_in(name: str, family: str) -> type[Layer]:
    found: type[Layer] = getattr(import_module(f"paramcalc.layers.{family}"), name)
    return found


def known_kind(name: str) -> type[Layer] | None:
    """Give the layer type of a name that is built in or registered; entry points are not read for it."""
    family = family_of(name)
    return _built_in(name, family) if family is not None else _OWN.get(name)


def unknown_kind(name: str) -> ParamcalcError:
    """Refuse a name that no layer type has, and say what to write for it."""
    hint = written_for(name) or "'paramcalc layers' lists the layer types"
    return refuse("unknown-kind", f"no layer type {quoted(name)}", hint, at_key=True)


def written_for(name: str) -> str:
    """Say what to write for a name that no layer type has, as a hint; nothing, where it is like none."""
    written: str = import_module(CLASS_NAMES).written_for(name)
    return written or suggest(name, kind_names(), _LIKENESS)


def field_for(kind_name: str, name: str) -> str:
    """Say what to write for a field that a layer type does not have, as a hint; nothing, where it is not known."""
    written: str = import_module(CLASS_NAMES).field_for(kind_name, name)
    return written


# --- Layer types of one's own ----------------------------------------------------------


def register(cls: _Class) -> _Class:
    """Make a class a layer type under its own name: in specs, the JSON Schema, `paramcalc layers` and all else.

    Gives back the class, so that it may decorate one. A class that is registered already stays so; in a
    notebook or at Python's prompt, one that is defined again takes the place of the one before. Raises
    `invalid-kind` for what is no `Layer`, for a name that is taken or does not begin with a capital, and for a
    `layout` whose field the class does not have.
    """
    reason = _unfit(cls)
    if reason:
        raise refuse("invalid-kind", reason)
    _OWN[cls.__name__] = cls
    return cls


def _unfit(cls: Any) -> str:
    """Say why something cannot be a layer type; nothing, where it can."""
    layer = import_module(DECLARATION).Layer
    if not isinstance(cls, type) or not issubclass(cls, layer):
        return f"{quoted(getattr(cls, '__name__', cls))} is no class of paramcalc.Layer"
    name = cls.__name__
    if not name[0].isupper():
        return f"the name of a layer type begins with a capital, and {quoted(name)} does not"
    if family_of(name) is not None:
        return f"{quoted(name)} is the name of a built-in layer type"
    other = _OWN.get(name, cls)
    # what a notebook or the prompt defines again takes the place of what it defined before
    if other is not cls and {other.__module__, cls.__module__} != {"__main__"}:
        return f"{quoted(name)} is the name of another class that is registered, of {other.__module__}"
    declared: type[Layer] = cls
    if declared.layout in ("data_format", "axis") and declared.layout not in declared.model_fields:
        return f"the layout of {name} is that of its field '{declared.layout}', and it has no such field"
    return ""


def _own(name: str) -> type[Layer]:
    """Give the layer type that another package declares under a name, and register it."""
    point = _declared().get(name)
    if point is None:
        raise unknown_kind(name)
    found, reason = _loaded(point)
    if reason:
        raise refuse(
            "invalid-kind", f"the layer type {quoted(name)} of {_package(point)} cannot be used: {reason}", at_key=True
        )
    own: type[Layer] = register(found)
    return own


@cache
def _loaded(point: EntryPoint) -> tuple[Any, str]:
    """Load what an entry point names, once; beside it, why it cannot be a layer type."""
    try:
        cls = point.load()
    except Exception as error:  # whatever the code of another package raises
        return None, f"{type(error).__name__}: {error}"
    reason = _unfit(cls)
    if not reason and cls.__name__ != point.name:
        reason = f"its class is called {quoted(cls.__name__)}"
    return cls, reason


def _declared() -> dict[str, EntryPoint]:
    """Give the entry points of layer types by their names. Raises `invalid-kind` for a name that is not free."""
    found: dict[str, EntryPoint] = {}
    for point in _entry_points():
        taken = "that of a built-in one" if family_of(point.name) is not None else ""
        other = found.setdefault(point.name, point)
        if other.value != point.value:
            taken = f"that of one of {_package(other)}"
        if taken:
            message = f"{_package(point)} declares a layer type {quoted(point.name)}, and that name is {taken}"
            raise refuse("invalid-kind", message)
    return found


@cache
def _entry_points() -> tuple[EntryPoint, ...]:
    """Read the entry points of all packages that are installed, when they are first asked for."""
    from importlib.metadata import entry_points

    return tuple(entry_points(group=ENTRY_POINTS))


def _package(point: EntryPoint) -> str:
    """Name the package of an entry point."""
    return f"the package {quoted(point.dist.name)}" if point.dist is not None else "a package"


# --- What is looked up -----------------------------------------------------------------


@cache
def convention_module(name: str) -> Any:
    """Import the module of a convention, which is one of `CONVENTIONS`."""
    return import_module(CONVENTIONS[name])


def language(name: str) -> Any:
    """Give the class that writes one of `LANGUAGES`."""
    return _found(LANGUAGES[name])


def measure(name: str) -> Any:
    """Give the class of one of `MEASURES`."""
    return _found(MEASURES[name])


def command(name: str) -> Any:
    """Give one of `COMMANDS`."""
    return _found(COMMANDS[name])


def _found(row: str) -> Any:
    """Give what a row names, its module imported."""
    module, _, name = row.partition(":")
    return getattr(import_module(module), name)
