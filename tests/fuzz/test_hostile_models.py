"""Descriptions of models made to do harm: nothing in them is run or written, and each costs a moment and little."""

from __future__ import annotations

import base64
import gc
import io
import json
import marshal
import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from contextlib import nullcontext, suppress
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import paramcalc as pc
from tests.fuzz.test_hostile import check, run, start
from tests.sweeps.test_keras_models import (
    BAD_ARCHIVES,
    LAMBDA,
    MLP,
    archive,
    entry,
    functional,
    sequential,
    source,
    tensor,
)

pytestmark = pytest.mark.fuzz

__all__ = ["start"]  # the fixture

AUDITED = Path(__file__).with_name("audited.py")
ROOT = Path(__file__).parents[2]
DESCRIPTIONS = sorted((ROOT / "tests" / "descriptions").glob("*.json"))
SPEC = ROOT / "specs" / "lenet5.yaml"

# --- Code in a description -------------------------------------------------------------

HARM = "open('was-here', 'w').close()"
CODE = base64.b64encode(marshal.dumps(compile(HARM, "harm", "exec"))).decode()
BY_NAME = {"module": "builtins", "class_name": "function", "config": "exec", "registered_name": "function"}
BY_CODE = {"class_name": "__lambda__", "config": {"code": CODE, "defaults": [HARM], "closure": None}}
X = source("x", 4)


def around(layer: dict[str, Any]) -> Any:
    """A model of steps, with a layer for each of them."""
    return sequential(source("x", 4, 4), entry("TimeDistributed", "each", layer=layer))


WITH_CODE: dict[str, Any] = {
    "a Lambda": sequential(X, entry("Lambda", "run", function=BY_CODE, arguments={"code": HARM})),
    "a Lambda of a function": sequential(X, entry("Lambda", "run", function=BY_NAME)),
    "a Lambda within": around(entry("Lambda", "run", function=BY_CODE)),
    "units that are an expression": sequential(X, entry("Dense", "run", units=HARM)),
    "a module of the system": sequential(X, entry("system", "run", module="os", command="touch was-here")),
    "a class of the system": sequential(X, {**entry("Dense", "run", units=3), "registered_name": "os>system"}),
    "a module below Keras": sequential(X, entry("exec", "run", module="keras.layers.builtins", source=HARM)),
    "an operation": functional(
        X,
        entry("Exec", "run", [tensor("x", [None, 4]), HARM], module="keras.src.ops.numpy"),
        outputs=[["run", 0, 0]],
    ),
    "a model from a folder": sequential(X, entry("TFSMLayer", "run", filepath="/etc", call_endpoint="serve")),
    "a module of PyTorch": sequential(X, entry("TorchModuleWrapper", "run", module=CODE)),
    "a name that climbs out": sequential(X, entry("Nothing", "../../was-here", units=3)),
    "a class that is a path": {"module": "os", "class_name": "../was-here", "config": {"layers": []}},
}
#: What decides no size: it is taken for a name, or not read, and the model counts.
NOT_READ: dict[str, Any] = {
    # a function of the user's own: its name is kept, and nothing is looked up by it
    "an activation": sequential(X, entry("Dense", "run", units=3, activation=BY_CODE)),
    "an activation by name": sequential(X, entry("Dense", "run", units=3, activation=BY_NAME)),
    "an activation that is an expression": sequential(X, entry("Activation", "run", activation=HARM)),
    "an initializer": sequential(X, entry("Dense", "run", units=3, kernel_initializer=BY_CODE)),
    "a regularizer": sequential(X, entry("Dense", "run", units=3, kernel_regularizer=BY_NAME)),
}


def test_nothing_in_a_description_is_run_and_nothing_is_written(tmp_path: Path) -> None:
    """The interpreter is asked to open the file for reading, and to parse expressions, but not to run anything."""
    for folder in ("warm", "models", "empty"):
        (tmp_path / folder).mkdir()
    lambda_of_nothing = json.dumps(sequential(X, LAMBDA)).encode()
    (tmp_path / "warm" / "good.keras").write_bytes(archive({"config.json": json.dumps(MLP).encode()}))
    (tmp_path / "warm" / "bad.json").write_bytes(lambda_of_nothing)
    (tmp_path / "warm" / "unknown.json").write_text(json.dumps(sequential(X, entry("Dence", "d"))), encoding="utf-8")
    for name, model in {**WITH_CODE, **NOT_READ}.items():
        text = json.dumps(model).encode()
        (tmp_path / "models" / f"{name}.json").write_bytes(text)
        (tmp_path / "models" / f"{name}.keras").write_bytes(archive({"config.json": text, "../was-here": b"x"}))
    warm = [*DESCRIPTIONS, *sorted((tmp_path / "warm").iterdir())]
    models = sorted((tmp_path / "models").iterdir())
    done = subprocess.run(
        [sys.executable, AUDITED, *warm, "--", *models],
        cwd=tmp_path / "empty",
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    for path, (codes, events) in json.loads(done.stdout).items():
        assert set(codes) == ({0} if Path(path).stem in NOT_READ else {2}), path
        assert {name for name, _ in events} <= {"open", "compile", "builtins.id"}, path
        assert {tuple(values) for name, values in events if name == "open"} == {(path, "r")}, path
    assert sorted((tmp_path / "models").iterdir()) == models
    assert list((tmp_path / "empty").iterdir()) == []
    assert not (tmp_path / "was-here").exists()


# --- Files that cost much --------------------------------------------------------------


def _flagged(data: bytes, flags: int) -> bytes:
    """An archive whose directory has these flags set for its first entry."""
    place = data.find(b"PK\x01\x02")
    return data[: place + 8] + bytes([flags]) + data[place + 9 :]


def _bomb_of_many() -> bytes:
    """An archive with so many entries as its directory may have, each of them a bomb, the description among them."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for number in range(9_000):
            made.writestr(f"{number}/" + "x" * 60, b"")
        made.writestr("model.weights.h5", b"\0" * 2**26)
        made.writestr("config.json", b" " * 2**26)
    return buffer.getvalue()


def nested(depth: int, inner: str, outer: Callable[[str], str]) -> str:
    """A text within a text within a text."""
    for _ in range(depth):
        inner = outer(inner)
    return inner


def _wrapped(depth: int) -> Any:
    layer = entry("Dense", "last", units=3)
    for number in range(depth):
        layer = entry("TimeDistributed", f"each_{number}", layer=layer)
    return sequential(source("x", 4, 4), layer)


def _models_within(depth: int) -> Any:
    model = sequential(X, entry("Dense", "last", units=3))
    for number in range(depth):
        model = sequential(X, {**model, "name": f"inside_{number}"})
    return model


DENSE = entry("Dense", "d", units=4)
HEAD = '{"class_name": "Sequential", "config": {"name": "a", "layers": '
COSTLY: dict[str, Any] = {
    "a bomb of many entries": _bomb_of_many(),
    "an archive of nothing but flags": _flagged(BAD_ARCHIVES["encrypted"][0], 255),
    "100,000 brackets": HEAD + "[" * 100_000,
    "100,000 brackets that close": HEAD + "[" * 100_000 + "]" * 100_000 + "}}",
    "900 mappings": HEAD + nested(900, "1", '{{"a": {}}}'.format) + "}}",
    "900 lists of outputs": json.dumps(functional(X, outputs=[])).replace(
        '"output_layers": []', f'"output_layers": {nested(900, "[]", "[{}]".format)}'
    ),
    "layers within layers": _wrapped(60),
    "layers within layers, too many": _wrapped(300),
    "models within models": _models_within(40),
    "models within models, too many": _models_within(200),
    "a number of a million digits": HEAD + "9" * 10**6 + "}}",
    "400 digits": sequential(X, entry("Dense", "d", units=10**400)),
    "no number": HEAD + "[NaN, Infinity, -Infinity, 1e999]}}",
    "units that are no number": json.dumps(sequential(X, DENSE)).replace('"units": 4', '"units": NaN'),
    "units without end": json.dumps(sequential(X, DENSE)).replace('"units": 4', '"units": 1e999'),
    "a shape of infinities": json.dumps(sequential(X, DENSE)).replace("[null, 4]", "[null, Infinity]"),
    "16 MiB of spaces": " " * (2**24 - 1),
    "17 MiB": HEAD + " " * 2**24,
    "keys twice": HEAD + "[" + ",".join(['{"a": 1, "a": 2}'] * 9) + "]}}",
    "a name of a megabyte": sequential(X, entry("Dense", "d" * 10**6, units=4)),
    "a class of a megabyte": sequential(X, entry("D" * 10**6, "d", units=4)),
    "an argument of a megabyte": sequential(X, entry("Dense", "d", units=4, **{"u" * 10**6: 3})),
    "an activation of a megabyte": sequential(X, entry("Dense", "d", units=4, activation="relu " * 10**5)),
    "a list of a megabyte for a size": sequential(X, entry("Dense", "d", units=[3] * 10**5)),
    "as many axes": sequential(X, entry("Reshape", "d", target_shape=[1] * 10**5)),
    "a shape of as many axes": sequential(source("x", *[1] * 10**5), DENSE),
    "an index of as many axes": functional(
        X,
        entry("GetItem", "g", [tensor("x", [None, 4]), [3] * 10**5], module="keras.src.ops.numpy"),
        outputs=[["g", 0, 0]],
    ),
    "as many inputs": functional(X, entry("Add", "a", [[tensor("x", [None, 4])] * 9_000]), outputs=[["a", 0, 0]]),
    "as many outputs": functional(X, entry("Add", "a", [[tensor("x", [None, 4])] * 2]), outputs=[["a", 0, 0]] * 9_000),
    "an output far away": functional(
        X, entry("Dense", "d", [tensor("x", [None, 4])], units=4), outputs=[["d", 0, 10**9]]
    ),
    "a call far away": functional(X, entry("Dense", "d", [tensor("x", [None, 4])], units=4), outputs=[["d", 10**9, 0]]),
    "a ring": functional(
        X, *[entry("Dense", f"d{n}", [tensor(f"d{(n + 1) % 900}", [None, 4])], units=4) for n in range(900)], outputs=[]
    ),
    "900 layers of one name": sequential(X, *[DENSE] * 900),
    "900 classes that are not there": sequential(X, *[entry(f"D{n}", f"d{n}") for n in range(900)]),
    "a model that is its own part": functional(X, entry("Functional", "f", layers=[]), outputs=[["f", 0, 0]]),
}


@pytest.mark.parametrize("name", COSTLY)
def test_a_costly_model(name: str, start: float, tmp_path: Path) -> None:
    model = COSTLY[name]
    data = model if isinstance(model, bytes) else (model if isinstance(model, str) else json.dumps(model)).encode()
    (tmp_path / "model.keras").write_bytes(data)
    for arguments in (["import", "model.keras"], ["count", "model.keras"], ["check", SPEC, "--against", "model.keras"]):
        result = run(tmp_path, *arguments[1:], command=str(arguments[0]))
        if result.code == 1:  # the answer of a check
            assert arguments[0] == "check"
            result = result._replace(code=0)
        check(result, start)
    assert {each.name for each in tmp_path.iterdir()} <= {"model.keras", "output", "errors", "report"}


# --- What grows with the model ---------------------------------------------------------


def _chain(count: int) -> Any:
    layers = [
        entry("Dense", f"d{number}", [tensor(f"d{number - 1}" if number else "x", [None, 4])], units=4)
        for number in range(count)
    ]
    return functional(X, *layers, outputs=[[f"d{count - 1}", 0, 0]])


def _growing(count: int) -> Any:
    return sequential(X, *[entry("Dense", f"d{number}", units=number + 1) for number in range(count)])


def _calls(count: int) -> Any:
    calls = [[tensor("d", [None, 4], number - 1) if number else tensor("x", [None, 4])] for number in range(count)]
    return functional(X, entry("Dense", "d", *calls, units=4), outputs=[["d", count - 1, 0]])


def _models(count: int) -> Any:
    inner = sequential(X, entry("Dense", "d", units=4))
    return sequential(X, *[{**inner, "name": f"m{number}"} for number in range(count)])


def _fan(count: int) -> Any:
    x = tensor("x", [None, 4])
    layers = [entry("Dense", f"d{number}", [x], units=4) for number in range(count)]
    total = entry("Add", "a", [[tensor(f"d{number}", [None, 4]) for number in range(count)]])
    return functional(X, *layers, total, outputs=[["a", 0, 0]])


def _cells(count: int) -> Any:
    cells = [entry("GRUCell", f"c{number}", units=3) for number in range(count)]
    return sequential(source("x", 4, 4), entry("RNN", "r", cell=entry("StackedRNNCells", "s", cells=cells)))


def _reversed(count: int) -> Any:
    model = _chain(count)
    model["config"]["layers"].reverse()
    return model


#: Families of models, and how many layers the smaller of two has.
GROWING: dict[str, tuple[Callable[[int], Any], int]] = {
    "a chain": (_chain, 600),
    "a chain, the last first": (_reversed, 600),
    "layers that are all different": (_growing, 300),
    "layers of one name": (lambda count: sequential(X, *[DENSE] * count), 600),
    "names that differ in signs alone": (
        lambda count: sequential(X, *[entry("Dense", "d" + "!?."[n % 3] * (n % 7), units=4) for n in range(count)]),
        600,
    ),
    "calls of one layer": (_calls, 600),
    # runs of up to 100 nodes are looked for: up to 200, longer ones in more of them
    "models within": (_models, 300),
    "a fan": (_fan, 600),
    "cells": (_cells, 200),
    "inputs": (
        lambda count: functional(X, entry("Add", "a", [[tensor("x", [None, 4])] * count]), outputs=[["a", 0, 0]]),
        5_000,
    ),
    "layers that wait for others": (
        lambda count: functional(
            X, *[entry("Dense", f"d{n}", [tensor(f"z{n}", [None, 4])], units=4) for n in range(count)], outputs=[]
        ),
        5_000,
    ),
}


#: The one of them that is refused.
WAITING = "layers that wait for others"


@pytest.fixture(params=GROWING)
def pair(request: pytest.FixtureRequest) -> tuple[str, str]:
    """A model and one of four times its size, as texts; the first has been read once."""
    make, count = GROWING[request.param]
    small, large = json.dumps(make(count)), json.dumps(make(4 * count))
    with pytest.raises(pc.ParamcalcError) if request.param == WAITING else nullcontext():
        pc.count(pc.from_keras(small))
    return small, large


def read(model: str) -> None:
    with suppress(pc.ParamcalcError):
        pc.count(pc.from_keras(model))


def calls(model: str) -> int:
    """How many functions are called to read a model: the same number each time."""
    seen = 0

    def see(frame: FrameType, event: str, argument: object) -> None:
        nonlocal seen
        seen += event in ("call", "c_call")

    sys.setprofile(see)
    try:
        read(model)
    finally:
        sys.setprofile(None)
    return seen


def seconds(model: str) -> float:
    """The processor's time, without the collector, which goes through all that other tests have left."""
    gc.collect()
    gc.disable()
    begin = time.process_time()
    try:
        read(model)
    finally:
        gc.enable()
    return time.process_time() - begin


def test_four_times_the_model_takes_about_four_times_the_work(pair: tuple[str, str]) -> None:
    small, large = pair
    assert calls(large) < 5 * calls(small)


def test_four_times_the_model_takes_about_four_times_as_long(pair: tuple[str, str]) -> None:
    """What is done within one call, such as a list that is copied, is seen in time alone."""
    small, large = pair
    bound = 8 * max(0.01, min(seconds(small) for _ in range(5)))
    # of what grows with the square, it would be 16 times; another process only ever makes it longer
    assert any(seconds(large) < bound for _ in range(8))
