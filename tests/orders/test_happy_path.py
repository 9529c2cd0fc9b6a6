"""An order from capture to invoice, seen by the three people it is for (ORC1-4, INV1, PAY2-4, SHP1, EXC8)."""

from tests.support.shop import Shop


async def test_an_order_ships_and_is_invoiced(shop: Shop) -> None:
    sku = await shop.stocked(10, price="19.99")
    number = await shop.place([(sku, 3)], charges=[{"code": "freight", "amount": "5.00"}])
    order = await shop.until_status(number, "released")
    assert order["total"] == "64.97"
    assert order["promise_date"] == "2026-12-10"
    assert await shop.stock(sku) == {"on_hand": 10, "reserved": 3, "available": 7}
    assert order["captures"] == []
    assert order["invoices"] == []

    await shop.ship(number)
    order = await shop.until_status(number, "completed")

    assert order["finished"]
    assert order["waiting"] == []
    assert await shop.stock(sku) == {"on_hand": 7, "reserved": 0, "available": 7}
    (capture,), (invoice,) = order["captures"], order["invoices"]
    assert capture["amount"] == "64.97"
    assert (invoice["goods"], invoice["charges"], invoice["total"]) == ("59.97", "5.00", "64.97")
    assert order["lines"][0]["shipped"] == 3
    assert order["lines"][0]["waterfall"][0]["component"] == "price"
    happened = await shop.timeline(number)
    told_by_the_provider = {"capture.settled"}  # comes whenever the provider says so
    assert [entry for entry in happened if entry not in told_by_the_provider] == [
        "order.accepted",
        "order.scheduled",
        "stock.reserved",
        "payment.authorized",
        "shipment.requested",
        "shipment.shipped",
        "payment.captured",
        "invoice.created",
        "order.completed",
    ]


async def test_the_promise_comes_with_the_order_when_the_caller_waits_for_it(shop: Shop) -> None:
    sku = await shop.stocked(10)
    answer = await shop.ok("POST", "/v1/orders?wait=promised", json=shop.document([(sku, 2)]))
    assert answer["promise"]["promise_date"] == "2026-12-10"
    assert answer["promise"]["total"] == "20.00"
    assert [line["amount"] for line in answer["promise"]["lines"]] == ["20.00"]


async def test_an_order_on_terms_is_invoiced_without_a_card(shop: Shop) -> None:
    sku = await shop.stocked(10)
    number = await shop.place([(sku, 2)], payment={"method": "terms"})
    await shop.until_status(number, "released")
    await shop.ship(number)
    order = await shop.until_status(number, "completed")
    assert order["authorizations"] == []
    assert order["captures"] == []
    assert order["invoices"][0]["total"] == "20.00"
    assert (await shop.books("payments", number))["authorizations"] == []


async def test_an_order_that_costs_nothing_asks_for_no_money(shop: Shop) -> None:
    sku = await shop.stocked(10, price="0.00")
    number = await shop.place([(sku, 2)])
    await shop.until_status(number, "released")
    await shop.ship(number)
    order = await shop.until_status(number, "completed")
    assert order["authorizations"] == []
    assert order["captures"] == []
    assert order["invoices"][0]["total"] == "0.00"
    assert (await shop.books("payments", number))["authorizations"] == []


async def test_the_same_order_twice_is_one_order(shop: Shop) -> None:
    sku = await shop.stocked(10)
    document = shop.document([(sku, 2)])
    first = await shop.ok("POST", "/v1/orders", json=document)
    again = await shop.ok("POST", "/v1/orders", json=document)
    assert again["number"] == first["number"] == document["number"]
    await shop.until_status(document["number"], "released")
    assert await shop.stock(sku) == {"on_hand": 10, "reserved": 2, "available": 8}


async def test_duplicate_and_late_carrier_events_change_nothing(shop: Shop) -> None:
    sku = await shop.stocked(10)
    number = await shop.place([(sku, 4)])
    await shop.until_status(number, "released")
    await shop.outside.put("/carrier/admin/config", json={"duplicate_every": 1, "shuffle": True})
    try:
        await shop.ship(number)
        await shop.advance(number, "delivered")
        await shop.until_status(number, "completed")
    finally:
        await shop.outside.put("/carrier/admin/config", json={"duplicate_every": 0, "shuffle": False})
    assert await shop.stock(sku) == {"on_hand": 6, "reserved": 0, "available": 6}
    order = await shop.order(number)
    assert len(order["captures"]) == len(order["invoices"]) == 1
