"""Layers that go through a sequence step by step and carry a state."""

from collections.abc import Iterator, Sequence
from typing import Any

from paramcalc.core import algebra
from paramcalc.core.algebra import Number, Shape
from paramcalc.core.errors import quoted, refuse
from paramcalc.layers.base.axes import Axes
from paramcalc.layers.base.caching import states_cached
from paramcalc.layers.base.declaration import Example, Phrase, Remark, Tensor
from paramcalc.layers.base.fields import Count, Flag, OptionalSize, field
from paramcalc.layers.base.products import Operand, Product
from paramcalc.layers.base.reach import EVERYTHING, SAME, Reach, Sight, unsaid
from paramcalc.layers.base.recurrence import (
    EACH_LAYER,
    STATE,
    STEPS,
    Gated,
    OverTime,
    Resetting,
    recurrent_bias,
    reset_after,
)


class _Recurrent(OverTime, Gated):
    inputs = (
        Axes("t n", t="steps of the sequence", n="features of a step"),
        Axes("s", optional=True, s="size of a state to begin with"),
    )
    variadic = 1

    num_layers: Count = field(
        "", "how many such layers follow one another; the tensors of the second begin with `layer_1_`, and so on", 1
    )
    bidirectional: Flag = field(
        "", "whether each goes through its input both ways; the tensors of the way back begin with `backward_`", False
    )

    def tensors(self, x: Shape, *initial: Shape) -> Iterator[Tensor]:
        features, following = x[-1], self.step_shape(x)[-1]
        for place, times in algebra.copies_and_times(self.num_layers):
            prefix = f"layer_{place}_" if place else ""
            forwards = self.gate_tensors(features, prefix)
            backwards = self.gate_tensors(features, f"{prefix}backward_", self.bidirectional)
            yield from (tensor.repeated(times) for tensor in (*forwards, *backwards))
            features = following

    def products(self, x: Shape, *initial: Shape) -> Iterator[Product]:
        features, following = x[-1], self.step_shape(x)[-1]
        ways = ("", "backward_")[: 2 if algebra.truth(self.bidirectional) else 1]
        source: Operand = (0,)
        for place, times in algebra.copies_and_times(self.num_layers):
            made = source
            for way, direction in enumerate(ways):
                prefix = f"layer_{place}_{direction}" if place else direction
                first = 1 + (place * len(ways) + way) * self.states
                states = tuple(range(first, first + self.states)) if initial else ()
                found = self.gate_products(x[0], features, source, states[:1], states[1:], prefix)
                yield from (product.repeated(times) for product in found)
                names = (tensor.name for tensor in self.gate_tensors(features, prefix))
                made = (*made, *states, *names)
            features, source = following, made

    def cached(self, x: Shape, *initial: Shape) -> Iterator[Tensor]:
        for place, times in algebra.copies_and_times(self.num_layers):
            prefix = f"layer_{place}_" if place else ""
            forwards = states_cached(self.state_shapes, prefix)
            backwards = states_cached(self.state_shapes, f"{prefix}backward_", self.bidirectional)
            yield from (tensor.repeated(times) for tensor in (*forwards, *backwards))

    def step_shape(self, x: Shape) -> Shape:
        return ((1 + algebra.as_factor(self.bidirectional)) * self.width,)

    def step_states(self, x: Shape) -> Sequence[Shape]:
        # layer by layer, each forwards and then backwards
        ways = 2 if algebra.truth(self.bidirectional) else 1
        return self.state_shapes * (algebra.number_of_copies(self.num_layers) * ways)

    def reach(self, x: Shape, *initial: Shape) -> tuple[Reach, ...]:
        if algebra.truth(self.bidirectional):
            states = unsaid("one way alone begins with it, and makes a part of the features")
            return ((EVERYTHING, EVERYTHING), *((states,) for _ in initial))
        found = [EVERYTHING] * len(initial)
        if initial and self.states == 2 and type(x[0]) is int and x[0] == 1 and self.width is self.units:
            # in one step, of what an LSTM remembers, a unit sees its own
            found[-1] = Sight(1 if algebra.truth(self.return_sequences) else 0, SAME)
        return ((self.steps_seen(), EVERYTHING), *((sight,) for sight in found))


class SimpleRNN(_Recurrent):
    """Each step, the state becomes a weighted sum of the input and of the state before."""

    gates = 1
    source = "Elman 1990; keras.layers.SimpleRNN; torch.nn.RNN"
    example = Example({"units": 32}, [(20, 64)])

    remarks = (
        STATE,
        STEPS,
        Remark(
            "Why are there two biases for each unit?",
            "PyTorch adds one to the product with the input and one to the product with the state, as cuDNN does:"
            " {recurrent_bias} more than Keras has in each layer and direction. Their sum alone matters; both are"
            " stored and trained.",
            when="use_bias and recurrent_bias",
        ),
    )
    phrases = (EACH_LAYER,)

    recurrent_bias: Flag = recurrent_bias()


class GRU(_Recurrent, Resetting):
    """Gated recurrent unit: three gates, each a weighted sum of the input and of the state before."""

    source = "Cho et al. 2014; keras.layers.GRU; torch.nn.GRU"
    example = Example({"units": 32}, [(20, 64)])
    remarks = (
        Remark(
            "Why is there a factor of three?",
            "The update gate, the reset gate and the candidate have weights and biases of their own. They are stored"
            " side by side in one tensor.",
        ),
        STATE,
        STEPS,
        Remark(
            "Why are there two biases for each unit and gate?",
            "The reset gate acts behind the product with the state (reset_after), as in cuDNN: inside of what it scales"
            " stands a bias of its own, which cannot be joined with the other. That is {recurrent_bias} more in"
            " each layer and direction than the paper has, whose gate acts before the product: reset_after: false.",
            when="use_bias and reset_after",
        ),
    )
    phrases = (Phrase(" and biases", when="use_bias"), EACH_LAYER)

    reset_after: Flag = reset_after()


class LSTM(_Recurrent):
    """Long short-term memory: four gates, each a weighted sum of the input and of the state before."""

    gates = 4
    states = 2
    source = "Hochreiter and Schmidhuber 1997; Sak et al. 2014 (projected); keras.layers.LSTM; torch.nn.LSTM"
    example = Example({"units": 32}, [(20, 64)])
    remarks = (
        Remark(
            "Why is there a factor of four?",
            "The input gate, the forget gate, the candidate and the output gate have weights and biases of their"
            " own. They are stored side by side in one tensor.",
        ),
        STEPS,
        Remark(
            "Why are there two biases for each unit and gate?",
            "PyTorch adds one to the product with the input and one to the product with the state, as cuDNN"
            " does. Their sum alone matters, so that Keras keeps one; both of PyTorch's are stored and trained.",
            when="use_bias and recurrent_bias",
        ),
        Remark(
            "Why has PyTorch's LSTM more parameters than this one?",
            "It keeps a second bias for each unit and gate, added to the first. 'paramcalc explain --compare"
            " keras,torch' names the tensor.",
            when="use_bias and not recurrent_bias",
        ),
    )
    phrases = (Phrase(" and biases", when="use_bias"),)

    recurrent_bias: Flag = recurrent_bias()
    proj_size: OptionalSize = field(
        "", "the size that a tensor `projection` gives the output; units, and no such tensor, if absent", None
    )

    @property
    def width(self) -> Number:
        return self.units if self.proj_size is None else self.proj_size

    def gate_tensors(self, features: Number, prefix: str = "", when: Any = True) -> Iterator[Tensor]:
        yield from super().gate_tensors(features, prefix, when)
        if self.proj_size is None:
            return
        if not algebra.at_least(self.units - self.proj_size, 1):
            message = f"'proj_size' is smaller than 'units', {quoted(self.units)}, and not {quoted(self.proj_size)}"
            raise refuse("invalid-value", message, path=("proj_size",))
        yield Tensor(f"{prefix}projection", (self.units, self.proj_size), "from the units to the output", when=when)

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
        yield from super().gate_products(steps, features, source, state, before, prefix, when)
        if self.proj_size is not None:
            names = (tensor.name for tensor in self.gate_tensors(features, prefix))
            made, name = (*source, *state, *before, *names), f"{prefix}projection"
            yield Product(name, (steps, self.units, self.proj_size), made, (name,), when=when)
