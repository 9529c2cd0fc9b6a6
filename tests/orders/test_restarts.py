"""Parts that die, and operators who use Temporal's own means: no order is lost, nothing is doubled (ORC19, I6, I11)."""

import asyncio
import os
import signal

import psutil
import psycopg
import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest

from tests.support.shop import Shop

ORDERS = 12


@pytest.mark.parametrize("part", ["postgres", "temporal", "worker", "simulators", "api", "relay"])
async def test_orders_survive_the_death_of_a_part(shop: Shop, part: str) -> None:
    """kill -9 in the middle of a burst of orders; the supervisor brings the part back; every order ends right."""
    sku = await shop.stocked(1000)
    numbers = [await shop.place([(sku, 2)]) for _ in range(ORDERS)]
    await shop.kill(part)
    for number in numbers:
        await shop.until_status(number, "released", seconds=90)
    for number in numbers:
        await shop.ship(number)
    for number in numbers:
        await shop.until_status(number, "completed", seconds=90)
    assert await shop.stock(sku) == {"on_hand": 1000 - 2 * ORDERS, "reserved": 0, "available": 1000 - 2 * ORDERS}
    for number in numbers:
        assert len((await shop.books("carrier", number))["requests"]) == 1
        (authorization,) = (await shop.books("payments", number))["authorizations"]
        assert authorization["captured"] == 2000
    assert await shop.violations() == []


@pytest.mark.parametrize("asked", ["cancel", "edit"])
async def test_what_a_dying_worker_still_did_is_not_forgotten_when_a_change_comes_next(shop: Shop, asked: str) -> None:
    """The reservation commits, the worker is dead, and the task that is done over has a change in it (CHG9, I2)."""
    sku = await shop.stocked(10)
    number = shop.document([])["number"]
    async with await psycopg.AsyncConnection.connect(shop.settings.database()) as blocker:
        await blocker.execute("SELECT FROM stock WHERE sku = %s FOR UPDATE", (sku,))
        await shop.place([(sku, 3)], number=number, source={"system": "test", "id": number})
        while not await _somebody_waits(shop):
            await asyncio.sleep(0.05)
        dying = shop.up.children()["worker"]
        os.kill(dying, signal.SIGKILL)
        body = {"reason": "no longer wanted"} if asked == "cancel" else {"lines": [{"number": 1, "quantity": 5}]}
        path = f"/v1/orders/{number}/{'cancel' if asked == 'cancel' else 'changes'}?timeout=1"
        assert (await shop.api.post(path, json=body)).status_code == 202
    await shop.runs_again("worker", dying)

    held = 0 if asked == "cancel" else 5
    await shop.until_status(number, "cancelled" if asked == "cancel" else "released", seconds=60)
    assert await shop.stock(sku) == {"on_hand": 10, "reserved": held, "available": 10 - held}
    assert await shop.violations() == []
    await shop.audited()


async def test_what_a_call_that_came_back_led_to_is_not_forgotten_when_the_worker_dies_and_a_cancel_comes(
    shop: Shop,
) -> None:
    """The answer about the card is in the history, the stock that a change then held is not yet (CHG9, I2)."""
    old, new = await shop.stocked(10), await shop.stocked(10)
    number = shop.document([])["number"]
    await shop.fault("payments", "authorizations", "slow", number, seconds=4)
    await shop.place([(old, 3)], number=number, source={"system": "test", "id": number})
    await shop.until(number, lambda order: order["status"] == "reserved")
    body = {"change_id": "other-item", "lines": [{"number": 1, "sku": new}]}
    server = psutil.Process(shop.up.children()["temporal"])
    dying = shop.up.children()["worker"]
    try:
        async with await psycopg.AsyncConnection.connect(shop.settings.database()) as blocker:
            await blocker.execute("SELECT FROM stock WHERE sku = %s FOR UPDATE", (new,))
            assert (await shop.api.post(f"/v1/orders/{number}/changes?timeout=1", json=body)).status_code == 202
            while not await _somebody_waits(shop):
                await asyncio.sleep(0.05)
            server.suspend()
        while (await shop.stock(new))["reserved"] != 3:
            await asyncio.sleep(0.05)
        os.kill(dying, signal.SIGKILL)
    finally:
        server.resume()
    cancel = {"change_id": "no-more", "reason": "no longer wanted"}
    assert (await shop.api.post(f"/v1/orders/{number}/cancel?timeout=1", json=cancel)).status_code == 202
    await shop.runs_again("worker", dying)

    await shop.until_status(number, "cancelled", seconds=60)
    assert await shop.stock(old) == {"on_hand": 10, "reserved": 0, "available": 10}
    assert await shop.stock(new) == {"on_hand": 10, "reserved": 0, "available": 10}
    (authorization,) = (await shop.books("payments", number))["authorizations"]
    assert (authorization["status"], authorization["captured"]) == ("voided", 0)
    assert (await shop.books("carrier", number))["requests"] == []
    assert await shop.violations() == []
    await shop.audited()


async def _somebody_waits(shop: Shop) -> bool:
    async with await psycopg.AsyncConnection.connect(shop.settings.database()) as connection:
        cursor = await connection.execute("SELECT FROM pg_locks WHERE NOT granted")
        return await cursor.fetchone() is not None


async def test_a_terminated_order_is_found_by_the_audit_and_resumed(shop: Shop) -> None:
    sku = await shop.stocked(10)
    number = await shop.place([(sku, 3)])
    await shop.until_status(number, "released")
    await shop.workflow(number).terminate("an operator pressed Terminate")
    await asyncio.sleep(1)  # until the server's list knows it

    code, said, _ = await shop.cli("audit")
    assert code == 1
    assert number in said
    assert f"ordito order resume {number}" in said

    code, said, errors = await shop.cli("order", "resume", number)
    assert code == 0, said + errors
    await shop.ship(number)
    order = await shop.until_status(number, "completed")
    assert len(order["shipments"]) == len(order["authorizations"]) == len(order["captures"]) == 1
    assert len((await shop.books("carrier", number))["requests"]) == 1
    assert (await shop.timeline(number)).count("stock.reserved") == 1


async def test_an_order_resumed_amid_its_cancel_is_cancelled_and_holds_nothing(shop: Shop) -> None:
    sku = await shop.stocked(10)
    number = await shop.place([(sku, 3)])
    await shop.until_status(number, "released")
    await shop.fault("payments", "voids", "unavailable", number, times=-1)
    response = await shop.api.post(f"/v1/orders/{number}/cancel?timeout=1", json={"reason": "no longer wanted"})
    assert response.status_code == 202
    await shop.until_parked(number, "undo_failed")
    await shop.workflow(number).terminate("an operator pressed Terminate")

    answer = await shop.ok("POST", f"/v1/orders/{number}/resume")
    assert answer["told_again"] == 1
    await shop.until(number, lambda order: order["version"] > answer["version"] and bool(order["waiting"]))
    await shop.until_parked(number, "undo_failed")
    assert (await shop.stock(sku))["reserved"] == 3, "the undo goes in order: stock is given back after the money"
    await shop.outside.delete("/payments/admin/faults")
    await shop.ok("POST", f"/v1/orders/{number}/retry")

    order = await shop.until_status(number, "cancelled")
    (change,) = order["changes"]
    assert change["outcome"] == "accepted"
    assert await shop.stock(sku) == {"on_hand": 10, "reserved": 0, "available": 10}
    (authorization,) = (await shop.books("payments", number))["authorizations"]
    assert (authorization["status"], authorization["captured"]) == ("voided", 0)
    (request,) = (await shop.books("carrier", number))["requests"]
    assert request["status"] == "cancelled"
    timeline = await shop.timeline(number)
    for once in ("shipment.requested", "shipment.cancelled", "payment.voided", "stock.released", "order.cancelled"):
        assert timeline.count(once) == 1, once
    assert await shop.violations() == []


async def test_a_cancel_that_nobody_ran_to_hear_is_carried_out_by_the_resumed_order(shop: Shop) -> None:
    sku = await shop.stocked(10)
    number = await shop.place([(sku, 3)])
    await shop.until_status(number, "released")
    await shop.workflow(number).terminate("an operator pressed Terminate")
    response = await shop.api.post(f"/v1/orders/{number}/cancel", json={"change_id": "unheard", "reason": "too long"})
    assert response.status_code == 202

    await shop.ok("POST", f"/v1/orders/{number}/resume")

    order = await shop.until_status(number, "cancelled")
    assert [(change["change_id"], change["outcome"]) for change in order["changes"]] == [("unheard", "accepted")]
    assert await shop.stock(sku) == {"on_hand": 10, "reserved": 0, "available": 10}
    (authorization,) = (await shop.books("payments", number))["authorizations"]
    assert authorization["status"] == "voided"
    (request,) = (await shop.books("carrier", number))["requests"]
    assert request["status"] == "cancelled"
    assert await shop.violations() == []


async def test_an_order_terminated_before_its_first_task_is_resumed(shop: Shop) -> None:
    sku = await shop.stocked(10)
    worker = psutil.Process(shop.up.children()["worker"])
    worker.suspend()
    try:
        number = await shop.place([(sku, 3)])
        await asyncio.sleep(2)  # until the relay has started it
        await shop.workflow(number).terminate("an operator pressed Terminate")
        answer = await shop.ok("POST", f"/v1/orders/{number}/resume")
    finally:
        worker.resume()
    assert (answer["version"], answer["told_again"]) == (0, 0)
    await shop.until_status(number, "released")
    assert len((await shop.books("carrier", number))["requests"]) == 1
    assert (await shop.timeline(number)).count("stock.reserved") == 1


async def test_a_reset_order_repeats_no_effect(shop: Shop) -> None:
    sku = await shop.stocked(10)
    number = await shop.place([(sku, 3)])
    await shop.until_status(number, "released")
    await _reset_to_the_beginning(shop, number)
    await shop.until_status(number, "released")
    await shop.ship(number)
    order = await shop.until_status(number, "completed")
    assert await shop.stock(sku) == {"on_hand": 7, "reserved": 0, "available": 7}
    assert len(order["shipments"]) == len(order["authorizations"]) == len(order["captures"]) == 1
    assert len((await shop.books("carrier", number))["requests"]) == 1
    timeline = await shop.timeline(number)
    assert all(timeline.count(entry) == 1 for entry in timeline)


async def _reset_to_the_beginning(shop: Shop, number: str) -> None:
    handle = shop.workflow(number)
    history = await handle.fetch_history()
    first = next(e for e in history.events if e.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED)
    await shop.temporal.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=shop.settings.temporal_namespace,
            workflow_execution=WorkflowExecution(workflow_id=f"order-{number}"),
            reason="an operator pressed Reset",
            workflow_task_finish_event_id=first.event_id,
            request_id=f"reset-{number}",
        )
    )
