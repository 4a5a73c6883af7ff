"""Recording the construction of a real model: all that is put in the place of something else, and taken back.

Only here is anything of PyTorch, transformers or Python changed; `traced` undoes all of it.
"""

from __future__ import annotations

import inspect
import math
import re
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy
import torch
from huggingface_hub import dataclasses as checked
from torch import nn
from transformers import PreTrainedConfig
from transformers.activations import ClassInstantier
from transformers.modeling_rope_utils import RotaryEmbeddingConfigMixin

from paramcalc.families.generator.lists import Sequence
from paramcalc.families.generator.models import MARKED, Fields, build, fields_of, parameters_of
from paramcalc.families.generator.recording import (
    Choices,
    Frame,
    Made,
    Recorder,
    ask,
    current,
    is_model_code,
    logs,
    recording,
)
from paramcalc.families.generator.remembering import expression, plain, remembering
from paramcalc.families.generator.replacing import BUILTINS, Range, give_constants
from paramcalc.families.generator.scalars import Double, Text, Truth, Whole, logarithm, lost, whole
from paramcalc.families.generator.shapes import SIZES, TORCH, Shapes, sizes_of

#: How the files of models begin, and those of configurations.
MODELS, CONFIGURATIONS = "modeling_", "configuration_"
#: Modules that only hold others: what is in them belongs to whoever made it.
CONTAINERS = (nn.ModuleList, nn.Sequential, nn.ModuleDict, nn.ParameterList, nn.ParameterDict)


#: Where the tables of rotary positions are computed.
_ROTATION = "transformers.modeling_rope_utils"
#: What asks whether each key of a mapping is a kind of layer: no size follows from it, and mappings remember nothing.
_NESTED = "nested_rope_parameter_keys"


def trace(
    cls: type[Any],
    config: Any,
    fields: Fields,
    optional: frozenset[str],
    choices: Choices | None = None,
    lengths: Collection[str] | None = None,
) -> tuple[Any, Recorder]:
    """Construct a model of a configuration, and give it with what was recorded.

    `optional` names the fields that may be absent, so that the code asks whether they are; `choices` says of lists of
    texts what may be in them; `lengths` names the lists of known lengths, where loops are written out.
    """
    recorder = Recorder()
    recorder.choices, recorder.lengths = choices or {}, lengths
    with _changed(config, optional):
        _remember(config, fields)
        with recording(recorder), Shapes():
            model = build(cls, config, dtype=MARKED)
    return model, recorder


@contextmanager
def _changed(config: Any, optional: frozenset[str]) -> Iterator[None]:
    """Change what has to be changed for one run."""
    with ExitStack() as undone:
        for files in (MODELS, CONFIGURATIONS):
            # a model may ask a configuration for what that works out of its fields
            give_builtins(undone, files)
        give_constants(undone, _functions(len(sys.modules)))
        # Python keeps a class whose `__new__` was taken away from calling that of `object`: a plain one stays
        nn.Module.__new__ = staticmethod(_new_module(undone))
        undone.callback(setattr, nn.Module, "__new__", staticmethod(_plain_module))
        _replace(undone, nn.Parameter, "__new__", staticmethod(_new_parameter(nn.Parameter.__new__)))
        _replace(undone, ClassInstantier, "__getitem__", _activation)
        _replace(undone, PreTrainedConfig, "__getattribute__", _reading(optional))
        # each class of configurations has a way to set attributes of its own, which checks them
        for each in _classes(config):
            _replace(undone, each, "__setattr__", _setting(each.__setattr__))
        # a model may make a configuration of what it was given
        _replace(undone, checked, "type_validator", _of_plain_values(checked.type_validator))
        _replace(undone, RotaryEmbeddingConfigMixin, _NESTED, _unrecorded(getattr(RotaryEmbeddingConfigMixin, _NESTED)))
        for name in ("sqrt", "log", "exp", "pow"):
            _replace(undone, math, name, _losing(getattr(math, name)))
        _replace(undone, math, "log2", logarithm)
        for module in (math, numpy):
            _replace(undone, module, "prod", _product(module.prod))
        yield


def _unrecorded(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of which nothing is recorded."""

    def plainly(*args: Any, **options: Any) -> Any:
        with recording(None):
            return function(*args, **options)

    return plainly


def _of_plain_values(check: Callable[..., None]) -> Callable[..., None]:
    """Return what checks the type of a field, without what the value remembers."""

    def checking(name: str, value: Any, expected: Any) -> None:
        check(name, plain(value), expected)

    return checking


def _classes(config: Any) -> set[type[Any]]:
    """Return the classes of a configuration and of those in it."""
    inner = object.__getattribute__(config, "__dict__").values()
    found = [_classes(each) for each in inner if isinstance(each, PreTrainedConfig)]
    return {type(config)}.union(*found)


def _replace(undone: ExitStack, owner: Any, name: str, value: Any) -> None:
    """Put something in the place of an attribute, until it is undone."""
    own = vars(owner)
    if name in own:
        undone.callback(setattr, owner, name, own[name])
    else:
        undone.callback(delattr, owner, name)
    setattr(owner, name, value)


def give_builtins(undone: ExitStack, files: str, functions: Mapping[str, Any] = BUILTINS) -> None:
    """Give the code of models, or of configurations, functions that remember in place of Python's own."""
    for module in _modules(len(sys.modules), files):
        own = vars(module)
        for function, value in functions.items():
            if function not in own:
                own[function] = value
                undone.callback(own.pop, function)
        if own.get("torch") is torch:
            own["torch"] = TORCH
            undone.callback(own.__setitem__, "torch", torch)


def models_loaded() -> int:
    """Return how many modules of models are loaded."""
    return len(_modules(len(sys.modules), MODELS))


@cache
def _modules(loaded: int, files: str) -> tuple[Any, ...]:
    """Return the modules of transformers' types whose files begin so, while this number of modules is loaded."""
    return tuple(
        module
        for name, module in sys.modules.items()
        if name == _ROTATION or (name.startswith("transformers.models.") and name.rpartition(".")[2].startswith(files))
    )


@cache
def _functions(loaded: int) -> tuple[Any, ...]:
    """Return the functions and methods of the modules of models, while this number of modules is loaded."""
    found: list[Any] = []
    for module in _modules(loaded, MODELS):
        for each in vars(module).values():
            own = vars(each).values() if isinstance(each, type) and each.__module__ == module.__name__ else [each]
            found += [
                function
                for function in map(inspect.unwrap, filter(inspect.isfunction, own))
                if is_model_code(function.__code__.co_filename)
            ]
    return (*dict.fromkeys(found),)


# --- Modules ----------------------------------------------------------------------------


def _plain_module(cls: Any, *args: Any, **kwargs: Any) -> Any:
    """Make a module as `object` does."""
    return object.__new__(cls)


def _new_module(undone: ExitStack) -> Callable[..., Any]:
    """Return what makes a module, and records it."""
    wrapped: set[type[Any]] = set()

    def new(cls: Any, *args: Any, **kwargs: Any) -> Any:
        made = object.__new__(cls)
        recorder = current()
        if recorder is None:
            return made
        record = Made(made, recorder.frame, dict(recorder.active))
        record.sites = frozenset(recorder.active) - recorder.frame.around
        recorder.made[id(made)] = record
        recorder.kept.append(made)
        recorder.frame.into.append(record)
        if not issubclass(cls, CONTAINERS) and cls.__init__ is not nn.Module.__init__:
            given = [signature(each) for each in args]
            given += [f"{name}={signature(each)}" for name, each in kwargs.items()]
            record.key = f"{cls.__module__}.{cls.__qualname__}({', '.join(given)})"
            if cls not in wrapped:
                wrapped.add(cls)
                _replace(undone, cls, "__init__", _framed(cls.__init__))
        return made

    return new


def _framed(constructor: Any) -> Callable[..., None]:
    """Return a constructor that opens a frame for the module that it is the first to construct."""
    if hasattr(constructor, "__wrapped_for_frames__"):
        return constructor  # type: ignore[no-any-return]

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        recorder = current()
        record = recorder.made.get(id(self)) if recorder is not None else None
        if recorder is None or record is None or record.frame is not None or not record.key:
            constructor(self, *args, **kwargs)
            return
        before = recorder.frame
        recorder.frame = record.frame = Frame(record.key, before)
        record.frame.around = frozenset(recorder.active)
        try:
            constructor(self, *args, **kwargs)
            record.held, record.own = _held(self), parameters_of(self)
        finally:
            recorder.frame = before

    for name in ("__name__", "__qualname__", "__doc__", "__module__"):
        setattr(init, name, getattr(constructor, name, None))
    init.__wrapped__ = constructor  # type: ignore[attr-defined]
    init.__wrapped_for_frames__ = True  # type: ignore[attr-defined]
    return init


def _held(module: Any, above: str = "") -> dict[int, str]:
    """Return where modules stand in a module, by their numbers: in it, or in what only holds others."""
    found = {}
    for name, each in module._modules.items():
        found[id(each)] = above + name
        if isinstance(each, CONTAINERS):
            found |= _held(each, f"{above}{name}.")
    return found


def signature(value: Any, depth: int = 0) -> str:
    """Return what an argument of a constructor is, as an expression, so that equal ones make equal modules."""
    recorder = current()
    assert recorder is not None
    if isinstance(value, (Double, float)):
        return "double"
    if isinstance(value, (Whole, Truth, Text, Sequence)):
        return recorder.settled(expression(value))
    if isinstance(value, str):
        copies = {str(copy) for copy in recorder.active.values()}
        return repr(re.sub(r"\d+", lambda match: "#" if match[0] in copies else match[0], value))
    if value is None or isinstance(value, int):
        return repr(value)
    if isinstance(value, Range):
        return recorder.settled(f"range({value.extent})")
    return _signature_of_object(value, depth, recorder)


def _signature_of_object(value: Any, depth: int, recorder: Recorder) -> str:
    if isinstance(value, PreTrainedConfig):
        own = object.__getattribute__(value, "__dict__")
        changed = own.get("_paramcalc_set") or {}
        texts = [f"{name}={signature(each, depth + 1)}" for name, each in sorted(changed.items())]
        return f"config {own.get('_paramcalc_path', '?')}{{{', '.join(texts)}}}"
    if isinstance(value, (list, tuple)) and depth < 4:
        items = [signature(each, depth + 1) for each in value]
        # no size follows from how many rates there are that a list had room for
        return "[double, ...]" if items and {*items} == {"double"} else f"[{', '.join(items)}]"
    if isinstance(value, dict) and depth < 4:
        return f"{{{', '.join(f'{key}: {signature(each, depth + 1)}' for key, each in value.items())}}}"
    if isinstance(value, torch.Tensor):
        return f"tensor({', '.join(map(recorder.settled, sizes_of(value)))})"
    if isinstance(value, nn.Module):
        record = recorder.made.get(id(value))
        return f"module {record.key if record is not None and len(record.key) < 300 else type(value).__name__}"
    return f"object {getattr(value, '__qualname__', type(value).__qualname__)}"


def _new_parameter(make: Any) -> Callable[..., Any]:
    def new(cls: Any, data: Any = None, requires_grad: Any = True) -> Any:
        made = make(cls, data, bool(requires_grad))
        if data is not None and hasattr(data, SIZES):
            setattr(made, SIZES, getattr(data, SIZES))
        return made

    return new


@cache
def owning_activations() -> tuple[str, ...]:
    """Return the names of activations that have tensors, such as `prelu`."""
    from transformers.activations import ACT2FN

    found = []
    with recording(None), torch.device("meta"):
        for name in sorted(ACT2FN.keys()):
            content = dict.__getitem__(ACT2FN, name)
            cls, options = content if isinstance(content, tuple) else (content, {})
            made = cls(**options)
            if any(True for _ in (*made.parameters(), *made.buffers())):
                found.append(name)
    return tuple(found)


def _activation(table: Any, key: Any) -> Any:
    """Make an activation by its name, asking only whether it is one that has tensors."""
    name = plain(key)
    content = dict.__getitem__(table, name)
    cls, options = content if isinstance(content, tuple) else (content, {})
    if isinstance(key, Text) and current() is not None:
        for each in owning_activations():
            if ask(f'({expression(key)} == "{each}")', name == each):
                break
    return cls(**options)


# --- Arithmetic of doubles ---------------------------------------------------------------


def _losing(function: Any) -> Callable[..., Any]:
    """Return a function of doubles whose result remembers that it is not a constant."""

    def method(*values: Any) -> Any:
        found = function(*map(plain, values))
        return lost(found) if any(hasattr(each, "expression") for each in values) else found

    return method


def _product(function: Any) -> Callable[..., Any]:
    def method(values: Any, **options: Any) -> Any:
        if isinstance(values, Sequence):
            texts = [f"{values.expression}[{place}]" for place in range(values.base.__len__(values))]
            return whole(int(function([*map(plain, values.items())])), f"({' * '.join(texts)})")
        return function(values, **options)

    return method


# --- Configurations ----------------------------------------------------------------------


def _remember(config: Any, fields: Fields, path: str = "", left: frozenset[str] | None = None) -> None:
    """Make the values of a configuration remember the fields that they are, but for truths with the names left."""
    left = compared_by_identity() if left is None else left
    own = object.__getattribute__(config, "__dict__")
    own["_paramcalc_path"], own["_paramcalc_set"] = path or "config", {}
    for name, value in [*own.items()]:
        here = f"{path}.{name}" if path else name
        if isinstance(value, PreTrainedConfig):
            _remember(value, fields, here, left)
        elif here in fields and not (isinstance(value, bool) and name in left):
            own[name] = remembering(value, here)


@cache
def _identities(file: str) -> frozenset[str]:
    text = Path(file).read_text(encoding="utf-8")
    found = re.findall(r"([\w.]+) is (?:not )?(?:True|False)\b", text)
    found += re.findall(r"isinstance\(([\w.]+), bool\)", text)
    return frozenset(each.rpartition(".")[2] for each in found)


def compared_by_identity() -> frozenset[str]:
    """Return the names that the code of the models that are loaded compares with `is True`, or tests for a `bool`."""
    files = (module.__file__ for module in _modules(len(sys.modules), MODELS))
    return frozenset().union(*(_identities(each) for each in files if each))


def _reading(optional: frozenset[str]) -> Callable[..., Any]:
    """Return what reads an attribute of a configuration, and records what cannot remember itself."""

    def read(self: Any, name: str) -> Any:
        recorder = current()
        if recorder is None or name.startswith("_"):
            return object.__getattribute__(self, name)
        own = object.__getattribute__(self, "__dict__")
        path = own.get("_paramcalc_path")
        name_there = type(self).attribute_map.get(name, name)
        if path is None:
            return object.__getattribute__(self, name_there)
        here = name_there if path == "config" else f"{path}.{name_there}"
        try:
            value = object.__getattribute__(self, name_there)
        except AttributeError:
            if logs():
                recorder.missing.add(here)
            raise
        if name == "num_labels":
            recorder.reads.add(here)
            return remembering(int(value), here)
        if name_there in own and name_there not in own["_paramcalc_set"]:
            _note(recorder, here, value, optional)
        return value

    return read


def _note(recorder: Recorder, here: str, value: Any, optional: frozenset[str]) -> None:
    recorder.reads.add(here)
    if isinstance(value, (dict, PreTrainedConfig)):
        return
    if here in optional or value is None:
        ask(f"({here} == none)", value is None)
    if isinstance(value, bool):
        ask(here, value)


def _setting(plainly: Any) -> Callable[..., None]:
    """Return what sets an attribute of a configuration, and keeps that it did."""

    def write(self: Any, name: str, value: Any) -> None:
        own = object.__getattribute__(self, "__dict__")
        if current() is None or "_paramcalc_path" not in own:
            return plainly(self, name, value)  # type: ignore[no-any-return]
        name = type(self).attribute_map.get(name, name)
        if name in own and own[name] is value:
            return None
        own[name] = value
        if not name.startswith("_") and name in {path.rpartition(".")[2] for path in fields_of(self)}:
            own["_paramcalc_set"] = {**own["_paramcalc_set"], name: value}
        return None

    return write
