"""Splits: the carrier ships a part, nothing more comes of the request, and the rest goes on by itself (ORC16).

What has left stays in its group, and is captured and invoiced there. The rest becomes a group of its own: its stock
stays held, its money is authorized and its shipment requested anew. A line may then be in several groups, with a part
of its units and of its amount in each.
"""

from domain.base import Lines
from domain.policy.model import ShipStatus, TaskWord
from domain.process import edits
from domain.process.draft import Draft
from domain.process.flow import steps_of
from domain.process.read_model import Part
from domain.process.state import Group, Run, RunState
from domain.process.tasks.wait import settle
from domain.process.words import Operation

_UNKNOWN = (RunState.RUNNING, RunState.PARKED, RunState.UNDOING)
_BILLS = (Operation.CAPTURE, Operation.INVOICE)


def close_short(draft: Draft, group_id: str, key: str) -> bool:
    """Splits the group of a request of which nothing more comes; False while it cannot be told yet what is to be split.

    A change that is being carried out for the group is answered first. Heard again, the fact changes nothing.
    """
    group = draft.groups[group_id]
    request = next((run for run in group.runs.values() if run.key == key), None)
    if request is None:
        return True
    if request.state in _UNKNOWN or edits.frozen(draft, group_id):
        return False
    left = group.reached.get(key, {}).get(ShipStatus.SHIPPED, {})
    stays = {number: min(units, left.get(number, 0)) for number, units in request.snapshot.lines.items()}
    rest = {number: units - stays[number] for number, units in request.snapshot.lines.items() if units > stays[number]}
    if request.state is not RunState.DONE or not rest or not any(stays.values()):
        return True
    if any(run.operation in _BILLS and run.may_have_effect for run in group.runs.values()):
        _ask(draft, group, request, rest)
    else:
        _split(draft, group, request, {number: units for number, units in stays.items() if units}, rest)
    return True


def _split(draft: Draft, group: Group, request: Run, stays: Lines, rest: Lines) -> None:
    name = _free_id(draft, group.id)
    gone = {number: _part(draft, group, number, stays[number]) for number in rest if number in stays}
    over = {number: _remainder(draft, group, number, gone.get(number)) for number in rest}
    parts = {number: part for number, part in (group.parts or {}).items() if number not in rest} | gone
    draft.put(
        group.model_copy(
            update={
                "lines": tuple(number for number in group.lines if number not in rest or number in stays),
                "parts": parts or None,
                "rest": name,
            }
        )
    )
    known = {number for number in rest if number in stays or number in (group.parts or {})}
    draft.put(
        Group(
            id=name,
            process=group.process,
            lines=tuple(rest),
            location=group.location,
            why=f"The rest of group {group.id}, which the carrier ships no more of.",
            choices=group.choices,
            parts={number: over[number] for number in known} or None,
        )
    )
    _hand_over_stock(draft, group.id, name, stays, rest)
    _narrow(draft, group.id, request, stays)
    words = f"{_units(stays)} of {_units(stays) + _units(rest)} units have left."
    more = f" The rest goes on by itself as group {name}: {_in_words(rest)}."
    why = "The carrier said that nothing more comes of the shipment request."
    draft.tell(f"split/{request.key}", "order.split", words + more, why=why, group=group.id, rest=name)


def _free_id(draft: Draft, group_id: str) -> str:
    """`1.2` is the second part of group 1; a resumed order finds the same name again."""
    first, _, n = group_id.partition(".")
    following = int(n or 1) + 1
    while f"{first}.{following}" in draft.groups:
        following += 1
    return f"{first}.{following}"


def _part(draft: Draft, group: Group, number: int, units: int) -> Part:
    """Its share of what the line comes to, rounded half up; the rest gets what is left of it."""
    line = draft.line_in(group, number)
    return Part(units=units, amount=(2 * line.amount * units + line.quantity) // (2 * line.quantity))


def _remainder(draft: Draft, group: Group, number: int, gone: Part | None) -> Part:
    line = draft.line_in(group, number)
    taken = gone or Part(units=0, amount=0)
    return Part(units=line.quantity - taken.units, amount=line.amount - taken.amount)


def _hand_over_stock(draft: Draft, group_id: str, name: str, stays: Lines, rest: Lines) -> None:
    """What is held under the reservation's key is the rest's from now on; what has left is held no more."""
    for run in list(draft.groups[group_id].runs.values()):
        if run.task is not TaskWord.RESERVE or not run.passed:
            continue
        draft.seq += 1
        snapshot = run.snapshot.model_copy(update={"lines": rest})
        runs = draft.groups[name].runs | {run.step: run.model_copy(update={"seq": draft.seq, "snapshot": snapshot})}
        draft.put(draft.groups[name].model_copy(update={"runs": runs}))
        draft.change_run(group_id, run.step, key=None, snapshot=run.snapshot.model_copy(update={"lines": stays}))


def _narrow(draft: Draft, group_id: str, request: Run, stays: Lines) -> None:
    """The request, and who waits for it, are about what has left."""

    def only(run: Run) -> None:
        draft.change_run(group_id, run.step, snapshot=run.snapshot.model_copy(update={"lines": stays}))

    only(request)
    for step in steps_of(draft.process(draft.groups[group_id])):
        wait = draft.groups[group_id].runs.get(step.step)
        if step.do is TaskWord.WAIT and step.of == request.step and wait is not None and not wait.passed:
            only(wait)
            settle(draft, group_id, step)


def _ask(draft: Draft, group: Group, request: Run, rest: Lines) -> None:
    """What is billed whole cannot be split: a person has to give the money for the rest back, or have it sent."""
    for step in steps_of(draft.process(group)):
        wait = group.runs.get(step.step)
        if step.do is TaskWord.WAIT and step.of == request.step and wait and wait.state is RunState.WAITING:
            words = f"The carrier ships no more of it, and all is billed: {_in_words(rest)} have not left."
            draft.park(group.id, wait, "shipped_short", words)


def _in_words(lines: Lines) -> str:
    shown = [f"{units} of line {number}" for number, units in list(lines.items())[:5]]
    more = len(lines) - len(shown)
    return ", ".join(shown) + (f" and {more} more lines" if more else "")


def _units(lines: Lines) -> int:
    return sum(lines.values())
