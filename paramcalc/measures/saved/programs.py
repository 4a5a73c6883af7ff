"""What layers do that are more than operations one after another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from paramcalc.conventions.torch_saved import OPERATIONS
from paramcalc.core import algebra
from paramcalc.core.algebra import Number, Shape, Undecided
from paramcalc.core.errors import refuse
from paramcalc.layers.base.declaration import Part
from paramcalc.layers.base.fields import DTYPES
from paramcalc.layers.base.windows import padding_amounts
from paramcalc.measures.saved.run import Attention, Program, Run, Trained, activation, function, term, widest
from paramcalc.measures.saved.values import Value, width

Values = Sequence[Value]
Shapes = Sequence[Shape]


# --- Sources -----------------------------------------------------------------------------


def _input(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    dtype = layer.dtype if "dtype" in layer.model_fields_set else run.dtype
    if dtype not in DTYPES:
        raise refuse("not-measurable", f"PyTorch has no tensors of {dtype}")
    return [run.new(shapes[0], dtype, False)]


def _weights(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    if layer.equation is not None:
        return [_multiplied(run, layer, inputs[0], trained, shapes[0])]
    if layer.output is None:
        return list(inputs[:1])
    # the same for each example: shown again, and not copied
    shown = run.parameter(shapes[0], run.dtype, trained(layer.output))
    cuts = frozenset([1] if len(shown.shape) > 1 else [])
    return [replace(shown, cuts=cuts, scattered=not cuts)]


def _multiplied(run: Run, layer: Any, x: Value, trained: Trained, shape: Shape) -> Value:
    """Multiply by the first tensor along the axes of an equation, and add the others."""
    first, *others = layer.tensors()
    if first.active is not None:
        raise refuse("not-measurable", "of weights of which a part is multiplied, nothing says which")
    left, kernel, output = layer.terms()
    before = "".join(map(str, range(len(x.shape) - len(left))))
    weight = run.parameter(first.shape, run.dtype, trained(first.name))
    product = _product(run, [x, weight], (before + left, kernel), before + output, shape)
    return replace(product, needs_gradient=product.needs_gradient or any(trained(each.name) for each in others))


# --- Matrix products ---------------------------------------------------------------------


def _linear(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    return [linear(run, inputs[0], (*inputs[0].shape[:-1], shapes[0][-1]), trained("kernel"), trained("bias"))]


def linear(run: Run, x: Value, shape: Shape, kernel: bool, bias: bool = False) -> Value:
    """Multiply the last axis by a matrix; `kernel` and `bias` say whether they are trained.

    An input of several axes is first shown with two, for which it may have to be copied.
    """
    if kernel:
        positions = algebra.product(x.shape[:-1])
        run.keep(x if len(x.shape) == 2 else run.reshaped(x, (positions, x.shape[-1])))
    return run.new(shape, x.dtype, x.needs_gradient or kernel or bias)


def _activation(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    return [_activated(run, layer.activation, inputs[0], "input" if type(layer).layout is None else _SUM)]


#: What an activation keeps that is applied to the result of a layer.
_SUM = "before_activation"


def _activated(run: Run, name: str, x: Value, role: str = _SUM) -> Value:
    return run.apply(activation(name), _NO_LAYER, [x], _nothing, x.shape, role)


#: What an operation that is no layer of its own is told.
_NO_LAYER: Any = None


def _nothing(name: str) -> bool:
    return False


# --- Convolutions and poolings -----------------------------------------------------------


def _pad(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    """Add what the layer behind does not add itself: it adds as much on both sides of an axis."""
    (x,) = inputs
    layer = layer.filled(run.stated[0])
    is_convolution = "kernel_size" in type(layer).model_fields
    window = layer.kernel_size if is_convolution else layer.pool_size
    strides, dilation = layer.strides, getattr(layer, "dilation_rate", ())
    amounts = padding_amounts(x.shape[2:], window, strides, layer.padding, dilation)
    if is_convolution:
        alike = all(_is_zero(behind - before) for before, behind in amounts)
        if alike and (layer.padding != "causal"):
            return [x]
        if layer.padding == "same" and all(_is_zero(stride - 1) for stride in strides):
            amounts = tuple((0, behind - before) for before, behind in amounts)
    elif isinstance(layer.padding, tuple) and all(
        algebra.truth(2 * pad <= size) for pad, size in zip(layer.padding, window, strict=True)
    ):
        return [x]
    if all(_is_zero(each) for amount in amounts for each in amount):
        return [x]
    lengths = (size + before + behind for size, (before, behind) in zip(x.shape[2:], amounts, strict=True))
    return [run.placed(x, (*x.shape[:2], *lengths), x.needs_gradient, (4, 5))]


def _is_zero(number: Number) -> bool:
    """Whether a number is 0. Raises `Undecided` for a symbol."""
    return algebra.truth(number == 0) if not algebra.is_symbol(number) or number.is_Integer else _undecided(number)


def _undecided(number: Number) -> bool:
    raise Undecided(number)


def _cut(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    """Cut off of a transposed convolution what its windows reach further on one side than on the other."""
    (x,) = inputs
    if layer.padding != "same":
        return [x]
    axes = zip(layer.kernel_size, layer.dilation_rate, layer.strides, strict=True)
    further = [dilation * (size - 1) + 1 - stride for size, dilation, stride in axes]
    beyond = [algebra.largest((0, each)) for each in further]
    if all(_is_zero(each % 2) for each in beyond):
        return [x]
    lengths = (size + each for size, each in zip(x.shape[2:], beyond, strict=True))
    whole = run.placed(x, (*x.shape[:2], *lengths), x.needs_gradient, (4,))
    for axis, size in enumerate(x.shape):
        whole = whole.part(axis, size)
    return [whole]


def _means(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    """Take means of parts of the input; of the whole nothing is kept."""
    (x,) = inputs
    if x.needs_gradient and not all(algebra.same(size, 1) for size in shapes[0][2:]):
        run.keep(x)
    return [run.placed(x, shapes[0], x.needs_gradient, (3, 4))]


def _rescaling(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    (x,) = inputs
    if isinstance(layer.scale, tuple) and x.needs_gradient:
        # of each channel: a tensor, and no constant
        run.make("scale", len(layer.scale), x.dtype)
    return [run.like(x, x.shape, x.needs_gradient)]


def _power_pool(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    (x,) = inputs
    if x.needs_gradient:
        run.keep(x)
        dtype, output = x.dtype, algebra.product(shapes[0])
        # the power is kept by the pooling; then sign, absolute value, its rectified copy, and their scaled product
        run.make("powers", algebra.product(x.shape), dtype)
        run.make("sums", 4 * output, dtype)
    return [run.placed(x, shapes[0], x.needs_gradient, (3, 4))]


# --- Axes --------------------------------------------------------------------------------


def _reshape(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    return [run.reshaped(inputs[0], shapes[0])]


def _flatten(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    # of one axis, the tensor itself
    (x,) = inputs
    return [x] if len(x.shape) == len(shapes[0]) else [run.reshaped(x, shapes[0])]


def _slice(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    x = inputs[0]
    axis = layer.axis % len(x.shape)
    keeps = algebra.truth(layer.keepdims)
    part = x.part(axis, shapes[0][axis] if keeps else 1, apart=not algebra.same(layer.step, 1))
    # another tensor, even where it shows all
    return [replace(part if keeps else part.without(axis))]


def _crop(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    x = inputs[0]
    for axis, length in enumerate(shapes[0]):
        x = x.part(axis, length)
    return [replace(x)]


def _permute(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    axes = layer.dims if isinstance(layer.dims, tuple) else (layer.dims,)
    return [replace(inputs[0].permuted((0, *axes)))]


def _concatenate(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    needs = any(value.needs_gradient for value in inputs)
    return [run.new(shapes[0], widest(inputs), needs)]


# --- Several inputs ----------------------------------------------------------------------


def _aligned(inputs: Values) -> list[Value]:
    """Show inputs with the same number of axes."""
    rank = max(len(value.shape) for value in inputs)
    return [value.with_rank(rank) for value in inputs]


def _sum(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    return [_together(run, _aligned(inputs), shapes[0])]


def _together(run: Run, inputs: Values, shape: Shape) -> Value:
    needs = any(value.needs_gradient for value in inputs)
    as_large = [value for value in inputs if len(value.shape) == len(shape) and algebra.same_shapes(value.shape, shape)]
    order = as_large[0].order if as_large else ()
    return run.new(shape, widest(inputs), needs, order)


def _pairwise(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    """Take the first two, that and the third, and so on."""
    operation = OPERATIONS["multiply" if type(layer).__name__ == "Multiply" else "compare"]
    result, *others = _aligned(inputs)
    for each in others:
        result = _two(run, operation, result, each)
    return [result]


def _two(run: Run, operation: Any, x: Value, y: Value) -> Value:
    shape = algebra.broadcast_shapes([x.shape, y.shape])
    return run.apply(operation, _NO_LAYER, [x, y], _nothing, shape)


def _function(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    return [run.apply(function(layer.function), layer, _aligned(inputs), trained, shapes[0])]


# --- Norms that are made of several operations ---------------------------------------------


def _rms_norm(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    (x,) = inputs
    elements, wide = algebra.product(x.shape), _wide(x.dtype)
    if x.needs_gradient:
        # numbers of half the width are made wider first
        run.keep(x if wide == x.dtype else run.cast(x, wide))
        run.make("statistics", algebra.divide(elements, run.along_axis(layer)), wide)
    if trained("scale"):
        run.make("normalized", elements, wide)
    return [run.new(x.shape, x.dtype, x.needs_gradient or trained("scale"))]


def _wide(dtype: str) -> str:
    """Return the dtype in which sums are taken."""
    return dtype if width(dtype) >= width("float32") else "float32"


def _unit_norm(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    (x,) = inputs
    if x.needs_gradient:
        run.keep(x)
        # the length, and the length bounded from below
        run.make("lengths", 2 * algebra.divide(algebra.product(x.shape), run.along_axis(layer)), x.dtype)
    return [run.like(x, x.shape, x.needs_gradient)]


def _local_response_norm(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    (x,) = inputs
    if x.needs_gradient:
        run.keep(x)
        channels, elements = x.shape[1], algebra.product(x.shape)
        padded = algebra.divide(elements, channels) * (channels + layer.window - 1)
        # the squares with the padding, what is raised to a power, and the power
        run.make("powers", padded + 2 * elements, x.dtype)
    return [run.like(x, x.shape, x.needs_gradient)]


# --- Recurrence --------------------------------------------------------------------------


def _recurrent(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    x, *given = inputs
    directions = 2 if algebra.truth(layer.bidirectional) else 1
    number = algebra.number_of_copies(layer.num_layers)
    batch, steps = x.shape[:2]
    kernel = trained("kernel")
    needs = trained("") or any(value.needs_gradient for value in inputs)
    x = x.permuted((1, 0, 2))
    if needs:
        _initial_states(run, layer, given, number * directions, x.dtype, kernel)
    for _ in range(number):
        for _ in range(directions):
            linear(run, x, x.shape, kernel)
            if x.needs_gradient or kernel:
                run.make("steps", batch * (steps * _of_step(layer, kernel) - _initial(layer, kernel)), x.dtype)
        x = run.new((steps, batch, layer.width * directions), x.dtype, needs)
    sequence = x.permuted((1, 0, 2))
    states = [
        run.new((number * directions, batch, *shape), x.dtype, needs).part(0, 1).without(0)
        for shape in layer.state_shapes
    ]
    output = sequence if algebra.truth(layer.return_sequences) else sequence.part(1, 1).without(1)
    if len(shapes) == 1:
        return [output]
    return [output, *(state for _ in range(number * directions) for state in states)]


def _of_step(layer: Any, kernel: bool) -> Number:
    """Return the elements that an example keeps of each step, beside the input: the state before among them."""
    gates, before = layer.gates * layer.units, layer.width if kernel else 0
    if layer.gates == 1:
        return layer.units
    if layer.gates == 3:
        # the gates, the candidate's sum of the state, the state before
        return gates + 3 * layer.units + before
    full = 0 if layer.proj_size is None or not kernel else layer.units
    # the gates, what is remembered before and after the function
    return gates + 2 * layer.units + before + full


def _initial(layer: Any, kernel: bool) -> Number:
    """Return the elements of the initial states among what is kept of all steps."""
    if layer.gates == 1:
        return 0
    before = layer.width if kernel else 0
    return before + (layer.units if layer.gates == 4 else 0)


def _initial_states(run: Run, layer: Any, given: Values, number: int, dtype: str, kernel: bool) -> None:
    """Keep the states to begin with: those that are given, or zeros."""
    kept = [kernel, True][: len(layer.state_shapes)]
    for place, (shape, is_kept) in enumerate(zip(layer.state_shapes, kept, strict=True)):
        if not is_kept:
            continue
        if len(given) == len(layer.state_shapes):
            run.keep(given[place], "state")
        else:
            run.make("state", number * run.batch * algebra.product(shape), dtype)


def _cell(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    x, *states = inputs
    kernel = trained("kernel")
    needs = trained("") or any(value.needs_gradient for value in inputs)
    if not states:
        # zeros: for both vectors of a state the same
        states = [run.new((run.batch, layer.units), x.dtype, False)] * len(layer.state_shapes)
    output, *memory = (run.new((run.batch, *shape), x.dtype, needs) for shape in layer.state_shapes)
    if needs:
        linear(run, x, x.shape, kernel)
        if kernel:
            run.keep(states[0], "state")
        made = {1: 0, 3: 6, 4: 5}[layer.gates]
        if layer.gates == 1:
            run.keep(output, "output")
        elif layer.gates == 4:
            run.keep(states[1], "state")
        if made:
            run.make("gates", made * run.batch * layer.units, x.dtype)
    return [output, output, *memory]


# --- Attention ---------------------------------------------------------------------------


def _attention(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    layer = layer.filled(inputs[0].shape[1:])
    query, value, key = (*inputs, *[inputs[-1]] * 2)[:3]
    shapes_given = [each.shape[1:] for each in inputs]
    is_there = run.decide(lambda: run.convention.equivalent(layer, shapes_given) is not None)
    attend = _one_projection if is_there else _several_projections
    return [attend(run, layer, (query, key, value), trained, shapes[0])]


def _one_projection(run: Run, layer: Any, inputs: tuple[Value, Value, Value], trained: Trained, shape: Shape) -> Value:
    """Attend as `nn.MultiheadAttention` does, which turns its inputs and projects those that are one together."""
    query, key, value = inputs
    turned = {id(each): each.permuted((1, 0, 2)) for each in inputs}
    q, k, v = (turned[id(each)] for each in inputs)
    batch, length, width_ = query.shape
    sources = key.shape[1] + (1 if algebra.truth(layer.add_bias_kv) else 0)
    together = algebra.same(key.shape[-1], width_) and algebra.same(value.shape[-1], width_)
    parts = [(q, "query"), (k, "key"), (v, "value")]
    if together and key is value:
        parts = [(q, "query")] if query is key else [(q, "query"), (k, "key")]
    needs = any(each.needs_gradient for each in inputs) or any(trained(f"{name}_kernel") for _, name in parts)
    for each, name in parts:
        linear(run, each, each.shape, trained(f"{name}_kernel"))
    sizes = _Sizes(
        batch * layer.num_heads * length,
        batch * layer.num_heads * sources,
        layer.key_dim,
        layer.value_dim,
        batch * layer.num_heads * length * sources,
    )
    q_made, k_made = batch * length * width_, batch * key.shape[1] * width_
    if len(parts) == 3:
        shown = _Shown(q_made, k_made, k_made)
    elif len(parts) == 2:
        shown = _Shown(q_made, 2 * k_made, None)
    else:
        shown = _Shown(3 * q_made, None, None)
    if algebra.truth(layer.add_bias_kv):
        # key and value are copied, with what is appended
        shown = _Shown(shown.query, sizes.sources * layer.key_dim, sizes.sources * layer.value_dim)
    mask = length * sources if layer.causal else 0
    context = _attend(run, run.attention, query.dtype, needs, sizes, shown, mask)
    if trained("output_kernel"):
        run.keep(context, "result")
    output = run.new(
        (length, batch, *shape[2:]), query.dtype, needs or trained("output_kernel") or trained("output_bias")
    )
    return output.permuted((1, 0, 2))


def _several_projections(
    run: Run, layer: Any, inputs: tuple[Value, Value, Value], trained: Trained, shape: Shape
) -> Value:
    """Attend with a projection each, keys and values repeated for the heads of the query that share them."""
    query, key, value = inputs
    batch, length, sources = query.shape[0], query.shape[1], key.shape[1]
    for each, name in ((query, "query"), (key, "key"), (value, "value")):
        linear(run, each, each.shape, trained(f"{name}_kernel"))
    needs = any(each.needs_gradient for each in inputs) or trained("")
    heads = batch * layer.num_heads
    sizes = _Sizes(heads * length, heads * sources, layer.key_dim, layer.value_dim, heads * length * sources)
    shown = _Shown(sizes.queries * layer.key_dim, sizes.sources * layer.key_dim, sizes.sources * layer.value_dim)
    # PyTorch has no such layer that gives its weights as well
    attention: Attention = "flash" if run.attention == "flash" else "math"
    context = _attend(run, attention, query.dtype, needs, sizes, shown)
    if trained("output_kernel"):
        run.keep(context, "result")
    return run.new(shape, query.dtype, needs)


def _dot_product_attention(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    """Attend with what is projected already, keys and values repeated for the heads of the query that share them."""
    layer = layer.filled(inputs[0].shape[1:])
    query, value, key = (*inputs, *[inputs[-1]] * 2)[:3]
    needs = any(each.needs_gradient for each in inputs)
    context = run.new(shapes[0], query.dtype, needs)
    if not needs:
        return [context]
    batch, length, features = query.shape
    heads, sources = batch * layer.num_heads, key.shape[1]
    key_dim = algebra.divide(features, layer.num_heads)
    value_dim = algebra.divide(shapes[0][-1], layer.num_heads)
    repeated = run.decide(lambda: not algebra.same(layer.num_heads, layer.num_key_value_heads))
    # PyTorch has no such layer that gives its weights as well
    if run.attention == "flash" and algebra.same(key_dim, value_dim):
        run.keep(query, "query")
        for name, each in (("key", key), ("value", value)):
            if repeated:
                run.make(name, heads * sources * key_dim, query.dtype)
            else:
                run.keep(each, name)
        run.make("log_sums", heads * length, _wide(query.dtype))
        run.keep(context, "result")
        return [context]
    wide = _wide(query.dtype)
    # each of the two is kept for the gradient of the other
    run.make("scaled", heads * length * key_dim if key.needs_gradient else 0, wide)
    run.make("scaled", heads * sources * key_dim if query.needs_gradient else 0, wide)
    if query.needs_gradient or key.needs_gradient:
        if repeated or wide != query.dtype:
            run.make("value", heads * sources * value_dim, wide)
        else:
            split = run.reshaped(value, (batch, sources, layer.num_heads, value_dim)).permuted((0, 2, 1, 3))
            run.keep(run.reshaped(split, (heads, sources, value_dim)), "value")
    _keep_weights(run, heads * length * sources, wide, dropped=False)
    return [context]


class _Sizes(NamedTuple):
    """The sizes of an attention over all examples and heads."""

    #: positions of the query, and of key and value, of all heads
    queries: Number
    sources: Number
    #: features of a head
    key_dim: Number
    value_dim: Number
    #: the weights: a number for each pair of positions
    weights: Number


class _Shown(NamedTuple):
    """The elements of the storages in which query, key and value lie; None: in that of the one before."""

    query: Number
    key: Number | None
    value: Number | None


def _attend(
    run: Run, attention: Attention, dtype: str, needs: bool, sizes: _Sizes, shown: _Shown, mask: Number = 0
) -> Value:
    """Keep what an attention keeps between its projections. Returns its result, not kept yet unless it is."""
    result = sizes.queries * sizes.value_dim
    context = run.new((result,), dtype, needs)
    if not needs:
        return context
    dropped = run.rate != 0
    value = next(each for each in (shown.value, shown.key, shown.query) if each is not None)
    queries, sources = sizes.queries * sizes.key_dim, sizes.sources * sizes.key_dim
    if attention == "weights":
        run.make("scaled", queries, dtype)
        run.make("projections", sum(_behind(shown)), dtype)
        _keep_weights(run, sizes.weights, dtype, dropped)
        return context
    if attention == "math" or dropped or not algebra.same(sizes.key_dim, sizes.value_dim):
        wide = _wide(dtype)
        # query and key, each multiplied by the root of the scale
        run.make("scaled", queries + sources, wide)
        run.make("projections", value if wide == dtype else sizes.sources * sizes.value_dim, wide)
        _keep_weights(run, sizes.weights, wide, dropped)
        return context
    run.make("projections", sum(each for each in shown if each is not None), dtype)
    # of each position and head, the logarithm of what its weights are divided by
    run.make("log_sums", sizes.queries, _wide(dtype))
    run.make("causal_mask", mask, dtype)
    run.keep(context, "result")
    return context


def _keep_weights(run: Run, weights: Number, dtype: str, dropped: bool) -> None:
    """Keep the weights of an attention; where some are dropped, what is drawn, and those that are left."""
    run.make("weights", weights, dtype)
    if dropped:
        run.make("mask", weights, dtype)
        run.make("dropped_weights", weights, dtype)


def _behind(shown: _Shown) -> list[Number]:
    """Return the storages in which key and value lie."""
    found = [each for each in (shown.key, shown.value) if each is not None]
    return found or [shown.query]


# --- Transformers ------------------------------------------------------------------------


class _Parts:
    """The parts of a composite layer, to be run one by one."""

    def __init__(self, run: Run, layer: Any, inputs: Values, trained: Trained) -> None:
        self.run = run
        self.trained = trained
        self.rate = getattr(layer, "dropout", 0)
        self.parts: dict[str, Part] = {part.name: part for part in layer.parts(*(each.shape[1:] for each in inputs))}

    def __call__(self, name: str, *inputs: Value) -> Value:
        """Run a part on its inputs."""
        return self.layer(self.parts[name], *inputs)

    def layer(self, part: Part, *inputs: Value) -> Value:
        """Run one of the parts on its inputs."""
        layer = part.layer.filled(inputs[0].shape[1:])
        shapes = [(self.run.batch, *shape) for shape in layer.output_shapes(*(each.shape[1:] for each in inputs))]
        prefix = f"{part.name}_"
        return self.run.layer(layer, inputs, lambda name: self._trained(prefix, name), shapes)[0]

    def _trained(self, prefix: str, name: str) -> bool:
        return self.trained(f"{prefix}{name}") if name else self.trained(f"{prefix}*")

    def drop(self, x: Value) -> Value:
        """Set some of the elements to zero."""
        if self.rate == 0:
            return x
        return self.run.apply(
            OPERATIONS["dropout" if self.rate < 1 else "dropout_of_all"], _NO_LAYER, [x], _nothing, x.shape
        )

    def attend(self, name: str, *inputs: Value) -> Value:
        """Run an attention, which drops of its weights, and drop of its result."""
        self.run.rate = self.rate
        result = self(name, *inputs)
        self.run.rate = 0
        return self.drop(result)


def _encoder_layer(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    return [_blocks(run, layer, inputs, trained, ("self_attention",))]


def _decoder_layer(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    return [_blocks(run, layer, inputs, trained, ("self_attention", "cross_attention"))]


def _blocks(run: Run, layer: Any, inputs: Values, trained: Trained, attentions: Sequence[str]) -> Value:
    """Run attentions and two linear layers, each added to its input and normalised."""
    parts = _Parts(run, layer, inputs, trained)
    x, *memory = inputs

    def attention(name: str) -> Callable[[Value], Value]:
        further = memory if name == "cross_attention" else []
        return lambda y: parts.attend(name, y, *further)

    def feedforward(y: Value) -> Value:
        inner = parts.drop(_activated(run, layer.activation, parts("linear_1", y)))
        return parts.drop(parts("linear_2", inner))

    first = algebra.truth(layer.norm_first)
    for number, block in enumerate([*map(attention, attentions), feedforward], start=1):
        norm = f"norm_{number}"
        y = block(parts(norm, x) if first else x)
        x = _together(run, [x, y], x.shape)
        if not first:
            x = parts(norm, x)
    return x


def _stack(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    parts = _Parts(run, layer, inputs, trained)
    x, *memory = inputs
    for part in parts.parts.values():
        before = len(run.kept)
        x = parts.layer(part, x, *(memory if part.name != "norm" else ()))
        # a part that stands for several is as the one before it was, which has given what it is given itself
        if not algebra.same(part.copies, 1):
            run.kept[before:] = [term(each.name, (part.copies, *each.factors)) for each in run.kept[before:]]
    return [x]


def _transformer(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    parts = _Parts(run, layer, inputs, trained)
    source, target = inputs
    return [parts("decoder", target, parts("encoder", source))]


# --- How far apart two inputs are ---------------------------------------------------------


def _cosine(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    """Divide each vector by its length, and multiply."""
    x, y = inputs
    if not algebra.same_shapes(x.shape, y.shape):
        raise refuse("not-measurable", "of a CosineSimilarity, what is kept is known of two inputs of one shape")
    for value, other in ((x, y), (y, x)):
        if value.needs_gradient:
            run.keep(value, "input" if value is x else "second_input")
            run.make("lengths", 2 * algebra.divide(algebra.product(value.shape), run.along_axis(layer)), value.dtype)
            run.make("normalized_other", algebra.product(other.shape), other.dtype)
    return [run.new(shapes[0], x.dtype, x.needs_gradient or y.needs_gradient)]


def _distance(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    """Take the length of the difference."""
    output = run.new(shapes[0], widest(inputs), any(value.needs_gradient for value in inputs))
    if output.needs_gradient:
        run.make("difference", algebra.product(algebra.broadcast_shapes([x.shape for x in inputs])), output.dtype)
        run.keep(output, "output")
    return [output]


# --- Products of axes that an equation names -----------------------------------------------


def _einsum(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    given, output = layer.equation.replace(" ", "").split("->")
    labels = given.split(",")
    if len(labels) != 2 or "." in layer.equation:
        raise refuse("not-measurable", "of an Einsum, what is kept is known of two inputs whose axes are all named")
    return [_product(run, inputs, (labels[0], labels[1]), output, shapes[0])]


def _product(run: Run, inputs: Values, labels: tuple[str, str], output: str, shape: Shape) -> Value:
    """Multiply two inputs, the axes of each named, as `torch.einsum` does."""
    left, right = labels
    shared = [each for each in output if each in left and each in right]
    summed = sorted(each for each in {*left} & {*right} if each not in output)
    alone = [
        [each for each in output if each in one and each not in other] for one, other in ((left, right), (right, left))
    ]
    if not summed:
        (x, y) = inputs
        needs = x.needs_gradient or y.needs_gradient
        run.apply(OPERATIONS["multiply"], _NO_LAYER, inputs, _nothing, x.shape)
        return run.new(shape, x.dtype, needs)
    x = _as_matrix(run, inputs[0], left, [shared, alone[0], summed])
    y = _as_matrix(run, inputs[1], right, [shared, summed, alone[1]])
    made = run.apply(OPERATIONS["multiply"], _NO_LAYER, [x, y], _nothing, (x.shape[0], x.shape[1], y.shape[2]))
    lying = [*shared, *alone[0], *alone[1]]
    order = tuple(output.index(each) for each in lying)
    return run.new(shape, made.dtype, made.needs_gradient, order)


def _as_matrix(run: Run, value: Value, labels: str, groups: Sequence[Sequence[str]]) -> Value:
    """Show an input with three axes, each of several of its own; those that no group names are summed up."""
    named = [each for group in groups for each in group]
    rest = [each for each in labels if each not in named]
    if rest:
        left = tuple(size for size, each in zip(value.shape, labels, strict=True) if each in named)
        value = run.new(left, value.dtype, value.needs_gradient)
        labels = "".join(each for each in labels if each in named)
    value = value.permuted([labels.index(each) for each in named])
    sizes = dict(zip(named, value.shape, strict=True))
    return run.reshaped(value, tuple(algebra.product(sizes[each] for each in group) for group in groups))


def _unpool(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    x, indices = inputs
    if x.needs_gradient:
        run.keep(indices, "second_input")
    return [run.new(shapes[0], x.dtype, x.needs_gradient)]


PROGRAMS: Mapping[str, Program] = {
    "input": _input,
    "weights": _weights,
    "linear": _linear,
    "activation": _activation,
    "pad": _pad,
    "cut": _cut,
    "means": _means,
    "rescaling": _rescaling,
    "power_pool": _power_pool,
    "reshape": _reshape,
    "flatten": _flatten,
    "slice": _slice,
    "crop": _crop,
    "permute": _permute,
    "concatenate": _concatenate,
    "sum": _sum,
    "pairwise": _pairwise,
    "function": _function,
    "rms_norm": _rms_norm,
    "unit_norm": _unit_norm,
    "local_response_norm": _local_response_norm,
    "recurrent": _recurrent,
    "cell": _cell,
    "attention": _attention,
    "dot_product_attention": _dot_product_attention,
    "encoder_layer": _encoder_layer,
    "decoder_layer": _decoder_layer,
    "stack": _stack,
    "transformer": _transformer,
    "cosine": _cosine,
    "distance": _distance,
    "einsum": _einsum,
    "unpool": _unpool,
}
