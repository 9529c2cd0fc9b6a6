"""Asking for a hold while nobody runs orders: who may, what is kept, what is refused (CAP9)."""

from store.keys import Role
from tests.api.desk import Desk

HOLD = {"code": "credit", "reason": "over the limit"}


async def test_a_hold_needs_the_engine_and_is_kept_with_its_reason(desk: Desk) -> None:
    number = await desk.place()
    placed = await desk.post(f"/v1/orders/{number}/holds", HOLD)
    released = await desk.http.delete(f"/v1/orders/{number}/holds/h-1", params={"reason": "paid"})
    assert [(r.status_code, r.json()["code"]) for r in (placed, released)] == [(503, "temporal_away")] * 2
    rows = await desk.rows("SELECT source, type, body ->> 'reason' AS reason, note FROM inbox ORDER BY type")
    assert [(row["source"], row["type"], row["reason"]) for row in rows] == [
        ("operator", "hold", "over the limit"),
        ("operator", "release", "paid"),
    ]
    assert {row["note"] for row in rows} == {"the order could not be asked"}
    assert await desk.count("dispatch") == 1, "a hold that the order has not heard is not placed later"


async def test_an_order_that_has_ended_or_never_was_is_not_held(desk: Desk) -> None:
    number = await desk.place()
    await desk.run("UPDATE sales_order SET finished = true")
    ended = await desk.post(f"/v1/orders/{number}/holds", HOLD)
    unknown = await desk.post("/v1/orders/none/holds", HOLD)
    assert (ended.status_code, ended.json()["code"]) == (409, "order_closed")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "order_unknown")
    assert await desk.count("inbox") == 0


async def test_only_operations_may_hold_and_release(desk: Desk) -> None:
    number = await desk.place()
    clerk = await desk.key(Role.CHANGES_WRITE, Role.ORDERS_WRITE)
    placed = await desk.post(f"/v1/orders/{number}/holds", HOLD, **clerk)
    path = f"/v1/orders/{number}/holds/h-1"
    released = await desk.http.delete(path, params={"reason": "x"}, headers=clerk)
    assert [(r.status_code, r.json()["role"]) for r in (placed, released)] == [(403, "operations")] * 2


async def test_bad_holds_are_refused_and_not_kept(desk: Desk) -> None:
    number = await desk.place()
    cases = [
        ({"code": "credit"}, "$.reason", "missing"),
        ({"reason": "x"}, "$.code", "missing"),
        ({**HOLD, "reason": "x" * 501}, "$.reason", "too_long"),
        ({**HOLD, "line": 0}, "$.line", "out_of_range"),
        ({**HOLD, "when": "later"}, "$.when", "not_a_choice"),
        ({**HOLD, "role": "king"}, "$.role", "not_a_choice"),
        ({**HOLD, "until": "x"}, "$.until", "unknown_field"),
        ({**HOLD, "reason": "card 4111111111111111"}, "$.reason", "card_number"),
    ]
    for body, path, code in cases:
        response = await desk.post(f"/v1/orders/{number}/holds", body)
        assert response.status_code == 422
        assert [(p["path"], p["code"]) for p in response.json()["problems"]] == [(path, code)]
    silent = await desk.http.delete(f"/v1/orders/{number}/holds/h-1")
    assert (silent.status_code, silent.json()["problems"][0]["path"]) == (422, "?reason")
    assert await desk.count("inbox") == 0
