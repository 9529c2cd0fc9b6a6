"""The answers that an order has at hand, and those of which it only knows that they were given (CHG14)."""

import pytest

from domain.process.events import CallDone, ChangeAsked
from domain.process.outcomes import Outcome
from domain.process.words import ChangeOutcome, Status
from limits import MAX_ANSWERS, MAX_WAITING_CHANGES
from tests.process.course import placed
from tests.process.editing import Edit
from tests.process.outside import MORNING
from tests.process.rules_people import senseless_signal
from tests.process.runner import Run, fresh


def _stale(run: Run, change_id: str) -> None:
    run.cancel(change_id, base_revision=7)
    run.settle()


def test_of_many_answers_the_newest_are_kept_at_hand_and_the_others_remembered() -> None:
    run = Run().begin().settle()
    for number in range(MAX_ANSWERS + 5):
        _stale(run, f"c{number}")
    assert list(run.state.answers) == [f"c{number}" for number in range(5, MAX_ANSWERS + 5)]
    assert run.state.answered == ("c0", "c1", "c2", "c3", "c4")
    assert len(run.world.database.answers) == MAX_ANSWERS + 5


@pytest.mark.parametrize("change", ["cancel", "edit"])
def test_a_change_whose_answer_is_no_longer_at_hand_is_not_carried_out_when_it_comes_again(change: str) -> None:
    run = Run().begin().settle()
    for number in range(MAX_ANSWERS + 1):
        _stale(run, f"c{number}")
    told, log = list(run.told), list(run.log)
    run.world.edits["c0"] = Edit(quantity={1: 3})
    run.feed(ChangeAsked(change_id="c0", change=change, requested_by="ann", at=run.at))
    run.settle()
    assert run.state.change is None
    assert (run.told, run.log, run.state.revision) == (told, log, 1)
    assert run.world.database.answers["c0"].code == "stale_revision"


def test_what_makes_no_sense_takes_no_answer_from_anybody() -> None:
    run = Run().begin().settle()
    _stale(run, "c1")
    for number in range(MAX_ANSWERS + 5):
        run.cancel(f"malformed/{number}", problem="The change request makes no sense.")
        run.watch.asked.clear()
        run.settle()
    assert "c1" in run.state.answers
    assert (len(run.state.answers), run.state.answered) == (MAX_ANSWERS, ())
    assert len(run.world.database.answers) == MAX_ANSWERS + 6


def test_what_makes_no_sense_is_answered_once_also_where_no_answer_gives_way_to_it() -> None:
    course = placed("standard", groups=1, method="card", patience=0, reserve="", authorize="", ship="", capture="")
    run = course.run.settle()
    for number in range(MAX_ANSWERS):
        _stale(run, f"c{number}")
    senseless_signal(course, payload=7)
    run.settle().edit(Edit(quantity={1: 3})).settle()
    senseless_signal(course, payload=7)
    run.settle()
    assert list(run.state.answers) == [*(f"c{number}" for number in range(1, MAX_ANSWERS)), "e1"]
    (senseless,) = (one for one in run.world.database.answers.values() if one.code == "malformed")
    assert (senseless.outcome, senseless.revision) == (ChangeOutcome.REFUSED, 1), "the first answer stays"
    assert run.told.count("change.refused") == MAX_ANSWERS + 1
    assert (run.state.flights, run.state.revision) == ({}, 2)
    assert run.row.status == Status.RELEASED


def test_a_resumed_order_knows_which_changes_have_their_answers() -> None:
    waits = ChangeAsked(change_id="c2", requested_by="ann", base_revision=7, at=MORNING)
    run = Run(state=fresh(version=5, changes=(waits,)))
    run.watch.asked = {"c2"}
    run.begin()
    (call,) = run.pending
    opened = run.world.opened("O-1").model_copy(update={"known": (), "answered": ("c1", "c2")})
    run.pending.clear()
    run.world.database.opened = opened
    run.feed(CallDone(key=call.key, outcome=Outcome(opened=opened), at=run.at))
    run.settle()
    assert run.state.answered == ("c1", "c2")
    assert (run.state.waiting_changes, run.state.answers) == ((), {}), "the answer that c2 got meanwhile stands"
    run.cancel("c1")
    assert run.settle().row.status == Status.RELEASED


def test_what_was_answered_comes_to_nothing_also_while_a_resumed_order_has_no_room() -> None:
    """Before it is open it knows by its start what it has answered: a second answer would be told to the world."""
    waiting = tuple(
        ChangeAsked(change_id=f"w{number}", requested_by="ann", base_revision=7, at=MORNING, change="edit")
        for number in range(MAX_WAITING_CHANGES)
    )
    run = Run(state=fresh(version=5, changes=waiting, answered=("c1",)))
    run.begin()
    run.edit(Edit(quantity={1: 3}), "c1").edit(Edit(quantity={1: 3}), "c2")
    assert list(run.state.answers) == ["c2"]
    assert run.answer("c2").code == "queue_full"
    assert [asked.change_id for asked in run.state.waiting_changes] == [asked.change_id for asked in waiting]
