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
    from paramcalc.counting import Count as Count
    from paramcalc.counting import LayerCount as LayerCount
    from paramcalc.counting import TensorCount as TensorCount
    from paramcalc.counting import count as count
    from paramcalc.derivation import Derivation as Derivation
    from paramcalc.derivation import explain as explain
    from paramcalc.errors import CODES as CODES
    from paramcalc.errors import LIMITS as LIMITS
    from paramcalc.errors import ParamcalcError as ParamcalcError
    from paramcalc.errors import Problem as Problem
    from paramcalc.formulas import Formula as Formula
    from paramcalc.formulas import formula as formula
    from paramcalc.layer import Layer as Layer
    from paramcalc.layer import Tensor as Tensor
    from paramcalc.layer import kind as kind
    from paramcalc.layer import kind_names as kind_names
    from paramcalc.layers.attention import MultiHeadAttention as MultiHeadAttention
    from paramcalc.layers.classification import AdaptiveLogSoftmaxWithLoss as AdaptiveLogSoftmaxWithLoss
    from paramcalc.layers.classification import LinearCrossEntropyLoss as LinearCrossEntropyLoss
    from paramcalc.layers.convolution import Conv2D as Conv2D
    from paramcalc.layers.elementwise import Activation as Activation
    from paramcalc.layers.elementwise import Dropout as Dropout
    from paramcalc.layers.embedding import Embedding as Embedding
    from paramcalc.layers.embedding_tables import EmbeddingBag as EmbeddingBag
    from paramcalc.layers.embedding_tables import ReversibleEmbedding as ReversibleEmbedding
    from paramcalc.layers.fixed_normalization import LocalResponseNorm as LocalResponseNorm
    from paramcalc.layers.fixed_normalization import Normalization as Normalization
    from paramcalc.layers.fixed_normalization import UnitNorm as UnitNorm
    from paramcalc.layers.group_normalization import GroupNorm as GroupNorm
    from paramcalc.layers.group_normalization import InstanceNorm as InstanceNorm
    from paramcalc.layers.linear import Dense as Dense
    from paramcalc.layers.linear_maps import Bilinear as Bilinear
    from paramcalc.layers.linear_maps import EinsumDense as EinsumDense
    from paramcalc.layers.merging import Add as Add
    from paramcalc.layers.merging import Concatenate as Concatenate
    from paramcalc.layers.merging import Multiply as Multiply
    from paramcalc.layers.normalization import BatchNorm as BatchNorm
    from paramcalc.layers.normalization import LayerNorm as LayerNorm
    from paramcalc.layers.normalization import RMSNorm as RMSNorm
    from paramcalc.layers.pooling import (
        AveragePool2D as AveragePool2D,
    )
    from paramcalc.layers.pooling import (
        GlobalAveragePool2D as GlobalAveragePool2D,
    )
    from paramcalc.layers.pooling import (
        MaxPool2D as MaxPool2D,
    )
    from paramcalc.layers.recurrent import LSTM as LSTM
    from paramcalc.layers.reshaping import Flatten as Flatten
    from paramcalc.layers.reshaping import Reshape as Reshape
    from paramcalc.layers.reshaping import Slice as Slice
    from paramcalc.layers.source import Input as Input
    from paramcalc.layers.source import Weights as Weights
    from paramcalc.layers.weight_normalization import SpectralNorm as SpectralNorm
    from paramcalc.layers.weight_normalization import WeightNorm as WeightNorm
    from paramcalc.loading import dumps as dumps
    from paramcalc.loading import load as load
    from paramcalc.loading import loads as loads
    from paramcalc.spec import Block as Block
    from paramcalc.spec import Node as Node
    from paramcalc.spec import Spec as Spec

__version__ = "0.1.0"

#: Where each public name that is no layer kind stands.
_MODULES = {
    "counting": ("Count", "LayerCount", "TensorCount", "count"),
    "derivation": ("Derivation", "explain"),
    "errors": ("CODES", "LIMITS", "ParamcalcError", "Problem"),
    "formulas": ("Formula", "formula"),
    "layer": ("Layer", "Tensor", "kind", "kind_names"),
    "loading": ("dumps", "load", "loads"),
    "spec": ("Block", "Node", "Spec"),
}


def __getattr__(name: str) -> Any:
    for module, names in _MODULES.items():
        if name in names:
            return getattr(import_module(f"paramcalc.{module}"), name)
    from paramcalc.layers import FAMILIES

    for family, kinds in FAMILIES.items():
        if name in kinds:
            return getattr(import_module(f"paramcalc.layers.{family}"), name)
    raise AttributeError(f"module 'paramcalc' has no attribute {name!r}")


def __dir__() -> list[str]:
    from paramcalc.layers import FAMILIES

    return sorted([name for names in (*_MODULES.values(), *FAMILIES.values()) for name in names])
