"""Record what PyTorch keeps for the backward pass, of a few layers of each layer type.

    python -m tests.record_kept

writes `tests/recorded/kept.json`. The layers are drawn as the cross-check draws them, the same each time; of each layer
type two are kept that keep something, where there are such.
"""

from __future__ import annotations

import json
import warnings
from typing import Any

import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import paramcalc as pc

from . import recorded
from .cross_check import conftest as conftest  # what the frameworks are told before they start
from .cross_check.kept import ATTENTIONS, KINDS, REFUSALS, REFUSED, around, cases, given_by, kept

_DRAWN = 40


def main() -> None:
    """Write the file."""
    warnings.filterwarnings("ignore")
    found = [record for kind in KINDS if kind not in REFUSED for record in records(kind)]
    recorded.KEPT.write_text("\n".join(["[", ",\n".join(map(json.dumps, found)), "]"]) + "\n", encoding="utf-8")


def records(kind: str) -> list[dict[str, Any]]:
    """Give two examples of a layer type: those that keep most, one of each dtype."""
    best: dict[str, tuple[int, dict[str, Any]]] = {}

    @settings(
        max_examples=_DRAWN,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=[*HealthCheck],
    )
    @given(cases(kind), st.sampled_from(["float32", "bfloat16"]), st.sampled_from([2, 3]), ATTENTIONS)
    def draw(case: Any, dtype: str, batch: int, attention: str) -> None:
        spec = around(case, needs_gradient=True, trainable=True, dtype=dtype)
        is_counted = given_by(lambda: pc.count(spec, of="saved", dims={"batch": batch}), REFUSALS) is not None
        size = given_by(lambda: kept(spec, batch, attention), ("cannot-build",)) if is_counted else None
        if size is not None and size > best.get(dtype, (-1, {}))[0]:
            plain = yaml.safe_load(pc.dumps(spec))
            best[dtype] = size, {"spec": plain, "batch": batch, "attention": attention, "bytes": size}

    draw()
    return [record for _, (_, record) in sorted(best.items())]


if __name__ == "__main__":
    main()
