"""PyTorch: parameters count; states are buffers, reported apart.

Source: pytorch.org/docs, torch.nn of 2.13, whose `named_parameters` and `named_buffers`
give the names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paramcalc.conventions.table import BIASES_ALIKE, Convention, Equivalent, Rows, Table, same
from paramcalc.core import functions

# --- What holds of many classes alike ----------------------------------------------------

#: The arguments that have these values where they are not given.
DEFAULTS = {
    "add_bias_kv": False,
    "affine": True,
    "bias": True,
    "bidirectional": False,
    "ceil_mode": False,
    "dilation": 1,
    "dropout": 0.1,
    "elementwise_affine": True,
    "end_dim": -1,
    "groups": 1,
    "num_layers": 1,
    "output_padding": 0,
    "padding": 0,
    "proj_size": 0,
    "return_indices": False,
    "start_dim": 1,
    "stride": 1,
    "track_running_stats": True,
}

INERT = {
    "dtype device": "stated of every layer alike, by its node",
    "dropout p": "which numbers are set to zero, or how a distance is measured",
    "*eps momentum": "a constant of the arithmetic",
    "padding_mode": "which numbers stand around the input, not how many",
    "activation nonlinearity approximate inplace": "which function is applied",
    "add_zero_attn": "how attention is computed",
    "enable_nested_tensor mask_check": "how an encoder is computed",
    "sparse": "how a tensor is stored",
}

PLACEHOLDERS = {
    1: {
        "axes": "t",
        # the sides of the last axis stand first
        "sides": "[padding[0][0], padding[0][1]]",
        "first": "[0]",
    },
    2: {
        "axes": "h w",
        "sides": "[padding[1][0], padding[1][1], padding[0][0], padding[0][1]]",
        "first": "",
    },
    3: {
        "axes": "d h w",
        "sides": "[padding[2][0], padding[2][1], padding[1][0], padding[1][1], padding[0][0], padding[0][1]]",
        "first": "",
    },
}

# --- What several rows share -------------------------------------------------------------

#: The names that PyTorch has for what a normalisation is scaled and shifted by.
_SCALE_AND_SHIFT = {"gamma": "weight", "beta": "bias"}
#: The names that PyTorch has for the states of a normalisation.
_STATISTICS = {
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
    "batch_counter": "num_batches_tracked",
}
_NORM = {
    "num_features": "size(axis)",
    "affine": "scale",
    "bias": "center",
    "track_running_stats": "track_running_stats",
}
_NORMS = "(scale or not center) and (batch_counter or not track_running_stats)"
_BATCH_NORMS = f"{_NORMS} and renorm != true"

_CONVOLUTION = {
    "in_channels": "size(channel_axis)",
    "out_channels": "filters",
    "kernel_size": "kernel_size",
    "stride": "strides",
    "padding": "padding",
    "dilation": "dilation_rate",
    "groups": "groups",
    "bias": "use_bias",
}
#: A convolution with a group for each channel.
_DEPTHWISE = _CONVOLUTION | {"out_channels": "size(channel_axis) * depth_multiplier", "groups": "size(channel_axis)"}
_TRANSPOSED = {
    "in_channels": "size(channel_axis)",
    "out_channels": "filters",
    "kernel_size": "kernel_size",
    "stride": "strides",
    "padding": "0 if padding == 'valid' else padding",
    "output_padding": "0 if output_padding == None else output_padding",
    "groups": "groups",
    "bias": "use_bias",
    "dilation": "dilation_rate",
}
_UNFOLD = {"kernel_size": "kernel_size", "dilation": "dilation_rate", "padding": "padding", "stride": "strides"}

#: A pooling adds as much on both sides of an axis, or nothing.
_POOL = {
    "kernel_size": "pool_size",
    "stride": "strides",
    "padding": "0 if padding == 'valid' else padding",
    "ceil_mode": "ceil_mode",
}
_POOLS = "padding != 'same'"
_DIVISOR = {"count_include_pad divisor_override": "by what the sum of a window is divided"}
_RANDOM = {"_random_samples": "where the windows begin"}

_PADDINGS = {"reflect": "ReflectionPad", "replicate": "ReplicationPad", "circular": "CircularPad"}

_BY_FACTOR = {"size": "None", "scale_factor": "size"}
_TO_SIZE = same("size scale_factor")
_BETWEEN = {"align_corners recompute_scale_factor": "where the positions between are"}

_RECURRENT = {
    "input_size": "size(-1)",
    "hidden_size": "units",
    "num_layers": "num_layers",
    "bias": "use_bias",
    "bidirectional": "bidirectional",
    "batch_first": "true",
}
#: The tensors of every layer of a stack, in both directions.
_RECURRENT_TENSORS = {
    "kernel": "weight_ih_l0: n g -> g n",
    "recurrent_kernel": "weight_hh_l0: u g -> g u",
    "bias": "bias_ih_l0",
    "recurrent_bias": "bias_hh_l0",
    "backward_kernel": "weight_ih_l0_reverse: n g -> g n",
    "backward_recurrent_kernel": "weight_hh_l0_reverse: u g -> g u",
    "backward_bias": "bias_ih_l0_reverse",
    "backward_recurrent_bias": "bias_hh_l0_reverse",
    "layer_*_kernel": "weight_ih_l*: n g -> g n",
    "layer_*_recurrent_kernel": "weight_hh_l*: u g -> g u",
    "layer_*_bias": "bias_ih_l*",
    "layer_*_recurrent_bias": "bias_hh_l*",
    "layer_*_backward_kernel": "weight_ih_l*_reverse: n g -> g n",
    "layer_*_backward_recurrent_kernel": "weight_hh_l*_reverse: u g -> g u",
    "layer_*_backward_bias": "bias_ih_l*_reverse",
    "layer_*_backward_recurrent_bias": "bias_hh_l*_reverse",
}
_PROJECTIONS = {
    "projection": "weight_hr_l0: u p -> p u",
    "backward_projection": "weight_hr_l0_reverse: u p -> p u",
    "layer_*_projection": "weight_hr_l*: u p -> p u",
    "layer_*_backward_projection": "weight_hr_l*_reverse: u p -> p u",
}
_CELL = {"input_size": "size(-1)", "hidden_size": "units", "bias": "use_bias"}
_CELL_TENSORS = {
    "kernel": "weight_ih: n g -> g n",
    "recurrent_kernel": "weight_hh: u g -> g u",
    "bias": "bias_ih",
    "recurrent_bias": "bias_hh",
}
_TWO_BIASES = "recurrent_bias or not use_bias"

_ATTENTION = {
    "embed_dim": "size(-1)",
    "num_heads": "num_heads",
    "kdim": "features[len(features) - 1]",
    "vdim": "features[min(1, len(features) - 1)]",
    "bias": "use_bias",
    "add_bias_kv": "add_bias_kv",
    "batch_first": "true",
}
_ATTENTION_TENSORS = {
    "query_bias key_bias value_bias": "in_proj_bias: h k -> (h k)",
    "appended_key": "bias_k: h k -> () () (h k)",
    "appended_value": "bias_v: h k -> () () (h k)",
    "output_kernel": "out_proj.weight: h k d -> d (h k)",
    "output_bias": "out_proj.bias",
}
_ATTENDS = (
    "rank == 2 and attention_axes == None and not use_gate and num_key_value_heads == num_heads"
    " and value_dim == key_dim and num_heads * key_dim == size(-1) and output_dim == size(-1)"
    f" and {BIASES_ALIKE}"
)
_TRANSFORMER = {
    "d_model": "size(-1)",
    "nhead": "num_heads",
    "dim_feedforward": "dim_feedforward",
    "activation": "activation",
    "norm_first": "norm_first",
    "dropout": "dropout",
    "bias": "use_bias",
    "batch_first": "true",
}
_TRANSFORMER_PARTS = {
    "self_attention": "self_attn",
    "linear_*": "linear*",
    "norm_*": "norm*",
}
_STACK = same("num_layers norm")

_EMBEDDING = {"num_embeddings": "input_dim", "embedding_dim": "output_dim"}
_ROWS = {
    "_weight": "the first values of the table",
    "_freeze": "whether it is trained, which is stated of every layer alike, by its node",
    # the row is stored and counts like any other: test_a_row_for_padding_counts
    "padding_idx": "which number stands for nothing",
    "max_norm norm_type scale_grad_by_freq": "how rows are kept in bounds and trained",
}

# PyTorch takes other tensors than `weight` by name; the layer types compute the kernel of a layer that has one alone
_PARAMETRISED = {"module": "layer", "name": "'weight'", "dim": "wrapped_axis"}
_HAS_WEIGHT = "wrapped_name == 'weight' and wrapped_axis != -1"
_STEPS = {"n_power_iterations": "how often a step is taken"}

_FUNCTION = {"*": "which function is applied"}
_CONSTANTS = {"alpha beta k": "a constant of the arithmetic"}

# --- The classes -------------------------------------------------------------------------

CLASSES: Mapping[str, Rows] = {
    "Input Weights": (),
    "Dense": Equivalent(
        "torch.nn.Linear",
        {"in_features": "size(-1)", "out_features": "units", "bias": "use_bias"},
        {"kernel": "weight: i o -> o i"},
        when="lora_rank == None and quantization == None",
    ),
    "EinsumDense": (),
    "Bilinear": Equivalent(
        "torch.nn.Bilinear",
        {"in1_features": "features[0]", "in2_features": "features[1]", "out_features": "units", "bias": "use_bias"},
        {"kernel": "weight"},
    ),
    "Activation": (
        *(
            Equivalent(f"torch.nn.{name}", fields={"activation": function}, inert=_FUNCTION)
            for function, name in functions.modules()
        ),
        *(
            Equivalent(f"torch.nn.{functions.ACTIVATIONS[name].module}", {"dim": "-1"}, fields={"activation": name})
            for name in functions.ALONG_AN_AXIS
            if functions.ACTIVATIONS[name].module
        ),
        Equivalent("torch.nn.Softmax2d", when="rank == 3", fields={"activation": "softmax2d"}),
        # below the first number, the second: a layer type states neither
        Equivalent("torch.nn.Threshold", {"threshold": "0", "value": "0"}, fields={"activation": "threshold"}),
    ),
    "Dropout": (
        Equivalent("torch.nn.Dropout", {"p": "rate"}, fields={"variant": "element"}),
        *(
            Equivalent(f"torch.nn.Dropout{n}d", {"p": "rate"}, when=f"rank == {n + 1}", fields={"variant": "channel"})
            for n in (1, 2, 3)
        ),
        Equivalent("torch.nn.AlphaDropout", {"p": "rate"}, fields={"variant": "alpha"}),
        Equivalent("torch.nn.FeatureAlphaDropout", {"p": "rate"}, fields={"variant": "channel_alpha"}),
    ),
    "GaussianNoise": (),
    "PReLU": Equivalent(
        "torch.nn.PReLU",
        {"num_parameters": "size(axis) if slopes == 'channel' else 1"},
        {"alpha": "weight"},
        when="shared_axes == None and (slopes == 'single' or slopes == 'channel' and (axis == 1 or axis == -rank))",
        inert={"init": "the first values of a tensor"},
    ),
    "GLU": Equivalent("torch.nn.GLU", {"dim": "axis"}),
    "BatchNorm": (
        Equivalent("torch.nn.BatchNorm1d", _NORM, _SCALE_AND_SHIFT | _STATISTICS, when=f"{_BATCH_NORMS} and rank <= 2"),
        Equivalent("torch.nn.BatchNorm2d", _NORM, _SCALE_AND_SHIFT | _STATISTICS, when=f"{_BATCH_NORMS} and rank == 3"),
        Equivalent("torch.nn.BatchNorm3d", _NORM, _SCALE_AND_SHIFT | _STATISTICS, when=f"{_BATCH_NORMS} and rank == 4"),
        Equivalent(
            "torch.nn.SyncBatchNorm",
            _NORM,
            _SCALE_AND_SHIFT | _STATISTICS,
            when=_BATCH_NORMS,
            alias=True,
            inert={"process_group": "with which other processes a mean is taken"},
        ),
    ),
    "LayerNorm": Equivalent(
        "torch.nn.LayerNorm",
        {"normalized_shape": "size(axis)", "elementwise_affine": "scale", "bias": "center"},
        _SCALE_AND_SHIFT,
        when="scale or not center",
    ),
    "RMSNorm": Equivalent(
        "torch.nn.RMSNorm", {"normalized_shape": "size(axis)", "elementwise_affine": "scale"}, {"scale": "weight"}
    ),
    "GroupNorm": Equivalent(
        "torch.nn.GroupNorm",
        {
            "num_groups": "size(axis) if groups == -1 else groups",
            "num_channels": "size(axis)",
            "affine": "scale",
            "bias": "center",
        },
        _SCALE_AND_SHIFT,
        when="scale or not center",
    ),
    "InstanceNorm": tuple(
        Equivalent(
            f"torch.nn.InstanceNorm{n}d",
            _NORM,
            _SCALE_AND_SHIFT | _STATISTICS,
            when=f"{_NORMS} and rank == {n + 1}",
            written="affine track_running_stats",
        )
        for n in (1, 2, 3)
    ),
    "UnitNorm": (),
    "LocalResponseNorm": (
        Equivalent("torch.nn.LocalResponseNorm", {"size": "window"}, inert=_CONSTANTS),
        Equivalent("torch.nn.CrossMapLRN2d", {"size": "window"}, when="rank == 3", alias=True, inert=_CONSTANTS),
    ),
    "Normalization": (),
    "WeightNorm": (
        Equivalent(
            "torch.nn.utils.parametrizations.weight_norm",
            _PARAMETRISED,
            {"magnitude": "parametrizations.weight.original0"},
            when=_HAS_WEIGHT,
            parts={"layer": "", "layer.weight": "parametrizations.weight.original1"},
        ),
        # what PyTorch had before, and deprecates
        Equivalent(
            "torch.nn.utils.weight_norm",
            _PARAMETRISED,
            {"magnitude": "weight_g"},
            when=_HAS_WEIGHT,
            alias=True,
            parts={"layer": "", "layer.weight": "weight_v"},
        ),
    ),
    "SpectralNorm": (
        Equivalent(
            "torch.nn.utils.parametrizations.spectral_norm",
            _PARAMETRISED,
            {"vector_u": "parametrizations.weight.0._u", "vector_v": "parametrizations.weight.0._v"},
            when=f"right_vector and {_HAS_WEIGHT}",
            parts={"layer": "", "layer.weight": "parametrizations.weight.original"},
            inert=_STEPS,
        ),
        Equivalent(
            "torch.nn.utils.spectral_norm",
            _PARAMETRISED,
            {"vector_u": "weight_u", "vector_v": "weight_v"},
            when=f"right_vector and {_HAS_WEIGHT}",
            alias=True,
            parts={"layer": "", "layer.weight": "weight_orig"},
            inert=_STEPS,
        ),
    ),
    "Conv{1,2,3}D": Equivalent(
        "torch.nn.Conv{n}d", _CONVOLUTION, {"kernel": "weight: {axes} i o -> o i {axes}"}, when="lora_rank == None"
    ),
    "Conv{1,2,3}DTranspose": Equivalent(
        "torch.nn.ConvTranspose{n}d",
        _TRANSPOSED,
        # the output's share of a group stands behind the input here, and before it in Keras
        {"kernel": "weight: {axes} o i -> i o {axes}"},
    ),
    "DepthwiseConv{1,2}D": Equivalent(
        "torch.nn.Conv{n}d",
        _DEPTHWISE,
        # each output sees one channel: an axis of 1
        {"kernel": "weight: {axes} c m -> (c m) () {axes}"},
    ),
    "SeparableConv{1,2}D": (),
    "Unfold": Equivalent("torch.nn.Unfold", _UNFOLD),
    "Fold": Equivalent("torch.nn.Fold", {"output_size": "output_size", **_UNFOLD}),
    "MaxPool{1,2,3}D": Equivalent(
        "torch.nn.MaxPool{n}d",
        {**_POOL, "dilation": "dilation_rate", "return_indices": "return_indices"},
        when=_POOLS,
        written="stride",
    ),
    "AveragePool{1,2,3}D": Equivalent("torch.nn.AvgPool{n}d", _POOL, when=_POOLS, written="stride", inert=_DIVISOR),
    "GlobalMaxPool{1,2,3}D": Equivalent(
        "torch.nn.AdaptiveMaxPool{n}d", {"output_size": "1", "return_indices": "false"}, when="keepdims"
    ),
    "GlobalAveragePool{1,2,3}D": Equivalent("torch.nn.AdaptiveAvgPool{n}d", {"output_size": "1"}, when="keepdims"),
    "AdaptiveAveragePool{1,2,3}D": Equivalent("torch.nn.AdaptiveAvgPool{n}d", same("output_size")),
    "AdaptiveMaxPool{1,2,3}D": Equivalent("torch.nn.AdaptiveMaxPool{n}d", same("output_size return_indices")),
    "LPPool{1,2,3}D": Equivalent(
        "torch.nn.LPPool{n}d",
        # the one over one axis multiplies by the size of its window, and so takes no list
        same("norm_type ceil_mode", kernel_size="pool_size{first}", stride="strides{first}"),
        written="stride",
    ),
    "FractionalMaxPool{2,3}D": Equivalent(
        "torch.nn.FractionalMaxPool{n}d",
        {"kernel_size": "pool_size", **same("output_size output_ratio return_indices")},
        inert=_RANDOM,
    ),
    "MaxUnpool{1,2,3}D": Equivalent(
        "torch.nn.MaxUnpool{n}d",
        {"kernel_size": "pool_size", "stride": "strides", "padding": "padding"},
        written="stride",
    ),
    "Add Multiply Subtract Average Maximum Minimum Concatenate Elementwise Einsum": (),
    "Dot": (),
    "CosineSimilarity": Equivalent("torch.nn.CosineSimilarity", {"dim": "axis"}),
    "PairwiseDistance": Equivalent("torch.nn.PairwiseDistance", {"keepdim": "keepdims"}),
    "Flatten": Equivalent("torch.nn.Flatten", same("start_dim end_dim"), when="rank > 0"),
    "Unflatten": Equivalent("torch.nn.Unflatten", {"dim": "axis", "unflattened_size": "target_shape"}),
    "Reshape Slice Reduce Permute RepeatVector": (),
    "PixelShuffle": Equivalent("torch.nn.PixelShuffle", same("upscale_factor")),
    "PixelUnshuffle": Equivalent("torch.nn.PixelUnshuffle", same("downscale_factor")),
    "ChannelShuffle": Equivalent("torch.nn.ChannelShuffle", same("groups"), written="groups"),
    "ZeroPadding{1,2,3}D": Equivalent("torch.nn.ZeroPad{n}d", {"padding": "{sides}"}, written="padding"),
    "Pad{1,2,3}D": (
        Equivalent(
            "torch.nn.ConstantPad{n}d",
            {"padding": "{sides}", "value": "value"},
            fields={"mode": "constant"},
            written="padding",
        ),
        *(
            Equivalent(f"torch.nn.{name}{{n}}d", {"padding": "{sides}"}, fields={"mode": mode}, written="padding")
            for mode, name in _PADDINGS.items()
        ),
    ),
    "Cropping{1,2,3}D": (),
    "Upsample": (
        Equivalent(
            "torch.nn.Upsample",
            {**_TO_SIZE, "mode": "mode", "align_corners": "true if align_corners else None"},
            inert=_BETWEEN,
        ),
        Equivalent("torch.nn.UpsamplingNearest2d", _TO_SIZE, fields={"mode": "nearest"}, alias=True),
        Equivalent(
            "torch.nn.UpsamplingBilinear2d", _TO_SIZE, fields={"mode": "bilinear", "align_corners": True}, alias=True
        ),
    ),
    "UpSampling{1,3}D": Equivalent("torch.nn.Upsample", {**_BY_FACTOR, "mode": "'nearest'"}, inert=_BETWEEN),
    "UpSampling2D": Equivalent(
        "torch.nn.Upsample",
        {**_BY_FACTOR, "mode": "interpolation"},
        # PyTorch has the others only with a filter that Keras does not apply
        when="interpolation == 'nearest' or interpolation == 'bilinear' or interpolation == 'bicubic'",
        inert=_BETWEEN,
    ),
    "Identity": Equivalent("torch.nn.Identity"),
    "Masking Rescaling Resizing CenterCrop RandomCrop MaxNumBoundingBoxes Augmentation": (),
    "Discretization CategoryEncoding Hashing HashedCrossing IntegerLookup StringLookup TextVectorization": (),
    "MelSpectrogram STFTSpectrogram": (),
    "Embedding": Equivalent(
        "torch.nn.Embedding",
        _EMBEDDING,
        {"embeddings": "weight"},
        when="lora_rank == None and quantization == None",
        inert=_ROWS,
    ),
    "EmbeddingBag": Equivalent(
        "torch.nn.EmbeddingBag",
        {**_EMBEDDING, "mode": "mode"},
        {"embeddings": "weight"},
        inert={**_ROWS, "include_last_offset": "how the bags of a batch are written"},
    ),
    "ReversibleEmbedding": (),
    "AdaptiveLogSoftmaxWithLoss": Equivalent(
        "torch.nn.AdaptiveLogSoftmaxWithLoss",
        {"in_features": "size(-1)", **same("n_classes cutoffs div_value head_bias")},
        {
            "head_kernel": "head.weight: n k -> k n",
            "head_bias": "head.bias",
            "tail_*_projection": "tail.*.0.weight: n h -> h n",
            "tail_*_kernel": "tail.*.1.weight: h k -> k h",
        },
    ),
    "LinearCrossEntropyLoss": Equivalent(
        "torch.nn.LinearCrossEntropyLoss",
        {
            "in_features": "size(-1)",
            "num_classes": "num_classes",
            "out_features": "out_features",
            "bias": "use_bias",
            "weight": "[1] * num_classes if class_weights else None",
            "reduction": "reduction",
        },
        {"kernel": "linear.weight: n k -> k n", "bias": "linear.bias", "class_weights": "weight"},
        written="bias",
        arrays="weight",
        inert={"ignore_index label_smoothing options": "how the loss is computed"},
    ),
    "SimpleRNN": Equivalent(
        "torch.nn.RNN",
        _RECURRENT,
        _RECURRENT_TENSORS,
        when=f"({_TWO_BIASES}) and not go_backwards",
        call="sequence",
    ),
    "GRU": Equivalent(
        "torch.nn.GRU", _RECURRENT, _RECURRENT_TENSORS, when="reset_after and not go_backwards", call="sequence"
    ),
    "LSTM": Equivalent(
        "torch.nn.LSTM",
        {**_RECURRENT, "proj_size": "0 if proj_size == None else proj_size"},
        _RECURRENT_TENSORS | _PROJECTIONS,
        when=f"({_TWO_BIASES}) and not go_backwards",
        call="sequence",
    ),
    "SimpleRNNCell": Equivalent("torch.nn.RNNCell", _CELL, _CELL_TENSORS, when=_TWO_BIASES, call="step"),
    "GRUCell": Equivalent("torch.nn.GRUCell", _CELL, _CELL_TENSORS, when="reset_after", call="step"),
    "LSTMCell": Equivalent("torch.nn.LSTMCell", _CELL, _CELL_TENSORS, when=_TWO_BIASES, call="step"),
    "StackedRNNCells RNN ConvLSTM{1,2,3}D Bidirectional TimeDistributed": (),
    "MultiHeadAttention": (
        Equivalent(
            "torch.nn.MultiheadAttention",
            _ATTENTION,
            {"query_kernel key_kernel value_kernel": "in_proj_weight: d h k -> (h k) d", **_ATTENTION_TENSORS},
            when=f"{_ATTENDS} and min(features) == max(features)",
            call="attention",
        ),
        Equivalent(
            "torch.nn.MultiheadAttention",
            _ATTENTION,
            {
                "query_kernel": "q_proj_weight: d h k -> (h k) d",
                "key_kernel": "k_proj_weight: d h k -> (h k) d",
                "value_kernel": "v_proj_weight: d h k -> (h k) d",
                **_ATTENTION_TENSORS,
            },
            when=_ATTENDS,
            call="attention",
        ),
    ),
    "Attention AdditiveAttention": (),
    "TransformerEncoderLayer": Equivalent("torch.nn.TransformerEncoderLayer", _TRANSFORMER, parts=_TRANSFORMER_PARTS),
    "TransformerDecoderLayer": Equivalent(
        "torch.nn.TransformerDecoderLayer",
        _TRANSFORMER,
        parts=_TRANSFORMER_PARTS | {"cross_attention": "multihead_attn"},
    ),
    "TransformerEncoder": Equivalent(
        "torch.nn.TransformerEncoder",
        {"encoder_layer": "layer_0", "enable_nested_tensor": "false", **_STACK},
        parts={"layer_*": "layers.*"},
        written="num_layers",
    ),
    "TransformerDecoder": Equivalent(
        "torch.nn.TransformerDecoder",
        {"decoder_layer": "layer_0", **_STACK},
        parts={"layer_*": "layers.*"},
        written="num_layers",
    ),
    "Transformer": Equivalent(
        "torch.nn.Transformer",
        {**_TRANSFORMER, **same("num_encoder_layers num_decoder_layers custom_encoder custom_decoder")},
    ),
}

# --- Defaults that are not those of the layer types --------------------------------------

CHOICES: Mapping[str, Mapping[str, Any]] = {
    "PReLU": {"slopes": "single"},
    "BatchNorm InstanceNorm": {"batch_counter": True},
    "SpectralNorm": {"right_vector": True},
    "SimpleRNN LSTM SimpleRNNCell LSTMCell": {"recurrent_bias": True},
}
LAYOUT: Mapping[str, Mapping[str, Any]] = {
    "PReLU Concatenate": {"axis": 1},
    # a padding of numbers leaves the end of the last stride as it is; Keras's `valid` fills it
    "Conv1DTranspose": {"padding": (0,)},
    "Conv2DTranspose": {"padding": (0, 0)},
    "Conv3DTranspose": {"padding": (0, 0, 0)},
    "SimpleRNN GRU LSTM": {"return_sequences": True},
}

# --- The classes that are no layer type --------------------------------------------------

_BASE = "the base that modules are made from; it has no size of its own"
_LOSS = "a loss: the number to train by, and no part of the network"
_SEQUENCE = "it holds modules: write them as a group"
_PARAMETERS = "it holds parameters: write them as Weights"
_LAZILY = "it becomes the module of that name without Lazy at its first call: write that"

_LOSSES = (
    "BCELoss", "BCEWithLogitsLoss", "CTCLoss", "CosineEmbeddingLoss", "CrossEntropyLoss", "GaussianNLLLoss",
    "HingeEmbeddingLoss", "HuberLoss", "KLDivLoss", "L1Loss", "MSELoss", "MarginRankingLoss", "MultiLabelMarginLoss",
    "MultiLabelSoftMarginLoss", "MultiMarginLoss", "NLLLoss", "NLLLoss2d", "PoissonNLLLoss", "SmoothL1Loss",
    "SoftMarginLoss", "TripletMarginLoss", "TripletMarginWithDistanceLoss",
)  # fmt: skip
_LAZY = (
    "BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d",
    "ConvTranspose3d", "InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d", "Linear",
)  # fmt: skip

UNLISTED = {
    "Module": _BASE,
    "RNNBase": _BASE,
    "RNNCellBase": _BASE,
    "Container": _SEQUENCE,
    "Sequential": _SEQUENCE,
    "ModuleList": _SEQUENCE,
    "ModuleDict": _SEQUENCE,
    "DataParallel": _SEQUENCE,
    "ParameterList": _PARAMETERS,
    "ParameterDict": _PARAMETERS,
    **dict.fromkeys(_LOSSES, _LOSS),
    **{f"Lazy{name}": _LAZILY for name in _LAZY},
}

CONVENTION = Convention(
    name="torch",
    states_count=False,
    separator=".",
    channel_axis=1,
    table=Table(
        classes=CLASSES,
        unlisted=UNLISTED,
        choices=CHOICES,
        layout=LAYOUT,
        defaults=DEFAULTS,
        inert=INERT,
        placeholders=PLACEHOLDERS,
    ),
)
