"""An order changed in flight: what is held, cancelled, made anew, answered; and what is refused (CHG1, CHG5, CHG8)."""

from datetime import date

import pytest

from domain.process.events import RefuseAsked
from domain.process.read_model import Terms
from domain.process.words import ChangeKind, ChangeOutcome, Operation, Status
from tests.process.changed import UP, ends_well, refused, released, since
from tests.process.editing import Edit
from tests.process.ending import is_well

# ---- the story: more units while the shipment waits ----------------------------------------------------


def test_more_units_are_held_and_funded_before_the_request_is_cancelled_and_sent_anew() -> None:
    run = released()
    before, told = len(run.calls), len(run.told)
    run.edit(UP).settle()
    assert since(run, before) == [
        "change/e1/revise",
        "ship/1/r1/inquire_shipment/1",
        "reserve/1/r1/reserve_stock/2",
        "authorize/1/r1/authorize_payment/2",
        "ship/1/r1/cancel_shipment/1",
        "ship/1/r2/request_shipment/2",
        "authorize/1/r2/void_authorization/1",
    ]
    assert run.told[told:] == [
        *("stock.reserved", "payment.authorized", "shipment.cancelled"),
        *("change.accepted", "shipment.requested", "payment.voided"),
    ]
    assert run.row.status == Status.RELEASED
    assert run.world.stock.held == {
        "O-1/reserve/1/r1/reserve_stock/2": {(1, "main", "sku-1"): 3, (2, "main", "sku-2"): 2}
    }
    assert run.world.held() == {"O-1/authorize/1/r1/authorize_payment/2"}
    ends_well(run)


def test_the_answer_tells_what_was_done_and_the_terms_before_and_after() -> None:
    run = released()
    run.edit(UP).settle()
    answer = run.answer("e1")
    assert (answer.outcome, answer.code, answer.revision, answer.kind) == ("accepted", "changed", 2, "edit")
    assert answer.words == (
        "Revision 2: line 1 from 1 to 3 units. Still promised for 2026-03-20. The total is 55.00 USD now."
    )
    promised = date(2026, 3, 20)
    assert answer.before == Terms(promise_date=promised, total=3500, currency="USD")
    assert answer.after == Terms(promise_date=promised, total=5500, currency="USD")
    assert answer.actions == ("shipment request by ground cancelled",)
    assert answer.assumptions == ("The carrier said the request was released.",)
    assert [(action.step, str(action.do), action.adapter) for action in answer.plan] == [
        ("schedule", "redo", ""),
        ("reserve", "update", ""),
        ("authorize", "redo", "payment provider"),
        ("ship", "cancel_and_create", "carrier"),
        ("wait_for_shipped", "redo", ""),
    ]
    assert {action.lines for action in answer.plan} == {(1, 2)}
    assert {action.reason for action in answer.plan} == {"quantity up while released"}


def test_the_new_version_is_saved_with_the_answer_before_anything_is_done_on_its_account() -> None:
    run = released()
    run.edit(UP).settle(lambda call: call.save is not None and call.save.revised is not None)
    (save,) = run.pending
    assert save.operation is Operation.SAVE
    run.finish(save)
    database = run.world.database
    assert (database.revision, database.row.revision if database.row else 0) == (2, 2)
    assert database.answers["e1"].outcome is ChangeOutcome.ACCEPTED
    assert [call.operation for call in run.pending] == [Operation.SHIP, Operation.VOID]
    ends_well(run)


# ---- not to be had: nothing is touched -----------------------------------------------------------------


def test_short_stock_refuses_it_with_nothing_touched() -> None:
    run = released()
    run.world.stock.available["main", "sku-1"] = 1
    before, row = len(run.calls), run.row
    run.edit(UP).settle()
    assert since(run, before) == [
        *("change/e1/revise", "ship/1/r1/inquire_shipment/1", "reserve/1/r1/reserve_stock/2"),
    ]
    assert refused(run, "out_of_stock") == "They say out_of_stock. Nothing was changed."
    assert run.row == row
    assert run.world.stock.available == {("main", "sku-1"): 1}
    ends_well(run)


def test_a_declined_card_gives_the_stock_back_and_touches_nothing_else() -> None:
    run = released()
    run.world.stock.available["main", "sku-1"] = 2
    before, row = len(run.calls), run.row
    run.edit(UP)
    run.finish(run.up_to(Operation.AUTHORIZE), refuse="declined")
    run.settle()
    assert since(run, before)[2:] == [
        "reserve/1/r1/reserve_stock/2",
        "authorize/1/r1/authorize_payment/2",
        "reserve/1/r1/trim_reservation/1",
    ]
    assert refused(run, "declined") == "They say declined. Nothing was changed."
    assert run.row == row
    assert run.world.stock.available == {("main", "sku-1"): 2}
    assert run.world.held() == {"O-1/authorize/1/r1/authorize_payment/1"}
    assert "shipment.cancelled" not in run.told
    ends_well(run)


def test_a_refused_cancel_gives_all_back_and_the_order_goes_on_as_it_was() -> None:
    run = released()
    row = run.row
    run.edit(UP)
    run.finish(run.up_to(Operation.CANCEL_SHIPMENT), refuse="too_late")
    run.settle()
    words = refused(run, "too_late")
    assert words == "Cannot be changed any more: They say too_late. The order goes on as it was."
    assert run.row == row
    assert run.log[-4:] == ["cancel_shipment", "trim_reservation", "void_authorization", "save_order"]
    assert run.world.held() == {"O-1/authorize/1/r1/authorize_payment/1"}
    assert run.world.live(Operation.SHIP) == ["O-1/ship/1/r1/request_shipment/1"]
    ends_well(run)


def test_one_group_cancelled_and_the_other_refused_is_all_as_it_was() -> None:
    run = released(groups=2)
    run.edit(Edit(quantity={1: 3, 3: 5}))
    first = run.up_to(Operation.CANCEL_SHIPMENT)
    second = next(call for call in run.pending if call is not first and call.operation is Operation.CANCEL_SHIPMENT)
    run.finish(first)
    run.finish(second, refuse="too_late")
    run.settle()
    refused(run, "too_late")
    assert run.world.live(Operation.SHIP) == ["O-1/ship/2/r1/request_shipment/1", "O-1/ship/1/r1/request_shipment/2"]
    ends_well(run)


@pytest.mark.parametrize(
    ("operation", "code"),
    [(Operation.INQUIRE, "carrier_unavailable"), (Operation.AUTHORIZE, "payment_unavailable")],
)
@pytest.mark.parametrize("effect", [True, False])
def test_an_outside_that_cannot_be_reached_refuses_it(operation: Operation, code: str, effect: bool) -> None:
    run = released()
    row = run.row
    run.edit(UP)
    run.finish(run.up_to(operation), fault=True, effect=effect)
    run.settle()
    assert refused(run, code) == "No answer. Nothing was changed; send the change again later."
    assert run.row == row
    assert run.world.held() == {"O-1/authorize/1/r1/authorize_payment/1"}
    run.edit(UP, "e2").settle()
    assert run.answer("e2").outcome is ChangeOutcome.ACCEPTED
    ends_well(run)


def test_a_cancel_without_an_answer_parks_and_a_retry_takes_the_change_on() -> None:
    run = released()
    run.edit(UP)
    run.finish(run.up_to(Operation.CANCEL_SHIPMENT), fault=True, effect=True)
    run.settle()
    assert "e1" not in run.state.answers
    assert [(waiting.step, waiting.code) for waiting in run.row.waiting if waiting.parked] == [("ship", "undo_failed")]
    run.retry()
    run.settle()
    assert run.answer("e1").outcome is ChangeOutcome.ACCEPTED
    ends_well(run)


@pytest.mark.parametrize("how", ["fault", "refused"])
def test_a_void_that_fails_parks_and_the_order_is_not_over_before_it_is_done(how: str) -> None:
    run = released()
    run.edit(UP)
    void = run.up_to(Operation.VOID)
    run.finish(void, fault=how == "fault", effect=False, refuse="not_voidable" if how == "refused" else None)
    run.settle()
    assert run.answer("e1").outcome is ChangeOutcome.ACCEPTED
    run.carrier("shipped")
    run.settle()
    assert not run.state.finished
    assert not run.row.finished
    assert [waiting.code for waiting in run.row.waiting] == ["undo_failed" if how == "fault" else "undo_refused"]
    run.retry()
    run.settle()
    is_well(run)


# ---- what makes no sense, and too late -------------------------------------------------------------------


def test_what_makes_no_sense_is_refused_with_its_own_code() -> None:
    run = released()
    before = len(run.calls)
    run.edit(Edit(refused="unknown_sku")).settle()
    assert refused(run, "unknown_sku") == "That makes no sense. Nothing was changed."
    assert since(run, before) == ["change/e1/revise"]


@pytest.mark.parametrize(
    ("edit", "picked", "shipped"),
    [
        (Edit(quantity={2: 1}), "needs_a_person", "use_return"),
        (Edit(item={1: "other"}), "too_late", "use_return"),
        (Edit(cancel=(1,)), "needs_a_person", "use_return"),
        (Edit(move={1: "east", 2: "east"}), "too_late", "too_late"),
        (Edit(fields={ChangeKind.ADDRESS_OTHER_ZONE: "CA"}), "too_late", "too_late"),
        (Edit(fields={ChangeKind.ADDRESS_SAME_ZONE: None}), "needs_a_person", "too_late"),
        (Edit(fields={ChangeKind.LATER_DATE: date(2026, 4, 1)}), "needs_a_person", "too_late"),
    ],
)
@pytest.mark.parametrize("stage", ["picked", "packed", "shipped"])
def test_from_picked_on_it_is_refused_and_nothing_is_asked_of_anyone(
    edit: Edit, picked: str, shipped: str, stage: str
) -> None:
    run = released()
    run.world.progress[run.key("ship")] = stage
    if stage == "shipped":
        run.world.shipped[run.key("ship")] = {1: 1, 2: 2}
    before, row = len(run.calls), run.row
    run.edit(edit).settle()
    assert since(run, before) == ["change/e1/revise", "ship/1/r1/inquire_shipment/1"]
    if stage != "shipped" and picked == "needs_a_person":
        assert run.row.waiting[-1].code == picked
        run.feed(RefuseAsked(change_id="e1", reason="no", at=run.at))
        run.settle()
        words = refused(run, "turned_down")
    else:
        words = refused(run, shipped if stage == "shipped" else picked)
    assert words.endswith("Nothing was changed.")
    assert run.row == row
    ends_well(run)


def test_after_the_carrier_told_that_it_left_it_is_not_asked_again() -> None:
    run = released()
    run.carrier("shipped", lines={1: 1})
    before = len(run.calls)
    run.edit(Edit(quantity={2: 1})).settle()
    assert refused(run, "use_return") == (
        "Quantity down cannot be done on line 1, 2 any more: it has left; send the goods back and order anew."
        " Nothing was changed."
    )
    assert since(run, before) == ["change/e1/revise"]


@pytest.mark.parametrize("operation", [Operation.CAPTURE, Operation.INVOICE])
def test_what_is_collected_or_billed_is_changed_no_more(operation: Operation) -> None:
    run = released(groups=2)
    run.carrier("shipped")
    call = run.up_to(operation)
    run.edit(Edit(price={1: 900})).edit(Edit(fields={ChangeKind.PAYMENT: "terms"}), "e2")
    run.finish(call)
    run.settle()
    refused(run, "too_late")
    refused(run, "too_late", "e2")
    ends_well(run)


def test_an_order_that_is_over_is_not_changed() -> None:
    run = released()
    run.carrier("shipped")
    run.settle(lambda call: run.row.finished)
    run.edit(UP).settle()
    assert refused(run, "order_closed") == "The order is closed; nothing was changed."
