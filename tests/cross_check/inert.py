"""The arguments of constructors that change neither tensors nor shapes, by pattern, each with the reason.

A pattern with a point in it is of the arguments of some classes alone.
"""

from __future__ import annotations

import re

INERT = {
    re.compile(pattern): reason
    for pattern, reason in {
        r"\w*_initializer|PReLU\.init": "the first values of a tensor",
        r"\w*_regularizer": "a term of the loss",
        r"\w*_constraint": "what a step of training may do",
        "name|dtype|device": "stated of every layer alike, by its node",
        "seed": "the state of a generator of random numbers, which is no parameter",
        "dropout|recurrent_dropout|rate|p|noise_shape": "which numbers are set to zero, or how a distance is measured",
        r"\w*eps|epsilon|momentum|synchronized": "a constant of the arithmetic",
        "padding_mode": "which numbers stand around the input, not how many",
        r"activation|recurrent_activation|nonlinearity|approximate|inplace": "which function is applied",
        "sliding_window|flash_attention|add_zero_attn": "which places are looked at, and how that is computed",
        "enable_nested_tensor|mask_check": "how an encoder is computed",
        r"(ReLU|LeakyReLU|ELU|CELU|RReLU|Hardtanh|Hardshrink|Softshrink|Softplus)\.\w+": "which function is applied",
        r"Softmax\.axis": "which function is applied",
        r"SpatialDropout[23]D\.data_format": "which elements are drawn together",
    }.items()
}
