"""Keras: the inverse of pooling."""

EQUIVALENTS = {
    "MaxUnpool1D": (),
    "MaxUnpool2D": (),
    "MaxUnpool3D": (),
}
