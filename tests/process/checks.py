"""What must hold for every single decision, whatever happened before."""

from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache

from pydantic_core import to_json

from domain.policy.model import OrderSlice
from domain.process.approvals import unsaved
from domain.process.calls import AuthorizePayment, Call, Undo
from domain.process.decide import decide
from domain.process.edits import frozen
from domain.process.events import CallDone, CallFailed, ChangeAsked, Event
from domain.process.read_model import BusinessEvent, OrderRow
from domain.process.rows import group_status, row_of
from domain.process.state import Decision, Group, OrderState, RunState
from domain.process.words import MOVES, ChangeOutcome, Operation, Status
from limits import MAX_ANSWERS
from tests.process.database import FINAL, how_final
from tests.process.meanwhile import meanwhile, on_hold_named
from tests.process.parted import parts_stand
from tests.process.partial import is_true
from tests.process.standing import stands


def as_json(value: object) -> bytes:
    """As it travels to Temporal."""
    return to_json(value, exclude_none=True, by_alias=True)


def carried_over(state: OrderState) -> OrderState:
    """The state as a workflow that was continued as new gets it; the pinned policy is read once for all that pin it."""
    carried = OrderState.model_validate_json(as_json(state.model_copy(update={"policy": None})))
    policy = None if state.policy is None else _policy_read(as_json(state.policy))
    return carried.model_copy(update={"policy": policy})


@lru_cache(maxsize=64)
def _policy_read(text: bytes) -> OrderSlice:
    return OrderSlice.model_validate_json(text)


def decided(before: OrderState, event: Event) -> Decision:
    """The decision; it must be the same for the carried state, and leave its input alone (I13)."""
    carried = carried_over(before)
    decision = decide(before, event)
    assert before == carried, "the decision changed its input, or the state is another one when it is carried"
    assert decide(carried, event) == decision, "the carried state decides differently"
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
    bases: dict[str, int | None] = field(default_factory=dict)
    """The revision that each change was made for, where it says so; who asks again under its id asks nothing new."""
    refused_captures: Counter[str] = field(default_factory=Counter)
    """How often each group's capture was refused because its money had lapsed."""
    latest: set[str] = field(default_factory=set)
    """Keys of the calls of the decision before this one."""
    lined_up: bool = False
    """Edits were put in line since the calls that come back were decided: of those their save knows nothing."""

    def step(self, before: OrderState, event: Event, decision: Decision) -> None:
        after = decision.state
        assert after.version > before.version, "the version must move up"
        assert after.revision - before.revision in (0, 1), "the revision moves up by one (I8)"
        row = row_of(after)
        self._moves(before, after, row)
        for call in decision.calls:
            self._call(before, event, after, call)
        assert set(decision.stops) <= before.flights.keys(), "only a call on its way can be cut short"
        self._told_once(before, after)
        self._answers(before, after)
        self._base(before, event, after)
        self._captures(before, event, after)
        meanwhile(before, event, after)
        is_true(before, event, after)
        self._foretold(before, event, row)
        self.latest = {call.key for call in decision.calls}
        stands(after, row)
        parts_stand(after)

    def _moves(self, before: OrderState, after: OrderState, row: OrderRow) -> None:
        statuses = {one.id: one.status for one in row.groups}
        alike = before.change is after.change and before.policy is after.policy
        for group in after.groups.values():
            if group.planned:
                assert not group.lines, "lines travel in a group that is not there"
                continue
            if alike and before.groups.get(group.id) is group:
                continue
            now = statuses[group.id]
            there = group.id in before.groups and not before.groups[group.id].planned
            was = group_status(before, before.groups[group.id]) if there else Status.ACCEPTED
            assert now == was or now in _reachable(was), f"group {group.id} moved from {was} to {now} (I8)"

    def _call(self, before: OrderState, event: Event, after: OrderState, call: Call) -> None:
        flight = after.flights[call.key]
        changing = before.change is not None and flight.move is None and not flight.undo
        if changing and call.group and call.key not in self.works:
            assert not frozen(after, call.group), f"{call.key} goes on while its lines are changed (CHG6)"
            assert not _being_worked_out(before, after), f"{call.key} goes on while a change is worked out (CHG6)"
        work, again = as_json(call.work), call.key in self.works
        if call.group and call.key not in self.works and after.known is None:
            assert (
                f"/{call.group}/r{after.revision}/" in call.key or f"/{call.group}/r{before.revision}/" in call.key
            ), f"{call.key} names another revision than that it was made for (I11)"
        assert self.works.setdefault(call.key, work) == work, f"{call.key} names two works (I11)"
        if isinstance(call.work, Undo) and call.operation is not Operation.CANCEL_SHIPMENT:
            _backwards(after, call)
        flight, group = after.flights[call.key], after.groups.get(call.group)
        anew = call.key not in before.flights and call.key not in {one.key for one in after.known or ()}
        if group is not None and anew and flight.move is None and not flight.undo:
            assert not on_hold_named(after, group, call.step), f"{call.step} is begun on hold (I7)"
        split = again and group is not None and group.rest is not None  # the same call is about what it was about
        if isinstance(call.work, AuthorizePayment) and flight.move is None and group is not None and not split:
            assert call.work.amount == _worth(after, group), f"{call.key} is not about what the group comes to (PAY2)"
        if call.save is not None and after.change is not None and after.change.asked.is_edit:
            told = {answer.change_id for answer in call.save.answers if how_final(answer) == FINAL}
            assert after.change.asked.change_id not in told, "an edit is answered before its last call is (CHG12)"
        ended = isinstance(event, CallDone | CallFailed) and event.key == call.key
        running = None if ended else before.flights.get(call.key)
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
        again = self.saved & {event.key for event in after.unsaved_events if not _forgotten(before, event)}
        assert not again, f"told again: {again} (I11)"

    def _answers(self, before: OrderState, after: OrderState) -> None:
        full = len(after.answers) == MAX_ANSWERS
        for change_id, answer in before.answers.items():
            kept = after.answers.get(change_id)
            assert kept is answer or kept == answer or (kept is None and full), "an answer was changed"
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

    def _base(self, before: OrderState, event: Event, after: OrderState) -> None:
        """What is carried out was made for the version that it changes (CHG1)."""
        if isinstance(event, ChangeAsked):
            self.bases.setdefault(event.change_id, event.base_revision)
        for change_id in after.answers.keys() - before.answers.keys():
            if after.answers[change_id].outcome is not ChangeOutcome.REFUSED:
                base = self.bases.get(change_id)
                assert base in (None, before.revision), f"{change_id} was made for another revision (CHG1)"

    def _captures(self, before: OrderState, event: Event, after: OrderState) -> None:
        """Money that lapsed is asked for anew by itself once; the next time a person has to look (PAY2).

        An order that was on terms in between has been looked at: a card that is given then may lapse once again.
        """
        if after.facts is not None and after.facts.payment_method != "card":
            self.refused_captures.clear()
        flight = before.flights.get(event.key) if isinstance(event, CallDone) else None
        if flight is None or not isinstance(event, CallDone) or flight.call.operation is not Operation.CAPTURE:
            return
        if event.outcome.code == "authorization_expired":
            group = flight.call.group
            self.refused_captures[group] += 1
            run = after.groups[group].runs.get(flight.call.step)  # gone when a change has just put the order on terms
            settled = run is None or run.parked is not None or run.state is RunState.SKIPPED
            assert self.refused_captures[group] == 1 or settled, "a capture is asked for ever (PAY2)"

    def _foretold(self, before: OrderState, event: Event, row: OrderRow) -> None:
        """What a call's own transaction writes is the order as it is once the call is done (design rule 9)."""
        if (
            not isinstance(event, CallDone)
            or event.outcome.refused
            or event.key not in before.flights.keys() & self.latest
            or self.lined_up
        ):
            return
        flight = before.flights[event.key]
        if flight.call.save is not None and flight.faults == 0 and flight.call.operation is not Operation.SAVE:
            told, now = (
                [(one.id, one.status, one.step) for one in seen.groups] for seen in (flight.call.save.row, row)
            )
            assert told == now, "a call writes the order as it was before it (I8)"


def _forgotten(before: OrderState, event: BusinessEvent) -> bool:
    """Whether it tells of what makes no sense, to an order full of answers that do: it keeps none of it, and the
    database the first (CHG14).
    """
    change_id = str(event.data.get("change_id", ""))
    full = len(before.answers) == MAX_ANSWERS and change_id not in before.answers
    return full and event.data.get("code") == "malformed"


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


def _being_worked_out(before: OrderState, after: OrderState) -> bool:
    """Whether an edit was, and still is, without its new version: nobody knows which lines it is about."""
    was, now = before.change, after.change
    if was is None or now is None or not was.asked.is_edit or was.asked != now.asked:
        return False
    return was.proposed is None and now.proposed is None


def _worth(state: OrderState, group: Group) -> int:
    assert state.facts is not None
    standing = [one.id for one in state.groups.values() if one.lines and not one.cancelled]
    charges = state.facts.charges + state.facts.tax if standing[:1] == [group.id] else 0
    parts = group.parts or {}
    return sum((parts.get(number) or state.lines[number]).amount for number in group.lines) + charges
