"""Keras: functions."""

EQUIVALENTS = {
    "Elementwise": (),
    "Einsum": (),
}
