"""Keras: similarity."""

from paramcalc.conventions.keras import same

EQUIVALENTS = {
    "Dot": same("Dot", "axes normalize"),
    "CosineSimilarity": (),
    "PairwiseDistance": (),
}
