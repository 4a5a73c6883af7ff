"""Keras: merging."""

from paramcalc.conventions.keras import same

EQUIVALENTS = {
    "Add": same("Add", ""),
    "Multiply": same("Multiply", ""),
    "Concatenate": same("Concatenate", "axis"),
}
