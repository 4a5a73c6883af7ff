"""A model that goes over each step of a sequence, `TimeDistributed(model)`: each of its layers goes over the steps."""

from __future__ import annotations

from typing import Any

from paramcalc.frameworks.keras.read.description import Description, StatedShape, is_description, is_model
from paramcalc.frameworks.keras.read.layers import is_of_type, read_layer

#: The layer type whose class has a layer for each step, and the argument that is this layer.
_OVER_STEPS, _ARGUMENT = "TimeDistributed", "layer"


def model_over_steps(entry: Description) -> Description | None:
    """Return the model that a layer takes over the steps; None where that is a layer, or the layer another."""
    inner = entry["config"].get(_ARGUMENT)
    if is_description(inner) and is_model(inner) and is_of_type(entry, _OVER_STEPS):
        return dict(inner)
    return None


def layer_over_steps(entry: Description, given: StatedShape | None, axes: int) -> Description:
    """Return a layer as it is over steps along `axes` further axes: within another, or by itself if it joins inputs."""
    if read_layer(entry, given).layer.merges:
        axis = entry["config"].get("axis")
        moved = {"axis": axis + axes} if isinstance(axis, int) and axis > 0 else {}
        return {**entry, "config": {**entry["config"], **moved}, "build_config": {}}
    for _ in range(axes):
        config: dict[str, Any] = {key: entry["config"].get(key) for key in ("name", "dtype")}
        entry = {
            "module": "keras.layers",
            "class_name": _OVER_STEPS,
            "config": {**config, _ARGUMENT: entry},
            "name": entry.get("name") or config["name"],
        }
    return entry


def with_steps(shape: StatedShape, steps: StatedShape) -> StatedShape:
    """Return the shape that one of a step has over all steps."""
    return (*shape[:1], *steps, *shape[1:])
