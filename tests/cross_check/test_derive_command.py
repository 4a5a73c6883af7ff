"""`paramcalc derive` on someone's file: what it prints, and what it says where nothing can be derived."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

import paramcalc as pc
from paramcalc.core.registry import command

pytestmark = pytest.mark.framework

MODELS = """
import random
import sys
import time
from torch import nn

class Net(nn.Module):
    def __init__(self, width, dims=2, fails=False):
        super().__init__()
        print("building")
        print("warned", file=sys.stderr)
        if fails:
            raise RuntimeError("no such net")
        self.layers = nn.ModuleList(nn.Linear(width, width) for _ in range(dims))

def sleeping(width):
    time.sleep(0.2)
    return nn.Linear(width, 4)

def drawn(width):
    return nn.Linear(width, random.randint(1, 10**9))

def lazy(width):
    return nn.LazyLinear(width)

def empty(width):
    return nn.ReLU()

def idle(width):
    return nn.Linear(3, 4)

def ending(width):
    sys.exit(3)

def one_value(width):
    assert width == 64
    return nn.Linear(width, 4)

def words(width):
    return width * ["word"]

built = nn.Linear(3, 4)
"""


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of the call with a module of someone's."""
    name = f"models_{tmp_path.name}"
    (tmp_path / f"{name}.py").write_text(MODELS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path / f"{name}.py"
    sys.modules.pop(name, None)


def run(*arguments: str) -> Any:
    return CliRunner().invoke(command("derive"), arguments, standalone_mode=False)


def test_the_command_prints_a_spec(models: Path) -> None:
    result = run(f"{models.stem}:Net", "width=64", "dims=3")
    assert result.exception is None
    spec = pc.loads(result.output)
    assert spec.dims == {"width": 64, "dims": 3}
    assert "building" not in result.output
    assert result.stderr == ""
    assert pc.count(spec, dims={"width": 10, "dims": 5}).total == 5 * 110


def test_the_command_checks_whether_the_code_still_gives_a_spec(models: Path) -> None:
    assert run(f"{models.stem}:Net", "width=64", "dims=3", "-o", "net.yaml").exception is None
    assert run(f"{models.stem}:Net", "width=64", "dims=3", "--check", "net.yaml").exception is None
    models.write_text(MODELS.replace("nn.Linear(width, width)", "nn.Linear(width, 2 * width)"))
    sys.modules.pop(models.stem)
    importlib.invalidate_caches()
    result = run(f"{models.stem}:Net", "width=64", "dims=3", "--check", "net.yaml")
    assert isinstance(result.exception, SystemExit)
    assert result.exception.code == 1
    assert "~ layers.0..2  Dense  +12,480" in result.output


def test_a_change_that_shows_at_other_values_alone_is_found(models: Path) -> None:
    assert run(f"{models.stem}:Net", "width=64", "dims=3", "-o", "net.yaml").exception is None
    models.write_text(MODELS.replace("range(dims)", "range(max(dims, 3))"))
    sys.modules.pop(models.stem)
    importlib.invalidate_caches()
    result = run(f"{models.stem}:Net", "width=64", "dims=3", "--check", "net.yaml")
    assert isinstance(result.exception, SystemExit)
    assert result.exception.code == 1
    assert "the layers have other expressions" in result.output


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["Net", "width=64", "fails=true"], "the constructor raises RuntimeError: no such net (FILE.py:13)"),
        (["Nets", "width=64"], "FILE has no 'Nets'"),
        (
            ["sleeping", "width=64", "--budget", "1"],
            (
                "the constructor was run N times in 1 seconds, and what it makes is not understood yet\n"
                "    give a larger budget=, in seconds, or fewer dims="
            ),
        ),
        (
            ["drawn", "width=64"],
            (
                "drawn is not a function of its arguments: called twice alike, it makes two models\n"
                "    sizes that are random, or kept from call to call, have no form"
            ),
        ),
        (
            ["lazy", "width=64"],
            (
                "'weight' has no size yet: a lazy module takes it from its first input\n"
                "    run the model once on an example, then read it"
            ),
        ),
        (["empty", "width=64"], "empty makes a model without tensors"),
        (["idle", "width=64"], "no tensor of idle changes with an argument that is a whole number"),
        (["ending", "width=64"], "the constructor raises SystemExit: 3 (FILE.py:33)"),
        (
            ["one_value", "width=64"],
            "no form was found for any argument of one_value (width: the constructor takes too few other values)",
        ),
        (
            ["words", "width=64"],
            (
                "the constructor gives an object of the type list, which is no module of PyTorch"
                " and no model of Keras\n"
                "    derive takes a class or a function that makes one"
            ),
        ),
        (
            ["built", "width=64"],
            "takes a class or a function, not 'Linear'\n    give what makes the module, and its arguments",
        ),
        (
            ["Net", "bias=true"],
            "none of the arguments is a whole number\n    give the sizes as arguments, as in width=768",
        ),
        (["Net", "width=64", "--fixed", "depth"], "'depth' is no dim\n    the dims are width"),
        (["Net", "width=64", "--budget", "0"], "budget takes a number of seconds above 0, not 0.0"),
    ],
    ids=lambda each: each[0] if isinstance(each, list) else "",
)
def test_the_command_says_what_is_wrong(models: Path, arguments: list[str], text: str) -> None:
    name, *values = arguments
    result = run(f"{models.stem}:{name}", *values)
    assert isinstance(result.exception, pc.ParamcalcError)
    said = re.sub(r"run \d+ times", "run N times", str(result.exception)).replace(models.stem, "FILE")
    assert said.partition(": ")[2] == text
    assert result.stdout == ""


def test_all_of_an_exception_is_shown_where_it_is_asked_for(models: Path) -> None:
    result = run(f"{models.stem}:Net", "width=64", "fails=true", "--traceback")
    assert isinstance(result.exception, pc.ParamcalcError)
    assert "Traceback (most recent call last):" in result.stderr
    assert f'{models.name}", line 13, in __init__' in result.stderr


def test_what_is_no_argument_is_refused(models: Path) -> None:
    result = run(f"{models.stem}:Net", "width")
    assert isinstance(result.exception, click.UsageError)
    assert result.exception.message == "'width' is no argument such as width=768"
