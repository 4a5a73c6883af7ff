"""PyTorch: elementwise merging."""

EQUIVALENTS = {
    "Subtract": (),
    "Average": (),
    "Maximum": (),
    "Minimum": (),
}
