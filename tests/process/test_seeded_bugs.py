"""The tests of the decider find what they are for: bugs planted into a copy of it; the first half of the list.

The other half is in a file of its own, so that two workers share the list.
"""

from collections.abc import Callable

import pytest

from tests.process.bug import Bug
from tests.process.seeded_bugs import BUGS, kept
from tests.process.seeded_order_bugs import ORDER_BUGS
from tests.process.sowing import is_found, of_this_run


@pytest.mark.timeout(900)
@pytest.mark.parametrize("bug", of_this_run(ORDER_BUGS), ids=lambda bug: bug.name)
def test_a_planted_bug_is_found(bug: Bug, record_property: Callable[[str, object], None]) -> None:
    """By the machine, the saga grid or an example in words; the summary tells by what."""
    is_found(bug, record_property)


def test_what_is_kept_is_of_the_list_and_most_of_it_by_machine_or_grid() -> None:
    found = kept()
    names = {bug.name for bug in BUGS}
    assert len(names) == len(BUGS)
    assert found.keys() == names, "`make seeded-bugs RECORD=1` keeps what finds each"
    by_example = [name for name, one in found.items() if one.by == "example"]
    assert len(found) - len(by_example) >= LEAST


LEAST = 50
"""Bugs that the machine or the grid finds, by seeds and cells that are kept."""
