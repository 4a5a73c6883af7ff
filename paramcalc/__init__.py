"""The size of a neural network before anyone trains it: exact, and with its derivation.

    import paramcalc as pc

    spec = pc.load("specs/keras_mlp.yaml")
    pc.count(spec).total                                # 2140752
    print(pc.explain(spec))                             # why
    pc.formula(spec).expr                               # in symbols

Names are imported when they are first used, so that nothing pays for what it does not use.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from paramcalc.core.errors import CODES as CODES
    from paramcalc.core.errors import LIMITS as LIMITS
    from paramcalc.core.errors import ParamcalcError as ParamcalcError
    from paramcalc.core.errors import Problem as Problem
    from paramcalc.core.registry import kind as kind
    from paramcalc.core.registry import kind_names as kind_names
    from paramcalc.core.registry import register as register
    from paramcalc.families.configs import from_huggingface as from_huggingface
    from paramcalc.frameworks.check import Check as Check
    from paramcalc.frameworks.deriving import Derived as Derived
    from paramcalc.frameworks.deriving import derive as derive
    from paramcalc.frameworks.keras.read import from_keras as from_keras
    from paramcalc.frameworks.torch.read import from_torch as from_torch
    from paramcalc.layers.activation import GLU as GLU
    from paramcalc.layers.activation import GaussianNoise as GaussianNoise
    from paramcalc.layers.activation import Identity as Identity
    from paramcalc.layers.activation import Masking as Masking
    from paramcalc.layers.activation import PReLU as PReLU
    from paramcalc.layers.attention import AdditiveAttention as AdditiveAttention
    from paramcalc.layers.attention import Attention as Attention
    from paramcalc.layers.attention import MultiHeadAttention as MultiHeadAttention
    from paramcalc.layers.base.declaration import Layer as Layer
    from paramcalc.layers.base.declaration import Tensor as Tensor
    from paramcalc.layers.convolution import Conv1D as Conv1D
    from paramcalc.layers.convolution import Conv2D as Conv2D
    from paramcalc.layers.convolution import Conv3D as Conv3D
    from paramcalc.layers.elementwise import Activation as Activation
    from paramcalc.layers.elementwise import Dropout as Dropout
    from paramcalc.layers.embedding import Embedding as Embedding
    from paramcalc.layers.embedding import EmbeddingBag as EmbeddingBag
    from paramcalc.layers.embedding import ReversibleEmbedding as ReversibleEmbedding
    from paramcalc.layers.functions import CosineSimilarity as CosineSimilarity
    from paramcalc.layers.functions import Dot as Dot
    from paramcalc.layers.functions import Einsum as Einsum
    from paramcalc.layers.functions import Elementwise as Elementwise
    from paramcalc.layers.functions import PairwiseDistance as PairwiseDistance
    from paramcalc.layers.functions import Reduce as Reduce
    from paramcalc.layers.functions import Subtract as Subtract
    from paramcalc.layers.further_convolution import Conv1DTranspose as Conv1DTranspose
    from paramcalc.layers.further_convolution import Conv2DTranspose as Conv2DTranspose
    from paramcalc.layers.further_convolution import Conv3DTranspose as Conv3DTranspose
    from paramcalc.layers.further_convolution import DepthwiseConv1D as DepthwiseConv1D
    from paramcalc.layers.further_convolution import DepthwiseConv2D as DepthwiseConv2D
    from paramcalc.layers.further_convolution import SeparableConv1D as SeparableConv1D
    from paramcalc.layers.further_convolution import SeparableConv2D as SeparableConv2D
    from paramcalc.layers.further_normalization import GroupNorm as GroupNorm
    from paramcalc.layers.further_normalization import InstanceNorm as InstanceNorm
    from paramcalc.layers.further_normalization import LocalResponseNorm as LocalResponseNorm
    from paramcalc.layers.further_normalization import Normalization as Normalization
    from paramcalc.layers.further_normalization import UnitNorm as UnitNorm
    from paramcalc.layers.further_pooling import AdaptiveAveragePool1D as AdaptiveAveragePool1D
    from paramcalc.layers.further_pooling import AdaptiveAveragePool2D as AdaptiveAveragePool2D
    from paramcalc.layers.further_pooling import AdaptiveAveragePool3D as AdaptiveAveragePool3D
    from paramcalc.layers.further_pooling import AdaptiveMaxPool1D as AdaptiveMaxPool1D
    from paramcalc.layers.further_pooling import AdaptiveMaxPool2D as AdaptiveMaxPool2D
    from paramcalc.layers.further_pooling import AdaptiveMaxPool3D as AdaptiveMaxPool3D
    from paramcalc.layers.further_pooling import FractionalMaxPool2D as FractionalMaxPool2D
    from paramcalc.layers.further_pooling import FractionalMaxPool3D as FractionalMaxPool3D
    from paramcalc.layers.further_pooling import LPPool1D as LPPool1D
    from paramcalc.layers.further_pooling import LPPool2D as LPPool2D
    from paramcalc.layers.further_pooling import LPPool3D as LPPool3D
    from paramcalc.layers.further_pooling import MaxUnpool1D as MaxUnpool1D
    from paramcalc.layers.further_pooling import MaxUnpool2D as MaxUnpool2D
    from paramcalc.layers.further_pooling import MaxUnpool3D as MaxUnpool3D
    from paramcalc.layers.linear import Dense as Dense
    from paramcalc.layers.linear_maps import AdaptiveLogSoftmaxWithLoss as AdaptiveLogSoftmaxWithLoss
    from paramcalc.layers.linear_maps import Bilinear as Bilinear
    from paramcalc.layers.linear_maps import EinsumDense as EinsumDense
    from paramcalc.layers.linear_maps import LinearCrossEntropyLoss as LinearCrossEntropyLoss
    from paramcalc.layers.merging import Add as Add
    from paramcalc.layers.merging import Average as Average
    from paramcalc.layers.merging import Concatenate as Concatenate
    from paramcalc.layers.merging import Maximum as Maximum
    from paramcalc.layers.merging import Minimum as Minimum
    from paramcalc.layers.merging import Multiply as Multiply
    from paramcalc.layers.normalization import BatchNorm as BatchNorm
    from paramcalc.layers.normalization import LayerNorm as LayerNorm
    from paramcalc.layers.normalization import RMSNorm as RMSNorm
    from paramcalc.layers.padding import Cropping1D as Cropping1D
    from paramcalc.layers.padding import Cropping2D as Cropping2D
    from paramcalc.layers.padding import Cropping3D as Cropping3D
    from paramcalc.layers.padding import Pad1D as Pad1D
    from paramcalc.layers.padding import Pad2D as Pad2D
    from paramcalc.layers.padding import Pad3D as Pad3D
    from paramcalc.layers.padding import ZeroPadding1D as ZeroPadding1D
    from paramcalc.layers.padding import ZeroPadding2D as ZeroPadding2D
    from paramcalc.layers.padding import ZeroPadding3D as ZeroPadding3D
    from paramcalc.layers.pooling import AveragePool1D as AveragePool1D
    from paramcalc.layers.pooling import AveragePool2D as AveragePool2D
    from paramcalc.layers.pooling import AveragePool3D as AveragePool3D
    from paramcalc.layers.pooling import GlobalAveragePool1D as GlobalAveragePool1D
    from paramcalc.layers.pooling import GlobalAveragePool2D as GlobalAveragePool2D
    from paramcalc.layers.pooling import GlobalAveragePool3D as GlobalAveragePool3D
    from paramcalc.layers.pooling import GlobalMaxPool1D as GlobalMaxPool1D
    from paramcalc.layers.pooling import GlobalMaxPool2D as GlobalMaxPool2D
    from paramcalc.layers.pooling import GlobalMaxPool3D as GlobalMaxPool3D
    from paramcalc.layers.pooling import MaxPool1D as MaxPool1D
    from paramcalc.layers.pooling import MaxPool2D as MaxPool2D
    from paramcalc.layers.pooling import MaxPool3D as MaxPool3D
    from paramcalc.layers.preprocessing import Augmentation as Augmentation
    from paramcalc.layers.preprocessing import CategoryEncoding as CategoryEncoding
    from paramcalc.layers.preprocessing import Discretization as Discretization
    from paramcalc.layers.preprocessing import HashedCrossing as HashedCrossing
    from paramcalc.layers.preprocessing import Hashing as Hashing
    from paramcalc.layers.preprocessing import IntegerLookup as IntegerLookup
    from paramcalc.layers.preprocessing import MaxNumBoundingBoxes as MaxNumBoundingBoxes
    from paramcalc.layers.preprocessing import MelSpectrogram as MelSpectrogram
    from paramcalc.layers.preprocessing import Rescaling as Rescaling
    from paramcalc.layers.preprocessing import STFTSpectrogram as STFTSpectrogram
    from paramcalc.layers.preprocessing import StringLookup as StringLookup
    from paramcalc.layers.preprocessing import TextVectorization as TextVectorization
    from paramcalc.layers.rearranging import ChannelShuffle as ChannelShuffle
    from paramcalc.layers.rearranging import Fold as Fold
    from paramcalc.layers.rearranging import Permute as Permute
    from paramcalc.layers.rearranging import PixelShuffle as PixelShuffle
    from paramcalc.layers.rearranging import PixelUnshuffle as PixelUnshuffle
    from paramcalc.layers.rearranging import RepeatVector as RepeatVector
    from paramcalc.layers.rearranging import Unfold as Unfold
    from paramcalc.layers.recurrent import GRU as GRU
    from paramcalc.layers.recurrent import LSTM as LSTM
    from paramcalc.layers.recurrent import SimpleRNN as SimpleRNN
    from paramcalc.layers.recurrent_cells import RNN as RNN
    from paramcalc.layers.recurrent_cells import ConvLSTM1D as ConvLSTM1D
    from paramcalc.layers.recurrent_cells import ConvLSTM2D as ConvLSTM2D
    from paramcalc.layers.recurrent_cells import ConvLSTM3D as ConvLSTM3D
    from paramcalc.layers.recurrent_cells import GRUCell as GRUCell
    from paramcalc.layers.recurrent_cells import LSTMCell as LSTMCell
    from paramcalc.layers.recurrent_cells import SimpleRNNCell as SimpleRNNCell
    from paramcalc.layers.recurrent_cells import StackedRNNCells as StackedRNNCells
    from paramcalc.layers.reshaping import Flatten as Flatten
    from paramcalc.layers.reshaping import Reshape as Reshape
    from paramcalc.layers.reshaping import Slice as Slice
    from paramcalc.layers.reshaping import Unflatten as Unflatten
    from paramcalc.layers.resizing import CenterCrop as CenterCrop
    from paramcalc.layers.resizing import RandomCrop as RandomCrop
    from paramcalc.layers.resizing import Resizing as Resizing
    from paramcalc.layers.resizing import Upsample as Upsample
    from paramcalc.layers.resizing import UpSampling1D as UpSampling1D
    from paramcalc.layers.resizing import UpSampling2D as UpSampling2D
    from paramcalc.layers.resizing import UpSampling3D as UpSampling3D
    from paramcalc.layers.source import Input as Input
    from paramcalc.layers.source import Weights as Weights
    from paramcalc.layers.transformer import Transformer as Transformer
    from paramcalc.layers.transformer import TransformerDecoder as TransformerDecoder
    from paramcalc.layers.transformer import TransformerDecoderLayer as TransformerDecoderLayer
    from paramcalc.layers.transformer import TransformerEncoder as TransformerEncoder
    from paramcalc.layers.transformer import TransformerEncoderLayer as TransformerEncoderLayer
    from paramcalc.layers.wrappers import Bidirectional as Bidirectional
    from paramcalc.layers.wrappers import SpectralNorm as SpectralNorm
    from paramcalc.layers.wrappers import TimeDistributed as TimeDistributed
    from paramcalc.layers.wrappers import WeightNorm as WeightNorm
    from paramcalc.results.comparison import Comparison as Comparison
    from paramcalc.results.count import Count as Count
    from paramcalc.results.count import LayerCount as LayerCount
    from paramcalc.results.count import TensorCount as TensorCount
    from paramcalc.results.derivation import Derivation as Derivation
    from paramcalc.results.difference import Difference as Difference
    from paramcalc.results.formula import Formula as Formula
    from paramcalc.results.memory import Memory as Memory
    from paramcalc.results.receptive_field import ReceptiveField as ReceptiveField
    from paramcalc.results.solving import Solution as Solution
    from paramcalc.results.solving import Solutions as Solutions
    from paramcalc.results.sweeps import Sweep as Sweep
    from paramcalc.spec import Block as Block
    from paramcalc.spec import Dim as Dim
    from paramcalc.spec import Node as Node
    from paramcalc.spec import Spec as Spec
    from paramcalc.spec.loading import load as load
    from paramcalc.spec.loading import loads as loads
    from paramcalc.spec.writing import dumps as dumps
    from paramcalc.verbs import build as build
    from paramcalc.verbs import check as check
    from paramcalc.verbs import compare as compare
    from paramcalc.verbs import count as count
    from paramcalc.verbs import diff as diff
    from paramcalc.verbs import explain as explain
    from paramcalc.verbs import formula as formula
    from paramcalc.verbs import memory as memory
    from paramcalc.verbs import solve as solve
    from paramcalc.verbs import sweep as sweep
else:
    # hidden from type checkers, to which any name would be there

    def __getattr__(name: str) -> Any:
        # from now on it is found without asking
        found = globals()[name] = _imported(name)
        return found


__version__ = "0.1.0"

#: The module of each public name that is no layer type.
_MODULES = {
    "core.errors": ("CODES", "LIMITS", "ParamcalcError", "Problem"),
    "core.registry": ("kind", "kind_names", "register"),
    "families.configs": ("from_huggingface",),
    "frameworks.check": ("Check",),
    "frameworks.deriving": ("Derived", "derive"),
    "frameworks.keras.read": ("from_keras",),
    "frameworks.torch.read": ("from_torch",),
    "layers.base.declaration": ("Layer", "Tensor"),
    "results.comparison": ("Comparison",),
    "results.count": ("Count", "LayerCount", "TensorCount"),
    "results.derivation": ("Derivation",),
    "results.difference": ("Difference",),
    "results.formula": ("Formula",),
    "results.memory": ("Memory",),
    "results.receptive_field": ("ReceptiveField",),
    "results.solving": ("Solution", "Solutions"),
    "results.sweeps": ("Sweep",),
    "spec": ("Block", "Dim", "Node", "Spec"),
    "spec.loading": ("load", "loads"),
    "spec.writing": ("dumps",),
    "verbs": ("build", "check", "compare", "count", "diff", "explain", "formula", "memory", "solve", "sweep"),
}


def _imported(name: str) -> Any:
    """Import a public name. Raises `AttributeError`."""
    for module, names in _MODULES.items():
        if name in names:
            return getattr(import_module(f"paramcalc.{module}"), name)
    from paramcalc.core.registry import family_of, kind

    if family_of(name) is not None:
        return kind(name)
    raise AttributeError(f"module 'paramcalc' has no attribute {name!r}")


def __dir__() -> list[str]:
    from paramcalc.core.registry import built_in_names

    return sorted([*built_in_names(), *(name for names in _MODULES.values() for name in names)])
