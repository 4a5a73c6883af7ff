"""Layers that multiply by a matrix."""

from collections.abc import Iterator

from paramcalc.algebra import Shape
from paramcalc.fields import Flag, Size, field
from paramcalc.layer import Axes, Layer, Remark, Tensor


class Dense(Layer):
    """Each output is a weighted sum of all inputs, plus an offset: activation(x · kernel + bias)."""

    inputs = (Axes("... n", n="inputs: the size of the last axis"),)
    source = "keras.layers.Dense; torch.nn.Linear"
    remarks = (
        Remark(
            "Why does only the last axis of the input count?",
            "The same kernel is applied at each place of the other axes; more places use the same weights"
            " again, and need no more of them.",
            when="rank > 1",
        ),
    )

    units: Size = field("u", "outputs")
    use_bias: Flag = field("use_bias", "whether an offset is added", True)
    activation: str = field("", "the function applied to the result", "linear")

    def tensors(self, x: Shape) -> Iterator[Tensor]:
        yield Tensor("kernel", (x[-1], self.units), "a weight from each input to each output")
        yield Tensor("bias", (self.units,), "an offset for each output", when=self.use_bias)

    def output_shape(self, x: Shape) -> Shape:
        return (*x[:-1], self.units)
