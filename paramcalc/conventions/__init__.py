"""What a framework counts, how it names and lays out each tensor, and its defaults: one table a framework."""

from paramcalc.conventions.lookup import convention, field_for, kind_of_class, written_for
from paramcalc.conventions.spelling import Rule, Spelling, read_rule, spell
from paramcalc.conventions.table import (
    Convention,
    Equivalent,
    Table,
    evaluated,
    expresses,
    field_environment,
    named_by,
)

__all__ = [
    "Convention",
    "Equivalent",
    "Rule",
    "Spelling",
    "Table",
    "convention",
    "evaluated",
    "expresses",
    "field_environment",
    "field_for",
    "kind_of_class",
    "named_by",
    "read_rule",
    "spell",
    "written_for",
]
