"""Numbers as people write them: 125M, 7B, 1.5e9, 16GiB; all exact."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from paramcalc.core.errors import LIMITS, quoted, refuse

_PREFIXES = {"": 1, "K": 10**3, "M": 10**6, "B": 10**9, "T": 10**12}
_BYTES = {
    "": 1, "B": 1,
    "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12,
    "KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40,
}  # fmt: skip
_AMOUNT = re.compile(r"(\d[\d_]*(?:\.\d+)?|\d{1,3}(?:,\d{3})+)(?:[eE]\+?(\d{1,2}))? ?([A-Za-z]*)")
_SHARE = re.compile(r"(\d+(?:\.\d+)?)(?:[eE]([+-]?\d{1,2}))? ?(%?)")


def amount(written: str) -> int:
    """Read a whole number: 13B, 125M, 1.5e9, 10_000_000. 7B is exactly 7·10^9. Raises `invalid-value`."""
    return _amount(written, _PREFIXES, "10000, 10_000_000, 125M, 13B or 1.5e9")


def bytes_amount(written: str) -> int:
    """Read a number of bytes: 16GiB, 500MB, 1e9. 1 GiB is 2^30 bytes, and 1 GB is 10^9. Raises `invalid-value`."""
    return _amount(written, _BYTES, "16GiB, 500MB or 1e9")


def _amount(written: str, units: Mapping[str, int], examples: str) -> int:
    parts = _AMOUNT.fullmatch(written.strip())
    if parts is None or parts[3].upper() not in units or len(written) > LIMITS.digits:
        raise refuse("invalid-value", f"{quoted(written)} is no number such as {examples}")
    digits = parts[1].replace("_", "").replace(",", "")
    number = Fraction(digits) * 10 ** int(parts[2] or 0) * units[parts[3].upper()]
    if number.denominator != 1:
        raise refuse("invalid-value", f"{quoted(written)} is not a whole number")
    return int(number)


def whole(given: Any, of_bytes: bool = False) -> int:
    """Read a whole number that may be written as a text, or as a double such as 7e9.

    Raises `invalid-value`, `wrong-type`.
    """
    if isinstance(given, str):
        return (bytes_amount if of_bytes else amount)(given)
    if isinstance(given, bool) or not hasattr(given, "__index__"):
        if type(given) is float and given.is_integer():
            return int(given)
        raise refuse("wrong-type", f"{quoted(given)} is no whole number", 'as in 7_000_000_000, 7e9 or "7B"')
    return int(given.__index__())


def share(given: Any) -> Fraction:
    """Read a share: 0.001 or "0.1%". A double is what it is written as. Raises `invalid-value`."""
    parts = _SHARE.fullmatch(str(given).strip()) if isinstance(given, (str, int, float)) else None
    if isinstance(given, bool) or (parts is None and not isinstance(given, Fraction)):
        raise refuse("invalid-value", f"{quoted(given)} is no share such as 0.001 or 0.1%")
    if parts is None:
        return Fraction(given)
    return Fraction(parts[1]) * Fraction(10) ** int(parts[2] or 0) / (100 if parts[3] else 1)
