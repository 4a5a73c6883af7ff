"""A convention by its name, and a layer type by what else it is called."""

from __future__ import annotations

from functools import cache

from paramcalc.conventions.table import Convention, Equivalent
from paramcalc.core.expression import Expression
from paramcalc.core.functions import OF_ONE
from paramcalc.core.registry import built_in_names, convention_module, known_kind
from paramcalc.spec import FRAMEWORKS, unknown_convention


@cache
def convention(name: str) -> Convention:
    """Return the convention of a framework. Raises `unknown-convention`."""
    if name not in FRAMEWORKS:
        raise unknown_convention(name)
    found: Convention = convention_module(name).CONVENTION
    return found


def kind_of_class(name: object) -> str:
    """Return what to write for a class of a framework, as a hint; nothing, where no framework has such a class."""
    for framework in FRAMEWORKS:
        known = convention(framework)
        if name in known.table.unlisted:
            return known.table.unlisted[str(name)]
        rows = (
            (kind_name, each)
            for kind_name in built_in_names()
            for each in known.equivalents(kind_name)
            if each.class_name == name
        )
        for kind_name, each in sorted(rows, key=lambda row: _distance(*row)):
            fields = ", ".join(f"{field}: {value}" for field, value in each.fields.items())
            return f"{each.name} is written {kind_name}" + (f": {{{fields}}}" if fields else "")
    return ""


def _distance(kind_name: str, row: Equivalent) -> tuple[bool, bool]:
    """Return what puts first the layer type with the name of a class, then one that the class always is."""
    return kind_name.lower() != row.class_name.lower(), row.when != "true"


def written_for(name: str) -> str:
    """Return what to write for what somebody calls a layer, as a hint; nothing, where it is not known.

    It is the class of a framework, a layer type in other letters, a name of `other_names`, or a function.
    """
    from paramcalc.conventions.other_names import answer, normalised

    plain = normalised(name)
    kinds = (f"did you mean '{each}'?" for each in built_in_names() if each.lower() == plain)
    functions = (
        f"it is a function: write Activation: {{activation: {each}}}, or activation: {each} in the layer before"
        for each in OF_ONE
        if normalised(each) == plain
    )
    return kind_of_class(name) or next(kinds, "") or answer(name) or next(functions, "") or _class_in_letters(plain)


def _class_in_letters(plain: str) -> str:
    """Return what to write for the class of a framework whose letters are these."""
    names = (
        row.class_name
        for framework in FRAMEWORKS
        for kind_name in built_in_names()
        for row in convention(framework).equivalents(kind_name)
    )
    return next((kind_of_class(name) for name in names if name.lower() == plain), "")


# --- Fields --------------------------------------------------------------------------------


def field_for(kind_name: str, name: str) -> str:
    """Return what to write for what somebody calls a field of a layer type, as a hint; nothing, where it is not known.

    It is an argument of the class that the layer type is in a framework, or a name of `other_fields`.
    """
    from paramcalc.conventions.other_fields import FIELDS, NO_FIELDS, NOTES

    notes = (why for (kinds, names), why in NOTES.items() if kind_name in kinds.split() and name in names.split())
    reasons = (why for names, why in NO_FIELDS.items() if name in names.split())
    cls = known_kind(kind_name)
    known = cls.spelled_fields() if cls is not None else {}
    meant = (field for names, fields in FIELDS.items() if name in names.split() for field in fields.split())
    written = next((f"write {field}" for field in meant if field in known), "")
    return (
        next(notes, "")
        or _field_of_argument(kind_name, name)
        or written
        or next(reasons, "")
        or _inert(kind_name, name)
    )


def _field_of_argument(kind_name: str, argument: str) -> str:
    """Return which field an argument of a framework's class is, or what it follows from."""
    cls = known_kind(kind_name)
    for framework in FRAMEWORKS:
        for row in convention(framework).equivalents(kind_name):
            if argument not in row.arguments or cls is None:
                continue
            names = Expression.parse(row.arguments[argument], words=True).names
            fields = [outside for outside, inside in cls.spelled_fields().items() if inside in names]
            if fields and "size(" not in row.arguments[argument]:
                return f"{argument} of {row.name} is written {' and '.join(fields)}"
            if names or "size(" in row.arguments[argument]:
                return f"{argument} of {row.name} follows from the layer before: leave it out"
    return ""


def _inert(kind_name: str, argument: str) -> str:
    """Return that an argument of a framework's class changes no size, where it has one."""
    for framework in FRAMEWORKS:
        known = convention(framework)
        rows = known.equivalents(kind_name)
        if any(known.is_inert(row, argument) for row in rows if "*" not in row.inert):
            return "no size depends on it: leave it out"
    return ""
