"""Whether what a family says of a configuration is what the real constructor makes: every tensor, and every tie."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from paramcalc.core.errors import ParamcalcError
from paramcalc.families.configs import family_spec
from paramcalc.families.generator.models import Owned
from paramcalc.families.stored import Family
from paramcalc.results.count import count
from paramcalc.spec import Spec

#: What a family may say of a configuration.
WHOLE, REFUSED, WRONG = "whole", "refused", "wrong"


def stated(spec: Spec) -> tuple[dict[str, tuple[tuple[int, ...], bool]], set[frozenset[str]]]:
    """Return the parameters of a spec by their names, each with its shape and training; and the groups of tied ones."""
    found: dict[str, tuple[tuple[int, ...], bool]] = {}
    groups: dict[str, set[str]] = defaultdict(set)
    own_names: dict[str, str] = {}
    rows = count(spec, "torch", expand=True).layers
    for row in rows:
        if row.leaf is None:
            continue
        for tensor, use in zip(row.tensors, row.leaf.uses, strict=True):
            if tensor.role != "parameter":
                continue
            name = ".".join([*row.path, tensor.name])
            if name in found:
                raise ParamcalcError([])
            found[name] = (tuple(tensor.shape), tensor.trainable)
            own_names[".".join([*row.path, use.tensor.name])] = name
            groups[tensor.tied_to or ".".join([*row.path, use.tensor.name])].add(name)
    return found, {frozenset(each) for each in groups.values() if len(each) > 1}


def owned(tensors: Mapping[str, Owned]) -> tuple[dict[str, tuple[tuple[int, ...], bool]], set[frozenset[str]]]:
    """Return the same of what a constructor made."""
    groups: dict[str, set[str]] = defaultdict(set)
    for name, each in tensors.items():
        groups[each.owner].add(name)
    return (
        {name: (each.shape, each.trainable) for name, each in tensors.items()},
        {frozenset(each) for each in groups.values() if len(each) > 1},
    )


def compared(family: Family, config: Mapping[str, Any], cls: str, tensors: Mapping[str, Owned]) -> tuple[str, str]:
    """Compare what a family says of a configuration with what was made: the outcome, and what it is about."""
    try:
        ours, our_groups = stated(family_spec(family, config, cls))
    except ParamcalcError as error:
        return REFUSED, f"{error.code}: {error.problems[0].message}"
    theirs, their_groups = owned(tensors)
    if ours == theirs and our_groups == their_groups:
        return WHOLE, ""
    names = sorted(name for name in {*ours, *theirs} if ours.get(name) != theirs.get(name))
    if names:
        first = names[0]
        return WRONG, f"{len(names)} tensors, as {first}: {ours.get(first)} in place of {theirs.get(first)}"
    differing = sorted(sorted(each) for each in our_groups ^ their_groups)
    return WRONG, f"ties: {differing[0][:3]}"
