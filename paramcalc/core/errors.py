"""What paramcalc refuses, how it says so, and where it stops.

    ParamcalcError          every refusal; holds one or more problems
      .problems             each with a code of `CODES`, a message, a hint, a place
      .code                 the code of the first

A problem is raised where it is noticed, with what is known there. Each boundary that
knows more adds it once: the reader the path in the document, the graph the node,
the loader the file, line and column.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol

from paramcalc.core.lines import printable

__all__ = ["CODES", "LIMITS", "Limits", "ParamcalcError", "Position", "Problem", "Source", "refuse"]

#: Every error code, and what it means. The reference page of errors is made from this table.
CODES = {
    "unreadable-file": "The file is missing, is a directory, or cannot be opened.",
    "not-text": "The file is not UTF-8 text.",
    "syntax": "The text is not well-formed YAML or JSON.",
    "unquoted-expression": "An expression with a comma, a bracket, a brace or ': ' stands unquoted"
    " inside braces or brackets, where YAML takes it apart.",
    "duplicate-key": "A mapping has the same key twice.",
    "yaml-feature": "The document uses a part of YAML that a spec does not have:"
    " an anchor, an alias, a tag, a merge key, or a second document.",
    "ambiguous-scalar": "A value that YAML readers take differently: yes/no as a boolean,"
    " a number in octal, hexadecimal or sexagesimal writing.",
    "limit": "The spec is larger, deeper or more costly than the documented limits.",
    "wrong-type": "A value has another type than the format asks for.",
    "invalid-value": "A value is outside what its field allows.",
    "missing-key": "A key or field that must be given is absent.",
    "unknown-key": "A key that the format does not have.",
    "unknown-kind": "There is no layer type of that name.",
    "invalid-kind": "A class cannot be used as a layer type: it is no `Layer`, its name is taken, its package fails"
    " to load it, or it does not say where its channels are.",
    "unknown-field": "The layer type has no field of that name.",
    "unknown-block": "There is no block of that name.",
    "unknown-dim": "There is no dim, argument or counter of that name in sight.",
    "unknown-node": "A reference names no earlier node in sight.",
    "unknown-tensor": "The node has no tensor of that name.",
    "invalid-name": "A name is not well-formed, is reserved, or is in use already.",
    "recursive-block": "A block calls itself, directly or through others.",
    "invalid-expression": "The text is not an expression of the spec language.",
    "inexact-division": "A '/' leaves a remainder; '//' rounds down, where that is meant.",
    "division-by-zero": "A division or a remainder by zero.",
    "free-dim": "Something needs the value of a dim or a length, and it is unknown.",
    "not-one-value": "A condition, a list or a counter depends on a dim that is an array.",
    "missing-input": "A node has no input to take.",
    "input-count": "A layer is given more or fewer inputs than its type takes.",
    "shape-mismatch": "Shapes that must agree do not, or a shape has the wrong number of axes.",
    "empty-output": "An output would have an axis without elements.",
    "share-mismatch": "A shared layer would need other tensors at its second place.",
    "tie-mismatch": "A tied tensor has neither the owner's shape nor its transpose.",
    "missing-counter": "A path goes into a repeated node without saying which copy.",
    "model-mismatch": "What is read of a model is not what its description, or the model itself, states.",
    "unmet-condition": "Dims do not meet what a spec requires,"
    " or a closed form is asked for sizes at which it does not hold.",
    "absent-value": "A dim that is none takes part in arithmetic, or is asked for its order.",
    "absent-node": "A reference goes into the side of a node that is not there.",
    "no-such-copy": "A reference names a copy that a repeated node does not have.",
    "several-outputs": "Copies side by side have an output each, and what takes them takes one.",
    "unlike-copies": "Copies of which some are active have different sizes.",
    "duplicate-name": "Two nodes meet on one path, or a name stands in two files.",
    "no-connections": "Something needs to know how layers are connected, and an inventory does not say it.",
    "outside-folder": "A spec includes a file that is not in its own folder or one below it.",
    "recursive-include": "A file includes itself, directly or through others.",
    "not-derivable": "Nothing can be stated of what a constructor makes: it raises, is no function of its arguments, or"
    " has no size that is an argument.",
    "fixed-dim": "An argument of a derived network was fixed, and takes no other value.",
    "unknown-model-type": "There is no family of that model type.",
    "unproved-config": "A configuration has a value for which its family was not proved,"
    " or names a head that it does not have.",
    "unknown-optimizer": "There is no optimizer of that name, what it keeps has no one size,"
    " or it does not take a parameter of the network.",
    "idle-dim": "A dim is to be varied that the total to be reached does not depend on.",
    "cannot-build": "The framework has nothing that the layer could be built of.",
    "unknown-convention": "There is no convention of that name.",
    "unknown-measure": "There is no measure of that name.",
    "not-measurable": "A measure cannot say exactly what a layer type costs.",
    "unknown-target": "There is no notation or language of that name to write a closed form in.",
    "not-expressible": "The target has no exact expression for something in a closed form.",
    "unwritable-file": "The output file cannot be written, or is one that was read.",
    "missing-package": "An optional package that this needs is not installed.",
    "cluster-failed": "A Dask scheduler does not answer, or its workers cannot do what they are given.",
}


class Limits(NamedTuple):
    """How large a spec may be. What is larger is refused, with the code `limit`."""

    #: bytes of a spec file, or of the description of a model
    file_bytes: int = 16 * 2**20
    #: bytes of the directory of an archive
    archive_directory: int = 2**20
    #: mappings and lists within one another, and groups and blocks called
    nesting: int = 64
    #: nodes written in a spec, and layers within layers
    nodes: int = 250_000
    #: copies of nodes evaluated beyond the nodes written: by repeats that are not alike,
    #: by blocks called again, by stacks of layers in one layer, by layers with many tensors, and by nodes that turn
    #: out absent
    copies: int = 5_000
    #: tensors of a layer that are evaluated with its node; each further such number counts as a copy
    tensors: int = 16
    #: steps of expressions evaluated beyond twenty a node written
    steps: int = 200_000
    #: characters of an expression
    expression: int = 4_000
    #: elements of a list, those of the lists in it included
    list_length: int = 1_000
    #: decimal digits of a number
    digits: int = 100
    #: axes of a shape
    axes: int = 16
    #: terms of a closed form that is asked for multiplied out
    terms: int = 1_000
    #: sizes, or combinations of sizes, that are tried for a total
    combinations: int = 20_000_000
    #: sizes of a dim that are tried one by one, since no closed form holds for all of them
    counted_sizes: int = 2_000
    #: characters of a message
    message: int = 600
    #: problems reported together
    problems: int = 20


LIMITS = Limits()


class Position(NamedTuple):
    """A place in a text: line and column count from 1."""

    line: int
    column: int
    length: int


#: Keys and indices that lead from the top of a document to a value.
Path = tuple[str | int, ...]


class Source(Protocol):
    """The text that a spec was read from."""

    name: str
    #: the files that it includes
    included: tuple[str, ...]

    def line(self, number: int) -> str:
        """Return the text of a line."""

    def locate(self, path: Path, at_key: bool) -> Position | None:
        """Where the value at a path stands, or its key."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: the rule, the value received, the place, the way out."""

    code: str
    message: str
    hint: str = ""
    #: where in the document, from the place that raised the problem
    path: Path = ()
    #: whether it is the key at `path` that is wrong, rather than its value
    at_key: bool = False
    #: the node of the graph at which it shows
    node: str = ""
    source: Source | None = None
    position: Position | None = None
    #: whether it is about what was given beside the document, so that no line of it is to blame
    outside: bool = False

    def __post_init__(self) -> None:
        if self.code not in CODES:
            raise AssertionError(f"no such error code: {self.code}")

    def within(self, *path: str | int) -> Problem:
        """Return the same problem, seen from further up in the document."""
        return replace(self, path=(*path, *self.path))

    def __str__(self) -> str:
        message, hint = (printable(_shorten(text, LIMITS.message)) for text in (self.message, self.hint))
        if self.node:
            message += f" (at '{printable(_shorten(self.node, 200))}')"
        position = self.position
        if position is None and self.source is not None and not self.outside:
            position = self.source.locate(self.path, self.at_key)
        if position is None or self.source is None:
            name = f"{printable(self.source.name)}: " if self.source else ""
            return f"{name}error[{self.code}]: {message}" + (f"\n    {hint}" if hint else "")
        head = f"{printable(self.source.name)}:{position.line}:{position.column}: error[{self.code}]: {message}"
        excerpt, column = _excerpt(self.source.line(position.line), position.column - 1)
        carets = "^" * max(1, min(position.length, len(excerpt) - column))
        return "\n".join(
            (
                head,
                f"{position.line:>5} | {excerpt}",
                " " * (8 + column) + carets + (f" {hint}" if hint else ""),
            )
        )


class ParamcalcError(Exception):
    """A refusal. `problems` are all that were found together; `code` is the first one's."""

    problems: tuple[Problem, ...]

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.problems)

    @property
    def code(self) -> str:
        """The code of the first problem, one of `CODES`."""
        return self.problems[0].code

    def within(self, *path: str | int) -> ParamcalcError:
        """Return the same refusal, seen from further up in the document."""
        return ParamcalcError(problem.within(*path) for problem in self.problems)

    def at_node(self, node: str, path: Path) -> ParamcalcError:
        """Return the same refusal, said of a node and its place where it does not say so itself."""
        return ParamcalcError(
            problem
            if problem.path or problem.source
            else replace(problem, path=path, node="" if f"'{node}'" in problem.message else node)
            for problem in self.problems
        )

    def __str__(self) -> str:
        shown = [str(problem) for problem in self.problems[: LIMITS.problems]]
        if len(self.problems) > LIMITS.problems:
            shown.append("… and more")
        return "\n".join(shown)


def refuse(code: str, message: str, hint: str = "", path: Path = (), at_key: bool = False) -> ParamcalcError:
    """Return the refusal of one problem, ready to raise."""
    return ParamcalcError([Problem(code, message, hint, path, at_key)])


def suggest(name: object, known: Iterable[str], likeness: float = 0.6) -> str:
    """Return the hint that names the nearest of the known names, or nothing where none is as like, from 0 to 1."""
    from difflib import get_close_matches
    from itertools import islice

    text = str(name)[:80]
    candidates = {word.lower(): word for word in islice(known, 500) if len(word) <= 80}
    close = get_close_matches(text.lower(), candidates, n=1, cutoff=likeness)
    return f"did you mean '{candidates[close[0]]}'?" if close else ""


def quoted(value: object) -> str:
    """Return a value as a message shows it: short, and on one line."""
    if isinstance(value, str):
        return _shorten(repr(value[:100]), 80)
    # a list may hold one list many times over, and a number more digits than can be printed
    if isinstance(value, (list, tuple, dict)):
        return "a mapping" if isinstance(value, dict) else "a list"
    if type(value) is int and value.bit_length() > 4 * LIMITS.digits:
        return f"a number of more than {LIMITS.digits} digits"
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    return _shorten(str(value).replace("\n", " "), 80)


def listed(what: str, names: Iterable[str]) -> str:
    """Return the hint that lists names, the first few of many; nothing where there are none."""
    first = [_shorten(name, 40) for name, _ in zip(names, range(13), strict=False)]
    return f"{what}: " + ", ".join(first[:12]) + (", …" if len(first) > 12 else "") if first else ""


def _shorten(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


def _excerpt(line: str, column: int, width: int = 100) -> tuple[str, int]:
    """Return the part of a line around a column that fits a screen, and the column in it."""
    line = printable(line)
    start = 0 if column < width else column - width // 2
    return line[start : start + width], column - start
