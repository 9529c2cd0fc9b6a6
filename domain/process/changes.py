"""Changing an order in flight; here: cancelling it (CHG9, CHG10, CHG14).

While a change is carried out its lines start nothing new (CHG6). Calls on their way are cut short or awaited, then
every effect is taken back, the shipment request first because it alone can be refused. If it is, the
change is refused, and the process walks on from what is left: whatever was taken back is done again.
"""

from domain.process import known
from domain.process.draft import Draft
from domain.process.messages import ChangeAnswer, ChangeAsked, Outcome
from domain.process.rows import group_status
from domain.process.state import ActiveChange, Flight, Group, Run, RunState
from domain.process.tasks import TASKS
from domain.process.words import REMOTE, ChangeOutcome, Operation, Status
from limits import MAX_ANSWERS


def ask(draft: Draft, asked: ChangeAsked) -> None:
    """Takes a change in: answered at once where it cannot be, else made the active one or put in line (CHG12)."""
    if asked.change_id in draft.answers or _known(draft, asked.change_id):
        return
    if asked.problem is not None:
        answer(draft, asked, ChangeOutcome.REFUSED, "malformed", asked.problem)
    elif not draft.opened or known.behind(draft):
        draft.waiting_changes = (*draft.waiting_changes, asked)
    elif (refusal := _refusal(draft, asked)) is not None:
        answer(draft, asked, ChangeOutcome.REFUSED, *refusal)
    elif draft.change is not None:
        draft.waiting_changes = (*draft.waiting_changes, asked)
    else:
        _begin(draft, asked)


def _known(draft: Draft, change_id: str) -> bool:
    active = draft.change is not None and draft.change.asked.change_id == change_id
    return active or any(asked.change_id == change_id for asked in draft.waiting_changes)


def _begin(draft: Draft, asked: ChangeAsked) -> None:
    draft.change = ActiveChange(asked=asked)
    draft.tell(
        f"change/{asked.change_id}/begun",
        "change.begun",
        f"Cancelling, asked for by {asked.requested_by or 'an unnamed caller'}.",
        change_id=asked.change_id,
    )
    # Cut short what still retries: a call that never gets through must not hold up a cancel.
    draft.stops.extend(key for key, flight in draft.flights.items() if _can_be_cut_short(draft, flight))


def _can_be_cut_short(draft: Draft, flight: Flight) -> bool:
    """A call to the outside that was on its way before this decision."""
    return flight.call.key in draft.base.flights and flight.call.operation in REMOTE and not flight.undo


def _refusal(draft: Draft, asked: ChangeAsked) -> tuple[str, str] | None:
    """Why a cancel is turned down before anything is touched (CHG1, CHG5), if it is."""
    if all(group.cancelled for group in draft.groups.values()):
        return "order_closed", "The order is closed; nothing was changed."
    if asked.change != "cancel":
        return "unknown_change", f"This order can be cancelled, but not changed by '{asked.change}'."
    if asked.base_revision is not None and asked.base_revision != draft.revision:
        return (
            "stale_revision",
            f"The change was made for revision {asked.base_revision}, the order is at revision {draft.revision}."
            " Read the order again and send the change with that revision.",
        )
    state = draft.state()
    gone = [
        group for group in draft.groups.values() if group_status(state, group) in (Status.SHIPPED, Status.COMPLETED)
    ]
    gone += [group for group in draft.groups.values() if group not in gone and group.gone()]
    if gone:
        lines = ", ".join(str(number) for group in gone for number in group.lines[:20])
        return "already_shipped", f"Shipped already (line {lines}); a return is needed instead. Nothing was changed."
    return None


def pursue(draft: Draft) -> None:
    """Takes the active change as far as it gets now: one undo at a time, then the answer."""
    if draft.opened and draft.change is None and not known.behind(draft):
        early, draft.waiting_changes = draft.waiting_changes, ()
        for asked in early:
            ask(draft, asked)
    if draft.change is None or known.busy(draft):
        return
    if draft.change.refused_code:
        _refuse(draft)
        return
    following = _next_undo(draft)
    if following is None:
        _cancelled(draft)
        return
    group, run = following
    if run.parked is not None and run.parked.undo is not None:
        return
    draft.change_run(group.id, run.step, state=RunState.UNDOING, parked=None)
    words = TASKS[run.task].undo(draft, draft.groups[group.id], run)
    draft.change = draft.change.model_copy(update={"actions": (*draft.change.actions, words)})


def _next_undo(draft: Draft) -> tuple[Group, Run] | None:
    runs = [(group, run) for group in draft.groups.values() for run in group.runs.values() if run.may_have_effect]
    return max(runs, key=lambda pair: (pair[1].operation is Operation.SHIP, pair[1].seq), default=None)


def undone(draft: Draft, group_id: str, run: Run, call_key: str) -> None:
    """An undo was done."""
    draft.change_run(group_id, run.step, state=RunState.UNDONE, parked=None, unanswered=None)
    words = draft.change.actions[-1] if draft.change is not None and draft.change.actions else run.step
    draft.tell(call_key, _UNDO_EVENTS[run.operation], f"{words[:1].upper()}{words[1:]}.", group=group_id)


_UNDO_EVENTS = {
    Operation.RESERVE: "stock.released",
    Operation.AUTHORIZE: "payment.voided",
    Operation.SHIP: "shipment.cancelled",
    Operation.CAPTURE: "payment.refunded",
    Operation.INVOICE: "invoice.credited",
    None: "step.undone",
}


def undo_refused(draft: Draft, group_id: str, run: Run, outcome: Outcome) -> None:
    """The outside system says no: the change is refused, and what was taken back is done again (CHG10)."""
    assert draft.change is not None
    if run.unanswered is None:
        draft.change_run(group_id, run.step, state=RunState.DONE)
    else:
        draft.stand_by(group_id, run)
    draft.change = draft.change.model_copy(
        update={"refused_code": outcome.code or "undo_refused", "refused_words": outcome.words}
    )


def _refuse(draft: Draft) -> None:
    assert draft.change is not None
    change = draft.change
    draft.change = None
    words = f"Cannot be cancelled any more: {change.refused_words.rstrip('.')}. The order goes on."
    for asked in _with_those_in_line(draft, change):
        answer(draft, asked, ChangeOutcome.REFUSED, change.refused_code, words)


def _with_those_in_line(draft: Draft, change: ActiveChange) -> tuple[ChangeAsked, ...]:
    """Whoever asked for the same while it was carried out gets the same answer (CHG12)."""
    in_line, draft.waiting_changes = draft.waiting_changes, ()
    return (change.asked, *in_line)


def _cancelled(draft: Draft) -> None:
    assert draft.change is not None
    change = draft.change
    draft.change = None
    draft.revision += 1
    for group in list(draft.groups.values()):
        runs = {
            name: run if run.passed else run.model_copy(update={"state": RunState.UNDONE, "parked": None})
            for name, run in group.runs.items()
        }
        draft.put(group.model_copy(update={"cancelled": True, "runs": runs}))
    done = "; ".join(change.actions) or "nothing had been started"
    words = f"The order is cancelled: {done}."
    for asked in _with_those_in_line(draft, change):
        answer(draft, asked, ChangeOutcome.ACCEPTED, "cancelled", words, change.actions)
    draft.tell("cancelled", "order.cancelled", f"Cancelled: {done}.", why=change.asked.reason)


def answer(
    draft: Draft,
    asked: ChangeAsked,
    outcome: ChangeOutcome,
    code: str,
    words: str,
    actions: tuple[str, ...] = (),
) -> None:
    """Answers a change once and for all; the answer leaves as an event too (CHG14, CHG15)."""
    given = ChangeAnswer(
        change_id=asked.change_id,
        kind=asked.change,
        outcome=outcome,
        revision=draft.revision,
        code=code,
        words=words,
        at=draft.now,
        actions=actions,
        requested_by=asked.requested_by,
        reason=asked.reason,
    )
    draft.answers[asked.change_id] = given
    for oldest in list(draft.answers)[:-MAX_ANSWERS]:
        del draft.answers[oldest]
    draft.unsaved_answers.append(given)
    draft.tell(
        f"change/{asked.change_id}/{outcome}",
        f"change.{outcome}",
        words,
        change_id=asked.change_id,
        code=code,
        revision=draft.revision,
    )
