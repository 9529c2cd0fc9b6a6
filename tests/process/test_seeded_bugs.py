"""The tests of the decider find what they are for: bugs planted into a copy of it."""

import os
from collections.abc import Callable

import pytest

from tests.process.bug import Bug
from tests.process.seeded_bugs import BUGS, MACHINE_STEPS, found_by

FULL = os.environ.get("ORDITO_TEST_SCALE") == "full"
STEPS = MACHINE_STEPS if FULL else 2_000


@pytest.mark.timeout(900)
@pytest.mark.parametrize("bug", BUGS if FULL else BUGS[::10], ids=lambda bug: bug.name)
def test_a_planted_bug_is_found(bug: Bug, record_property: Callable[[str, object], None]) -> None:
    """By the machine, or by an example in words; the summary tells by what, and after how many steps."""
    found = found_by(bug, STEPS)
    assert found, f"nothing found the bug: {bug.name}"
    record_property("told", found.words)
