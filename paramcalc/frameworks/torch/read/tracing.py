"""The calls of a module's forward run in their order, as torch.fx traces them.

Nothing is computed, and the module is left as it is. What cannot be traced, since it decides
something by the data, stays one call whose inside is not known.
"""

from __future__ import annotations

import dis
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from inspect import Parameter, signature
from pathlib import Path
from traceback import extract_tb
from types import FrameType
from typing import Any, TypeAlias
from warnings import catch_warnings, simplefilter

from paramcalc.core.algebra import Shape
from paramcalc.frameworks.torch.read.values import NodeShapes

#: Under which key a node of torch.fx has the tensor that the code of a module makes of nothing.
MADE = "made"


@dataclass
class Visit:
    """One call of a module that is looked into: what is called in it, in order."""

    #: the path of the module; empty for the whole
    path: str
    module: Any
    content: list[Item] = field(default_factory=list)


def nodes_of(visit: Visit) -> Iterator[Any]:
    """All nodes of torch.fx in a visit, and in those within it."""
    for item in visit.content:
        if isinstance(item, Visit):
            yield from nodes_of(item)
        else:
            yield item


#: A node of torch.fx, or a module that is looked into.
Item: TypeAlias = "Visit | Any"


@dataclass
class Trace:
    """The calls of a module, and which of them gives its output."""

    root: Visit
    #: the nodes of torch.fx in their order
    nodes: list[Any]
    #: what the module gives: a node, or several
    output: Any


def trace(module: Any, is_whole: Callable[[Any], bool], inputs: Sequence[tuple[Shape, str]] = ()) -> Trace | None:
    """Trace the calls of a module's forward run; None where it cannot be traced.

    `is_whole` says which modules are not looked into. The run is given the arguments that it cannot
    do without, and at least as many as there are `inputs`, whose shapes say how long what they have is.
    """
    with _untouched(module):
        try:
            return _traced(module, is_whole, inputs)
        except Exception:
            return None


def obstacle(module: Any, is_whole: Callable[[Any], bool], inputs: Sequence[tuple[Shape, str]] = ()) -> str:
    """Say why a forward run cannot be traced: what is raised, and the line of the module's own code."""
    with _untouched(module):
        try:
            _traced(module, is_whole, inputs)
        except Exception as error:
            frames = [each for each in extract_tb(error.__traceback__) if not _is_foreign(each.filename)]
            place = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
            message = next(iter(str(error).splitlines()), "")
            return f"{type(error).__name__}: {message}{place}"
    return ""


def _is_foreign(filename: str) -> bool:
    """Whether a file is of an installed package, or of this one."""
    return "site-packages" in filename or str(Path(__file__).parent) in filename


def required_arguments(module: Any, fewest: int = 1) -> list[str]:
    """List the arguments that a module's forward run cannot do without, and at least the `fewest`."""
    parameters = [*signature(module.forward).parameters.values()]
    ordered = [each for each in parameters if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]
    required = [each.name for each in ordered if each.default is Parameter.empty]
    names = [each.name for each in ordered][: max(len(required), fewest)]
    if len(names) < fewest and any(each.kind is each.VAR_POSITIONAL for each in parameters):
        names += [f"x_{number}" if number else "x" for number in range(fewest - len(names))]
    return names


def _traced(module: Any, is_whole: Callable[[Any], bool], inputs: Sequence[tuple[Shape, str]]) -> Trace:
    root, before = Visit("", module), {*vars(module)}
    with catch_warnings():
        simplefilter("ignore")
        graph = _tracer(root, is_whole, inputs).trace(module)
    nodes = [node for node in graph.nodes if node.op != "output"]
    for node in nodes:
        # a tensor that the code makes is an attribute of the module while it is traced alone
        if node.op == "get_attr" and node.target in vars(module).keys() - before:
            node.meta[MADE] = vars(module)[node.target]
    (output,) = (node for node in graph.nodes if node.op == "output")
    return Trace(root, nodes, output.args[0])


def _tracer(root: Visit, is_whole: Callable[[Any], bool], inputs: Sequence[tuple[Shape, str]]) -> Any:
    """Return a tracer of torch.fx that keeps what is called in the module of a visit."""
    from torch import fx

    visits = [root]
    shapes = NodeShapes(root.module)
    forwards = _forwards(root.module)

    class Tracer(fx.Tracer):
        proxy_buffer_attributes = True

        def create_args_for_root(
            self, root_fn: Any, is_module: bool, concrete_args: Any = None
        ) -> tuple[Any, list[Any]]:
            # as the model is called: what it need not be given has its default
            names = required_arguments(root.module, max(1, len(inputs)))
            proxies = [self.create_proxy("placeholder", name, (), {}) for name in names]
            for proxy, (shape, dtype) in zip(proxies, inputs, strict=False):
                shapes.state(proxy.node, shape, dtype)
            return root_fn, [root.module, *proxies]

        def to_bool(self, obj: Any) -> bool:
            # what is asserted holds
            return _is_asserted(sys._getframe(2)) or super().to_bool(obj)

        def iter(self, obj: Any) -> Iterator[Any]:
            number = _number_of_parts(obj.node) or shapes.length(obj.node)
            return iter([obj[place] for place in range(number)]) if number else super().iter(obj)

        def is_leaf_module(self, m: Any, module_qualified_name: str) -> bool:
            return is_whole(m)

        def create_node(self, *args: Any, **kwargs: Any) -> fx.Node:
            node = super().create_node(*args, **kwargs)
            visits[-1].content.append(node)
            return node

        def getattr(self, attr: str, attr_val: Any, parameter_proxy_cache: Any) -> Any:
            return attr_val if shapes.running else super().getattr(attr, attr_val, parameter_proxy_cache)

        def call_module(self, m: Any, forward: Any, args: Any, kwargs: Any) -> Any:
            if shapes.running:
                return forwards[id(m)](*args, **kwargs)
            path = self.path_of_module(m)
            if is_whole(m):
                return self.create_proxy("call_module", path, args, kwargs)
            visit = Visit(path, m)
            visits[-1].content.append(visit)
            visits.append(visit)
            depth = len(visits)
            try:
                # not through hooks, which would be called with what stands for a tensor
                return forwards[id(m)](*args, **kwargs)
            except Exception:
                # whatever the code of a model may raise where it is given no numbers
                del visits[depth:]
                _forget(visit)
            finally:
                visits.pop()
            visits[-1].content.remove(visit)
            return self.create_proxy("call_module", path, args, kwargs)

    return Tracer()


def _forwards(module: Any) -> dict[int, Callable[..., Any]]:
    """Return the forward runs of the modules in a module, by their ids, and have calls of them seen.

    Code may call a forward run by itself: it is then a call of its module here.
    """
    inner = [each for each in module.modules() if each is not module]
    forwards = {id(each): each.forward for each in inner}
    for each in inner:
        each.forward = _called_as_module(each)
    return forwards


def _called_as_module(module: Any) -> Callable[..., Any]:
    """Return a forward run that is seen as a call of its module."""
    return lambda *args, **kwargs: module(*args, **kwargs)


def _forget(visit: Visit) -> None:
    """Take all nodes of a visit out of their graph."""
    for item in reversed(visit.content):
        if isinstance(item, Visit):
            _forget(item)
        else:
            item.graph.erase_node(item)


def _number_of_parts(node: Any) -> int:
    """How many parts `chunk` or `split` gives; 0 where that is not said."""
    name = node.target if isinstance(node.target, str) else getattr(node.target, "__name__", "")
    said = node.args[1] if len(node.args) > 1 else node.kwargs.get("chunks" if name == "chunk" else "split_size")
    if name == "chunk" and type(said) is int:
        return said
    return len(said) if name == "split" and isinstance(said, (list, tuple)) else 0


def _is_asserted(frame: FrameType) -> bool:
    """Whether a frame of Python is about to decide on an `assert`."""
    following = [each for each in dis.get_instructions(frame.f_code) if each.offset > frame.f_lasti][:2]
    return any(each.opname == "LOAD_ASSERTION_ERROR" or each.argval is AssertionError for each in following)


@contextmanager
def _untouched(module: Any) -> Iterator[None]:
    """Put back afterwards what code in a forward run has set: attributes of modules, the random numbers."""
    import torch

    tables = ("_parameters", "_buffers", "_modules")
    before = [(each, dict(vars(each)), [dict(getattr(each, table)) for table in tables]) for each in module.modules()]
    with torch.random.fork_rng(devices=[]):
        try:
            yield
        finally:
            for each, attributes, contents in before:
                vars(each).clear()
                vars(each).update(attributes)
                for table, content in zip(tables, contents, strict=True):
                    found = getattr(each, table)
                    found.clear()
                    found.update(content)
