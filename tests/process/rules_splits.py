"""Rules: the carrier ships a part of a request, and no more of it (ORC16)."""

from domain.process.calls import RequestShipment
from domain.process.events import CarrierFact, HoldAsked
from domain.process.words import Operation
from tests.process.course import Course
from tests.process.editing import UNIT
from tests.process.rules import YES_OR_NO, Among, Number, rule


def to_be_closed(course: Course) -> list[str]:
    """Requests that may be closed short: no change is open, and a part of what they ask for can be counted in units.

    An edit is open until its answer is saved: an order that is lost before that has it in line again once resumed.
    """
    run = course.run
    state, opened = run.state, run.world.database.opened
    changing = state.change is not None and state.change.asked.is_edit
    unsaved = any(given.kind == "edit" for given in state.unsaved_answers)
    if opened is None or changing or unsaved or state.waiting_changes or state.pending or state.previews:
        return []
    if len(run.calls) < course.patience or state.revision != run.world.database.revision:
        return []
    if any(line.amount != UNIT * line.quantity for line in opened.lines):
        return []
    billed = {call.group for call in run.calls if call.operation in (Operation.CAPTURE, Operation.INVOICE)}
    return [
        key
        for key in run.world.live(Operation.SHIP)
        if (group := run.world.done[key].group) not in billed and group in state.groups and _asks(course, key) > 1
    ]


def _asks(course: Course, key: str) -> int:
    return sum(course.run.world.asked_to_leave(course.run.world.done[key]).values())


@rule(
    weight=3,
    when=to_be_closed,
    which=Number(0, 5),
    line=Number(0, 3),
    units=Number(1, 3),
    told=Among(1, 2),
    held=YES_OR_NO,
)
def ships_no_more(course: Course, which: int, line: int, units: int, told: int, held: bool) -> None:
    """Some units of one line have left, beside those of which the carrier told before; it closes the request.

    It may tell so twice, also while a hold keeps what has left from being billed.
    """
    run, requests = course.run, to_be_closed(course)
    key = requests[which % len(requests)]
    request = run.world.done[key]
    assert isinstance(request.work, RequestShipment)
    asked, left = request.work.lines, dict(run.world.shipped.get(key, {}))
    number = sorted(asked)[line % len(asked)]
    left[number] = max(left.get(number, 0), min(units, asked[number]))
    if all(left.get(one, 0) >= some for one, some in asked.items()):
        return  # nothing is left over
    left = {one: some for one, some in left.items() if some}
    if held:
        run.feed(HoldAsked(id=f"s{len(course.facts)}", code="credit", reason="over the limit", at=run.at))
    first, _, n = request.group.partition(".")
    run.ships_no_more(key, left, f"{first}.{int(n or 1) + 1}", id_=f"f{len(course.facts)}")
    fact = run.facts[-1]
    assert isinstance(fact, CarrierFact)
    course.facts.append(fact)
    for _ in range(told - 1):
        run.feed(fact)
