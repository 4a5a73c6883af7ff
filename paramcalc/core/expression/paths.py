"""Paths of nodes, in which expressions in brackets say the copies: `down[depth - 1].conv`."""

from __future__ import annotations

import re
from typing import Any

from paramcalc.core.algebra import Undecided, constant, is_symbol
from paramcalc.core.errors import ParamcalcError, quoted, refuse

#: A name, or a number: a copy, a child of that name, or an output.
_SEGMENT = re.compile(r"[^\W\d][\w-]*|0|[1-9]\d*")


def split_path(text: str) -> list[str]:
    """Return the texts of a path outside of brackets, and between them the expressions inside. Raises `wrong-type`."""
    pieces, start, depth = [], 0, 0
    for place, char in enumerate(text):
        depth += (char == "[") - (char == "]")
        if (char == "[" and depth == 1) or (char == "]" and depth == 0):
            pieces.append(text[start:place])
            start = place + 1
        if depth < 0:
            raise no_path(text)
    pieces.append(text[start:])
    plain = ".0".join(pieces[::2])
    if depth or not all(map(_SEGMENT.fullmatch, plain.split("."))):
        raise no_path(text)
    return pieces


def copy_of(number: Any, path: str) -> str:
    """Return the segment of a path that says a copy by its number.

    Raises `no-such-copy`, `wrong-type`, and `Undecided` for a symbol.
    """
    number = constant(number)
    if is_symbol(number):
        undecided = Undecided(number)
        undecided.expression = path
        raise undecided
    if type(number) is not int:
        raise refuse("wrong-type", f"the number of a copy is a whole number, not {quoted(number)}: {quoted(path)}")
    if number < 0:
        named = f"{path.partition('[')[0]}.{number}"
        raise refuse("no-such-copy", f"{quoted(path)} names {quoted(named)}, and copies are numbered from 0")
    return f".{number}"


def no_path(value: Any) -> ParamcalcError:
    """Return the refusal of what is no path of a node."""
    message = f'takes the name of a node, or a path as in body.3.mlp or "body[n - 1].mlp", not {quoted(value)}'
    return refuse("wrong-type", message)
