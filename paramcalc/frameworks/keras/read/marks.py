"""The marks that an archive has at what stands in it several times.

`model.save()` gives an object one number at its second place and all that follow. At the first it stands only
sometimes, since most of the configuration is copied before the second is met.

Source: keras.saving.serialization_lib, `record_object_after_serialization`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from paramcalc.frameworks.keras.read.description import (
    MARK,
    Description,
    is_description,
    is_model,
    layers_within,
    mark_of,
)

#: What says nothing of a layer: how it is called, and where it stands.
_PLACE = (MARK, "name", "inbound_nodes", "build_config", "compile_config")


def mark_first_places(model: dict[str, Any]) -> None:
    """Mark the first place of each layer as well: before its marks, the last with the same name and configuration."""
    unmarked: dict[tuple[Any, ...], list[dict[str, Any]]] = defaultdict(list)
    seen: set[Any] = set()
    for layer in _layers(model):
        key = layer["class_name"], str(layer["config"].get("name"))
        mark = mark_of(layer)
        if mark is None:
            unmarked[key].append(layer)
        elif mark not in seen:
            seen.add(mark)
            alike = [each for each in unmarked[key] if without_marks(each) == without_marks(layer)]
            for each in alike[-1:]:
                each[MARK] = mark
                unmarked[key] = [other for other in unmarked[key] if other is not each]


def _layers(entry: Description) -> Iterator[dict[str, Any]]:
    """Yield the layers of a description in the order in which they are written: a model, and what is in it."""
    waiting: list[Any] = [entry]
    while waiting:
        layer = waiting.pop()
        yield layer
        config = layer["config"]
        inner = config["layers"] if is_model(layer) else [each for _, _, each in layers_within(config)]
        waiting += [each for each in reversed(inner) if is_description(each)]


def without_marks(value: Any) -> Any:
    """Return data without marks, and of layers without what says where they stand."""
    if isinstance(value, Mapping):
        left_out = _PLACE if "config" in value else (MARK,)
        return {key: without_marks(each) for key, each in value.items() if key not in left_out}
    return [without_marks(each) for each in value] if isinstance(value, list) else value
