"""An order as a proposed version would make it: its facts, its lines, and which of them travel together (CHG1)."""

import copy
from itertools import count

from domain.process.change_plan import stage_of
from domain.process.draft import Draft
from domain.process.messages import Lines, Opened
from domain.process.parts import gone_elsewhere, home_now, origin
from domain.process.state import ActiveChange, Group, Part
from domain.process.words import ChangeKind, Pattern


def as_proposed(draft: Draft, change: ActiveChange) -> Draft:
    """A draft to look at and throw away, in which the order is as the change would make it."""
    preview = copy.copy(draft)
    preview.groups = dict(draft.groups)
    adopt(preview, change)
    return preview


def adopt(draft: Draft, change: ActiveChange) -> None:
    """Makes the order what is proposed. Runs stay as they are; a group without lines is left empty."""
    proposed = change.proposed
    assert proposed is not None
    homes = {line.number: home_now(draft.groups, line.group, line.number) for line in proposed.lines}
    homes |= alone(draft, change)
    draft.facts_, draft.policy_ = proposed.facts, proposed.policy
    draft.dropped = (*draft.dropped, *(number for number in draft.lines if number not in homes))
    draft.lines = {line.number: line.model_copy(update={"group": homes[line.number]}) for line in proposed.lines}
    members: dict[str, list[int]] = {}
    for number, home in homes.items():
        members.setdefault(home, []).append(number)
    for group in list(draft.groups.values()):
        if not group.cancelled and group.rest is None:
            draft.put(group.model_copy(update={"lines": tuple(members.get(group.id, ()))}))
    for name, numbers in members.items():
        _settle(draft, proposed, name, tuple(numbers))
        _share(draft, name)


def _settle(draft: Draft, proposed: Opened, name: str, numbers: tuple[int, ...]) -> None:
    """A group that is new, or that is to leave from another place."""
    plans = {plan.id: plan for plan in proposed.groups}
    plan = plans.get(name) or plans.get(origin(draft.groups, name))
    group = draft.groups.get(name)
    if group is not None and group.rest is not None:
        return
    if group is None or group.planned:
        like = plan or draft.groups[next(line.group for line in proposed.lines if line.number in numbers)]
        founded = Group(id=name, process=like.process, lines=numbers, location=like.location, why=like.why)
        draft.put(founded if group is None else _with_its_past(founded, group))
    elif plan is not None and plan.location != group.location:
        draft.put(group.model_copy(update={"location": plan.location, "why": plan.why}))


def _with_its_past(group: Group, planned: Group) -> Group:
    return group.model_copy(update={"past": planned.past, "counts": planned.counts})


def _share(draft: Draft, name: str) -> None:
    """Of lines of which a part has left with another group, this one has what is left over (ORC16)."""
    group = draft.groups[name]
    gone = {number: part for number in group.lines if (part := gone_elsewhere(draft.groups, name, number)) is not None}
    if group.rest is not None or not gone:
        return
    parts = {
        number: Part(
            units=draft.lines[number].quantity - part.units, amount=max(draft.lines[number].amount - part.amount, 0)
        )
        for number, part in gone.items()
    }
    lines = tuple(number for number in group.lines if number not in parts or parts[number].units > 0)
    parts = {number: part for number, part in parts.items() if part.units > 0}
    draft.put(group.model_copy(update={"lines": lines, "parts": parts or None}))


def alone(draft: Draft, change: ActiveChange) -> dict[int, str]:
    """Added lines that go by themselves, because the group they would belong to is on its way; with a group's id."""
    assert change.proposed is not None
    assert change.revised is not None
    added = {one.number for one in change.revised.lines if one.kind is ChangeKind.ADDED}
    there = {name for name, group in draft.groups.items() if not group.planned}
    taken = {*there, *(plan.id for plan in change.proposed.groups)}
    first = change.left_out.stages if change.left_out is not None else {}
    judged = {**first, **{rework.group: rework.stage for rework in change.reworks or ()}}
    fresh: dict[str, str] = {}
    homes: dict[int, str] = {}
    for line in change.proposed.lines:
        group = draft.groups.get(line.group)
        if line.number not in added or group is None or group.planned:
            continue
        stage = judged.get(group.id) or stage_of(group, change.progress)
        if draft.policy.change.pattern(ChangeKind.ADDED, stage) is not Pattern.ADDED_LINE:
            continue
        if group.id not in fresh:
            fresh[group.id] = next(str(n) for n in count(1) if str(n) not in taken)
            taken.add(fresh[group.id])
        homes[line.number] = fresh[group.id]
    return homes


def items(draft: Draft, lines: Lines) -> dict[int, str]:
    """The item of each line."""
    return {number: draft.lines[number].sku for number in lines}
