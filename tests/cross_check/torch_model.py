"""The real PyTorch model of a spec: for each layer the module that the convention's table names.

What no single module of PyTorch can express is built from its parts here. Modules stand in a tree
of the names of the spec, so that `named_parameters` gives the paths; the forward run follows the graph.
It is an oracle: it shares the tables and the graph with paramcalc, and nothing of `pc.build`, which is held
to the same counts by tests of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import torch
from torch import nn
from torch.nn import functional

import paramcalc as pc
from paramcalc.conventions import Equivalent
from paramcalc.core.algebra import Unknown
from paramcalc.graph import Leaf

from . import reading
from .reading import RealModel, RealTensor

Call: TypeAlias = Callable[[Sequence[torch.Tensor]], torch.Tensor]
#: A module, where the layer is one, and what gives the layer's output.
Part: TypeAlias = tuple[nn.Module | None, Call]

#: The length that a free one is given.
FREE = 5
BATCH = 2


def build(spec: pc.Spec) -> RealModel:
    """The model of a spec, and what PyTorch says of it after a real run on two examples."""
    builder = _Builder(spec)
    for leaf in builder.leaves:
        builder.add(leaf)
    root = builder.root.eval()
    with torch.no_grad():
        output_shapes = builder.run()
    parameters = dict(root.named_parameters())
    buffers = dict(root.named_buffers())
    trainable = sum(each.numel() for each in parameters.values() if each.requires_grad)
    total = sum(each.numel() for each in parameters.values())
    return RealModel(
        tensors={
            name: RealTensor(tuple(tensor.shape), tensor.requires_grad, str(tensor.dtype).removeprefix("torch."))
            for name, tensor in (parameters | buffers).items()
        },
        output_shapes=output_shapes,
        total=total,
        trainable=trainable,
        non_trainable=total - trainable,
        bytes=sum(each.nbytes for each in parameters.values()),
        buffers=sum(buffer.numel() for buffer in buffers.values()),
        total_untied=sum(each.numel() for _, each in root.named_parameters(remove_duplicate=False)),
    )


def modules(spec: pc.Spec) -> nn.Module:
    """The modules of a spec, at their places in a tree that is not run."""
    builder = _Builder(spec)
    for leaf in builder.leaves:
        builder.add(leaf)
    return builder.root


class _Builder:
    """Makes the modules of a spec one after another, and runs them in that order."""

    def __init__(self, spec: pc.Spec) -> None:
        self.spec = spec
        self.leaves = reading.leaves(spec, "torch")
        self.originals = reading.originals(self.leaves)
        self.root = nn.Module()
        self.parts: dict[int, Part] = {}
        self.modules: dict[str, nn.Module] = {}

    def add(self, leaf: Leaf) -> None:
        """The module of a leaf at its place; for a shared one the module that is there already."""
        if isinstance(leaf.layer, pc.Input):
            return
        original = self.originals.get(id(leaf), leaf)
        if original is leaf:
            self.parts[id(leaf)] = self.made(leaf)
        else:
            self.parts[id(leaf)] = self.parts[id(original)]
        module = self.parts[id(leaf)][0]
        if module is not None:
            self.place(leaf.name, module)

    def made(self, leaf: Leaf) -> Part:
        """A new module, frozen, typed and tied as the spec states."""
        module, call = _part(leaf)
        stated = reading.stated(self.spec, leaf.name)
        if module is not None:
            module.to(getattr(torch, stated.dtype))
            module.requires_grad_(stated.trainable)
        for tensor, (tie,) in stated.tie.items():
            self.tie(leaf, module, tensor, str(tie.to))
        return module, call

    def place(self, path: str, module: nn.Module) -> None:
        """Register a module under a path."""
        *groups, name = path.split(".")
        group = self.root
        for label in groups:
            if label not in dict(group.named_children()):
                group.add_module(label, nn.Module())
            group = group.get_submodule(label)
        group.add_module(name, module)
        self.modules[path] = module

    def tie(self, leaf: Leaf, module: nn.Module | None, tensor: str, target: str) -> None:
        """Make a parameter that of another module; a path of a tie goes from the top."""
        path, _, other = target.rpartition(".")
        owner = next(each for each in self.leaves if each.name == path)
        parameter = getattr(self.modules[path], _attribute(owner, other))
        setattr(module, _attribute(leaf, tensor), parameter)

    def run(self) -> dict[str, tuple[int, ...]]:
        """The shape of each layer's output, without the batch."""
        outputs: dict[int, torch.Tensor] = {}
        for leaf in self.leaves:
            inputs = [outputs[id(flow.leaf)] for flow in leaf.inputs]
            if isinstance(leaf.layer, pc.Input):
                outputs[id(leaf)] = _example(leaf.layer)
                continue
            module, call = self.parts[id(leaf)]
            outputs[id(leaf)] = call([_as_taken(x, module) for x in inputs])
        return {leaf.name: tuple(outputs[id(leaf)].shape[1:]) for leaf in self.leaves}


def _example(layer: pc.Input) -> torch.Tensor:
    shape = [FREE if isinstance(size, Unknown) else size for size in layer.shape]
    return torch.zeros(BATCH, *shape, dtype=getattr(torch, layer.dtype))


def _as_taken(x: torch.Tensor, module: nn.Module | None) -> torch.Tensor:
    """An input in the dtype of the module that takes it."""
    own = [] if module is None else [*module.parameters(), *module.buffers()]
    return x.to(own[0].dtype) if own and x.is_floating_point() else x


def _attribute(leaf: Leaf, tensor: str) -> str:
    row = reading.equivalent(leaf, "torch")
    return row.tensors.get(tensor, tensor).partition(":")[0] if row else tensor


# --- The modules that the table names -------------------------------------------------------


def _part(leaf: Leaf) -> Part:
    kind = type(leaf.layer).__name__
    row = reading.equivalent(leaf, "torch")
    return _CALLS.get(kind, _plain)(leaf, row) if row else _PARTS[kind](leaf)


def _module(leaf: Leaf, row: Equivalent, **replaced: Any) -> nn.Module:
    module: nn.Module = reading.real_class(row)(**reading.arguments(leaf, row, **replaced))
    return module


def _plain(leaf: Leaf, row: Equivalent) -> Part:
    module = _module(leaf, row)
    return module, lambda inputs: module(inputs[0])


def _batch_norm(leaf: Leaf, row: Equivalent) -> Part:
    return _along_axis(leaf, _module(leaf, row))


def _along_axis(leaf: Leaf, module: nn.Module) -> Part:
    """A module that works along axis 1, for a layer that may name another."""
    axis = leaf.layer.axis
    return module, lambda inputs: module(inputs[0].movedim(axis, 1)).movedim(1, axis)


def _trailing_norm(leaf: Leaf, row: Equivalent) -> Part:
    return _over_axes(leaf, _module(leaf, row))


def _over_axes(leaf: Leaf, module: nn.Module) -> Part:
    """A module that works over the last axes, for a layer that may name others."""
    axes = _axes(leaf)
    last = tuple(range(-len(axes), 0))
    return module, lambda inputs: module(inputs[0].movedim(axes, last)).movedim(last, axes)


def _normalised(leaf: Leaf) -> list[int]:
    shape = leaf.input_shapes[0]
    return [shape[axis - 1 if axis > 0 else axis] for axis in _axes(leaf)]


def _axes(leaf: Leaf) -> tuple[int, ...]:
    axis = leaf.layer.axis
    return axis if isinstance(axis, tuple) else (axis,)


def _conv2d(leaf: Leaf, row: Equivalent) -> Part:
    kind = leaf.layer
    if kind.padding == "same" and max(kind.strides) > 1:
        pads = _same_pads(leaf, kind.kernel_size, kind.strides, kind.dilation_rate)
        return _over_image(leaf, _module(leaf, row, padding=0), pads)
    return _over_image(leaf, _module(leaf, row), None)


def _pool(leaf: Leaf, row: Equivalent) -> Part:
    return _over_image(leaf, _module(leaf, row), None)


def _over_image(leaf: Leaf, module: nn.Module, pads: list[int] | None) -> Part:
    """A module that takes channels first, for a layer that may take them last."""

    def call(inputs: Sequence[torch.Tensor]) -> torch.Tensor:
        last = leaf.layer.data_format == "channels_last"
        x = inputs[0].movedim(-1, 1) if last else inputs[0]
        y = module(functional.pad(x, pads) if pads else x)
        return y.movedim(1, -1) if last else y

    return module, call


def _same_pads(leaf: Leaf, window: Any, strides: Any, dilation: Any) -> list[int]:
    """What `same` adds before and behind, the last axis first, as torch.nn.functional.pad takes it."""
    shape = leaf.input_shapes[0]
    lengths = shape[:-1] if leaf.layer.data_format == "channels_last" else shape[1:]
    pads: list[int] = []
    for length, size, stride, step in zip(lengths, window, strides, dilation, strict=True):
        added = max(0, (-(-length // stride) - 1) * stride + step * (size - 1) + 1 - length)
        pads = [added // 2, added - added // 2, *pads]
    return pads


def _lstm(leaf: Leaf, row: Equivalent) -> Part:
    return _steps_of(leaf, _module(leaf, row))


def _steps_of(leaf: Leaf, module: nn.Module) -> Part:
    """All steps of a recurrent module's output, or the last."""
    if leaf.layer.return_sequences:
        return module, lambda inputs: module(inputs[0])[0]
    return module, lambda inputs: module(inputs[0])[0][:, -1]


def _attention(leaf: Leaf, row: Equivalent) -> Part:
    module = _module(leaf, row)

    def call(inputs: Sequence[torch.Tensor]) -> torch.Tensor:
        query, value, key = _query_value_key(inputs)
        output: torch.Tensor = module(query, key, value, need_weights=False)[0]
        return output

    return module, call


def _query_value_key(inputs: Sequence[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    query = inputs[0]
    value = inputs[1] if len(inputs) > 1 else query
    return query, value, inputs[2] if len(inputs) > 2 else value


_CALLS: dict[str, Callable[[Leaf, Equivalent], Part]] = {
    "BatchNorm": _batch_norm,
    "LayerNorm": _trailing_norm,
    "RMSNorm": _trailing_norm,
    "Conv2D": _conv2d,
    "MaxPool2D": _pool,
    "AveragePool2D": _pool,
    "GlobalAveragePool2D": _pool,
    "LSTM": _lstm,
    "MultiHeadAttention": _attention,
}


# --- What no class of PyTorch is, built from its parts ----------------------------------------


class _Own(nn.Module):
    """Parameters, and buffers, that a function uses; a flag decides whether each is there."""

    def __init__(self, function: Callable[..., torch.Tensor]) -> None:
        super().__init__()
        self.function = function

    def own(self, name: str, *shape: int, when: bool = True) -> None:
        """A parameter, or None in its place."""
        self.register_parameter(name, nn.Parameter(torch.zeros(shape)) if when else None)

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        return self.function(self, *inputs)


def _weights(leaf: Leaf) -> Part:
    module = _Own(lambda own, *inputs: inputs[0])
    for name, shape in leaf.layer.tensors_.items():
        module.own(name, *shape)
    for name, shape in leaf.layer.states.items():
        module.register_buffer(name, torch.zeros(shape))
    chosen, equation = leaf.layer.output, leaf.layer.equation
    if equation is not None:
        names = [*leaf.layer.tensors_, *leaf.layer.states]
        kernel, *added = (getattr(module, name) for name in names)
        return module, lambda inputs: sum(added, torch.einsum(equation, inputs[0], kernel))
    if chosen is None:
        return module, lambda inputs: inputs[0]

    def call(inputs: Sequence[torch.Tensor]) -> torch.Tensor:
        tensor = getattr(module, chosen)
        return tensor.expand(len(inputs[0]) if inputs else BATCH, *tensor.shape)

    return module, call


def _any_batch_norm(leaf: Leaf) -> Part:
    kind = leaf.layer
    features = leaf.input_shapes[0][kind.axis - 1 if kind.axis > 0 else kind.axis]
    module = _Own(lambda own, x: functional.batch_norm(x, own.moving_mean, own.moving_variance, own.gamma, own.beta))
    module.own("gamma", features, when=kind.scale)
    module.own("beta", features, when=kind.center)
    module.register_buffer("moving_mean", torch.zeros(features))
    module.register_buffer("moving_variance", torch.ones(features))
    if kind.batch_counter:
        module.register_buffer("batch_counter", torch.tensor(0))
    return _along_axis(leaf, module)


def _any_layer_norm(leaf: Leaf) -> Part:
    axes = _normalised(leaf)
    module = _Own(lambda own, x: functional.layer_norm(x, axes, own.gamma, own.beta))
    module.own("gamma", *axes, when=leaf.layer.scale)
    module.own("beta", *axes, when=leaf.layer.center)
    return _over_axes(leaf, module)


def _one_bias_lstm(leaf: Leaf) -> Part:
    """An LSTM with one offset, step by step."""
    kind = leaf.layer

    def run(own: Any, x: torch.Tensor) -> Any:
        state = cell = x.new_zeros(len(x), kind.units)
        states = []
        for step in x.unbind(1):
            gates = (step @ own.kernel + state @ own.recurrent_kernel + own.bias).chunk(4, -1)
            cell = torch.sigmoid(gates[1]) * cell + torch.sigmoid(gates[0]) * torch.tanh(gates[2])
            state = torch.sigmoid(gates[3]) * torch.tanh(cell)
            states.append(state)
        return torch.stack(states, 1), state

    module = _Own(run)
    module.own("kernel", leaf.input_shapes[0][-1], 4 * kind.units)
    module.own("recurrent_kernel", kind.units, 4 * kind.units)
    module.own("bias", 4 * kind.units)
    return _steps_of(leaf, module)


def _any_attention(leaf: Leaf) -> Part:
    """Attention of any form, from its projections."""
    kind = leaf.layer.filled(leaf.input_shapes[0])
    share = kind.num_heads // kind.num_key_value_heads
    output = kind.output_dim if isinstance(kind.output_dim, tuple) else (kind.output_dim,)
    axes = "opq"[: len(output)]

    def run(own: Any, *inputs: torch.Tensor) -> torch.Tensor:
        query, value, key = _query_value_key(inputs)
        queries = _projected("btd,dhk->bthk", query, own.query_kernel, own.query_bias)
        keys = _projected("bsd,dgk->bsgk", key, own.key_kernel, own.key_bias)
        values = _projected("bsd,dgv->bsgv", value, own.value_kernel, own.value_bias)
        if kind.add_bias_kv:
            keys = torch.cat([keys, own.appended_key.expand(len(keys), 1, -1, -1)], 1)
            values = torch.cat([values, own.appended_value.expand(len(values), 1, -1, -1)], 1)
        keys, values = (x.repeat_interleave(share, 2) for x in (keys, values))
        scores = torch.einsum("bthk,bshk->bhts", queries, keys).softmax(-1)
        mixed = torch.einsum("bhts,bshv->bthv", scores, values)
        if kind.use_gate:
            mixed = mixed * _projected("btd,dhv->bthv", query, own.gate_kernel, own.gate_bias).sigmoid()
        return _projected(f"bthv,hv{axes}->bt{axes}", mixed, own.output_kernel, own.output_bias)

    query, value, key = (x.shape[-1] for x in _query_value_key([torch.zeros(shape) for shape in leaf.input_shapes]))
    heads, shared = kind.num_heads, kind.num_key_value_heads
    module = _Own(run)
    for name, features, count, width in (
        ("query", query, heads, kind.key_dim),
        ("key", key, shared, kind.key_dim),
        ("value", value, shared, kind.value_dim),
        *([("gate", query, heads, kind.value_dim)] if kind.use_gate else []),
    ):
        module.own(f"{name}_kernel", features, count, width)
        module.own(
            f"{name}_bias", count, width, when=kind.use_bias if name == "gate" else getattr(kind, f"{name}_bias")
        )
    module.own("output_kernel", heads, kind.value_dim, *output)
    module.own("output_bias", *output, when=kind.output_bias)
    if kind.add_bias_kv:
        module.own("appended_key", shared, kind.key_dim)
        module.own("appended_value", shared, kind.value_dim)
    return module, lambda inputs: module(*inputs)


def _projected(equation: str, x: torch.Tensor, kernel: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
    y = torch.einsum(equation, x, kernel)
    return y if bias is None else y + bias


def _elementwise(leaf: Leaf) -> Part:
    rank = max(map(len, leaf.input_shapes)) + 1
    if isinstance(leaf.layer, pc.Elementwise):
        function = getattr(torch, leaf.layer.function)
    else:
        function = torch.add if isinstance(leaf.layer, pc.Add) else torch.mul

    def call(inputs: Sequence[torch.Tensor]) -> torch.Tensor:
        # missing axes stand behind the batch
        aligned = [x[(slice(None), *(None,) * (rank - x.ndim))] for x in inputs]
        result = aligned[0]
        for x in aligned[1:]:
            result = function(result, x)
        return result

    return None, call


def _concatenate(leaf: Leaf) -> Part:
    return None, lambda inputs: torch.cat(list(inputs), leaf.layer.axis)


def _same_pool(leaf: Leaf) -> Part:
    kind = leaf.layer.filled(None)
    pads = _same_pads(leaf, kind.pool_size, kind.strides, (1, 1))
    made = {"MaxPool2D": nn.MaxPool2d, "AveragePool2D": nn.AvgPool2d}[type(kind).__name__]
    return _over_image(leaf, made(kind.pool_size, kind.strides), pads)


def _global_pool(leaf: Leaf) -> Part:
    module = nn.AdaptiveAvgPool2d(1)
    first = leaf.layer.data_format == "channels_first"
    return module, lambda inputs: module(inputs[0] if first else inputs[0].movedim(-1, 1)).flatten(1)


def _flatten(leaf: Leaf) -> Part:
    return None, lambda inputs: inputs[0].reshape(len(inputs[0]), -1)


def _reshape(leaf: Leaf) -> Part:
    return None, lambda inputs: inputs[0].reshape(len(inputs[0]), *leaf.layer.target_shape)


def _slice(leaf: Leaf) -> Part:
    kind = leaf.layer
    axis = kind.axis if kind.axis > 0 else len(leaf.input_shapes[0]) + 1 + kind.axis
    chosen = slice(kind.start, kind.stop, kind.step) if kind.keepdims else kind.start
    return None, lambda inputs: inputs[0][(*(slice(None),) * axis, chosen)]


def _reduce(leaf: Leaf) -> Part:
    kind = leaf.layer
    axes = kind.axis or tuple(range(1, len(leaf.input_shapes[0]) + 1))
    function = getattr(torch, {"max": "amax", "min": "amin"}.get(kind.function, kind.function))
    return None, lambda inputs: function(inputs[0], dim=axes, keepdim=kind.keepdims)


_PARTS: dict[str, Callable[[Leaf], Part]] = {
    "Weights": _weights,
    # the linear function, which keeps its input
    "Activation": lambda leaf: (None, lambda inputs: inputs[0]),
    "Add": _elementwise,
    "Multiply": _elementwise,
    "Concatenate": _concatenate,
    "MaxPool2D": _same_pool,
    "AveragePool2D": _same_pool,
    "GlobalAveragePool2D": _global_pool,
    "Flatten": _flatten,
    "Reshape": _reshape,
    "Slice": _slice,
    "Reduce": _reduce,
    "Elementwise": _elementwise,
    "Einsum": lambda leaf: (None, lambda inputs: torch.einsum(leaf.layer.equation, *inputs)),
    "BatchNorm": _any_batch_norm,
    "LayerNorm": _any_layer_norm,
    "LSTM": _one_bias_lstm,
    "MultiHeadAttention": _any_attention,
}
