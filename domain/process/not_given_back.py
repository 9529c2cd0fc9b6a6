"""A carrier that does not give a request back which a change would replace: what the policy says then (CHG10).

Nothing has been given up by then: stock and money of the old plan are still held, and what was held for the new one is
given back with the change's answer.
"""

from domain.base import Lines
from domain.policy.change_rules import CancelRefused
from domain.process import approvals, releases, rest_of_cancel, returns, updates
from domain.process.change_plan import sends_anew
from domain.process.draft import Draft
from domain.process.parts import are_divided
from domain.process.state import ActiveChange, NotGivenBack, Run

OVERTAKEN = "overtaken"
"""Code of an edit that a cancel of the order goes before: whatever the carrier says, that is its answer."""


def word(draft: Draft) -> CancelRefused:
    """What the policy says."""
    return (
        draft.policy.change.when_cancel_is_refused
        if draft.since(releases.CANCEL_REFUSED_BY_POLICY)
        else CancelRefused.REFUSE
    )


def concerns(draft: Draft, change: ActiveChange, group_id: str, request: Run) -> bool:
    """Whether the change that is carried out asked for the request of the group.

    An earlier one may have: its undo waited for a person, and is tried again while this one is carried out.
    """
    if not draft.since(releases.FAILED_UNDO_HINDERS_LESS) or not change.asked.is_edit or request.updating is not None:
        return True
    return any(one.group == group_id and sends_anew(one) for one in change.reworks or ())


def refuse(draft: Draft, change: ActiveChange, group_id: str, code: str, words: str) -> ActiveChange:
    """The change as one that is refused, for the first reason; `words` are the carrier's.

    Where the policy says so it is done for the other groups (`partly`).

    Where the policy asks, it waits for a person to agree, who may have talked to the carrier.

    What the change would have taken away goes out and has to come back, if the policy says so. Where it takes nothing
    away a return helps nobody, and the carrier's own code is the answer.
    """
    if _is_done_for_the_rest(draft, change, group_id):
        why = NotGivenBack(code=code, words=words)
        # A cancel of the order takes one effect back at a time: the last that it tells of is this one.
        done = change.actions if change.asked.is_edit else change.actions[:-1]
        return change.model_copy(update={"held_fast": change.held_fast | {group_id: why}, "actions": done})
    if _is_asked_about(draft, change):
        lines = ", ".join(map(str, draft.groups[group_id].lines[:20]))
        words = f"The carrier does not give line {lines} back: {words.rstrip('.')}."
        return change.model_copy(update={"refused_code": code, "refused_words": words, "asks": True})
    back = _to_come_back(draft, change, group_id) if word(draft) is CancelRefused.LET_SHIP_THEN_RETURN else {}
    if change.refused_code == OVERTAKEN or (change.refused_code and not back):
        return change
    words, goes_on = words.rstrip("."), "The order goes on as it was."
    if back:
        code, back = returns.USE_RETURN, dict(sorted((change.to_return | back).items()))
        goes_on = f"The goods go out as they are, and a return is requested: {returns.in_words(back)}."
    if change.asked.is_edit:
        words = f"Cannot be changed any more: {words}. {goes_on}"
    elif back:
        words = f"{words}. {goes_on}"
    return change.model_copy(update={"refused_code": code, "refused_words": words, "to_return": back})


def _is_done_for_the_rest(draft: Draft, change: ActiveChange, group_id: str) -> bool:
    """Whether the change may be done in part. One with a token comes to just what its preview said, or to nothing."""
    if word(draft) is not CancelRefused.APPLY_TO_THE_REST or change.refused_code or change.asked.token is not None:
        return False
    if change.shares or (draft.since(releases.PARTS_ARE_WHOLE) and change.asked.is_edit and are_divided(draft.groups)):
        return False  # which units go where is decided for the whole change
    if updates.under_way(draft):  # what was updated for the whole change is put back with it
        return False
    if not change.asked.is_edit and not rest_of_cancel.is_possible(draft):
        return False
    return change.left_out is None and group_id not in change.held_fast


def _is_asked_about(draft: Draft, change: ActiveChange) -> bool:
    """Whether a person may have the cancel tried once more. What a person agreed to is not asked about again."""
    asks = word(draft) is CancelRefused.ASK and not change.refused_code
    return asks and approvals.can_wait(draft, change) and not approvals.is_approved(draft, change)


def _to_come_back(draft: Draft, change: ActiveChange, group_id: str) -> Lines:
    if not change.asked.is_edit:
        return returns.all_of(draft, [draft.groups[group_id]])
    return {} if change.revised is None else returns.taken_away(draft, change, {group_id})
