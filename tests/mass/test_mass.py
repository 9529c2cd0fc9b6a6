"""One action on many orders, on the whole stack: each item has its report, and nothing happens twice (CAP13)."""

import asyncio
import os
import signal
from typing import Any

import psycopg
import pytest

from tests.orders import scenarios
from tests.support.shop import Order, Shop

REASON = "The supplier recalls a batch."
ORDERS = 60
SHIPPED = 6


async def until_done(shop: Shop, mass_id: str, seconds: float = 180.0) -> Order:
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


async def begun_again(shop: Shop, mass_id: str) -> Order:
    """The report after all that was settled was done over, as by a relay that had died before it noted anything."""
    async with await psycopg.AsyncConnection.connect(shop.settings.database(), autocommit=True) as connection:
        changed = await connection.execute(
            "UPDATE mass_item SET outcome = 'begun', words = '', code = '' WHERE mass_id = %s", (mass_id,)
        )
        assert changed.rowcount > 0
    return await until_done(shop, mass_id)


async def told(shop: Shop, number: str, type_: str) -> list[tuple[str, str]]:
    """Words and reason of the events of a type."""
    entries = (await shop.ok("GET", f"/v1/orders/{number}/timeline"))["entries"]
    return [(entry["words"], entry["why"]) for entry in entries if entry["type"] == type_]


async def test_what_a_filter_finds_is_held_and_released_once_however_often_it_is_done_over(shop: Shop) -> None:
    numbers = await released(shop, 3, customer={"id": "C-HOLD"})
    body = {"id": "recall", "action": "hold", "filter": {"customer": "C-HOLD"}, "with": {"code": "recall"}}
    status, report = await ask(shop, **body)
    assert (status, report["state"], report["counts"]["done"]) == (200, "done", 3)
    assert sorted(item["order"] for item in report["items"]) == sorted(numbers)
    assert (report["filter"], report["with"]) == ({"customer": "C-HOLD"}, {"code": "recall"})
    (later,) = await released(shop, 1, customer={"id": "C-HOLD"})
    assert (await ask(shop, **body)) == (200, report), "the filter is not asked again"
    again = await begun_again(shop, "recall")
    words = "Put on hold by admin (mass action recall) (recall): nothing more is begun."
    for number in numbers:
        assert [hold["id"] for hold in (await shop.order(number))["holds"]] == ["mass.recall"]
        assert await told(shop, number, "hold.placed") == [(words, REASON)]
    assert (again["counts"], (await shop.order(later))["holds"]) == (report["counts"], [])

    status, report = await ask(
        shop, id="free", action="release", orders=[*numbers, later], **{"with": {"id": "mass.recall"}}
    )
    assert (status, report["counts"]["done"], report["counts"]["refused"]) == (200, 3, 1)
    assert report["items"][-1]["code"] == "hold_unknown"
    again = await begun_again(shop, "free")
    assert again["counts"] == report["counts"], "a release done over is no release of an unknown hold"
    for number in numbers:
        assert (await shop.order(number))["holds"] == []
        released_words = "Hold mass.recall (recall) released by admin (mass action free)."
        assert await told(shop, number, "hold.released") == [(released_words, REASON)]


async def test_parked_orders_are_tried_again_or_skipped_once(shop: Shop) -> None:
    stuck = [await scenarios.capture_refused(shop) for _ in range(2)]
    fine = (await released(shop, 1))[0]
    _, report = await ask(shop, id="again", action="retry", orders=[stuck[0], fine])
    assert [(item["outcome"], item["code"]) for item in report["items"]] == [
        ("done", ""), ("refused", "nothing_to_retry"),
    ]  # fmt: skip
    await shop.until(stuck[0], lambda order: order["finished"] or order["parked"])
    await begun_again(shop, "again")
    assert await told(shop, stuck[0], "order.retried") == [("Tried again: capture.", REASON)]
    body = {"id": "skip", "action": "skip", "orders": [stuck[1], fine], "with": {"step": "capture"}}
    _, report = await ask(shop, **body)
    assert [(item["outcome"], item["code"]) for item in report["items"]] == [
        ("done", ""), ("refused", "nothing_to_skip"),
    ]  # fmt: skip
    await shop.until_status(stuck[1], "completed")
    again = await begun_again(shop, "skip")
    assert again["items"][0]["words"].startswith("Capture skipped by admin (mass action skip)")
    assert len(await told(shop, stuck[1], "step.skipped")) == 1


async def test_lines_are_cancelled_one_by_one_and_a_wrong_one_stops_no_other(shop: Shop) -> None:
    skus = [await shop.stocked(20) for _ in range(3)]
    numbers = [await shop.place([(sku, 2) for sku in skus]) for _ in range(2)]
    for number in numbers:
        await shop.until_status(number, "released")
    lines = [(numbers[0], 1), (numbers[0], 9), (numbers[0], 3), (numbers[1], 2)]
    body = {"action": "cancel", "lines": [{"order": number, "line": line} for number, line in lines]}
    _, asked = await ask(shop, id="lines", **body)
    report = await until_done(shop, asked["id"])
    assert [(item["order"], item["line"]) for item in report["items"]] == lines
    assert [item["outcome"] for item in report["items"]] == ["done", "refused", "done", "done"]
    first, second = [await shop.order(number) for number in numbers]
    assert [line["cancelled"] for line in first["lines"]] == [2, 0, 2]
    assert [line["cancelled"] for line in second["lines"]] == [0, 2, 0]
    assert (first["revision"], second["revision"]) == (3, 2)
    assert {change["change_id"] for change in first["changes"]} == {"mass.lines.1", "mass.lines.9", "mass.lines.3"}


async def test_a_preview_tells_what_would_come_and_touches_nothing(shop: Shop) -> None:
    numbers = await released(shop, 3)
    await shop.ship(numbers[0])
    await shop.until_status(numbers[0], "completed")
    before = [await shop.order(number) for number in numbers]
    more = {"lines": [{"number": 1, "quantity": 1}]}
    wanted = {"action": "change", "orders": [*numbers, "no-such"], "with": more, "reason": REASON}
    answer = await shop.ok("POST", "/v1/mass-actions", params={"preview": "true"}, json=wanted)
    cancelled = await shop.ok(
        "POST", "/v1/mass-actions", params={"preview": "true"},
        json={"action": "cancel", "orders": numbers, "reason": REASON},
    )  # fmt: skip
    assert [(item["order"], item["outcome"], item["code"]) for item in answer["items"]] == [
        (numbers[0], "refused", "order_closed"),
        (numbers[1], "done", ""),
        (numbers[2], "done", ""),
        ("no-such", "refused", "order_unknown"),
    ]
    assert [item["preview"] and item["preview"]["price"]["after"] for item in answer["items"]] == [
        None, "10.00", "10.00", None,
    ]  # fmt: skip
    assert cancelled["counts"]["done"] == 2
    assert [await shop.order(number) for number in numbers] == before
    ids = {one["id"] for one in (await shop.ok("GET", "/v1/mass-actions"))["mass_actions"]}
    assert not ids & {answer.get("id"), cancelled.get("id")}
    for number in numbers[1:]:
        assert len(await kept_requests(shop, number)) == 1


async def test_what_is_not_begun_can_be_stopped_and_a_late_answer_is_noted(shop: Shop) -> None:
    numbers = await released(shop, 10)
    worker = shop.up.children()["worker"]
    os.kill(worker, signal.SIGSTOP)
    try:
        asking = asyncio.create_task(ask(shop, id="halt", action="cancel", orders=numbers))
        async with asyncio.timeout(60):
            while (await shop.api.get("/v1/mass-actions/halt")).json().get("counts", {}).get("in_progress") != 8:
                await asyncio.sleep(0.02)
        stopped = await shop.ok("DELETE", "/v1/mass-actions/halt")
        assert (stopped["counts"]["stopped"], stopped["counts"]["in_progress"]) == (2, 8)
        assert (await asking)[0] == 202
        async with asyncio.timeout(60):
            items: list[dict[str, Any]] = []
            while len(items) != 8 or any(not item["words"] for item in items):
                query = {"outcome": "in_progress"}
                items = (await shop.ok("GET", "/v1/mass-actions/halt", params=query))["items"]
                await asyncio.sleep(0.1)
    finally:
        os.kill(worker, signal.SIGCONT)
    report = await until_done(shop, "halt")
    assert (report["counts"]["done"], report["counts"]["stopped"], report["stopped_by"]) == (8, 2, "admin")
    spared = [item["order"] for item in report["items"] if item["outcome"] == "stopped"]
    for number in numbers:
        order = await shop.order(number)
        assert (order["status"], len(order["changes"])) == (("released", 0) if number in spared else ("cancelled", 1))
