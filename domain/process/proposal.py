"""An order as a proposed version would make it: its facts, its lines, and which of them travel together (CHG1)."""

import copy
from itertools import count

from domain.base import Lines
from domain.process import releases
from domain.process.change_plan import stage_of
from domain.process.dividing import fix_gone, parts_of, share
from domain.process.draft import Draft
from domain.process.outcomes import Opened, PricedLine
from domain.process.parts import home_now, origin
from domain.process.state import ActiveChange, Group
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
    homes, parted = homes_after(draft, change), parts_of(draft, change)
    fix_gone(draft, change)
    draft.facts_, draft.policy_ = proposed.facts, proposed.policy
    draft.dropped = (*draft.dropped, *(number for number in draft.lines if number not in homes))
    draft.lines = {line.number: _at_home(line, homes[line.number]) for line in proposed.lines}
    members: dict[str, list[int]] = {}
    for number, home in homes.items():
        for place in parted.get(number, (home,)):
            members.setdefault(place, []).append(number)
    for group in list(draft.groups.values()):
        if not group.cancelled and group.rest is None:
            numbers = tuple(members.get(group.id, ()))
            if numbers != group.lines or not numbers:
                draft.put(group.model_copy(update={"lines": numbers, "parts": group.parts if numbers else None}))
    beside = {name: before for before, name in (change.beside or {}).items()}
    for name, of in members.items():
        if name in beside:
            _found_beside(draft, name, beside[name], tuple(of))
        else:
            _settle(draft, proposed, name, tuple(of))
        share(draft, name, parted)


def _at_home(line: PricedLine, home: str) -> PricedLine:
    return line if line.group == home else line.model_copy(update={"group": home})


def homes_after(draft: Draft, change: ActiveChange) -> dict[int, str]:
    """The group of every line of the proposed version; of a line in parts, the first of its groups if it has to be."""
    assert change.proposed is not None
    homes = {line.number: home_now(draft.groups, line.group, line.number) for line in change.proposed.lines}
    homes |= alone(draft, change)
    for number, units in (change.shares or {}).items():
        there = [name for name, share in units.items() if share > 0]
        if there and homes[number] not in there:
            homes[number] = there[0]
    return homes


def other_homes(draft: Draft, change: ActiveChange) -> dict[int, str]:
    """Lines that travel in another group than was proposed; what is with the rest of one is where it belongs."""
    assert change.proposed is not None
    after = homes_after(draft, change)
    proposed = {line.number: home_now(draft.groups, line.group, line.number) for line in change.proposed.lines}
    return {number: home for number, home in after.items() if home != proposed[number]}


def _found_beside(draft: Draft, name: str, beside: str, numbers: tuple[int, ...]) -> None:
    """Further units leave from where those before them do, by the same process."""
    like, known = draft.groups[beside], draft.groups.get(name)
    why = f"Further units of what goes with group {beside}."
    founded = Group(id=name, process=like.process, lines=numbers, location=like.location, why=why, beside=like.id)
    draft.put(founded if known is None else _with_its_past(founded, known))


def _settle(draft: Draft, proposed: Opened, name: str, numbers: tuple[int, ...]) -> None:
    """A group that is new, or that is to leave from another place."""
    plans = {plan.id: plan for plan in proposed.groups}
    plan = plans.get(name)
    if plan is None and not (draft.since(releases.PARTS_STAY_WHERE_THEY_ARE) and _is_home(proposed, name)):
        plan = plans.get(origin(draft.groups, name))
    group = draft.groups.get(name)
    if group is not None and group.rest is not None:
        return
    if group is None or group.planned:
        like = plan or draft.groups[next(line.group for line in proposed.lines if line.number in numbers)]
        founded = Group(id=name, process=like.process, lines=numbers, location=like.location, why=like.why)
        draft.put(founded if group is None else _with_its_past(founded, group))
    elif plan is not None and plan.location != group.location:
        draft.put(group.model_copy(update={"location": plan.location, "why": plan.why}))


def _is_home(proposed: Opened, name: str) -> bool:
    """Whether a line is at home in the group: then the proposal tells where the group leaves from, if that is new.

    Of a group with parts of lines alone it knows nothing: those leave from where the first part does.
    """
    return any(line.group == name for line in proposed.lines)


def _with_its_past(group: Group, planned: Group) -> Group:
    return group.model_copy(update={"past": planned.past, "counts": planned.counts})


def alone(draft: Draft, change: ActiveChange) -> dict[int, str]:
    """Added lines that go by themselves, because the group they would belong to is on its way; with a group's id."""
    assert change.proposed is not None
    assert change.revised is not None
    added = {one.number for one in change.revised.lines if one.kind is ChangeKind.ADDED}
    there = {name for name, group in draft.groups.items() if not group.planned}
    taken = {*there, *(plan.id for plan in change.proposed.groups)}
    first = change.left_out.stages if change.left_out is not None else {}
    judged = {**first, **{rework.group: rework.stage for rework in change.reworks or ()}}
    fresh = dict(change.beside or {})
    taken |= {*fresh.values()}
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
