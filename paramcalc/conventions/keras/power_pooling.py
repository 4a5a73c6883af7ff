"""Keras: roots of sums of powers."""

EQUIVALENTS = {
    "LPPool1D": (),
    "LPPool2D": (),
    "LPPool3D": (),
}
