"""Rules: the carrier ships a part of a request, and no more of it (ORC16)."""

from domain.process.calls import RequestShipment
from domain.process.events import CarrierFact, HoldAsked
from domain.process.words import Operation
from tests.process.course import Course
from tests.process.editing import UNIT
from tests.process.rules import YES_OR_NO, Among, Number, rule
from tests.process.splitting import next_part


def to_be_closed(course: Course) -> list[str]:
    """Requests that may be closed short: no change is open, and a part of what they ask for can be counted in units."""
    run = course.run
    state, opened = run.state, run.world.database.opened
    if opened is None or run.changing or len(run.calls) < course.patience:
        return []
    if any(line.amount != UNIT * line.quantity for line in opened.lines):
        return []
    billed = {call.group for call in run.calls if call.operation in (Operation.CAPTURE, Operation.INVOICE)}
    return [
        key
        for key in run.world.live(Operation.SHIP)
        if (group := run.world.done[key].group) not in billed and group in state.groups and _asks(course, key) > 1
        if key not in run.world.updates.updated
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
    run.ships_no_more(key, left, next_part(request.group), id_=f"f{len(course.facts)}")
    fact = run.facts[-1]
    assert isinstance(fact, CarrierFact)
    course.facts.append(fact)
    for _ in range(told - 1):
        run.feed(fact)
