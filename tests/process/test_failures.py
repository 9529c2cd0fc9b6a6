"""Refusals, faults and what a person does about them (ORC19)."""

from datetime import timedelta

import pytest

from domain.process.calls import Call
from domain.process.rows import next_alarm
from domain.process.speak import details, retry_answer
from domain.process.state import RunState
from domain.process.words import Operation, Status
from tests.process.outside import MORNING, World
from tests.process.policies import SHAPES, standard
from tests.process.runner import Run


def keys(run: Run, operation: Operation) -> list[str]:
    """Last parts of the keys of that kind of call: revision, operation, n."""
    return [call.key.split("/", 3)[3] for call in run.calls if call.operation is operation]


def stopped_at(operation: Operation, world: World | None = None) -> tuple[Run, Call]:
    run = Run(world=world or World()).begin()
    return run, run.up_to(operation)


def finishes(run: Run) -> None:
    run.settle()
    run.carrier("shipped")
    run.settle()
    assert run.row.status == Status.COMPLETED
    for operation in (Operation.RESERVE, Operation.AUTHORIZE, Operation.SHIP, Operation.CAPTURE, Operation.INVOICE):
        assert len(run.world.live(operation)) == 1, operation


def test_declined_then_tried_again_is_a_new_effect() -> None:
    run, call = stopped_at(Operation.AUTHORIZE)
    run.finish(call, refuse="declined")
    run.settle()
    waiting = run.row.waiting[0]
    assert (waiting.step, waiting.code, waiting.parked) == ("authorize", "declined", True)
    assert (waiting.what, waiting.why, waiting.who) == ("authorize", "They say declined.", "finance_manager")
    assert waiting.until == MORNING + timedelta(days=1, seconds=3)
    assert "request_shipment" not in run.log
    assert run.told[-1] == "order.parked"
    run.retry()
    finishes(run)
    assert keys(run, Operation.AUTHORIZE) == ["r1/authorize_payment/1", "r1/authorize_payment/2"]


@pytest.mark.parametrize("effect", [True, False])
def test_without_an_answer_the_same_key_is_tried_again(effect: bool) -> None:
    run, call = stopped_at(Operation.SHIP)
    run.finish(call, fault=True, effect=effect)
    run.settle()
    waiting = run.row.waiting[0]
    assert (waiting.step, waiting.code, waiting.why) == ("ship", "outside_unavailable", "No answer.")
    run.retry()
    run.retry()
    finishes(run)
    assert keys(run, Operation.SHIP) == ["r1/request_shipment/1"] * 2


def test_without_an_answer_then_refused_then_tried_again_is_a_new_effect() -> None:
    run, call = stopped_at(Operation.AUTHORIZE)
    run.finish(call, fault=True, effect=False)
    run.settle()
    run.retry()
    run.finish(run.pending[0], refuse="declined")
    run.settle()
    run.retry()
    finishes(run)
    assert keys(run, Operation.AUTHORIZE) == ["r1/authorize_payment/1"] * 2 + ["r1/authorize_payment/2"]


def test_a_fault_that_stays_parks_again_and_tells_each_time() -> None:
    run, call = stopped_at(Operation.AUTHORIZE)
    run.finish(call, fault=True, effect=False)
    run.settle()
    run.retry()
    run.finish(run.pending[0], fault=True, effect=False)
    run.settle()
    assert run.told.count("order.parked") == 2
    assert run.told.count("order.retried") == 1
    run.retry()
    finishes(run)


def test_the_database_away_pauses_with_a_growing_rest_and_nobody_is_asked() -> None:
    run, call = stopped_at(Operation.RESERVE)
    rests = []
    for _ in range(6):
        run.finish(run.pending[0], fault=True, effect=False)
        (waiting,) = run.row.waiting
        assert (waiting.code, waiting.parked, waiting.who) == ("fault", False, "operations")
        alarm = next_alarm(run.state)
        assert alarm is not None
        rests.append(int((alarm - run.at).total_seconds()))
        run.pass_time(timedelta(seconds=rests[-1] - 1))
        assert not run.pending
        run.pass_time(timedelta(seconds=1))
    assert rests == [5, 10, 20, 40, 60, 60]
    assert {call.key for call in run.calls[1:]} == {call.key}
    finishes(run)
    assert "order.parked" not in run.told


def test_an_order_that_cannot_be_opened_tries_again_by_itself() -> None:
    run = Run().begin()
    run.finish(run.pending[0], refuse="no_price")
    (waiting,) = run.row.waiting
    assert waiting.why == "They say no_price; tried 1 times, tried again by itself."
    assert waiting.what == "open the order: prices, groups, policy"
    run.pass_time(timedelta(seconds=5))
    finishes(run)
    assert run.log.count("open_order") == 2


def test_the_reaction_ask_names_who_is_asked() -> None:
    run, call = stopped_at(Operation.RESERVE, World(process=standard(reserve="ask csr")))
    run.finish(call, refuse="out_of_stock")
    run.settle()
    assert run.row.waiting[0].who == "csr"
    assert "Waiting for csr." in next(e.words for e in run.world.database.events.values() if e.type == "order.parked")
    run.retry()
    finishes(run)


def test_the_reaction_skip_goes_on_and_says_so() -> None:
    run = Run(world=World(process=standard(capture="skip"))).begin().settle()
    run.carrier("shipped")
    run.finish(run.pending[0], refuse="capture_refused")
    run.settle()
    assert run.step("capture").state is RunState.SKIPPED
    assert run.row.status == Status.COMPLETED
    skipped = next(event for event in run.world.database.events.values() if event.type == "step.skipped")
    assert skipped.words == "They say capture_refused. Skipped, as the policy says."


def test_a_policy_cancel_after_shipment_is_refused_and_the_step_waits() -> None:
    run = Run(world=World(process=standard(capture="cancel"))).begin().settle()
    run.carrier("shipped")
    run.finish(run.pending[0], refuse="capture_refused")
    run.settle()
    (answer,) = run.state.answers.values()
    assert answer.code == "already_shipped"
    assert run.row.waiting[0].code == "capture_refused"
    run.retry()
    run.settle()
    assert run.row.status == Status.COMPLETED


def test_two_parked_steps_are_tried_again_by_one_call() -> None:
    run = Run(world=World(groups=2)).begin()
    run.settle(lambda call: call.operation is Operation.AUTHORIZE)
    run.finish(run.pending[0], refuse="declined")
    run.finish(run.pending[0], fault=True)
    run.settle()
    assert [waiting.code for waiting in run.row.waiting] == ["declined", "outside_unavailable"]
    run.retry()
    run.settle()
    assert run.row.status == Status.RELEASED
    assert run.told.count("order.retried") == 1


def test_nothing_parked_nothing_tried() -> None:
    run = Run().begin().settle()
    before = len(run.calls)
    run.retry()
    assert len(run.calls) == before
    assert "order.retried" not in run.told


def test_a_shipment_is_not_asked_for_again_before_its_money_stands_again() -> None:
    run, call = stopped_at(Operation.SHIP)
    run.finish(call, fault=True, effect=False)
    run.settle()
    run.expire()
    run.finish(run.pending[0], refuse="declined")
    run.settle()
    assert retry_answer(run.state).retried == ("authorize",), "the shipment has to wait for its money"
    run.retry()
    assert [call.operation for call in run.pending] == [Operation.AUTHORIZE]
    assert retry_answer(run.state).retried == ()
    assert retry_answer(run.state).words == "What is parked goes on once the steps before it have been passed."
    run.finish(run.pending[0])
    assert [call.operation for call in run.pending] == [Operation.SHIP]
    finishes_with_two_authorizations(run)


def finishes_with_two_authorizations(run: Run) -> None:
    run.settle()
    run.carrier("shipped")
    run.settle()
    assert run.row.status == Status.COMPLETED
    assert len(run.world.captured()) == 1


def test_every_wait_says_what_why_who_and_until_when_in_the_details() -> None:
    run, call = stopped_at(Operation.AUTHORIZE)
    run.finish(call, refuse="declined")
    run.settle()
    assert (
        "**Waits at authorize** (declined): They say declined. Owner: finance manager until 2026-03-03 09:00 UTC."
        " To try again: `ordito order retry O-1`, or the update `retry`."
    ) in details(run.state)
    run.retry()
    run.settle()
    assert (
        "**Waits at wait for shipped**: The carrier has the request and has not shipped yet."
        " Owner: fulfillment lead until 2026-03-21 04:59 UTC."
    ) in details(run.state)


def test_faults_side_by_side() -> None:
    run = Run(world=World(process=SHAPES["beside"]())).begin()
    run.finish(run.pending[0])
    run.finish(run.pending[1], fault=True)
    run.finish(run.pending[0], fault=True)
    assert [waiting.code for waiting in run.row.waiting] == ["outside_unavailable", "fault"]
    run.retry()
    run.pass_time(timedelta(seconds=5))
    finishes(run)
