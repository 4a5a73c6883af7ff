"""The real models: their types, heads, configurations, and what they have when they are built without numbers."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import signal
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import MISSING, dataclass, fields
from functools import cache
from importlib import import_module
from typing import Any, TypeAlias

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import torch
import transformers
from transformers import CONFIG_MAPPING, PreTrainedConfig
from transformers.models.auto import modeling_auto
from transformers.models.auto.configuration_auto import model_type_to_module_name

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
#: Where the head that a type is mostly used with is looked for: the first of these that has one.
_USUAL = (
    "SEQ_TO_SEQ_CAUSAL_LM", "SPEECH_SEQ_2_SEQ", "IMAGE_TEXT_TO_TEXT", "MULTIMODAL_LM", "MASKED_LM", "CAUSAL_LM",
    "ZERO_SHOT_IMAGE_CLASSIFICATION", "PRETRAINING", "IMAGE_CLASSIFICATION", "CTC", "OBJECT_DETECTION",
    "SEMANTIC_SEGMENTATION", "UNIVERSAL_SEGMENTATION", "DEPTH_ESTIMATION", "MASK_GENERATION", "TEXT_TO_WAVEFORM",
    "TEXT_TO_SPECTROGRAM", "KEYPOINT_DETECTION", "IMAGE_TO_IMAGE", "VIDEO_CLASSIFICATION", "AUDIO_CLASSIFICATION",
)  # fmt: skip


def heads(model_type: str) -> dict[str, str]:
    """Return the classes of a type by the head: `base`, `usual`, `causal-lm`, `masked-lm`."""
    rows = {
        "usual": [f"MODEL_FOR_{name}_MAPPING_NAMES" for name in _USUAL],
        "base": ["MODEL_MAPPING_NAMES"],
        "causal-lm": ["MODEL_FOR_CAUSAL_LM_MAPPING_NAMES"],
        "masked-lm": ["MODEL_FOR_MASKED_LM_MAPPING_NAMES"],
    }
    found = {}
    for head, tables in rows.items():
        for table in tables:
            name = getattr(modeling_auto, table).get(model_type)
            if name is not None:
                found[head] = name if isinstance(name, str) else name[0]
                break
    if "usual" not in found and "base" in found:
        found["usual"] = found["base"]
    return found


def model_types() -> list[str]:
    """List the types that have a base model or a usual head."""
    return sorted(each for each in modeling_auto.CONFIG_MAPPING_NAMES if heads(each))


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


def model_class(name: str) -> type[Any]:
    """Return a class of models by its name."""
    found: type[Any] | None = getattr(transformers, name, None)
    if found is None:
        # some stand in the tables of types, and are not exported
        model_type = next(each for each in model_types() if name in heads(each).values())
        folder = model_type_to_module_name(model_type)
        found = getattr(import_module(f"transformers.models.{folder}.modeling_{folder}"), name)
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
    for each in fields(type(config)):
        if each.name in IGNORED or each.name.startswith("_"):
            continue
        value = own.get(each.name)
        here = f"{path}{each.name}"
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
    """A model took longer to build than it may."""


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Stop what takes longer."""

    def stop(number: int, frame: Any) -> None:
        raise TooSlow(f"longer than {seconds} seconds")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


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


def build(cls: type[Any], config: Any, seconds: float = 20) -> Any:
    """Build a model without numbers. Raises what its constructor does, and `TooSlow`."""
    with limited(seconds), quiet(), torch.device("meta"):
        return cls._from_config(config)


@dataclass(frozen=True)
class Owned:
    """A tensor of a model: its shape, whether it is trained, and the first name of the tensor that it is."""

    shape: tuple[int, ...]
    trainable: bool
    owner: str


def tensors(model: Any) -> dict[str, Owned]:
    """Return the parameters of a model by their names, each name of one that has several."""
    owners: dict[int, str] = {}
    return {
        name: Owned(tuple(map(int, each.shape)), bool(each.requires_grad), owners.setdefault(id(each), name))
        for name, each in model.named_parameters(remove_duplicate=False)
    }


@cache
def version() -> str:
    """Return the version of transformers that the families are of."""
    return str(transformers.__version__)
