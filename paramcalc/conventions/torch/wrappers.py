"""PyTorch: wrappers."""

EQUIVALENTS = {
    "Bidirectional": (),
    "TimeDistributed": (),
}
