"""Ways of a change whose cancel the carrier refuses, by the word of the policy (CHG10)."""

import re
from contextlib import AbstractAsyncContextManager
from typing import Any

from domain.policy.model import CancelRefused
from tests.orders.scenarios import Scenario, now, waiting_for_the_carrier
from tests.support.shop import Shop, settled


def policy(shop: Shop, word: CancelRefused) -> AbstractAsyncContextManager[None]:
    """Orders that begin within are pinned to a policy that says so of a cancel that is refused."""

    def say(text: str) -> str:
        return re.sub(r"(?m)^when_cancel_is_refused: .*$", f"when_cancel_is_refused: {word}", text)

    return shop.policy("20-change-rules.yaml", say)


async def one_group(shop: Shop, word: CancelRefused) -> str:
    """An order under the policy whose request the carrier will keep, although it says that it would not."""
    async with policy(shop, word):
        number = await waiting_for_the_carrier(shop)
    await shop.fault("carrier", "cancellations", "refuse", number, times=1, code="too_late")
    return number


async def two_groups(shop: Shop) -> str:
    """An order of two groups under `apply to the rest`, of which the carrier has picked the second."""
    lines = [
        {"sku": await shop.stocked(), "quantity": 2, "ship_set": "a"},
        {"sku": await shop.stocked(), "quantity": 3, "ship_set": "b"},
    ]
    document = {**shop.document([], requested_date="2027-06-01"), "lines": lines}
    number: str = document["number"]
    async with policy(shop, CancelRefused.APPLY_TO_THE_REST):
        await shop.ok("POST", "/v1/orders", json=document)
        await shop.until_status(number, "released")
    second = next(one for one in (await shop.order(number))["shipments"] if one["group_id"] == "2")
    await shop.admin("carrier/admin/advance", shipment=second["ref"], to="picked", at=now())
    await shop.until(number, lambda order: any(one["status"] == "picked" for one in order["shipments"]))
    return number


PARTLY: dict[str, Any] = {
    "change_id": "c-1",
    "reason": "the customer called",
    "set": {"purchase_order": "PO-7", "ship_method": "express"},
    "lines": [{"number": 1, "quantity": 5}, {"number": 2, "requested_date": "2027-05-03"}],
}
"""Line 1 can be had; the carrier keeps what line 2 and the ship method would need back."""


async def shipped(shop: Shop, number: str) -> str:
    await shop.until_status(number, "released")
    for shipment in (await shop.order(number))["shipments"]:
        if shipment["status"] not in ("cancelled", "shipped"):
            await shop.admin("carrier/admin/advance", shipment=shipment["ref"], to="shipped", at=now())
    await shop.until_status(number, "completed")
    return number


async def changed_in_part(shop: Shop) -> str:
    number = await two_groups(shop)
    await shop.ok("POST", f"/v1/orders/{number}/changes", json=PARTLY)
    return await shipped(shop, number)


async def asked_about_a_refused_cancel(shop: Shop) -> str:
    number = await one_group(shop, CancelRefused.ASK)
    body = {"change_id": "c-1", "lines": [{"number": 1, "quantity": 5}]}
    await shop.ok("POST", f"/v1/orders/{number}/changes", json=body)
    await shop.ok("POST", f"/v1/orders/{number}/changes/c-1/approve", json={"reason": "they agreed on the phone"})
    await shop.until(number, lambda order: order["revision"] == 2)
    return await shipped(shop, number)


async def cancelled_in_part(shop: Shop) -> str:
    number = await two_groups(shop)
    await shop.ok("POST", f"/v1/orders/{number}/cancel", json={"change_id": "c-1", "reason": "ordered twice"})
    return await shipped(shop, number)


WITHOUT_LINE_2: dict[str, Any] = {
    "change_id": "c-2",
    "lines": [{"number": 1, "quantity": 5}, {"number": 2, "cancel": True}],
}


async def a_line_in_parts(shop: Shop) -> str:
    """As two groups; then two further units of line 2 are ordered, which go by themselves."""
    number = await two_groups(shop)
    more = {"change_id": "c-1", "lines": [{"number": 2, "quantity": 5}]}
    await shop.ok("POST", f"/v1/orders/{number}/changes", json=more)
    await shop.until(number, lambda order: len(order["shipments"]) == 3 and order["status"] == "released")
    return number


async def refused_for_line_2(shop: Shop, number: str) -> None:
    """Line 2 is cancelled and line 1 raised: a person agrees to it, and the carrier does not."""
    response = await shop.api.post(f"/v1/orders/{number}/changes", json=WITHOUT_LINE_2)
    assert (response.status_code, response.json()["outcome"]) == (202, "pending_approval"), response.text
    approval = {"reason": "it is not packed yet"}
    response = await shop.api.post(f"/v1/orders/{number}/changes/c-2/approve", json=approval)
    answer: dict[str, Any] = response.json()
    assert (response.status_code, answer["outcome"], answer["code"]) == (200, "refused", "too_late"), answer


async def whole_with_a_line_in_parts(shop: Shop) -> str:
    number = await a_line_in_parts(shop)
    await refused_for_line_2(shop, number)
    await shop.until(number, settled)
    return await shipped(shop, number)


NOT_GIVEN_BACK: tuple[Scenario, ...] = (
    *(changed_in_part, asked_about_a_refused_cancel, cancelled_in_part),
    whole_with_a_line_in_parts,
)
"""For the recorded histories."""
