"""Configurations to try: one field moved, several at random, and hostile ones."""

from __future__ import annotations

import copy
import inspect
import json
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from random import Random
from typing import Any

from transformers.configuration_utils import ALLOWED_ATTN_LAYER_TYPES, ALLOWED_LAYER_TYPES, ALLOWED_MLP_LAYER_TYPES

from paramcalc.families.generator.models import IGNORED, Declared, Fields

#: The sorts of fresh configurations.
SORTS = ("random", "hostile", "sparse")
#: Fields that say how many layers there are: few are as good as many.
_DEPTH = re.compile(r"(num_(hidden_)?layers|n_layers?|_layers|depth|num_blocks|num_(de|en)coder_blocks)$")
_WIDTH = re.compile(r"^(hidden_size|d_model|n_embd|dim|embed_dim|hidden_dim|width|emb_dim|word_embed_proj_dim)$")
_TOKEN = re.compile(r"(token_id|token_index|_idx|_id)$")
_ACTIVATIONS = ["gelu", "relu", "silu", "gelu_new", "tanh", "quick_gelu", "gelu_pytorch_tanh"]
_GATED = ["gated-gelu", "gated-silu", "gelu", "prelu"]
_ROPE = [
    {"rope_type": "default", "rope_theta": 500000.0},
    {"rope_type": "linear", "factor": 2.0, "rope_theta": 10000.0},
    {"rope_type": "dynamic", "factor": 4.0, "rope_theta": 10000.0},
]


def overridden(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return fields by their paths as a configuration has them, one within another."""
    found: dict[str, Any] = {}
    for path, value in fields.items():
        *above, name = path.split(".")
        inner = found
        for each in above:
            inner = inner.setdefault(each, {})
        inner[name] = copy.deepcopy(value)
    return found


def thinned(data: Mapping[str, Any], rng: Random) -> dict[str, Any]:
    """Return a configuration as it is saved without some of its fields, as people write them by hand.

    So are those in it: some are left out altogether, or do not say of which type they are. Some stay whole.
    """
    share = rng.choice([0, 0, 0.1, 0.3, 0.6, 0.9])
    found = {}
    for name, value in data.items():
        if name in IGNORED or rng.random() < share:
            continue
        is_config = isinstance(value, Mapping) and "model_type" in value
        found[name] = thinned(value, rng) if is_config else copy.deepcopy(value)
        if is_config and (not share or rng.random() > share):
            found[name]["model_type"] = value["model_type"]
    return found


@cache
def _texts(modules: tuple[str, ...]) -> dict[str, frozenset[str]]:
    """Return the texts that the code of a model compares something of a name with, and the kinds of layers it names."""
    found: dict[str, set[str]] = {}
    for name in (*modules, *(each.replace("configuration_", "modeling_") for each in modules)):
        loaded = sys.modules.get(name)
        if loaded is None:
            continue
        source = inspect.getsource(loaded)
        for key, text in re.findall(r"(\w+)\"?\]?\s*(?:==|!=)\s*\"([^\"]+)\"", source):
            found.setdefault(key, set()).add(text)
        for key, texts in re.findall(r"(\w+)\s+(?:not )?in\s+[\[\(\{]([^\]\)\}]+)[\]\)\}]", source):
            found.setdefault(key, set()).update(re.findall(r"\"([^\"]+)\"", texts))
        for key, texts in re.findall(r"(\w+): Literal\[([^\]]+)\]", source):
            found.setdefault(key, set()).update(re.findall(r"\"([^\"]+)\"", texts))
        named = {*re.findall(r"\"(\w+)\"", source)}
        found.setdefault("layer_types", set()).update(named & {*ALLOWED_ATTN_LAYER_TYPES})
        found.setdefault("mlp_layer_types", set()).update(named & {*ALLOWED_MLP_LAYER_TYPES})
    return {key: frozenset(each) for key, each in found.items()}


@dataclass
class Drawing:
    """Draws configurations of a type."""

    #: the fields as they are by default
    fields: Fields
    declared: Declared
    #: the modules of the classes of configurations
    modules: tuple[str, ...]
    rng: Random
    #: whether lists of numbers keep their lengths
    keeps_lengths: bool = False
    #: the texts that lists end in whatever they are given
    ends: dict[str, str] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.names = [name for name in self.fields if name in self.declared.defaults]

    def pin(self, names: Iterable[str]) -> None:
        """Leave fields as they are."""
        self.names = [name for name in self.names if name not in names]

    def is_depth(self, name: str) -> bool:
        """Whether a field says how many layers there are."""
        value = self.fields.get(name)
        return bool(_DEPTH.search(name.rpartition(".")[2])) and type(value) is int and 1 <= value < 400

    def has_length(self, name: str) -> bool:
        """Whether a field is a list of numbers, or of such lists, that keeps its length."""
        return self.keeps_lengths and bool(lengths_of(self.fields.get(name)))

    def depths(self, number: int | None = None) -> dict[str, Any]:
        """Return fields that make a model of few layers, as many everywhere or drawn."""
        found: dict[str, Any] = {}
        for name in self.names:
            if self.is_depth(name):
                depth = self.rng.randrange(1, 6) if number is None else number
                found[name] = depth
                found.update(self._lists(name, depth))
                if number is None and self.rng.random() < 0.5:
                    # a list that follows from the depth may be left out
                    found = {each: value for each, value in found.items() if self.declared.defaults[each] is not None}
        return found

    def without(self, name: str) -> dict[str, Any]:
        """Return a small configuration in which a field is 0."""
        return {**self.depths(2), name: 0, **(self._lists(name, 0) if self.is_depth(name) else {})}

    def _lists(self, name: str, depth: int) -> dict[str, Any]:
        """Return the lists beside a depth that have an element a layer, as long as it."""
        above, found = name.rpartition(".")[0], {}
        for other, value in self.fields.items():
            beside = other.rpartition(".")[0] == above and other in self.names
            beside = beside and not self.has_length(other)
            if beside and isinstance(value, list) and len(value) == self.fields[name] and len(value) > 4:
                kinds = [each for place, each in enumerate(value) if each not in value[:place]]
                found[other] = [value[place % len(value)] for place in range(depth)]
                for place, each in enumerate(kinds[:depth]):
                    found[other][-1 - place] = each
                if depth and other in self.ends:
                    found[other][-1] = self.ends[other]
        return found

    def moves(self, name: str) -> list[Any]:
        """Return other values of a field, likely ones first."""
        value, last = self.fields[name], name.rpartition(".")[2]
        found: list[Any] = []
        if isinstance(value, bool):
            found += [not value]
        elif isinstance(value, int):
            found += self._whole(last, value)
        elif isinstance(value, float):
            found += [value * 2, value / 2, value + 1.0, 0.0]
        elif isinstance(value, str):
            activations = _GATED if last == "feed_forward_proj" else _ACTIVATIONS if "act" in last else []
            found += [*activations, *sorted(self.texts(last) - {value})]
        elif isinstance(value, (list, tuple)):
            found += self._list(last, list(value))
        elif isinstance(value, dict):
            found += map(dict, _ROPE) if "rope" in last else [{}]
        else:
            found += self._absent(name, last)
        if name in self.declared.optional and value is not None:
            found.append(None)
        if self.has_length(name):
            found = [each for each in found if lengths_of(each) == lengths_of(value)]
        return [each for each in found if each != value or type(each) is not type(value)]

    def texts(self, last: str) -> frozenset[str]:
        """Return the texts that the code compares a field with."""
        return _texts(self.modules).get(last, frozenset())

    def _whole(self, last: str, value: int) -> list[int]:
        if _TOKEN.search(last):
            return [1, 0, 2, 5, -1]
        if _DEPTH.search(last) and value < 400:
            return [2, 4, 5, 1]
        if value <= 0:
            return [1, 2, 4]
        if _WIDTH.search(last):
            return [value * 2, value * 3, value + 1]
        if "head" in last:
            divisors = [each for each in range(1, value) if value % each == 0]
            return [*divisors[-2:], *divisors[:1], value * 2, value + 1]
        return [value * 2, value + 1, value + 8, max(1, value // 2), 1]

    def _list(self, last: str, value: list[Any]) -> list[Any]:
        if not value:
            return [[1], [0, 1]]
        if isinstance(value[0], bool):
            return [[not each for each in value], ([True, False] * len(value))[: len(value)]]
        if isinstance(value[0], int):
            more = [each + (place == 0) for place, each in enumerate(value)]
            return [[each * 2 for each in value], more, value[:-1] or [*value, *value], [*value, value[-1]]]
        if isinstance(value[0], str):
            texts = self._texts_among(last, value)
            return [[texts[(place + shift) % len(texts)] for place in range(len(value))] for shift in range(len(texts))]
        if self.keeps_lengths and lengths_of(value):
            return [_doubled(value), [_doubled(value[0]), *value[1:]], [*value[:-1], _doubled(value[-1])]]
        return []

    def _texts_among(self, last: str, value: Iterable[str]) -> list[str]:
        """Return the texts that may be in a list."""
        return sorted({*value, *self.texts(last), *self.texts(last.rstrip("s"))})

    def choices(self, name: str) -> list[list[str]]:
        """Return the kinds of layers that may be in a list, the known ones first, the rest in fours.

        Nothing, where it is no list of kinds that transformers names.
        """
        value = self.fields[name]
        if not isinstance(value, list) or not value or not {*map(str, value)} <= {*ALLOWED_LAYER_TYPES}:
            return []
        known = [each for each in self._texts_among(name.rpartition(".")[2], value) if each in ALLOWED_LAYER_TYPES]
        others = sorted({*ALLOWED_LAYER_TYPES} - {*known})
        return [[each] for each in known] + [others[first : first + 4] for first in range(0, len(others), 4)]

    def _absent(self, name: str, last: str) -> list[Any]:
        if "rope" in last:
            return [*map(dict, _ROPE)]
        if _TOKEN.search(last):
            return [1, 0, 5]
        sort = self.declared.sorts.get(name, "")
        found: list[Any] = [*self.texts(last)] if "str" in sort else []
        found += [16, 64, 2, 1] if "int" in sort else []
        found += [True, False] if "bool" in sort else []
        found += [0.5, 1.0] if "float" in sort and not found else []
        found += [[1, 2], [0]] if ("list" in sort or "tuple" in sort) and not found else []
        return found

    def random(self, among: Iterable[str]) -> dict[str, Any]:
        """Return a configuration with some fields moved, as people move them."""
        found = self.depths()
        names = [name for name in among if name in self.names]
        for name in self.rng.sample(names, min(len(names), self.rng.choice([1, 2, 3, 4, 6, 8]))):
            moves = self.moves(name)
            if moves:
                found[name] = self.rng.choice(moves[:4])
                if self.is_depth(name) and isinstance(found[name], int):
                    found.update(self._lists(name, found[name]))
        return found

    def hostile(self, among: Iterable[str]) -> dict[str, Any]:
        """Return a configuration with fields at values that nobody thought of.

        They are 0, 1, odd, equal, and lists of other lengths.
        """
        found = self.depths()
        names = [name for name in among if name in self.names]
        numbers = [each for each in self.fields.values() if type(each) is int and 0 < each < 10_000]
        for name in self.rng.sample(names, min(len(names), self.rng.choice([1, 2, 3, 5]))):
            value = self.fields[name]
            if type(value) is int and not self.is_depth(name):
                choices = [0, 1, 3, value + 1, 2 * value + 1, self.rng.choice(numbers or [7]), value * 4]
                found[name] = self.rng.choice(choices)
            elif isinstance(value, list) and value:
                found[name] = self.rng.choice([value[:-1], [*value, value[0]], value[::-1], value * 2])
            elif moves := self.moves(name):
                found[name] = self.rng.choice(moves)
        return found


def _doubled(value: Any) -> Any:
    """Return the numbers of a list, and of the lists in it, twice as large."""
    if isinstance(value, (list, tuple)):
        return [*map(_doubled, value)]
    return value if isinstance(value, bool) else 2 * value


def lengths_of(value: Any, way: str = "") -> dict[str, int]:
    """Return how long a list of whole numbers is, and each list in it, by the ways to them; nothing for another value.

    Lists within others may hold truths as well.
    """
    if not isinstance(value, (list, tuple)) or not value:
        return {}
    if all(type(each) is int or (way and type(each) is bool) for each in value):
        return {way: len(value)}
    inner = [lengths_of(each, f"{way}[{place}]") for place, each in enumerate(value)]
    return {way: len(value)} | {each: length for one in inner for each, length in one.items()} if all(inner) else {}


def key_of(given: Mapping[str, Any]) -> str:
    """Return what is the same for equal configurations."""
    return json.dumps(given, sort_keys=True, default=str)
