"""Running someone's constructor: within a budget, with what it prints and draws at random left as it was."""

from __future__ import annotations

import gc
import io
import random
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from paramcalc.core.errors import ParamcalcError, refuse
from paramcalc.frameworks.deriving.parts import Inventory
from paramcalc.frameworks.live import framework_of
from paramcalc.spec import Framework

#: What someone's code may raise: an end of the program, too.
FAILURES = (Exception, SystemExit)
#: How often a constructor is run at most, and for how many seconds in all; more often for more seconds.
BUILDS, SECONDS = 400, 60.0

#: How many objects are made between two searches for garbage.
_MADE_BETWEEN = 1_000_000


@dataclass
class Runner:
    """Runs a constructor, and reads what it makes."""

    seconds: float = SECONDS
    #: `torch`, or `keras`: as it was said, or once something was made
    framework: str = ""
    #: whether modules of PyTorch are made without numbers
    on_meta: bool = True
    runs: int = 0
    #: what was made at each point, in the text of its values; None where it raises
    models: dict[str, Any] = field(default_factory=dict)
    #: which layer type a module of PyTorch is, of those that are alike
    alike: Any = None
    started: float = field(default_factory=time.monotonic)

    def run(self, call: Callable[[], Any]) -> Any:
        """Run a constructor. Raises what it raises, and `not-derivable` over the budget."""
        self._spend()
        with ExitStack() as stack:
            stack.enter_context(silence())
            if "torch" in sys.modules and self.on_meta and self.framework != "keras":
                from paramcalc.frameworks.torch.meta import without_numbers

                stack.enter_context(without_numbers())
            return call()

    @property
    def is_spent(self) -> bool:
        """Whether the budget is used up."""
        builds = BUILDS * max(1, self.seconds / SECONDS)
        return self.runs > builds or time.monotonic() - self.started > self.seconds

    def _spend(self) -> None:
        self.runs += 1
        self.check()

    def check(self) -> None:
        """Raise `not-derivable` over the budget."""
        if self.is_spent:
            spent = time.monotonic() - self.started
            raise refuse(
                "not-derivable",
                f"the constructor was run {self.runs} times in {spent:.0f} seconds, and what it makes is not"
                " understood yet",
                "give a larger budget=, in seconds, or fewer dims=",
            )

    def read(self, model: Any, kinds: bool = True) -> Inventory:
        """Read what was made.

        Raises `not-derivable` for what is no model, or one of another framework than was said, or cannot be read.
        """
        made = _framework_of(model)
        if self.framework not in ("", made):
            names = {"torch": "a module of PyTorch", "keras": "a model of Keras"}
            raise refuse(
                "not-derivable",
                f"the constructor makes {names[made]}, and not {names[self.framework]}",
                "leave framework= out",
            )
        self.framework = made
        with _refusing():
            if self.framework == "keras":
                from paramcalc.frameworks.keras.inventory import inventory as of_keras

                return of_keras(model)
            from paramcalc.frameworks.torch.inventory import inventory as of_torch
            from paramcalc.frameworks.torch.read.kinds import Kinds
            from paramcalc.frameworks.torch.read.patterns import Alike

            self.alike = self.alike or Alike()
            found = of_torch(model, Kinds(alike=self.alike) if kinds else None)
            if self.runs == 1:
                # what cannot be read is refused at once
                found.root  # noqa: B018
            return found


@contextmanager
def _refusing() -> Iterator[None]:
    """Refuse what cannot be read as `not-derivable`."""
    try:
        yield
    except ParamcalcError as error:
        problem = error.problems[0]
        raise refuse("not-derivable", problem.message, problem.hint) from error


@contextmanager
def silence() -> Iterator[None]:
    """Show nothing of what someone's code prints, and no warning of it."""
    with warnings.catch_warnings(), redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        yield


def _framework_of(model: Any) -> Framework:
    """Name the framework of what was made. Raises `not-derivable` for what is no model."""
    found = framework_of(model)
    if found is None:
        raise refuse(
            "not-derivable",
            f"the constructor gives an object of the type {type(model).__name__}, which is no module of PyTorch and no"
            " model of Keras",
            "derive takes a class or a function that makes one",
        )
    return found


def raised(error: BaseException, what: str = "the constructor") -> ParamcalcError:
    """Return the refusal of someone's code that raises, with its line that did."""
    here = str(Path(__file__).parent)
    frames = [each for each in traceback.extract_tb(error.__traceback__) if here not in each.filename]
    own = [each for each in frames if "site-packages" not in each.filename] or frames
    place = f" ({Path(own[-1].filename).name}:{own[-1].lineno})" if own else ""
    message = str(error).replace("\n", " ")
    return refuse("not-derivable", f"{what} raises {type(error).__name__}: {message}{place}")


@contextmanager
def states_kept() -> Iterator[None]:
    """Leave the random states of Python, NumPy and PyTorch as they were."""
    python = random.getstate()
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    numpy_state = numpy.random.get_state() if numpy is not None else None
    torch_state = torch.random.get_rng_state() if torch is not None else None
    try:
        yield
    finally:
        random.setstate(python)
        if numpy is not None:
            numpy.random.set_state(numpy_state)
        if torch is not None:
            torch.random.set_rng_state(torch_state)


@contextmanager
def rare_collections() -> Iterator[None]:
    """Let Python look for garbage rarely: models are kept, and it would look through them, and PyTorch, repeatedly."""
    thresholds = gc.get_threshold()
    if thresholds[0]:
        gc.set_threshold(max(thresholds[0], _MADE_BETWEEN), *thresholds[1:])
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
