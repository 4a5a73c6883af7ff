"""What stands for each dim in a run: a symbol, its value, or the symbol of a dim that must be equal."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from paramcalc.results.formula.symbols import symbol
from paramcalc.spec import Value

#: A list with more elements than this has no symbols: its form would be too long for a reader, and slow.
MOST_ELEMENTS = 100


def is_list_of_sizes(value: Value) -> bool:
    """Return whether a dim is a list whose elements may be symbols: whole numbers of at least 1."""
    return isinstance(value, tuple) and all(type(each) is int and each >= 1 for each in value) and value != ()


class Assignment:
    """What stands for the dims that may be symbols: their own symbol, their value, or the symbol of another."""

    def __init__(self, candidates: Iterable[str], values: Mapping[str, Value], taken: Collection[str]) -> None:
        #: the names of the symbols of each dim: its own, or one for each element of a list
        self.names: dict[str, tuple[str, ...]] = {}
        #: the value of each symbol that has one, and of each dim that is a whole number
        self.values: dict[str, int] = {name: value for name, value in values.items() if type(value) is int}
        #: what each symbol stands for, where its name does not say it
        self.meanings: dict[str, str] = {}
        #: the dims that cannot stay symbols
        self.fixed: dict[str, Value] = {}
        #: the symbols that another one stands for, by the name of that one
        self.same: dict[str, str] = {}
        for name in candidates:
            value = values.get(name)
            if isinstance(value, tuple):
                self._add_list(name, value, taken)
            else:
                self.names[name] = (name,)
        #: the dim of each symbol
        self.dims = {each: dim for dim, names in self.names.items() for each in names}
        self.lists = {dim: values[dim] for dim in self.names if isinstance(values.get(dim), tuple)}

    def _add_list(self, dim: str, elements: tuple[int, ...], taken: Collection[str]) -> None:
        names = []
        for place, element in enumerate(elements):
            name = f"{dim}_{place}"
            while name in taken:
                name += "_"
            names.append(name)
            self.values[name] = element
            self.meanings[name] = f"{dim}[{place}]"
        self.names[dim] = tuple(names)

    @property
    def symbols(self) -> dict[str, Any]:
        """The symbols that stand for something."""
        return {
            name: symbol(name) for name, dim in self.dims.items() if dim not in self.fixed and name not in self.same
        }

    def stands_for(self, name: str) -> str:
        """Return the name of the symbol that stands for a symbol: its own, or that of one that is equal."""
        while name in self.same:
            name = self.same[name]
        return name

    @property
    def equalities(self) -> list[tuple[str, Any, Any]]:
        """What is assumed of the dims that another stands for, as conditions of a form; elements of lists aside."""
        return [
            ("=", symbol(name), symbol(self.stands_for(name)))
            for name in self.same
            if name not in self.meanings and self.dims[self.stands_for(name)] not in self.fixed
        ]

    def part(self, names: Collection[str]) -> None:
        """Let each of these symbols stand for itself again."""
        self.same = {name: other for name, other in self.same.items() if name not in names}

    def sizes(self, names: Collection[str]) -> dict[str, Any]:
        """Return what stands for each of these dims, as far as it is not the spec's own."""
        fixed = {name: value for name, value in self.fixed.items() if name in names}
        symbols = self.symbols

        def size(name: str) -> Any:
            other = self.stands_for(name)
            return symbols.get(other, self.values.get(other))

        free = {
            dim: tuple(map(size, names)) if dim in self.lists else size(names[0])
            for dim, names in self.names.items()
            if dim not in self.fixed
        }
        return {**fixed, **free}

    def fix(self, names: Iterable[str]) -> list[str]:
        """Give symbols their values, where they have one: those of a list together. Return the dims that are new."""
        stated = sorted(name for name in names if name in self.values)
        # what was put in the place of others fixes them as well
        alike = [other for other in self.same if self.stands_for(other) in stated]
        dims = dict.fromkeys(self.dims.get(name, name) for name in [*stated, *alike])
        new = [dim for dim in dims if dim not in self.fixed]
        for dim in new:
            self.fixed[dim] = self.lists[dim] if dim in self.lists else self.values[dim]
        return new

    def unite(self, one: str, other: str) -> None:
        """Let the symbol of one stand for both: for a list's element, the dim that is none."""
        if other in self.meanings and one not in self.meanings:
            one, other = other, one
        self.same[one] = other
