"""What the optimizers of `keras.optimizers` keep of each parameter: Keras 3.15.

A state has the dtype of its parameter. `iteration` has 4 bytes on PyTorch and JAX, as here, and 8 on TensorFlow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from paramcalc.measures.optimizers.rule import Rule, State

_ONCE = (State("iteration", "1", dtype="int32"), State("learning_rate", "1", dtype="float32"))
#: What all of them take.
_COMMON = (
    "learning_rate weight_decay clipnorm clipvalue global_clipnorm ema_momentum ema_overwrite_frequency"
    " loss_scale_factor name"
)
_AVERAGES = (State("momentum"), State("velocity"))


def _rule(
    *states: State, others: str = "", counters: tuple[State, ...] = (), once: tuple[State, ...] = (), **deciding: Any
) -> Rule:
    """Return a row with what every optimizer of Keras may keep beside its own: averages, and gradients summed up."""
    every = (
        State("average", when="use_ema"),
        State("gradient_accumulator", when="gradient_accumulation_steps > 1"),
    )
    return Rule(
        (*states, *every),
        counters,
        (*_ONCE, *once),
        {**deciding, "use_ema": False, "gradient_accumulation_steps": 0},
        f"{others} {_COMMON}",
    )


OPTIMIZERS: Mapping[str, Rule] = {
    "Adadelta": _rule(State("accumulated_grad"), State("accumulated_delta_var"), others="rho epsilon"),
    "Adafactor": _rule(
        State("velocity"),
        State("r", "n / last", "rank > 1"),
        State("c", "n / second_last", "rank > 1"),
        # in their place, two scalars that mean nothing
        counters=(State("r", "1", "rank < 2", "int32"), State("c", "1", "rank < 2", "int32")),
        others="beta_2_decay epsilon_1 epsilon_2 clip_threshold relative_step",
    ),
    "Adagrad": _rule(State("accumulator"), others="initial_accumulator_value epsilon"),
    "Adam": _rule(*_AVERAGES, State("velocity_hat", when="amsgrad"), others="beta_1 beta_2 epsilon", amsgrad=False),
    "AdamW": _rule(*_AVERAGES, State("velocity_hat", when="amsgrad"), others="beta_1 beta_2 epsilon", amsgrad=False),
    "Adamax": _rule(State("momentum"), State("norm"), others="beta_1 beta_2 epsilon"),
    "Ftrl": _rule(
        State("accumulator"),
        State("linear"),
        others="learning_rate_power initial_accumulator_value l1_regularization_strength l2_regularization_strength"
        " l2_shrinkage_regularization_strength beta",
    ),
    "Lamb": _rule(*_AVERAGES, others="beta_1 beta_2 epsilon"),
    "Lion": _rule(State("momentum"), others="beta_1 beta_2"),
    "LossScaleOptimizer": Rule(
        once=(*_ONCE, State("step_counter", "1", dtype="int32"), State("dynamic_scale", "1", dtype="float32")),
        others="initial_scale dynamic_growth_steps name",
        around="inner_optimizer",
    ),
    "MultiOptimizer": Rule(
        others="optimizer_map loss_scale_factor name",
        unknown="has an optimizer for each of several sets of layers, which a name does not say",
    ),
    "Muon": replace(
        _rule(
            State("momentum"),
            State("velocity", when="rank != 2 or (embedding and exclude_embeddings)"),
            others="adam_beta_1 adam_beta_2 adam_weight_decay epsilon muon_a muon_b muon_c adam_lr_ratio momentum"
            " ns_steps nesterov rms_rate",
            exclude_embeddings=True,
        ),
        refused={"exclude_layers": "names layers as the real model calls them, which a spec does not know"},
    ),
    "Nadam": _rule(*_AVERAGES, others="beta_1 beta_2 epsilon", once=(State("u_product", "1"),)),
    "RMSprop": _rule(
        State("velocity"),
        State("momentum", when="momentum > 0"),
        State("average_gradient", when="centered"),
        others="rho epsilon",
        momentum=0,
        centered=False,
    ),
    "ScheduleFreeAdamW": _rule(*_AVERAGES, others="beta_1 beta_2 epsilon warmup_steps"),
    "SGD": _rule(State("momentum", when="momentum > 0"), others="nesterov", momentum=0),
}
