"""FreeNames that a spec takes, made of those that a model has."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterable
from itertools import count

#: The longest name that is made; what keeps it apart from others may stand behind that.
_LONGEST = 150


def legal_name(wanted: str, stem: str = "layer") -> str:
    """Return a name as a spec may write it; what begins with no letter follows a `stem`: layer 0 is `layer_0`."""
    name = re.sub(r"[^\w-]+", "_", wanted)[:_LONGEST]
    return name if re.match(r"[^\W\d]", name) else f"{stem}_{name}" if name else stem


def free_name(name: str, taken: Container[str], number: int = 0) -> str:
    """Return the name, with a number behind it, from `number` on, where it is taken; no number stands for 0."""
    numbered = (f"{name}_{each}" if each else name for each in count(number))
    return next(each for each in numbered if each not in taken)


class FreeNames:
    """The names of a group, of which no two are the same."""

    def __init__(self, taken: Iterable[str] = ("input",), stem: str = "layer") -> None:
        self.taken = {*taken}
        self.stem = stem
        #: the number that a name ends with which was given last, by what it begins with
        self._numbers: Counter[str] = Counter()

    def new(self, wanted: str, number: int = 0) -> str:
        """Return a name that a spec may write and nothing else has, like the one that is wanted."""
        name = legal_name(wanted, self.stem)
        found = free_name(name, self.taken, max(number, self._numbers[name]))
        self._numbers[name] = int(found.removeprefix(name).lstrip("_") or 0)
        self.taken.add(found)
        return found

    def discard(self, name: str) -> None:
        """Let a name be given again."""
        self.taken.discard(name)
