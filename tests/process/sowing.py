"""Which bugs a run of the tests plants, and how it judges what finds them."""

import os
from collections.abc import Callable

from tests.process.bug import Bug
from tests.process.seeded_bugs import STEPS, found_by, kept

FULL = os.environ.get("ORDITO_TEST_SCALE") == "full"


def of_this_run(bugs: tuple[Bug, ...]) -> tuple[Bug, ...]:
    """All of them, or a tenth."""
    return bugs if FULL else bugs[::10]


def is_found(bug: Bug, record_property: Callable[[str, object], None]) -> None:
    """Something finds it; what is known to, if it still does."""
    found = found_by(bug, STEPS, kept().get(bug.name))
    assert found, f"nothing found the bug: {bug.name}"
    record_property("told", found.words)
