"""The expression language of spec files: sizes and conditions, in the names of a spec.

An expression is parsed once into a tree of allowed operations and evaluated over numbers,
arrays and symbols alike. Python parses the text, and never runs it.
"""

from __future__ import annotations

import keyword
import unicodedata
from collections.abc import Iterable
from typing import Any

from paramcalc.core.algebra import Undecided
from paramcalc.core.errors import ParamcalcError, quoted, refuse
from paramcalc.core.expression.compiling import conjuncts, parse, unknown_dim
from paramcalc.core.expression.environment import ABSENT, Absent, Budget, Environment, axes_hint, axes_text, bounded
from paramcalc.core.expression.operations import FUNCTIONS

__all__ = [
    "ABSENT",
    "FUNCTIONS",
    "RESERVED",
    "Absent",
    "Budget",
    "Environment",
    "Expression",
    "axes_hint",
    "axes_text",
    "bounded",
    "check_name",
    "conjuncts",
    "folded_name",
    "mentions_text",
    "unknown_dim",
]

#: Words that cannot name a dim, an argument, a counter or a node.
RESERVED = frozenset([*FUNCTIONS, "true", "false", "none", "in", "input"])


def mentions_text(expression: str, text: str) -> bool:
    """Return whether an expression mentions a text in quotes."""
    return repr(text) in expression or f'"{text}"' in expression


def folded_name(name: str) -> str:
    """Return a name as Python's parser folds it in an expression, so that both stand for one dim (NFKC)."""
    return name if name.isascii() else unicodedata.normalize("NFKC", name)


class Expression:
    """A size or a condition, written in the names of a spec, as in `4 * width`."""

    __slots__ = ("exact", "names", "text", "words")

    def __init__(self, text: str, names: frozenset[str], words: bool = False, exact: bool = True) -> None:
        self.text = text
        #: whether it may hold texts, such as 'same'
        self.words = words
        #: whether a division must leave no remainder
        self.exact = exact
        #: the dims, arguments and counters that the text mentions
        self.names = names

    @staticmethod
    def parse(text: str, words: bool = False, exact: bool = True) -> Expression:
        """Read an expression. Raises `invalid-expression` or `limit`.

        The expressions of a spec have no texts; those of a convention's table may compare some (`words`). A division
        leaves no remainder where it is `exact`, as in a spec; else it is a fraction.
        """
        return Expression(text, parse(text, words, exact)[0], words, exact)

    def evaluate(self, environment: Environment) -> Any:
        """Return the value: a size, a truth or a list (a tuple) of these.

        Raises `unknown-dim`, `wrong-type`, `inexact-division`, `division-by-zero`,
        `invalid-value` and `limit`; `algebra.Undecided` where one truth is needed of many.
        """
        try:
            return parse(self.text, self.words, self.exact)[1](environment)
        except ParamcalcError as error:
            problem = error.problems[0]
            message = problem.message
            absent = [name for name in sorted(self.names) if environment.values.get(name) is ABSENT]
            if problem.code == "absent-value" and absent:
                message = f"'{absent[0]}' is none, and takes no part in arithmetic"
            raise refuse(problem.code, f"in {quoted(self.text)}: {message}", problem.hint) from None
        except Undecided as undecided:
            undecided.expression = undecided.expression or self.text
            raise

    def unknown(self, name: str, known: Iterable[str]) -> ParamcalcError:
        """Return the refusal of a name in it that stands for nothing; `known` are the names that do."""
        return unknown_dim(name, known)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Expression) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return self.text


def check_name(name: object, what: str, dotted: bool = False) -> str:
    """Return a name that expressions may use, as Unicode folds it; `what` is what it names.

    With `dotted`, it may be several joined by dots. Raises `invalid-name`.
    """
    parts = name.split(".") if isinstance(name, str) and dotted else [name]
    if not all(isinstance(part, str) and part.isidentifier() and not keyword.iskeyword(part) for part in parts):
        raise refuse(
            "invalid-name",
            f"{quoted(name)} cannot name {what}",
            "a name is made of letters, digits and _, begins with no digit, and is no word of Python",
        )
    name = folded_name(str(name))
    if name in RESERVED:
        raise refuse("invalid-name", f"'{name}' cannot name {what}: it is a word of the expression language")
    return name
