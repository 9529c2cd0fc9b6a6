"""What must hold of a decision beside its calls: what goes on, what a change leaves, what people agreed to."""

from functools import partial

from domain.policy.process import Step
from domain.process import releases
from domain.process.events import CallDone, Event, TimePassed
from domain.process.flow import next_steps, path_taken, steps_of
from domain.process.state import Group, OrderState, RunState
from domain.process.words import ChangeKind, Operation

GOODS = frozenset({Operation.SHIP})
MONEY = frozenset({Operation.AUTHORIZE, Operation.CAPTURE})
MENDS = {ChangeKind.SHIP_METHOD: GOODS, ChangeKind.PAYMENT: MONEY}
"""What stands refused, and is no obstacle any more once the order has another value of that kind."""


def meanwhile(before: OrderState, event: Event, after: OrderState) -> None:
    """The promises of one decision."""
    _goes_on(after)
    _agreed(before, event, after)
    if before.change is None or not before.change.asked.is_edit or after.revision == before.revision:
        return
    _founded(before, after)
    _mended(before, event, after)


def on_hold(state: OrderState, group: Group, step: Step) -> bool:
    """Whether somebody has put the step, or all of them, of that group on hold (CAP9)."""
    names = (None, step.step, str(step.do))
    return any(hold.step in names and hold.line in (None, *group.lines) for hold in state.holds)


def on_hold_named(state: OrderState, group: Group, name: str) -> bool:
    """The same of the group's step of that name."""
    assert state.policy is not None
    steps = steps_of(state.policy.processes[group.process])
    return any(on_hold(state, group, step) for step in steps if step.step == name)


def _goes_on(after: OrderState) -> None:
    """What nobody holds, and no change is about, is begun as soon as it can be (CAP9, CHG6, I6).

    Not so a resumed order that has yet to come to what it had done.
    """
    change = after.change
    if after.facts is None or after.policy is None or after.known:
        return
    if change is not None and (not change.asked.is_edit or change.proposed is None):
        return
    for group in after.groups.values():
        if group.cancelled or group.planned or (change is not None and group.id in change.touched):
            continue
        process = after.policy.processes[group.process]
        for step in next_steps(process, group, partial(path_taken, group=group)):
            still = on_hold(after, group, step) or _is_being_cancelled(group)
            assert still, f"{step.step} of group {group.id} stands still, and nobody holds it (CAP9, CHG6)"


def _agreed(before: OrderState, event: Event, after: OrderState) -> None:
    """A person is asked once, and within a time (CHG10)."""
    for change_id in after.answers.keys() - before.answers.keys():
        asked_again = after.answers[change_id].code == "needs_a_person" and change_id in before.approved
        assert not asked_again, f"{change_id} is refused for want of a person, and one has agreed (CHG10)"
    again = {one.asked.change_id for one in after.pending} & set(before.approved)
    assert not again, f"somebody agreed to {sorted(again)}, and is asked again (CHG10)"
    if isinstance(event, TimePassed) and not after.imported:
        late = [one.asked.change_id for one in after.pending if one.until <= event.at]
        assert not late, f"{late} waits past its time to be agreed to (CHG10)"


def _is_being_cancelled(group: Group) -> bool:
    return any(run.operation is Operation.SHIP and run.state is RunState.UNDOING for run in group.past)


def _founded(before: OrderState, after: OrderState) -> None:
    """A group that a change founds holds its stock with the change's answer, if any group held some (CHG8)."""
    if after.release < releases.FOUNDED_IS_HELD:
        return
    runs = [run for group in before.groups.values() for run in group.runs.values()]
    if before.release < releases.FOUNDED_IS_HELD:
        return
    if not any(run.operation is Operation.RESERVE and run.state is RunState.DONE for run in runs):
        return
    for group in after.groups.values():
        new = group.id not in before.groups or before.groups[group.id].planned
        if new and not group.planned and not group.cancelled and group.lines:
            holds = [run for run in group.runs.values() if run.operation is Operation.RESERVE]
            held = [run.snapshot.lines for run in holds if run.state is RunState.DONE]
            parts = group.parts or {}
            wanted = {n: parts[n].units if n in parts else after.lines[n].quantity for n in group.lines}
            assert held == [wanted], f"group {group.id} is founded, and nothing is held for it (CHG8)"


def _mended(before: OrderState, event: Event, after: OrderState) -> None:
    """Once the order has another value, what was refused for the old one is no obstacle (CHG4, PAY2)."""
    assert before.change is not None
    revised = before.change.revised or (event.outcome.revised if isinstance(event, CallDone) else None)
    for kind in () if revised is None else revised.fields:
        for group in before.groups.values():
            for run in group.runs.values():
                now = after.groups[group.id].runs.get(run.step)
                if run.operation in MENDS.get(kind, ()) and run.parked and not run.may_have_effect:
                    assert now is None or now.parked is None, (
                        f"{run.step} is still refused, after another {kind} (CHG4)"
                    )
                if (kind, run.operation, run.state) == (ChangeKind.PAYMENT, Operation.AUTHORIZE, RunState.DONE):
                    assert now is None or now.key != run.key, "the payment is another, and the old one stands (PAY2)"
