"""What modules that differ in their sizes alone have in common, and what one of them is, of what another one is.

The numbers of a module, in its tensors and attributes, stand for themselves where they are small, as those of a
window, and else for places: the first, the second and so on of those that differ. The layer that one module is becomes
that of another with the same places by other numbers there. Where a number of the layer stands at no place, or two
modules show that it merely was the same, each module is looked at for itself.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import replace
from typing import Any

from paramcalc.frameworks.torch.read.modules import Known, known, signature_of
from paramcalc.layers.base.declaration import Layer

#: Numbers up to this one stand for themselves.
_SMALL = 8
_UNSEEN: Any = object()


class Alike:
    """What modules are, each of those that are alike worked out once; several models may share it."""

    def __init__(self) -> None:
        self._found: dict[Hashable, Known | None] = {}
        #: the first module of each pattern: its numbers, and what it is
        self._first: dict[Hashable, tuple[tuple[int, ...], Known | None]] = {}
        #: whether others of the pattern were what the first one is, with their own numbers
        self._holds: dict[Hashable, bool] = {}

    def of(self, module: Any) -> Known | None:
        """Return the layer that a module is, if any."""
        signature = signature_of(module)
        # asked once: a signature is long, and its hash is worked out anew each time
        found: Known | None = self._found.get(signature, _UNSEEN)
        if found is _UNSEEN:
            found = self._found[signature] = self._worked_out(module, signature)
        return found

    def _worked_out(self, module: Any, signature: Any) -> Known | None:
        numbers: dict[int, int] = {}
        pattern = _pattern(signature, numbers)
        own = tuple(numbers)
        if pattern not in self._first:
            found = known(module)
            self._first[pattern] = own, found
            return found
        theirs, first = self._first[pattern]
        if self._holds.get(pattern) is False:
            return known(module)
        moved = _moved(first, dict(zip(theirs, own, strict=True))) if first is not None else None
        if self._holds.get(pattern):
            return moved
        found = known(module)
        is_same = moved == found and (moved is None) == (first is None)
        # one in which all numbers are others tells what merely was the same
        if {*own}.isdisjoint(theirs) or not is_same:
            self._holds[pattern] = is_same
        return found


def _pattern(value: Any, numbers: dict[int, int]) -> Any:
    """Return a signature with places for the larger numbers in it, and keep which these are, in order."""
    if type(value) is int:
        return ("place", numbers.setdefault(value, len(numbers))) if value > _SMALL else value
    if isinstance(value, tuple):
        return tuple(_pattern(each, numbers) for each in value)
    return value


def _moved(first: Known, numbers: Mapping[int, int]) -> Known | None:
    """Return what one module is with other numbers; None where a number stands at no place."""
    try:
        layer = first.layer
        stated = {name: _with(getattr(layer, name), numbers) for name in layer.model_fields_set}
        return replace(
            first,
            layer=layer.model_copy(update=stated),
            inputs=_with(first.inputs, numbers),
            tensors={name: own._replace(shape=_with(own.shape, numbers)) for name, own in first.tensors.items()},
            members={
                name: {member: _with(shape, numbers) for member, shape in members.items()}
                for name, members in first.members.items()
            },
        )
    except KeyError:
        return None


def _with(value: Any, numbers: Mapping[int, int]) -> Any:
    """Return a value with other numbers. Raises `KeyError` for one that is not known."""
    if type(value) is int:
        return numbers[value] if value > _SMALL else value
    if isinstance(value, tuple):
        return tuple(_with(each, numbers) for each in value)
    if isinstance(value, (dict, list, Layer)):
        raise KeyError(type(value))
    return value
