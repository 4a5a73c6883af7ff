"""What a spec includes: the dims, blocks and conditions of other files in its folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path as FilePath
from typing import Any

from paramcalc.core.errors import LIMITS, ParamcalcError, Path, Position, Problem, Source, quoted, refuse
from paramcalc.spec.positions import TextSource

#: What an included file may say.
INCLUDED_KEYS = ("paramcalc", "name", "description", "include", "dims", "requires", "blocks")
#: What of it becomes part of the spec.
_PARTS = ("dims", "blocks", "requires")


class MergedSource:
    """The texts of a spec and of what it includes: tells for each path in which of them it stands."""

    def __init__(self, top: TextSource) -> None:
        self.top = top
        self.name = top.name
        self.included: tuple[str, ...] = ()
        #: for the path of each included part, its text and the path there
        self.places: dict[Path, tuple[TextSource, Path]] = {}

    def of(self, path: Path) -> tuple[TextSource, Path]:
        """Return the text that a path of the whole spec leads into, and the path there."""
        found = self.places.get(path[:2])
        return (self.top, path) if found is None else (found[0], (*found[1], *path[2:]))

    def line(self, number: int) -> str:
        """Return a line of the top file."""
        return self.top.line(number)

    def locate(self, path: Path, at_key: bool) -> Position | None:
        """Return where a value of the top file stands, or its key."""
        return self.top.locate(path, at_key)


def with_included(
    data: Any, source: TextSource, read: Callable[[FilePath], tuple[Any, TextSource]]
) -> tuple[Any, Source]:
    """Return a document with the dims, blocks and conditions of what it includes, and where each stands.

    `read` gives the data and the text of a file. Raises `outside-folder`, `recursive-include`, `duplicate-name`,
    `unknown-key`, `wrong-type`, and what a file is refused for, each at its place.
    """
    if not isinstance(data, dict) or "include" not in data:
        return data, source
    if source.folder is None:
        error = refuse("outside-folder", "a text includes no files: it stands in no folder", "load it from a file")
        raise error.within("include")
    including = _Including(source, read)
    including.add_all(data, source, FilePath(source.name).parent, (FilePath(source.name).resolve(),))
    return including.merged(data), including.source


class _Including:
    """Collects what files say, each once, in the order in which they are included."""

    def __init__(self, source: TextSource, read: Callable[[FilePath], tuple[Any, TextSource]]) -> None:
        self.source = MergedSource(source)
        self.read = read
        assert source.folder is not None
        self.folder: FilePath = source.folder
        self.dims: dict[Any, Any] = {}
        self.blocks: dict[Any, Any] = {}
        self.requires: list[Any] = []
        self.seen: set[FilePath] = set()

    def add_all(self, data: dict[Any, Any], source: TextSource, folder: FilePath, way: tuple[FilePath, ...]) -> None:
        """Add what a document includes; `way` are the files that led here."""
        written = data.get("include", [])
        names = [written] if isinstance(written, str) else written
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise _at(
                source, ("include",), "wrong-type", f"'include' is a file or a list of files, not {quoted(written)}"
            )
        for place, name in enumerate(names):
            path: Path = ("include",) if isinstance(written, str) else ("include", place)
            self.add(name, source, path, folder, way)

    def add(self, name: str, source: TextSource, path: Path, folder: FilePath, way: tuple[FilePath, ...]) -> None:
        """Add one file, named at a path of a text."""
        file = (folder / name).resolve()
        if FilePath(name).is_absolute() or not file.is_relative_to(self.folder):
            message = f"{quoted(name)} is not below the folder of the spec"
            raise _at(source, path, "outside-folder", message, "copy the file into that folder")
        if file in way:
            files = " → ".join(each.name for each in (*way[way.index(file) :], file))
            raise _at(source, path, "recursive-include", f"{quoted(name)} includes itself: {files}")
        if file in self.seen:
            return
        self.seen.add(file)
        if len(self.seen) > LIMITS.nesting:
            raise _at(source, path, "limit", f"more than {LIMITS.nesting} files are included")
        try:
            data, text = self.read(folder / name)
            self.source.included += (text.name,)
        except ParamcalcError as error:
            if any(problem.source is not None for problem in error.problems):
                raise
            problem = error.problems[0]
            raise _at(source, path, problem.code, problem.message, problem.hint) from None
        if not isinstance(data, dict):
            raise _at(text, (), "wrong-type", f"an included file is a mapping, not {quoted(data)}")
        for key in data:
            if key not in INCLUDED_KEYS:
                message = f"an included file has no key {quoted(key)}"
                raise _at(text, (key,), "unknown-key", message, "it has " + ", ".join(INCLUDED_KEYS), at_key=True)
        self.add_all(data, text, (folder / name).parent, (*way, file))
        self.add_parts(data, text)

    def add_parts(self, data: dict[Any, Any], source: TextSource) -> None:
        """Add the dims, blocks and conditions of a document."""
        for key, together in (("dims", self.dims), ("blocks", self.blocks)):
            part = data.get(key) or {}
            if not isinstance(part, dict):
                raise _at(source, (key,), "wrong-type", f"'{key}' is a mapping, not {quoted(part)}")
            for name, value in part.items():
                if name in together:
                    other, _ = self.source.of((key, name))
                    message = f"{quoted(name)} stands in {quoted(other.name)} already"
                    raise _at(source, (key, name), "duplicate-name", message, "give it another name", at_key=True)
                together[name] = value
                self.source.places[key, name] = source, (key, name)
        conditions = data.get("requires") or []
        if not isinstance(conditions, list):
            raise _at(source, ("requires",), "wrong-type", f"'requires' is a list, not {quoted(conditions)}")
        for place, condition in enumerate(conditions):
            self.source.places["requires", len(self.requires)] = source, ("requires", place)
            self.requires.append(condition)

    def merged(self, data: dict[Any, Any]) -> dict[Any, Any]:
        """Return the top document with all that was included."""
        self.add_parts(data, self.source.top)
        rest = {key: value for key, value in data.items() if key not in (*_PARTS, "include")}
        parts = {"dims": self.dims, "blocks": self.blocks, "requires": self.requires}
        return {**rest, **{key: value for key, value in parts.items() if value}}


def _at(
    source: TextSource, path: Path, code: str, message: str, hint: str = "", at_key: bool = False
) -> ParamcalcError:
    """Return a refusal at a path of a text."""
    return ParamcalcError([Problem(code, message, hint, path, at_key, source=source)])
