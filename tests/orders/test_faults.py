"""What goes wrong outside: the order ends right, or waits with a plain reason and a one-call retry (ORC19, PAY2)."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.support.shop import Shop


async def placed(shop: Shop, token: str = "tok_test", quantity: int = 3, stock: int = 10) -> tuple[str, str]:
    sku = await shop.stocked(stock)
    return await shop.place([(sku, quantity)], token=token), sku


async def retry(shop: Shop, number: str) -> str:
    code, said, errors = await shop.cli("order", "retry", number)
    assert code == 0, said + errors
    return said


def only(found: list[dict[str, Any]]) -> dict[str, Any]:
    (one,) = found
    return one


async def test_a_declined_card_parks_the_order_and_a_retry_is_a_new_try(shop: Shop) -> None:
    number, sku = await placed(shop, token="tok_declined_once")
    waiting = await shop.until_parked(number, "declined")
    assert waiting["who"] == "csr"
    assert waiting["parked"]
    assert waiting["until"] is not None
    assert await shop.stock(sku) == {"on_hand": 10, "reserved": 3, "available": 7}
    assert (await shop.books("carrier", number))["requests"] == []

    assert "authorize" in await retry(shop, number)

    order = await shop.until_status(number, "released")
    held = only([entry for entry in order["authorizations"] if entry["state"] == "authorized"])
    assert held["key"].endswith("/authorize_payment/2")
    await shop.ship(number)
    order = await shop.until_status(number, "completed")
    assert only(order["captures"])["amount"] == "30.00"


async def test_a_card_that_stays_declined_can_be_cancelled(shop: Shop) -> None:
    number, sku = await placed(shop, token="tok_declined")
    await shop.until_parked(number, "declined")
    await retry(shop, number)
    await shop.until_parked(number, "declined")
    await shop.ok("POST", f"/v1/orders/{number}/cancel", json={"reason": "no money"})
    await shop.until_status(number, "cancelled")
    assert await shop.stock(sku) == {"on_hand": 10, "reserved": 0, "available": 10}
    assert (await shop.books("payments", number))["authorizations"] == []


async def test_a_carrier_that_is_away_for_a_while_needs_nobody(shop: Shop) -> None:
    sku = await shop.stocked(10)
    document = shop.document([(sku, 3)])
    await shop.fault("carrier", "shipments", "unavailable", document["number"], times=2)
    await shop.ok("POST", "/v1/orders", json=document)
    await shop.until_status(document["number"], "released")
    assert "order.parked" not in await shop.timeline(document["number"])
    assert len((await shop.books("carrier", document["number"]))["requests"]) == 1


async def test_a_carrier_that_stays_away_parks_the_order_until_a_retry(shop: Shop) -> None:
    sku = await shop.stocked(10)
    document = shop.document([(sku, 3)])
    number = document["number"]
    await shop.fault("carrier", "shipments", "unavailable", number, times=-1)
    await shop.ok("POST", "/v1/orders", json=document)
    waiting = await shop.until_parked(number, "outside_unavailable")
    assert waiting["what"] == "ship"
    assert waiting["who"] == "fulfillment_lead"
    exceptions = (await shop.ok("GET", "/v1/exceptions"))["exceptions"]
    assert [entry["retry"] for entry in exceptions if entry["number"] == number] == [f"POST /v1/orders/{number}/retry"]

    await shop.outside.delete("/carrier/admin/faults")
    await retry(shop, number)

    order = await shop.until_status(number, "released")
    assert only(order["shipments"])["key"].endswith("/request_shipment/1"), "a fault is tried again under the same key"
    assert len((await shop.books("carrier", number))["requests"]) == 1


async def test_a_carrier_that_refuses_for_good_leaves_a_reason_and_a_way_out(shop: Shop) -> None:
    sku = await shop.stocked(10)
    document = shop.document([(sku, 3)])
    number = document["number"]
    await shop.fault("carrier", "shipments", "refuse", number, times=-1, code="no_service_there")
    await shop.ok("POST", "/v1/orders", json=document)
    waiting = await shop.until_parked(number, "no_service_there")
    assert waiting["who"] == "fulfillment_lead"
    await shop.ok("POST", f"/v1/orders/{number}/cancel", json={"reason": "cannot be delivered"})
    order = await shop.until_status(number, "cancelled")
    assert only(order["authorizations"])["state"] == "voided"
    assert order["invoices"] == []
    assert await shop.stock(sku) == {"on_hand": 10, "reserved": 0, "available": 10}


@pytest.mark.parametrize(
    ("partner", "operation"), [("payments", "authorizations"), ("carrier", "shipments"), ("payments", "captures")]
)
async def test_a_time_out_after_success_happens_once(shop: Shop, partner: str, operation: str) -> None:
    sku = await shop.stocked(10)
    document = shop.document([(sku, 3)])
    number = document["number"]
    await shop.fault(partner, operation, "drop_connection_after_success", number, times=1)
    await shop.ok("POST", "/v1/orders", json=document)
    await shop.until_status(number, "released")
    await shop.ship(number)
    order = await shop.until_status(number, "completed")
    assert len((await shop.books("carrier", number))["requests"]) == 1
    authorization = only((await shop.books("payments", number))["authorizations"])
    assert (authorization["amount"], authorization["captured"]) == (3000, 3000)
    assert only(order["captures"])["amount"] == "30.00"


async def test_an_undo_that_fails_waits_for_a_person_and_is_then_finished(shop: Shop) -> None:
    number, sku = await placed(shop)
    await shop.until_status(number, "released")
    await shop.fault("payments", "voids", "unavailable", number, times=-1)
    response = await shop.api.post(f"/v1/orders/{number}/cancel?timeout=1", json={"reason": "no longer wanted"})
    assert response.status_code == 202
    waiting = await shop.until_parked(number, "undo_failed")
    assert "Could not be taken back" in waiting["why"]
    assert (await shop.stock(sku))["reserved"] == 3, "the undo goes in order: stock is given back after the money"

    await shop.outside.delete("/payments/admin/faults")
    await retry(shop, number)

    order = await shop.until_status(number, "cancelled")
    assert only(order["changes"])["outcome"] == "accepted"
    assert only((await shop.books("payments", number))["authorizations"])["status"] == "voided"
    assert (await shop.stock(sku))["reserved"] == 0


async def test_missing_stock_parks_the_order_until_it_comes(shop: Shop) -> None:
    number, sku = await placed(shop, quantity=5, stock=2)
    waiting = await shop.until_parked(number, "out_of_stock")
    assert f"{sku}: 5 wanted, 2 available" in waiting["why"]
    assert await shop.stock(sku) == {"on_hand": 2, "reserved": 0, "available": 2}
    await shop.receive(sku, 4, f"more-{sku}")
    await retry(shop, number)
    await shop.until_status(number, "released")
    assert await shop.stock(sku) == {"on_hand": 6, "reserved": 5, "available": 1}


async def test_an_authorization_that_expires_while_waiting_is_made_anew(shop: Shop) -> None:
    number, _ = await placed(shop)
    await shop.until_status(number, "released")
    await shop.admin("payments/admin/expire", order=number, at=datetime.now(UTC).isoformat())
    again = ["authorized", "expired"]
    await shop.until(
        number, lambda o: sorted(entry["state"] for entry in o["authorizations"]) == again and o["waiting"]
    )
    await shop.ship(number)
    order = await shop.until_status(number, "completed")
    assert only(order["captures"])["amount"] == "30.00"
    assert len(order["shipments"]) == 1, "the goods were not asked for twice"


async def test_an_authorization_found_expired_at_capture_is_made_anew(shop: Shop) -> None:
    number, _ = await placed(shop)
    await shop.until_status(number, "released")
    await shop.outside.put("/payments/admin/config", json={"events": ["chargeback"]})
    try:
        await shop.admin("payments/admin/expire", order=number, at=datetime.now(UTC).isoformat())
        await shop.ship(number)
        order = await shop.until_status(number, "completed")
    finally:
        await shop.outside.put("/payments/admin/config", json={"events": ["authorization.expired", "chargeback"]})
    assert "payment.authorization_expired" in await shop.timeline(number)
    assert only(order["captures"])["amount"] == "30.00"
    books = (await shop.books("payments", number))["authorizations"]
    assert sorted(entry["captured"] for entry in books) == [0, 3000]


async def test_a_lost_parcel_waits_for_a_person(shop: Shop) -> None:
    number, _ = await placed(shop)
    await shop.until_status(number, "released")
    await shop.admin("carrier/admin/report", order=number, status="lost", at=datetime.now(UTC).isoformat())
    waiting = await shop.until_parked(number, "lost")
    assert "as lost" in waiting["why"]
    assert (await shop.order(number))["captures"] == []
