"""Runs a program over arrays: each step a function of NumPy that writes into memory that is used again and again."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy

from paramcalc.core import doubles
from paramcalc.results.sweeps.program import OPERATIONS, Bounds, Place, Program, Step

#: The axes that a step extends along.
Axes: TypeAlias = frozenset[int]


class Layout(NamedTuple):
    """Along which axis each column extends, and how many points an axis has."""

    axes: Mapping[Any, Axes]
    lengths: Sequence[int]

    def size(self, axes: Axes) -> int:
        """Return how many values there are of what extends along these axes."""
        return math.prod(self.lengths[axis] for axis in axes)

    def cost(self, program: Program, outputs: Iterable[Place]) -> int:
        """Return about how long the steps of outputs take, a sum of two numbers taking 1."""
        axes = self.of_steps(program)
        costs = {name: operation.cost for name, operation in OPERATIONS.items()}
        steps = ((program.steps[place].name, axes[place]) for place in program.needed(outputs))
        return sum(costs.get(name, 2) * self.size(along) for name, along in steps if name not in ("dim", "number"))

    def of_steps(self, program: Program) -> list[Axes]:
        """Return the axes of every step."""
        found: list[Axes] = []
        for step in program.steps:
            own = self.axes[step.value] if step.name == "dim" else frozenset[int]()
            found.append(own.union(*(found[place] for place in step.operands)))
        return found


class _Register(NamedTuple):
    """Memory for the values of steps, one after the other."""

    axes: Axes
    is_truth: bool


class _Instruction(NamedTuple):
    function: Callable[..., Any]
    operands: tuple[int, ...]
    target: int


class Machine:
    """A program made ready for the outputs that are asked for.

    `axes` are those of each column, and `sizes` its bounds. It computes in 64 bits, where the bounds prove that they
    hold every number, and else over Python's whole numbers.
    """

    def __init__(
        self, program: Program, outputs: Sequence[Place], axes: Mapping[Any, Axes], sizes: Mapping[Any, Bounds]
    ) -> None:
        #: whether it computes over Python's whole numbers
        self.exact = not program.fits(sizes)
        self.outputs = outputs
        self._program = program
        #: where each of these stands among the slots
        self.columns: dict[Any, int] = {}
        self._numbers: list[tuple[int, int]] = []
        self._registers: dict[int, _Register] = {}
        self._slots = 0
        self._code: list[_Instruction] = []
        self._slot_of: dict[Place, int] = {}
        self._axes: dict[Place, Axes] = {}
        self._compile(axes, program.bounds(sizes))

    # --- made ready

    def _compile(self, axes: Mapping[Any, Axes], bounds: Sequence[Bounds]) -> None:
        steps = self._program.steps
        needed = self._program.needed(self.outputs)
        last = {operand: place for place in needed for operand in steps[place].operands}
        kept = set(self.outputs)
        free: dict[_Register, list[int]] = {}
        for place in needed:
            step = steps[place]
            if step.name in ("number", "dim"):
                self._axes[place] = axes[step.value] if step.name == "dim" else frozenset()
                self._slot_of[place] = self._input(step)
                continue
            self._axes[place] = frozenset[int]().union(*(self._axes[each] for each in step.operands))
            ended = [each for each in dict.fromkeys(step.operands) if last[each] == place and each not in kept]
            slots = [self._slot_of[each] for each in ended if self._slot_of[each] in self._registers]
            register = _Register(self._axes[place], self._program.is_truth(place))
            operands = [self._slot_of[each] for each in step.operands]
            if step.name == "divides":
                # a product, or a quotient, is on the way
                operands.append(self._taken(_Register(self._axes[place], False), free, False))
                slots.append(operands[-1])
            if step.name in OPERATIONS:
                # a value may take the place of one that is used for the last time
                self._free(slots, free)
                target = self._taken(register, free, place in kept)
            else:
                target = self._taken(register, free, place in kept)
                self._free(slots, free)
            function = _function(step, [bounds[each] for each in step.operands], self.exact)
            self._code.append(_Instruction(function, tuple(operands), target))
            self._slot_of[place] = target

    def _input(self, step: Step) -> int:
        slot = self._slot()
        if step.name == "dim":
            self.columns[step.value] = slot
        else:
            self._numbers.append((slot, step.value))
        return slot

    def _slot(self) -> int:
        self._slots += 1
        return self._slots - 1

    def _free(self, slots: Sequence[int], free: dict[_Register, list[int]]) -> None:
        for slot in slots:
            free.setdefault(self._registers[slot], []).append(slot)

    def _taken(self, register: _Register, free: dict[_Register, list[int]], is_kept: bool) -> int:
        if free.get(register) and not is_kept:
            return free[register].pop()
        slot = self._slot()
        self._registers[slot] = register
        return slot

    # --- run

    def memory(self, shape: tuple[int, ...]) -> list[Any]:
        """Return slots for blocks of a shape, to be run in, one block after the other."""
        slots: list[Any] = [None] * self._slots
        for slot, value in self._numbers:
            slots[slot] = value
        for slot, register in self._registers.items():
            size = tuple(length if axis in register.axes else 1 for axis, length in enumerate(shape))
            kind = bool if register.is_truth else object if self.exact else numpy.int64
            slots[slot] = numpy.empty(size, kind)
        return slots

    def run(self, slots: list[Any], columns: Mapping[Any, Any], out: Sequence[Any] = ()) -> list[Any]:
        """Return the values of the outputs: numbers, or arrays that the next run overwrites.

        `columns` are arrays that NumPy broadcasts to the block. The last outputs are written into `out`, where shape
        and dtype agree.
        """
        for name, slot in self.columns.items():
            slots[slot] = columns[name]
        own = {}
        for place, array in zip(self.outputs[len(self.outputs) - len(out) :], out, strict=True):
            slot = self._slot_of[place]
            if slot in self._registers and slot not in own and _alike(slots[slot], array):
                own[slot] = slots[slot]
                slots[slot] = array
        for function, operands, target in self._code:
            function(*[slots[each] for each in operands], out=slots[target])
        values = [slots[self._slot_of[each]] for each in self.outputs]
        for slot, array in own.items():
            slots[slot] = array
        return values


def _alike(array: Any, other: Any) -> bool:
    return bool(array.shape == other.shape and array.dtype == other.dtype)


def _function(step: Step, bounds: Sequence[Bounds], exact: bool) -> Callable[..., Any]:
    if step.name in OPERATIONS:
        function: Callable[..., Any] = getattr(numpy, OPERATIONS[step.name].ufunc)
        return function
    if step.name == "divides":
        factor = None if exact else dividing_factor(step.value, bounds[0])
        return _divides(step.value) if factor is None else _divides_by_product(factor)
    if step.name == "not":
        return numpy.logical_not
    return _choose if step.name == "choice" else _scale(*step.value)


def _choose(truth: Any, chosen: Any, otherwise: Any, out: Any) -> None:
    numpy.copyto(out, otherwise)
    numpy.copyto(out, chosen, where=truth)


def _divides(divisor: int) -> Callable[..., None]:
    def divides(sizes: Any, between: Any, out: Any) -> None:
        numpy.floor_divide(sizes, divisor, out=between)
        numpy.multiply(between, divisor, out=between)
        numpy.equal(sizes, between, out=out)

    return divides


def _divides_by_product(factor: int) -> Callable[..., None]:
    limit = numpy.uint64(factor)

    def divides(sizes: Any, between: Any, out: Any) -> None:
        products = between.view(numpy.uint64)
        numpy.multiply(sizes.view(numpy.uint64), limit, out=products)
        numpy.less(products, limit, out=out)

    return divides


def dividing_factor(divisor: int, sizes: Bounds) -> int | None:
    """Return a factor whose product with a size is, modulo 2^64, less than itself just where the divisor divides it.

    None where that is not proved for sizes within bounds. The factor is the quotient 2^64 / divisor, rounded up by a
    share `over` / divisor of 1. A size q * divisor + r has, modulo 2^64, the product q * over + r * factor: less than
    the factor for r = 0, and else at least as large, if q * over stays so small that neither passes a multiple of the
    factor. After Lemire, Kaser and Kurz, "Faster remainder by direct computation" (2019).
    """
    factor = -(-(2**64) // divisor)
    over = factor * divisor - 2**64
    if divisor < 2 or sizes[0] < 0 or (sizes[1] // divisor + 1) * over >= factor:
        return None
    return factor


#: How NumPy rounds a double; halves to the even number.
_ROUNDINGS = {"scaled": numpy.trunc, "scaled_up": numpy.ceil, "scaled_near": numpy.rint}


def _scale(factor: float, rounding: str) -> Callable[..., None]:
    """Return what scales sizes by a double, all within 2^53."""

    def scale(sizes: Any, out: Any) -> None:
        if out.dtype == object:
            out[...] = numpy.frompyfunc(lambda size: doubles.product(size, factor, rounding), 1, 1)(sizes)
        else:
            out[...] = _ROUNDINGS[rounding](sizes * factor)

    return scale
