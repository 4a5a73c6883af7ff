"""The values of texts without quotes, as YAML 1.2 has them, and those that readers of YAML take differently."""

from __future__ import annotations

import re
from typing import Any

from paramcalc.core.errors import LIMITS, quoted, refuse

#: What is said where YAML takes an expression apart.
QUOTE_HINT = "an expression with a comma, brackets, braces or ': ' needs quotes there"

_DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9]*)\Z")
_FRACTION = re.compile(r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+)\Z")
_AMBIGUOUS = {
    re.compile(r"(?i:yes|no|on|off)\Z"): "true, false or text to different readers of YAML: write true or false",
    re.compile(r"[-+]?0[0-9_]+\Z"): "octal to YAML: write it without the leading zero",
    re.compile(r"[-+]?0[xXbBoO][0-9a-fA-F_]+\Z"): "hexadecimal, octal or binary: write it as a decimal number",
    re.compile(r"[-+]?[0-9][0-9]*_[0-9_]*\Z"): "written with _: write the digits alone",
    re.compile(r"[-+]?[0-9]+(:[0-5]?[0-9])+\Z"): "a number to base 60 to YAML: write it in quotes, or as a decimal",
}
_WORDS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_EMPTY = {"", "~", "null", "Null", "NULL"}


def scalar(text: str, flow: bool) -> Any:
    """Return the value of a text without quotes; `flow` says whether it stands inside braces or brackets.

    Raises `limit`, `ambiguous-scalar`, `unquoted-expression`.
    """
    number = _number(text)
    if number is not None:
        return number
    if text in _EMPTY:
        return None
    if text in _WORDS:
        return _WORDS[text]
    if len(text) < 40:
        _refuse_ambiguous(text)
    if flow and any(text.count(left) != text.count(right) for left, right in ("()", "[]", "{}")):
        message = f"{quoted(text)} is a part of an expression that YAML has taken apart at a comma"
        raise refuse("unquoted-expression", message, QUOTE_HINT)
    return text


def _number(text: str) -> int | float | None:
    """Return the number that a text is; None where it is none."""
    first = text[:1]
    if not (first.isdigit() or (first in "+-." and len(text) > 1)):
        return None
    if _DECIMAL.match(text):
        if len(text.lstrip("+-")) > LIMITS.digits:
            raise refuse("limit", f"a number has more than {LIMITS.digits} digits")
        return int(text)
    return float(text) if _FRACTION.match(text) and len(text) < 40 else None


def _refuse_ambiguous(text: str) -> None:
    for pattern, meaning in _AMBIGUOUS.items():
        if pattern.match(text):
            what, _, instead = meaning.partition(": ")
            raise refuse("ambiguous-scalar", f"{quoted(text)} is {what}", instead)
