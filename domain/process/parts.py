"""Where lines are that are in several groups, and how much of them: after a split, or a raise (ORC16, CHG3)."""

from domain.process.read_model import Part
from domain.process.state import Group


def home_now(groups: dict[str, Group], group_id: str, number: int) -> str:
    """Where a line of that group is now: with the rest, if that has anything of it."""
    group = groups.get(group_id)
    while group is not None and group.rest is not None and number in groups[group.rest].lines:
        group = groups[group.rest]
    return group_id if group is None else group.id


def homes_of(groups: dict[str, Group], number: int) -> list[str]:
    """The groups that a line can be changed in, oldest first; if all of it has left, the last in which it did."""
    there = [group for group in groups.values() if number in group.lines]
    standing = [group.id for group in there if not group.cancelled and group.rest is None]
    return standing or [group.id for group in there[-1:]]


def are_divided(groups: dict[str, Group]) -> bool:
    """Whether a line can be changed in more than one group."""
    return any(len(homes_of(groups, number)) > 1 for group in groups.values() for number in group.parts or ())


def origin(groups: dict[str, Group], group_id: str) -> str:
    """The group that this one, perhaps over others, was split off from, or has further units of."""
    before = next((group.id for group in groups.values() if group.rest == group_id), None)
    if before is None and group_id in groups:
        before = groups[group_id].beside
    return group_id if before is None else origin(groups, before)


def gone_elsewhere(groups: dict[str, Group], group_id: str, number: int) -> Part | None:
    """What of a line has left with other groups; None if nothing has."""
    settled = [group for group in groups.values() if group.rest is not None and group.id != group_id]
    parts = [part for group in settled if (part := (group.parts or {}).get(number)) is not None]
    if not parts:
        return None
    return Part(units=sum(part.units for part in parts), amount=sum(part.amount for part in parts))
