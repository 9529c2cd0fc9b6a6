"""The saga grid on the decider: brings an order to any step, has anything happen there, and judges the end."""

from collections.abc import Callable
from datetime import timedelta

from domain.policy.model import TaskWord
from domain.policy.process import Step
from domain.process.calls import Call, Undo
from domain.process.events import CallDone, HoldAsked, ReleaseAsked
from domain.process.read_model import Waiting
from domain.process.state import RunState
from domain.process.words import REMOTE, UNDO, ChangeOutcome, Operation, Status
from tests.process.begun_anew import resumed
from tests.process.checks import carried_over
from tests.process.editing import Edit
from tests.process.ending import is_well
from tests.process.outside import World
from tests.process.runner import Run
from tests.process.shipped import service_world, shipped_world
from tools.docs.saga_grid import Cell, Hazard, shipped_process, shipped_steps

EFFECT = {
    TaskWord.RESERVE: Operation.RESERVE,
    TaskWord.AUTHORIZE: Operation.AUTHORIZE,
    TaskWord.SHIP: Operation.SHIP,
    TaskWord.CAPTURE: Operation.CAPTURE,
    TaskWord.INVOICE: Operation.INVOICE,
}
"""What a step of each kind asks of the world."""
BEHIND_THE_GOODS = frozenset({TaskWord.CAPTURE, TaskWord.INVOICE})
MORE = Edit(quantity={1: 3})
PAUSE = timedelta(seconds=5)


def run_cell(cell: Cell) -> None:
    """Brings an order to the step, has it happen, and judges what was seen meanwhile and the end."""
    HAPPENS[cell.hazard](cell)


# ---- getting there, and to the end ----------------------------------------------------------------------


def step_of(cell: Cell) -> Step:
    return next(step for step in shipped_steps() if step.step == cell.step)


def at_call(cell: Cell) -> tuple[Run, Call]:
    """An order whose step has its call on its way."""
    run = Run(world=shipped_world()).begin()
    if cell.task in BEHIND_THE_GOODS:
        run.settle()
        run.carrier("shipped")
    return run, run.up_to(EFFECT[cell.task])


def being_undone(cell: Cell) -> tuple[Run, Call]:
    """An order that is being cancelled, with the undo of the step's effect on its way.

    What was shipped cannot be cancelled. So a capture or an invoice is undone for an order that ships nothing, and that
    is held before the other of them.
    """
    if cell.task in BEHIND_THE_GOODS:
        billed_first = cell.task is TaskWord.INVOICE
        run = held_at("capture" if billed_first else "invoice", service_world(billed_first=billed_first))
    else:
        run = Run(world=shipped_world()).begin().settle()
    run.cancel()
    return run, run.up_to(UNDO[EFFECT[cell.task]])


def held_at(step: str, world: World) -> Run:
    """An order that stands before a step because of a hold."""
    run = Run(world=world).begin()
    run.feed(HoldAsked(id="h1", code="credit", step=step, reason="over the limit", at=run.at))
    run.settle()
    assert the_wait(run).code == "credit"
    return run


def completes(run: Run) -> None:
    """What waits for the carrier is shipped, and the order ends as its newest version says."""
    run.settle()
    for key in set(run.world.live(Operation.SHIP)) - run.world.shipped.keys():
        run.carrier("shipped", key)
        run.settle()
    assert run.state.finished, run.row
    assert run.row.status is Status.COMPLETED
    is_well(run)


def is_cancelled(run: Run, code: str = "cancelled") -> None:
    """Everything was given back, and once."""
    run.settle()
    assert run.state.finished, run.row
    assert (run.row.status, run.answer().code) == (Status.CANCELLED, code)
    is_well(run)


def keys(run: Run, operation: Operation) -> list[str]:
    return [call.key for call in run.calls if call.operation is operation]


def asked(run: Run, operation: Operation, times: int) -> None:
    """So often under one key, and it took place once."""
    found = keys(run, operation)
    assert len(found) == times, found
    assert len(set(found)) == 1, "a fault is tried again under its key (I11)"
    assert [call.key for call in run.world.done.values() if call.operation is operation] == found[:1]


def the_wait(run: Run) -> Waiting:
    (waiting,) = run.row.waiting
    assert run.world.database.row is not None
    assert run.world.database.row.waiting == (waiting,), "a person sees something else"
    return waiting


def parked(run: Run, code: str, who: str, words: str) -> None:
    """A person is asked, with a reason and a day, and nothing goes on meanwhile."""
    waiting = the_wait(run)
    assert (waiting.code, waiting.parked, waiting.who, waiting.why) == (code, True, who, words)
    assert waiting.until is not None
    assert not run.pending
    assert run.told.count("order.parked") == 1


def pauses(run: Run) -> None:
    """Our own database is away: nobody is asked, it is tried again by itself."""
    (waiting,) = run.row.waiting
    assert (waiting.code, waiting.parked, waiting.who) == ("fault", False, "operations")
    assert not run.pending
    run.retry()
    assert not run.pending, "a retry does not hurry it"
    run.pass_time(PAUSE)
    assert "order.parked" not in run.told


# ---- what happens to a call -----------------------------------------------------------------------------


def fails_before(cell: Cell) -> None:
    run, call = at_call(cell)
    run.world.answer(call, fault=True, effect=False)
    assert call.key not in run.world.done
    run.finish(call)
    asked(run, call.operation, 1)
    completes(run)
    assert "order.parked" not in run.told


def times_out(cell: Cell) -> None:
    run, call = at_call(cell)
    run.world.answer(call, fault=True)
    assert call.key in run.world.done
    run.finish(call)
    completes(run)
    asked(run, call.operation, 1)
    assert "order.parked" not in run.told


def exhausted(cell: Cell) -> None:
    run, call = at_call(cell)
    before = set(run.log)
    run.finish(call, fault=True)
    run.settle()
    assert call.key in run.world.done
    if call.operation in REMOTE:
        owner = step_of(cell).owner or shipped_process().owner
        parked(run, "outside_unavailable", owner, "No answer.")
        run.retry()
    else:
        pauses(run)
    assert set(run.log) - {"save_order"} == before - {"save_order"}, "it went on without an answer"
    completes(run)
    asked(run, call.operation, 2)


def refused(cell: Cell) -> None:
    run, call = at_call(cell)
    run.finish(call, refuse="not_here")
    run.settle()
    on_error = step_of(cell).on_error
    assert on_error is not None
    assert on_error.role is not None
    parked(run, "not_here", on_error.role, "They say not_here.")
    assert call.key not in run.world.done
    run.retry()
    completes(run)
    first, second = keys(run, call.operation)
    assert (first[:-1], first[-1], second[:-1], second[-1]) == (first[:-1], "1", first[:-1], "2")
    assert run.told.count("order.retried") == 1


def done_twice(cell: Cell) -> None:
    """The call is made and answered twice; then the order's workflow begins anew, and asks for everything again."""
    if cell.task is TaskWord.WAIT:
        told_twice()
        return
    run, call = at_call(cell)
    outcome = run.world.answer(call)
    assert outcome is not None
    run.finish(call)
    run.feed(CallDone(key=call.key, outcome=outcome, at=run.at))
    finished = run.settle().state.finished
    done = list(run.world.done)
    if not finished:
        run = resumed(run)
        run.settle()
        assert list(run.world.done) == done, "something was done anew"
        assert keys(run, call.operation) == [call.key]
    completes(run)
    asked(run, call.operation, 1)


def told_twice() -> None:
    run = Run(world=shipped_world()).begin().settle()
    key = run.key("ship")
    run.carrier("shipped", key)
    run.carrier("shipped", key)
    run.settle()
    run.carrier("shipped", key)
    completes(run)
    asked(run, Operation.CAPTURE, 1)


# ---- what happens to an undo ----------------------------------------------------------------------------


def undone_twice(cell: Cell) -> None:
    run, undo = being_undone(cell)
    outcome = run.world.answer(undo)
    assert outcome is not None
    run.finish(undo)
    run.feed(CallDone(key=undo.key, outcome=outcome, at=run.at))
    if not run.state.finished:
        run = resumed(run)
    is_cancelled(run)
    _undone_once(run, undo)


def undo_late(cell: Cell) -> None:
    run, undo = being_undone(cell)
    run.world.answer(undo, fault=True, effect=False)
    run.finish(undo)
    is_cancelled(run)
    _undone_once(run, undo)
    assert "order.parked" not in run.told


def undo_fails(cell: Cell) -> None:
    run, undo = being_undone(cell)
    run.finish(undo, fault=True, effect=False)
    run.settle()
    assert not run.state.answers, "it is not cancelled yet"
    assert run.row.status is Status.CANCELLING
    if undo.operation in REMOTE:
        owner = step_of(cell).owner or shipped_process().owner
        parked(run, "undo_failed", owner, "Could not be taken back: No answer.")
        run.retry()
    else:
        pauses(run)
    is_cancelled(run)
    asked(run, undo.operation, 2)
    _undone_once(run, undo)


def _undone_once(run: Run, undo: Call) -> None:
    assert isinstance(undo.work, Undo)
    took = [call.work.of for call in run.world.done.values() if isinstance(call.work, Undo)]
    assert took.count(undo.work.of) == 1


# ---- what happens to the order --------------------------------------------------------------------------


def cancelled(cell: Cell) -> None:
    run, go_on = standing_at(cell)
    run.cancel()
    go_on()
    if cell.task in BEHIND_THE_GOODS:
        completes(run)
        answer = run.answer()
        assert (answer.outcome, answer.code) == (ChangeOutcome.REFUSED, "already_shipped")
        assert run.row.revision == 1
    else:
        is_cancelled(run)
        assert run.row.revision == 2


def changed(cell: Cell) -> None:
    run, go_on = standing_at(cell)
    run.edit(MORE)
    go_on()
    completes(run)
    answer = run.answer("e1")
    if cell.task in BEHIND_THE_GOODS:
        assert [row.units for row in run.row.groups] == [{1: 1}, {1: 2}], "the further units go by themselves (CHG3)"
    assert (answer.outcome, answer.code, run.row.revision) == (ChangeOutcome.ACCEPTED, "changed", 2)
    assert run.state.lines[1].quantity == 3
    requests = [key for key in run.world.shipped if key not in run.world.gone]
    assert len(requests) == len(run.row.groups)


def killed(cell: Cell) -> None:
    """What the dead worker had sent takes place, and is sent again by the one that replays the order."""
    run, go_on = standing_at(cell)
    for call in run.pending:
        run.world.answer(call)
    run.state = carried_over(run.state)
    go_on()
    completes(run)
    for operation in EFFECT.values():
        asked(run, operation, 1)


def standing_at(cell: Cell) -> tuple[Run, Callable[[], None]]:
    """An order at the step, and what makes it go on: its call is answered, or its hold released."""
    if cell.task in EFFECT:
        run, call = at_call(cell)
        return run, lambda: run.finish(call)
    if cell.task is TaskWord.WAIT:
        run = Run(world=shipped_world()).begin().settle()
        assert run.step(cell.step).state is RunState.WAITING
        return run, lambda: None
    run = held_at(cell.step, shipped_world())
    return run, lambda: _released(run)


def _released(run: Run) -> None:
    run.settle()
    if not run.state.finished:
        run.feed(ReleaseAsked(id="h1", reason="paid up", at=run.at))


HAPPENS: dict[Hazard, Callable[[Cell], None]] = {
    Hazard.FAILS_BEFORE: fails_before,
    Hazard.TIMES_OUT: times_out,
    Hazard.EXHAUSTED: exhausted,
    Hazard.REFUSED: refused,
    Hazard.CANCELLED: cancelled,
    Hazard.CHANGED: changed,
    Hazard.KILLED: killed,
    Hazard.DONE_TWICE: done_twice,
    Hazard.UNDONE_TWICE: undone_twice,
    Hazard.UNDO_LATE: undo_late,
    Hazard.UNDO_FAILS: undo_fails,
}
