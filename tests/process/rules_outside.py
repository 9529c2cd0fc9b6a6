"""Rules: calls come back, the carrier and the payment provider tell of things, time passes."""

from datetime import timedelta

from domain.process.calls import Call
from domain.process.events import Begun, CallDone, CarrierFact, PaymentFact
from domain.process.outcomes import Outcome
from domain.process.rows import row_of
from domain.process.state import RunState
from domain.process.words import REMOTE, Operation
from tests.process.begun_anew import resumed
from tests.process.course import Course
from tests.process.rules import YES_OR_NO, Among, Number, rule
from tests.process.runner import NUMBER

REFUSALS = {
    Operation.RESERVE: ("out_of_stock",),
    Operation.AUTHORIZE: ("declined", "do_not_honor"),
    Operation.SHIP: ("no_such_method",),
    Operation.CAPTURE: ("capture_refused",),
    Operation.CANCEL_SHIPMENT: ("too_late",),
    Operation.UPDATE_SHIPMENT: ("too_late", "no_such_street"),
    Operation.VOID: ("not_voidable",),
    Operation.REVISE: ("below_shipped", "no_price"),
}
STATUSES = ("released", "picked", "packed", "shipped", "delivered", "lost", "whatever")
STRANGE = (f"{NUMBER}/ship/1/r1/request_shipment/7", "O-2/ship/1/r1/request_shipment/1", "")


def pending(course: Course) -> bool:
    return bool(course.run.pending)


def requested(course: Course) -> bool:
    return bool(course.run.world.live(Operation.SHIP))


# ---- calls come back ---------------------------------------------------------------------------------


@rule(weight=14, when=pending, times=Number(1, 5))
def in_turn(course: Course, times: int) -> None:
    for _ in range(times):
        if course.run.pending:
            course.run.finish(course.run.pending[0])


@rule(weight=4, when=pending, which=Number(0, 5), times=Number(1, 4))
def out_of_turn(course: Course, which: int, times: int) -> None:
    for _ in range(times):
        if course.run.pending:
            course.run.finish(course.run.pending[which % len(course.run.pending)])


@rule(weight=4, when=pending)
def all_come_back(course: Course) -> None:
    course.run.settle()


@rule(
    when=lambda course: any(call.operation in REFUSALS for call in course.run.pending),
    which=Number(0, 5),
    code=Number(0, 1),
)
def refused(course: Course, which: int, code: int) -> None:
    calls = [call for call in course.run.pending if call.operation in REFUSALS]
    call = calls[which % len(calls)]
    codes = REFUSALS[call.operation]
    course.run.finish(call, refuse=codes[code % len(codes)])


@rule(weight=3, when=pending, which=Number(0, 5), effect=YES_OR_NO)
def fault(course: Course, which: int, effect: bool) -> None:
    course.run.finish(course.run.pending[which % len(course.run.pending)], fault=True, effect=effect)


def money(course: Course) -> list[Call]:
    return [call for call in course.run.pending if call.operation in (Operation.AUTHORIZE, Operation.CAPTURE)]


@rule(weight=3, when=money, which=Number(0, 5), effect=YES_OR_NO)
def fault_about_money(course: Course, which: int, effect: bool) -> None:
    """The payment provider does not answer; the money may be held, or taken, all the same."""
    calls = money(course)
    course.run.finish(calls[which % len(calls)], fault=True, effect=effect)


@rule(weight=1, when=lambda course: course.run.world.done, which=Number(0, 50))
def told_twice(course: Course, which: int) -> None:
    """A result that was taken in long ago, and the start."""
    run = course.run
    keys = [call.key for call in run.calls if call.key not in run.state.flights]
    if keys:
        run.feed(CallDone(key=keys[which % len(keys)], outcome=Outcome(ref="late"), at=run.at))
    run.feed(Begun(at=run.at))
    assert len(run.pending) == len(run.state.flights) - course.resting - len(run.state.postponed)


# ---- facts -------------------------------------------------------------------------------------------


@rule(when=requested, which=Number(0, 5), status=Among(*STATUSES), part=Among(None, 1, 2))
def carrier(course: Course, which: int, status: str, part: int | None) -> None:
    """Of a request that the carrier has, in any order, possibly of a part of it or before its own answer came."""
    run, requests = course.run, course.run.world.live(Operation.SHIP)
    if status in ("shipped", "delivered") and len(run.calls) < course.patience:
        return
    key = requests[which % len(requests)]
    lines = None
    if part is not None:
        asked = sorted(run.world.done[key].work.lines)  # type: ignore[union-attr]
        lines = {asked[part % len(asked)]: 1}
    run.carrier(status, key, lines, id_=f"f{len(course.facts)}")
    remember(course)


@rule(weight=3, when=requested, which=Number(0, 5), to=Among("picked", "shipped", "shipped", "delivered"))
def carrier_gets_on(course: Course, which: int, to: str) -> None:
    """The whole request moves."""
    requests = course.run.world.live(Operation.SHIP)
    if to != "picked" and len(course.run.calls) < course.patience:
        return
    course.run.carrier(to, requests[which % len(requests)], id_=f"f{len(course.facts)}")
    remember(course)


@rule(
    weight=3,
    when=lambda course: requested(course) and len(course.run.calls) >= course.patience,
    which=Number(0, 5),
    whole=Number(0, 3),
    line=Number(0, 3),
    units=Number(0, 3),
    to=Among("shipped", "shipped", "shipped", "delivered"),
)
def parcel_leaves(course: Course, which: int, whole: int, line: int, units: int, to: str) -> None:
    """One parcel of several: some lines in full, and so many units of another, be it less than was told before."""
    requests = course.run.world.live(Operation.SHIP)
    key = requests[which % len(requests)]
    asked = dict(sorted(course.run.world.done[key].work.lines.items()))  # type: ignore[union-attr]
    numbers = list(asked)
    lines = {number: asked[number] for number in numbers[:whole]}
    number = numbers[line % len(numbers)]
    lines[number] = min(units, asked[number])
    course.run.carrier(to, key, {n: some for n, some in lines.items() if some} or None, id_=f"f{len(course.facts)}")
    remember(course)


@rule(able=Among(True, True, True, False), relabels=YES_OR_NO)
def carrier_takes_updates(course: Course, able: bool, relabels: bool) -> None:
    """From now on the carrier can update a request in place, also once it is picked, or cannot any more."""
    course.run.world.updates.able, course.run.world.updates.relabels = able, able and relabels


@rule(weight=1, key=Among(*STRANGE))
def unknown_request(course: Course, key: str) -> None:
    run = course.run
    before = row_of(run.state) if run.state.groups else None
    run.feed(CarrierFact(id="u", request_key=key, status="shipped", at=run.at))
    run.feed(PaymentFact(id="u", authorization=key, status="expired", at=run.at))
    assert before is None or row_of(run.state) == before


@rule(when=lambda course: course.run.world.held(), which=Number(0, 5), told=YES_OR_NO, hurry=Among(False, False, True))
def expires(course: Course, which: int, told: bool, hurry: bool) -> None:
    """The life of an authorization is over; the provider says so, or does not. An operator may try again at once."""
    world = course.run.world
    captured = {work.authorization for work in world.captured().values()}
    held = sorted(world.held() - captured)
    if held and told:
        course.run.expire(held[which % len(held)])
        remember(course)
    elif held:
        world.expired.add(held[which % len(held)])
    if hurry:
        course.run.retry()


@rule(weight=10, when=lambda course: _captures(course) and course.run.world.held(), then=YES_OR_NO)
def expires_beside_its_capture(course: Course, then: bool) -> None:
    """An authorization is over, and that is told, while its capture is on its way; a new one may be answered first."""
    run = course.run
    asked = {call.work.authorization for call in _captures(course)}  # type: ignore[union-attr]
    taken = {work.authorization for work in run.world.captured().values()}
    over = sorted((asked & run.world.held()) - taken)
    if not over:
        return
    run.expire(over[0])
    remember(course)
    for call in [call for call in run.pending if call.operation is Operation.AUTHORIZE and then]:
        run.finish(call)
    for call in [call for call in _captures(course) if then and call.work.authorization == over[0]]:  # type: ignore[union-attr]
        run.finish(call)


def _captures(course: Course) -> list[Call]:
    return [call for call in course.run.pending if call.operation is Operation.CAPTURE]


@rule(weight=1, short=YES_OR_NO)
def money_is_hard_to_keep(course: Course, short: bool) -> None:
    """From now on the provider lets an authorization go as soon as it has given it, or no longer does so."""
    course.run.world.short_lived = short


def _standing(course: Course) -> set[str]:
    """The authorizations that the order relies on, and of which nothing was captured."""
    captured = {work.authorization for work in course.run.world.captured().values()}
    runs = (run for group in course.run.state.groups.values() for run in group.runs.values())
    return {run.key for run in runs if run.key is not None and run.state is RunState.DONE} - captured


@rule(when=lambda course: course.facts, which=Number(0, 50))
def fact_again(course: Course, which: int) -> None:
    """The second time a fact changes nothing, unless it is still unheard.

    That an authorization expired beside its capture is left to the answer to the capture; where that says something
    else, it is heard the second time.
    """
    run, fact = course.run, course.facts[which % len(course.facts)]
    calls, row = len(run.calls), row_of(run.state)
    unheard = isinstance(fact, PaymentFact) and fact.authorization in _standing(course)
    run.feed(fact)
    if not unheard and not (isinstance(fact, CarrierFact) and fact.status == "lost"):
        assert len(run.calls) == calls
        assert row_of(run.state) == row


def remember(course: Course) -> None:
    """The latest fact can be told again."""
    fact = course.run.facts[-1]
    assert isinstance(fact, CarrierFact | PaymentFact)
    course.facts.append(fact)


# ---- time --------------------------------------------------------------------------------------------


@rule(days=Among(0, 0, 0, 1, 5, 40))
def time_passes(course: Course, days: int) -> None:
    """A pause between tries ends, or a deadline passes."""
    course.run.pass_time(timedelta(days=days, seconds=61))


@rule(weight=1, when=lambda course: any(c.operation in REMOTE for c in course.run.pending), effect=YES_OR_NO)
def cut_short(course: Course, effect: bool) -> None:
    """A cancel cuts the calls to the outside short; what became of them is unknown."""
    run, stopped = course.run, len(course.run.stops)
    run.cancel("c4")
    for call in [call for call in run.pending if call.key in run.stops[stopped:]]:
        run.finish(call, fault=True, effect=effect)


# ---- the workflow is lost ----------------------------------------------------------------------------


def can_be_resumed(course: Course) -> bool:
    """Whether the command would take it on: not over, and no version later than a split."""
    state, row = course.run.state, course.run.world.database.row
    split = any(not group.isdigit() for group in state.groups)
    return not state.finished and not (row is not None and row.finished) and not (split and state.revision > 1)


@rule(weight=1, when=can_be_resumed, arrived=Number(0, 3), entered=Number(0, 1))
def workflow_lost(course: Course, arrived: int, entered: int) -> None:
    """The order is resumed; of the calls on their way some had their effect, and some were only entered."""
    run = course.run
    for call in run.pending[:arrived]:
        run.world.answer(call)
    for call in run.pending[arrived : arrived + entered]:
        run.world.answer(call, fault=True, effect=False)
    if not can_be_resumed(course):
        return  # what arrived has ended it, as far as the database knows
    course.patience = max(0, course.patience - len(run.calls))
    row = run.world.database.row
    held = set() if row is None else {hold.id for hold in row.holds}
    course.run = resumed(run)
    assert held <= {hold.id for hold in course.run.state.holds}, "a resumed order has forgotten a hold (CAP9)"
