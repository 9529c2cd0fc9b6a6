"""Changes that wait for a person to agree: where the change rules say `ask` (CHG10, CHG14).

Such a change is answered `pending_approval` and laid beside the order: it holds nothing, and the order goes on. Whoever
agrees sends it to the line again, where it is judged against the order as it then is; whoever does not has it refused.
Nobody's answer within the time is a refusal too.
"""

from domain.process import answering, releases
from domain.process.draft import PARKED_FOR, Draft
from domain.process.events import ApproveAsked, ChangeAsked, RefuseAsked
from domain.process.read_model import Approval, ChangeAnswer, Waiting
from domain.process.state import ActiveChange, OrderState, Pending
from domain.process.words import ChangeOutcome
from limits import MAX_PENDING_CHANGES, MAX_WAITING_CHANGES

NEEDS_A_PERSON = "needs_a_person"
DECIDES = "operations"
"""The role that decides."""
WITHIN = PARKED_FOR
"""How long a change waits to be decided on."""

Decided = ApproveAsked | RefuseAsked


def can_wait(draft: Draft, change: ActiveChange) -> bool:
    """Whether the change may wait for a person. One that names a preview may not: it comes to just that, or nothing."""
    return draft.since(releases.APPROVALS) and change.asked.token is None


def is_approved(draft: Draft, change: ActiveChange) -> bool:
    """Whether a person has agreed to it."""
    return change.asked.change_id in draft.approved


def answer_at_hand(state: OrderState, change_id: str) -> ChangeAnswer | None:
    """The change's answer, be it only that it waits for a person; None if there is none yet, or no longer."""
    waiting = (one.answer for one in state.pending if one.asked.change_id == change_id)
    return state.answers.get(change_id) or next(waiting, None)


def is_pending(order: Draft | OrderState, change_id: str) -> bool:
    """Whether the change waits for a person."""
    return any(one.asked.change_id == change_id for one in order.pending)


def unsaved(order: Draft | OrderState) -> set[str]:
    """The changes whose approval is not saved yet; they are not begun before."""
    return {given.change_id for given in order.unsaved_answers if given.outcome is ChangeOutcome.IN_PROGRESS}


# ---- waiting -------------------------------------------------------------------------------------------


def lay_aside(draft: Draft, asked: ChangeAsked, why: str) -> None:
    """Answers the change `pending_approval`, for `why`, and lets the order go on; refused where too many wait."""
    if len(draft.pending) >= MAX_PENDING_CHANGES:
        words = (
            f"{why} A person would have to agree, and {len(draft.pending)} changes wait for that; decide on one first."
        )
        _refuse(draft, asked, "too_many_pending", words)
        return
    until = draft.now + WITHIN
    words = f"{why} Waits for {DECIDES} to agree until {until:%Y-%m-%d %H:%M} UTC; the order goes on meanwhile."
    given = answering.answer_to(draft, asked, ChangeOutcome.PENDING_APPROVAL, NEEDS_A_PERSON, words)
    now = answering.terms(draft)
    given = given.model_copy(
        update={"before": now, "after": now, "approval": Approval(role=DECIDES, until=until)},
    )
    draft.pending = (*draft.pending, Pending(asked=asked, answer=given, why=why, role=DECIDES, until=until))
    answering.tell_answer(draft, given)


def waits(state: OrderState) -> list[Waiting]:
    """What waits for a person to agree: what, why, who, until when (I6)."""
    return [
        Waiting(
            what=f"change {one.asked.change_id}",
            why=f"Waits to be approved: {one.why}",
            who=one.role,
            until=one.until,
            step="",
            group="",
            code=NEEDS_A_PERSON,
            parked=True,
            change=one.asked.change_id,
        )
        for one in state.pending
    ]


# ---- the end of the waiting ----------------------------------------------------------------------------


def refusal(state: OrderState, asked: Decided) -> tuple[str, str] | None:
    """Code and words why nothing can be decided about the change; None if it can."""
    change_id = asked.change_id
    if not asked.reason.strip() and not asked.request:
        return "reason_missing", "Say why; the reason is kept with the order."
    if is_pending(state, change_id):
        full = isinstance(asked, ApproveAsked) and len(state.waiting_changes) >= MAX_WAITING_CHANGES
        return (
            ("queue_full", "Too many changes of the order wait to be carried out; approve it later.") if full else None
        )
    if change_id in state.approved:
        return "not_pending", f"Change {change_id} is approved already; its answer follows under its id."
    if change_id in state.answers or change_id in state.answered:
        return "not_pending", f"Change {change_id} has its answer; it stays as it is."
    there = ", ".join(one.asked.change_id for one in state.pending)
    words = f"There are: {there}." if there else "There is none."
    return "not_pending", f"No change {change_id} waits to be approved. {words}"


def asked_change(state: OrderState, asked: Decided) -> ChangeAsked:
    """The change that is decided on. KeyError when it does not wait."""
    return {one.asked.change_id: one.asked for one in state.pending}[asked.change_id]


def approve(draft: Draft, asked: ApproveAsked) -> None:
    """Sends the change to the line again, as approved; nothing where it does not wait."""
    found = _taken(draft, asked)
    if found is None:
        return
    draft.approved = (*draft.approved, asked.change_id)
    words = f"Approved by {_by(asked)}; it is judged anew, and its answer follows under its id."
    answering.replace(draft, answering.answer_to(draft, found.asked, ChangeOutcome.IN_PROGRESS, "approved", words))
    draft.waiting_changes = (*draft.waiting_changes, found.asked)
    draft.tell(
        f"change/{asked.change_id}/approved",
        "change.approved",
        f"Change {asked.change_id} approved by {_by(asked)}; it is carried out now if it still can be.",
        why=asked.reason,
        change_id=asked.change_id,
        requested_by=asked.requested_by,
        request=asked.request or None,
    )


def turn_down(draft: Draft, asked: RefuseAsked) -> None:
    """Refuses the change with the words of whoever decided; nothing where it does not wait."""
    found = _taken(draft, asked)
    if found is None:
        return
    reason = f": {asked.reason.strip().rstrip('.')}." if asked.reason.strip() else "."
    words = f"Turned down by {_by(asked)}{reason} Nothing was changed."
    _refuse(draft, found.asked, "turned_down", words, asked.request)


def judge_deadlines(draft: Draft) -> None:
    """Refuses what nobody agreed to in time."""
    for one in draft.pending:
        if one.until <= draft.wall:
            draft.pending = tuple(other for other in draft.pending if other is not one)
            words = f"Nobody of {one.role} agreed until {one.until:%Y-%m-%d %H:%M} UTC. Nothing was changed."
            _refuse(draft, one.asked, "not_approved_in_time", words)


def cancels_first(draft: Draft) -> bool:
    """Whether a cancel of the order was approved, and is begun as soon as that is saved: edits let it go first."""
    return any(asked.is_cancel and asked.change_id in draft.approved for asked in draft.waiting_changes)


def take_cancels(draft: Draft) -> tuple[ChangeAsked, ...]:
    """The cancels that wait, which do so no more: whoever asked gets another answer."""
    found = tuple(one.asked for one in draft.pending if one.asked.is_cancel)
    draft.pending = tuple(one for one in draft.pending if not one.asked.is_cancel)
    return found


def end(draft: Draft, code: str, words: str) -> None:
    """Refuses all that waits: the order has come to its end."""
    over, draft.pending = draft.pending, ()
    for one in over:
        _refuse(draft, one.asked, code, words)


def _taken(draft: Draft, asked: Decided) -> Pending | None:
    if refusal(draft.base, asked) is not None:
        return None
    found = next((one for one in draft.pending if one.asked.change_id == asked.change_id), None)
    draft.pending = tuple(one for one in draft.pending if one is not found)
    return found


def _by(asked: Decided) -> str:
    return asked.requested_by or "an unnamed operator"


def _refuse(draft: Draft, asked: ChangeAsked, code: str, words: str, request: str = "") -> None:
    given = answering.answer_to(draft, asked, ChangeOutcome.REFUSED, code, words)
    now = answering.terms(draft)
    given = given.model_copy(update={"before": now, "after": now})
    answering.answer(draft, given, request=request)
