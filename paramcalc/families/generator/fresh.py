"""Fresh configurations on which what was learnt is tried, with models of them, built without recording anything."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from random import Random
from typing import Any

from paramcalc.families.generator.drawing import SORTS, Drawing, key_of, overridden, thinned
from paramcalc.families.generator.exploring import Explorer
from paramcalc.families.generator.models import Owned, build, made_config, tensors


def drawn_of_each_sort(
    explorer: Explorer, number: int, seed: int, sorts: Iterable[str] = SORTS
) -> Iterator[tuple[str, dict[str, Any], dict[str, Owned]]]:
    """Yield what is drawn of several sorts, each from a seed of its own, with the sort."""
    for place, sort in enumerate(sorts):
        for given, made in drawn(explorer, number, sort, seed + place):
            yield sort, given, made


def drawn(explorer: Explorer, number: int, sort: str, seed: int) -> Iterator[tuple[dict[str, Any], dict[str, Owned]]]:
    """Yield fresh configurations with the tensors of models of them, built without recording anything.

    They are `random`, `hostile`, or `sparse`: files as they are saved, out of which fields were taken.
    """
    rng = Random(seed)
    drawing = Drawing(explorer.fields, explorer.declared, explorer.drawing.modules, rng, ends=explorer.drawing.ends)
    names: Iterable[str] = explorer.relevant()
    found = 0
    for _ in range(6 * number):
        if found == number:
            return
        fields = explorer.stated(drawing.hostile(names) if sort == "hostile" else drawing.random(names))
        if sort != "sparse" and key_of(fields) in explorer.tried:
            continue
        try:
            given = overridden(fields)
            config = made_config(explorer.model_type, given)
            if sort == "sparse":
                given = thinned(json.loads(config.to_json_string(use_diff=False)), rng)
                config = made_config(explorer.model_type, given)
            model = build(explorer.cls, config)
        except Exception:
            continue
        found += 1
        yield given, tensors(model)


def emptied(explorer: Explorer) -> Iterator[tuple[str, dict[str, Any], dict[str, Owned]]]:
    """Yield each whole number that the code reads with a configuration where it is 0, and the tensors of its model."""
    for name in explorer.relevant():
        if type(explorer.fields[name]) is not int:
            continue
        given = overridden(explorer.stated(explorer.drawing.without(name)))
        try:
            model = build(explorer.cls, made_config(explorer.model_type, given))
        except Exception:
            continue
        yield name, given, tensors(model)
