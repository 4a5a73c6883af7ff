"""A measure by its name, with its options."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paramcalc.core import registry
from paramcalc.core.errors import listed, quoted, refuse, suggest
from paramcalc.measures.measure import Measure


def measure(name: str | None, options: Mapping[str, Any] | None = None) -> Measure:
    """Return the measure of a name, the default one for none; `options` that are None are not stated.

    Raises `unknown-measure`, and `invalid-value` for an option that the measure does not have, or a value of one that
    it does not take.
    """
    name = registry.DEFAULT_MEASURE if name is None else name
    if name not in registry.MEASURES:
        if name == registry.MEMORY:
            hint = "'paramcalc memory' tells it part by part, and solve and sweep take it as a whole"
            raise refuse("unknown-measure", f"'{name}' is no measure that layers have", hint)
        hint = suggest(str(name), registry.MEASURES) or listed("the measures", registry.MEASURES)
        if str(name).replace("_", "-") == registry.RECEPTIVE_FIELD:
            hint = f"the receptive field has a table of its own: count --of {registry.RECEPTIVE_FIELD}"
        raise refuse("unknown-measure", f"there is no measure {quoted(name)}", hint)
    found: type[Measure] = registry.measure(name)
    stated = {option: value for option, value in (options or {}).items() if value is not None}
    for option, value in stated.items():
        if option not in found.options:
            raise refuse("invalid-value", f"'{option}' has no meaning for the measure '{name}'", "leave it out")
        if value not in found.options[option]:
            hint = listed("it takes", found.options[option])
            raise refuse("invalid-value", f"'{option}' is not {quoted(value)}", hint)
    return found(**stated)
