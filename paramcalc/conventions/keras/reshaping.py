"""Keras: reshaping."""

from paramcalc.conventions.keras import same

EQUIVALENTS = {
    "Flatten": same(
        "Flatten", when="rank == 0 or (start_dim == 1 or start_dim == -rank) and (end_dim == -1 or end_dim == rank)"
    ),
    "Reshape": same("Reshape", "target_shape"),
    "Unflatten": (),
    "Slice": (),
}
