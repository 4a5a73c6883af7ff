"""Numbers as people read them: thousands apart, with prefixes, rounded; all computed from whole numbers."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from paramcalc.core.algebra import Number

_KERAS_UNITS = ("B", "KB", "MB", "GB", "TB", "PB")
_BINARY_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
_PREFIXES = ("", "K", "M", "B", "T")


def thousands(value: Number) -> str:
    """Write a whole number with its thousands apart."""
    return f"{value:,}" if type(value) is int else str(value)


def summed(values: Iterable[Number | None]) -> Number | None:
    """Return a sum; None where a part is not known."""
    total: Number = 0
    for each in values:
        if each is None:
            return None
        total = total + each
    return total


def decimal(value: Fraction, decimals: int = 1, fixed: bool = False) -> str:
    """Write an exact number rounded to a number of decimals; a whole one without any, unless they are `fixed`."""
    if value.denominator == 1 and not fixed:
        return thousands(int(value))
    scaled = round(abs(value) * 10**decimals)
    whole, rest = divmod(scaled, 10**decimals)
    sign = "-" if value < 0 and scaled else ""
    return f"{sign}{whole:,}.{rest:0{decimals}}" if decimals else f"{sign}{whole:,}"


def percent(share: Fraction | None) -> str:
    """Write a share with one decimal."""
    return "–" if share is None else f"{decimal(100 * share, 1, fixed=True)} %"


def keras_bytes(size: Number) -> str:
    """Write a number of bytes as Keras prints it: 1,024 of one unit are one of the next, called KB, MB and so on."""
    if type(size) is not int:
        return str(size)
    power = _power(size, 1024, len(_KERAS_UNITS))
    return f"{decimal(Fraction(size, 1024**power), 2, fixed=True)} {_KERAS_UNITS[power]}".replace(",", "")


def binary_bytes(size: int) -> str:
    """Write a number of bytes in the units of 1,024 that are called so (GiB), with three digits that count."""
    return _with_unit(size, 1024, _BINARY_UNITS)


def prefixed(number: int) -> str:
    """Write a number with a decimal prefix, as people say it: 6.74 B for 6.74·10^9, with three digits that count.

    One of up to four digits is written whole.
    """
    return thousands(number) if number < 10_000 else _with_unit(number, 1000, _PREFIXES)


def _with_unit(number: int, base: int, units: tuple[str, ...]) -> str:
    power = _power(number, base, len(units))
    value = Fraction(number, base**power)
    if power and round(value) >= base and power < len(units) - 1:
        # 999.9 MiB would be rounded to 1,000 of them
        power, value = power + 1, value / base
    decimals = 0 if not power or value >= 100 else 1 if value >= 10 else 2
    return f"{decimal(value, decimals, fixed=True)} {units[power]}".rstrip()


def _power(number: int, base: int, powers: int) -> int:
    """Return the largest power of the base, of so many, that a number reaches."""
    return next((power for power in range(powers - 1, 0, -1) if number >= base**power), 0)
