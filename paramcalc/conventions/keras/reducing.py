"""Keras: reducing."""

EQUIVALENTS = {
    "Reduce": (),
}
