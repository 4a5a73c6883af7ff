"""The modules of a module in the order in which they are registered."""

from __future__ import annotations

from typing import Any

from paramcalc.core.registry import kind
from paramcalc.frameworks.torch.read.layout import Layout
from paramcalc.frameworks.torch.read.modules import Known
from paramcalc.frameworks.torch.read.places import Group, Item, Place, is_below, places
from paramcalc.frameworks.torch.read.tensors import own_tensors
from paramcalc.frameworks.torch.read.values import Value
from paramcalc.layers.base.declaration import default_name


class Registration:
    """Puts modules that no call has put anywhere where they are registered."""

    def __init__(self, layout: Layout, repeats: bool) -> None:
        self.layout = layout
        self.kinds = layout.kinds
        #: whether a module that is registered under two names is written twice
        self.repeats = repeats

    def complete(self, module: Any, path: str, group: Group) -> None:
        """Put what stands nowhere yet at the beginning of its group."""
        there = group.items
        group.items = []
        self.register(module, path, group, None)
        for item in group.items:
            if isinstance(item, Place) and item.modules == [module] and not item.sources:
                there = _threaded(item, there)
        group.items = [item for item in group.items if item not in there] + there

    def register(self, module: Any, path: str, group: Group, before: Value | None) -> Value | None:
        """Put a module, and all in it, at the end of a group; return what flows out of it, as far as that is known.

        What stands somewhere already is left there.
        """
        layer = self.kinds.of(module)
        if layer is not None:
            return self._layer(module, layer, path, group, before)
        is_of_group = group is self.layout.groups.get(path)
        name = "own" if is_of_group else path.rpartition(".")[2] or "own"
        before = self.layout.own(module, name, group, before)
        if id(module) in self.kinds.loose:
            return before
        for label, child in module._modules.items():
            if child is not None:
                before = self._child(child, label, f"{path}.{label}" if path else label, group, before)
        return before

    def _layer(self, module: Any, layer: Known, path: str, group: Group, before: Value | None) -> Value | None:
        """Put a module that is a layer at the end of a group."""
        if id(module) in self.layout.items or not (layer.tensors or before):
            return before
        if self.layout.completing:
            gaps = self.layout.gaps
            (gaps.read if path in self.layout.read else gaps.uncalled).append(path)
        name = path.rpartition(".")[2] or default_name(type(layer.layer).__name__)
        return self.layout.place(module, layer, name, group, [before] if before else [])

    def _child(self, module: Any, label: str, path: str, group: Group, before: Value | None) -> Value | None:
        """Put a module that another holds, in a group of its own where it holds others with tensors."""
        if id(module) in self.layout.items:
            if self.repeats and own_tensors(module):
                self._again(module, label, group)
            return before
        if self.kinds.of(module) is not None or not any(map(own_tensors, module.children())):
            return self.register(module, path, group, before)
        if path in self.layout.groups:
            self.complete(module, path, self.layout.groups[path])
            return before
        within = Group(group.names.new(label), group)
        self.layout.groups[path] = within
        before = self.register(module, path, within, before)
        if within.items:
            group.items.append(within)
            self.layout.items[id(module)] = within
        return before

    def _again(self, module: Any, label: str, group: Group) -> None:
        """Put a module that is registered under another name already."""
        layer = self.kinds.of(module)
        if layer is not None:
            self.layout.place(module, layer, label, group, [])
        else:
            group.new_place(label, share=self.layout.items[id(module)])


def _threaded(weights: Place, items: list[Item]) -> list[Item]:
    """Items with Weights in front of what is first in them: its input passes through the Weights."""
    for number, item in enumerate(items):
        first = next((place for place in (places(item) if isinstance(item, Group) else [item]) if place.sources), None)
        if first is None:
            continue
        source = first.sources[0]
        if not isinstance(item, Group) or not is_below(source[0], item):
            weights.sources = [source]
            stated = weights.layer.stated() if weights.layer is not None else {}
            weights.layer = kind("Weights")(**{name: value for name, value in stated.items() if name != "output"})
            first.sources = [(weights, 0) if each == source else each for each in first.sources]
            return [*items[:number], weights, *items[number:]]
        break
    return items
