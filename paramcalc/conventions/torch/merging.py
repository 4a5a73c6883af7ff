"""PyTorch: merging."""

EQUIVALENTS = {
    "Add": (),
    "Multiply": (),
    "Concatenate": (),
}

LAYOUT = {
    "Concatenate": {"axis": 1},
}
