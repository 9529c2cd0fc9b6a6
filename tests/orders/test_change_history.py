"""What a change leaves in the history of its order's workflow: no timer moved, no question asked twice (CHG4, SHP1)."""

import asyncio
from collections import Counter

from bench.happened import happened, rests_at
from domain.process.words import Operation
from tests.support.shop import PATIENCE, Shop

UP = {"change_id": "up", "lines": [{"number": 1, "quantity": 4}]}


async def waiting(shop: Shop) -> str:
    number = await shop.place([(await shop.stocked(), 3)])
    await shop.until_status(number, "released")
    return number


async def kinds_and_calls(shop: Shop, number: str) -> tuple[Counter[str], Counter[str]]:
    """Of the whole history, once nothing is on its way any more."""
    handle = shop.workflow(number)
    async with asyncio.timeout(PATIENCE):
        while await rests_at(handle) is None:
            await asyncio.sleep(0.05)
    seen = happened(list((await handle.fetch_history()).events))
    return seen.kinds, seen.calls


async def test_the_timer_of_the_wait_stays_when_a_change_leaves_its_deadline(shop: Shop) -> None:
    number = await waiting(shop)

    answer = await shop.ok("POST", f"/v1/orders/{number}/changes", json=UP)
    await shop.until_status(number, "released")

    assert answer["outcome"] == "accepted"
    kinds, _ = await kinds_and_calls(shop, number)
    assert kinds["timer_started"] == 2, "the deadline of the wait, and the patience of the caller"
    assert kinds["timer_canceled"] == 1, "the patience of the caller"


async def test_a_later_deadline_moves_the_timer_once_the_order_rests(shop: Shop) -> None:
    number = await waiting(shop)

    later = {"change_id": "later", "set": {"requested_date": "2026-12-20"}}
    await shop.ok("POST", f"/v1/orders/{number}/changes", json=later)
    order = await shop.until_status(number, "released")

    assert order["waiting"][0]["until"] == "2026-12-21T07:59:59Z", "the end of the 20th where the shop is"
    kinds, _ = await kinds_and_calls(shop, number)
    assert (kinds["timer_started"], kinds["timer_canceled"], kinds["timer_fired"]) == (3, 2, 0)


async def test_one_activity_asks_the_carrier_and_makes_the_other_calls_of_a_change(shop: Shop) -> None:
    number = await waiting(shop)
    before, _ = await kinds_and_calls(shop, number)

    await shop.ok("POST", f"/v1/orders/{number}/changes", json=UP)
    await shop.until_status(number, "released")

    kinds, calls = await kinds_and_calls(shop, number)
    assert (calls[Operation.INQUIRE], calls[Operation.CANCEL_SHIPMENT]) == (1, 1)
    assert kinds["marker_recorded (inquire_shipment)"] == 0
    done = "the sequence, the request that is sent anew, and the old authorization that is voided"
    assert kinds["activity_task_completed"] - before["activity_task_completed"] == 3, done


async def test_the_carrier_is_asked_within_the_task_of_a_preview(shop: Shop) -> None:
    number = await waiting(shop)

    await shop.ok("POST", f"/v1/orders/{number}/changes?preview=true", json=UP)

    kinds, calls = await kinds_and_calls(shop, number)
    assert kinds["marker_recorded (inquire_shipment)"] == 1
    assert calls[Operation.INQUIRE] == 1


async def test_a_carrier_that_is_away_for_a_moment_is_asked_on(shop: Shop) -> None:
    number = await waiting(shop)
    await shop.admin("carrier/admin/faults", operation="requests", kind="unavailable", times=1)

    answer = await shop.ok("POST", f"/v1/orders/{number}/changes", json=UP)
    await shop.until_status(number, "released")

    assert answer["outcome"] == "accepted"
    kinds, calls = await kinds_and_calls(shop, number)
    assert calls[Operation.INQUIRE] == 2, "in the sequence, and as an activity of its own"
    assert kinds["activity_task_failed"] == 0
    books = await shop.books("carrier", number)
    assert [request["status"] for request in books["requests"]] == ["cancelled", "released"]


async def test_a_slow_carrier_does_not_hold_up_the_sequence(shop: Shop) -> None:
    number = await waiting(shop)
    await shop.admin("carrier/admin/faults", operation="requests", kind="slow", seconds=6, times=1)

    answer = await shop.ok("POST", f"/v1/orders/{number}/changes", json=UP)
    await shop.until_status(number, "released")

    assert answer["outcome"] == "accepted"
    _, calls = await kinds_and_calls(shop, number)
    assert calls[Operation.INQUIRE] == 2
