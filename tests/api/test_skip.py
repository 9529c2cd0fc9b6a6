"""Asking for a skip while nobody runs orders: who may, what is kept, what is refused (ORC19)."""

from store.keys import Role
from tests.api.desk import Desk

SKIP = {"step": "capture", "reason": "paid in cash"}


async def test_a_skip_needs_the_engine_and_is_kept_with_its_reason(desk: Desk) -> None:
    number = await desk.place()
    response = await desk.post(f"/v1/orders/{number}/skip", SKIP)
    assert (response.status_code, response.json()["code"]) == (503, "temporal_away")
    (kept,) = await desk.rows("SELECT source, type, order_number, body, note FROM inbox")
    assert (kept["source"], kept["type"], kept["order_number"]) == ("operator", "skip", number)
    assert kept["body"]["reason"] == "paid in cash"
    assert kept["note"] == "the order could not be asked"
    assert await desk.count("dispatch") == 1, "a skip that the order has not heard is not done later, behind one's back"


async def test_an_order_that_has_ended_or_never_was_has_nothing_to_skip(desk: Desk) -> None:
    number = await desk.place()
    await desk.run("UPDATE sales_order SET finished = true")
    ended = await desk.post(f"/v1/orders/{number}/skip", SKIP)
    unknown = await desk.post("/v1/orders/none/skip", SKIP)
    assert (ended.status_code, ended.json()["code"]) == (409, "order_closed")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "order_unknown")
    assert await desk.count("inbox") == 0


async def test_only_operations_may_skip(desk: Desk) -> None:
    number = await desk.place()
    clerk = await desk.key(Role.CHANGES_WRITE, Role.ORDERS_WRITE)
    response = await desk.post(f"/v1/orders/{number}/skip", SKIP, **clerk)
    assert (response.status_code, response.json()["role"]) == (403, "operations")
    assert await desk.count("inbox") == 0


async def test_bad_skips_are_refused_and_not_kept(desk: Desk) -> None:
    number = await desk.place()
    cases = [
        ({"step": "capture"}, "$.reason", "missing"),
        ({"reason": "x"}, "$.step", "missing"),
        ({**SKIP, "reason": ""}, "$.reason", "empty"),
        ({**SKIP, "reason": "x" * 501}, "$.reason", "too_long"),
        ({**SKIP, "group": ""}, "$.group", "empty"),
        ({**SKIP, "role": "admin"}, "$.role", "unknown_field"),
        ({**SKIP, "reason": "card 4111111111111111"}, "$.reason", "card_number"),
    ]
    for body, path, code in cases:
        response = await desk.post(f"/v1/orders/{number}/skip", body)
        assert response.status_code == 422
        assert [(p["path"], p["code"]) for p in response.json()["problems"]] == [(path, code)]
    assert await desk.count("inbox") == 0
