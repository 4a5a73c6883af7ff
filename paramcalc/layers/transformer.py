"""The Transformer as PyTorch has it: made of attention, linear layers and normalisations."""

from collections.abc import Iterator
from typing import Annotated, Any

from paramcalc.core import algebra
from paramcalc.core.algebra import Shape
from paramcalc.core.errors import refuse
from paramcalc.core.registry import kind
from paramcalc.layers.base.axes import Axes, shape_text, without_steps
from paramcalc.layers.base.caching import nothing_cached
from paramcalc.layers.base.declaration import Example, Layer, Part
from paramcalc.layers.base.fields import Count, Flag, Given, Rate, Size, field
from paramcalc.layers.base.nesting import OptionalNestedLayer
from paramcalc.layers.base.products import Operand, products_of_parts
from paramcalc.layers.base.reach import Reach, everything
from paramcalc.layers.base.words import NO_FUNCTIONS, words

_SEQUENCE = Axes("t d", t="length of the sequence", d="features of each position")
_MEMORY = Axes("s d", s="length of the memory", d="features of each position")
_SOURCE = "Vaswani et al. 2017; torch.nn."


class _Transformer(Layer):
    """What all of them are told."""

    layout = "channels_last"
    products = products_of_parts
    cached = nothing_cached

    num_heads: Size = field("h", "heads of each attention")
    dim_feedforward: Size = field("f", "features between the two linear layers", 2048)
    use_bias: Flag = field("use_bias", "whether biases are added", True)
    norm_first: Flag = field("", "whether each normalisation stands before its layer, or behind the sum", False)
    activation: Annotated[Given[str], words("function", "relu", "gelu", elsewhere=NO_FUNCTIONS)] = field(
        "", "the function between the two linear layers", "relu"
    )
    dropout: Rate = field(
        "", "the share of the weights of attention, and of the elements behind each part, set to zero in training", 0.1
    )

    def way_out(self, shape: Shape) -> str:
        return without_steps(shape)

    def _attention(self, name: str, x: Shape, source: Operand, *value: Shape) -> Part:
        """Give attention of a sequence, made of `source`, to itself, or to the second input."""
        key_dim = algebra.divide(x[-1], self.num_heads, "the heads must divide the features")
        layer = kind("MultiHeadAttention")(num_heads=self.num_heads, key_dim=key_dim, use_bias=self.use_bias)
        return Part(name, layer, (x, *value), sources=(source, *((1,) for _ in value)))

    def _feedforward(self, x: Shape, source: Operand) -> Iterator[Part]:
        inner = (*x[:-1], self.dim_feedforward)
        one, other = (kind("Dense")(units=units, use_bias=self.use_bias) for units in (self.dim_feedforward, x[-1]))
        yield Part("linear_1", one, (x,), sources=(source,))
        yield Part("linear_2", other, (inner,), sources=((*source, "linear_1_*"),))

    def _normalised(self, source: Operand, number: int, added: str) -> tuple[Operand, Operand]:
        """Give what a sublayer takes, and what the sequence is made of behind it.

        `source` is what the sequence is made of before, `number` that of the sublayer's normalisation, and `added` all
        tensors of the sublayer.
        """
        norm = f"norm_{number}_*"
        before = (*source, norm) if self._normalises_first else source
        return before, (*source, norm, added)

    @property
    def _normalises_first(self) -> bool:
        # of a flag that is a symbol, tensors alone are asked for, and not what is made of which
        return not algebra.is_symbol(self.norm_first) and bool(algebra.truth(self.norm_first))

    def _norms(self, x: Shape, count: int) -> Iterator[Part]:
        for number in range(count):
            yield Part(f"norm_{number + 1}", self._norm, (x,))

    @property
    def _norm(self) -> Layer:
        return kind("LayerNorm")(center=self.use_bias)

    @property
    def _common(self) -> dict[str, Any]:
        """The fields that all of them have, to be handed on."""
        return {name: getattr(self, name) for name in _Transformer.model_fields}

    def reach(self, *inputs: Shape) -> tuple[Reach, ...]:
        return everything(*inputs)


class TransformerEncoderLayer(_Transformer):
    """Attention of a sequence to itself, then two linear layers; each is added to its input and normalised."""

    inputs = (_SEQUENCE,)
    source = f"{_SOURCE}TransformerEncoderLayer"
    example = Example({"num_heads": 4}, [(20, 64)])

    def parts(self, x: Shape) -> Iterator[Part]:
        taken, source = self._normalised((0,), 1, "self_attention_*")
        yield self._attention("self_attention", x, taken)
        taken, _ = self._normalised(source, 2, "linear_*")
        yield from self._feedforward(x, taken)
        yield from self._norms(x, 2)


class TransformerDecoderLayer(_Transformer):
    """Attention of a sequence to itself and to a memory, then two linear layers; each is added and normalised.

    The inputs are the sequence, and the memory: the output of an encoder.
    """

    inputs = (_SEQUENCE, _MEMORY)
    source = f"{_SOURCE}TransformerDecoderLayer"
    example = Example({"num_heads": 4}, [(20, 64), (20, 64)])

    def parts(self, x: Shape, memory: Shape) -> Iterator[Part]:
        _check_memory(x, memory)
        taken, source = self._normalised((0,), 1, "self_attention_*")
        yield self._attention("self_attention", x, taken)
        taken, source = self._normalised(source, 2, "cross_attention_*")
        yield self._attention("cross_attention", x, taken, memory)
        taken, _ = self._normalised((*source, 1), 3, "linear_*")
        yield from self._feedforward(x, taken)
        yield from self._norms(x, 3)


class _Stack(_Transformer):
    num_layers: Count = field("", "the number of layers", 1)
    norm: OptionalNestedLayer = field("", "a layer behind the last one: LayerNorm, as a rule", None)

    def output_shape(self, x: Shape, memory: Shape | None = None) -> Shape:
        return x if self.norm is None else _output(self.norm, x)

    def _stacked(self, layer: Layer, *inputs: Shape) -> Iterator[Part]:
        given: list[Operand] = [(place,) for place in range(len(inputs))]
        made: Operand = (0,)
        for number, times in algebra.copies_and_times(self.num_layers):
            yield Part(f"layer_{number}", layer, inputs, copies=times, sources=(made, *given[1:]))
            # a decoder's layers look at its second input
            made = (*range(len(inputs)), *filter(_is_name, made), f"layer_{number}_*")
        if self.norm is not None:
            yield Part("norm", self.norm, inputs[:1], sources=(made,))


class TransformerEncoder(_Stack):
    """Layers of attention of a sequence to itself, one behind the other."""

    inputs = (_SEQUENCE,)
    source = f"{_SOURCE}TransformerEncoder"
    example = Example({"num_heads": 4}, [(20, 64)])

    def parts(self, x: Shape) -> Iterator[Part]:
        return self._stacked(TransformerEncoderLayer(**self._common), x)


class TransformerDecoder(_Stack):
    """Layers of attention of a sequence to itself and to a memory, one behind the other.

    The inputs are the sequence, and the memory: the output of an encoder.
    """

    inputs = (_SEQUENCE, _MEMORY)
    source = f"{_SOURCE}TransformerDecoder"
    example = Example({"num_heads": 4}, [(20, 64), (20, 64)])

    def parts(self, x: Shape, memory: Shape) -> Iterator[Part]:
        return self._stacked(TransformerDecoderLayer(**self._common), x, memory)


class Transformer(_Transformer):
    """An encoder of one sequence, and a decoder of another that looks at what the first became.

    The inputs are the source and the target; the output has the shape of the target.
    """

    inputs = (
        Axes("s d", s="length of the source", d="features of each position"),
        Axes("t d", t="length of the target", d="features of each position"),
    )
    source = f"{_SOURCE}Transformer"
    example = Example({"num_heads": 4, "num_encoder_layers": 1, "num_decoder_layers": 1}, [(20, 64), (20, 64)])

    num_encoder_layers: Count = field("", "the layers of the encoder", 6)
    num_decoder_layers: Count = field("", "the layers of the decoder", 6)
    custom_encoder: OptionalNestedLayer = field("", "a layer in place of the encoder", None)
    custom_decoder: OptionalNestedLayer = field("", "a layer in place of the decoder", None)

    def parts(self, x: Shape, target: Shape) -> Iterator[Part]:
        _check_memory(target, x)
        encoder = self.custom_encoder or TransformerEncoder(
            **self._common, num_layers=self.num_encoder_layers, norm=self._norm
        )
        decoder = self.custom_decoder or TransformerDecoder(
            **self._common, num_layers=self.num_decoder_layers, norm=self._norm
        )
        yield Part("encoder", encoder, (x,), sources=((0,),))
        yield Part("decoder", decoder, (target, self._memory(x)), sources=((1,), (0, "encoder_*")))

    def cached_parts(self, x: Shape, target: Shape) -> Iterator[Part]:
        # the encoder sees the whole source at once, and keeps nothing of it
        return (part for part in self.parts(x, target) if part.name == "decoder")

    def output_shape(self, x: Shape, target: Shape) -> Shape:
        return target if self.custom_decoder is None else _output(self.custom_decoder, target, self._memory(x))

    def _memory(self, x: Shape) -> Shape:
        return x if self.custom_encoder is None else _output(self.custom_encoder, x)


def _output(layer: Layer, *inputs: Shape) -> Shape:
    """Give the shape that a layer within the layer makes of its inputs."""
    return layer.output_shapes(*inputs)[0]


def _is_name(each: int | str) -> bool:
    return isinstance(each, str)


def _check_memory(x: Shape, memory: Shape) -> None:
    if not algebra.equal(x[-1], memory[-1]):
        raise refuse(
            "shape-mismatch",
            f"both inputs must have the same number of features, not {shape_text(x)} and {shape_text(memory)}",
        )
