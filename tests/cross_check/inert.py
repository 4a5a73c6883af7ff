"""The arguments of constructors that change neither tensors nor shapes, by pattern, each with the reason.

A pattern with a point in it is of the arguments of some classes alone.
"""

from __future__ import annotations

import re

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
        "unroll|use_cudnn": "how the steps are computed",
        "zero_output_for_mask": "what stands in the output at a step that is masked",
    }.items()
}
