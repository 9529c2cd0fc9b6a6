"""Cancelling an order of which something is parked, paused or unanswered (CHG6, CHG9, ORC19)."""

from datetime import timedelta

from domain.process.rows import next_alarm
from domain.process.words import Operation, Status
from tests.process.outside import World
from tests.process.runner import Run
from tests.process.test_cancelling import is_cancelled, undone

UNDOS = {Operation.RELEASE, Operation.VOID, Operation.CANCEL_SHIPMENT, Operation.REFUND, Operation.CREDIT}


def test_during_a_fault_pause_it_waits_for_the_database_and_then_gives_back() -> None:
    run = Run().begin()
    run.finish(run.up_to(Operation.RESERVE), fault=True, effect=False)
    run.cancel()
    assert run.row.waiting[0].code == "fault"
    assert next_alarm(run.state) is not None
    run.pass_time(timedelta(seconds=5))
    run.settle()
    is_cancelled(run)
    assert run.log == [
        *("open_order", "reserve_stock", "reserve_stock", "release_stock"),
    ]
    assert run.world.live(Operation.RESERVE) == []


def test_parked_by_a_refusal_only_what_stands_is_taken_back() -> None:
    run = Run().begin()
    run.finish(run.up_to(Operation.AUTHORIZE), refuse="declined")
    run.settle()
    run.cancel()
    run.settle()
    is_cancelled(run)
    assert undone(run) == ["O-1/reserve/1/r1/reserve_stock/1"]
    assert run.row.waiting == ()


def test_parked_by_a_fault_the_unknown_effect_is_taken_back_too() -> None:
    run = Run().begin()
    run.finish(run.up_to(Operation.AUTHORIZE), fault=True)
    run.settle()
    run.cancel()
    run.settle()
    is_cancelled(run)
    assert undone(run)[0] == "O-1/authorize/1/r1/authorize_payment/1"


def test_an_undo_that_does_not_get_through_is_parked_and_tried_again_under_its_key() -> None:
    run = Run().begin().settle()
    run.cancel()
    run.finish(run.pending[0], fault=True)
    run.settle()
    waiting = run.row.waiting[0]
    assert (waiting.code, waiting.parked, waiting.who) == ("undo_failed", True, "fulfillment_lead")
    assert run.row.status == Status.CANCELLING
    assert not run.state.answers
    run.retry()
    run.settle()
    is_cancelled(run)
    keys = [call.key for call in run.calls if call.operation is Operation.CANCEL_SHIPMENT]
    assert keys == ["O-1/ship/1/r1/cancel_shipment/1"] * 2


def test_a_retry_during_a_cancel_starts_nothing_but_its_undos() -> None:
    run = Run(world=World(groups=2)).begin()
    run.settle(lambda call: call.operation is Operation.SHIP)
    for call in list(run.pending):
        run.finish(call, fault=True)
    run.settle()
    run.cancel()
    run.finish(run.pending[0], fault=True)
    before = len(run.calls)
    run.retry()
    sent = [call.operation for call in run.calls[before:] if call.operation is not Operation.SAVE]
    run.settle()
    run.retry()
    run.settle()
    assert set(sent) <= UNDOS
    assert run.state.finished


def test_while_it_is_cancelled_an_order_waits_for_nothing_but_its_undos() -> None:
    run = Run(world=World(groups=2)).begin()
    run.settle(lambda call: call.operation is Operation.AUTHORIZE)
    run.finish(run.pending[0], refuse="declined")
    run.settle()
    run.cancel()
    assert run.row.waiting == ()
    run.finish(run.pending[0], fault=True)
    assert [(waiting.step, waiting.code) for waiting in run.row.waiting] == [("ship", "undo_failed")]
