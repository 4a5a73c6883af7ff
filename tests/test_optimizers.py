"""What optimizers keep, held to what is recorded of the real ones; and what is refused of them."""

from __future__ import annotations

import json
from math import prod
from pathlib import Path
from typing import Any

import pytest

from paramcalc.core.errors import ParamcalcError
from paramcalc.measures.optimizers import OPTIMIZERS, Kept, Parameter, optimizer

RECORDS = json.loads((Path(__file__).parent / "recorded" / "optimizers.json").read_text(encoding="utf-8"))


def test_each_keeps_what_the_real_one_does() -> None:
    for record in RECORDS:
        parameters = [Parameter("kernel", tuple(shape), record["dtype"], prod(shape), 1) for shape in record["shapes"]]
        kept = optimizer(record["optimizer"], record["framework"]).kept(parameters)
        assert kept == Kept(record["states"], record["counters"]), record


def test_each_is_recorded_with_each_option_that_decides() -> None:
    recorded = {(record["framework"], _text(record["optimizer"])) for record in RECORDS}
    for framework, table in OPTIMIZERS.items():
        for name, rule in table.items():
            if not rule.unknown and name not in ("SparseAdam", "LossScaleOptimizer"):
                assert (framework, name) in recorded
                assert all((framework, f"{name} {option}") in recorded for option in rule.deciding)


def _text(given: Any) -> str:
    if isinstance(given, str):
        return given
    ((name, options),) = given.items()
    return f"{name} {' '.join(options)}"


def test_copies_of_a_parameter_keep_as_much_each() -> None:
    one, three = (Parameter("kernel", (2, 3), "float32", 6, times) for times in (1, 3))
    assert optimizer("adamw", "torch").kept([three]) == Kept(3 * 48, 3 * 4)
    assert optimizer("adamw", "torch").kept([one]) == Kept(48, 4)
    # of Keras, what counts the steps is there once
    assert optimizer("adamw", "keras").kept([three]) == Kept(3 * 48, 8)


def test_of_what_all_parameters_share_there_is_one() -> None:
    long = Parameter("kernel", (64, 64), "bfloat16", 4096, 5)
    values, codes = 2 * (4096 + 4 * 16), 2 * 256 * 4
    assert optimizer("adamw8bit", "torch").kept([long]) == Kept(5 * values + codes, 0)


def test_what_scales_the_loss_goes_around_another() -> None:
    around = optimizer({"LossScaleOptimizer": {"inner_optimizer": {"sgd": {"momentum": 0.9}}}}, "keras")
    # the inner one's counters beside its own, as Keras 3.15 has them: two, and four
    assert around.kept([Parameter("kernel", (5,), "float32", 5, 1)]) == Kept(20, 8 + 16)


@pytest.mark.parametrize(
    ("given", "framework", "text"),
    [
        ("adamx", "torch", "error[unknown-optimizer]: PyTorch has no optimizer 'adamx'\n    did you mean 'Adamax'?"),
        (
            "ftrl",
            "torch",
            (
                "error[unknown-optimizer]: Ftrl is an optimizer of Keras, and PyTorch has none of that name\n"
                "    ask for the convention of Keras: 'keras'"
            ),
        ),
        (
            "lbfgs",
            "torch",
            (
                "error[unknown-optimizer]: LBFGS keeps the gradients of the steps that it has made, up to"
                " 'history_size' of them, so that what it keeps has no one size"
            ),
        ),
        (
            "multi_optimizer",
            "keras",
            (
                "error[unknown-optimizer]: MultiOptimizer has an optimizer for each of several sets of layers, which a"
                " name does not say"
            ),
        ),
        (
            {"muon": {"exclude_layers": ["head"]}},
            "keras",
            (
                "error[unknown-optimizer]: 'exclude_layers' of Muon names layers as the real model calls them, which a"
                " spec does not know"
            ),
        ),
        (
            {"sgd": {"momentun": 0.9}},
            "torch",
            "error[unknown-key]: SGD has no option 'momentun'\n    did you mean 'momentum'?",
        ),
        (
            {"adam": {"amsgrad": 1}},
            "keras",
            "error[wrong-type]: 'amsgrad' of Adam is true or false, not 1",
        ),
        (
            {"sgd": {"momentum": -0.5}},
            "torch",
            "error[invalid-value]: 'momentum' of SGD is a number of at least 0, not -0.5",
        ),
        (
            {"adam8bit": {"min_8bit_size": 0.5}},
            "torch",
            "error[invalid-value]: 'min_8bit_size' of Adam8bit is a whole number of at least 0, not 0.5",
        ),
        (
            "LossScaleOptimizer",
            "keras",
            (
                "error[missing-key]: 'inner_optimizer' of LossScaleOptimizer must be given: it is the optimizer that it"
                " goes around"
            ),
        ),
        (
            3,
            "torch",
            (
                "error[wrong-type]: an optimizer is a name, or a name with options, not 3\n"
                "    as in 'adamw', or {'sgd': {'momentum': 0.9}}"
            ),
        ),
    ],
)
def test_what_is_refused(given: Any, framework: str, text: str) -> None:
    with pytest.raises(ParamcalcError) as caught:
        optimizer(given, framework)
    assert str(caught.value) == text


def test_a_parameter_that_an_optimizer_does_not_take() -> None:
    with pytest.raises(ParamcalcError) as caught:
        optimizer("muon", "torch").kept([Parameter("dense.bias", (4,), "float32", 4, 1)])
    assert str(caught.value) == (
        "error[unknown-optimizer]: Muon of PyTorch takes tensors of two axes alone, and not this one: 'dense.bias'"
    )
