"""A lost shipment is refunded where the policy says so: what is lost counts as cancelled by us (SHP2, I2, I4)."""

import pytest

from domain.base import Lines
from domain.policy.model import ShipStatus, TaskWord
from domain.process.calls import Call, Undo
from domain.process.state import RunState
from domain.process.words import ChangeOutcome, Operation, Status
from tests.process.begun_anew import resumed
from tests.process.changed import UP
from tests.process.outside import World
from tests.process.policies import Steps, process, standard, step, wait
from tests.process.runner import Run

KEY = "O-1/ship/1/r1/request_shipment/1"
REPORTED = "The carrier reports the shipment of 2026-03-02 as lost."


def waiting(**world: object) -> Run:
    return Run(world=World(process=standard(lost="refund"), **world)).begin().settle()  # type: ignore[arg-type]


def delivered() -> World:
    """A process that bills what has left, and ends when it is delivered."""
    s = Steps(lost="refund")
    until = wait(ShipStatus.DELIVERED, if_lost="refund")
    return World(process=process(s.schedule, s.reserve, s.authorize, s.ship, s.shipped, s.capture, s.invoice, until))


def loses(run: Run, how: str = "lost", key: str = KEY, lines: Lines | None = None) -> None:
    """The carrier ends a request: it is not live any more."""
    run.world.gone.add(key)
    run.carrier(how, key, lines)


def undone(run: Run) -> list[tuple[str, str]]:
    """What was taken back, in its order, in words."""
    return [(str(call.operation), call.summary) for call in run.calls if isinstance(call.work, Undo)]


def of_kind(run: Run, operation: Operation) -> list[Call]:
    return [call for call in run.calls if call.operation is operation]


def holds_nothing(run: Run) -> None:
    world = run.world
    for operation in (Operation.RESERVE, Operation.SHIP, Operation.CAPTURE, Operation.INVOICE):
        assert not world.live(operation), operation
    assert not world.held()


@pytest.mark.parametrize("how", ["lost", "damaged"])
def test_what_has_not_left_is_written_off_and_not_charged(how: str) -> None:
    run = waiting()
    loses(run, how)
    run.settle()
    assert undone(run) == [
        ("void_authorization", "authorization of 35.00 USD voided"),
        ("release_stock", "3 units written off at main"),
    ]
    (release,) = of_kind(run, Operation.RELEASE)
    assert (release.work.lost, release.work.left_as) == (True, None)  # type: ignore[union-attr]
    assert run.state.finished
    assert (run.row.status, run.row.revision) == (Status.CANCELLED, 1)
    assert run.world.database.cancelled == {1: 1, 2: 2}
    told = {event.type: (event.words, event.why) for event in run.world.database.events.values()}
    words = f"The carrier reports the shipment of 2026-03-02 as {how}. Line 1, 2 is cancelled by us. It is not charged."
    assert told["shipment.refunded"] == (words, "The policy says so.")
    assert told["order.cancelled"][0] == "Cancelled: what was to be shipped is lost."
    assert not of_kind(run, Operation.CANCEL_SHIPMENT)
    holds_nothing(run)


def test_what_was_paid_is_refunded_and_its_bill_credited() -> None:
    run = Run(world=delivered()).begin().settle()
    run.carrier("shipped")
    run.settle()
    assert run.row.status is Status.SHIPPED
    loses(run)
    run.settle()
    assert undone(run) == [
        ("create_credit_memo", "credit memo over 35.00 USD created"),
        ("refund_payment", "35.00 USD refunded"),
        ("release_stock", "3 units that had left written off at main"),
    ]
    (release,) = of_kind(run, Operation.RELEASE)
    assert (release.work.lost, release.work.left_as) == (True, KEY)  # type: ignore[union-attr]
    assert (run.row.status, run.state.finished) == (Status.CANCELLED, True)
    told = [event.words for event in run.world.database.events.values() if event.type == "shipment.refunded"]
    assert told == [f"{REPORTED} Line 1, 2 is cancelled by us. What was paid for it is refunded."]
    holds_nothing(run)


def test_what_has_left_and_is_not_charged_yet_is_not_charged() -> None:
    run = waiting()
    run.carrier("shipped")
    run.finish(run.up_to(Operation.CAPTURE), refuse="under_review")
    run.settle()
    loses(run)
    run.settle()
    assert [words for _, words in undone(run)] == [
        "authorization of 35.00 USD voided",
        "3 units that had left written off at main",
    ]
    assert run.row.status is Status.CANCELLED
    holds_nothing(run)


def test_a_loss_beside_a_capture_waits_for_its_answer() -> None:
    run = Run(world=delivered()).begin().settle()
    run.carrier("shipped")
    capture = run.up_to(Operation.CAPTURE)
    loses(run)
    assert not undone(run)
    run.finish(capture)
    run.settle()
    assert [name for name, _ in undone(run)][-2:] == ["refund_payment", "release_stock"]
    assert run.row.status is Status.CANCELLED
    holds_nothing(run)


def test_the_rest_of_the_order_goes_on() -> None:
    run = waiting(groups=2)
    loses(run, key="O-1/ship/2/r1/request_shipment/1")
    run.settle()
    assert [group.status for group in run.row.groups] == [Status.RELEASED, Status.CANCELLED]
    assert run.world.database.cancelled == {3: 3, 4: 4}
    run.carrier("shipped", KEY)
    run.settle()
    assert (run.row.status, run.state.finished) == (Status.COMPLETED, True)
    assert [call.work.amount for call in of_kind(run, Operation.CAPTURE)] == [3500]  # type: ignore[union-attr]
    assert "order.cancelled" not in run.told


def test_told_again_it_changes_nothing() -> None:
    run = waiting(groups=2)
    loses(run, key="O-1/ship/2/r1/request_shipment/1")
    run.settle()
    calls = len(run.calls)
    for how in ("lost", "damaged"):
        run.carrier(how, "O-1/ship/2/r1/request_shipment/1")
    run.settle()
    assert len(run.calls) == calls


def _asked(run: Run, why: str) -> None:
    (parked,) = [one for one in run.row.waiting if one.parked]
    assert (parked.code, parked.who, parked.why) == ("lost", "fulfillment_lead", f"{REPORTED} {why}")
    assert not undone(run)


def test_of_what_has_left_in_part_a_person_decides() -> None:
    run = waiting()
    run.carrier("shipped", lines={2: 1})
    loses(run)
    run.settle()
    _asked(run, "A part of it has left, and nobody says which part is lost.")


def test_of_what_is_lost_in_part_a_person_decides() -> None:
    run = waiting()
    loses(run, lines={2: 1})
    run.settle()
    _asked(run, "Only a part of it is lost.")


def test_where_the_charges_would_go_to_what_is_paid_for_a_person_decides() -> None:
    run = waiting(groups=2)
    loses(run)
    run.settle()
    _asked(run, "It bears the order's charges, and the money for the rest of the order is held without them.")


def test_where_more_is_billed_than_was_in_the_shipment_a_person_decides() -> None:
    s = Steps(lost="refund")
    ship = step("ship", TaskWord.SHIP, retry="quick", lines="line.number == 1")
    run = Run(world=World(process=process(s.schedule, s.reserve, s.authorize, ship, s.shipped, s.capture, s.invoice)))
    run.begin().settle()
    loses(run)
    run.settle()
    _asked(run, "Not all that is billed with it was in the shipment.")


def test_a_loss_during_a_change_waits_for_its_end() -> None:
    run = waiting()
    run.edit(UP)
    loses(run)
    assert run.state.early
    cancel = run.up_to(Operation.CANCEL_SHIPMENT)
    run.finish(cancel, refuse="already_lost")
    run.settle()
    assert run.answer("e1").outcome is ChangeOutcome.REFUSED
    assert run.row.status is Status.CANCELLED
    holds_nothing(run)


def test_a_later_cancel_of_the_order_is_about_the_rest() -> None:
    run = Run(world=delivered()).begin()
    run.world.groups = 2
    run.settle()
    second = "O-1/ship/2/r1/request_shipment/1"
    run.carrier("shipped", second)
    run.settle()
    loses(run, key=second)
    run.settle()
    run.cancel()
    run.settle()
    assert (run.answer().code, run.row.status) == ("cancelled", Status.CANCELLED)
    holds_nothing(run)


def test_a_resumed_order_comes_to_the_same_end() -> None:
    run = waiting()
    loses(run)
    run.finish(run.up_to(Operation.VOID))
    run.world.gone.discard(KEY)  # the ledger knows of no undo of it
    run = resumed(run).settle(lambda call: isinstance(call.work, Undo))
    run.world.gone.add(KEY)
    run.settle()
    assert run.row.status is Status.CANCELLED
    assert run.step("ship").state is RunState.UNDONE
    assert not run.world.held()


def test_a_resumed_order_leaves_what_was_refunded_alone() -> None:
    run = waiting(groups=2)
    second = "O-1/ship/2/r1/request_shipment/1"
    loses(run, key=second)
    run.settle()
    run = resumed(run).settle()
    assert [group.status for group in run.row.groups] == [Status.RELEASED, Status.CANCELLED]
    assert not undone(run)
    run.carrier("shipped", KEY)
    run.settle()
    assert run.row.status is Status.COMPLETED
