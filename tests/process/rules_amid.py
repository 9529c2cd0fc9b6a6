"""Rules: one thing comes in the middle of another, which chance alone brings together too seldom."""

from datetime import timedelta
from typing import Any

from domain.policy.model import CancelRefused
from domain.process.calls import Call, Undo
from domain.process.events import HoldAsked
from domain.process.holds import refusal as hold_refusal
from domain.process.words import REMOTE, Operation
from tests.process.course import Course
from tests.process.rules import YES_OR_NO, Among, Number, rule
from tests.process.rules_outside import can_be_resumed, carrier_gets_on, remember, workflow_lost
from tests.process.rules_people import WHAT, edit_of, look_and_change, whole
from tests.process.runner import Run
from tests.process.updating import FEWER_IN_PLACE

MOST_ANSWERS = 8
"""How many changes of an order are answered before nobody cancels it any more."""
MOST = 30
"""How many calls of a change are answered before it is left alone."""


@rule(
    when=lambda course: course.whole and len(course.run.calls) >= course.patience,
    then=Number(0, 12),
    another=YES_OR_NO,
    **WHAT,
)
def cancel_amid_a_change(course: Course, then: int, another: bool, **what: Any) -> None:
    """A cancel pre-empts a change, at whatever point that has come to, and what waits in line behind it (CHG12)."""
    run, change_id = course.run, f"e{course.number}"
    run.edit(edit_of(course, **what), change_id)
    for _ in range(then):
        if run.pending:
            run.finish(run.pending[0])
    if another:
        run.edit(edit_of(course, **what), f"{change_id}b")
    run.cancel(f"{change_id}c")


def _has_two_requests(course: Course) -> bool:
    run = course.run
    to_the_rest = run.world.cancel_refused is CancelRefused.APPLY_TO_THE_REST
    if not to_the_rest or len(run.calls) < course.patience or len(run.state.answers) >= MOST_ANSWERS:
        return False
    return len(run.world.live(Operation.SHIP)) > 1


@rule(
    weight=24,
    when=_has_two_requests,
    keeps=Number(1, 6),
    then=Among(1, 2, 3, 4, 5, 6, 9, 14),
    fails=Among("", "", "", "no", "no answer"),
    behind=Among("", "", "", "up", "cancel", "cancel all"),
)
def cancel_of_which_a_part_is_kept(course: Course, keeps: int, then: int, fails: str, behind: str) -> None:
    """The carrier keeps the requests of some groups, and the rest is cancelled; others ask for more meanwhile (CHG10).

    Then another group bears the charges, and its money may be refused.
    """
    run = course.run
    change_id = f"e{course.number}c{len(run.calls)}"
    run.cancel(change_id)
    for n in range(then):
        if not run.pending:
            break
        call = run.pending[0]
        if call.operation is Operation.CANCEL_SHIPMENT and keeps >> int(call.group[0]) % 3 & 1:
            run.finish(call, refuse="too_late")
        elif call.operation is Operation.AUTHORIZE and fails:
            run.finish(call, refuse="declined" if fails == "no" else None, fault=fails != "no")
        else:
            run.finish(call)
        if n == then // 2 and behind == "cancel all":
            run.cancel(f"{change_id}b")
        elif n == then // 2 and behind and course.whole:
            run.edit(edit_of(course, behind, "", n, 1), f"e{course.number}")


@rule(
    weight=6,
    when=lambda course: _undos(course) and len(course.run.calls) >= course.patience,
    which=Number(0, 3),
    effect=YES_OR_NO,
    refused=YES_OR_NO,
)
def cancel_beside_a_failed_undo(course: Course, which: int, effect: bool, refused: bool) -> None:
    """What a change left to be undone waits for a person when the order is cancelled (CHG9, I2)."""
    run, undos = course.run, _undos(course)
    call = undos[which % len(undos)]
    if refused and call.operation is Operation.VOID:
        run.finish(call, refuse="not_voidable")
    else:
        run.finish(call, fault=True, effect=effect)
    run.cancel(f"e{course.number}c")


def _undos(course: Course) -> list[Call]:
    return [call for call in course.run.pending if isinstance(call.work, Undo)]


@rule(
    weight=1,
    when=lambda course: any(call.operation in REMOTE and call.group for call in course.run.pending),
    which=Number(0, 5),
    effect=YES_OR_NO,
)
def held_when_it_is_tried_again(course: Course, which: int, effect: bool) -> None:
    """A call had no answer; before an operator has it tried again, another puts the order on hold (CAP9)."""
    run = course.run
    calls = [call for call in run.pending if call.operation in REMOTE and call.group]
    run.finish(calls[which % len(calls)], fault=True, effect=effect)
    asked = HoldAsked(id=f"t{len(run.calls)}", code="credit", reason="over the limit", at=run.at)
    if hold_refusal(run.state, asked) is None:
        run.feed(asked)
    run.retry()


@rule(weight=4, when=lambda course: course.run.state.pending)
def nobody_agrees(course: Course) -> None:
    """A change waits to be approved until its time is over (CHG10)."""
    course.run.pass_time(timedelta(days=1, seconds=61))


@rule(
    when=whole,
    what=Among("add", "move", "move"),
    which=Number(0, 9),
    more=Number(1, 4),
    fails=Among("", "no", "no answer"),
    again=YES_OR_NO,
)
def change_that_founds(course: Course, what: str, which: int, more: int, fails: str, again: bool) -> None:
    """What is added, or moves, may found a group; its money is refused, and the same is asked for once more (CHG8)."""
    run, edit = course.run, edit_of(course, what, "", which, more)
    for change_id in [f"e{course.number}", f"e{course.number}b"][: 1 + again]:
        run.edit(edit, change_id)
        for _ in range(MOST):
            if not run.pending or (run.state.change is None and not run.state.waiting_changes):
                break
            call = run.pending[0]
            if fails and _is_for_a_group_to_come(course, call):
                run.finish(call, refuse="declined" if fails == "no" else None, fault=fails != "no")
                fails = ""
            else:
                run.finish(call)


def _is_for_a_group_to_come(course: Course, call: Call) -> bool:
    group = course.run.state.groups.get(call.group)
    return group is not None and group.planned and call.operation is Operation.AUTHORIZE


@rule(
    weight=4,
    when=lambda course: course.whole and course.run.world.live(Operation.SHIP),
    request=Number(0, 5),
    what=Among("down", "item", "cancel", "close"),
    which=Number(0, 9),
    more=Number(1, 4),
)
def changed_once_picked(course: Course, request: int, what: str, which: int, more: int) -> None:
    """The goods are off the shelf when the customer wants less, or something else (CHG5)."""
    run = course.run
    requests = run.world.live(Operation.SHIP)
    run.carrier("picked", requests[request % len(requests)], id_=f"f{len(course.facts)}")
    remember(course)
    run.edit(edit_of(course, what, "", which, more), f"e{course.number}")


def _takes_fewer(course: Course) -> bool:
    run = course.run
    at_rest = run.state.change is None and run.world.live(Operation.SHIP)
    return course.whole and run.world.rules is FEWER_IN_PLACE and bool(at_rest)


@rule(
    weight=5,
    when=_takes_fewer,
    what=Among("down", "down", "cancel"),
    also=Among("", "", "ship_method", "down"),
    which=Number(0, 9),
    more=Number(1, 4),
    then=Number(0, 8),
    lost=Among("", "", "", "amid", "kept"),
)
def fewer_in_place(course: Course, what: str, also: str, which: int, more: int, then: int, lost: str) -> None:
    """The customer wants less of what the carrier has, which takes updates (CHG7).

    The workflow may be lost amid an update of which it has not heard, and the carrier then give nothing back.
    """
    run = course.run
    run.world.updates.able = True
    run.edit(edit_of(course, what, also, which, more), f"e{course.number}")
    for _ in range(MOST if lost else then):
        if run.pending and not (lost and run.pending[0].operation is Operation.UPDATE_SHIPMENT):
            run.finish(run.pending[0])
    if lost and run.pending and can_be_resumed(course):
        if lost == "kept":
            run.world.answer(run.pending[0])
            carrier_gets_on(course, which, "picked")
        workflow_lost(course, arrived=1 + then % 2, entered=more % 2)
        if lost == "kept":
            _gives_nothing_back(course.run)


def _gives_nothing_back(run: Run) -> None:
    for _ in range(MOST):
        if run.pending:
            keeps = run.pending[0].operation is Operation.CANCEL_SHIPMENT
            run.finish(run.pending[0], refuse="too_late" if keeps else None)


@rule(when=lambda course: course.whole and course.run.world.database.opened, then=Number(0, 8))
def first_group_is_closed(course: Course, then: int) -> None:
    """Nothing is left in the group that bears the charges: the next one bears them (PAY2)."""
    run = course.run
    run.edit(edit_of(course, "close", "", 0, 1), f"e{course.number}")
    for call in run.pending[:then]:
        run.finish(call)


@rule(
    weight=6,
    when=lambda course: course.whole and any(call.operation is Operation.SHIP for call in course.run.pending),
    which=Number(0, 3),
    what=Among("ship_method", "ship_method", "up"),
    more=Number(1, 4),
)
def method_is_mended(course: Course, which: int, what: str, more: int) -> None:
    """The carrier has no such method, and the customer takes another (CHG4)."""
    run = course.run
    requests = [call for call in run.pending if call.operation is Operation.SHIP]
    run.finish(requests[which % len(requests)], refuse="no_such_method")
    run.edit(edit_of(course, what, "", which, more), f"e{course.number}")


@rule(
    weight=4,
    when=lambda course: course.whole and course.rests,
    what=Among("item", "move", "move"),
    which=Number(0, 9),
    more=Number(1, 4),
)
def look_where_stock_is_short(course: Course, what: str, which: int, more: int) -> None:
    """A preview says as well as the change that there is not enough of it (CHG13, I14)."""
    look_and_change(course, stale=False, what=what, also="up", which=which, more=more)
