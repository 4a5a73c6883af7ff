"""The calls of a module as torch.fx has them, as places in groups."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from inspect import signature
from typing import Any

from paramcalc.core.algebra import Shape, Unknown
from paramcalc.core.errors import refuse
from paramcalc.frameworks.torch.read.functions import (
    Found,
    FunctionCall,
    agree,
    layer_of,
    moved_by,
    split_of,
    stacked_by,
    unstacked,
)
from paramcalc.frameworks.torch.read.layout import Layout
from paramcalc.frameworks.torch.read.misfits import misfit
from paramcalc.frameworks.torch.read.module_lists import grouped
from paramcalc.frameworks.torch.read.modules import Known, outputs_of
from paramcalc.frameworks.torch.read.places import Group, Place, Source, is_below, matching
from paramcalc.frameworks.torch.read.registration import Registration
from paramcalc.frameworks.torch.read.tensors import own_tensors
from paramcalc.frameworks.torch.read.tracing import MADE, Trace, Visit, nodes_of
from paramcalc.frameworks.torch.read.values import Value, forward_of, is_of_torch, nodes_in, run, same_shapes
from paramcalc.layers.base.declaration import Layer, default_name


class Calls:
    """Follows the calls of a module's forward run."""

    def __init__(self, layout: Layout, inputs: Sequence[tuple[Shape, str]], further_axes: int) -> None:
        self.layout = layout
        self.kinds = layout.kinds
        self.module = layout.module
        self.registration = Registration(layout, repeats=False)
        #: the inputs that are still to come
        self.inputs = iter(inputs)
        #: whether shapes are stated, and not assumed
        self.are_stated = bool(inputs)
        #: how many open axes an input has beyond the fewest that its first layer takes
        self.further_axes = further_axes
        #: the group of the first call of each module that is looked into
        self.visited: dict[int, Group] = {}
        #: what each node of torch.fx gives
        self.values: dict[Any, Value] = {}

    def follow(self, found: Trace) -> list[Source]:
        """Follow the calls as torch.fx has them; return what the module gives."""
        self.visit(found.root, self.layout.root)
        if next(self.inputs, None) is not None:
            raise refuse("invalid-value", "more inputs are given than the module takes")
        outputs = {node: self.values[node] for node in nodes_in(found.output)}
        self.layout.gaps.unfinished = any(
            value.flow is None and value.is_tensor and self.is_left_out(node) for node, value in outputs.items()
        )
        return [value.flow for value in outputs.values() if value.flow is not None]

    def is_left_out(self, node: Any) -> bool:
        """Whether no node of the spec stands for what a node of torch.fx does."""
        is_function = node.op in ("call_function", "call_method")
        return is_function or (node.op == "call_module" and not own_tensors(self.root_module(node)))

    def visit(self, visit: Visit, group: Group) -> None:
        """Put what is called in a module in its group."""
        for item, label, within in grouped(visit, group):
            if isinstance(item, Visit):
                inner = within.new_group(label)
                self.layout.groups.setdefault(item.path, inner)
                self.visit(item, inner)
                if not inner.items:
                    self.layout.remove(item.path, inner, within)
                else:
                    self.share(item, inner)
            else:
                self.values[item] = value = self.value(item, label, within)
                value.is_lost = value.flow is None and value.has_tensors and self.is_of_flow(item)

    def is_of_flow(self, node: Any) -> bool:
        """Whether what a node gives is made of what flows, and not of its shape alone."""
        return any(
            each.op == "placeholder" or self.values[each].flow or self.values[each].is_lost
            for each in nodes_in([node.args, node.kwargs])
            if self.values[each].has_tensors
        )

    def share(self, visit: Visit, group: Group) -> None:
        """Write a group in which the same is called as in an earlier one as another call of that one."""
        first = self.visited.setdefault(id(visit.module), group)
        if first is group or group.group is None:
            return
        taken = matching(first, group)
        within = {id(node) for node in nodes_of(visit)}
        given = [
            value
            for node in nodes_of(visit)
            if (value := self.values[node]).flow
            and any(id(user) not in within for user in node.users)
            and is_below(value.flow[0], group)
        ]
        if taken is None or any(value.flow and value.flow[0] is not group.items[-1] for value in given):
            return
        group.group.items.remove(group)
        place = Place(group.name, group.group, share=first, sources=taken)
        group.group.items.append(place)
        for value in given:
            if value.flow is not None:
                value.flow = (place, value.flow[1])

    def value(self, node: Any, label: str, group: Group) -> Value:
        """Return what a node of torch.fx gives; where it is a layer, put its place at the end of a group."""
        if node.op == "placeholder":
            return self.placeholder(node)
        if node.op == "get_attr":
            return self.attribute(node)
        if node.op == "call_module":
            return self.called(node, label, group)
        return self.function(node, group)

    def placeholder(self, node: Any) -> Value:
        """Start with an input of the whole: of the shape that is given, or that its first layer takes."""
        shape, dtype = next(self.inputs, (None, "float32"))
        if shape is None:
            layers = (self.kinds.of(self.root_module(each)) for each in _takers(node))
            layer = next((layer for layer in layers if layer is not None and layer.tensors), None)
            shape = self.first_shape(layer) if layer is not None else None
        return Value() if shape is None else self.layout.start(node.name, shape, self.layout.root, dtype)

    def first_shape(self, layer: Known) -> Shape:
        """Return the shape of an input that a layer takes."""
        shape: Shape = (*(Unknown() for _ in range(self.further_axes)), *layer.inputs[0])
        return shape if layer.outputs([shape, *layer.inputs[1:]]) is not None else layer.inputs[0]

    def attribute(self, node: Any) -> Value:
        """Return a tensor of a module, by itself."""
        import torch

        found = node.meta.get(MADE, self.module)
        for name in () if MADE in node.meta else str(node.target).split("."):
            found = getattr(found, name)
        if not isinstance(found, torch.Tensor):
            return Value()
        empty = torch.empty(found.shape, dtype=found.dtype, device="meta")
        if MADE in node.meta:
            return Value(running=lambda: (empty, empty))
        self.layout.read.add(str(node.target).rpartition(".")[0])
        return Value(running=lambda: (empty, empty), tensor=str(node.target))

    def root_module(self, node: Any) -> Any:
        """Return the module that a node of torch.fx calls."""
        return self.module.get_submodule(node.target)

    def called(self, node: Any, label: str, group: Group) -> Value:
        """Put a module that is called at the end of a group; return what it gives."""
        module = self.root_module(node)
        layer = self.kinds.of(module)
        result = self.result(node, forward_of(module)) if is_of_torch(module) else Value()
        if layer is not None:
            given = self.given(node, module, layer.layer)
            if self.are_stated and self.layout.fitting(layer, given) is None:
                self.check_shapes(node, module, layer, given)
            value = self.layout.place(module, layer, label, group, given)
            return replace(value, whole=True) if value.flow else result
        given = [self.values[each] for each in nodes_in([node.args, node.kwargs])]
        if not own_tensors(module):
            return self.passed(node.target, given[:1], result)
        if id(module) in self.layout.items:
            return Value((group.new_place(label, share=self.layout.items[id(module)]), 0))
        before = given[0] if given and given[0].flow else None
        if id(module) not in self.kinds.loose and any(map(own_tensors, module.children())):
            within = group.new_group(label)
            self.layout.groups.setdefault(node.target, within)
            self.registration.register(module, node.target, within, before)
            self.layout.gaps.untraced.append(node.target)
            self.layout.items[id(module)] = within
        else:
            self.layout.own(module, label, group, before)
            self.layout.items[id(module)] = group.items[-1]
        return result

    def check_shapes(self, node: Any, module: Any, layer: Known, given: Sequence[Value]) -> None:
        """Refuse shapes that PyTorch itself refuses: `shape-mismatch`."""
        shapes = [shape for value in given if (shape := value.stated_shape()) is not None]
        every = [self.values[each] for each in nodes_in([node.args, node.kwargs])]
        if not shapes or len(shapes) < len(given) or any(value.runs is None for value in every):
            return
        if run(node, self.values, forward_of(module, layer.dtype)) is None:
            raise misfit(layer, node.target, shapes)

    def given(self, node: Any, module: Any, layer: Layer) -> list[Value]:
        """Return what a module is called with, in the order in which its layer type takes it."""
        import torch

        try:
            bound = signature(module.forward).bind(*node.args, **node.kwargs).arguments
        except TypeError:
            bound = {}
        own = [*signature(type(layer).output_shape).parameters][1:]
        named = [bound[name] for name in own if isinstance(bound.get(name), torch.fx.Node)]
        each_given = [*node.args, *node.kwargs.values()]
        found = named if len(named) > 1 else [each for each in each_given if isinstance(each, torch.fx.Node)]
        return [self.values[each] for each in found[: None if layer.variadic else len(layer.inputs)]]

    # --- functions between modules

    def function(self, node: Any, group: Group) -> Value:
        """Return what a function gives: a layer where a layer type says it, else its shape, where that is known."""
        given = [self.values[each] for each in nodes_in([node.args, node.kwargs])]
        call = self.call(node, given)
        if call.name == "getitem" and given[0].whole and type(node.args[1]) is int:
            return self.item(given[0], node.args[1])
        call.result.split, call.result.moved, call.result.stacked = split_of(call), moved_by(call), stacked_by(call)
        if (taken := unstacked(call)) is not None:
            return Value(taken.flow, taken.shape, taken.running)
        if not any(value.flow for value in (*call.tensors, *call.stacked)):
            own = {value.tensor or value.origin for value in given} - {None}
            if len(own) == 1 and not call.tensors:
                call.result.origin = own.pop()
            return call.result
        found = layer_of(call)
        if found is not None:
            value = self.layer(found, group, call.result)
            if value is not None:
                return value
        acting = [value for value in given if value.tensor or value.origin]
        return self.passed(call.name, call.tensors, call.result, acting, group)

    def call(self, node: Any, given: Sequence[Value]) -> FunctionCall:
        """Return a call with what is known of its arguments."""
        from torch.fx import map_arg

        name = node.target if isinstance(node.target, str) else getattr(node.target, "__name__", "")
        args, kwargs = map_arg((node.args, node.kwargs), lambda each: _plain(self.values[each]))
        values = [_whole(value) for value in given]
        tensors = [value for value in values if value.tensor is None and value.stated_shape() is not None]
        return FunctionCall(name.strip("_"), args, kwargs, tensors, self.result(node))

    def result(self, node: Any, function: Callable[..., Any] | None = None) -> Value:
        """Return what a function gives, by its shapes alone."""
        return Value(running=lambda: run(node, self.values, function))

    def layer(self, found: Found, group: Group, result: Value) -> Value | None:
        """Put a layer without tensors on what it is given; None where that does not fit, or has another result."""
        given = found.tensors
        shapes = [shape for value in given if (shape := value.stated_shape()) is not None]
        outputs = outputs_of(found.layer, shapes) if len(shapes) == len(given) else None
        given_behind = [outputs]
        for layer in found.behind:
            given_behind.append(outputs_of(layer, given_behind[-1][:1]) if given_behind[-1] else None)
        last = given_behind[-1]
        if outputs is None or last is None:
            return None
        if last[0] != shapes[0] and result.runs is not None and not agree(last[0], result.open_shape()):
            return None
        name = default_name(type(found.layer).__name__)
        self.layout.gaps.keeps_more |= not found.keeps_same
        sources = [self.layout.source(*each, name, group) for each in zip(given, shapes, strict=True)]
        place = group.new_place(name, layer=found.layer, sources=sources, outputs=outputs)
        for layer, gives in zip(found.behind, given_behind[1:], strict=True):
            name = default_name(type(layer).__name__)
            place = group.new_place(name, layer=layer, sources=[(place, 0)], outputs=gives or ((),))
        return self.layout.flowing(place, last[0])

    def passed(
        self, name: str, tensors: Sequence[Value], result: Value, own: Sequence[Value] = (), group: Group | None = None
    ) -> Value:
        """Return the value itself, where its shape stays; then the tensors of a module that act on it stand there.

        `name` is that of the function, or the path of the module, that is left out.
        """
        if len(tensors) != 1 or tensors[0].flow is None:
            return result
        (value,) = tensors
        if result.runs is None or value.runs is None or not same_shapes(result.runs, value.runs):
            return result
        self.layout.gaps.left_out.add(name)
        if group is not None:
            for each in own:
                module, path = self.layout.owner(each)
                if self.layout.is_free_in(module, path, group):
                    value = self.layout.own(module, self.layout.name_in(path, group), group, value) or value
        return Value(value.flow, value.shape, value.running)

    def item(self, value: Value, index: Any) -> Value:
        """One of the outputs of a module."""
        if index == 0:
            return Value(value.flow, value.shape, value.running)
        place = value.flow[0] if value.flow else None
        outputs = place.outputs if isinstance(place, Place) else ()
        if place is None or type(index) is not int or not 0 < index < len(outputs):
            return Value()
        return self.layout.flowing(place, outputs[index], index)


def _whole(value: Value) -> Value:
    """Return what a value is parts of, or is in another order; else itself."""
    if value.flow is None and value.split is not None:
        return value.split.value
    return value.moved[0] if value.flow is None and value.moved is not None else value


def _plain(value: Value) -> Any:
    """Return a value as an argument: a number, or several, where both runs have the same."""
    if value.flow is None and value.runs is not None:
        first, second = value.runs
        numbers = first if isinstance(first, tuple) else (first,)
        if all(isinstance(each, (bool, int, float, str)) for each in numbers) and first == second:
            return first
    return value


def _takers(node: Any) -> Iterator[Any]:
    """Yield the calls of modules that a value reaches through functions alone, the nearest first."""
    waiting, seen = [node], {node}
    for each in waiting:
        for user in each.users:
            if user.op == "call_module":
                yield user
            elif user not in seen:
                seen.add(user)
                waiting.append(user)
