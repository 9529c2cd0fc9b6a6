"""The tests of the decider find what they are for: bugs planted into a copy of it."""

import os

import pytest

from tests.process.bug import Bug
from tests.process.seeded_bugs import BUGS, found_by, found_by_machine

FULL = os.environ.get("ORDITO_TEST_SCALE") == "full"
MACHINE_MUST = (
    "whoever asks second gets no answer",
    "a time-out means no",
    "n is not counted",
    "undo goes forwards",
    "a retry ships without money",
    "a retry after a fault is a new effect",
    "lines go on while they are changed",
    "a saved event is told again",
    "money is voided before the shipment is cancelled",
    "a refused cancel leaves the order cancelling",
    "finished with a call on its way",
    "a shipment is wanted twice",
)
"""Bugs that the machine has to find without the examples."""


def named(name: str) -> Bug:
    return next(bug for bug in BUGS if bug.name == name)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("bug", BUGS if FULL else BUGS[::10], ids=lambda bug: bug.name)
def test_a_planted_bug_is_found(bug: Bug) -> None:
    assert found_by(bug), f"nothing found the bug: {bug.name}"


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", MACHINE_MUST if FULL else MACHINE_MUST[-1:])
def test_the_machine_finds_it_by_itself(name: str) -> None:
    assert found_by_machine(named(name)), f"the machine did not find the bug: {name}"
