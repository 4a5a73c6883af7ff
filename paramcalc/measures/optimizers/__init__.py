"""The optimizers: what each keeps of the parameters that it trains, as rows of data, one table a framework."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paramcalc.core.errors import ParamcalcError, quoted, refuse, suggest
from paramcalc.measures.optimizers import keras, torch
from paramcalc.measures.optimizers.rule import Kept, Optimizer, Parameter, Rule, State, with_options

__all__ = ["OPTIMIZERS", "Kept", "Optimizer", "Parameter", "Rule", "State", "optimizer"]

#: By the framework, each optimizer under the name of its class.
OPTIMIZERS: Mapping[str, Mapping[str, Rule]] = {"keras": keras.OPTIMIZERS, "torch": torch.OPTIMIZERS}
_FRAMEWORKS = {"keras": "Keras", "torch": "PyTorch"}


def optimizer(given: Any, framework: str) -> Optimizer:
    """Return the optimizer that is named, of a framework: `"adamw"`, or with options `{"sgd": {"momentum": 0.9}}`.

    Raises `unknown-optimizer`, `unknown-key`, `wrong-type`, `invalid-value`.
    """
    name, options = _read(given)
    table = OPTIMIZERS[framework]
    found = next((each for each in table if _folded(each) == _folded(name)), None)
    if found is None:
        raise _unknown(name, framework)
    rule = table[found]
    if not rule.around:
        return with_options(found, rule, options)
    inner = options.get(rule.around)
    if inner is None:
        raise refuse(
            "missing-key", f"'{rule.around}' of {found} must be given: it is the optimizer that it goes around"
        )
    around = with_options(found, rule, options)
    return Optimizer(found, rule, around.options, optimizer(inner, framework))


def _read(given: Any) -> tuple[str, Mapping[str, Any]]:
    """Read a name, or a mapping of one name to options."""
    if isinstance(given, Mapping) and len(given) == 1:
        ((name, options),) = given.items()
        options = {} if options is None else options
        if isinstance(name, str) and isinstance(options, Mapping):
            return name, options
    if isinstance(given, str):
        return given, {}
    way_out = "as in 'adamw', or {'sgd': {'momentum': 0.9}}"
    raise refuse("wrong-type", f"an optimizer is a name, or a name with options, not {quoted(given)}", way_out)


def _folded(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


def _unknown(name: str, framework: str) -> ParamcalcError:
    """Return the refusal of a name; another framework may have it."""
    for other, table in OPTIMIZERS.items():
        found = next((each for each in table if _folded(each) == _folded(name)), None)
        if found is not None:
            message = (
                f"{found} is an optimizer of {_FRAMEWORKS[other]}, and {_FRAMEWORKS[framework]} has none of that name"
            )
            return refuse("unknown-optimizer", message, f"ask for the convention of {_FRAMEWORKS[other]}: '{other}'")
    message = f"{_FRAMEWORKS[framework]} has no optimizer {quoted(name)}"
    return refuse("unknown-optimizer", message, suggest(name, OPTIMIZERS[framework]))
