"""Goods that leave on a request that the carrier had given back: a person sees it and settles it (SHP2, I6, CHG10)."""

from domain.base import Lines
from domain.process.events import CarrierFact
from domain.process.skips import skippable
from domain.process.words import Operation, Status
from tests.process.changed import UP, accepted, ends_well, released
from tests.process.checks import carried_over
from tests.process.editing import Edit
from tests.process.runner import Run

OLD, NEW = "O-1/ship/1/r1/request_shipment/1", "O-1/ship/1/r2/request_shipment/2"
WORDS = (
    "3 units of line 1, 2 left although the carrier had taken the request back."
    " Have them stopped or returned and the stock counted; then go on without this step."
)


def told_shipped(run: Run, key: str = OLD, lines: Lines | None = None) -> None:
    run.feed(CarrierFact(id="stray", request_key=key, status="shipped", at=run.at, lines=lines or {}))
    run.settle()


def changed() -> Run:
    """An order whose first request was cancelled for the sake of a change."""
    run = released()
    run.edit(UP).settle()
    accepted(run)
    assert (run.key("ship"), run.row.waiting[0].code) == (NEW, "waiting")
    return run


def waits(run: Run) -> list[tuple[str, str]]:
    return [(waiting.code, waiting.who) for waiting in run.row.waiting if waiting.parked]


def test_a_person_sees_it_and_settles_it_while_the_order_goes_its_way() -> None:
    run = changed()
    told_shipped(run)
    assert waits(run) == [("left_although_cancelled", "fulfillment_lead")]
    (waiting,) = (one for one in run.row.waiting if one.parked)
    assert waiting.why == WORDS
    assert waiting.until is not None
    assert run.told.count("order.parked") == 1
    assert run.row.status == Status.RELEASED, "what was asked for anew has not left"
    told_shipped(run)
    assert run.told.count("order.parked") == 1, "told twice it is one exception"
    run.state = carried_over(run.state)
    run.carrier("shipped")
    run.settle()
    assert not run.state.finished, "nobody would see it any more"
    log = list(run.log)
    run.retry()
    run.settle()
    assert [one for one in run.log[len(log) :] if one != "save_order"] == [], "there is nothing to try again"
    assert skippable(run.state) == {("1", "ship")}
    run.skip("ship")
    run.settle()
    assert (run.state.finished, run.row.status, waits(run)) == (True, Status.COMPLETED, [])
    assert run.log.count("request_shipment") == 2
    told_shipped(run)
    assert run.state.finished


def test_it_does_not_stand_in_the_way_of_the_next_change() -> None:
    run = changed()
    told_shipped(run)
    run.edit(Edit(quantity={1: 5}), "e2").settle()
    accepted(run, "e2")
    run.skip("ship")
    ends_well(run)


def test_what_had_left_before_the_request_was_taken_back_is_no_news() -> None:
    run = released()
    run.edit(UP)
    cancel = run.up_to(Operation.CANCEL_SHIPMENT)
    run.feed(CarrierFact(id="part", request_key=OLD, status="shipped", at=run.at, lines={2: 1}))
    run.finish(cancel)
    told_shipped(run, lines={2: 1})
    assert waits(run) == []
    told_shipped(run, lines={2: 2})
    assert waits(run) == [("left_although_cancelled", "fulfillment_lead")]


def test_a_carrier_that_ships_and_says_that_it_has_cancelled_is_settled_by_a_person() -> None:
    run = released()
    run.cancel()
    cancel = run.up_to(Operation.CANCEL_SHIPMENT)
    run.feed(CarrierFact(id="stray", request_key=OLD, status="shipped", at=run.at))
    run.finish(cancel)
    run.settle()
    assert waits(run) == [("left_although_cancelled", "fulfillment_lead")]
    assert (run.row.status, run.state.finished) == (Status.CANCELLED, False)
    run.skip("ship")
    run.settle()
    assert (waits(run), run.state.finished) == ([], True)
