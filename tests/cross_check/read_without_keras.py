"""Reads the descriptions in a folder where no framework can be imported, and prints what each has as JSON.

read_without_keras.py FOLDER
"""

import importlib.abc
import json
import sys
from pathlib import Path


class NoFramework(importlib.abc.MetaPathFinder):
    """Fails every import of a framework."""

    def find_spec(self, name, path=None, target=None):  # type: ignore[no-untyped-def]
        if name.partition(".")[0] in ("keras", "tensorflow", "torch", "jax"):
            raise AssertionError(f"{name} was imported")


sys.meta_path.insert(0, NoFramework())

import paramcalc as pc  # noqa: E402
from paramcalc.frameworks.keras.read import untidied  # noqa: E402


def totals(spec: pc.Spec) -> list[int]:
    count = pc.count(spec)
    return [count.total, count.trainable, count.non_trainable]


def layers(spec: pc.Spec) -> dict[str, list[object]]:
    """The tensors of each layer, by the layer's own name."""
    return {
        row.name.rpartition(".")[2]: sorted(
            [tensor.name, list(tensor.shape), tensor.trainable] for tensor in row.tensors
        )
        for row in pc.count(spec, expand=True).layers
        if row.tensors
    }


found = {}
for path in sorted(Path(sys.argv[1]).glob("*.json")):
    text = pc.dumps(pc.from_keras(path))
    tidied = pc.loads(text)
    plain = untidied(path)
    shapes = [
        [list(each.shape), each.trainable] for row in pc.count(tidied, expand=True).layers for each in row.tensors
    ]
    found[path.stem] = {
        "totals": totals(tidied),
        "plain totals": totals(plain),
        "layers": layers(plain),
        "shapes": sorted(shapes),
        "lines": text.count("\n"),
    }
json.dump(found, sys.stdout)
