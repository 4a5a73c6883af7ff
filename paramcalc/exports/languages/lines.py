"""Lines of source: comments that no text of a spec ends, and statements that are broken where a space is."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable


def block_comment(lines: Iterable[str]) -> list[str]:
    """Set lines as a comment between /* and */, which no text of a spec ends."""
    safe = (line.replace("*/", "* /").replace("/*", "/ *") for line in lines)
    return ["/**", *(f" * {line}".rstrip() for line in safe), " */"]


def wrapped(text: str, indent: str = "", following: str | None = None) -> list[str]:
    """Break source into lines of up to 100 characters where a space is; of `kept` texts, between them."""
    following = indent + "    " if following is None else following
    lines = textwrap.wrap(
        text, 100, initial_indent=indent, subsequent_indent=following, break_long_words=False, break_on_hyphens=False
    )
    return [line.replace(_KEPT, " ") for line in lines]


def kept(texts: Iterable[str]) -> str:
    """Join texts by commas; a line is not broken within one of them."""
    return ", ".join(text.replace(" ", _KEPT) for text in texts)


#: Stands for a space at which a line is not broken.
_KEPT = "\ue000"
