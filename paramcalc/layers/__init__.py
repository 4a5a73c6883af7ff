"""The layer kinds, one module a family.

This table says which module declares a kind, so that only the families that a spec
uses are imported. A test holds it to the modules.
"""

FAMILIES: dict[str, tuple[str, ...]] = {
    "source": ("Input", "Weights"),
    "linear": ("Dense",),
    "linear_maps": ("EinsumDense", "Bilinear"),
    "elementwise": ("Activation", "Dropout"),
    "normalization": ("BatchNorm", "LayerNorm", "RMSNorm"),
    "group_normalization": ("GroupNorm", "InstanceNorm"),
    "fixed_normalization": ("UnitNorm", "LocalResponseNorm", "Normalization"),
    "weight_normalization": ("WeightNorm", "SpectralNorm"),
    "convolution": ("Conv2D",),
    "pooling": ("MaxPool2D", "AveragePool2D", "GlobalAveragePool2D"),
    "merging": ("Add", "Multiply", "Concatenate"),
    "reshaping": ("Flatten", "Reshape", "Slice"),
    "embedding": ("Embedding",),
    "embedding_tables": ("EmbeddingBag", "ReversibleEmbedding"),
    "classification": ("AdaptiveLogSoftmaxWithLoss", "LinearCrossEntropyLoss"),
    "recurrent": ("LSTM",),
    "attention": ("MultiHeadAttention",),
}
