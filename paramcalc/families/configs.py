"""A configuration of Hugging Face as a spec, whose dims are its fields.

Neither PyTorch nor transformers is needed: all that is read is the configuration, and the document of its family.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any

from paramcalc.core.errors import ParamcalcError, quoted, refuse, suggest
from paramcalc.core.expression import Environment, Expression
from paramcalc.families import CONFIG, CONFIG_MARKS, is_config
from paramcalc.families.stored import UNKNOWN, Family, connected_family, stored_family
from paramcalc.graph import dim_values
from paramcalc.graph.values import check_conditions
from paramcalc.layers.base.fields import DTYPES
from paramcalc.spec import Spec, read_spec
from paramcalc.spec.loading import read_file
from paramcalc.spec.values import read_conditions

_WEIGHTS = (".safetensors", ".bin", ".gguf", ".h5", ".msgpack")
#: Keys of a configuration that change the tensors of any model, and are not supported.
_OTHER = {"quantization_config": "quantised weights", "peft_type": "an adapter"}

#: What a count says where buffers are not known.
_NO_BUFFERS = "buffers, such as tables of rotary positions, are not known of {} as it is configured, and left out"


def config_in(text: bytes) -> dict[str, Any] | None:
    """Return the configuration that a text in JSON is; None for any other text."""
    if text.lstrip()[:1] != b"{" or not any(mark in text for mark in CONFIG_MARKS):
        return None
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return data if is_config(data) else None


def from_huggingface(config: Mapping[str, Any] | str | PathLike[str], head: str | None = None) -> Spec:
    """Read a configuration of Hugging Face as a spec; its dims are the fields of the configuration.

    `config` is the mapping that a `config.json` holds, its path, or the folder that it is in. `head` is a class of
    models, or `base`, `usual`, `causal-lm`, `masked-lm`; by default it is the first of `architectures`, or the usual
    one. Neither PyTorch nor transformers is needed.

    Raises `unknown-model-type`, and `unproved-config` for a field or a head that the family does not cover.
    """
    if isinstance(config, (str, PathLike)):
        folder = Path(config)
        if not folder.is_dir():
            return _from_file(folder, head)
        spec = _from_file(folder / CONFIG, head)
        weights = sorted(each.name for each in folder.iterdir() if each.suffix in _WEIGHTS)
        note = f"counted from {CONFIG}; the weights beside it ({', '.join(weights[:3])}) were not read"
        return replace(spec, remarks=(*spec.remarks, note)) if weights else spec
    if not is_config(config):
        raise refuse("wrong-type", "takes the configuration of a model: a mapping with 'model_type'")
    name = config.get("model_type")
    if not isinstance(name, str):
        raise refuse("unproved-config", f"'model_type' is {quoted(name)}: {_other(config)}")
    family = connected_family(name)
    if family is None:
        return family_spec(stored_family(name), config, head)
    try:
        return family_spec(family, config, head)
    except ParamcalcError as error:
        if error.code != "unproved-config":
            raise
        why = error.problems[0].message
    # what is written by hand covers what is usual, and the generated document whatever was proved
    spec = family_spec(stored_family(name), config, head)
    return replace(spec, remarks=(*spec.remarks, f"how its layers are connected is not known: {why}"))


def _other(config: Mapping[str, Any]) -> str:
    return next((what for key, what in _OTHER.items() if config.get(key)), "it is no text")


def _from_file(path: Path, head: str | None) -> Spec:
    config = config_in(read_file(path))
    if config is None:
        raise refuse("wrong-type", f"{quoted(str(path))} is no configuration of a model: it has no 'model_type'")
    return from_huggingface(config, head)


def family_spec(family: Family, config: Mapping[str, Any], head: str | None = None) -> Spec:
    """Return the spec of a configuration of a family. Raises `unproved-config`."""
    for key, what in _OTHER.items():
        if config.get(key):
            raise refuse("unproved-config", f"'{key}' stands for {what}, which is not supported", "leave it out")
    cls = _class(family, config, head)
    head_data = dict(family.layers_of(cls))
    # nobody wrote the buffers of what is written by hand
    needed = head_data.pop("buffers", UNKNOWN if family.is_connected else {})
    dims = _dims(family, config, head_data.pop("fixed", {}))
    connections = "known" if family.is_connected else "none"
    data = {"paramcalc": 1, "name": cls, "framework": "torch", "connections": connections, "dims": dims}
    if family.blocks:
        data["blocks"] = family.blocks
    requires = [*family.requires, *head_data.pop("requires", ())]
    if requires:
        data["requires"] = requires
    is_stated = needed != UNKNOWN and _is_as_proved(family, config, needed)
    if not is_stated and not family.is_connected:
        head_data["layers"] = _without_states(head_data["layers"])
    dtype = config.get("dtype") or config.get("torch_dtype")
    if isinstance(dtype, str) and dtype in DTYPES:
        data["dtype"] = dtype
    spec = read_spec({**data, **head_data})
    try:
        check_conditions(spec.requires, Environment(dim_values(spec)), ("requires",))
    except ParamcalcError as error:
        first = error.problems[0]
        hint = f"{family.name} was proved with the values for which it holds"
        raise refuse("unproved-config", f"{cls}: {first.message}", hint) from None
    if is_stated and _holds(spec, needed.get("requires", [])):
        return spec
    if is_stated:
        spec = read_spec({**data, **head_data, "layers": _without_states(head_data["layers"])})
    return replace(spec, remarks=(_NO_BUFFERS.format(cls),), unknown=("buffers",))


# --- Buffers ----------------------------------------------------------------------------


def values_of(name: str, data: Any) -> Iterator[Any]:
    """Yield the values of a field wherever it stands in plain data."""
    if isinstance(data, Mapping):
        for key, value in data.items():
            if key == name:
                yield value
            yield from values_of(name, value)
    elif isinstance(data, (list, tuple)):
        for each in data:
            yield from values_of(name, each)


def _is_as_proved(family: Family, config: Mapping[str, Any], needed: Mapping[str, Any]) -> bool:
    """Whether the fields on which buffers alone depend have values with which these were proved."""
    fixed = needed.get("fixed", {})
    given = {family.aliases.get(path, path): value for path, value in _flat(family, config, "")}
    return all(given.get(name, value) == value for name, value in fixed.items()) and all(
        value in values for name, values in needed.get("stated", {}).items() for value in values_of(name, config)
    )


def _holds(spec: Spec, conditions: list[str]) -> bool:
    """Whether conditions hold at the dims of a spec."""
    try:
        check_conditions(read_conditions(conditions), Environment(dim_values(spec)), ("requires",))
    except ParamcalcError:
        return False
    return True


def _without_states(layers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return layers without the tensors that are buffers."""
    return [found for each in layers if (found := _without_own_states(each))]


def _without_own_states(node: Mapping[str, Any]) -> dict[str, Any]:
    """Return a node without the tensors that are buffers; nothing of one that has no others."""
    found = dict(node)
    declared = found.get("tensors") or found.get("Weights", {}).get("tensors") or {}
    kept = {name: each for name, each in declared.items() if not _is_state(each)}
    if "Weights" in found:
        if not kept:
            return {}
        found["Weights"] = {"tensors": kept, "output": next(iter(kept))}
    elif kept:
        found["tensors"] = kept
    else:
        found.pop("tensors", None)
    if "tie" in found:
        found["tie"] = {name: to for name, to in found["tie"].items() if name in kept or name not in declared}
        if not found["tie"]:
            del found["tie"]
    if "layers" in found:
        found["layers"] = _without_states(found["layers"])
        if not found["layers"] and not kept:
            return {}
    return found


def _is_state(tensor: Any) -> bool:
    return isinstance(tensor, Mapping) and tensor.get("role") == "state"


# --- The fields -------------------------------------------------------------------------


def _class(family: Family, config: Mapping[str, Any], head: str | None) -> str:
    """Choose the class of models."""
    stated = config.get("architectures")
    wanted = head or (stated[0] if isinstance(stated, list) and stated else "usual")
    name = family.named_heads.get(wanted, wanted)
    if name in family.heads:
        return str(name)
    known = [*family.named_heads, *family.heads]
    key = "head" if head else "architectures"
    hint = suggest(wanted, known) or f"known of {family.name}: {', '.join(family.heads)}; --head takes one, or 'base'"
    raise refuse("unproved-config", f"'{key}': the class {quoted(wanted)} is not known of {family.name}", hint)


def _dims(family: Family, config: Mapping[str, Any], fixed: Mapping[str, Any]) -> dict[str, Any]:
    """Return the dims of a family with the values that a configuration gives them."""
    dims = dict(family.dims)
    for path, value in _flat(family, config, ""):
        name = family.aliases.get(path, path)
        if name == "id2label" and "num_labels" in dims and isinstance(value, Mapping):
            dims["num_labels"] = len(value)
        elif name in fixed:
            if value != fixed[name]:
                raise _unproved(name, value, f"the family was proved with {quoted(fixed[name])} alone")
        elif name in dims and name not in family.derived:
            dims[name] = _dim(name, value, family)
    for name, rule in family.lists.items():
        if dims[name] == "none":
            dims[name] = _made(rule, {each: dims[each] for each in [*dims][: [*dims].index(name)]})
    return dims


def _made(rule: Mapping[str, Any], dims: Mapping[str, Any]) -> Any:
    """Return the list that a rule makes of the dims above it, as a dim."""
    values = dim_values(Spec((), dims=dict(dims)))
    item, times = (Expression.parse(str(rule[key])) for key in ("item", "times"))
    places = range(times.evaluate(Environment(values)))
    found = [item.evaluate(Environment({**values, "place": place})) for place in places]
    return {"texts": [*found]} if found and isinstance(found[0], str) else [*found]


def _flat(family: Family, config: Mapping[str, Any], before: str) -> Iterator[tuple[str, Any]]:
    """Yield the fields of a configuration, those of configurations in it under dotted names."""
    for key, value in config.items():
        path = f"{before}{key}"
        if path in family.configs and isinstance(value, Mapping):
            yield from _flat(family, value, f"{path}.")
        elif path not in family.configs or value is not None:
            yield path, value


def _dim(name: str, value: Any, family: Family) -> Any:
    """Return the value of a field as that of a dim. Raises `unproved-config` for one of another sort."""
    default = family.dims[name]
    if value is None:
        return family.absent.get(name, default if name not in family.absent and _is_expression(default) else "none")
    sort = next(iter(default)) if isinstance(default, Mapping) else ""
    if isinstance(value, str):
        if sort in ("text", "") and (sort or default == "none"):
            return {"text": value}
    elif isinstance(value, bool):
        if isinstance(default, bool) or default == "none":
            return value
    elif isinstance(value, int):
        if sort == "number":
            return {"number": value}
        if not sort and not isinstance(default, (bool, list)):
            return value
    elif isinstance(value, float):
        if sort == "number" or default == "none":
            return {"number": value}
    elif isinstance(value, list) and (sort == "texts" or isinstance(default, list) or _is_expression(default)):
        return {"texts": value} if value and isinstance(value[0], str) else value
    raise _unproved(name, value, "the family has no such value there")


def _is_expression(default: Any) -> bool:
    return isinstance(default, str)


def _unproved(name: str, value: Any, why: str) -> ParamcalcError:
    return refuse("unproved-config", f"'{name}' is {quoted(value)}: {why}", f"leave '{name}' out, or use transformers")
