"""`wait`: stands until the outside status of another step's effect meets the exit criterion (ORC3, ORC11)."""

from datetime import date, datetime

from domain.base import Lines
from domain.policy.model import Step
from domain.process.clock import after, end_of, local_date
from domain.process.conditions import value_for
from domain.process.draft import Draft
from domain.process.state import Group, Run, RunState
from domain.process.tasks.base import Quiet


class Wait(Quiet):
    """Begins waiting, and ends at once where the fact came first."""

    def begin(self, draft: Draft, group: Group, step: Step) -> None:
        awaited = group.runs.get(step.of or "")
        if awaited is not None and awaited.state is RunState.SKIPPED:
            draft.skip(group, step)
            return
        run = draft.begin(group, step, lines=awaited.snapshot.lines if awaited is not None else None)
        draft.change_run(group.id, run.step, state=RunState.WAITING, until=_deadline(draft, group, step))
        settle(draft, group.id, step)
        _judge_as_of(draft, group.id, step)

    def needed(self, draft: Draft, group: Group) -> str:
        """Always: what has not left must be neither paid for nor invoiced (I5)."""
        return (
            "The carrier has not reported that the units are that far."
            " Clear it with the carrier; the order goes on by itself when they are found and reported."
        )


def _judge_as_of(draft: Draft, group_id: str, step: Step) -> None:
    """An imported order arms no alarm: it is overdue if its deadline is before the day it is taken as of (hard case 8).

    That is no event of its history, in which the carrier may have shipped in time: word of that may be yet to come.
    """
    run, as_of = draft.groups[group_id].runs[step.step], draft.base.as_of
    if run.state is RunState.WAITING and run.until is not None and as_of is not None:
        draft.change_run(group_id, run.step, late=run.until < end_of(as_of, draft.policy.timezone))


def settle(draft: Draft, group_id: str, step: Step) -> None:
    """Ends the wait if the carrier has said that every unit of the group is as far as the step asks.

    One that is parked, because the carrier reported a loss, ends too: the parcel was found.
    """
    group = draft.groups[group_id]
    run = group.runs.get(step.step)
    awaited = group.runs.get(step.of or "")
    if run is None or run.state not in (RunState.WAITING, RunState.PARKED) or awaited is None or awaited.key is None:
        return
    if step.until is not None and all_units(run.snapshot.lines, group.reached.get(awaited.key, {}).get(step.until, {})):
        draft.change_run(group_id, run.step, state=RunState.DONE, parked=None)


def merged(before: Lines, lines: Lines) -> Lines:
    """What has got somewhere, with what is told now; telling it twice, or less later, takes nothing back."""
    return before | {number: max(quantity, before.get(number, 0)) for number, quantity in lines.items()}


def all_units(wanted: Lines, got: Lines) -> bool:
    return all(got.get(number, 0) >= quantity for number, quantity in wanted.items())


def judge_deadline(draft: Draft, group_id: str, run: Run, now: datetime) -> None:
    """Marks a wait that is past its deadline; the order is then at risk and its owner is told (I6)."""
    if run.late or run.until is None or run.until > now:
        return
    draft.change_run(group_id, run.step, late=True)
    day = local_date(run.until, draft.policy.timezone)
    draft.tell(
        f"overdue/{group_id}/{run.step}/{run.seq}",
        "order.overdue",
        f"Still waiting after {day.isoformat()}: {run.owner.replace('_', ' ')} should look into it.",
        at=run.until,
        step=run.step,
    )


def _deadline(draft: Draft, group: Group, step: Step) -> datetime | None:
    if step.due is not None:
        due = value_for(draft, group, step.due)
        if isinstance(due, datetime):
            return due
        if isinstance(due, date):
            return end_of(due, draft.policy.timezone)
    if step.at_most is not None:
        return after(draft.now, step.at_most, draft.policy.calendars.get(draft.process(group).calendar))
    return end_of(group.promise_date, draft.policy.timezone) if group.promise_date else None
