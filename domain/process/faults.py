"""What becomes of a call that was refused or failed, and how parked work is tried again (ORC19).

Refusal: the business on the other side said no; a new try is a new effect with the next n. Fault: nobody
knows whether the effect happened; a new try carries the same key, so it cannot happen twice.
"""

from datetime import datetime, timedelta

from domain.policy.model import ReactionWord, Step
from domain.process import changes, edits, holds, known, previews, releases, updates
from domain.process.applying import let_go_of_authorization, undo_leftovers
from domain.process.calls import Undo
from domain.process.draft import Draft
from domain.process.events import CallFailed, ChangeAsked, RetryAsked
from domain.process.flow import standing_at, steps_of
from domain.process.outcomes import Outcome
from domain.process.state import ChangeMove, Flight, Group, OrderState, Parked, Run, RunState
from domain.process.tasks import TASKS
from domain.process.tasks.leaving import all_left
from domain.process.words import REMOTE, Operation

FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(seconds=60)
PATIENCE_WITH_REVISE = 4
"""Faults after which a change that cannot be worked out is given up: nothing was done for it, and others wait."""


def refused(draft: Draft, group: Group, run: Run, outcome: Outcome) -> None:
    """A do-call was refused: the task deals with it, or the policy's `on_error` does."""
    if TASKS[run.task].refused(draft, group, run, outcome):
        return
    step = step_named(draft, group, run.step)
    reaction = step.on_error.word if step is not None and step.on_error is not None else ReactionWord.HOLD
    match reaction:
        case ReactionWord.SKIP | ReactionWord.CONTINUE:
            draft.change_run(group.id, run.step, state=RunState.SKIPPED)
            if draft.since(releases.LEFT_BEHIND_IS_SETTLED) and all_left(draft, draft.groups[group.id]):
                let_go_of_authorization(draft, group.id, run)
            draft.tell(f"skipped/{run.key}", "step.skipped", f"{outcome.words} Skipped, as the policy says.")
        case ReactionWord.CANCEL:
            draft.park(group.id, run, outcome.code or "refused", outcome.words)
            asked = ChangeAsked(
                change_id=f"policy/{run.key}", reason=outcome.words, requested_by="policy", at=draft.now
            )
            changes.ask(draft, asked)
        case _:
            if step is not None and step.on_error is not None and step.on_error.role is not None:
                run = draft.change_run(group.id, run.step, owner=step.on_error.role)
            draft.park(group.id, run, outcome.code or "refused", outcome.words)
            if known.tried_again(draft, run.key):
                _go_on_by_itself(draft, group.id, run.step)


def failed(draft: Draft, flight: Flight, event: CallFailed) -> None:
    """A call's attempts ran out. Local ones are tried again by themselves; others wait for a person."""
    call = flight.call
    if flight.move is ChangeMove.REVISE and flight.faults >= PATIENCE_WITH_REVISE:
        edits.failed(draft, flight, event.words)
        return
    if call.operation not in REMOTE:
        pause(draft, flight, event.words, event.at)
        return
    if flight.move is ChangeMove.LOOK:
        previews.failed(draft, call, event.words)
        return
    if flight.move in updates.MOVES:
        updates.failed(draft, call, event.words)
        return
    if flight.move is not None:
        edits.failed(draft, flight, event.words)
        return
    again = call.model_copy(update={"save": None})
    if isinstance(call.work, Undo):
        run = draft.run_with_key(call.group, call.work.of)
        assert run is not None, "undoes what no run has done"
        draft.park(call.group, run, "undo_failed", f"Could not be taken back: {event.words}", undo=again)
        return
    run = draft.groups[call.group].runs[call.step]
    run = draft.change_run(call.group, call.step, unanswered=again)
    if edits.frozen(draft, call.group):
        draft.stand_by(call.group, run)
    else:
        draft.park(call.group, run, "outside_unavailable", event.words)


def pause(draft: Draft, flight: Flight, words: str, at: datetime) -> None:
    """A local call that did not work is sent again after a pause that grows to a minute (design rule 9)."""
    faults = flight.faults + 1
    rest = min(FIRST_PAUSE * 2 ** min(faults - 1, 10), LONGEST_PAUSE)
    changed = {"faults": faults, "fault": words, "retry_at": at + rest}
    draft.flights[flight.call.key] = flight.model_copy(update=changed)


def resend_due(draft: Draft) -> None:
    """Sends local calls again whose pause is over."""
    for flight in list(draft.flights.values()):
        if flight.retry_at is not None and flight.retry_at <= draft.wall:
            draft.send(flight.call, undo=flight.undo, faults=flight.faults, move=flight.move)


def tried_by_retry(order: Draft | OrderState) -> tuple[str, ...]:
    """The parked steps that a retry tries at once, which are those at which their groups stand.

    Where a change is carried out these are its undos only: all else stands by (CHG6).
    """
    steps: list[str] = []
    for group, run, parked in _parked(order):
        if edits.frozen(order, group.id) or order.policy is None:
            at_once = parked.undo is not None
        else:
            here = standing_at(order.policy.processes[group.process], group)
            at_once = (run.key is None or run.step in here) and not holds.keeps_back_named(order, group, run.step)
        if at_once:
            steps.append(run.step)
    return tuple(steps)


def retry(draft: Draft, event: RetryAsked) -> None:
    """Tries parked work again; what has to wait for a step before it goes on by itself after that."""
    steps = tried_by_retry(draft)
    for group, run, parked in _parked(draft):
        if parked.undo is not None and parked.undo.operation is Operation.UPDATE_SHIPMENT:
            updates.try_again(draft, group.id, run, parked.undo)
        elif parked.undo is not None:
            draft.amend(group.id, run, state=RunState.UNDOING, parked=None)
            if parked.code != changes.UNDO_REFUSED:
                draft.send(parked.undo.model_copy(update={"at": draft.now}), undo=True)
        elif not edits.frozen(draft, group.id):
            _go_on_by_itself(draft, group.id, run.step)
    undo_leftovers(draft)
    if steps:
        draft.tell(
            f"retry/{draft.base.version}",
            "order.retried",
            f"Tried again: {', '.join(steps).replace('_', ' ')}.",
            requested_by=event.requested_by,
            request=event.request or None,
        )


def _go_on_by_itself(draft: Draft, group_id: str, step: str) -> None:
    parked = draft.groups[group_id].runs[step].parked
    assert parked is not None
    draft.change_run(group_id, step, parked=parked.model_copy(update={"resume": True}))


def resume(draft: Draft) -> None:
    """Parked work that is to go on does so. A refusal is a new effect, a fault the same one under the same key.

    A call that may ship waits until the steps before it have been passed anew: its money may have lapsed (I7).
    """
    for group, run, parked in _parked(draft):
        if not parked.resume or edits.frozen(draft, group.id):
            continue
        if run.unanswered is not None:
            here = standing_at(draft.process(group), draft.groups[group.id])
            if run.step in here and not holds.keeps_back_named(draft, group, run.step):
                draft.change_run(group.id, run.step, state=RunState.RUNNING, parked=None)
                draft.send(run.unanswered.model_copy(update={"at": draft.now}))
        else:
            following = RunState.WAITING if run.key is None else RunState.UNDONE
            draft.change_run(group.id, run.step, state=following, parked=None)


def _parked(order: Draft | OrderState) -> list[tuple[Group, Run, Parked]]:
    return [
        (group, run, run.parked)
        for group in order.groups.values()
        for run in (*group.runs.values(), *group.past)
        if run.parked is not None and run.state is RunState.PARKED
        if run.parked.undo is not None or run in group.runs.values()  # what only a person can settle is not tried again
    ]


def step_named(draft: Draft, group: Group, name: str) -> Step | None:
    """The step of that name in the group's process."""
    return next((step for step in steps_of(draft.process(group)) if step.step == name), None)
