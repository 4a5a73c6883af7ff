"""PyTorch: reducing."""

EQUIVALENTS = {
    "Reduce": (),
}
