"""PyTorch: functions."""

EQUIVALENTS = {
    "Elementwise": (),
    "Einsum": (),
}
