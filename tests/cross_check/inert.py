"""The arguments of constructors that change neither tensors nor shapes, by pattern, each with the reason."""

from __future__ import annotations

import re

INERT = {
    re.compile(pattern): reason
    for pattern, reason in {
        r"\w*_initializer": "the first values of a tensor",
        r"\w*_regularizer": "a term of the loss",
        r"\w*_constraint": "what a step of training may do",
        "name|dtype|device": "stated of every layer alike, by its node",
        "seed": "the state of a generator of random numbers, which is no parameter",
        "dropout|recurrent_dropout|rate|p|noise_shape": "which numbers are set to zero",
        "eps|epsilon|momentum|synchronized": "a constant of the arithmetic",
        r"activation|recurrent_activation|nonlinearity|approximate|inplace": "which function is applied",
        "unit_forget_bias|weights": "the first values of a tensor",
        "stateful": "whether the states of one batch begin the next; they are no parameters",
        "unroll|use_cudnn": "how the steps are computed",
        "zero_output_for_mask": "what stands in the output at a step that is masked",
    }.items()
}
