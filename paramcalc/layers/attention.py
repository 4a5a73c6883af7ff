"""Layers that let each position of a sequence look at the others."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Any

from paramcalc.core import algebra
from paramcalc.core.algebra import Number, Shape
from paramcalc.core.errors import refuse
from paramcalc.layers.base.axes import Axes, axis_position, shape_text, without_steps
from paramcalc.layers.base.declaration import Example, Layer, Remark, Tensor
from paramcalc.layers.base.fields import (
    Flag,
    Given,
    OptionalFlag,
    OptionalOrderedAxes,
    OptionalSize,
    OptionalSizes,
    Size,
    field,
)
from paramcalc.layers.base.products import Operand, Product
from paramcalc.layers.base.reach import ALL, EVERYTHING, SAME, UP_TO_IT, Reach, Sight, Span
from paramcalc.layers.base.words import words


def _causal() -> Any:
    meaning = "whether a position attends to none that come after it; it changes no count, and may be left unsaid"
    return field("", meaning, None)


def _window() -> Any:
    meaning = (
        "the positions that one attends to, itself and those just before it: a sliding window, which changes no count"
    )
    return field("", f"{meaning}; all, if absent", None)


class MultiHeadAttention(Layer):
    """Each head compares queries with keys and mixes the values; the heads' results are projected back.

    The inputs are the query, then the value and the key: without a key, the value serves as
    such; with the query alone, the layer attends to itself. With fewer heads of keys and
    values, each serves several heads of queries (grouped-query attention). Positions may have
    several axes, and attention may go along some of them alone.
    """

    inputs = (
        Axes("... t d", t="length of the query", d="features of the query"),
        Axes("... s e", optional=True, s="length of the value", e="features of the value"),
        Axes("... s m", optional=True, s="length of the key", m="features of the key"),
    )
    layout = "channels_last"
    source = (
        "Vaswani et al. 2017; Ainslie et al. 2023 (grouped); Qiu et al. 2025 (gated);"
        " keras.layers.MultiHeadAttention; keras.layers.GroupQueryAttention; torch.nn.MultiheadAttention"
    )
    example = Example({"num_heads": 4, "key_dim": 16}, [(20, 64)])
    remarks = (
        Remark(
            "Why does the number of heads not change the count?",
            "Here h · k is the number of features, whatever h is: twice the heads are heads of half the size."
            " The heads share the width out among them, and each kernel stays as large as it is.",
            when="num_heads * key_dim == size(-1) and num_key_value_heads == num_heads and value_dim == key_dim",
        ),
        Remark(
            "Does the number of heads change the count?",
            "Here it does: h · k is not the number of features, so that a head more is not made by narrower heads.",
            when="num_heads * key_dim != size(-1)",
        ),
        Remark(
            "Why are the kernels of key and value smaller than that of the query?",
            "Several heads of the query share one head of key and value (grouped-query attention).",
            when="num_key_value_heads < num_heads",
        ),
        Remark(
            "Why has not every projection a bias?",
            "The spec says which have one. A bias of the key adds the same number to all that a query is compared with,"
            " and the softmax takes it away again.",
            when="query_bias != key_bias or query_bias != value_bias or query_bias != output_bias",
        ),
        Remark(
            "Why are the value and the output measured in k and d as well?",
            "Unless the spec says otherwise, a head's value has as many features as its key, and the output as many"
            " as the query.",
            when="value_dim == key_dim and output_dim == size(-1)",
        ),
        Remark(
            "Why does the length of the sequence not count?",
            "Each position is projected by the same kernels. How much a position attends to another is computed from"
            " them anew each time, and not learned.",
        ),
    )

    num_heads: Size = field("h", "heads of the query")
    key_dim: Size = field("k", "features of a head's query and key")
    value_dim: OptionalSize = field("v", "features of a head's value; key_dim, if absent", None, "key_dim")
    num_key_value_heads: OptionalSize = field("g", "heads of key and value; num_heads, if absent", None, "num_heads")
    output_dim: OptionalSizes = field(
        "o", "features of the output, or the sizes of its last axes; the query's, if absent", None, "size(-1)"
    )
    use_bias: Flag = field("use_bias", "whether biases are added", True)
    query_bias: OptionalFlag = field("", "whether the query has a bias; use_bias, if absent", None, "use_bias")
    key_bias: OptionalFlag = field("", "whether the key has a bias; use_bias, if absent", None, "use_bias")
    value_bias: OptionalFlag = field("", "whether the value has a bias; use_bias, if absent", None, "use_bias")
    output_bias: OptionalFlag = field("", "whether the output has a bias; use_bias, if absent", None, "use_bias")
    use_gate: Flag = field("use_gate", "whether the query decides how much of each head's result passes", False)
    add_bias_kv: Flag = field("add_bias_kv", "whether a learned key and value are appended, as PyTorch can", False)
    causal: OptionalFlag = _causal()
    window: OptionalSize = _window()
    attention_axes: OptionalOrderedAxes = field(
        "", "the axes attended along, the batch counted as 0; all but the features, if absent", None
    )

    def way_out(self, shape: Shape) -> str:
        return without_steps(shape)

    def tensors(self, query: Shape, value: Shape | None = None, key: Shape | None = None) -> Iterator[Tensor]:
        value = value or query
        key = key or value
        self._check_positions(query, value, key)
        h, k = self.num_heads, self.key_dim
        g, v, o = self.num_key_value_heads, self.value_dim, self._output_sizes
        algebra.divide(h, g, "the heads of keys and values must divide those of the query")
        yield Tensor("query_kernel", (query[-1], h, k), "from the query's features to each head")
        yield Tensor("query_bias", (h, k), "a bias for each of them", when=self.query_bias)
        yield Tensor("key_kernel", (key[-1], g, k), "from the key's features to each head")
        yield Tensor("key_bias", (g, k), "a bias for each of them", when=self.key_bias)
        yield Tensor("value_kernel", (value[-1], g, v), "from the value's features to each head")
        yield Tensor("value_bias", (g, v), "a bias for each of them", when=self.value_bias)
        yield Tensor("gate_kernel", (query[-1], h, v), "from the query's features to each head", when=self.use_gate)
        yield Tensor("gate_bias", (h, v), "a bias for each of them", when=(self.use_bias, self.use_gate))
        yield Tensor("appended_key", (g, k), "a key that every position is compared with", when=self.add_bias_kv)
        yield Tensor("appended_value", (g, v), "the value that goes with it", when=self.add_bias_kv)
        yield Tensor("output_kernel", (h, v, *o), "from all heads to the output")
        yield Tensor("output_bias", o, "a bias for each output", when=self.output_bias)

    def products(self, query: Shape, value: Shape | None = None, key: Shape | None = None) -> Iterator[Product]:
        of_value = 0 if value is None else 1
        of_key = of_value if key is None else 2
        value = value or query
        key = key or value
        h, k, g, v = self.num_heads, self.key_dim, self.num_key_value_heads, self.value_dim
        yield Product("query_kernel", (*query[:-1], query[-1], h, k), (0,), ("query_kernel",))
        yield Product("key_kernel", (*key[:-1], key[-1], g, k), (of_key,), ("key_kernel",))
        yield Product("value_kernel", (*value[:-1], value[-1], g, v), (of_value,), ("value_kernel",))
        gate = ("gate_kernel",)
        yield Product("gate_kernel", (*query[:-1], query[-1], h, v), (0,), gate, when=self.use_gate)
        queries: Operand = (0, "query_kernel", "query_bias")
        keys: Operand = (of_key, "key_kernel", "key_bias", "appended_key")
        values: Operand = (of_value, "value_kernel", "value_bias", "appended_value")
        yield from self._attention_products(query, key, queries, keys, values)
        mixed = (*queries, *keys, *values, "gate_kernel", "gate_bias")
        yield Product("output_kernel", (*query[:-1], h, v, *self._output_sizes), mixed, ("output_kernel",))

    def _attention_products(
        self, query: Shape, key: Shape, queries: Operand, keys: Operand, values: Operand
    ) -> Iterator[Product]:
        """Yield the comparison of queries with keys, and the mixing of the values."""
        attended = self._attended(query)
        others = [size for place, size in enumerate(query[:-1]) if place not in attended]
        compared, asked = (algebra.product(shape[place] for place in attended) for shape in (key, query))
        for name, size, left, right, purpose in (
            ("scores", self.key_dim, queries, keys, "each query is compared with each key"),
            ("mixture", self.value_dim, (*queries, *keys), values, "the values are mixed for each query"),
        ):
            sizes = (*others, self.num_heads, size)
            yield Product(name, sizes, left, right, purpose, lengths=(asked, compared), causal=self.causal)
            appended, about = f"{name}_appended", "with the key and value that are appended"
            yield Product(appended, (*sizes, asked), left, right, about, when=self.add_bias_kv)

    def output_shape(self, query: Shape, value: Shape | None = None, key: Shape | None = None) -> Shape:
        return (*query[:-1], *self._output_sizes)

    def cached(self, query: Shape, value: Shape | None = None, key: Shape | None = None) -> Iterator[Tensor]:
        if value is None and key is None:
            # who attends to what comes after it cannot be generated step by step
            if self.causal is False:
                return
            positions = self._positions_kept(query)
        else:
            positions = (value or key or query)[:-1]
        g, k, v = self.num_key_value_heads, self.key_dim, self.value_dim
        yield Tensor("keys", (*positions, g, k), "the key of each position")
        yield Tensor("values", (*positions, g, v), "the value of each position")

    def _positions_kept(self, query: Shape) -> Shape:
        """Give the positions before the next one that it attends to: of a window, all but one."""
        if self.window is None:
            return query[:-1]
        attended = self._attended(query)
        return tuple(
            algebra.smallest([size, self.window - 1]) if place in attended else size
            for place, size in enumerate(query[:-1])
        )

    @property
    def _output_sizes(self) -> Shape:
        return self.output_dim if isinstance(self.output_dim, tuple) else (self.output_dim,)

    def _check_positions(self, query: Shape, value: Shape, key: Shape) -> None:
        """Refuse positions of key and value that differ, and those of a query along axes not attended."""
        if not algebra.equal_shapes(key[:-1], value[:-1]):
            raise refuse(
                "shape-mismatch",
                f"key {shape_text(key)} and value {shape_text(value)} must have the same length",
            )
        attended = self._attended(query)
        if self.window is not None and len(attended) > 1:
            message = "a 'window' goes along one axis, and attention along several"
            raise refuse("invalid-value", message, "'attention_axes' names one", ("window",))
        left = [position for position in range(len(query) - 1) if position not in attended]
        if len(query) != len(value) or not all(algebra.equal(query[position], value[position]) for position in left):
            raise refuse(
                "shape-mismatch",
                f"query {shape_text(query)} and value {shape_text(value)} must agree in every axis"
                " but those of 'attention_axes' and the features",
            )

    def _attended(self, query: Shape) -> set[int]:
        if self.attention_axes is None:
            return {*range(len(query) - 1)}
        axes = self.attention_axes if isinstance(self.attention_axes, tuple) else (self.attention_axes,)
        attended = {axis_position(axis, len(query)) for axis in axes}
        if not 0 < len(axes) == len(attended):
            raise refuse(
                "invalid-value",
                f"'attention_axes' of MultiHeadAttention are one or more, each named once, not {[*axes]}",
            )
        return attended

    def reach(self, query: Shape, value: Shape | None = None, key: Shape | None = None) -> tuple[Reach, ...]:
        attended = self._attended(query)
        asked = (*(Sight(axis, SAME) for axis in range(len(query) - 1)), EVERYTHING)
        if value is None:
            return (self._looked_back(query),)
        seen = tuple(
            EVERYTHING if axis in attended or axis == len(query) - 1 else Sight(axis, SAME)
            for axis in range(len(query))
        )
        return (asked, seen) if key is None else (asked, seen, seen)

    def _looked_back(self, x: Shape) -> Reach:
        """Tell what a position sees of its own sequence: all of it, all up to itself, or a window."""
        attended = self._attended(x)
        back: Span | None = ALL
        if len(attended) == 1 and self.window is not None:
            back = Span((1 - self.window,), (0,)) if type(self.window) is int else None
        elif len(attended) == 1 and self.causal:
            back = UP_TO_IT
        return (*(Sight(axis, back if axis in attended else SAME) for axis in range(len(x) - 1)), EVERYTHING)


class _SimpleAttention(Layer):
    inputs = (
        Axes("... t d", t="length of the query", d="features of query and key"),
        Axes("... s e", s="length of value and key", e="features of the value"),
        Axes("... s d", optional=True, s="length of value and key", d="features of query and key"),
    )
    layout = "channels_last"

    def way_out(self, shape: Shape) -> str:
        return without_steps(shape)

    def _products(
        self,
        query: Shape,
        value: Shape,
        key: Shape | None,
        compares: bool,
        tensors: Operand,
        mixed: Number,
        causal: bool | None = None,
    ) -> Iterator[Product]:
        """Yield the comparison of queries with keys, if that is a product, and the mixing of `mixed` features."""
        of_key = 1 if key is None else 2
        lengths, others = (query[-2], value[-2]), query[:-2]
        if compares:
            about = "each query is compared with each key"
            yield Product("scores", (*others, query[-1]), (0,), (of_key,), about, lengths=lengths, causal=causal)
        about = "the values are mixed for each query"
        yield Product("mixture", (*others, mixed), (0, of_key, *tensors), (1,), about, lengths=lengths, causal=causal)

    def output_shape(self, query: Shape, value: Shape, key: Shape | None = None) -> Shape:
        self._check_lengths(query, value, key or value)
        return (*query[:-1], value[-1])

    def _check_lengths(
        self, query: Shape, value: Shape, key: Shape, features: tuple[Number, Number] | None = None
    ) -> None:
        """Refuse lengths that differ; `features` are those of a head of the query and of the key, if not all."""
        if not algebra.equal_shapes(key[:-1], value[:-1]):
            raise refuse(
                "shape-mismatch", f"key {shape_text(key)} and value {shape_text(value)} must have the same length"
            )
        asked, compared = features or (query[-1], key[-1])
        if not algebra.equal_shapes((*query[:-2], asked), (*key[:-2], compared)):
            heads = "" if features is None else ", and in the features of a head"
            raise refuse(
                "shape-mismatch",
                f"query {shape_text(query)} and key {shape_text(key)} must agree in every axis but the length{heads}",
            )

    def reach(self, query: Shape, value: Shape, key: Shape | None = None) -> tuple[Reach, ...]:
        asked = (*(Sight(axis, SAME) for axis in range(len(query) - 1)), EVERYTHING)
        before = tuple(Sight(axis, SAME) for axis in range(len(query) - 2))
        # the features of values stay apart, unless they are compared with the query as well
        mixed = (*before, EVERYTHING, EVERYTHING if key is None else Sight(len(query) - 1, SAME))
        return (asked, mixed) if key is None else (asked, mixed, (*before, EVERYTHING, EVERYTHING))

    def cached(self, query: Shape, value: Shape | None = None, key: Shape | None = None) -> Iterator[Tensor]:
        yield Tensor("values", value or query, "the value of each position")
        if key is not None:
            yield Tensor("keys", key, "the key of each position")


class Attention(_SimpleAttention):
    """Each position of the query mixes the values by how well their keys fit it, in a product or a sum.

    The inputs are the query, the value and the key: without a key, the value serves as such. They are projected
    already. With several heads, the features of all heads stand side by side in each; with fewer heads of keys and
    values, each serves several heads of the query (grouped-query attention).
    """

    source = "Luong, Pham and Manning 2015; keras.layers.Attention; torch.nn.functional.scaled_dot_product_attention"
    example = Example(inputs=[(20, 64), (20, 64)])
    remarks = (
        Remark(
            "Why does it own nothing?",
            "Query, value and key are compared and mixed as they come. What projects them, with kernels that are"
            " learned, is MultiHeadAttention.",
            when="not use_scale and score_mode == 'dot'",
        ),
    )

    num_heads: Size = field("h", "heads that the features of the query are shared out among", 1)
    num_key_value_heads: OptionalSize = field("g", "heads of keys and values; num_heads, if absent", None, "num_heads")
    use_scale: Flag = field("use_scale", "whether a learned number scales what is compared", False)
    score_mode: Annotated[Given[str], words("score mode", "dot", "concat")] = field(
        "", "whether query and key are multiplied or added", "dot"
    )
    causal: OptionalFlag = _causal()
    window: OptionalSize = _window()
    use_cache: Flag = field(
        "", "whether keys and values are kept to generate a sequence; not, where what they are made of is", True
    )

    def tensors(self, query: Shape, value: Shape, key: Shape | None = None) -> Iterator[Tensor]:
        yield Tensor("scale", (), "the number that scales", when=self.use_scale)
        yield Tensor("concat_score_weight", (), "what the sums count", when=self.score_mode == "concat")

    def products(self, query: Shape, value: Shape, key: Shape | None = None) -> Iterator[Product]:
        tensors = ("scale", "concat_score_weight")
        mixed = self.output_shape(query, value, key)[-1]
        return self._products(query, value, key, self.score_mode == "dot", tensors, mixed, self.causal)

    def output_shape(self, query: Shape, value: Shape, key: Shape | None = None) -> Shape:
        key = key or value
        heads, shared = self.num_heads, self.num_key_value_heads
        # of one head, there is nothing to divide
        if type(heads) is int and heads == 1 and type(shared) is int and shared == 1:
            return super().output_shape(query, value, key)
        algebra.divide(heads, shared, "the heads of keys and values must divide those of the query")
        rule = "the heads share out the features among them"
        asked, compared = algebra.divide(query[-1], heads, rule), algebra.divide(key[-1], shared, rule)
        self._check_lengths(query, value, key, (asked, compared))
        return (*query[:-1], heads * algebra.divide(value[-1], shared, rule))

    def cached(self, query: Shape, value: Shape | None = None, key: Shape | None = None) -> Iterator[Tensor]:
        # who attends to what comes after it cannot be generated step by step
        if self.causal is False or not self.use_cache:
            return
        for tensor in super().cached(query, value, key):
            *others, length, features = tensor.shape
            if self.window is not None:
                # of the positions before the next one
                length = algebra.smallest([length, self.window - 1])
            yield replace(tensor, shape=(*others, length, features))

    def reach(self, query: Shape, value: Shape, key: Shape | None = None) -> tuple[Reach, ...]:
        asked, *others = super().reach(query, value, key)
        back: Span | None = ALL
        if self.window is not None and self.causal is not False:
            back = Span((1 - self.window,), (0,)) if type(self.window) is int else None
        elif self.causal:
            back = UP_TO_IT
        heads = not (type(self.num_heads) is int and self.num_heads == 1)
        place = len(query) - 2
        sights = [(*seen[:place], Sight(place, back), EVERYTHING if heads else seen[-1]) for seen in others]
        return (asked, *sights)


class AdditiveAttention(_SimpleAttention):
    """Each position of the query mixes the values by how well their keys fit it: tanh(query + key), summed.

    The inputs are the query, the value and the key: without a key, the value serves as such.
    """

    source = "Bahdanau, Cho and Bengio 2015; keras.layers.AdditiveAttention"
    example = Example(inputs=[(20, 64), (20, 64)])

    use_scale: Flag = field("use_scale", "whether each feature counts with a learned weight", True)

    def tensors(self, query: Shape, value: Shape, key: Shape | None = None) -> Iterator[Tensor]:
        yield Tensor("scale", (query[-1],), "what each feature counts", when=self.use_scale)

    def products(self, query: Shape, value: Shape, key: Shape | None = None) -> Iterator[Product]:
        return self._products(query, value, key, False, ("scale",), value[-1])
