"""What a resumed order's earlier life left to do: effects that no step stands on, stock beyond the plan (I2, CHG8).

A change that was accepted leaves a second authorization to be voided, or stock to be given back; one that was not had
set aside stock and money beside those of the order. The walk passes such effects by; then they are undone.
"""

from domain.policy.model import TaskWord
from domain.process import known, ledger, releases, updates
from domain.process.applying import leave_behind, trim
from domain.process.conditions import picked_lines, required
from domain.process.draft import Draft
from domain.process.flow import finished, steps_of
from domain.process.outcomes import KnownEffect
from domain.process.state import Group, Run, RunState, Snapshot
from domain.process.words import Operation

_TASKS = {Operation.RESERVE: TaskWord.RESERVE, Operation.AUTHORIZE: TaskWord.AUTHORIZE}
"""What may be left behind: a shipment request is cancelled before its change is accepted, a bill is never replaced."""


def plan_founded(draft: Draft) -> None:
    """Enters the groups that only the ledger knows as planned: stock or money was held for a change that founds them.

    What is held is given back, also if that change was turned down; one that is still in line holds it anew (I2). A
    group that a split made is none of them: the carrier's word that made it is heard again.
    """
    if not ledger.is_whole(draft.known):
        return
    for effect in known.unmet(draft):
        parts = ledger.named(draft.number, effect.key)
        if parts.group not in draft.groups and parts.group.isdigit():
            process = _process_with(draft, parts.step)
            draft.put(Group(id=parts.group, process=process, lines=(), location="", cancelled=True, planned=True))


def _process_with(draft: Draft, step: str) -> str:
    """A process of the order that has the step; another tells whom to ask as well."""
    processes = draft.policy.processes
    return next((name for name, one in processes.items() if any(s.step == step for s in steps_of(one))), min(processes))


def take_up(draft: Draft) -> None:
    """Leaves behind what the walk has passed by, and gives back stock beyond the plan, each once."""
    if not draft.opened or not ledger.is_whole(draft.known):
        return
    for effect in known.unmet(draft):
        parts = ledger.named(draft.number, effect.key)
        group = draft.groups.get(parts.group)
        if parts.operation in _TASKS and group is not None and _passed_by(draft, group, parts.step, effect):
            _leave(draft, group, effect)
    updates.take_up(draft)
    if draft.change is None:
        for group in list(draft.groups.values()):
            _trim(draft, group)


def all_is_known(draft: Draft) -> bool:
    """Takes what stands as it stands, for a change that finds the walk stuck before it.

    False while a shipment request may or may not have arrived at the carrier, or where money was taken or a bill
    written: the change waits for the walk.
    """
    if not draft.since(releases.KNOWN_IS_CAUGHT_UP) or not ledger.is_whole(draft.known):
        return True
    clear = True
    for effect in known.unmet(draft):
        parts = ledger.named(draft.number, effect.key)
        group = draft.groups.get(parts.group)
        if group is None or group.cancelled:
            continue
        run = group.runs.get(parts.step)
        if parts.operation == Operation.SHIP:
            clear = _stands_as_it_is(draft, group, parts.step, effect) and clear
        elif parts.operation in _TASKS and run is not None and run.unanswered is not None:
            _leave(draft, group, effect)  # the step stands on another
        elif parts.operation in (Operation.CAPTURE, Operation.INVOICE):
            clear = False
    updates.take_up(draft)
    return clear


def _stands_as_it_is(draft: Draft, group: Group, name: str, effect: KnownEffect) -> bool:
    step = next((one for one in steps_of(draft.process(group)) if one.step == name), None)
    if step is None or effect.state != "done" or draft.meets(group, name, Operation.SHIP) != effect:
        return False
    run = draft.begin(group, step, operation=Operation.SHIP, lines=picked_lines(draft, group, step))
    draft.change_run(group.id, run.step, state=RunState.DONE)
    return True


def _passed_by(draft: Draft, group: Group, step: str, effect: KnownEffect) -> bool:
    if group.cancelled:
        return True
    run = group.runs.get(step)
    if run is not None and run.passed:
        return True
    if effect.key.split("/")[-2] == Operation.AUTHORIZE and draft.change is None:
        return draft.amount(group) == 0 or all(one.step != step for one in required(draft, group))
    return finished(draft.process(group), group)


def _leave(draft: Draft, group: Group, effect: KnownEffect) -> None:
    draft.known = ledger.with_met(draft.known or (), effect.key)
    leave_behind(draft, group.id, _run(draft, group, effect))


def _run(draft: Draft, group: Group, effect: KnownEffect) -> Run:
    parts = ledger.named(draft.number, effect.key)
    operation = Operation(parts.operation)
    return Run(
        step=parts.step,
        task=_TASKS[operation],
        state=RunState.DONE,
        seq=0,
        snapshot=Snapshot(
            revision=parts.revision,
            lines=effect.lines or {},
            location=effect.location or group.location,
            method=draft.facts.ship_method,
            amount=effect.amount,
            currency=draft.facts.currency,
        ),
        since=draft.now,
        key=effect.key,
        operation=operation,
        owner=draft.process(group).owner,
    )


def _trim(draft: Draft, group: Group) -> None:
    """A reservation may hold more than the order needs if a change was worked on before."""
    run = draft.run_of(group, Operation.RESERVE)
    if run is None or run.key is None or f"{run.step}/{Operation.TRIM}" in group.counts:
        return
    place = ledger.Place(draft.number, run.step, group.id, Operation.RESERVE)
    last = ledger.last_n(draft.known or (), place)
    if last > 1 or (last == 1 and draft.revision > 1):
        trim(draft, group.id, run)
