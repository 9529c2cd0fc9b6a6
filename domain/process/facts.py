"""Facts from outside: what the carrier and the payment provider say happened. They are never refused.

A fact may come before the order knows of the effect it speaks of: the answer to the call may be slower than the
fact, and a resumed order is told all its facts again at its start. Such a fact is kept until it can be heard.
"""

from domain.base import Lines
from domain.policy.model import ShipStatus
from domain.process import delays, losses, releases, splits, updates
from domain.process.draft import Draft
from domain.process.events import CarrierFact, Fact, PaymentFact
from domain.process.losses import waits_for
from domain.process.state import Group, Run, RunState
from domain.process.tasks.capture import lapse
from domain.process.tasks.wait import all_units, merged, settle
from domain.process.words import Operation

LEFT_ANYWAY = "left_although_cancelled"
"""Code of a request that was taken back, and shipped all the same."""
MAX_EARLY = 100
"""Facts kept for one order; the oldest give way."""
_PROGRESS = tuple(ShipStatus)
_UNKNOWN = (RunState.RUNNING, RunState.PARKED, RunState.UNDOING)
"""States of a run of whose effect, or of whose undo, there is no answer yet."""


def hear(draft: Draft, fact: Fact) -> None:
    """Takes a fact in, or keeps it for later. One that speaks of no effect of this order changes nothing."""
    if not draft.opened or not _heard(draft, fact):
        key = fact.request_key if isinstance(fact, CarrierFact) else fact.authorization
        if key.startswith(f"{draft.number}/") and fact not in draft.early:
            draft.early = (*draft.early, fact)[-MAX_EARLY:]


def hear_early(draft: Draft) -> None:
    """Takes in the kept facts that can be heard by now."""
    if draft.opened and draft.early:
        early, draft.early = draft.early, ()
        draft.early = tuple(fact for fact in early if not _heard(draft, fact))


def _heard(draft: Draft, fact: Fact) -> bool:
    draft.now = max(draft.now, fact.at)
    return _carrier(draft, fact) if isinstance(fact, CarrierFact) else _payment(draft, fact)


def _carrier(draft: Draft, fact: CarrierFact) -> bool:
    found = _run_of(draft, fact.request_key)
    if found is None:
        return False
    group, run = found
    if updates.is_open(run) or updates.is_unsettled(draft, group, run):
        return False
    if fact.status in _PROGRESS:
        _progress(draft, group, run, fact)
        if fact.short or updates.all_has_left(draft, group.id, run):
            return splits.close_short(draft, group.id, fact.request_key)
    elif delays.moves_the_date(fact):
        delays.heard(draft, group, run, fact)
    elif fact.status in losses.LOST:
        return losses.lost(draft, group, run, fact.status, fact.lines)
    return True


def _run_of(draft: Draft, key: str) -> tuple[Group, Run] | None:
    for group in draft.groups.values():
        for run in (*group.runs.values(), *group.past):
            if run.key == key:
                return group, run
    return None


def _progress(draft: Draft, group: Group, run: Run, fact: CarrierFact) -> None:
    """Enters how far the units are; whatever is shipped was picked before."""
    if run.state is RunState.UNDONE and draft.since(releases.LEFT_BEHIND_IS_SETTLED):
        if fact.status == ShipStatus.SHIPPED:
            left_anyway(draft, group.id, run, fact.lines or run.snapshot.lines)
        return
    waits = waits_for(draft, group, run)
    awaited = {ShipStatus.SHIPPED, *(step.until for step in waits if step.until is not None)}
    far = _PROGRESS.index(ShipStatus(fact.status))
    before = group.reached.get(fact.request_key, {})
    lines = fact.lines or run.snapshot.lines
    known = before | {
        status: merged(before.get(status, {}), lines) for status in _PROGRESS[: far + 1] if status in awaited
    }
    if known == before:
        return
    draft.put(group.model_copy(update={"reached": group.reached | {fact.request_key: known}}))
    for step in waits:
        settle(draft, group.id, step)


def left_anyway(draft: Draft, group_id: str, run: Run, lines: Lines) -> None:
    """Goods have left on a request that was taken back: somebody has to settle it; the group goes its way (SHP2, I6).

    What had left before the request was taken back is no news.
    """
    group = draft.groups[group_id]
    before = group.reached.get(run.key or "", {}).get(ShipStatus.SHIPPED, {})
    more = {number: units for number, units in lines.items() if units > before.get(number, 0)}
    if not more or run.operation is not Operation.SHIP:
        return
    if group.runs.get(run.step) == run:
        runs = {name: other for name, other in group.runs.items() if name != run.step}
        draft.put(group.model_copy(update={"runs": runs, "past": (*group.past, run)}))
    units = sum(more.values()) - sum(before.get(number, 0) for number in more)
    words = (
        f"{units} units of line {', '.join(map(str, list(more)[:20]))} left although the carrier had taken the request"
        " back. Have them stopped or returned and the stock counted; then go on without this step."
    )
    draft.park(group_id, run, LEFT_ANYWAY, words)


def taken_back(draft: Draft, group_id: str, request: Run) -> None:
    """A request was taken back. If all of it had left by the carrier's own word, one of the two is wrong."""
    group = draft.groups[group_id]
    shipped = group.reached.get(request.key or "", {}).get(ShipStatus.SHIPPED, {})
    if draft.since(releases.LEFT_BEHIND_IS_SETTLED) and shipped and all_units(request.snapshot.lines, shipped):
        reached = {key: statuses for key, statuses in group.reached.items() if key != request.key}
        draft.put(group.model_copy(update={"reached": reached}))
        left_anyway(draft, group_id, request, shipped)


def _payment(draft: Draft, fact: PaymentFact) -> bool:
    """An expired authorization is made anew before it is needed (PAY2)."""
    found = _run_of(draft, fact.authorization)
    if found is None:
        return False
    group, run = found
    if fact.status != "expired" or run.operation is not Operation.AUTHORIZE:
        return True
    if run.state in _UNKNOWN:
        return False
    if run.state is RunState.DONE and not _capturing(group):
        lapse(draft, group.id, run)
    return True


def _capturing(group: Group) -> bool:
    """Whether money was taken, or may have been: then the answer to the capture says what became of it."""
    return any(run.operation is Operation.CAPTURE and run.may_have_effect for run in group.runs.values())
