"""What the nodes of torch.fx give: outputs of places, or what is known of anything else by its shapes alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

from paramcalc.core.algebra import Shape, Unknown
from paramcalc.frameworks.torch.read.modules import signature_of
from paramcalc.frameworks.torch.read.places import Source
from paramcalc.frameworks.torch.read.remembering import apart, called

#: What stands for the batch in two runs over shapes: what comes out the same in both is a number, what
#: does not is open. Open lengths differ in the same way.
BATCHES = (2, 3)
#: What stands for each open length. The larger ones can be halved often; the smaller ones fit into tables of
#: positions.
LENGTHS = ((256, 320), (8, 12))

#: What something is in both runs.
Runs: TypeAlias = tuple[Any, Any]


class Split(NamedTuple):
    """Several parts of a value along an axis."""

    value: Value
    axis: int
    #: whether the axis is gone in each
    gone: bool
    #: the order of the axes in each part; empty for their own
    order: tuple[int, ...] = ()


@dataclass(eq=False)
class Value:
    """What a node of torch.fx gives."""

    #: the place whose output it is, which of its outputs, and its shape without the batch
    flow: Source | None = None
    shape: Shape | None = None
    #: works out what it is in both runs
    running: Callable[[], Runs | None] | None = None
    #: the path of the tensor of the module that it is
    tensor: str | None = None
    #: the path of the only tensor of the module that it is made of, without any input
    origin: str | None = None
    #: whether it is made of what flows, by what no layer stands for
    is_lost: bool = False
    #: whether it is all that a module gives, be it one output or several
    whole: bool = False
    #: several parts of a value
    split: Split | None = None
    #: a value with its axes in another order, the batch no longer the first: that value, and the order
    moved: tuple[Value, tuple[int, ...]] | None = None
    #: values one behind the other along a new axis, before the batch
    stacked: tuple[Value, ...] = ()

    @cached_property
    def runs(self) -> Runs | None:
        """In both runs: a tensor without data, a number, a list; None where it is not known."""
        return self.running() if self.running is not None else None

    @property
    def is_tensor(self) -> bool:
        """Whether it is a tensor, or may be one."""
        return self.runs is None or all(hasattr(run, "shape") for run in self.runs)

    @property
    def has_tensors(self) -> bool:
        """Whether it is a tensor or several, or may be one."""
        each = [one for run in self.runs or () for one in (run if isinstance(run, (tuple, list)) else (run,))]
        return self.runs is None or any(hasattr(one, "shape") for one in each)

    def stated_shape(self, batch: bool = True) -> Shape | None:
        """Return the shape of the output that it is; else that of what it is."""
        return self.shape if self.flow is not None else self.open_shape(batch)

    def open_shape(self, batch: bool = True) -> Shape | None:
        """Return the shape without the batch that both runs agree on; whole, unless it begins with the batch."""
        if self.runs is None or not all(hasattr(run, "shape") for run in self.runs):
            return None
        first, second = (tuple(run.shape) for run in self.runs)
        if len(first) != len(second):
            return None
        if batch:
            if not first or (first[0], second[0]) != BATCHES:
                return None
            first, second = first[1:], second[1:]
        return tuple(Unknown() if one != other else one for one, other in zip(first, second, strict=True))


def runs_of(shape: Shape, lengths: tuple[int, int], dtype: str = "float32") -> Runs | None:
    """Make tensors without data, of a shape in both runs; None where a size is below zero."""
    import torch

    sizes = [
        (batch, *(length if isinstance(size, Unknown) else size for size in shape))
        for batch, length in zip(BATCHES, lengths, strict=True)
    ]
    if any(size < 0 for size in (*sizes[0], *sizes[1])):
        return None
    first, second = (torch.empty(each, device="meta", dtype=getattr(torch, dtype)) for each in sizes)
    return first, second


def run(node: Any, values: Mapping[Any, Value], function: Callable[..., Any] | None = None) -> Runs | None:
    """Call a function of PyTorch in both runs; None where it is none, or something is not known."""
    from torch.fx import map_arg

    if function is None:
        function = node.target
        if not isinstance(function, str) and not _is_trusted(function):
            return None
    taken = [*nodes_in([node.args, node.kwargs])]
    # a module's run has a key of its own
    key = getattr(function, "key", function)
    name = function if isinstance(function, str) else getattr(function, "__name__", "")
    if name.endswith("_"):
        # it acts on a tensor in its place, which others may have as well
        key = None
        for each in taken:
            values[each].runs = apart(values[each].runs)
    known_runs = {each: values[each].runs for each in taken}
    results = []
    for place in (0, 1):
        given = {each: runs[place] for each, runs in known_runs.items() if runs is not None}
        if len(given) < len(known_runs):
            return None
        args, kwargs = map_arg((node.args, node.kwargs), given.__getitem__)
        try:
            results.append(called(_method(function) if isinstance(function, str) else function, key, args, kwargs))
        except Exception:
            # a function refuses shapes in its own ways
            return None
    return results[0], results[1]


def _method(name: str) -> Callable[..., Any]:
    """Return the call of a method by its name."""
    return lambda value, *args, **kwargs: getattr(value, name)(*args, **kwargs)


class NodeShapes(dict[Any, Value]):
    """What nodes of torch.fx give by their shapes alone, each worked out once it is asked for."""

    def __init__(self, module: Any) -> None:
        self.module = module
        #: whether functions and modules run over shapes just now, and are not traced
        self.running = False

    def __missing__(self, node: Any) -> Value:
        module = self.module.get_submodule(node.target) if node.op == "call_module" else None
        function = forward_of(module) if module is not None else None
        unknown = node.op in ("placeholder", "get_attr") or (module is not None and not is_of_torch(module))
        value = self[node] = Value() if unknown else Value(running=lambda: run(node, self, function))
        return value

    def state(self, node: Any, shape: Shape, dtype: str) -> None:
        """State the shape of an input, and its dtype."""
        self[node] = Value(running=lambda: runs_of(shape, LENGTHS[0], dtype))

    def length(self, node: Any) -> int:
        """Return how many parts there are in what a node gives; 0 where that is not known."""
        self.running = True
        try:
            parts = [len(run) for run in self[node].runs or () if isinstance(run, (tuple, list))]
        finally:
            self.running = False
        return parts[0] if len(parts) == 2 and parts[0] == parts[1] else 0


def is_of_torch(module: Any) -> bool:
    """Whether a module's code is PyTorch's own."""
    return type(module).__module__.startswith("torch.nn")


def forward_of(module: Any, dtype: str = "") -> Callable[..., Any]:
    """Return the forward run of one of PyTorch's own modules, over shapes alone; floats are given in a dtype."""
    import torch
    from torch.func import functional_call

    def forward(*args: Any, **kwargs: Any) -> Any:
        tensors = {**dict(module.named_parameters()), **dict(module.named_buffers())}
        empty = {name: torch.empty_like(tensor, device="meta") for name, tensor in tensors.items()}
        cast = [_cast(each, dtype) for each in args]
        return functional_call(module, empty, tuple(cast), {name: _cast(each, dtype) for name, each in kwargs.items()})

    forward.key = signature_of(module), module.training, dtype  # type: ignore[attr-defined]
    return forward


def _cast(value: Any, dtype: str) -> Any:
    """Return a tensor of floats in a dtype; anything else as it is."""
    import torch

    is_float = isinstance(value, torch.Tensor) and value.is_floating_point()
    return value.to(getattr(torch, dtype)) if dtype and is_float else value


def _is_trusted(function: Any) -> bool:
    """Whether a function is PyTorch's own, or an operator of Python: no code of the model."""
    module = str(getattr(function, "__module__", None) or "torch")
    return module.split(".")[0] in ("torch", "_operator", "operator", "math", "builtins")


def same_shapes(runs: Runs, others: Runs) -> bool:
    """Whether tensors have the same shapes in both runs."""
    return all(getattr(one, "shape", None) == other.shape for one, other in zip(runs, others, strict=True))


def nodes_in(arguments: Any) -> Iterator[Any]:
    """Yield the nodes of torch.fx among arguments, in order, each as often as it occurs."""
    from torch.fx import Node

    if isinstance(arguments, Node):
        yield arguments
    elif isinstance(arguments, (list, tuple)):
        for each in arguments:
            yield from nodes_in(each)
    elif isinstance(arguments, dict):
        yield from nodes_in([*arguments.values()])
    elif isinstance(arguments, slice):
        yield from nodes_in([arguments.start, arguments.stop, arguments.step])
