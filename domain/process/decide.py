"""`decide(state, event)`: the one place where an order's next move comes from.

Pure: no clock, no randomness, no I/O. The policy is part of the state, pinned when the order was opened. The same
function runs in the workflow, in property tests and, later, in the backtest.
"""

from typing import assert_never

from domain.policy.model import Choose, Path, Step, TaskWord
from domain.process import (
    answering,
    approvals,
    changes,
    edits,
    facts,
    faults,
    holds,
    known,
    opening,
    previews,
    releases,
    remains,
    saving,
    skips,
)
from domain.process.applying import begin_anew, undo_leftovers
from domain.process.calls import Call, Undo
from domain.process.conditions import holds_for, path_now
from domain.process.draft import Draft
from domain.process.events import (
    ApproveAsked,
    Begun,
    CallDone,
    CallFailed,
    CarrierFact,
    ChangeAsked,
    Event,
    HoldAsked,
    PaymentFact,
    PreviewAsked,
    RefuseAsked,
    ReleaseAsked,
    RetryAsked,
    SkipAsked,
    TimePassed,
)
from domain.process.flow import finished, next_steps
from domain.process.outcomes import Outcome
from domain.process.read_model import Save
from domain.process.rows import row_of, save_of
from domain.process.state import ChangeMove, Decision, Flight, Group, OrderState, RunState
from domain.process.tasks import TASKS
from domain.process.tasks.wait import judge_deadline
from domain.process.words import REMOTE, Operation


def decide(state: OrderState, event: Event) -> Decision:
    """The next state and the calls to make. Every call carries what is to be saved when it is done."""
    draft = drafted(state, event)
    following, calls = _sealed(draft.state(), draft.calls, event)
    stops = tuple(dict.fromkeys(draft.stops))
    return Decision(state=following, calls=tuple(calls), stops=stops, previews=draft.previewed)


def drafted(state: OrderState, event: Event) -> Draft:
    """The draft of the state that an event leads to, with the calls as they follow from it, none of which saves yet."""
    draft = Draft(state, event.at)
    save = _save_done(state, event)
    if save is not None and save.revised == draft.unsaved_revision:
        draft.unsaved_revision = None  # before anything else: the next change begins from the saved version
        _send_postponed(draft)
    if save is not None:
        answering.saved(draft, save.answers)
    _take(draft, event)
    facts.hear_early(draft)
    changes.pursue(draft)
    if save is not None and save.revised is not None and save.revised == draft.unsaved_revision:
        draft.unsaved_revision = None  # made by this very event, as was decided in advance: the next one may begin
        changes.pursue(draft)
    facts.hear_early(draft)
    faults.resume(draft)
    _advance(draft)
    remains.take_up(draft)
    undo_leftovers(draft)
    facts.hear_early(draft)
    _take_up_line(draft)
    previews.pursue(draft)
    changes.end_approvals(draft)
    _tell_completed(draft)
    if save is not None:
        _saved(draft, save)
    return draft


def _send_postponed(draft: Draft) -> None:
    """Sends what has waited for the new version to be saved.

    A step that may not begin any more is not begun. One that was sent before and had no answer may have happened: to
    the outside it goes once it may begin again, and what is local, and does no harm, goes at once.
    """
    for call in draft.postponed:
        flight = draft.flights.get(call.key)
        if flight is None:
            continue
        begins = flight.move is None and not flight.undo and bool(call.group) and not flight.faults
        if not begins or _still_begins(draft, call):
            draft.calls.append(call)
            continue
        del draft.flights[call.key]
        run = draft.groups[call.group].runs[call.step]
        if run.unanswered is not None:
            draft.stand_by(call.group, run)
        else:
            draft.change_run(call.group, call.step, state=RunState.UNDONE, key=None, parked=None)
    draft.postponed = ()


def _still_begins(draft: Draft, call: Call) -> bool:
    """Whether the walk would begin the step of a call that was not sent yet: no change, hold or expiry came between."""
    if edits.frozen(draft, call.group):
        return False
    run = draft.groups[call.group].runs[call.step]
    draft.change_run(call.group, call.step, state=RunState.UNDONE)
    group = draft.groups[call.group]
    steps = [] if group.cancelled else next_steps(draft.process(group), group, _chooser(draft, group.id))
    begins = any(step.step == call.step and not _is_held(draft, group, step) for step in steps)
    draft.set_run(call.group, run)
    return begins


def _take_up_line(draft: Draft) -> None:
    """A resumed order takes up the changes in line once it has met all that stands, or cannot walk on."""
    if not draft.opened or not draft.waiting_changes or draft.change is not None:
        return
    draft.stuck = not known.busy(draft) and remains.all_is_known(draft)
    facts.hear_early(draft)  # what the carrier told of a request that was only now taken as it stands
    behind = known.behind(draft)
    if draft.since(releases.LEFTOVERS_AT_ONCE) or not behind:
        undo_leftovers(draft)  # what was left behind just now, also where the change goes on waiting
    if not behind:
        changes.pursue(draft)
        if draft.change is None:
            _advance(draft)


def _take(draft: Draft, event: Event) -> None:
    match event:
        case Begun():
            opening.begin(draft)
        case CallDone():
            _call_done(draft, event)
        case CallFailed():
            flight = draft.flights.pop(event.key, None)
            if flight is not None:
                faults.failed(draft, flight, event)
        case CarrierFact() | PaymentFact():
            facts.hear(draft, event)
        case ChangeAsked():
            changes.ask(draft, event)
        case PreviewAsked():
            previews.ask(draft, event)
        case RetryAsked():
            faults.retry(draft, event)
        case SkipAsked():
            skips.skip(draft, event)
        case HoldAsked():
            holds.place(draft, event)
        case ReleaseAsked():
            holds.release(draft, event)
        case ApproveAsked():
            approvals.approve(draft, event)
            changes.overtake(draft)
        case RefuseAsked():
            approvals.turn_down(draft, event)
        case TimePassed():
            _time_passed(draft)
        case _:
            assert_never(event)


def _call_done(draft: Draft, event: CallDone) -> None:
    flight = draft.flights.pop(event.key, None)
    if flight is None:
        return
    outcome = event.outcome
    if flight.move is ChangeMove.LOOK:
        previews.heard(draft, flight.call, outcome)
    elif flight.move is not None:
        edits.moved(draft, flight, outcome)
    elif flight.call.operation is Operation.OPEN and outcome.opened is None:
        faults.pause(draft, flight, outcome.words, event.at)
    elif outcome.opened is not None:
        opening.opened(draft, outcome.opened)
    elif flight.call.operation is not Operation.SAVE:
        _effect(draft, flight, outcome)


def _effect(draft: Draft, flight: Flight, outcome: Outcome) -> None:
    call = flight.call
    group = draft.groups[call.group]
    if isinstance(call.work, Undo):
        run = draft.run_with_key(group.id, call.work.of)
        assert run is not None, "undoes what no run has done"
        if outcome.refused:
            changes.undo_refused(draft, group.id, run, call, outcome)
        else:
            changes.undone(draft, group.id, run, call)
        return
    run = group.runs[call.step]
    if outcome.refused:
        run = draft.change_run(group.id, run.step, unanswered=None)
        faults.refused(draft, draft.groups[group.id], run, outcome)
    else:
        run = draft.change_run(group.id, run.step, state=RunState.DONE, parked=None, unanswered=None)
        TASKS[run.task].done(draft, draft.groups[group.id], run, outcome)


def _time_passed(draft: Draft) -> None:
    faults.resend_due(draft)
    if draft.base.imported:
        return
    approvals.judge_deadlines(draft)
    for group in list(draft.groups.values()):
        for run in group.runs.values():
            if run.state is RunState.WAITING:
                judge_deadline(draft, group.id, run, draft.wall)


def _advance(draft: Draft) -> None:
    """Begins every step that may begin now; steps without a call let the next one begin at once."""
    if not draft.opened or (draft.change is not None and draft.change.asked.is_cancel):
        return
    for group_id in draft.groups:
        if edits.frozen(draft, group_id):
            continue
        while True:
            group = draft.groups[group_id]
            steps = [] if group.cancelled else next_steps(draft.process(group), group, _chooser(draft, group_id))
            if not _begin_those(draft, group_id, steps):
                break


def _begin_those(draft: Draft, group_id: str, steps: list[Step]) -> bool:
    """Begins what may begin; whether there is more to come to, as a step is passed or one before it is done anew."""
    for step in steps:
        if known.holds_back(draft, group_id, step) or _is_held(draft, draft.groups[group_id], step):
            continue
        doubtful = known.doubtful_money(draft, draft.groups[group_id], step)
        if doubtful is not None:
            begin_anew(draft, group_id, doubtful)
            return True
        _begin(draft, draft.groups[group_id], step)
    return any(_passed(draft, group_id, step) for step in steps)


def _is_held(draft: Draft, group: Group, step: Step) -> bool:
    if step.do is TaskWord.SHIP and draft.since(releases.KNOWN_IS_CAUGHT_UP) and _may_ship_already(group):
        return True
    return holds.keeps_back(draft, group, step) and not known.catches_up(draft, group.id, step)


def _may_ship_already(group: Group) -> bool:
    """Whether an earlier request is still to be cancelled: a line has one live request at most (I12)."""
    return any(run.operation is Operation.SHIP and run.state is RunState.UNDOING for run in group.past)


def _passed(draft: Draft, group_id: str, step: Step) -> bool:
    run = draft.groups[group_id].runs.get(step.step)
    return run is not None and run.passed


def _chooser(draft: Draft, group_id: str):  # type: ignore[no-untyped-def]
    def chosen(choose: Choose) -> Path:
        group = draft.groups[group_id]
        if choose.choose in group.choices:
            name = group.choices[choose.choose]
            return next(path for path in choose.paths if path.path == name)
        path = path_now(draft, group, choose)
        draft.put(group.model_copy(update={"choices": group.choices | {choose.choose: path.path}}))
        because = "no other path's condition is true" if path.otherwise else f"{path.when} is true"
        draft.tell(
            f"chosen/{group_id}/{choose.choose}/r{draft.revision}",
            "path.chosen",
            f"Takes the path {path.path.replace('_', ' ')} at {choose.choose.replace('_', ' ')}.",
            why=because,
        )
        return path

    return chosen


def _begin(draft: Draft, group: Group, step: Step) -> None:
    if step.when is not None and not holds_for(draft, group, step.when):
        draft.skip(group, step)
    else:
        TASKS[step.do].begin(draft, group, step)


# ---- saving ----------------------------------------------------------------------------------------


def _tell_completed(draft: Draft) -> None:
    """Told by the decision that completes the order, and by no later one."""
    if _complete(draft) and not _complete(draft.base):
        draft.tell("completed", "order.completed", "Completed: all of it shipped and invoiced.")


def _complete(order: Draft | OrderState) -> bool:
    groups = [group for group in order.groups.values() if not group.cancelled]
    if not groups or order.change is not None or order.policy is None:
        return False
    if any(group.leftovers() for group in order.groups.values()):
        return False
    return all(finished(order.policy.processes[group.process], group) for group in groups)


def _save_done(state: OrderState, event: Event) -> Save | None:
    """What was written by the call that this event reports as done."""
    if not isinstance(event, CallDone) or event.outcome.refused or event.key not in state.flights:
        return None
    return state.flights[event.key].call.save


def _saved(draft: Draft, save: Save) -> None:
    keys = {event.key for event in save.events}
    answering.saved(draft, save.answers)
    draft.events = [event for event in draft.events if event.key not in keys]
    if save.version > draft.saved_version:
        draft.saved_row, draft.saved_version = save.row, save.version


def _sealed(state: OrderState, calls: list[Call], event: Event) -> tuple[OrderState, list[Call]]:
    """Gives a lone call the save of the state it leads to; with no call on its way, saves what is unsaved.

    One transaction for effect and read model needs the state after the call before it is made. The decider is
    pure, so it can say: it decides the call's success in advance. Where several calls are on their way, none
    carries a save, and the read model is written when they have all come back.
    """
    if state.flights:
        lone = len(state.flights) == 1 and len(calls) == 1 and calls[0].operation not in saving.TELLING
        if lone and not saving.approval_goes_first(state):
            save = _save_after(state, calls[0], event)
            if not saving.may_be_overtaken(state, save) and (save.revised is None or calls[0].operation not in REMOTE):
                call = calls[0].model_copy(update={"save": save})
                flight = state.flights[call.key].model_copy(update={"call": call})
                state, calls = state.model_copy(update={"flights": {call.key: flight}}), [call]
        return saving.with_revision(state, calls)
    if not state.groups:
        return state, calls
    row = row_of(state)
    if state.unsaved_events or state.unsaved_answers or state.unsaved_revision or row != state.saved_row:
        return saving.with_all(state, None if state.finished else row)
    closed = row.finished and state.change is None
    return state.model_copy(update={"finished": closed}), calls


def _save_after(state: OrderState, call: Call, event: Event) -> Save:
    # A call that is sent again has an older save with it; what that would have written is not written yet.
    flight = state.flights[call.key].model_copy(update={"call": call.model_copy(update={"save": None})})
    unsaved = state.model_copy(update={"flights": {call.key: flight}})
    done = CallDone(key=call.key, outcome=Outcome(at=call.at), at=event.at)
    return save_of(drafted(unsaved, done).state())
