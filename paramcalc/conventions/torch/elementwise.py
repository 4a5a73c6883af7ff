"""PyTorch: elementwise."""

from paramcalc.conventions import Equivalent

#: The functions, by the names of keras.activations; what is not there has the name of torch.nn.functional.
_CLASSES = {
    "celu": "CELU",
    "elu": "ELU",
    "gelu": "GELU",
    "hard_shrink": "Hardshrink",
    "hard_sigmoid": "Hardsigmoid",
    "hard_silu": "Hardswish",
    "hard_swish": "Hardswish",
    "hard_tanh": "Hardtanh",
    "leaky_relu": "LeakyReLU",
    "log_sigmoid": "LogSigmoid",
    "mish": "Mish",
    "relu": "ReLU",
    "relu6": "ReLU6",
    "rrelu": "RReLU",
    "selu": "SELU",
    "sigmoid": "Sigmoid",
    "silu": "SiLU",
    "swish": "SiLU",
    "soft_shrink": "Softshrink",
    "softplus": "Softplus",
    "softsign": "Softsign",
    "tanh": "Tanh",
    "tanh_shrink": "Tanhshrink",
}
#: Those along an axis: the last, as in Keras.
_ALONG_AXIS = {"log_softmax": "LogSoftmax", "softmax": "Softmax", "softmin": "Softmin"}


def _function(name: str, class_name: str, arguments: dict[str, str] | None = None, when: str = "true") -> Equivalent:
    return Equivalent(f"torch.nn.{class_name}", arguments or {}, when=when, fields={"activation": name})


def _dropout(class_name: str, variant: str, when: str = "true") -> Equivalent:
    return Equivalent(f"torch.nn.{class_name}", {"p": "rate"}, when=when, fields={"variant": variant})


EQUIVALENTS = {
    "Activation": (
        *(_function(*row) for row in _CLASSES.items()),
        *(_function(*row, {"dim": "-1"}) for row in _ALONG_AXIS.items()),
        _function("softmax2d", "Softmax2d", when="rank == 3"),
        # below the first number, the second: a kind states neither
        _function("threshold", "Threshold", {"threshold": "0", "value": "0"}),
    ),
    "Dropout": (
        _dropout("Dropout", "element"),
        _dropout("Dropout1d", "channel", "rank == 2"),
        _dropout("Dropout2d", "channel", "rank == 3"),
        _dropout("Dropout3d", "channel", "rank == 4"),
        _dropout("AlphaDropout", "alpha"),
        _dropout("FeatureAlphaDropout", "channel_alpha"),
    ),
}
