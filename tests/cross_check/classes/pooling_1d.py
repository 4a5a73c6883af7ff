from __future__ import annotations

from .pooling import pool, whole
from .spatial import ranked

CASES = {
    **ranked(pool, "MaxPool1D", "AveragePool1D"),
    **ranked(whole, "GlobalMaxPool1D", "GlobalAveragePool1D"),
}
