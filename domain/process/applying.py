"""The end of an edit: the new revision takes the place of the old, or what was held for it is given back (CHG8, CHG9).

What the new plan has replaced is undone afterwards, in reverse: money that is held twice, stock beyond what is needed.
"""

from domain.base import Lines
from domain.policy.model import Step, TaskWord
from domain.process import answering, dividing, founding, releases, updates
from domain.process.calls import TrimReservation, Undo
from domain.process.change_plan import live_request
from domain.process.conditions import path_now, picked_lines, required
from domain.process.draft import Draft
from domain.process.flow import choices_of, steps_of
from domain.process.parts import gone_elsewhere
from domain.process.proposal import adopt, items, other_homes
from domain.process.read_model import Revision
from domain.process.state import ActiveChange, ChangeMove, Group, Rework, Run, RunState
from domain.process.tasks import TASKS
from domain.process.words import ChangeKind, Operation, Pattern

ONLY_MONEY = frozenset({ChangeKind.PAYMENT, ChangeKind.PRICE})
"""Changes that leave the goods alone."""


def apply(draft: Draft, change: ActiveChange) -> None:
    """The order becomes the proposed version; the process walks on from what is left to do."""
    before = answering.terms(draft)
    held = {one.group: draft.run_of(draft.groups[one.group], Operation.RESERVE) for one in change.reworks or ()}
    homes = other_homes(draft, change)
    draft.change = None
    draft.planned_from = change.judged_at or draft.now
    draft.revision += 1
    adopt(draft, change)
    for rework in change.reworks or ():
        if rework.founds:
            founding.begin(draft, rework)
        else:
            _rebuild(draft, rework, held[rework.group])
    for group in list(draft.groups.values()):
        if not group.lines and not group.cancelled:
            _close(draft, group.id)
    draft.unsaved_revision = Revision(
        number=draft.revision, change_id=change.asked.change_id, homes=homes, parted=dividing.parted(draft)
    )
    answering.accepted_edit(draft, change, before)


def give_back(draft: Draft, change: ActiveChange) -> None:
    """Nothing comes of the change: stock beyond the old plan goes back, a second authorization is voided."""
    for rework in change.reworks or ():
        give_back_of(draft, rework)


def give_back_of(draft: Draft, rework: Rework) -> None:
    """The same for one group."""
    if rework.reserve is not None:
        _hold_as_before(draft, rework.group, rework.reserve)
    if rework.authorize is not None:
        leave_behind(draft, rework.group, rework.authorize)


def _hold_as_before(draft: Draft, group_id: str, held: Run) -> None:
    """The new reservation took over the old one: it stays, with no more than the old plan needs."""
    old = draft.run_of(draft.groups[group_id], Operation.RESERVE)
    if old is None:
        leave_behind(draft, group_id, held)
        return
    run = held.model_copy(update={"snapshot": old.snapshot})
    draft.succeed(group_id, run, state=RunState.UNDONE)
    trim(draft, group_id, run)


# ---- the new plan of a group --------------------------------------------------------------------------


def _rebuild(draft: Draft, rework: Rework, held: Run | None) -> None:
    group = draft.groups[rework.group]
    if not group.lines:
        return
    if rework.authorize is not None:
        _pay_anew(draft, group, rework.authorize)
    needed = {step.step for step in required(draft, group)}
    _forget_choices(draft, group.id)
    for step in list(steps_of(draft.process(group))):
        run = draft.groups[group.id].runs.get(step.step)
        if run is None:
            continue
        if step.step not in needed or (step.do is TaskWord.AUTHORIZE and draft.amount(group) == 0):
            _drop(draft, group.id, step, run)
        elif rework.pattern is Pattern.KEEP or ONLY_MONEY.issuperset(rework.kinds):
            _mend(draft, group.id, step, run, rework)
        else:
            _again(draft, group.id, step, run, rework, held)


def _pay_anew(draft: Draft, group: Group, run: Run) -> None:
    old = group.runs.get(run.step)
    if old is not None and old.may_have_effect:
        draft.succeed(group.id, run, state=RunState.UNDOING, parked=None, unanswered=None)
    else:
        draft.succeed(group.id, run)


def _forget_choices(draft: Draft, group_id: str) -> None:
    """Choices that the changed order would make otherwise are made anew."""
    group = draft.groups[group_id]
    choices = {
        choose.choose: group.choices[choose.choose]
        for choose in choices_of(draft.process(group))
        if group.choices.get(choose.choose) == path_now(draft, group, choose).path
    }
    draft.put(group.model_copy(update={"choices": choices}))


def _drop(draft: Draft, group_id: str, step: Step, run: Run) -> None:
    """A step that is not required any more (CHG4). What is held for goods that are on their way stays held."""
    given_back = step.do is TaskWord.AUTHORIZE or (
        step.do is TaskWord.RESERVE
        and draft.since(releases.LEFT_BEHIND_IS_SETTLED)
        and live_request(draft.groups[group_id]) is None
    )
    if run.may_have_effect and not given_back:
        return
    begin_anew(draft, group_id, run)
    group = draft.groups[group_id]
    runs = {name: other for name, other in group.runs.items() if name != run.step}
    draft.put(group.model_copy(update={"runs": runs}))


def _mend(draft: Draft, group_id: str, step: Step, run: Run, rework: Rework) -> None:
    """The goods are left alone; what stands still may go on now, and money that was never held is asked for anew."""
    money = step.do in (TaskWord.AUTHORIZE, TaskWord.CAPTURE)
    if step.do is TaskWord.SHIP:
        helps = not ONLY_MONEY.issuperset(rework.kinds)
    else:
        helps = money and not ONLY_MONEY.isdisjoint(rework.kinds)
    refused = run.state is RunState.PARKED and not run.may_have_effect
    skipped = run.state is RunState.SKIPPED and money
    amount = run.snapshot.amount != draft.amount(draft.groups[group_id])
    other_money = step.do is TaskWord.AUTHORIZE and not run.passed and (amount or ChangeKind.PAYMENT in rework.kinds)
    if (refused and helps) or skipped or other_money:
        begin_anew(draft, group_id, run)


def _again(draft: Draft, group_id: str, step: Step, run: Run, rework: Rework, held: Run | None) -> None:
    """What becomes of one step that has begun."""
    group = draft.groups[group_id]
    current = rework.reserve or held
    if step.do is TaskWord.SHIP and rework.updated:
        updates.take_over(draft, group, step, run)
    elif step.do is TaskWord.SCHEDULE and run.passed:
        TASKS[step.do].begin(draft, group, step)
    elif step.do is TaskWord.RESERVE and current is not None:
        _reserve(draft, group, step, rework, held, current)
    elif run.state is not RunState.DONE:
        begin_anew(draft, group_id, run)


def begin_anew(draft: Draft, group_id: str, run: Run) -> None:
    """The step is begun again by the walk; what it may have done under its old key is undone."""
    if run.may_have_effect:
        leave_behind(draft, group_id, run)
    # One that was undone may still be told of under its key.
    undone = not run.may_have_effect and draft.since(releases.LEFT_BEHIND_IS_SETTLED)
    key = run.key if undone else None
    draft.change_run(group_id, run.step, state=RunState.UNDONE, parked=None, unanswered=None, key=key)


def _reserve(draft: Draft, group: Group, step: Step, rework: Rework, held: Run | None, current: Run) -> None:
    target = picked_lines(draft, group, step)
    snapshot = current.snapshot.model_copy(
        update={"lines": target, "location": group.location, "revision": draft.revision}
    )
    run = current.model_copy(update={"snapshot": snapshot})
    if rework.reserve is not None:
        draft.succeed(group.id, run, state=RunState.UNDONE)
    else:
        draft.set_run(group.id, run)
    if held is not None and (ChangeKind.ITEM in rework.kinds or _surplus(held, run)):
        trim(draft, group.id, run)


def _surplus(held: Run, run: Run) -> bool:
    """Whether the old plan held units that the new one does not need there."""
    same_place = held.snapshot.location == run.snapshot.location
    return not same_place or any(
        run.snapshot.lines.get(number, 0) < units for number, units in held.snapshot.lines.items()
    )


def trim(draft: Draft, group_id: str, run: Run) -> None:
    """Gives back what a reservation holds beyond the run's lines."""
    assert run.key is not None
    key = draft.next_key(group_id, run.step, Operation.TRIM)
    work = TrimReservation(
        of=run.key,
        location=run.snapshot.location,
        lines=run.snapshot.lines,
        skus=items(draft, run.snapshot.lines),
        elsewhere=_gone_elsewhere(draft, group_id, run.snapshot.lines),
    )
    draft.call(run, group_id, key, work, "give back stock that is not needed any more", move=ChangeMove.TRIM)


def _gone_elsewhere(draft: Draft, group_id: str, lines: Lines) -> Lines | None:
    found = {number: gone_elsewhere(draft.groups, group_id, number) for number in lines}
    return {number: part.units for number, part in found.items() if part is not None} or None


def _close(draft: Draft, group_id: str) -> None:
    """Nothing is left in the group: all that it did is undone."""
    for run in draft.groups[group_id].runs.values():
        begin_anew(draft, group_id, run)
    draft.put(draft.groups[group_id].model_copy(update={"cancelled": True}))


# ---- leftovers -----------------------------------------------------------------------------------------


def leave_behind(draft: Draft, group_id: str, run: Run) -> None:
    """A run whose effect is to be undone, although the group goes on without it."""
    group = draft.groups[group_id]
    draft.seq += 1
    left = run.model_copy(update={"state": RunState.UNDOING, "parked": None, "unanswered": None, "seq": draft.seq})
    draft.put(group.model_copy(update={"past": (*group.past, left)}))


def let_go_of_authorization(draft: Draft, group_id: str, skipped: Run) -> None:
    """A finished order holds nothing (I2): where no money is taken, what was authorized for it is given back."""
    authorization = draft.run_of(draft.groups[group_id], Operation.AUTHORIZE)
    if skipped.operation is Operation.CAPTURE and authorization is None and draft.since(releases.LAPSED_MONEY_IS_LEFT):
        _make_none_anew(draft, group_id)
    if skipped.operation is Operation.CAPTURE and authorization is not None:
        leave_behind(draft, group_id, authorization)
        draft.change_run(group_id, authorization.step, state=RunState.SKIPPED, key=None, operation=None)


def _make_none_anew(draft: Draft, group_id: str) -> None:
    """What lapsed before its capture was skipped is not authorized again (I2)."""
    for run in draft.groups[group_id].runs.values():
        if run.operation is Operation.AUTHORIZE and run.state is RunState.UNDONE:
            draft.change_run(group_id, run.step, state=RunState.SKIPPED)


def undo_leftovers(draft: Draft) -> None:
    """Sends the undo of every leftover that has none on its way, the latest first (CHG9)."""
    going = {flight.call.work.of for flight in draft.flights.values() if isinstance(flight.call.work, Undo)}
    found = [(group.id, run) for group in draft.groups.values() for run in group.leftovers()]
    for group_id, run in sorted(found, key=lambda pair: -pair[1].seq):
        if run.state is RunState.UNDOING and run.key not in going:
            TASKS[run.task].undo(draft, draft.groups[group_id], run)
