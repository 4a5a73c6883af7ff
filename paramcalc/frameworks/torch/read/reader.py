"""The nodes of a module: its layers in groups named as its modules, connected as it calls them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from inspect import signature
from typing import Any

from paramcalc.core.algebra import Shape, Unknown, product
from paramcalc.core.registry import kind
from paramcalc.frameworks.names import Names
from paramcalc.frameworks.torch.read.functions import Call, Found, agree, layer_of, moved_by, parts_of
from paramcalc.frameworks.torch.read.kinds import Kinds, is_of_torch
from paramcalc.frameworks.torch.read.modules import Known, Own, described, outputs_of, own_tensors
from paramcalc.frameworks.torch.read.places import (
    Group,
    Item,
    NodeWriter,
    Place,
    Source,
    is_below,
    matching,
    places,
    prune,
)
from paramcalc.frameworks.torch.read.tracing import Trace, Visit, nodes_of, required_arguments
from paramcalc.frameworks.torch.read.values import Value, forward_of, nodes_in, run, runs_of, same_shapes
from paramcalc.layers.base.declaration import Layer, default_name
from paramcalc.spec import Node


class Loose(Exception):
    """Modules that must be written as Weights: their kinds lay out a tied tensor in ways that no tie can say."""

    def __init__(self, modules: frozenset[int]) -> None:
        self.modules = modules


class Reader:
    """Reads a module: its calls as they were traced, else its modules as they are registered."""

    def __init__(
        self,
        module: Any,
        inputs: Sequence[tuple[Shape, str]],
        kinds: Kinds,
        found: Trace | None,
        lengths: tuple[int, int],
        further_axes: int,
    ) -> None:
        self.module = module
        self.inputs = inputs
        self.kinds = kinds
        self.found = found
        #: what stands for an open length in each run over shapes
        self.lengths = lengths
        #: how many open axes an input has beyond the fewest that its first layer takes
        self.further_axes = further_axes
        self.root = Group("", None)
        #: what stands for each module, by its id
        self.items: dict[int, Item] = {}
        #: the groups of the modules that are looked into, by their path
        self.groups: dict[str, Group] = {"": self.root}
        #: the group of the first call of each module that is looked into
        self.visited: dict[int, Group] = {}
        #: the tensors of modules that stand somewhere, each by its module and its name there
        self.weighed: set[tuple[int, str]] = set()
        #: what each node of torch.fx gives
        self.values: dict[Any, Value] = {}
        #: whether nothing has an Input yet
        self.unstarted = True
        #: the layers that a connection to is missing
        self.parted: list[str] = []
        #: how many of them do not even have the shape of what they take
        self.unknown = 0
        #: whether all calls have been followed
        self.completing = False
        #: modules that torch.fx could not follow, and those that are never called
        self.untraced: list[str] = []
        self.uncalled: list[str] = []

    def nodes(self) -> tuple[tuple[Node, ...], tuple[str, ...] | None]:
        """The nodes, and the outputs where these are not simply the last node. Raises `Loose`."""
        outputs = self.follow(self.found) if self.found is not None else []
        self.completing = self.found is not None
        self.complete(self.module, "", self.root)
        prune(self.root, outputs)
        self.tie()
        writer = NodeWriter(self.root)
        nodes = writer.nodes()
        names = tuple(dict.fromkeys(writer.reference(source, self.root) for source in outputs))
        return nodes, names if names and names != (nodes[-1].name,) else None

    # --- modules

    def complete(self, module: Any, path: str, group: Group) -> None:
        """Put what no call has put anywhere at the beginning of its group, as it is registered."""
        there = group.items
        group.items = []
        self.register(module, path, group, None)
        for item in group.items:
            if isinstance(item, Place) and item.modules == [module] and not item.sources:
                there = _threaded(item, there)
        group.items = [item for item in group.items if item not in there] + there

    def register(self, module: Any, path: str, group: Group, before: Value | None) -> Value | None:
        """A module and all in it in the order of registration; what flows out of it, as far as that is known.

        What stands somewhere already is left there.
        """
        layer = self.kinds.of(module)
        name = path.rpartition(".")[2] or (default_name(type(layer.layer).__name__) if layer else "own")
        if layer is not None:
            if id(module) in self.items or not (layer.tensors or before):
                return before
            if self.completing:
                self.uncalled.append(path)
            return self.place(module, layer, name, group, [before] if before else [])
        before = self.own(module, "own" if group is self.groups.get(path) else name, group, before)
        if id(module) in self.kinds.loose:
            return before
        for label, child in module._modules.items():
            inner = f"{path}.{label}" if path else label
            if child is None:
                continue
            if id(child) in self.items:
                if self.found is None and own_tensors(child):
                    self.again(child, label, group)
                continue
            if self.kinds.of(child) is not None or not any(map(own_tensors, child.children())):
                before = self.register(child, inner, group, before)
            elif inner in self.groups:
                self.complete(child, inner, self.groups[inner])
            else:
                within = Group(group.names.new(label), group)
                self.groups[inner] = within
                before = self.register(child, inner, within, before)
                if within.items:
                    group.items.append(within)
                    self.items[id(child)] = within
        return before

    def again(self, module: Any, name: str, group: Group) -> None:
        """A module that is registered under another name already."""
        layer = self.kinds.of(module)
        if layer is not None:
            self.place(module, layer, name, group, [])
        else:
            group.new_place(name, share=self.items[id(module)])

    def place(self, module: Any, layer: Known, name: str, group: Group, given: Sequence[Value]) -> Value:
        """A layer at the end of a group, on what it is given, or on Inputs of its own."""
        sources, shapes = self.taken(layer, given, name, group)
        if sources is None and not layer.tensors:
            return Value()
        if sources is None:
            shapes = layer.inputs
            starts = self.starts(name, shapes, group)
            sources = [start.flow for start in starts if start.flow]
            for value, start in zip(given, starts, strict=False):
                if value.flow is None:
                    value.flow, value.shape = start.flow, start.shape
        if name.isdecimal() and not layer.tensors:
            name = default_name(type(layer.layer).__name__)
        place = group.new_place(name, sources=sources, outputs=layer.outputs(shapes) or ((),))
        if id(module) in self.items and layer.tensors:
            place.share = self.items[id(module)]
        else:
            place.layer, place.dtype = layer.layer, None if layer.dtype == "float32" else layer.dtype
            place.trainable = None if layer.trainable else False
            place.tensors = [(tensor, layer.members[each]) for each, tensor in own_tensors(module).items()]
            place.modules = [module]
            self.items[id(module)] = place
        return self.flowing(place, place.outputs[0])

    def starts(self, name: str, shapes: Sequence[Shape], group: Group) -> list[Value]:
        """Inputs for a layer at the end of a group; those of the whole, if it is the first."""
        names = [f"{name}_input"] * len(shapes)
        if self.found is None and self.unstarted:
            group, names = self.root, [*required_arguments(self.module), *names][: len(shapes)]
        return [self.start(*each, group) for each in zip(names, shapes, strict=True)]

    def start(self, name: str, shape: Shape, group: Group, dtype: str = "float32") -> Value:
        """An Input at the end of a group."""
        self.unstarted = False
        fields = {} if dtype == "float32" else {"dtype": dtype}
        open_shape = tuple(None if isinstance(size, Unknown) else size for size in shape)
        return self.flowing(group.new_place(name, layer=kind("Input")(shape=open_shape, **fields)), shape)

    def taken(
        self, layer: Known, given: Sequence[Value], name: str, group: Group
    ) -> tuple[list[Source] | None, Sequence[Shape]]:
        """What a layer takes of what it is given; None where nothing of it fits."""
        once = [value for place, value in enumerate(given) if value not in given[:place]]
        for values in (once, given, given[:1]):
            for batch in (True, False):
                stated = [shape for value in values if (shape := value.stated_shape(batch)) is not None]
                if values and len(stated) == len(values) and layer.outputs(stated) is not None:
                    return [self.source(*each, name, group) for each in zip(values, stated, strict=True)], stated
        if given and not self.completing:
            self.parted.append(name)
            self.unknown += 1
        return None, ()

    def source(self, value: Value, shape: Shape, name: str, group: Group) -> Source:
        """The place that a value comes from: a tensor of a module, or an Input of its own where no place gives it."""
        if value.flow is None:
            found = self.standing(value, shape, group)
            if found is None:
                self.parted.append(name)
                found = self.start(f"{name}_input", shape, group)
            value.flow, value.shape = found.flow, found.shape
        assert value.flow is not None
        return value.flow

    def standing(self, value: Value, shape: Shape, group: Group) -> Value | None:
        """A value that is made of a single tensor of a module, as that tensor, in the shape that it has."""
        if value.origin is None or any(isinstance(size, Unknown) for size in shape):
            return None
        module, path = self.owner(value)
        name = value.origin.rpartition(".")[2]
        own = described(getattr(module, name), value.origin)
        if not self.is_free_in(module, path, group) or (id(module), name) in self.weighed:
            return None
        if product(own.shape) != product(shape):
            return None
        found = self.own(module, self.name_in(path, group), group, None, only=name)
        assert found is not None
        if own.shape == shape:
            return found
        layer = kind("Reshape")(target_shape=shape)
        return self.flowing(group.new_place("reshape", layer=layer, sources=[found.flow], outputs=(shape,)), shape)

    def flowing(self, item: Item, shape: Shape, output: int = 0) -> Value:
        """What an output of a place is."""
        return Value((item, output), shape, lambda: runs_of(shape, self.lengths))

    # --- tensors that no kind declares

    def own(self, module: Any, name: str, group: Group, before: Value | None, only: str | None = None) -> Value | None:
        """The tensors that a module itself has, or one of them, as Weights; what flowed before them flows on."""
        tensors = {
            each: tensor
            for each, tensor in own_tensors(module, recurse=id(module) in self.kinds.loose).items()
            if (id(module), each) not in self.weighed and only in (None, each)
        }
        self.weighed |= {(id(module), each) for each in tensors}
        sorts: dict[Any, dict[str, Own]] = {}
        for each, tensor in tensors.items():
            own = described(tensor, each)
            sorts.setdefault((own.dtype, own.trainable or own.role == "state"), {})[each] = own
        if len(sorts) > 1 and name != "own":
            group, name = group.new_group(name), "own"
        for (dtype, trainable), found in sorts.items():
            names = _tensor_names(found)
            shapes = {
                field: {names[each]: own.shape for each, own in found.items() if own.role == role}
                for field, role in (("tensors", "parameter"), ("states", "state"))
            }
            flow = before.flow if before is not None else None
            output = {} if flow else {"output": next(iter(names.values()))}
            layer = kind("Weights")(**{field: value for field, value in shapes.items() if value}, **output)
            place = group.new_place(name, layer=layer, sources=[flow] if flow else [])
            place.trainable, place.dtype = None if trainable else False, None if dtype == "float32" else dtype
            place.tensors = [(tensors[each], {names[each]: own.shape}) for each, own in found.items()]
            place.modules = [module]
            if before is not None and flow:
                before = Value((place, 0), before.shape, before.running)
            elif only is not None:
                before = self.flowing(place, found[only].shape)
        return before

    def tie(self) -> None:
        """Say of each tensor that stands earlier already where that is. Raises `Loose`."""
        owners: dict[int, tuple[Place, Mapping[str, Shape]]] = {}
        for place in places(self.root):
            for tensor, own in place.tensors:
                owner, others = owners.setdefault(id(tensor), (place, own))
                if owner is place and own is others:
                    continue
                if owner is place or not _tieable([*own.values()], [*others.values()]):
                    raise Loose(frozenset(id(module) for module in (*place.modules, *owner.modules)))
                place.ties += [(mine, owner, theirs) for mine, theirs in zip(own, others, strict=True)]

    # --- calls

    def follow(self, found: Trace) -> list[Source]:
        """The calls as torch.fx has them; what the module gives."""
        self.placeholders = iter(self.inputs)
        self.visit(found.root, self.root)
        return [value.flow for node in nodes_in(found.output) if (value := self.values[node]).flow is not None]

    def visit(self, visit: Visit, group: Group) -> None:
        """What is called in a module, in its group."""
        for item, label, within in _grouped(visit, group):
            if isinstance(item, Visit):
                inner = within.new_group(label)
                self.groups.setdefault(item.path, inner)
                self.visit(item, inner)
                if not inner.items:
                    within.remove(inner)
                else:
                    self.share(item, inner)
            else:
                self.values[item] = self.value(item, label, within)

    def share(self, visit: Visit, group: Group) -> None:
        """A group in which the same is called as in an earlier one, as another call of that one."""
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
        """What a node of torch.fx gives; where it is a layer, its place is put at the end of a group."""
        if node.op == "placeholder":
            return self.placeholder(node)
        if node.op == "get_attr":
            return self.attribute(node)
        if node.op == "call_module":
            return self.called(node, label, group)
        return self.function(node, group)

    def placeholder(self, node: Any) -> Value:
        """An input of the whole: of the shape that is given, or that its first layer takes."""
        shape, dtype = next(self.placeholders, (None, "float32"))
        if shape is None:
            layers = (self.kinds.of(self.root_module(each)) for each in _takers(node))
            layer = next((layer for layer in layers if layer is not None and layer.tensors), None)
            shape = self.first_shape(layer) if layer is not None else None
        return Value() if shape is None else self.start(node.name, shape, self.root, dtype)

    def first_shape(self, layer: Known) -> Shape:
        """The shape of an input that a layer takes."""
        shape: Shape = (*(Unknown() for _ in range(self.further_axes)), *layer.inputs[0])
        return shape if layer.outputs([shape, *layer.inputs[1:]]) is not None else layer.inputs[0]

    def attribute(self, node: Any) -> Value:
        """A tensor of a module, by itself."""
        import torch

        found = self.module
        for name in str(node.target).split("."):
            found = getattr(found, name)
        if not isinstance(found, torch.Tensor):
            return Value()
        empty = torch.empty(found.shape, dtype=found.dtype, device="meta")
        return Value(running=lambda: (empty, empty), tensor=str(node.target))

    def root_module(self, node: Any) -> Any:
        """The module that a node of torch.fx calls."""
        return self.module.get_submodule(node.target)

    def called(self, node: Any, label: str, group: Group) -> Value:
        """A module that is called."""
        module = self.root_module(node)
        layer = self.kinds.of(module)
        result = self.result(node, forward_of(module)) if is_of_torch(module) else Value()
        if layer is not None:
            value = self.place(module, layer, label, group, self.given(node, module, layer.layer))
            return replace(value, whole=True) if value.flow else result
        given = [self.values[each] for each in nodes_in([node.args, node.kwargs])]
        if not own_tensors(module):
            return self.passed(given[:1], result)
        if id(module) in self.items:
            return Value((group.new_place(label, share=self.items[id(module)]), 0))
        before = given[0] if given and given[0].flow else None
        if id(module) not in self.kinds.loose and any(map(own_tensors, module.children())):
            within = group.new_group(label)
            self.groups.setdefault(node.target, within)
            self.register(module, node.target, within, before)
            self.untraced.append(node.target)
            self.items[id(module)] = within
        else:
            self.own(module, label, group, before)
            self.items[id(module)] = group.items[-1]
        return result

    def given(self, node: Any, module: Any, layer: Layer) -> list[Value]:
        """What a module is called with, in the order in which its kind takes it."""
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
        """What a function gives: a layer where a kind says it, else its shape, where that is known."""
        given = [self.values[each] for each in nodes_in([node.args, node.kwargs])]
        call = self.call(node, given)
        if call.name == "getitem" and given[0].whole and type(node.args[1]) is int:
            return self.item(given[0], node.args[1])
        call.result.parts, call.result.moved = parts_of(call), moved_by(call)
        if not any(value.flow for value in call.tensors):
            own = {value.tensor or value.origin for value in given} - {None}
            if len(own) == 1 and not call.tensors:
                call.result.origin = own.pop()
            return call.result
        found = layer_of(call)
        if found is not None:
            value = self.layer(found, group, call.result)
            if value is not None:
                return value
        return self.passed(call.tensors, call.result, [value for value in given if value.tensor or value.origin], group)

    def call(self, node: Any, given: Sequence[Value]) -> Call:
        """A call with what is known of its arguments."""
        from torch.fx import map_arg

        name = node.target if isinstance(node.target, str) else getattr(node.target, "__name__", "")
        args, kwargs = map_arg((node.args, node.kwargs), lambda each: _plain(self.values[each]))
        values = [_whole(value) for value in given]
        tensors = [value for value in values if value.tensor is None and value.stated_shape() is not None]
        return Call(name.strip("_"), args, kwargs, tensors, self.result(node))

    def result(self, node: Any, function: Callable[..., Any] | None = None) -> Value:
        """What a function gives, by its shapes alone."""
        return Value(running=lambda: run(node, self.values, function))

    def layer(self, found: Found, group: Group, result: Value) -> Value | None:
        """A layer without tensors on what it is given; None where that does not fit, or has another result."""
        given = found.tensors
        shapes = [shape for value in given if (shape := value.stated_shape()) is not None]
        outputs = outputs_of(found.layer, shapes) if len(shapes) == len(given) else None
        last = outputs_of(found.behind, outputs[:1]) if outputs and found.behind else outputs
        if outputs is None or last is None:
            return None
        if last[0] != shapes[0] and result.runs is not None and not agree(last[0], result.open_shape()):
            return None
        name = default_name(type(found.layer).__name__)
        sources = [self.source(*each, name, group) for each in zip(given, shapes, strict=True)]
        place = group.new_place(name, layer=found.layer, sources=sources, outputs=outputs)
        if found.behind is not None:
            name = default_name(type(found.behind).__name__)
            place = group.new_place(name, layer=found.behind, sources=[(place, 0)], outputs=last)
        return self.flowing(place, last[0])

    def passed(
        self, tensors: Sequence[Value], result: Value, own: Sequence[Value] = (), group: Group | None = None
    ) -> Value:
        """The value itself, where its shape stays; then the tensors of a module that act on it stand there."""
        if len(tensors) != 1 or tensors[0].flow is None:
            return result
        (value,) = tensors
        if result.runs is None or value.runs is None or not same_shapes(result.runs, value.runs):
            return result
        if group is not None:
            for each in own:
                module, path = self.owner(each)
                if self.is_free_in(module, path, group):
                    value = self.own(module, self.name_in(path, group), group, value) or value
        return Value(value.flow, value.shape, value.running)

    def owner(self, value: Value) -> tuple[Any, str]:
        """The module whose tensor a value is, or is made of, and its path."""
        path = str(value.tensor or value.origin).rpartition(".")[0]
        return self.module.get_submodule(path), path

    def is_free_in(self, module: Any, path: str, group: Group) -> bool:
        """Whether a module's own tensors may stand in a group, by themselves."""
        return self.kinds.of(module) is None and self.groups.get(path, group) is group

    def name_in(self, path: str, group: Group) -> str:
        """The name of a module's own tensors in a group."""
        if self.groups.get(path) is group:
            return "own"
        around = next((f"{each}." for each in self.groups if self.groups[each] is group and each), "")
        return path.removeprefix(around).replace(".", "_")

    def item(self, value: Value, index: Any) -> Value:
        """One of the outputs of a module."""
        if index == 0:
            return Value(value.flow, value.shape, value.running)
        place = value.flow[0] if value.flow else None
        outputs = place.outputs if isinstance(place, Place) else ()
        if place is None or type(index) is not int or not 0 < index < len(outputs):
            return Value()
        return self.flowing(place, outputs[index], index)


def _whole(value: Value) -> Value:
    """What a value is parts of, or is in another order; else itself."""
    if value.flow is None and value.parts is not None:
        return value.parts.value
    return value.moved[0] if value.flow is None and value.moved is not None else value


def _plain(value: Value) -> Any:
    """A value as an argument: a number, or several, where both runs have the same."""
    if value.flow is None and value.runs is not None:
        first, second = value.runs
        numbers = first if isinstance(first, tuple) else (first,)
        if all(isinstance(each, (bool, int, float, str)) for each in numbers) and first == second:
            return first
    return value


def _takers(node: Any) -> Iterator[Any]:
    """The calls of modules that a value reaches through functions alone, the nearest first."""
    waiting, seen = [node], {node}
    for each in waiting:
        for user in each.users:
            if user.op == "call_module":
                yield user
            elif user not in seen:
                seen.add(user)
                waiting.append(user)


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


# --- Names -----------------------------------------------------------------------------


def _tensor_names(tensors: Mapping[str, Own]) -> dict[str, str]:
    """The names of tensors as a spec may write them."""
    names = Names(taken=(), stem="tensor")
    return {each: names.new(each) for each in tensors}


def _grouped(visit: Visit, group: Group) -> Iterator[tuple[Any, str, Group]]:
    """What is called in a module, each with its name and the group that it stands in.

    Modules that follow one another in a list of modules stand in a group of its name.
    """
    prefixes: list[tuple[str, ...]] = []
    for item in visit.content:
        path = item.path if isinstance(item, Visit) else item.target if item.op == "call_module" else None
        rest = str(path).removeprefix(f"{visit.path}.") if visit.path else str(path)
        prefixes.append(tuple(rest.split(".")) if path is not None else ())
    spans = _spans(prefixes)
    open_groups: dict[tuple[str, ...], Group] = {(): group}
    for place, item in enumerate(visit.content):
        around: tuple[str, ...] = ()
        for prefix, (start, stop) in spans.items():
            if start <= place < stop and len(prefix) > len(around):
                around = prefix
        for length in range(1, len(around) + 1):
            prefix = around[:length]
            if prefix not in open_groups:
                open_groups[prefix] = open_groups[prefix[:-1]].new_group(prefix[-1])
        yield item, "_".join(prefixes[place][len(around) :]), open_groups[around]


def _spans(paths: Sequence[tuple[str, ...]]) -> dict[tuple[str, ...], tuple[int, int]]:
    """Where the modules of a list of modules are called, if nothing else is called in between."""
    found: dict[tuple[str, ...], tuple[int, int]] = {}
    for place, path in enumerate(paths):
        for length in range(1, len(path)):
            start, _ = found.get(path[:length], (place, place))
            found[path[:length]] = start, place + 1
    return {
        prefix: span
        for prefix, span in found.items()
        if all(not path or path[: len(prefix)] == prefix for path in paths[slice(*span)])
        and (len(prefix) == 1 or prefix[:-1] in found)
    }


def _tieable(shapes: Sequence[Shape], others: Sequence[Shape]) -> bool:
    """Whether the kinds lay out a tensor so that one is the other, or its transpose."""
    return len(shapes) == len(others) and all(
        one in (other, other[::-1]) for one, other in zip(shapes, others, strict=True)
    )
