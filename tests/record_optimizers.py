"""Record what the real optimizers of PyTorch, Keras and bitsandbytes keep after a step, of a few parameters.

    python -m tests.record_optimizers

writes `tests/recorded/optimizers.json`, which the inner loop holds the tables to. What is recorded of bitsandbytes
(0.50.2, whose wheel for Linux runs on the CPU) stays, where it is not installed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from math import prod
from pathlib import Path
from typing import Any

import torch

from paramcalc.measures.optimizers import OPTIMIZERS, Kept

from .cross_check import conftest as conftest  # what the frameworks are told before they start

FILE = Path(__file__).parent / "recorded" / "optimizers.json"
Shape = tuple[int, ...]
#: Of what the tables know, what no real optimizer can be asked after one step with dense gradients.
NOT_ASKED = {"LBFGS", "SparseAdam", "MultiOptimizer", "LossScaleOptimizer"}
_SHAPES: list[Shape] = [(3, 5), (4,), (2, 3, 4, 5)]
#: On both sides of what bitsandbytes keeps in eight bits, and of its blocks.
_LONG: list[Shape] = [(64, 64), (64, 65), (63, 65), (10,)]
_DTYPES = ("float32", "bfloat16")
#: What an option that decides is set to, in place of its default.
_VALUES = {"gradient_accumulation_steps": 2, "min_8bit_size": 10, "exclude_embeddings": False}


def of_torch(name: str, options: dict[str, Any], shapes: Iterable[Shape], dtype: str, module: Any = torch.optim) -> Any:
    """Return a real optimizer after a step, with its parameters."""
    parameters = [torch.nn.Parameter(torch.randn(shape).to(getattr(torch, dtype))) for shape in shapes]
    real = getattr(module, name)(parameters, lr=0.01, **options)
    for parameter in parameters:
        parameter.grad = torch.randn_like(parameter)
    real.step()
    return real, parameters


def kept_by_torch(real: Any, counters: Iterable[str]) -> Kept:
    """Return the bytes of its state, each storage once; what is named among the counters apart."""
    sizes: dict[int, tuple[bool, int]] = {}
    for state in real.state.values():
        for key, value in state.items():
            if isinstance(value, torch.Tensor):
                sizes[value.untyped_storage().data_ptr()] = (key in counters, value.untyped_storage().nbytes())
    return Kept(
        sum(size for is_counter, size in sizes.values() if not is_counter),
        sum(size for is_counter, size in sizes.values() if is_counter),
    )


def of_keras(name: str, options: dict[str, Any], shapes: Iterable[Shape], dtype: str, scaled: bool = False) -> Any:
    """Return a real optimizer, built for variables of these shapes; `scaled` sets one that scales the loss around it.

    It is built before the other is set around it: what it keeps is not listed otherwise.
    """
    import keras

    variables = [keras.Variable(keras.ops.zeros(shape), dtype=dtype, name="kernel") for shape in shapes]
    real = getattr(keras.optimizers, name)(**options)
    real.build(variables)
    if scaled:
        real = keras.optimizers.LossScaleOptimizer(real)
        real.build(variables)
    return real


def kept_by_keras(real: Any) -> Kept:
    """Return the bytes of its variables: of those with axes, and of scalars; steps counted in 4 bytes, as on PyTorch.

    TensorFlow counts them in 8.
    """
    kept = Kept(0, 0)
    for variable in real.variables:
        dtype = str(variable.dtype)
        if dtype == "int64":
            assert variable.path.split("/")[-1] in ("iteration", "step_counter")
        size = prod(variable.shape) * {"bfloat16": 2}.get(dtype, 4)
        kept += Kept(size, 0) if tuple(variable.shape) else Kept(0, size)
    return kept


def _asked(framework: str, of_others: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each optimizer of a table with its defaults, and with each option that decides set to something else."""
    for name, rule in OPTIMIZERS[framework].items():
        if name in NOT_ASKED or name.endswith("8bit") != of_others:
            continue
        yield name, {}
        for option, default in rule.deciding.items():
            yield name, {option: _VALUES.get(option, True if isinstance(default, bool) else 0.5)}


def records() -> Iterator[dict[str, Any]]:
    """Yield what is recorded of each optimizer of PyTorch and Keras."""
    for dtype in _DTYPES:
        for name, options in _asked("torch", of_others=False):
            shapes = _SHAPES[:1] if name == "Muon" else _SHAPES
            counters = [state.name for state in OPTIMIZERS["torch"][name].counters]
            kept = kept_by_torch(of_torch(name, options, shapes, dtype)[0], counters)
            yield _record("torch", name, options, shapes, dtype, kept)
        for name, options in _asked("keras", of_others=False):
            yield _record(
                "keras", name, options, _SHAPES, dtype, kept_by_keras(of_keras(name, options, _SHAPES, dtype))
            )


def of_bitsandbytes() -> Iterator[dict[str, Any]]:
    """Yield what is recorded of bitsandbytes."""
    from bitsandbytes import optim

    for dtype in _DTYPES:
        for name, options in _asked("torch", of_others=True):
            kept = kept_by_torch(of_torch(name, options, _LONG, dtype, optim)[0], ())
            yield _record("torch", name, options, _LONG, dtype, kept)


def _record(
    framework: str, name: str, options: dict[str, Any], shapes: list[Shape], dtype: str, kept: Kept
) -> dict[str, Any]:
    given: Any = {name: options} if options else name
    row = {"framework": framework, "optimizer": given, "shapes": [*map(list, shapes)], "dtype": dtype}
    return row | {"states": kept.states, "counters": kept.counters}


def _is_of_bitsandbytes(record: dict[str, Any]) -> bool:
    given = record["optimizer"]
    return bool((given if isinstance(given, str) else next(iter(given))).endswith("8bit"))


if __name__ == "__main__":
    if find_spec("bitsandbytes"):
        others = [*of_bitsandbytes()]
    else:
        others = [record for record in json.loads(FILE.read_text(encoding="utf-8")) if _is_of_bitsandbytes(record)]
    rows = ",\n".join(map(json.dumps, [*records(), *others]))
    FILE.write_text(f"[\n{rows}\n]\n", encoding="utf-8")
