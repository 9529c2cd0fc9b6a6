"""What must hold for every single decision, whatever happened before."""

from dataclasses import dataclass, field

from pydantic_core import to_json

from domain.process.approvals import unsaved
from domain.process.decide import decide
from domain.process.edits import frozen
from domain.process.holds import keeps_back_named
from domain.process.messages import Call, Event, Undo
from domain.process.rows import group_status, next_alarm, row_of
from domain.process.state import Decision, OrderState, RunState
from domain.process.words import MOVES, ChangeOutcome, Operation, Status
from limits import MAX_ANSWERS


def as_json(value: object) -> bytes:
    """As it travels to Temporal."""
    return to_json(value, exclude_none=True, by_alias=True)


def carried_over(state: OrderState) -> OrderState:
    """The state as a workflow that was continued as new gets it."""
    return OrderState.model_validate_json(as_json(state))


def decided(before: OrderState, event: Event) -> Decision:
    """The decision; it must be the same for the carried state, and leave its input alone (I13)."""
    text = as_json(before)
    decision = decide(before, event)
    assert as_json(before) == text, "the decision changed its input"
    again = decide(carried_over(before), event)
    assert as_json(again) == as_json(decision), "the carried state decides differently"
    return decision


@dataclass
class Watch:
    """Remembers what earlier decisions said, to hold the next one against it."""

    works: dict[str, bytes] = field(default_factory=dict)
    """What each key was used for (I11)."""
    versions: list[int] = field(default_factory=list)
    """Versions of the saves, in the order in which they were sent."""
    saved: set[str] = field(default_factory=set)
    """Events whose save was acknowledged."""
    asked: set[str] = field(default_factory=set)

    def step(self, before: OrderState, event: Event, decision: Decision) -> None:
        after = decision.state
        assert after.version > before.version, "the version must move up"
        assert after.revision - before.revision in (0, 1), "the revision moves up by one (I8)"
        self._moves(before, after)
        for call in decision.calls:
            self._call(before, after, call)
        assert set(decision.stops) <= before.flights.keys(), "only a call on its way can be cut short"
        self._told_once(before, after)
        self._answers(before, after)
        _stands(after)

    def _moves(self, before: OrderState, after: OrderState) -> None:
        for group in after.groups.values():
            if group.planned:
                assert not group.lines, "lines travel in a group that is not there"
                continue
            now = group_status(after, group)
            there = group.id in before.groups and not before.groups[group.id].planned
            was = group_status(before, before.groups[group.id]) if there else Status.ACCEPTED
            assert now == was or now in _reachable(was), f"group {group.id} moved from {was} to {now} (I8)"

    def _call(self, before: OrderState, after: OrderState, call: Call) -> None:
        flight = after.flights[call.key]
        changing = before.change is not None and flight.move is None and not flight.undo
        if changing and call.group and call.key not in self.works:
            assert not frozen(after, call.group), f"{call.key} goes on while its lines are changed (CHG6)"
        work = as_json(call.work)
        assert self.works.setdefault(call.key, work) == work, f"{call.key} names two works (I11)"
        if isinstance(call.work, Undo) and call.operation is not Operation.CANCEL_SHIPMENT:
            _backwards(after, call)
        flight, group = after.flights[call.key], after.groups.get(call.group)
        anew = call.key not in before.flights and call.key not in {one.key for one in after.known or ()}
        if group is not None and anew and flight.move is None and not flight.undo:
            assert not keeps_back_named(after, group, call.step), f"{call.step} is begun on hold (I7)"
        running = before.flights.get(call.key)
        due = running is not None and (running.retry_at is not None or running.call in before.postponed)
        assert running is None or due, f"{call.key} is on its way already"
        assert after.flights[call.key].call == call
        if call.save is not None and not (running is not None and running.call.save == call.save):
            assert not self.versions or call.save.version > self.versions[-1], "a save must be newer than all before"
            self.versions.append(call.save.version)

    def _told_once(self, before: OrderState, after: OrderState) -> None:
        keys = [event.key for event in after.unsaved_events]
        assert len(keys) == len(set(keys)), "the same event waits twice to be saved (I11)"
        self.saved |= {event.key for event in before.unsaved_events} - set(keys)
        assert not self.saved & set(keys), f"told again: {self.saved & set(keys)} (I11)"

    def _answers(self, before: OrderState, after: OrderState) -> None:
        full = len(after.answers) == MAX_ANSWERS
        for change_id, answer in before.answers.items():
            kept = after.answers.get(change_id)
            assert kept == answer or (kept is None and full), "an answer was changed"
        open_ = [asked.change_id for asked in after.waiting_changes]
        open_ += [after.change.asked.change_id] if after.change else []
        open_ += [preview.asked.change_id for preview in after.previews if preview.instead]
        open_ += [one.asked.change_id for one in after.pending]
        assert set(after.approved) <= set(open_), "an approval outlives its change"
        begun = after.change.asked.change_id if after.change else ""
        assert begun not in unsaved(after), "a change is begun on an approval that is not saved (CHG10)"
        assert len(open_) == len(set(open_)), "a change is worked on twice"
        assert not set(open_) & after.answers.keys(), "an answered change is worked on"
        known = set(open_) | after.answers.keys() | set(after.answered)
        assert self.asked <= known, "a change was forgotten (CHG14)"
        finals = {ChangeOutcome.ACCEPTED, ChangeOutcome.PARTLY, ChangeOutcome.REFUSED}
        assert all(answer.outcome in finals for answer in after.answers.values())


def _backwards(state: OrderState, undo: Call) -> None:
    """What is taken back is the latest that stands; only a shipment request goes before its turn (CHG9)."""
    assert isinstance(undo.work, Undo)
    undone = state.groups[undo.group].runs.get(undo.step)
    if undone is None or undone.key != undo.work.of:
        return  # left behind by an edit, and no part of the process any more
    for group in state.groups.values():
        for run in group.runs.values():
            if run.may_have_effect:
                assert run.seq <= undone.seq, f"{run.step} was done after {undone.step} and still stands"
                assert run.operation is not Operation.SHIP, "a shipment is still asked for"


def _reachable(status: Status) -> set[Status]:
    """The statuses that follow; one decision may take several moves, but a cancel that ends says so in between."""
    found: set[Status] = set()
    front = {status}
    while front:
        front = {following for one in front for following in MOVES[one]} - found
        found |= front
        if status is not Status.CANCELLING:
            front -= {Status.CANCELLING}
            # Cancelled at once where nothing was started, refused at once where nothing can be cut short.
            found |= MOVES[Status.CANCELLING] & {Status.CANCELLED} if Status.CANCELLING in found else set()
    return found


def _stands(state: OrderState) -> None:
    """Where no call is on its way, the order is finished, or waits with what, why, who and until when (I6)."""
    row = row_of(state)
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
    if state.finished:
        _ended(state)
    elif not state.flights and state.facts is not None:
        assert row.waiting, "nothing is on its way and nobody is waited for (I6)"
        owned = any(waiting.parked for waiting in row.waiting)
        alarm = next_alarm(state)
        assert owned or state.imported or alarm is not None or row.at_risk, "a live order waits without an alarm"
    if not state.flights and state.facts is not None:
        assert state.saved_row == row, "the read model is behind"
        assert not state.unsaved_events
        assert not state.unsaved_answers


def _effect_of(call: Call) -> str:
    return call.work.of if isinstance(call.work, Undo) else call.key


def _ended(state: OrderState) -> None:
    row = row_of(state)
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
