"""Facts from outside: what the carrier and the payment provider say happened. They are never refused.

A fact may come before the order knows of the effect it speaks of: the answer to the call may be slower than the
fact, and a resumed order is told all its facts again at its start. Such a fact is kept until it can be heard.
"""

from domain.policy.model import ShipStatus
from domain.process import losses, splits
from domain.process.draft import Draft
from domain.process.losses import waits_for
from domain.process.messages import CarrierFact, Fact, PaymentFact
from domain.process.state import Group, Run, RunState
from domain.process.tasks.capture import lapse
from domain.process.tasks.wait import merged, settle
from domain.process.words import Operation

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
        for fact in early:
            hear(draft, fact)


def _heard(draft: Draft, fact: Fact) -> bool:
    draft.now = max(draft.now, fact.at)
    return _carrier(draft, fact) if isinstance(fact, CarrierFact) else _payment(draft, fact)


def _carrier(draft: Draft, fact: CarrierFact) -> bool:
    found = _run_of(draft, fact.request_key)
    if found is None:
        return False
    group, run = found
    if fact.status in _PROGRESS:
        _progress(draft, group, run, fact)
        if fact.short:
            return splits.close_short(draft, group.id, fact.request_key)
    elif fact.status in losses.LOST:
        return losses.lost(draft, group, run, fact.status)
    return True


def _run_of(draft: Draft, key: str) -> tuple[Group, Run] | None:
    for group in draft.groups.values():
        for run in (*group.runs.values(), *group.past):
            if run.key == key:
                return group, run
    return None


def _progress(draft: Draft, group: Group, run: Run, fact: CarrierFact) -> None:
    """Enters how far the units are; whatever is shipped was picked before."""
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
