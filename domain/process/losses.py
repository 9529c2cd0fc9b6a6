"""What follows when the carrier reports a shipment lost or damaged: the policy's `if_lost` says (SHP2).

One that has not left yet can be sent again by itself: its goods are written off, others are held and asked for anew.
What was authorized stays, and nothing is charged twice. Or it is refunded, also when all of it has left (`refunds`).
Else a person decides.
"""

from domain.base import Lines
from domain.policy.model import ReactionWord, ShipStatus, Step, TaskWord
from domain.process import edits, known, refunds
from domain.process.applying import leave_behind
from domain.process.draft import Draft
from domain.process.flow import steps_of
from domain.process.state import Group, Run, RunState

LOST = frozenset({"lost", "damaged"})
_UNKNOWN = (RunState.RUNNING, RunState.PARKED, RunState.UNDOING)


def lost(draft: Draft, group: Group, request: Run, how: str, lines: Lines) -> bool:
    """Does what the policy says, or parks the wait for the shipment; False while that wait is still to come."""
    if request.state in _UNKNOWN:
        return False
    if request.state is not RunState.DONE:
        return True
    steps = waits_for(draft, group, request)
    waits = [group.runs.get(step.step) for step in steps]
    if _is_sent_again(group, request, steps):
        if edits.frozen(draft, group.id):
            return False
        _send_again(draft, group, request, how)
        return True
    why = ""
    if refunds.is_said(draft, group, steps):
        if edits.frozen(draft, group.id) or not refunds.is_settled(group):
            return False
        why = refunds.obstacle(draft, group, request, lines)
        if not why:
            refunds.give_back(draft, group, request, _reported(request, how))
            return True
    waiting = next((wait for wait in waits if wait is not None and wait.state is RunState.WAITING), None)
    if waiting is None:
        return all(wait is not None and wait.state is not RunState.UNDONE for wait in waits)
    said = next(step.if_lost for step in steps if step.step == waiting.step)
    if said is not None and said.role is not None:
        waiting = draft.change_run(group.id, waiting.step, owner=said.role)
    draft.park(group.id, waiting, how, f"{_reported(request, how)}. {why}".rstrip())
    return True


def _is_sent_again(group: Group, request: Run, steps: list[Step]) -> bool:
    """Whether the first wait that is not over says so, also if it is still to come: nothing of it has left yet."""
    runs = ((step, group.runs.get(step.step)) for step in steps)
    said = next((step.if_lost for step, run in runs if run is None or not run.passed), None)
    left = group.reached.get(request.key or "", {}).get(ShipStatus.SHIPPED)
    return said is not None and said.word is ReactionWord.RE_SEND and not left


def waits_for(draft: Draft, group: Group, run: Run) -> list[Step]:
    """The steps of the group's process that wait for a request."""
    steps = steps_of(draft.process(group))
    return [step for step in steps if step.do is TaskWord.WAIT and step.of == run.step]


def _send_again(draft: Draft, group: Group, request: Run, how: str) -> None:
    """The group goes back to where its stock is held; the request needs no undo, the carrier has ended it."""
    draft.change_run(group.id, request.step, state=RunState.UNDONE)
    for step in waits_for(draft, group, request):
        if step.step in group.runs:
            draft.change_run(group.id, step.step, state=RunState.UNDONE)
    for run in group.runs.values():
        if run.task is TaskWord.RESERVE and run.may_have_effect and not known.tried_again(draft, request.key):
            leave_behind(draft, group.id, run.model_copy(update={"lost": True}))
            draft.change_run(group.id, run.step, state=RunState.UNDONE, key=None)
    draft.tell(
        f"lost/{request.key}",
        "shipment.sent_again",
        f"{_reported(request, how)}. Other goods are held and sent.",
        why="The policy says so.",
        group=group.id,
    )


def _reported(request: Run, how: str) -> str:
    return f"The carrier reports the shipment of {request.since.date().isoformat()} as {how}"
