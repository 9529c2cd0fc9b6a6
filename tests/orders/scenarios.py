"""Ways an order can go, each driven through public doors: for tests of words, for recorded histories, for pictures."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from domain.process.events import ChangeAsked
from domain.process.read_model import ChangeAnswer
from tests.support.shop import Shop

Scenario = Callable[[Shop], Awaitable[str]]


def now() -> str:
    return datetime.now(UTC).isoformat()


async def waiting_for_the_carrier(shop: Shop) -> str:
    number = await shop.place([(await shop.stocked(), 3)])
    await shop.until_status(number, "released")
    return number


async def card_declined(shop: Shop) -> str:
    number = await shop.place([(await shop.stocked(), 3)], token="tok_declined_once")
    await shop.until_parked(number, "declined")
    return number


async def out_of_stock(shop: Shop) -> str:
    number = await shop.place([(await shop.stocked(1), 3)])
    await shop.until_parked(number, "out_of_stock")
    return number


async def _faulty(shop: Shop, partner: str, operation: str, kind: str, **more: Any) -> str:
    document = shop.document([(await shop.stocked(), 3)])
    number: str = document["number"]
    await shop.fault(partner, operation, kind, number, **more)
    await shop.ok("POST", "/v1/orders", json=document)
    return number


async def carrier_away(shop: Shop) -> str:
    number = await _faulty(shop, "carrier", "shipments", "unavailable", times=-1)
    await shop.until_parked(number, "outside_unavailable")
    return number


async def carrier_refuses(shop: Shop) -> str:
    number = await _faulty(shop, "carrier", "shipments", "refuse", times=1, code="no_service_there")
    await shop.until_parked(number, "no_service_there")
    return number


async def capture_refused(shop: Shop) -> str:
    number = await _faulty(shop, "payments", "captures", "refuse", times=1, code="under_review")
    await shop.until_status(number, "released")
    await shop.ship(number)
    await shop.until_parked(number, "under_review")
    return number


async def parcel_lost(shop: Shop) -> str:
    number = await waiting_for_the_carrier(shop)
    await shop.admin("carrier/admin/report", order=number, status="lost", at=now())
    await shop.until_parked(number, "lost")
    return number


async def undo_failed(shop: Shop) -> str:
    number = await waiting_for_the_carrier(shop)
    await shop.fault("payments", "voids", "unavailable", number, times=-1)
    await shop.api.post(f"/v1/orders/{number}/cancel?timeout=1", json={"reason": "no longer wanted"})
    await shop.until_parked(number, "undo_failed")
    return number


async def overdue(shop: Shop) -> str:
    number = await shop.place([(await shop.stocked(), 3)], requested_date="2026-11-02")
    await shop.until(number, lambda order: any(wait["code"] == "overdue" for wait in order.get("waiting", [])))
    return number


# ---- ways to an end, for the recorded histories ---------------------------------------------------


async def leave_nothing_broken(shop: Shop) -> None:
    """Ends every fault of the outside."""
    for partner in ("carrier", "payments"):
        await shop.outside.delete(f"/{partner}/admin/faults")


async def _go_on(shop: Shop, number: str) -> str:
    """Mends what was broken outside, tries again, ships."""
    await leave_nothing_broken(shop)
    await shop.ok("POST", f"/v1/orders/{number}/retry")
    return await _ship(shop, number)


async def _ship(shop: Shop, number: str) -> str:
    await shop.until_status(number, "released")
    await shop.ship(number)
    await shop.until_status(number, "completed")
    return number


async def shipped(shop: Shop) -> str:
    return await _ship(shop, await waiting_for_the_carrier(shop))


async def shipped_on_terms(shop: Shop) -> str:
    number = await shop.place([(await shop.stocked(), 3)], payment={"method": "terms"})
    return await _ship(shop, number)


async def shipped_in_two_groups(shop: Shop) -> str:
    lines = [
        {"sku": await shop.stocked(), "quantity": 2, "ship_set": "a"},
        {"sku": await shop.stocked(), "quantity": 1, "ship_set": "b"},
    ]
    document = {**shop.document([]), "lines": lines}
    await shop.ok("POST", "/v1/orders", json=document)
    number: str = document["number"]
    await shop.until_status(number, "released")
    for shipment in (await shop.order(number))["shipments"]:
        await shop.admin("carrier/admin/advance", shipment=shipment["ref"], to="shipped", at=now())
    await shop.until_status(number, "completed")
    return number


async def imported(shop: Shop) -> str:
    dates = {"ordered_at": "1998-04-01T00:00:00Z", "requested_date": "1998-04-29", "as_of": "1998-05-06"}
    number = await shop.place([(await shop.stocked(), 3)], **dates)
    return await _ship(shop, number)


async def declined_then_retried(shop: Shop) -> str:
    return await _go_on(shop, await card_declined(shop))


async def away_then_retried(shop: Shop) -> str:
    return await _go_on(shop, await carrier_away(shop))


async def skipped(shop: Shop) -> str:
    number = await capture_refused(shop)
    asked = {"step": "capture", "reason": "The customer pays by bank transfer."}
    await shop.ok("POST", f"/v1/orders/{number}/skip", json=asked)
    await shop.until_status(number, "completed")
    return number


async def on_hold(shop: Shop) -> str:
    number = await waiting_for_the_carrier(shop)
    hold = {"id": "h-1", "code": "credit", "reason": "over the limit", "step": "capture", "when": "reached"}
    await shop.ok("POST", f"/v1/orders/{number}/holds", json=hold)
    await shop.ship(number)
    await shop.until_parked(number, "credit")
    return number


async def held_and_released(shop: Shop) -> str:
    number = await on_hold(shop)
    await shop.ok("DELETE", f"/v1/orders/{number}/holds/h-1?reason=paid")
    await shop.until_status(number, "completed")
    return number


async def changed_as_previewed(shop: Shop) -> str:
    number = await waiting_for_the_carrier(shop)
    changes, body = f"/v1/orders/{number}/changes", {"lines": [{"number": 1, "quantity": 5}]}
    preview = await shop.ok("POST", f"{changes}?preview=true", json=body)
    await shop.ok("POST", changes, json={**body, "token": preview["token"]})
    return await _ship(shop, number)


async def stale_preview(shop: Shop) -> str:
    sku = await shop.stocked(5)
    number = await shop.place([(sku, 3)])
    await shop.until_status(number, "released")
    changes, body = f"/v1/orders/{number}/changes", {"lines": [{"number": 1, "quantity": 5}]}
    preview = await shop.ok("POST", f"{changes}?preview=true", json=body)
    await shop.until_status(await shop.place([(sku, 1)]), "released")
    refused = await shop.api.post(changes, json={**body, "token": preview["token"]})
    assert refused.json()["reason"] == "stale_preview"
    return await _ship(shop, number)


async def stock_came(shop: Shop) -> str:
    sku = await shop.stocked(1)
    number = await shop.place([(sku, 3)])
    await shop.until_parked(number, "out_of_stock")
    await shop.receive(sku, 9, f"more-{sku}")
    return await _go_on(shop, number)


async def authorization_lapsed(shop: Shop) -> str:
    number = await waiting_for_the_carrier(shop)
    await shop.admin("payments/admin/expire", order=number, at=now())
    await shop.until(number, lambda order: len(order["authorizations"]) == 2 and bool(order["waiting"]))
    return await _ship(shop, number)


async def promised_while_waiting(shop: Shop) -> str:
    document = shop.document([(await shop.stocked(), 3)])
    await shop.ok("POST", "/v1/orders?wait=promised", json=document)
    return await _ship(shop, document["number"])


async def cancelled_by_update(shop: Shop) -> str:
    number = await waiting_for_the_carrier(shop)
    asked = ChangeAsked.model_validate({"change_id": "c-1", "requested_by": "ann", "at": now()})
    await shop.workflow(number).execute_update("cancel", asked, result_type=ChangeAnswer)
    await shop.until_status(number, "cancelled")
    return number


async def cancelled_by_signal(shop: Shop) -> str:
    number = await waiting_for_the_carrier(shop)
    handle = shop.workflow(number)
    await handle.signal("change_requested", {"change": "nonsense"})
    await handle.signal("change_requested", {"change_id": "c-1", "change": "cancel", "requested_by": "upstream"})
    await shop.until_status(number, "cancelled")
    return number


async def cancelled_in_the_temporal_ui(shop: Shop) -> str:
    number = await waiting_for_the_carrier(shop)
    await shop.workflow(number).cancel()
    await shop.until_status(number, "cancelled")
    return number


async def cancel_refused(shop: Shop) -> str:
    number = await waiting_for_the_carrier(shop)
    await shop.advance(number, "picked")
    response = await shop.api.post(f"/v1/orders/{number}/cancel", json={"reason": "changed my mind"})
    assert response.status_code == 409
    return await _ship(shop, number)


async def _changed(shop: Shop, number: str, status: int = 200, **body: Any) -> None:
    response = await shop.api.post(f"/v1/orders/{number}/changes", json=body)
    assert response.status_code == status, response.text


async def changed_quantity_up(shop: Shop) -> str:
    number = await waiting_for_the_carrier(shop)
    await _changed(shop, number, lines=[{"number": 1, "quantity": 5}])
    return await _ship(shop, number)


async def updated_in_place(shop: Shop) -> str:
    """At a carrier that takes updates: one is refused and becomes another request, of which the next one is taken."""
    async with able(shop):
        number = await waiting_for_the_carrier(shop)
        await shop.fault("carrier", "updates", "refuse", number, code="no_such_service")
        await _changed(shop, number, set={"ship_method": "express"})
        await shop.until(number, lambda order: len(order["shipments"]) == 2)
        await shop.until_status(number, "released")
        await _changed(shop, number, set={"ship_method": "ground"})
        return await _ship(shop, number)


@asynccontextmanager
async def able(shop: Shop, **can: bool) -> AsyncIterator[None]:
    """A carrier that takes updates, for so long."""
    await _carrier_can(shop, update=True, **can)
    try:
        yield
    finally:
        await _carrier_can(shop)


async def _carrier_can(shop: Shop, **can: bool) -> None:
    response = await shop.outside.put("/carrier/admin/config", json={"capabilities": can})
    assert response.is_success, response.text


async def changed_in_sequence(shop: Shop) -> str:
    """One activity makes the calls of the first change; one of the second's has no answer there, and goes on alone."""
    number = await waiting_for_the_carrier(shop)
    await _changed(shop, number, lines=[{"number": 1, "quantity": 5}])
    await shop.until_status(number, "released")
    await shop.fault("carrier", "cancellations", "unavailable", number, times=1)
    await _changed(shop, number, lines=[{"number": 1, "quantity": 6}])
    return await _ship(shop, number)


async def changed_then_cancelled(shop: Shop) -> str:
    number = await waiting_for_the_carrier(shop)
    await _changed(shop, number, lines=[{"number": 1, "quantity": 2}])
    await shop.until_status(number, "released")
    await shop.ok("POST", f"/v1/orders/{number}/cancel", json={"reason": "changed my mind again"})
    await shop.until_status(number, "cancelled")
    return number


async def change_refused_by_carrier(shop: Shop) -> str:
    number = await waiting_for_the_carrier(shop)
    await shop.fault("carrier", "cancellations", "refuse", number, code="too_late")
    await _changed(shop, number, 409, lines=[{"number": 1, "quantity": 5}])
    return await _ship(shop, number)


async def change_short_of_stock(shop: Shop) -> str:
    number = await waiting_for_the_carrier(shop)
    await _changed(shop, number, 409, lines=[{"number": 1, "quantity": 500}])
    return await _ship(shop, number)


async def line_added(shop: Shop) -> str:
    number = await waiting_for_the_carrier(shop)
    await _changed(shop, number, lines=[{"add": {"sku": await shop.stocked(), "quantity": 1}}])
    await shop.until(number, lambda order: len(order["shipments"]) == 2)
    return await _ship(shop, number)


async def line_added_that_was_short(shop: Shop) -> str:
    """Refused first, with what it held given back, then had: each time its stock and money are held first."""
    number, sku = await waiting_for_the_carrier(shop), await shop.stocked()
    await shop.fault("payments", "authorizations", "refuse", number, times=1, code="insufficient_funds")
    await _changed(shop, number, 409, lines=[{"add": {"sku": sku, "quantity": 1}}])
    await _changed(shop, number, lines=[{"add": {"sku": sku, "quantity": 1}}], change_id="c-2")
    await shop.until(number, lambda order: len(order["shipments"]) == 2)
    return await _ship(shop, number)


async def raised_while_picked(shop: Shop) -> str:
    """Further units go by themselves; then there are more of them, and fewer, while the first ones stay as they are."""
    number = await waiting_for_the_carrier(shop)
    await shop.advance(number, "picked")
    for n, units in enumerate((5, 7, 6), 1):
        await _changed(shop, number, lines=[{"number": 1, "quantity": units}], change_id=f"c-{n}")
        await shop.until(number, lambda order, n=n: len(order["shipments"]) == n + 1)  # type: ignore[misc]
        await shop.until_status(number, "released")
    return await _ship(shop, number)


async def changed_by_signal(shop: Shop) -> str:
    number = await waiting_for_the_carrier(shop)
    payload = {"change_id": "c-1", "base_revision": 1, "lines": [{"number": 1, "quantity": 5}]}
    await shop.workflow(number).signal("change_requested", payload)
    await shop.until(number, lambda order: order["revision"] == 2)
    return await _ship(shop, number)


async def changed_amid_a_change(shop: Shop) -> str:
    """Two more changes come while the carrier takes its time over the first: one new request goes out for all three."""
    number = await waiting_for_the_carrier(shop)
    await shop.fault("carrier", "cancellations", "slow", number, seconds=0.7)
    first = asyncio.create_task(_changed(shop, number, lines=[{"number": 1, "quantity": 5}]))
    await shop.until(number, lambda order: bool(order["changes"]))
    for change_id, units in (("c-2", 6), ("c-3", 4)):
        payload = {"change_id": change_id, "lines": [{"number": 1, "quantity": units}]}
        await shop.workflow(number).signal("change_requested", payload)
    await first
    await shop.until(number, lambda order: order["revision"] == 4)
    return await _ship(shop, number)


async def split(shop: Shop) -> str:
    """The carrier ships one unit of three, and no more; the rest is asked for anew, and gets smaller on its way."""
    number = await waiting_for_the_carrier(shop)
    (shipment,) = (await shop.order(number))["shipments"]
    part = {"lines": [{"line": 1, "quantity": 1}], "rest": "backordered"}
    await shop.admin("carrier/admin/advance", shipment=shipment["ref"], to="shipped", at=now(), **part)
    await shop.until(number, lambda order: [len(order["groups"]), len(order["shipments"])] == [2, 2])
    await shop.until_status(number, "released")
    await _changed(shop, number, lines=[{"number": 1, "quantity": 2}])
    return await _ship(shop, number)


async def strict(shop: Shop, once_picked: bool) -> None:
    """Whether the carrier refuses to give back what it has picked."""
    response = await shop.outside.put("/carrier/admin/config", json={"refuse_cancel_once_picked": once_picked})
    assert response.is_success, response.text


async def change_approved(shop: Shop) -> str:
    """Of two changes that wait for a person the first is approved, and the second turned down."""
    number = await waiting_for_the_carrier(shop)
    await shop.advance(number, "picked")
    for change_id in ("c-1", "c-2"):
        await _changed(shop, number, 202, lines=[{"number": 1, "quantity": 1}], change_id=change_id)
    await strict(shop, False)
    try:
        await shop.ok("POST", f"/v1/orders/{number}/changes/c-1/approve", json={"reason": "back on the shelf"})
    finally:
        await strict(shop, True)
    await shop.until(number, lambda order: order["revision"] == 2)
    await shop.ok("POST", f"/v1/orders/{number}/changes/c-2/refuse", json={"reason": "done already"})
    await shop.until_status(number, "released")
    return await _ship(shop, number)


async def resumed_between_changes(shop: Shop) -> str:
    number = await waiting_for_the_carrier(shop)
    await _changed(shop, number, lines=[{"number": 1, "quantity": 5}])
    await shop.until_status(number, "released")
    await shop.workflow(number).terminate("an operator pressed Terminate")
    gone = await shop.ok("POST", f"/v1/orders/{number}/resume")
    await shop.until(number, lambda order: order["version"] > gone["version"])
    await shop.until_status(number, "released")
    await _changed(shop, number, lines=[{"number": 1, "quantity": 2}])
    return await _ship(shop, number)


async def cancelled_after_a_failed_undo(shop: Shop) -> str:
    number = await undo_failed(shop)
    await shop.outside.delete("/payments/admin/faults")
    await asyncio.sleep(0.2)
    await shop.ok("POST", f"/v1/orders/{number}/retry")
    await shop.until_status(number, "cancelled")
    return number


WAITING: tuple[Scenario, ...] = (
    waiting_for_the_carrier,
    card_declined,
    out_of_stock,
    carrier_away,
    carrier_refuses,
    capture_refused,
    parcel_lost,
    on_hold,
    undo_failed,
    overdue,
)

ENDED: tuple[Scenario, ...] = (
    shipped,
    shipped_on_terms,
    shipped_in_two_groups,
    imported,
    declined_then_retried,
    away_then_retried,
    skipped,
    held_and_released,
    changed_as_previewed,
    stale_preview,
    stock_came,
    authorization_lapsed,
    promised_while_waiting,
    cancelled_by_update,
    cancelled_by_signal,
    cancelled_in_the_temporal_ui,
    cancel_refused,
    cancelled_after_a_failed_undo,
    changed_quantity_up,
    updated_in_place,
    changed_then_cancelled,
    change_refused_by_carrier,
    change_short_of_stock,
    line_added,
    line_added_that_was_short,
    raised_while_picked,
    changed_by_signal,
    split,
    resumed_between_changes,
    change_approved,
    changed_in_sequence,
    changed_amid_a_change,
)
