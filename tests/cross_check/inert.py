"""The arguments of constructors that change neither tensors nor shapes, by pattern, each with the reason.

A pattern with a point in it is of the arguments of some classes alone.
"""

from __future__ import annotations

import re

INERT = {
    re.compile(pattern): reason
    for pattern, reason in {
        r"\w*_initializer": "the first values of a tensor",
        r"\w*_regularizer": "a term of the loss",
        r"\w*_constraint": "what a step of training may do",
        "name|dtype|device": "stated of every layer alike, by its node",
        "seed": "the state of a generator of random numbers, which is no parameter",
        "dropout|recurrent_dropout|rate|p|noise_shape": "which numbers are set to zero",
        "eps|epsilon|momentum|synchronized": "a constant of the arithmetic",
        r"activation|recurrent_activation|nonlinearity|approximate|inplace": "which function is applied",
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
