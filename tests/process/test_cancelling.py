"""Cancelling an order at every moment of its life (CHG9, CHG10, CHG12, CHG14)."""

from datetime import timedelta

import pytest

from domain.process.calls import Undo
from domain.process.change_requests import read_change_request
from domain.process.words import ChangeOutcome, Operation, Status
from tests.process.outside import MORNING, World
from tests.process.policies import standard
from tests.process.runner import Run


def undone(run: Run) -> list[str]:
    """The keys that were taken back, in order."""
    return [call.work.of for call in run.calls if isinstance(call.work, Undo)]


def is_cancelled(run: Run) -> None:
    assert run.state.finished
    assert run.row.status == Status.CANCELLED
    assert run.row.revision == 2
    assert run.world.database.cancelled == {1: 1, 2: 2}
    assert run.told.count("order.cancelled") == 1
    assert not run.world.live(Operation.RESERVE)
    assert not run.world.held()
    assert not run.world.live(Operation.SHIP)


def test_before_it_is_opened_nothing_is_done_at_all() -> None:
    run = Run().begin()
    run.cancel()
    assert not run.state.answers
    run.settle()
    is_cancelled(run)
    assert run.log == ["open_order", "save_order"]
    answer = run.answer()
    assert (answer.outcome, answer.code) == (ChangeOutcome.ACCEPTED, "cancelled")
    assert answer.words == "The order is cancelled: nothing had been started."


@pytest.mark.parametrize(
    ("operation", "taken_back"),
    [
        (Operation.RESERVE, ["reserve/1/r1/reserve_stock/1"]),
        (Operation.AUTHORIZE, ["authorize/1/r1/authorize_payment/1", "reserve/1/r1/reserve_stock/1"]),
        (
            Operation.SHIP,
            [
                *("ship/1/r1/request_shipment/1", "authorize/1/r1/authorize_payment/1"),
                "reserve/1/r1/reserve_stock/1",
            ],
        ),
    ],
)
@pytest.mark.parametrize("how", ["done", "fault with effect", "fault without effect"])
def test_while_a_call_is_on_its_way(operation: Operation, taken_back: list[str], how: str) -> None:
    run = Run().begin()
    call = run.up_to(operation)
    run.cancel()
    assert run.stops == ([] if operation is Operation.RESERVE else [call.key])
    assert not run.state.answers
    run.finish(call, fault=how != "done", effect=how != "fault without effect")
    if how != "done" and operation is Operation.RESERVE:
        run.pass_time(timedelta(seconds=5))
    run.settle()
    is_cancelled(run)
    assert undone(run) == [f"O-1/{key}" for key in taken_back]


def test_while_waiting_the_shipment_goes_first_then_backwards_each_once() -> None:
    run = Run().begin().settle()
    run.cancel()
    assert run.row.status == Status.CANCELLING
    run.settle()
    is_cancelled(run)
    assert run.log[4:] == ["cancel_shipment", "void_authorization", "release_stock"]
    assert run.answer().actions == (
        "shipment request by ground cancelled",
        "authorization of 35.00 USD voided",
        "3 units given back at main",
    )
    assert run.told[4:] == [
        *("change.begun", "shipment.cancelled", "payment.voided", "stock.released"),
        *("change.accepted", "order.cancelled"),
    ]


def test_twice_with_the_same_id_is_once() -> None:
    run = Run().begin().settle()
    run.cancel()
    run.cancel()
    run.settle()
    first = run.answer()
    run.cancel(base_revision=99)
    run.settle()
    is_cancelled(run)
    assert run.answer() == first
    assert len(undone(run)) == 3
    assert run.told.count("change.accepted") == 1


def test_two_ids_get_the_same_answer_and_one_cancel() -> None:
    run = Run().begin().settle()
    run.cancel("c1")
    run.cancel("c2", base_revision=1)
    run.settle()
    is_cancelled(run)
    assert len(undone(run)) == 3
    assert run.answer("c2").outcome is ChangeOutcome.ACCEPTED
    assert run.answer("c2").words == run.answer("c1").words
    assert set(run.world.database.answers) == {"c1", "c2"}


def test_a_second_change_that_arrives_with_the_last_undo_is_answered_too() -> None:
    run = Run().begin().settle()
    run.cancel("c1")
    run.up_to(Operation.RELEASE)
    run.cancel("c2")
    run.settle()
    is_cancelled(run)
    assert set(run.world.database.answers) == {"c1", "c2"}


def test_a_stale_base_revision_is_refused_and_nothing_touched() -> None:
    run = Run().begin().settle()
    run.cancel(base_revision=3)
    run.settle()
    answer = run.answer()
    assert (answer.outcome, answer.code, answer.revision) == (ChangeOutcome.REFUSED, "stale_revision", 1)
    assert answer.words.startswith("The change was made for revision 3, the order is at revision 1.")
    assert not undone(run)
    assert run.row.status == Status.RELEASED
    assert run.told[-1] == "change.refused"


@pytest.mark.parametrize("status", ["shipped", "delivered"])
def test_after_shipment_it_is_refused_with_a_reason(status: str) -> None:
    run = Run().begin().settle()
    run.carrier(status)
    run.cancel()
    run.settle()
    answer = run.answer()
    assert (answer.outcome, answer.code) == (ChangeOutcome.REFUSED, "already_shipped")
    assert "line 1, 2" in answer.words
    assert not undone(run)
    assert run.row.status == Status.COMPLETED


def test_partly_shipped_is_shipped() -> None:
    run = Run().begin().settle()
    run.carrier("shipped", lines={1: 1})
    run.cancel()
    run.settle()
    assert run.answer().code == "already_shipped"
    assert not undone(run)


def test_the_carrier_refuses_and_the_order_goes_on() -> None:
    run = Run().begin().settle()
    run.cancel("c1")
    run.cancel("c2")
    run.finish(run.pending[0], refuse="too_late")
    run.settle()
    for change_id in ("c1", "c2"):
        answer = run.answer(change_id)
        assert (answer.outcome, answer.code) == (ChangeOutcome.REFUSED, "too_late")
        assert answer.words == "Cannot be cancelled any more: They say too_late. The order goes on."
    assert undone(run) == ["O-1/ship/1/r1/request_shipment/1"]
    assert run.row.status == Status.RELEASED
    assert run.row.revision == 1
    run.carrier("shipped")
    run.settle()
    assert run.row.status == Status.COMPLETED


def test_what_was_taken_back_is_done_again_when_another_group_cannot_be_cancelled() -> None:
    run = Run(world=World(groups=2)).begin().settle()
    run.cancel()
    assert run.pending[0].group == "2"
    run.finish(run.pending[0])
    assert run.pending[0].group == "1"
    run.finish(run.pending[0], refuse="too_late")
    run.settle()
    assert run.key("ship", "2") == "O-1/ship/2/r1/request_shipment/2"
    assert run.key("ship", "1") == "O-1/ship/1/r1/request_shipment/1"
    assert len(run.world.live(Operation.SHIP)) == 2
    assert "void_authorization" not in run.log


def test_the_shipment_goes_first_even_where_the_money_was_made_anew_after_it() -> None:
    run = Run().begin().settle()
    run.expire()
    run.settle()
    run.cancel()
    assert [call.operation for call in run.pending] == [Operation.CANCEL_SHIPMENT]
    run.finish(run.pending[0], refuse="too_late")
    run.settle()
    assert "void_authorization" not in run.log
    assert run.row.status == Status.RELEASED


def test_shipped_while_cancelling() -> None:
    run = Run().begin().settle()
    run.cancel()
    run.carrier("shipped")
    run.settle()
    assert run.answer().code == "already_shipped"
    assert run.row.status == Status.COMPLETED
    assert run.log.count("capture_payment") == 1


def test_a_request_without_an_answer_is_asked_again_when_its_cancel_is_refused() -> None:
    run = Run().begin()
    call = run.up_to(Operation.SHIP)
    run.finish(call, fault=True)
    run.cancel()
    run.settle(lambda call: call.operation is Operation.CANCEL_SHIPMENT)
    run.finish(run.pending[0], refuse="too_late")
    run.settle()
    assert [other.key for other in run.calls if other.operation is Operation.SHIP] == [call.key, call.key]
    assert "shipment.requested" in run.told
    assert run.row.status == Status.RELEASED


def test_a_policy_that_cancels_on_a_refusal_says_so() -> None:
    run = Run(world=World(process=standard(authorize="cancel"))).begin()
    run.finish(run.up_to(Operation.AUTHORIZE), refuse="declined")
    run.settle()
    is_cancelled(run)
    (answer,) = run.state.answers.values()
    assert (answer.requested_by, answer.reason) == ("policy", "They say declined.")
    assert answer.change_id == "policy/O-1/authorize/1/r1/authorize_payment/1"


def test_an_unknown_change_is_refused() -> None:
    run = Run().begin().settle()
    run.cancel(change="repaint")
    assert run.answer().code == "unknown_change"
    run.settle()
    assert not undone(run)


@pytest.mark.parametrize("payload", [None, 7, "cancel", [], {"change_id": ""}, {"change_id": "c1", "extra": 1}])
def test_a_malformed_change_is_answered_under_an_id_of_its_own(payload: object) -> None:
    run = Run().begin().settle()
    asked = read_change_request(payload, MORNING)
    run.feed(asked)
    run.settle()
    answer = run.answer(asked.change_id)
    assert (answer.outcome, answer.code) == (ChangeOutcome.REFUSED, "malformed")
    assert asked.change_id.startswith("malformed/")
    assert not undone(run)
    run.cancel("c1")
    run.settle()
    is_cancelled(run)


def test_a_closed_order_says_that_it_is_closed() -> None:
    run = Run().begin().settle()
    run.cancel("c1")
    run.settle()
    run.cancel("c2")
    run.settle()
    assert run.answer("c2").code == "order_closed"
    assert run.world.database.answers["c2"].code == "order_closed"
    is_cancelled(run)
