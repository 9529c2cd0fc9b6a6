"""An edit is done for the groups whose requests the carrier gives back, and for the rest it is not (CHG10, CHG14).

A line is changed whole or not at all. What is of the whole order (address, ship method, date, warehouse) is left out
whole as soon as one group that it would change is held fast; payment and reference need no request back, and are done.
The version without what is left out is worked out anew; what was held for that is given back.
"""

from domain.process import applying, approvals, founding, updates
from domain.process.calls import Call, Rest, ReviseOrder
from domain.process.change_plan import agreed, live_request, refusal, reworks, sends_anew, touched
from domain.process.draft import Draft
from domain.process.making import active
from domain.process.outcomes import Opened, Revised
from domain.process.parts import home_now
from domain.process.proposal import as_proposed
from domain.process.state import ActiveChange, ChangeMove, LeftOut, Rework, RunState
from domain.process.words import ChangeKind, Operation, Pattern

_NEEDS_IT_BACK = (Pattern.CANCEL_AND_CREATE, Pattern.UPDATE)


def is_split(change: ActiveChange) -> bool:
    """Whether the edit is to be worked out anew, without what the carrier does not give back."""
    return bool(change.held_fast) and change.left_out is None


def work_out(draft: Draft, change: ActiveChange) -> bool:
    """Asks for the version without what cannot be done; False where nothing of the edit is left."""
    left_out = _left_out(draft, change)
    assert change.revised is not None
    done = [one for one in change.revised.lines if one.number not in left_out.lines]
    if not done and all(kind in left_out.fields for kind in change.revised.fields):
        first = next(iter(change.held_fast.values()))
        words = f"Cannot be changed any more: {first.words.rstrip('.')}. The order goes on as it was."
        draft.change = change.model_copy(update={"refused_code": first.code, "refused_words": words})
        return False
    draft.change = change.model_copy(update={"left_out": left_out})
    again = "/approved" if approvals.is_approved(draft, change) else ""
    call = Call(
        key=f"{draft.number}/change/{change.asked.change_id}/revise{again}/rest",
        order=draft.number,
        revision=draft.revision,
        at=draft.now,
        work=ReviseOrder(
            change_id=change.asked.change_id,
            revision=draft.revision + 1,
            edit=change.asked.edit,
            requested_by=change.asked.requested_by,
            rest=Rest(without_lines=tuple(sorted(left_out.lines)), without_fields=tuple(sorted(left_out.fields))),
        ),
        summary="work out what of the change can be done",
    )
    draft.send(call, move=ChangeMove.REVISE)
    return True


def _left_out(draft: Draft, change: ActiveChange) -> LeftOut:
    assert change.proposed is not None
    assert change.revised is not None
    stages = {one.group: one.stage for one in change.reworks or () if not one.founds}
    homes = {number: group.id for group in draft.groups.values() for number in group.lines}
    later = {line.number: home_now(draft.groups, line.group, line.number) for line in change.proposed.lines}
    approved = approvals.is_approved(draft, change)

    def stands_in_its_way(kind: ChangeKind, groups: set[str | None]) -> str | None:
        for group in change.held_fast:
            if group in groups:
                said = draft.policy.change.pattern(kind, stages[group])
                word = agreed(draft.policy.change, kind, stages[group]) if approved else said
                if word in _NEEDS_IT_BACK:
                    return group
        return None

    lines: dict[int, str] = {}
    for one in change.revised.lines:
        group = stands_in_its_way(one.kind, {homes.get(one.number), later.get(one.number)})
        if group is not None:
            lines[one.number] = group
    kinds = {one.group: set(one.kinds) for one in change.reworks or ()}
    fields: dict[ChangeKind, str] = {}
    for kind in change.revised.fields:
        group = stands_in_its_way(kind, {name for name in kinds if kind in kinds[name]})
        if group is not None:
            fields[kind] = group
    return LeftOut(
        lines=lines,
        fields=fields,
        revised=Revised(
            lines=tuple(one for one in change.revised.lines if one.number in lines),
            fields=tuple(kind for kind in change.revised.fields if kind in fields),
        ),
        stages=stages,
        taken_back=tuple(one.group for one in change.reworks or () if _was_taken_back(draft, change, one)),
    )


def _was_taken_back(draft: Draft, change: ActiveChange, rework: Rework) -> bool:
    """Whether the carrier had a request, and gave it back for this change."""
    group = draft.groups[rework.group]
    had = any(run.operation is Operation.SHIP and run.state is RunState.UNDONE for run in group.runs.values())
    return sends_anew(rework) and rework.group not in change.held_fast and had and live_request(group) is None


def take_up(draft: Draft, change: ActiveChange, proposed: Opened, revised: Revised) -> None:
    """The version without what cannot be done takes the place of the first; what was held for the rest goes back."""
    assert change.left_out is not None
    if change.refused_code:
        return
    first = as_proposed(draft, change)
    held = {one.group: one for one in change.reworks or ()}
    kinds = touched(draft, proposed, revised)
    approved = approvals.is_approved(draft, change)
    found = reworks(draft, kinds, change.progress, approved=approved, stages=change.left_out.stages)
    turned_down = refusal(draft, found)
    stuck = [one for one in found if one.group in change.held_fast and sends_anew(one)]
    if turned_down is not None or stuck:
        code, words = turned_down or next((why.code, why.words) for why in change.held_fast.values())
        draft.change = change.model_copy(update={"refused_code": code, "refused_words": words})
        return
    change = change.model_copy(update={"proposed": proposed, "revised": revised, "reworks": found})
    found = updates.in_place(draft, change)
    change = change.model_copy(update={"reworks": (*found, *founding.plan(draft, change))})
    later = as_proposed(draft, change)
    kept = []
    for one in change.reworks or ():
        before = held.get(one.group)
        if before is not None and _is_the_same(first, later, one.group):
            one = one.model_copy(update={"reserve": before.reserve, "authorize": before.authorize})
            del held[one.group]
        kept.append(one)
    groups = dict.fromkeys((*change.touched, *(one.group for one in kept), *held))
    draft.change = change.model_copy(update={"reworks": tuple(kept), "touched": tuple(groups)})
    for one in held.values():
        applying.give_back_of(draft, one)


def _is_the_same(first: Draft, later: Draft, group_id: str) -> bool:
    """Whether both versions have the same in the group, so that what is held for the one is held for the other."""
    one, other = first.groups.get(group_id), later.groups.get(group_id)
    if one is None or other is None or (one.lines, one.location) != (other.lines, other.location):
        return False
    same = all(first.line_in(one, number) == later.line_in(other, number) for number in one.lines)
    return same and first.amount(one) == later.amount(other)


def gives_back(draft: Draft) -> bool:
    """Whether stock of a group that the first version would have founded is on its way back: it is held anew then."""
    founded = [one.group for one in active(draft).reworks or () if one.founds]
    return any(
        run.operation is Operation.RESERVE and run.state is RunState.UNDOING
        for group in founded
        for run in draft.groups[group].past
    )
