"""The families as they are stored: one document a model type, in the language of specs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

from paramcalc.core.errors import quoted, refuse, suggest
from paramcalc.spec.parsing import build

#: What a head says of buffers, or of active parameters, that could not be learnt.
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Family:
    """A model type: the fields of its configuration, and the layers of each class of models."""

    name: str
    #: the version of transformers that it was learnt from
    transformers: str
    #: the fields that tensors depend on, as the dims of a spec, with the values that they have by default
    dims: Mapping[str, Any]
    #: of these, the ones that follow from others whatever a configuration says
    derived: tuple[str, ...] = ()
    #: what a field is where a configuration has null for it, if not absent
    absent: Mapping[str, Any] = field(default_factory=dict)
    #: the lists that are made where a configuration has none: the `item` at each `place`, and how many `times`
    lists: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    #: other names of fields
    aliases: Mapping[str, str] = field(default_factory=dict)
    #: the fields that are configurations themselves
    configs: tuple[str, ...] = ()
    #: for each of these, the fields in it that have other defaults where it is stated than where it is left out
    stated: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    #: the classes of models by what heads are called: `base`, `usual`, `causal-lm`, `masked-lm`
    named_heads: Mapping[str, str] = field(default_factory=dict)
    #: whether the layers are connected, as in the documents that are written by hand
    is_connected: bool = False
    #: the blocks that the layers of its classes call, and what all of these require
    blocks: Mapping[str, Any] = field(default_factory=dict)
    requires: tuple[str, ...] = ()
    #: for each class of models, the fields that were proved at one value only, what it requires, its layers, and under
    #: which conditions its buffers are known; or the name of another class that has the same
    heads: Mapping[str, Mapping[str, Any] | str] = field(default_factory=dict)

    def layers_of(self, name: str) -> Mapping[str, Any]:
        """Return what a class of models has, by its name."""
        found = self.heads[name]
        return self.layers_of(found) if isinstance(found, str) else found


class _Heads(Mapping[str, Mapping[str, Any] | str]):
    """What each class of models has. It is read when it is asked for: of many classes, a network is one."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.texts = {text.partition(":")[0].strip(): text for text in texts}
        self.found: dict[str, Mapping[str, Any] | str] = {}

    def __getitem__(self, name: str) -> Mapping[str, Any] | str:
        if name not in self.found:
            self.found[name] = build(self.texts[name])[name]
        return self.found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.texts)

    def __len__(self) -> int:
        return len(self.texts)


#: The classes of models in a document, and the beginning of each, by their indents.
_HEADS = re.compile(r"^heads:\n((?:[ \n].*\n?)+)", re.MULTILINE)
_HEAD = re.compile(r"^(?=  \w)", re.MULTILINE)


def read_family(text: str) -> Family:
    """Read the document of a family."""
    found = _HEADS.search(text)
    assert found is not None
    data = build(text[: found.start()] + text[found.end() :])
    return Family(
        data["family"],
        data["transformers"],
        data.get("dims") or {},
        tuple(data.get("derived") or ()),
        data.get("absent") or {},
        data.get("lists") or {},
        data.get("aliases") or {},
        tuple(data.get("configs") or ()),
        data.get("stated") or {},
        data.get("named_heads") or {},
        data.get("connections") == "known",
        data.get("blocks") or {},
        tuple(data.get("requires") or ()),
        _Heads(filter(str.strip, _HEAD.split(found[1]))),
    )


#: The folders of the documents: those that the generator makes, and those that are written by hand.
_DATA, _CONNECTED = "data", "connected"


@cache
def _names(folder: str) -> tuple[str, ...]:
    found = (resources.files("paramcalc.families") / folder).iterdir()
    return tuple(sorted(each.name.removesuffix(".yaml") for each in found if each.name.endswith(".yaml")))


def _text(folder: str, name: str) -> str:
    text: str = (resources.files("paramcalc.families") / folder / f"{name}.yaml").read_text(encoding="utf-8")
    return text


def family_names() -> list[str]:
    """List the model types that are known."""
    return [*_names(_DATA)]


def connected_names() -> list[str]:
    """List the model types of which the connections are known."""
    return [*_names(_CONNECTED)]


def document(name: str) -> str:
    """Return the document of a model type: the one that is written by hand, if there is one.

    Raises `unknown-model-type`.
    """
    if name in connected_names():
        return _text(_CONNECTED, name)
    names = family_names()
    if name not in names:
        hint = suggest(name, names) or "'paramcalc families' lists the model types"
        raise refuse("unknown-model-type", f"there is no model type {quoted(name)}", hint)
    return _text(_DATA, name)


def stored_family(name: str) -> Family:
    """Return a family as the generator made it, by its model type. Raises `unknown-model-type`."""
    if name not in family_names():
        document(name)
    return read_family(_text(_DATA, name))


def connected_family(name: str) -> Family | None:
    """Return a family as it is written by hand, with its connections; None where there is no such document."""
    return read_family(_text(_CONNECTED, name)) if name in connected_names() else None
