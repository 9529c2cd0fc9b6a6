"""What must be true of an answer that says `partly` (CHG10, CHG14)."""

from collections import Counter

from domain.policy.model import CancelRefused
from domain.process.draft import Draft
from domain.process.events import CallDone, Event
from domain.process.read_model import ChangeAnswer
from domain.process.state import OrderState
from domain.process.words import ChangeOutcome, Operation


def is_true(before: OrderState, event: Event, after: OrderState) -> None:
    """Every answer that this decision gave names just what was not done, and that was not touched."""
    for change_id in after.answers.keys() - before.answers.keys():
        given = after.answers[change_id]
        if given.outcome is ChangeOutcome.PARTLY:
            _done_in_part(before, event, after, given)
        else:
            assert not given.not_done, f"{change_id} is not partly done, and names what is not (CHG14)"


def _done_in_part(before: OrderState, event: Event, after: OrderState, given: ChangeAnswer) -> None:
    assert before.policy is not None
    assert before.policy.change.when_cancel_is_refused is CancelRefused.APPLY_TO_THE_REST
    assert given.revision == after.revision == before.revision + 1, "done in part, and no new version (I8)"
    assert given.not_done, "partly done, and nothing is missing (CHG14)"
    change = before.change
    assert change is not None
    assert change.asked.token is None, "a change with a token is done in part (I14)"
    if change.cancels_rest:
        _cancelled_in_part(before, event, after, given)
        return
    named = {one.line for one in given.not_done if one.line is not None}
    for number in named:
        was, now = before.lines.get(number), after.lines.get(number)
        same = was is now is None or (
            was and now and (was.sku, was.quantity, was.amount) == (now.sku, now.quantity, now.amount)
        )
        assert same, f"line {number} is half changed (CHG10)"
    revised = (event.outcome.revised if isinstance(event, CallDone) else None) or change.revised
    assert revised is not None
    assert not named & {one.number for one in revised.lines}, "a line is changed, and is not (CHG10)"
    assert revised.lines or revised.fields, "partly done, and nothing was (CHG14)"
    for group_id in change.held_fast:
        _is_the_same_request(before, after, group_id)


def _cancelled_in_part(before: OrderState, event: Event, after: OrderState, given: ChangeAnswer) -> None:
    """What the carrier keeps goes on as it is, all else is cancelled, and the answer says of each line which."""
    change = before.change
    assert change is not None
    assert (given.kind, given.code) == ("cancel", "cancelled_in_part")
    was, now = Draft(before, event.at), Draft(after, event.at)
    kept: set[int] = set()
    for group in before.groups.values():
        if group.cancelled:
            continue
        later = after.groups[group.id]
        if group.id in change.held_fast:
            units = Counter(now.quantities(later))
            for one in after.groups.values():  # what has left is split off meanwhile (ORC16)
                if one.id not in before.groups and _root(one.id) == _root(group.id):
                    units += Counter(now.quantities(one))
            assert was.quantities(group) == units, f"group {group.id} is kept, and is another"
            assert not later.cancelled, f"group {group.id} is kept, and is cancelled"
            kept |= {*group.lines}
            _is_the_same_request(before, after, group.id)
        else:
            assert later.cancelled, f"group {group.id} is given back, and goes on"
            assert not later.lines, f"group {group.id} is given back, and has lines"
    assert {one.line for one in given.not_done} == kept, "the answer does not name what goes on (CHG14)"


def _root(group_id: str) -> str:
    return group_id.partition(".")[0]


def _is_the_same_request(before: OrderState, after: OrderState, group_id: str) -> None:
    keys = [
        {one.key for one in state.groups[group_id].runs.values() if one.operation is Operation.SHIP}
        for state in (before, after)
    ]
    assert keys[0] == keys[1], f"the request of group {group_id} was kept, and is another (I12)"
