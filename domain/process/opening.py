"""How an order begins, or begins anew: it asks for all that it has to know of itself (ORC1, CHG8)."""

from domain.process import releases, remains
from domain.process.calls import Call, OpenOrder
from domain.process.draft import Draft
from domain.process.outcomes import Opened
from domain.process.state import Group
from domain.process.words import Status


def begin(draft: Draft) -> None:
    """Asks for the order's prices, groups and policy, once."""
    if draft.opened or draft.flights:
        return
    draft.send(
        Call(
            key=f"{draft.number}/open",
            order=draft.number,
            at=draft.now,
            work=OpenOrder(
                bundle=draft.base.bundle,
                resumed=True if draft.known is not None else None,
                revision=draft.revision if draft.revision > 1 else None,
            ),
            summary="open the order: prices, groups, policy",
        )
    )


def opened(draft: Draft, opened: Opened) -> None:
    """Takes in what the order is; a resumed one also what it has done, and was asked, before."""
    draft.facts_ = opened.facts
    draft.policy_ = opened.policy
    draft.known = opened.known if draft.known is not None else None
    draft.answered = tuple(dict.fromkeys((*(opened.answered or ()), *draft.answered)))
    if draft.since(releases.KNOWN_IS_CAUGHT_UP):
        # What was answered before comes to nothing, also if it was sent again before this.
        draft.waiting_changes = tuple(one for one in draft.waiting_changes if one.change_id not in draft.answered)
    else:
        in_line = {asked.change_id for asked in draft.waiting_changes}
        draft.answered = tuple(change_id for change_id in draft.answered if change_id not in in_line)
    draft.lines = {line.number: line for line in opened.lines}
    closed = {row.id: row for row in opened.rows or () if row.status is Status.CANCELLED}
    plans = {plan.id: plan for plan in opened.groups}
    for id_ in dict.fromkeys((*(row.id for row in opened.rows or ()), *plans)):
        if id_ in plans:
            plan = plans[id_]
            known = {"process", "lines", "location", "why", "parts", "beside"}
            draft.put(Group(id=id_, cancelled=id_ in closed, **{name: getattr(plan, name) for name in known}))
        elif id_ in closed:
            row = closed[id_]
            draft.put(Group(id=id_, process=row.process, lines=(), location=row.warehouse or "", cancelled=True))
    draft.dropped = opened.dropped or ()
    remains.plan_founded(draft)
