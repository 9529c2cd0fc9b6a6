"""The machine and the saga grid find what they are for: bugs planted into a copy of the decider; the first of the list.

The others are in files of their own, so that several workers share the list.
"""

from collections.abc import Callable

import pytest

from tests.process.bug import Bug
from tests.process.planting import with_bug
from tests.process.seeded_bugs import BUGS, kept
from tests.process.seeded_order_bugs import ORDER_BUGS
from tests.process.sowing import is_found, of_this_run


@pytest.mark.timeout(900)
@pytest.mark.parametrize("bug", of_this_run(ORDER_BUGS), ids=lambda bug: bug.name)
def test_a_planted_bug_is_found(bug: Bug, record_property: Callable[[str, object], None]) -> None:
    """By the machine or the saga grid; the summary tells by what."""
    is_found(bug, record_property)


def test_every_bug_is_found_by_the_machine_or_the_grid() -> None:
    """As it was recorded: an example in words is no finder, so each of these has a seed or a cell."""
    found = kept()
    names = {bug.name for bug in BUGS}
    assert len(names) == len(BUGS) >= LEAST
    assert found.keys() == names, "`make seeded-bugs RECORD=1` keeps what finds each"
    assert {one.by for one in found.values()} <= {"machine", "grid"}
    assert all(one.name.isdigit() and one.steps > 0 for one in found.values() if one.by == "machine")


def test_every_bug_has_its_place_in_the_decider() -> None:
    for bug in BUGS:
        compile(with_bug(bug), bug.file, "exec")


LEAST = 85
"""Bugs that are planted."""
