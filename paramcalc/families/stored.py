"""The families as they are stored: one document a model type, in the language of specs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
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
    #: for each class of models, the fields that were proved at one value only, what it requires, its layers, and under
    #: which conditions its buffers are known
    heads: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def read_family(text: str) -> Family:
    """Read the document of a family."""
    data = build(text)
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
        data["heads"],
    )


def _folder() -> Any:
    return resources.files("paramcalc.families") / "data"


def family_names() -> list[str]:
    """List the model types that are known."""
    return sorted(each.name.removesuffix(".yaml") for each in _folder().iterdir() if each.name.endswith(".yaml"))


def document(name: str) -> str:
    """Return the document of a model type as it is stored. Raises `unknown-model-type`."""
    names = family_names()
    if name not in names:
        hint = suggest(name, names) or "'paramcalc families' lists the model types"
        raise refuse("unknown-model-type", f"there is no model type {quoted(name)}", hint)
    text: str = (_folder() / f"{name}.yaml").read_text(encoding="utf-8")
    return text


def stored_family(name: str) -> Family:
    """Return a family by its model type. Raises `unknown-model-type`."""
    return read_family(document(name))
