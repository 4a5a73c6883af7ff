"""The one door through which results print themselves.

What a result looks like is known to `exports`, which stands above results. `to`, `str` and notebooks lead there
through this module alone, and only when something is printed.
"""

from __future__ import annotations

from typing import Any


def printed(result: Any, target: str, **options: Any) -> str:
    """A result as text in a notation or a language. Raises `unknown-target`, and what that one cannot express."""
    from paramcalc.exports import printing

    return printing.printed(result, target, **options)


def workbook(form: Any) -> bytes:
    """A closed form as a workbook. Raises `not-expressible`, and `missing-package` without XlsxWriter."""
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
