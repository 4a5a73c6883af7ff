"""Layers that go through a sequence step by step and carry a state."""

from collections.abc import Iterator

from paramcalc import algebra
from paramcalc.algebra import Shape
from paramcalc.fields import Flag, Size, field
from paramcalc.layer import Axes, Layer, Remark, Tensor


class LSTM(Layer):
    """Long short-term memory: four gates, each a weighted sum of the input and of the state before."""

    inputs = (Axes("t n", t="steps of the sequence", n="features of a step"),)
    source = "Hochreiter and Schmidhuber 1997; keras.layers.LSTM; torch.nn.LSTM"
    remarks = (
        Remark(
            "Why is there a factor of four?",
            "The input gate, the forget gate, the candidate and the output gate have weights and offsets of their"
            " own. They are stored side by side in one tensor.",
        ),
        Remark(
            "Why does the length of the sequence not count?",
            "Every step uses the same weights again.",
        ),
        Remark(
            "Why are there two offsets for each unit and gate?",
            "PyTorch adds one to the product with the input and one to the product with the state, as cuDNN"
            " does. Their sum alone matters, so that Keras keeps one; both of PyTorch's are stored and trained.",
            when="use_bias and recurrent_bias",
        ),
        Remark(
            "Why has PyTorch's LSTM more parameters than this one?",
            "It keeps a second offset for each unit and gate, added to the first. 'paramcalc explain --compare"
            " keras,torch' names the tensor.",
            when="use_bias and not recurrent_bias",
        ),
    )

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
