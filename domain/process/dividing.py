"""Lines in parts: which of their units go with which group, and what each part comes to (CHG3, CHG11, PRC3).

Where the change rules say `added line` of a larger quantity, what is on its way stays as it is, and the further units
go by themselves: the line is then in two groups, with a part of its units in each. From then on a change of quantity is
about the part that is least far, and of several as far the newest: more units join it, or go by themselves where the
rules say so of it; fewer units are taken from it first, and then from the next.

A line is priced whole. What is not touched keeps its amount, the part that gets larger or smaller has the difference.
Where the price is another, all parts have their share of it.
"""

from dataclasses import dataclass
from itertools import count

from domain.process import releases
from domain.process.change_plan import Shares, agreed, stage_of
from domain.process.draft import Draft
from domain.process.outcomes import PricedLine
from domain.process.parts import gone_elsewhere, home_now, homes_of
from domain.process.read_model import GroupPlan, Part
from domain.process.state import ActiveChange, Group
from domain.process.words import ChangeKind, Pattern, Stage

_ELSEWHERE = frozenset({ChangeKind.ITEM, ChangeKind.WAREHOUSE})
"""Changes of a line with which its further units go where all of it goes."""
_OTHER_PRICE = frozenset({ChangeKind.ITEM, ChangeKind.PRICE})
_PROGRESS = tuple(Stage)


@dataclass
class Division:
    """Which units of the lines in parts go with which group; and the new groups, by the one that they go beside."""

    shares: Shares
    beside: dict[str, str]


def divide(draft: Draft, change: ActiveChange, *, approved: bool) -> Division:
    """How the changed order's lines are divided among groups; only lines that are in several are named."""
    found = Division({}, {})
    if not draft.since(releases.DIVIDED_LINES):
        return found
    assert change.proposed is not None
    assert change.revised is not None
    for line in change.proposed.lines:
        units = _divided(draft, change, line, found, approved=approved)
        if units is not None:
            found.shares[line.number] = units
    return found


def _divided(
    draft: Draft, change: ActiveChange, line: PricedLine, found: Division, *, approved: bool
) -> dict[str, int] | None:
    assert change.revised is not None
    homes = [draft.groups[name] for name in homes_of(draft.groups, line.number)]
    if line.number not in draft.lines or not homes:
        return None
    standing = {group.id: draft.line_in(group, line.number).quantity for group in homes if group.rest is None}
    gone = _gone(draft, line.number)
    wanted = max(line.quantity - gone.units, 0)
    kinds = {one.kind for one in change.revised.lines if one.number == line.number}
    kinds |= _ELSEWHERE & set(change.revised.fields)
    homes.reverse()
    least_far = sorted(homes, key=lambda group: _PROGRESS.index(stage_of(group, change.progress)))
    more = wanted - sum(standing.values())
    if more > 0 and _by_itself(draft, change, least_far[0], kinds, approved=approved):
        return standing | {_new_group(draft, change, least_far[0], found): more}
    elsewhere = home_now(draft.groups, line.group, line.number) not in standing
    if not standing or (len(standing) == 1 and not elsewhere) or (elsewhere and ChangeKind.WAREHOUSE in kinds):
        return None  # it is in one place, or leaves for one
    return _with_more(standing, least_far[0], more) if more > 0 else _with_fewer(standing, least_far, -more)


def _gone(draft: Draft, number: int) -> Part:
    """What of a line has left with groups that were split."""
    parts = [_now(draft, group.id, number) for group in draft.groups.values() if group.rest is not None]
    return Part(units=sum(part.units for part in parts), amount=sum(part.amount for part in parts))


def _by_itself(draft: Draft, change: ActiveChange, group: Group, kinds: set[ChangeKind], *, approved: bool) -> bool:
    if ChangeKind.QUANTITY_UP not in kinds or kinds & _ELSEWHERE:
        return False
    rules, stage = draft.policy.change, stage_of(group, change.progress)
    kind = ChangeKind.QUANTITY_UP
    said = agreed(rules, kind, stage) if approved else rules.pattern(kind, stage)
    return said is Pattern.ADDED_LINE


def _new_group(draft: Draft, change: ActiveChange, beside: Group, found: Division) -> str:
    if beside.id not in found.beside:
        assert change.proposed is not None
        taken = {name for name, group in draft.groups.items() if not group.planned}
        taken |= {*found.beside.values(), *(plan.id for plan in change.proposed.groups)}
        found.beside[beside.id] = next(str(n) for n in count(1) if str(n) not in taken)
    return found.beside[beside.id]


def _with_more(standing: dict[str, int], group: Group, more: int) -> dict[str, int]:
    return standing | {group.id: standing[group.id] + more}


def _with_fewer(standing: dict[str, int], least_far: list[Group], fewer: int) -> dict[str, int]:
    units = dict(standing)
    for group in least_far:
        taken = min(fewer, units[group.id])
        units[group.id] -= taken
        fewer -= taken
    return units


# ---- what the parts come to ----------------------------------------------------------------------------


def parts_of(draft: Draft, change: ActiveChange) -> dict[int, dict[str, Part]]:
    """Units and amount of every part of the divided lines; those of a line add up to it, with what has left of it."""
    assert change.proposed is not None
    lines = {line.number: line for line in change.proposed.lines}
    return {number: _priced(draft, change, lines[number], units) for number, units in (change.shares or {}).items()}


def _priced(draft: Draft, change: ActiveChange, line: PricedLine, shares: dict[str, int]) -> dict[str, Part]:
    assert change.revised is not None
    gone = _gone(draft, line.number)
    amount = max(line.amount - gone.amount, 0)
    units = {name: share for name, share in shares.items() if share > 0}
    if not units:
        return {}
    before = {name: _now(draft, name, line.number) for name in units}
    differs = [name for name, share in units.items() if before[name].units != share] or list(units)[-1:]
    kept = {name: part.amount for name, part in before.items() if name not in differs}
    kinds = {one.kind for one in change.revised.lines if one.number == line.number}
    if kinds & _OTHER_PRICE or sum(kept.values()) > amount:
        differs, kept = list(units), {}
    rest, of = amount - sum(kept.values()), sum(units[name] for name in differs)
    for name in differs:
        kept[name] = (2 * rest * units[name] + of) // (2 * of)
        rest, of = rest - kept[name], of - units[name]
    return {name: Part(units=share, amount=kept[name]) for name, share in units.items()}


def _now(draft: Draft, name: str, number: int) -> Part:
    group = draft.groups.get(name)
    if group is None or group.planned or number not in group.lines:
        return Part(units=0, amount=0)
    line = draft.line_in(group, number)
    return Part(units=line.quantity, amount=line.amount)


def other_amounts(draft: Draft, change: ActiveChange) -> set[str]:
    """Groups whose part of a line comes to another amount, with as many units as before."""
    found = set()
    for number, parts in parts_of(draft, change).items():
        for name, part in parts.items():
            now = _now(draft, name, number)
            if now.units == part.units and now.amount != part.amount:
                found.add(name)
    return found


# ---- the order as it then is ---------------------------------------------------------------------------


def fix_gone(draft: Draft, change: ActiveChange) -> None:
    """What has left with a group that was split stays as it is, also where it was all of a line."""
    for group in list(draft.groups.values()):
        numbers = [number for number in group.lines if number in (change.shares or {})]
        if group.rest is not None and numbers:
            parts = {number: _now(draft, group.id, number) for number in numbers}
            draft.put(group.model_copy(update={"parts": (group.parts or {}) | parts}))


def share(draft: Draft, name: str, parted: dict[int, dict[str, Part]]) -> None:
    """Of lines of which a part is, or has left, in another group, this one has its own part (ORC16, CHG3)."""
    group = draft.groups[name]
    if group.rest is not None:
        return
    parts: dict[int, Part] = {}
    for number in group.lines:
        gone = gone_elsewhere(draft.groups, name, number)
        part = parted[number].get(name) if number in parted else _left_over(draft.lines[number], gone)
        if part is not None and (gone is not None or len(parted.get(number, {})) > 1):
            parts[number] = part
    lines = tuple(number for number in group.lines if number not in parts or parts[number].units > 0)
    parts = {number: part for number, part in parts.items() if part.units > 0}
    if lines != group.lines or (parts or None) != group.parts:
        draft.put(group.model_copy(update={"lines": lines, "parts": parts or None}))


def _left_over(line: PricedLine, gone: Part | None) -> Part | None:
    if gone is None:
        return None
    return Part(units=line.quantity - gone.units, amount=max(line.amount - gone.amount, 0))


def parted(draft: Draft) -> tuple[GroupPlan, ...] | None:
    """The groups of lines that travel in parts, for an order that is resumed; None without any."""
    groups = [group for group in draft.groups.values() if not group.cancelled]
    numbers = {number for group in groups if group.beside is not None for number in group.parts or {}}
    found = [group for group in groups if numbers & set(group.parts or {})]
    return tuple(_plan(group) for group in found) or None


def _plan(group: Group) -> GroupPlan:
    known = {"id", "process", "lines", "location", "why", "parts", "beside"}
    return GroupPlan.model_validate(group.model_dump(include=known))
