"""The calls of a change in one activity: each is done once, and what is not known is not saved (CHG8, CHG9)."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from activities.inventory import Inventory
from activities.payment import Payment
from activities.sequences import Sequences
from activities.shipping import Shipping
from domain.process.calls import Call, InquireShipment, Undo
from domain.process.sequence import Answers, CallSequence
from domain.process.words import Operation
from tests.adapters.outside import Outside, outside_of, simulated
from tests.store.changing import held, replacing, revise, revised
from tests.store.shop import AT, Shop
from tests.store.test_changed_outside import authorizing, call, ship, shipping
from tests.store.test_remote_calls import DiesAfter
from tests.support.simulators import Simulators

REQUEST = shipping({1: 2})
FUND = authorizing(5000, n=2)


@pytest.fixture(scope="module")
def simulators(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulators]:
    with simulated(tmp_path_factory.mktemp("outside")) as running:
        yield running


@pytest.fixture
async def outside(simulators: Simulators) -> AsyncIterator[Outside]:
    async with outside_of(simulators) as outside:
        yield outside


@pytest.fixture
async def order(shop: Shop, outside: Outside) -> Shop:
    """O-1: 2 units at 10.00, held and at the carrier; a change to 5 units is worked out."""
    await shop.item("1", on_hand=10)
    await shop.place("O-1", {1: 2})
    await shop.reserve("O-1", {1: 2})
    await ship(shop, outside, REQUEST)
    await revise(shop, {"lines": [{"number": 1, "quantity": 5}]})
    return shop


def sequence(units: int = 5, expected: str = "released") -> CallSequence:
    asked = call("ship", InquireShipment(of=REQUEST.key))
    cancelling = call("ship", Undo(kind=Operation.CANCEL_SHIPMENT, of=REQUEST.key), save=revised(2))
    calls: tuple[Call, ...] = (asked, replacing({1: units}), FUND, cancelling)
    return CallSequence(calls=calls, expected={asked.key: expected}, at=AT)


async def made(shop: Shop, outside: Outside, made: CallSequence, carrier: Any = None) -> Answers:
    shipping_, payment = Shipping(shop.pool, carrier or outside.carrier), Payment(shop.pool, outside.payments)
    sequences = Sequences(shop.pool, Inventory(shop.pool), payment, shipping_)
    answers = await shop.environment.run(sequences.call_in_sequence, made)
    assert isinstance(answers, Answers)
    return answers


async def effects(shop: Shop) -> list[tuple[Any, ...]]:
    return await shop.rows(
        "SELECT operation, state FROM effect WHERE NOT (operation = 'reserve_stock' AND key LIKE '%%/1')"
        " AND operation <> 'request_shipment' ORDER BY operation"
    )


def at_the_outside(outside: Outside) -> tuple[list[str], list[int]]:
    requests, money = outside.books("carrier")["requests"], outside.books("payments")["authorizations"]
    return [one["status"] for one in requests], [one["amount"] for one in money]


async def revision(shop: Shop) -> Any:
    return await shop.one("SELECT revision FROM sales_order")


async def test_every_call_is_done_once_and_the_change_is_saved_with_the_last(order: Shop, outside: Outside) -> None:
    first = await made(order, outside, sequence())
    assert [outcome.refused for outcome in first.outcomes] == [False] * 4
    assert first.unanswered == ""
    again = await made(order, outside, sequence())
    assert again.outcomes[2:] == first.outcomes[2:]
    assert again.outcomes[0].code == first.outcomes[0].code == "released"
    assert await effects(order) == [
        ("authorize_payment", "done"),
        ("cancel_shipment", "done"),
        ("reserve_stock", "done"),
    ]
    assert await held(order) == [(2, 1, "main", "1", 5)]
    assert at_the_outside(outside) == (["cancelled"], [5000])
    assert await revision(order) == 2
    assert await order.rows("SELECT number, quantity FROM order_line") == [(1, 5)]


async def test_a_repeat_after_a_worker_died_at_the_carrier_finds_all_that_was_done(
    order: Shop, outside: Outside
) -> None:
    carrier = DiesAfter(outside.carrier)
    carrier.inquire = outside.carrier.inquire
    with pytest.raises(asyncio.CancelledError):
        await made(order, outside, sequence(), carrier)
    assert await effects(order) == [
        ("authorize_payment", "done"),
        ("cancel_shipment", "intended"),
        ("reserve_stock", "done"),
    ]
    assert await revision(order) == 1
    answers = await made(order, outside, sequence())
    assert [outcome.refused for outcome in answers.outcomes] == [False] * 4
    assert at_the_outside(outside) == (["cancelled"], [5000])
    assert await revision(order) == 2


async def test_another_progress_than_was_expected_ends_it_before_anything_is_held(
    order: Shop, outside: Outside
) -> None:
    answers = await made(order, outside, sequence(expected="picked"))
    assert [outcome.code for outcome in answers.outcomes] == ["released"]
    assert await effects(order) == []
    assert at_the_outside(outside) == (["released"], [])


async def test_short_stock_ends_it_and_no_money_is_asked_for(order: Shop, outside: Outside) -> None:
    answers = await made(order, outside, sequence(units=11))
    assert [outcome.code for outcome in answers.outcomes] == ["released", "out_of_stock"]
    assert await effects(order) == [("reserve_stock", "refused")]
    assert await held(order) == [(1, 1, "main", "1", 2)]
    assert at_the_outside(outside) == (["released"], [])


async def test_a_carrier_that_refuses_to_cancel_leaves_the_order_at_its_revision(order: Shop, outside: Outside) -> None:
    outside.fault("carrier", "cancellations", "refuse", code="too_late")
    answers = await made(order, outside, sequence())
    assert [outcome.code for outcome in answers.outcomes][-1] == "too_late"
    assert answers.outcomes[-1].refused
    assert await revision(order) == 1
    assert await order.rows("SELECT number, quantity FROM order_line") == [(1, 2)]


@pytest.mark.parametrize("fault", [{"fault": "unavailable"}, {"fault": "slow", "seconds": 1.6}], ids=["away", "slow"])
async def test_a_call_without_an_answer_ends_it_with_its_intent_entered(
    order: Shop, outside: Outside, fault: dict[str, Any]
) -> None:
    kind = fault.pop("fault")
    outside.fault("carrier", "cancellations", kind, times=1, **fault)
    answers = await made(order, outside, sequence())
    assert [outcome.refused for outcome in answers.outcomes] == [False] * 3
    assert answers.unanswered
    assert await effects(order) == [
        ("authorize_payment", "done"),
        ("cancel_shipment", "intended"),
        ("reserve_stock", "done"),
    ]
    assert await revision(order) == 1
