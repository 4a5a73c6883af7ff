"""The arguments of constructors that change neither tensors nor shapes, by pattern, each with the reason.

A pattern with a point in it is of the arguments of some classes alone.
"""

from __future__ import annotations

import re
from functools import cache

INERT = {
    re.compile(pattern): reason
    for pattern, reason in {
        r"\w*_initializer|PReLU\.init": "the first values of a tensor",
        r"\w*_regularizer": "a term of the loss",
        r"\w*_constraint": "what a step of training may do",
        "name|dtype|device": "stated of every layer alike, by its node",
        "seed": "the state of a generator of random numbers, which is no parameter",
        "dropout|recurrent_dropout|rate|p|noise_shape": "which numbers are set to zero, or how a distance is measured",
        r"\w*eps|epsilon|momentum|synchronized": "a constant of the arithmetic",
        "padding_mode": "which numbers stand around the input, not how many",
        r"activation|recurrent_activation|nonlinearity|approximate|inplace": "which function is applied",
        "sliding_window|flash_attention|add_zero_attn": "which places are looked at, and how that is computed",
        "enable_nested_tensor|mask_check": "how an encoder is computed",
        r"(ReLU|LeakyReLU|ELU|CELU|RReLU|Hardtanh|Hardshrink|Softshrink|Softplus)\.\w+": "which function is applied",
        r"Softmax\.axis": "which function is applied",
        r"SpatialDropout[23]D\.data_format": "which elements are drawn together",
        r"(Embedding|ReversibleEmbedding)\.mask_zero": "which steps are left out",
        r"Normalization\.(invert|mean|variance)": "in which direction it is applied, and by how much",
        # of one class, or of a few, named before the point
        r"AvgPool\dd\.(count_include_pad|divisor_override)": "by what the sum of a window is divided",
        r"Flatten\.data_format": "the order of the elements",
        r"Upsample\.(align_corners|recompute_scale_factor)": "where the places between are",
        r"ActivityRegularization\.l[12]": "a term of the loss",
        r"FractionalMaxPool\dd\._random_samples": "where the windows begin",
        r"Resizing\.(interpolation|antialias|fill_\w+|(crop|pad)_to_aspect_ratio)": "how an image of this size is made",
        r"MaxNumBoundingBoxes\.fill_value": "what an empty box holds",
        r"(Aug|CutMix|MixUp|Rand|AutoC|ContrastLimited|Equal|Solar)\w*\.(?!height$|width$)\w+": (
            "how pixels change, in an image that keeps its shape"
        ),
        r"\w+\.sparse": "how a tensor is stored",
        r"(Hashing|\w+Lookup)\.(mask_value|salt|oov_method|vocabulary_dtype|invert)": "how a category is found",
        r"(StringLookup|TextVectorization)\.(encoding|standardize)": "how a text is read",
        r"(\w+Lookup|TextVectorization)\.(vocabulary|idf_weights|num_oov_indices|mask_token|oov_token)": (
            "what a vocabulary holds, which counts by its size"
        ),
        r"MelSpectrogram\.(window|sampling_rate|min_freq|max_freq|power_to_db|top_db|mag_exp|min_power|ref_power)": (
            "what the numbers of a spectrogram are"
        ),
        r"STFTSpectrogram\.(window|periodic|scaling)": "the first values of the kernels",
        "unit_forget_bias|weights": "the first values of a tensor",
        "stateful": "whether the states of one batch begin the next; they are no parameters",
        "unroll|use_cudnn|implementation": "how the steps are computed",
        "zero_output_for_mask": "what stands in the output at a step that is masked",
        r"BatchNormalization\.renorm_(clipping|momentum)|\w+\.lora_alpha": "a constant of the arithmetic",
        r"\w+LRN2d\.(alpha|beta|k)|LocalResponseNorm\.(alpha|beta|k)": "a constant of the arithmetic",
        r"(SpectralNormalization|spectral_norm)\.(n_)?power_iterations": "how often a step is taken",
        r"Normalization\.invert": "whether it goes forwards or back",
        r"SyncBatchNorm\.process_group": "with which other processes a mean is taken",
        r"Embedding(Bag)?\._?weights?": "the first values of the table",
        r"Embedding\._freeze": "whether it is trained, which is stated of every layer alike, by its node",
        # the row is stored and counts like any other: test_a_row_for_padding_counts
        r"\w*Embedding(Bag)?\.(mask_zero|padding_idx)": "which number stands for nothing",
        r"Embedding(Bag)?\.(max_norm|norm_type|scale_grad_by_freq|sparse)": "how rows are kept in bounds and trained",
        r"EmbeddingBag\.include_last_offset": "how the bags of a batch are written",
        r"ReversibleEmbedding\.(reverse_dtype|logit_soft_cap)": "what is made of the numbers on the way back",
        # test_a_quantization_config_says_no_more_than_a_dtype_policy
        r"\w+\.quantization_config": "without a dtype policy nothing, and with one what a policy says as well",
        r"EinsumDense\.gptq_unpacked_column_size": "computed anew when the layer is built",
        r"LinearCrossEntropyLoss\.(ignore_index|label_smoothing|options)": "how the loss is computed",
    }.items()
}


@cache
def is_inert(class_name: str, argument: str) -> bool:
    """Whether an argument of a class changes neither tensors nor shapes."""
    return any(pattern.fullmatch(text) for pattern in INERT for text in (argument, f"{class_name}.{argument}"))
