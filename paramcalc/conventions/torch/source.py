"""PyTorch: source."""

EQUIVALENTS = {
    "Input": (),
    "Weights": (),
}
