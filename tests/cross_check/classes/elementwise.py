from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

import paramcalc as pc
from paramcalc.conventions import convention

from ..strategies import RATES, Case, sizes, some

#: The functions of keras.activations that its layer Activation takes by name and that keep the shape.
OF_KERAS = (
    "relu", "leaky_relu", "relu6", "softmax", "celu", "elu", "selu", "softplus", "softsign", "squareplus",
    "soft_shrink", "sparse_plus", "silu", "gelu", "tanh", "tanh_shrink", "sigmoid", "sparse_sigmoid",
    "exponential", "hard_sigmoid", "hard_silu", "hard_tanh", "hard_shrink", "linear", "mish", "log_softmax",
    "log_sigmoid", "sparsemax", "swish", "hard_swish",
)  # fmt: skip
#: The axes without the batch of an input, for the variants whose class depends on them.
_RANKS = {"keras": {"channel": (2, 4)}, "torch": {"channel": (2, 4), "channel_alpha": (1, 4)}}


def functions(framework: str) -> tuple[str, ...]:
    """The functions that a framework has a class for."""
    rows = convention(framework).equivalents("Activation")
    return OF_KERAS if framework == "keras" else tuple(dict.fromkeys(row.fields["activation"] for row in rows))


@st.composite
def _activation(draw: DrawFn, framework: str) -> Case:
    name = draw(st.sampled_from(functions(framework)))
    ranks = (3, 3) if name == "softmax2d" else (1 if "soft" in name or name == "sparsemax" else 0, 4)
    return Case(pc.Activation(activation=name), (draw(sizes(*ranks)),), framework)


@st.composite
def _dropout(draw: DrawFn, framework: str) -> Case:
    rows = convention(framework).equivalents("Dropout")
    variant = draw(st.sampled_from([*dict.fromkeys(row.fields["variant"] for row in rows)]))
    shape = draw(sizes(*_RANKS[framework].get(variant, (0, 4))))
    stated = {"variant": variant} if variant != "element" else some(draw, variant=st.just(variant))
    return Case(pc.Dropout(rate=draw(RATES), **stated), (shape,), framework)


CASES = {"Activation": _activation, "Dropout": _dropout}
