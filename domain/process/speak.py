"""An order in words, for the operator who looks at it in the Temporal UI (OPS1)."""

from datetime import datetime

from domain.money import Money, words_of
from domain.process.doors import HoldAnswer, PromiseAnswer, RetryAnswer, SkipAnswer
from domain.process.events import HoldAsked, ReleaseAsked, SkipAsked
from domain.process.faults import tried_by_retry
from domain.process.read_model import Waiting
from domain.process.rows import group_status, row_of, waiting_of
from domain.process.skips import groups_meant, skippable
from domain.process.state import OrderState, RunState
from domain.process.words import Status

MAX_SHOWN = 20
"""Groups and reasons shown in full; a longer list says how many more there are."""


def headline(state: OrderState) -> str:
    """The order in one sentence."""
    waiting = waiting_of(state)
    if state.finished:
        return f"Order {state.number} is {row_of(state).status}."
    if waiting:
        first = waiting[0]
        return f"Order {state.number} waits for {first.who.replace('_', ' ')}: {first.why}"
    return f"Order {state.number} is {row_of(state).status}."


def details(state: OrderState) -> str:
    """Markdown: where the order stands and, if it waits, for what, why, for whom and until when (I6)."""
    if state.facts is None:
        return f"**Order {state.number}** is being opened."
    row, facts = row_of(state), state.facts
    total = words_of(Money(facts.goods + facts.charges + facts.tax, facts.currency))
    parts = [
        f"**Order {state.number}: {row.status}** (revision {state.revision})",
        f"{_lines(len(state.lines))}, {total}, customer {facts.customer}, to {facts.country} by {facts.ship_method}.",
    ]
    if row.promise_date is not None:
        parts.append(f"Promised for {row.promise_date.isoformat()}.")
    if state.change is not None:
        parts.append(f"**Being changed:** {state.change.asked.change}, asked by {state.change.asked.requested_by}.")
    can_skip = skippable(state)
    parts += [_wait(state.number, waiting, can_skip) for waiting in row.waiting[:MAX_SHOWN]]
    if len(row.waiting) > MAX_SHOWN:
        parts.append(f"... and {len(row.waiting) - MAX_SHOWN} more.")
    parts += [flight.call.summary.capitalize() + " is on its way." for flight in state.flights.values()][:MAX_SHOWN]
    return "\n\n".join([*parts, _steps(state)])


def _wait(number: str, waiting: Waiting, can_skip: set[tuple[str, str]]) -> str:
    until = f" until {_moment(waiting.until)}" if waiting.until else ""
    code = f" ({waiting.code})" if waiting.parked else ""
    how = f" To try again: `ordito order retry {number}`, or the update `retry`." if waiting.parked else ""
    if waiting.hold is not None:
        how = f" To go on: `ordito order release {number} {waiting.hold} --reason ...`, or the update `release`."
    if waiting.change is not None:
        how = (
            f" To decide: `ordito order approve {number} {waiting.change} --reason ...`,"
            f" `ordito order refuse {number} {waiting.change} --reason ...`, or the updates of these names."
        )
    if (waiting.group, waiting.step) in can_skip:
        how += f" To go on without it: `ordito order skip {number} {waiting.step} --reason ...`, or the update `skip`."
    return (
        f"**Waits at {waiting.what}**{code}: {waiting.why} Owner: {waiting.who.replace('_', ' ')}{until}."
        f"{' **Overdue.**' if waiting.code == 'overdue' else ''}{how}"
    )


def _steps(state: OrderState) -> str:
    lines = []
    for group in [group for group in state.groups.values() if not group.planned][:MAX_SHOWN]:
        marks = ", ".join(f"{run.step.replace('_', ' ')} {_SIGNS[run.state]}" for run in group.runs.values())
        lines.append(f"- Group {group.id} ({group.process}, {_lines(len(group.lines))}): {marks}")
    return "\n".join(lines)


_SIGNS = {
    RunState.RUNNING: "…",
    RunState.WAITING: "(waits)",
    RunState.PARKED: "(parked)",
    RunState.DONE: "✓",
    RunState.SKIPPED: "(skipped)",
    RunState.UNDOING: "(being undone)",
    RunState.UNDONE: "(undone)",
}


def _lines(count: int) -> str:
    return "1 line" if count == 1 else f"{count:,} lines"


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def retry_answer(state: OrderState) -> RetryAnswer:
    """The answer to `retry`: which steps are tried at once (ORC19)."""
    steps = tried_by_retry(state)
    if not steps:
        return RetryAnswer(retried=(), words="What is parked goes on once the steps before it have been passed.")
    return RetryAnswer(retried=steps, words=f"Trying again: {', '.join(steps).replace('_', ' ')}.")


def skip_answer(state: OrderState, asked: SkipAsked) -> SkipAnswer:
    """The answer to `skip`, from the state in which it is asked: the groups that go on without the step (ORC19)."""
    groups = groups_meant(state, asked)
    step = asked.step.replace("_", " ").capitalize()
    several = sum(not group.planned for group in state.groups.values()) > 1
    where = "" if not several else f" in group {', '.join(groups)}"
    return SkipAnswer(step=asked.step, groups=groups, words=f"{step} is skipped{where}; the order goes on without it.")


def hold_answer(_: OrderState, asked: HoldAsked) -> HoldAnswer:
    """The answer to `hold` (CAP9)."""
    return HoldAnswer(id=asked.id, words=f"Hold {asked.id} ({asked.code}) is placed; what is on its way is not cut.")


def release_answer(_: OrderState, asked: ReleaseAsked) -> HoldAnswer:
    """The answer to `release` (CAP9)."""
    return HoldAnswer(id=asked.id, words=f"Hold {asked.id} is released; the order goes on unless another one stands.")


def promise_of(state: OrderState) -> PromiseAnswer | None:
    """The answer to `promised`, once every group has its date and its stock, or waits for a person."""
    if state.facts is None or not state.groups:
        return None
    row = row_of(state)
    ready = {Status.RESERVED, Status.RELEASED, Status.SHIPPED, Status.COMPLETED, Status.CANCELLED}
    on_hold = {waiting.group for waiting in row.waiting if waiting.hold is not None}
    settled = all(
        group_status(state, group) in ready
        or any(run.parked for run in group.runs.values())
        or bool(on_hold & {"", group.id})
        for group in state.groups.values()
    )
    if not settled:
        return None
    facts = state.facts
    return PromiseAnswer(
        number=state.number,
        status=row.status,
        promise_date=row.promise_date,
        currency=facts.currency,
        lines=tuple(state.lines.values()),
        groups=row.groups,
        goods=facts.goods,
        charges=facts.charges,
        tax=facts.tax,
        total=facts.goods + facts.charges + facts.tax,
        waiting=row.waiting,
    )
