"""Lists and tuples that remember how they were worked out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import chain
from typing import Any

from paramcalc.families.generator.recording import LOST, ask, current, is_model_code, looped
from paramcalc.families.generator.remembering import KINDS, Remembering, expression, plain, remembering, renamed
from paramcalc.families.generator.scalars import Whole, lost, whole


class Sequence(Remembering):
    """What lists and tuples have in common."""

    base: type[Any] = list

    def plain(self) -> Any:
        """Return the items without what they, and it, remember."""
        return self.base(map(plain, self.items()))

    @property
    def extent(self) -> str:
        """How many items there are, as an expression."""
        return f"len({self.expression})"

    def item_at(self, place: str) -> str:
        """Return the expression of the item at a place."""
        return f"{self.expression}[{place}]"

    def items(self) -> Iterator[Any]:
        """Yield the items without recording a loop."""
        found: Iterator[Any] = self.base.__iter__(self)
        return found

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            bounds = [key.start, key.stop]
            if key.step == -1 and bounds == [None, None]:
                return Backwards(self)
            found = self.base.__getitem__(self, slice(*(plain(each) for each in (*bounds, key.step))))
            text = ":".join("" if each is None else expression(each) for each in bounds)
            return remembering(self.base(found), f"{self.expression}[{text}]" if key.step is None else LOST)
        return renamed(self.base.__getitem__(self, plain(key)), self.item_at(expression(key)))

    def __iter__(self) -> Iterator[Any]:
        return looped(
            len(self.base(self.items())),
            self.extent,
            lambda copy, counter: renamed(self.base.__getitem__(self, copy), self.item_at(counter)),
        )

    def __bool__(self) -> bool:
        return ask(f"({self.extent} != 0)", self.base.__len__(self) != 0)

    def __contains__(self, item: Any) -> bool:
        found = any(plain(item) == plain(each) for each in self.items())
        return ask(f"({expression(item)} in {self.expression})", found)

    def __add__(self, other: Any) -> Any:
        return remembering(
            self.base(chain(self.items(), items_of(other))), f"({self.expression} + {expression(other)})"
        )

    def __radd__(self, other: Any) -> Any:
        return remembering(
            self.base(chain(items_of(other), self.items())), f"({expression(other)} + {self.expression})"
        )

    def __eq__(self, other: Any) -> bool:
        if not isinstance(other, (list, tuple)):
            return False
        same = [*map(plain, self.items())] == [*map(plain, items_of(other))]
        return ask(f"({self.expression} == {expression(other)})", same)

    def __ne__(self, other: Any) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return id(self)

    def index(self, item: Any, *rest: Any) -> Any:
        """Return where an item first stands."""
        found = [*map(plain, self.items())].index(plain(item))
        return whole(found, f"position({expression(item)}, {self.expression})")

    def count(self, item: Any) -> Any:
        """Count an item: the language has no word for it."""
        return lost(sum(plain(item) == plain(each) for each in self.items()))


class List(Sequence, list[Any]):  # type: ignore[misc]
    """A list."""

    base = list


class Backwards(List):
    """The items of a list in the other order, each remembering where it stands in the list."""

    def __init__(self, of: Sequence) -> None:
        super().__init__(renamed(each, of.item_at(str(place))) for place, each in reversed([*enumerate(of.items())]))
        self.of, self.expression = of, f"{LOST}backwards({of.expression})"

    @property
    def extent(self) -> str:
        """How many items there are, as an expression."""
        return self.of.extent

    def item_at(self, place: str) -> str:
        """Return the expression of the item at a place."""
        return self.of.item_at(f"-1 - {place}")


def _changing(change: Callable[..., Any]) -> Callable[..., Any]:
    """Return a method that changes a list, which is then no longer what it was."""

    def method(self: Any, *given: Any) -> Any:
        self.expression = LOST
        return change(self, *given)

    return method


for _name in (
    "__setitem__",
    "__delitem__",
    "__iadd__",
    "append",
    "extend",
    "insert",
    "pop",
    "remove",
    "reverse",
    "sort",
):
    setattr(List, _name, _changing(getattr(list, _name)))


class Tuple(Sequence, tuple[Any, ...]):
    """A tuple."""

    base = tuple


def items_of(value: Any) -> Iterable[Any]:
    """Return the items of a list without recording a loop."""
    return value.items() if isinstance(value, Sequence) else value


def _named(cls: type[Any], value: Any, text: str) -> Any:
    found = cls(remembering(plain(each), f"{text}[{place}]") for place, each in enumerate(items_of(value)))
    found.expression = text
    return found


KINDS.update({list: partial(_named, List), tuple: partial(_named, Tuple)})


def _repeated(items: Any, number: Whole) -> Any:
    """Return a list repeated; what the code of models does with it is asked of its items, as of those of any list."""
    found = type(items)(items) * plain(number)
    recorder = current()
    if recorder is None or recorder.watched is is_model_code:
        return found
    made = List(found)
    made.expression = f"({expression(items)} * {expression(number)})"
    return made


def _or_repeated(multiply: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def method(self: Any, other: Any) -> Any:
        return _repeated(other, self) if isinstance(other, (list, tuple)) else multiply(self, other)

    return method


for _name in ("__mul__", "__rmul__"):
    # Python asks the number, and not the list
    setattr(Whole, _name, _or_repeated(getattr(Whole, _name)))
