"""Layers that go through a sequence step by step and carry a state."""

from collections.abc import Iterator

from paramcalc import algebra
from paramcalc.algebra import Shape
from paramcalc.fields import Flag, Size, field
from paramcalc.layer import Axes, Layer, Tensor


class LSTM(Layer):
    """Long short-term memory: four gates, each a weighted sum of the input and of the state before."""

    inputs = (Axes("t n", t="steps of the sequence", n="features of a step"),)
    source = "Hochreiter and Schmidhuber 1997; keras.layers.LSTM; torch.nn.LSTM"

    units: Size = field("u", "units: the size of the state")
    use_bias: Flag = field("use_bias", "whether an offset is added", True)
    recurrent_bias: Flag = field("recurrent_bias", "whether a second offset is kept, as PyTorch does", False)
    return_sequences: Flag = field("", "whether the output has every step, or the last alone", False)

    def tensors(self, x: Shape) -> Iterator[Tensor]:
        gates = 4 * self.units
        yield Tensor("kernel", (x[-1], gates), "from the input to the four gates")
        yield Tensor("recurrent_kernel", (self.units, gates), "from the state before to the four gates")
        yield Tensor("bias", (gates,), "an offset for each unit and gate", when=self.use_bias)
        yield Tensor(
            "recurrent_bias",
            (gates,),
            "a second offset for each unit and gate",
            when=(self.use_bias, self.recurrent_bias),
        )

    def output_shape(self, x: Shape) -> Shape:
        return (x[0], self.units) if algebra.truth(self.return_sequences) else (self.units,)
