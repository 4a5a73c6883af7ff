"""What dims are given beside a spec: by `--set` on the command line, by `dims=` in Python."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from paramcalc.core.errors import ParamcalcError, quoted, refuse
from paramcalc.core.expression import ABSENT, folded_name
from paramcalc.spec.dims import as_dim
from paramcalc.spec.document import Spec
from paramcalc.spec.values import Value, is_none, read_value


class Written(str):
    """A value as `--set` has it: written in YAML; for a dim that is a text, the text itself."""

    __slots__ = ()


def read_setting(text: str) -> tuple[str, Written]:
    """Read a dim, and what is written for its value, from `DIM=VALUE`. Raises `invalid-value`."""
    key, separator, written = text.partition("=")
    name = folded_name(key.strip())
    if not separator or not name:
        raise refuse("invalid-value", f"{quoted(text)} is not of the form DIM=VALUE", "as in --set width=1024")
    if not written.strip():
        way_out = f"{name}=null leaves the dim without a value"
        raise refuse("invalid-value", f"'{name}' is given no value", way_out)
    return name, Written(written)


def read_given(spec: Spec, given: Any) -> dict[str, Value]:
    """Return the values that dims of a spec are given: each as the spec says what the dim is.

    None is absent where the dim is `none` by default, and unknown elsewhere. A name that is no dim is left to the
    caller. Raises `wrong-type`, `duplicate-name` for two names that Unicode folds into one, and what a value is
    refused for.
    """
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        message = f"'dims' is a mapping of dims to values, not {quoted(given)}"
        raise refuse("wrong-type", message, 'as in dims={"width": 1024}')
    values: dict[str, Value] = {}
    for written, value in given.items():
        name = folded_name(str(written))
        if name in values:
            raise refuse("duplicate-name", f"two of these names are the same in Unicode: {quoted(name)}", "give one")
        values[name] = _read(spec, name, value) if name in spec.dims else value
    return values


def _read(spec: Spec, name: str, value: Any) -> Value:
    described, stated = spec.described.get(name), spec.dims[name]
    is_text = described is not None and described.sort == "text"
    try:
        if isinstance(value, Written):
            value = str(value).strip() if is_text else _built(value)
        if value is None and is_none(stated):
            return ABSENT
        return read_value(value) if described is None else as_dim(value, described)
    except ParamcalcError as error:
        raise not_of_the_spec(error, name) from None


def not_of_the_spec(error: ParamcalcError, name: str) -> ParamcalcError:
    """Return the refusal of what a dim is given: no line of the spec is to blame."""
    return ParamcalcError(
        replace(problem, message=f"'{name}' {problem.message}", outside=True)
        if problem.message.startswith("takes ")
        else replace(problem, message=f"the value of '{name}': {problem.message}", outside=True)
        for problem in error.problems
    )


def _built(written: str) -> Any:
    # a spec that is made in Python needs no YAML
    from paramcalc.spec.parsing import build

    return build(str(written))
