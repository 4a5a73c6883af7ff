"""What Hypothesis is told: no deadlines, since machines are noisy; in CI, more examples, the same each time."""

import gc
import importlib.util
import os
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import settings

settings.register_profile("inner loop", deadline=None, max_examples=30)
settings.register_profile("CI", deadline=None, max_examples=120, derandomize=True)
settings.load_profile("CI" if "CI" in os.environ else "inner loop")

HOOKS = Path(__file__).parent.parent / "docs" / "_hooks.py"


def pytest_collection_finish() -> None:
    """Spare the garbage collector what is imported by now, which stays: a tenth of the inner loop's time."""
    gc.freeze()


@pytest.fixture(scope="session")
def hooks() -> ModuleType:
    """The module that MkDocs calls; it needs no MkDocs until it makes files."""
    found = importlib.util.spec_from_file_location("documentation_hooks", HOOKS)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module
