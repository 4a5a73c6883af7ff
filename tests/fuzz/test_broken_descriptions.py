"""Descriptions that Keras wrote, broken: each is read, or refused in our own words, in a moment."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import paramcalc as pc
from tests.helpers import run

pytestmark = pytest.mark.fuzz

DESCRIPTIONS = {
    path.stem: path.read_text(encoding="utf-8")
    for path in sorted((Path(__file__).parents[1] / "descriptions").glob("*.json"))
}
#: One or more of every type that JSON has, and parts of descriptions at wrong places.
WRONG: list[Any] = [
    None, True, False, 0, -1, 3, 10**40, 10**400, 1.5, float("nan"), float("inf"), "", "x", "9 * 9", [], [1], [[]],
    [None, None, None], ["x", 0, 0], ["x", -1, 10**9], {}, {"class_name": "Dense", "config": {}}, {"class_name": 3},
    {"class_name": "Dense", "config": {"units": {}}, "module": "keras.layers", "registered_name": None},
    {"class_name": "__keras_tensor__", "config": {"shape": [None, 3], "keras_history": ["x", 0, 0]}},
    {"class_name": "__slice__", "config": {"start": "a"}}, {"class_name": "__lambda__", "config": {"code": "4w=="}},
]  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to each value in data."""
    yield path
    for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(item, (*path, key))


def at(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """The data with another value at a place."""
    if not path:
        return new
    copied = value.copy()
    copied[path[0]] = replaced(value[path[0]], path[1:], new)
    return copied


def read(model: Any) -> str:
    """Count a model: "counted", or the code of its refusal. Anything else is raised."""
    begin, text = time.process_time(), ""
    try:
        spec = pc.from_keras(model)
        assert pc.count(pc.loads(pc.dumps(spec))).total >= 0
        outcome = "counted"
    except pc.ParamcalcError as error:
        outcome, text = error.code, str(error)
    assert len(text) < 20_000
    assert time.process_time() - begin < 2
    return outcome


@pytest.mark.parametrize("name", DESCRIPTIONS)
def test_every_value_replaced_by_one_of_another_type(name: str) -> None:
    """One or two wrong values a place, others at the next, so that all types meet all sorts of places."""
    model = json.loads(DESCRIPTIONS[name])
    outcomes = set()
    for number, path in enumerate(places(model)):
        for wrong in WRONG[number % 19 :: 19]:
            outcomes.add(read(replaced(model, path, wrong)))
    assert {"counted", "invalid-value", "unknown-kind", "model-mismatch"} <= outcomes


@st.composite
def broken(draw: st.DrawFn) -> Any:
    """A description in which some values are replaced, left out, doubled, or put where others stood."""
    model = json.loads(DESCRIPTIONS[draw(st.sampled_from(sorted(DESCRIPTIONS)))])
    for _ in range(draw(st.integers(1, 4))):
        every = list(places(model))
        path = every[draw(st.integers(1, len(every) - 1))]
        inside, key = at(model, path[:-1]), path[-1]
        match draw(st.sampled_from(["wrong", "gone", "moved", "doubled", "drawn"])):
            case "wrong":
                inside[key] = draw(st.sampled_from(WRONG))
            case "gone":
                del inside[key]
            case "moved":
                inside[key] = deepcopy(at(model, every[draw(st.integers(1, len(every) - 1))]))
            case "doubled":
                inside[key] = [deepcopy(inside[key])] * 2
            case "drawn":
                inside[key] = draw(_JSON)
        model = deepcopy(model)
    return model


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=500)
@given(model=broken())
def test_a_broken_description_is_counted_or_refused(model: Any) -> None:
    read(model)


@settings(max_examples=200)
@given(model=broken())
def test_a_broken_file_is_counted_or_refused(model: Any) -> None:
    """And so is its text, a part of it missing."""
    text = json.dumps(model)
    random_place = random.Random(len(text)).randrange(len(text))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.json"
        for each in (text, text[:random_place], text[:random_place] + text[random_place + 1 :]):
            path.write_text(each, encoding="utf-8")
            for command in ("import", "count"):
                result = run(command, str(path))
                assert result.exit_code in (0, 2), result.output
                assert result.exception is None or isinstance(result.exception, SystemExit)
                assert (result.exit_code == 2) == ("error[" in result.stderr)
            assert [*path.parent.iterdir()] == [path]
