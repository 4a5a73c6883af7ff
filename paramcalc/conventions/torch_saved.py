"""What PyTorch keeps for the backward pass: of each operation, and which operations each layer type is made of.

Source: torch 2.13 on the CPU, run under `torch.autograd.graph.saved_tensors_hooks`, which is handed every tensor
that is kept; the tests do it again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

#: Where the numbers of an output lie: as those of the input; in the order of its own axes; with the channels last if
#: those of the input do, and it has one of these numbers of axes, and else in order; or they are the input's own.
Placing: TypeAlias = Literal["as input", "in order", "same"] | tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """What one operation keeps, where its output needs a gradient.

    Its inputs are x, y, z. A condition says of each, and of its `output`, when it is kept; there the name of an input
    says whether that needs a gradient, and the name of a tensor of the layer whether it is trained. The sizes are
    expressions in the fields of the layer type, in `size(axis)` of its first input without the batch, and in
    `batch`, `elements` of x, `outputs` (the elements of the output) and `along_axis`, the elements along the
    layer's own axes.
    """

    #: what is kept → when
    keeps: Mapping[str, str] = field(default_factory=dict)
    #: what is made for the backward pass alone → its elements, of the output's dtype
    makes: Mapping[str, str] = field(default_factory=dict)
    #: the same in bytes, of a dtype of its own
    makes_bytes: Mapping[str, str] = field(default_factory=dict)
    placing: Placing = "as input"
    #: whether its output never needs a gradient
    ends: bool = False
    #: whether its output has the dtype of the layer's tensors, whatever that of the input is
    own_dtype: bool = False
    #: whether it first puts its input in order, where that is not, and then keeps this copy
    orders: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """The operations that a layer type is made of, one after another, under a condition on its fields.

    A word is one of `OPERATIONS`, or one of the programs of `measures/saved/programs`, for what has several ways.
    """

    steps: str = ""
    when: str = "true"
    #: whether PyTorch's layer has the layer's own axes at the end, to which they are moved
    last: bool = False
    #: why what it keeps cannot be said; then it is refused
    refused: str = ""


# --- The operations ----------------------------------------------------------------------

_NOTHING = Operation()
_INPUT = Operation({"x": "true"})
_OUTPUT = Operation({"output": "true"})
_INDICES = {"indices": "8 * outputs"}
#: The numbers of axes in which an operation leaves the channels last.
_IMAGES = (4, 5)
#: A pooling over one axis goes over two.
_POOLED = (3, 4)

OPERATIONS: Mapping[str, Operation] = {
    "keep_nothing": _NOTHING,
    "keep_nothing_in_order": Operation(placing="in order"),
    "same": Operation(placing="same"),
    "no_gradient": Operation(ends=True),
    # a multiplication keeps what the gradient of the other is multiplied by
    "multiply": Operation({"x": "y", "y": "x"}),
    "keep_nothing_of_images": Operation(placing=_IMAGES),
    "keep_nothing_of_means": Operation(placing=_POOLED),
    "convolution": Operation({"x": "x or kernel"}, placing=(4,)),
    # the larger or the smaller of two
    "compare": Operation({"x": "true", "y": "true"}),
    "bilinear": Operation({"x": "true", "y": "true"}, placing="in order"),
    "prelu": _INPUT,
    "glu": _INPUT,
    "batch_norm": Operation({"x": "true"}, makes={"statistics": "2 * size(axis)"}, placing=_IMAGES),
    "layer_norm": Operation({"x": "true"}, makes={"statistics": "2 * elements / along_axis"}, placing="in order"),
    "group_norm": Operation(
        {"x": "true"},
        makes={"statistics": "2 * batch * (size(axis) if groups == -1 else groups)"},
        placing=_IMAGES,
        orders=True,
    ),
    "instance_norm": Operation(
        {"x": "true"}, makes={"statistics": "2 * batch * size(axis)"}, placing="in order", orders=True
    ),
    "repeat_scale": Operation(makes={"repeated_scale": "batch * size(axis)"}, placing="same"),
    "repeat_states": Operation(makes={"repeated_states": "2 * batch * size(axis)"}, placing="same"),
    "dropout": Operation(makes={"mask": "elements"}),
    "dropout_of_channels": Operation(makes={"mask": "batch * size(1)"}),
    "dropout_of_all": Operation(makes={"mask": "1"}),
    "max_pool": Operation({"x": "true"}, makes_bytes=_INDICES, placing=_IMAGES),
    "adaptive_max_pool": Operation({"x": "true"}, makes_bytes=_INDICES, placing=_POOLED),
    "fractional_max_pool": Operation({"x": "true"}, makes_bytes=_INDICES, placing="in order"),
    "average_pool": Operation({"x": "true"}, placing=_POOLED),
    "pad_by_itself": Operation({"x": "true"}, placing=_IMAGES),
    "reduce_by_comparing": Operation({"x": "true", "output": "true"}, placing="in order"),
    "reduce_by_deviation": Operation({"x": "true", "output": "true"}, placing="in order"),
    "reduce_by_variance": Operation({"x": "true"}, placing="in order"),
    "embedding": Operation({"x": "embeddings"}, placing="in order", own_dtype=True),
}

#: The operation of each activation.
ACTIVATIONS: Mapping[str, Operation] = {
    "linear": Operation(placing="same"),
    **dict.fromkeys(("relu", "sigmoid", "tanh", "exponential"), _OUTPUT),
    **dict.fromkeys(
        ("softmax", "softmin", "log_softmax", "softmax2d"), Operation({"output": "true"}, placing="in order")
    ),
    **dict.fromkeys(
        (
            "gelu", "silu", "swish", "leaky_relu", "elu", "selu", "celu", "mish", "softplus", "hard_tanh", "relu6",
            "hard_swish", "hard_silu", "hard_sigmoid", "soft_shrink", "hard_shrink", "threshold",
        ),
        _INPUT,
    ),
    # x / (1 + |x|) keeps what it divides by; what is drawn, and what a logarithm is taken of, is kept as well
    "softsign": Operation({"x": "true"}, makes={"divisor": "elements"}),
    "rrelu": Operation({"x": "true"}, makes={"slopes": "elements"}),
    "log_sigmoid": Operation({"x": "true"}, makes={"argument": "elements"}, placing="in order"),
    # x - tanh(x) keeps tanh(x)
    "tanh_shrink": Operation(makes={"tanh": "elements"}),
}  # fmt: skip

#: The operation of each function of two inputs.
FUNCTIONS: Mapping[str, Operation] = {
    "multiply": OPERATIONS["multiply"],
    "divide": Operation({"x": "y", "y": "true"}),
    "true_divide": Operation({"x": "y", "y": "true"}),
    "arctan2": Operation({"x": "true", "y": "true"}),
    "logaddexp": Operation({"x": "true", "y": "true"}),
    "mod": Operation({"x": "y", "y": "y"}),
    "power": Operation({"x": "true", "y": "true", "output": "y"}),
    **dict.fromkeys(
        (
            "equal", "not_equal", "greater", "greater_equal", "less", "less_equal", "logical_and", "logical_or",
            "logical_xor", "floor_divide",
        ),
        OPERATIONS["no_gradient"],
    ),
}  # fmt: skip

#: What is kept, by the names that terms have: what it is to the layer that keeps it.
PURPOSES: Mapping[str, str] = {
    "input": "its input",
    "second_input": "its second input",
    "third_input": "its third input",
    "output": "its output",
    "held": "what its group takes, to be computed again",
    "before_activation": "its result before the activation",
    "statistics": "what its input is normalised by",
    "normalized": "its input, normalised",
    "repeated_scale": "its scale, repeated for each example",
    "repeated_states": "its running statistics, repeated for each example",
    "lengths": "what its input is divided by",
    "normalized_other": "the other input, each vector divided by its length",
    "difference": "the difference of its inputs",
    "powers": "powers of its input, and their sums",
    "sums": "what the power is taken of, step by step",
    "scale": "what each channel is multiplied by",
    "mask": "what was drawn: by what each element is multiplied",
    "indices": "where each largest number stood, in 8 bytes",
    "divisor": "what the input is divided by",
    "slopes": "the slopes that were drawn",
    "argument": "what the logarithm is taken of",
    "tanh": "its hyperbolic tangent",
    "state": "the state to begin with",
    "steps": "of each step the gates, and the states",
    "gates": "the gates",
    "projections": "query, key and value, as far as they are needed",
    "query": "the query",
    "key": "the key",
    "value": "the value",
    "scaled": "query and key, scaled",
    "weights": "how much each position attends to each",
    "dropped_weights": "the weights that are left",
    "log_sums": "of each position, what its weights are divided by",
    "causal_mask": "where a position must not look",
    "result": "the result of all heads, before the last projection",
}

# --- The layer types ---------------------------------------------------------------------

_NO_CLASS = Row(refused="PyTorch has no such layer, and what is kept is what PyTorch keeps")
_OTHER_FIELDS = Row(refused="PyTorch has no such layer with these fields")
_NO_STEPS = Row(refused="it is a loss, and no part of the network")

LAYERS: Mapping[str, Row | tuple[Row, ...]] = {
    "Input": Row("input"),
    "Weights": Row("weights"),
    "Dense": (
        Row("linear activation", when="lora_rank == None and quantization == None"),
        _OTHER_FIELDS,
    ),
    "Bilinear": Row("bilinear"),
    "Activation": Row("activation"),
    "Dropout": (
        Row("same", when="rate == 0"),
        Row(when="variant == 'gaussian'", refused=_OTHER_FIELDS.refused),
        Row("dropout_of_all", when="rate == 1"),
        Row("dropout_of_channels", when="variant == 'channel' or variant == 'channel_alpha'"),
        Row("dropout"),
    ),
    "PReLU": (Row("prelu", when="shared_axes == None and slopes != 'element'"), _OTHER_FIELDS),
    "GLU": Row("glu"),
    "Identity": Row("same"),
    "BatchNorm": (Row("batch_norm", when="renorm != true"), _OTHER_FIELDS),
    "LayerNorm": Row("layer_norm", last=True),
    "RMSNorm": Row("rms_norm", last=True),
    "GroupNorm": Row("group_norm"),
    "InstanceNorm": (
        Row("repeat_scale repeat_states instance_norm", when="scale and track_running_stats"),
        Row("repeat_scale instance_norm", when="scale"),
        Row("repeat_states instance_norm", when="track_running_stats"),
        Row("instance_norm"),
    ),
    "UnitNorm": Row("unit_norm"),
    "LocalResponseNorm": Row("local_response_norm"),
    "Conv{1,2,3}D": (
        Row("pad convolution activation", when="lora_rank == None"),
        _OTHER_FIELDS,
    ),
    "DepthwiseConv{1,2}D": Row("pad convolution activation"),
    "Conv{1,2,3}DTranspose": Row("convolution cut activation"),
    "Unfold Fold": Row("keep_nothing_in_order"),
    "MaxPool{1,2,3}D": Row("pad max_pool"),
    "GlobalMaxPool{1,2,3}D AdaptiveMaxPool{1,2,3}D": Row("adaptive_max_pool"),
    "AveragePool{1,2,3}D": Row("pad average_pool"),
    "AdaptiveAveragePool{1,2,3}D": Row("means"),
    "GlobalAveragePool{1,2,3}D": Row("keep_nothing_of_means"),
    "LPPool{1,2,3}D": Row("power_pool"),
    "FractionalMaxPool{2,3}D": Row("fractional_max_pool"),
    "MaxUnpool{1,2,3}D": Row("unpool"),
    "ZeroPadding{1,2,3}D": Row("keep_nothing_of_images"),
    "Pad{1,2,3}D": (
        Row("pad_by_itself", when="mode == 'reflect' or mode == 'replicate'"),
        Row("keep_nothing_of_images", when="mode == 'constant'"),
        Row("keep_nothing_in_order"),
    ),
    "Cropping{1,2,3}D": Row("crop"),
    "Upsample": (Row("means", when="mode == 'area'"), Row("keep_nothing_of_images")),
    "UpSampling{1,3}D": Row("keep_nothing_of_images"),
    "UpSampling2D": (
        Row(when="interpolation == 'lanczos3' or interpolation == 'lanczos5'", refused=_OTHER_FIELDS.refused),
        Row("keep_nothing_of_images"),
    ),
    "Flatten": Row("flatten"),
    "Reshape Unflatten": Row("reshape"),
    "Slice": Row("slice"),
    "Permute": Row("permute"),
    "RepeatVector PixelShuffle PixelUnshuffle ChannelShuffle": Row("keep_nothing_in_order"),
    "Add Subtract Average": Row("sum"),
    "Multiply": Row("product_of_inputs"),
    "Maximum Minimum": Row("extreme_of_inputs"),
    "Concatenate": Row("concatenate"),
    "Elementwise": Row("function"),
    "Einsum": Row("einsum"),
    "Reduce": (
        Row("keep_nothing_in_order", when="function == 'sum' or function == 'mean'"),
        Row("no_gradient", when="function == 'any' or function == 'all'"),
        Row("reduce_by_variance", when="function == 'var'"),
        Row("reduce_by_deviation", when="function == 'std'"),
        Row(
            "reduce_by_comparing",
            when="function == 'max' or function == 'min' or function == 'logsumexp' or function == 'norm'",
        ),
        Row(refused="PyTorch has no such function of several axes"),
    ),
    "Rescaling": Row("rescaling"),
    "Embedding": (
        Row("embedding", when="lora_rank == None and quantization == None"),
        _OTHER_FIELDS,
    ),
    "EmbeddingBag": Row(refused="PyTorch rounds up what it allocates for the bags"),
    "SimpleRNN LSTM": (Row("recurrent", when="not go_backwards"), _OTHER_FIELDS),
    "GRU": (Row("recurrent", when="not go_backwards and reset_after"), _OTHER_FIELDS),
    "SimpleRNNCell LSTMCell": Row("cell"),
    "GRUCell": (Row("cell", when="reset_after"), _OTHER_FIELDS),
    "MultiHeadAttention": (
        Row("attention", when="rank == 2 and attention_axes == None and not use_gate"),
        _OTHER_FIELDS,
    ),
    "TransformerEncoderLayer": Row("encoder_layer"),
    "TransformerDecoderLayer": Row("decoder_layer"),
    "TransformerEncoder TransformerDecoder": Row("stack"),
    "Transformer": Row("transformer"),
    "AdaptiveLogSoftmaxWithLoss": Row(refused="what it keeps depends on the classes of the examples"),
    "LinearCrossEntropyLoss": _NO_STEPS,
    "WeightNorm SpectralNorm": Row(refused="it computes its kernel anew each time, in ways that are not in the table"),
    "CosineSimilarity": Row("cosine"),
    "PairwiseDistance": Row("distance"),
    "Attention": (
        Row("dot_product_attention", when="rank == 2 and not use_scale and score_mode == 'dot'"),
        _OTHER_FIELDS,
    ),
    "EinsumDense Dot AdditiveAttention ReversibleEmbedding": _NO_CLASS,
    "SeparableConv{1,2}D GaussianNoise Normalization": _NO_CLASS,
    "StackedRNNCells RNN ConvLSTM{1,2,3}D Bidirectional TimeDistributed": _NO_CLASS,
    "Masking Resizing CenterCrop RandomCrop MaxNumBoundingBoxes Augmentation": _NO_CLASS,
    "Discretization CategoryEncoding Hashing HashedCrossing IntegerLookup StringLookup TextVectorization": _NO_CLASS,
    "MelSpectrogram STFTSpectrogram": _NO_CLASS,
}
