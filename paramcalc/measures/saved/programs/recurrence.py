"""Layers that go through a sequence step by step, and their cells."""

from __future__ import annotations

from typing import Any

from paramcalc.core import algebra
from paramcalc.core.algebra import Number
from paramcalc.measures.saved.programs.products import linear
from paramcalc.measures.saved.run import Run, Shapes, Trained, Values
from paramcalc.measures.saved.values import Value


def recurrent(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    """Go through a sequence, in each layer and direction."""
    x, *given = inputs
    directions = 2 if algebra.truth(layer.bidirectional) else 1
    number = algebra.number_of_copies(layer.num_layers)
    batch, steps = x.shape[:2]
    kernel = trained("kernel")
    needs = trained("") or any(value.needs_gradient for value in inputs)
    x = x.permuted((1, 0, 2))
    if needs:
        _initial_states(run, layer, given, number * directions, x.dtype, kernel)
    for _ in range(number):
        for _ in range(directions):
            linear(run, x, x.shape, kernel)
            if x.needs_gradient or kernel:
                run.make("steps", batch * (steps * _of_step(layer, kernel) - _initial(layer, kernel)), x.dtype)
        x = run.new((steps, batch, layer.width * directions), x.dtype, needs)
    sequence = x.permuted((1, 0, 2))
    states = [
        run.new((number * directions, batch, *shape), x.dtype, needs).part(0, 1).without(0)
        for shape in layer.state_shapes
    ]
    output = sequence if algebra.truth(layer.return_sequences) else sequence.part(1, 1).without(1)
    if len(shapes) == 1:
        return [output]
    return [output, *(state for _ in range(number * directions) for state in states)]


def _of_step(layer: Any, kernel: bool) -> Number:
    """Return the elements that an example keeps of each step, beside the input: the state before among them."""
    gates, before = layer.gates * layer.units, layer.width if kernel else 0
    if layer.gates == 1:
        return layer.units
    if layer.gates == 3:
        # the gates, the candidate's sum of the state, the state before
        return gates + 3 * layer.units + before
    full = 0 if layer.proj_size is None or not kernel else layer.units
    # the gates, what is remembered before and after the function
    return gates + 2 * layer.units + before + full


def _initial(layer: Any, kernel: bool) -> Number:
    """Return the elements of the initial states among what is kept of all steps."""
    if layer.gates == 1:
        return 0
    before = layer.width if kernel else 0
    return before + (layer.units if layer.gates == 4 else 0)


def _initial_states(run: Run, layer: Any, given: Values, number: int, dtype: str, kernel: bool) -> None:
    """Keep the states to begin with: those that are given, or zeros."""
    kept = [kernel, True][: len(layer.state_shapes)]
    for place, (shape, is_kept) in enumerate(zip(layer.state_shapes, kept, strict=True)):
        if not is_kept:
            continue
        if len(given) == len(layer.state_shapes):
            run.keep(given[place], "state")
        else:
            run.make("state", number * run.batch * algebra.product(shape), dtype)


def cell(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    """Go one step."""
    x, *states = inputs
    kernel = trained("kernel")
    needs = trained("") or any(value.needs_gradient for value in inputs)
    if not states:
        # zeros: for both vectors of a state the same
        states = [run.new((run.batch, layer.units), x.dtype, False)] * len(layer.state_shapes)
    output, *memory = (run.new((run.batch, *shape), x.dtype, needs) for shape in layer.state_shapes)
    if needs:
        linear(run, x, x.shape, kernel)
        if kernel:
            run.keep(states[0], "state")
        made = {1: 0, 3: 6, 4: 5}[layer.gates]
        if layer.gates == 1:
            run.keep(output, "output")
        elif layer.gates == 4:
            run.keep(states[1], "state")
        if made:
            run.make("gates", made * run.batch * layer.units, x.dtype)
    return [output, output, *memory]
