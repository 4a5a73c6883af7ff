"""Names that Python takes, for variables, functions and classes of a source."""

from __future__ import annotations

import builtins
import keyword
import re


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
    """Return the name, with a number behind it where it is taken, is a keyword, or is built in."""
    found, number = name, 1
    while found in taken or keyword.iskeyword(found) or hasattr(builtins, found):
        number += 1
        found = f"{name}_{number}" if name.islower() else f"{name}{number}"
    return found
