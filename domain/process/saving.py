"""What is saved by itself and what with another call, and what has to wait for it (design rule 9, CHG10, CHG14)."""

from domain.process import approvals, releases
from domain.process.calls import Call, SaveOrder
from domain.process.read_model import ChangeAnswer, OrderRow, Save
from domain.process.rows import save_of
from domain.process.state import Flight, OrderState
from domain.process.words import REMOTE, ChangeOutcome, Operation

TELLING = frozenset({Operation.OPEN, Operation.SAVE, Operation.REVISE, Operation.INQUIRE, Operation.CHECK})
"""Calls whose success cannot be decided in advance, for it is their answer that counts; and the save itself."""


def may_be_overtaken(state: OrderState, save: Save) -> bool:
    """Whether the save would answer what may still come to something else while its call is on the way.

    That is an edit that a cancel goes before (CHG12), a change that a person may yet agree to or turn down (CHG10), one
    whose preview is stale, as another change makes the new one stale too (CHG13), and one that stands in line.
    """
    change = state.change
    edit = change is not None and change.asked.is_edit and change.asked.change_id
    waits = {one.asked.change_id for one in state.pending}
    return any(
        given.change_id == edit
        or (given.change_id in waits and given.outcome is ChangeOutcome.REFUSED)
        or _is_still_to_come(state, given)
        for given in save.answers
    )


def _is_still_to_come(state: OrderState, given: ChangeAnswer) -> bool:
    """Whether it answers a change that is in line, or of which the order still works on a new preview."""
    if state.release < releases.ANSWERS_IN_TURN:
        return False
    anew = [preview.asked for preview in state.previews if preview.instead]
    return any(asked.change_id == given.change_id for asked in (*state.waiting_changes, *anew))


def approval_goes_first(state: OrderState) -> bool:
    """Whether an approval is saved beside the call that is about to be made: two saves would have one version (I8)."""
    return state.release >= releases.APPROVAL_IS_SAVED_FIRST and bool(approvals.unsaved(state))


def with_revision(state: OrderState, calls: list[Call]) -> tuple[OrderState, list[Call]]:
    """A new version of the order is saved at once: whoever got the answer reads what it says (CHG14)."""
    if state.unsaved_revision is None:
        return _with_approval(state, calls)
    saving = {flight.call.key for flight in state.flights.values() if _saves_revision(state, flight.call)}
    if state.release >= releases.VERSION_IS_SAVED_FIRST:
        waiting = tuple(call for call in calls if call.key not in saving)
        state = state.model_copy(update={"postponed": (*state.postponed, *waiting)})
        calls = [call for call in calls if call.key in saving]
    if saving:
        return state, calls
    state, save = with_all(state)
    return state, [*calls, *save]


def _with_approval(state: OrderState, calls: list[Call]) -> tuple[OrderState, list[Call]]:
    """What a person agreed to is saved before it is begun: a resumed order asks nobody twice (CHG10)."""
    saving = [flight.call.save for flight in state.flights.values() if flight.call.operation is Operation.SAVE]
    missing = approvals.unsaved(state) - {given.change_id for save in saving if save for given in save.answers}
    if not missing:
        return state, calls
    state, save = with_all(state)
    return state, [*calls, *save]


def _saves_revision(state: OrderState, call: Call) -> bool:
    return call.operation not in REMOTE and call.save is not None and call.save.revised == state.unsaved_revision


def with_all(state: OrderState, row: OrderRow | None = None) -> tuple[OrderState, list[Call]]:
    """Saves all that is not saved, by a call of its own; `row` is that of the state, where it is known."""
    # One version more than any state that a call's save may have been written for in advance.
    state = state.model_copy(update={"version": state.version + 1, "finished": False})
    call = Call(
        key=f"{state.number}/save/v{state.version}",
        order=state.number,
        revision=state.revision,
        at=state.clock,
        work=SaveOrder(),
        save=save_of(state, row),
        summary="save the order's state",
    )
    return state.model_copy(update={"flights": state.flights | {call.key: Flight(call=call)}}), [call]
