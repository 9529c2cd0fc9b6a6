"""What a loss gives back where the policy says `if_lost: refund` (SHP2).

What is lost counts as cancelled by us: it is not charged, or what was paid for it is refunded and its bill credited;
its stock is written off, also if it had left. The rest of the order goes on. Where it cannot be told by itself what is
to be given back, a person is asked.
"""

from domain.base import Lines
from domain.policy.model import ReactionWord, ShipStatus, Step, TaskWord
from domain.process.applying import leave_behind
from domain.process.draft import Draft
from domain.process.flow import finished
from domain.process.state import Group, Run, RunState
from domain.process.tasks.wait import all_units
from domain.process.words import Operation

_UNKNOWN = (RunState.RUNNING, RunState.UNDOING)
_MONEY = (Operation.AUTHORIZE, Operation.CAPTURE, Operation.INVOICE)


def is_said(draft: Draft, group: Group, waits: list[Step]) -> bool:
    """Whether the first wait for the shipment that is not over says so; the last one, where all are.

    What is completed stays completed (I8).
    """
    if finished(draft.process(group), group):
        return False
    runs = ((step, group.runs.get(step.step)) for step in waits)
    still = [step for step, run in runs if run is None or not run.passed]
    said = next(iter(still), waits[-1] if waits else None)
    return said is not None and said.if_lost is not None and said.if_lost.word is ReactionWord.REFUND


def is_settled(group: Group) -> bool:
    """Whether nothing of the group is on its way, or may have happened without an answer."""
    runs = group.runs.values()
    return not any(
        run.state in _UNKNOWN or run.unanswered is not None or (run.parked is not None and run.parked.undo is not None)
        for run in runs
    )


def obstacle(draft: Draft, group: Group, request: Run, lines: Lines) -> str:
    """Why it cannot be told by itself what is to be given back; empty when it can be."""
    asked, left = request.snapshot.lines, _left(group, request)
    if any(left.values()) and not all_units(asked, left):
        return "A part of it has left, and nobody says which part is lost."
    if lines and not all_units(asked, lines):
        return "Only a part of it is lost."
    if group.parts or group.rest is not None or asked != draft.quantities(group):
        return "Not all that is billed with it was in the shipment."
    if _hands_on_charges(draft, group):
        return "It bears the order's charges, and the money for the rest of the order is held without them."
    return ""


def _left(group: Group, request: Run) -> Lines:
    return group.reached.get(request.key or "", {}).get(ShipStatus.SHIPPED, {})


def _hands_on_charges(draft: Draft, group: Group) -> bool:
    """Whether another group would bear the charges from now on that is paid for, or billed, already."""
    if not draft.is_first(group) or draft.facts.charges + draft.facts.tax == 0:
        return False
    others = (other for other in draft.groups.values() if other.lines and not other.cancelled and other.id != group.id)
    heir = next(others, None)
    return heir is not None and any(run.operation in _MONEY for run in heir.runs.values())


def give_back(draft: Draft, group: Group, request: Run, reported: str) -> None:
    """Cancels the group. The carrier has ended its request; all else is undone in reverse (CHG9)."""
    left, runs = bool(_left(group, request)), list(group.runs.values())
    charged = any(run.operation is Operation.CAPTURE and run.may_have_effect for run in runs)
    for run in runs:
        stands = run.may_have_effect and run.operation is not Operation.SHIP
        used_up = run.operation is Operation.AUTHORIZE and charged
        if run.task is TaskWord.RESERVE and stands:
            leave_behind(
                draft, group.id, run.model_copy(update={"lost": True, "left_as": request.key if left else None})
            )
        elif stands and not used_up:
            leave_behind(draft, group.id, run)
        key = run.key if run.operation is Operation.SHIP else None
        draft.change_run(group.id, run.step, state=RunState.UNDONE, parked=None, key=key)
    draft.put(draft.groups[group.id].model_copy(update={"cancelled": True}))
    paid = "What was paid for it is refunded." if charged else "It is not charged."
    draft.tell(
        f"lost/{request.key}",
        "shipment.refunded",
        f"{reported}. Line {', '.join(map(str, list(group.lines)[:20]))} is cancelled by us. {paid}",
        why="The policy says so.",
        group=group.id,
    )
    if all(other.cancelled for other in draft.groups.values() if not other.planned):
        draft.tell("cancelled", "order.cancelled", "Cancelled: what was to be shipped is lost.", why=reported)
