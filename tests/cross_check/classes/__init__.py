"""Random constructor arguments and inputs for every class of the conventions' tables, a module a subject.

Each module has `CASES`: for each kind a strategy that, for a framework, draws a layer which a class of
that framework can express, with the inputs it is given. `CALLS` says how a class is called, where that
is not simply with its inputs; `KEPT` which of its outputs are those of the kind, where not all are;
`UNRUN` names the layers that Keras builds and does not run on a CPU; `MISSTATED` those whose output shape only
a run tells; `CONTRADICTIONS` those of which Keras says other shapes than it has: what it has is what counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, TypeAlias

from hypothesis.strategies import SearchStrategy

import paramcalc as pc

from ..strategies import Case

#: A kind → what draws its layers for a framework.
Cases: TypeAlias = Mapping[str, Callable[[str], SearchStrategy[Case]]]
#: The path of a class → what calls one of it with the inputs, and gives its output or outputs.
Calls: TypeAlias = Mapping[str, Callable[[Any, list[Any]], Any]]


def known(kind: str) -> bool:
    """Whether layers of a kind are drawn here."""
    return kind in _modules()


def cases(kind: str, framework: str) -> SearchStrategy[Case]:
    """Layers of a kind that a class of the framework can express, each with its inputs."""
    table: Cases = _module(kind).CASES
    return table[kind](framework)


def call(kind: str, class_path: str, layer: Any, inputs: list[Any]) -> Any:
    """The output or outputs of a real layer of a kind."""
    calls: Calls = getattr(_module(kind), "CALLS", {})
    return calls[class_path](layer, inputs) if class_path in calls else layer(*inputs)


def with_list(layer: Any, inputs: list[Any]) -> Any:
    """The output of a layer that takes its inputs as a list."""
    return layer(list(inputs))


def runs(case: Case) -> bool:
    """Whether Keras runs such a layer on a CPU at all."""
    return not any(unrun(case) for unrun in getattr(_module(type(case.layer).__name__), "UNRUN", ()))


def misstated(case: Case) -> bool:
    """Whether Keras may be wrong about the output shape, and only a run tells it."""
    return any(wrong(case) for wrong in getattr(_module(type(case.layer).__name__), "MISSTATED", ()))


def kept(layer: pc.Layer, class_path: str, outputs: list[Any]) -> list[Any]:
    """The outputs of a real layer that are those of its kind."""
    table: Mapping[str, Any] = getattr(_module(type(layer).__name__), "KEPT", {})
    return table[class_path](layer, outputs) if class_path in table else outputs


def contradicts(case: Case) -> bool:
    """Whether Keras is known to say other shapes than it has."""
    return any(each(case) for each in getattr(_module(type(case.layer).__name__), "CONTRADICTIONS", ()))


def _module(kind: str) -> Any:
    return _modules()[kind]


@cache
def _modules() -> dict[str, Any]:
    """The module that draws the layers of each kind."""
    modules = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]
    return {kind: module for module in modules for kind in getattr(module, "CASES", ())}
