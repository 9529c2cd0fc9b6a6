"""What an update asks for is done only once the order's history tells of it (CHG9, I2).

A workflow task may be lost with a worker or a server. The next one may find other news, say that the goods have left:
nothing may have been done then that only the lost one knew of.
"""

import asyncio

import psycopg
from temporalio.api.enums.v1 import EventType

from tests.support.shop import Order, Shop

SCHEDULED = EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED
ACCEPTED = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED


async def told(shop: Shop, number: str) -> list[str]:
    """What the history tells of updates and of calls that are begun, in order."""
    found = []
    async for event in shop.workflow(number).fetch_history_events():
        if event.event_type == ACCEPTED:
            found.append(event.workflow_execution_update_accepted_event_attributes.accepted_request.input.name)
        elif event.event_type == SCHEDULED:
            found.append(event.activity_task_scheduled_event_attributes.activity_type.name)
    return found


def answered(order: Order) -> bool:
    return [change["outcome"] for change in order["changes"]] in (["accepted"], ["refused"])


async def test_goods_that_leave_while_a_dead_worker_held_more_for_a_change_leave_nothing_held(shop: Shop) -> None:
    sku = await shop.stocked(10)
    number = await shop.place([(sku, 3)])
    await shop.until_status(number, "released")
    body = {"change_id": "more", "lines": [{"number": 1, "quantity": 5}]}
    async with await psycopg.AsyncConnection.connect(shop.settings.database()) as blocker:
        await blocker.execute("SELECT FROM stock WHERE sku = %s FOR UPDATE", (sku,))
        asking = asyncio.create_task(shop.api.post(f"/v1/orders/{number}/changes?timeout=1", json=body))
        async with asyncio.timeout(60):
            while (await told(shop, number))[-2:] != ["change", "call_in_sequence"]:
                await asyncio.sleep(0.1)
        await shop.kill("worker")
        assert (await asking).status_code == 202
    await shop.ship(number)

    order = await shop.until(number, answered)
    (change,) = order["changes"]
    units = {"accepted": 5, "refused": 3}[change["outcome"]]
    if units == 5:  # they go by themselves
        await shop.until(number, lambda order: len(order["shipments"]) == 2)
        await shop.ship(number)
    order = await shop.until_status(number, "completed")
    assert [line["shipped"] for line in order["lines"]] == [units]
    assert await shop.stock(sku) == {"on_hand": 10 - units, "reserved": 0, "available": 10 - units}
    assert await shop.violations() == []
    await shop.audited()


async def test_a_change_that_is_refused_is_kept_once_the_history_tells_of_it(shop: Shop) -> None:
    sku = await shop.stocked(4)
    number = await shop.place([(sku, 3)])
    await shop.until_status(number, "released")

    body = {"change_id": "too-much", "lines": [{"number": 1, "quantity": 9}]}
    answer = await shop.api.post(f"/v1/orders/{number}/changes", json=body)

    assert (answer.status_code, answer.json()["change"]["code"]) == (409, "out_of_stock")
    assert (await told(shop, number))[-2:] == ["change", "call_in_sequence"]
    assert await shop.stock(sku) == {"on_hand": 4, "reserved": 3, "available": 1}
