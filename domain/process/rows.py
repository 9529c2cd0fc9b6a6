"""The read model of a state: roll-up of statuses, and what the order waits for (CAP10, I6)."""

from collections import Counter
from datetime import datetime

from domain.base import Lines
from domain.policy.model import ShipStatus, TaskWord
from domain.process import approvals, delays, holds
from domain.process.draft import Draft
from domain.process.flow import finished, steps_of
from domain.process.read_model import GroupRow, OrderRow, Save, Waiting
from domain.process.state import Flight, Group, OrderState, Run, RunState
from domain.process.words import CLOSED, RANK, Status

_REACHED = {
    TaskWord.SCHEDULE: Status.SCHEDULED,
    TaskWord.RESERVE: Status.RESERVED,
    TaskWord.SHIP: Status.RELEASED,
}
"""The status that a passed step of this kind means."""
_LEFT = (ShipStatus.SHIPPED, ShipStatus.DELIVERED)
"""A wait for one of these, once passed, means that the group is shipped."""


def group_status(order: Draft | OrderState, group: Group) -> Status:
    """Where a group stands, derived from its runs."""
    if group.cancelled:
        return Status.CANCELLED
    if order.change is not None and order.change.asked.is_cancel and not order.change.refused_code:
        return Status.CANCELLING
    assert order.policy is not None
    process = order.policy.processes[group.process]
    if finished(process, group) and not group.leftovers():
        return Status.COMPLETED
    done = {name: run.task for name, run in group.runs.items() if run.state is RunState.DONE}
    if done and any(step.step in done and step.until in _LEFT for step in steps_of(process)):
        return Status.SHIPPED
    reached = [_REACHED[task] for task in done.values() if task in _REACHED]
    return max(reached, key=RANK.__getitem__, default=Status.ACCEPTED)


def is_over(order: Draft | OrderState) -> bool:
    """Whether nothing of the order is left to be done or undone."""
    return _over(order, [group_status(order, group) for group in order.groups.values() if not group.planned])


def _over(order: Draft | OrderState, statuses: list[Status]) -> bool:
    closed = bool(statuses) and all(status in CLOSED for status in statuses)
    return order.finished or (closed and not any(group.leftovers() for group in order.groups.values()))


def row_of(state: OrderState) -> OrderRow:
    """The read-model row of a state."""
    groups = tuple(_group_row(state, group) for group in state.groups.values() if not group.planned)
    standing = [group.status for group in groups]
    statuses = standing or [Status.ACCEPTED]
    counts = Counter(_status_of_lines(groups).values())
    if state.dropped:
        counts[Status.CANCELLED] += len(state.dropped)
    promises = [group.promise_date for group in groups if group.promise_date is not None]
    return OrderRow(
        status=order_status(statuses),
        lowest=min(statuses, key=RANK.__getitem__),
        highest=max(statuses, key=RANK.__getitem__),
        counts=dict(counts),
        revision=state.revision,
        promise_date=max(promises, default=None),
        at_risk=_at_risk(state, groups),
        waiting=waiting_of(state),
        holds=holds.standing(state),
        groups=groups,
        finished=_over(state, standing),
    )


def _status_of_lines(groups: tuple[GroupRow, ...]) -> dict[int, Status]:
    """Of a line that is in several groups, the status of the least advanced."""
    found: dict[int, Status] = {}
    for group in groups:
        for number in group.lines:
            if number not in found or RANK[group.status] < RANK[found[number]]:
                found[number] = group.status
    return found


def order_status(statuses: list[Status]) -> Status:
    """The order's status: that of its least advanced group that is still open, else of the closed ones (CAP10)."""
    still_open = [status for status in statuses if status not in CLOSED]
    if still_open:
        return min(still_open, key=RANK.__getitem__)
    return Status.COMPLETED if Status.COMPLETED in statuses else Status.CANCELLED


def save_of(state: OrderState, row: OrderRow | None = None) -> Save:
    """Everything a state has to write down; `row` is its row, where that is known."""
    cancelled: Lines = {}
    for group in state.groups.values():
        for number in group.lines if group.cancelled else ():
            if number in state.lines:
                part = (group.parts or {}).get(number)
                units = state.lines[number].quantity if part is None else part.units
                cancelled[number] = cancelled.get(number, 0) + units
    return Save(
        version=state.version,
        row=row or row_of(state),
        events=state.unsaved_events,
        answers=state.unsaved_answers,
        cancelled=cancelled,
        revised=state.unsaved_revision,
    )


def waiting_of(state: OrderState) -> tuple[Waiting, ...]:
    """What the order waits for, in words: what, why, who and until when (I6). Calls on their way are no wait."""
    cancelling = state.change is not None and state.change.asked.is_cancel
    standing = _standing_undos if cancelling else _standing
    waits = [_wait(state, run, group) for group in state.groups.values() for run in standing(group)]
    waits += [_fault(flight) for flight in state.flights.values() if flight.retry_at is not None]
    held = [] if cancelling or state.policy is None else holds.waits(state)
    return (*held, *waits, *approvals.waits(state))


def _standing(group: Group) -> list[Run]:
    runs = (*group.runs.values(), *group.past)
    return [run for run in runs if run.state is RunState.WAITING or run.state is RunState.PARKED]


def _standing_undos(group: Group) -> list[Run]:
    """While a cancel is carried out nothing goes on but its undos: what the lines waited for before is no wait now."""
    runs = (*group.runs.values(), *group.past)
    return [run for run in runs if run.parked is not None and run.parked.undo is not None]


_NOT_SHIPPED = "The carrier has the request and has not shipped yet."


def _wait(state: OrderState, run: Run, group: Group) -> Waiting:
    what = run.step.replace("_", " ")
    if run.parked is not None:
        return Waiting(
            what=what,
            why=run.parked.words,
            who=run.parked.owner,
            until=run.parked.until,
            step=run.step,
            group=group.id,
            code=run.parked.code,
            parked=True,
        )
    requests = [other.key or "" for other in group.runs.values() if other.task is TaskWord.SHIP]
    left = [group.reached.get(key, {}).get(ShipStatus.SHIPPED, {}) for key in requests]
    shipped = sum(quantity for lines in left for quantity in lines.values())
    why = f"The carrier has {shipped} of {sum(run.snapshot.lines.values())} units on the way."
    return Waiting(
        what=what,
        why=f"{why if shipped else _NOT_SHIPPED} {delays.lateness(state, group)}".rstrip(),
        who=run.owner,
        until=run.until,
        step=run.step,
        group=group.id,
        code="overdue" if run.late else "waiting",
    )


def _fault(flight: Flight) -> Waiting:
    call = flight.call
    return Waiting(
        what=call.summary or call.operation.replace("_", " "),
        why=f"{flight.fault.rstrip('.')}; tried {flight.faults} times, tried again by itself.",
        who="operations",
        until=flight.retry_at,
        step=call.step or call.operation,
        group=call.group,
        code="fault",
    )


def _group_row(state: OrderState, group: Group) -> GroupRow:
    assert state.policy is not None
    here = {name for name, run in group.runs.items() if not run.passed}
    steps = steps_of(state.policy.processes[group.process]) if here else ()
    current = next((step.step for step in steps if step.step in here), None)
    return GroupRow(
        id=group.id,
        process=group.process,
        status=group_status(state, group),
        step=current,
        lines=group.lines,
        units={number: part.units for number, part in (group.parts or {}).items()},
        warehouse=group.location,
        promise_date=group.promise_date,
        expected_date=delays.expected_of(group),
    )


def _at_risk(state: OrderState, rows: tuple[GroupRow, ...]) -> bool:
    """Whether a group that is still open waits past its deadline, or is promised or expected too late."""
    requested = state.facts.requested_date if state.facts else None
    for row in rows:
        if row.status in CLOSED:
            continue
        if requested is not None and row.promise_date is not None and row.promise_date > requested:
            return True
        if row.expected_date is not None and delays.lateness(state, state.groups[row.id]):
            return True
        if any(run.late and not run.passed for run in state.groups[row.id].runs.values()):
            return True
    return False


def next_alarm(state: OrderState) -> datetime | None:
    """The earliest moment at which the order has something to do by itself; None for an imported order's waits."""
    moments = [flight.retry_at for flight in state.flights.values() if flight.retry_at is not None]
    if not state.imported:
        moments += [
            run.until
            for group in state.groups.values()
            for run in group.runs.values()
            if run.state is RunState.WAITING and run.until is not None and not run.late
        ]
        moments += [one.until for one in state.pending]
    return min(moments, default=None)
