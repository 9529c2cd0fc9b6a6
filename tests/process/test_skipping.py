"""An operator has a parked step skipped: what that does, and when it cannot be (ORC19)."""

from collections.abc import Callable

import pytest

from domain.process.calls import CreateInvoice
from domain.process.events import SkipAsked
from domain.process.read_model import BusinessEvent
from domain.process.skips import refusal, skippable
from domain.process.speak import details, skip_answer
from domain.process.state import RunState
from domain.process.words import Operation, Status
from tests.process.checks import as_json, carried_over
from tests.process.outside import World
from tests.process.policies import SHAPES, process
from tests.process.policies import Steps as TheSteps
from tests.process.runner import Run


def asked(run: Run, step: str, group: str | None = None, reason: str = "paid by bank transfer") -> SkipAsked:
    return SkipAsked(step=step, group=group, reason=reason, requested_by="ann", at=run.at)


def stopped(operation: Operation, *, refuse: str | None = "no", effect: bool = True, world: World | None = None) -> Run:
    """An order parked at that operation: refused, or without an answer."""
    run = Run(world=world or World()).begin()
    run.settle(lambda call: call.operation is operation)
    if not run.pending:
        run.carrier("shipped")
        run.up_to(operation)
    run.finish(run.pending[0], refuse=refuse, fault=refuse is None, effect=effect)
    return run.settle()


def told(run: Run, type_: str) -> BusinessEvent:
    return next(event for event in run.world.database.events.values() if event.type == type_)


def refused(run: Run, step: str, group: str | None = None) -> str:
    """The code of a refused skip, of which nothing at all comes."""
    given = refusal(run.state, asked(run, step, group))
    assert given is not None
    code, words = given
    assert words.endswith(".")
    calls, row, events = len(run.calls), run.row, dict(run.world.database.events)
    run.skip(step, group)
    assert (len(run.calls), run.row, run.world.database.events) == (calls, row, events)
    return code


def test_a_skipped_capture_gives_its_authorization_back_and_the_order_completes() -> None:
    run = stopped(Operation.CAPTURE, refuse="under_review")
    assert refusal(run.state, asked(run, "capture")) is None
    answer = skip_answer(run.state, asked(run, "capture"))
    assert (answer.groups, answer.words) == (("1",), "Capture is skipped; the order goes on without it.")

    run.skip("capture")
    assert [call.operation for call in run.pending] == [Operation.VOID, Operation.INVOICE]
    run.settle()

    assert run.row.status == Status.COMPLETED
    assert run.state.finished
    assert (run.step("capture").state, run.step("authorize").state) == (RunState.SKIPPED, RunState.SKIPPED)
    assert run.world.captured() == {}
    assert run.world.held() == set()
    (invoice,) = (call.work for call in run.calls if isinstance(call.work, CreateInvoice))
    assert not invoice.paid
    event = told(run, "step.skipped")
    assert event.words == "Capture skipped by ann; it was parked: They say under_review."
    assert event.why == "paid by bank transfer"
    assert event.data["requested_by"] == "ann"
    assert told(run, "payment.voided").words == "Authorization of 35.00 USD voided."
    assert run.log.count("authorize_payment") == 1


@pytest.mark.parametrize("shape", sorted(SHAPES))
def test_in_every_shape_of_process_only_the_capture_is_left_out(shape: str) -> None:
    run = stopped(Operation.CAPTURE, world=World(process=SHAPES[shape]()))
    run.skip("capture")
    run.settle()
    if not run.state.finished:
        run.carrier("delivered")
        run.settle()
    assert run.row.status == Status.COMPLETED
    assert run.world.held() == set()
    assert [len(run.world.live(op)) for op in (Operation.RESERVE, Operation.SHIP, Operation.INVOICE)] == [1, 1, 1]


@pytest.mark.parametrize(
    ("operation", "step", "why"),
    [
        (Operation.RESERVE, "reserve", "Nothing can be shipped that is not held in stock."),
        (Operation.AUTHORIZE, "authorize", "Nothing may leave that no money stands behind."),
        (Operation.SHIP, "ship", "Without its shipment request nothing would leave"),
        (Operation.INVOICE, "invoice", "What is shipped has to be invoiced."),
    ],
)
def test_what_an_invariant_rests_on_is_not_skipped(operation: Operation, step: str, why: str) -> None:
    run = stopped(operation)
    given = refusal(run.state, asked(run, step))
    assert given is not None
    assert why in given[1]
    assert refused(run, step) == "not_skippable"
    run.retry()
    run.settle()
    assert not run.row.waiting or run.row.waiting[0].step == "wait_for_shipped"


def test_a_lost_parcel_is_not_skipped() -> None:
    run = Run().begin().settle()
    run.carrier("lost")
    run.settle()
    assert refused(run, "wait_for_shipped") == "not_skippable"
    run.carrier("shipped")
    run.settle()
    assert run.row.status == Status.COMPLETED


@pytest.mark.parametrize("effect", [True, False])
def test_what_may_have_happened_is_tried_again_first(effect: bool) -> None:
    run = stopped(Operation.CAPTURE, refuse=None, effect=effect)
    assert refused(run, "capture") == "may_have_happened"
    run.retry()
    run.settle()
    assert run.row.status == Status.COMPLETED
    assert len(run.world.captured()) == 1


def test_an_answer_that_came_late_makes_it_skippable() -> None:
    run = stopped(Operation.CAPTURE, refuse=None, effect=False)
    run.retry()
    run.finish(run.pending[0], refuse="under_review")
    run.settle()
    run.skip("capture")
    run.settle()
    assert run.row.status == Status.COMPLETED
    assert run.world.held() == set()


def test_nothing_parked_nothing_skipped() -> None:
    run = Run().begin()
    assert refused(run, "capture") == "nothing_to_skip"
    run.settle()
    for step in ("capture", "schedule", "wait_for_shipped", "no_such_step"):
        assert refused(run, step) == "nothing_to_skip"
    parked = stopped(Operation.CAPTURE)
    assert refused(parked, "ship") == "nothing_to_skip"
    assert refused(parked, "capture", "2") == "nothing_to_skip"
    given = refusal(parked.state, asked(parked, "ship"))
    assert given is not None
    assert given[1] == "Ship is not parked. What is parked and could go on: capture (group 1)."


def test_a_reason_is_needed_here_or_kept_elsewhere() -> None:
    run = stopped(Operation.CAPTURE)
    silent = asked(run, "capture", reason=" ")
    assert (refusal(run.state, silent) or ("",))[0] == "reason_missing"
    run.feed(silent.model_copy(update={"request": "r-1"}))
    run.settle()
    assert run.row.status == Status.COMPLETED
    event = told(run, "step.skipped")
    assert (event.data["request"], event.why) == ("r-1", " ")


def test_the_second_of_two_finds_nothing_to_skip() -> None:
    run = stopped(Operation.CAPTURE)
    run.skip("capture")
    assert refused(run, "capture") == "nothing_to_skip"
    run.settle()
    assert run.told.count("step.skipped") == 1
    assert run.log.count("void_authorization") == 1


def both_refused() -> Run:
    """Two groups whose captures are refused, and whose shipments have left."""
    run = Run(world=World(groups=2)).begin().settle()
    for group in ("1", "2"):
        run.carrier("shipped", run.key("ship", group))
    for call in list(run.pending):
        run.finish(call, refuse="under_review")
    return run.settle()


def test_one_group_or_all_of_them() -> None:
    run = both_refused()
    assert skip_answer(run.state, asked(run, "capture")).words == (
        "Capture is skipped in group 1, 2; the order goes on without it."
    )
    run.skip("capture", "2")
    run.settle()
    assert [group.status for group in run.row.groups] == [Status.SHIPPED, Status.COMPLETED]
    assert run.world.held("1") != set()
    run.skip("capture")
    run.settle()
    assert run.row.status == Status.COMPLETED
    assert run.world.held() == set()


def test_where_one_group_cannot_none_does() -> None:
    run = both_refused()
    run.retry()
    first, second = run.pending
    run.finish(first, fault=True, effect=False)
    run.finish(second, refuse="under_review")
    run.settle()
    assert refused(run, "capture") == "may_have_happened"
    assert refusal(run.state, asked(run, "capture", "2")) is None


def test_money_stays_held_while_anything_can_leave() -> None:
    s = TheSteps()
    early = process(s.schedule, s.reserve, s.authorize, s.ship, s.capture, s.shipped, s.invoice)
    run = Run(world=World(process=early)).begin()
    run.finish(run.up_to(Operation.CAPTURE), refuse="under_review")
    run.settle()
    assert refused(run, "capture") == "not_skippable"
    run.carrier("shipped", lines={1: 1})
    assert refused(run, "capture") == "not_skippable"
    run.carrier("shipped")
    run.skip("capture")
    run.settle()
    assert run.row.status == Status.COMPLETED
    assert run.world.held() == set()


def test_an_authorization_that_cannot_be_renewed_after_the_goods_have_left() -> None:
    run = Run().begin().settle()
    run.carrier("shipped")
    run.world.expired |= run.world.held()
    run.finish(run.pending[0])
    run.finish(run.pending[0], refuse="declined")
    run.settle()
    assert [waiting.step for waiting in run.row.waiting] == ["authorize"]
    run.skip("authorize")
    run.settle()
    assert [(waiting.step, waiting.code) for waiting in run.row.waiting] == [("capture", "nothing_to_capture")]
    run.skip("capture")
    run.settle()
    assert run.row.status == Status.COMPLETED
    assert run.world.captured() == {}
    assert run.world.held() == set()


def test_money_that_cannot_be_given_back_parks_and_keeps_the_order_open() -> None:
    run = stopped(Operation.CAPTURE)
    run.skip("capture")
    run.finish(run.pending[0], fault=True, effect=False)
    run.settle()
    assert [(waiting.step, waiting.code) for waiting in run.row.waiting] == [("authorize", "undo_failed")]
    assert refused(run, "authorize") == "not_skippable"
    assert (run.row.status, run.row.finished) == (Status.SHIPPED, False), "it is not over while money is held"
    assert "order.completed" not in run.told
    run.retry()
    run.finish(run.pending[0], refuse="not_voidable")
    run.settle()
    assert [(waiting.step, waiting.code) for waiting in run.row.waiting] == [("authorize", "undo_refused")]
    assert refused(run, "authorize") == "not_skippable"
    assert not run.row.finished
    run.retry()
    assert [call.key[-1] for call in run.calls if call.operation is Operation.VOID] == ["1", "1", "2"]
    run.settle()
    assert run.row.status == Status.COMPLETED
    assert run.state.finished
    assert run.world.held() == set()
    assert run.log.count("authorize_payment") == 1, "what is given back for good is not asked for again"


def test_its_expiry_told_while_or_after_it_is_given_back_asks_for_no_new_one() -> None:
    run = stopped(Operation.CAPTURE, world=World(process=SHAPES["watching"]()))
    key = run.key("authorize")
    run.skip("capture")
    run.expire(key)
    run.settle()
    run.expire(key)
    run.carrier("delivered")
    run.settle()
    assert run.row.status == Status.COMPLETED
    assert run.log.count("authorize_payment") == 1


def test_an_undo_of_a_change_is_not_skipped() -> None:
    run = Run().begin().settle()
    run.cancel()
    run.finish(run.up_to(Operation.VOID), fault=True)
    run.settle()
    assert run.row.waiting[0].code == "undo_failed"
    assert refused(run, "authorize") == "not_skippable"
    run.retry()
    run.settle()
    assert run.row.status == Status.CANCELLED


def test_a_step_before_that_is_parked_too_goes_first() -> None:
    run = Run().begin().settle()
    run.carrier("shipped")
    for _ in range(2):
        capture = run.up_to(Operation.CAPTURE)
        run.world.expired |= run.world.held()
        run.finish(capture)
    run.finish(run.pending[0], refuse="declined")
    run.settle()
    assert {waiting.step for waiting in run.row.waiting} == {"authorize", "capture"}
    assert refused(run, "capture") == "nothing_to_skip"
    run.skip("authorize")
    run.settle()
    run.skip("capture")
    run.settle()
    assert run.row.status == Status.COMPLETED


@pytest.mark.parametrize(
    ("make", "offered"),
    [
        (lambda: stopped(Operation.CAPTURE), True),
        (lambda: stopped(Operation.CAPTURE, refuse=None), False),
        (lambda: stopped(Operation.AUTHORIZE), False),
        (lambda: stopped(Operation.RESERVE), False),
    ],
)
def test_the_details_offer_it_only_where_it_can_be(make: Callable[[], Run], offered: bool) -> None:
    run = make()
    words = " To go on without it: `ordito order skip O-1 capture --reason ...`, or the update `skip`."
    assert (words in details(run.state)) is offered
    assert "`ordito order retry O-1`" in details(run.state)
    assert bool(skippable(run.state)) is offered


def test_it_is_kept_over_continue_as_new() -> None:
    run = stopped(Operation.CAPTURE)
    run.skip("capture")
    run.state = carried_over(run.state)
    assert as_json(carried_over(run.state)) == as_json(run.state)
    run.settle()
    assert run.row.status == Status.COMPLETED


def test_money_that_lapsed_is_not_held_anew_where_the_policy_skips_its_capture() -> None:
    """The provider lets it go twice; the second time the policy goes on without, and a finished order holds nothing."""
    run = Run(world=World(process=SHAPES["standard"](capture="skip"))).begin().settle()
    run.carrier("shipped")
    run.world.short_lived = True
    run.world.expired |= run.world.held()
    run.settle()
    assert run.row.status == Status.COMPLETED
    assert run.log.count("authorize_payment") == 2
    assert run.log.count("capture_payment") == 2
    assert run.world.held() == set()
    assert told(run, "step.skipped").words == "They say authorization_expired. Skipped, as the policy says."
