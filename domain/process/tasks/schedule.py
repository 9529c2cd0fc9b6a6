"""`schedule`: gives the promise date, from the requested date and the lead times ahead (ORC13, ORC14)."""

from datetime import date, datetime

from domain.policy.model import Duration, Process, Step, TaskWord
from domain.process.clock import after, local_date
from domain.process.conditions import holds_for
from domain.process.draft import Draft
from domain.process.flow import steps_of
from domain.process.state import Group, RunState
from domain.process.tasks.base import Quiet


class Schedule(Quiet):
    """Decided purely: nothing outside changes until stock is reserved."""

    def begin(self, draft: Draft, group: Group, step: Step) -> None:
        before = group.runs.get(step.step)
        run = draft.begin(group, step)
        promise, why = promise_date(draft, group)
        draft.change_run(group.id, run.step, state=RunState.DONE)
        draft.put(draft.groups[group.id].model_copy(update={"promise_date": promise}))
        if before is not None and (promise, group.location) == (group.promise_date, before.snapshot.location):
            return  # planned again, with the same result: that is no news
        draft.tell(
            f"scheduled/{group.id}/r{draft.revision}/{run.seq}",
            "order.scheduled",
            f"Promised for {promise.isoformat()} from location {group.location}.",
            why=f"{group.why.rstrip('.')}. {why}" if group.why else why,
            promise_date=promise.isoformat(),
            group=group.id,
        )


def promise_date(draft: Draft, group: Group) -> tuple[date, str]:
    """The date given to the customer and why: as requested, or as soon as the lead times allow."""
    requested = draft.facts.requested_date
    earliest = local_date(_after_lead_times(draft, group), draft.policy.timezone)
    if requested is None:
        return earliest, "No date was requested; this is the earliest."
    if requested >= earliest:
        return requested, "As requested."
    return earliest, f"Requested for {requested.isoformat()}, which is earlier than the lead times allow."


def _after_lead_times(draft: Draft, group: Group) -> datetime:
    process = draft.process(group)
    calendar = draft.policy.calendars.get(process.calendar)
    moment = draft.planned_from
    for step in _until_shipped(process):
        span = _lead_time(draft, group, step)
        if span is not None:
            moment = after(moment, span, calendar)
    return moment


def _until_shipped(process: Process) -> list[Step]:
    steps = list(steps_of(process))
    ships = [index for index, step in enumerate(steps) if step.do is TaskWord.SHIP]
    return steps[: ships[-1] + 1] if ships else steps


def _lead_time(draft: Draft, group: Group, step: Step) -> Duration | None:
    if step.lead_time is None or isinstance(step.lead_time, Duration):
        return step.lead_time
    for rule in step.lead_time:
        if rule.otherwise is not None:
            return rule.otherwise
        if rule.when is not None and holds_for(draft, group, rule.when):
            return rule.takes
    return None
