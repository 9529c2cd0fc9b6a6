"""Orders that lose their workflow while something is on its way of which nobody will tell the next one (CHG7, CHG9)."""

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


async def shipped_on_new_money(shop: Shop) -> str:
    """The policy cancels what the carrier refuses; amid that the workflow is lost, and then the customer mends it."""
    async with shop.policy("10-process-standard.yaml", _cancelled_when_refused):
        document = shop.document([(await shop.stocked(), 3)])
        number: str = document["number"]
        await shop.fault("carrier", "shipments", "refuse", number, times=1, code="no_service_there")
        await shop.fault("payments", "voids", "unavailable", number, times=-1)
        await shop.ok("POST", "/v1/orders", json=document)
        await shop.until_parked(number, "undo_failed")
    body = {"change_id": "c-1", "set": {"ship_method": "express"}}
    response = await shop.api.post(f"/v1/orders/{number}/changes?timeout=1", json=body)
    assert response.status_code == 202, response.text
    await shop.workflow(number).terminate("an operator pressed Terminate")
    await leave_nothing_broken(shop)
    await shop.ok("POST", f"/v1/orders/{number}/resume")
    await shop.until_status(number, "released")
    await shop.ship(number)
    await shop.until_status(number, "completed")
    return number


def _cancelled_when_refused(text: str) -> str:
    """The policy cancels an order that the carrier refuses."""
    edited = re.sub(r"(    do: ship\n    retry: \w+\n    on_error: )ask fulfillment_lead", r"\1cancel", text)
    assert edited != text
    return edited


LOST_WORKFLOWS: tuple[Scenario, ...] = (left_out_by_a_lost_update, shipped_on_new_money)
"""For the recorded histories."""
