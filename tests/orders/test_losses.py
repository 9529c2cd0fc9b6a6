"""A policy may have a shipment sent again that the carrier lost before it left (SHP2)."""

import asyncio

from tests.orders.losing import DELIVERED, is_lost, placed
from tests.support.shop import Shop, settled


async def test_a_lost_shipment_is_sent_again_by_policy(shop: Shop) -> None:
    sku = await shop.stocked(10)
    number = await placed(shop, sku, "re_send")

    await is_lost(shop, number)
    await shop.until(number, lambda order: len(order["shipments"]) == 2)
    await shop.until_status(number, "released")
    assert await shop.stock(sku) == {"on_hand": 7, "reserved": 3, "available": 4}
    assert "shipment.sent_again" in await shop.timeline(number)
    statuses = [one["status"] for one in (await shop.books("carrier", number))["requests"]]
    assert sorted(statuses) == ["lost", "released"]

    # A resumed order is told of the loss again, and finds what it did about it.
    await shop.workflow(number).terminate("a test")
    await asyncio.sleep(0.5)
    code, said, errors = await shop.cli("order", "resume", number)
    assert code == 0, said + errors
    await shop.until(number, lambda order: bool(order["waiting"]))
    await asyncio.sleep(2)
    assert await shop.stock(sku) == {"on_hand": 7, "reserved": 3, "available": 4}

    await shop.ship(number)
    order = await shop.until_status(number, "completed")
    assert await shop.stock(sku) == {"on_hand": 4, "reserved": 0, "available": 4}
    assert [one["amount"] for one in order["authorizations"]] == ["30.00"]
    assert [one["amount"] for one in order["captures"]] == ["30.00"]
    assert [one["total"] for one in order["invoices"]] == ["30.00"]
    assert [line["shipped"] for line in order["lines"]] == [3]
    await shop.audited()
    assert await shop.violations() == []


async def test_what_is_lost_before_it_left_is_not_charged_where_the_policy_refunds(shop: Shop) -> None:
    sku = await shop.stocked(10)
    number = await placed(shop, sku, "refund")

    await is_lost(shop, number)
    order = await shop.until_status(number, "cancelled")
    assert await shop.stock(sku) == {"on_hand": 7, "reserved": 0, "available": 7}
    assert [(line["open"], line["shipped"], line["cancelled"]) for line in order["lines"]] == [(0, 0, 3)]
    assert (order["captures"], order["invoices"]) == ([], [])
    (held,) = (await shop.books("payments", number))["authorizations"]
    assert (held["status"], held["captured"]) == ("voided", 0)
    told = await shop.timeline(number)
    assert [told.count(one) for one in ("shipment.refunded", "order.cancelled", "shipment.cancelled")] == [1, 1, 0]
    await shop.audited()
    assert await shop.violations() == []


async def test_what_is_lost_on_its_way_is_refunded_with_a_credit_memo(shop: Shop) -> None:
    sku = await shop.stocked(10)
    number = await placed(shop, sku, "refund", DELIVERED)
    await shop.ship(number)
    await shop.until(number, lambda order: len(order["invoices"]) == 1 and settled(order))

    await is_lost(shop, number)
    order = await shop.until_status(number, "cancelled")
    assert [(line["open"], line["shipped"], line["cancelled"]) for line in order["lines"]] == [(0, 0, 3)]
    assert await shop.stock(sku) == {"on_hand": 7, "reserved": 0, "available": 7}
    assert [one["total"] for one in order["invoices"]] == ["30.00"]
    assert [one["total"] for one in order["credit_memos"]] == ["30.00"]
    (held,) = (await shop.books("payments", number))["authorizations"]
    assert [(one["amount"], one["refunded"]) for one in held["captures"]] == [(3000, 3000)]
    assert "shipment.refunded" in await shop.timeline(number)
    await shop.audited()
    assert await shop.violations() == []
