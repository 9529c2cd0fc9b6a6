"""What a change may not do to the changes behind it, and what no change may ask for (CHG12, CHG14)."""

from datetime import timedelta

import pytest

from domain.process.change_requests import problem_of, read_change_request
from domain.process.events import ChangeAsked
from domain.process.words import ChangeOutcome, Operation
from limits import MAX_ANSWERS, MAX_LINES, MAX_WAITING_CHANGES
from tests.process.changed import UP, released
from tests.process.editing import Edit
from tests.process.outside import MORNING, World
from tests.process.runner import Run


def test_a_full_line_turns_a_change_down_and_lets_a_cancel_pass() -> None:
    run = released()
    run.edit(UP, "first")
    for n in range(MAX_WAITING_CHANGES):
        run.edit(Edit(quantity={1: 2}), f"w{n}")
    run.edit(UP, "late")
    answer = run.answer("late")
    assert (answer.outcome, answer.code) == (ChangeOutcome.REFUSED, "queue_full")
    run.cancel("c1")
    run.settle()
    assert run.answer("c1").outcome is ChangeOutcome.ACCEPTED


def test_of_more_changes_before_the_order_is_open_than_answers_are_at_hand_none_is_forgotten() -> None:
    run = Run(world=World()).begin()
    ids = [f"w{n}" for n in range(MAX_WAITING_CHANGES + MAX_ANSWERS + 5)]
    for change_id in ids:
        run.edit(UP, change_id)
    run.finish(run.up_to(Operation.OPEN))
    at_hand = run.state.answers.keys() | {asked.change_id for asked in run.state.waiting_changes}
    assert run.state.change is not None
    assert set(ids) == at_hand | set(run.state.answered) | {run.state.change.asked.change_id}
    run.settle()
    assert {run.world.database.answers[change_id].code for change_id in run.state.answered} == {"queue_full"}


def test_a_change_that_cannot_be_worked_out_is_given_up_and_the_order_goes_on() -> None:
    run = released()
    run.edit(UP)
    for _ in range(5):
        call = next(one for one in run.pending if one.operation is Operation.REVISE)
        run.finish(call, fault=True, effect=False)
        run.pass_time(timedelta(minutes=2))
    answer = run.answer("e1")
    assert (answer.outcome, answer.code) == (ChangeOutcome.REFUSED, "cannot_be_worked_out")
    run.settle()
    assert (run.state.revision, run.state.change) == (1, None)
    assert run.log.count("revise_order") == 5
    assert "cancel_shipment" not in run.log


def test_a_cancel_does_not_wait_for_a_change_that_cannot_be_worked_out() -> None:
    run = released()
    run.edit(UP)
    run.finish(run.pending[0], fault=True, effect=False)
    run.cancel("c1")
    run.settle()
    assert run.answer("e1").code == "overtaken"
    assert run.answer("c1").outcome is ChangeOutcome.ACCEPTED


@pytest.mark.parametrize(
    "edit",
    [
        {"lines": [{"quantity": 3}]},
        {"set": {"ship_to": "x"}},
        {"lines": [{"number": 1, "unit_price": "abc"}]},
        {"set": {"requested_date": 5}},
    ],
)
def test_an_edit_in_a_typed_update_is_looked_at_too(edit: dict[str, object]) -> None:
    asked = ChangeAsked(change_id="c", change="edit", edit=edit, at=MORNING)
    assert (problem_of(asked) or "").startswith("The change request makes no sense. $.")


def test_a_sound_edit_in_a_typed_update_has_no_problem() -> None:
    edit = {"set": {}, "lines": [{"number": 1, "quantity": 3}]}
    assert problem_of(ChangeAsked(change_id="c", change="edit", edit=edit, at=MORNING)) is None
    assert problem_of(ChangeAsked(change_id="c", at=MORNING)) is None


def test_a_very_long_list_is_turned_down_before_it_is_read() -> None:
    payload = {"change_id": "c", "lines": [{"numbr": 1}] * (MAX_LINES + 1)}
    problem = read_change_request(payload, MORNING).problem or ""
    assert problem == f"The change request makes no sense. $.lines: A change names at most {MAX_LINES:,} lines."
