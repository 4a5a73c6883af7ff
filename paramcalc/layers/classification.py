"""Layers that choose among classes and measure how far they are off: they have weights, and end in a loss."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from typing import Literal

from paramcalc.core import algebra
from paramcalc.core.algebra import Number, Shape
from paramcalc.core.errors import refuse
from paramcalc.layers.base.declaration import Axes, Layer, Tensor, shape_text
from paramcalc.layers.base.fields import Flag, Ratio, Size, Sizes, TensorSizes, field


class AdaptiveLogSoftmaxWithLoss(Layer):
    """The log-probability of a class among many, cheap for the classes that come first.

    The classes before the first cutoff have a weight each from all features. Those between two cutoffs are a
    cluster, seen through fewer and fewer features: `n / div_value`, `n / div_value²` and so on, rounded down. The
    outputs are the log-probability of the target, and the mean loss.
    """

    inputs = (Axes("n", n="features"), Axes(""))
    source = "Grave et al. 2017; torch.nn.AdaptiveLogSoftmaxWithLoss"

    n_classes: Size = field("k", "classes")
    cutoffs: TensorSizes = field("c", "the first class of each cluster, in ascending order")
    div_value: Ratio = field("", "by how much the features shrink from cluster to cluster", 4.0)
    head_bias: Flag = field("head_bias", "whether the head has an offset", False)

    def tensors(self, x: Shape, target: Shape) -> Iterator[Tensor]:
        bounds = (*self.cutoffs, self.n_classes)
        clusters = [following - first for first, following in pairwise(bounds)]
        if not clusters or not all(algebra.at_least(classes, 1) for classes in clusters):
            raise refuse(
                "invalid-value",
                f"'cutoffs' are one or more classes in ascending order, below the {self.n_classes} of 'n_classes',"
                f" not {list(self.cutoffs)}",
            )
        head = bounds[0] + len(clusters)
        yield Tensor("head_kernel", (x[-1], head), "to the first classes, and to each cluster")
        yield Tensor("head_bias", (head,), "an offset for each of them", when=self.head_bias)
        for place, classes in enumerate(clusters):
            features = self._features(x[-1], place + 1)
            yield Tensor(f"tail_{place}_projection", (x[-1], features), f"to fewer features, of cluster {place}")
            yield Tensor(f"tail_{place}_kernel", (features, classes), f"to the classes of cluster {place}")

    def _features(self, features: Number, step: int) -> Number:
        # the power is rounded as PyTorch's is, and what follows is exact
        return algebra.floor_divide(features, Fraction(self.div_value**step))

    def outputs(self, x: Shape, target: Shape) -> tuple[Shape, ...]:
        return ((), ())


class LinearCrossEntropyLoss(Layer):
    """The cross entropy between classes and what a matrix makes of the input.

    The target names the class, or has a probability for each. With `out_features`, there are as many choices
    among the classes. The loss is one number, or with the reduction `none` one for each choice.
    """

    inputs = (Axes("n", n="features"), Axes("..."))
    source = "torch.nn.LinearCrossEntropyLoss"

    num_classes: Size = field("k", "classes")
    out_features: Sizes = field("", "sizes of the axes of choices", ())
    use_bias: Flag = field("use_bias", "whether an offset is added", False)
    class_weights: Flag = field("class_weights", "whether each class has a weight in the loss", False)
    reduction: Literal["none", "mean", "sum"] = field("", "what is made of the losses: none, mean or sum", "mean")

    def tensors(self, x: Shape, target: Shape) -> Iterator[Tensor]:
        outputs = algebra.product((self.num_classes, *self.out_features))
        yield Tensor("kernel", (x[-1], outputs), "a weight from each feature to each class of each choice")
        yield Tensor("bias", (outputs,), "an offset for each of them", when=self.use_bias)
        weighted = self.class_weights
        yield Tensor("class_weights", (self.num_classes,), "the weight of each class", "state", when=weighted)

    def output_shape(self, x: Shape, target: Shape) -> Shape:
        named, rated = self.out_features, (self.num_classes, *self.out_features)
        if not any(_agree(target, shape) for shape in (named, rated)):
            raise refuse(
                "shape-mismatch",
                f"the target of LinearCrossEntropyLoss is {shape_text(named)} or {shape_text(rated)},"
                f" not {shape_text(target)}",
            )
        return self.out_features if self.reduction == "none" else ()


def _agree(shape: Shape, other: Shape) -> bool:
    return len(shape) == len(other) and all(algebra.equal(*sizes) for sizes in zip(shape, other, strict=True))
