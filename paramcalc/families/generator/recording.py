"""What happens while a model is constructed, in order: one frame for each module's constructor.

A frame holds conditions with their outcomes, loops with all their copies, and the modules made. An expression is a text
in the language of specs, in which a counter stands as `$site@copy$` until it is known from where it is looked at.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from paramcalc.core.errors import LIMITS

#: What stands in place of an expression that is not known, before the value.
LOST = "?"
#: A spec has no longer expressions.
_LONGEST = LIMITS.expression
_LENGTH = re.compile(r"len\(([\w.]+)(?:\[[-:\d]*\])*\)")
_WORD = re.compile(r"[A-Za-z_]")
_COUNTER = re.compile(r"\$(\w+)@(\d+)\$")
#: What asks only whether a rate is between 0 and 1, and a padding index below the number of rows.
_CHECKING = ("dropout.py", "sparse.py")
#: What the code of several models has in common.
_SHARED = ("pytorch_utils.py", "modeling_rope_utils.py")
_HERE = str(Path(__file__).parent)


@dataclass
class Condition:
    """A condition that the code asked, and the outcome."""

    text: str
    outcome: bool


@dataclass
class Loop:
    """A loop: where it stands, the number of its copies as an expression, and what happened in each."""

    site: str
    extent: str
    copies: list[list[Event]] = field(default_factory=list)


@dataclass
class Made:
    """A module that was made, and the copies of the loops in which it was."""

    module: Any
    parent: Frame
    copies: dict[str, int]
    #: of these, the loops that stand in the frame in which it was made
    sites: frozenset[str] = frozenset()
    frame: Frame | None = None
    key: str = ""
    #: by their numbers, where in the module each module stood when its constructor ended
    held: dict[int, str] = field(default_factory=dict)
    #: its own parameters by their names when its constructor ended
    own: dict[str, Any] = field(default_factory=dict)


#: For each list of texts what may be in it, in the parts that are asked for together.
Choices: TypeAlias = "Mapping[str, Sequence[Sequence[str]]]"
Event: TypeAlias = "Condition | Loop | Made"


class Frame:
    """The run of one module's constructor."""

    def __init__(self, key: str, parent: Frame | None) -> None:
        self.key = key
        self.parent = parent
        self.events: list[Event] = []
        #: where the next event goes: the events of the frame, or of the copy of the innermost loop
        self.into = self.events
        #: the conditions asked already, in each loop around
        self.asked: list[set[str]] = [set()]
        #: the loops around it
        self.around: frozenset[str] = frozenset()


class Recorder:
    """One run: what is being recorded, and what is known of counters."""

    def __init__(self, watched: Callable[[str], bool] | None = None) -> None:
        #: whether what the code of a file asks is recorded; by default it is that of models
        self.watched = watched or is_model_code
        self.root = Frame("", None)
        self.frame = self.root
        self.active: dict[str, int] = {}
        self.ended: dict[str, tuple[int, str]] = {}
        self.made: dict[int, Made] = {}
        #: modules stay alive, so that no two have one number
        self.kept: list[Any] = []
        #: fields that the code read, and those that it asked for and are not there
        self.reads: set[str] = set()
        self.missing: set[str] = set()
        self.choices: Choices = {}
        #: the fields of which sizes were made that have no expression
        self.lost: set[str] = set()
        #: where loops of known numbers of copies are written out: the lists whose lengths are known; else None
        self.lengths: Collection[str] | None = None
        #: of these, the ones whose lengths say how often something was written out
        self.counted: set[str] = set()

    def settled(self, text: str, copies: dict[str, int] | None = None) -> str:
        """Return an expression with its counters as names, as seen from copies of loops; a number where it is past."""
        active = self.active if copies is None else copies

        def name(match: re.Match[str]) -> str:
            site, copy = match[1], int(match[2])
            if site in active:
                return site if copy == active[site] else f"({site} - 1)" if copy == active[site] - 1 else str(copy)
            last, extent = self.ended.get(site, (None, ""))
            return f"({extent} - 1)" if copy == last else str(copy)

        return _COUNTER.sub(name, text)

    def ask(self, text: str, outcome: bool) -> bool:
        """Record a condition, unless the frame has asked it already, and give its outcome."""
        if not logs():
            return outcome
        text = self.settled(text) if len(text) < _LONGEST else f"{LOST}long"
        if not any(text in asked for asked in self.frame.asked):
            self.frame.asked[-1].add(text)
            self.frame.into.append(Condition(text, outcome))
        return outcome

    def copies(self, number: int, extent: str, item: Any, site: str) -> Iterator[Any]:
        """Yield the items of a loop at a site, recording what happens at each."""
        if self.is_written_out(extent):
            self.counted.update(_lists_in(extent))
            yield from (item(copy, str(copy)) for copy in range(number))
            return
        while site in self.active:
            site += "x"
        frame, outer = self.frame, self.frame.into
        loop = Loop(site, self.settled(extent))
        outer.append(loop)
        self.ended.pop(site, None)
        try:
            for copy in range(number):
                frame.into = []
                loop.copies.append(frame.into)
                self.active[site] = copy
                frame.asked.append(set())
                try:
                    yield item(copy, f"${site}@{copy}$")
                finally:
                    frame.asked.pop()
        finally:
            if len(loop.copies) < number:
                loop.extent = f"{LOST}break"
            frame.into = outer
            self.active.pop(site, None)
            self.ended[site] = (number - 1, loop.extent)

    def is_written_out(self, extent: str) -> bool:
        """Whether the copies of a loop are recorded one behind the other: their number is known, or that of a list."""
        if self.lengths is None:
            return False
        rest = re.sub(r"\b(min|max|ceil)\b", "", _LENGTH.sub("1", extent))
        return LOST not in extent and not _WORD.search(rest) and _lists_in(extent) <= {*self.lengths}


def _lists_in(extent: str) -> set[str]:
    """Return the lists whose lengths say how many copies a loop has."""
    return {match[1] for match in _LENGTH.finditer(extent)}


_current: Recorder | None = None


def current() -> Recorder | None:
    """Give the run that is recorded, if one is."""
    return _current


@contextmanager
def recording(recorder: Recorder | None) -> Iterator[None]:
    """Record in a recorder; nothing, where it is None."""
    global _current
    before, _current = _current, recorder
    try:
        yield
    finally:
        _current = before


def caller() -> Any:
    """Return the nearest frame of Python's stack outside this package."""
    found = sys._getframe(1)
    while found.f_back is not None and found.f_code.co_filename.startswith(_HERE):
        found = found.f_back
    return found


def is_model_code(filename: str) -> bool:
    """Whether a file is the code of a model: of one of transformers, or a layer of PyTorch."""
    folder, _, name = filename.rpartition("/")
    if "/transformers/models/" in filename:
        return name.startswith("modeling_")
    return (folder.endswith("/torch/nn/modules") and name not in _CHECKING) or name in _SHARED


def logs() -> bool:
    """Whether the code that asks is recorded."""
    return _current is not None and _current.watched(caller().f_code.co_filename)


def ask(text: str, outcome: bool) -> bool:
    """Record a condition, if a run is recorded and it depends on anything, and give its outcome."""
    if _current is None or not re.search(r"[A-Za-z_]", re.sub(r'"[^"]*"|\d+e', "", text)):
        return outcome
    return _current.ask(text, outcome)


def looped(number: int, extent: str, item: Callable[[int, str], Any]) -> Iterator[Any]:
    """Yield the items of a loop, recorded where the loop stands in the code of a model."""
    recorder = current()
    place = caller()
    if recorder is None or not recorder.watched(place.f_code.co_filename):
        return (item(copy, str(copy)) for copy in range(number))
    name = place.f_code.co_filename.rpartition("/")[2].removesuffix(".py").removeprefix("modeling_")
    return recorder.copies(number, extent, item, f"L_{name}_{place.f_lineno}")
