"""The layer kinds, one module a family.

This table says which module declares a kind, so that only the families that a spec
uses are imported. A test holds it to the modules.
"""

FAMILIES: dict[str, tuple[str, ...]] = {
    "source": ("Input", "Weights"),
    "linear": ("Dense",),
    "elementwise": ("Activation", "Dropout"),
    "normalization": ("BatchNorm", "LayerNorm", "RMSNorm"),
    "convolution": ("Conv2D",),
    "pooling": ("MaxPool2D", "AveragePool2D", "GlobalMaxPool2D", "GlobalAveragePool2D"),
    "pooling_1d": ("MaxPool1D", "AveragePool1D", "GlobalMaxPool1D", "GlobalAveragePool1D"),
    "pooling_3d": ("MaxPool3D", "AveragePool3D", "GlobalMaxPool3D", "GlobalAveragePool3D"),
    "adaptive_pooling": (
        "AdaptiveAveragePool1D",
        "AdaptiveAveragePool2D",
        "AdaptiveAveragePool3D",
        "AdaptiveMaxPool1D",
        "AdaptiveMaxPool2D",
        "AdaptiveMaxPool3D",
    ),
    "power_pooling": ("LPPool1D", "LPPool2D", "LPPool3D"),
    "fractional_pooling": ("FractionalMaxPool2D", "FractionalMaxPool3D"),
    "unpooling": ("MaxUnpool1D", "MaxUnpool2D", "MaxUnpool3D"),
    "merging": ("Add", "Multiply", "Concatenate"),
    "reshaping": ("Flatten", "Reshape", "Unflatten", "Slice"),
    "rearranging": ("Permute", "RepeatVector", "PixelShuffle", "PixelUnshuffle", "ChannelShuffle"),
    "padding": (
        "ZeroPadding1D",
        "ZeroPadding2D",
        "ZeroPadding3D",
        "Pad1D",
        "Pad2D",
        "Pad3D",
        "Cropping1D",
        "Cropping2D",
        "Cropping3D",
    ),
    "upsampling": ("Upsample", "UpSampling1D", "UpSampling2D", "UpSampling3D"),
    "identity": ("Identity", "Masking"),
    "image_preprocessing": (
        "Rescaling",
        "Resizing",
        "CenterCrop",
        "RandomCrop",
        "MaxNumBoundingBoxes",
        "Augmentation",
    ),
    "categories": (
        "Discretization",
        "CategoryEncoding",
        "Hashing",
        "HashedCrossing",
        "IntegerLookup",
        "StringLookup",
        "TextVectorization",
    ),
    "spectrograms": ("MelSpectrogram", "STFTSpectrogram"),
    "embedding": ("Embedding",),
    "recurrent": ("LSTM",),
    "attention": ("MultiHeadAttention",),
}
