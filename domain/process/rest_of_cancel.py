"""A cancel of the order of which the carrier keeps a request: the rest is cancelled, if the policy says so (CHG10).

All requests are asked back first. Then what is left of the cancel is carried out as an edit: it cancels the lines whose
requests were given back, or were never sent. That makes a new version, in which money is held for what goes on before
anything is given up. Of a line in parts the units are cancelled that travel with such a group.

An order of which something is billed before it ships, or was split off, is cancelled whole or not at all.
"""

from domain.base import Lines
from domain.process import dividing
from domain.process.change_plan import stage_of
from domain.process.draft import Draft
from domain.process.outcomes import LineChange, Revised
from domain.process.parts import homes_of
from domain.process.proposal import as_proposed
from domain.process.state import ActiveChange, Group, LeftOut, Rework, Run
from domain.process.words import EDIT, ChangeKind, Operation, Pattern, Stage


def is_possible(draft: Draft) -> bool:
    """Whether the order can be cancelled in part at all."""
    groups = draft.groups.values()
    billed = any(stage_of(group, {}) is Stage.INVOICED for group in groups if not group.cancelled)
    return not billed and all(group.rest is None for group in groups)


def is_undone(change: ActiveChange, group: Group, run: Run) -> bool:
    """Whether the cancel takes the effect of this run back by itself: of all effects, or of requests if one is kept."""
    return not change.held_fast or (run.operation is Operation.SHIP and group.id not in change.held_fast)


def begin(draft: Draft, change: ActiveChange) -> ActiveChange:
    """What is left of the cancel, as an edit; refused where nothing is."""
    kept = {number: group for number in draft.lines if (group := _kept_with(draft, change, number)) is not None}
    if not stays(draft, change):
        first = next(iter(change.held_fast.values()))
        return change.model_copy(update={"refused_code": first.code, "refused_words": first.words})
    lines = [
        LineChange(number=number, kind=ChangeKind.CANCELLED, before=_units_kept(draft, change, number))
        for number in kept
    ]
    left_out = LeftOut(lines=kept, fields={}, revised=Revised(lines=tuple(lines)), stages={}, taken_back=())
    asked = change.asked.model_copy(update={"change": EDIT})
    return ActiveChange(
        asked=asked, actions=change.actions, held_fast=change.held_fast, left_out=left_out, cancels_rest=True
    )


def stays(draft: Draft, change: ActiveChange) -> Lines:
    """The lines of which something is cancelled, each with the units of it that go on."""
    found: Lines = {}
    for number in draft.lines:
        homes = _homes(draft, number)
        if any(name not in change.held_fast for name in homes):
            found[number] = _units_kept(draft, change, number)
    return found


def _homes(draft: Draft, number: int) -> list[str]:
    """The groups that a line travels in; none for what was cancelled by itself."""
    return [name for name in homes_of(draft.groups, number) if not draft.groups[name].cancelled]


def _kept_with(draft: Draft, change: ActiveChange, number: int) -> str | None:
    return next((name for name in _homes(draft, number) if name in change.held_fast), None)


def _units_kept(draft: Draft, change: ActiveChange, number: int) -> int:
    homes = [draft.groups[name] for name in _homes(draft, number) if name in change.held_fast]
    return sum(draft.line_in(group, number).quantity for group in homes)


def judge(draft: Draft, change: ActiveChange) -> ActiveChange:
    """The cancel with what it does to each group, now that the version is worked out in which it is done in part.

    The matrix is not asked: what is cancelled is not at the carrier any more. Money is held for a group that goes on
    and comes to more, as it now bears the charges.
    """
    shares = dividing.divide(draft, change, approved=False).shares
    for number, units in stays(draft, change).items():
        if units:
            shares[number] = {name: _share(draft, change, name, number) for name in _homes(draft, number)}
    change = change.model_copy(update={"shares": shares or None})
    later = as_proposed(draft, change)
    found = []
    for group in draft.groups.values():
        if group.cancelled:
            continue
        if group.id not in change.held_fast:
            found.append(_rework(group, Pattern.UPDATE, ChangeKind.CANCELLED))
        elif later.amount(later.groups[group.id]) != draft.amount(group):
            found.append(_rework(group, Pattern.KEEP, ChangeKind.PRICE))
    touched = tuple(dict.fromkeys((*change.touched, *(one.group for one in found))))
    return change.model_copy(update={"reworks": tuple(found), "touched": touched})


def _share(draft: Draft, change: ActiveChange, name: str, number: int) -> int:
    return draft.line_in(draft.groups[name], number).quantity if name in change.held_fast else 0


def _rework(group: Group, pattern: Pattern, kind: ChangeKind) -> Rework:
    return Rework(group=group.id, pattern=pattern, stage=stage_of(group, {}), kinds=(kind,))
