"""Whether a spec has exactly the tensors of a model: what is missing, what is more, what has another shape."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from paramcalc.conventions import convention
from paramcalc.core.algebra import Shape, product
from paramcalc.core.errors import quoted, refuse
from paramcalc.frameworks.reading import read_as_it_is
from paramcalc.results.count import count
from paramcalc.spec import Framework, Spec

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
class Difference:
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
    differences: tuple[Difference, ...]

    def __bool__(self) -> bool:
        return not self.differences

    def __str__(self) -> str:
        """What differs, as a table; or how many tensors agree."""
        if not self.differences:
            return f"the same {_amount(self.theirs)}"
        rows = [("", "tensor", "spec", "model")]
        for each in self.differences:
            named = each.theirs or each.ours
            rows.append((each.sort, named.name if named else "", _shown(each.ours, each), _shown(each.theirs, each)))
        widths = [max(len(row[column]) for row in rows) for column in range(4)]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
        return "\n".join([*lines, "", f"spec:  {_amount(self.ours)}", f"model: {_amount(self.theirs)}"])


def check(spec: Spec, against: Any) -> Check:
    """Whether a spec has exactly the tensors of something else.

    `against` is another spec, a live model of Keras or PyTorch, or the path of a file: a spec, the JSON of a
    Keras model, a `.keras` archive. Tensors are compared as its framework has them, under the names that it has
    for them. They are matched by name and shape; the rest by shape, in their order, since a spec names its layers
    as it likes; and what is left by name.

    Raises `ParamcalcError`.
    """
    framework, theirs = _model(against)
    ours = _tensors(spec, framework)
    return Check(ours, theirs, tuple(_differences(list(ours), list(theirs))))


def _model(against: Any) -> tuple[Framework, tuple[OneTensor, ...]]:
    """The framework of what a spec is held against, and its tensors."""
    if hasattr(against, "named_parameters"):
        from paramcalc.frameworks.torch.read import counted_tensors

        named = counted_tensors(against).items()
        return "torch", tuple(
            OneTensor(name, own.shape, own.trainable, convention("torch").counts(own.role)) for name, own in named
        )
    if isinstance(against, Spec):
        other = against
    elif isinstance(against, (str, Path)):
        other, _ = read_as_it_is(against)
    elif hasattr(against, "to_json"):
        from paramcalc.frameworks.keras.read import untidied

        other = untidied(against)
    else:
        raise refuse("wrong-type", f"takes a spec, a model or the path of one, not {quoted(type(against).__name__)}")
    return other.framework, _tensors(other, other.framework)


def _tensors(spec: Spec, framework: Framework) -> tuple[OneTensor, ...]:
    """Every tensor of a spec, each copy for itself, and tied ones once."""
    rules = convention(framework)
    return tuple(
        OneTensor(
            f"{row.name}{rules.separator}{tensor.name}", tensor.shape, tensor.trainable, rules.counts(tensor.role)
        )
        for row in count(spec, framework, expand=True).layers
        for tensor in row.tensors
        if tensor.tied_to is None
    )


def _name(tensor: OneTensor) -> str:
    """Its name, in a form that is the same for a model and the spec that was read from it.

    A spec's names do not begin with a number; what is added to its input stands in a group, the tensors of
    a module that holds others in a node, and a part of a list of modules is `layer_1_to_5`.
    """
    name = re.sub(r"_(\d+)_to_\d+\.(\d+)", lambda found: f"_{int(found[1]) + int(found[2])}", tensor.name)
    return re.sub(r"\b(?:layer|tensor)_(?=\d+\b)|\b(?:own|group)(?:_\d+)?\.", "", name)


#: What makes two tensors a pair, from the best to the last resort, and how such a pair differs.
_PAIRS: tuple[tuple[Callable[[OneTensor], Hashable], Sort | None], ...] = (
    (lambda tensor: (_name(tensor), tensor.shape, tensor.trainable, tensor.counts), None),
    (lambda tensor: (tensor.shape, tensor.trainable, tensor.counts), None),
    (lambda tensor: (_name(tensor), tensor.shape), "other training"),
    (_name, "other shape"),
)


def _differences(ours: list[OneTensor], theirs: list[OneTensor]) -> list[Difference]:
    found: list[Difference] = []
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
                found.append(Difference(sort, own, tensor))
        left = {id(tensor) for tensors in waiting.values() for tensor in tensors}
        ours, theirs = [tensor for tensor in ours if id(tensor) in left], rest
    found += [Difference("missing", None, tensor) for tensor in theirs]
    found += [Difference("extra", tensor, None) for tensor in ours]
    return found


def _shown(tensor: OneTensor | None, difference: Difference) -> str:
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
