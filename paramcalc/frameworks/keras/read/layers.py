"""A Keras layer as a kind: the convention's table of arguments, read backwards and held against the result."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, NamedTuple

from paramcalc.conventions import Equivalent, convention, evaluated, expresses, field_environment, kind_of_class
from paramcalc.conventions.keras import WEIGHTLESS
from paramcalc.core.algebra import Shape, Undecided, Unknown
from paramcalc.core.errors import ParamcalcError, quoted, refuse
from paramcalc.core.expression import Environment, Expression
from paramcalc.core.functions import CUSTOM, function_name
from paramcalc.core.registry import built_in_names, kind
from paramcalc.frameworks.keras.read.description import (
    Description,
    StatedShape,
    a_part,
    is_description,
    is_model,
    layers_within,
    stated_shape,
)
from paramcalc.frameworks.keras.read.keras2 import FOR_ONE_LIBRARY, says_nothing
from paramcalc.frameworks.stating import stated_plainly
from paramcalc.layers.base.declaration import Layer
from paramcalc.layers.base.fields import DTYPES
from paramcalc.layers.base.words import FUNCTION

_KERAS = convention("keras")


class Read(NamedTuple):
    """A layer, and what it was read from."""

    #: the name in the model
    name: str
    layer: Layer
    #: the row of the convention's table, where it was read by one
    row: Equivalent | None
    config: Mapping[str, Any]
    frozen: bool
    #: the dtype of its tensors, where it is not the usual one
    dtype: str | None


def keras_name(entry: Description) -> str:
    """Return the name of a layer in its model."""
    return str(entry.get("name") or entry["config"].get("name") or entry["class_name"])


def is_input(entry: Description) -> bool:
    """Return whether a description is of an input."""
    return entry.get("class_name") == "InputLayer"


def read_input(entry: Description) -> Layer:
    """Return the input that a description is of. Raises `invalid-value`."""
    config = entry["config"]
    shape = stated_shape(config.get("batch_shape") or config.get("batch_input_shape"))
    if shape is None:
        raise refuse("invalid-value", f"the input '{keras_name(entry)}' states no shape")
    with naming(keras_name(entry)):
        return stated_plainly(kind("Input")(shape=shape[1:], dtype=config.get("dtype") or "float32"), _defaults)


def read_layer(entry: Description, given: StatedShape | None, known: dict[str, Read] | None = None) -> Read:
    """Return the layer that a description is of, where the shape that it is given may be stated.

    `known` holds what was read already, since layers of a model are often alike. Raises `unknown-kind` for
    code that is not Keras's own, `model-mismatch` for arguments that are not known, and what the kind refuses.
    """
    name, class_name = keras_name(entry), str(entry["class_name"])
    given = given or stated_shape(a_part(dict, entry.get("build_config")).get("input_shape"))
    config = {key: value for key, value in entry["config"].items() if key != "name"}
    # of a layer within another, nothing is known
    stated = [class_name, entry.get("module"), entry.get("registered_name"), config, given and len(given)]
    key = "" if known is None else json.dumps(stated)
    read = (known or {}).get(key)
    if read is None:
        with naming(name):
            read = _read(entry, config, given)
        if known is not None:
            known[key] = read
    return read._replace(name=name)


def _read(entry: Description, config: dict[str, Any], given: StatedShape | None) -> Read:
    class_name = str(entry["class_name"])
    policy = _policy(config)
    quantised = "_from_" in policy
    # of the usual policies, the tensors are of one dtype
    config["dtype"] = policy if quantised else None
    dtype = None if quantised or policy in _OF_FLOAT32 else policy
    if not (quantised or dtype is None or dtype in DTYPES):
        raise refuse("unknown-kind", f"is kept in {quoted(policy)}, which is no dtype policy of Keras")
    frozen = is_frozen(config)
    unlisted = _UNLISTED.get(f"{entry.get('module')}.{class_name}") if _is_own(entry) and not quantised else None
    if unlisted is not None:
        return Read("", unlisted(config), None, config, frozen, dtype)
    if _is_own(entry) and class_name in FOR_ONE_LIBRARY:
        return Read("", _for_one_library(class_name, config), None, config, frozen, dtype)
    config |= _unfilled(config, given)
    rows = _rows().get(class_name, []) if _is_own(entry) else []
    if not rows:
        raise _unknown(entry)
    arguments = {argument for _, row in rows for argument in row.arguments}
    # what is within a layer is read once, whichever row it is
    inert = {key for key in arguments if any(_KERAS.is_inert(row, key) for _, row in rows)}
    config = {key: _argument(value, key in inert) if key in arguments else value for key, value in config.items()}
    # layers that are alike are read once, whatever their sizes: no size is known here
    axes = None if given is None else tuple(Unknown() for _ in given[1:])
    refusals: list[ParamcalcError] = []
    # what more arguments follow from says more
    for kind_name, row in sorted(rows, key=lambda each: -sum(config.get(key) is not None for key in each[1].arguments)):
        try:
            if quantised and "dtype" not in row.arguments:
                raise refuse("unknown-kind", f"is kept in {quoted(policy)}, which is not known of {class_name}")
            layer = _layer(kind(kind_name), row, config)
            check_arguments(layer, row, config, None)
            layer = stated_plainly(layer, _defaults, axes)
        except ParamcalcError as error:
            refusals.append(error)
        else:
            return Read("", layer, row, config, frozen, dtype)
    raise refusals[0]


def copied_arguments(entry: Description) -> Collection[str]:
    """Return the arguments of a layer that are layers of which it makes copies."""
    rows = _rows().get(str(entry["class_name"]), []) if _is_own(entry) else []
    return {name for _, row in rows for name in row.copied.split()}


def is_of_type(entry: Description, kind_name: str) -> bool:
    """Whether the class of a layer is that of a layer type."""
    return _is_own(entry) and any(name == kind_name for name, _ in _rows().get(str(entry["class_name"]), []))


def is_weightless(entry: Description) -> bool:
    """Whether a layer is of a class that owns no weights, and that is no layer type all the same."""
    return _is_own(entry) and str(entry["class_name"]) in WEIGHTLESS


def shape_stated_by(entry: Description) -> StatedShape | None:
    """Return the shape of the output of a layer of code, where its configuration says it."""
    shape = stated_shape(entry["config"].get("output_shape")) if is_weightless(entry) else None
    return None if shape is None else (None, *shape)


def _unfilled(config: Mapping[str, Any], given: StatedShape | None) -> dict[str, Any]:
    """Return the arguments that Keras fills in by itself, as they are where nobody states them."""
    found: dict[str, Any] = {}
    if given is not None and config.get("axis") in (len(given) - 1, [len(given) - 1]):
        found["axis"] = -1  # the last axis, as most specs have it
    if given is not None and config.get("attention_axes") == [*range(1, len(given) - 1)]:
        found["attention_axes"] = None
    forward, backward = config.get("layer"), config.get("backward_layer")
    if is_description(forward) and is_description(backward) and _turned(forward) == _way(backward):
        found["backward_layer"] = None
    return found


def _way(layer: Any) -> dict[str, Any]:
    """Return what makes a recurrent layer: its class, and its arguments without the name."""
    return {**layer["config"], "name": layer["class_name"]}


def _turned(layer: Any) -> dict[str, Any]:
    """Return what makes the layer that goes the other way."""
    way = _way(layer)
    return {**way, "go_backwards": not way.get("go_backwards")}


def _unknown(entry: Description) -> ParamcalcError:
    """Return the refusal of a class that is no layer type."""
    name = str(entry["class_name"])
    own = _is_own(entry)
    if is_model(entry):
        hint = "give the live model to pc.from_keras, or put a layer of its own around each of its layers"
        return refuse("unknown-kind", f"is a model of the class {quoted(name)}, where a layer is needed", hint)
    why = "which is no layer type" if own else "whose code is not Keras's own"
    hint = (own and kind_of_class(name)) or "give the live model to pc.from_keras, or write its tensors as Weights"
    return refuse("unknown-kind", f"is of the class {quoted(name)}, {why}", hint)


def _is_own(entry: Description) -> bool:
    """Return whether the code of a layer is Keras's own. Keras 2 states no module, and of other classes a package."""
    module = entry.get("module")
    if module is None:
        return ">" not in str(entry["class_name"])
    registered = entry.get("registered_name")
    return str(module).partition(".")[0] in ("keras", "tf_keras") and registered in (None, entry["class_name"])


@cache
def _rows() -> dict[str, list[tuple[str, Equivalent]]]:
    """Return the rows of the convention's tables by the name of their class, each with its layer type."""
    found: dict[str, list[tuple[str, Equivalent]]] = {}
    for kind_name in built_in_names():
        for row in _KERAS.equivalents(kind_name):
            found.setdefault(row.class_name, []).append((kind_name, row))
    return found


def _for_one_library(class_name: str, config: Mapping[str, Any]) -> Layer:
    """Return a recurrent layer of Keras 2 that runs by one library alone, as the layer type with its tensors."""
    kind_name, fields = FOR_ONE_LIBRARY[class_name]
    stated = {name: config[name] for name in _OF_RECURRENT if config.get(name) not in (None, False)}
    with naming(class_name):
        return kind(kind_name)(**stated, **fields)


#: What every recurrent layer states of its own.
_OF_RECURRENT = ("units", "return_sequences", "return_state", "go_backwards")

#: Layers of keras.applications that are no class of keras.layers, by their paths.
_UNLISTED: Mapping[str, Callable[[Mapping[str, Any]], Layer]] = {
    # a scale for each channel
    "keras.src.applications.convnext.LayerScale": lambda config: kind("Weights")(
        tensors={"gamma": [config.get("projection_dim")]}
    ),
    # whole examples left out at random
    "keras.src.applications.convnext.StochasticDepth": lambda config: kind("Dropout")(
        rate=config.get("drop_path_rate", 0)
    ),
    # the first input, and the second times a constant
    "keras.src.applications.inception_resnet_v2.CustomScaleLayer": lambda config: kind("Add")(),
}


# --- Fields of arguments ---------------------------------------------------------------


def _layer(cls: type[Layer], row: Equivalent, config: Mapping[str, Any]) -> Layer:
    """Return the layer of a layer type whose arguments under a row are those of a configuration."""
    fields = {**_otherwise(cls, row), **row.fields}
    for argument, text in row.arguments.items():
        names = Expression.parse(text, words=True).names & {*cls.model_fields}
        if len(names) != 1 or argument not in config:
            continue
        (name,) = names
        if config[argument] is not None:
            fields[name] = _marked(cls, name, _field(cls, name, text, config[argument]))
        elif text == name and _takes_none(cls, name):
            fields[name] = None
    outside = {inside: name for name, inside in cls.spelled_fields().items()}
    layer = cls(**{outside[name]: value for name, value in fields.items()})
    if not layer.is_resolved:
        raise refuse("wrong-type", "takes numbers, and no texts")
    return layer


def _otherwise(cls: type[Layer], row: Equivalent) -> dict[str, bool]:
    """Return the flags that a row before this one has as they are not here."""
    fields: dict[str, bool] = {}
    for each in _KERAS.equivalents(cls.__name__):
        if each is row:
            break
        fields.update({name: not value for name, value in each.fields.items() if isinstance(value, bool)})
    return fields


def _field(cls: type[Layer], name: str, text: str, value: Any) -> Any:
    """Return the value of a field for which an argument has a value."""
    if text == name:
        # Keras 2 writes one axis as a list
        return value[0] if name == "axis" and isinstance(value, list) and len(value) == 1 else value
    return next((each for each in _candidates(value) if _gives(cls, name, text, each, value)), value)


def _takes_none(cls: type[Layer], name: str) -> bool:
    """Whether a field may be null, and would be another value where it is absent."""
    if cls.model_fields[name].default is None or cls.model_fields[name].is_required():
        return False
    try:
        return _reader(cls, name)(None) is None
    except Exception:  # whatever a reader does that takes no null
        return False


def _reader(cls: type[Layer], name: str) -> Callable[[Any], Any]:
    """Return what reads the values of a field."""
    read: Callable[[Any], Any] = next(
        item.validate for item in cls.model_fields[name].metadata if hasattr(item, "validate")
    )
    return read


def _marked(cls: type[Layer], name: str, value: Any) -> Any:
    """Return the value of a field; the name of a function that Keras does not have, as one of the user's own."""
    names_function = any(getattr(item, "read", None) == FUNCTION.read for item in cls.model_fields[name].metadata)
    return function_name(value) if names_function and isinstance(value, str) else value


def _candidates(value: Any) -> Iterator[Any]:
    """Yield what a field may be where an argument is a part of it, or a text made of it."""
    yield value
    yield [value]
    if isinstance(value, str):
        yield value.partition("_from_")[0]


def _gives(cls: type[Layer], name: str, text: str, candidate: Any, value: Any) -> bool:
    """Return whether a field with this value gives an argument its value."""
    try:
        return _same(value, evaluated(text, Environment({name: _reader(cls, name)(candidate)})))
    except Exception:  # whatever a wrong candidate makes the expression do
        return False


@cache
def _defaults(kind_name: str) -> Mapping[str, Any]:
    return {**_KERAS.layout(kind_name), **_KERAS.choices(kind_name)}


def _argument(value: Any, inert: bool) -> Any:
    """Return the value of an argument; of a function that changes no size, its name, whatever it is given as."""
    if inert and _is_function(value):
        name = value.get("config")
        return CUSTOM + (re.sub(r"\W+", "_", name) if isinstance(name, str) else "lambda")
    value = _value(value)
    if inert and isinstance(value, kind("Activation")):
        return value.stated()["activation"]
    return value


def _is_function(value: Any) -> bool:
    """Whether a value describes a function: by its name, or by its code."""
    if not isinstance(value, dict):
        return False
    return value.get("class_name") in ("function", "__lambda__") or [*value] == ["value"]


def _value(value: Any) -> Any:
    """Return the value of a constructor's argument: plain data, the name of a function of Keras, or a layer."""
    if _is_function(value):
        raise refuse("unknown-kind", f"calls a function of its own, {quoted(value.get('config'))}, which is not known")
    if is_description(value):
        return read_layer(value, None).layer
    if isinstance(value, list):
        return [_value(item) for item in value]
    return value


# --- What is stated of every layer -------------------------------------------------------


def is_frozen(config: Mapping[str, Any]) -> bool:
    """Return whether a layer is not trained; of a layer around others, whether these are not. Raises `unknown-kind`."""
    frozen = config.get("trainable") is False
    inner = {is_frozen(each["config"]) for _, _, each in layers_within(config)}
    if len(inner) > 1:
        raise refuse(
            "unknown-kind",
            "has parts that are frozen, and others that are not",
            "freeze the whole layer, or give the live model to pc.from_keras",
        )
    return inner.pop() if inner else frozen


#: The dtype policies that keep tensors in float32, whatever they compute in.
_OF_FLOAT32 = ("float32", "mixed_float16", "mixed_bfloat16")


def _policy(config: Mapping[str, Any]) -> str:
    """Return the name of a layer's dtype policy."""
    policy = config.get("dtype") or "float32"
    if isinstance(policy, dict):
        stated = policy.get("config")
        stated = stated if isinstance(stated, dict) else {}
        policy = stated.get("name") or f"{stated.get('mode')}_from_{stated.get('source_name')}"
    return str(policy)


# --- What was read, held against the description -----------------------------------------


#: What every configuration has, and is read elsewhere.
_COMMON = {"name", "trainable", "batch_input_shape", "batch_shape"}


def check_arguments(layer: Layer, row: Equivalent, config: Mapping[str, Any], inputs: Sequence[Shape] | None) -> None:
    """Hold the arguments that a row computes from a layer against those of the configuration.

    Without `inputs`, only what does not follow from their shapes. Raises `model-mismatch` for an argument
    that differs, and for one that is not known.
    """
    class_name = row.class_name
    if inputs is not None and not row.alias:
        environment = _KERAS.environment(layer, inputs)
        same_class = (each for each in _KERAS.equivalents(type(layer).__name__) if each.name == row.name)
        chosen = next((each for each in same_class if expresses(each, environment)), None)
        if chosen is None or chosen.fields != row.fields:
            raise refuse("model-mismatch", f"is a {class_name}, which {type(layer).__name__} is not here")
    for argument, value in config.items():
        if argument not in row.arguments:
            # what is not set is not used
            if not (
                value is None or argument in _COMMON or _KERAS.is_inert(row, argument) or says_nothing(argument, value)
            ):
                raise refuse(
                    "model-mismatch",
                    f"has the argument {quoted(argument)}, which is not known of {class_name}",
                    "was the model written by a newer Keras?",
                )
            continue
        if value is not None and row.arguments[argument] != "None" and _KERAS.is_inert(row, argument):
            continue
        found = list(_computed(layer, row.arguments[argument], inputs))
        if found and not any(_same(value, each) for each in found):
            raise refuse(
                "model-mismatch",
                f"states {argument} = {_shown(value)}, and would be a {type(layer).__name__} with"
                f" {argument} = {_shown(found[0])}",
            )


def _computed(layer: Layer, text: str, inputs: Sequence[Shape] | None) -> Iterator[Any]:
    """Yield what an expression of a row gives, with the fields as stated and with those filled in that follow."""
    values = {name: getattr(layer, name) for name in type(layer).model_fields}
    environments = [Environment(values)]
    try:
        environments.append(field_environment(layer, ()) if inputs is None else _KERAS.environment(layer, inputs))
    except ParamcalcError:
        if inputs is not None:
            raise
    for environment in environments:
        try:
            yield evaluated(text, environment)
        except (ParamcalcError, Undecided):
            if inputs is not None and environment is not environments[0]:
                raise


def _same(stated: Any, ours: Any) -> bool:
    """Return whether a value of a configuration is ours: in a list or not, for each side or once for all."""
    if isinstance(stated, Layer) or isinstance(ours, Layer):
        return type(stated) is type(ours)
    if isinstance(ours, Unknown):
        return stated is None
    if ours is None:
        return stated in (None, False)
    if isinstance(stated, (list, tuple)) and isinstance(ours, (list, tuple)):
        return len(stated) == len(ours) and all(map(_same, stated, ours))
    if isinstance(stated, (list, tuple)):
        return len(stated) == 1 and _same(stated[0], ours)
    if isinstance(ours, tuple):
        return stated is not None and bool(ours) and all(_same(stated, each) for each in ours)
    return bool(stated == ours)


def _shown(value: Any) -> str:
    return "a layer" if isinstance(value, (dict, Layer)) else str(value)[:80]


#: What a refusal begins with that has the layer as its subject.
_VERBS = ("takes ", "must ", "calls ", "is ", "has ", "states ")


@contextmanager
def naming(name: str) -> Iterator[None]:
    """Say in a refusal which layer it is about."""
    try:
        yield
    except ParamcalcError as error:
        problem = error.problems[0]
        joint = " " if problem.message.startswith(_VERBS) else ": "
        raise refuse(problem.code, f"the layer '{name}'{joint}{problem.message}", problem.hint) from None
