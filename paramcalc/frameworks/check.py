"""Whether a spec has exactly the tensors of a model: what is missing, what is more, what has another shape."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

from paramcalc.conventions import convention
from paramcalc.core.algebra import Shape, product
from paramcalc.core.errors import quoted, refuse
from paramcalc.frameworks.keras import is_live_model
from paramcalc.frameworks.reading import read_as_it_is
from paramcalc.results.count import count
from paramcalc.spec import Framework, Spec, Value

#: How a tensor differs: the spec lacks it, has it beyond the model's, has it in another shape, or trains it and
#: the model does not, or the other way round.
Sort: TypeAlias = Literal["missing", "extra", "other shape", "other training"]


@dataclass(frozen=True)
class OneTensor:
    """A tensor by the path that the framework gives it."""

    name: str
    shape: Shape
    trainable: bool
    #: whether the framework counts it as a parameter: PyTorch does not count buffers
    counts: bool = True


@dataclass(frozen=True)
class TensorDifference:
    """What differs in one tensor: as the spec has it, and as the model does."""

    sort: Sort
    ours: OneTensor | None
    theirs: OneTensor | None


@dataclass(frozen=True)
class Check:
    """The answer of a check. It is true where nothing differs."""

    #: the tensors of the spec, and of the model
    ours: tuple[OneTensor, ...]
    theirs: tuple[OneTensor, ...]
    differences: tuple[TensorDifference, ...]

    def __bool__(self) -> bool:
        return not self.differences

    def __str__(self) -> str:
        """Write what differs as a table; or how many tensors agree."""
        if not self.differences:
            return f"the same {_amount(self.theirs)}"
        rows = [("", "tensor", "spec", "model")]
        for each in self.differences:
            named = each.theirs or each.ours
            rows.append((each.sort, named.name if named else "", _cell(each.ours, each), _cell(each.theirs, each)))
        widths = [max(len(row[column]) for row in rows) for column in range(4)]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
        return "\n".join([*lines, "", f"spec:  {_amount(self.ours)}", f"model: {_amount(self.theirs)}"])


def check(spec: Spec, against: Any, *, dims: Mapping[str, Value] | None = None) -> Check:
    """Compare the tensors of a spec with those of something else.

    `against` is another spec, a live model of Keras or PyTorch, or the path of a file: a spec, the JSON of a
    Keras model, a `.keras` archive. Tensors are compared as its framework has them, under the names that it has
    for them. They are matched by name and shape; the rest by shape, in their order, since a spec names its layers
    as it likes; and what is left by name.

    `dims` gives dims of the spec other values. Raises `ParamcalcError`.
    """
    framework, theirs = _model(against)
    ours = _named_alike(_tensors(spec, framework, dims), theirs)
    return Check(ours, theirs, tuple(_differences(list(ours), list(theirs))))


def _model(against: Any) -> tuple[Framework, tuple[OneTensor, ...]]:
    """Return the framework of what a spec is held against, and its tensors."""
    if is_live_model(against):
        from paramcalc.frameworks.keras.read import untidied

        other = untidied(against)
    elif hasattr(against, "named_parameters"):
        return "torch", _module_tensors(against)
    elif isinstance(against, Spec):
        other = against
    elif isinstance(against, (str, Path)):
        other, _ = read_as_it_is(against)
    else:
        raise refuse("wrong-type", f"takes a spec, a model or the path of one, not {quoted(type(against).__name__)}")
    return other.framework, _tensors(other, other.framework)


def _module_tensors(module: Any) -> tuple[OneTensor, ...]:
    """List the tensors of a module of PyTorch."""
    from paramcalc.frameworks.torch.read import counted_tensors

    counts = convention("torch").counts
    named = counted_tensors(module).items()
    return tuple(OneTensor(name, own.shape, own.trainable, counts(own.role)) for name, own in named)


def _tensors(spec: Spec, framework: Framework, dims: Mapping[str, Value] | None = None) -> tuple[OneTensor, ...]:
    """List every tensor of a spec, each copy for itself, and tied ones once."""
    rules = convention(framework)
    return tuple(
        OneTensor(
            f"{row.name}{rules.separator}{tensor.name}", tensor.shape, tensor.trainable, rules.counts(tensor.role)
        )
        for row in count(spec, framework, dims=dims, expand=True).layers
        for tensor in row.tensors
        if tensor.tied_to is None
    )


def _named_alike(ours: tuple[OneTensor, ...], theirs: tuple[OneTensor, ...]) -> tuple[OneTensor, ...]:
    """Return the tensors of a spec without the name of its only node, where the model has no such name.

    A module that is itself a layer has no name of its own, and a node has one.
    """
    nodes = {tensor.name.partition(".")[0] for tensor in ours}
    if len(nodes) != 1 or not nodes.isdisjoint(tensor.name.partition(".")[0] for tensor in theirs):
        return ours
    shorter = tuple(replace(tensor, name=tensor.name.partition(".")[2]) for tensor in ours)
    return shorter if all(tensor.name for tensor in shorter) else ours


#: A node for several modules of a list of modules, in the names of specs: `layer_1_to_5`; the copy stands behind it.
_SEVERAL = re.compile(r"(?P<stem>\w+)_(?P<first>\d+)_to_\d+")
#: Groups that only a spec has: of what is added to its input, of the tensors of a module that holds others.
_ADDED = re.compile(r"(own|group)(_\d+)?")
#: What stands before a number, since a spec's names do not begin with one.
_NUMBERED = re.compile(r"\b(layer|tensor)_(?=\d+\b)")


def _common_name(tensor: OneTensor) -> str:
    """Return its name in a form that is the same for a model and the spec that was read from it."""
    *around, last = tensor.name.split(".")
    names: list[str] = []
    several: re.Match[str] | None = None
    for name in around:
        if several and name.isdecimal():
            names[-1] = f"{several['stem']}_{int(several['first']) + int(name)}"
        elif not _ADDED.fullmatch(name):
            names.append(name)
        several = _SEVERAL.fullmatch(name)
    # names in Keras have no dots
    return _NUMBERED.sub("", ".".join([*names, last])).replace(".", "_")


#: What makes two tensors a pair, from the best to the last resort, and how such a pair differs.
_PAIRS: tuple[tuple[Callable[[OneTensor], Hashable], Sort | None], ...] = (
    (lambda tensor: (_common_name(tensor), tensor.shape, tensor.trainable, tensor.counts), None),
    (lambda tensor: (tensor.shape, tensor.trainable, tensor.counts), None),
    (lambda tensor: (_common_name(tensor), tensor.shape), "other training"),
    (_common_name, "other shape"),
)


def _differences(ours: list[OneTensor], theirs: list[OneTensor]) -> list[TensorDifference]:
    """Pair the tensors of both sides, and list how the pairs differ, and what has no pair."""
    found: list[TensorDifference] = []
    for key, sort in _PAIRS:
        waiting: dict[Hashable, list[OneTensor]] = defaultdict(list)
        for tensor in reversed(ours):
            waiting[key(tensor)].append(tensor)
        rest = []
        for tensor in theirs:
            if not waiting[key(tensor)]:
                rest.append(tensor)
                continue
            own = waiting[key(tensor)].pop()
            if sort is not None:
                found.append(TensorDifference(sort, own, tensor))
        left = {id(tensor) for tensors in waiting.values() for tensor in tensors}
        ours, theirs = [tensor for tensor in ours if id(tensor) in left], rest
    found += [TensorDifference("missing", None, tensor) for tensor in theirs]
    found += [TensorDifference("extra", tensor, None) for tensor in ours]
    return found


def _cell(tensor: OneTensor | None, difference: TensorDifference) -> str:
    """Write what one side has of a tensor: its shape, and where that differs, whether it is trained."""
    if tensor is None:
        return "–"
    shape = f"({', '.join(map(str, tensor.shape))})"
    if difference.sort != "other training":
        return shape
    return f"{shape} {'trained' if tensor.trainable else 'not trained' if tensor.counts else 'a buffer'}"


def _amount(tensors: Sequence[OneTensor]) -> str:
    elements = sum((product(tensor.shape) for tensor in tensors), start=0)
    noun = "tensor" if len(tensors) == 1 else "tensors"
    return f"{len(tensors):,} {noun} with {elements:,} elements"
