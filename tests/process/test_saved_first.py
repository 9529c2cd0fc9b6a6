"""A new version is saved before anything is done on its account; what came between is heeded (CHG6, CHG8, I7)."""

from datetime import date

import pytest

from domain.process.words import Operation
from tests.process.changed import ends_well
from tests.process.editing import Edit
from tests.process.runner import Run
from tests.process.walking import Step, Story, again

MORE = Edit(quantity={1: 3})


def about_to_be_saved() -> Run:
    """Its new request is drawn up, and waits for the save."""
    run = Run().begin().settle()
    run.edit(MORE, "e1")
    run.settle(lambda call: call.save is not None and call.save.revised is not None)
    assert Operation.SHIP in [call.operation for call in run.state.postponed]
    return run


def sent_after_the_save(run: Run) -> list[str]:
    before = len(run.calls)
    run.finish(run.pending[0])
    return [call.key for call in run.calls[before:] if call.operation is Operation.SHIP]


def test_the_request_is_sent_when_the_version_is_saved() -> None:
    run = about_to_be_saved()
    assert sent_after_the_save(run) == ["O-1/ship/1/r2/request_shipment/2"]
    ends_well(run)


def test_money_that_expired_meanwhile_is_held_anew_first() -> None:
    run = about_to_be_saved()
    run.expire()
    assert sent_after_the_save(run) == []
    ends_well(run)
    assert len(run.world.live(Operation.SHIP)) == 1


def test_a_change_that_came_meanwhile_goes_first() -> None:
    run = about_to_be_saved()
    run.edit(Edit(quantity={1: 4}), "e2")
    assert sent_after_the_save(run) == []
    ends_well(run)
    assert run.world.database.answers["e2"].outcome == "accepted"
    requests = [call.key for call in run.calls if call.operation is Operation.SHIP]
    assert [key.split("/")[3] for key in requests] == ["r1", "r3"]


@pytest.mark.parametrize("sequences", [False, True])
def test_an_approval_amid_the_save_of_another_change_has_a_version_of_its_own(sequences: bool) -> None:
    """I8: of two saves with one version the database would keep the first only."""
    place = {
        "shape": "beside",
        "groups": 2,
        "method": "terms",
        "as_of": None,
        "requested": date(2026, 3, 2),
        "patience": 23,
        "reserve": "ask csr",
        "authorize": "cancel",
        "ship": "cancel",
        "capture": "",
        "sequences": sequences,
    }
    steps: list[Step] = [
        ("in_turn", {"times": 5}),
        ("change", {"then": 0, "odd": "", "what": "cancel", "also": "down", "which": 6, "more": 1}),
        ("changed_once_picked", {"request": 5, "what": "cancel", "which": 6, "more": 4}),
        ("in_turn", {"times": 5}),
        ("preview", {"then": 4, "what": "earlier_date", "also": "move", "which": 7, "more": 3}),
        ("decide_on_a_change", {"which": 2, "agreed": True}),
        ("in_turn", {"times": 6}),
        ("decide_on_a_change", {"which": 1, "agreed": True}),
        ("change", {"then": 4, "odd": "", "what": "ship_method", "also": "address_other_zone", "which": 2, "more": 1}),
    ]
    assert again(Story(0, place), steps) is None
