"""Whether what a family says of a configuration is what the real constructor makes: every tensor, and every tie."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, TypeAlias

from paramcalc.core.errors import ParamcalcError
from paramcalc.families.configs import family_spec
from paramcalc.families.generator.models import Owned
from paramcalc.families.stored import Family
from paramcalc.results.count import count
from paramcalc.spec import Spec

#: What a family may say of a configuration; `parameters`: these are right, and it says that it knows no buffers.
WHOLE, PARAMETERS, REFUSED = "whole", "parameters", "refused"
#: What none may.
WRONG, WRONG_BUFFERS = "wrong", "wrong buffers"
#: The dtype of a model that states none.
_DTYPE = "float32"


#: A tensor: its shape, whether it is trained; of a buffer its dtype as well, and whether it is saved.
_Tensor: TypeAlias = "tuple[tuple[int, ...], bool] | tuple[tuple[int, ...], str, bool]"
#: What there is: tensors by their names, and the groups of names that one tensor has.
_Inventory: TypeAlias = "tuple[dict[str, _Tensor], set[frozenset[str]]]"


def stated(spec: Spec) -> _Inventory:
    """Return the tensors of a spec."""
    found: dict[str, _Tensor] = {}
    groups: dict[str, set[str]] = defaultdict(set)
    rows = count(spec, "torch", expand=True).layers
    for row in rows:
        if row.leaf is None:
            continue
        for tensor, use in zip(row.tensors, row.leaf.uses, strict=True):
            name = ".".join([*row.path, tensor.name])
            if name in found:
                raise ParamcalcError([])
            is_state = tensor.role == "state"
            found[name] = (
                (tuple(tensor.shape), tensor.dtype, use.tensor.persistent)
                if is_state
                else (tuple(tensor.shape), tensor.trainable)
            )
            groups[tensor.tied_to or ".".join([*row.path, use.tensor.name])].add(name)
    return found, _shared(groups)


def owned(tensors: Mapping[str, Owned], with_buffers: bool = True) -> _Inventory:
    """Return the tensors of what a constructor made."""
    groups: dict[str, set[str]] = defaultdict(set)
    found: dict[str, _Tensor] = {}
    for name, each in tensors.items():
        if each.state is None:
            found[name] = (each.shape, each.trainable)
        elif with_buffers:
            found[name] = (each.shape, each.state.dtype or _DTYPE, each.state.persistent)
        else:
            continue
        groups[each.owner].add(name)
    return found, _shared(groups)


def _shared(groups: Mapping[str, set[str]]) -> set[frozenset[str]]:
    return {frozenset(each) for each in groups.values() if len(each) > 1}


def compared(family: Family, config: Mapping[str, Any], cls: str, tensors: Mapping[str, Owned]) -> tuple[str, str]:
    """Compare what a family says of a configuration with what was made: the outcome, and what it is about.

    Buffers that the family says it does not know are left out.
    """
    try:
        spec = family_spec(family, config, cls)
        ours, our_groups = stated(spec)
    except ParamcalcError as error:
        return REFUSED, f"{error.code}: {error.problems[0].message}"
    knows = "buffers" not in spec.unknown
    theirs, their_groups = owned(tensors, with_buffers=knows)
    if ours == theirs and our_groups == their_groups:
        return WHOLE if knows or not any(each.state for each in tensors.values()) else PARAMETERS, ""
    names = sorted(name for name in {*ours, *theirs} if ours.get(name) != theirs.get(name))
    if names:
        first = names[0]
        is_about_buffers = all(len(each) == 3 for name in names for each in (ours.get(name), theirs.get(name)) if each)
        outcome = WRONG_BUFFERS if is_about_buffers else WRONG
        return outcome, f"{len(names)} tensors, as {first}: {ours.get(first)} in place of {theirs.get(first)}"
    differing = sorted(sorted(each) for each in our_groups ^ their_groups)
    is_about_buffers = all(len(ours[name]) == 3 for group in differing for name in group)
    return WRONG_BUFFERS if is_about_buffers else WRONG, f"ties: {differing[0][:3]}"
