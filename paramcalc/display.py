"""Results that show themselves in a notebook."""

from __future__ import annotations

from typing import Any


class Displayed:
    """The base of every result that a notebook may show; what it shows stands in `exports/notebook.py`."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        return self._repr_mimebundle_()["text/html"]

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        from paramcalc.exports.notebook import shown

        return shown(self)
