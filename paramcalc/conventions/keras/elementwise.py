"""Keras: elementwise."""

from paramcalc.conventions.keras import same

#: Functions that only PyTorch has by name, or that keras.activations has with arguments of its own alone.
_NOT_HERE = ("rrelu", "softmin", "softmax2d", "threshold")

EQUIVALENTS = {
    "Activation": (
        *same("ReLU", fields={"activation": "relu"}),
        *same("LeakyReLU", fields={"activation": "leaky_relu"}),
        *same("ELU", fields={"activation": "elu"}),
        *same("Softmax", fields={"activation": "softmax"}),
        *same("Activation", "activation", when=" and ".join(f"activation != '{name}'" for name in _NOT_HERE)),
    ),
    "Dropout": (
        *same("Dropout", "rate", fields={"variant": "element"}),
        *same("SpatialDropout1D", "rate", "rank == 2", {"variant": "channel"}),
        *same("SpatialDropout2D", "rate", "rank == 3", {"variant": "channel"}),
        *same("SpatialDropout3D", "rate", "rank == 4", {"variant": "channel"}),
        *same("GaussianDropout", "rate", fields={"variant": "gaussian"}),
        *same("AlphaDropout", "rate", fields={"variant": "alpha"}),
    ),
}
