"""The real models: their types, heads, configurations, and what they have when they are built without numbers."""

from __future__ import annotations

import contextlib
import inspect
import io
import json
import logging
import os
import signal
import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import MISSING, dataclass, fields
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, TypeAlias

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import torch
import transformers
from torch import nn
from transformers import CONFIG_MAPPING, PreTrainedConfig, PreTrainedModel
from transformers.models.auto import modeling_auto

logging.getLogger("transformers").setLevel(logging.CRITICAL)

#: The fields of a configuration by their paths, with their values.
Fields: TypeAlias = dict[str, Any]
#: Fields that say nothing of a model's tensors.
IGNORED = frozenset((
    "transformers_version", "architectures", "dtype", "torch_dtype", "model_type", "id2label", "label2id",
    "_name_or_path", "name_or_path", "return_dict", "output_hidden_states", "output_attentions", "problem_type",
    "chunk_size_feed_forward", "quantization_config", "attn_implementation", "experts_implementation", "auto_map",
    "use_cache", "initializer_range",
))  # fmt: skip
#: What PyTorch draws the first numbers of parameters with.
_DRAWS = (
    "kaiming_uniform_",
    "kaiming_normal_",
    "xavier_uniform_",
    "xavier_normal_",
    "normal_",
    "uniform_",
    "trunc_normal_",
)
#: Where the head that a type is mostly used with is looked for: the first of these that has one.
_USUAL = (
    "SEQ_TO_SEQ_CAUSAL_LM", "SPEECH_SEQ_2_SEQ", "IMAGE_TEXT_TO_TEXT", "MULTIMODAL_LM", "MASKED_LM", "CAUSAL_LM",
    "ZERO_SHOT_IMAGE_CLASSIFICATION", "PRETRAINING", "IMAGE_CLASSIFICATION", "CTC", "OBJECT_DETECTION",
    "SEMANTIC_SEGMENTATION", "UNIVERSAL_SEGMENTATION", "DEPTH_ESTIMATION", "MASK_GENERATION", "TEXT_TO_WAVEFORM",
    "TEXT_TO_SPECTROGRAM", "KEYPOINT_DETECTION", "IMAGE_TO_IMAGE", "VIDEO_CLASSIFICATION", "AUDIO_CLASSIFICATION",
)  # fmt: skip


@cache
def heads(model_type: str) -> dict[str, str]:
    """Return the classes of a type by the head: `base`, `usual`, `causal-lm`, `masked-lm`.

    They are those that transformers lists for the type, but for those of another type's configurations where the type
    has classes of its own; what is not listed is found among its own.
    """
    rows = {
        "usual": [f"MODEL_FOR_{name}_MAPPING_NAMES" for name in _USUAL],
        "base": ["MODEL_MAPPING_NAMES"],
        "causal-lm": ["MODEL_FOR_CAUSAL_LM_MAPPING_NAMES"],
        "masked-lm": ["MODEL_FOR_MASKED_LM_MAPPING_NAMES"],
    }
    own = own_classes(model_type)
    found = {}
    for head, tables in rows.items():
        listed = [getattr(modeling_auto, table).get(model_type) for table in tables]
        names = [name if isinstance(name, str) else name[0] for name in listed if name is not None]
        names = [name for name in names if name in own or not own]
        if names:
            found[head] = names[0]
    if own and not {"usual", "base"} <= {*found}:
        found = {**_own_heads(model_type), **found}
    if "usual" not in found and "base" in found:
        found["usual"] = found["base"]
    return found


def _own_heads(model_type: str) -> dict[str, str]:
    """Return the base model and the usual head among the classes of a type that transformers lists nowhere.

    The usual one has the most tensors; the base model is its own, and is the largest such.
    """
    sizes, bases = {}, {}
    for name, cls in own_classes(model_type).items():
        try:
            model = build(cls, made_config(model_type, {}))
        except Exception:
            continue
        sizes[name] = len(tensors(model))
        if getattr(model, "base_model", model) is model:
            bases[name] = sizes[name]
    if not sizes:
        return dict.fromkeys(("base", "usual"), next(iter(own_classes(model_type))))
    # of several that are alike, the last in the code is made of the others
    usual = max([*sizes], key=lambda name: (sizes[name], [*sizes].index(name)))
    base = max([*bases], key=lambda name: (bases[name], [*bases].index(name)), default=usual)
    return {"base": base, "usual": usual}


@cache
def own_classes(model_type: str) -> dict[str, type[Any]]:
    """Return the classes of models that are constructed of a type's configurations, in the order of the code.

    They are the models of transformers; or, where there is none, modules whose constructors say that they take them.
    """
    wanted = config_class(model_type)
    package = import_module(wanted.__module__.rpartition(".")[0])
    models: dict[str, Any] = {}
    modules: dict[str, type[Any]] = {}
    for file in sorted(Path(package.__path__[0]).glob("modeling_*.py")):
        try:
            module = import_module(f"{package.__name__}.{file.stem}")
        except ImportError:
            # it needs a library that is not here
            continue
        for name, cls in vars(module).items():
            if not isinstance(cls, type) or cls.__module__ != module.__name__ or "__init__" not in vars(cls):
                continue
            if issubclass(cls, PreTrainedModel) and getattr(cls, "config_class", None) is wanted:
                models[name] = cls
            elif issubclass(cls, nn.Module) and wanted in _given_to(cls, module):
                modules[name] = cls
    # what only gives another class a second name is left out
    found = {name: cls for name, cls in models.items() if not any(each in cls.__bases__ for each in models.values())}
    public = {name: cls for name, cls in found.items() if hasattr(transformers, name)}
    return public or found or modules


def _given_to(cls: type[Any], module: Any) -> list[Any]:
    """Return the classes of what a constructor takes, as it is annotated."""
    annotated = inspect.get_annotations(vars(cls)["__init__"]).values()
    return [vars(module).get(each) if isinstance(each, str) else each for each in annotated]


def model_types() -> list[str]:
    """List the types of configurations that transformers has."""
    return sorted(modeling_auto.CONFIG_MAPPING_NAMES)


def config_class(model_type: str) -> type[Any]:
    """Return the class of a type's configurations."""
    found: type[Any] = CONFIG_MAPPING[model_type]
    return found


def config_at(model_type: str, path: str) -> Any:
    """Return the default configuration of a type, or one in it by its path."""
    found: Any = config_class(model_type)()
    for part in path.split(".") if path else ():
        found = getattr(found, part)
    return found


def model_class(model_type: str, name: str) -> type[Any]:
    """Return a class of models of a type by its name."""
    found: type[Any] = own_classes(model_type).get(name) or getattr(transformers, name)
    return found


def made_config(model_type: str, given: Mapping[str, Any]) -> Any:
    """Return the configuration that a mapping describes, as a `config.json` is read. Raises what transformers does."""
    data = json.loads(json.dumps(given))
    with quiet():
        return config_class(model_type).from_dict(data)


def fields_of(config: Any, path: str = "") -> Fields:
    """Return the fields of a configuration by their paths, those of configurations in it as well."""
    found: Fields = {}
    for name, value in object.__getattribute__(config, "__dict__").items():
        if name.startswith("_") or name in IGNORED:
            continue
        here = f"{path}{name}"
        if isinstance(value, PreTrainedConfig):
            found.update(fields_of(value, f"{here}."))
        else:
            found[here] = value
    return found


def kept(config: Any) -> Fields:
    """Return the fields that a configuration keeps under other names, and does not declare: those of properties."""
    own = object.__getattribute__(config, "__dict__")
    return {
        name: own[f"_{name}"]
        for cls in type(config).__mro__
        for name, each in vars(cls).items()
        if isinstance(each, property) and each.fset is not None and own.get(f"_{name}") and name not in IGNORED
    }


@dataclass(frozen=True)
class Declared:
    """What a class of configurations declares."""

    #: the fields that the class itself declares with their defaults, by their paths
    defaults: Fields
    #: those that may be absent
    optional: frozenset[str]
    #: other names of fields
    aliases: dict[str, str]
    #: what each may be, as it is annotated
    sorts: dict[str, str]
    #: the fields that are configurations themselves
    configs: tuple[str, ...]


def declared(config: Any, path: str = "") -> Declared:
    """Return what the classes of a configuration, and of those in it, declare."""
    defaults: Fields = {}
    optional: set[str] = set()
    aliases: dict[str, str] = {}
    sorts: dict[str, str] = {}
    configs: list[str] = []
    own = object.__getattribute__(config, "__dict__")
    names = {each.name for each in fields(type(config))}
    for each in fields(type(config)):
        if each.name in IGNORED or each.name.startswith("_"):
            continue
        # a field may be declared under another name than it is kept
        target = type(config).attribute_map.get(each.name, each.name)
        name = each.name if target in names else target
        value = own.get(name)
        here = f"{path}{name}"
        if isinstance(value, PreTrainedConfig):
            inner = declared(value, f"{here}.")
            defaults.update(inner.defaults)
            optional |= inner.optional
            aliases.update(inner.aliases)
            sorts.update(inner.sorts)
            configs += [here, *inner.configs]
            continue
        sorts[here] = str(each.type)
        if each.default is not MISSING:
            defaults[here] = each.default
        elif each.default_factory is not MISSING:
            defaults[here] = each.default_factory()
        if defaults.get(here) is None or "None" in str(each.type):
            optional.add(here)
    for alias, name in type(config).attribute_map.items():
        aliases[f"{path}{alias}"] = f"{path}{name}"
    return Declared(defaults, frozenset(optional), aliases, sorts, tuple(configs))


# --- Building ---------------------------------------------------------------------------


class TooSlow(Exception):
    """A model took more of a processor to build than it may."""


class OutOfTime(BaseException):
    """A type took more of a processor than it may: no `Exception`, since the code of models may catch those."""


#: What is measured and stopped by: of a model that is built its own time, of a type also that of the system for it.
_TIMERS: dict[type[BaseException], tuple[int, int]] = {
    TooSlow: (signal.ITIMER_VIRTUAL, signal.SIGVTALRM),
    OutOfTime: (signal.ITIMER_PROF, signal.SIGPROF),
}


@contextmanager
def limited(seconds: float, error: type[BaseException]) -> Iterator[None]:
    """Stop what takes more seconds of a processor. Raises the error, one of `TooSlow` and `OutOfTime`."""
    timer, number = _TIMERS[error]

    def stop(_: int, frame: Any) -> None:
        raise error(f"it takes more than {seconds:g} seconds of a processor")

    before = signal.signal(number, stop)
    # again and again, in case that code of another project caught it
    signal.setitimer(timer, seconds, 1)
    try:
        yield
    finally:
        signal.setitimer(timer, 0)
        signal.signal(number, before)


@contextmanager
def quiet() -> Iterator[None]:
    """Let nothing that the code of a model says be heard."""
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        yield


@contextmanager
def without_numbers() -> Iterator[None]:
    """Let nothing draw the first numbers of parameters: on the device without numbers that is work for nothing."""
    with ExitStack() as undone:
        for name in _DRAWS:
            undone.callback(setattr, nn.init, name, getattr(nn.init, name))
            setattr(nn.init, name, _unchanged)
        yield


def _unchanged(tensor: Any, *args: Any, **kwargs: Any) -> Any:
    return tensor


#: The dtype that stands for that of the model while one is recorded: no code asks for it by name.
MARKED = torch.float64


def build(cls: type[Any], config: Any, seconds: float = 20, dtype: torch.dtype = torch.float32) -> Any:
    """Build a model without numbers. Raises what its constructor does, and `TooSlow`."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        with limited(seconds, TooSlow), quiet(), without_numbers(), torch.device("meta"):
            return cls._from_config(config) if issubclass(cls, PreTrainedModel) else cls(config)
    finally:
        torch.set_default_dtype(before)


@dataclass(frozen=True)
class State:
    """What is said of a buffer: its dtype, empty for that of the model, and whether it is saved with the model."""

    dtype: str
    persistent: bool


@dataclass(frozen=True)
class Owned:
    """A tensor of a model: its shape, whether it is trained, and the first name of the tensor that it is."""

    shape: tuple[int, ...]
    trainable: bool
    owner: str
    #: of a buffer
    state: State | None = None


def tensors(model: Any, marked: bool = False) -> dict[str, Owned]:
    """Return the parameters and buffers of a model by their names, each name of one that has several; `marked` says
    that it was built with `MARKED` as the dtype of the model.
    """
    owners: dict[int, str] = {}
    found = {
        name: Owned(tuple(map(int, each.shape)), bool(each.requires_grad), owners.setdefault(id(each), name))
        for name, each in model.named_parameters(remove_duplicate=False)
    }
    for above, module in model.named_modules(remove_duplicate=False):
        for name, each in buffers(module).items():
            path = f"{above}.{name}" if above else name
            owner = owners.setdefault(id(each), path)
            found[path] = Owned(tuple(map(int, each.shape)), False, owner, state_of(module, name, marked))
    return found


def parameters_of(module: Any) -> dict[str, Any]:
    """Return the parameters of a module itself by their names."""
    return {name: each for name, each in module._parameters.items() if each is not None}


def buffers(module: Any) -> dict[str, Any]:
    """Return the buffers of a module itself by their names."""
    return {name: each for name, each in module._buffers.items() if each is not None}


def state_of(module: Any, name: str, marked: bool) -> State:
    """Return what is said of a buffer of a module."""
    dtype = module._buffers[name].dtype
    text = "" if marked and dtype is MARKED else str(dtype).removeprefix("torch.")
    return State(text, name not in module._non_persistent_buffers_set)


@cache
def version() -> str:
    """Return the version of transformers that the families are of."""
    return str(transformers.__version__)
