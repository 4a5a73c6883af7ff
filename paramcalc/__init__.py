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
    from paramcalc.counting import Count, LayerCount, TensorCount, count
    from paramcalc.derivation import Derivation, explain
    from paramcalc.errors import CODES, LIMITS, ParamcalcError, Problem
    from paramcalc.formulas import Formula, formula
    from paramcalc.layer import Layer, Tensor, kind, kind_names
    from paramcalc.layers.attention import MultiHeadAttention
    from paramcalc.layers.convolution import Conv2D
    from paramcalc.layers.elementwise import Activation, Dropout
    from paramcalc.layers.embedding import Embedding
    from paramcalc.layers.linear import Dense
    from paramcalc.layers.merging import Add, Concatenate, Multiply
    from paramcalc.layers.normalization import BatchNorm, LayerNorm, RMSNorm
    from paramcalc.layers.pooling import AveragePool2D, GlobalAveragePool2D, MaxPool2D
    from paramcalc.layers.recurrent import LSTM
    from paramcalc.layers.reshaping import Flatten, Reshape, Slice
    from paramcalc.layers.source import Input, Weights
    from paramcalc.loading import dumps, load, loads
    from paramcalc.spec import Block, Node, Spec

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
