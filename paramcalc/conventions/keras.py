"""Keras: every weight of a layer counts, those that are not trained as well.

Source: keras.io/api/layers, and Keras 3.15, whose `variable.path` gives the names.
"""

from __future__ import annotations

from collections.abc import Mapping

from paramcalc.conventions.table import BIASES_ALIKE, Convention, Equivalent, Rows, Table, same
from paramcalc.core.functions import ACTIVATIONS

# --- What holds of many classes alike ----------------------------------------------------

#: The arguments that have these values where they are not given; any other has the default of its field.
DEFAULTS = {"rms_scaling": False}

INERT = {
    "*_initializer weights unit_forget_bias": "the first values of a tensor",
    "*_regularizer": "a term of the loss",
    "*_constraint": "what a step of training may do",
    "name dtype": "stated of every layer alike, by its node",
    "seed": "the state of a generator of random numbers, which is no parameter",
    "dropout recurrent_dropout rate noise_shape": "which numbers are set to zero",
    "epsilon momentum synchronized lora_alpha": "a constant of the arithmetic",
    "activation recurrent_activation": "which function is applied",
    "sliding_window flash_attention": "which positions are looked at, and how that is computed",
    "sparse": "how a tensor is stored",
    "stateful": "whether the states of one batch begin the next; they are no parameters",
    "unroll use_cudnn implementation": "how the steps are computed",
    "zero_output_for_mask": "what stands in the output at a step that is masked",
    # test_a_quantization_config_says_no_more_than_a_dtype_policy
    "quantization_config": "without a dtype policy nothing, and with one what a policy says as well",
}

PLACEHOLDERS = {
    1: {
        "first": "[0]",
        "sizes_given": "output_size[0] != None",
        "cuts_nothing": "min(padding[0]) >= 0",
    },
    2: {
        "first": "",
        "sizes_given": "output_size[0] != None and output_size[1] != None",
        "cuts_nothing": "min(padding[0]) >= 0 and min(padding[1]) >= 0",
    },
    3: {
        "first": "",
        "sizes_given": "output_size[0] != None and output_size[1] != None and output_size[2] != None",
        "cuts_nothing": "min(padding[0]) >= 0 and min(padding[1]) >= 0 and min(padding[2]) >= 0",
    },
}

# --- What several rows share -------------------------------------------------------------

#: The argument by which the weights of a class are kept with few bits.
_FEW_BITS = {"dtype": "quantization + '_from_float32'"}
_DENSE = same("units use_bias activation lora_rank")
_EINSUM_DENSE = same("equation", output_shape="output_sizes") | same("bias_axes activation lora_rank")
_EMBEDDING = same("input_dim output_dim lora_rank")
_REVERSIBLE_EMBEDDING = same("input_dim output_dim tie_weights lora_rank")
_MASKED = {"mask_zero": "which steps are left out"}
_REVERSED = _MASKED | {"reverse_dtype logit_soft_cap": "what is made of the numbers on the way back"}
_DENSE_SIZES = {"gptq_unpacked_column_size": "computed anew when the layer is built"}

_CONVOLUTION = same(
    "filters kernel_size strides padding dilation_rate groups use_bias activation data_format lora_rank"
)
_DEPTHWISE = same("kernel_size strides padding dilation_rate depth_multiplier use_bias activation data_format")
_TRANSPOSED = same("filters kernel_size strides padding output_padding dilation_rate use_bias activation data_format")
_STRIDES_OR_DILATION = "max(strides) == 1 or max(dilation_rate) == 1"

#: A pooling, which adds what `same` wants, or nothing.
_POOL = same("pool_size strides data_format", padding="'same' if padding == 'same' else 'valid'")
#: It leaves out a last window that reaches beyond.
_POOLS = "(padding == 'valid' or padding == 'same' or max(padding) == 0) and not ceil_mode"

_RECURRENT = same("units use_bias return_sequences return_state go_backwards")
#: Keras has each direction, and each layer of several, as a layer of its own.
_SINGLE = "num_layers == 1 and not bidirectional"
_ONE_BIAS = "not (use_bias and recurrent_bias)"

_ATTENTION = {
    "query_kernel": "query/kernel",
    "query_bias": "query/bias",
    "key_kernel": "key/kernel",
    "key_bias": "key/bias",
    "value_kernel": "value/kernel",
    "value_bias": "value/bias",
    "gate_kernel": "gate/kernel",
    "gate_bias": "gate/bias",
    "output_kernel": "attention_output/kernel",
    "output_bias": "attention_output/bias",
}
_BIDIRECTIONAL = same("layer merge_mode backward_layer")

_FUNCTION = {"*": "which function is applied"}
_DIRECTION = {"invert mean variance": "in which direction it is applied, and by how much"}
_LOOKUP = "vocabulary_size max_tokens pad_to_max_tokens output_mode"
_FOUND = {"mask_value salt oov_method vocabulary_dtype invert": "how a category is found"}
_VOCABULARY = {
    "vocabulary idf_weights num_oov_indices mask_token oov_token": "what a vocabulary holds, which counts by its size"
}
_READ = {"encoding standardize": "how a text is read"}

_PIXELS = {"*": "how pixels change, in an image that keeps its shape"}
#: The transforms of images, each with the arguments that it must be given; they change no shape.
_TRANSFORMS = {
    "AugMix": {},
    "AutoContrast": {},
    "ContrastLimitedAdaptiveHistogramEqualization": {},
    "CutMix": {},
    "Equalization": {},
    "MixUp": {},
    "RandAugment": {},
    "RandomBrightness": {"factor": "1"},
    "RandomColorDegeneration": {"factor": "1"},
    "RandomColorJitter": {},
    "RandomContrast": {"factor": "1"},
    "RandomElasticTransform": {},
    "RandomErasing": {},
    "RandomFlip": {},
    "RandomGaussianBlur": {},
    "RandomGrayscale": {},
    "RandomHue": {"factor": "1"},
    "RandomInvert": {},
    "RandomPerspective": {},
    "RandomPosterization": {"factor": "4"},
    "RandomRotation": {"factor": "1"},
    "RandomSaturation": {"factor": "1"},
    "RandomSharpness": {"factor": "1"},
    "RandomShear": {},
    "RandomTranslation": {"height_factor": "1", "width_factor": "1"},
    "RandomZoom": {"height_factor": "1"},
    "Solarization": {},
}
_SAME_OUTPUT = "its class gives back its very input, which a model in the functional style refuses"

# --- The classes -------------------------------------------------------------------------

CLASSES: Mapping[str, Rows] = {
    "Input": (
        Equivalent("keras.Input", same("shape dtype")),
        Equivalent("keras.layers.InputLayer", same("shape dtype"), alias=True),
    ),
    "Weights": (),
    "Dense": (
        Equivalent("keras.layers.Dense", _DENSE, when="quantization == None"),
        Equivalent("keras.layers.Dense", _DENSE | _FEW_BITS, when="quantization != None"),
    ),
    "EinsumDense": (
        Equivalent("keras.layers.EinsumDense", _EINSUM_DENSE, when="quantization == None", inert=_DENSE_SIZES),
        Equivalent(
            "keras.layers.EinsumDense", _EINSUM_DENSE | _FEW_BITS, when="quantization != None", inert=_DENSE_SIZES
        ),
    ),
    "Bilinear": (),
    "Activation": (
        Equivalent("keras.layers.ReLU", fields={"activation": "relu"}, inert=_FUNCTION),
        Equivalent("keras.layers.LeakyReLU", fields={"activation": "leaky_relu"}, inert=_FUNCTION),
        Equivalent("keras.layers.ELU", fields={"activation": "elu"}, inert=_FUNCTION),
        Equivalent("keras.layers.Softmax", fields={"activation": "softmax"}, inert={"axis": _FUNCTION["*"]}),
        Equivalent(
            "keras.layers.Activation",
            same("activation"),
            # functions that only PyTorch has by name, or that keras.activations has with arguments of its own alone
            when=" and ".join(f"activation != '{name}'" for name, each in ACTIVATIONS.items() if not each.keras),
        ),
    ),
    "Dropout": (
        Equivalent("keras.layers.Dropout", same("rate"), fields={"variant": "element"}),
        *(
            Equivalent(
                f"keras.layers.SpatialDropout{n}D",
                same("rate"),
                when=f"rank == {n + 1}",
                fields={"variant": "channel"},
                inert={"data_format": "which elements are drawn together"},
            )
            for n in (1, 2, 3)
        ),
        Equivalent("keras.layers.GaussianDropout", same("rate"), fields={"variant": "gaussian"}),
        Equivalent("keras.layers.AlphaDropout", same("rate"), fields={"variant": "alpha"}),
    ),
    "GaussianNoise": Equivalent("keras.layers.GaussianNoise", same("stddev")),
    "PReLU": Equivalent("keras.layers.PReLU", same("shared_axes"), when="slopes == 'element' or shared_axes != None"),
    "GLU": (),  # keras.activations.glu is a function, and no layer
    "BatchNorm": Equivalent(
        "keras.layers.BatchNormalization",
        same("axis center scale renorm"),
        when="track_running_stats and not batch_counter",
        inert={"renorm_clipping renorm_momentum": "a constant of the arithmetic"},
    ),
    "LayerNorm": Equivalent("keras.layers.LayerNormalization", same("axis center scale", rms_scaling="false")),
    "RMSNorm": Equivalent("keras.layers.RMSNormalization", same("axis"), when="scale"),
    "GroupNorm": Equivalent(
        "keras.layers.GroupNormalization", same("groups axis center scale"), written="center scale"
    ),
    "InstanceNorm": Equivalent(
        "keras.layers.GroupNormalization",
        {"groups": "-1", **same("axis center scale")},
        when="not track_running_stats",
        written="center scale",
    ),
    "UnitNorm": Equivalent("keras.layers.UnitNormalization", same("axis")),
    "LocalResponseNorm": (),
    "Normalization": (
        Equivalent(
            "keras.layers.Normalization",
            {"axis": "axis", "mean": "None", "variance": "None"},
            fields={"adapted": True},
            inert=_DIRECTION,
        ),
        Equivalent(
            "keras.layers.Normalization",
            {"axis": "axis", "mean": "0", "variance": "1"},
            fields={"adapted": False},
            inert=_DIRECTION,
        ),
    ),
    "WeightNorm": (),
    "SpectralNorm": Equivalent(
        "keras.layers.SpectralNormalization",
        same("layer"),
        {"vector_u": "vector_u: n -> () n"},
        when="axis == -1 and not right_vector and (wrapped_name == 'kernel' or wrapped_name == 'embeddings')",
        parts={"layer": "{class}"},
        inert={"power_iterations": "how often a step is taken"},
    ),
    "Conv{1,2,3}D": Equivalent("keras.layers.{name}", _CONVOLUTION, when=_STRIDES_OR_DILATION),
    "Conv{1,2,3}DTranspose": Equivalent(
        "keras.layers.{name}",
        _TRANSPOSED,
        # it takes strides or dilation, no groups, and at the end less than a stride
        when="groups == 1 and (max(dilation_rate) == 1"
        " or max(strides) == 1 and (output_padding == None or max(output_padding) == 0))",
    ),
    "DepthwiseConv{1,2}D": Equivalent("keras.layers.{name}", _DEPTHWISE),
    "SeparableConv{1,2}D": Equivalent("keras.layers.{name}", same("filters") | _DEPTHWISE),
    "Unfold Fold": (),
    "MaxPool{1,2,3}D": Equivalent(
        "keras.layers.MaxPooling{n}D",
        _POOL,
        when=f"{_POOLS} and max(dilation_rate) == 1 and not return_indices",
    ),
    "AveragePool{1,2,3}D": Equivalent("keras.layers.AveragePooling{n}D", _POOL, when=_POOLS, written="pool_size"),
    "GlobalMaxPool{1,2,3}D": Equivalent("keras.layers.GlobalMaxPooling{n}D", same("keepdims data_format")),
    "GlobalAveragePool{1,2,3}D": Equivalent("keras.layers.GlobalAveragePooling{n}D", same("keepdims data_format")),
    "AdaptiveAveragePool{1,2,3}D": Equivalent(
        "keras.layers.AdaptiveAveragePooling{n}D", same("output_size data_format"), when="{sizes_given}"
    ),
    "AdaptiveMaxPool{1,2,3}D": Equivalent(
        "keras.layers.AdaptiveMaxPooling{n}D",
        same("output_size data_format"),
        when="{sizes_given} and not return_indices",
    ),
    "LPPool{1,2,3}D FractionalMaxPool{2,3}D MaxUnpool{1,2,3}D": (),
    "Add Multiply Subtract Average Maximum Minimum": Equivalent("keras.layers.{name}", call="list"),
    "Concatenate": Equivalent("keras.layers.Concatenate", same("axis"), call="list"),
    "Elementwise Einsum": (),
    "Dot": Equivalent("keras.layers.Dot", same("axes normalize"), call="list"),
    "CosineSimilarity PairwiseDistance": (),
    "Flatten": Equivalent(
        "keras.layers.Flatten",
        when="rank == 0 or (start_dim == 1 or start_dim == -rank) and (end_dim == -1 or end_dim == rank)",
        inert={"data_format": "the order of the elements"},
    ),
    "Reshape": Equivalent("keras.layers.Reshape", same("target_shape")),
    "Unflatten Slice Reduce": (),
    "Permute": Equivalent("keras.layers.Permute", same("dims")),
    "RepeatVector": Equivalent("keras.layers.RepeatVector", same("n")),
    "PixelShuffle PixelUnshuffle ChannelShuffle": (),
    "ZeroPadding{1,2,3}D": Equivalent(
        "keras.layers.{name}",
        {"padding": "padding{first}", "data_format": "data_format"},
        when="{cuts_nothing}",
    ),
    "Pad{1,2,3}D": (),
    "Cropping1D": Equivalent(
        "keras.layers.Cropping1D", {"cropping": "cropping[0]"}, when="data_format == 'channels_last'"
    ),
    "Cropping{2,3}D": Equivalent("keras.layers.{name}", same("cropping data_format")),
    "Upsample": (),
    "UpSampling1D": Equivalent("keras.layers.UpSampling1D", {"size": "size[0]"}, when="data_format == 'channels_last'"),
    "UpSampling2D": Equivalent("keras.layers.UpSampling2D", same("size data_format interpolation")),
    "UpSampling3D": Equivalent("keras.layers.UpSampling3D", same("size data_format")),
    "Identity": (
        Equivalent("keras.layers.Identity"),
        Equivalent("keras.layers.ActivityRegularization", alias=True, inert={"l1 l2": "a term of the loss"}),
    ),
    "Masking": Equivalent("keras.layers.Masking", same("mask_value")),
    "Rescaling": Equivalent("keras.layers.Rescaling", same("scale offset")),
    "Resizing": Equivalent(
        "keras.layers.Resizing",
        same("height width data_format"),
        inert={"interpolation antialias fill_* *_to_aspect_ratio": "how an image of this size is made"},
    ),
    "CenterCrop RandomCrop": Equivalent("keras.layers.{name}", same("height width data_format")),
    "MaxNumBoundingBoxes": Equivalent(
        "keras.layers.MaxNumBoundingBoxes",
        same("max_number", bounding_box_format="'xyxy'"),
        inert={"fill_value": "what an empty box holds"},
        unwritten="its class takes images along with the boxes",
    ),
    "Augmentation": tuple(
        Equivalent(
            f"keras.layers.{name}",
            arguments,
            fields={"transform": name},
            inert=_PIXELS,
            unwritten=_SAME_OUTPUT if name == "Equalization" else "",
        )
        for name, arguments in _TRANSFORMS.items()
    ),
    "Discretization": Equivalent("keras.layers.Discretization", same("bin_boundaries num_bins output_mode")),
    "CategoryEncoding": Equivalent("keras.layers.CategoryEncoding", same("num_tokens output_mode")),
    "Hashing": Equivalent("keras.layers.Hashing", same("num_bins output_mode"), inert=_FOUND),
    "HashedCrossing": Equivalent("keras.layers.HashedCrossing", same("num_bins output_mode"), call="tuple"),
    "IntegerLookup": Equivalent("keras.layers.IntegerLookup", same(_LOOKUP), inert=_FOUND | _VOCABULARY),
    "StringLookup": Equivalent("keras.layers.StringLookup", same(_LOOKUP), inert=_FOUND | _VOCABULARY | _READ),
    "TextVectorization": Equivalent(
        "keras.layers.TextVectorization",
        same(f"{_LOOKUP} output_sequence_length split ngrams ragged"),
        inert=_VOCABULARY | _READ,
    ),
    "MelSpectrogram": Equivalent(
        "keras.layers.MelSpectrogram",
        same("fft_length sequence_stride sequence_length num_mel_bins"),
        inert={
            "window sampling_rate min_freq max_freq power_to_db top_db mag_exp min_power ref_power": (
                "what the numbers of a spectrogram are"
            )
        },
    ),
    "STFTSpectrogram": Equivalent(
        "keras.layers.STFTSpectrogram",
        same("mode frame_length frame_step fft_length padding expand_dims data_format"),
        inert={"window periodic scaling": "the first values of the kernels"},
    ),
    "Embedding": (
        Equivalent("keras.layers.Embedding", _EMBEDDING, when="quantization == None", inert=_MASKED),
        Equivalent("keras.layers.Embedding", _EMBEDDING | _FEW_BITS, when="quantization != None", inert=_MASKED),
    ),
    "EmbeddingBag": (),
    "ReversibleEmbedding": (
        Equivalent(
            "keras.layers.ReversibleEmbedding",
            _REVERSIBLE_EMBEDDING,
            when="quantization == None and (tie_weights or lora_rank == None)",
            inert=_REVERSED,
        ),
        Equivalent(
            "keras.layers.ReversibleEmbedding",
            _REVERSIBLE_EMBEDDING | _FEW_BITS,
            when="quantization != None",
            inert=_REVERSED,
        ),
    ),
    "AdaptiveLogSoftmaxWithLoss LinearCrossEntropyLoss": (),
    "SimpleRNN": Equivalent(
        "keras.layers.SimpleRNN",
        _RECURRENT,
        {
            "kernel": "simple_rnn_cell/kernel",
            "recurrent_kernel": "simple_rnn_cell/recurrent_kernel",
            "bias": "simple_rnn_cell/bias",
        },
        when=f"{_SINGLE} and {_ONE_BIAS}",
        call="sequence",
    ),
    "GRU": Equivalent(
        "keras.layers.GRU",
        _RECURRENT | same("reset_after"),
        {
            "bias recurrent_bias": "gru_cell/bias: g -> () g",
            "kernel": "gru_cell/kernel",
            "recurrent_kernel": "gru_cell/recurrent_kernel",
            "bias": "gru_cell/bias",
        },
        when=_SINGLE,
        call="sequence",
    ),
    "LSTM": Equivalent(
        "keras.layers.LSTM",
        _RECURRENT,
        {
            "kernel": "lstm_cell/kernel",
            "recurrent_kernel": "lstm_cell/recurrent_kernel",
            "bias": "lstm_cell/bias",
        },
        when=f"{_SINGLE} and {_ONE_BIAS} and proj_size == None",
        call="sequence",
    ),
    "SimpleRNNCell LSTMCell": Equivalent("keras.layers.{name}", same("units use_bias"), when=_ONE_BIAS, call="step"),
    "GRUCell": Equivalent(
        "keras.layers.GRUCell",
        same("units use_bias reset_after"),
        {"bias recurrent_bias": "bias: g -> () g"},
        call="step",
    ),
    "StackedRNNCells": Equivalent(
        "keras.layers.StackedRNNCells", same("cells"), parts={"cell_*": "{class}"}, call="step"
    ),
    "RNN": Equivalent(
        "keras.layers.RNN",
        same("cell return_sequences return_state go_backwards"),
        parts={"cell": "{class}"},
        call="sequence",
    ),
    "ConvLSTM{1,2,3}D": Equivalent(
        "keras.layers.{name}",
        same(
            "filters kernel_size strides padding dilation_rate use_bias data_format return_sequences return_state"
            " go_backwards"
        ),
        {
            "kernel": "conv_lstm_cell/kernel",
            "recurrent_kernel": "conv_lstm_cell/recurrent_kernel",
            "bias": "conv_lstm_cell/bias",
        },
        when=_STRIDES_OR_DILATION,
        call="sequence",
    ),
    "Bidirectional": (
        Equivalent(
            "keras.layers.Bidirectional",
            _BIDIRECTIONAL,
            when="backward_layer == None",
            parts={"forward": "forward_{class}", "backward": "backward_{class}"},
            call="sequence",
            copied="layer",
        ),
        # a layer that is given keeps its name
        Equivalent(
            "keras.layers.Bidirectional",
            _BIDIRECTIONAL,
            parts={"forward": "forward_{class}", "backward": "{class}"},
            call="sequence",
            copied="layer",
        ),
    ),
    "TimeDistributed": Equivalent("keras.layers.TimeDistributed", same("layer"), parts={"layer": "{class}"}),
    "MultiHeadAttention": (
        Equivalent(
            "keras.layers.MultiHeadAttention",
            same("num_heads key_dim value_dim", output_shape="output_dim") | same("attention_axes use_bias use_gate"),
            _ATTENTION,
            when=f"num_key_value_heads == num_heads and not add_bias_kv and {BIASES_ALIKE}",
            call="attention",
        ),
        Equivalent(
            "keras.layers.GroupQueryAttention",
            {"head_dim": "key_dim", "num_query_heads": "num_heads", **same("num_key_value_heads use_bias use_gate")},
            _ATTENTION,
            when="rank == 2 and attention_axes == None and not add_bias_kv and value_dim == key_dim"
            " and output_dim == size(-1) and features[min(1, len(features) - 1)] == size(-1)"
            f" and {BIASES_ALIKE}",
            call="attention",
            written="num_key_value_heads",
        ),
    ),
    "Attention": Equivalent("keras.layers.Attention", same("use_scale score_mode"), when="num_heads == 1", call="list"),
    "AdditiveAttention": Equivalent("keras.layers.AdditiveAttention", same("use_scale"), call="list"),
    "TransformerEncoderLayer TransformerDecoderLayer TransformerEncoder TransformerDecoder Transformer": (),
}

_BASE = "the base that layers are made from; it has no size of its own"
_FOREIGN = "it wraps code of another library: write the tensors of that code as Weights"

UNLISTED = {
    "Layer": _BASE,
    "Wrapper": _BASE,
    "InputSpec": "it describes what a layer takes, and is no layer",
    "Lambda": "it holds code, which no file is asked to run: write its tensors, if it has any, as Weights",
    "FlaxLayer": _FOREIGN,
    "JaxLayer": _FOREIGN,
    "TFSMLayer": _FOREIGN,
    "TorchModuleWrapper": _FOREIGN,
    "Pipeline": "it holds layers in sequence: write them as a group",
}

#: Classes that own no weights, of Keras 2 as well, whose output has a shape that their configuration does not say.
WEIGHTLESS = ("Lambda", "RandomHeight", "RandomWidth", "TensorFlowOpLayer")

CONVENTION = Convention(
    name="keras",
    states_count=True,
    separator="/",
    channel_axis=-1,
    table=Table(
        classes=CLASSES,
        unlisted=UNLISTED,
        # the layer types' own defaults are those of Keras
        choices={},
        layout={},
        defaults=DEFAULTS,
        inert=INERT,
        placeholders=PLACEHOLDERS,
    ),
)
