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
from paramcalc.core.expression import ABSENT, Environment, Expression
from paramcalc.families import CONFIG, CONFIG_MARKS, is_config
from paramcalc.families.items import PLACE, item_of, mentions, with_items
from paramcalc.families.stored import UNKNOWN, Family, connected_family, stored_family
from paramcalc.graph import dim_values, evaluate
from paramcalc.graph.values import check_conditions
from paramcalc.layers.base.fields import DTYPES
from paramcalc.spec import Spec, read_spec
from paramcalc.spec.loading import read_file
from paramcalc.spec.values import read_conditions

_WEIGHTS = (".safetensors", ".bin", ".gguf", ".h5", ".msgpack")
#: What a count says where it is not known to how many experts a token is sent.
_NO_ACTIVE = "the active parameters of {} are not known"
#: Keys of a configuration that change the tensors of any model, and are not supported.
_OTHER = {
    "quantization_config": (
        "quantised weights, which are not supported",
        "without it, the model is counted unquantised",
    ),
    "peft_type": ("an adapter, which is not supported", "count the config.json of the model that it adapts"),
}

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
    _refuse_other(config)
    name = config.get("model_type")
    if not isinstance(name, str):
        hint = "it is the name of a type, such as llama; 'paramcalc families' lists them"
        raise refuse("unproved-config", f"'model_type' is {quoted(name)}, which is no text", hint)
    family = connected_family(name)
    if family is None:
        return proved_spec(stored_family(name), config, head)
    try:
        return proved_spec(family, config, head)
    except ParamcalcError as error:
        if error.code != "unproved-config":
            raise
        why = error.problems[0].message
    # what is written by hand covers what is usual, and the generated document whatever was proved
    spec = proved_spec(stored_family(name), config, head)
    return replace(spec, remarks=(*spec.remarks, f"how its layers are connected is not known: {why}"))


def _from_file(path: Path, head: str | None) -> Spec:
    config = config_in(read_file(path))
    if config is None:
        raise refuse("wrong-type", f"{quoted(str(path))} is no configuration of a model: it has no 'model_type'")
    return from_huggingface(config, head)


def _refuse_other(config: Mapping[str, Any]) -> None:
    for key, (what, way_out) in _OTHER.items():
        if config.get(key):
            raise refuse("unproved-config", f"'{key}' stands for {what}", way_out)


def proved_spec(family: Family, config: Mapping[str, Any], head: str | None = None) -> Spec:
    """Return the spec of a configuration of a family, which has a count.

    Raises `unproved-config`, which names the field without which it would have one.
    """
    try:
        spec = family_spec(family, config, head)
        evaluate(spec)
    except ParamcalcError as error:
        problem = error.problems[0]
    else:
        return spec
    fields = dict(_flat(family, config, ""))
    if problem.code == "limit":
        return spec
    if problem.code == "unproved-config" and any(path in problem.message for path in ("'head'", *fields)):
        raise ParamcalcError([problem])
    what = f"{problem.message} (in {problem.node})" if problem.node else problem.message
    for path, value in fields.items():
        if _has_count(family, _without(config, path.split(".")), head):
            raise refuse("unproved-config", f"'{path}' is {quoted(value)}: {what}", _way_out(family, path))
    raise refuse("unproved-config", what, "transformers may build it nevertheless")


def _has_count(family: Family, config: Mapping[str, Any], head: str | None) -> bool:
    try:
        evaluate(family_spec(family, config, head))
    except ParamcalcError:
        return False
    return True


def _without(config: Mapping[str, Any], path: list[str]) -> dict[str, Any]:
    """Return a configuration without a field, which may be one of a configuration in it."""
    first, *rest = path
    if rest:
        return {**config, first: _without(config[first], rest)}
    return {key: value for key, value in config.items() if key != first}


def family_spec(family: Family, config: Mapping[str, Any], head: str | None = None) -> Spec:
    """Return the spec of a configuration of a family. Raises `unproved-config`."""
    _refuse_other(config)
    cls = _class(family, config, head)
    head_data = dict(family.layers_of(cls))
    needed = head_data.pop("buffers", {})
    unknown = {"active": _NO_ACTIVE} if head_data.pop("active", None) == UNKNOWN else {}
    dims = _dims(family, config, head_data.pop("fixed", {}))
    if any(dims.get(each["of"]) == "none" for each in values_of("active", head_data["layers"])):
        # a mixture that sends a token to no number of experts has parameters all the same
        head_data["layers"] = _without_key("active", head_data["layers"])
        unknown["active"] = _NO_ACTIVE
    requires = [*family.requires, *head_data.pop("requires", ())]
    for name, item in _items(family, dims).items():
        # where all that is asked are its elements, the list is of any length
        head_data, requires = with_items(head_data, name, item), with_items(requires, name, item)
        if not mentions(name, head_data, requires, needed, *dims.values()):
            del dims[name]
        elif name in family.lists:
            dims[name] = _made(family.lists[name], {each: dims[each] for each in [*dims][: [*dims].index(name)]})
    connections = "known" if family.is_connected else "none"
    data = {"paramcalc": 1, "name": cls, "framework": "torch", "connections": connections, "dims": dims}
    if family.blocks:
        data["blocks"] = family.blocks
    if requires:
        data["requires"] = requires
    dtype = config.get("dtype") or config.get("torch_dtype")
    if isinstance(dtype, str) and dtype in DTYPES:
        data["dtype"] = dtype
    is_stated = needed != UNKNOWN and _is_as_proved(family, config, needed)
    data.update(head_data if is_stated else _without_buffers({**data, **head_data}))
    spec = read_spec(data)
    try:
        values = dim_values(spec)
        check_conditions(spec.requires, Environment(values), ("requires",))
    except ParamcalcError as error:
        first = error.problems[0]
        hint = f"{family.name} was proved with values for which it holds: change one, or use transformers"
        raise refuse("unproved-config", f"{cls}: {first.message}", hint) from None
    _check_derived(family, config, values)
    if is_stated and not _holds(spec, needed.get("requires", [])):
        is_stated = False
        spec = read_spec(_without_buffers(data))
    if not is_stated:
        unknown["buffers"] = _NO_BUFFERS
    # it is new, and a copy of it would be checked again
    spec.remarks, spec.unknown = tuple(each.format(cls) for each in unknown.values()), (*unknown,)
    # transformers builds models whose tensors have no elements; nothing could flow through these
    spec.least_size = 1 if family.is_connected else 0
    return spec


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


def _without_key(name: str, data: Any) -> Any:
    """Return plain data without the values of a field."""
    if isinstance(data, Mapping):
        return {key: _without_key(name, value) for key, value in data.items() if key != name}
    return [_without_key(name, each) for each in data] if isinstance(data, list) else data


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


def _without_buffers(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data of a spec without the tensors that are buffers, those of blocks as well."""
    found = {**data, "layers": _without_states(data["layers"])}
    if "blocks" in data:
        found["blocks"] = {
            name: {**block, "layers": _without_states(block["layers"])} for name, block in data["blocks"].items()
        }
    return found


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
        weights = found["Weights"]
        output = {"output": next(iter(kept))} if weights.get("output") not in {None, *kept} else {}
        found["Weights"] = {**weights, "tensors": kept, **output}
    elif kept:
        found["tensors"] = kept
    else:
        found.pop("tensors", None)
    if "tie" in found:
        found["tie"] = {name: to for name, to in found["tie"].items() if name in kept or name not in declared}
        if not found["tie"]:
            del found["tie"]
    branches = [key for key in ("layers", "else") if key in found]
    for key in branches:
        found[key] = _without_states(found[key])
    if branches and not kept and not any(found[key] for key in branches):
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
    hint = suggest(wanted, known) or f"known are {', '.join(family.heads)}; --head takes one, or 'base'"
    raise refuse("unproved-config", f"'{key}' is {quoted(wanted)}: {family.name} is not known with this class", hint)


def _dims(family: Family, config: Mapping[str, Any], fixed: Mapping[str, Any]) -> dict[str, Any]:
    """Return the dims of a family with the values that a configuration gives them."""
    dims = dict(family.dims)
    for path, others in family.stated.items():
        if isinstance(_at(config, path), Mapping):
            dims.update(others)
    for path, value in _flat(family, config, ""):
        name = family.aliases.get(path, path)
        if name == "id2label" and "num_labels" in dims and isinstance(value, Mapping):
            dims["num_labels"] = len(value)
        elif name in fixed:
            if value != fixed[name]:
                raise _unproved(family, name, value, f"{family.name} was proved with {quoted(fixed[name])} alone")
        elif name in dims and name not in family.derived:
            dims[name] = _dim(name, value, family)
    return dims


def _check_derived(family: Family, config: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Refuse a field that states another value than it is proved to have: some classes take it, and some do not."""
    for path, value in _flat(family, config, ""):
        name = family.aliases.get(path, path)
        if name in family.derived and _comparable(value) != _comparable(values[name]):
            derived = values[name] if isinstance(values[name], (bool, int, float, str)) else "another"
            raise _unproved(family, name, value, f"with the other fields as they are, it is {quoted(derived)}")


def _comparable(value: Any) -> Any:
    """Return a value of a configuration, or of a dim, so that equal ones are equal."""
    if isinstance(value, (list, tuple)):
        return tuple(map(_comparable, value))
    return None if value is ABSENT else value


def _at(config: Mapping[str, Any], path: str) -> Any:
    """Return what a configuration has at a dotted name."""
    found: Any = config
    for part in path.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _items(family: Family, dims: Mapping[str, Any]) -> dict[str, str]:
    """Return of lists that follow from other fields what their elements are."""
    found = {name: str(rule["item"]) for name, rule in family.lists.items() if dims[name] == "none"}
    for name, text in dims.items():
        item = item_of(text) if isinstance(text, str) and name not in family.derived else None
        if item is not None:
            found[name] = item
    return found


def _made(rule: Mapping[str, Any], dims: Mapping[str, Any]) -> Any:
    """Return the list that a rule makes of the dims above it, as a dim."""
    values = dim_values(Spec((), dims=dict(dims)))
    item, times = (Expression.parse(str(rule[key])) for key in ("item", "times"))
    places = range(times.evaluate(Environment(values)))
    found = [item.evaluate(Environment({**values, PLACE: place})) for place in places]
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
        return family.absent.get(name, default if isinstance(default, str) else "none")
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
    elif isinstance(value, list) and (sort in ("texts", "numbers") or isinstance(default, (list, str))):
        return _list_dim(value, sort)
    taken = next((text for kind, text in _TAKEN.items() if kind is type(default)), _SORTS.get(sort, "another value"))
    raise _unproved(family, name, value, f"{family.name} takes {taken} there")


def _list_dim(value: list[Any], sort: str) -> Any:
    if sort == "numbers" and value:
        return {"numbers": value}
    if sort == "texts" and value and all(type(each) in (int, float) for each in value):
        # doubles of which no size is made
        return {"texts": [*map(str, value)]}
    return {"texts": value} if value and isinstance(value[0], str) else value


#: What a field takes, by its default, or by the sort of its default.
_TAKEN: dict[type, str] = {bool: "true or false", int: "a whole number", list: "a list"}
_SORTS = {"text": "a text", "number": "a number", "texts": "a list of texts", "numbers": "a list of numbers"}


def _unproved(family: Family, name: str, value: Any, why: str) -> ParamcalcError:
    return refuse("unproved-config", f"'{name}' is {quoted(value)}: {why}", _way_out(family, name))


def _way_out(family: Family, name: str) -> str:
    """Say what a field is where it is left out, if its default says it."""
    default = family.dims.get(name)
    is_plain = isinstance(default, (bool, int)) and default is not None
    return f"left out, it is {quoted(default)}" if is_plain else "leave it out, or use transformers"
