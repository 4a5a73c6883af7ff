"""Keras: elementwise merging."""

from paramcalc.conventions.keras import same

EQUIVALENTS = {
    "Subtract": same("Subtract"),
    "Average": same("Average"),
    "Maximum": same("Maximum"),
    "Minimum": same("Minimum"),
}
