"""The one door through which results print themselves.

What a result looks like is known to `exports`, which stands above results. `to`, `plain`, `str` and notebooks lead
there through this module alone, and only when something is printed.
"""

from __future__ import annotations

from typing import Any


def printed(result: Any, target: str, **options: Any) -> str:
    """Print a result as text in a notation or a language. Raises `unknown-target`, and what that one cannot express."""
    from paramcalc.exports import printing

    return printing.printed(result, target, **options)


def plain(count: Any) -> dict[str, Any]:
    """Return a count as JSON has it."""
    from paramcalc.exports import plain

    return plain.plain(count)


def derived(derivation: Any) -> dict[str, Any]:
    """Return a derivation as JSON has it."""
    from paramcalc.exports import printing

    return printing.derived(derivation)


def notes(count: Any) -> tuple[str, ...]:
    """Say what a convention cannot express of what was counted."""
    from paramcalc.exports import plain

    return plain.notes(count)


def workbook(form: Any) -> bytes:
    """Write a closed form as a workbook. Raises `not-expressible`, and `missing-package` without XlsxWriter."""
    from paramcalc.exports import workbook

    return workbook.workbook(form)


class Displayed:
    """The base of every result that a notebook may show."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        return self._repr_mimebundle_()["text/html"]

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        from paramcalc.exports import notebook

        return notebook.shown(self)
