"""Bugs in how an order is changed in flight, planted into a copy of the decider, are found."""

from collections.abc import Callable

import pytest

from tests.process.bug import Bug
from tests.process.seeded_edit_bugs import EDIT_BUGS
from tests.process.sowing import is_found, of_this_run


@pytest.mark.timeout(900)
@pytest.mark.parametrize("bug", of_this_run(EDIT_BUGS), ids=lambda bug: bug.name)
def test_a_planted_bug_is_found(bug: Bug, record_property: Callable[[str, object], None]) -> None:
    """By the machine or the saga grid; the summary tells by what."""
    is_found(bug, record_property)
