from __future__ import annotations

from .pooling import pool, whole
from .spatial import ranked

CASES = {
    **ranked(pool, "MaxPool3D", "AveragePool3D"),
    **ranked(whole, "GlobalMaxPool3D", "GlobalAveragePool3D"),
}
