"""The functions that networks apply, by the names of Keras where it has one, and how PyTorch spells them.

Learnt by running them: each of the first table and of `OF_NUMBERS` keeps the shape of its one input, each of
`OF_SEVERAL` takes inputs that are broadcast. What a spec may name is checked against these names, and the conventions
and the writers of models read how a framework spells them here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple


class Function(NamedTuple):
    """How the frameworks spell an activation."""

    #: the function in PyTorch, and its further arguments; None where it has none, empty where nothing is to be done
    torch: str | None = None
    #: the class of torch.nn, where there is one
    module: str = ""
    #: whether it is one of keras.activations that takes the input alone
    keras: bool = False


ACTIVATIONS: dict[str, Function] = {
    "celu": Function("functional.celu", "CELU", keras=True),
    "elu": Function("functional.elu", "ELU", keras=True),
    "exponential": Function("torch.exp", keras=True),
    "gelu": Function("functional.gelu", "GELU", keras=True),
    "hard_shrink": Function("functional.hardshrink", "Hardshrink", keras=True),
    "hard_sigmoid": Function("functional.hardsigmoid", "Hardsigmoid", keras=True),
    "hard_silu": Function("functional.hardswish", "Hardswish", keras=True),
    "hard_swish": Function("functional.hardswish", "Hardswish", keras=True),
    "hard_tanh": Function("functional.hardtanh", "Hardtanh", keras=True),
    "leaky_relu": Function("functional.leaky_relu 0.2", "LeakyReLU", keras=True),
    "linear": Function("", keras=True),
    "log_sigmoid": Function("functional.logsigmoid", "LogSigmoid", keras=True),
    "log_softmax": Function("functional.log_softmax -1", "LogSoftmax", keras=True),
    "mish": Function("functional.mish", "Mish", keras=True),
    "relu": Function("functional.relu", "ReLU", keras=True),
    "relu6": Function("functional.relu6", "ReLU6", keras=True),
    "rrelu": Function("functional.rrelu", "RReLU"),
    "selu": Function("functional.selu", "SELU", keras=True),
    "sigmoid": Function("torch.sigmoid", "Sigmoid", keras=True),
    "silu": Function("functional.silu", "SiLU", keras=True),
    "swish": Function("functional.silu", "SiLU", keras=True),
    "soft_shrink": Function("functional.softshrink", "Softshrink", keras=True),
    "softmax": Function("functional.softmax -1", "Softmax", keras=True),
    "softmax2d": Function(module="Softmax2d"),
    "softmin": Function("functional.softmin -1", "Softmin"),
    "softplus": Function("functional.softplus", "Softplus", keras=True),
    "softsign": Function("functional.softsign", "Softsign", keras=True),
    "sparse_plus": Function(keras=True),
    "sparse_sigmoid": Function(keras=True),
    "sparsemax": Function(keras=True),
    "squareplus": Function(keras=True),
    "tanh": Function("torch.tanh", "Tanh", keras=True),
    "tanh_shrink": Function("functional.tanhshrink", "Tanhshrink", keras=True),
    "threshold": Function(module="Threshold"),
}
#: Those along an axis: the last, as in Keras.
ALONG_AN_AXIS = ("log_softmax", "softmax", "softmin", "sparsemax")

#: The activations that configurations of Hugging Face name, beside those above: transformers 5.23, whose `ACT2FN` has
#: `hardswish` as well, here `hard_swish`, and `prelu` and `xielu`, which own parameters.
_OF_CONFIGURATIONS = (
    "gelu_10", "gelu_accurate", "gelu_fast", "gelu_new", "gelu_python", "gelu_python_tanh", "gelu_pytorch_tanh",
    "laplace", "quick_gelu", "relu2", "sqrtsoftplus",
)  # fmt: skip
#: Further functions of keras.ops, some with arguments that no shape depends on, and of torch.
OF_NUMBERS = (
    "abs", "absolute", "angle", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctanh", "argsort",
    "cast", "cbrt", "ceil", "clip", "conj", "conjugate", "copy", "cos", "cosh", "cumprod", "cumsum", "deg2rad",
    "digamma", "erf", "erfc", "erfinv", "exp", "exp2", "expm1", "fabs", "flip", "floor", "frac", "i0", "imag",
    "isfinite", "isinf", "isnan", "isneginf", "isposinf", "isreal", "lgamma", "log", "log10", "log1p", "log2",
    "logcumsumexp", "logical_not", "logit", "nan_to_num", "negative", "normalize", "ones_like", "positive",
    "rad2deg", "real", "reciprocal", "roll", "round", "rsqrt", "sgn", "sign", "signbit", "sin", "sinc", "sinh",
    "sort", "sqrt", "square", "stop_gradient", "tan", "tril", "triu", "trunc", "zeros_like",
)  # fmt: skip

#: Those of them that work along axes, which a spec does not state.
ALONG_OTHER_AXES = ("argsort", "cumprod", "cumsum", "flip", "logcumsumexp", "normalize", "roll", "sort")

#: The functions of several inputs, each with its name in torch if a model with it can be written.
OF_SEVERAL = {
    "add": "",
    "arctan2": "arctan2",
    "bitwise_and": "",
    "bitwise_left_shift": "",
    "bitwise_or": "",
    "bitwise_right_shift": "",
    "bitwise_xor": "",
    "divide": "divide",
    "divide_no_nan": "",
    "equal": "eq",
    "floor_divide": "floor_divide",
    "fmax": "",
    "fmin": "",
    "fmod": "",
    "gcd": "",
    "greater": "gt",
    "greater_equal": "ge",
    "heaviside": "",
    "hypot": "",
    "isclose": "",
    "lcm": "",
    "ldexp": "",
    "less": "lt",
    "less_equal": "le",
    "logaddexp": "logaddexp",
    "logaddexp2": "",
    "logical_and": "logical_and",
    "logical_or": "logical_or",
    "logical_xor": "logical_xor",
    "maximum": "",
    "minimum": "",
    "mod": "remainder",
    "multiply": "",
    "nextafter": "",
    "not_equal": "ne",
    "power": "pow",
    "squared_difference": "",
    "subtract": "",
    "true_divide": "true_divide",
    "where": "where",
}
#: Those of several inputs through which no gradient goes: their values are truths, or whole numbers.
WITHOUT_GRADIENT = frozenset({
    "bitwise_and", "bitwise_left_shift", "bitwise_or", "bitwise_right_shift", "bitwise_xor", "equal", "floor_divide",
    "gcd", "greater", "greater_equal", "heaviside", "isclose", "lcm", "less", "less_equal", "logical_and", "logical_or",
    "logical_xor", "nextafter", "not_equal",
})  # fmt: skip
#: What may stand where a function of one input is named: those of several as well, which take constants beside it.
OF_ONE = (*ACTIVATIONS, *_OF_CONFIGURATIONS, *OF_NUMBERS, *OF_SEVERAL)

#: What stands before the name of a function that is none of these, but the user's own.
CUSTOM = "custom:"


#: The functions that Keras has beside these, and that change the shape.
_CHANGING = ("glu",)


def function_name(name: str) -> str:
    """Give the name that a spec has for a function; one of the user's own is marked as such."""
    return name if name in (*OF_ONE, *_CHANGING) or name.startswith(CUSTOM) else f"{CUSTOM}{name}"


def modules() -> Iterator[tuple[str, str]]:
    """Yield the activations that are classes of torch.nn without arguments of their own, each with its class."""
    for name, function in ACTIVATIONS.items():
        if function.module and function.torch is not None and name not in ALONG_AN_AXIS:
            yield name, function.module
