"""One action on many orders, on the whole stack: each item has its report, and nothing happens twice (CAP13)."""

import asyncio
from typing import Any

import pytest

from tests.support.shop import Order, Shop

REASON = "The supplier recalls a batch."
ORDERS = 60
SHIPPED = 6


async def until_done(shop: Shop, mass_id: str, seconds: float = 60.0) -> Order:
    """The report, as soon as every item is settled."""
    async with asyncio.timeout(seconds):
        while True:
            report = await shop.ok("GET", f"/v1/mass-actions/{mass_id}", params={"limit": 200})
            if report["state"] == "done":
                return dict(report)
            await asyncio.sleep(0.1)


async def ask(shop: Shop, **body: Any) -> tuple[int, Order]:
    response = await shop.api.post("/v1/mass-actions", json={"reason": REASON, **body})
    return response.status_code, response.json()


async def released(shop: Shop, count: int, **changes: Any) -> list[str]:
    """So many orders whose shipment is requested."""
    sku = await shop.stocked(2 * count)
    numbers = await asyncio.gather(*(shop.place([(sku, 2)], **changes) for _ in range(count)))
    await asyncio.gather(*(shop.until_status(number, "released", 90) for number in numbers))
    return list(numbers)


async def kept_requests(shop: Shop, number: str) -> list[str]:
    """The states of the carrier's requests of an order, by the carrier's own books."""
    return [request["status"] for request in (await shop.books("carrier", number))["requests"]]


@pytest.mark.timeout(300)
async def test_sixty_orders_are_cancelled_each_once_though_the_relay_is_killed(shop: Shop) -> None:
    numbers = await released(shop, ORDERS, customer={"id": "C-MASS"})
    for number in numbers[:SHIPPED]:
        await shop.ship(number)
    await asyncio.gather(*(shop.until_status(number, "completed") for number in numbers[:SHIPPED]))
    body = {"id": "cancel-60", "action": "cancel", "orders": [*numbers, "no-such"]}
    asking = asyncio.create_task(ask(shop, **body))
    async with asyncio.timeout(30):
        while (await shop.api.get("/v1/mass-actions/cancel-60")).json().get("counts", {}).get("done", 0) < 5:
            await asyncio.sleep(0.02)
    await shop.kill("relay")
    status, first = await asking
    assert (status, first["state"]) == (202, "running")
    report = await until_done(shop, "cancel-60")
    assert report["counts"] == {
        "open": 0, "in_progress": 0, "done": ORDERS - SHIPPED, "partly": 0, "refused": SHIPPED + 1, "failed": 0,
        "stopped": 0,
    }  # fmt: skip
    assert [item["order"] for item in report["items"]] == [*numbers, "no-such"]
    said = {(item["outcome"], item["code"]) for item in report["items"][:SHIPPED]}
    assert said == {("refused", "order_closed")}
    assert (report["items"][-1]["code"], report["items"][-1]["words"]) == (
        "order_unknown", "No order has the number in the address.",
    )  # fmt: skip
    for number in numbers[SHIPPED:]:
        order = await shop.until_status(number, "cancelled")
        assert [change["change_id"] for change in order["changes"]] == ["mass.cancel-60"]
        assert order["revision"] == 2
        assert await kept_requests(shop, number) == ["cancelled"]
    assert await ask(shop, **body) == (200, {**report, "items": report["items"][:50], "next": "WzUwXQ"})
