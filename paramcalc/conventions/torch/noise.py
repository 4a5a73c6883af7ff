"""PyTorch: noise."""

EQUIVALENTS = {
    "GaussianNoise": (),
}
