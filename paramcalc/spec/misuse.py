"""Calls from Python that do not fit: refused as everything else is, with the way out."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import fields
from functools import wraps
from typing import Any, TypeVar

from paramcalc.core.errors import ParamcalcError, listed, quoted, refuse, suggest

#: A class of the document.
Document = TypeVar("Document")


def refusing_misuse(example: str) -> Callable[[type[Document]], type[Document]]:
    """Make a dataclass refuse what is no field of it, and what is not given by name; `example` is a call that fits."""

    def decorated(cls: type[Document]) -> type[Document]:
        made: Any = cls.__init__
        signature = inspect.signature(made)

        @wraps(made)
        def init(self: Any, *unnamed: Any, **named: Any) -> None:
            try:
                made(self, *unnamed, **named)
            except TypeError:
                # only where it is the call that does not fit; nothing is looked at while calls do
                try:
                    signature.bind(self, *unnamed, **named)
                except TypeError:
                    raise _misuse(cls, example, unnamed, named) from None
                raise

        cls.__init__ = init  # type: ignore[method-assign]
        return cls

    return decorated


def _misuse(cls: Any, example: str, unnamed: tuple[Any, ...], named: dict[str, Any]) -> ParamcalcError:
    known = [item.name for item in fields(cls)]
    for name in named:
        if name not in known:
            hint = suggest(name, known) or listed("its fields", known)
            return refuse("unknown-key", f"{cls.__name__} has no field {quoted(name)}", hint)
    if unnamed:
        return refuse("wrong-type", f"the fields of {cls.__name__} are given by name", f"as in {example}")
    return refuse("missing-key", f"{cls.__name__} needs {quoted(known[0])}", f"as in {example}")
