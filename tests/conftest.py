"""What holds for each run: where its random examples come from, how many processes share it, what they are told."""

import gc
import importlib
import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.seed import SEED

HERE = Path(__file__).parent
HOOKS = HERE.parent / "docs" / "_hooks.py"


def pytest_report_header() -> str:
    """Say how a run's random examples are drawn again."""
    return f"random examples: PARAMCALC_SEED={SEED}"


def pytest_configure(config: pytest.Config) -> None:
    """In CI, name what fails at once: a run that is cut off has no summary."""
    if "CI" in os.environ and not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Naming(config))


class _Naming:
    def __init__(self, config: pytest.Config) -> None:
        self.config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        reporter = self.config.pluginmanager.get_plugin("terminalreporter")
        if report.failed and reporter is not None:
            reporter.write_line(f" {report.nodeid} failed")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say it where something fails, even if there was no header."""
    if terminalreporter.stats.get("failed"):
        terminalreporter.write_line(f"the same random examples again: PARAMCALC_SEED={SEED}")
    if _skipped_in_ci(terminalreporter):
        terminalreporter.write_line("in CI no test may be skipped", red=True)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail where a test is skipped in CI."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and _skipped_in_ci(reporter):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _skipped_in_ci(reporter: pytest.TerminalReporter) -> bool:
    return "CI" in os.environ and bool(reporter.stats.get("skipped"))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Share folders among processes, but not files that are named one by one, whose imports would take longer."""
    has_folders = any(Path(argument.partition("::")[0]).is_dir() for argument in config.args)
    return min(len(os.sched_getaffinity(0)), _MOST_WORKERS) if has_folders else 0


#: Each imports TensorFlow and PyTorch, and builds models, in more than a gigabyte.
_MOST_WORKERS = 4


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give a process a file, whose tests share what one prepares; of the cross-check, whose files are long, a test."""
    from xdist.scheduler import LoadScopeScheduling

    class Sharing(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            path = nodeid.partition("::")[0]
            return nodeid if path.startswith("tests/cross_check/") and path != _TOGETHER else path

    return Sharing(config, log)


#: All of its models are read at once.
_TOGETHER = "tests/cross_check/test_applications.py"


def pytest_pycollect_makemodule(module_path: Path) -> None:
    """Prepare Hypothesis for the tests of a folder; those of the inner loop draw nothing, and do not wait for it."""
    if module_path.parent != HERE:
        importlib.import_module("tests.sampling")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Spare the inner loop what it has no use for: together a quarter of its time."""
    if "hypothesis" not in sys.modules:
        # its plugin looks at each test, and imports it for its part of the summary
        session.config.pluginmanager.unregister(name="hypothesispytest")
    # what is imported by now stays, and the little that is left to collect is worth fewer looks
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.fixture(scope="session")
def hooks() -> ModuleType:
    """The module that MkDocs calls; it needs no MkDocs until it makes files."""
    found = importlib.util.spec_from_file_location("documentation_hooks", HOOKS)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module
