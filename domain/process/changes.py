"""Changing an order in flight: taking changes in, one at a time, and cancelling (CHG9, CHG10, CHG12, CHG14).

While a change is carried out its lines start nothing new (CHG6). A cancel cuts short or awaits calls on their way, then
takes every effect back, the shipment request first because it alone can be refused. If it is, the change is refused,
and the process walks on from what is left: whatever was taken back is done again; or the rest is cancelled, as the
policy says. An edit is carried out in `edits`.
"""

from domain.policy.model import TaskWord
from domain.process import (
    approvals,
    edits,
    facts,
    known,
    ledger,
    not_given_back,
    previews,
    releases,
    rest_of_cancel,
    returns,
    updates,
)
from domain.process.answering import MALFORMED, answer, answer_to
from domain.process.calls import Call
from domain.process.change_requests import problem_of
from domain.process.draft import Draft
from domain.process.events import ChangeAsked
from domain.process.flow import steps_of
from domain.process.outcomes import Outcome
from domain.process.rows import group_status, is_over
from domain.process.state import ActiveChange, Flight, Group, OrderState, Run, RunState
from domain.process.tasks import TASKS
from domain.process.words import CANCEL, CLOSED, EDIT, REMOTE, ChangeOutcome, Operation, Status
from limits import MAX_WAITING_CHANGES

LINE_FULL = "Too many changes of the order wait. Nothing was changed; send it again later."
UNDO_REFUSED = "undo_refused"
"""Code of a leftover that the outside would not take back: trying again is a new effect."""
ALREADY_CAPTURED = "already_captured"
"""The payment provider's word for an authorization of which nothing is left to be given back."""


def ask(draft: Draft, asked: ChangeAsked) -> None:
    """Takes a change in: answered at once where it cannot be, else made the active one or put in line (CHG12)."""
    if was_answered(draft, asked.change_id) or _known(draft, asked.change_id):
        return
    if asked.problem is not None:
        _turn_down(draft, asked, MALFORMED, asked.problem)
    elif line_is_full(draft, asked):
        _turn_down(draft, asked, "queue_full", f"{LINE_FULL} Take another id for it.")
    elif not draft.opened or known.behind(draft):
        draft.waiting_changes = (*draft.waiting_changes, asked)
    elif (refusal := _refusal(draft, asked)) is not None:
        _turn_down(draft, asked, *refusal)
    elif draft.change is None and asked.is_edit and approvals.cancels_first(draft):
        draft.waiting_changes = (*draft.waiting_changes, asked)
    elif draft.change is not None:
        draft.waiting_changes = (*draft.waiting_changes, asked)
        overtake(draft)
    else:
        _begin(draft, asked)


def overtake(draft: Draft) -> None:
    """A cancel in line goes before the edit that is being carried out (CHG12)."""
    change = draft.change
    if change is None or not change.asked.is_edit or change.refused_code or change.cancels_rest:
        return
    if edits.cancel_goes_first(draft):
        edits.overtaken(draft)


def is_edit(event: object) -> bool:
    """Whether somebody asks for a change that can wait in line; a cancel goes before what is there (CHG12)."""
    return isinstance(event, ChangeAsked) and event.is_edit


def line_is_full(order: Draft | OrderState, asked: ChangeAsked, unheard: int = 0) -> bool:
    """Whether an edit finds so many in line that it is turned down; a cancel, or one that is known, never does."""
    full = asked.is_edit and len(order.waiting_changes) + unheard >= MAX_WAITING_CHANGES
    return full and not was_answered(order, asked.change_id) and not _known(order, asked.change_id)


def door_refusal(state: OrderState, asked: ChangeAsked, unheard: int = 0) -> tuple[str, str] | None:
    """Code and words why a change is not taken in at all; None if it gets an answer that is kept.

    `unheard`: edits that have come before, and are not in line yet.
    """
    problem = problem_of(asked)
    if problem is not None:
        return "malformed", problem
    if asked.change_id in state.answered:
        return (
            "answered_before",
            "The change was answered before; that answer stands. GET .../changes/{change_id} has it.",
        )
    if line_is_full(state, asked, unheard):
        return "queue_full", LINE_FULL
    if state.finished and asked.change_id not in state.answers:
        return "order_closed", "The order is closed; nothing was changed."
    return None


def was_answered(order: Draft | OrderState, change_id: str) -> bool:
    """Whether the change has its one answer, at hand or in the database: it is not carried out again (CHG14)."""
    return change_id in order.answers or change_id in order.answered


def _turn_down(draft: Draft, asked: ChangeAsked, code: str, words: str) -> None:
    answer(draft, answer_to(draft, asked, ChangeOutcome.REFUSED, code, words))


def _known(order: Draft | OrderState, change_id: str) -> bool:
    active = order.change is not None and order.change.asked.change_id == change_id
    waiting = any(asked.change_id == change_id for asked in order.waiting_changes)
    return active or waiting or previews.asked_for(order, change_id) or approvals.is_pending(order, change_id)


def _begin(draft: Draft, asked: ChangeAsked) -> None:
    draft.change = ActiveChange(asked=asked)
    if asked.is_edit:
        return  # its answer tells all; it cuts calls short once it is known which groups it touches
    again = "/approved" if approvals.is_approved(draft, draft.change) else ""  # it was begun before, and waited
    draft.tell(
        f"change/{asked.change_id}/begun{again}",
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
    over = CLOSED if asked.is_edit else {Status.CANCELLED}
    if all(group_status(draft, group) in over for group in draft.groups.values()):
        return "order_closed", "The order is closed; nothing was changed."
    if asked.change not in (CANCEL, EDIT):
        return "unknown_change", f"This order can be cancelled, but not changed by '{asked.change}'."
    if asked.base_revision is not None and asked.base_revision != draft.revision:
        return (
            "stale_revision",
            f"The change was made for revision {asked.base_revision}, the order is at revision {draft.revision}."
            " Read the order again and send the change with that revision.",
        )
    if asked.is_edit:
        return None
    gone = [
        group for group in draft.groups.values() if group_status(draft, group) in (Status.SHIPPED, Status.COMPLETED)
    ]
    gone += [group for group in draft.groups.values() if group not in gone and not group.cancelled and group.gone()]
    if gone:
        lines = ", ".join(str(number) for group in gone for number in group.lines[:20])
        return "already_shipped", f"Shipped already (line {lines}); a return is needed instead. Nothing was changed."
    return None


def pursue(draft: Draft) -> None:
    """Takes the active change as far as it gets now, and after it the next in line."""
    if draft.opened and draft.change is None and not known.behind(draft):
        _take_next(draft)
    if draft.change is None:
        return
    if draft.change.asked.is_edit:
        edits.pursue(draft, draft.change)
    elif not known.busy(draft):
        _pursue_cancel(draft, draft.change)
    _go_on_with_next(draft)


def _go_on_with_next(draft: Draft) -> None:
    """Before the process walks on: what it would begin may be what the next change is about."""
    if draft.change is None and draft.waiting_changes:
        pursue(draft)


def _take_next(draft: Draft) -> None:
    """The changes in line in the order in which they came, but a cancel first (CHG12)."""
    early, draft.waiting_changes = draft.waiting_changes, ()
    to_be_saved = approvals.unsaved(draft)
    for asked in sorted(early, key=lambda one: not one.is_cancel):
        if asked.change_id in to_be_saved:
            draft.waiting_changes = (*draft.waiting_changes, asked)
        else:
            ask(draft, asked)


def end_approvals(draft: Draft) -> None:
    """Nobody need agree any more to what would have changed an order that has ended."""
    if draft.pending and draft.change is None and is_over(draft):
        approvals.end(draft, "order_closed", "The order ended before anybody agreed; nothing was changed.")


def _pursue_cancel(draft: Draft, change: ActiveChange) -> None:
    """One undo at a time, then the answer."""
    if change.refused_code:
        _refuse(draft)
        return
    following = _next_undo(draft, change)
    if following is None:
        if change.held_fast:
            _cancel_the_rest(draft, change)
        else:
            _cancelled(draft)
        return
    group, run = following
    if run.parked is not None and run.parked.undo is not None:
        return
    draft.change_run(group.id, run.step, state=RunState.UNDOING, parked=None)
    words = TASKS[run.task].undo(draft, draft.groups[group.id], run)
    draft.change = change.model_copy(update={"actions": (*change.actions, words)})


def _cancel_the_rest(draft: Draft, change: ActiveChange) -> None:
    """The carrier keeps requests, and gave all others back: the policy has the rest cancelled without them (CHG10)."""
    draft.change = change = rest_of_cancel.begin(draft, change)
    if change.refused_code:
        _refuse(draft)
    else:
        edits.pursue(draft, change)


def _next_undo(draft: Draft, change: ActiveChange) -> tuple[Group, Run] | None:
    all_runs = ((group, run) for group in draft.groups.values() for run in group.runs.values() if run.may_have_effect)
    runs = [(group, run) for group, run in all_runs if rest_of_cancel.is_undone(change, group, run)]
    return max(runs, key=lambda pair: (pair[1].operation is Operation.SHIP, pair[1].seq), default=None)


def undone(draft: Draft, group_id: str, run: Run, call: Call) -> None:
    """An undo was done."""
    current = draft.groups[group_id].runs.get(run.step)
    if run.operation is Operation.SHIP and current is not None and current.seq == run.seq:
        _wait_again(draft, group_id, run)
    run = draft.amend(group_id, run, state=RunState.UNDONE, parked=None, unanswered=None)
    if run.operation is Operation.SHIP:
        facts.taken_back(draft, group_id, run)
    words = call.summary
    draft.tell(call.key, _UNDO_EVENTS[run.operation], f"{words[:1].upper()}{words[1:]}.", group=group_id)


def _wait_again(draft: Draft, group_id: str, request: Run) -> None:
    """How far a cancelled request was says nothing of the next one."""
    group = draft.groups[group_id]
    for step in steps_of(draft.process(group)):
        wait = group.runs.get(step.step)
        if step.do is TaskWord.WAIT and step.of == request.step and wait is not None and wait.passed:
            draft.change_run(group_id, wait.step, state=RunState.UNDONE)


_UNDO_EVENTS = {
    Operation.RESERVE: "stock.released",
    Operation.AUTHORIZE: "payment.voided",
    Operation.SHIP: "shipment.cancelled",
    Operation.CAPTURE: "payment.refunded",
    Operation.INVOICE: "invoice.credited",
    None: "step.undone",
}


def undo_refused(draft: Draft, group_id: str, run: Run, call: Call, outcome: Outcome) -> None:
    """The outside system says no. To a change: it is refused, and what was taken back is done again (CHG10)."""
    if draft.known and draft.since(releases.FAILED_UNDO_HINDERS_LESS):
        draft.known = ledger.with_undo_refused(draft.known, call.key)
    used_up = run.operation is Operation.AUTHORIZE and outcome.code == ALREADY_CAPTURED
    if used_up and not _is_captured(draft.groups[group_id]):
        draft.amend(group_id, run, state=RunState.UNDONE, parked=None, unanswered=None)
        return
    if run not in draft.groups[group_id].runs.values():
        words = f"Could not be taken back: {outcome.words}"
        draft.park(group_id, run, UNDO_REFUSED, words, undo=call.model_copy(update={"save": None}))
        return
    if run.unanswered is None:
        run = draft.change_run(group_id, run.step, state=RunState.DONE)
        updates.stays(draft, group_id, run)
    else:
        draft.stand_by(group_id, run)
    if draft.change is None or not not_given_back.concerns(draft, draft.change, group_id, run):
        return  # the change is over that asked for it
    code, words = outcome.code or "undo_refused", outcome.words
    if run.operation is Operation.SHIP:
        draft.change = not_given_back.refuse(draft, draft.change, group_id, code, words)
    elif not draft.change.refused_code:
        draft.change = draft.change.model_copy(update={"refused_code": code, "refused_words": words})


def _is_captured(group: Group) -> bool:
    """Whether a capture stands. One that is refunded used its authorization up: nothing of that can be given back."""
    return any(run.operation is Operation.CAPTURE and run.may_have_effect for run in group.runs.values())


def _refuse(draft: Draft) -> None:
    assert draft.change is not None
    change = draft.change
    draft.change = None
    words = f"Cannot be cancelled any more: {change.refused_words.rstrip('.')}. The order goes on."
    for n, asked in enumerate(_with_cancels_in_line(draft, change)):
        if change.asks and asked.change_id not in draft.approved:
            approvals.lay_aside(draft, asked, change.refused_words)
            continue
        given = answer_to(draft, asked, ChangeOutcome.REFUSED, change.refused_code, words)
        given = given.model_copy(update={"to_return": change.to_return})
        answer(draft, given)
        if n == 0:
            returns.record(draft, given)


def _with_cancels_in_line(draft: Draft, change: ActiveChange) -> tuple[ChangeAsked, ...]:
    """Whoever asked for the same while it was carried out gets the same answer (CHG12)."""
    same = tuple(asked for asked in draft.waiting_changes if asked.is_cancel)
    draft.waiting_changes = tuple(asked for asked in draft.waiting_changes if not asked.is_cancel)
    return (change.asked, *same)


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
    for asked in (*_with_cancels_in_line(draft, change), *approvals.take_cancels(draft)):
        answer(draft, answer_to(draft, asked, ChangeOutcome.ACCEPTED, "cancelled", words, change.actions))
    late, draft.waiting_changes = draft.waiting_changes, ()
    for asked in late:
        _turn_down(draft, asked, "order_closed", "The order was cancelled; nothing else was changed.")
    approvals.end(draft, "overtaken", "The order was cancelled before anybody agreed; nothing else was changed.")
    draft.tell("cancelled", "order.cancelled", f"Cancelled: {done}.", why=change.asked.reason)
