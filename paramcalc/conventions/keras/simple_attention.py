"""Keras: simple attention."""

from paramcalc.conventions.keras import same

EQUIVALENTS = {
    "Attention": same("Attention", "use_scale score_mode"),
    "AdditiveAttention": same("AdditiveAttention", "use_scale"),
}
