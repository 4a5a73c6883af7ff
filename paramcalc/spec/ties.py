"""What `tie` says of a tensor: whose numbers it has, and under which condition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from paramcalc.core.errors import ParamcalcError, quoted, refuse
from paramcalc.core.expression import Expression
from paramcalc.layers.base.fields import read_flag
from paramcalc.layers.base.values import plain
from paramcalc.spec.references import Reference, read_reference
from paramcalc.spec.values import of_key


@dataclass(frozen=True, slots=True)
class Tie:
    """The path of a tensor of an earlier node, and the condition under which it is tied to it."""

    to: Reference
    when: Any = True

    @property
    def names(self) -> frozenset[str]:
        """The dims, arguments and counters that it mentions."""
        return self.to.names | (self.when.names if isinstance(self.when, Expression) else frozenset())

    def plain(self) -> Any:
        """Return it as YAML and JSON have it."""
        return str(self.to) if self.when is True else {"to": str(self.to), "when": plain(self.when)}


#: For each tensor, the ties of which the first that holds is taken.
Ties: TypeAlias = dict[str, tuple[Tie, ...]]


def read_ties(value: Any) -> Ties:
    """Read tensors of a node, each with what it is tied to.

    That is a path, a mapping `{to, when}`, or a list of such. Raises `wrong-type`, `unknown-key`, `missing-key`.
    """
    if not isinstance(value, Mapping) or not value:
        raise refuse("wrong-type", f"takes a mapping of this layer's tensors to others, not {quoted(value)}")
    ties: Ties = {}
    for name, target in value.items():
        if not isinstance(name, str):
            raise refuse("wrong-type", f"a tensor is named by a text, not by {quoted(name)}", path=(name,))
        try:
            several = target if isinstance(target, (list, tuple)) else [target]
            if not several:
                raise refuse("wrong-type", "takes at least one tensor to be tied to")
            ties[name] = tuple(map(_read_tie, several))
        except ParamcalcError as error:
            raise of_key(name, error) from None
    return ties


def _read_tie(value: Any) -> Tie:
    if isinstance(value, Tie):
        return value
    when: Any = True
    if isinstance(value, Mapping):
        for key in value:
            if key not in ("to", "when"):
                raise refuse("unknown-key", f"a tie has no key {quoted(key)}", "it has 'to' and 'when'", (key,), True)
        if "to" not in value:
            raise refuse("missing-key", "a tie says whose numbers a tensor has: {to: embed.embeddings}")
        when, value = read_flag(value.get("when", True)), value["to"]
    if not isinstance(value, str) or "." not in value:
        message = f"a tensor is tied to one of an earlier node, not to {quoted(value)}"
        raise refuse("wrong-type", message, "as in kernel: embed.embeddings")
    return Tie(read_reference(value), when)


def plain_ties(ties: Ties) -> dict[str, Any]:
    """Return ties as YAML and JSON have them."""
    return {
        name: [each.plain() for each in found] if len(found) > 1 else found[0].plain() for name, found in ties.items()
    }
