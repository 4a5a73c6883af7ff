"""What recurrent layers have in common: gates, states, and the way through a sequence."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from paramcalc.core import algebra
from paramcalc.core.algebra import Number, Shape
from paramcalc.core.errors import refuse
from paramcalc.layers.base.axes import shape_text, without_steps
from paramcalc.layers.base.declaration import Layer, Layout, Phrase, Remark, Tensor
from paramcalc.layers.base.fields import Flag, Size, field
from paramcalc.layers.base.products import Operand, Product
from paramcalc.layers.base.reach import EVERYTHING, UP_TO_IT, Sight, unsaid

#: By the number of gates: what they are called, and what each bias is for.
_GATES = {
    1: ("the state", "each unit"),
    3: ("the three gates", "each unit and gate"),
    4: ("the four gates", "each unit and gate"),
}


def recurrent_bias() -> Any:
    """Declare the field of a second bias."""
    return field("recurrent_bias", "whether a second bias is kept, as PyTorch does", False)


def reset_after() -> Any:
    """Declare the field that says when a GRU resets its state."""
    meaning = "whether the state is reset after its matrix, which needs a second bias, or before it"
    return field("reset_after", meaning, True)


#: What is asked of every recurrent layer.
STEPS = Remark(
    "Why does the length of the sequence not count?",
    "Every step uses the same weights again.",
)
STATE = Remark(
    "Why do the units count twice over?",
    "The new state is made of the state before as well: each unit looks back at all units, with {recurrent_kernel}"
    " weights in each layer and direction.",
)


#: Words for stacks, and for layers that go both ways.
EACH_LAYER = Phrase(" in each layer and direction", when="num_layers > 1 or bidirectional")


class Gated(Layer):
    """A layer, or a cell, whose new state is made of weighted sums of the input and of the state before."""

    #: how many such sums
    gates: ClassVar[int]
    #: how many vectors a state is: the output, and for an LSTM what it remembers beside it
    states: ClassVar[int] = 1
    #: the flag that gives it a bias for the state before as well
    second_bias: ClassVar[str] = "recurrent_bias"

    units: Size = field("u", "units: the size of the state")
    use_bias: Flag = field("use_bias", "whether a bias is added", True)

    @property
    def width(self) -> Number:
        """The features of its output, which are those of the state that it looks back at."""
        return self.units

    @property
    def state_shapes(self) -> tuple[Shape, ...]:
        """The shape of each vector of a state."""
        return ((self.width,), (self.units,))[: self.states]

    def gate_tensors(self, features: Number, prefix: str = "", when: Any = True) -> Iterator[Tensor]:
        """Yield what the gates own for an input of `features` features, the names beginning with a prefix."""
        columns = self.gates * self.units
        gates, each = _GATES[self.gates]
        second = getattr(self, self.second_bias)
        yield Tensor(f"{prefix}kernel", (features, columns), f"from the input to {gates}", when=when)
        yield Tensor(f"{prefix}recurrent_kernel", (self.width, columns), f"from the state before to {gates}", when=when)
        yield Tensor(f"{prefix}bias", (columns,), f"a bias for {each}", when=(when, self.use_bias))
        yield Tensor(
            f"{prefix}recurrent_bias", (columns,), f"a second bias for {each}", when=(when, self.use_bias, second)
        )

    def gate_products(
        self,
        steps: Number,
        features: Number,
        source: Operand,
        state: Operand,
        before: Operand = (),
        prefix: str = "",
        when: Any = True,
    ) -> Iterator[Product]:
        """Yield what the gates multiply in so many steps, for an input of `features` features made of `source`.

        `state` is what the state to begin with is made of, nothing where it is zero; `before` all else that a later
        state is made of, beside the source and the layer's own tensors.
        """
        names = tuple(tensor.name for tensor in self.gate_tensors(features, prefix))
        kernel, recurrent = f"{prefix}kernel", f"{prefix}recurrent_kernel"
        later = (*source, *state, *before, *names)
        yield Product(kernel, (steps, features, self.gates * self.units), source, (kernel,), when=when)
        for gates, first in self.state_operands(state, (*source, *state, *names)):
            sizes = (self.width, gates * self.units)
            name = recurrent if gates == self.gates else f"{recurrent}_{gates}"
            yield Product(f"{name}_first", sizes, first, (recurrent,), "of the state to begin with", when)
            if not (type(steps) is int and steps == 1):
                yield Product(name, (steps - 1, *sizes), later, (recurrent,), "of the states before", when)

    def state_operands(self, state: Operand, gated: Operand) -> Iterator[tuple[int, Operand]]:
        """Yield for how many gates what is multiplied at the first step: the state to begin with, here for all.

        `gated` is what that is made of where a gate has scaled it before.
        """
        yield self.gates, state


class Resetting(Gated):
    """A layer, or a cell, of which a gate may scale the state before it is multiplied."""

    gates = 3
    second_bias = "reset_after"

    def state_operands(self, state: Operand, gated: Operand) -> Iterator[tuple[int, Operand]]:
        if algebra.truth(self.reset_after):
            yield from super().state_operands(state, gated)
        else:
            yield 2, state
            yield 1, gated

    if TYPE_CHECKING:
        reset_after: Flag


class OverTime(Layer):
    """A layer that goes through a sequence step by step and carries a state."""

    layout: ClassVar[Layout | None] = "channels_last"

    return_sequences: Flag = field("", "whether the output has every step, or the last alone", False)
    return_state: Flag = field("", "whether the states after the last step are further outputs", False)
    go_backwards: Flag = field("", "whether it begins with the last step", False)

    def way_out(self, shape: Shape) -> str:
        return without_steps(shape)

    def step_shape(self, x: Shape) -> Shape:
        """Give the shape of the output of one step."""
        raise NotImplementedError

    def step_states(self, x: Shape) -> Sequence[Shape]:
        """Give the shapes of the states that it carries from one step to the next."""
        raise NotImplementedError

    def steps_seen(self) -> Sight:
        """Tell which steps an output sees: all up to its own, or all of them."""
        if not algebra.truth(self.return_sequences):
            return EVERYTHING
        if algebra.truth(self.go_backwards):
            return unsaid("it goes backwards, so that an output sees all steps from one of its own on", 0)
        return Sight(0, UP_TO_IT)

    def output_shape(self, x: Shape, *initial: Shape) -> Shape:
        """Give the shape of the output of every step, or of the last."""
        step = self.step_shape(x)
        return (x[0], *step) if algebra.truth(self.return_sequences) else step

    def outputs(self, x: Shape, *initial: Shape) -> tuple[Shape, ...]:
        """Give the shape of the output, then those of the states after the last step where they are asked for."""
        output = self.output_shape(x)
        with_states = algebra.truth(self.return_state)
        states = self.step_states(x) if with_states or initial else ()
        if initial:
            check_states(type(self).__name__, initial, states)
        return (output, *states) if with_states else (output,)


def check_states(kind_name: str, given: Sequence[Shape], states: Sequence[Shape]) -> None:
    """Refuse initial states that are not those of a layer."""
    if len(given) != len(states):
        message = f"{kind_name} begins with {len(states)} states, not {len(given)}"
        raise refuse("input-count", message, "its inputs are the sequence, and then none of its states or all")
    for number, (shape, state) in enumerate(zip(given, states, strict=True), start=1):
        if len(shape) != len(state) or not all(map(algebra.equal, shape, state)):
            message = f"state {number} of {kind_name} has the shape {shape_text(state)}, not {shape_text(shape)}"
            raise refuse("shape-mismatch", message)
