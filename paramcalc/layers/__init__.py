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
    "pooling": ("MaxPool2D", "AveragePool2D", "GlobalAveragePool2D"),
    "merging": ("Add", "Multiply", "Concatenate"),
    "reshaping": ("Flatten", "Reshape", "Slice"),
    "embedding": ("Embedding",),
    "recurrent": ("SimpleRNN", "GRU", "LSTM"),
    "recurrent_cells": ("SimpleRNNCell", "GRUCell", "LSTMCell", "StackedRNNCells", "RNN"),
    "convolutional_lstm": ("ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"),
    "wrappers": ("Bidirectional", "TimeDistributed"),
    "attention": ("MultiHeadAttention",),
}
