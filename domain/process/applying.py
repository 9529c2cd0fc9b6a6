"""The end of an edit: the new revision takes the place of the old, or what was held for it is given back (CHG8, CHG9).

What the new plan has replaced is undone afterwards, in reverse: money that is held twice, stock beyond what is needed.
"""

from domain.policy.model import Step, TaskWord
from domain.process import answering
from domain.process.draft import Draft
from domain.process.flow import steps_of
from domain.process.messages import Revision, TrimReservation
from domain.process.proposal import adopt, alone, items
from domain.process.state import ActiveChange, ChangeMove, Group, OrderState, Rework, Run, RunState
from domain.process.tasks import TASKS
from domain.process.words import ChangeKind, Operation, Pattern, Stage

ONLY_MONEY = frozenset({ChangeKind.PAYMENT, ChangeKind.PRICE})
"""Changes that leave the goods alone."""


def apply(draft: Draft, change: ActiveChange) -> None:
    """The order becomes the proposed version; the process walks on from what is left to do."""
    before = answering.terms(draft)
    targets = {one.group: _held_by(draft, one.group) for one in change.reworks or ()}
    homes = alone(draft, change)
    draft.change = None
    draft.revision += 1
    adopt(draft, change)
    for rework in change.reworks or ():
        _rebuild(draft, rework, targets[rework.group])
    for group in list(draft.groups.values()):
        if not group.lines and not group.cancelled:
            _close(draft, group.id)
    undo_leftovers(draft)
    draft.unsaved_revision = Revision(number=draft.revision, change_id=change.asked.change_id, homes=homes)
    answering.accepted_edit(draft, change, before)


def give_back(draft: Draft, change: ActiveChange) -> None:
    """Nothing comes of the change: stock beyond the old plan goes back, a second authorization is voided."""
    for rework in change.reworks or ():
        old = draft.groups[rework.group].runs.get(rework.reserve.step) if rework.reserve else None
        if rework.reserve is not None and old is not None and rework.reserve.state is RunState.DONE:
            run = rework.reserve.model_copy(update={"snapshot": old.snapshot})
            draft.succeed(rework.group, run, state=RunState.UNDONE)
            _trim(draft, rework.group, run)
        if rework.authorize is not None:
            leave_behind(draft, rework.group, rework.authorize)
    undo_leftovers(draft)


# ---- the new plan of a group --------------------------------------------------------------------------


def _held_by(draft: Draft, group_id: str) -> Run | None:
    return draft.run_of(draft.groups[group_id], Operation.RESERVE)


def _rebuild(draft: Draft, rework: Rework, held: Run | None) -> None:
    group = draft.groups[rework.group]
    if not group.lines:
        return
    if rework.authorize is not None:
        draft.succeed(group.id, rework.authorize, state=RunState.UNDOING)
    if rework.pattern is Pattern.KEEP or ONLY_MONEY.issuperset(rework.kinds):
        return
    for step in list(steps_of(draft.process(group))):
        run = draft.groups[group.id].runs.get(step.step)
        if run is not None:
            _again(draft, group.id, step, run, rework, held)


def _again(draft: Draft, group_id: str, step: Step, run: Run, rework: Rework, held: Run | None) -> None:
    """What becomes of one step that has begun."""
    group = draft.groups[group_id]
    if step.do is TaskWord.SCHEDULE:
        TASKS[step.do].begin(draft, group, step)
    elif step.do is TaskWord.RESERVE and held is not None:
        _reserve(draft, group, step, rework, held)
    elif step.do is TaskWord.AUTHORIZE and run.passed:
        return
    elif not run.passed or (step.do is TaskWord.SHIP and rework.stage is Stage.NOT_SENT):
        _begin_anew(draft, group_id, run)


def _begin_anew(draft: Draft, group_id: str, run: Run) -> None:
    """The step is begun again by the walk; what it may have done under its old key is undone."""
    if run.may_have_effect and run.operation is not None and run.state is not RunState.UNDONE:
        leave_behind(draft, group_id, run)
    draft.change_run(group_id, run.step, state=RunState.UNDONE, parked=None, unanswered=None, key=None)


def _reserve(draft: Draft, group: Group, step: Step, rework: Rework, held: Run) -> None:
    from domain.process.conditions import picked_lines

    target = picked_lines(draft, group, step)
    current = rework.reserve or held
    snapshot = current.snapshot.model_copy(
        update={"lines": target, "location": group.location, "revision": draft.revision}
    )
    run = current.model_copy(update={"snapshot": snapshot})
    if rework.reserve is not None:
        draft.succeed(group.id, run, state=RunState.UNDONE)
    else:
        draft.set_run(group.id, run)
    if _surplus(held, run):
        _trim(draft, group.id, run)


def _surplus(held: Run, run: Run) -> bool:
    """Whether the old plan held something that the new one does not need. A swapped item is trimmed in any case."""
    same_place = held.snapshot.location == run.snapshot.location
    fewer = any(run.snapshot.lines.get(number, 0) < units for number, units in held.snapshot.lines.items())
    return not same_place or fewer or run.key != held.key


def _trim(draft: Draft, group_id: str, run: Run) -> None:
    assert run.key is not None
    key = draft.next_key(group_id, run.step, Operation.TRIM)
    work = TrimReservation(
        of=run.key, location=run.snapshot.location, lines=run.snapshot.lines, skus=items(draft, run.snapshot.lines)
    )
    draft.call(run, group_id, key, work, "give back stock that is not needed any more", move=ChangeMove.TRIM)


def _close(draft: Draft, group_id: str) -> None:
    """Nothing is left in the group: all that it did is undone."""
    group = draft.groups[group_id]
    for run in group.runs.values():
        if run.may_have_effect:
            leave_behind(draft, group_id, run)
        draft.change_run(group_id, run.step, state=RunState.UNDONE, parked=None, unanswered=None)
    draft.put(draft.groups[group_id].model_copy(update={"cancelled": True}))


# ---- leftovers -----------------------------------------------------------------------------------------


def leave_behind(draft: Draft, group_id: str, run: Run) -> None:
    """A run whose effect is to be undone, although the group goes on without it."""
    group = draft.groups[group_id]
    draft.seq += 1
    left = run.model_copy(update={"state": RunState.UNDOING, "parked": None, "unanswered": None, "seq": draft.seq})
    draft.put(group.model_copy(update={"past": (*group.past, left)}))


def leftovers(order: Draft | OrderState) -> list[tuple[Group, Run]]:
    """Past runs whose effects still have to be undone, the latest first (CHG9)."""
    found = [(group, run) for group in order.groups.values() for run in group.leftovers()]
    return sorted(found, key=lambda pair: -pair[1].seq)


def undo_leftovers(draft: Draft) -> None:
    """Sends the undo of every leftover that has none on its way."""
    going = {flight.call.work.of for flight in draft.flights.values() if flight.undo}  # type: ignore[union-attr]
    for group, run in leftovers(draft):
        if run.state is RunState.UNDOING and run.key not in going:
            TASKS[run.task].undo(draft, draft.groups[group.id], run)
