"""Which lines of an order travel together, from where, and why (ORC6)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from domain.policy.model import Assigned
from domain.process.read_model import GroupPlan

Available = Mapping[str, Mapping[str, int]]
"""Location to sku to units available."""

FALLBACK_LOCATION = "main"
"""Where an order is looked for that no location stocks at all: reserving it says in words what is missing."""


@dataclass(frozen=True, slots=True)
class OpeningLine:
    """What grouping needs to know of a line. `warehouse` is the line's own wish, or the order's."""

    number: int
    sku: str
    quantity: int
    ship_set: str | None = None
    warehouse: str | None = None


def plan_groups(
    lines: Sequence[OpeningLine], assigned: Sequence[Assigned], group_by: Sequence[str], available: Available
) -> tuple[GroupPlan, ...]:
    """Groups "1", "2"... in the order of their first lines. Lines that agree in all of `group_by` share a group.

    KeyError when a line is assigned to no process, which a checked assignment makes impossible.
    """
    rule_of = {number: rule for rule in assigned for number in rule.lines}
    grouped: dict[tuple[str | None, ...], list[OpeningLine]] = {}
    for line in lines:
        grouped.setdefault(trait_key(line, rule_of[line.number].process, group_by), []).append(line)
    return tuple(
        plan_group(str(n), members, rule_of[members[0].number], available)
        for n, members in enumerate(grouped.values(), start=1)
    )


def trait_key(line: OpeningLine, process: str, group_by: Sequence[str]) -> tuple[str | None, ...]:
    """What the lines of a group have in common: one process and one place, whatever the policy groups by."""
    traits = {"ship_set": line.ship_set, "process": process, "warehouse": line.warehouse}
    return (process, line.warehouse, *(traits[trait] for trait in group_by))


def choose_location(members: Sequence[OpeningLine], available: Available) -> tuple[str, str]:
    """Where a group leaves from, and the reason: the wished warehouse, else the first place that can fill it all."""
    wished = members[0].warehouse
    if wished is not None:
        return wished, "the order names this warehouse"
    wanted: dict[str, int] = {}
    for line in members:
        wanted[line.sku] = wanted.get(line.sku, 0) + line.quantity
    places = sorted(available)
    for place in places:
        if all(available[place].get(sku, 0) >= units for sku, units in wanted.items()):
            return place, "all of it is available there"
    if places:
        return places[0], "no location has all of it; this is the first that stocks any"
    return FALLBACK_LOCATION, "no location stocks any of it"


def plan_group(group_id: str, members: Sequence[OpeningLine], rule: Assigned, available: Available) -> GroupPlan:
    """A group of these lines, with where it leaves from and why."""
    location, why = choose_location(members, available)
    together = f"ship set {members[0].ship_set}; " if members[0].ship_set else ""
    return GroupPlan(
        id=group_id,
        process=rule.process,
        lines=tuple(line.number for line in members),
        location=location,
        why=f"{together}process {rule.process} ({rule.because}); from {location}: {why}",
    )
