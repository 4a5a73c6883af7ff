"""A proof compares the tensors of every copy, though copies that are alike are evaluated once."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import paramcalc as pc
from paramcalc.conventions import convention
from paramcalc.frameworks.deriving.parts import Entry, common
from paramcalc.frameworks.deriving.proving import agrees, entries_of
from paramcalc.spec import Spec, read_spec

_SPECS = Path(__file__).parent.parent / "specs"
_DEPTH = 5


def _one_by_one(spec: Spec) -> list[Entry]:
    """List the tensors of a spec as `count` does with every copy written out."""
    separator = convention(spec.framework).separator

    def named(path: str) -> tuple[str, ...]:
        return common(path.replace(separator, "."))

    return [
        Entry(
            named(".".join([*row.path, tensor.name])),
            tuple(tensor.shape),
            tensor.role,
            tensor.dtype,
            tensor.trainable,
            named(tensor.tied_to) if tensor.tied_to is not None else None,
        )
        for row in pc.count(spec, expand=True).layers
        for tensor in row.tensors
    ]


@pytest.mark.parametrize("name", ["gpt2", "llama2_7b", "keras_mlp"])
def test_the_tensors_of_a_published_network_are_those_of_every_copy(name: str) -> None:
    spec = pc.load(_SPECS / f"{name}.yaml")
    assert entries_of(spec, spec.dims, frozenset()) == _one_by_one(spec)


def _copies(layer: dict[str, Any]) -> Spec:
    """Return a spec of copies of a group of two layers, the second of which has these keys."""
    layers = [{"LayerNorm": None, "of": ["width"], "name": "norm"}, {"name": "map", "of": ["width"], **layer}]
    block = {"name": "blocks", "times": "depth", "index": "i", "layers": layers}
    dims = {"depth": _DEPTH, "width": 4}
    return read_spec({"paramcalc": 1, "framework": "torch", "connections": "none", "dims": dims, "layers": [block]})


@pytest.mark.parametrize(
    "keys",
    [
        {"Dense": {"units": "width"}},
        {"Dense": {"units": "width + (i if i > 2 else 0)"}},
        {"Dense": {"units": "width", "use_bias": "i > 1"}},
        {"Dense": {"units": "width"}, "trainable": "i == 3"},
        {"Dense": {"units": "width"}, "when": "i % 2 == 0"},
        {"Dense": {"units": "width"}, "when": "i < 2", "else": {"LayerNorm": None}},
    ],
    ids=lambda keys: " ".join(f"{name}={value}" for name, value in keys.items() if name not in ("name", "of")),
)
def test_the_tensors_of_copies_are_those_of_each_of_them(keys: dict[str, Any]) -> None:
    spec = _copies(keys)
    assert entries_of(spec, spec.dims, frozenset()) == _one_by_one(spec)


@pytest.mark.parametrize(
    "change",
    [
        {"shape": (4, 5)},
        {"role": "state"},
        {"dtype": "float16"},
        {"trainable": False},
        {"tied_to": ("blocks", "norm", "weight")},
        {"path": ("blocks", "map", "other")},
    ],
    ids=str,
)
@pytest.mark.parametrize("copy", [0, 2, _DEPTH - 1])
def test_a_tensor_of_one_copy_alone_that_differs_is_seen(copy: int, change: dict[str, Any]) -> None:
    spec = _copies({"Dense": {"units": "width"}})
    entries = _one_by_one(spec)
    assert agrees(spec, spec.dims, entries, frozenset())
    place = copy * len(entries) // _DEPTH + 2
    assert entries[place].path == ("blocks", "map", "weight")
    entries[place] = entries[place]._replace(**change)
    assert not agrees(spec, spec.dims, entries, frozenset())


def test_a_spec_with_another_number_of_copies_is_seen() -> None:
    spec = _copies({"Dense": {"units": "width"}})
    entries = _one_by_one(replace(spec, dims={**spec.dims, "depth": _DEPTH + 1}))
    assert not agrees(spec, spec.dims, entries, frozenset())
    assert agrees(spec, {**spec.dims, "depth": _DEPTH + 1}, entries, frozenset())
