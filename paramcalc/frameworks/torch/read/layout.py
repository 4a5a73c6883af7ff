"""Where the layers of a module stand while it is read, and what each takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from paramcalc.core.algebra import Shape, Unknown, product
from paramcalc.core.registry import kind
from paramcalc.frameworks.names import FreeNames
from paramcalc.frameworks.torch.read.kinds import Kinds
from paramcalc.frameworks.torch.read.modules import Known
from paramcalc.frameworks.torch.read.places import Group, Item, Place, Source, places
from paramcalc.frameworks.torch.read.tensors import Own, described, own_tensors
from paramcalc.frameworks.torch.read.values import Value, runs_of
from paramcalc.layers.base.declaration import default_name


class Loose(Exception):
    """Modules that must be written as Weights: their layer types lay out a tied tensor in ways that no tie can say."""

    def __init__(self, modules: frozenset[int]) -> None:
        self.modules = modules


@dataclass
class Gaps:
    """What the nodes do not say of a module."""

    #: the layers that a connection to is missing
    parted: list[str] = field(default_factory=list)
    #: how many of them do not even have the shape of what they take
    unknown: int = 0
    #: whether any of these connections is to what flows, and not to what is made of nothing, such as positions
    is_cut: bool = False
    #: modules that torch.fx could not follow, and those that are never called
    untraced: list[str] = field(default_factory=list)
    uncalled: list[str] = field(default_factory=list)
    #: modules whose weights are used without calling them
    read: list[str] = field(default_factory=list)
    #: whether what the module gives comes from something that is left out
    unfinished: bool = False
    #: functions, and modules without tensors, that are left out since what they give has the shape of what they take
    left_out: set[str] = field(default_factory=set)
    #: whether PyTorch keeps for the backward pass of a function what it does not keep of the layer that stands for it
    keeps_more: bool = False

    @property
    def missing(self) -> tuple[int, int]:
        """How much is missing: layers that not even the shape is known of, and connections."""
        return self.unknown, len(self.parted)


class Layout:
    """The groups of a module, and the layers and tensors that have their place in them."""

    def __init__(self, module: Any, kinds: Kinds, lengths: tuple[int, int]) -> None:
        self.module = module
        self.kinds = kinds
        #: what stands for an open length in each run over shapes
        self.lengths = lengths
        self.root = Group("", None)
        #: what stands for each module, by its id
        self.items: dict[int, Item] = {}
        #: the groups of the modules that are looked into, by their path
        self.groups: dict[str, Group] = {"": self.root}
        #: the tensors of modules that stand somewhere, each by its module and its name there
        self.weighed: set[tuple[int, str]] = set()
        #: the names of the inputs of the whole, where its first layer is still to come
        self.first_inputs: Sequence[str] | None = None
        #: the paths of the modules whose tensors are used without calling them
        self.read: set[str] = set()
        #: whether all calls have been followed
        self.completing = False
        self.gaps = Gaps()

    # --- layers

    def place(self, module: Any, layer: Known, name: str, group: Group, given: Sequence[Value]) -> Value:
        """Put a layer at the end of a group, on what it is given, or on Inputs of its own."""
        taken = self.fitting(layer, given)
        if taken is None and given and not self.completing:
            self.gaps.parted.append(name)
            self.gaps.unknown += 1
            self.gaps.is_cut |= any(value.flow or value.is_lost for value in given)
        if taken is None and not layer.tensors:
            return Value()
        if taken is not None:
            sources = [self.source(*each, name, group) for each in taken]
            shapes: Sequence[Shape] = [shape for _, shape in taken]
        else:
            sources, shapes = self.begun(layer, name, group, given)
        if name.isdecimal() and not layer.tensors:
            name = default_name(type(layer.layer).__name__)
        place = group.new_place(name, sources=sources, outputs=layer.outputs(shapes) or ((),))
        if id(module) in self.items and layer.tensors:
            place.share = self.items[id(module)]
        else:
            self.fill(place, module, layer)
        return self.flowing(place, place.outputs[0])

    def fill(self, place: Place, module: Any, layer: Known) -> None:
        """Let a place stand for a module."""
        place.layer, place.dtype = layer.layer, None if layer.dtype == "float32" else layer.dtype
        place.trainable = None if layer.trainable else False
        place.tensors = [(tensor, layer.members[each]) for each, tensor in own_tensors(module).items()]
        place.modules = [module]
        self.items[id(module)] = place

    def fitting(self, layer: Known, given: Sequence[Value]) -> list[tuple[Value, Shape]] | None:
        """Return what a layer takes of what it is given, with its shapes; None where nothing of it fits."""
        once = [value for place, value in enumerate(given) if value not in given[:place]]
        for values in (once, given, given[:1]):
            for batch in (True, False):
                stated = [shape for value in values if (shape := value.stated_shape(batch)) is not None]
                if values and len(stated) == len(values) and layer.outputs(stated) is not None:
                    return [*zip(values, stated, strict=True)]
        return None

    def begun(
        self, layer: Known, name: str, group: Group, given: Sequence[Value]
    ) -> tuple[list[Source], Sequence[Shape]]:
        """Put Inputs for a layer at the end of a group; those of the whole, if it is the first."""
        shapes = layer.inputs
        names = [f"{name}_input"] * len(shapes)
        if self.first_inputs is not None:
            group, names = self.root, [*self.first_inputs, *names][: len(shapes)]
        starts = [self.start(*each, group) for each in zip(names, shapes, strict=True)]
        for value, start in zip(given, starts, strict=False):
            if value.flow is None:
                value.flow, value.shape = start.flow, start.shape
        return [start.flow for start in starts if start.flow], shapes

    def start(self, name: str, shape: Shape, group: Group, dtype: str = "float32") -> Value:
        """Put an Input at the end of a group."""
        self.first_inputs = None
        fields = {} if dtype == "float32" else {"dtype": dtype}
        open_shape = tuple(None if isinstance(size, Unknown) else size for size in shape)
        return self.flowing(group.new_place(name, layer=kind("Input")(shape=open_shape, **fields)), shape)

    def source(self, value: Value, shape: Shape, name: str, group: Group) -> Source:
        """Return the place of a value: that of a tensor of a module, or an Input where nothing else gives it."""
        if value.flow is None:
            found = self.standing(value, shape, group)
            if found is None:
                self.gaps.parted.append(name)
                self.gaps.is_cut |= value.is_lost
                found = self.start(f"{name}_input", shape, group)
            value.flow, value.shape = found.flow, found.shape
        assert value.flow is not None
        return value.flow

    def standing(self, value: Value, shape: Shape, group: Group) -> Value | None:
        """Put the only tensor of a module that a value is made of where it is taken, in the shape of the value."""
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
        """Return what an output of a place is."""
        return Value((item, output), shape, lambda: runs_of(shape, self.lengths))

    def remove(self, path: str, group: Group, around: Group) -> None:
        """Take away the group of a module, in which nothing stands yet; what it owns may stand there later."""
        around.remove(group)
        if self.groups[path] is group:
            del self.groups[path]

    # --- tensors that no layer type declares

    def own(self, module: Any, name: str, group: Group, before: Value | None, only: str | None = None) -> Value | None:
        """Put the tensors that a module itself has, or one of them, as Weights; what flowed before them flows on."""
        tensors = {
            each: tensor
            for each, tensor in own_tensors(module, recurse=id(module) in self.kinds.loose).items()
            if (id(module), each) not in self.weighed and only in (None, each)
        }
        self.weighed |= {(id(module), each) for each in tensors}
        alike: dict[tuple[str, bool], dict[str, Own]] = {}
        for each, tensor in tensors.items():
            own = described(tensor, each)
            alike.setdefault((own.dtype, own.trainable or own.role == "state"), {})[each] = own
        if len(alike) > 1 and name != "own":
            group, name = group.new_group(name), "own"
        for (dtype, trainable), found in alike.items():
            place = self.weights(name, group, found, tensors, before.flow if before is not None else None)
            place.trainable, place.dtype = None if trainable else False, None if dtype == "float32" else dtype
            place.modules = [module]
            if before is not None and before.flow:
                before = Value((place, 0), before.shape, before.running)
            elif only is not None:
                before = self.flowing(place, found[only].shape)
        return before

    def weights(
        self, name: str, group: Group, found: Mapping[str, Own], tensors: Mapping[str, Any], flow: Source | None
    ) -> Place:
        """Put tensors that are alike in training and dtype as Weights; without a flow through, one is the output."""
        names = _tensor_names(found)
        shapes = {
            field: {names[each]: own.shape for each, own in found.items() if own.role == role}
            for field, role in (("tensors", "parameter"), ("states", "state"))
        }
        output = {} if flow else {"output": next(iter(names.values()))}
        layer = kind("Weights")(**{field: value for field, value in shapes.items() if value}, **output)
        place = group.new_place(name, layer=layer, sources=[flow] if flow else [])
        place.tensors = [(tensors[each], {names[each]: own.shape}) for each, own in found.items()]
        return place

    def owner(self, value: Value) -> tuple[Any, str]:
        """Return the module whose tensor a value is, or is made of, and its path."""
        path = str(value.tensor or value.origin).rpartition(".")[0]
        return self.module.get_submodule(path), path

    def is_free_in(self, module: Any, path: str, group: Group) -> bool:
        """Whether a module's own tensors may stand in a group, by themselves."""
        return self.kinds.of(module) is None and self.groups.get(path, group) is group

    def name_in(self, path: str, group: Group) -> str:
        """Return the name of a module's own tensors in a group."""
        if self.groups.get(path) is group:
            return "own"
        around = next((f"{each}." for each in self.groups if self.groups[each] is group and each), "")
        return path.removeprefix(around).replace(".", "_")

    # --- ties

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


def _tensor_names(tensors: Mapping[str, Own]) -> dict[str, str]:
    """Return the names of tensors as a spec may write them."""
    names = FreeNames(taken=(), stem="tensor")
    return {each: names.new(each) for each in tensors}


def _tieable(shapes: Sequence[Shape], others: Sequence[Shape]) -> bool:
    """Whether the kinds lay out a tensor so that one is the other, or its transpose."""
    return len(shapes) == len(others) and all(
        one in (other, other[::-1]) for one, other in zip(shapes, others, strict=True)
    )
