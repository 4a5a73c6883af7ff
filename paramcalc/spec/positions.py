"""Where the values of a document stand in its text, found by a second pass when there is an error to report."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path as FilePath

from paramcalc.core.errors import ParamcalcError, Path, Position
from paramcalc.spec.parsing import Positions, build


class TextSource:
    """A text that a spec was read from: finds positions when asked."""

    #: a text alone includes nothing
    included: tuple[str, ...] = ()

    def __init__(self, name: str, text: str, folder: FilePath | None = None) -> None:
        self.name = name
        self.text = text
        #: the folder that the file stands in; a text that is no file has none
        self.folder = folder
        self._lines: list[str] | None = None
        self._positions: Positions | None = None
        self._expected: set[Path] = set()

    def expect(self, paths: Iterable[Path]) -> None:
        """Have the values at these paths, and those around them, found in one pass."""
        wanted = {path[:length] for path in paths for length in range(len(path) + 1)}
        if not wanted <= self._expected:
            self._expected |= wanted
            self._positions = None

    def line(self, number: int) -> str:
        """Return the text of a line, counted from 1."""
        if self._lines is None:
            self._lines = re.split("\r\n|[\n\r\x85\u2028\u2029]", self.text)
        return self._lines[number - 1] if number <= len(self._lines) else ""

    def locate(self, path: Path, at_key: bool) -> Position | None:
        """Return where the value at a path stands, or its key; else the nearest place around it."""
        self.expect([path])
        if self._positions is None:
            self._positions = Positions(self._expected)
            # what is found before the document breaks off will do
            with suppress(ParamcalcError):
                build(self.text, self._positions)
        for length in range(len(path), -1, -1):
            found = self._positions.places.get(path[:length])
            if found is not None:
                key, value = found
                # of a mapping that lacks a key, its own key says more than its first brace
                inside = length < len(path) and isinstance(path[length], str)
                return key if inside or (at_key and length == len(path)) else value
        return None
