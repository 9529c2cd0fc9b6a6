"""Lines in parts, as the modelled outside counts them: which units of a line are in which group (CHG3, CHG11)."""

from collections import Counter
from collections.abc import Iterable, Mapping

from domain.process.outcomes import Opened, PricedLine
from domain.process.read_model import GroupPlan
from domain.process.state import OrderState


def in_group(opened: Opened, group: str) -> dict[int, PricedLine]:
    """The lines of a group, each with the units and the amount that are in it."""
    plan = next((plan for plan in opened.groups if plan.id == group), None)
    if plan is None:
        return {}
    lines = {line.number: line for line in opened.lines}
    parts = plan.parts or {}
    return {
        number: lines[number].model_copy(update={"quantity": parts[number].units, "amount": parts[number].amount})
        if number in parts
        else lines[number]
        for number in plan.lines
    }


def whole(opened: Opened) -> Opened:
    """Each line in the one group that the database has it in, as changes are worked out from."""
    homes: dict[str, list[int]] = {}
    for line in opened.lines:
        homes.setdefault(line.group, []).append(line.number)
    plans = [
        plan.model_copy(update={"lines": tuple(homes[plan.id]), "parts": None, "beside": None})
        for plan in opened.groups
        if plan.id in homes
    ]
    return opened.model_copy(update={"groups": tuple(plans)})


def with_parts(opened: Opened, parted: Iterable[GroupPlan] | None) -> Opened:
    """The version with the groups in which a line travels in parts, as the order's save tells of them."""
    told = {plan.id: plan for plan in parted or ()}
    plans = [_together(plan, told.pop(plan.id, plan)) for plan in opened.groups]
    whole_ = opened.model_copy(update={"groups": (*plans, *told.values())})
    if all(plan.id.isdigit() for plan in whole_.groups):  # of what was split, nobody but the order knows
        add_up(whole_)
    return whole_


def _together(plan: GroupPlan, told: GroupPlan) -> GroupPlan:
    return told.model_copy(update={"lines": tuple(dict.fromkeys((*plan.lines, *told.lines)))})


def add_up(opened: Opened) -> None:
    """The parts of every line come to the line: units, and what they cost (PRC3, I5)."""
    units: Counter[int] = Counter()
    amounts: Counter[int] = Counter()
    for plan in opened.groups:
        for number, line in in_group(opened, plan.id).items():
            assert line.quantity > 0, f"group {plan.id} has nothing of line {number}"
            assert line.amount >= 0, f"what group {plan.id} has of line {number} costs less than nothing"
            units[number] += line.quantity
            amounts[number] += line.amount
    for line in opened.lines:
        assert units[line.number] == line.quantity, f"{units[line.number]} units of {line} are in groups (I5)"
        assert amounts[line.number] == line.amount, f"the parts of {line} come to {amounts[line.number]} (PRC3)"


def units_after(
    shares: Mapping[int, Mapping[str, int]] | None, line: PricedLine, group: str, left: Mapping[int, int]
) -> int:
    """How many units of a line a change leaves in a group; some may have left with a group that was split."""
    if line.number in (shares or {}):
        return (shares or {})[line.number].get(group, 0)
    return line.quantity - left.get(line.number, 0) if line.group == group else 0


def parts_stand(state: OrderState) -> None:
    """What of a line is in which group adds up, and a line is whole where it is in one group (I5)."""
    standing = [group for group in state.groups.values() if not group.planned]
    for number, line in state.lines.items():
        groups = [group for group in standing if number in group.lines]
        parts = [group.parts[number] for group in groups if group.parts and number in group.parts]
        if len(groups) < 2:
            assert not parts or parts[0].units == line.quantity, f"line {number} is in one group, and not whole"
            continue
        assert len(parts) == len(groups), f"line {number} is whole in one group, and in others too"
        assert sum(part.units for part in parts) == line.quantity, f"the parts of line {number} do not add up (I5)"
        assert sum(part.amount for part in parts) == line.amount, f"line {number} is not paid for in full (PRC3)"
    for group in standing:
        assert set(group.parts or {}) <= set(group.lines), f"group {group.id} has a part of what it has not got"
