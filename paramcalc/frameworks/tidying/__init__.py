"""A spec that was read from a model, as a person would write it.

What a layer is added to becomes `residual`, nodes that follow one another alike become one with
`times`, sizes that occur often become dims. The tensors stay what they are, copy by copy.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from paramcalc.core.errors import ParamcalcError
from paramcalc.frameworks.graphs import same_graph
from paramcalc.frameworks.tidying.naming import unnamed
from paramcalc.frameworks.tidying.repeats import MOST_NODES, amount, folded
from paramcalc.frameworks.tidying.sizes import with_dims
from paramcalc.results.count import count
from paramcalc.spec import Node, Spec


def tidy(spec: Spec) -> Spec:
    """Write the residuals, repeats and common sizes of a network as such; its tensors stay what they are.

    A very long spec stays as it is, which nobody reads.
    """
    if len(spec.layers) > MOST_NODES:
        return spec
    try:
        tidied = _tidied(spec)
        if tensors_of(tidied) != tensors_of(spec):
            return spec
    except ParamcalcError:
        return spec  # it is right as it stands
    return _by_laws(spec, tidied)


def _by_laws(spec: Spec, tidied: Spec) -> Spec:
    """Return a spec with those runs folded as well whose numbers follow laws; as it is, if it is another graph then."""
    try:
        shorter = _tidied(spec, by_laws=True)
        same = sum(map(amount, shorter.layers)) < sum(map(amount, tidied.layers)) and same_graph(shorter, tidied)
    except ParamcalcError:
        return tidied
    return shorter if same else tidied


def tensors_of(spec: Spec) -> Counter[tuple[Any, ...]]:
    """Every tensor of a spec, and how often there is one like it. Raises what `count` does."""
    found: Counter[tuple[Any, ...]] = Counter()
    for row in count(spec).layers:
        for tensor in row.tensors:
            found[tensor.shape, tensor.role, tensor.trainable, tensor.dtype, tensor.tied_to is None] += row.times
    return found


def _tidied(spec: Spec, by_laws: bool = False) -> Spec:
    """Tidy a spec; what is referred to by a path stays where it is."""
    fixed = {part for reference in _references(spec.layers) if "." in reference for part in reference.split(".")}
    fixed |= {part for reference in spec.outputs or () if "." in reference for part in reference.split(".")}
    fixed |= {part for reference in _shared(spec.layers) for part in reference.split(".")}
    # the names of PyTorch's modules are paths already
    nodes = folded(spec.layers, {*(spec.outputs or ())}, fixed, spec.framework != "torch", by_laws)
    mentioned = {*_references(nodes), *(spec.outputs or ())}
    mentioned |= {part for path in mentioned for part in path.split(".")}
    return with_dims(replace(spec, layers=tuple(unnamed(nodes, mentioned))))


def _references(nodes: Iterable[Node]) -> Iterator[str]:
    """All names and paths that nodes mention of others."""
    for node in nodes:
        yield from (reference for _, reference in node.references())
        yield from _references(node.layers or ())


def _shared(nodes: Iterable[Node]) -> Iterator[str]:
    """Yield the paths of all that is called again."""
    for node in nodes:
        if node.share is not None:
            yield node.share
        yield from _shared(node.layers or ())
