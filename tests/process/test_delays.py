"""The carrier expects a shipment on another day: the order is at risk, and the promise stays as given (SHP2, ORC15)."""

from datetime import date, timedelta

from domain.process.events import CarrierFact
from domain.process.speak import details
from domain.process.words import Operation, Status
from tests.process.begun_anew import resumed
from tests.process.changed import ends_well, released
from tests.process.runner import Run

PROMISED = date(2026, 3, 20)
LATE, LATER = date(2026, 3, 24), date(2026, 3, 27)
WHY = "The carrier expects it on 2026-03-24; promised is 2026-03-20."


def delayed(run: Run, on: date | None, hours: int = 1, id_: str = "d1", key: str | None = None) -> None:
    at = run.at + timedelta(hours=hours)
    fact = CarrierFact(id=id_, request_key=key or run.key("ship"), status="delayed", at=at, expected_on=on)
    run.facts.append(fact)
    run.feed(fact)
    run.settle()


def told(run: Run) -> list[str]:
    return [event.words for event in run.world.database.events.values() if event.type == "order.delayed"]


def test_a_later_date_puts_the_order_at_risk_and_leaves_the_promise() -> None:
    run = released()
    assert not run.row.at_risk
    delayed(run, LATE)
    (group,) = run.row.groups
    assert (group.expected_date, group.promise_date, run.row.promise_date) == (LATE, PROMISED, PROMISED)
    assert run.row.at_risk
    assert run.world.database.row == run.row
    assert told(run) == [f"{WHY} The order is at risk."]
    (waiting,) = run.row.waiting
    assert waiting.why == f"The carrier has the request and has not shipped yet. {WHY}"
    assert WHY in details(run.state)
    ends_well(run)
    assert not run.row.at_risk


def test_a_date_that_keeps_the_promise_is_told_and_no_risk() -> None:
    run = released()
    delayed(run, PROMISED)
    assert run.row.groups[0].expected_date == PROMISED
    assert not run.row.at_risk
    assert told(run) == ["The carrier expects it on 2026-03-20."]


def test_a_delay_without_a_date_changes_nothing() -> None:
    run = released()
    row, calls = run.row, len(run.calls)
    delayed(run, None)
    assert (run.row, len(run.calls)) == (row, calls)


def test_the_newest_word_counts_and_the_same_date_is_told_once() -> None:
    run = released()
    delayed(run, LATER, hours=5, id_="d2")
    delayed(run, LATE, hours=1, id_="d1")
    assert run.row.groups[0].expected_date == LATER
    delayed(run, LATER, hours=9, id_="d3")
    assert len(told(run)) == 1
    delayed(run, PROMISED, hours=10, id_="d4")
    assert not run.row.at_risk


def test_what_is_sent_anew_is_expected_as_promised() -> None:
    run = released()
    first = run.key("ship")
    delayed(run, LATE)
    run.cancel()
    run.finish(run.up_to(Operation.CANCEL_SHIPMENT))
    assert run.row.groups[0].expected_date is None
    delayed(run, LATER, hours=3, id_="d2", key=first)
    assert run.row.groups[0].expected_date is None
    run.settle()
    assert run.row.status is Status.CANCELLED


def test_a_resumed_order_is_told_again() -> None:
    run = released()
    delayed(run, LATE)
    run = resumed(run).settle()
    assert (run.row.groups[0].expected_date, run.row.at_risk) == (LATE, True)
    assert told(run) == [f"{WHY} The order is at risk."]
