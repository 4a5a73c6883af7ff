"""The conventions' tables, held to the layer types and to their own notation, without any framework."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, get_args

import pytest

import paramcalc as pc
from paramcalc.conventions import Convention, Equivalent, Rule, Table, convention, named_by, read_rule
from paramcalc.conventions.table import CallForm
from paramcalc.core.expression import Expression
from paramcalc.core.registry import kind, kind_names
from paramcalc.layers.base.declaration import Layer

from . import recorded

#: What every expression may mention beside the fields.
COMMON = {"channel_axis", "rank", "features"}
#: What the expressions of a layer around a layer may mention as well.
AROUND = {"wrapped_axis", "wrapped_name"}


@dataclass(frozen=True)
class Known:
    """The names that a layer type has in the examples that are recorded of it."""

    tensors: frozenset[str]
    parts: frozenset[str]


@cache
def known() -> Mapping[str, Known]:
    """Return the names of the tensors and parts of each layer type."""
    tensors: dict[str, set[str]] = {name: set() for name in kind_names()}
    parts: dict[str, set[str]] = {name: set() for name in kind_names()}
    for framework in recorded.FRAMEWORKS:
        for record, counted in recorded.counts(framework):
            example, leaf = record.example, counted.leaf
            assert leaf is not None
            layer = leaf.layer.filled(leaf.input_shapes[0] if leaf.input_shapes else None)
            tensors[example.kind] |= {use.tensor.name for use in leaf.uses}
            parts[example.kind] |= {part.name for part in layer.parts(*leaf.input_shapes)}
    return {name: Known(frozenset(tensors[name]), frozenset(parts[name])) for name in kind_names()}


def mistakes(table: Table, target: Convention, names: Collection[str] | None = None) -> list[str]:
    """Return what is wrong with a table of a convention: as a whole, and in the rows of some layer types, or of all."""
    found = [*_wrong_keys(table), *_wrong_defaults(table, target), *_differing_facts(table)]
    if found:
        return found
    for name in kind_names() if names is None else names:
        for row in table.rows(name):
            found += [f"{name}, {row.name}: {each}" for each in _wrong_row(row, kind(name), target)]
            found += [f"{row.name} is {name}, and unlisted"] if row.class_name in table.unlisted else []
    return found


def _wrong_keys(table: Table) -> Iterator[str]:
    """Yield what is wrong with the layer types that are named: each has a key, if an empty one, and none has two."""
    for title, rows in (("classes", table.classes), ("choices", table.choices), ("layout", table.layout)):
        try:
            named = [each for key in rows for each in named_by(key)]
        except ValueError as error:
            yield f"{title}: {error}"
            continue
        counts = Counter(name for name, _ in named)
        yield from (f"{title}: {name} stands twice" for name, number in counts.items() if number > 1)
        yield from (f"{title}: no layer type {name}" for name in counts.keys() - {*kind_names()})
        numbers = {number for _, number in named if number is not None}
        yield from (f"{title}: no placeholders for {number}" for number in numbers - table.placeholders.keys())
        if title == "classes":
            yield from (f"no row for {name}" for name in {*kind_names()} - counts.keys())
    if len({frozenset(values) for values in table.placeholders.values()}) > 1:
        yield "a placeholder is not said of each number"


def _wrong_defaults(table: Table, target: Convention) -> Iterator[str]:
    """Yield what is wrong with the defaults: an unknown field, channels that do not stand where the convention says."""
    for rows in (table.choices, table.layout):
        for key, values in rows.items():
            for name in {name for name, _ in named_by(key)} & {*kind_names()}:
                yield from (f"{name} has no field {each}" for each in values.keys() - kind(name).model_fields.keys())
    for name in {*table.laid_out} & {*kind_names()}:
        repeated = table.laid_out[name].keys() & kind(name).fields_of_layout(target.channel_axis)
        yield from (f"{name} says itself what the layout says of {field}" for field in repeated)


def _differing_facts(table: Table) -> Iterator[str]:
    """Yield the classes of which two rows say different things that hold of the class."""
    facts: dict[str, dict[str, Any]] = {}
    for key in table.classes:
        for name, _ in named_by(key):
            for row in table.rows(name) if name in kind_names() else ():
                said = {each: getattr(row, each) for each in ("call", "written", "arrays", "inert", "unwritten")}
                if facts.setdefault(row.name, said) != said:
                    yield f"two rows of {row.name} differ in what holds of the class"


def _wrong_row(row: Equivalent, cls: type[Layer], target: Convention) -> Iterator[str]:
    """Yield what is wrong with a row of a layer type, its placeholders filled in."""
    yield from (f"no field {name}" for name in row.fields.keys() - cls.model_fields.keys())
    yield from (f"{row.fields} are no fields of it" for _ in [0] if not _takes(cls, row.fields))
    yield from (f"no call {row.call!r}" for _ in [0] if row.call not in get_args(CallForm))
    for name in {*row.written.split(), *row.arrays.split()} - row.arguments.keys():
        yield f"no argument {name}"
    texts = [row.name, row.when, *row.arguments.values(), *row.tensors.values()]
    yield from (f"unknown placeholder in {text!r}" for text in texts if "{" in text or "}" in text)
    parts = known()[cls.__name__].parts
    names = {*cls.model_fields, *COMMON, *(AROUND if cls.wrapped is not Layer.wrapped else ())}
    yield from _wrong_expression(row.when, names)
    for text in row.arguments.values():
        yield from _wrong_expression(text, names | parts)
    for sources, notation in row.tensors.items():
        yield from _wrong_rule(sources, notation, known()[cls.__name__].tensors)
    for pattern in row.parts:
        within = pattern.partition(target.separator)[0]
        if not any(_matches(within, part) for part in parts):
            yield f"no part {pattern}"


def _takes(cls: type[Layer], values: Mapping[str, Any]) -> bool:
    """Return whether a layer type may have these values: what else it needs, and lacks here, is no matter."""
    try:
        cls(**values)
    except pc.ParamcalcError as error:
        return all(problem.code == "missing-key" for problem in error.problems)
    return True


def _wrong_expression(text: str, names: set[str]) -> Iterator[str]:
    try:
        unknown = Expression.parse(text, words=True).names - names
    except pc.ParamcalcError as error:
        yield str(error)
    else:
        yield from (f"{text!r} mentions {name}" for name in unknown)


def _wrong_rule(sources: str, notation: str, tensors: frozenset[str]) -> Iterator[str]:
    """Yield what is wrong with a rule: an unknown tensor, axes that are not the same on both sides."""
    rule = read_rule(sources, notation)
    for source in rule.sources:
        yield from (f"no tensor {source}" for _ in [0] if not any(_matches(source, name) for name in tensors))
        yield from (f"{source} and {rule.name} differ in their stars" for _ in [0] if source.count("*") != _stars(rule))
    if not re.fullmatch(r"[\w.*/]+", rule.name):
        yield f"{rule.name!r} is no name"
    pattern = r"[a-z]( [a-z])* -> (\(([a-z]( [a-z])*)?\)|[a-z])( (\(([a-z]( [a-z])*)?\)|[a-z]))*"
    if ":" in notation and not re.fullmatch(pattern, notation.partition(":")[2].strip()):
        yield f"{notation!r} is no pattern"
    laid_out = [axis for group in rule.layout for axis in group]
    if sorted(laid_out) != sorted({*rule.axes}) or len({*rule.axes}) != len(rule.axes):
        yield f"{notation!r} has other axes on its two sides"


def _stars(rule: Rule) -> int:
    return rule.name.count("*")


def _matches(pattern: str, name: str) -> bool:
    """Return whether a name is that of a pattern, in which `*` stands for a number."""
    return re.fullmatch(re.escape(pattern).replace(r"\*", r"\d+"), name) is not None


@pytest.mark.parametrize("framework", recorded.FRAMEWORKS)
def test_a_table_has_no_mistake(framework: str) -> None:
    target = convention(framework)
    assert not mistakes(target.table, target)


#: Wrong rows of PyTorch's table, by what is wrong with them; each stands for the row of its key.
LINEAR = Equivalent("torch.nn.Linear", {"in_features": "size(-1)"}, {"kernel": "weight: i o -> o i"})
WRONG_ROWS: dict[str, tuple[str, Equivalent | tuple[()]]] = {
    "no layer type Dence": ("Dence", LINEAR),
    "classes: Bilinear stands twice": ("Dense Bilinear", LINEAR),
    "classes: no placeholders for 4": ("Conv{4}D", LINEAR),
    "no field unit": ("Dense", replace(LINEAR, fields={"unit": 1})),
    "are no fields of it": ("Dense", replace(LINEAR, fields={"use_bias": 3})),
    "no call 'twice'": ("Dense", replace(LINEAR, call="twice")),  # type: ignore[arg-type]
    "no argument bias": ("Dense", replace(LINEAR, written="bias")),
    "no argument weight": ("Dense", replace(LINEAR, arrays="weight")),
    "unknown placeholder in '{axis}'": ("Dense", replace(LINEAR, when="{axis}")),
    "invalid-expression": ("Dense", replace(LINEAR, when="use_bias and")),
    "'size(axis)' mentions axis": ("Dense", replace(LINEAR, arguments={"in_features": "size(axis)"})),
    "'wrapped_axis' mentions wrapped_axis": ("Dense", replace(LINEAR, arguments={"dim": "wrapped_axis"})),
    "no tensor kernle": ("Dense", replace(LINEAR, tensors={"kernle": "weight"})),
    "differ in their stars": ("Dense", replace(LINEAR, tensors={"kernel": "weight_*"})),
    "'weight: i o => o i' is no pattern": ("Dense", replace(LINEAR, tensors={"kernel": "weight: i o => o i"})),
    "'weight: i o -> o j' has other axes": ("Dense", replace(LINEAR, tensors={"kernel": "weight: i o -> o j"})),
    "'weight: i o -> o' has other axes": ("Dense", replace(LINEAR, tensors={"kernel": "weight: i o -> o"})),
    "'my weights' is no name": ("Dense", replace(LINEAR, tensors={"kernel": "my weights"})),
    "no part layer": ("Dense", replace(LINEAR, parts={"layer": ""})),
    "and unlisted": ("Dense", replace(LINEAR, name="torch.nn.CrossEntropyLoss")),
    "two rows of torch.nn.GRU differ": ("Dense", replace(LINEAR, name="torch.nn.GRU")),
}


@pytest.mark.parametrize("message", WRONG_ROWS)
def test_a_mistake_in_a_row_is_seen(message: str) -> None:
    target = convention("torch")
    key, row = WRONG_ROWS[message]
    found = mistakes(replace(target.table, classes={**target.table.classes, key: row}), target, [key])
    assert any(message in each for each in found), found


def test_a_row_that_is_missing_is_seen() -> None:
    target = convention("torch")
    classes = {key: rows for key, rows in target.table.classes.items() if key != "Dense"}
    assert mistakes(replace(target.table, classes=classes), target) == ["no row for Dense"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"layout": {"BatchNorm": {"axis": 1}}}, "BatchNorm says itself what the layout says of axis"),
        ({"layout": {"PReLU": {"axes": 1}}}, "PReLU has no field axes"),
        ({"choices": {"LSTM": {"second_bias": True}}}, "LSTM has no field second_bias"),
        ({"choices": {"LTSM": {}}}, "choices: no layer type LTSM"),
        ({"placeholders": {1: {"axes": "t"}, 2: {}, 3: {}}}, "a placeholder is not said of each number"),
    ],
)
def test_a_mistake_in_the_defaults_is_seen(changes: dict[str, Any], message: str) -> None:
    target = convention("torch")
    found = mistakes(replace(target.table, **changes), target)
    assert any(message in each for each in found), found
