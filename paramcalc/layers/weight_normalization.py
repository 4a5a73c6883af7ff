"""Layers around a layer that compute its kernel anew from other tensors."""

from collections.abc import Iterator

from paramcalc.core import algebra
from paramcalc.core.algebra import Shape
from paramcalc.core.errors import refuse
from paramcalc.layers.base.declaration import Axes, Layer, Part, Tensor
from paramcalc.layers.base.fields import Flag, Integer, OptionalInteger, field
from paramcalc.layers.base.nesting import NestedLayer

#: What the kinds call the tensor that is computed.
_KERNELS = ("kernel", "embeddings")


class _AroundKernel(Layer):
    inputs = (Axes("..."),)
    variadic = 1

    layer: NestedLayer = field("", "the layer")
    axis: OptionalInteger = field(
        "", "the axis of its kernel, as the layer's own page has it; null: one length for all", -1
    )

    def parts(self, *inputs: Shape) -> Iterator[Part]:
        yield Part("layer", self.layer, inputs)

    def outputs(self, *inputs: Shape) -> tuple[Shape, ...]:
        shapes: tuple[Shape, ...] = self.layer.output_shapes(*inputs)
        return shapes

    def wrapped(self, *inputs: Shape) -> tuple[Tensor, int | None]:
        (part,) = self.parts(*inputs)
        kernel = next((tensor for tensor in part.layer.owned_tensors(*inputs) if tensor.name in _KERNELS), None)
        name, inner = type(self).__name__, type(part.layer).__name__
        if kernel is None or kernel.dtype is not None:
            reason = "has none" if kernel is None else "keeps its own with few bits"
            hint = "'Weights' is the kind for tensors that no other kind declares"
            raise refuse("invalid-value", f"{name} computes the kernel of a layer, and {inner} {reason}", hint)
        rank = len(kernel.shape)
        if self.axis is not None and not -rank <= self.axis < rank:
            raise refuse(
                "invalid-value",
                f"the {kernel.name} of {inner} has no axis {self.axis}",
                f"its axes are 0 to {rank - 1}, or -1 to -{rank} from the end",
            )
        return kernel.within(part), None if self.axis is None else self.axis % rank


class WeightNorm(_AroundKernel):
    """Splits the kernel of a layer into its direction and its length, which are learned apart.

    Each place along an axis of the kernel has a length of its own: with the last axis each output of Dense, or
    each filter of Conv2D, as with PyTorch's dim=0. Of Embedding, that is axis 0. PyTorch can do so with a tensor of
    another name, such as `weight_hh_l0` of an LSTM: that is no kind, and `Weights` says what such a layer owns.
    """

    source = "Salimans and Kingma 2016; torch.nn.utils.parametrizations.weight_norm"

    def tensors(self, *inputs: Shape) -> Iterator[Tensor]:
        kernel, axis = self.wrapped(*inputs)
        if axis is None:
            yield Tensor("magnitude", (), "the length of the kernel")
            return
        shape = tuple(size if place == axis else 1 for place, size in enumerate(kernel.shape))
        yield Tensor("magnitude", shape, "the length of each part of the kernel", like=kernel)


class SpectralNorm(_AroundKernel):
    """Divides the kernel of a layer by its largest singular value, as a matrix.

    The matrix has an axis of the kernel on one side, and all others on the other: the last axis, as in Keras, or
    another, as in PyTorch for Embedding (0) and transposed convolutions (-2). The vectors are from the step before,
    so that one more step of the power method is enough.
    """

    source = "Miyato et al. 2018; keras.layers.SpectralNormalization; torch.nn.utils.parametrizations.spectral_norm"

    axis: Integer = field("", "the axis of its kernel, as the layer's page has it", -1)
    right_vector: Flag = field("right_vector", "whether a vector is kept for the other side too, as in PyTorch", False)

    def tensors(self, *inputs: Shape) -> Iterator[Tensor]:
        kernel, axis = self.wrapped(*inputs)
        assert axis is not None
        others = algebra.product(size for place, size in enumerate(kernel.shape) if place != axis)
        yield Tensor("vector_u", (kernel.shape[axis],), "singular vector on the side of the axis", "state")
        yield Tensor("vector_v", (others,), "singular vector on the other side", "state", when=self.right_vector)
