"""Deciding on a change while nobody runs orders: who may, what is kept, what is refused (CHG10)."""

import pytest

from store.keys import Role
from tests.api.desk import Desk

WHY = {"reason": "the warehouse agrees"}


async def waiting(desk: Desk) -> str:
    """An order with a change; the address of the change."""
    number = await desk.place()
    await desk.post(f"/v1/orders/{number}/cancel", {"change_id": "c-1", "reason": "no longer wanted"})
    return f"/v1/orders/{number}/changes/c-1"


@pytest.mark.parametrize("word", ["approve", "refuse"])
async def test_a_decision_needs_the_engine_and_is_kept_with_its_reason(desk: Desk, word: str) -> None:
    path = await waiting(desk)
    response = await desk.post(f"{path}/{word}", WHY)
    assert (response.status_code, response.json()["code"]) == (503, "temporal_away")
    (kept,) = await desk.rows("SELECT type, body, note FROM inbox")
    assert (kept["type"], kept["note"]) == (word, "the order could not be asked")
    assert (kept["body"]["change_id"], kept["body"]["reason"]) == ("c-1", "the warehouse agrees")


async def test_only_operations_decide(desk: Desk) -> None:
    path = await waiting(desk)
    clerk = await desk.key(Role.CHANGES_WRITE, Role.ORDERS_WRITE)
    for word in ("approve", "refuse"):
        response = await desk.post(f"{path}/{word}", WHY, **clerk)
        assert (response.status_code, response.json()["role"]) == (403, "operations")
    assert await desk.count("inbox") == 0


async def test_what_cannot_be_decided_is_not_kept(desk: Desk) -> None:
    path = await waiting(desk)
    cases = [
        (f"{path}/approve", {}, 422, "invalid_document"),
        (f"{path}/approve", {"reason": ""}, 422, "invalid_document"),
        (f"{path}/refuse", {"reason": "card 4111111111111111"}, 422, "invalid_document"),
        (f"{path}-no/approve", WHY, 404, "change_unknown"),
        ("/v1/orders/none/changes/c-1/refuse", WHY, 404, "order_unknown"),
    ]
    for address, body, status, code in cases:
        response = await desk.post(address, body)
        assert (response.status_code, response.json()["code"]) == (status, code), address
    await desk.run("UPDATE sales_order SET finished = true")
    ended = await desk.post(f"{path}/approve", WHY)
    assert (ended.status_code, ended.json()["code"]) == (409, "order_closed")
    assert await desk.count("inbox") == 0
