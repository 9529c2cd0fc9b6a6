"""Groups that a change founds: what is added, or has to leave from elsewhere, and goes by itself (CHG6, CHG8).

Such a group is planned before the change is answered, so that its stock and money can be held under its own keys. It
becomes one of the order's groups with the change. If the change is turned down it stays planned, which nobody sees: its
id, and how far its keys were counted, serve the next change that founds a group.
"""

from domain.policy.model import Step, TaskWord
from domain.process import releases
from domain.process.conditions import holds_for
from domain.process.draft import Draft
from domain.process.holds import keeps_back
from domain.process.proposal import as_proposed
from domain.process.state import ActiveChange, Group, Rework
from domain.process.tasks import TASKS
from domain.process.words import ChangeKind, Pattern, Stage


def plan(draft: Draft, change: ActiveChange) -> tuple[Rework, ...]:
    """Enters the groups that the change would found as planned; returns what is to be done for them."""
    if not draft.since(releases.FOUNDED_IS_HELD):
        return ()
    later = as_proposed(draft, change)
    new = [group for group in later.groups.values() if group.lines and _is_new(draft, group.id)]
    for group in new:
        known = draft.groups.get(group.id)
        planned = Group(id=group.id, process="", lines=(), location="") if known is None else known
        changed = {"process": group.process, "location": group.location, "cancelled": True, "planned": True}
        draft.put(planned.model_copy(update=changed))
        _know_process(draft, later, group)
    return tuple(_rework(draft, change, group) for group in new)


def _is_new(draft: Draft, group_id: str) -> bool:
    return group_id not in draft.groups or draft.groups[group_id].planned


def _know_process(draft: Draft, later: Draft, group: Group) -> None:
    """The process of a new group may be one that the order has not had yet."""
    if group.process in draft.policy.processes:
        return
    both = {
        "processes": {**later.policy.processes, **draft.policy.processes},
        "retry_styles": {**later.policy.retry_styles, **draft.policy.retry_styles},
        "calendars": {**later.policy.calendars, **draft.policy.calendars},
    }
    draft.policy_ = draft.policy.model_copy(update=both)


def _rework(draft: Draft, change: ActiveChange, group: Group) -> Rework:
    assert change.revised is not None
    kinds = {one.kind for one in change.revised.lines if one.number in group.lines}
    kinds |= {ChangeKind.PAYMENT} & set(change.revised.fields)
    return Rework(
        group=group.id,
        pattern=Pattern.REDO,
        stage=Stage.NOT_SENT,
        kinds=tuple(sorted(kinds)),
        founds=True,
        on_hold=_is_held(draft, group) if change.asked.token is not None else None,
    )


def _is_held(draft: Draft, group: Group) -> bool:
    first = draft.process(group).steps[0]
    return isinstance(first, Step) and keeps_back(draft, group, first)


def begin(draft: Draft, rework: Rework) -> None:
    """The group is there now: it stands on what was held for it, and is promised with the change's answer.

    What names a preview is promised as that said, also if a hold was placed or released since (I14).
    """
    for run in (rework.reserve, rework.authorize):
        if run is not None:
            snapshot = run.snapshot.model_copy(update={"revision": draft.revision})
            draft.set_run(rework.group, run.model_copy(update={"snapshot": snapshot}))
    group = draft.groups[rework.group]
    first = draft.process(group).steps[0]
    if not isinstance(first, Step) or first.do is not TaskWord.SCHEDULE:
        return
    if _is_held(draft, group) if rework.on_hold is None else rework.on_hold:
        return
    if first.when is None or holds_for(draft, group, first.when):
        TASKS[first.do].begin(draft, group, first)
