"""Measures of the tensors that a network owns: how many numbers, which of them are trained, how many bytes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

from paramcalc.conventions import Convention
from paramcalc.core.algebra import Number
from paramcalc.graph import Leaf, Use
from paramcalc.layers.base.fields import DTYPES
from paramcalc.measures.measure import Context, Measure, Term, size_in_bytes


def counted(leaf: Leaf, convention: Convention) -> Iterator[Use]:
    """Yield the tensors that count at a leaf: its own, tied ones aside, of the roles that a convention counts."""
    return (use for use in leaf.owned if convention.counts(use.tensor.role))


class Parameters(Measure):
    """The numbers that a network owns, as a convention counts them."""

    name = "parameters"
    unit = "parameters"
    phrase = "the number of parameters"
    summary = "The numbers that the layers own; those shared or tied count once."
    by_convention = True

    def terms(self, leaf: Leaf, context: Context, state: Any) -> Iterable[Term]:
        return (_term(use) for use in counted(leaf, context.convention))


class Trainable(Parameters):
    """The numbers that training changes."""

    name = "trainable"
    unit = "trained parameters"
    phrase = "the number of trained parameters"
    summary = "The parameters that training changes: neither frozen ones nor states."
    questions: ClassVar[Mapping[str, str]] = {
        "What is not trained?": (
            "What the spec freezes (trainable: false), and states that no optimizer updates, such as moving averages."
        )
    }

    def terms(self, leaf: Leaf, context: Context, state: Any) -> Iterable[Term]:
        return (_term(use) for use in counted(leaf, context.convention) if use.trainable)


class Active(Parameters):
    """The numbers that one example passes through."""

    name = "active"
    unit = "active parameters"
    phrase = "the number of active parameters"
    summary = "The parameters that one example passes through: of a mixture of experts, those of the active ones."
    questions: ClassVar[Mapping[str, str]] = {
        "Why may these be fewer than the parameters?": (
            "A mixture of experts sends an example to a few of them. The others are stored, and not computed for it."
        )
    }
    of_active = True

    def terms(self, leaf: Leaf, context: Context, state: Any) -> Iterable[Term]:
        return (Term(use.tensor.name, (use.active,), use.tensor.purpose) for use in counted(leaf, context.convention))


class Bytes(Parameters):
    """The bytes of the numbers that a network owns, each tensor at its dtype."""

    name = "bytes"
    unit = "bytes"
    phrase = "the bytes of the parameters"
    summary = "The bytes of the parameters, each tensor at its dtype; numbers smaller than a byte are packed."
    questions: ClassVar[Mapping[str, str]] = {
        "Why 16 bytes a parameter?": (
            "That is what training with Adam takes in float32: 4 for the parameter, 4 for its gradient, and 8 for two"
            " averages, of the gradient and of its square. Here the parameter alone counts, at its dtype; 'paramcalc"
            " memory' tells all parts, of any optimizer and dtype."
        )
    }

    def terms(self, leaf: Leaf, context: Context, state: Any) -> Iterable[Term]:
        for use in counted(leaf, context.convention):
            bits = DTYPES[use.dtype]
            whole = bits % 8 == 0
            factors = (bits // 8, *_sizes(use)) if whole else (size_in_bytes(use.elements, use.dtype),)
            yield Term(use.tensor.name, factors, use.tensor.purpose)


def _term(use: Use) -> Term:
    return Term(use.tensor.name, _sizes(use), use.tensor.purpose)


def _sizes(use: Use) -> tuple[Number, ...]:
    """Return the sizes whose product are the elements of a tensor: those of its axes, and how many it stands for."""
    copies = use.tensor.copies
    return use.tensor.shape if type(copies) is int and copies == 1 else (*use.tensor.shape, copies)
