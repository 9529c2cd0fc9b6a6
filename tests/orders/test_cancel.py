"""Cancelling before shipment, through every door: each undoes everything in reverse, once (CHG9, CHG14, CHG15)."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import psutil
import pytest

from domain.process.events import ChangeAsked
from domain.process.read_model import ChangeAnswer
from tests.support.shop import Shop

UNDONE = [
    "change.begun",
    "shipment.cancelled",
    "payment.voided",
    "stock.released",
    "change.accepted",
    "order.cancelled",
]


async def by_cli(shop: Shop, number: str) -> None:
    code, said, errors = await shop.cli("order", "cancel", number, "--reason", "no longer wanted")
    assert code == 0, said + errors
    assert "cancelled" in said


async def by_http(shop: Shop, number: str) -> None:
    answer = await shop.ok("POST", f"/v1/orders/{number}/cancel", json={"reason": "no longer wanted"})
    assert answer["outcome"] == "accepted"


async def by_update(shop: Shop, number: str) -> None:
    asked = ChangeAsked(change_id="c-update", requested_by="ann", at="2026-11-23T10:00:00Z")  # type: ignore[arg-type]
    answer = await shop.workflow(number).execute_update("cancel", asked, result_type=ChangeAnswer)
    assert (answer.outcome, answer.code, answer.revision) == ("accepted", "cancelled", 2)


async def by_temporal_ui(shop: Shop, number: str) -> None:
    await shop.workflow(number).cancel()


async def by_raw_signal(shop: Shop, number: str) -> None:
    program = Path(sys.executable).with_name("temporal")
    process = await asyncio.create_subprocess_exec(
        program,
        "workflow",
        "signal",
        "--address",
        shop.settings.temporal_address,
        "--workflow-id",
        f"order-{number}",
        "--name",
        "change_requested",
        "--input",
        '{"change_id": "c-signal", "change": "cancel"}',
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, said


DOORS = [by_cli, by_http, by_update, by_temporal_ui, by_raw_signal]


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
async def test_each_door_cancels_and_undoes_in_reverse_once(
    shop: Shop, door: Callable[[Shop, str], Awaitable[None]]
) -> None:
    sku = await shop.stocked(10)
    other = await shop.place([(sku, 1)])
    number = await shop.place([(sku, 3)])
    await shop.until_status(number, "released")
    await shop.until_status(other, "released")

    await door(shop, number)
    order = await shop.until_status(number, "cancelled")

    happened = list(dict.fromkeys(entry for entry in await shop.timeline(number) if entry in UNDONE))
    assert happened == UNDONE
    assert order["revision"] == 2
    assert [line["cancelled"] for line in order["lines"]] == [3]
    (shipment,) = (await shop.books("carrier", number))["requests"]
    assert shipment["status"] == "cancelled"
    (authorization,) = (await shop.books("payments", number))["authorizations"]
    assert authorization["status"] == "voided"
    assert authorization["captured"] == 0
    assert order["invoices"] == []
    assert await shop.stock(sku) == {"on_hand": 10, "reserved": 1, "available": 9}
    # the other order goes on
    await shop.ship(other)
    await shop.until_status(other, "completed")


async def test_a_cancel_after_shipment_is_refused_with_a_reason(shop: Shop) -> None:
    sku = await shop.stocked(10)
    number = await shop.place([(sku, 3)])
    await shop.until_status(number, "released")
    await shop.fault("payments", "captures", "unavailable", number, times=-1)
    await shop.ship(number)
    await shop.until_parked(number, "outside_unavailable")

    response = await shop.api.post(f"/v1/orders/{number}/cancel", json={"reason": "too late"})

    assert response.status_code == 409
    problem = response.json()
    assert problem["code"] == "change_refused"
    assert problem["reason"] == "already_shipped"
    assert "a return is needed instead" in problem["detail"]
    await shop.outside.delete("/payments/admin/faults")
    await shop.ok("POST", f"/v1/orders/{number}/retry")
    order = await shop.until_status(number, "completed")
    assert order["captures"][0]["amount"] == "30.00"


async def test_a_closed_order_cannot_be_cancelled(shop: Shop) -> None:
    sku = await shop.stocked(10)
    number = await shop.place([(sku, 3)])
    await shop.until_status(number, "released")
    await shop.ship(number)
    await shop.until_status(number, "completed")
    response = await shop.api.post(f"/v1/orders/{number}/cancel", json={"reason": "too late"})
    assert response.status_code == 409
    assert response.json()["code"] == "order_closed"


async def test_a_carrier_that_has_picked_refuses_and_the_order_goes_on(shop: Shop) -> None:
    sku = await shop.stocked(10)
    number = await shop.place([(sku, 3)])
    await shop.until_status(number, "released")
    await shop.advance(number, "picked")

    response = await shop.api.post(f"/v1/orders/{number}/cancel", json={"reason": "changed my mind"})

    assert response.status_code == 409
    assert response.json()["reason"] == "too_late"
    timeline = await shop.timeline(number)
    assert "change.refused" in timeline
    assert "payment.voided" not in timeline
    assert "stock.released" not in timeline
    assert await shop.stock(sku) == {"on_hand": 10, "reserved": 3, "available": 7}
    await shop.ship(number)
    await shop.until_status(number, "completed")


async def test_the_same_change_twice_gets_the_first_answer(shop: Shop) -> None:
    sku = await shop.stocked(10)
    number = await shop.place([(sku, 3)])
    await shop.until_status(number, "released")
    body = {"change_id": "once", "reason": "no longer wanted"}
    answers = await asyncio.gather(*(shop.ok("POST", f"/v1/orders/{number}/cancel", json=body) for _ in range(5)))
    assert {answer["answer"]["words"] for answer in answers} == {answers[0]["answer"]["words"]}
    assert (await shop.timeline(number)).count("order.cancelled") == 1
    assert len((await shop.books("carrier", number))["requests"]) == 1


async def test_a_malformed_signal_is_answered_and_changes_nothing(shop: Shop) -> None:
    sku = await shop.stocked(10)
    number = await shop.place([(sku, 3)])
    await shop.until_status(number, "released")
    handle = shop.workflow(number)
    await handle.signal("change_requested", {"change_id": "c-1", "change": "paint it red"})
    await handle.signal("change_requested", "gibberish")
    await handle.signal("change_requested")
    order = await shop.until(number, lambda o: len(o["changes"]) == 3)
    assert {change["outcome"] for change in order["changes"]} == {"refused"}
    assert {change["answer"]["code"] for change in order["changes"]} == {"malformed"}
    assert order["status"] == "released"
    assert "change.begun" not in await shop.timeline(number)


async def test_a_change_for_an_older_revision_is_refused_with_the_current_one(shop: Shop) -> None:
    sku = await shop.stocked(10)
    number = await shop.place([(sku, 3)])
    await shop.until_status(number, "released")
    body = {"reason": "stale", "base_revision": 7}
    response = await shop.api.post(f"/v1/orders/{number}/cancel", json=body)
    assert response.status_code == 409
    assert response.json()["reason"] == "stale_revision"
    assert "at revision 1" in response.json()["detail"]
    assert (await shop.order(number))["status"] == "released"


async def test_a_cancel_before_the_first_task_undoes_nothing(shop: Shop) -> None:
    """The change is kept before the order's workflow exists; the relay starts the one and tells it of the other."""
    sku = await shop.stocked(10)
    relay = psutil.Process(shop.up.children()["relay"])
    relay.suspend()
    try:
        number = await shop.place([(sku, 3)])
        response = await shop.api.post(f"/v1/orders/{number}/cancel", json={"reason": "at once"})
        assert response.status_code == 202
    finally:
        relay.resume()
    order = await shop.until_status(number, "cancelled")
    assert await shop.stock(sku) == {"on_hand": 10, "reserved": 0, "available": 10}
    assert all(authorization["state"] == "voided" for authorization in order["authorizations"])
    assert all(shipment["status"] == "cancelled" for shipment in order["shipments"])
    assert order["invoices"] == []
