"""Names that Python takes, for variables, functions and classes of a source."""

from __future__ import annotations

import builtins
import keyword
import re
import sys


def identifier(name: str) -> str:
    """Return the nearest name that Python takes."""
    name = re.sub(r"\W", "_", name, flags=re.ASCII)
    return f"_{name}" if not name or name[0].isdigit() else name


def snake(name: str) -> str:
    """Return a name for a variable or a function."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", identifier(name)).lower()


def camel(name: str) -> str:
    """Return a name for a class."""
    found = "".join(part[:1].upper() + part[1:] for part in re.split(r"[^A-Za-z0-9]+", name) if part)
    return found if found[:1].isalpha() else f"Network{found}"


def unique(name: str, taken: set[str]) -> str:
    """Return the name, with a number behind it where it is taken, is a keyword, is built in, or is a module's."""
    found, number = name, 1
    while found in taken or keyword.iskeyword(found) or hasattr(builtins, found) or found in sys.stdlib_module_names:
        number += 1
        found = f"{name}_{number}" if name.islower() else f"{name}{number}"
    return found
