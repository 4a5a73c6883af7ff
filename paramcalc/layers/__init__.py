"""The layer kinds, one module a family.

This table says which module declares a kind, so that only the families that a spec
uses are imported. A test holds it to the modules.
"""

FAMILIES: dict[str, tuple[str, ...]] = {
    "source": ("Input", "Weights"),
    "linear": ("Dense",),
    "elementwise": ("Activation", "Dropout"),
    "activation": ("PReLU", "GLU"),
    "noise": ("GaussianNoise",),
    "normalization": ("BatchNorm", "LayerNorm", "RMSNorm"),
    "convolution": ("Conv1D", "Conv2D"),
    "convolution_3d": ("Conv3D",),
    "transposed_convolution": ("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"),
    "depthwise_convolution": ("DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D"),
    "folding": ("Unfold", "Fold"),
    "pooling": ("MaxPool2D", "AveragePool2D", "GlobalAveragePool2D"),
    "merging": ("Add", "Multiply", "Concatenate"),
    "elementwise_merging": ("Subtract", "Average", "Maximum", "Minimum"),
    "similarity": ("Dot", "CosineSimilarity", "PairwiseDistance"),
    "reshaping": ("Flatten", "Reshape", "Slice"),
    "embedding": ("Embedding",),
    "recurrent": ("LSTM",),
    "attention": ("MultiHeadAttention",),
    "simple_attention": ("Attention", "AdditiveAttention"),
    "transformer": (
        "TransformerEncoderLayer",
        "TransformerDecoderLayer",
        "TransformerEncoder",
        "TransformerDecoder",
        "Transformer",
    ),
}
