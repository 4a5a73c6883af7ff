"""The nodes of a module: its layers in groups named as its modules, connected as it calls them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from inspect import signature
from types import NoneType
from typing import Any

from paramcalc.algebra import Shape, Unknown
from paramcalc.frameworks.torch.modules import Known, Own, described, known, outputs_of, own_tensors, signature_of
from paramcalc.frameworks.torch.places import Group, Item, Place, Source, Writer, legal, places, prune
from paramcalc.frameworks.torch.tracing import Trace, Visit, trace
from paramcalc.layer import Layer, default_name, kind, kind_names
from paramcalc.spec import Node

#: What stands for the batch and for each open length, in two runs over shapes: what comes out the
#: same in both is a number, what does not is open.
_BATCHES, _LENGTHS = (2, 3), (256, 320)


@dataclass(eq=False)
class _Value:
    """What a node of torch.fx gives."""

    #: the place whose output it is, which of its outputs, and its shape without the batch
    flow: Source | None = None
    shape: Shape | None = None
    #: works out what it is in both runs
    running: Callable[[], tuple[Any, Any] | None] | None = None
    #: the path of the tensor of the module that it is
    tensor: str | None = None
    #: whether it is all that a module gives, be it one output or several
    whole: bool = False

    @cached_property
    def runs(self) -> tuple[Any, Any] | None:
        """In both runs: a tensor without data, a number, a list; None where it is not known."""
        return self.running() if self.running is not None else None

    def open_shape(self, batch: bool = True) -> Shape | None:
        """The shape without the batch that both runs agree on; whole, unless it begins with the batch."""
        if self.runs is None or not all(hasattr(run, "shape") for run in self.runs):
            return None
        first, second = (tuple(run.shape) for run in self.runs)
        if len(first) != len(second):
            return None
        if batch:
            if not first or (first[0], second[0]) != _BATCHES:
                return None
            first, second = first[1:], second[1:]
        return tuple(Unknown() if one != other else one for one, other in zip(first, second, strict=True))


class Loose(Exception):
    """Modules that must be written as Weights: their kinds lay out a tied tensor in ways that no tie can say."""

    def __init__(self, modules: frozenset[int]) -> None:
        self.modules = modules


class Reader:
    """Reads a module: its calls if they can be traced, else its modules as they are registered."""

    def __init__(self, module: Any, inputs: Sequence[tuple[Shape, str]], loose: frozenset[int] = frozenset()) -> None:
        self.module = module
        self.inputs = inputs
        #: modules that are read as Weights though they are of a kind
        self.loose = loose
        self.root = Group("", None)
        #: the kind of each module, by its id; None where it is no kind
        self.kinds: dict[int, Known | None] = {}
        #: the same for all that are alike
        self.alike: dict[Hashable, Known | None] = {}
        #: what stands for each module, by its id
        self.items: dict[int, Item] = {}
        #: the groups of the modules that are looked into, by their path
        self.groups: dict[str, Group] = {"": self.root}
        #: modules whose own tensors stand somewhere
        self.weighed: set[int] = set()
        #: what each node of torch.fx gives
        self.values: dict[Any, _Value] = {}
        #: whether torch.fx gave the calls
        self.traced = True
        #: whether a connection is missing
        self.parted = False

    def nodes(self) -> tuple[tuple[Node, ...], tuple[str, ...] | None]:
        """The nodes, and the outputs where these are not simply the last node."""
        outputs: list[Source] = []
        found = None if self.kind_of(self.module) else trace(self.module, self.is_whole)
        if found is not None:
            outputs = self.follow(found)
        else:
            self.traced = self.kind_of(self.module) is not None
        self.complete(self.module, "", self.root)
        prune(self.root, outputs)
        self.tie()
        writer = Writer(self.root)
        nodes = writer.nodes()
        names = tuple(dict.fromkeys(writer.reference(source, self.root) for source in outputs))
        return nodes, names if names and names != (nodes[-1].name,) else None

    # --- modules

    def kind_of(self, module: Any) -> Known | None:
        """The kind that a module is, if any."""
        if id(module) not in self.kinds:
            signature = signature_of(module)
            if signature not in self.alike:
                self.alike[signature] = known(module)
            self.kinds[id(module)] = None if id(module) in self.loose else self.alike[signature]
        return self.kinds[id(module)]

    def is_whole(self, module: Any) -> bool:
        """Whether a module is not looked into: a kind, or one of PyTorch's own that is no mere sequence of others."""
        from torch import nn

        own = type(module).__module__.startswith("torch.nn")
        return self.kind_of(module) is not None or (own and not isinstance(module, nn.Sequential))

    def complete(self, module: Any, path: str, group: Group) -> None:
        """Put what no call has put anywhere at the beginning of its group, as it is registered."""
        there = group.items
        group.items = []
        self.register(module, path, group, None)
        group.items += there

    def register(self, module: Any, path: str, group: Group, before: _Value | None) -> _Value | None:
        """A module and all in it in the order of registration; what flows out of it, as far as that is known.

        What stands somewhere already is left there.
        """
        name = path.rpartition(".")[2] or type(module).__name__
        layer = self.kind_of(module)
        if layer is not None:
            if id(module) in self.items or not (layer.tensors or before):
                return before
            return self.place(module, layer, name, group, [before] if before else [])
        before = self.own(module, "own" if group is self.groups.get(path) else name, group, before)
        if id(module) in self.loose:
            return before
        for label, child in module._modules.items():
            inner = f"{path}.{label}" if path else label
            if child is None:
                continue
            if id(child) in self.items:
                if not self.traced and own_tensors(child):
                    self.again(child, label, group)
                continue
            if self.kind_of(child) is not None or not any(map(own_tensors, child.children())):
                before = self.register(child, inner, group, before)
            elif inner in self.groups:
                self.complete(child, inner, self.groups[inner])
            else:
                within = Group(group.new_name(label), group)
                self.groups[inner] = within
                before = self.register(child, inner, within, before)
                if within.items:
                    group.items.append(within)
                    self.items[id(child)] = within
        return before

    def again(self, module: Any, name: str, group: Group) -> None:
        """A module that is registered under another name already."""
        layer = self.kind_of(module)
        if layer is not None:
            self.place(module, layer, name, group, [])
        else:
            group.new_place(name, share=self.items[id(module)])

    def place(self, module: Any, layer: Known, name: str, group: Group, given: Sequence[_Value]) -> _Value:
        """A layer at the end of a group, on what it is given, or on Inputs of its own."""
        sources, shapes = self.taken(layer, given, group)
        if sources is None and not layer.tensors:
            return _Value()
        if sources is None:
            shapes = layer.inputs
            starts = [self.start(name, shape, group) for shape in shapes]
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

    def start(self, name: str, shape: Shape, group: Group, dtype: str = "float32") -> _Value:
        """An Input at the end of a group."""
        fields = {} if dtype == "float32" else {"dtype": dtype}
        open_shape = tuple(None if isinstance(size, Unknown) else size for size in shape)
        place = group.new_place(f"{legal(name)}_input", layer=kind("Input")(shape=open_shape, **fields))
        return self.flowing(place, shape)

    def taken(self, layer: Known, given: Sequence[_Value], group: Group) -> tuple[list[Source] | None, Sequence[Shape]]:
        """What a layer takes of what it is given; None where nothing of it fits."""
        once = [value for place, value in enumerate(given) if value not in given[:place]]
        for values in (once, given, given[:1]):
            for batch in (True, False):
                shapes = [value.shape if value.flow else value.open_shape(batch) for value in values]
                stated = [shape for shape in shapes if shape is not None]
                if values and len(stated) == len(values) and layer.outputs(stated) is not None:
                    return [self.source(*each, group) for each in zip(values, stated, strict=True)], stated
        self.parted |= bool(given)
        return None, ()

    def source(self, value: _Value, shape: Shape, group: Group) -> Source:
        """The place that a value comes from: an Input of its own where no place gives it."""
        if value.flow is None:
            self.parted = True
            value.flow, value.shape = self.start("own", shape, group).flow, shape
        assert value.flow is not None
        return value.flow

    def flowing(self, item: Item, shape: Shape, output: int = 0) -> _Value:
        """What an output of a place is."""
        return _Value((item, output), shape, lambda: _runs(shape))

    # --- tensors that no kind declares

    def own(self, module: Any, name: str, group: Group, before: _Value | None) -> _Value | None:
        """The tensors that a module itself has, as Weights; what flowed before them flows on."""
        if id(module) in self.weighed:
            return before
        self.weighed.add(id(module))
        tensors = own_tensors(module, recurse=False) if id(module) not in self.loose else own_tensors(module)
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
                before = _Value((place, 0), before.shape, before.running)
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
        return [value.flow for node in _nodes(found.output) if (value := self.values[node]).flow is not None]

    def visit(self, visit: Visit, group: Group) -> None:
        """What is called in a module, in its group."""
        for item, label, within in _grouped(visit, group):
            if isinstance(item, Visit):
                inner = within.new_group(label)
                self.groups.setdefault(item.path, inner)
                self.visit(item, inner)
                if not inner.items:
                    within.items.remove(inner)
            else:
                self.values[item] = self.value(item, label, within)

    def value(self, node: Any, label: str, group: Group) -> _Value:
        """What a node of torch.fx gives; where it is a layer, its place is put at the end of a group."""
        if node.op == "placeholder":
            return self.placeholder(node)
        if node.op == "get_attr":
            return self.attribute(node)
        if node.op == "call_module":
            return self.called(node, label, group)
        return self.function(node, group)

    def placeholder(self, node: Any) -> _Value:
        """An input of the whole: of the shape that is given, or that its first layer takes."""
        shape, dtype = next(self.placeholders, (None, "float32"))
        if shape is None:
            modules = [self.root_module(user) for user in node.users if user.op == "call_module"]
            layers = [layer for module in modules if (layer := self.kind_of(module)) is not None and layer.tensors]
            shape = next((layer.inputs[0] for layer in layers if layer.inputs), None)
        if shape is None:
            return _Value()
        open_shape = tuple(None if isinstance(size, Unknown) else size for size in shape)
        fields = {} if dtype == "float32" else {"dtype": dtype}
        place = self.root.new_place(node.name, layer=kind("Input")(shape=open_shape, **fields))
        return self.flowing(place, tuple(shape))

    def attribute(self, node: Any) -> _Value:
        """A tensor of a module, by itself."""
        import torch

        found = self.module
        for name in str(node.target).split("."):
            found = getattr(found, name)
        if not isinstance(found, torch.Tensor):
            return _Value()
        empty = torch.empty(found.shape, dtype=found.dtype, device="meta")
        return _Value(running=lambda: (empty, empty), tensor=str(node.target))

    def root_module(self, node: Any) -> Any:
        """The module that a node of torch.fx calls."""
        return self.module.get_submodule(node.target)

    def called(self, node: Any, label: str, group: Group) -> _Value:
        """A module that is called."""
        module = self.root_module(node)
        layer = self.kind_of(module)
        if layer is not None:
            value = self.place(module, layer, label, group, self.given(node, module, layer.layer))
            return replace(value, whole=True) if value.flow else self.result(node, module.forward)
        given = [self.values[each] for each in _nodes(node.args)]
        if not own_tensors(module):
            return self.passed(given[:1], self.result(node, module.forward))
        self.parted = True
        if id(module) in self.items:
            return _Value((group.new_place(label, share=self.items[id(module)]), 0))
        before = given[0] if given and given[0].flow else None
        if id(module) not in self.loose and any(map(own_tensors, module.children())):
            within = group.new_group(label)
            self.groups.setdefault(node.target, within)
            self.register(module, node.target, within, before)
            self.items[id(module)] = within
        else:
            self.own(module, label, group, before)
            self.items[id(module)] = group.items[-1]
        return _Value()

    def given(self, node: Any, module: Any, layer: Layer) -> list[_Value]:
        """What a module is called with, in the order in which its kind takes it."""
        import torch

        try:
            bound = signature(module.forward).bind(*node.args, **node.kwargs).arguments
        except TypeError:
            bound = {}
        own = [*signature(type(layer).output_shape).parameters][1:]
        named = [bound[name] for name in own if isinstance(bound.get(name), torch.fx.Node)]
        found = named if len(named) > 1 else [each for each in node.args if isinstance(each, torch.fx.Node)]
        return [self.values[each] for each in found[: None if layer.variadic else len(layer.inputs)]]

    # --- functions between modules

    def function(self, node: Any, group: Group) -> _Value:
        """What a function gives: a layer where a kind says it, else its shape, where that is known."""
        name = node.target if isinstance(node.target, str) else getattr(node.target, "__name__", "")
        name = name.strip("_")
        given = [self.values[each] for each in _nodes([node.args, node.kwargs])]
        if name == "getitem" and given[0].whole:
            return self.item(given[0], node.args[1])
        result = self.result(node)
        tensors = [value for value in given if value.tensor is None and (value.flow or value.open_shape() is not None)]
        layer: Layer | None = None
        if not any(value.flow for value in tensors):
            return result
        if len(tensors) > 1 and name in _ELEMENTWISE:
            layer = kind(_ELEMENTWISE[name])() if _ELEMENTWISE[name] in kind_names() else None
        elif name in _JOINING:
            layer = kind("Concatenate")(axis=_argument(node, 1, "dim", 0))
        elif len(tensors) == 1:
            layer = _layer_of_function(name, node) or _sliced(name, node) or _reshaped(name, result)
        if layer is not None:
            found = self.layer(layer, tensors, group, result)
            if found is not None:
                return found
        return self.passed(tensors, result, [value for value in given if value.tensor is not None], group)

    def result(self, node: Any, function: Any = None) -> _Value:
        """What a function gives, by its shapes alone."""
        return _Value(running=lambda: _run(node, self.values, function))

    def layer(self, layer: Layer, given: Sequence[_Value], group: Group, result: _Value) -> _Value | None:
        """A layer without tensors on what it is given; None where that does not fit, or has another result."""
        shapes = [shape for value in given if (shape := value.shape if value.flow else value.open_shape()) is not None]
        outputs = outputs_of(layer, shapes) if len(shapes) == len(given) else None
        if outputs is None:
            return None
        if outputs[0] != shapes[0] and result.runs is not None and not _agree(outputs[0], result.open_shape()):
            return None
        sources = [self.source(*each, group) for each in zip(given, shapes, strict=True)]
        place = group.new_place(default_name(type(layer).__name__), layer=layer, sources=sources, outputs=outputs)
        return self.flowing(place, outputs[0])

    def passed(
        self, tensors: Sequence[_Value], result: _Value, own: Sequence[_Value] = (), group: Group | None = None
    ) -> _Value:
        """The value itself, where its shape stays; then the tensors of a module that act on it stand there."""
        if len(tensors) != 1 or tensors[0].flow is None:
            return result
        (value,) = tensors
        if result.runs is None or value.runs is None or not _same_shapes(result.runs, value.runs):
            return result
        if group is not None:
            for each in own:
                path = str(each.tensor).rpartition(".")[0]
                module = self.module.get_submodule(path)
                if self.kind_of(module) is None and self.groups.get(path, group) is group:
                    name = "own" if self.groups.get(path) is group else path.rpartition(".")[2]
                    value = self.own(module, name, group, value) or value
        return _Value(value.flow, value.shape, value.running)

    def item(self, value: _Value, index: Any) -> _Value:
        """One of the outputs of a module."""
        if index == 0:
            return _Value(value.flow, value.shape, value.running)
        place = value.flow[0] if value.flow else None
        outputs = place.outputs if isinstance(place, Place) else ()
        if place is None or type(index) is not int or not 0 < index < len(outputs):
            return _Value()
        return self.flowing(place, outputs[index], index)


# --- Functions -------------------------------------------------------------------------

#: Functions of two tensors, element by element, and the kinds that they are.
_ELEMENTWISE = {
    "add": "Add", "iadd": "Add", "radd": "Add", "mul": "Multiply", "imul": "Multiply", "multiply": "Multiply",
    "sub": "Subtract", "isub": "Subtract", "subtract": "Subtract", "maximum": "Maximum", "minimum": "Minimum",
}  # fmt: skip
_JOINING = {"cat", "concat", "concatenate"}
#: Functions that leave the elements in their order.
_RESHAPING = {"view", "reshape", "flatten", "unflatten", "squeeze", "unsqueeze", "view_as", "reshape_as"}


def _argument(node: Any, place: int, name: str, default: Any) -> Any:
    return node.args[place] if len(node.args) > place else node.kwargs.get(name, default)


@cache
def _classes() -> dict[str, Any]:
    """The classes of torch.nn by their names in small letters."""
    from torch import nn

    return {name.lower(): cls for name in dir(nn) if isinstance(cls := getattr(nn, name), type)}


def _layer_of_function(name: str, node: Any) -> Layer | None:
    """The kind of the module that does what a function does: it has the function's name and arguments."""
    cls = _classes().get(name.replace("_", ""))
    if cls is None or isinstance(node.args[0], (list, tuple)) or any(_nodes([node.args[1:], node.kwargs])):
        return None
    taken = signature(cls).parameters
    try:
        module = cls(*node.args[1:], **{key: value for key, value in node.kwargs.items() if key in taken})
    except Exception:
        # the class takes other arguments
        return None
    found = None if own_tensors(module) else known(module)
    return found.layer if found is not None else None


def _sliced(name: str, node: Any) -> Layer | None:
    """The Slice that an index is: a part of one axis, or one place of it."""
    if name != "getitem" or not isinstance(node.args[1], tuple) or node.args[1][:1] != (slice(None),):
        return None
    parts = [(axis, index) for axis, index in enumerate(node.args[1]) if index != slice(None)]
    if len(parts) != 1:
        return None
    ((axis, index),) = parts
    if type(index) is int:
        return kind("Slice")(axis=axis, start=index, stop=index + 1 or None, keepdims=False)
    if not isinstance(index, slice) or index.step not in (None, 1):
        return None
    if type(index.start) not in (int, NoneType) or type(index.stop) not in (int, NoneType):
        return None
    return kind("Slice")(axis=axis, start=index.start or 0, stop=index.stop)


def _reshaped(name: str, result: _Value) -> Layer | None:
    """The Reshape that a function is, if any."""
    shape = result.open_shape() if name in _RESHAPING else None
    if shape is None or sum(isinstance(size, Unknown) for size in shape) > 1:
        return None
    return kind("Reshape")(target_shape=tuple(-1 if isinstance(size, Unknown) else size for size in shape))


def _runs(shape: Shape) -> tuple[Any, Any]:
    """A shape in both runs, as tensors without data."""
    import torch

    sizes = [
        (batch, *(length if isinstance(size, Unknown) else size for size in shape))
        for batch, length in zip(_BATCHES, _LENGTHS, strict=True)
    ]
    return torch.empty(sizes[0], device="meta"), torch.empty(sizes[1], device="meta")


def _run(node: Any, values: Mapping[Any, _Value], function: Any = None) -> tuple[Any, Any] | None:
    """What a function of PyTorch gives in both runs; None where it is none, or something is not known."""
    from torch.fx import map_arg

    if function is None:
        function = node.target
        if not isinstance(function, str) and not _is_trusted(function):
            return None
    known_runs = {each: values[each].runs for each in _nodes([node.args, node.kwargs])}
    results = []
    for run in (0, 1):
        given = {each: runs[run] for each, runs in known_runs.items() if runs is not None}
        if len(given) < len(known_runs):
            return None
        args, kwargs = map_arg((node.args, node.kwargs), given.__getitem__)
        try:
            if isinstance(function, str):
                results.append(getattr(args[0], function)(*args[1:], **kwargs))
            else:
                results.append(function(*args, **kwargs))
        except Exception:
            # a function refuses shapes in its own ways
            return None
    return results[0], results[1]


def _is_trusted(function: Any) -> bool:
    """Whether a function is PyTorch's own, or an operator of Python: no code of the model."""
    module = str(getattr(function, "__module__", None) or "torch")
    return module.split(".")[0] in ("torch", "_operator", "operator", "math", "builtins")


def _agree(shape: Shape, other: Shape | None) -> bool:
    """Whether two shapes are one, as far as both are known."""
    return (
        other is not None
        and len(shape) == len(other)
        and all(
            isinstance(one, Unknown) or isinstance(two, Unknown) or one == two
            for one, two in zip(shape, other, strict=True)
        )
    )


def _same_shapes(runs: tuple[Any, Any], others: tuple[Any, Any]) -> bool:
    return all(getattr(one, "shape", None) == other.shape for one, other in zip(runs, others, strict=True))


def _nodes(arguments: Any) -> Iterator[Any]:
    """The nodes of torch.fx among arguments, in order, each as often as it occurs."""
    from torch.fx import Node as FxNode

    if isinstance(arguments, FxNode):
        yield arguments
    elif isinstance(arguments, (list, tuple)):
        for each in arguments:
            yield from _nodes(each)
    elif isinstance(arguments, dict):
        yield from _nodes([*arguments.values()])
    elif isinstance(arguments, slice):
        yield from _nodes([arguments.start, arguments.stop, arguments.step])


# --- Names -----------------------------------------------------------------------------


def _tensor_names(tensors: Mapping[str, Own]) -> dict[str, str]:
    """The names of tensors as a spec may write them."""
    names: dict[str, str] = {}
    for each in tensors:
        name = legal(each, "tensor")
        while name in names.values():
            name += "_"
        names[each] = name
    return names


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
