"""Layers that multiply by more than one matrix: along any axes, two inputs with one another, among classes."""

import re
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias

from paramcalc.core import algebra
from paramcalc.core.algebra import Number, Shape
from paramcalc.core.errors import quoted, refuse
from paramcalc.layers.base.axes import Axes, shape_text
from paramcalc.layers.base.caching import nothing_cached
from paramcalc.layers.base.declaration import Example, Layer, Phrase, Tensor
from paramcalc.layers.base.fields import (
    FieldType,
    Flag,
    Given,
    OpenSizes,
    OptionalSize,
    Ratio,
    Size,
    Sizes,
    TensorSizes,
    aliased,
    field,
    named,
)
from paramcalc.layers.base.products import Product, low_rank_products, not_stated, updated
from paramcalc.layers.base.quantization import Quantization, low_rank, matrix, parts, scaled_input
from paramcalc.layers.base.reach import EVERYTHING, SAME, Reach, Sight, everything, mixing
from paramcalc.layers.base.words import Function

_EQUATION = re.compile(r"(\.\.\.)?([a-zA-Z]+)(\.\.\.)?,([a-zA-Z]+)->(\.\.\.)?([a-zA-Z]+)(\.\.\.)?")


def _read_equation(value: Any) -> str:
    found = isinstance(value, str) and _EQUATION.fullmatch(value)
    if not found:
        raise refuse(
            "invalid-value", f"must be as in ab,bc->ac or ...b,bc->...c or ab...,bc->ac..., not {named(value)}"
        )
    left, x, right, kernel, output_left, output, output_right = found.groups()
    if (left, right) != (output_left, output_right) or (left and right) or (right and len(x) < 2):
        raise refuse("invalid-value", f"must have '...' on the same side of the input and the output: {quoted(value)}")
    for term in (x, kernel, output):
        if len({*term}) < len(term):
            raise refuse("invalid-value", f"must not have a letter twice in a term: {quoted(value)}")
    return str(value)


Equation: TypeAlias = Annotated[
    Given[str], FieldType(_read_equation, {"type": "string", "pattern": f"^{_EQUATION.pattern}$"}, opens=True)
]


class _Terms(NamedTuple):
    """Give the axes of an equation by their letters, the batch first; those under `...` have a number each."""

    x: list[str]
    kernel: str
    output: list[str]
    #: the letters of the output, the batch left out
    stated: str


class EinsumDense(Layer):
    """Multiplies the input by a kernel along the axes that an equation names, and adds a bias.

    In `ab,bc->ac` the input has the axes a and b, the kernel b and c, the output a and c: what the output does not
    have is summed. The first letter is the batch, and `...` any number of axes. The kernel's axes that the output
    has take their sizes from `output_shape`, the others from the input. `lora_rank` and `quantization` are as in
    Dense.
    """

    layout = "as_given"
    moves_axes = True
    source = "keras.layers.EinsumDense"
    example = Example({"equation": "abc,cde->abde", "output_shape": (None, 4, 16)}, [(20, 64)])
    phrases = (Phrase(", and adds a bias", when="bias_axes != None"),)
    cached = nothing_cached

    equation: Equation = field("", "the axes of input, kernel and output, as in abc,cd->abd")
    output_sizes: OpenSizes = aliased(
        "o", "sizes of the output's axes without the batch; null is the input's", alias="output_shape"
    )
    bias_axes: str | None = field("", "the letters of the output that have biases of their own, if any", None)
    activation: Function = field("", "the function applied to the result", "linear")
    lora_rank: OptionalSize = field("r", "rank of the update that is trained in place of the kernel", None)
    quantization: Quantization = field("", "how the kernel is kept with few bits, if it is", None)

    def tensors(self, x: Shape) -> Iterator[Tensor]:
        terms, sizes = self._terms(x), self._sizes(x)
        kernel = tuple(sizes[letter] for letter in terms.kernel)
        if self.quantization is None:
            yield Tensor("kernel", kernel, "the weights", frozen=self.lora_rank is not None)
        else:
            yield from _quantised(self.quantization, terms, kernel)
        if self.bias_axes is not None:
            yield Tensor("bias", self._bias_shape(terms, sizes), "the biases")
        yield from low_rank("kernel", kernel[:-1], kernel[-1:], self.lora_rank, self.quantization)

    def products(self, x: Shape) -> Iterator[Product]:
        terms, sizes = self._terms(x), self._sizes(x)
        kept, rank = self.quantization is not None, self.lora_rank
        kernel = [sizes[letter] for letter in terms.kernel]
        positions = [sizes[axis] for axis in terms.x[1:] if axis not in terms.kernel and axis in terms.output]
        yield from low_rank_products("kernel", positions, algebra.product(kernel[:-1]), kernel[-1], rank, kept)
        if any(axis not in terms.output for axis in terms.kernel):
            # otherwise nothing is summed: it is a product element by element
            yield Product(
                "kernel", (*positions, *kernel), scaled_input(self.quantization), updated("kernel", rank, kept)
            )

    def output_shape(self, x: Shape) -> Shape:
        terms, sizes = self._terms(x), self._sizes(x)
        return tuple(sizes[axis] for axis in terms.output[1:])

    def _terms(self, x: Shape) -> _Terms:
        """Give the axes of an equation for an input of this shape."""
        found = _EQUATION.fullmatch(self.equation)
        assert found is not None
        left, letters, right, kernel, _, output, _ = found.groups()
        more = len(x) + 1 - len(letters)
        if more < 0 or (more and not left and not right):
            raise refuse("shape-mismatch", f"EinsumDense with {self.equation} does not take {shape_text(x)}")
        open_axes = [str(number) for number in range(more)]
        before, after = (open_axes, []) if left else ([], open_axes)
        terms = _Terms(
            [*before, *letters, *after], kernel, [*before, *output, *after], output if before else output[1:]
        )
        if terms.x[0] != terms.output[0] or terms.x[0] in kernel:
            raise refuse(
                "invalid-value",
                f"in {self.equation}, the first axis of the input is the batch: it is the first of the output,"
                " and none of the kernel",
            )
        return terms

    def _sizes(self, x: Shape) -> dict[str, Number]:
        """Give the size of each axis that the equation names, the batch left out."""
        terms = self._terms(x)
        sizes: dict[str, Number] = dict(zip(terms.x[1:], x, strict=True))
        if len(self.output_sizes) != len(terms.stated):
            raise refuse(
                "invalid-value",
                f"the output of {self.equation} has {len(terms.stated)} axes beside the batch and '...',"
                f" and 'output_shape' has {len(self.output_sizes)}",
            )
        for letter, size in zip(terms.stated, self.output_sizes, strict=True):
            if letter not in terms.x and letter not in terms.kernel:
                raise refuse("invalid-value", f"in {self.equation}, neither input nor kernel has the axis '{letter}'")
            if size is None and (letter in terms.kernel or letter in (self.bias_axes or "")):
                raise refuse(
                    "invalid-value", f"'output_shape' must state the size of '{letter}': a tensor has that axis"
                )
            if size is None:
                continue
            if not algebra.equal(sizes.get(letter, size), size):
                raise refuse(
                    "shape-mismatch",
                    f"in {self.equation}, '{letter}' is {sizes[letter]} in the input, and {size} in 'output_shape'",
                )
            sizes[letter] = size
        for letter in terms.kernel:
            if letter not in sizes:
                raise refuse("invalid-value", f"in {self.equation}, neither input nor output has the axis '{letter}'")
        return sizes

    def _bias_shape(self, terms: _Terms, sizes: dict[str, Number]) -> Shape:
        """Give the shape of the biases: from the first axis with biases of its own to the last; the others are 1."""
        own = self.bias_axes
        if not own or not {*own} <= {*terms.stated}:
            raise refuse(
                "invalid-value",
                f"'bias_axes' names axes of the output of {self.equation}, other than the batch, not '{own}'",
            )
        first = min(map(terms.output.index, own))
        return tuple(sizes[axis] if axis in own else 1 for axis in terms.output[first:])

    def reach(self, x: Shape) -> tuple[Reach, ...]:
        terms = self._terms(x)
        axes = terms.output[1:]
        return (tuple(Sight(axes.index(axis), SAME) if axis in axes else EVERYTHING for axis in terms.x[1:]),)


class Bilinear(Layer):
    """Each output is a weighted sum of all products of two inputs, plus a bias."""

    inputs = (
        Axes("... n", n="features of the first input"),
        Axes("... m", m="features of the second input"),
    )
    layout = "channels_last"
    source = "torch.nn.Bilinear"
    example = Example({"units": 32}, [(64,), (64,)])
    phrases = (Phrase(", plus a bias", when="use_bias"),)
    cached = nothing_cached

    units: Size = field("u", "outputs")
    use_bias: Flag = field("use_bias", "whether a bias is added", True)

    def tensors(self, x: Shape, y: Shape) -> Iterator[Tensor]:
        yield Tensor("kernel", (self.units, x[-1], y[-1]), "a weight for each output and product")
        yield Tensor("bias", (self.units,), "a bias for each output", when=self.use_bias)

    def products(self, x: Shape, y: Shape) -> Iterator[Product]:
        # the products of features are made element by element; a matrix sums them up
        yield Product("kernel", (*x[:-1], self.units, x[-1], y[-1]), (0, 1), ("kernel",))

    def output_shape(self, x: Shape, y: Shape) -> Shape:
        alike = len(x) == len(y) and all(algebra.equal(*sizes) for sizes in zip(x[:-1], y[:-1], strict=True))
        if not alike:
            raise refuse("shape-mismatch", f"Bilinear: {shape_text(x)} and {shape_text(y)} differ before the last axis")
        return (*x[:-1], self.units)

    def reach(self, *inputs: Shape) -> tuple[Reach, ...]:
        return tuple(mixing(x, -1) for x in inputs)


def _quantised(quantization: str, terms: _Terms, kernel: Shape) -> Iterator[Tensor]:
    """Yield the tensors of a kernel that is kept with few bits: as a matrix, unless it has 8."""
    method = parts(quantization)[0]
    if method != "float8" and not all(axis.isalpha() for axis in terms.x):
        # `_analyze_quantization_info` of keras.layers.EinsumDense does not see how many axes are open
        raise refuse(
            "invalid-value", f"{quantization} goes with no '...' in the equation", "give each axis a letter of its own"
        )
    if method in ("gptq", "awq"):
        rows, columns = _matrix_of(quantization, kernel)
    else:
        kept = [axis in terms.output for axis in terms.kernel]
        rows = algebra.product(size for size, stays in zip(kernel, kept, strict=True) if not stays)
        columns = algebra.product(size for size, stays in zip(kernel, kept, strict=True) if stays)
    yield from matrix(quantization, rows, columns, kernel, _scale_shape(terms, kernel), zero="zero_point")


def _matrix_of(quantization: str, kernel: Shape) -> tuple[Number, Number]:
    """Give the rows and columns of a kernel, as Keras guesses them: its largest axis stands alone."""
    if len(kernel) == 2:
        return kernel[0], kernel[1]
    if len(kernel) != 3:
        raise refuse("invalid-value", f"{quantization} goes with kernels of 2 or 3 axes, not of {len(kernel)}")
    first, second, third = kernel
    if all(algebra.truth(algebra.compare(">=", first, other)) for other in (second, third)):
        return first, second * third
    return first * second, third


def _scale_shape(terms: _Terms, kernel: Shape) -> Shape:
    """Give the shape of the scales of a kernel of 8 bits: the axes of the output, those that are summed made 1.

    Source: `_analyze_quantization_info` and `_get_kernel_scale_shape` of keras.layers.EinsumDense.
    """
    summed = [place for place, axis in enumerate(terms.kernel) if axis not in terms.output]
    sizes = [1 if place in summed else size for place, size in enumerate(kernel)]
    free = [place for place, axis in enumerate(terms.output) if axis not in terms.kernel]
    order = [terms.kernel.index(axis) for axis in terms.output if axis in terms.kernel]
    left_over = []
    for axis in summed:
        if free:
            place = free.pop(0)
        else:
            left_over.append(axis)
        order.insert(place, axis)
    shape = [sizes[axis] for axis in order]
    for place in free:
        shape.insert(place, 1)
    for axis in reversed(left_over):
        shape.pop(axis)
    return tuple(shape)


class AdaptiveLogSoftmaxWithLoss(Layer):
    """The log-probability of a class among many, cheap for the classes that come first.

    The classes before the first cutoff have a weight each from all features. Those between two cutoffs are a
    cluster, seen through fewer and fewer features: `n / div_value`, `n / div_value²` and so on, rounded down. The
    outputs are the log-probability of the target, and the mean loss.
    """

    inputs = (Axes("n", n="features"), Axes(""))
    source = "Grave et al. 2017; torch.nn.AdaptiveLogSoftmaxWithLoss"
    example = Example({"n_classes": 1000, "cutoffs": (20, 200)}, [(64,), ()])
    products = not_stated("which clusters are computed depends on the targets")
    cached = nothing_cached

    n_classes: Size = field("k", "classes")
    cutoffs: TensorSizes = field("c", "the first class of each cluster, in ascending order")
    div_value: Ratio = field("", "by how much the features shrink from cluster to cluster", 4.0)
    head_bias: Flag = field("head_bias", "whether the head has a bias", False)

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
        yield Tensor("head_bias", (head,), "a bias for each of them", when=self.head_bias)
        for place, classes in enumerate(clusters):
            features = self._features(x[-1], place + 1)
            yield Tensor(f"tail_{place}_projection", (x[-1], features), f"to fewer features, of cluster {place}")
            yield Tensor(f"tail_{place}_kernel", (features, classes), f"to the classes of cluster {place}")

    def _features(self, features: Number, step: int) -> Number:
        # the power is rounded as PyTorch's is, and what follows is exact
        return algebra.floor_divide(features, Fraction(self.div_value**step))

    def outputs(self, x: Shape, target: Shape) -> tuple[Shape, ...]:
        return ((), ())

    def reach(self, x: Shape, target: Shape) -> tuple[Reach, ...]:
        return everything(x, target)


class LinearCrossEntropyLoss(Layer):
    """The cross entropy between classes and what a matrix makes of the input.

    The target names the class, or has a probability for each. With `out_features`, there are as many choices
    among the classes. The loss is one number, or with the reduction `none` one for each choice.
    """

    inputs = (Axes("n", n="features"), Axes("..."))
    layout = "as_given"
    source = "torch.nn.LinearCrossEntropyLoss"
    example = Example({"num_classes": 10}, [(64,), ()])
    cached = nothing_cached

    num_classes: Size = field("k", "classes")
    out_features: Sizes = field("", "sizes of the axes of choices", ())
    use_bias: Flag = field("use_bias", "whether a bias is added", False)
    class_weights: Flag = field("class_weights", "whether each class has a weight in the loss", False)
    reduction: Literal["none", "mean", "sum"] = field("", "what is made of the losses: none, mean or sum", "mean")

    def tensors(self, x: Shape, target: Shape) -> Iterator[Tensor]:
        outputs = algebra.product((self.num_classes, *self.out_features))
        yield Tensor("kernel", (x[-1], outputs), "a weight from each feature to each class of each choice")
        yield Tensor("bias", (outputs,), "a bias for each of them", when=self.use_bias)
        weighted = self.class_weights
        yield Tensor("class_weights", (self.num_classes,), "the weight of each class", "state", when=weighted)

    def products(self, x: Shape, target: Shape) -> Iterator[Product]:
        yield Product("kernel", (x[-1], self.num_classes, *self.out_features), (0,), ("kernel",))

    def output_shape(self, x: Shape, target: Shape) -> Shape:
        named, rated = self.out_features, (self.num_classes, *self.out_features)
        if not any(_agree(target, shape) for shape in (named, rated)):
            raise refuse(
                "shape-mismatch",
                f"the target of LinearCrossEntropyLoss is {shape_text(named)} or {shape_text(rated)},"
                f" not {shape_text(target)}",
            )
        return self.out_features if self.reduction == "none" else ()

    def reach(self, x: Shape, target: Shape) -> tuple[Reach, ...]:
        if self.reduction != "none":
            return everything(x, target)
        # the classes come first where the target has a probability for each, and then the choices
        classes, choices = (EVERYTHING,) * (len(target) - len(self.out_features)), range(len(self.out_features))
        return (EVERYTHING,), (*classes, *(Sight(axis, SAME) for axis in choices))


def _agree(shape: Shape, other: Shape) -> bool:
    return len(shape) == len(other) and all(algebra.equal(*sizes) for sizes in zip(shape, other, strict=True))
