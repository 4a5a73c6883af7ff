"""PyTorch: simple attention."""

EQUIVALENTS = {
    "Attention": (),
    "AdditiveAttention": (),
}
