"""Keras: pooling by a fraction."""

EQUIVALENTS = {
    "FractionalMaxPool2D": (),
    "FractionalMaxPool3D": (),
}
