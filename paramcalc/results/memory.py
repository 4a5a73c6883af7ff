"""Spec to memory: the bytes that training a network takes, or running it, part by part."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, Literal, TypeAlias

from paramcalc.core import algebra, registry
from paramcalc.core.algebra import Number
from paramcalc.core.display import Displayed, printed
from paramcalc.core.errors import ParamcalcError, quoted, refuse
from paramcalc.measures import BATCH, measure
from paramcalc.measures.measure import size_in_bytes
from paramcalc.measures.memory import UNKNOWN_BUFFERS, check_trained
from paramcalc.measures.optimizers import Kept, Optimizer, Parameter, optimizer
from paramcalc.results.count import Count, TensorCount, count
from paramcalc.results.measurement import measured
from paramcalc.spec import Framework, Spec, Value

#: What may make a network fit: a smaller batch, computing outputs again, states of fewer bits, all of these.
Remedies: TypeAlias = Literal["batch", "recompute", "states", "all"]
#: The parts of a sheet, in its order.
PARTS = ("weights", "gradients", "buffers", "optimizer", "counters", "master", "saved", "cache")


@dataclass(frozen=True, slots=True)
class Memory(Displayed):
    """The bytes that a network takes while it is trained, or run; each part None where it is not known.

    It is of one device.
    """

    name: str
    convention: Framework
    dims: dict[str, Value]
    #: of the dims, the batch and those that were given beside the spec
    given: dict[str, Value]
    #: of every tensor for which none is stated
    dtype: str
    #: what it is trained with; None where it is run
    training: Optimizer | None
    #: the dtype of the copy of the weights that the optimizer works on, where it keeps one
    master_dtype: str | None
    #: parameters, tied ones once; then those of them that are trained
    parameters: int
    trained: int
    weights: int
    gradients: int
    #: of states that no optimizer updates, such as moving averages
    buffers: int | None
    #: what the optimizer keeps of each parameter
    optimizer: int
    #: scalars that count its steps, and the like
    counters: int
    #: the names of what it keeps of each parameter
    kept: tuple[str, ...]
    #: a copy of the trained weights in another dtype
    master: int
    #: outputs and the like that are kept for the backward pass
    saved: int | None
    #: keys, values and states that are kept to generate the next element of a sequence
    cache: int | None
    #: of each part that is not known, why
    unknown: dict[str, str] = field(default_factory=dict)
    #: the bytes that there are, and what would make it fit where it does not
    budget: int | None = None
    remedies: tuple[Remedy, ...] = ()

    @property
    def known(self) -> int:
        """The sum of the parts that are known."""
        return sum(getattr(self, part) or 0 for part in PARTS)

    @property
    def total(self) -> int | None:
        """The sum of all parts; None where one of them is not known."""
        return None if self.unknown else self.known

    @property
    def fits(self) -> bool | None:
        """Whether it fits the budget; None where there is none, or it is not known."""
        if self.budget is None or (self.unknown and self.known <= self.budget):
            return None
        return self.known <= self.budget

    @property
    def each(self) -> dict[str, Fraction]:
        """The bytes a trained parameter takes in each part that has as many of them."""
        if not self.trained or self.trained != self.parameters:
            return {}
        parts = ("weights", "gradients", "master", "optimizer")
        return {part: Fraction(getattr(self, part), self.trained) for part in parts if getattr(self, part)}

    def __str__(self) -> str:
        return self.to("text")

    def to(self, notation: Literal["text", "markdown", "json"] = "text", **options: Any) -> str:
        """Return the sheet as text, as Markdown, or as JSON. Raises `unknown-target`."""
        return printed(self, notation, **options)


@dataclass(frozen=True, slots=True)
class Remedy:
    """A change of what is trained or run, and what it takes then."""

    what: Remedies
    #: what it is changed to: a batch, the groups that are computed again, an optimizer
    to: str
    total: int
    fits: bool


@dataclass(frozen=True, slots=True)
class Question:
    """What a sheet is asked for."""

    convention: Framework
    #: an optimizer, with options or without; None: the network is run
    training: Any
    dims: Mapping[str, Value]
    #: the dtype of the copy that the optimizer works on
    master: str | None
    #: options of the measures
    options: Mapping[str, str]


def with_batch(spec: Spec) -> Spec:
    """Return a spec that has a dim `batch`: its own, or one of 1."""
    return spec if BATCH in spec.dims else replace(spec, dims={**spec.dims, BATCH: 1})


def memory(spec: Spec, question: Question) -> Memory:
    """Return the memory that a spec takes; see `paramcalc.memory`."""
    spec = with_batch(spec)
    counted = count(spec, question.convention, dims=question.dims)
    owned = list(_owned(counted))
    of_parameters = [each for each in owned if each[1].role == "parameter"]
    trained = [each for each in of_parameters if each[1].trainable]
    training = None if question.training is None else optimizer(question.training, question.convention)
    for each in trained if training is not None else ():
        check_trained(_parameter(each, None))
    parameters = [_parameter(each, question.master) for each in trained]
    kept = training.kept(parameters) if training is not None else Kept(0, 0)
    copied = [each for each in trained if training and question.master not in (None, each[1].dtype)]
    unknown: dict[str, str] = {}
    if counted.buffers is None:
        unknown["buffers"] = UNKNOWN_BUFFERS.format(quoted(spec.name))
    return Memory(
        name=counted.name,
        convention=counted.convention,
        dims=counted.dims,
        given={name: each for name, each in counted.dims.items() if name == BATCH or name in question.dims},
        dtype=counted.dtype,
        training=training,
        master_dtype=question.master,
        parameters=_sum(tensor.elements * times for _, tensor, times in of_parameters),
        trained=_sum(tensor.elements * times for _, tensor, times in trained),
        weights=_bytes(of_parameters),
        gradients=0 if training is None else _bytes(trained),
        buffers=None if "buffers" in unknown else _bytes(each for each in owned if each[1].role == "state"),
        optimizer=_whole(kept.states),
        counters=_whole(kept.counters),
        kept=_names_kept(training, parameters),
        master=_bytes(copied, question.master),
        saved=0 if training is None else _measured(spec, "saved", question, unknown),
        cache=_measured(spec, "cache", question, unknown) if training is None else 0,
        unknown=unknown,
    )


#: A tensor, the path of its layer, and how many copies of the layer there are.
Owned = tuple[str, TensorCount[Any], Number]


def _owned(counted: Count[Any]) -> Iterator[Owned]:
    """Yield the tensors of a network as the framework has them, those that are tied or shared once."""
    for row in counted.layers:
        for tensor in row.tensors:
            if tensor.tied_to is None:
                yield row.name, tensor, row.times


def _parameter(owned: Owned, master: str | None) -> Parameter:
    """Return a tensor as an optimizer sees it: in its own dtype, or in that of the copy that it works on."""
    path, tensor, times = owned
    return Parameter(f"{path}.{tensor.name}", tensor.shape, master or tensor.dtype, tensor.elements, times)


def _names_kept(training: Optimizer | None, parameters: list[Parameter]) -> tuple[str, ...]:
    """Return the names of what an optimizer keeps of these parameters, each once."""
    if training is None:
        return ()
    kept = (state for each in parameters for state, _ in training.each(each))
    return tuple(dict.fromkeys(state.name for state in kept if state not in training.rule.counters))


def _measured(spec: Spec, name: str, question: Question, unknown: dict[str, str]) -> int | None:
    """Return a measure of a network; None where it is not known, and why among what is `unknown`."""
    if name not in registry.MEASURES:
        unknown[name] = "no measure states it yet"
        return None
    options = {option: value for option, value in question.options.items() if option in registry.measure(name).options}
    asked = measure(name, options)
    try:
        found = measured(spec, asked, question.convention, dims=question.dims).total
    except ParamcalcError as error:
        if error.code == "invalid-value":
            raise
        problem = error.problems[0]
        # a length is asked for by its name
        hint = problem.hint if error.code == "not-measurable" else ""
        unknown[name] = ": ".join(filter(None, (problem.message, hint)))
        return None
    return _whole(found)


def _bytes(tensors: Iterable[Owned], dtype: str | None = None) -> int:
    """Return the bytes of tensors, each at its own dtype or at this one."""
    return _sum(size_in_bytes(tensor.elements, dtype or tensor.dtype) * times for _, tensor, times in tensors)


def _sum(amounts: Iterator[Number]) -> int:
    return _whole(sum(amounts, start=0))


def _whole(amount: Number) -> int:
    """Return a whole number. Raises `not-one-value` for an array: a sheet is of one network."""
    if algebra.is_array(amount):
        raise refuse("not-one-value", "a sheet is of one network, and a dim is an array", "give it one value")
    return int(amount)
