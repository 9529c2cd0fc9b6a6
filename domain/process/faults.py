"""What becomes of a call that was refused or failed, and how parked work is tried again (ORC19).

Refusal: the business on the other side said no; a new try is a new effect with the next n. Fault: nobody
knows whether the effect happened; a new try carries the same key, so it cannot happen twice.
"""

from datetime import datetime, timedelta

from domain.policy.model import ReactionWord, Step
from domain.process import changes
from domain.process.draft import Draft
from domain.process.flow import steps_of
from domain.process.messages import CallFailed, ChangeAsked, Outcome, RetryAsked
from domain.process.state import Flight, Group, Parked, Run, RunState
from domain.process.tasks import TASKS
from domain.process.words import REMOTE

FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(seconds=60)
CUT_SHORT = "cut_short"


def refused(draft: Draft, group: Group, run: Run, outcome: Outcome) -> None:
    """A do-call was refused: the task deals with it, or the policy's `on_error` does."""
    if TASKS[run.task].refused(draft, group, run, outcome):
        return
    step = step_named(draft, group, run.step)
    reaction = step.on_error.word if step is not None and step.on_error is not None else ReactionWord.HOLD
    match reaction:
        case ReactionWord.SKIP | ReactionWord.CONTINUE:
            draft.change_run(group.id, run.step, state=RunState.SKIPPED)
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


def failed(draft: Draft, flight: Flight, event: CallFailed) -> None:
    """A call's attempts ran out. Local ones are tried again by themselves; others wait for a person."""
    call = flight.call
    if call.operation not in REMOTE:
        pause(draft, flight, event.words, event.at)
        return
    run = draft.groups[call.group].runs[call.step]
    if flight.undo:
        draft.park(call.group, run, "undo_failed", f"Could not be taken back: {event.words}", flight)
    elif draft.change is not None:
        draft.park(call.group, run, CUT_SHORT, "Cut short by a change of the order.", flight)
    else:
        draft.park(call.group, run, "outside_unavailable", event.words, flight)


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
            draft.send(flight.call, undo=flight.undo, faults=flight.faults)


def retry(draft: Draft, event: RetryAsked) -> tuple[str, ...]:
    """Tries all parked work again; returns the steps. A refusal is a new effect, a fault the same one."""
    steps: list[str] = []
    for group in list(draft.groups.values()):
        for run in group.runs.values():
            if run.state is RunState.PARKED and run.parked is not None:
                again(draft, group.id, run, run.parked)
                steps.append(run.step)
    if steps:
        draft.tell(
            f"retry/{draft.base.version}",
            "order.retried",
            f"Tried again: {', '.join(steps).replace('_', ' ')}.",
            requested_by=event.requested_by,
        )
    return tuple(steps)


def again(draft: Draft, group_id: str, run: Run, parked: Parked) -> None:
    """Sends parked work once more: the same call where its effect is unknown, else a new run of the step."""
    if parked.call is not None:
        draft.change_run(group_id, run.step, state=RunState.UNDOING if parked.undo else RunState.RUNNING, parked=None)
        draft.send(parked.call.model_copy(update={"at": draft.now}), undo=parked.undo)
    elif run.key is None:
        draft.change_run(group_id, run.step, state=RunState.WAITING, parked=None)
    else:
        draft.change_run(group_id, run.step, state=RunState.UNDONE, parked=None)


def resume_cut_short(draft: Draft) -> None:
    """After a refused change, calls that it cut short go on."""
    for group in list(draft.groups.values()):
        for run in group.runs.values():
            if run.parked is not None and run.parked.code == CUT_SHORT:
                again(draft, group.id, run, run.parked)


def step_named(draft: Draft, group: Group, name: str) -> Step | None:
    """The step of that name in the group's process."""
    return next((step for step in steps_of(draft.process(group)) if step.step == name), None)
