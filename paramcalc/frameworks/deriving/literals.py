"""The numbers that stand in someone's code: doubles, by which a size may be scaled, and whole numbers."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from paramcalc.frameworks.deriving.tracing import FOREIGN

#: How many are taken.
_MOST = 12


def doubles_in(constructor: Any, arguments: Any) -> tuple[float, ...]:
    """Return the doubles in the code around a constructor, and among its arguments."""
    found = dict.fromkeys(_within(arguments, 0))
    module = getattr(inspect.unwrap(constructor), "__module__", None)
    for code in _codes(constructor, module):
        found |= dict.fromkeys(_constants(code))
    return tuple(each for each in found if 0.01 <= each <= 100 and not each.is_integer())[:_MOST]


def _within(value: Any, depth: int) -> Iterator[float]:
    if isinstance(value, float):
        yield value
    elif depth < 4:
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
        if not isinstance(value, type) and hasattr(value, "__dict__"):
            inner = vars(value).values()
        for each in inner:
            yield from _within(each, depth + 1)


def _codes(constructor: Any, module: str | None) -> Iterator[CodeType]:
    """Yield the code of a constructor, and of what stands beside it in its module."""
    functions = [constructor, *(vars(constructor).values() if isinstance(constructor, type) else ())]
    around: dict[str, Any] = next((each.__globals__ for each in functions if hasattr(each, "__globals__")), {})
    beside = [each for each in around.values() if getattr(each, "__module__", None) == module]
    for each in (constructor, *beside):
        members = [each, *(vars(each).values() if isinstance(each, type) else ())]
        yield from (member.__code__ for member in members if hasattr(member, "__code__"))


def _constants(code: CodeType) -> Iterator[float]:
    for each in code.co_consts:
        if isinstance(each, float):
            yield each
        elif isinstance(each, CodeType):
            yield from _constants(each)


# --- whole numbers ---------------------------------------------------------------------

#: What takes a plain number out of one that remembers, unseen: what is written beside it may be its number too.
_ESCAPES = frozenset(
    (
        "isqrt",
        "sqrt",
        "cbrt",
        "gcd",
        "lcm",
        "comb",
        "hypot",
        "log",
        "log2",
        "log10",
        "exp",
        "bit_length",
        "float",
        "str",
    )
) | {"numpy", "np"}


@dataclass
class Written:
    """The whole numbers that stand in the code that is run."""

    codes: dict[CodeType, Mapping[str, Any]] = field(default_factory=dict)

    @contextmanager
    def noting(self) -> Iterator[None]:
        """Note what is run."""
        before = sys.getprofile()
        sys.setprofile(self._called)
        try:
            yield
        finally:
            sys.setprofile(None)
            if before is not None:
                # a profiler written in C is no function, and starts again by itself
                getattr(before, "enable", lambda: sys.setprofile(before))()

    def _called(self, frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and not _is_foreign(frame.f_code.co_filename):
            self.codes.setdefault(frame.f_code, frame.f_globals)

    def numbers(self) -> frozenset[int]:
        """Return the numbers of code in which nothing takes the plain number of an argument."""
        found: set[int] = set()
        for code, names in self.codes.items():
            if not _ESCAPES & {*code.co_names}:
                found |= {*integers([code.co_consts, [names.get(name) for name in code.co_names]])}
                found |= {*integers(_defaults(code, names))}
        return frozenset(found)


#: Where Python's own modules stand.
_LIBRARY = str(Path(inspect.__file__).parent)


@cache
def _is_foreign(filename: str) -> bool:
    """Whether a file is of Python, a framework, or this package, whose numbers nobody wrote for a model."""
    is_library = filename.startswith((_LIBRARY, "<frozen")) and "site-packages" not in filename
    return is_library or any(part in filename for part in FOREIGN[:3])


def _defaults(code: CodeType, names: Mapping[str, Any]) -> Any:
    """Return the values that parameters of a function have if they are not given."""
    function: Any = None
    for name in code.co_qualname.split("."):
        function = names.get(name) if function is None else getattr(function, name, None)
    return [getattr(function, "__defaults__", None), getattr(function, "__kwdefaults__", None)]


def integers(value: Any, depth: int = 0) -> Iterator[int]:
    """Yield the whole numbers in tuples, lists and mappings."""
    if type(value) is int:
        yield value
    elif depth < 6 and type(value) in (tuple, list, dict):
        for each in value.values() if isinstance(value, dict) else value:
            yield from integers(each, depth + 1)
