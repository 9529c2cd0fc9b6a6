"""A change that the policy asks a person about, on the real stack: it waits, and somebody decides (CHG10, CHG14)."""

import base64
import re
from typing import Any

import httpx

from domain.process.events import ApproveAsked
from domain.process.read_model import ChangeAnswer
from tests.orders import scenarios
from tests.support.shop import Shop

FEWER: dict[str, Any] = {"change_id": "c-1", "reason": "one is enough", "lines": [{"number": 1, "quantity": 1}]}
WHY = "The warehouse is Bob's."


async def asked(shop: Shop) -> str:
    """An order with a picked shipment, of which a change waits for a person; its number."""
    number = await scenarios.waiting_for_the_carrier(shop)
    await shop.advance(number, "picked")
    response = await shop.api.post(f"/v1/orders/{number}/changes", json=FEWER)
    given = response.json()
    assert (response.status_code, given["outcome"], given["code"]) == (202, "pending_approval", "needs_a_person")
    assert response.headers["Location"] == f"/v1/orders/{number}/changes/c-1"
    assert given["approval"]["role"] == "operations"
    return number


async def decide(shop: Shop, number: str, word: str, **more: Any) -> httpx.Response:
    path = f"/v1/orders/{number}/changes/c-1/{word}"
    return await shop.api.post(path, json={"reason": WHY}, **more)


async def kept(shop: Shop, number: str) -> dict[str, Any]:
    """The change as the database has it once its answer is saved."""

    await shop.until(number, lambda order: all(wait["code"] != "needs_a_person" for wait in order["waiting"]))
    return dict(await shop.ok("GET", f"/v1/orders/{number}/changes/c-1"))


async def test_an_approved_change_is_done_when_the_carrier_gives_the_goods_back(shop: Shop) -> None:
    number = await asked(shop)
    order = await shop.until(number, lambda found: found["parked"])
    (wait,) = (one for one in order["waiting"] if one["code"] == "needs_a_person")
    assert (wait["who"], wait["change"]) == ("operations", "c-1")
    assert f"`ordito order approve {number} c-1 --reason ...`" in await shop.details(number)
    listed = (await shop.ok("GET", "/v1/exceptions"))["exceptions"]
    (entry,) = (one for one in listed if one["number"] == number and one["change"] == "c-1")
    path = f"POST /v1/orders/{number}/changes/c-1"
    assert (entry["owner"], entry["retry"]) == ("operations", None)
    assert (entry["approve"], entry["refuse"]) == (f"{path}/approve", f"{path}/refuse")
    shown = await shop.ok("GET", f"/v1/orders/{number}/changes/c-1")
    assert (shown["outcome"], shown["approval"]["role"]) == ("pending_approval", "operations")
    assert (await shop.api.post(f"/v1/orders/{number}/changes", json=FEWER)).status_code == 202
    await scenarios.strict(shop, False)
    try:
        code, said, errors = await shop.cli("order", "approve", number, "c-1", "--reason", WHY)
    finally:
        await scenarios.strict(shop, True)
    assert (code, errors) == (0, "")
    assert said.startswith(f"Order {number}: Revision 2: line 1 from 3 to 1 units.")
    order = await shop.until(number, lambda found: found["revision"] == 2 and not found["parked"])
    assert order["lines"][0]["quantity"] == 1
    assert (await kept(shop, number))["outcome"] == "accepted"
    told = [one["type"] for one in (await shop.ok("GET", f"/v1/orders/{number}/timeline"))["entries"]]
    assert [type_ for type_ in told if type_.startswith("change.")] == [
        *("change.pending_approval", "change.approved", "change.accepted"),
    ]
    again = await decide(shop, number, "approve")
    assert (again.status_code, again.json()["code"]) == (409, "not_pending")
    history = (await shop.workflow(number).fetch_history()).to_json()
    heard = b"\n".join(base64.b64decode(data) for data in re.findall(r'"data": "([^"]*)"', history))
    assert b'"approve_asked"' in heard
    assert b"Bob" not in heard
    await shop.audited()


async def test_the_carrier_has_the_last_word_and_the_order_goes_on(shop: Shop) -> None:
    number = await asked(shop)
    given: ChangeAnswer = await shop.workflow(number).execute_update(
        "approve",
        ApproveAsked(change_id="c-1", reason="agreed", requested_by="ann", at=scenarios.now()),
        result_type=ChangeAnswer,
    )
    assert (given.outcome, given.code) == ("refused", "too_late")
    assert (await kept(shop, number))["outcome"] == "refused"
    assert (await shop.order(number))["revision"] == 1
    await shop.audited()


async def test_a_refused_change_tells_why_and_touches_nothing(shop: Shop) -> None:
    number = await asked(shop)
    before = await shop.books("carrier", number)
    response = await decide(shop, number, "refuse")
    assert (response.status_code, response.json()["code"]) == (200, "turned_down")
    words = f"Turned down by admin. Nothing was changed. Why: {WHY}"
    assert response.json()["words"] == words
    assert (await kept(shop, number))["words"] == words
    assert await shop.books("carrier", number) == before
    order = await shop.order(number)
    assert (order["revision"], order["parked"]) == (1, False)
    asked_again = await shop.api.post(f"/v1/orders/{number}/changes", json=FEWER)
    assert (asked_again.status_code, asked_again.json()["reason"]) == (409, "turned_down")
    await shop.audited()


async def test_a_cancel_meanwhile_ends_the_waiting(shop: Shop) -> None:
    number = await asked(shop)
    await scenarios.strict(shop, False)
    try:
        await shop.ok("POST", f"/v1/orders/{number}/cancel", json={"reason": "no longer wanted"})
    finally:
        await scenarios.strict(shop, True)
    await shop.until_status(number, "cancelled")
    change = await kept(shop, number)
    assert (change["outcome"], change["code"]) == ("refused", "overtaken")
    closed = await decide(shop, number, "approve")
    assert (closed.status_code, closed.json()["code"]) == (409, "order_closed")
    await shop.audited()


async def test_a_resumed_order_asks_again_and_what_is_approved_is_not_asked_a_second_time(shop: Shop) -> None:
    """Its workflow goes twice: while the change waits, and while the approved change cannot reach the carrier."""
    number = await asked(shop)
    await shop.until(number, lambda found: found["parked"])
    await shop.workflow(number).terminate("an operator pressed Terminate")
    gone = await shop.ok("POST", f"/v1/orders/{number}/resume")
    assert gone["told_again"] == 1
    await shop.until(number, lambda found: found["version"] > gone["version"] and found["parked"])
    (first,) = (await shop.order(number))["changes"]
    assert first["outcome"] == "pending_approval"

    await shop.fault("carrier", "cancellations", "unavailable", number, times=7)
    response = await decide(shop, number, "approve")
    assert (response.status_code, response.json()["outcome"]) == (202, "in_progress")
    shown = await shop.ok("GET", f"/v1/orders/{number}/changes/c-1")
    assert (shown["outcome"], shown["code"], shown["approval"]) == ("in_progress", "approved", None)
    assert shown["words"] == "Approved by admin; it is judged anew, and its answer follows under its id."
    again = await decide(shop, number, "refuse")
    assert (again.status_code, again.json()["code"]) == (409, "not_pending")
    await shop.until(number, lambda found: any(one["code"] == "undo_failed" for one in found["waiting"]))
    await shop.workflow(number).terminate("an operator pressed Terminate")
    await scenarios.strict(shop, False)
    try:
        await shop.ok("POST", f"/v1/orders/{number}/resume")
        order = await shop.until(number, lambda found: found["revision"] == 2 and not found["parked"])
    finally:
        await scenarios.strict(shop, True)
    assert order["lines"][0]["quantity"] == 1
    assert (await kept(shop, number))["outcome"] == "accepted"
    told = [one["type"] for one in (await shop.ok("GET", f"/v1/orders/{number}/timeline"))["entries"]]
    assert [type_ for type_ in told if type_.startswith("change.")] == [
        *("change.pending_approval", "change.approved", "change.accepted"),
    ]
    await shop.audited()
