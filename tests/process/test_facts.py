"""What carrier and payment provider tell: early, twice, out of order, of unknown things (SHP1, PAY2)."""

from datetime import timedelta

import pytest

from domain.process.events import CarrierFact, PaymentFact
from domain.process.state import RunState
from domain.process.words import ChangeKind, Operation, Status
from tests.process.checks import carried_over
from tests.process.editing import Edit
from tests.process.outside import World
from tests.process.policies import SHAPES
from tests.process.runner import Run

SHIP = "O-1/ship/1/r1/request_shipment/1"
AUTHORIZE = "O-1/authorize/1/r1/authorize_payment/1"


def completed_once(run: Run) -> None:
    run.settle()
    assert run.row.status == Status.COMPLETED
    assert len(run.world.captured()) == 1
    assert run.log.count("create_invoice") == 1
    assert run.state.early == ()


@pytest.mark.parametrize("before", [Operation.OPEN, Operation.RESERVE, Operation.AUTHORIZE, Operation.SHIP])
def test_shipped_told_before_the_order_knows_of_the_request(before: Operation) -> None:
    run = Run().begin()
    run.up_to(before)
    run.carrier("shipped", SHIP, {1: 1, 2: 2})
    run.state = carried_over(run.state)
    run.settle()
    completed_once(run)
    assert run.told.count("shipment.requested") == 1


def test_told_twice_and_out_of_order_changes_nothing_more() -> None:
    run = Run().begin().settle()
    run.carrier("delivered")
    run.carrier("shipped")
    run.carrier("picked")
    run.carrier("delivered")
    completed_once(run)


def test_of_an_unknown_request_changes_nothing() -> None:
    run = Run().begin().settle()
    row, calls = run.row, len(run.calls)
    for key in ("O-1/ship/1/r1/request_shipment/9", "O-2/ship/1/r1/request_shipment/1", "", "O-1"):
        run.feed(CarrierFact(id="x", request_key=key, status="shipped", at=run.at))
        run.feed(PaymentFact(id="x", authorization=key, status="expired", at=run.at))
    assert (run.row, len(run.calls)) == (row, calls)
    assert {key for fact in run.state.early for key in [getattr(fact, "request_key", "")] if key} == {
        "O-1/ship/1/r1/request_shipment/9"
    }


def test_facts_of_unknown_effects_are_kept_up_to_a_hundred() -> None:
    run = Run().begin().settle()
    for n in range(2, 160):
        run.feed(CarrierFact(id=str(n), request_key=f"{SHIP[:-1]}{n}", status="shipped", at=run.at))
    assert len(run.state.early) == 100


def test_every_unit_must_have_left() -> None:
    run = Run().begin().settle()
    run.carrier("shipped", lines={1: 1})
    assert run.row.waiting[0].why == "The carrier has 1 of 3 units on the way."
    run.carrier("shipped", lines={2: 1})
    run.carrier("shipped", lines={2: 1})
    assert run.row.waiting[0].why == "The carrier has 2 of 3 units on the way."
    assert "capture_payment" not in run.log
    run.settle()
    run.carrier("shipped", lines={2: 2})
    completed_once(run)


def test_a_later_word_of_less_takes_nothing_back() -> None:
    run = Run().begin().settle()
    run.carrier("shipped", lines={2: 2})
    run.carrier("shipped", lines={2: 1})
    run.settle()
    assert run.row.waiting[0].why == "The carrier has 2 of 3 units on the way."
    run.carrier("shipped", lines={1: 1})
    completed_once(run)


def test_an_unknown_status_changes_nothing() -> None:
    run = Run().begin().settle()
    row = run.row
    run.carrier("teleported")
    run.carrier("released")
    assert run.row == row
    assert not run.pending


def test_lost_waits_for_a_person_and_a_found_parcel_goes_on() -> None:
    run = Run().begin().settle()
    run.carrier("lost")
    run.settle()
    waiting = run.row.waiting[0]
    assert (waiting.code, waiting.parked, waiting.who) == ("lost", True, "fulfillment_lead")
    assert waiting.why == "The carrier reports the shipment of 2026-03-02 as lost."
    run.carrier("shipped")
    completed_once(run)


def test_lost_then_retried_waits_on() -> None:
    run = Run().begin().settle()
    run.carrier("lost")
    run.settle()
    run.retry()
    run.settle()
    assert run.step("wait_for_shipped").state is RunState.WAITING
    run.carrier("shipped")
    completed_once(run)


def test_lost_told_before_the_answer_to_the_request_is_not_forgotten() -> None:
    run = Run().begin()
    run.up_to(Operation.SHIP)
    run.carrier("lost", SHIP)
    run.settle()
    assert run.row.waiting[0].code == "lost"


def test_lost_after_it_left_parks_the_wait_for_its_delivery() -> None:
    run = Run(world=World(process=SHAPES["watching"]())).begin().settle()
    run.carrier("shipped")
    run.settle()
    run.carrier("lost")
    run.settle()
    assert [(waiting.step, waiting.code) for waiting in run.row.waiting] == [("wait_for_delivered", "lost")]


def test_an_authorization_that_expires_while_waiting_is_made_anew_and_captured_once() -> None:
    run = Run().begin().settle()
    run.expire(AUTHORIZE)
    run.expire(AUTHORIZE)
    run.settle()
    assert run.row.status == Status.RELEASED
    assert run.log[4:] == ["authorize_payment"]
    assert run.key("authorize") == f"{AUTHORIZE[:-1]}2"
    run.carrier("shipped")
    completed_once(run)
    (capture,) = run.world.captured().values()
    assert capture.authorization == f"{AUTHORIZE[:-1]}2"
    assert run.told.count("payment.authorization_expired") == 1


def test_an_authorization_that_is_expired_at_capture_is_made_anew_once() -> None:
    run = Run().begin().settle()
    run.world.expired.add(AUTHORIZE)
    run.carrier("shipped")
    completed_once(run)
    assert run.log[4:] == ["capture_payment", "authorize_payment", "capture_payment", "create_invoice"]
    assert [call.key[-1] for call in run.calls if call.operation is Operation.CAPTURE] == ["1", "2"]


def test_one_that_expires_at_every_capture_waits_for_a_person() -> None:
    run = Run().begin().settle()
    run.world.expired.add(AUTHORIZE)
    run.carrier("shipped")
    run.settle(lambda call: call.key.endswith("capture_payment/2"))
    run.world.expired.add(f"{AUTHORIZE[:-1]}2")
    run.settle()
    assert run.log.count("capture_payment") == 2
    assert run.row.waiting[0].code == "authorization_expired"
    run.retry()
    completed_once(run)


def test_a_card_that_is_given_after_terms_may_lapse_once_again() -> None:
    """Somebody has looked at it: the order asks by itself once more, and then waits (PAY2)."""
    run = Run().begin().settle()
    run.world.expired.add(AUTHORIZE)
    run.carrier("shipped")
    run.finish(run.up_to(Operation.AUTHORIZE), refuse="declined")
    run.settle()
    run.edit(Edit(fields={ChangeKind.PAYMENT: "terms"}), "e1")
    run.edit(Edit(fields={ChangeKind.PAYMENT: "card"}), "e2")
    for authorization in ("O-1/authorize/1/r2/authorize_payment/3", "O-1/authorize/1/r3/authorize_payment/4"):
        capture = run.up_to(Operation.CAPTURE)
        assert capture.work.authorization == authorization  # type: ignore[union-attr]
        run.world.expired.add(authorization)
        run.finish(capture)
    run.settle()
    assert run.row.waiting[0].code == "authorization_expired"


def test_told_of_an_expiry_while_its_capture_is_on_its_way() -> None:
    run = Run().begin().settle()
    run.carrier("shipped")
    capture = run.pending[0]
    run.world.answer(capture)
    run.feed(PaymentFact(id="p", authorization=AUTHORIZE, status="expired", at=run.at))
    assert run.log.count("authorize_payment") == 1
    completed_once(run)
    assert run.log.count("authorize_payment") == 1


def test_told_of_an_expiry_before_the_authorization_was_answered() -> None:
    run = Run().begin()
    run.up_to(Operation.AUTHORIZE)
    run.expire(AUTHORIZE)
    run.settle()
    assert [call.key[-1] for call in run.calls if call.operation is Operation.AUTHORIZE] == ["1", "2"]
    assert run.row.status == Status.RELEASED


def test_told_of_an_expiry_after_the_capture_changes_nothing() -> None:
    run = Run().begin().settle()
    run.carrier("shipped")
    run.settle()
    run.feed(PaymentFact(id="p", authorization=AUTHORIZE, status="expired", at=run.at))
    completed_once(run)
    assert "payment.authorization_expired" not in run.told


def test_another_payment_status_changes_nothing() -> None:
    run = Run().begin().settle()
    run.feed(PaymentFact(id="p", authorization=AUTHORIZE, status="settled", at=run.at))
    assert not run.pending
    run.pass_time(timedelta(seconds=1))
    assert run.step("authorize").state is RunState.DONE


def test_an_authorization_that_expires_while_its_void_is_refused_is_made_anew() -> None:
    run = Run().begin().settle()
    run.cancel()
    run.finish(run.up_to(Operation.CANCEL_SHIPMENT))
    void = run.up_to(Operation.VOID)
    run.expire("O-1/authorize/1/r1/authorize_payment/1")
    run.finish(void, refuse="expired")
    run.settle()
    assert run.answer().code == "expired"
    assert run.world.held() == {"O-1/authorize/1/r1/authorize_payment/2"}
    run.carrier("shipped")
    run.settle()
    assert run.row.status == Status.COMPLETED
