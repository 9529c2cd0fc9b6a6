"""An order loses its workflow while one of two requests is updated, and the carrier keeps it so (CHG7, ORC16)."""

import re
from typing import Any

from tests.orders.scenarios import Scenario, able, leave_nothing_broken, now
from tests.support.shop import Shop

FEWER: dict[str, Any] = {
    "change_id": "c-1",
    "lines": [{"number": 1, "quantity": 1}, {"number": 2, "quantity": 1}],
}
"""One unit of each line, of which there are two."""


def _fewer_in_place(text: str) -> str:
    """Fewer units are an update where the request is released."""
    edited = re.sub(r"(?m)^(  quantity down +\| update +\| )cancel and create", r"\1update           ", text)
    assert edited != text
    return edited


async def request_of(shop: Shop, number: str, group: str) -> dict[str, Any]:
    """What the carrier has of a group that it has not shipped or cancelled."""
    requests = (await shop.books("carrier", number))["requests"]
    (found,) = (one for one in requests if one["group"] == group and one["status"] in ("released", "picked"))
    request: dict[str, Any] = found
    return request


async def lost_amid_two_updates(shop: Shop) -> tuple[str, str]:
    """The order, and the group whose request carries one unit of two; the other's is as it was, for want of an answer.

    The carrier has picked the first when the order is resumed.
    """
    lines = [{"sku": await shop.stocked(), "quantity": 2, "ship_set": name} for name in ("a", "b")]
    document = {**shop.document([]), "lines": lines}
    number: str = document["number"]
    async with shop.policy("20-change-rules.yaml", _fewer_in_place):
        await shop.ok("POST", "/v1/orders", json=document)
    await shop.until_status(number, "released")
    await shop.fault("carrier", "updates", "unavailable", number, after=1, times=-1)
    response = await shop.api.post(f"/v1/orders/{number}/changes?timeout=1", json=FEWER)
    assert response.status_code == 202, response.text
    await shop.until_parked(number, "update_failed")
    await shop.workflow(number).terminate("an operator pressed Terminate")
    requests = [await request_of(shop, number, group) for group in ("1", "2")]
    (updated,) = (one for one in requests if one["lines"][0]["quantity"] == 1)
    await shop.admin("carrier/admin/advance", shipment=updated["shipment"], to="picked", at=now())
    await leave_nothing_broken(shop)
    gone = await shop.ok("POST", f"/v1/orders/{number}/resume")
    assert gone["told_again"] == 1
    return number, updated["group"]


async def left_out_by_a_lost_update(shop: Shop) -> str:
    """A person is told that the carrier has less; the unit that was left out goes by itself when the rest has left."""
    async with able(shop):
        number, kept = await lost_amid_two_updates(shop)
        await shop.until_parked(number, "updated_although_refused")
        reason = {"step": "ship", "group": kept, "reason": "the customer is content"}
        await shop.ok("POST", f"/v1/orders/{number}/skip", json=reason)
        await shop.ship(number)
        await shop.until(number, lambda order: len(order["shipments"]) == 3)
        await shop.until_status(number, "released")
        await shop.ship(number)
        await shop.until_status(number, "completed")
    return number


LOST_UPDATES: tuple[Scenario, ...] = (left_out_by_a_lost_update,)
"""For the recorded histories."""
