"""What was derived of a constructor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from paramcalc.spec import Spec

#: How a tensor's sizes are known: by expressions that the constructor itself worked out, or by their values alone.
Evidence: TypeAlias = Literal["traced", "sampled"]


@dataclass(frozen=True)
class Derived:
    """The network that a constructor makes, in its own arguments. It is taken wherever a spec is."""

    #: the network; its dims are the arguments
    spec: Spec
    #: the arguments that are no dims, each with the reason
    fixed: Mapping[str, str] = field(default_factory=dict)
    #: the conditions under which it holds
    requires: tuple[str, ...] = ()
    #: the dims on which no tensor depends
    idle: tuple[str, ...] = ()
    #: for each tensor, by its path without the numbers of copies
    evidence: Mapping[str, Evidence] = field(default_factory=dict)
    #: the arguments at which it was compared with what the constructor makes
    points: tuple[Mapping[str, Any], ...] = ()
    #: why the spec is an inventory although connections were sought; empty otherwise
    unconnected: str = ""

    def __str__(self) -> str:
        """Write what was derived, in a few lines."""
        lines = [f"{self.spec.name}: {', '.join(self.spec.dims) or 'no dims'}; compared at {len(self.points)} points"]
        lines += [f"requires {condition}" for condition in self.requires]
        lines += [f"{name} is fixed: {reason}" for name, reason in self.fixed.items()]
        lines += [f"no tensor depends on {name}" for name in self.idle]
        lines += [f"its connections are not known: {self.unconnected}"] if self.unconnected else []
        return "\n".join(lines)
