"""What every test run needs: temporary folders that no other run closes."""

import os
import shutil
import tempfile
from pathlib import Path

import psutil
import pytest

TEMPORARY_ROOT = "PYTEST_DEBUG_TEMPROOT"
_PREFIX = "ordito-tests-"
_root = pytest.StashKey[Path]()


def pytest_configure(config: pytest.Config) -> None:
    """Gives this run a root of its own.

    Each run of pytest closes the root that runs share to other users. When root runs the tests, PostgreSQL is another
    user, and a second run at the same time would take its data away from it. A run that failed or was killed leaves
    gigabytes behind: the next run clears them away.
    """
    if TEMPORARY_ROOT not in os.environ:
        clear_ended_runs(Path(tempfile.gettempdir()))
        config.stash[_root] = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
        os.environ[TEMPORARY_ROOT] = str(config.stash[_root])


def clear_ended_runs(folder: Path) -> None:
    """Removes the roots in `folder` whose run, named by the number of its process, is over."""
    for root in folder.glob(f"{_PREFIX}*"):
        process = root.name.removeprefix(_PREFIX).partition("-")[0]
        if process.isdecimal() and not psutil.pid_exists(int(process)):
            shutil.rmtree(root, ignore_errors=True)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Keeps what a failed run left, for looking at it, until the next run."""
    if exitstatus == pytest.ExitCode.OK and _root in session.config.stash:
        shutil.rmtree(session.config.stash[_root], ignore_errors=True)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says what tests counted: a test tells it with `record_property("told", words)`."""
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.stats.get(kind, ())]
    told = [
        (report.nodeid, str(words)) for report in reports for name, words in report.user_properties if name == "told"
    ]
    if told:
        terminalreporter.section("counted")
        for nodeid, words in sorted(told):
            terminalreporter.write_line(f"{nodeid.rpartition('::')[2]}: {words}")
