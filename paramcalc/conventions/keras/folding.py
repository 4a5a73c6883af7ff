"""Keras: folding, for which it has no layer."""

from paramcalc.conventions import Equivalent

EQUIVALENTS: dict[str, tuple[Equivalent, ...]] = {
    "Unfold": (),
    "Fold": (),
}
