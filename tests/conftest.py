"""What every test run needs: temporary folders that no other run closes, servers that are shared, the long files first.

Of each server there is one in every process that runs tests; a test brings items and orders of its own.
"""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
import pytest_asyncio

if TYPE_CHECKING:
    from tests.support.shop import Shop
    from tests.support.stack import RunningPostgres

TEMPORARY_ROOT = "PYTEST_DEBUG_TEMPROOT"
_PREFIX = "ordito-tests-"
_root = pytest.StashKey[Path]()
LONG = (
    "demo/test_demo.py",
    "process/test_seeded_bugs.py",
    "process/test_seeded_edit_bugs.py",
    "docs/test_readme.py",
    "chaos/test_chaos.py",
    "grid/test_saga_grid.py",
    "machine/test_real_stack.py",
    "process/test_machine.py",
    "changes/test_matrix.py",
    "stack/test_up.py",
    "stack/test_doctor.py",
    "stack/test_postgres.py",
    "api/test_fuzz.py",
    "stories/test_change.py",
    "orders/test_restarts.py",
    "demo/test_demo_beside_others.py",
    "mass/test_mass.py",
    "orders/test_continue_as_new.py",
)
"""The files that take longest, the longest first: begun last, they would be waited for while nothing else is left."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts the long files first; side by side they are then given out first (`--no-loadscope-reorder`)."""
    tests = Path(__file__).parent
    place = {tests / name: number for number, name in enumerate(LONG)}
    items.sort(key=lambda item: place.get(item.path, len(LONG)))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shop(tmp_path_factory: pytest.TempPathFactory) -> "AsyncIterator[Shop]":
    """`ordito up` and everything it starts; at the end nobody has anything against it."""
    from tests.support.shop import running_shop  # late: most tests need no stack

    async with running_shop(tmp_path_factory.mktemp("shop")) as running:
        yield running
        assert await running.violations() == [], "the outside was asked for something that a correct caller never asks"
        await running.wholly_audited()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def postgres(tmp_path_factory: pytest.TempPathFactory) -> "AsyncIterator[RunningPostgres]":
    """A PostgreSQL of which a test has a database made, or the shared one emptied."""
    from tests.support.stack import running_postgres  # late: most tests need none

    async with running_postgres(tmp_path_factory.mktemp("postgres")) as running:
        yield running


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
