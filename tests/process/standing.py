"""What must hold of every state in which a decision leaves an order."""

from domain.process.calls import Call, Undo
from domain.process.read_model import OrderRow
from domain.process.rows import next_alarm
from domain.process.state import Group, OrderState, Run, RunState
from domain.process.updates import is_open
from domain.process.words import REMOTE, Operation, Status


def stands(state: OrderState, row: OrderRow) -> None:
    """Where no call is on its way, the order is finished, or waits with what, why, who and until when (I6)."""
    for waiting in row.waiting:
        assert waiting.what, "a wait without a name"
        assert waiting.why.endswith("."), "a wait without a reason"
        assert waiting.who, "a wait without an owner"
        assert waiting.until is not None, "a wait without an end"
    moving = {_effect_of(flight.call) for flight in state.flights.values()}
    for group in state.groups.values():
        for run in (*group.runs.values(), *group.past):
            busy = run.state in (RunState.RUNNING, RunState.UNDOING)
            assert busy == (run.key is not None and run.key in moving), f"{run.step} is {run.state} and its call is not"
            assert (run.state is RunState.PARKED) == (run.parked is not None)
        for run in group.past:
            undoing = run.state is RunState.UNDOING or (run.parked is not None and run.parked.undo is not None)
            assert undoing == run.may_have_effect, "an effect was forgotten (CHG9)"
    for one in row.groups:
        over = one.status in (Status.COMPLETED, Status.CANCELLED) and not state.groups[one.id].cancelled
        assert not over or not state.groups[one.id].leftovers(), "it is over, and something is still taken back (I2)"
        assert not state.groups[one.id].planned, "a group shows that is not there"
    assert not row.finished or not any(group.leftovers() for group in state.groups.values()), "over, and not undone"
    _rolled_up(row)
    _in_turn(state)
    if state.change is not None and state.change.asked.is_cancel:
        undos = {run.step for group in state.groups.values() for run in _parked_undos(group)}
        parked = [one for one in row.waiting if one.parked and not one.change]
        assert all(one.step in undos for one in parked), "nobody is asked for what a cancel ends"
    if state.imported and not any(flight.retry_at for flight in state.flights.values()):
        assert next_alarm(state) is None, "an imported order arms an alarm (hard case 8)"
    if state.finished:
        _ended(state, row)
    elif not state.flights and state.facts is not None:
        assert row.waiting, "nothing is on its way and nobody is waited for (I6)"
        owned = any(waiting.parked for waiting in row.waiting)
        alarm = next_alarm(state)
        assert owned or state.imported or alarm is not None or row.at_risk, "a live order waits without an alarm"
    if not state.flights and state.facts is not None:
        assert state.saved_row == row, "the read model is behind"
        assert not state.unsaved_events
        assert not state.unsaved_answers


def _parked_undos(group: Group) -> list[Run]:
    return [
        run for run in (*group.runs.values(), *group.past) if run.parked is not None and run.parked.undo is not None
    ]


def _in_turn(state: OrderState) -> None:
    """A cancel goes before an edit, and a new version is saved without waiting for the outside (CHG12, CHG14)."""
    cancels = [asked for asked in state.waiting_changes if asked.is_cancel]
    if state.change is not None and state.change.asked.is_edit and not state.change.cancels_rest:
        assert not cancels or state.change.refused_code or _updating(state), "a cancel waits behind an edit (CHG12)"
    saves = [flight.call.save for flight in state.flights.values() if flight.call.operation not in REMOTE]
    written = [save.revised for save in saves if save is not None]
    assert state.unsaved_revision is None or state.unsaved_revision in written, "a version is not saved at once (CHG14)"


WAY = ("accepted", "scheduled", "reserved", "released", "shipped", "cancelling")
"""Statuses of an open order, from the least advanced on."""


def _rolled_up(row: OrderRow) -> None:
    """An order is as far as the least advanced of its groups that are still open (CAP10)."""
    still_open = [WAY.index(one.status) for one in row.groups if one.status in WAY]
    assert not still_open or row.status == WAY[min(still_open)], f"{row.status}, and a group is further behind (CAP10)"


def _effect_of(call: Call) -> str:
    return call.work.of if isinstance(call.work, Undo) else call.key


def _ended(state: OrderState, row: OrderRow) -> None:
    assert row.finished
    assert row.status in (Status.COMPLETED, Status.CANCELLED)
    assert not row.waiting, "a finished order waits for nobody"
    assert not row.at_risk
    assert not state.flights
    assert state.change is None
    assert not state.waiting_changes
    if row.status is Status.CANCELLED:
        runs = [run for group in state.groups.values() for run in group.runs.values()]
        assert not any(run.may_have_effect for run in runs), "a cancelled order holds something (I2)"
    assert next_alarm(state) is None
    assert Operation.SAVE not in {flight.call.operation for flight in state.flights.values()}


def _updating(state: OrderState) -> bool:
    """Whether the carrier was asked to update a request: which it has is to be known before that is cancelled."""
    return any(is_open(run) for group in state.groups.values() for run in group.runs.values())
