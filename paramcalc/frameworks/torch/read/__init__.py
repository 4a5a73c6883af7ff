"""A live module of PyTorch as a spec.

    tensors        which tensors a module has
    modules        a module as a layer
    kinds          the layers of all modules of a model
    tracing        which modules and functions are called, and in which order
    values         what each call gives, by its shapes alone
    functions      a function between modules as a layer
    places         the nodes while they are read: where each stands, and what it takes
    layout         where layers and tensors stand
    calls          layers and tensors where they are called
    module_lists   those of lists of modules
    registration   the rest, where they are registered
    misfits        the refusal of a shape that does not fit
    reader         the nodes of a spec, in groups named as the modules

Source: torch.nn.Module, torch.fx.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

from paramcalc.core.algebra import Shape
from paramcalc.core.errors import refuse
from paramcalc.frameworks.keras import is_live_model
from paramcalc.frameworks.tidying import tensors_of, tidy
from paramcalc.frameworks.torch.read.functions import is_elementwise
from paramcalc.frameworks.torch.read.kinds import Kinds
from paramcalc.frameworks.torch.read.layout import Loose
from paramcalc.frameworks.torch.read.patterns import Alike
from paramcalc.frameworks.torch.read.reader import Reader
from paramcalc.frameworks.torch.read.remembering import remembering
from paramcalc.frameworks.torch.read.tensors import Own, check_complete, described, own_tensors
from paramcalc.frameworks.torch.read.tracing import obstacle, trace
from paramcalc.frameworks.torch.read.values import LENGTHS
from paramcalc.layers.base.fields import named, read_shape
from paramcalc.spec import Node, Spec


def from_torch(module: Any, inputs: Any = None) -> Spec:
    """Read a live module as a spec: each tensor of it, and the connections as far as torch.fx can follow them.

    `inputs` are examples of what the module is given, or their shapes without the batch: one, or a
    list of them. Without them the lengths that no layer decides are left open. The module is not
    changed, and none of its numbers are looked at; it may be on the device `meta`.

    Raises `ParamcalcError`: `wrong-type` for what is no module, `invalid-value` for a lazy module that
    has no sizes yet.
    """
    if is_live_model(module):
        raise refuse("wrong-type", "takes a module of PyTorch, and not a model of Keras", "pc.from_keras(model)")
    spec = untidied(module, inputs)
    return tidy(spec) if spec.layers else spec


def untidied(module: Any, inputs: Any = None) -> Spec:
    """Read a module, each node for itself and under the name of its module. Raises what `from_torch` does."""
    return _spec(module, list(_shapes(inputs)), follows=False)


def connected(module: Any, inputs: list[tuple[Shape, str]], alike: Alike | None = None) -> Spec:
    """Read a module as `untidied` does, its calls alone: raises `no-connections` where torch.fx cannot follow them.

    `inputs` are the shapes of what it is given, without the batch, each with its dtype; `alike` is which layers the
    modules of others like it are.
    """
    return _spec(module, inputs, follows=True, alike=alike)


def _spec(module: Any, inputs: list[tuple[Shape, str]], follows: bool, alike: Alike | None = None) -> Spec:
    """Read a module, as far as torch.fx can follow its calls; with `follows`, it must."""
    counted_tensors(module)
    module = unwrapped(module)
    _check_classes(module)
    with remembering():
        nodes, outputs, reader = _read(module, inputs, Kinds(alike=alike))
    if follows:
        _check_followed(reader, inputs)
    unknown = _unknown(reader)
    spec = Spec(nodes, type(module).__name__, _description(reader), "torch", outputs=outputs, unknown=unknown)
    if not _is_of(tensors_of(spec), module):
        raise refuse(
            "invalid-value",
            f"the tensors of this {type(module).__name__} cannot all be told apart",
            "read its parts one by one, or write its tensors as Weights",
        )
    return spec


def _check_followed(reader: Reader, inputs: Sequence[tuple[Shape, str]]) -> None:
    """Refuse what stands in the order in which it is registered: `no-connections`."""
    module, kinds = reader.layout.module, reader.layout.kinds
    if reader.found is None and kinds.of(module) is None:
        why = obstacle(module, kinds.is_whole, inputs)
        raise refuse("no-connections", f"torch.fx cannot follow its calls: {why}", "a spec of its tensors needs none")
    if reader.gaps.untraced:
        raise refuse("no-connections", f"torch.fx cannot follow the calls in {_listed(reader.gaps.untraced)}")
    if reader.gaps.uncalled:
        raise refuse("no-connections", f"{_listed(reader.gaps.uncalled)} is never called")


def _without_a_name(nodes: tuple[Node, ...]) -> tuple[Node, ...]:
    """Return nodes of which the last, where only inputs stand before it, adds nothing to the paths of its tensors.

    A module that is itself a layer is named by nobody: PyTorch's names of its tensors are those that it gives them.
    """
    *before, last = nodes
    if last.layer is None or any(node.layer is None or node.layer.inputs or node.layer.variadic for node in before):
        return nodes
    return (*before, replace(last, name="."))


def counted_tensors(module: Any) -> dict[str, Own]:
    """Return the parameters and buffers of a module by their first names, each once.

    Raises `wrong-type` for what is no module, `invalid-value` for one with tensors that cannot be counted.
    """
    if not isinstance(module, _module_class()):
        raise refuse("wrong-type", f"takes a module of PyTorch, not {named(module)}")
    module = unwrapped(module)
    check_complete(module)
    found: dict[int, tuple[str, Own]] = {}
    for name, tensor in own_tensors(module).items():
        found.setdefault(id(tensor), (name, described(tensor, name)))
    return dict(found.values())


def _check_classes(module: Any) -> None:
    """Raise `invalid-value` for a module whose code is compiled, which does not say what its layers are."""
    from torch.jit import ScriptModule

    if any(isinstance(each, ScriptModule) for each in module.modules()):
        raise refuse(
            "invalid-value",
            "a ScriptModule does not say what its layers are",
            "read the module that it was made of; pc.check takes it as it is",
        )


def _module_class() -> Any:
    try:
        from torch.nn import Module
    except ImportError:
        raise refuse(
            "missing-package",
            "a module of PyTorch is read with the package torch",
            "python -m pip install torch, or write the spec by hand",
        ) from None
    return Module


def unwrapped(module: Any) -> Any:
    """Take off a module what is put around it to run it otherwise: torch.compile, DataParallel."""
    from torch import nn

    while True:
        if isinstance(module, (nn.DataParallel, nn.parallel.DistributedDataParallel)):
            module = module.module
        elif "_orig_mod" in (children := dict(module.named_children())):
            module = children["_orig_mod"]
        else:
            return module


def _read(
    module: Any, inputs: list[tuple[Shape, str]], kinds: Kinds
) -> tuple[tuple[Node, ...], tuple[str, ...] | None, Reader]:
    """Read the nodes of a module, its outputs, and by whom they were read.

    What is tied in a way that its kind cannot say is read as Weights. Of the lengths that stand for open ones,
    and of the axes that an input may have, those are taken with which more layers have their connections.
    """
    while True:
        found = None if kinds.of(module) else trace(module, kinds.is_whole, inputs)
        best: Reader | None = None
        try:
            for further_axes, lengths in product((0, 1), LENGTHS):
                reader = Reader(module, inputs, kinds, found, lengths, further_axes)
                result = reader.nodes()
                gaps = reader.gaps
                if best is None or gaps.missing < best.gaps.missing:
                    best, nodes = reader, result
                if not gaps.unknown:
                    break
        except Loose as caught:
            kinds = Kinds(kinds.loose | caught.modules, kinds.alike)
            continue
        assert best is not None
        read, outputs = nodes
        if read and outputs is None and kinds.of(module) is not None:
            read = _without_a_name(read)
        return read, outputs, best


def _description(reader: Reader) -> str:
    """Where a spec does not say what the module does."""
    said, gaps = [], reader.gaps
    if reader.found is None and reader.layout.kinds.of(reader.layout.module) is None:
        said.append(
            "torch.fx cannot follow its calls, so the layers stand in the order in which they are registered, and a"
            " layer that does not fit the one before it begins with an Input of its own."
        )
    if gaps.untraced:
        said.append(
            f"torch.fx cannot follow the calls in {_listed(gaps.untraced)}: what is in there stands in the order in"
            " which it is registered."
        )
    if gaps.parted and reader.found is not None:
        said.append(
            "Where a function that is no layer type stands between two layers, the second begins with an Input of its"
            " own."
        )
    if gaps.uncalled:
        said.append(f"Never called: {_listed(gaps.uncalled)}.")
    if gaps.read:
        said.append(f"The weights of {_listed(gaps.read)} are used without a call.")
    if gaps.left_out:
        said.append(f"Left out, as functions that are no layer type: {_listed(sorted(gaps.left_out))}.")
    if gaps.keeps_more:
        said.append("An attention has no heads, a mask or a dropout, and keeps other numbers than its layer.")
    if gaps.unfinished:
        said.append("What comes after the last layer is no layer type, and is left out.")
    return " ".join(["Read from PyTorch.", *said]) if said else ""


def _unknown(reader: Reader) -> tuple[str, ...]:
    """Return what is not known of a network that was read: how its layers are connected, or what flows between them."""
    gaps = reader.gaps
    guessed = reader.found is None and reader.layout.kinds.of(reader.layout.module) is None
    if guessed or gaps.is_cut or gaps.untraced or gaps.uncalled or gaps.read or gaps.unfinished:
        return ("flow", "values")
    if not all(map(is_elementwise, gaps.left_out)):
        return ("flow", "values")
    # what is made of nothing is there once, and not for each example
    return ("values",) if gaps.left_out or gaps.keeps_more or (gaps.parted and reader.found is not None) else ()


def _listed(paths: list[str]) -> str:
    """Write the first few paths, and how many there are beyond them."""
    most = 3
    rest = [f"{len(paths) - most} more"] if len(paths) > most else []
    *several, last = [*(f"'{path}'" for path in paths[:most]), *rest]
    return f"{', '.join(several)} and {last}" if several else last


def _shapes(inputs: Any) -> Iterator[tuple[Shape, str]]:
    """Yield the shape of each input without the batch, and its dtype: of examples, or as they are stated."""
    if inputs is None:
        return
    several = isinstance(inputs, (list, tuple)) and not all(each is None or type(each) is int for each in inputs)
    for each in inputs if several else [inputs]:
        if hasattr(each, "shape"):
            yield tuple(each.shape)[1:], str(each.dtype).removeprefix("torch.")
        else:
            yield read_shape(each), "float32"


def _is_of(found: Counter[Any], module: Any) -> bool:
    """Whether the tensors of a spec are exactly those of a module, each counted once."""
    real = Counter((own.shape, own.role, own.trainable, own.dtype) for own in counted_tensors(module).values())
    mine: Counter[Any] = Counter()
    for (shape, role, trainable, dtype, counted), number in found.items():
        mine[shape, role, trainable, dtype] += number * counted
    return +mine == real
