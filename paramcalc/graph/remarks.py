"""What is probably not meant as a spec writes it, and counts all the same."""

from __future__ import annotations

from collections.abc import Iterator

from paramcalc.core import algebra
from paramcalc.graph.tree import Branch, Flow, Leaf, leaves
from paramcalc.layers.base.declaration import Layer

#: What says that the channels are at the last axis, by the field that says where they are.
_LAST = {"data_format": "data_format: channels_last", "axis": "axis: -1"}


def on_channels(stated: Layer, layer: Layer, inputs: tuple[Flow, ...]) -> tuple[str, str] | None:
    """Return what a layer takes for its channels and how to take the last axis, where that is probably meant.

    So it is where a layer takes axis 1 by the default of its framework, of what came from a layer whose features
    are at the last axis.
    """
    where = layer.layout
    if where not in _LAST or where in stated.model_fields_set or layer.channel_axis != 1 or not inputs:
        return None
    source = _with_features_last(inputs[0])
    if source is None:
        return None
    takes = f"{type(layer).__name__} takes axis 1 for its channels, as PyTorch does"
    return f"{takes}, and '{source.label}' has its features in the last axis", f"{_LAST[where]} takes the last"


def _with_features_last(flow: Flow) -> Leaf | None:
    """Return the layer from which an input with several axes has its features at the last; None where none says so."""
    leaf = flow.leaf
    while leaf is not None and len(leaf.output) > 1:
        layer = leaf.layer
        if layer.layout == "channels_last":
            return leaf
        if layer.layout in _LAST:
            return leaf if layer.channel_axis in (-1, len(leaf.output)) else None
        if layer.moves_axes or not leaf.inputs or not algebra.same_shapes(leaf.output, leaf.inputs[0].shape):
            return None
        leaf = leaf.inputs[0].leaf
    return None


def on_outputs(root: Branch, outputs: tuple[Flow, ...]) -> Iterator[str]:
    """Remark on layers whose output nobody takes, and the network does not give either."""
    there = [leaf for leaf, _ in leaves(root)]
    given = [*outputs, *(flow for leaf in there for flow in leaf.inputs)]
    taken = {id(flow.leaf.standing) for flow in given if flow.leaf is not None}
    for leaf in there:
        # what a source gives, and what is merely listed, goes nowhere by itself
        if any(flow.leaf is not None for flow in leaf.inputs) and id(leaf) not in taken:
            yield f"{leaf.name}: no layer takes its output, and it is no output of the network"
