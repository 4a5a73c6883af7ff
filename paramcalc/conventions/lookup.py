"""A convention by its name, and a layer type by the name of a framework's class."""

from __future__ import annotations

from functools import cache

from paramcalc.conventions.table import Convention
from paramcalc.core.registry import built_in_names, convention_module
from paramcalc.spec import FRAMEWORKS, unknown_convention


@cache
def convention(name: str) -> Convention:
    """Return the convention of a framework. Raises `unknown-convention`."""
    if name not in FRAMEWORKS:
        raise unknown_convention(name)
    found: Convention = convention_module(name).CONVENTION
    return found


def kind_of_class(name: object) -> str:
    """Return what to write for a class of a framework, as a hint; nothing, where no framework has such a class."""
    for framework in FRAMEWORKS:
        known = convention(framework)
        if name in known.table.unlisted:
            return known.table.unlisted[str(name)]
        rows = (
            (kind_name, each)
            for kind_name in built_in_names()
            for each in known.equivalents(kind_name)
            if each.class_name == name
        )
        # rather a layer type that the class always is than one that it is at times
        for kind_name, each in sorted(rows, key=lambda row: row[1].when != "true"):
            fields = ", ".join(f"{field}: {value}" for field, value in each.fields.items())
            return f"{each.name} is written {kind_name}" + (f": {{{fields}}}" if fields else "")
    return ""
