"""Keras: pooling to a given size."""

from paramcalc.conventions import Equivalent
from paramcalc.conventions.keras import same


def _adaptive(name: str, rank: int, when: str = "true") -> tuple[Equivalent]:
    """A pooling that keeps no axis as it is."""
    given = " and ".join(f"output_size[{axis}] != None" for axis in range(rank))
    return same(name, "output_size data_format", f"{given} and {when}")


EQUIVALENTS = {
    **{f"AdaptiveAveragePool{rank}D": _adaptive(f"AdaptiveAveragePooling{rank}D", rank) for rank in (1, 2, 3)},
    **{
        f"AdaptiveMaxPool{rank}D": _adaptive(f"AdaptiveMaxPooling{rank}D", rank, "not return_indices")
        for rank in (1, 2, 3)
    },
}
