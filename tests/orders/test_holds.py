"""Orders on hold, through every door: nothing new is begun, and everybody sees why (CAP9, I7)."""

import asyncio
import base64
import re
from typing import Any

import psutil

from domain.process.doors import HoldAnswer
from domain.process.events import HoldAsked, ReleaseAsked
from store.keys import Role
from tests.orders import scenarios
from tests.support.shop import Order, Shop

CREDIT: dict[str, Any] = {"id": "h-1", "code": "credit", "reason": "Bob Secret is over the limit"}


async def held_before_shipment(shop: Shop) -> str:
    """An order that is held when it comes to its shipment request."""
    document = shop.document([(await shop.stocked(), 3)])
    number: str = document["number"]
    await shop.fault("payments", "authorizations", "unavailable", number, times=2)
    await shop.ok("POST", "/v1/orders", json=document)
    await shop.ok("POST", f"/v1/orders/{number}/holds", json={**CREDIT, "step": "ship", "when": "reached"})
    await shop.until_parked(number, "credit")
    return number


async def release(shop: Shop, number: str, id_: str = "h-1", **more: Any) -> tuple[int, dict[str, Any]]:
    path = f"/v1/orders/{number}/holds/{id_}"
    response = await shop.api.delete(path, params={"reason": "It is paid."}, **more)
    return response.status_code, response.json()


async def test_a_hold_for_a_step_to_come_holds_there_and_is_released(shop: Shop) -> None:
    number = await held_before_shipment(shop)
    order = await shop.order(number)
    (wait,) = order["waiting"]
    assert (wait["what"], wait["who"], wait["step"], wait["hold"], wait["parked"]) == (
        "hold h-1", "operations", "ship", "h-1", True
    )  # fmt: skip
    assert wait["why"] == "On hold: ship is not begun until it is released."
    assert [hold["id"] for hold in order["holds"]] == ["h-1"]
    assert order["parked"] is True
    assert (await shop.books("carrier", number))["requests"] == []
    attributes = (await shop.workflow(number).describe()).typed_search_attributes
    assert {pair.key.name: pair.value for pair in attributes}["Hold"] == "credit"
    assert f"`ordito order release {number} h-1 --reason ...`" in await shop.details(number)
    assert await release(shop, number) == (
        200,
        {"number": number, "id": "h-1", "words": "Hold h-1 is released; the order goes on unless another one stands."},
    )
    await shop.until_status(number, "released")
    assert (await shop.order(number))["holds"] == []
    await shop.audited()


async def test_an_order_that_was_only_just_taken_can_be_held(shop: Shop) -> None:
    """Its workflow is started by the relay a moment later; nobody has to send the hold again for that."""
    document = shop.document([(await shop.stocked(), 3)])
    number: str = document["number"]
    relay = psutil.Process(shop.up.children()["relay"])
    relay.suspend()
    try:
        await shop.ok("POST", "/v1/orders", json=document)
        hold = asyncio.create_task(shop.api.post(f"/v1/orders/{number}/holds", json=CREDIT))
        await asyncio.sleep(0.5)
        assert not hold.done()
    finally:
        relay.resume()
    response = await hold
    assert (response.status_code, response.json()["id"]) == (200, "h-1")


async def test_an_order_nobody_starts_is_said_to_be_not_running(shop: Shop) -> None:
    document = shop.document([(await shop.stocked(), 3)])
    number: str = document["number"]
    relay = psutil.Process(shop.up.children()["relay"])
    relay.suspend()
    try:
        await shop.ok("POST", "/v1/orders", json=document)
        response = await shop.api.post(f"/v1/orders/{number}/holds", json=CREDIT)
    finally:
        relay.resume()
    assert (response.status_code, response.json()["code"]) == (409, "order_not_running")
    await shop.until_status(number, "released")


async def test_timeline_and_history_tell_each_what_they_may(shop: Shop) -> None:
    number = await held_before_shipment(shop)
    await release(shop, number)
    await shop.until_status(number, "released")
    entries = (await shop.ok("GET", f"/v1/orders/{number}/timeline"))["entries"]
    told = {entry["type"]: entry for entry in entries}
    placed, released = told["hold.placed"], told["hold.released"]
    assert placed["words"] == "Put on hold by admin (credit) once ship is reached: ship is not begun."
    assert (placed["why"], released["why"]) == (CREDIT["reason"], "It is paid.")
    assert released["words"] == "Hold h-1 (credit) released by admin."
    history = (await shop.workflow(number).fetch_history()).to_json()
    told_to_it = b"\n".join(base64.b64decode(data) for data in re.findall(r'"data": "([^"]*)"', history))
    assert b'"hold_asked"' in told_to_it
    assert b"Secret" not in told_to_it


async def test_a_line_is_held_with_what_travels_with_it_and_the_rest_goes_on(shop: Shop) -> None:
    lines = [
        {"sku": await shop.stocked(), "quantity": 2, "ship_set": "a"},
        {"sku": await shop.stocked(1), "quantity": 2, "ship_set": "b"},
    ]
    document = {**shop.document([]), "lines": lines}
    number = document["number"]
    await shop.ok("POST", "/v1/orders", json=document)
    await shop.until_parked(number, "out_of_stock")
    await shop.ok("POST", f"/v1/orders/{number}/holds", json={**CREDIT, "line": 2})
    await shop.receive(lines[1]["sku"], 9, f"more-{number}")
    await shop.ok("POST", f"/v1/orders/{number}/retry")
    order = await shop.until(number, lambda found: [wait["hold"] for wait in found["waiting"]].count("h-1") == 1)
    assert [group["status"] for group in order["groups"]] == ["released", "scheduled"]
    assert (await shop.stock(lines[1]["sku"]))["reserved"] == 0
    await release(shop, number)
    await shop.until_status(number, "released")
    assert len((await shop.books("carrier", number))["requests"]) == 2


async def test_a_held_order_is_changed_and_sent_anew_after_its_release(shop: Shop) -> None:
    number = await scenarios.waiting_for_the_carrier(shop)
    await shop.ok("POST", f"/v1/orders/{number}/holds", json=CREDIT)
    change = {"lines": [{"number": 1, "quantity": 5}]}
    preview = await shop.ok("POST", f"/v1/orders/{number}/changes?preview=true", json=change)
    answer = await shop.ok("POST", f"/v1/orders/{number}/changes", json={**change, "token": preview["token"]})
    assert answer["outcome"] == "accepted"
    await shop.until(number, lambda order: order["status"] == "reserved" and order["revision"] == 2)
    assert [book["status"] for book in (await shop.books("carrier", number))["requests"]] == ["cancelled"]
    await release(shop, number)
    await shop.until_status(number, "released")
    await shop.ship(number)
    await shop.until_status(number, "completed")


async def test_a_held_order_is_cancelled(shop: Shop) -> None:
    number = await held_before_shipment(shop)
    await shop.ok("POST", f"/v1/orders/{number}/cancel", json={"reason": "no longer wanted"})
    order = await shop.until_status(number, "cancelled")
    assert (order["holds"], order["waiting"]) == ([], [])


async def test_only_the_role_that_the_hold_names_releases_it(shop: Shop) -> None:
    number = await scenarios.waiting_for_the_carrier(shop)
    await shop.ok("POST", f"/v1/orders/{number}/holds", json={**CREDIT, "role": "policies:write"})
    keys = {}
    for name, roles in (("clerk", "operations"), ("lead", "operations,policies:write")):
        code, said, errors = await shop.cli("key", "create", name, *(f"--role={role}" for role in roles.split(",")))
        assert code == 0, errors
        keys[name] = {"Authorization": f"Bearer {said.split()[-1]}"}
    status, refused = await release(shop, number, headers=keys["clerk"])
    assert (status, refused["code"]) == (403, "role_missing")
    assert refused["detail"] == f"Hold h-1 is released with the role {Role.POLICIES_WRITE} only."
    assert (await release(shop, number, headers=keys["lead"]))[0] == 200


async def test_what_cannot_be_held_or_released_is_refused(shop: Shop) -> None:
    number = await scenarios.waiting_for_the_carrier(shop)
    before = await shop.timeline(number)
    path = f"/v1/orders/{number}/holds"
    for more, code in (
        ({"step": "paint"}, "not_holdable"),
        ({"step": "reserve"}, "not_holdable"),
        ({"line": 7}, "not_holdable"),
        ({"when": "reached"}, "not_holdable"),
    ):
        response = await shop.api.post(path, json={**CREDIT, **more})
        assert (response.status_code, response.json()["code"]) == (409, code)
    unknown = await release(shop, number, "h-9")
    assert (unknown[0], unknown[1]["code"]) == (404, "hold_unknown")
    assert await shop.timeline(number) == before
    await shop.ok("POST", path, json=CREDIT)
    again = await shop.api.post(path, json=CREDIT)
    other = await shop.api.post(path, json={**CREDIT, "code": "fraud"})
    assert (again.status_code, other.status_code, other.json()["code"]) == (200, 409, "hold_id_reused")
    await release(shop, number)


async def test_the_updates_in_temporal_do_the_same(shop: Shop) -> None:
    number = await held_before_shipment(shop)
    handle, at = shop.workflow(number), scenarios.now()
    asked = HoldAsked.model_validate({"id": "h-2", "code": "fraud", "reason": "odd", "requested_by": "ann", "at": at})
    answer: HoldAnswer = await handle.execute_update("hold", asked, result_type=HoldAnswer)
    assert answer.words == "Hold h-2 (fraud) is placed; what is on its way is not cut."
    for id_ in ("h-1", "h-2"):
        let = ReleaseAsked.model_validate({"id": id_, "reason": "fine", "requested_by": "ann", "at": at})
        await handle.execute_update("release", let, result_type=HoldAnswer)
    await shop.until_status(number, "released")


async def test_at_the_command_line(shop: Shop) -> None:
    number = await scenarios.waiting_for_the_carrier(shop)
    arguments = ("credit", "--reason", "over the limit", "--step", "capture", "--when-reached", "--id", "h-1")
    held = await shop.cli("order", "hold", number, *arguments)
    assert held == (0, f"Order {number}: Hold h-1 (credit) is placed; what is on its way is not cut.\n", "")
    await shop.ship(number)
    await shop.until_parked(number, "credit")
    shown = await shop.cli("order", "show", number)
    assert "On hold: capture is not begun" in " ".join(shown[1].split())
    assert (await shop.order(number))["captures"] == []
    code, said, errors = await shop.cli("order", "release", number, "h-1", "--reason", "paid")
    assert (code, errors) == (0, "")
    assert "Hold h-1 is released" in said
    order: Order = await shop.until_status(number, "completed")
    assert len(order["captures"]) == 1


async def test_a_resumed_order_is_still_on_hold(shop: Shop) -> None:
    number = await held_before_shipment(shop)
    await shop.workflow(number).terminate("lost")
    await shop.ok("POST", f"/v1/orders/{number}/resume")
    version = (await shop.order(number))["version"]
    order = await shop.until(number, lambda found: found["version"] > version and bool(found["waiting"]))
    assert [wait["hold"] for wait in order["waiting"]] == ["h-1"]
    assert (await shop.books("carrier", number))["requests"] == []
    await release(shop, number)
    await shop.until_status(number, "released")
