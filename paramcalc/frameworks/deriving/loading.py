"""A constructor by its name: `my_package.models:GPT`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from paramcalc.core.errors import quoted, refuse
from paramcalc.frameworks.deriving.running import FAILURES, raised


def constructor_of(name: str) -> Callable[..., Any]:
    """Import what a name leads to, from the folder of the call as well.

    Raises `invalid-value` for what is no such name, and `not-derivable` where the module cannot be imported.
    """
    module, colon, attributes = name.partition(":")
    if not colon or not module or not attributes:
        raise refuse("invalid-value", f"{quoted(name)} names no constructor", "as in my_package.models:GPT")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        found: Any = import_module(module)
    except FAILURES as error:
        raise raised(error, f"importing {module}") from error
    for attribute in attributes.split("."):
        if not hasattr(found, attribute):
            raise refuse("invalid-value", f"{module} has no {quoted(attributes)}")
        found = getattr(found, attribute)
    if not callable(found):
        raise refuse("invalid-value", f"{quoted(name)} is no class or function")
    constructor: Callable[..., Any] = found
    return constructor
