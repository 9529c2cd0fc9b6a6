"""An operator has a parked step skipped: the order goes on without it, or a plain reason says why not (ORC19)."""

import base64
import re
from typing import Any

import pytest

from domain.process.doors import SkipAnswer
from domain.process.events import SkipAsked
from tests.orders import scenarios
from tests.orders.scenarios import Scenario
from tests.support.shop import Shop

REASON = "The customer pays by bank transfer."


async def skip(shop: Shop, number: str, step: str, **more: Any) -> tuple[int, str, str]:
    """Status, code and detail of an answer to a skip."""
    asked = {"step": step, "reason": REASON, **more}
    response = await shop.api.post(f"/v1/orders/{number}/skip", json=asked)
    body = response.json()
    return response.status_code, body.get("code", ""), body.get("detail") or body["words"]


async def entry(shop: Shop, number: str, type_: str) -> dict[str, Any]:
    entries = (await shop.ok("GET", f"/v1/orders/{number}/timeline"))["entries"]
    (found,) = (one for one in entries if one["type"] == type_)
    return dict(found)


async def test_a_refused_capture_is_skipped_and_the_order_completes_unpaid(shop: Shop) -> None:
    number = await scenarios.capture_refused(shop)
    assert f"`ordito order skip {number} capture --reason ...`" in await shop.details(number)

    code, said, errors = await shop.cli("order", "skip", number, "capture", "--reason", REASON)

    assert (code, errors) == (0, "")
    assert said.strip() == f"Order {number}: Capture is skipped; the order goes on without it."
    order = await shop.until_status(number, "completed")
    assert order["captures"] == []
    assert [invoice["total"] for invoice in order["invoices"]] == ["30.00"]
    assert [held["state"] for held in order["authorizations"]] == ["voided"]
    (book,) = (await shop.books("payments", number))["authorizations"]
    assert (book["status"], book["captured"]) == ("voided", 0)
    told = await entry(shop, number, "step.skipped")
    assert told["words"] == "Capture skipped by admin; it was parked: Refused by a fault that is switched on."
    assert (told["why"], told["data"]["code"], told["data"]["requested_by"]) == (REASON, "under_review", "admin")
    assert (await entry(shop, number, "payment.voided"))["words"] == "Authorization of 30.00 USD voided."
    assert await shop.violations() == []
    await shop.audited()
    closed = await skip(shop, number, "capture")
    assert closed[:2] == (409, "order_closed")


async def test_the_reason_stays_out_of_the_history_and_of_the_feed(shop: Shop) -> None:
    number = await scenarios.skipped(shop)
    history = (await shop.workflow(number).fetch_history()).to_json()
    told_to_it = b"\n".join(base64.b64decode(data) for data in re.findall(r'"data": "([^"]*)"', history))
    assert b'"skip_asked"' in told_to_it
    assert b"bank transfer" not in told_to_it
    feed = await shop.api.get("/v1/events", params={"limit": 1000})
    assert "bank transfer" not in feed.text
    assert (await entry(shop, number, "step.skipped"))["why"] == REASON


async def test_the_update_in_temporal_does_the_same(shop: Shop) -> None:
    number = await scenarios.capture_refused(shop)
    asked = {"step": "capture", "reason": "agreed with finance", "requested_by": "ann", "at": scenarios.now()}
    answer: SkipAnswer = await shop.workflow(number).execute_update(
        "skip", SkipAsked.model_validate(asked), result_type=SkipAnswer
    )
    assert answer.words == "Capture is skipped; the order goes on without it."
    await shop.until_status(number, "completed")
    told = await entry(shop, number, "step.skipped")
    assert (told["why"], told["data"]["requested_by"]) == ("agreed with finance", "ann")


@pytest.mark.parametrize(
    ("scenario", "step", "code", "words"),
    [
        (scenarios.card_declined, "authorize", "not_skippable", "no money stands behind"),
        (scenarios.out_of_stock, "reserve", "not_skippable", "not held in stock"),
        (scenarios.carrier_refuses, "ship", "not_skippable", "nothing would leave"),
        (scenarios.carrier_away, "ship", "may_have_happened", "Try again first"),
        (scenarios.parcel_lost, "wait_for_shipped", "not_skippable", "Clear it with the carrier"),
        (scenarios.undo_failed, "authorize", "not_skippable", "tried again, but not skipped"),
        (scenarios.waiting_for_the_carrier, "wait_for_shipped", "nothing_to_skip", "No step is parked"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
async def test_a_skip_that_is_refused_leaves_all_as_it_was(
    shop: Shop, scenario: Scenario, step: str, code: str, words: str
) -> None:
    number = await scenario(shop)
    before, told = await shop.order(number), await shop.timeline(number)
    status, given, detail = await skip(shop, number, step)
    assert (status, given) == (409, code)
    assert words in detail
    assert (await shop.order(number), await shop.timeline(number)) == (before, told)
    refused = await shop.cli("order", "skip", number, step.replace("_", " "), "--reason", REASON)
    assert refused[0] == 1
    assert words in " ".join(refused[2].split())
    assert "order skip" not in await shop.details(number)
    await scenarios.leave_nothing_broken(shop)


async def test_the_step_is_tried_again_after_a_refused_skip(shop: Shop) -> None:
    number = await scenarios.carrier_away(shop)
    assert (await skip(shop, number, "ship"))[1] == "may_have_happened"
    await scenarios.leave_nothing_broken(shop)
    await shop.ok("POST", f"/v1/orders/{number}/retry")
    await shop.until_status(number, "released")
    assert len((await shop.books("carrier", number))["requests"]) == 1


async def test_one_group_goes_on_without_its_step(shop: Shop) -> None:
    lines = [
        {"sku": await shop.stocked(), "quantity": 2, "ship_set": "a"},
        {"sku": await shop.stocked(), "quantity": 1, "ship_set": "b"},
    ]
    document = {**shop.document([]), "lines": lines}
    number = document["number"]
    await shop.fault("payments", "captures", "refuse", number, times=2, code="under_review")
    await shop.ok("POST", "/v1/orders", json=document)
    await shop.until_status(number, "released")
    for shipment in (await shop.order(number))["shipments"]:
        at = scenarios.now()
        await shop.admin("carrier/admin/advance", shipment=shipment["ref"], to="shipped", at=at)
    order = await shop.until(number, lambda found: [wait["parked"] for wait in found["waiting"]] == [True, True])
    group = order["groups"][1]["id"]
    assert (await skip(shop, number, "capture", group="no-such"))[1] == "nothing_to_skip"
    assert (await skip(shop, number, "capture", group=group))[0] == 200
    await shop.until(number, lambda found: len(found["waiting"]) == 1 and len(found["invoices"]) == 1)
    await shop.ok("POST", f"/v1/orders/{number}/retry")
    order = await shop.until_status(number, "completed")
    assert [capture["amount"] for capture in order["captures"]] == ["20.00"]
    assert sorted(held["state"] for held in order["authorizations"]) == ["authorized", "voided"]
    await shop.audited()
