"""Attention, between its projections and with them."""

from __future__ import annotations

from typing import Any, NamedTuple

from paramcalc.core import algebra
from paramcalc.core.algebra import Number, Shape
from paramcalc.measures.saved.programs.norms import dtype_of_sums
from paramcalc.measures.saved.programs.products import linear
from paramcalc.measures.saved.run import Attention, Run, Shapes, Trained, Values
from paramcalc.measures.saved.values import Value


def attention(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    """Attend, as PyTorch's one class for it does, or with a projection each where that has no such fields."""
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


def of_projected(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
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
        run.make("log_sums", heads * length, dtype_of_sums(query.dtype))
        run.keep(context, "result")
        return [context]
    wide = dtype_of_sums(query.dtype)
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
        wide = dtype_of_sums(dtype)
        # query and key, each multiplied by the root of the scale
        run.make("scaled", queries + sources, wide)
        run.make("projections", value if wide == dtype else sizes.sources * sizes.value_dim, wide)
        _keep_weights(run, sizes.weights, wide, dropped)
        return context
    run.make("projections", sum(each for each in shown if each is not None), dtype)
    # of each position and head, the logarithm of what its weights are divided by
    run.make("log_sums", sizes.queries, dtype_of_sums(dtype))
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
