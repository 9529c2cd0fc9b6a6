"""Rules: what is to be paid, or by what, changes while it is open whether there is any money."""

from domain.policy.model import TaskWord
from domain.process.calls import Call
from domain.process.words import ChangeKind, Operation
from tests.process.course import Course
from tests.process.editing import Edit
from tests.process.rules import YES_OR_NO, Among, Number, rule
from tests.process.rules_outside import remember
from tests.process.rules_people import edit_of, skip


@rule(
    when=lambda course: (
        course.whole
        and any(
            run.task is TaskWord.AUTHORIZE and not run.passed
            for group in course.run.state.groups.values()
            for run in group.runs.values()
        )
    ),
    what=Among("price", "price", "payment"),
    which=Number(0, 9),
    more=Number(1, 4),
)
def change_of_open_money(course: Course, what: str, which: int, more: int) -> None:
    """A change of what is to be paid or by what, while the answer about the money is still to come, or was no."""
    course.run.edit(edit_of(course, what, "", which, more), f"e{course.number}")


@rule(weight=6, when=lambda course: _requests(course) and course.run.world.held(), which=Number(0, 3), effect=YES_OR_NO)
def money_is_over_when_it_is_asked_again(course: Course, which: int, effect: bool) -> None:
    """The carrier does not answer, the money behind the request lapses, and an operator tries again (I7)."""
    run = course.run
    requests = _requests(course)
    request = requests[which % len(requests)]
    run.finish(request, fault=True, effect=effect)
    held = sorted(run.world.held(request.group))
    if held:
        run.expire(held[0])
        remember(course)
    run.retry()


@rule(
    weight=6,
    when=lambda course: _captures(course),
    which=Number(0, 3),
    fails=Among("no", "no answer", "no answer, but done"),
    then=Among("skip", "skip", "retry", ""),
)
def capture_goes_wrong(course: Course, which: int, fails: str, then: str) -> None:
    """Money cannot be taken, or nobody knows whether it was, and a person goes on without it or tries again."""
    run, captures = course.run, _captures(course)
    call = captures[which % len(captures)]
    run.finish(
        call,
        refuse="capture_refused" if fails == "no" else None,
        fault=fails != "no",
        effect=fails == "no answer, but done",
    )
    if then == "skip":
        skip(course, call.step, call.group)
    elif then == "retry":
        run.retry()


@rule(weight=8, when=lambda course: _captures(course), which=Number(0, 3), times=Number(1, 3))
def capture_of_lapsed_money(course: Course, which: int, times: int) -> None:
    """The money lapsed, and the provider told nobody before it was to be taken; so does what is held instead (PAY2)."""
    run, captures = course.run, _captures(course)
    group = captures[which % len(captures)].group
    for _ in range(times):
        run.world.expired |= run.world.held(group)
        for operation in (Operation.CAPTURE, Operation.AUTHORIZE):
            for call in [one for one in run.pending if (one.group, one.operation) == (group, operation)]:
                run.finish(call)


@rule(
    weight=4,
    when=lambda course: course.whole and _authorizations(course),
    which=Number(0, 3),
    effect=YES_OR_NO,
    what=Among("price", "price", "up", "payment"),
    more=Number(1, 4),
    then=Number(0, 6),
)
def authorization_goes_wrong(course: Course, which: int, effect: bool, what: str, more: int, then: int) -> None:
    """Nobody knows whether the money is held; its group comes to another sum before it is tried again (PAY2)."""
    run, calls = course.run, _authorizations(course)
    call, opened = calls[which % len(calls)], course.run.world.database.opened
    run.finish(call, fault=True, effect=effect)
    lines = [] if opened is None else [n for n, line in enumerate(opened.lines) if line.group == call.group]
    run.edit(edit_of(course, what, "", lines[0] if lines else 0, more), f"e{course.number}")
    for _ in range(then):
        if run.pending:
            run.finish(run.pending[0])
    run.retry()


def _authorizations(course: Course) -> list[Call]:
    return [call for call in course.run.pending if call.operation is Operation.AUTHORIZE]


@rule(weight=1, when=lambda course: course.whole and course.run.world.database.opened, then=Number(0, 6))
def another_card(course: Course, then: int) -> None:
    """The customer gives another card, or a card in place of terms; nothing else changes (PAY2)."""
    run = course.run
    run.edit(Edit(fields={ChangeKind.PAYMENT: "card"}), f"e{course.number}")
    for call in run.pending[:then]:
        run.finish(call)


def _captures(course: Course) -> list[Call]:
    return [call for call in course.run.pending if call.operation is Operation.CAPTURE]


def _requests(course: Course) -> list[Call]:
    return [call for call in course.run.pending if call.operation is Operation.SHIP]
