"""Where lines are whose group was split, and how much of them (ORC16)."""

from domain.process.state import Group, Part


def home_now(groups: dict[str, Group], group_id: str, number: int) -> str:
    """Where a line of that group is now: with the rest, if that has anything of it."""
    group = groups.get(group_id)
    while group is not None and group.rest is not None and number in groups[group.rest].lines:
        group = groups[group.rest]
    return group_id if group is None else group.id


def origin(groups: dict[str, Group], group_id: str) -> str:
    """The group that this one, perhaps over others, was split off from."""
    before = next((group.id for group in groups.values() if group.rest == group_id), None)
    return group_id if before is None else origin(groups, before)


def gone_elsewhere(groups: dict[str, Group], group_id: str, number: int) -> Part | None:
    """What of a line has left with other groups; None if nothing has."""
    settled = [group for group in groups.values() if group.rest is not None and group.id != group_id]
    parts = [part for group in settled if (part := (group.parts or {}).get(number)) is not None]
    if not parts:
        return None
    return Part(units=sum(part.units for part in parts), amount=sum(part.amount for part in parts))
