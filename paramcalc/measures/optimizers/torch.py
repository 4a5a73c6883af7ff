"""What the optimizers of `torch.optim` (2.13) keep of each parameter, and those of bitsandbytes (0.50).

A state has the dtype of its parameter; the counters, such as `step`, are scalars of float32.
"""

from __future__ import annotations

from paramcalc.measures.optimizers.rule import Rule, State

_STEP = State("step", "1", dtype="float32")
_LOOPS = "foreach maximize differentiable"
_AVERAGES = (State("exp_avg"), State("exp_avg_sq"))

#: Of a matrix, means over the rows and over the columns in place of all squares.
_FACTORS = (
    State("row_var", "n / last", "rank > 1"),
    State("col_var", "n / second_last", "rank > 1"),
    State("variance", when="rank < 2"),
)


def _eight_bits(number: int) -> tuple[State, ...]:
    """Return a state in eight bits, as bitsandbytes keeps it: in blocks of 256, each with its largest magnitude.

    A tensor of few elements keeps it in float32.
    """
    return (
        State(f"state{number}", when="n >= min_8bit_size", dtype="uint8"),
        State(f"absmax{number}", "ceil(n / 256)", "n >= min_8bit_size", "float32"),
        State(f"state{number}", when="n < min_8bit_size", dtype="float32"),
    )


# bitsandbytes/optim/optimizer.py, `init_state` and `name2qmap`; Dettmers et al. 2022, "8-bit Optimizers via Block-wise
# Quantization"
def _codes(*numbers: int) -> tuple[State, ...]:
    """Return the values that the eight bits of a state stand for; all parameters share them."""
    return tuple(State(f"qmap{number}", "256", "n >= min_8bit_size", "float32") for number in numbers)


_SHORT = {"min_8bit_size": 4096}
_AMSGRAD = {"amsgrad": "is refused by bitsandbytes"}
_ADAM_8BIT = Rule(
    (*_eight_bits(1), *_eight_bits(2)),
    once=_codes(1, 2),
    deciding=_SHORT,
    others="lr betas eps weight_decay optim_bits args is_paged",
    refused=_AMSGRAD,
)
_PAGED_8BIT = Rule(
    _ADAM_8BIT.states,
    once=_ADAM_8BIT.once,
    deciding=_SHORT,
    others="lr betas eps weight_decay optim_bits args",
    refused=_AMSGRAD,
)

OPTIMIZERS = {
    "Adadelta": Rule(
        (State("square_avg"), State("acc_delta")), (_STEP,), others=f"lr rho eps weight_decay capturable {_LOOPS}"
    ),
    "Adafactor": Rule(_FACTORS, (_STEP,), others="lr beta2_decay eps d weight_decay foreach maximize"),
    "Adagrad": Rule(
        (State("sum"),), (_STEP,), others=f"lr lr_decay weight_decay initial_accumulator_value eps fused {_LOOPS}"
    ),
    "Adam": Rule(
        (*_AVERAGES, State("max_exp_avg_sq", when="amsgrad")),
        (_STEP,),
        deciding={"amsgrad": False},
        others=f"lr betas eps weight_decay capturable fused decoupled_weight_decay {_LOOPS}",
    ),
    "AdamW": Rule(
        (*_AVERAGES, State("max_exp_avg_sq", when="amsgrad")),
        (_STEP,),
        deciding={"amsgrad": False},
        others=f"lr betas eps weight_decay capturable fused {_LOOPS}",
    ),
    "Adamax": Rule(
        (State("exp_avg"), State("exp_inf")), (_STEP,), others=f"lr betas eps weight_decay capturable {_LOOPS}"
    ),
    "ASGD": Rule(
        (State("ax"),),
        (_STEP, State("eta", "1", dtype="float32"), State("mu", "1", dtype="float32")),
        others=f"lr lambd alpha t0 weight_decay capturable {_LOOPS}",
    ),
    "LBFGS": Rule(
        others="lr max_iter max_eval tolerance_grad tolerance_change history_size line_search_fn",
        unknown="keeps the gradients of the steps that it has made, up to 'history_size' of them, so that what it"
        " keeps has no one size",
    ),
    "Muon": Rule(
        (State("momentum_buffer"),),
        others="lr weight_decay momentum nesterov ns_coefficients eps ns_steps adjust_lr_fn",
        takes="rank == 2",
        misfit="of PyTorch takes tensors of two axes alone, and not this one",
    ),
    "NAdam": Rule(
        _AVERAGES,
        (_STEP, State("mu_product", "1", dtype="float32")),
        others=f"lr betas eps weight_decay momentum_decay decoupled_weight_decay capturable {_LOOPS}",
    ),
    "RAdam": Rule(_AVERAGES, (_STEP,), others=f"lr betas eps weight_decay decoupled_weight_decay capturable {_LOOPS}"),
    "RMSprop": Rule(
        (
            State("square_avg"),
            State("momentum_buffer", when="momentum > 0"),
            State("grad_avg", when="centered"),
        ),
        (_STEP,),
        deciding={"momentum": 0, "centered": False},
        others=f"lr alpha eps weight_decay capturable {_LOOPS}",
    ),
    "Rprop": Rule((State("prev"), State("step_size")), (_STEP,), others=f"lr etas step_sizes capturable {_LOOPS}"),
    "SGD": Rule(
        (State("momentum_buffer", when="momentum > 0"),),
        deciding={"momentum": 0},
        others=f"lr dampening weight_decay nesterov fused {_LOOPS}",
    ),
    "SparseAdam": Rule(_AVERAGES, others="lr betas eps maximize"),
    # of bitsandbytes, in eight bits
    "Adagrad8bit": Rule(
        _eight_bits(1),
        once=_codes(1),
        deciding=_SHORT,
        others="lr lr_decay weight_decay initial_accumulator_value eps optim_bits args",
    ),
    "Adam8bit": _ADAM_8BIT,
    "AdamW8bit": _ADAM_8BIT,
    "Lion8bit": Rule(_eight_bits(1), once=_codes(1), deciding=_SHORT, others="lr betas weight_decay args is_paged"),
    "PagedAdam8bit": _PAGED_8BIT,
    "PagedAdamW8bit": _PAGED_8BIT,
}
