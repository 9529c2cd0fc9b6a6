"""Whether anything of a group can still leave: until then money has to stand behind it (I7)."""

from domain.policy.model import ShipStatus, TaskWord
from domain.process.draft import Draft
from domain.process.flow import steps_taken
from domain.process.state import Group, Run, RunState
from domain.process.tasks.wait import all_units


def all_left(draft: Draft, group: Group) -> bool:
    """Whether each shipment on the group's way was reported as shipped in full, or had nothing to ship."""
    ships = [step for step in steps_taken(draft.process(group), group) if step.do is TaskWord.SHIP]
    return all(_has_left(group, group.runs.get(step.step)) for step in ships)


def _has_left(group: Group, run: Run | None) -> bool:
    if run is None or not run.passed:
        return False
    if run.state is RunState.SKIPPED:
        return True
    return all_units(run.snapshot.lines, group.reached.get(run.key or "", {}).get(ShipStatus.SHIPPED, {}))
