"""Fields whose values are words of a list: functions, modes, paddings.

A word that is none of the list may still be the name of a dim whose value is a text. Whether there is such a dim shows
only where the dims are known; until then it is kept as an expression that knows the list.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any, TypeAlias

from paramcalc.core.errors import ParamcalcError, listed, quoted, refuse, suggest
from paramcalc.core.expression import Environment, Expression
from paramcalc.core.functions import CUSTOM, OF_ONE, OF_SEVERAL
from paramcalc.layers.base.fields import (
    FieldType,
    Given,
    Wholes,
    named,
    optional,
    optional_schema,
    read_window,
    window_schema,
)

#: A name, perhaps with dots.
_NAME = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")
#: What shows that a text is an expression with texts in it: an element of a list, or quotes.
_SIGNS = re.compile("[\\[\"']")


class Words:
    """The words that a field takes, and what one of them is called: `mode`, `function`."""

    def __init__(
        self,
        what: str,
        words: Sequence[str],
        custom: bool = False,
        null: bool = False,
        otherwise: Callable[[Any], Any] | None = None,
        elsewhere: Mapping[str, tuple[str, str]] | None = None,
    ) -> None:
        self.what = what
        self.words = tuple(words)
        #: whether a name of the user's own may stand behind `custom:`
        self.custom = custom
        #: whether there may be none: `null`
        self.null = null
        #: how what is no word of the list is read, where the field takes something else as well
        self.otherwise = otherwise
        #: words that are none of these on purpose, each with why, and with what to write
        self.elsewhere = elsewhere or {}

    def has(self, value: Any) -> bool:
        """Tell whether a value is one of the words."""
        if not isinstance(value, str):
            return False
        return value in self.words or (self.custom and value.startswith(CUSTOM) and value != CUSTOM)

    def read(self, value: Any) -> Any:
        """Read one of the words, or what may name a dim. Raises `wrong-type`, `invalid-value`."""
        if self.has(value) or isinstance(value, Expression):
            return value
        if self.otherwise is not None and not (isinstance(value, str) and _may_be_word(value)):
            return self.otherwise(value)
        if not isinstance(value, str):
            raise refuse("wrong-type", f"takes text, not {named(value)}", "" if value is not None else "leave it out")
        if value in self.elsewhere or not _may_be_word(value):
            raise self.refusal(value)
        try:
            return Word(value, self)
        except ParamcalcError:
            raise self.refusal(value) from None

    def refusal(self, word: str, known: Iterable[str] = ()) -> ParamcalcError:
        """Return the refusal of a word that is none of these, nor one of the names that are known."""
        if word in self.elsewhere:
            return refuse("invalid-value", *self.elsewhere[word])
        hint = suggest(word, [*self.words, *known])
        if not hint and self.custom and _NAME.fullmatch(word):
            hint = f"a {self.what} of your own is written {CUSTOM}{word}"
        hint = hint or listed("it is one of these", (*self.words, *(["null"] if self.null else [])))
        return refuse("invalid-value", f"there is no {self.what} {quoted(word)}", hint)

    @property
    def schema(self) -> dict[str, Any]:
        """What the JSON Schema says of the field: the words, or the name of a dim that is no word misspelled."""
        own = [{"type": "string", "pattern": f"^{CUSTOM}."}] if self.custom else []
        return {"anyOf": [{"enum": [*self.words]}, *own, self.dim_schema]}

    @property
    def dim_schema(self) -> dict[str, Any]:
        """What the JSON Schema says of an expression in place of a word.

        A schema cannot look up a dim. A text that begins as one of the words, is made of its letters, and about as
        long, is taken for that word misspelled.
        """
        alike = "|".join(map(_about, self.words))
        return {
            "type": "string",
            "not": {"pattern": f"^({alike})$"},
            "description": "an expression in the dims of the spec, such as the name of a dim that is a text",
        }


def _may_be_word(text: str) -> bool:
    """Tell whether a text may stand for a word: the name of a dim, an element of a list, or a choice."""
    return bool(_NAME.fullmatch(text) or _SIGNS.search(text) or " if " in text)


def _about(word: str) -> str:
    """Write the pattern of what is probably a word misspelled: it begins as the word, and has its letters."""
    return f"[{_letters(word[0])}][{_letters(word)}]{{{max(len(word) - 2, 0)},{len(word)}}}"


def _letters(word: str) -> str:
    """Write the letters of a word, small and capital, as the class of a pattern has them; a - stands last."""
    letters = sorted({*word.lower(), *word.upper()} - {"-"})
    return "".join(letters) + ("-" if "-" in word else "")


class Word(Expression):
    """An expression in place of a word: the name of a dim, or a mistake."""

    __slots__ = ("list",)

    def __init__(self, text: str, words: Words) -> None:
        names = Expression.parse(text).names
        if not names:
            raise words.refusal(text)
        super().__init__(text, names)
        #: the words that it may stand for
        self.list = words

    def evaluate(self, environment: Environment) -> Any:
        """Return the word that it stands for. Raises `invalid-value` for any other value, and as an expression does."""
        for name in sorted(self.names - {*environment.values}):
            raise self.unknown(name, environment.values)
        value = super().evaluate(environment)
        if isinstance(value, str) and not self.list.has(value):
            problem = self.list.refusal(value).problems[0]
            raise refuse(problem.code, f"in {quoted(self.text)}: {problem.message}", problem.hint)
        if not isinstance(value, str) and self.list.otherwise is None:
            raise refuse("wrong-type", f"{quoted(self.text)} is {quoted(value)}, and no {self.list.what}")
        return value

    def unknown(self, name: str, known: Iterable[str]) -> ParamcalcError:
        """Return the refusal of a name in it that stands for nothing: of a single one, as of a word misspelled."""
        if name == self.text:
            return self.list.refusal(name, known)
        error = super().unknown(name, known)
        if not self.list.has(name):
            return error
        # a word in an expression, without its quotes
        return refuse(
            error.problems[0].code, error.problems[0].message, f'in an expression a word stands in quotes: "{name}"'
        )


def words(
    what: str, *choices: str, null: bool = False, elsewhere: Mapping[str, tuple[str, str]] | None = None
) -> FieldType:
    """Make the type of a field that takes one of these words; or none, where it may be `null`."""
    found = Words(what, choices, null=null, elsewhere=elsewhere)
    if null:
        return FieldType(optional(found.read), optional_schema(found.schema))
    return FieldType(found.read, found.schema)


def _padding(rank: int, *choices: str) -> FieldType:
    numbers = window_schema(rank, 0)["anyOf"]
    found = Words("padding", choices, otherwise=read_window(rank, 0))
    expression, rest = found.dim_schema, [each for each in numbers if each.get("type") != "string"]
    return FieldType(found.read, {"anyOf": [{"enum": [*choices]}, *rest, expression]})


#: `valid`, `same`, or what is added on each side of each axis; `causal`: as much before the first step as
#: keeps the length.
Padding1D: TypeAlias = Annotated[Given[Wholes], _padding(1, "valid", "same")]
CausalPadding1D: TypeAlias = Annotated[Given[Wholes], _padding(1, "valid", "same", "causal")]
Padding2D: TypeAlias = Annotated[Given[Wholes], _padding(2, "valid", "same")]
Padding3D: TypeAlias = Annotated[Given[Wholes], _padding(3, "valid", "same")]

_HALVES = "it is of two layers: a Dense with {}, one without beside it, and Multiply of both"
#: What people name as an activation, and is none.
NO_FUNCTIONS = {
    "glu": ("must keep the shape, and 'glu' halves an axis", "it is a layer type of its own: GLU"),
    "prelu": ("must own nothing, and 'prelu' learns its slopes", "it is a layer type of its own: PReLU"),
    "swiglu": ("must take one input, and 'swiglu' multiplies two", _HALVES.format("silu")),
    "geglu": ("must take one input, and 'geglu' multiplies two", _HALVES.format("gelu")),
    "reglu": ("must take one input, and 'reglu' multiplies two", _HALVES.format("relu")),
    **{
        word: (f"there is no function '{word}'", "leave it out, or write linear")
        for word in ("none", "None", "identity", "Identity")
    },
}
FUNCTION = Words("function", OF_ONE, custom=True, elsewhere=NO_FUNCTIONS)
FUNCTION_OF_SEVERAL = Words("function", tuple(OF_SEVERAL), custom=True)
#: The name of a function that gives a number for each number, or a shape for the same shape.
Function: TypeAlias = Annotated[Given[str], FieldType(FUNCTION.read, {"$ref": "#/$defs/function"})]
#: The name of a function of several inputs, element by element.
FunctionOfSeveral: TypeAlias = Annotated[
    Given[str], FieldType(FUNCTION_OF_SEVERAL.read, {"$ref": "#/$defs/function_of_several"})
]
