"""Random constructor arguments and inputs for every class of the conventions' tables, a module a family.

Each module has `CASES`: for each kind a strategy that, for a framework, draws a layer which a class of
that framework can express, with the inputs it is given. `CALLS` says how a class is called, where that
is not simply with its inputs; `UNRUN` names the layers that Keras builds and does not run on a CPU, and
`CONTRADICTIONS` those of which it says another output shape than it gives: what it gives counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import Any, TypeAlias

from hypothesis.strategies import SearchStrategy

from paramcalc.layer import family_of

from ..strategies import Case

#: A kind → what draws its layers for a framework.
Cases: TypeAlias = Mapping[str, Callable[[str], SearchStrategy[Case]]]
#: The path of a class → what calls one of it with the inputs, and gives its output or outputs.
Calls: TypeAlias = Mapping[str, Callable[[Any, list[Any]], Any]]


def known(kind: str) -> bool:
    """Whether layers of a kind are drawn here."""
    return find_spec(f"{__name__}.{family_of(kind)}") is not None


def cases(kind: str, framework: str) -> SearchStrategy[Case]:
    """Layers of a kind that a class of the framework can express, each with its inputs."""
    table: Cases = _module(kind).CASES
    return table[kind](framework)


def call(kind: str, class_path: str, layer: Any, inputs: list[Any]) -> Any:
    """The output or outputs of a real layer of a kind."""
    calls: Calls = getattr(_module(kind), "CALLS", {})
    return calls[class_path](layer, inputs) if class_path in calls else layer(*inputs)


def runs(case: Case) -> bool:
    """Whether Keras runs such a layer on a CPU at all."""
    return not any(unrun(case) for unrun in getattr(_module(type(case.layer).__name__), "UNRUN", ()))


def contradicts(case: Case) -> bool:
    """Whether Keras says another output shape of such a layer than a run of it has."""
    return any(known(case) for known in getattr(_module(type(case.layer).__name__), "CONTRADICTIONS", ()))


def _module(kind: str) -> Any:
    return import_module(f"{__name__}.{family_of(kind)}")
