"""What JSON Schemas are made with: closed objects, and definitions of what they would repeat."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

#: What a property says of itself, beside what it takes.
_OWN = ("description", "default")
#: A schema that is shorter is not worth a definition, nor one that stands there so seldom.
_SHORT = 60
_SELDOM = 2


def closed(required: Mapping[str, Any], optional: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Describe an object that has these keys, maybe the optional ones, and no others."""
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": [*required],
        "additionalProperties": False,
    }


def with_definitions(
    schema: dict[str, Any], named: Mapping[str, dict[str, Any]], words: Callable[[dict[str, Any]], str]
) -> dict[str, Any]:
    """Return a schema in which the named parts, and what properties of definitions often take, are definitions.

    The latter are named by the words for what they take.
    """
    takes = Counter(repr(_without_own(each)) for each in _properties(schema))
    definitions = dict(named)
    found = {repr(each): name for name, each in named.items()}
    for each in map(_without_own, _properties(schema)):
        text = repr(each)
        if takes[text] > _SELDOM and len(text) > _SHORT and text not in found:
            found[text] = _free_name(re.sub(r"\W+", "_", words(each)).strip("_"), definitions)
            definitions[found[text]] = each

    def inside(part: dict[str, Any]) -> dict[str, Any]:
        return {key: shared(value) for key, value in part.items()}

    def shared(part: Any) -> Any:
        if isinstance(part, list):
            return [shared(each) for each in part]
        if not isinstance(part, dict):
            return part
        for without in ((), _OWN):
            name = found.get(repr({key: value for key, value in part.items() if key not in without}))
            if name is not None:
                return {"$ref": f"#/$defs/{name}", **{key: part[key] for key in without if key in part}}
        return inside(part)

    whole = inside(schema)
    return {**whole, "$defs": {**whole["$defs"], **{name: inside(each) for name, each in definitions.items()}}}


def _properties(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for definition in schema["$defs"].values():
        yield from definition.get("properties", {}).values()


def _without_own(part: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in part.items() if key not in _OWN}


def _free_name(name: str, taken: Mapping[str, Any]) -> str:
    number, free = 1, name
    while free in taken:
        number, free = number + 1, f"{name}_{number + 1}"
    return free
