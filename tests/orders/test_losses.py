"""A policy may have a shipment sent again that the carrier lost before it left (SHP2)."""

import asyncio
import shutil
from datetime import UTC, datetime
from pathlib import Path

from tests.orders.test_line_selection import publish
from tests.support.shop import Shop


async def test_a_lost_shipment_is_sent_again_by_policy(shop: Shop, tmp_path: Path) -> None:
    sku = await shop.stocked(10)
    folder = tmp_path / "policies"
    shutil.copytree(shop.settings.policies, folder)
    process = folder / "10-process-standard.yaml"
    late = "    if_late: alert\n"
    process.write_text(process.read_text().replace(late, f"{late}    if_lost: re_send\n"))
    await publish(shop, folder)
    try:
        number = await shop.place([(sku, 3)])
    finally:
        await publish(shop, shop.settings.policies)
    await shop.until_status(number, "released")

    at = datetime.now(UTC).isoformat()
    await shop.admin("carrier/admin/report", order=number, status="lost", at=at)
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
