"""Changes that wait for a person: nothing is held, the order goes on, and somebody decides in time (CHG10, CHG14)."""

from datetime import date, timedelta

import pytest

from domain.process.approvals import refusal
from domain.process.events import ApproveAsked, RefuseAsked
from domain.process.rows import next_alarm
from domain.process.speak import details
from domain.process.state import OrderState
from domain.process.words import ChangeKind, ChangeOutcome, Operation, Status
from limits import MAX_PENDING_CHANGES
from tests.process.begun_anew import resumed
from tests.process.changed import accepted, ends_well, refused, released, since
from tests.process.checks import carried_over
from tests.process.editing import Edit
from tests.process.runner import Run
from tests.process.test_resuming_edits import books

DOWN = Edit(quantity={2: 1})


def picked() -> Run:
    """An order whose shipment the warehouse has taken off the shelf."""
    run = released()
    run.world.progress[run.key("ship")] = "picked"
    return run


def pending(edit: Edit = DOWN, **more: object) -> Run:
    run = picked()
    run.edit(edit, **more).settle()
    assert [one.asked.change_id for one in run.state.pending] == ["e1"], run.state.answers
    return run


def approve(run: Run, change_id: str = "e1", **more: object) -> Run:
    given = {"change_id": change_id, "reason": "the warehouse agrees", "requested_by": "ann", "at": run.at, **more}
    run.feed(ApproveAsked.model_validate(given))
    return run


def turn_down(run: Run, **more: object) -> Run:
    given = {"change_id": "e1", "reason": "too much work", "requested_by": "bob", "at": run.at, **more}
    run.feed(RefuseAsked.model_validate(given))
    return run


def why_not(state: OrderState, change_id: str = "e1", reason: str = "why") -> tuple[str, str] | None:
    return refusal(state, ApproveAsked(change_id=change_id, reason=reason, at=state.clock))


# ---- waiting ---------------------------------------------------------------------------------------------


def test_it_waits_with_nothing_touched_and_says_who_decides_until_when() -> None:
    run = picked()
    before, told, stock = len(run.calls), len(run.told), dict(run.world.stock.held)
    run.edit(DOWN).settle()
    assert since(run, before) == ["change/e1/revise", "ship/1/r1/inquire_shipment/1"]
    assert (run.told[told:], run.world.stock.held) == (["change.pending_approval"], stock)
    assert (run.state.change, run.state.answers, run.state.revision) == (None, {}, 1)
    (waits,) = run.state.pending
    given = run.world.database.answers["e1"]
    assert (given.outcome, given.code, given.revision) == (ChangeOutcome.PENDING_APPROVAL, "needs_a_person", 1)
    assert given.before == given.after
    assert given.approval is not None
    assert (given.approval.role, given.approval.until) == ("operations", waits.until)
    assert waits.until == given.at + timedelta(days=1)
    assert given.words == (
        f"Quantity down while picked (line 1, 2). Waits for operations to agree until {waits.until:%Y-%m-%d %H:%M} UTC;"
        " the order goes on meanwhile."
    )
    shown = run.row.waiting[-1]
    assert (shown.what, shown.code, shown.who, shown.until) == (
        *("change e1", "needs_a_person"),
        *("operations", waits.until),
    )
    assert shown.why == "Waits to be approved: Quantity down while picked (line 1, 2)."
    assert (shown.parked, shown.change) == (True, "e1")
    assert "`ordito order approve O-1 e1 --reason ...`" in details(run.state)
    assert "order retry" not in details(run.state)
    assert next_alarm(run.state) is not None


def test_the_order_goes_on_meanwhile_and_its_end_refuses_the_change() -> None:
    run = pending()
    run.carrier("shipped")
    run.settle()
    assert refused(run, "order_closed") == "The order ended before anybody agreed; nothing was changed."
    assert (run.row.status, run.state.finished, run.state.pending) == (Status.COMPLETED, True, ())
    assert run.world.database.answers["e1"].code == "order_closed"


def test_what_is_decided_while_the_last_call_is_on_its_way_counts_though_its_answer_is_lost() -> None:
    run = pending()
    run.carrier("shipped")
    last = run.up_to(Operation.INVOICE)
    run.finish(last, fault=True, effect=True)
    turn_down(run).settle()
    run.pass_time(timedelta(hours=1))
    run.settle()
    assert refused(run, "turned_down") == "Turned down by bob: too much work. Nothing was changed."
    assert run.world.database.answers["e1"].code == "turned_down"
    assert (run.row.status, run.state.finished) == (Status.COMPLETED, True)


def test_the_same_change_again_is_the_same_change_and_another_one_is_carried_out() -> None:
    run = pending()
    before = len(run.calls)
    run.edit(DOWN).settle()
    assert (len(run.calls), len(run.state.pending)) == (before, 1)
    run.edit(Edit(fields={ChangeKind.REFERENCE: "PO-2"}), "e2").settle()
    accepted(run, "e2")
    assert [one.asked.change_id for one in run.state.pending] == ["e1"]


def test_it_is_carried_over() -> None:
    run = pending()
    run.state = carried_over(run.state)
    run.world.progress[run.key("ship")] = "released"
    approve(run).settle()
    accepted(run)
    ends_well(run)


def test_a_preview_tells_that_a_person_would_have_to_agree_and_nothing_waits() -> None:
    run = picked()
    given = run.preview(DOWN)
    assert (given.outcome, given.code, given.token) == (ChangeOutcome.PENDING_APPROVAL, "needs_a_person", "")
    assert run.state.pending == ()


def test_no_more_wait_than_may() -> None:
    run = picked()
    for n in range(MAX_PENDING_CHANGES + 1):
        run.edit(DOWN, f"e{n}").settle()
    assert len(run.state.pending) == MAX_PENDING_CHANGES
    assert refused(run, "too_many_pending", f"e{MAX_PENDING_CHANGES}").endswith("decide on one first.")


def test_what_is_refused_even_with_consent_asks_nobody() -> None:
    run = picked()
    run.edit(Edit(item={1: "other"}, quantity={2: 1})).settle()
    refused(run, "too_late" if not run.state.pending else "")
    assert run.state.pending == ()


def test_an_order_of_an_older_release_refuses_at_once() -> None:
    run = picked()
    run.state = run.state.model_copy(update={"release": 5})
    run.edit(DOWN).settle()
    assert "cannot be done on line 1, 2 any more" in refused(run, "needs_a_person")
    assert run.state.pending == ()


# ---- agreed ----------------------------------------------------------------------------------------------


def test_an_approved_change_is_judged_anew_and_done_as_long_as_the_carrier_gives_the_request_back() -> None:
    run = pending()
    before, told = len(run.calls), len(run.told)
    approve(run).settle()
    assert since(run, before) == [
        "change/e1/revise/approved",
        "ship/1/r1/inquire_shipment/2",
        "ship/1/r1/cancel_shipment/1",
        "reserve/1/r2/trim_reservation/1",
        "ship/1/r2/request_shipment/2",
    ]
    assert run.told[told : told + 1] == ["change.approved"]
    accepted(run)
    assert (run.state.revision, run.state.pending, run.state.approved) == (2, (), ())
    assert run.world.database.answers["e1"].outcome is ChangeOutcome.ACCEPTED
    assert run.told.count("change.accepted") == 1
    ends_well(run)


def test_the_carrier_has_the_last_word() -> None:
    run = pending()
    approve(run).settle(lambda call: call.operation is Operation.CANCEL_SHIPMENT)
    run.finish(run.pending[0], refuse="too_late")
    run.settle()
    assert refused(run, "too_late").startswith("Cannot be changed any more")
    assert (run.state.revision, run.state.approved) == (1, ())
    ends_well(run)


def test_an_approved_change_meets_the_order_as_it_is_by_then() -> None:
    run = pending(base_revision=1)
    run.edit(Edit(fields={ChangeKind.REFERENCE: "PO-2"}), "e2").settle()
    accepted(run, "e2")
    approve(run).settle()
    assert "the order is at revision 2" in refused(run, "stale_revision")
    assert (run.state.revision, run.state.approved) == (2, ())
    ends_well(run)


def test_what_has_left_by_then_comes_too_late() -> None:
    run = pending()
    run.carrier("shipped", lines={1: 1})
    run.settle()
    approve(run).settle()
    refused(run, "use_return")
    assert run.state.revision == 1


@pytest.mark.parametrize(
    "edit",
    [Edit(cancel=(1,)), DOWN, Edit(fields={ChangeKind.LATER_DATE: date(2026, 4, 1)})],
    ids=["line", "down", "date"],
)
def test_every_question_can_be_agreed_to(edit: Edit) -> None:
    run = pending(edit)
    approve(run).settle()
    accepted(run)
    ends_well(run)


def test_it_is_approved_once() -> None:
    run = pending()
    approve(run)
    assert why_not(run.state) == ("not_pending", "Change e1 is approved already; its answer follows under its id.")
    approve(run).settle()
    turn_down(run).settle()
    accepted(run)
    assert run.told.count("change.approved") == 1
    assert why_not(run.state) == ("not_pending", "Change e1 has its answer; it stays as it is.")
    assert why_not(run.state, "e9") == ("not_pending", "No change e9 waits to be approved. There is none.")


def test_an_approval_is_saved_before_anything_is_done_on_its_account() -> None:
    run = pending()
    approve(run)
    (save,) = run.pending
    assert save.operation is Operation.SAVE
    assert [(one.change_id, one.outcome) for one in save.save.answers] == [("e1", "in_progress")]  # type: ignore[union-attr]
    assert (run.state.change, [one.change_id for one in run.state.waiting_changes]) == (None, ["e1"])
    run.finish(save)
    assert run.world.database.answers["e1"].words == (
        "Approved by ann; it is judged anew, and its answer follows under its id."
    )
    assert [call.operation for call in run.pending] == [Operation.REVISE]


def test_an_approval_is_saved_beside_a_call_that_lasts() -> None:
    run = pending()
    run.edit(Edit(price={1: 7000}), "e2").up_to(Operation.AUTHORIZE)
    approve(run)
    assert [call.operation for call in run.pending] == [Operation.AUTHORIZE, Operation.SAVE]
    run.settle()
    accepted(run, "e2")
    accepted(run)
    ends_well(run)


def test_a_cancel_overtakes_an_approval_that_is_not_saved() -> None:
    run = pending()
    run.world.progress[run.key("ship")] = "released"
    approve(run)
    run.cancel()
    run.settle()
    assert refused(run, "order_closed") == "The order was cancelled; nothing else was changed."
    assert (run.row.status, run.state.finished, run.state.approved) == (Status.CANCELLED, True, ())


# ---- resumed ---------------------------------------------------------------------------------------------


def test_a_resumed_order_asks_again_and_has_the_change_worked_out_anew() -> None:
    run = pending()
    before = run.world.database.answers["e1"].approval
    run.pass_time(timedelta(hours=3))
    run = resumed(run)
    run.settle()
    assert [one.asked.change_id for one in run.state.pending] == ["e1"]
    given = run.world.database.answers["e1"].approval
    assert before is not None
    assert given is not None
    assert given.until > before.until
    approve(run).settle()
    accepted(run)
    ends_well(run)


def test_cut_anywhere_after_the_approval_nobody_is_asked_again_and_the_books_end_the_same() -> None:
    left_alone = approve(pending()).settle()
    ends_well(left_alone)
    for results in range(20):
        for answered in (True, False):
            run = approve(pending())
            for _ in range(results):
                if run.pending:
                    run.finish(run.pending[0])
            quiet = not run.pending
            if not answered:
                for call in run.pending:
                    run.world.answer(call)
            saved = (
                "e1" not in run.world.database.answers or run.world.database.answers["e1"].outcome != "pending_approval"
            )
            run = resumed(run).settle()
            if not saved:
                assert [one.asked.change_id for one in run.state.pending] == ["e1"]
                approve(run).settle()
            ends_well(run)
            assert run.world.database.answers["e1"].outcome == "accepted", (results, answered)
            assert books(run) == books(left_alone)
        if quiet:
            return
    raise AssertionError("the change never came to rest")


# ---- not agreed ------------------------------------------------------------------------------------------


def test_a_change_is_turned_down_with_the_words_of_whoever_decides() -> None:
    run = pending()
    before, told = len(run.calls), len(run.told)
    assert why_not(run.state, reason=" ") == ("reason_missing", "Say why; the reason is kept with the order.")
    turn_down(run).settle()
    assert refused(run, "turned_down") == "Turned down by bob: too much work. Nothing was changed."
    assert (since(run, before), run.told[told:]) == ([], ["change.refused"])
    assert (run.state.pending, run.state.revision) == ((), 1)
    ends_well(run)


def test_nobody_agrees_in_time() -> None:
    run = pending()
    until = run.state.pending[0].until
    assert next_alarm(run.state) == until
    run.pass_time(until - timedelta(seconds=1) - run.at)
    assert len(run.state.pending) == 1
    run.pass_time(timedelta(seconds=1))
    run.settle()
    assert refused(run, "not_approved_in_time") == (
        f"Nobody of operations agreed until {until:%Y-%m-%d %H:%M} UTC. Nothing was changed."
    )
    approve(run).settle()
    assert run.told.count("change.approved") == 0
    ends_well(run)


def test_a_cancelled_order_needs_no_consent() -> None:
    run = pending()
    run.cancel()
    run.settle()
    assert run.row.status is Status.CANCELLED
    assert run.answer("e1").code == "overtaken"
    assert run.state.finished


def test_a_cancel_that_the_carrier_refuses_leaves_the_change_waiting() -> None:
    run = pending()
    run.cancel()
    run.settle(lambda call: call.operation is Operation.CANCEL_SHIPMENT)
    run.finish(run.pending[0], refuse="too_late")
    run.settle()
    assert run.answer("c1").code == "too_late"
    assert [one.asked.change_id for one in run.state.pending] == ["e1"]
