"""An order that is resumed amid a change, or after one: all that stands is undone, each once (I2, CHG9)."""

import pytest

from domain.policy.model import CancelRefused
from domain.process.calls import Undo
from domain.process.events import ChangeAsked
from domain.process.words import ChangeOutcome, Operation, Status
from tests.process.begun_anew import resumed
from tests.process.editing import Edit
from tests.process.outside import World
from tests.process.policies import SHAPES, standard
from tests.process.runner import Run
from tests.process.test_resuming import EFFECTS

MANY = 60
"""More results than any of these orders takes."""


def nothing_stands(run: Run) -> None:
    """Everything was undone, each effect once, and the change has its answer."""
    world = run.world
    assert run.row.status == Status.CANCELLED
    assert run.state.finished
    for operation in EFFECTS:
        assert not world.live(operation), operation
    undone = [call.work.of for call in world.done.values() if isinstance(call.work, Undo)]
    assert len(undone) == len(set(undone))
    assert world.database.row == run.row
    assert world.database.answers["c1"].outcome == ChangeOutcome.ACCEPTED
    assert world.database.told.count("order.cancelled") == 1


def results(run: Run, count: int) -> Run:
    """So many results, as far as there are any."""
    for _ in range(count):
        if run.pending:
            run.finish(run.pending[0])
    return run


@pytest.mark.parametrize("shape", sorted(SHAPES))
@pytest.mark.parametrize("answered", [True, False], ids=["answered", "unanswered"])
@pytest.mark.parametrize("groups", [1, 2])
def test_from_any_moment_of_a_cancel_it_is_cancelled(shape: str, answered: bool, groups: int) -> None:
    for before in (1, 3, 5, MANY):
        for after in range(MANY):
            run = results(Run(world=World(process=SHAPES[shape](), groups=groups)).begin(), before)
            run.cancel()
            results(run, after)
            if run.state.finished:
                break
            if not answered:
                for call in run.pending:
                    run.world.answer(call)
            asked = {key for key, call in run.world.done.items() if call.operation in EFFECTS}
            if run.world.database.row is not None and run.world.database.row.finished:
                break
            run = resumed(run).settle()
            nothing_stands(run)
            assert asked == {key for key, call in run.world.done.items() if call.operation in EFFECTS}
        else:
            raise AssertionError("the cancel never ended")


def test_a_change_that_is_told_after_the_walk_is_answered_all_the_same() -> None:
    run = Run(world=World(groups=2)).begin().settle()
    run = resumed(run).settle()
    run.cancel()
    nothing_stands(run.settle())


@pytest.mark.parametrize("told", ["before the open", "amid the walk"])
def test_a_change_asked_while_it_walks_waits_until_all_that_stands_is_met(told: str) -> None:
    run = resumed(Run(world=World(groups=2)).begin().settle())
    results(run, 0 if told == "before the open" else 2)
    run.cancel()
    assert [change.change_id for change in run.state.waiting_changes] == ["c1"]
    nothing_stands(run.settle())


def after_a_refused_cancel(more: int) -> Run:
    """The carrier cancelled the request of one group and refused that of the other: the one is asked for anew."""
    run = Run(world=World(groups=2)).begin().settle()
    run.cancel("c0")
    run.finish(run.pending[0])
    (second,) = run.pending
    assert second.operation is Operation.CANCEL_SHIPMENT
    run.finish(second, refuse="too_late")
    return results(run, more)


@pytest.mark.parametrize("more", range(1, 6))
def test_after_a_refused_cancel_the_request_made_anew_is_the_one_that_stands(more: int) -> None:
    run = resumed(after_a_refused_cancel(more)).settle()
    assert len(run.world.live(Operation.SHIP)) == 2
    assert sorted(run.world.live(Operation.SHIP)) == sorted(run.key("ship", group) for group in ("1", "2"))
    for group in ("1", "2"):
        run.carrier("delivered", run.key("ship", group))
        run.settle()
    assert run.row.status == Status.COMPLETED
    for operation in EFFECTS:
        assert len(run.world.live(operation)) == 2, operation
    assert run.told.count("change.refused") == 1


@pytest.mark.parametrize("more", range(1, 6))
@pytest.mark.parametrize("when", ["at once", "later"])
def test_after_a_refused_cancel_a_second_one_asks_the_carrier_anew(more: int, when: str) -> None:
    run = after_a_refused_cancel(more)
    if when == "at once":
        run.facts.append(ChangeAsked(change_id="c1", requested_by="ann", at=run.at))
    run = resumed(run)
    if when == "later":
        run.settle().cancel()
    nothing_stands(run.settle())


def test_an_undo_that_failed_is_asked_for_again_under_its_key() -> None:
    run = Run().begin().settle()
    run.cancel()
    void = run.up_to(Operation.VOID)
    run.finish(void, fault=True, effect=False)
    assert [waiting.code for waiting in run.row.waiting] == ["undo_failed"]

    run = resumed(run)
    run.finish(run.up_to(Operation.VOID), fault=True, effect=False)
    assert [waiting.code for waiting in run.row.waiting] == ["undo_failed"]
    run.retry()
    nothing_stands(run.settle())

    assert {call.key for call in run.calls if call.operation is Operation.VOID} == {void.key}
    assert Operation.SHIP not in {call.operation for call in run.calls}


def test_an_undo_that_failed_and_is_then_refused_is_tried_again_under_another_key() -> None:
    run = Run().begin().settle()
    run.edit(Edit(quantity={1: 3}), "e1")
    first = run.up_to(Operation.VOID)
    run.finish(first, fault=True, effect=False)

    run = resumed(run)
    run.finish(run.up_to(Operation.VOID), refuse="not_voidable")
    run.settle()
    assert [(waiting.code, waiting.parked) for waiting in run.row.waiting][-1] == ("undo_refused", True)
    run.retry()
    run.settle()

    voids = [call.key for call in run.calls if call.operation is Operation.VOID]
    assert [key.rpartition("/")[2] for key in voids] == ["1", "2"]
    assert voids[0] == first.key
    assert [waiting.code for waiting in run.row.waiting if waiting.parked] == []
    assert run.world.held() == {run.key("authorize")}, "the money of before the change is given back"


@pytest.mark.parametrize("cancelled", [True, False])
def test_a_refusal_that_was_tried_again_does_not_park_it_once_more(cancelled: bool) -> None:
    run = Run(world=World(process=standard())).begin()
    run.finish(run.up_to(Operation.AUTHORIZE), refuse="declined")
    run.retry()
    run.settle()
    assert run.key("authorize").endswith("/2")
    if cancelled:
        run.facts.append(ChangeAsked(change_id="c1", requested_by="ann", at=run.at))
    run = resumed(run).settle()
    if cancelled:
        nothing_stands(run)
        return
    assert run.row.status == Status.RELEASED
    assert run.key("authorize").endswith("/2")
    assert [waiting.parked for waiting in run.row.waiting] == [False]


def test_a_change_does_not_wait_for_a_walk_that_cannot_go_on() -> None:
    """The first life found stock, was parked at its payment and knows of nothing more: the cancel goes ahead."""
    run = Run().begin()
    run.finish(run.up_to(Operation.AUTHORIZE), refuse="declined")
    run.settle()
    run.facts.append(ChangeAsked(change_id="c1", requested_by="ann", at=run.at))
    nothing_stands(resumed(run).settle())


def test_a_cancel_that_the_policy_asked_for_waits_for_a_person_again() -> None:
    """Nobody sent it, so only its saved answer tells of it (CHG10, CHG14)."""
    world = World(standard(authorize="cancel"), groups=2, cancel_refused=CancelRefused.ASK)
    run = Run(world=world).begin()
    run.settle(lambda call: call.operation is Operation.AUTHORIZE and call.group == "1")
    late = run.pending.pop(0)
    run.settle()
    run.pending.append(late)
    run.finish(late, refuse="declined")
    change_id = "policy/O-1/authorize/1/r1/authorize_payment/1"
    for again in range(2):
        run.finish(run.up_to(Operation.CANCEL_SHIPMENT), refuse="too_late")
        run.settle()
        assert [one.asked.change_id for one in run.state.pending] == [change_id], again
        assert world.database.answers[change_id].outcome == ChangeOutcome.PENDING_APPROVAL
        run = resumed(run)
    assert [(one.change_id, one.requested_by) for one in run.state.waiting_changes] == [(change_id, "policy")]
    run.settle()
    assert run.row.status == Status.CANCELLED
    assert run.state.answers[change_id].outcome == ChangeOutcome.ACCEPTED
