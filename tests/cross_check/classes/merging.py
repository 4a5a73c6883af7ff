from __future__ import annotations

from ..strategies import cases as merged
from . import Cases, with_list

CASES: Cases = {
    kind: (lambda framework, kind=kind: merged(kind, framework)) for kind in ("Add", "Multiply", "Concatenate")
}
CALLS = {f"keras.layers.{name}": with_list for name in CASES}
