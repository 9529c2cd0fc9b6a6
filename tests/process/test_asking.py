"""A cancel that the carrier refuses waits for a person, who may have it tried once more (CHG10)."""

from datetime import timedelta

from domain.policy.model import CancelRefused
from domain.process.events import ApproveAsked, RefuseAsked
from domain.process.words import ChangeOutcome, Operation, Status
from tests.process.begun_anew import resumed
from tests.process.changed import accepted, ends_well, no, refused, since, under
from tests.process.editing import Edit
from tests.process.runner import Run

DOWN = Edit(quantity={2: 1})


def approve(run: Run, change_id: str) -> Run:
    run.feed(ApproveAsked(change_id=change_id, reason="they agreed on the phone", requested_by="ann", at=run.at))
    return run


def test_it_waits_for_a_person_with_everything_as_it_was() -> None:
    run = under(CancelRefused.ASK)
    stock = list(run.world.stock.held.values())
    no(run.edit(Edit(quantity={2: 5})))
    given = run.answer("e1")
    assert (given.outcome, given.code) == (ChangeOutcome.PENDING_APPROVAL, "needs_a_person")
    assert given.words.startswith("The carrier does not give line 1, 2 back: They say too_late. Waits for operations")
    assert (run.state.change, run.state.revision, run.row.status) == (None, 1, Status.RELEASED)
    assert list(run.world.stock.held.values()) == stock
    assert len(run.world.live(Operation.AUTHORIZE)) == 1
    (wait,) = (one for one in run.row.waiting if one.change == "e1")
    assert (wait.who, wait.parked) == ("operations", True)
    ends_well(run)
    assert run.answer("e1").code == "order_closed"


def test_once_approved_the_cancel_is_tried_once_more_and_may_succeed() -> None:
    run = under(CancelRefused.ASK)
    no(run.edit(DOWN))
    before = len(run.calls)
    approve(run, "e1").settle()
    accepted(run)
    assert "ship/1/r1/cancel_shipment/2" in since(run, before)
    assert run.state.revision == 2
    ends_well(run)


def test_refused_again_means_refused() -> None:
    run = under(CancelRefused.ASK)
    no(run.edit(DOWN))
    no(approve(run, "e1"))
    assert refused(run, "too_late") == ("Cannot be changed any more: They say too_late. The order goes on as it was.")
    assert (run.state.pending, run.state.approved, run.state.revision) == ((), (), 1)
    ends_well(run)


def test_a_person_may_refuse_and_a_day_is_the_longest() -> None:
    run = under(CancelRefused.ASK)
    no(run.edit(DOWN))
    run.feed(RefuseAsked(change_id="e1", reason="too late", requested_by="bob", at=run.at))
    refused(run.settle(), "turned_down")
    no(run.edit(DOWN, "e2"))
    run.pass_time(timedelta(days=1, seconds=1))
    assert run.settle().answer("e2").code == "not_approved_in_time"


def test_a_change_with_a_token_waits_for_nobody() -> None:
    run = under(CancelRefused.ASK)
    token = run.preview(DOWN).token
    no(run.edit(DOWN, token=token))
    refused(run, "too_late")


def test_a_cancel_of_the_order_waits_too_and_what_was_given_back_is_asked_for_again() -> None:
    run = under(CancelRefused.ASK, groups=2)
    run.cancel()
    run.finish(run.up_to(Operation.CANCEL_SHIPMENT))
    no(run)
    given = run.answer("c1")
    assert (given.kind, given.outcome) == ("cancel", ChangeOutcome.PENDING_APPROVAL)
    assert len(run.world.live(Operation.SHIP)) == 2
    assert run.row.status == Status.RELEASED
    approve(run, "c1").settle()
    assert (run.answer("c1").outcome, run.row.status) == (ChangeOutcome.ACCEPTED, Status.CANCELLED)
    assert run.state.finished


def test_whoever_cancels_again_and_succeeds_answers_the_cancel_that_waits() -> None:
    run = under(CancelRefused.ASK)
    run.cancel()
    no(run)
    run.cancel("c2")
    run.settle()
    assert [run.answer(one).code for one in ("c1", "c2")] == ["cancelled", "cancelled"]
    assert (run.state.pending, run.state.finished) == ((), True)


def test_two_cancels_wait_together_and_the_approved_one_answers_both() -> None:
    run = under(CancelRefused.ASK)
    run.cancel()
    run.cancel("c2")
    no(run)
    assert [one.asked.change_id for one in run.state.pending] == ["c1", "c2"]
    no(approve(run, "c1"))
    assert run.answer("c1").outcome is ChangeOutcome.REFUSED
    assert [one.asked.change_id for one in run.state.pending] == ["c2"]
    approve(run, "c2").settle()
    assert run.answer("c2").outcome is ChangeOutcome.ACCEPTED
    assert run.row.status == Status.CANCELLED


def test_a_resumed_order_asks_the_carrier_again_and_what_was_approved_is_not_asked_a_second_time() -> None:
    run = under(CancelRefused.ASK)
    no(run.edit(DOWN))
    run = no(resumed(run))
    assert run.answer("e1").outcome is ChangeOutcome.PENDING_APPROVAL
    run = approve(run, "e1")
    run.up_to(Operation.CANCEL_SHIPMENT)
    run = no(resumed(run))
    refused(run, "too_late")
    ends_well(run)


def test_an_approved_cancel_goes_before_an_edit_that_comes_while_the_approval_is_saved() -> None:
    run = under(CancelRefused.ASK)
    run.cancel()
    no(run)
    approve(run, "c1").edit(DOWN)
    assert [asked.change_id for asked in run.state.waiting_changes] == ["c1", "e1"]
    run.settle()
    assert (run.answer("c1").outcome, run.row.status) == (ChangeOutcome.ACCEPTED, Status.CANCELLED)
    assert run.answer("e1").code == "order_closed"
